"""The callers that have tried a password: how often it was wrong in a row, or right before.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from store.clock import now

KEPT_CALLERS = 1_000


class LoginCaller(NamedTuple):
    """An address, or a network, that has tried a password.

    `due` is when the next try may come, as store/clock.py writes it; None: at once.
    """

    caller: str
    failures: int
    due: str | None
    known: bool


def read(conn: sqlite3.Connection) -> list[LoginCaller]:
    """All callers, the last seen at the end."""
    rows = conn.execute(
        "select caller, failures, due, known from login_callers order by seen_at, rowid"
    )
    return [LoginCaller(row[0], row[1], row[2], bool(row[3])) for row in rows]


def keep(conn: sqlite3.Connection, caller: LoginCaller) -> None:
    """Store a caller in place of an earlier row of it. Of more than KEPT_CALLERS the oldest fall
    off. Those that have been right before fall off last: a flood of others must not push them
    out."""
    conn.execute(
        "insert or replace into login_callers (caller, failures, due, known, seen_at)"
        " values (?, ?, ?, ?, ?)",
        (*caller, now()),
    )
    conn.execute(
        "delete from login_callers where rowid in (select rowid from login_callers"
        " order by known desc, seen_at desc, rowid desc limit -1 offset ?)",
        (KEPT_CALLERS,),
    )
