"""One rate for all downloads together."""

from __future__ import annotations

import asyncio

MIN_STEP_BYTES = 16_384
STEPS_PER_SECOND = 16  # so that the rate holds within a fraction of a second, too
# A little credit stays, or the time lost by sleeps that end late would add up.
CREDIT_SECONDS = 0.1
SLICE_SECONDS = 0.25  # of a wait: the limit may be lifted meanwhile


class Throttle:
    """`mbps` in megabits (10^6) per second, 0 for no limit; it may change at any time."""

    def __init__(self, mbps: float = 0):
        self.mbps = mbps
        self._due = 0.0  # the moment at which all that was taken is paid for

    @property
    def rate(self) -> float:
        """Bytes per second; 0 is no limit."""
        return self.mbps * 125_000

    def step(self, most: int) -> int:
        """How many bytes of `most` to fetch at a time."""
        if not self.mbps:
            return most
        return min(most, max(MIN_STEP_BYTES, int(self.rate / STEPS_PER_SECOND)))

    async def take(self, count: int) -> None:
        """Account for `count` bytes, and wait until they are due."""
        if not self.mbps:
            return
        now = asyncio.get_running_loop().time
        begin = max(self._due or now(), now() - CREDIT_SECONDS)
        self._due = due = begin + count / self.rate
        while self.mbps and (left := due - now()) > 0:  # noqa: ASYNC110 - time is all it waits for
            await asyncio.sleep(min(left, SLICE_SECONDS))
