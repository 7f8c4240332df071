"""How fast one host is asked for lists and other small answers, by all sources together.

Files are not asked for here: a transfer is never slowed down.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import NamedTuple

MAX_HOLD_SECONDS = 5.0  # for which one refusal holds back what comes next
SLOWEST, SLOWEST_SECONDS = 1000.0, 5.0  # times as slow as usual, and between two requests
FASTER = 0.8  # after each good answer, as long as the host is asked more slowly than usual
MAX_HOSTS = 500  # that are remembered


class Rate(NamedTuple):
    """Requests to one host: `burst` of them at once, further ones so many `seconds` apart."""

    seconds: float
    burst: int


PUBLIC = Rate(1 / 5, 20)
PRIVATE = Rate(1 / 200, 400)  # the household's own server


@dataclass
class _Host:
    slowness: float = 1.0  # how many times as long as usual is between two requests
    due: float = 0.0  # monotonic time at which all requests so far have had their time


class Place(NamedTuple):
    """A host, and how fast it may be asked as a rule."""

    host: str
    rate: Rate


class Pace:
    """`await turn(place)` comes before each request. A host that refuses with 429 or 503 is asked
    half as often from then on, until good answers have come; its Retry-After holds the next request
    back, for MAX_HOLD_SECONDS at most: who needs to wait longer is told by the failure itself."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    async def turn(self, place: Place) -> None:
        """Wait until the host may be asked once more."""
        if seconds := self.reserve(place, time.monotonic()):
            await asyncio.sleep(seconds)

    def reserve(self, place: Place, now: float) -> float:
        """Seconds until the next request to a host, which is counted."""
        host = self._find(place, now)
        apart = min(SLOWEST_SECONDS, host.slowness * place.rate.seconds)
        host.due = max(host.due, now) + apart
        return max(0.0, round(host.due - _head_start(place) - now, 6))

    def refused(self, place: Place, retry_after: float, now: float) -> None:
        """The host has refused a request as one too many."""
        host = self._find(place, now)
        host.slowness = min(SLOWEST, host.slowness * 2)
        hold = min(retry_after, MAX_HOLD_SECONDS)
        host.due = max(host.due, now + hold + _head_start(place))

    def answered(self, place: Place) -> None:
        """The host has given a good answer."""
        if host := self._hosts.get(place.host):
            host.slowness = max(1.0, host.slowness * FASTER)

    def _find(self, place: Place, now: float) -> _Host:
        if place.host not in self._hosts and len(self._hosts) >= MAX_HOSTS:
            self._hosts = {name: host for name, host in self._hosts.items() if host.due > now}
        return self._hosts.setdefault(place.host, _Host())


def _head_start(place: Place) -> float:
    """The seconds by which requests may be ahead of their time: those of a burst."""
    return place.rate.burst * place.rate.seconds
