"""Counts calls by route: how many there were, how they ended and how long they took."""

from __future__ import annotations

from bisect import bisect_left

from aiohttp import web

# The upper bounds of a histogram's buckets, in seconds.
BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    """`counts` has an entry for each bound and one for what took longer."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_SECONDS) + 1)
        self.seconds = 0.0


class Timing:
    """The timing of one route: status -> histogram."""

    __slots__ = ("by_status",)

    def __init__(self) -> None:
        self.by_status: dict[int, Histogram] = {}

    def record(self, status: int, seconds: float) -> None:
        """Count a call that has ended."""
        histogram = self.by_status.get(status)
        if histogram is None:
            histogram = self.by_status[status] = Histogram()
        histogram.counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1
        histogram.seconds += seconds


class Timings:
    """The timings of all routes, by method and path. The path is that of the table of routes, never
    a caller's, so that nobody can make more of them by asking."""

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str], Timing] = {}

    def of(self, method: str, path: str) -> Timing:
        return self.routes.setdefault((method, path), Timing())


TIMINGS = web.AppKey("timings", Timings)
