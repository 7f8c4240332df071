"""What time it is, as the database, the API and the socket write it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """This second in UTC: `2025-10-22T12:34:56Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """The day in UTC, as episodes tell when they are aired: `2025-10-22`."""
    return now()[:10]
