"""Whose turn it is: each followed series has a place in a round that takes some hours.

The place follows from the series alone and the round from the clock on the wall, so that a turn is
written down nowhere. Places lie evenly, however many there are and whichever go: each next one is
the golden ratio of a round further.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Sequence

from store.follows import Followed

GOLDEN_RATIO = 0.6180339887498949
JITTER = 0.001  # of a round: two households that follow alike do not ask at the same second


class Rounds:
    """`looked_until` is the moment until which all turns have come; all times are seconds.

    `waiting` are the series whose turn has come, the first one first, each with the moment until
    which all turns had come before. One that is looked at meanwhile may have its next turn.
    """

    def __init__(self, looked_until: float):
        self.looked_until = looked_until
        self.waiting: dict[str, float] = {}
        self._looked_at: dict[str, float] = {}  # now; as `waiting`
        self._ids: set[str] = set()
        self._places: list[tuple[float, str]] = []  # each in a round of length 1
        self._anchor = 0.0

    def set_followed(self, followed: Sequence[Followed]) -> None:
        """These series are followed now."""
        self._places = sorted((_place(each), each.series_id) for each in followed)
        self._anchor = float(zlib.crc32(followed[0].since.encode())) if followed else 0.0
        self._ids = {each.series_id for each in followed}
        self.waiting = {key: since for key, since in self.waiting.items() if key in self._ids}

    def advance(self, now: float, length: float) -> None:
        """Let the turns come that lie between the last call and `now`, in rounds of this `length`.

        A clock that was put back brings no turn anew.
        """
        before, self.looked_until = self.looked_until, now
        if now <= before or not self._places:
            return
        first = self._first_after(before, length)
        for place, series_id in self._places[first:] + self._places[:first]:
            if now - before < length:
                to_go = (place - self._phase(before, length)) % 1.0 or 1.0
                if to_go > (now - before) / length:
                    break
            self.waiting.setdefault(series_id, before)

    def begin(self, series_id: str) -> None:
        """A series that waits is looked at."""
        self._looked_at[series_id] = self.waiting.pop(series_id)

    def end(self, series_id: str, *, is_done: bool) -> None:
        """The look has ended; where it is not done, a series that is still followed waits on."""
        since = self._looked_at.pop(series_id, self.looked_until)
        if not is_done and series_id in self._ids:
            self.waiting[series_id] = since

    def seconds_to_next(self, length: float) -> float | None:
        """Seconds from the last call of `advance` to the next turn."""
        if not self._places:
            return None
        start = self._phase(self.looked_until, length)
        first = self._first_after(self.looked_until, length)
        place = self._places[first % len(self._places)][0]
        return ((place - start) % 1.0 or 1.0) * length

    def unfinished_since(self) -> float:
        """The moment until which all turns have come and all looks have been made."""
        return min([self.looked_until, *self.waiting.values(), *self._looked_at.values()])

    def _phase(self, moment: float, length: float) -> float:
        """Where a moment lies in its round, from 0 to 1."""
        return ((moment - self._anchor) / length) % 1.0

    def _first_after(self, moment: float, length: float) -> int:
        return bisect_right(self._places, (self._phase(moment, length), "\U0010ffff"))


def _place(followed: Followed) -> float:
    jitter = zlib.crc32(f"{followed.series_id} {followed.since}".encode()) / 2**32
    return (followed.id * GOLDEN_RATIO + jitter * JITTER) % 1.0
