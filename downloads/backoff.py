"""Which items are left alone after a failure, each at the source that failed, and until when."""

from __future__ import annotations

import random
import time

from store.item_sources import Waiting


class Backoff:
    """Waits with full jitter, which double with each failure in a row.

    The first retry waits up to twice `pause` seconds. All times inside are monotonic.
    """

    def __init__(self, pause: float):
        self._pause = pause
        self._waits: dict[Waiting, float] = {}  # when it may be tried again

    def waiting(self) -> set[Waiting]:
        """The items that are not to be tried yet, at one source or at all."""
        now = time.monotonic()
        self._waits = {wait: due for wait, due in self._waits.items() if due > now}
        return set(self._waits)

    def times(self, since: float) -> list[float]:
        """When each of the items may be tried again that were waiting at the time `since`."""
        return [due for due in self._waits.values() if due > since]

    def delay(self, wait: Waiting, attempts: int, at_least: float = 0.0) -> None:
        """Leave an item alone, at a source or at all, as long as its `attempts` say, and for
        `at_least` so many seconds."""
        seconds = random.uniform(0, self._pause * 2**attempts)
        self._waits[wait] = time.monotonic() + max(seconds, at_least)

    def forget(self, item_id: int) -> None:
        """Let an item wait no more: somebody asked for it, or it is gone."""
        for wait in list(self._waits):
            if item_id in (wait, *(wait if isinstance(wait, tuple) else ())):
                del self._waits[wait]
