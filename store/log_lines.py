"""The log: one line a record, on stderr, and the newest of them in memory for the owner."""

from __future__ import annotations

import logging
from collections import deque
from typing import NamedTuple, TextIO

KEPT_SEVERE = 200  # warnings and errors, which a talkative night does not push out
KEPT_OTHERS = 300
KEPT_SECONDS = 86_400.0
MOST_CHARACTERS = 2000  # of a message; of a longer one the beginning and the end are kept


class Line(NamedTuple):
    at: float  # seconds since 1970
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
    """Keeps the newest lines in memory; nothing is written."""

    def __init__(self) -> None:
        super().__init__()
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
        kept.append(Line(record.created, level, record.name, message))

    def newest(self, since: float) -> list[Line]:
        """The lines that came after `since`, in seconds since 1970, the newest first."""
        lines = [line for line in (*self._severe, *self._others) if line.at > since]
        return sorted(lines, key=lambda line: line.at, reverse=True)
