"""The main job on the real wire: from nginx through the real process, and kill -9, to a file."""

import asyncio
import os
import re
import sqlite3
import time
import zlib
from contextlib import closing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from downloads import backoff, disk, engine
from downloads.part_file import Checkpoint
from handlers import keys
from tests.app import Process, running, until
from tests.shows import SHOW, completed, home, queue, statuses, video
from tests.upstream import nginx

SIZE = 6_000_000


@pytest.fixture
def served(tmp_path):
    """A folder to serve: Show with three episodes, its specials, and a decimal."""
    tmp_path.chmod(0o755)
    root = tmp_path / "served"
    for seed, name in enumerate(
        (
            "Season 01/Show - S01E01.mkv",
            "Season 01/Show - S01E02.mkv",
            "Season 01/Show - S01E03.mkv",
            "Specials/Show - S00E01.mkv",
        )
    ):
        file = root / "Show" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(video(seed))
    (tmp_path / "nginx").mkdir()
    return root


def library_file(server, season: str, name: str):
    return server.library / "Show" / season / name


async def test_missing_episodes_end_up_in_the_library(tmp_path, served):
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        added = await queue(server, "S01", "S00E01")
        assert len(added["items"]) == 4
        async with server.socket() as ws:
            snapshot = await ws.receive_json()
            assert snapshot["type"] == "snapshot" and len(snapshot["data"]["items"]) == 4
            await server.post("/api/queue/start")
            seen, seq = [], snapshot["seq"]
            while sum(kind == "download_completed" for kind, _ in seen) < 4:
                message = await asyncio.wait_for(ws.receive_json(), 20)
                assert message["seq"] == seq + (message["type"] != "download_progress"), message
                seq = message["seq"]
                seen.append((message["type"], message["data"]))
        for name in ("S01E01", "S01E02", "S01E03"):
            file = library_file(server, "Season 01", f"Show - {name}.mkv")
            assert file.read_bytes() == (served / "Show" / "Season 01" / file.name).read_bytes()
            assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()
        assert library_file(server, "Season 00", "Show - S00E01.mkv").exists()
        assert [path.name for path in server.downloads.iterdir()] == []
        finals = [data for kind, data in seen if kind == "download_completed"]
        assert {data["file_path"] for data in finals} == {
            str(p) for p in server.library.rglob("*.mkv")
        }
        assert min(data["missing_episodes"] for data in finals) == 0
        assert (await server.get("/api/v1/anime"))[1] == []
        _, everything, _ = await server.get("/api/v1/anime?show=all")
        assert everything[0]["downloaded_episodes"] == 3
        # A rescan agrees with what the downloads recorded.
        _, counted, _ = await server.post("/api/v1/anime/rescan")
        assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
        status, body, _ = await server.post(
            "/api/queue/add", json={"anime_id": SHOW, "episodes": ["S01"]}
        )
        assert status == 409 and body["details"]["skipped"] == ["S01E01", "S01E02", "S01E03"]


async def durable_bytes(server) -> int:
    """How many bytes of the first item survive a kill, by its checkpoint in the database."""
    with closing(sqlite3.connect(server.state / "aniworld.db")) as conn:
        (text,) = conn.execute("select checkpoint from items order by id").fetchone()
    point = Checkpoint.loads(text)
    return sum(end - start for start, end in point.spans) if point else 0


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


async def test_kill_9_in_the_middle_goes_on_by_itself(tmp_path, served):
    """C1: restart resumes with a 206 and the file is equal byte for byte."""
    log = tmp_path / "nginx" / "requests"
    slow = f"limit_rate 5m; access_log {log} combined;"
    async with nginx(tmp_path / "nginx", served, extra=slow) as url:
        async with Process(tmp_path, providers=home(url), max_connections_per_host=1) as server:
            await server.login()
            await queue(server, "S01E01")
            await server.post("/api/queue/start")
            await until(lambda: durable_bytes(server))
            server.kill9()
            assert not list(server.library.rglob("*.mkv")), "nothing half-done is visible"
            await server.start()
            await server.login()
            await completed(server, "S01E01")
            file = library_file(server, "Season 01", "Show - S01E01.mkv")
            assert file.read_bytes() == (served / "Show/Season 01" / file.name).read_bytes()
            answers = [
                line.split('"')[2].split()[0]
                for line in log.read_text().splitlines()
                if ".mkv" in line
            ]
            assert answers[0] == "200" and answers[-1] == "206", log.read_text()


