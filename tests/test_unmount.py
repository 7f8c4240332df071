"""The library's disk is taken away from the running server and comes back.

Nothing is lost, and nothing is put in its place. The server runs in a mount namespace of its own,
as does the disk, a tmpfs that is bound to the library's folder.
"""

import asyncio
import os
import shutil
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.app import Process, until
from tests.requirements import lack, need
from tests.shows import Shows, episodes, home

pytestmark = pytest.mark.slow

EPISODES = (
    "Show/Season 01/Show - S01E01.mkv",
    "Show/Season 01/Show - S01E02.mkv",
    "Other/[G] Other - 01.mkv",
)


class Disk:
    """A disk that is mounted at the library; `root` is the library as the server sees it."""

    def __init__(self, holder: int, library: Path, content: Path):
        self.root, self.content = (
            Path(f"/proc/{holder}/root{path}") for path in (library, content)
        )
        self.inside = ("nsenter", "-t", str(holder), "-U", "-m", "--preserve-credentials")
        self._holder = holder
        self._library = library
        self._content = content

    async def mount(self, how: str = "rw") -> None:
        await self._do("mount", "--bind", str(self._content), str(self._library))
        if how == "ro":
            await self._do("mount", "-o", "remount,bind,ro", str(self._library))

    async def unmount(self) -> None:
        """Also while a file on it is open, as when a cable is pulled."""
        await self._do("umount", "--lazy", str(self._library))

    async def further(self, folder: str) -> "Disk":
        """A second disk, mounted at a folder of the library, which lies on the first one."""
        content = self._content.with_name("further disk")
        content.mkdir()
        await self._do("mount", "-t", "tmpfs", "-o", "mode=700,size=64m", "further", str(content))
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        found = Disk(self._holder, self._library / folder, content)
        await found.mount()
        return found

    async def _do(self, *command: str) -> None:
        assert await (await asyncio.create_subprocess_exec(*self.inside, *command)).wait() == 0, (
            command
        )


