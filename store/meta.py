"""Single values of the server itself, by name. Plain functions of a connection."""

from __future__ import annotations

import sqlite3


def find(conn: sqlite3.Connection, key: str) -> str | None:
    row = conn.execute("select value from meta where key = ?", (key,)).fetchone()
    return str(row["value"]) if row else None


def keep(conn: sqlite3.Connection, key: str, value: str) -> None:
    conn.execute("insert or replace into meta (key, value) values (?, ?)", (key, value))
