"""How far a transfer is, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

FIRST_LOOK_SECONDS = 0.03  # at the speed of a connection; each next look comes a third later


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
        self._began = self._looked = monotonic()
        self._fetched = progress.fetched

    def next_look(self) -> float:
        """Seconds until the speed is worth another look."""
        return max(FIRST_LOOK_SECONDS, (monotonic() - self._began) / 3)

    def speed(self) -> float:
        """Bytes per second since this was called last."""
        now, fetched = monotonic(), self._progress.fetched
        speed = (fetched - self._fetched) / (now - self._looked)
        self._looked, self._fetched = now, fetched
        return speed
