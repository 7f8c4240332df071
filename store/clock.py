"""The time, as the database, the API and the socket write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
FIRST_DAY = "2025-01-01"  # before which this program did not exist: a clock that says so is wrong


def now() -> str:
    """This second in UTC: `2025-10-22T12:34:56Z`."""
    return in_seconds(0)


def in_seconds(seconds: float) -> str:
    """The moment in so many seconds, written as `now` does."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime(_FORMAT)


def seconds_until(moment: str) -> float:
    """Seconds from now to a moment that `now` or `in_seconds` wrote; 0 when it is over."""
    return max(0.0, -seconds_since(moment))


def seconds_since(moment: str) -> float:
    """Seconds from a moment that `now` wrote until now; negative for one to come."""
    then = datetime.strptime(moment, _FORMAT).replace(tzinfo=UTC)
    return (datetime.now(UTC) - then).total_seconds()


def seconds() -> float:
    """This moment, in seconds since the epoch."""
    return datetime.now(UTC).timestamp()


def today() -> str:
    """The day in UTC, as episodes tell when they are aired: `2025-10-22`."""
    return now()[:10]


def is_believable() -> bool:
    """Whether the clock may be right: a small computer without one of its own begins in 1970."""
    return today() >= FIRST_DAY


def at(unix_seconds: float) -> str:
    """A second since the epoch, written as `now` does; the epoch for one that no calendar has."""
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).strftime(_FORMAT)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC).strftime(_FORMAT)


def days_later(moment: str, days: int) -> str:
    """A moment, as `now` wrote it, so many days later or earlier."""
    then = datetime.strptime(moment, _FORMAT)
    try:
        return (then + timedelta(days=days)).strftime(_FORMAT)
    except OverflowError:
        return moment
