"""The queue runner: slots, order, retries, and waiting for what only the owner can mend."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from downloads import disk, disks, events
from downloads.backoff import Backoff
from downloads.crowds import Crowds
from downloads.events import Event, QueueItem
from downloads.job import Job
from downloads.recovery import recover
from downloads.reporter import report
from downloads.rests import Rests
from downloads.slots import Slots
from downloads.throttle import Throttle
from downloads.timetable import Timetable
from downloads.worker import Worker
from providers import Providers
from providers.network import Network
from store import queue, rests, series
from store.db import Database
from store.errors import Conflict
from store.models import Item, State, Status
from store.queue import QueueStatus
from store.settings import Config

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 15.0  # between looks at a disk that is full or gone


class Engine:
    """Works the queue while its state is `running`.

    `config` answers the settings in force, `publish` tells the sockets of an event. The methods are
    the verbs of the API; they return when the change is on disk and in effect.
    """

    def __init__(
        self,
        db: Database,
        web: Network,
        providers: Providers,
        config: Callable[[], Config],
        publish: Callable[[Event], None],
        *,
        pause: float = 2.0,
    ):
        self._db = db
        self._web = web
        self._providers = providers
        self._config = config
        self._publish = publish
        self._slots = Slots()
        self.fetched_bytes = self._slots.fetched
        self._backoff = Backoff(pause)
        self._crowds = Crowds()
        self._disks = disks.Disks(config)
        self.rests = Rests(db, providers, publish, pause)
        self._worker = Worker(
            db,
            publish,
            self._wait_for,
            backoff=self._backoff,
            rests=self.rests,
            disks=self._disks,
            crowds=self._crowds,
            is_beside=self._slots.is_beside,
        )
        self._throttle = Throttle()
        self._timetable = Timetable(db, config, publish)
        self._wakeup = asyncio.Event()
        self._lock = asyncio.Lock()  # one change of what is running at a time
        self._trouble = ""  # why no item can go on
        self._directories: tuple[str, str] | None = None  # of the settings in force
        self._look_again = 0.0  # monotonic time; 0 while the queue need not wait by itself
        self.state: State = "stopped"
        self.reason = ""  # why a running queue waits by itself

    # -- for the application ---------------------------------------------------------------------

    async def run(self) -> None:
        """Recover, then work until cancelled; transfers end with their bytes kept."""
        while not await self._recover():  # noqa: ASYNC110 - no event tells of a disk that is back
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        reporter = asyncio.create_task(report(self._slots, self._publish), name="progress")
        try:
            while True:
                self._wakeup.clear()
                began = time.monotonic()
                try:
                    async with self._lock:
                        await self._start_items()
                except sqlite3.Error as error:
                    log.error("the queue cannot be read or written: %s", error)
                    self._wait_for("The database cannot be written")
                # Not wait_for: that of Python 3.11 forgets a cancellation beside a wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._seconds_to_next_look(began)):
                        await self._wakeup.wait()
        finally:
            reporter.cancel()
            await self._slots.cancel(self._slots.item_ids())
            await self._timetable.save()

    def wake(self) -> None:
        """Look again: there may be work, or the settings have changed."""
        self._throttle.mbps = self._timetable.mbps()
        self._wakeup.set()

    async def settings_changed(self) -> None:
        """Put into effect the settings that concern the queue."""
        async with self._lock:
            await self._change_directories()
            off = self._providers.switched_off()
            await self._slots.cancel(self._slots.item_ids_of(off))
            await self.rests.end_replaced()
        self.wake()

    # -- verbs -----------------------------------------------------------------------------------

    async def set_state(self, state: State) -> None:
        """Start, pause or stop the queue, even if its state cannot be stored."""
        async with self._lock:
            try:
                await self._db.run(queue.set_state, state)
            finally:
                self.state = state
                self.reason = self._trouble = ""
                self._look_again = 0.0
                self._disks.forget_all()
                if state != "running":
                    await self._slots.cancel(self._slots.item_ids())
                self._publish(events.QueueState(state, ""))
                self.wake()

    async def pause(self, paused: bool | None = None) -> bool:
        """Pause or go on; None toggles. Returns whether it is paused now.

        Raises Conflict when the queue is stopped.
        """
        if self.state == "stopped":
            raise Conflict("The queue is stopped: start it first")
        paused = self.state == "running" if paused is None else paused
        await self.set_state("paused" if paused else "running")
        return paused

    async def announce(self, items: list[Item]) -> None:
        """Tell everyone that these items have changed on disk, and get to work."""
        for item in items:
            self._forget(item)
        self._publish(events.QueueItems([self.describe(item) for item in items]))
        self.wake()

    async def retry_source(self, name: str) -> None:
        """Ask a resting source now; it goes on resting only if it still fails."""
        await self.rests.retry(name)
        await self._let_go_on(name)

    async def source_answered(self, name: str) -> None:
        """Let the items of a source go on: it has answered a search or a rescan."""
        if await self.rests.heard(name):
            await self._let_go_on(name)

    async def drop(self, item_ids: Sequence[int]) -> int:
        """Remove items: transfers end, part files go, finished files stay. Returns how many."""
        async with self._lock:
            await self._slots.cancel(item_ids)
            removed = await self._db.run(queue.remove, *item_ids)
            await self._clear(removed)
        return len(removed)

    async def drop_all(self, status: Status) -> int:
        """Remove all items that are `completed` or `failed`; returns how many."""
        async with self._lock:
            removed = await self._db.run(queue.remove_all, status)
            await self._clear(removed)
        return len(removed)

    async def drop_series(self, anime_id: str) -> None:
        """Forget a series and its items. Raises NotFound."""
        async with self._lock:
            items = await self._db.run(queue.of_series, anime_id)
            await self._slots.cancel([item.id for item in items])
            await self._db.run(series.forget, anime_id)
            await self._clear(items)

    def describe(self, item: Item) -> QueueItem:
        """Show `item` with what its transfer, if one runs, has fetched by now."""
        return QueueItem.of(item, self._slots.transferred(item.id))

    async def status(self) -> QueueStatus:
        """How many items there are, how fast they come, and whether the queue runs."""
        return await self._db.run(
            queue.status,
            speed_mbps=round(self._slots.speed(), 2),
            state=self.state,
            reason=self.reason,
        )

    # -- the loop --------------------------------------------------------------------------------

    async def _recover(self) -> bool:
        """Mend what a crash has left. Returns whether that worked; if not, the queue waits."""
        try:
            self.state = await self._db.run(queue.state)
            await self.rests.load()
            await recover(self._db, self._config())
        except (sqlite3.Error, OSError) as error:
            log.error("the queue cannot be recovered: %s", error)
            self._wait_for("The queue cannot be recovered; the log tells why")
            return False
        self._wait_for("")
        return True

    async def _start_items(self) -> None:
        """Start items while slots are free."""
        if self.state != "running":
            return
        if self.reason and time.monotonic() >= self._look_again:
            await self._look()
        if self._trouble:
            return
        await self.rests.end_replaced()
        await self.rests.tell_switched_off()
        config = await self._change_directories()  # no job begins under others than are in force
        self._throttle.mbps = self._timetable.mbps()
        allowed = await self._timetable.look(self._slots.jobs())
        while len(self._slots) < config.max_concurrent_downloads:
            full = {name for name in self._slots.providers() if not self._spare_connections(name)}
            waiting = self._backoff.waiting() | self._disks.waiting_items()
            busy = self._crowds.calming() | full
            item = await self._db.note(
                queue.claim, waiting, self._slots.item_ids(), self.rests.rested(), busy, allowed
            )
            if item is None:
                return
            self._slots.start(self._job(item, config), self._work)
            allowed = await self._timetable.look(self._slots.jobs())

    async def _change_directories(self) -> Config:
        """Put the directories of the settings in force, which are returned.

        Transfers go on there with the parts that can be moved: no file lands in the old library.
        """
        config = self._config()
        directories = (config.anime_directory, config.download_directory)
        if directories != self._directories:
            before, self._directories = self._directories, directories
            await self._slots.cancel(self._slots.item_ids())
            if before:
                parts = await self._db.run(queue.parts)
                await asyncio.to_thread(disk.move_parts, before[1], config.downloads, parts)
        return config

    def _job(self, item: Item, config: Config) -> Job:
        return Job(
            item,
            config=config,
            db=self._db,
            web=self._web,
            providers=self._providers,
            throttle=self._throttle,
            reserve=self._reserve,
            spare=partial(self._spare_connections, item.provider),
        )

    def _seconds_to_next_look(self, began: float) -> float | None:
        """Seconds until the loop looks again; None when it waits for `wake` alone.

        The look before `began` at that monotonic time. What has become due since then may have been
        passed over, so it counts.
        """
        waiting = (self._backoff, self.rests, self._crowds, self._timetable)
        times = [due for each in waiting for due in each.times(began)]
        times += [self._look_again] if self._look_again else []
        if self.state != "running" or not times:
            return None
        return max(0.05, min(times) - time.monotonic())

    async def _work(self, job: Job) -> None:
        """Work on one item, then make room for the next."""
        try:
            await self._worker.work(job)
        finally:
            self._slots.free(job.item.id)
            self._timetable.count(job)
            self.wake()

    async def _let_go_on(self, source: str) -> None:
        """Let the items of this source go on before their next try is due."""
        for item_id in await self._db.run(rests.pending_items, source):
            self._backoff.forget(item_id)
        self.wake()

    def _forget(self, item: Item) -> None:
        """Let an item wait for nothing any more: somebody asked for it, or it is gone."""
        self._backoff.forget(item.id)
        self._disks.forget(item.id)
        self._crowds.forget(item.id)

    async def _clear(self, removed: list[Item]) -> None:
        """Remove the parts of items that are gone from the database, and tell it."""
        # Settings that have just changed may not have moved the parts yet.
        folder = Path(self._directories[1] if self._directories else self._config().downloads)
        parts = [folder / each.part for each in removed if each.part and each.status != "completed"]
        await asyncio.to_thread(disk.remove, parts)
        for item in removed:
            self._forget(item)
        if removed:
            self._publish(events.QueueRemoved([item.name for item in removed]))
        self.wake()

    # -- connections and disks -------------------------------------------------------------------

    def _spare_connections(self, provider: str) -> int:
        """How many further connections each download from this provider may have."""
        most = min(
            self._config().max_connections_per_host, self._providers.most_connections(provider)
        )
        return self._slots.spare_connections(provider, self._crowds.limit(provider, most))

    def _wait_for(self, reason: str) -> None:
        """Let the whole queue wait for a reason, and tell it; an empty reason ends the wait."""
        self._trouble = reason
        reason = self._trouble or (disks.FULL if self._disks.waiting_items() else "")
        self._look_again = time.monotonic() + LOOK_AGAIN_SECONDS if reason else 0.0
        if reason != self.reason:
            self.reason = reason
            self._publish(events.QueueState(self.state, reason))

    async def _look(self) -> None:
        """Look whether the reason for which the queue waits still holds."""
        await asyncio.to_thread(self._disks.look)
        self._wait_for(await asyncio.to_thread(self._disks.trouble) if self._trouble else "")

    async def _reserve(self, count: int) -> None:
        """Refuse with ENOSPC what would not leave room for every running transfer."""
        await self._disks.reserve(max(count, self._slots.remaining()))
