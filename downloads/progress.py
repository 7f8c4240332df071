"""How far a transfer has come, and how fast it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

FIRST_LOOK_SECONDS = 0.02  # at the speed of a connection; each next look comes a third later


@dataclass
class Progress:
    """For whoever shows it. `done` and `total` in bytes (None: unknown); `fetched` counts the bytes
    that came over the wire in this run. `were_several` says that there were more connections than
    one at a time, `were_refused` that one of them got nothing."""

    done: int = 0
    total: int | None = None
    fetched: int = 0
    connections: int = 1
    were_several: bool = False
    were_refused: bool = False


class Gauge:
    """The speed of a connection since the last look: a line may begin with a gush."""

    def __init__(self) -> None:
        self._made = monotonic()
        self._looked = self._made
        self._count: Callable[[], int] | None = None
        self._counted = 0

    def begin(self, count: Callable[[], int]) -> None:
        """Note that the first answer has come: the time before it says nothing of the line. `count`
        tells how many of its bytes have come, those on their way to the file among them."""
        if not self._count:
            self._count = count
            self._looked, self._counted = monotonic(), count()

    def next_look(self) -> float:
        """Seconds until the speed is worth another look."""
        return max(FIRST_LOOK_SECONDS, (monotonic() - self._made) / 3)

    def speed(self) -> float | None:
        """Bytes per second since the last speed was told. None while it is not known."""
        now = monotonic()
        seconds = now - self._looked
        if not self._count or seconds < FIRST_LOOK_SECONDS:
            return None
        counted = self._count()
        speed = (counted - self._counted) / seconds
        self._looked, self._counted = now, counted
        return speed
