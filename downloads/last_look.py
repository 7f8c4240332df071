"""The last look at a file after its last byte: is it still the same file, and as long?"""

from __future__ import annotations

from time import monotonic

from downloads import settling
from downloads.part_file import Checkpoint
from downloads.requests import Requests, Told
from downloads.settling import SETTLED_SECONDS
from downloads.validators import Changed, is_same_version
from providers.answer import Answer
from store.errors import Unsettled

# An answer of this age proves by itself that a file which was left alone for a minute is whole: a
# small file costs no second request.
FRESH_SECONDS = 5.0


class LastLook:
    """Asks for the file once more. `is_needed` is false where any age of the file is fine."""

    def __init__(self, requests: Requests, *, is_needed: bool):
        self._requests = requests
        self._is_needed = is_needed
        self._heard_at = 0.0  # of the newest answer
        self._is_proven = False  # by that answer, while it is fresh

    def hear(self, answer: Answer, *, is_complete: bool) -> None:
        """Take in an answer. Raises Unsettled if its file may still be being written.

        `is_complete` says that all bytes were here already when it was asked for: then it is itself
        the last look.
        """
        if self._is_needed and not self._heard_at:
            settling.check(answer)
        seconds = settling.age(answer)
        is_settled = seconds is not None and seconds >= SETTLED_SECONDS
        self._heard_at = monotonic()
        self._is_proven = is_complete or is_settled

    async def look(self, point: Checkpoint, found: int) -> None:
        """Ask for the file's length and validator, now that all `found` bytes are here.

        Raises Unsettled if it grew, Changed if it is another one, and ProviderError where nobody
        answers. A source that tells nothing is believed.
        """
        is_fresh = monotonic() - self._heard_at <= FRESH_SECONDS
        if not self._is_needed or (self._is_proven and is_fresh):
            return
        told = await self._requests.ask_again(found)
        if told is None or _is_same(told, point, found):
            return
        # A server may tell something else by HEAD than by GET, and make up a validator for each
        # answer: that proves nothing.
        again = await self._requests.ask_again(found, by_range=True)
        if again is None or _is_same(again, point, found):
            return
        if again.length is not None and again.length > found:
            raise Unsettled(settling.GREW, settling.LOOK_SECONDS)
        if all(None in both or both[0] == both[1] for both in zip(told, again, strict=True)):
            raise Changed


def _is_same(told: Told, point: Checkpoint, found: int) -> bool:
    """Whether the source tells of the file of `point`, as far as it tells anything."""
    return told.length in (None, found) and is_same_version((told.etag, told.modified), point)
