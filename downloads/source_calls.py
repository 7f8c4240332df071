"""The calls of a rescan to its sources: a few at a time, and patient with a source that is busy."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from store.errors import Failure, ProviderError

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 4  # calls at a time, all sources together
# For which a rescan waits in all for one source that asks to be left alone.
PATIENCE_SECONDS = 60.0
SHORTEST_WAIT_SECONDS = 1.0
MOST_SILENCES = 4  # in a row, each of which costs its time: nobody answers there
ONE_SERIES = (403, 404, 410)  # statuses that say something of one series, not of its source

T = TypeVar("T")


class SourceCalls:
    """`unavailable` are the names of the sources that failed, or are not asked any further."""

    def __init__(self) -> None:
        self.unavailable: set[str] = set()
        self._given_up: set[str] = set()
        self._silences: Counter[str] = Counter()  # in a row
        self._waits_until: dict[str, float] = {}
        self._waited: dict[str, float] = {}  # seconds
        self._slots = asyncio.Semaphore(SIDE_BY_SIDE)

    async def ask(self, source: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """The answer of `call`; None when the source fails, which the log tells."""
        async with self._slots:
            while source not in self._given_up:
                await self._wait(source)
                try:
                    answer = await call()
                    self._silences.pop(source, None)
                    return answer
                except Failure as failure:
                    log.warning("%s: %s", source, failure)
                    if not self._may_try_again(source, failure):
                        break
                except Exception:
                    log.exception("%s: its answer could not be kept", source)
                    self.unavailable.add(source)
                    break
        return None

    async def _wait(self, source: str) -> None:
        while (left := self._waits_until.get(source, 0.0) - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)  # another call may prolong the wait meanwhile

    def _may_try_again(self, source: str, failure: Failure) -> bool:
        """Whether to make the call again: the source asked for a wait that we grant."""
        if not isinstance(failure, ProviderError) or failure.details.get("status") in ONE_SERIES:
            return False
        if failure.retry_after is None:
            self.unavailable.add(source)
            self._silences[source] += failure.cause == "silent"
            if failure.down or self._silences[source] >= MOST_SILENCES:
                self._given_up.add(source)
            return False
        now = time.monotonic()
        until = now + max(failure.retry_after, SHORTEST_WAIT_SECONDS)
        longer = until - max(now, self._waits_until.get(source, 0.0))
        if longer > 0:
            waited = self._waited.get(source, 0.0) + longer
            if waited > PATIENCE_SECONDS:
                self.unavailable.add(source)
                self._given_up.add(source)
                return False
            self._waited[source], self._waits_until[source] = waited, until
        return True


async def as_completed(calls: Sequence[Coroutine[Any, Any, T]]) -> AsyncGenerator[T, None]:
    """The results of `calls`, each as soon as it is there. No call outlives this generator."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        for completed in asyncio.as_completed(tasks):
            yield await completed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
