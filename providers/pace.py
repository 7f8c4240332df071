"""The pace at which one host is asked for lists and other small answers, by all sources together.

Files are not asked for here: a transfer is never slowed down.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

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
    """`await turn(url, base)` comes before each request, `base` being the owner's address of the
    source. A host that refuses with 429 or 503 is asked half as often from then on, until good
    answers have come; its Retry-After holds the next request back, for MAX_HOLD_SECONDS at most:
    who needs to wait longer is told by the failure itself.

    `lan` is that of Network: a host of the household's own network is asked faster than others.
    """

    def __init__(self, lan: Mapping[str, bool]) -> None:
        self._lan = lan
        self._hosts: dict[str, _Host] = {}

    async def turn(self, url: str, base: str) -> None:
        """Wait until the host may be asked once more."""
        if seconds := self.reserve(self.place(url, base), time.monotonic()):
            await asyncio.sleep(seconds)

    def refused(self, url: str, base: str, retry_after: float) -> None:
        """Note that the host has refused a request as one too many."""
        self.hold(self.place(url, base), retry_after, time.monotonic())

    def answered(self, url: str, base: str) -> None:
        """Note that the host has given a good answer."""
        if host := self._hosts.get(self.place(url, base).host):
            host.slowness = max(1.0, host.slowness * FASTER)

    def place(self, url: str, base: str) -> Place:
        """The host of a request, and its usual rate."""
        host = _host_of(url)
        is_private = host == _host_of(base) and self._lan.get(host, False)
        return Place(host, PRIVATE if is_private else PUBLIC)

    def reserve(self, place: Place, now: float) -> float:
        """Seconds until the next request to a host, which is counted."""
        host = self._find(place, now)
        apart = min(SLOWEST_SECONDS, host.slowness * place.rate.seconds)
        host.due = max(host.due, now) + apart
        return max(0.0, round(host.due - _head_start(place) - now, 6))

    def hold(self, place: Place, seconds: float, now: float) -> None:
        """Ask a host for nothing for so many seconds, and half as often from then on."""
        host = self._find(place, now)
        host.slowness = min(SLOWEST, host.slowness * 2)
        host.due = max(host.due, now + min(seconds, MAX_HOLD_SECONDS) + _head_start(place))

    def _find(self, place: Place, now: float) -> _Host:
        if place.host not in self._hosts and len(self._hosts) >= MAX_HOSTS:
            self._hosts = {name: host for name, host in self._hosts.items() if host.due > now}
        return self._hosts.setdefault(place.host, _Host())


def _head_start(place: Place) -> float:
    """The seconds by which requests may be ahead of their time: the length of a burst."""
    return place.rate.burst * place.rate.seconds


def _host_of(url: str) -> str:
    """The host of an address; empty for a text that is no address, which is refused elsewhere."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
