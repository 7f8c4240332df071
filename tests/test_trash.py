"""A file that changed at its source is fetched anew, the old one kept: docs/decisions.md, 37."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from providers.folder_listing import seconds
from store import atomic, trash
from store.trash import TRASH
from tests.app import ROOT, Process, running, until
from tests.rows import each_row
from tests.shows import (
    SHOW,
    Shows,
    add,
    completed,
    database_is_right,
    episodes,
    home,
    queue,
    statuses,
    video,
)
from tests.tree import Tree

CHANGES = ("link", "rename", "unlink", "mkdir", "rmdir")


class Crash(BaseException):
    """As kill -9: nobody catches it."""


def crash_before(monkeypatch, last: int) -> list[str]:
    """Let the process die before its `last` change of names; what was done before."""
    done: list[str] = []

    def dying(name: str):
        real = getattr(os, name)

        def change(*arguments, **options):
            if len(done) == last:
                raise Crash
            done.append(name)
            return real(*arguments, **options)

        return change

    for name in CHANGES:
        monkeypatch.setattr(os, name, dying(name))
    return done


def no_links(*_, **__):
    raise OSError(errno.EPERM, "this disk knows no links")


KINDS = ("same name", "no links", "other ending", "other disk", "other disk and ending")


@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_at_any_point_loses_neither_file(tmp_path, elsewhere, monkeypatch, kind):
    """Before each change of names in turn; what follows mends it, and ends where it should."""
    path = "Show/Season 01/Show - S01E01." + ("mp4" if "ending" in kind else "mkv")
    old = "Show/Season 01/Show - S01E01.mkv"
    count = 0
    while True:
        root = tmp_path / str(count)
        (root / old).parent.mkdir(parents=True)
        (root / old).write_bytes(b"old")
        part = (elsewhere if "disk" in kind else tmp_path) / "x.part"
        part.write_bytes(b"the new one")
        replaced = trash.choose(root, old)
        with monkeypatch.context() as patches:
            if kind == "no links":
                patches.setattr(os, "link", no_links)
            done = crash_before(patches, count)
            try:
                trash.replace(part, root, path, replaced)
                is_whole = True
            except Crash:
                is_whole = False
        there = [file.read_bytes() for file in root.rglob("*.m*") if file.is_file()]
        assert b"old" in there and set(there) <= {b"old", b"the new one"}, done
        with monkeypatch.context() as patches:
            if kind == "no links":
                patches.setattr(os, "link", no_links)
            if not trash.is_replaced(part, root, path, replaced):
                assert (root / old).read_bytes() == b"old" and part.read_bytes() == b"the new one"
                assert not (root / replaced.trash).exists()
                trash.replace(part, root, path, replaced)
        assert (root / path).read_bytes() == b"the new one"
        assert (root / TRASH / old).read_bytes() == b"old"
        assert (root / old).exists() is (path == old) and not part.exists()
        if is_whole:
            break
        count += 1
    assert count > 2


@pytest.mark.parametrize("has_links", [True, False])
def test_a_sync_that_fails_leaves_the_old_file_where_it_was(tmp_path, monkeypatch, has_links):
    old = tmp_path / "Show" / "a.mkv"
    old.parent.mkdir()
    old.write_bytes(b"old")
    part = tmp_path / "x.part"
    part.write_bytes(b"new")
    replaced = trash.choose(tmp_path, "Show/a.mkv")
    real, failures = atomic.sync_folder, []

    def sync_folder(folder):
        if not failures:
            failures.append(folder)
            raise OSError(errno.EIO, "the disk is broken")
        real(folder)

    monkeypatch.setattr(atomic, "sync_folder", sync_folder)
    if not has_links:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(OSError, match="broken"):
        trash.replace(part, tmp_path, "Show/a.mkv", replaced)
    assert old.read_bytes() == b"old" and part.read_bytes() == b"new"
    assert not (tmp_path / replaced.trash).exists()


def test_a_trash_that_takes_nothing_leaves_both_files_where_they_were(tmp_path):
    """Also where the new file gets another name than the old one: else the item could never be
    completed, for its own file would be in its way."""
    old = tmp_path / "Show" / "a.mkv"
    old.parent.mkdir()
    old.write_bytes(b"old")
    part = tmp_path / "x.part"
    part.write_bytes(b"new")
    replaced = trash.choose(tmp_path, "Show/a.mkv")
    (tmp_path / TRASH).write_bytes(b"a file of the owner")
    with pytest.raises(OSError):
        trash.replace(part, tmp_path, "Show/a.mp4", replaced)
    assert old.read_bytes() == b"old" and part.read_bytes() == b"new"
    assert not (tmp_path / "Show" / "a.mp4").exists()


def test_the_trash_takes_several_of_a_name(tmp_path):
    """And nothing but plain files, into no link that somebody planted."""
    name = "Show/Show - S01E01.mkv"
    for number in range(3):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"%d" % number)
        part = tmp_path / "part"
        part.write_bytes(b"new")
        trash.replace(part, tmp_path, name, trash.choose(tmp_path, name))
    kept = sorted(file.name for file in (tmp_path / TRASH / "Show").iterdir())
    assert kept == ["Show - S01E01 (2).mkv", "Show - S01E01 (3).mkv", "Show - S01E01.mkv"]
    (tmp_path / "Show" / "link.mkv").symlink_to(tmp_path / name)
    with pytest.raises(OSError, match="no plain file"):
        trash.choose(tmp_path, "Show/link.mkv")
    other = tmp_path / "other"
    (other / "Show").mkdir(parents=True)
    (other / name).write_bytes(b"x")
    (other / TRASH).symlink_to(tmp_path)
    with pytest.raises(OSError, match="is a link"):
        trash.choose(other, name)


@each_row(
    "date, expected",
    [
        ("Mon, 05 Oct 2020 10:00:00 GMT", 1601892000),
        ("2020-10-05T12:00:00.5+02:00", 1601892000),
        ("2020-10-05T10:00:00Z", 1601892000),
        ("yesterday", None),
        ("9999-99-99", None),
        ("Mon, 05 Oct 99999 10:00:00 GMT", None),
        (17, None),
        (None, None),
        ("x" * 10**6, None),
    ],
)
def test_dates_of_listings(date, expected):
    assert seconds(date) == expected


async def test_a_file_that_changed_is_replaced_when_it_is_asked_for(tmp_path):
    names = [f"Show/Show - S01E0{number}.mkv" for number in (1, 2)]
    old, new = video(1, 100_000), video(2, 120_000)
    async with Tree(dict.fromkeys(names, old)) as up:
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            add(server, "Show/Show - S01E03-E04.mkv")
            await queue(server, "S01E01")
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            await server.post("/api/v1/anime/rescan")
            assert (await episodes(server, SHOW))["S01E01"]["changed"] is False
            up.files[names[0]] = new
            _, counted, _ = await server.post("/api/v1/anime/rescan")
            entry = (await episodes(server, SHOW))["S01E01"]
            assert (entry["state"], entry["changed"]) == ("present", True)
            _, before, _ = await server.get(f"/api/v1/anime/{SHOW}")
            ask = {"anime_id": SHOW, "episodes": ["S01E01"]}
            assert (await server.post("/api/queue/add", json=ask))[0] == 409
            for code, status in (("S01E03", 404), ("S01E04", 404)):  # no source has them
                body = {"anime_id": SHOW, "episodes": [code], "replace": True}
                assert (await server.post("/api/queue/add", json=body))[0] == status
            added = await queue(server, "S01E01", replace=True)
            assert added["skipped"] == []
            await completed(server, "S01E01")
            trashed = [file for file in server.library.rglob("*S01E01.mkv") if TRASH in file.parts]
            assert [file.read_bytes() for file in trashed] == [old]
            path = server.library / entry["path"]
            assert path.read_bytes() == new
            assert (await episodes(server, SHOW))["S01E01"]["changed"] is False
            _, history, _ = await server.get("/api/queue/history")
            replaced = [row["replaced"] for row in history["data"]]
            assert replaced == [str(trashed[0].relative_to(server.library)), None]
            # Nobody empties the trash, and nobody reads it.
            _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
            assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
            _, after, _ = await server.get(f"/api/v1/anime/{SHOW}")
            assert after["missing_episodes"] == before["missing_episodes"]
            assert trashed[0].exists()


async def test_a_file_with_further_episodes_is_not_replaced(tmp_path):
    served = {f"Show/Show - S01E0{number}.mkv": video(number, 1000) for number in (1, 2)}
    async with Tree(served) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        file = add(server, "Show/Show - S01E01-E02.mkv")
        await server.post("/api/v1/anime/rescan")
        body = {"anime_id": SHOW, "episodes": ["S01E01"], "replace": True}
        status, refusal, _ = await server.post("/api/queue/add", json=body)
        assert status == 409 and "holds further episodes" in refusal["message"]
        assert file.exists()


KILLED = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
last, library = int(os.environ["KILL_BEFORE"]), os.environ["LIBRARY"]
changes = 0
def count(event, arguments):
    global changes
    if event in ("os.link", "os.rename", "os.remove", "os.mkdir"):
        changes += any(str(path).startswith(library + "/") for path in arguments[:2])
        if changes == last:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
import aniworld
sys.exit(aniworld.main(sys.argv[2:]))
"""


