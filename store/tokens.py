"""Tokens that were logged out before their time."""

from __future__ import annotations

import sqlite3

# Counted, not timed, so that a clock set back revives none (docs/decisions.md, 12).
KEPT_TOKENS = 10_000


def revoke(conn: sqlite3.Connection, jti: str) -> None:
    """Put the token with the id `jti` on the deny list; the oldest beyond KEPT_TOKENS fall off."""
    conn.execute("insert or ignore into revoked (jti) values (?)", (jti,))
    conn.execute(
        "delete from revoked where sequence <= (select max(sequence) from revoked) - ?",
        (KEPT_TOKENS,),
    )


def revoked(conn: sqlite3.Connection) -> set[str]:
    """The ids of the tokens on the deny list."""
    return {row["jti"] for row in conn.execute("select jti from revoked")}
