"""The last good answer of each source.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3


def find(conn: sqlite3.Connection, source: str, address: str) -> str | None:
    """The moment of a source's last answer, as store/clock.py writes it; None for no answer yet."""
    row = conn.execute(
        "select at from last_answers where source = ? and address = ?", (source, address)
    ).fetchone()
    return row["at"] if row else None


def keep(conn: sqlite3.Connection, source: str, address: str, at: str) -> None:
    """Note that the source at this address has answered, in place of an earlier answer."""
    conn.execute("insert or replace into last_answers values (?, ?, ?)", (source, address, at))
