"""System calls that fail, kills at named steps, and full disks: C2, C4 to C7 of docs/faults.md.

strace is attached to the real server and makes one system call on one path fail, or kills the
server as it makes it. By default each seventh write of the database and each second sync fails;
with ANIWORLD_FAILING=all each single one does, and the server is restarted after each row, too. The
server looks at a full disk again after a fifth of a second, not fifteen seconds; nothing else of it
is changed.
"""

import asyncio
import errno
import gc
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from downloads import part_file
from providers.network import Network
from tests.app import PATIENCE_SECONDS, Process, until
from tests.requirements import lack, need
from tests.shows import Shows, completed, database_is_right, home, library_is_right, queue, statuses
from tests.test_kills import OVERLAP
from tests.test_transfer import BODY, Run
from tests.upstream import Upstream

ALL = os.environ.get("ANIWORLD_FAILING") == "all"
SIZES = (2_600_000, 300_000)
NAMES = {
    "link": "?link,linkat",
    "mkdir": "?mkdir,mkdirat",
    "unlink": "?unlink,unlinkat",
    "rename": "?rename,?renameat,renameat2",
}


def place(server, name: str) -> str:
    """A path by its name in the tables below, for the first episode, or as it is."""
    part = "Show - S01E01.mkv.queue_1.part"
    return str(
        {
            "part": server.downloads / part,
            "final": server.library / "Show/Season 01/Show - S01E01.mkv",
            "season": server.library / "Show/Season 01",
            "series": server.library / "Show",
            "library": server.library,
            "downloads": server.downloads,
            "incoming": server.library / ".aniworld-incoming",
            "copy": server.library / ".aniworld-incoming" / part,
            "wal": server.state / "aniworld.db-wal",
        }.get(name, name)
    )


@asynccontextmanager
async def tampered(server, *rules: tuple[str, str, str], number: int | str = 1):
    """Let rules hold: (call, path's name, "error=EIO" or "signal=KILL") each.

    A rule holds for that call's `number`th time in each thread. Yields a function that tells
    whether it came to that.
    """
    need("strace", "strace")
    out, paths = server.state.parent / "strace", {place(server, where) for _, where, _ in rules}
    what = [part for path in sorted(paths) for part in ("-P", path)]
    for call, _, how in rules:
        names = NAMES.get(call, call)
        what += ["-e", f"inject={names}:{how}:when={number}"]
    calls = ",".join(NAMES.get(call, call) for call, _, _ in rules)
    pid = server.process.pid
    command = ["strace", "-f", "-q", "-o", out, "-p", str(pid), "-e", f"trace={calls}", *what]
    child = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        while not _traced(pid):
            if child.returncode is not None:
                reason = (await child.stderr.read()).decode()
                assert "not permitted" in reason, reason
                lack(f"processes cannot be traced here: {reason}")
            await asyncio.sleep(0.01)
        yield lambda: any(mark in out.read_text() for mark in ("INJECTED", "killed by SIGKILL"))
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
        await child.wait()


def _traced(pid: int) -> bool:
    """Whether each thread is."""
    try:
        return all(
            "TracerPid:\t0\n" not in (thread / "status").read_text()
            for thread in Path(f"/proc/{pid}/task").iterdir()
        )
    except OSError:
        return False  # a thread has ended meanwhile


async def consequence(server, up: Shows) -> dict:
    """The first item, once it rests or is done; never completed without its file."""

    async def look():
        item = (await server.get("/api/queue"))[1]["data"][0]
        there = library_is_right(server, up)
        assert item["status"] != "completed" or item["episode"] in there, (
            "it is said to be completed"
        )
        return (item["status"] in ("completed", "failed") and item) or (item["reason"] and item)

    return await until(look)


async def heals(server, up: Shows, *codes: str) -> None:
    """By itself, to the right files and nothing else."""

    async def look():
        now = await statuses(server)
        assert "failed" not in now.values(), (await server.get("/api/queue"))[1]["data"]
        library_is_right(server, up)
        return {now.get(code) for code in codes} == {"completed"}

    await until(look)
    assert library_is_right(server, up) == set(codes)
    left = [*server.downloads.iterdir(), *(server.library / ".aniworld-incoming").glob("*")]
    assert left == []
    assert (await server.get("/health/detailed"))[1]["status"] == "healthy"
    assert "unexpected" not in server.log and "by a bug" not in server.log, server.log
    server.kill9()
    database_is_right(server)


