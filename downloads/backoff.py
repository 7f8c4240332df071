"""Which items are left alone after a failure, and until when."""

from __future__ import annotations

import random
import time


class Backoff:
    """Waits with full jitter, which double with each failure in a row.

    The first retry waits up to twice `pause` seconds. All times inside are monotonic.
    """

    def __init__(self, pause: float):
        self._pause = pause
        self._items: dict[int, float] = {}  # item id -> when it may be tried again

    def waiting_items(self) -> set[int]:
        """The items that are not to be tried yet."""
        now = time.monotonic()
        self._items = {item_id: due for item_id, due in self._items.items() if due > now}
        return set(self._items)

    def times(self, since: float) -> list[float]:
        """When each of them may be tried again, of those that had to wait at the time `since`."""
        return [due for due in self._items.values() if due > since]

    def delay(self, item_id: int, attempts: int, at_least: float = 0.0) -> None:
        """Leave an item alone as long as its `attempts` say, and for `at_least` so many seconds."""
        seconds = random.uniform(0, self._pause * 2**attempts)
        self._items[item_id] = time.monotonic() + max(seconds, at_least)

    def forget(self, item_id: int) -> None:
        """Somebody asked for the item, or it is gone: no more waiting."""
        self._items.pop(item_id, None)