async def test_the_queue_keeps_its_state_over_a_restart(tmp_path, served):
    async with nginx(tmp_path / "nginx", served, extra="limit_rate 1m;") as url:
        async with Process(tmp_path, providers=home(url), rate_limit_per_minute=0) as server:
            await server.login()
            await queue(server, "S01E01", "S01E02", priority="low")
            await queue(server, "S01E03", priority="high")
            await server.post("/api/queue/start")
            await server.post("/api/queue/pause")
            assert await server.stop() == 0
            await server.start()
            await server.login()
            _, body, _ = await server.get("/api/queue/status")
            assert (
                body["data"]["state"] == "paused"
                and body["data"]["pending"] == 3
                and body["data"]["downloading"] == 0
            )
            _, page, _ = await server.get("/api/queue")
            assert [item["episode"] for item in page["data"]] == ["S01E03", "S01E01", "S01E02"]


async def test_pause_keeps_the_bytes_and_remove_takes_them(tmp_path, served):
    log = tmp_path / "nginx" / "requests"
    async with nginx(
        tmp_path / "nginx", served, extra=f"limit_rate 2m; access_log {log} combined;"
    ) as url:
        async with running(tmp_path, providers=home(url), max_concurrent_downloads=1) as server:
            await server.login()
            first = await queue(server, "S01E01")
            await server.post("/api/queue/start")

            async def some():
                _, page, _ = await server.get("/api/queue")
                return (page["data"][0]["downloaded_bytes"] or 0) > 1_200_000

            await until(some)
            await server.post("/api/queue/pause")
            _, page, _ = await server.get("/api/queue")
            assert page["data"][0]["status"] == "pending"
            (part,) = server.downloads.iterdir()
            await server.post("/api/queue/pause", json={"paused": False})
            await until(lambda: _has_two(log))
            assert '" 206 ' in log.read_text()
            status, body, _ = await server.delete(f"/api/queue/{first['queue_item_id']}")
            assert (status, body["message"]) == (200, "Item removed from queue")
            assert not part.exists() and (await server.get("/api/queue"))[1]["data"] == []


async def _has_two(log):
    return log.read_text().count(".mkv") >= 2


async def test_a_dead_source_fails_in_the_end_and_can_be_retried(tmp_path, served, monkeypatch):
    async with nginx(tmp_path / "nginx", served) as url:
        async with running(tmp_path, providers=home(url)) as server:
            await server.login()
            await queue(server, "S01E01")
            (served / "Show/Season 01/Show - S01E01.mkv").rename(tmp_path / "away.mkv")
            async with server.socket() as ws:
                await ws.receive_json()
                await server.post("/api/queue/start")
                message = {}
                while message.get("type") != "download_error":
                    message = await asyncio.wait_for(ws.receive_json(), 10)
            assert (
                message["data"]["error_code"] == "PROVIDER_ERROR"
                and message["data"]["error_message"]
            )
            item = message["data"]["queue_item_id"]
            assert (await statuses(server)) == {"S01E01": "failed"}
            (tmp_path / "away.mkv").rename(served / "Show/Season 01/Show - S01E01.mkv")
            status, body, _ = await server.post(f"/api/queue/{item}/retry")
            assert (status, body["data"]["status"]) == (200, "pending")
            await completed(server, "S01E01")


async def test_the_owners_file_is_never_overwritten(tmp_path, served):
    """F6: the final name is taken by a file that nobody told us about."""
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        await queue(server, "S01E01")
        mine = library_file(server, "Season 01", "Show - S01E01.mkv")
        mine.parent.mkdir(parents=True)
        mine.write_bytes(b"mine")
        await server.post("/api/queue/start")

        async def failed():
            return (await statuses(server)).get("S01E01") == "failed"

        await until(failed)
        _, page, _ = await server.get("/api/queue?status=failed")
        assert page["data"][0]["error_code"] == "CONFLICT"
        assert mine.read_bytes() == b"mine"


