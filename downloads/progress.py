"""How far a transfer has come, and how fast it is."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

FIRST_LOOK_SECONDS = 0.03  # at the speed of a connection; each next look comes a third later
STILL_SECONDS = 0.3  # without a byte, which are a speed of none


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

    def __init__(self, progress: Progress):
        self._progress = progress
        self._made = monotonic()
        self._looked: float | None = None
        self._fetched = 0

    def begin(self) -> None:
        """Note that the first answer has come: the time before it says nothing of the line."""
        if self._looked is None:
            self._looked, self._fetched = monotonic(), self._progress.fetched

    def next_look(self) -> float:
        """Seconds until the speed is worth another look."""
        return max(FIRST_LOOK_SECONDS, (monotonic() - self._made) / 3)

    def speed(self) -> float | None:
        """Bytes per second since the last speed was told. None while it is not known: bytes are
        counted in large pieces, and between two of them a fast line looks like one that stands
        still."""
        now, fetched = monotonic(), self._progress.fetched
        seconds = now - (now if self._looked is None else self._looked)
        if seconds < FIRST_LOOK_SECONDS or (fetched == self._fetched and seconds < STILL_SECONDS):
            return None
        speed = (fetched - self._fetched) / seconds
        self._looked, self._fetched = now, fetched
        return speed