@asynccontextmanager
async def on_a_disk(server: Process, impatient, files=EPISODES):
    """`server` runs with its library on a disk that holds `files`; yields the disk."""
    need("unshare", "util-linux")
    need("nsenter", "util-linux")
    content = server.library.parent / "disk"
    content.mkdir()
    work = f"mount -t tmpfs -o mode=700,size=64m disk {content} && echo ready && exec sleep 600"
    holder = await asyncio.create_subprocess_exec(
        "unshare",
        "-rm",
        "sh",
        "-c",
        work,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        if await holder.stdout.readline() != b"ready\n":
            reason = f"no disk can be mounted here: {(await holder.stderr.read()).decode()}"
            lack(reason)
        disk = Disk(holder.pid, server.library, content)
        for path in files:
            (disk.content / path).parent.mkdir(parents=True, exist_ok=True)
            (disk.content / path).write_bytes(path.encode())
        await disk.mount()
        impatient(*disk.inside)
        async with server:
            await server.login()
            yield disk
            server.kill9()
    finally:
        holder.kill()
        await holder.wait()


async def all_that_is_known(server) -> dict:
    _, listed, _ = await server.get("/api/v1/anime?show=all&per_page=100")
    return {
        "list": listed,
        **{one["id"]: await episodes(server, one["id"]) for one in listed["data"]},
    }


async def is_offline(server) -> None:
    """A rescan says so, to its caller and to the sockets."""
    for query in ("", "?full=true"):
        async with server.socket() as ws:
            status, body, _ = await server.post(f"/api/v1/anime/rescan{query}")
            while (told := await asyncio.wait_for(ws.receive_json(), 10))[
                "type"
            ] != "rescan_failed":
                assert told["type"] != "rescan_completed"
        assert (status, body["error"]) == (500, "CONFIGURATION_ERROR"), body
        assert "offline" in body["message"] or "cannot be read" in body["message"]
        assert (
            "Mount the disk" in body["details"]["fix"]
            and told["data"]["message"] == body["message"]
        )


async def queue_state(server) -> dict:
    return (await server.get("/api/queue/status"))[1]["data"]


async def is_done(server) -> bool:
    return (await queue_state(server))["completed"] == 1


@pytest.mark.parametrize("marked", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_nothing_is_lost(tmp_path, impatient, marked):
    """With the marker, and without one where the library may not be written.

    A file that is deleted for good is missing then.
    """
    async with Shows((300_000,) * 3) as up:
        server = Process(tmp_path, providers=home(up.base))
        async with on_a_disk(server, impatient) as disk:
            if not marked:
                await disk.unmount()
                await disk.mount("ro")
            assert (await server.post("/api/v1/anime/rescan"))[0] == 200
            assert (disk.content / ".aniworld").exists() == marked
            before = await all_that_is_known(server)
            assert (
                before["home_show"]["S01E03"]["state"] == "missing"
                and before["local_other"]["S01E01"]["state"] == "present"
            )
            with open(disk.root / EPISODES[0], "rb"):
                await disk.unmount()
                await is_offline(server)
                assert await all_that_is_known(server) == before
            bare = disk.root
            assert list(bare.iterdir()) == []
            bare.rmdir()  # not even the mount point is there
            await is_offline(server)
            assert await all_that_is_known(server) == before
            bare.mkdir()
            await disk.mount()
            _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
            assert (counted["new_series"], counted["new_episodes"]) == (
                0,
                0,
            ) and await all_that_is_known(server) == before
            await disk.unmount()
            (disk.content / EPISODES[1]).unlink()
            shutil.rmtree(disk.content / "Other")
            await disk.mount()
            await server.post("/api/v1/anime/rescan?full=true")
            after = await all_that_is_known(server)
            assert (
                after["home_show"]["S01E02"]["state"] == "missing"
                and after["home_show"]["S01E01"]["state"] == "present"
            )
            assert "local_other" not in after


async def test_a_download_waits_for_its_disk(tmp_path, impatient):
    """It keeps its bytes, and gets its name by itself once the disk is back.

    The bare mount point stays bare.
    """
    async with Shows((300_000, 300_000, 3_000_000)) as up:
        server = Process(tmp_path, providers=home(up.base))
        async with on_a_disk(server, impatient) as disk:
            await server.post("/api/v1/anime/rescan")
            up.rate = 3_000_000
            status, body, _ = await server.post(
                "/api/queue/add", json={"anime_id": "home_show", "episodes": ["missing"]}
            )
            assert status == 201 and len(body["data"]["items"]) == 1
            await server.post("/api/queue/start")
            await until(lambda: up.sent("S01E03") > 500_000)
            await disk.unmount()

            async def waits():
                return (await queue_state(server))["reason"]

            assert "library directory cannot be used" in await until(waits)
            assert list(disk.root.iterdir()) == []
            await disk.mount()
            await until(lambda: is_done(server))
            assert (disk.content / "Show/Season 01/Show - S01E03.mkv").read_bytes() == up.videos[
                "S01E03"
            ]
            assert up.sent("S01E03") < 3_300_000, "its bytes were kept"
            assert (await episodes(server, "home_show"))["S01E03"]["state"] == "present"


@pytest.mark.slow
async def test_an_empty_library_on_a_disk_that_goes_away(tmp_path, impatient):
    """No video tells yet that the disk is there: its being mounted does, also over a restart."""
    async with Shows((3_000_000,)) as up:
        server = Process(tmp_path, providers=home(up.base))
        async with on_a_disk(server, impatient, ()) as disk:
            up.rate = 3_000_000
            body = {"anime_id": "home_show", "episodes": ["S01E01"]}
            assert (await server.post("/api/queue/add", json=body))[0] == 201
            await server.post("/api/queue/start")
            await until(lambda: up.sent("S01E01") > 500_000)
            await disk.unmount()

            async def waits():
                reason = (await queue_state(server))["reason"]
                return "library directory cannot be used" in reason

            await until(waits)
            server.kill9()
            await server.start()
            await until(waits)
            assert list(disk.root.iterdir()) == []
            await disk.mount()
            await until(lambda: is_done(server))
            (video,) = disk.content.rglob("*.mkv")
            assert video.read_bytes() == up.videos["S01E01"]
            assert (disk.content / ".aniworld").exists()


async def is_refused(server) -> dict:
    """Fetch what is missing: the item, which has failed and says why."""
    await server.post("/api/queue/add", json={"anime_id": "home_show", "episodes": ["missing"]})
    await server.post("/api/queue/start")

    async def failed():
        (item,) = (await server.get("/api/queue"))[1]["data"]
        return item["status"] == "failed" and item

    item = await until(failed)
    assert item["error_code"] == "CONFLICT" and "not mounted" in item["error_message"]
    return item


@pytest.mark.slow
async def test_a_disk_that_comes_after_the_first_start(tmp_path, impatient):
    """A bare mount point gets no marker, neither by its setting nor by a rescan.

    A marker there would be believed later.
    """
    async with Shows((300_000,) * 3) as up:
        server = Process(tmp_path, providers=home(up.base))
        async with on_a_disk(server, impatient) as disk:
            await disk.unmount()
            assert (await server.put("/api/config", json={"anime_directory": str(server.library)}))[
                0
            ] == 200
            assert (await server.post("/api/v1/anime/rescan"))[0] == 200
            assert list(disk.root.iterdir()) == []
            await disk.mount()
            await server.post("/api/v1/anime/rescan")
            before = await all_that_is_known(server)
            await disk.unmount()
            await is_offline(server)
            assert before["list"]["data"] and await all_that_is_known(server) == before


@pytest.mark.slow
async def test_a_renaming_can_be_taken_back_later(tmp_path, impatient):
    """While the library is away nothing is renamed, and the journal stays."""
    async with Shows((300_000,) * 3) as up:
        server = Process(tmp_path, providers=home(up.base))
        async with on_a_disk(server, impatient) as disk:
            await server.post("/api/v1/anime/rescan")
            path = "/api/v1/anime/local_other/rename"
            renamed = (await server.post(path, json={"dry_run": False}))[1]
            assert len(renamed["data"]["moves"]) == 1 and not (disk.content / EPISODES[2]).exists()
            await disk.unmount()
            for undo in (False, True):
                status, body, _ = await server.post(path, json={"dry_run": False, "undo": undo})
                assert (status, body["error"]) == (
                    500,
                    "CONFIGURATION_ERROR",
                ) and "Mount the disk" in body["details"]["fix"]
            assert list(disk.root.iterdir()) == []
            await disk.mount()
            await server.post(path, json={"dry_run": False, "undo": True})
            assert (disk.content / EPISODES[2]).read_bytes() == EPISODES[2].encode()


async def test_a_crash_and_then_no_disk(tmp_path, impatient):
    """The file had its name when the power went, and its disk is late.

    The item is completed once the disk is there, and not fetched again.
    """
    async with Shows((300_000,) * 3) as up:
        server = Process(tmp_path, providers=home(up.base))
        async with on_a_disk(server, impatient) as disk:
            await server.post("/api/v1/anime/rescan")
            await server.post(
                "/api/queue/add", json={"anime_id": "home_show", "episodes": ["missing"]}
            )
            await server.post("/api/queue/start")
            await until(lambda: is_done(server))
            server.kill9()
            with sqlite3.connect(
                server.state / "aniworld.db"
            ) as conn:  # as it was just before the end was recorded
                conn.execute(
                    """update items set status = 'downloading', finished_at = null,
                    target = 'Show/Season 01/Show - S01E03.mkv'"""
                )
                conn.execute("delete from files where number = 3")
                conn.execute("delete from history")
            conn.close()
            await disk.unmount()
            asked = len(up.fetched("S01E03"))
            await server.start()

            async def waits():
                return (await queue_state(server))["reason"]

            assert "cannot be recovered" in await until(waits)
            await disk.mount()
            await until(lambda: is_done(server))
            assert (
                len(up.fetched("S01E03")) == asked
                and (await episodes(server, "home_show"))["S01E03"]["state"] == "present"
            )


@pytest.mark.parametrize("folder", ["Show", pytest.param("Show/Season 01", marks=pytest.mark.slow)])
async def test_a_disk_below_the_library(tmp_path, impatient, folder):
    """A series, or a season, is a mount point of its own. Deleted files of it are missing then."""
    async with Shows((300_000,) * 3) as up:
        server = Process(tmp_path, providers=home(up.base))
        async with on_a_disk(server, impatient, EPISODES[2:]) as disk:
            further = await disk.further(folder)
            for path in EPISODES[:2]:
                (disk.root / path).parent.mkdir(exist_ok=True)
                (disk.root / path).write_bytes(b"x")
            await server.post("/api/v1/anime/rescan")
            before = await all_that_is_known(server)
            assert [
                code for code, one in before["home_show"].items() if one["state"] == "present"
            ] == ["S01E01", "S01E02"]
            await further.unmount()
            for query in ("", "?full=true", ""):
                _, counted, _ = await server.post(f"/api/v1/anime/rescan{query}")
                assert (counted["new_series"], counted["new_episodes"]) == (
                    0,
                    0,
                ) and await all_that_is_known(server) == before
            item = await is_refused(server)
            assert list(further.root.iterdir()) == []
            await further.mount()
            await server.post(f"/api/queue/{item['queue_item_id']}/retry")
            await until(lambda: is_done(server))
            assert [path.read_bytes() for path in further.content.rglob("*E03.mkv")] == [
                up.videos["S01E03"]
            ]
            for path in further.content.rglob("*.mkv"):
                path.unlink()
            await server.post("/api/v1/anime/rescan")
            assert {one["state"] for one in (await episodes(server, "home_show")).values()} == {
                "missing"
            }


@pytest.mark.slow
async def test_episodes_on_another_disk(tmp_path):
    """Each file is a link of its own, and so is a season.

    They stay known while their disk is away, and new files on it are noticed.
    """
    async with Shows((300_000,) * 3) as up, Process(tmp_path, providers=home(up.base)) as server:
        await server.login()
        other = tmp_path / "other"
        for path in ("Show - S01E01.mkv", "Season 2/Show - S02E01.mkv"):
            (other / path).parent.mkdir(parents=True, exist_ok=True)
            (other / path).write_bytes(b"x")
        (server.library / "Show").mkdir()
        for name in ("Show - S01E01.mkv", "Season 2"):
            (server.library / "Show" / name).symlink_to(other / name)
        os.utime(server.library / "Show", (10**9, 10**9))
        await server.post("/api/v1/anime/rescan")
        before = await all_that_is_known(server)
        assert {code for code, one in before["home_show"].items() if one["state"] == "present"} == {
            "S01E01",
            "S02E01",
        }
        other.rename(tmp_path / "away")
        for query in ("", "?full=true"):
            await server.post(f"/api/v1/anime/rescan{query}")
            assert await all_that_is_known(server) == before
        (tmp_path / "away").rename(other)
        (other / "Season 2" / "Show - S02E02.mkv").write_bytes(b"x")
        assert (await server.post("/api/v1/anime/rescan"))[1]["new_episodes"] == 1


@pytest.mark.parametrize("away", ["gone", pytest.param("empty", marks=pytest.mark.slow)])
async def test_a_series_on_another_disk(tmp_path, away):
    """A linked folder whose disk is away stays known; nothing is fetched into its place."""
    async with Shows((300_000,) * 3) as up, Process(tmp_path, providers=home(up.base)) as server:
        await server.login()
        other = tmp_path / "other disk" / "Show"
        for path in EPISODES[:2]:
            (other.parent / path).parent.mkdir(parents=True, exist_ok=True)
            (other.parent / path).write_bytes(b"x")
        (server.library / "Show").symlink_to(other)
        await server.post("/api/v1/anime/rescan")
        before = await all_that_is_known(server)
        assert [code for code, one in before["home_show"].items() if one["state"] == "present"] == [
            "S01E01",
            "S01E02",
        ]
        other.rename(tmp_path / "away")
        if away == "empty":
            other.mkdir()
        for query in ("", "?full=true"):
            _, counted, _ = await server.post(f"/api/v1/anime/rescan{query}")
            assert (counted["new_series"], counted["new_episodes"]) == (
                0,
                0,
            ) and await all_that_is_known(server) == before
            assert counted["unread_folders"] == ["Show"]
        item = await is_refused(server)
        if away == "empty":
            assert list(other.iterdir()) == []
            other.rmdir()
        (tmp_path / "away").rename(other)
        await server.post(f"/api/queue/{item['queue_item_id']}/retry")
        await until(lambda: is_done(server))
        assert (other / "Season 01" / "Show - S01E03.mkv").read_bytes() == up.videos["S01E03"]
