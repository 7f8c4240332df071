"""The sources that rest: left alone by all, until a moment, for a reason.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Rest(NamedTuple):
    """`since` and `until` as store/clock.py writes them; `failures` are those in a row."""

    source: str
    since: str
    until: str
    why: str
    failures: int


def read(conn: sqlite3.Connection) -> list[Rest]:
    return [Rest(**row) for row in conn.execute(f"select {_COLUMNS} from rests order by source")]


def keep(conn: sqlite3.Connection, rest: Rest) -> None:
    """The source rests, in place of any rest before."""
    conn.execute(f"insert or replace into rests ({_COLUMNS}) values (?, ?, ?, ?, ?)", rest)


def end(conn: sqlite3.Connection, source: str) -> None:
    """The source works, or nobody has it any more."""
    conn.execute("delete from rests where source = ?", (source,))


_COLUMNS = ", ".join(Rest._fields)


def pending_items(conn: sqlite3.Connection, source: str) -> list[int]:
    """The ids of the items that wait for a source."""
    rows = conn.execute(
        """select items.id from items join series on series.id = items.series
        where items.status = 'pending' and series.provider = ?""",
        (source,),
    )
    return [row["id"] for row in rows]
