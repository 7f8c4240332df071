"""Tokens that were logged out before their time."""

from __future__ import annotations

import sqlite3

KEPT = 10_000  # decisions.md 12: counted, not timed, so that a clock set back revives none


def revoke(conn: sqlite3.Connection, jti: str) -> None:
    """Put `jti` on the deny list; the oldest beyond KEPT fall off."""
    conn.execute("insert or ignore into revoked (jti) values (?)", (jti,))
    conn.execute(
        "delete from revoked where sequence <= (select max(sequence) from revoked) - ?", (KEPT,)
    )


def revoked(conn: sqlite3.Connection) -> set[str]:
    return {row["jti"] for row in conn.execute("select jti from revoked")}