ROWS = {
    "C6 part: no descriptor": [("openat", "part", "error=EMFILE")],
    "C5 part: no inode": [("openat", "part", "error=ENOSPC")],
    "C5 part: full": [("pwrite64", "part", "error=ENOSPC")],
    "C5 part: quota": [("pwrite64", "part", "error=EDQUOT")],
    "C5 part: broken": [("pwrite64", "part", "error=EIO")],
    "C4 part: sync": [("fdatasync", "part", "error=EIO")],
    "C5 part: emptied": [("ftruncate", "part", "error=EIO")],
    "C6 folder: series": [("mkdir", "series", "error=EACCES")],
    "C6 folder: season": [("mkdir", "season", "error=ENOSPC")],
    "C6 name: broken": [("link", "final", "error=EIO")],
    "C6 name: full": [("link", "final", "error=ENOSPC")],
    "C6 name: links refused": [("link", "final", "error=EPERM")],
    "C6 name: links refused, rename broken": [
        ("link", "final", "error=EPERM"),
        ("rename", "final", "error=EIO"),
    ],
    "C6 part: second name": [("unlink", "part", "error=EIO")],
    "C4 season: sync": [("fsync", "season", "error=EIO")],
    "C4 downloads: sync": [("fsync", "downloads", "error=EIO")],
}
ACROSS = {
    "C6 folder: incoming": [("mkdir", "incoming", "error=EACCES")],
    "C5 copy: no inode": [("openat", "copy", "error=ENOSPC")],
    "C5 copy: full": [("write", "copy", "error=ENOSPC")],
    "C5 copy: broken": [("write", "copy", "error=EIO")],
    "C4 copy: sync": [("fsync", "copy", "error=EIO")],
    "C6 name of the copy": [("link", "final", "error=EIO")],
    "C6 copy: second name": [("unlink", "copy", "error=EIO")],
    "C6 part: goes": [("unlink", "part", "error=EIO")],
    "C4 season: sync, across": [("fsync", "season", "error=EIO")],
}
AFTER = ("waiting", "a restart") if ALL else ("waiting",)


# One row of each kind of fault runs by default, all of them with `-m ""`.
QUICK = {"C5 part: full", "C4 part: sync", "C6 name: broken", "name", "link"}


def rows(table: dict, *ways: str) -> list:
    """The table as parameters: each row in each of the `ways`, where there are any."""
    return [
        pytest.param(
            *((what, way) if way else (what,)),
            id=f"{row}, {way}" if way else row,
            marks=() if row in QUICK and way in ("", "waiting") else pytest.mark.slow,
        )
        for row, what in table.items()
        for way in ways or ("",)
    ]


async def fails_once(tmp_path, rules, after: str, **config) -> None:
    async with Shows(SIZES) as up, Process(tmp_path, providers=home(up.base), **config) as server:
        server.library = Path(config.get("anime_directory", server.library))
        await server.login()
        await queue(server, "S01E01")
        async with tampered(server, *rules) as hit:
            await server.post("/api/queue/start")
            await until(hit)
            item = await consequence(server, up)
            assert item["status"] != "failed", item
            if after == "a restart":
                server.kill9()
        if after == "a restart":
            await server.start()
        await queue(server, "S01E02")
        await heals(server, up, "S01E01", "S01E02")


@pytest.mark.parametrize("rules, after", rows(ROWS, *AFTER))
async def test_a_call_fails(tmp_path, impatient, rules, after):
    """The item waits with a reason and then goes on; nothing wrong is ever said or seen."""
    await fails_once(tmp_path, rules, after)


@pytest.mark.parametrize("rules, after", rows(ACROSS, *AFTER))
async def test_a_call_fails_between_two_disks(tmp_path, impatient, elsewhere, rules, after):
    """The same where the library is on another disk than the downloads."""
    await fails_once(tmp_path, rules, after, anime_directory=str(elsewhere))


# What CIFS, exFAT, FUSE and old kernels say of calls that they do not know.
LACKING = {
    "folder's sync": [
        ("fsync", "season", "error=EINVAL"),
        ("fsync", "library", "error=EOPNOTSUPP"),
    ],
    "link": [("link", "final", "error=EINVAL")],
    "link, as exFAT says it": [("link", "final", "error=EISDIR")],
    "link, as SMB says it": [("link", "final", "error=EACCES")],
    "file's sync": [("fdatasync", "part", "error=EINVAL")],
}


