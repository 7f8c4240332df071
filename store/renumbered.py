"""The owner's words on episodes follow them to other numbers, and to another series.

A source may number its files anew, and two series may become one. Without this, following would
take all of them for new, and fetch episodes that the owner ignores. Plain functions of a
connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from store.names.codes import EpisodeKey

_KEY = "series = :series and season = :season and number = :number"


def carry(
    conn: sqlite3.Connection, offer: tuple[str, str], moved: Mapping[EpisodeKey, EpisodeKey]
) -> None:
    """Move the owner's words to the new numbers of the files of an `offer`, (series, source). The
    old numbers stay passed over; if another source has them, they stay ignored, too."""
    series_id, source = offer
    passed: dict[EpisodeKey, bool] = {}
    ignored: set[EpisodeKey] = set()
    for old, new in moved.items():
        values = {"series": series_id, "season": old[0], "number": old[1], "source": source}
        row = conn.execute(f"select handled from follow_passed where {_KEY}", values).fetchone()
        if row:
            passed[new] = bool(row["handled"])
        if conn.execute(f"delete from ignored where {_KEY}", values).rowcount:
            others = f"select 1 from episodes where {_KEY} and provider <> :source"
            has_other = conn.execute(others, values).fetchone() is not None
            ignored |= {new, old} if has_other else {new}
    conn.executemany(
        """insert into follow_passed (series, season, number, handled) values (?, ?, ?, ?)
        on conflict do update set handled = max(handled, excluded.handled)""",
        [(series_id, *key, handled) for key, handled in passed.items()],
    )
    conn.executemany(
        "insert or ignore into ignored values (?, ?, ?)", [(series_id, *key) for key in ignored]
    )


def keep_of_both(conn: sqlite3.Connection, other_id: str, series_id: str) -> None:
    """Pass over in a series the episodes that `other_id` passes over, before both become one."""
    conn.execute(
        """update follow_passed set handled = 1 where series = ? and (season, number) in (
            select season, number from follow_passed where series = ? and handled)""",
        (series_id, other_id),
    )
