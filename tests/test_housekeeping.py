"""Old rows that go, the daily check of the database, and its weekly copy."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from downloads import disk, events
from downloads.housekeeping import FOLDER, Housekeeping
from store import clock, copies, queue, upkeep
from store import db as database
from store.db import Database
from store.episodes import store_listing
from store.models import Episode, Listing
from store.threads import Threads
from tests.app import PATIENCE_SECONDS, until

OLD = "2001-01-01T00:00:00Z"
DAY = 86_400


def fill(conn: sqlite3.Connection, count: int) -> None:
    found = tuple(Episode(1, number) for number in range(1, count + 1))
    store_listing(conn, "home", Listing("show", "Show", episodes=found))
    items = queue.add(conn, "home_show", ["S01"], "normal").items
    for item in items:
        queue.finish(conn, item.id, f"Show/{item.code}.mkv", 5)


@pytest.fixture
def conn():
    connection = database.connect(":memory:")
    yield connection
    connection.close()


def test_completed_items_stay_while_they_are_new_or_few(conn, monkeypatch):
    fill(conn, 12)
    monkeypatch.setattr(upkeep, "COMPLETED", upkeep.Bound(days=30, most=5))
    monkeypatch.setattr(upkeep, "ROWS", 4)
    assert upkeep.drop_completed(conn) is None
    conn.execute("update items set finished_at = ? where id <= 9", (OLD,))
    conn.execute("update items set status = 'failed' where id = 1")
    assert upkeep.drop_completed(conn) == ["queue_2", "queue_3", "queue_4", "queue_5"]
    assert len(upkeep.drop_completed(conn) or ()) == 2
    assert upkeep.drop_completed(conn) is None
    assert conn.execute("select status from items where id = 1").fetchone()[0] == "failed"
    assert conn.execute("select count(*) from files").fetchone()[0] == 12


def test_the_history_of_what_is_here_stays(conn, monkeypatch):
    fill(conn, 6)
    conn.execute("update history set finished_at = ? where id <= 4", (OLD,))
    conn.execute("delete from files where number in (1, 2, 6)")
    assert upkeep.drop_history(conn) == 2
    assert upkeep.drop_history(conn) is None
    monkeypatch.setattr(upkeep, "HISTORY", upkeep.Bound(days=10**4, most=0))
    assert upkeep.drop_history(conn) == 1  # the newest, whose file is gone
    assert sorted(row["number"] for row in conn.execute("select number from history")) == [3, 4, 5]


def test_notes_of_failures_are_bounded(conn, monkeypatch):
    fill(conn, 5)
    for number in range(1, 6):
        queue.fail(conn, number, "PROVIDER_ERROR", "gone")
    assert upkeep.drop_failures(conn) is None
    conn.execute("update failures set failed_at = ? where id = 1", (OLD,))
    monkeypatch.setattr(upkeep, "FAILURES", upkeep.Bound(days=365, most=2))
    assert upkeep.drop_failures(conn) == 3
    assert upkeep.drop_failures(conn) is None


# -- by itself -------------------------------------------------------------------------------------


@pytest.fixture
async def house(tmp_path, monkeypatch):
    """A house with a clock that `house.wait(days)` moves; `house.told` was published."""
    moment = [1_800_000_000.0]
    monkeypatch.setattr(clock, "seconds", lambda: moment[0])
    db = Database(tmp_path / "aniworld.db")
    await db.open()
    threads = Threads(1, "house")

    told: list[events.Event] = []

    class House(Housekeeping):
        async def look(self, days: float = 0) -> list[str]:
            """The copies, after what is due in so many days."""
            moment[0] += days * DAY
            await self._look(threads)
            folder = tmp_path / FOLDER
            return sorted(os.listdir(folder)) if folder.exists() else []

    made = House(db, told.append)
    made.told = told
    yield made
    threads.close()
    await db.close()


async def test_a_copy_each_week_of_which_the_newest_stay(house, tmp_path):
    db = house._db
    await db.run(fill, 3)
    (first,) = await house.look()
    assert first.startswith("aniworld-20") and first.endswith(".db")
    path = tmp_path / FOLDER / first
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert await house.look(6.9) == [first]
    kept = [await house.look(7.1) for _ in range(4)][-1]
    assert len(kept) == copies.KEPT_COPIES and first not in kept
    with closing(database.connect(tmp_path / FOLDER / kept[-1])) as copy:  # as docs say
        assert copy.execute("pragma integrity_check").fetchone()[0] == "ok"
        assert copy.execute("select count(*) from items").fetchone()[0] == 3


async def test_a_clock_that_was_wrong_does_not_end_the_copies(house):
    await house.look(5000)
    assert len(await house.look(-5000)) == 2


async def test_a_full_disk_gets_no_copy(house, monkeypatch, caplog):
    monkeypatch.setattr(disk, "room", lambda folder: 1000)
    assert await house.look() == []
    assert await house.look(0.5) == []
    assert caplog.text.count("lacks room") == 1, "not twice an hour"
    monkeypatch.setattr(disk, "room", lambda folder: 10**9)
    assert len(await house.look(0.5)) == 1


async def test_what_an_attempt_left_goes(house, tmp_path):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "aniworld-2026-01-01.db.unfinished").write_text("cut short")
    (tmp_path / FOLDER / "mine.txt").write_text("the owner's")
    made, mine = await house.look()
    assert (made.startswith("aniworld-"), mine) == (True, "mine.txt")


async def test_damage_is_found_and_no_damaged_copy_takes_the_place_of_a_good_one(
    house, tmp_path, caplog
):
    db = house._db
    rows = [("home", f"Show {number}", f"show-{number}") for number in range(5000)]
    await db.run(lambda conn: conn.executemany("insert into keys values (?, ?, ?)", rows))
    (copy,) = await house.look()
    checkpoint = "pragma wal_checkpoint(truncate)"
    await db._on_thread(lambda: db._connection.execute(checkpoint).fetchall())
    damage(tmp_path / "aniworld.db")
    assert not db.is_damaged
    caplog.set_level(logging.ERROR)
    assert await house.look(8) == [copy]
    assert db.is_damaged and "is damaged" in caplog.text
    assert (tmp_path / "aniworld.db.damaged").exists()


def damage(path: Path) -> None:
    """Overwrite a page in the middle, as a dying card does."""
    size = path.stat().st_size
    with open(path, "rb+") as file:
        for page in range(size // 4096 // 2, size // 4096 - 2):
            file.seek(page * 4096)
            file.write(b"\xff" * 512)


async def test_dropped_items_are_told(house, monkeypatch):
    monkeypatch.setattr(upkeep, "COMPLETED", upkeep.Bound(days=30, most=1))
    await house._db.run(fill, 3)
    await house._db.run(lambda conn: conn.execute("update items set finished_at = ?", (OLD,)))
    await house.look()
    assert [vars(each) for each in house.told] == [{"items": ["queue_1", "queue_2"]}]


async def test_a_stop_does_not_wait_for_a_check(house, monkeypatch):
    """The reader is interrupted: a query that runs for ever ends."""
    began = threading.Event()

    def check(reader: sqlite3.Connection) -> None:
        began.set()
        reader.execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
        ).fetchone()

    monkeypatch.setattr(copies, "check", check)
    task = asyncio.create_task(house.run())
    await until(began.is_set)
    assert await house._db.run(lambda conn: conn.execute("select 1").fetchone()[0]) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_a_stop_while_the_reader_opens_leaves_none_open(house, monkeypatch):
    began, may_go = threading.Event(), threading.Event()
    open_reader, opened = copies.open_reader, []

    def open_late(path: Path) -> sqlite3.Connection:
        began.set()
        assert may_go.wait(PATIENCE_SECONDS)
        opened.append(open_reader(path))
        return opened[0]

    monkeypatch.setattr(copies, "open_reader", open_late)
    task = asyncio.create_task(house.run())
    await until(began.is_set)
    task.cancel()
    await asyncio.sleep(0)  # it is cancelled before the reader is there
    may_go.set()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("select 1")


async def test_a_copy_takes_the_place_of_a_lost_database(house, tmp_path):
    await house._db.run(fill, 3)
    (copy,) = await house.look()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / FOLDER / copy, other / "aniworld.db")
    again = Database(other / "aniworld.db")
    await again.open()
    try:
        assert (await again.run(queue.get, 3)).status == "completed"
    finally:
        await again.close()
