"""One rate for everything that is fetched."""

from __future__ import annotations

import asyncio


class Throttle:
    """`mbps` in megabits (10^6) per second, 0 for none; it may change at any time."""

    def __init__(self, mbps: float = 0):
        self.mbps = mbps
        self._debt = 0.0  # bytes taken but not yet paid for by time
        self._paid: float | None = None

    @property
    def rate(self) -> float:
        """Bytes per second; 0 is no limit."""
        return self.mbps * 125_000

    def step(self, most: int) -> int:
        """How much of `most` to fetch at a time, so that the rate holds within a fraction of a second too."""
        return min(most, max(16_384, int(self.rate / 16))) if self.mbps else most

    async def take(self, count: int) -> None:
        """Account for `count` bytes, and wait until they are due."""
        if not self.mbps:
            self._debt, self._paid = 0.0, None
            return
        now = asyncio.get_running_loop().time
        self._pay(now())
        self._debt += count
        while self._debt > 0 and self.mbps:
            await asyncio.sleep(min(self._debt / self.rate, 0.25))  # in slices: the rate may change meanwhile
            self._pay(now())

    def _pay(self, now: float) -> None:
        # A little credit stays, or what is lost whenever a sleep ends late would add up.
        if self._paid is not None:
            self._debt = max(self._debt - (now - self._paid) * self.rate, -self.rate * 0.1)
        self._paid = now
