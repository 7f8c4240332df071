"""Settings that change while something runs: directories, sources, and the logins of sources."""

import asyncio
import os
import time

import pytest

from downloads import disk
from downloads.backoff import Backoff
from handlers import keys
from store import queue as store_queue
from tests.app import Process, running, until
from tests.shows import SHOW, Shows, add, completed, home, queue
from tests.upstream import free_port, nginx

EBML = b"\x1aE\xdf\xa3"


async def test_a_transfer_goes_on_into_the_new_library(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    async with (
        Shows([3_000_000]) as up,
        running(tmp_path, providers=home(up.base)) as server,
    ):
        await server.login()
        up.rate = 1_000_000
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        engine = server.app[keys.ENGINE]
        await until(engine._slots.item_ids)
        changed = {"anime_directory": str(other)}
        assert (await server.put("/api/config", json=changed))[0] == 200
        up.rate = None
        await completed(server, "S01E01")
        assert [path.name for path in other.rglob("*.mkv")] == ["Show - S01E01.mkv"]
        assert not list(server.library.rglob("*.mkv"))


@pytest.mark.parametrize("how", ["one", "all"])
async def test_what_is_removed_while_the_directory_changes_leaves_no_part(
    tmp_path, monkeypatch, how
):
    """New settings are in force a moment before the parts have moved."""
    other = tmp_path / "other"
    other.mkdir()
    async with Shows([300_000]) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        up.silent_after = 100_000
        (item,) = (await queue(server, "S01E01"))["items"]
        await server.post("/api/queue/start")
        await until(lambda: [file for file in server.downloads.iterdir() if file.stat().st_size])
        await server.post("/api/queue/stop")
        engine = server.app[keys.ENGINE]
        if how == "all":
            await server.app[keys.DB].run(store_queue.fail, 1, "DOWNLOAD_ERROR", "")
        real = engine.settings_changed
        is_here, may_go_on = asyncio.Event(), asyncio.Event()

        async def settings_changed():
            is_here.set()
            await may_go_on.wait()
            await real()

        monkeypatch.setattr(engine, "settings_changed", settings_changed)
        change = asyncio.create_task(
            server.put("/api/config", json={"download_directory": str(other)})
        )
        await is_here.wait()
        path = f"/api/queue/{item}" if how == "one" else "/api/queue?status=failed"
        assert (await server.delete(path))[0] == 200
        may_go_on.set()
        assert (await change)[0] == 200
        assert [*server.downloads.iterdir(), *other.iterdir()] == []


async def test_a_source_that_is_gone_rests_no_more(tmp_path):
    dead = home(f"http://127.0.0.1:{free_port()}/")
    async with running(tmp_path, providers=dead) as server:
        await server.login()
        await server.app[keys.ENGINE].rests.rest("home", "The source refused the connection")
        assert server.app[keys.ENGINE].rests.all()
        assert (await server.put("/api/config", json={"providers": []}))[0] == 200
        assert not server.app[keys.ENGINE].rests.all(), "though the queue is stopped"
        await server.put("/api/config", json={"providers": dead})
        await server.app[keys.ENGINE].rests.rest("home", "The source refused the connection")
    async with running(tmp_path) as server:
        await until(lambda: server.app[keys.ENGINE].state == "stopped")
        await asyncio.sleep(0)
        assert not server.app[keys.ENGINE].rests.all(), "nobody has it after a restart"


async def test_a_masked_password_stays_with_its_server(tmp_path):
    source = {**home("http://nas.lan:8080/shows/")[0], "username": "u", "password": "secret-1"}
    async with running(tmp_path, providers=[]) as server:
        await server.login()
        assert (await server.put("/api/config", json={"providers": [source]}))[0] == 200
        masked = source | {"password": "********"}
        for url in ("http://nas.lan:8081/shows/", "https://nas.lan:8080/", "http://evil.example/"):
            body = {"providers": [masked | {"url": url}]}
            status, answer, _ = await server.put("/api/config", json=body)
            assert status == 422
            assert answer["details"]["field"] == "providers[0].password"
        moved = masked | {"url": "http://nas.lan:8080/other/"}
        assert (await server.put("/api/config", json={"providers": [moved]}))[0] == 200
        (kept,) = server.app[keys.CONFIG].current.providers
        assert kept.password.reveal() == "secret-1"


async def test_a_folder_with_tags_is_the_source_s_of_the_same_name(tmp_path):
    tmp_path.chmod(0o755)
    for name in ("[Grp] Beta", "Nacht [1080p]"):
        folder = tmp_path / "served" / name
        folder.mkdir(parents=True)
        for number in (1, 2):
            (folder / f"{name} - {number:02}.mkv").write_bytes(EBML + bytes([number]) * 99)
    (tmp_path / "web").mkdir()
    async with (
        nginx(tmp_path / "web", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        add(server, "[Grp] Beta/[Grp] Beta - 01.mkv")
        add(server, "Nacht [1080p]/Nacht - 01.mkv")
        await server.post("/api/v1/anime/rescan")
        _, missing, _ = await server.get("/api/v1/anime")
        assert {anime["id"] for anime in missing} == {"home_grp-beta", "home_nacht-1080p"}
        assert all(anime["missing_episodes"] == 1 for anime in missing)


async def test_a_cancelled_rescan_leaves_no_call_behind(tmp_path):
    async with Shows([1000]) as up, running(tmp_path, providers=home(up.base)) as server:
        up.silent = True
        for number in range(6):
            add(server, f"Show {number}/Show {number} - 01.mkv")
        rescan = server.app[keys.RESCAN]
        call = asyncio.create_task(rescan())
        await until(lambda: up.requests)
        await rescan.close()
        await asyncio.gather(call, return_exceptions=True)
        names = [task.get_coro().__qualname__ for task in asyncio.all_tasks() if not task.done()]
        assert not [name for name in names if "Rescan" in name or "ask" in name]


def test_a_wait_that_is_over_wakes_nobody():
    backoff = Backoff(pause=0.0)
    backoff.delay(1, 1)
    time.sleep(0.001)
    assert backoff.times(time.monotonic()) == []
    backoff.delay(2, 1, at_least=60)
    assert len(backoff.times(time.monotonic())) == 1


async def test_bytes_of_an_earlier_file_count_for_no_later_try(tmp_path):
    async with Shows([50_000]) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await completed(server, "S01E01")

        def durable(conn):
            return conn.execute("select durable from items").fetchone()["durable"]

        assert await server.app[keys.DB].run(durable) == 0
        assert SHOW in {a["id"] for a in (await server.get("/api/v1/anime?show=all"))[1]}


@pytest.mark.slow
async def test_a_stop_waits_for_no_silent_source(tmp_path):
    async with Shows([1000]) as up, Process(tmp_path, providers=home(up.base)) as server:
        await server.login()
        up.silent = True
        calls = [
            asyncio.create_task(server.get("/api/v1/anime/search?q=show")),
            asyncio.create_task(server.post("/api/v1/anime/rescan")),
        ]
        await until(lambda: up.requests)
        began = time.monotonic()
        assert await server.stop() == 0
        assert time.monotonic() - began < 10, "as docs/installation.md says, also beside a load"
        await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("is_same_disk", [True, False])
async def test_parts_go_along_to_another_download_directory(tmp_path, elsewhere, is_same_disk):
    """To another disk they cannot: there the download begins anew. Nothing is left at the old."""
    before, other = tmp_path / "before" if is_same_disk else elsewhere, tmp_path / "other"
    before.mkdir(exist_ok=True)
    other.mkdir()
    async with (
        Shows([3_000_000]) as up,
        running(tmp_path, providers=home(up.base), download_directory=str(before)) as server,
    ):
        server.downloads = before
        await server.login()
        foreign = server.downloads / "Show - S01E09.mkv.queue_9.part"
        up.rate = 1_000_000
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await until(lambda: up.sent("S01E01") > 1_500_000)
        foreign.write_bytes(b"another server's")
        await server.post("/api/queue/pause")
        assert len(list(server.downloads.iterdir())) == 2
        assert (await server.put("/api/config", json={"download_directory": str(other)}))[0] == 200
        assert list(server.downloads.iterdir()) == [foreign]
        assert len(list(other.iterdir())) == is_same_disk
        up.rate = None
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        assert (up.fetched("S01E01")[-1][0] > 0) == is_same_disk
        assert list(other.iterdir()) == []


def test_only_files_are_taken_along(tmp_path):
    """What was planted in the place of a part stays: a link, a folder, a pipe."""
    before, now = tmp_path / "before", tmp_path / "now"
    before.mkdir()
    now.mkdir()
    (before / "link").symlink_to(tmp_path / "victim")
    (before / "folder").mkdir()
    os.mkfifo(before / "pipe")
    (before / "both").write_bytes(b"old")
    (now / "both").write_bytes(b"new")
    disk.move_parts(str(before), now, ["link", "folder", "pipe", "both", "absent"])
    disk.move_parts(str(tmp_path / "gone"), now, ["link"])
    assert sorted(path.name for path in before.iterdir()) == ["folder", "link", "pipe"]
    assert (now / "both").read_bytes() == b"new"
