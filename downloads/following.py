"""Follows series by itself: looks at each every few hours, and queues what its rule wants."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from functools import partial

from downloads import calendar_looks, lookup
from downloads.events import EpisodesFound, Event, LibraryChanged
from downloads.rests import Rests
from downloads.rounds import Rounds
from downloads.source_calls import SourceCalls
from providers import Providers
from store import clock, follows, looks, meta, series
from store.db import Database
from store.episodes import Found
from store.errors import Failure, NotFound, ProviderError
from store.follows import Follow, Followed, FollowMode
from store.models import Item, Listing
from store.settings import Config

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 4  # looks at a time
START_SECONDS = 20.0  # after the start in which nobody is asked
LOOK_SECONDS = 60.0  # between looks at the clock on the wall, which may be put forward or back
LEAST_WAIT_SECONDS = 0.5
# Turns that have come all at once, as while the machine slept, are taken one by one: so many times
# faster than usual, and at least one in so many seconds.
CATCH_UP_SPEED = 8
CATCH_UP_SECONDS = 10.0
ANSWER_SECONDS = 10.0  # for which a caller waits for a source's list
LOOKED_UNTIL = "looked_until"  # in the table meta
SERIES_A_TIME = 100  # in one transaction


class Following:
    """`config` answers the settings in force; `announce` tells of new items and wakes the queue."""

    def __init__(
        self,
        db: Database,
        providers: Providers,
        rests: Rests,
        config: Callable[[], Config],
        publish: Callable[[Event], None],
        announce: Callable[[list[Item]], Awaitable[None]],
    ):
        self._db = db
        self._providers = providers
        self._rests = rests
        self._config = config
        self._publish = publish
        self._announce = announce
        self._followed: dict[str, Followed] = {}  # by id
        self._is_outdated = True  # the followed series have to be read anew
        self._rounds = Rounds(clock.seconds())
        self._is_loaded = False  # how far the looks of an earlier run have come
        self._kept = 0.0  # what is on disk of `unfinished_since`
        self._next_start = time.monotonic() + START_SECONDS
        # series -> its list as a hash, and the changes of the database when that brought nothing
        self._settled: dict[tuple[str, str], tuple[int, int]] = {}
        self._calendars_asked: dict[str, str] = {}  # series -> the day
        self._others_asked: dict[tuple[str, str], str] = {}  # series, source -> the day
        self._calls = "", SourceCalls()  # the hour, and the calls in it to sources without a series
        self._looks: dict[str, asyncio.Task[bool]] = {}  # by the series' id
        self._wakeup = asyncio.Event()

    # -- for the application ---------------------------------------------------------------------

    async def run(self) -> None:
        """Look until cancelled."""
        self._wakeup.clear()
        await self._sleep(START_SECONDS)
        try:
            while True:
                self._wakeup.clear()
                seconds: float | None = LOOK_SECONDS
                try:
                    seconds = await self._begin_looks()
                except sqlite3.Error as error:
                    log.error("what is followed cannot be read: %s", error)
                await self._sleep(seconds)
        finally:
            await self._end_looks()

    def changed(self) -> None:
        """Read anew which series are followed, and how often."""
        self._is_outdated = True
        self._wakeup.set()

    async def follow(
        self, anime_id: str, mode: FollowMode, seasons: Sequence[int]
    ) -> tuple[Follow, list[Item]]:
        """Keep the owner's word on a series. Returns it, and the items that it queued at once.

        The sources are asked first for their episodes, as `new` is only what appears from now on.
        Raises NotFound, and ProviderError where nothing is known of the series and no source
        answers.
        """
        found = await self._ask(anime_id) if mode != "off" else []
        series_id, items = await self._db.run(
            looks.follow, anime_id, mode, seasons, found, is_old=not found
        )
        if items:
            await self._announce(items)
        self.changed()
        return await self._db.run(follows.find, series_id), items

    async def rescanned(self, silent: Collection[str]) -> None:
        """Count a rescan as a look at each followed series.

        The lists of the `silent` sources are not new.
        """
        followed = await self._db.run(follows.all_followed)
        ids = [each.series_id for each in followed]
        for first in range(0, len(ids), SERIES_A_TIME):
            chunk = ids[first : first + SERIES_A_TIME]
            for items in await self._db.run(looks.queue_wanted, chunk, silent):
                await self._tell(items)
        self.changed()

    # -- turns -----------------------------------------------------------------------------------

    async def _sleep(self, seconds: float | None) -> None:
        """Sleep so long at most, or until woken."""
        # Not wait_for: that of Python 3.11 forgets a cancellation beside a wake-up.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wakeup.wait()

    async def _load(self) -> None:
        kept = await self._db.run(meta.find, LOOKED_UNTIL)
        now = clock.seconds()
        self._kept = min(float(kept), now) if kept else now
        self._rounds = Rounds(self._kept)
        self._is_loaded = True

    async def _begin_looks(self) -> float | None:
        """Begin the looks whose turn it is. Returns the seconds to the next; None: until told."""
        if not self._is_loaded:
            await self._load()
        if self._is_outdated:
            self._is_outdated = False  # first: what changes while it is read is not lost
            try:
                rows = await self._db.run(follows.all_followed)
            except sqlite3.Error:
                self._is_outdated = True
                raise
            self._followed = {each.series_id: each for each in rows}
            self._rounds.set_followed(rows)
            self._settled.clear()
        length = self._config().check_every_hours * 3600.0
        if not (length and self._followed):
            self._rounds = Rounds(clock.seconds())
            self._rounds.set_followed(list(self._followed.values()))
            return None
        self._rounds.advance(clock.seconds(), length)
        pace = min(CATCH_UP_SECONDS, length / len(self._followed) / CATCH_UP_SPEED)
        wait = self._begin_waiting(self._followed, pace)
        await self._keep(length)
        to_next = self._rounds.seconds_to_next(length) or LOOK_SECONDS
        return max(LEAST_WAIT_SECONDS, min(LOOK_SECONDS, to_next, wait))

    def _begin_waiting(self, followed: dict[str, Followed], pace: float) -> float:
        """Begin the looks that may begin now. Returns the seconds until another look may."""
        resting = self._rests.resting()
        for series_id in list(self._rounds.waiting):
            names = {source for source, _ in followed[series_id].sources}
            there = {name for name in names if self._providers.find(name) or name in resting}
            if not there:
                del self._rounds.waiting[series_id]  # no source has it: its next turn comes
            elif not there <= resting and series_id not in self._looks:
                if len(self._looks) >= SIDE_BY_SIDE:
                    return LOOK_SECONDS  # the end of a look wakes
                now = time.monotonic()
                if now < self._next_start:
                    return self._next_start - now
                self._next_start = max(self._next_start, now - LEAST_WAIT_SECONDS) + pace
                self._begin(followed[series_id])
        return LOOK_SECONDS

    def _begin(self, followed: Followed) -> None:
        self._rounds.begin(followed.series_id)
        task = asyncio.create_task(self._look(followed), name=f"look at {followed.series_id}")
        self._looks[followed.series_id] = task
        task.add_done_callback(partial(self._end, followed.series_id))

    def _end(self, series_id: str, task: asyncio.Task[bool]) -> None:
        self._looks.pop(series_id, None)
        error = None if task.cancelled() else task.exception()
        if error:
            log.error("the look at %s ended by a bug", series_id, exc_info=error)
        is_done = not task.cancelled() and (error is not None or task.result())
        self._rounds.end(series_id, is_done=is_done)
        if self._rounds.waiting:
            self._wakeup.set()

    async def _keep(self, length: float) -> None:
        """Write down once a round how far the looks have come."""
        since = self._rounds.unfinished_since()
        if abs(since - self._kept) >= length:
            self._kept = since
            await self._db.jot(meta.keep, LOOKED_UNTIL, str(int(since)))

    async def _end_looks(self) -> None:
        tasks = list(self._looks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._followed and self._config().check_every_hours:
            with suppress(sqlite3.Error):
                since = str(int(self._rounds.unfinished_since()))
                await self._db.jot(meta.keep, LOOKED_UNTIL, since)

    # -- one look --------------------------------------------------------------------------------

    async def _look(self, followed: Followed) -> bool:
        """Ask the sources for a series' lists, keep them, and queue what is wanted of them.

        Returns whether that is done: false where all of them rest by now.
        """
        resting = self._rests.resting()
        asked = [
            (source, key)
            for source, key in followed.sources
            if source not in resting and self._providers.find(source)
        ]
        is_done = [await self._ask_source(followed.series_id, *each) for each in asked]
        if any(is_done):
            await self._ask_calendars(followed.series_id)
            await self._ask_others(followed)
        return any(is_done)

    def _calls_of_this_hour(self) -> SourceCalls:
        """A source that fails once in them is asked again in the next hour, not for each series."""
        hour = clock.now()[:13]
        if self._calls[0] != hour:
            self._calls = hour, SourceCalls()
        return self._calls[1]

    async def _ask_others(self, followed: Followed) -> None:
        """Ask the sources that do not have a series, once a day, whether they have it by now."""
        series_id, today = followed.series_id, clock.today()
        names = {each.name for each in self._providers} - {name for name, _ in followed.sources}
        asked = {name for name in names if self._others_asked.get((series_id, name)) != today}
        asked -= self._rests.resting() | self._calls_of_this_hour().unavailable
        anime = await self._db.run(series.find, series_id) if asked else None
        if anime is None:
            return
        self._others_asked |= {(series_id, name): today for name in asked}
        from downloads.source_looks import SourceLooks  # late: most households have one source

        looking = SourceLooks(self._db, self._providers, self._calls_of_this_hour(), ())
        if await looking.seek(anime, asked):
            # What it has at first is not new, nor is it what the next look finds.
            await self._db.run(looks.queue_wanted, [series_id])
            self.changed()

    async def _ask_calendars(self, series_id: str) -> None:
        """Ask once a day when the episodes of a series air."""
        today = clock.today()
        if self._providers.calendars() and self._calendars_asked.get(series_id) != today:
            self._calendars_asked[series_id] = today
            await calendar_looks.look_at(self._db, self._providers, series_id)

    async def _ask_source(self, series_id: str, source: str, key: str) -> bool:
        """Whether the source has done with the look, if only by failing; else it rests now."""
        try:
            listing = await self._providers.get(source).listing(key)
            await self._keep_list(series_id, source, listing)
        except ProviderError as failure:
            log.warning("%s: %s: %s", source, series_id, failure)
            return not await self._rests.judge_list(source, failure)
        except Failure as failure:
            log.warning("%s: %s: %s", source, series_id, failure)
        except sqlite3.Error as error:
            log.error("the look at %s cannot be kept: %s", series_id, error)
        return True

    async def _keep_list(self, series_id: str, source: str, listing: Listing) -> None:
        """Keep a list. The same list costs nothing while the database stays the same as well."""
        state = hash(repr(listing)), self._db.changes
        if self._settled.get((series_id, source)) == state:
            return
        kept = await self._db.run(looks.keep, series_id, source, listing)
        if kept.is_final:
            self._settled[series_id, source] = state
            return
        if kept.items:
            await self._tell(kept.items)
        self._publish(LibraryChanged([series_id]))

    async def _tell(self, items: list[Item]) -> None:
        """Tell of new episodes of one series, and let the queue work."""
        await self._announce(items)
        first, codes = items[0], [item.code for item in items]
        log.info("%s: %s queued", first.title, ", ".join(codes))
        self._publish(EpisodesFound(first.series_id, first.title, codes))

    async def _ask(self, anime_id: str) -> list[Found]:
        """The lists of a series' sources now; empty where the known lists have to do."""
        is_known = await self._db.run(series.find, anime_id) is not None
        ids = await self._db.run(series.source_ids, anime_id)
        resting = self._rests.resting()
        if is_known and all(each.partition("_")[0] in resting for each in ids):
            return []
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await lookup.ask(self._db, self._providers, anime_id, resting)
        except (ProviderError, NotFound) as failure:
            if not is_known:
                raise
            log.warning("%s: %s", anime_id, failure)
        except TimeoutError:
            if not is_known:
                message = "The source does not answer"
                raise ProviderError(message, cause="silent") from None
        return []
