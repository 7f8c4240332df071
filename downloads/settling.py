"""Whether a file may still be being written at its source (docs/decisions.md, 36)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import time

from providers.answer import Answer
from store.errors import Unsettled

SETTLED_SECONDS = 60  # between Last-Modified and Date: a younger file may still be written
LOOK_SECONDS = 10.0  # between two looks at a file whose size has changed
GREW = "The file may still be being written at its source: its size has just changed"


def age(answer: Answer) -> float | None:
    """Seconds since the file was changed, by the source's clock; None where it tells no time.

    Where an answer has no Date, our clock tells when it came (RFC 9110, 6.6.1).
    """
    modified = _seconds(answer.headers.get("Last-Modified", ""))
    sent = _seconds(answer.headers.get("Date", ""))
    if modified is None:
        return None
    return (time() if sent is None else sent) - modified


def check(answer: Answer) -> None:
    """Raises Unsettled for a file that was changed less than a minute ago.

    A date that lies farther in the future than that is a wrong clock, not a time of change.
    """
    seconds = age(answer)
    if seconds is not None and -SETTLED_SECONDS <= seconds < SETTLED_SECONDS:
        raise Unsettled(
            "The file may still be being written at its source:"
            f" it was changed {max(0, round(seconds))} seconds ago",
            SETTLED_SECONDS - seconds,
        )


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
