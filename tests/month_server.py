"""The server of tests/test_month.py: a clock on the wall that the test moves, and short waits.

`python tests/month_server.py FILE aniworld.py ...`: FILE holds the seconds by which the clock is
ahead.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILE = Path(sys.argv[1] if __name__ == "__main__" else ".")


class MovedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        ahead = datetime.timedelta(seconds=float(FILE.read_text() or 0))
        return datetime.datetime.now(tz) + ahead


def shorten() -> None:
    """Short waits instead of long ones; constants that are gone would be found out."""
    from downloads import engine, following, housekeeping, telling, timetable
    from handlers import lifetime
    from providers import catalogue, feed, lately, refusals

    for module, name, seconds in (
        (following, "START_SECONDS", 0.0),
        (following, "LOOK_SECONDS", 0.05),
        (following, "LEAST_WAIT_SECONDS", 0.01),
        (following, "CATCH_UP_SECONDS", 0.01),
        (timetable, "LOOK_SECONDS", 0.05),
        (telling, "GATHER_SECONDS", 0.05),
        (telling, "SPACE_SECONDS", 0.05),
        (telling, "FIRST_PAUSE_SECONDS", 0.05),
        (lifetime, "HOUSE_SECONDS", 0.3),
        (housekeeping, "LOOK_SECONDS", 0.3),
        (catalogue, "FRESH_SECONDS", 0.0),
        (feed, "FRESH_SECONDS", 0.0),
        (lately, "LATELY_SECONDS", 0.0),
        (refusals, "MAX_WAIT_SECONDS", 0.5),
    ):
        assert getattr(module, name) > seconds, name
        setattr(module, name, seconds)
    assert engine.Engine.__init__.__kwdefaults__["pause"] > 1
    engine.Engine.__init__.__kwdefaults__["pause"] = 0.03


def main() -> int:
    sys.path.insert(0, str(ROOT))
    from store import clock

    clock.datetime = MovedClock
    shorten()
    import aniworld

    return aniworld.main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
