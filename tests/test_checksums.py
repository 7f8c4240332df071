"""The checksums of what is shared: computed gently, kept with size and time of change."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from downloads.checksums import Checksums, Reading
from store import checksums, library_scan, renamed_folders
from store.settings import Config, Share
from tests.app import until
from tests.house import House, house
from tests.upstream import settle

FOLDER = "Nacht"


class Worker:
    """The computing of a house's checksums, which counts the files that are read."""

    def __init__(self, home: House, share: str = "all"):
        self.home = home
        self.config = Config(anime_directory=str(home.library), share=Share(share))
        self.wakeup = asyncio.Event()
        self.read: list[str] = []
        self.looks = 0  # that have come to their end

    @asynccontextmanager
    async def running(self):
        made = Checksums(self.home.db, lambda: self.config, self.wakeup, rests=0)
        task = asyncio.create_task(made.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def look(self) -> None:
        """Wait until it has looked once more, from beginning to end."""
        await until(lambda: self.looks and not self.wakeup.is_set())
        before = self.looks
        self.wakeup.set()
        await until(lambda: self.looks > before)

    async def sums(self) -> dict[str, str]:
        """name -> checksum of each file that has one."""

        def read(conn):
            return {row["path"]: row["sha256"] for row in conn.execute("select * from checksums")}

        return await self.home.db.run(read)

    async def all_done(self) -> dict[str, str]:
        """The checksums, once they are those of the files."""
        wanted = {
            str(path.relative_to(self.home.library)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.home.library.rglob("*.mkv")
        }

        async def is_done() -> bool:
            return await self.sums() == wanted

        await until(is_done)
        return wanted


@pytest.fixture
async def home(tmp_path):
    async with house(tmp_path / "state", tmp_path / "library") as home:
        write(home, 1, b"one")
        write(home, 2, b"two")
        await home.scan()
        yield home


@pytest.fixture
def worker(home, monkeypatch) -> Worker:
    made = Worker(home)
    really = Reading.__init__

    def count(self, root, path):
        made.read.append(path)
        really(self, root, path)

    really_look = Checksums._look

    async def look(self) -> float | None:
        due = await really_look(self)
        made.looks += 1
        return due

    monkeypatch.setattr(Reading, "__init__", count)
    monkeypatch.setattr(Checksums, "_look", look)
    return made


def write(home: House, number: int, content: bytes) -> Path:
    path = home.library / FOLDER / f"Nacht - S01E{number:02}.mkv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    settle(home.library)
    return path


async def test_each_file_is_read_once_over_restarts_too(home, worker):
    for _ in range(2):
        async with worker.running():
            await worker.look()
            await worker.all_done()
    assert sorted(worker.read) == [f"{FOLDER}/Nacht - S01E0{number}.mkv" for number in (1, 2)]


async def test_a_changed_file_gets_a_new_one_and_a_gone_one_goes(home, worker):
    async with worker.running():
        await worker.all_done()
        changed = write(home, 1, b"another")
        os.utime(changed, (1_500_000_000, 1_500_000_000))
        write(home, 3, b"three")
        (home.library / FOLDER / "Nacht - S01E02.mkv").unlink()
        await home.scan()
        worker.wakeup.set()
        await worker.all_done()
    assert worker.read[2:] == [f"{FOLDER}/Nacht - S01E0{number}.mkv" for number in (1, 3)]


@pytest.mark.parametrize("change", ["grows", "is replaced in place", "shrinks"])
async def test_a_file_that_changes_while_it_is_read_gets_none(home, change):
    path = write(home, 1, b"x" * 1000)
    reading = Reading(home.library, f"{FOLDER}/{path.name}")
    with open(path, "r+b") as file:
        if change == "grows":
            file.seek(0, os.SEEK_END)
        if change == "shrinks":
            file.truncate(10)
        file.write(b"y")
    while not reading.is_done:
        reading.go_on()
    reading.close()
    assert reading.sha256 == ""


async def test_a_file_that_is_young_waits_and_is_not_forgotten(home, worker, monkeypatch):
    monkeypatch.setattr("downloads.checksums.YOUNG_SECONDS", 1_000.0)
    path = write(home, 1, b"just now")
    os.utime(path)
    async with worker.running():
        await until(worker.sums)
        assert worker.read == [f"{FOLDER}/Nacht - S01E02.mkv"]
        monkeypatch.setattr("downloads.checksums.YOUNG_SECONDS", 0.1)
        os.utime(path)
        worker.wakeup.set()
        await worker.all_done()  # by a look that nobody asked for, where the next one was too early


async def test_nothing_is_read_beside_a_download_nor_when_nothing_is_shared(
    home, worker, monkeypatch
):
    monkeypatch.setattr("downloads.checksums.BUSY_SECONDS", 0.01)

    def set_status(conn, status):
        conn.execute(
            """insert or replace into items (id, series, season, number, priority, status,
            created_at) values (1, 'local_nacht', 1, 9, 1, ?, '')""",
            (status,),
        )

    await home.db.run(set_status, "downloading")
    looks = 0
    really = checksums.is_downloading

    def count(conn):
        nonlocal looks
        looks += 1
        return really(conn)

    monkeypatch.setattr(checksums, "is_downloading", count)
    async with worker.running():
        await until(lambda: looks > 3)
        assert worker.read == []
        await home.db.run(set_status, "pending")
        await worker.all_done()
    worker.read.clear()
    write(home, 1, b"other")
    worker.config = Config(anime_directory=str(home.library))
    async with worker.running():
        await worker.look()
    assert worker.read == []


async def test_only_what_is_shared_is_read(home, worker):
    other = home.library / "Other" / "Other - S01E01.mkv"
    other.parent.mkdir()
    other.write_bytes(b"o")
    settle(home.library)
    await home.scan()
    worker.config = Config(anime_directory=str(home.library), share=Share(["local_other"]))
    async with worker.running():
        await until(lambda: worker.read)
        await until(worker.sums)
    assert worker.read == ["Other/Other - S01E01.mkv"]


async def test_a_setting_that_is_taken_back_ends_the_reading(home, worker, monkeypatch):
    monkeypatch.setattr("downloads.checksums.TURN_SECONDS", -1.0)  # a turn reads nothing
    async with worker.running():
        await until(lambda: worker.read)
        worker.config = Config(anime_directory=str(home.library))
        worker.wakeup.set()
        await until(lambda: worker.looks)
    assert (len(worker.read), await worker.sums()) == (1, {})


async def test_a_renaming_takes_the_checksums_along(home, worker):
    async with worker.running():
        before = await worker.all_done()
        await home.rename("local_nacht", undo=False, dry_run=False)
        renamed = await worker.all_done()
        assert before.keys().isdisjoint(renamed)
        (home.library / FOLDER).rename(home.library / "Tag")
        scanned = library_scan.scan(home.library, full=True)
        await home.db.run(renamed_folders.follow, scanned)
        await home.scan()
        await worker.look()
        assert all(path.startswith("Tag/") for path in await worker.all_done())
    assert len(worker.read) == 2
