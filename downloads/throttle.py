"""One rate for everything that is fetched."""

from __future__ import annotations

import asyncio


class Throttle:
    """`mbps` in megabits (10^6) per second, 0 for none; it may change at any time."""

    def __init__(self, mbps: float = 0):
        self.mbps = mbps
        self._due = 0.0  # the moment at which all that was taken is paid for

    @property
    def rate(self) -> float:
        """Bytes per second; 0 is no limit."""
        return self.mbps * 125_000

    def step(self, most: int) -> int:
        """How much of `most` to fetch at a time, so that the rate holds within a fraction of a second too."""
        return min(most, max(16_384, int(self.rate / 16))) if self.mbps else most

    async def take(self, count: int) -> None:
        """Account for `count` bytes, and wait until they are due."""
        now = asyncio.get_running_loop().time
        if self.mbps:
            # A little credit stays, or what is lost whenever a sleep ends late would add up.
            self._due = due = max(self._due or now(), now() - 0.1) + count / self.rate
            while self.mbps and (left := due - now()) > 0:
                await asyncio.sleep(min(left, 0.25))  # in slices: the limit may be lifted meanwhile
