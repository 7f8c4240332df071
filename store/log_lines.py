"""The log: one line a record, on stderr, and the newest of them in memory for the owner."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import NamedTuple, TextIO

KEPT_SEVERE = 200  # warnings and errors, which a talkative night does not push out
KEPT_OTHERS = 300
KEPT_SECONDS = 86_400.0
MOST_CHARACTERS = 2000  # of a message; of a longer one the beginning and the end are kept


class Line(NamedTuple):
    number: int  # it rises with each line
    said_at: float  # by the clock of RecentLines
    at: float  # seconds since 1970, as the machine's clock had them
    level: str  # debug, info, warning, error
    name: str  # of the part of the program that says it
    message: str


def is_ours(record: logging.LogRecord) -> bool:
    """Not what aiohttp logs of bytes that are no HTTP: a token may be among them."""
    if not record.exc_info:
        return True
    return type(record.exc_info[1]).__module__ != "aiohttp.http_exceptions"


def printable(text: str) -> str:
    """The text with its control characters escaped, those of line ends too."""
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes one line a record to stderr, so that nobody writes lines of his own into the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return is_ours(record)

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


class RecentLines(logging.Handler):
    """Keeps the newest lines in memory; nothing is written.

    A machine's clock may jump by years soon after the start: which lines are old and which are new
    is told by a `clock` that only goes on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._numbers = count()
        self._severe: deque[Line] = deque(maxlen=KEPT_SEVERE)
        self._others: deque[Line] = deque(maxlen=KEPT_OTHERS)

    def filter(self, record: logging.LogRecord) -> bool:
        return is_ours(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Called by any thread."""
        try:
            message = printable(self.format(record))
        except Exception:  # a record that cannot be formatted; the other handler complains
            return
        if len(message) > MOST_CHARACTERS:
            half = MOST_CHARACTERS // 2
            message = " … ".join((message[:half], message[-half:]))
        level = "error" if record.levelno >= logging.ERROR else record.levelname.lower()
        is_severe = record.levelno >= logging.WARNING
        kept = self._severe if is_severe else self._others
        place = next(self._numbers), self._clock()
        kept.append(Line(*place, record.created, level, record.name, message))

    def newest(self) -> list[Line]:
        """The lines of the last KEPT_SECONDS, the newest first."""
        since = self._clock() - KEPT_SECONDS
        lines = [line for line in (*self._severe, *self._others) if line.said_at > since]
        return sorted(lines, reverse=True)
