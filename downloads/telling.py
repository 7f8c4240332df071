"""Tells the owner and his media servers what has happened, without ever getting in its way.

Events wait in the database (store/outbox.py). Each target has a task of its own. It gathers for
some seconds, sends one message, leaves the target alone for a minute, and tries again after growing
pauses where a message does not arrive.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

from downloads.conditions import Conditions
from downloads.delivery import NotArrived, Sender
from store import clock, hours, outbox
from store.db import Database
from store.outbox import Batch
from store.settings import Config
from store.targets import MediaServer, Notify

GATHER_SECONDS = 10.0  # from the first event of a message until it is sent
SPACE_SECONDS = 60.0  # between two messages to one target
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 10.0, 3600.0  # after failures in a row
REFUSALS = 3  # of one message, after which that message is given up
LOOK_SECONDS = 900.0  # between two looks at what may hold
CLOCK_SECONDS = 60.0  # between two looks at the clock on the wall in quiet hours
IDLE_SECONDS = 60.0  # between two looks into the outbox: what is mended at the start wakes nobody
# The messages of the socket after which there may be something to tell.
NEWS = {"download_completed", "download_error", "episodes_found", "queue_items"}
CHANGES = {"rescan_completed", "rescan_failed", "queue_state", "source_state"}

log = logging.getLogger(__name__)

Target = Notify | MediaServer


class Teller:
    """Tells one target. `config` answers the settings in force."""

    def __init__(
        self, target: Target, db: Database, own_port: int | None, config: Callable[[], Config]
    ):
        self.target = target
        self._db = db
        self._own_port = own_port
        self._config = config
        self._wakeup = asyncio.Event()
        self._gathered_at: float | None = None  # monotonic time from which on a message may go out
        self._not_before = 0.0  # monotonic time
        self._refusals = 0  # of the message that is being sent
        self._arrived: int | None = None  # the last message that did

    def wake(self) -> None:
        self._wakeup.set()

    async def run(self) -> None:
        """Send the messages for the target, until cancelled."""
        async with Sender(self.target, self._own_port) as sender:
            while True:
                self._wakeup.clear()
                try:
                    seconds = await self._step(sender)
                except sqlite3.Error as error:
                    log.error("what is to be told cannot be read or written: %s", error)
                    seconds = SPACE_SECONDS
                # Not wait_for: that of Python 3.11 forgets a cancellation beside a wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._wakeup.wait()

    def is_quiet(self) -> bool:
        """Whether the owner is to be left in peace now; media servers never sleep.

        Quiet hours whose ends are the same are none: else nothing would ever be told.
        """
        quiet = self._config().quiet_hours
        if quiet.from_ == quiet.to or isinstance(self.target, MediaServer):
            return False
        return hours.holds(quiet, clock.seconds())

    async def _step(self, sender: Sender) -> float:
        """Send a message if one is due. Returns the seconds until the next look."""
        now = time.monotonic()
        if now < self._not_before:
            return self._not_before - now
        if not await self._db.run(outbox.has_any, self.target.name):
            self._gathered_at = None
            return IDLE_SECONDS
        if self._gathered_at is None:
            self._gathered_at = now + GATHER_SECONDS
        if now < self._gathered_at:
            return self._gathered_at - now
        if self.is_quiet():
            return CLOCK_SECONDS
        batch = await self._db.run(outbox.take, self.target.name)
        if batch and batch.batch == self._arrived:  # a disk that was full has kept its rows
            await self._db.run(outbox.finish, self.target.name, batch.batch)
        elif batch:
            await self._send(sender, batch)
        return max(0.0, self._not_before - time.monotonic())

    async def _send(self, sender: Sender, batch: Batch) -> None:
        try:
            await sender.send(batch, self._config().anime_directory)
        except NotArrived as failure:
            await self._fail(batch, failure)
        except Exception:
            log.exception("a message of %s cannot be told", batch.event)
            await self._give_up(batch)
        else:
            self._refusals = 0
            self._gathered_at = None
            self._arrived = batch.batch
            self._not_before = time.monotonic() + SPACE_SECONDS
            await self._db.run(outbox.finish, self.target.name, batch.batch)

    async def _fail(self, batch: Batch, failure: NotArrived) -> None:
        self._not_before = time.monotonic() + FIRST_PAUSE_SECONDS
        where = self.target.type
        self._refusals = self._refusals + 1 if failure.refused else 0
        if self._refusals >= REFUSALS:
            log.error("%s takes no message of %s: %s", where, batch.event, failure)
            await self._give_up(batch)
            return
        failed = await self._db.note(outbox.fail, self.target.name)
        doublings = min(max(failed.in_a_row - 1, 0), 20)
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**doublings)
        seconds = max(random.uniform(longest / 2, longest), failure.retry_after)
        self._not_before = time.monotonic() + seconds
        if failed.in_a_row == 1:
            log.warning("%s was not told: %s. %s", where, failure, failure.outcome.fix)
        if failed.given_up:
            log.error(
                "%s could not be told since %s, and %d events are given up: %s",
                where,
                failed.since,
                failed.given_up,
                failure,
            )

    async def _give_up(self, batch: Batch) -> None:
        self._refusals = 0
        self._not_before = time.monotonic() + SPACE_SECONDS
        await self._db.run(outbox.finish, self.target.name, batch.batch)


class Telling:
    """All targets of the settings in force. `watch` is told of each task that is started."""

    def __init__(
        self,
        db: Database,
        config: Callable[[], Config],
        conditions: Conditions,
        watch: Callable[[asyncio.Task[None]], None],
    ):
        self._db = db
        self._config = config
        self._conditions = conditions
        self._watch = watch
        self._tellers: dict[str, Teller] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()  # a state that is watched may have changed

    async def configure(self, settings: Config, own_port: int | None) -> None:
        """Tell the targets in these settings.

        A target whose entry stays the same goes on as it was.
        """
        targets: list[Target] = [*settings.notify, *settings.media_servers]
        wanted = {target.name: target for target in targets}
        await self._end(
            [name for name, teller in self._tellers.items() if wanted.get(name) != teller.target]
        )
        for name, target in wanted.items():
            if name not in self._tellers:
                self._tellers[name] = Teller(target, self._db, own_port, self._config)
                self._start(name, self._tellers[name].run())
        if not any(isinstance(target, Notify) for target in targets):
            await self._end(["conditions"])
        elif "conditions" not in self._tasks:
            self._start("conditions", self._look())
        self._changed.set()
        self._wake()

    def heard(self, message_type: str) -> None:
        """Note that a message of this type was published."""
        if message_type in NEWS:
            self._wake()
        if message_type in CHANGES:
            self._changed.set()

    async def close(self) -> None:
        await self._end(list(self._tasks))

    def _wake(self) -> None:
        for teller in self._tellers.values():
            teller.wake()

    async def _look(self) -> None:
        """Look for states that may hold, after changes and now and then."""
        while True:
            # Changes come in swarms, and a queue that begins finds out by then what it lacks.
            await asyncio.sleep(GATHER_SECONDS)
            self._changed.clear()
            try:
                await self._conditions.look()
            except sqlite3.Error as error:
                log.error("what holds cannot be read or written: %s", error)
            self._wake()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()

    def _start(self, name: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"telling {name}")
        self._tasks[name] = task
        self._watch(task)

    async def _end(self, names: Sequence[str]) -> None:
        tasks = [self._tasks.pop(name) for name in names if name in self._tasks]
        for name in names:
            self._tellers.pop(name, None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
