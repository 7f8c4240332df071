"""What one try of a file has brought, and how the next try differs therefore."""

from __future__ import annotations

from downloads.part_file import OVERLAP_BYTES, Journal
from downloads.progress import Progress
from downloads.validators import validator
from store.errors import ProviderError

MAX_RESTARTS = 4  # of a file whose download breaks off each time
# Share of the last try's bytes that the next try compares: small steps must get on, too.
OVERLAP_SHARE = 8
UNNAMED_OVERLAP_BYTES = 16 * 1024  # the least where nothing else shows that the file is the same


class Attempt:
    """`done_before` are the bytes that the try began with; `has_restarted` says that it has begun
    the file anew."""

    def __init__(self, journal: Journal, progress: Progress):
        self.done_before = 0
        self.has_restarted = False
        self._journal = journal
        self._progress = progress

    def count(self, failure: ProviderError) -> ProviderError:
        """Count that the file has begun anew and failed again, which must not go on for ever.

        Returns the failure that is to be raised.
        """
        self._fit_overlap()
        point = self._journal.point
        point.barren = 0 if self._progress.fetched or not self.done_before else point.barren + 1
        if failure.final or not self.has_restarted or not self._progress.fetched:
            return failure
        point.restarts += 1
        if point.restarts < MAX_RESTARTS:
            return failure
        point.restarts = 0  # for whoever tries it again by hand
        return ProviderError("The source cannot go on where it broke off", final=True)

    def _fit_overlap(self) -> None:
        """Let the next try compare less where this one brought little."""
        if self._progress.fetched:
            point = self._journal.point
            gained = self._journal.done - self.done_before
            share = (gained if gained > 0 else point.overlap) // OVERLAP_SHARE
            least = UNNAMED_OVERLAP_BYTES if validator(point)[0] == "length" else 1
            point.overlap = max(least, min(share, OVERLAP_BYTES))
