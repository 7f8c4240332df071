"""When each source last gave a good answer.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3


def find(conn: sqlite3.Connection, source: str, address: str) -> str | None:
    """When the source answered, as store/clock.py writes it; None where it never did there."""
    row = conn.execute(
        "select at from last_answers where source = ? and address = ?", (source, address)
    ).fetchone()
    return row["at"] if row else None


def keep(conn: sqlite3.Connection, source: str, address: str, at: str) -> None:
    """The source at this address has answered, in place of any answer before."""
    conn.execute("insert or replace into last_answers values (?, ?, ?)", (source, address, at))
