"""The journal of renamings, by which the last one of a series can be taken back.

Plain functions of a connection; each is (part of) one transaction. Paths are relative to the
library.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from store.models import Move

_LAST = "series = :id and batch = (select max(batch) from renames where series = :id)"


def last(conn: sqlite3.Connection, series_id: str) -> list[Move]:
    """The moves of a series' last renaming, in their order."""
    rows = conn.execute(
        f"select old, new from renames where {_LAST} order by id", {"id": series_id}
    )
    return [Move(old=row["old"], new=row["new"]) for row in rows]


def begin(conn: sqlite3.Connection, series_id: str, moves: Sequence[Move]) -> None:
    """Write down what is about to be moved."""
    batch = conn.execute("select coalesce(max(batch), 0) + 1 from renames").fetchone()[0]
    conn.executemany(
        "insert into renames (series, batch, old, new) values (?, ?, ?, ?)",
        [(series_id, batch, move.old, move.new) for move in moves],
    )


def end(conn: sqlite3.Connection, series_id: str, moved: Sequence[Move], *, undone: bool) -> None:
    """Record the new names. The journal keeps what can be taken back."""
    for move in moved:
        for table in ("files", "history"):
            conn.execute(
                f"update {table} set path = ? where series = ? and path = ?",
                (move.new, series_id, move.old),
            )
    if undone:
        conn.execute(f"delete from renames where {_LAST}", {"id": series_id})
        return
    done = {(move.old, move.new) for move in moved}
    rows = conn.execute(f"select id, old, new from renames where {_LAST}", {"id": series_id})
    for row in rows.fetchall():
        if (row["old"], row["new"]) not in done:
            conn.execute("delete from renames where id = ?", (row["id"],))
