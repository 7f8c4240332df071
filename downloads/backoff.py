"""Which items and which sources are left alone after a failure, and until when."""

from __future__ import annotations

import random
import time
from collections import Counter

from providers.network import MAX_WAIT_SECONDS
from store.errors import Failure, ProviderError

MOST_DOUBLINGS = 20


class Backoff:
    """Waits with full jitter, which double with each failure in a row.

    The first retry waits up to twice `pause` seconds. All times inside are monotonic.
    """

    def __init__(self, pause: float):
        self._pause = pause
        self._items: dict[int, float] = {}  # item id -> when it may be tried again
        self._sources: dict[str, float] = {}  # provider -> when it may be asked again
        self._unanswered: Counter[str] = Counter()  # provider -> failures in a row

    def waiting_items(self) -> set[int]:
        """The items that are not to be tried yet."""
        now = time.monotonic()
        self._items = {item_id: due for item_id, due in self._items.items() if due > now}
        return set(self._items)

    def resting_sources(self) -> set[str]:
        """The providers that are not to be asked yet."""
        now = time.monotonic()
        self._sources = {provider: due for provider, due in self._sources.items() if due > now}
        return set(self._sources)

    def times(self) -> list[float]:
        """When each of them may be tried again."""
        return [*self._items.values(), *self._sources.values()]

    def answered(self, provider: str) -> None:
        """The source has answered: its next failure is the first one again."""
        self._unanswered.pop(provider, None)

    def rest(self, provider: str, failure: Failure) -> float | None:
        """Leave a source alone that nobody answers for, or that asks for patience.

        Returns for how many seconds; None where `failure` is no reason for that.
        """
        seconds = None
        if isinstance(failure, ProviderError) and failure.down:
            self._unanswered[provider] += 1
            doublings = min(self._unanswered[provider], MOST_DOUBLINGS)
            seconds = random.uniform(0, min(MAX_WAIT_SECONDS, self._pause * 2**doublings))
        else:
            self.answered(provider)
            if isinstance(failure, ProviderError):
                seconds = failure.retry_after
        if seconds:
            self._sources[provider] = time.monotonic() + seconds
        return seconds

    def delay(self, item_id: int, attempts: int, seconds: float | None) -> None:
        """Leave an item alone for so many seconds; None where its `attempts` say how long."""
        if seconds is None:
            seconds = random.uniform(0, self._pause * 2**attempts)
        self._items[item_id] = time.monotonic() + seconds

    def forget(self, item_id: int) -> None:
        """Somebody asked for the item, or it is gone: no more waiting."""
        self._items.pop(item_id, None)
