"""The queue runner: slots, order, retries, and waiting for what only the owner can mend."""

from __future__ import annotations

import asyncio
import errno
import logging
import random
import re
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from downloads import events
from downloads.events import Event, QueueItem, QueueStatus
from downloads.throttle import Throttle
from providers import Providers
from providers.network import WAIT, Network
from store import atomic, placing, queue, series
from store.settings import Config
from store.db import Database
from store.errors import Conflict, Failure, ProviderError
from store.models import Item, State

if TYPE_CHECKING:
    from downloads.job import Job

log = logging.getLogger(__name__)

TRIES = 5
PATIENCE = 15.0  # seconds between looks at a disk that is full or gone
_PART = re.compile(r".+\.queue_\d+\.part")

Publish = Callable[[Event], None]


class Engine:
    """Works the queue while its state is `running`. `config` answers the settings in force, `publish(event)` tells
    the sockets. The methods are the verbs of the API; they return when the change is on disk and in effect.
    """

    def __init__(
        self,
        db: Database,
        web: Network,
        providers: Providers,
        config: Callable[[], Config],
        publish: Publish,
        *,
        pause: float = 2.0,
    ):
        self._db = db
        self._web = web
        self._providers = providers
        self._config = config
        self._publish = publish
        self._pause = pause  # seconds: the first retry waits up to twice that, each further one up to twice as long
        self._jobs: dict[int, tuple[Job, asyncio.Task]] = {}
        self._due: dict[
            int, float
        ] = {}  # item -> the monotonic time before which it is not tried again
        self._resting: dict[str, float] = {}  # provider -> the same
        self._down: Counter[str] = Counter()  # provider -> how often in a row nobody answered there
        self._throttle = Throttle()
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()  # one change of what is running at a time
        self._need = 0  # bytes that the item lacked when the disk was full
        self._look_again = 0.0
        self.state: State = "stopped"
        self.reason = ""  # why a running queue waits by itself

    # -- for the application ---------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Recover, then work until cancelled; transfers end with their bytes kept."""
        while not await self._recovered():
            await asyncio.sleep(PATIENCE)
        ticker = asyncio.create_task(self._report(), name="progress")
        try:
            while True:
                self._news.clear()
                try:
                    async with self._turn:
                        await self._fill()
                except sqlite3.Error as error:
                    log.error("the queue cannot be read or written: %s", error)
                    self._wait_for("The database cannot be written")
                due = [
                    when - time.monotonic()
                    for when in (*self._due.values(), *self._resting.values(), self._look_again)
                    if when
                ]
                with suppress(TimeoutError):
                    await asyncio.wait_for(
                        self._news.wait(),
                        max(0.05, min(due)) if due and self.state == "running" else None,
                    )
        finally:
            ticker.cancel()
            await self._cancel(list(self._jobs))

    def wake(self) -> None:
        """There may be something to do, or the settings have changed."""
        self._throttle.mbps = self._config().bandwidth_limit_mbps
        self._news.set()

    # -- verbs -----------------------------------------------------------------------------------------------------

    async def set_state(self, state: State) -> None:
        async with self._turn:
            await self._db.run(queue.set_state, state)
            self.state, self.reason, self._look_again = state, "", 0.0
            if state != "running":
                await self._cancel(list(self._jobs))
            self._publish(events.QueueState(state, ""))
        self.wake()

    async def pause(self, paused: bool | None = None) -> bool:
        """Pause or go on; None toggles. Returns whether it is paused now. Raises Conflict when stopped."""
        if self.state == "stopped":
            raise Conflict("The queue is stopped: start it first")
        paused = self.state == "running" if paused is None else paused
        await self.set_state("paused" if paused else "running")
        return paused

    async def announce(self, items: list[Item]) -> None:
        """These items have changed on disk: tell everyone and get to work."""
        for item in items:
            self._due.pop(item.id, None)
        self._publish(events.QueueItems([self.describe(item) for item in items]))
        self.wake()

    async def drop(self, item: int) -> None:
        """Remove one item: its transfer ends, its part file goes, a finished file stays. Raises NotFound."""
        async with self._turn:
            await self._cancel([item])
            await self._clear([await self._db.run(queue.remove, item)])

    async def drop_all(self, status: str) -> int:
        """Remove all items that are `completed` or `failed`; returns how many."""
        removed = await self._db.run(queue.remove_all, status)
        await self._clear(removed)
        return len(removed)

    async def drop_series(self, series: str, forget: Callable) -> None:
        """Remove a series' items, then `forget` it in one transaction."""
        async with self._turn:
            items = await self._db.run(queue.of_series, series)
            await self._cancel([item.id for item in items])
            await self._db.run(forget, series)
            await self._clear(items)

    def describe(self, item: Item) -> QueueItem:
        """Show `item` with what its transfer, if one runs, has fetched by now."""
        running = self._jobs.get(item.id)
        return QueueItem.of(item, running[0].transferred() if running else None)

    async def status(self) -> QueueStatus:
        """How many items there are, how fast they come, and whether the queue runs."""
        counts = await self._db.run(queue.counts)
        total_bytes = counts.pop("size")
        return QueueStatus(
            total_items=sum(counts.values()),
            **counts,
            total_size_bytes=total_bytes,
            download_speed_mbps=round(self.speed(), 2),
            state=self.state,
            reason=self.reason,
        )

    def speed(self) -> float:
        """Of all transfers together, in megabits a second."""
        return sum(job.speed() for job, _ in self._jobs.values())

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _recovered(self) -> bool:
        """A file that got its name before the crash is completed, a part of no item goes; false if that has to wait."""
        try:
            self.state = await self._db.run(queue.state)
            config = self._config()
            for item in await self._db.run(queue.recover):
                from downloads.job import settle

                await settle(item, config, self._db)
            ours = await self._db.run(queue.parts)
            await asyncio.to_thread(_sweep, config.downloads, ours)
            for disk in ["", *await self._db.run(series.disks)]:
                await asyncio.to_thread(_sweep, config.library / disk / placing.INCOMING, set())
        except (sqlite3.Error, OSError) as error:
            log.error("the queue cannot be recovered: %s", error)
            self._wait_for("The queue cannot be recovered; the log tells why")
            return False
        self._wait_for("")
        return True

    async def _fill(self) -> None:
        """Start items while there are slots."""
        if self.state != "running" or time.monotonic() < self._look_again:
            return None
        if self.reason:
            if trouble := await asyncio.to_thread(self._trouble):
                return self._wait_for(trouble)
            self._wait_for("")
        now = time.monotonic()
        self._due = {item: when for item, when in self._due.items() if when > now}
        self._resting = {provider: when for provider, when in self._resting.items() if when > now}
        while len(self._jobs) < self._config().max_concurrent_downloads:
            busy = {job.item.provider for job, _ in self._jobs.values()}
            resting = {
                *self._resting,
                *(provider for provider in busy if not self._spare(provider)),
            }
            item = await self._db.note(queue.claim, set(self._due), set(self._jobs), resting)
            if item is None:
                return None
            from downloads.job import Job  # late: a server that fetches nothing never needs it

            job = Job(
                item,
                self._config(),
                self._db,
                self._web,
                self._providers,
                throttle=self._throttle,
                reserve=self._reserve,
                spare=partial(self._spare, item.provider),
            )
            self._jobs[item.id] = job, asyncio.create_task(self._work(job), name=item.name)

    async def _work(self, job: Job) -> None:
        """One item until it is completed, failed or pending again; each way out is on disk and told."""
        item = job.item
        try:
            completed = await job.run(lambda: self._publish(events.DownloadStarted.of(item)))
            self._down.pop(item.provider, None)
            self._publish(completed)
        except asyncio.CancelledError:
            await self._release(item, "")
        except Failure as failure:
            await self._judge(job, failure)
        except OSError as error:
            log.warning("%s: %s", item.name, error)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            self._need = job.remaining() if full else 0
            self._wait_for(
                "The disk is full"
                if full
                else f"The download or library directory cannot be used: {error.strerror}"
            )
            await self._release(item, self.reason)
        except sqlite3.Error as error:
            log.error("%s: the database failed: %s", item.name, error)
            self._wait_for(
                "The database cannot be written"
            )  # the item is claimed anew when it can be
        except Exception:
            log.exception("%s: unexpected", item.name)
            await self._fail(
                item, "DOWNLOAD_ERROR", "The download failed for a reason that only the log tells"
            )
        finally:
            self._jobs.pop(item.id, None)
            self.wake()

    async def _judge(self, job: Job, failure: Failure) -> None:
        """A source that may recover is asked again, with full jitter; anything else has failed. A source that nobody
        answers for, or that asks for patience, is left alone by all items until then."""
        item = job.item
        if isinstance(failure, ProviderError) and failure.down:
            self._down[item.provider] += 1
            patience = random.uniform(
                0, min(WAIT, self._pause * 2 ** min(self._down[item.provider], 20))
            )
        else:
            self._down.pop(item.provider, None)
            patience = getattr(failure, "retry_after", None)
        if patience:
            self._resting[item.provider] = time.monotonic() + patience
        attempts = (
            1 if job.progress.fetched > 1 << 20 else item.attempts + 1
        )  # a try that got somewhere starts the count anew
        if not isinstance(failure, ProviderError) or failure.final or attempts >= TRIES:
            return await self._fail(item, failure.code, str(failure))
        wait = random.uniform(0, self._pause * 2**attempts) if patience is None else patience
        self._due[item.id] = time.monotonic() + wait
        await self._release(item, f"{failure} (try {attempts} of {TRIES})", attempts)

    async def _release(self, item: Item, reason: str, attempts: int | None = None) -> None:
        if released := await self._db.note(queue.release, item.id, reason, attempts):
            self._publish(events.QueueItems([QueueItem.of(released)]))

    async def _fail(self, item: Item, code: str, message: str) -> None:
        failed = await self._db.run(queue.fail, item.id, code, message)
        self._publish(events.DownloadError.of(failed))

    async def _cancel(self, items: list[int]) -> None:
        tasks = [self._jobs[item][1] for item in items if item in self._jobs]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _clear(self, removed: list[Item]) -> None:
        downloads = self._config().downloads
        parts = [
            downloads / item.part for item in removed if item.part and item.status != "completed"
        ]
        await asyncio.to_thread(lambda: [part.unlink(missing_ok=True) for part in parts])
        for item in removed:
            self._due.pop(item.id, None)
        if removed:
            self._publish(events.QueueRemoved([item.name for item in removed]))
        self.wake()

    def _spare(self, provider: str) -> int:
        """How many further connections each download from this provider may have."""
        used = [
            job.progress.connections
            for job, _ in self._jobs.values()
            if job.item.provider == provider
        ]
        return -(-max(0, self._config().max_connections_per_host - sum(used)) // len(used))

    def _wait_for(self, reason: str) -> None:
        """The queue waits by itself, and looks again until it can go on."""
        self._look_again = time.monotonic() + PATIENCE if reason else 0.0
        if reason != self.reason:
            self.reason = reason
            self._publish(events.QueueState(self.state, reason))

    def _trouble(self) -> str:
        """Why the queue can't go on; empty when it can."""
        config = self._config()
        for folder in (config.download_directory, config.anime_directory):
            if not atomic.writable(Path(folder)):
                return self.reason or "The download or library directory cannot be written"
        return "The disk is full" if room(config.downloads) < self._need else ""

    async def _reserve(self, count: int) -> None:
        """Refuse with ENOSPC what would not leave room for every running transfer."""
        left = await asyncio.to_thread(room, self._config().downloads)
        if left < max(count, sum(job.remaining() for job, _ in self._jobs.values())):
            raise OSError(errno.ENOSPC, "No space left beside the reserve")

    async def _report(self) -> None:
        """Tell how far each transfer has come, as often as that may be sent."""
        pause = events.DownloadProgress.every_seconds
        while True:
            await asyncio.sleep(pause if self._jobs else 5 * pause)
            for job, _ in tuple(self._jobs.values()):
                if job.progress.fetched:
                    self._publish(events.DownloadProgress.of(job.item, job.transferred()))


def room(folder: Path) -> int:
    """Bytes that may still be written at `folder`: what is free less a reserve of max(1 GiB, 2 %), of a tenth at the most."""
    disk = shutil.disk_usage(folder)
    return disk.free - min(max(1 << 30, disk.total // 50), disk.total // 10)


def _sweep(downloads: Path, ours: set[str]) -> None:
    """Remove part files that belong to no item: it was removed just before a crash."""
    if downloads.is_dir():
        for entry in downloads.iterdir():
            if _PART.fullmatch(entry.name) and entry.name not in ours and entry.is_file():
                entry.unlink(missing_ok=True)
