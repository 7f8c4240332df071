"""Keeps the database in order by itself: old rows go, each day a check, each week a copy."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TypeVar

from downloads import disk
from downloads.events import Event, QueueRemoved
from store import clock, copies, hours, meta, upkeep
from store.db import Database
from store.salvage import is_damage
from store.threads import Threads

log = logging.getLogger(__name__)

LOOK_SECONDS = 1800.0  # between looks at what is due
FOLDER = "copies"
DAY_SECONDS, WEEK_SECONDS = 86_400.0, 7 * 86_400.0
CHECKED, COPIED = "checked_at", "copied_at"  # in the table meta

T = TypeVar("T")


class Housekeeping:
    """Copies of the database are kept in a folder beside it."""

    def __init__(self, db: Database, publish: Callable[[Event], None]):
        self._db = db
        self._path = db.path
        self._folder = db.path.parent / FOLDER
        self._publish = publish
        self._tried_at: float | None = None  # a copy: one that fails has written much, perhaps

    async def run(self) -> None:
        """Do now and then the work that is due, until cancelled."""
        threads = Threads(1, "housekeeping")
        try:
            while True:
                try:
                    await self._look(threads)
                except (sqlite3.Error, OSError) as error:
                    log.warning("the database was not kept in order: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            threads.close()

    async def _look(self, threads: Threads) -> None:
        if await self._is_due(CHECKED, DAY_SECONDS):
            await self._note(CHECKED)
            await self._drop_old_rows()
            await self._check(threads)
        if self._db.is_damaged or not _is_over(self._tried_at, DAY_SECONDS):
            return
        if await self._is_due(COPIED, WEEK_SECONDS):
            self._tried_at = clock.seconds()
            await self._copy(threads)

    async def _is_due(self, name: str, seconds: float) -> bool:
        """Whether the last time is so long ago, or lies in the future by a clock that was wrong."""
        done_at = await self._db.run(meta.find, name)
        return _is_over(float(done_at) if done_at else None, seconds)

    async def _note(self, name: str) -> None:
        await self._db.jot(meta.keep, name, str(int(clock.seconds())))

    async def _drop_old_rows(self) -> None:
        """Drop a few rows at a time, so that others need not wait."""
        while removed := await self._db.note(upkeep.drop_completed):
            self._publish(QueueRemoved(removed))
        for drop in (upkeep.drop_failures, upkeep.drop_history):
            while await self._db.note(drop):
                pass

    async def _check(self, threads: Threads) -> None:
        try:
            await self._read(threads, copies.check)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            self._db.judge(error)

    async def _copy(self, threads: Threads) -> None:
        """Copy the database if the disk has room for that; else on another day."""
        size = await self._read(threads, copies.size)
        room = await threads.run(disk.room, self._path.parent)
        if room < 2 * size:
            log.warning("the database is not copied: the disk lacks room for it")
            return
        day = hours.day_of(clock.seconds())
        made = await self._read(threads, lambda reader: copies.make(reader, self._folder, day))
        await self._note(COPIED)
        log.info("the database was copied to %s", made)

    async def _read(self, threads: Threads, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` on a connection of its own; it ends soon where the server stops."""
        with ExitStack() as opened:

            def open_reader() -> sqlite3.Connection:
                """Who is cancelled meanwhile closes it too."""
                return opened.enter_context(closing(copies.open_reader(self._path)))

            reader = await threads.run(open_reader)
            return await threads.run(work, reader, stop=reader.interrupt)


def _is_over(moment: float | None, seconds: float) -> bool:
    """Whether so many seconds have passed since a moment, or it lies ahead by a wrong clock."""
    return moment is None or not 0 <= clock.seconds() - moment < seconds
