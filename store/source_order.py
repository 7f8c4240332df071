"""The sources in the owner's order, and the absent ones among them.

A source is absent if nothing can be fetched from it: it is switched off, not configured any more,
or has rested for more than a day. Its episodes stay known. Plain functions of a connection; each is
(part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from store import counts

OFF, AWAY = 1, 2  # why it is absent
UNKNOWN_RANK = 99_999  # of a source that is not configured any more
AT_ONCE = 100  # series that are counted anew in one transaction

# Series whose counts have to be derived anew, as they are those of a source that came or went.
_DUE = ""


def keep(conn: sqlite3.Connection, names: Sequence[str], switched_off: set[str]) -> None:
    """Keep the owner's order. `count_some` then counts the series anew that this changes."""
    wanted = {name: (rank, OFF * (name in switched_off)) for rank, name in enumerate(names)}
    for (name,) in conn.execute("select distinct provider from offers").fetchall():
        wanted.setdefault(name, (UNKNOWN_RANK, OFF))
    before = {row[0]: (row[1], row[2]) for row in conn.execute("select * from sources")}
    for name, (rank, off) in wanted.items():
        old_rank, old_absent = before.get(name, (None, 0))
        absent = off or (AWAY if old_absent == AWAY else 0)
        if (rank, absent) != (old_rank, old_absent):
            conn.execute("insert or replace into sources values (?, ?, ?)", (name, rank, absent))
        if bool(absent) != bool(old_absent):
            _make_due(conn, name)
    for name in before.keys() - wanted.keys():
        conn.execute("delete from sources where name = ?", (name,))


def set_away(conn: sqlite3.Connection, name: str, away: bool) -> bool:
    """Note that the source has rested for more than a day, or answers again.

    Returns whether that is new.
    """
    before, after = (0, AWAY) if away else (AWAY, 0)
    cursor = conn.execute(
        "update sources set absent = ? where name = ? and absent = ?", (after, name, before)
    )
    if cursor.rowcount:
        _make_due(conn, name)
    return bool(cursor.rowcount)


def away(conn: sqlite3.Connection) -> set[str]:
    """The sources that have rested for more than a day."""
    return {
        row["name"] for row in conn.execute("select name from sources where absent = ?", (AWAY,))
    }


def count_some(conn: sqlite3.Connection) -> bool:
    """Count some series anew whose sources came or went. Returns whether there are more."""
    rows = conn.execute("select id from series where next_air = ? limit ?", (_DUE, AT_ONCE))
    due = [row["id"] for row in rows]
    for series_id in due:
        counts.recount(conn, series_id)
    return len(due) == AT_ONCE


def _make_due(conn: sqlite3.Connection, name: str) -> None:
    """Let the next list count these series anew, if nobody does so before."""
    conn.execute(
        """update series set next_air = ? where id in (
            select series from offers where provider = ? and standing = 'linked')""",
        (_DUE, name),
    )