async def test_an_unmounted_library_is_never_filled(tmp_path, served):
    """F10: the files and the marker are gone.

    The queue waits, a rescan changes nothing, and all goes on when the library is back.
    """
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        mine = library_file(server, "Season 01", "Show - S01E02.mkv")
        mine.parent.mkdir(parents=True)
        mine.write_bytes(video(1))
        await server.post("/api/v1/anime/rescan")
        disk = tmp_path / "disk"
        server.library.rename(disk)
        server.library.mkdir()
        await queue(server, "S01E01")
        await server.post("/api/queue/start")

        async def waits():
            return (await server.get("/api/queue/status"))[1]["data"]["reason"]

        assert "cannot be used" in await until(waits)
        status, body, _ = await server.post("/api/v1/anime/rescan")
        assert (status, body["error"]) == (500, "CONFIGURATION_ERROR")
        assert (await server.get("/health/detailed"))[1]["status"] == "degraded"
        assert list(server.library.iterdir()) == []
        assert (await server.get("/api/v1/anime"))[1][0]["downloaded_episodes"] == 1
        server.library.rmdir()
        disk.rename(server.library)
        await server.post("/api/queue/start")
        await completed(server, "S01E01")


async def test_a_local_series_gets_its_source_later(tmp_path, served):
    """Ids never change: `local_show` keeps its id when a provider turns out to have the series."""
    async with nginx(tmp_path / "nginx", served) as url, running(tmp_path) as server:
        await server.login()
        mine = library_file(server, "Season 01", "Show - S01E02.mkv")
        mine.parent.mkdir(parents=True)
        mine.write_bytes(video(1))
        _, counted, _ = await server.post("/api/v1/anime/rescan")
        assert counted["new_series"] == 1
        await server.put("/api/config", json={"providers": home(url)})
        await server.post("/api/v1/anime/rescan")
        _, missing, _ = await server.get("/api/v1/anime")
        assert [(row["id"], row["missing_episodes"]) for row in missing] == [("local_show", 2)]
        _, hits, _ = await server.get("/api/v1/anime/search?q=show")
        assert [hit["key"] for hit in hits["data"]] == ["local_show"]
        assert (await server.get("/api/v1/anime/home_show"))[1]["id"] == "local_show"
        await queue(server, "missing")
        await server.post("/api/queue/start")
        await completed(server, "S01E01", "S01E03")


async def test_a_source_that_fails_for_a_while_is_asked_again(tmp_path, short_pauses):
    """N12 through the queue: each 503 is a try with its reason, and its Retry-After is obeyed."""
    body, answers = video(9, 300_000), []

    async def listing(request: web.Request) -> web.Response:
        inside = (
            [{"name": "Show - 01.mkv", "type": "file", "size": len(body)}]
            if "Show" in request.path
            else [{"name": "Show", "type": "directory"}]
        )
        return web.json_response(inside)

    async def file(request: web.Request) -> web.Response:
        if request.method == "GET":  # HEAD is the last look at a file without a date
            answers.append(asyncio.get_running_loop().time())
        if len(answers) <= 2:
            return web.Response(status=503, headers={"Retry-After": str(2 - len(answers))})
        return web.Response(body=body, content_type="video/x-matroska", headers={"ETag": '"1"'})

    source = web.Application()
    source.router.add_get("/{folder:(Show/)?}", listing)
    source.router.add_get("/Show/{file}.mkv", file)
    async with (
        TestServer(source) as there,
        running(tmp_path, providers=home(str(there.make_url("/")))) as server,
    ):
        await server.login()
        await queue(server, "S01E01")
        await server.post("/api/queue/start")

        async def waits():
            return "try 1 of 5" in (await server.get("/api/queue"))[1]["data"][0]["reason"]

        await until(waits)
        await completed(server, "S01E01")
        assert library_file(server, "Season 01", "Show - S01E01.mkv").read_bytes() == body
        assert len(answers) == 3 and answers[1] - answers[0] >= 0.99