@pytest.mark.parametrize("rules", rows(LACKING))
async def test_c6_a_file_system_lacks_a_call(tmp_path, impatient, rules):
    """The episode is completed at the first try all the same, and stays so over a restart."""
    async with Shows(SIZES) as up, Process(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01")
        async with tampered(server, *rules, number="1+") as hit:
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            assert hit()
        assert (await server.get("/api/queue"))[1]["data"][0]["attempts"] == 0
        assert library_is_right(server, up) == {"S01E01"}
        assert server.log.count("cannot sync") == (rules[0][0] == "fdatasync")


@pytest.mark.slow
async def test_c6_calls_are_interrupted(tmp_path, impatient):
    """Every second write of the part and of the database is."""
    storm = ("pwrite64", "part", "error=EINTR"), ("pwrite64", "wal", "error=EINTR")
    async with Shows(SIZES) as up, Process(tmp_path, providers=home(up.base)) as server:
        await server.login()
        async with tampered(server, *storm, number="1+2") as hit:
            await queue(server, "S01E01", "S01E02")
            await server.post("/api/queue/start")
            assert (await consequence(server, up))["status"] == "completed"
            assert hit()
        await heals(server, up, "S01E01", "S01E02")


@pytest.mark.slow
async def test_c6_a_part_that_cannot_be_removed(tmp_path, impatient):
    """The answer is no INTERNAL_SERVER_ERROR, and holds; the next start removes the part."""
    async with Shows(SIZES) as up, Process(tmp_path, providers=home(up.base)) as server:
        up.rate = 1_000_000
        await server.login()
        added = await queue(server, "S01E01")
        await server.post("/api/queue/start")
        part = Path(place(server, "part"))
        await until(part.exists)
        async with tampered(server, ("unlink", "part", "error=EIO")) as hit:
            status, body, _ = await server.delete(f"/api/queue/{added['queue_item_id']}")
            assert hit()
        assert status == 200 or body["error"] != "INTERNAL_SERVER_ERROR", body
        assert await statuses(server) == {}
        server.kill9()
        await server.start()
        await until(lambda: not part.exists())


STEPS = {
    "folder": ("mkdir", "season"),
    "name": ("link", "final"),
    "second name": ("unlink", "part"),
    "folder's sync": ("fsync", "season"),
    "other folder's sync": ("fsync", "downloads"),
    "part begun": ("openat", "part"),
    "first bytes": ("pwrite64", "part"),
    "last sync": ("fdatasync", "part"),
}
STEPS_ACROSS = {
    "copy begun": ("openat", "copy"),
    "copying": ("write", "copy"),
    "copy's sync": ("fsync", "copy"),
    "name of the copy": ("link", "final"),
    "second name of the copy": ("unlink", "copy"),
    "folder's sync, across": ("fsync", "season"),
    "part goes": ("unlink", "part"),
    "last folder's sync": ("fsync", "downloads"),
}


async def killed_at(tmp_path, rule, number: int = 1, **config) -> None:
    async with Shows(SIZES) as up, Process(tmp_path, providers=home(up.base), **config) as server:
        server.library = Path(config.get("anime_directory", server.library))
        await server.login()
        await queue(server, "S01E01")
        async with tampered(server, (*rule, "signal=KILL"), number=number):
            await server.post("/api/queue/start")
            await asyncio.to_thread(server.process.wait, PATIENCE_SECONDS)
        library_is_right(server, up)
        await server.start()
        await queue(server, "S01E02")
        await heals(server, up, "S01E01", "S01E02")
        if rule[1] != "part" or rule[0] == "unlink":
            assert up.sent("S01E01") <= SIZES[0] + OVERLAP, "fetched again"


@pytest.mark.parametrize("rule", rows(STEPS))
async def test_c2_killed_at_a_step(tmp_path, impatient, rule):
    """Killed right before it: one final file after the restart, and no byte is fetched again."""
    await killed_at(tmp_path, rule)


@pytest.mark.parametrize("rule", rows(STEPS_ACROSS))
async def test_c2_killed_at_a_step_between_two_disks(tmp_path, impatient, elsewhere, rule):
    await killed_at(tmp_path, rule, anime_directory=str(elsewhere))


@pytest.mark.slow
async def test_c2_killed_while_removing(tmp_path, impatient):
    """The item is gone, and so is its part after the restart."""
    async with Shows(SIZES) as up, Process(tmp_path, providers=home(up.base)) as server:
        up.rate = 1_000_000
        await server.login()
        added = await queue(server, "S01E01")
        await server.post("/api/queue/start")
        part = Path(place(server, "part"))
        await until(part.exists)
        async with tampered(server, ("unlink", "part", "signal=KILL")):
            with pytest.raises(OSError):
                await server.delete(f"/api/queue/{added['queue_item_id']}")
            server.process.wait(PATIENCE_SECONDS)
        assert part.exists()
        await server.start()
        assert await statuses(server) == {}
        await until(lambda: not part.exists())


@pytest.mark.slow
async def test_c2_killed_while_copying_then_removed(tmp_path, impatient, elsewhere):
    """Nothing of an item that was removed stays in the library's own folder."""
    async with (
        Shows(SIZES) as up,
        Process(tmp_path, providers=home(up.base), anime_directory=str(elsewhere)) as server,
    ):
        server.library = elsewhere
        await server.login()
        added = await queue(server, "S01E01")
        async with tampered(server, ("fsync", "copy", "signal=KILL")):
            await server.post("/api/queue/start")
            await asyncio.to_thread(server.process.wait, PATIENCE_SECONDS)
        up.gone.add("S01E01")
        await server.start()
        await server.delete(f"/api/queue/{added['queue_item_id']}")
        server.kill9()
        await server.start()
        await until(lambda: not Path(place(server, "copy")).exists())


@pytest.mark.slow
@pytest.mark.parametrize(
    "call, how",
    [
        ("pwrite64", "ENOSPC"),
        ("pwrite64", "EIO"),
        ("fdatasync", "EIO"),
    ],
)
async def test_c4_c5_the_database_fails(tmp_path, impatient, call, how):
    """Each write and sync of the database fails once: 500, or a queue that waits.

    Whatever was acknowledged holds.
    """
    need("strace", "strace")
    number, untouched = 1, False
    async with Shows((300_000,) * 60) as up, Process(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E60")  # so that the series is known
        while not untouched:
            code = f"S01E{number:02}"
            async with tampered(server, (call, "wal", f"error={how}"), number=number) as hit:
                added = await tries(
                    server, "/api/queue/add", {"anime_id": "home_show", "episodes": [code]}
                )
                assert await tries(server, "/api/queue/start") == 200
                await until(lambda: settled(server, up, code))
                untouched = not hit()
            assert added in (201, 409)
            await until(lambda: is_completed(server, code))
            assert code in library_is_right(server, up)
            assert await tries(server, "/api/queue/stop") == 200
            number += 1 if ALL else 2 if call == "fdatasync" else 7
        await server.post("/api/queue/start")
        await heals(server, up, *await statuses(server))


@pytest.mark.slow
async def test_c5_the_database_fails_while_it_stops(tmp_path, impatient):
    """INV-8: a queue that has stopped has no item that is said to be downloading."""
    need("strace", "strace")
    async with Shows((12_000_000,)) as up, Process(tmp_path, providers=home(up.base)) as server:
        up.rate = 1_000_000
        number = 1
        untouched = False
        await server.login()
        await queue(server, "S01E01")
        while not untouched:
            requests = len(up.fetched("S01E01"))
            assert await tries(server, "/api/queue/start") == 200
            await until(
                lambda: any(first < last for first, last in up.fetched("S01E01")[requests:])
            )
            async with tampered(server, ("pwrite64", "wal", "error=ENOSPC"), number=number) as hit:
                assert await tries(server, "/api/queue/stop") == 200
                untouched = not hit()
            _, body, _ = await server.get("/api/queue/status")
            assert (body["data"]["state"], body["data"]["downloading"]) == ("stopped", 0), (
                f"write {number}"
            )
            number += 1
        up.rate = None
        await server.post("/api/queue/start")
        await heals(server, up, "S01E01")


async def tries(server, path: str, body=None) -> int:
    """The status of the first answer that is no 500 DATABASE_ERROR."""
    for _ in range(3):
        status, answer, _ = await server.post(path, json=body)
        if status != 500:
            return status
        assert answer["error"] == "DATABASE_ERROR", answer
    return status


async def is_completed(server, code: str) -> bool:
    now = {
        item["episode"]: item for item in (await server.get("/api/queue?per_page=100"))[1]["data"]
    }
    assert now[code]["status"] != "failed", now[code]
    return now[code]["status"] == "completed"


async def settled(server, up: Shows, code: str) -> bool:
    now = await statuses(server)
    assert now[code] != "failed", server.log
    assert now[code] != "completed" or code in library_is_right(server, up)
    return now[code] == "completed" or (await server.get("/api/queue/status"))[1]["data"]["reason"]


@pytest.mark.slow
async def test_c5_the_database_fails_while_it_recovers(tmp_path, impatient):
    """It was killed, and is started on a disk that is full for a moment."""
    strace = need("strace", "strace")
    async with Shows(SIZES) as up, Process(tmp_path, providers=home(up.base)) as server:
        await server.login()
        up.rate = 1_000_000
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await until(lambda: up.fetched("S01E01"))
        server.kill9()
        up.rate = None
        rules = (
            f"-e trace=pwrite64 -e inject=pwrite64:error=ENOSPC:when=1..2 -P {place(server, 'wal')}"
        )
        impatient(strace, "-D", "-f", "-q", "-o", str(tmp_path / "strace"), *rules.split())
        await server.start()
        await until(lambda: "INJECTED" in (tmp_path / "strace").read_text())
        await until(lambda: is_completed(server, "S01E01"))


@pytest.mark.slow
async def test_c5_a_copy_that_fails_leaves_its_room(tmp_path, impatient, elsewhere):
    """A library that is too full for a file is not filled up with a piece of it."""
    async with (
        Shows(SIZES) as up,
        Process(tmp_path, providers=home(up.base), anime_directory=str(elsewhere)) as server,
    ):
        server.library = elsewhere
        await server.login()
        await queue(server, "S01E01")
        async with tampered(server, ("write", "copy", "error=ENOSPC")):
            await server.post("/api/queue/start")
            assert (await consequence(server, up))["reason"] == "The disk is full"
            await server.post("/api/queue/stop")
            assert not Path(place(server, "copy")).exists()


async def test_c4_a_failed_sync_is_heard_of(tmp_path, monkeypatch):
    """It ends the download, and is no "Task exception was never retrieved" in the log."""

    def broken(fd):
        raise OSError(errno.EIO, "Input/output error")

    unheard: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unheard.append(context))
    monkeypatch.setattr(os, "fdatasync", broken)
    monkeypatch.setattr(part_file, "FIRST_STEP_BYTES", 50_000)
    monkeypatch.setattr("downloads.receiver.MAX_BUFFER_BYTES", 50_000)
    async with Upstream() as up, Network() as web:
        up.body, up.rate = BODY, 3_000_000
        with pytest.raises(OSError):
            await Run(web, up.base, tmp_path / "e1.part")()
        gc.collect()
        assert not unheard


@asynccontextmanager
async def small_disk(server, impatient, mount: Path, size: str, *more: str):
    """A disk of that size at `mount`, with the files of that folder. `more` are commands that make
    further ones in it.

    It lies in a mount namespace of its own, in which `server` is started. Yields the disk as it is
    seen from here.
    """
    need("unshare", "util-linux")
    need("nsenter", "util-linux")
    steps = (
        f"cp -a {mount} {mount}.old",
        f"mount -t tmpfs -o mode=700,size={size} small {mount}",
        f"cp -a {mount}.old/. {mount}",
        *more,
        "echo ready",
        "exec sleep 600",
    )
    holder = await asyncio.create_subprocess_exec(
        "unshare",
        "-rm",
        "sh",
        "-c",
        " && ".join(steps),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        if await holder.stdout.readline() != b"ready\n":
            lack(f"no disk can be mounted here: {(await holder.stderr.read()).decode()}")
        impatient("nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials")
        async with server:
            await server.login()
            yield Path(f"/proc/{holder.pid}/root{mount}")
            server.kill9()
    finally:
        holder.kill()
        await holder.wait()


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all but `leave` bytes of it."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            pass
        file.truncate(max(0, os.stat(ballast).st_size - leave))
    return ballast


async def waits(server, reason: str) -> None:
    """The queue runs and says why it waits; the item keeps its place, and all else lives on."""

    async def is_told() -> bool:
        """It is not while it tries again, which a full disk may end only after a while."""
        status = (await server.get("/api/queue/status"))[1]["data"]
        services = (await server.get("/health/detailed"))[1]["services"]
        return status["reason"] == reason and services["download_service"] == "waiting"

    await until(is_told)
    await asyncio.sleep(0.5)  # it has looked again
    await until(is_told)
    assert (await statuses(server))["S01E01"] in ("pending", "downloading")
    assert (await server.get("/api/queue/status"))[1]["data"]["state"] == "running"
    assert (await server.get("/health"))[0] == 200
    assert (await server.post("/api/v1/anime/rescan"))[0] == 200


@pytest.mark.parametrize("when", ["before", pytest.param("meanwhile", marks=pytest.mark.slow)])
async def test_c7_the_disk_for_downloads_is_full(tmp_path, impatient, when):
    """The item waits, keeps its bytes, and goes on by itself once there is room."""
    async with Shows((12_000_000, 300_000)) as up:
        server = Process(tmp_path, providers=home(up.base), max_concurrent_downloads=1)
        async with small_disk(server, impatient, server.downloads, "24m") as disk:
            server.downloads = disk
            up.rate = 6_000_000
            ballast = fill(disk, 9_000_000) if when == "before" else None
            await queue(server, "S01E01")
            await server.post("/api/queue/start")
            if not ballast:
                await until(lambda: up.sent("S01E01") > 4_000_000)
                ballast = fill(disk)
            await waits(server, "The disk is full")
            assert library_is_right(server, up) == set()
            ballast.unlink()
            await queue(server, "S01E02")
            await heals(server, up, "S01E01", "S01E02")
            if when == "meanwhile":
                assert up.fetched("S01E01")[-1][0] > 3_000_000, "its bytes were kept"


@pytest.mark.slow
async def test_c7_the_library_is_full(tmp_path, impatient):
    """The library has a disk of its own, and no room for the copy."""
    one_request = {"max_concurrent_downloads": 1, "max_connections_per_host": 1}
    async with Shows((8_000_000, 300_000)) as up:
        server = Process(tmp_path, providers=home(up.base), **one_request)
        async with small_disk(server, impatient, server.library, "16m") as disk:
            server.library = disk
            ballast = fill(disk, 5_000_000)
            inside = ballast.rename(disk / ".ballast")
            await queue(server, "S01E01")
            await server.post("/api/queue/start")
            await waits(server, "The disk is full")
            assert library_is_right(server, up) == set()
            inside.unlink()
            await queue(server, "S01E02")
            await heals(server, up, "S01E01", "S01E02")
            (first, _), *again = up.fetched("S01E01")
            assert first == 0 and all(start > 7_900_000 for start, _ in again), (
                "only its end is fetched again"
            )


@pytest.mark.slow
async def test_c7_the_disk_of_the_state_is_full(tmp_path, impatient):
    """Calls say DATABASE_ERROR or CONFIGURATION_ERROR; whatever was acknowledged stays.

    All is well with more room.
    """
    async with Shows((300_000,) * 40) as up:
        server = Process(tmp_path, providers=home(up.base), max_concurrent_downloads=1)
        async with small_disk(server, impatient, server.state, "8m") as disk:
            await queue(server, "S01E40")
            ballast, before = fill(disk), (await server.get("/api/config"))[1]
            added = ["S01E40"]
            refused = 0
            for number in range(1, 40):
                code = f"S01E{number:02}"
                status, body, _ = await server.post(
                    "/api/queue/add", json={"anime_id": "home_show", "episodes": [code]}
                )
                assert status == 201 or (status, body["error"]) == (500, "DATABASE_ERROR"), body
                if status == 201:
                    added.append(code)
                else:
                    refused += 1
                if refused > 3:
                    break
            assert refused
            status, body, _ = await server.put("/api/config", json={"max_concurrent_downloads": 3})
            assert (status, body["error"]) == (500, "CONFIGURATION_ERROR")
            assert (await server.get("/api/config"))[1] == before
            await server.post("/api/queue/start")  # perhaps it can be written down
            assert (await server.get("/health"))[0] == 200
            ballast.unlink()
            assert (await server.post("/api/queue/start"))[0] == 200
            server.state = disk
            await heals(server, up, *added)
