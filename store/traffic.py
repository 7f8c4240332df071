"""How many bytes of downloads came on each day, for the daily cap.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3

from store import queue

KEPT_DAYS = 40


def of_day(conn: sqlite3.Connection, day: str) -> int:
    row = conn.execute("select bytes from traffic where day = ?", (day,)).fetchone()
    return int(row["bytes"]) if row else 0


def set_checkpoint(
    conn: sqlite3.Connection,
    item_id: int,
    checkpoint: str,
    total: int | None,
    *,
    day: str,
    count: int,
) -> None:
    """Set the checkpoint as the queue does; `count` bytes came since the last one."""
    queue.set_checkpoint(conn, item_id, checkpoint, total)
    add(conn, day, count)


def add(conn: sqlite3.Connection, day: str, count: int) -> None:
    """Add bytes to those that came on this day."""
    conn.execute(
        """insert into traffic (day, bytes) values (?, ?)
        on conflict (day) do update set bytes = bytes + excluded.bytes""",
        (day, count),
    )
    conn.execute(
        "delete from traffic where day not in (select day from traffic order by day desc limit ?)",
        (KEPT_DAYS,),
    )
