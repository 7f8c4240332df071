"""Which worker fetches which stretch of a file, and over how many connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from downloads.part_file import MIB, Part, Segment, join
from downloads.progress import Gauge, Progress
from store.errors import ProviderError
from store.threads import undisturbed

MIN_SPLIT_BYTES = MIB // 4  # left of a stretch that is worth dividing
STALL_SECONDS = 0.06  # without a byte
ALONE_SECONDS = 0.3  # for which a connection may still wait for more bytes, as one alone does


class Segments:
    """The stretches of `file` that are being fetched, each by one worker."""

    def __init__(self, file: Part):
        self._file = file
        self._starts: dict[Segment, int] = {}
        self._shared_since: float | None = None  # since when there were several

    def __len__(self) -> int:
        return len(self._starts)

    @contextmanager
    def claimed(self, segment: Segment) -> Iterator[None]:
        """Give nobody else a byte of `segment` while this lasts."""
        self._starts[segment] = segment.at
        if len(self._starts) > 1:
            self._shared_since = self._shared_since or monotonic()
        try:
            yield
        finally:
            del self._starts[segment]

    def is_untouched(self, segment: Segment) -> bool:
        """Whether no byte of it has come."""
        return segment.at == self._starts[segment]

    def are_near_end(self, segment: Segment) -> bool:
        """Whether `segment` is so short that the other connections will soon wait for it."""
        return self._shared_since is not None and _bytes_left(segment) < 2 * MIN_SPLIT_BYTES

    def give_back(self, segment: Segment) -> None:
        """Give what is left of `segment` back to the connection before it.

        That connection gets as many bytes as its answer brings.
        """
        for other in self._starts:
            if segment.end is not None and other is not segment and other.end == segment.at:
                limit = segment.end if other.limit is None else other.limit
                other.end = max(segment.at, min(limit, segment.end))
                segment.end = segment.at

    def move_to_start(self, segment: Segment) -> None:
        """Begin the file anew, with the answer that `segment` got."""
        self._starts[segment] = segment.at = 0

    def next(self, total: int | None) -> Segment | None:
        """The first stretch that nobody has fetched or fetches; else half of somebody's; None when
        there is nothing left to do. `total` is the file's length, None while unknown."""
        return self._first_gap(total) or self._half_of_widest()

    async def stalled(self) -> Segment | None:
        """The short rest of one connection that does not get on, to be fetched once more: a
        throttled one may pause just at the end. None where the rest comes."""
        while last := self._last():
            at = last.at
            await asyncio.sleep(STALL_SECONDS)
            is_watched = monotonic() - (self._shared_since or monotonic()) > ALONE_SECONDS
            if is_watched and self._last() is last and last.at == at:
                return Segment(at, last.end)
        return None

    def _first_gap(self, total: int | None) -> Segment | None:
        spans = self._file.spans
        for segment, start in self._starts.items():
            spans = join(spans, start, segment.end or 0)
        start = spans[0][1] if spans and spans[0][0] == 0 else 0
        end = next((span[0] for span in spans if span[0] > start), total)
        return Segment(start, end) if end is None or start < end else None

    def _half_of_widest(self) -> Segment | None:
        widest = max(self._starts, key=_bytes_left, default=None)
        if widest is None or widest.end is None or _bytes_left(widest) < MIN_SPLIT_BYTES:
            return None
        half = Segment((widest.at + widest.end) // 2, widest.end)
        widest.end = half.at
        return half

    def _last(self) -> Segment | None:
        """The only stretch that is left, if it is short and not yet fetched twice."""
        if len(self._starts) != 1:
            return None
        (last,) = self._starts
        spans = self._file.spans
        is_missing = last.end is not None and join(spans, last.at, last.end) != spans
        return last if is_missing and _bytes_left(last) < MIN_SPLIT_BYTES else None


def _bytes_left(segment: Segment) -> int:
    return 0 if segment.end is None else segment.end - segment.at


class Workers:
    """Runs `work` once, and again beside itself where the line of one connection is slow. `work`
    returns when nothing is left to do, or the source's failure that ended it. `is_complete` says
    that nobody needs to go on."""

    def __init__(
        self,
        work: Callable[[], Awaitable[ProviderError | None]],
        progress: Progress,
        is_complete: Callable[[], bool] = lambda: False,
    ):
        self._work = work
        self._progress = progress
        self._is_complete = is_complete
        self._tasks: list[asyncio.Task[ProviderError | None]] = []
        self.were_several = False  # connections at a time

    async def run(
        self, extra: Callable[[float], int] = lambda _: 0, gauge: Gauge | None = None
    ) -> ProviderError | None:
        """Work until all have ended; returns the newest failure. `extra` says how many more
        connections would help at a speed in bytes per second, which `gauge` tells: they are started
        once, unless a worker has ended before."""
        failure: ProviderError | None = None
        may_grow = gauge is not None
        self._start(1)
        try:
            while busy := [task for task in self._tasks if not task.done()]:
                self._progress.connections = len(busy)
                ended, _ = await asyncio.wait(
                    busy,
                    timeout=gauge.next_look() if gauge and may_grow else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in ended:
                    failure = task.result() or failure
                    may_grow = False
                if self.were_several and self._is_complete():
                    return None
                if gauge and may_grow and (speed := gauge.speed()) is not None:
                    count = extra(speed)
                    self._start(count)
                    may_grow = not count
        finally:
            await self._stop()
        return failure

    def _start(self, count: int) -> None:
        if len(self._tasks) + count > 1:
            self.were_several = self._progress.were_several = True
        self._tasks += [asyncio.ensure_future(self._work()) for _ in range(count)]

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if await undisturbed(asyncio.gather(*self._tasks, return_exceptions=True)):
            raise asyncio.CancelledError