async def test_a_full_disk_makes_the_queue_wait(tmp_path, served, monkeypatch):
    """The item keeps its place, the queue says why it waits, and goes on by itself."""
    free = 0
    monkeypatch.setattr(disk, "room", lambda folder: free)
    monkeypatch.setattr(engine, "LOOK_AGAIN_SECONDS", 0.2)
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        await queue(server, "S01E01")
        await server.post("/api/queue/start")

        async def waits():
            return (await server.get("/api/queue/status"))[1]["data"]

        await until(lambda: _reason(waits))
        assert (await waits())["state"] == "running" and (await statuses(server)) == {
            "S01E01": "pending"
        }
        free = 10**12
        await completed(server, "S01E01")
        assert (await waits())["reason"] == ""


async def _reason(waits):
    return (await waits())["reason"] == "The disk is full"


async def history(server, query: str = "") -> list[dict]:
    status, page, _ = await server.get(f"/api/queue/history{query}")
    assert status == 200, page
    return page["data"]


async def test_the_history_tells_what_was_proven(tmp_path, served):
    """Of a file that two runs fetched, and one whose name carries its checksum.

    The rows outlive the item and the series.
    """
    named = (
        served / "Show" / "Season 01" / f"[Group] Show - S01E02 [{zlib.crc32(video(1)):08X}].mkv"
    )
    (served / "Show/Season 01/Show - S01E02.mkv").rename(named)
    slow = "location ~ E01 { limit_rate 5m; }"
    async with nginx(tmp_path / "nginx", served, extra=slow) as url:
        async with Process(tmp_path, providers=home(url), max_connections_per_host=1) as server:
            await server.login()
            await queue(server, "S01E01")
            await server.post("/api/queue/start")
            await until(lambda: durable_bytes(server))
            server.kill9()
            await server.start()
            await completed(server, "S01E01")
            await queue(server, "S01E02", "S01E03")
            await completed(server, "S01E02", "S01E03")
            third, second, first = sorted(
                await history(server), key=lambda row: row["episode"], reverse=True
            )
            assert (first["resumed"], first["validator"], first["proof"], first["total_bytes"]) == (
                1,
                "etag",
                "length",
                SIZE,
            )
            assert first["source"] == f"{url}Show/Season%2001/Show%20-%20S01E01.mkv"
            assert first["file_path"] == "Show/Season 01/Show - S01E01.mkv"
            assert (
                first["average_mbps"] == pytest.approx(SIZE * 8e-6 / first["seconds"], rel=0.01)
                and first["seconds"] >= 0.3
            )
            assert (second["resumed"], second["validator"], second["proof"]) == (0, None, "crc32")
            assert third["proof"] == "length"
            _, page, headers = await server.get("/api/queue/history?per_page=2")
            assert (
                page["pagination"] == {"total": 3, "page": 1, "per_page": 2, "pages": 2}
                and len(page["data"]) == 2
            )
            assert headers["X-Total-Count"] == "3"
            await server.delete("/api/queue?status=completed")
            await server.delete(f"/api/v1/anime/{SHOW}")
            assert (
                len(await history(server, f"?anime_id={SHOW}")) == 3
                and await history(server, "?anime_id=home_other") == []
            )
            assert (await server.get("/api/queue/history?page=0"))[0] == 422


async def test_a_wrong_checksum_in_the_name_is_refused(tmp_path, served):
    (served / "Show/Season 01/Show - S01E02.mkv").rename(
        served / "Show/Season 01/[Group] Show - S01E02 [DEADBEEF].mkv"
    )
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        await queue(server, "S01E02")
        await server.post("/api/queue/start")

        async def failed():
            return (await statuses(server)) == {"S01E02": "failed"}

        await until(failed)
        item = (await server.get("/api/queue"))[1]["data"][0]
        assert item["error_code"] == "PROVIDER_ERROR" and "crc32" in item["error_message"]
        assert not list(server.library.rglob("*.mkv")) and await history(server) == []


