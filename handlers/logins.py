"""Who may try a password now: delays after wrong ones, lanes, and a ceiling a minute.

docs/decisions.md, 15. Every refusal comes before a bcrypt runs, and before anybody waits for one.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from store import clock, login_callers
from store.db import Database
from store.errors import TooMany
from store.login_callers import KEPT_CALLERS, LoginCaller
from store.newest import Newest

log = logging.getLogger(__name__)

MAX_CALLERS = 10_000  # whose failures are remembered; beyond that the oldest are forgotten
FREE_FAILURES = 5  # wrong passwords without a delay
MAX_DELAY_SECONDS = 900
LOCAL_OWNER = "local owner"  # the caller that the owner on this machine counts as

Clock = Callable[[], float]


class LoginDelay:
    """Counts wrong passwords by caller. After the free ones a caller waits 1, 2, 4 ... seconds.

    A delay grows up to MAX_DELAY_SECONDS, and the count is forgotten as long after it has ended.
    """

    def __init__(self, clock: Clock = time.monotonic):
        self._clock = clock
        self._failures: Newest[tuple[int, float]] = Newest(
            MAX_CALLERS
        )  # (count, when the next may)

    def wait_seconds(self, caller: str) -> float:
        """Seconds until `caller` may try again; 0: now."""
        count, due = self._failures.get(caller, (0, 0.0))
        if count and self._clock() > due + MAX_DELAY_SECONDS:
            self._failures.forget(caller)
            return 0.0
        return max(0.0, due - self._clock())

    def failures(self, caller: str) -> int:
        """How many wrong passwords in a row are remembered."""
        return self._failures.get(caller, (0, 0.0))[0]

    def record_failure(self, caller: str) -> None:
        count = self.failures(caller) + 1
        delay = 0
        if count >= FREE_FAILURES:
            delay = min(2 ** min(count - FREE_FAILURES, 20), MAX_DELAY_SECONDS)
        self.restore(caller, count, delay)

    def restore(self, caller: str, count: int, seconds: float) -> None:
        """Let `caller`, with so many failures, wait `seconds`, and no longer than the longest."""
        due = self._clock() + min(seconds, MAX_DELAY_SECONDS)
        self._failures.set(caller, (count, due))

    def record_success(self, caller: str) -> None:
        self._failures.forget(caller)


class Lane:
    """The tries of one kind of caller: `running` at once, `waiting` behind them, others refused.

    Each bcrypt costs a small machine a second of a core, so at most `per_minute` begin in a minute.
    """

    def __init__(
        self,
        *,
        running: int,
        waiting: int,
        per_minute: int | None = None,
        clock: Clock = time.monotonic,
    ):
        self._slots = asyncio.Semaphore(running)
        self._most_waiting = waiting
        self._waiting = 0
        self._per_minute = per_minute
        self._clock = clock
        self._began: deque[float] = deque()  # of the tries of the last minute

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it. Raises TooMany instead of waiting behind many."""
        self._judge_ceiling()
        if self._slots.locked() and self._waiting >= self._most_waiting:
            raise TooMany("Too many logins at once", retry_after=5)
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            self._judge_ceiling()
            yield
        finally:
            self._slots.release()

    def count(self) -> None:
        """Count a bcrypt that begins."""
        if self._per_minute:
            self._began.append(self._clock())

    def _judge_ceiling(self) -> None:
        """Raises TooMany when as many tries as may have begun within a minute."""
        now = self._clock()
        while self._began and self._began[0] <= now - 60:
            self._began.popleft()
        if self._per_minute and len(self._began) >= self._per_minute:
            wait_seconds = self._began[0] + 60 - now
            raise TooMany("Too many logins a minute", retry_after=math.ceil(wait_seconds))


class Logins:
    """The callers that try a password; the facts about them outlive the process.

    The owner on this machine has a lane of his own, and so have callers that have been right
    before: strangers' guesses lock out neither.
    """

    def __init__(self, db: Database):
        self._db = db
        self._known: dict[str, None] = {}  # callers, the one that was right last at the end
        self.delay = LoginDelay()
        self.local_lane = Lane(running=1, waiting=8)
        self.known_lane = Lane(running=1, waiting=8)
        self.strangers_lane = Lane(running=2, waiting=8, per_minute=30)

    async def load(self) -> None:
        """Go on with the callers that an earlier run has seen."""
        for row in await self._db.run(login_callers.read):
            if row.known:
                self._known[row.caller] = None
            if row.failures:
                wait_seconds = clock.seconds_until(row.due) if row.due else 0.0
                self.delay.restore(row.caller, row.failures, wait_seconds)

    def lane(self, caller: str, *, is_trusted: bool) -> Lane:
        """The lane of a caller. `is_trusted`: it has sent a good token, no key."""
        if caller == LOCAL_OWNER:
            return self.local_lane
        return self.known_lane if is_trusted or caller in self._known else self.strangers_lane

    def judge(self, caller: str) -> None:
        """Raises TooMany for a caller that has to wait after wrong passwords."""
        if wait_seconds := self.delay.wait_seconds(caller):
            raise TooMany("Too many failed attempts", retry_after=math.ceil(wait_seconds))

    async def record_failure(self, caller: str) -> None:
        """Record a wrong password. The delay is on disk when this returns, if the disk takes it."""
        self.delay.record_failure(caller)
        await self._keep(caller)

    async def record_success(self, caller: str) -> None:
        """Record a right password: from now on the caller is a known one."""
        is_news = caller not in self._known or self.delay.failures(caller) > 0
        self.delay.record_success(caller)
        self._known.pop(caller, None)
        self._known[caller] = None
        while len(self._known) > KEPT_CALLERS:
            del self._known[next(iter(self._known))]
        if is_news:
            await self._keep(caller)

    async def _keep(self, caller: str) -> None:
        wait_seconds = self.delay.wait_seconds(caller)
        row = LoginCaller(
            caller,
            failures=self.delay.failures(caller),
            due=clock.in_seconds(wait_seconds) if wait_seconds else None,
            known=caller in self._known,
        )
        try:
            await self._db.run(login_callers.keep, row)
        except sqlite3.Error as error:  # the owner has to get in where the disk is full
            log.error("a try of the password cannot be stored: %s", error)


LOGINS = web.AppKey("logins", Logins)