@pytest.mark.slow
async def test_kill_9_while_a_file_is_replaced(tmp_path, monkeypatch):
    """The real server dies before each of its changes in turn, and goes on by itself."""
    program, script = tmp_path / "killed.py", tmp_path / "python"
    program.write_text(KILLED)
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {program} "$@"\n')
    script.chmod(0o755)
    for last in range(1, 9):
        place = tmp_path / str(last)
        place.mkdir()
        async with Shows([100_000]) as up:
            if not await is_killed(place, up, last, script, monkeypatch):
                assert last > 4
                return
    pytest.fail("there are more changes than that")


async def is_killed(place: Path, up: Shows, last: int, script: Path, monkeypatch) -> bool:
    """Whether replacing a file made `last` changes; in the end it is replaced in any case."""
    env = {"KILL_BEFORE": str(last), "LIBRARY": str(place / "library")}
    async with Process(place, providers=home(up.base), env=env) as server:
        await server.login()
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        old = up.videos["S01E01"]
        up.videos["S01E01"] = video(99, 120_000)
        await server.post("/api/v1/anime/rescan")
        await server.post("/api/queue/stop")
        await server.stop()
        monkeypatch.setattr(sys, "executable", str(script))
        await server.start()
        monkeypatch.undo()
        await server.login()
        await queue(server, "S01E01", replace=True)
        with suppress(aiohttp.ClientError):  # it may die while it answers
            await server.post("/api/queue/start")

        async def has_ended() -> bool:
            try:
                return set((await statuses(server)).values()) == {"completed"}
            except aiohttp.ClientError:
                return server.process.poll() is not None

        await until(has_ended)
        was_killed = server.process.poll() is not None
        if was_killed:
            await server.start()
            await completed(server, "S01E01")
        (file,) = [file for file in server.library.rglob("*.mkv") if TRASH not in file.parts]
        (kept,) = [file for file in server.library.rglob("*.mkv") if TRASH in file.parts]
        assert file.read_bytes() == up.videos["S01E01"] and kept.read_bytes() == old
        assert list(server.downloads.iterdir()) == []
        server.kill9()
        database_is_right(server)
    return was_killed