@pytest.mark.slow
async def test_all_downloads_share_the_bandwidth_limit(tmp_path, served):
    """Three run at 16 megabits a second together; without the limit they are done at once."""
    async with nginx(tmp_path / "nginx", served) as url:
        async with Process(
            tmp_path, providers=home(url), max_concurrent_downloads=3, bandwidth_limit_mbps=16
        ) as server:
            await server.login()
            await queue(server, "S01")
            await server.post("/api/queue/start")

            async def fetched():
                _, page, _ = await server.get("/api/queue")
                return sum(item["downloaded_bytes"] or 0 for item in page["data"])

            await until(fetched)
            began = time.monotonic()
            before = await fetched()
            await asyncio.sleep(1)
            amount = await fetched() - before
            due = 2_000_000 * (time.monotonic() - began)
            assert 200_000 < amount < due + 600_000, "a step of each may have been on its way"
            speed = (await server.get("/api/queue/status"))[1]["data"]["download_speed_mbps"]
            assert 1 < speed < 24
            status, body, _ = await server.put("/api/config", json={"bandwidth_limit_mbps": 0.5})
            assert status == 200 and body["data"]["bandwidth_limit_mbps"] == 0.5
            before = await fetched()
            await asyncio.sleep(1)
            assert await fetched() - before < 500_000
            await server.put("/api/config", json={"bandwidth_limit_mbps": 0})
            await completed(server, "S01E01", "S01E02", "S01E03")


@pytest.mark.slow
async def test_a_slow_line_gets_more_connections_but_never_more_than_the_host_may_have(
    tmp_path, served
):
    """nginx counts: with two a host, a third connection would be answered 503."""
    size = 16_000_000  # nginx sends a second's worth at once: more than 4 MiB must be left then
    for number in (1, 2, 3):
        file = served / "Show/Season 01" / f"Show - S01E0{number}.mkv"
        file.write_bytes(video(number, size))
    log = tmp_path / "nginx" / "requests"
    limited = (
        f"access_log {log} sent; limit_conn each 2; limit_rate 8m;"
        "location ~ /$ { limit_conn each 100; autoindex on; autoindex_format json; }"
    )
    zone = "limit_conn_zone $binary_remote_addr zone=each:1m; log_format sent '$uri $bytes_sent';"
    async with nginx(tmp_path / "nginx", served, extra=limited, http=zone) as url:
        async with Process(
            tmp_path,
            providers=home(url),
            max_concurrent_downloads=3,
            max_connections_per_host=2,
            log_level="debug",
        ) as server:
            await server.login()
            await queue(server, "S01E01")
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            shares = re.findall(r"E01.mkv (\d+)", log.read_text())
            assert len(shares) > 1 and max(map(int, shares)) < 0.75 * size, "two share the file"
            await queue(server, "S01E02", "S01E03")
            seen = set()

            async def done():
                _, page, _ = await server.get("/api/queue?per_page=100")
                assert not [item["reason"] for item in page["data"] if item["reason"]]
                seen.add(sum(item["status"] == "downloading" for item in page["data"]))
                return all(item["status"] == "completed" for item in page["data"])

            await until(done)
            assert max(seen) <= 2


async def test_a_source_that_is_away_is_left_alone_by_all_its_items(tmp_path, served, monkeypatch):
    """One item finds out. The others wait with their tries unspent; another source's go on."""
    (tmp_path / "other").mkdir()
    rest = tmp_path / "rest" / "Rest" / "Rest - S00E01.mkv"
    rest.parent.mkdir(parents=True)
    rest.write_bytes(video(9))
    async with nginx(tmp_path / "other", rest.parent.parent) as alive:
        async with nginx(tmp_path / "nginx", served) as url:
            sources = [*home(url), {"type": "directory", "name": "other", "url": alive}]
            async with running(tmp_path, providers=sources) as server:
                await server.login()
                await queue(server, "S01")
        monkeypatch.setattr(backoff.random, "uniform", lambda least, most: 60.0)
        async with running(tmp_path, providers=sources, max_concurrent_downloads=1) as server:
            await server.login()
            await server.post(
                "/api/queue/add", json={"anime_id": "other_rest", "episodes": ["S00E01"]}
            )
            await server.post("/api/queue/start")

            async def other():
                return (await statuses(server))["S00E01"] == "completed"

            await until(other)
            _, page, _ = await server.get("/api/queue")
            assert [item["attempts"] for item in page["data"]] == [0, 0, 0, 0]
            assert [item["reason"] for item in page["data"] if item["reason"]] == [
                "The source rests: The source refused the connection"
            ]
            async with nginx(tmp_path / "nginx", served, port=URL(url).port):
                await server.app[keys.ENGINE].retry_source("home")
                await completed(server, "S01E01", "S01E02", "S01E03")
