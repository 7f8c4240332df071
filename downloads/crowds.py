"""Sources that may bear only one connection, and are asked with one for a while."""

from __future__ import annotations

import time

# For which a source is asked with one connection, before it is tried with several again.
ALONE_SECONDS = 300.0
# Between two downloads from it: it may see late that a connection is closed.
CALM_SECONDS = 1.0
ENOUGH_REFUSALS = 2  # in a row; one may be an accident


class Crowds:
    """Counts the failures beside a working connection of the same source, which prove little.

    A source may refuse a second connection. All times inside are monotonic.
    """

    def __init__(self) -> None:
        self._refusals: dict[str, int] = {}  # source -> how many in a row
        self._alone: dict[str, float] = {}  # source -> until when
        self._calm: dict[str, float] = {}  # source -> when the next download may begin
        # item -> its last failure while it was alone, for which no crowd is to blame
        self._failed_alone: dict[int, str] = {}

    def limit(self, source: str, most: int) -> int:
        """How many connections the source is asked with, of `most` that it may have."""
        return 1 if self._is_alone(source) else most

    def calming(self) -> set[str]:
        """The sources from which no download may begin just now."""
        now = time.monotonic()
        return {source for source, due in self._calm.items() if due > now}

    def times(self, since: float) -> list[float]:
        """When a download may begin again from each source that was calming at the time `since`."""
        return [due for due in self._calm.values() if due > since]

    def may_excuse(self, item_id: int, why: str) -> bool:
        """Whether a crowd may be to blame for an item's failure: alone it has not failed so."""
        return self._failed_alone.get(item_id) != why

    def failed(self, source: str, item_id: int, why: str, *, is_beside: bool) -> None:
        """An item has failed before its first byte; `is_beside` says that another download of the
        source goes on."""
        if is_beside:
            self._refused(source)
        else:
            self._failed_alone[item_id] = why

    def forget(self, item_id: int) -> None:
        """Forget an item: somebody asked for it, or it is gone."""
        self._failed_alone.pop(item_id, None)

    def ended(self, source: str, item_id: int, *, were_refused: bool, were_several: bool) -> None:
        """A download that brought bytes has ended. `were_refused` says that further connections of
        its own were, `were_several` that it had some."""
        self.forget(item_id)
        if were_refused:
            self._refused(source)
        elif were_several:
            self._refusals.pop(source, None)
        if self._is_alone(source):
            self._calm[source] = time.monotonic() + CALM_SECONDS

    def _refused(self, source: str) -> None:
        self._refusals[source] = self._refusals.get(source, 0) + 1
        if self._refusals[source] >= ENOUGH_REFUSALS:
            self._alone[source] = time.monotonic() + ALONE_SECONDS

    def _is_alone(self, source: str) -> bool:
        return self._alone.get(source, 0.0) > time.monotonic()
