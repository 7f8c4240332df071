"""The sources that rest: left alone by all, until a moment, for a reason.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import NamedTuple

from store.models import Item
from store.queue_items import items

# How the reasons of the items of such a source begin.
RESTS = "The source rests"
OFF = "The source is switched off"


class Rest(NamedTuple):
    """`since` and `until` as store/clock.py writes them; `failures` are those in a row."""

    source: str
    since: str
    until: str
    reason: str
    failures: int


def read(conn: sqlite3.Connection) -> list[Rest]:
    rows = conn.execute("select source, since, until, why, failures from rests order by source")
    return [Rest(*row) for row in rows]


def keep(conn: sqlite3.Connection, rest: Rest) -> None:
    """The source rests, in place of any rest before."""
    conn.execute(
        """insert or replace into rests (source, since, until, why, failures)
        values (?, ?, ?, ?, ?)""",
        rest,
    )


def end(conn: sqlite3.Connection, source: str) -> list[Item]:
    """The source works, or nobody has it any more. Returns the items that no longer wait for it."""
    conn.execute("delete from rests where source = ?", (source,))
    waiting = items(
        conn,
        "items.status = 'pending' and series.provider = ? and substr(items.reason, 1, ?) = ?",
        source,
        len(RESTS),
        RESTS,
    )
    return _without_reason(conn, waiting)


def wait_while_off(conn: sqlite3.Connection, source: str) -> list[Item]:
    """The source is switched off: its items say so. Returns those that did not yet."""
    waiting = items(
        conn,
        "items.status = 'pending' and series.provider = ? and items.reason <> ?",
        source,
        OFF,
    )
    conn.executemany(
        "update items set reason = ? where id = ?", [(OFF, item.id) for item in waiting]
    )
    return [replace(item, reason=OFF) for item in waiting]


def end_off(conn: sqlite3.Connection, off: set[str]) -> list[Item]:
    """Of the sources only these are off. Returns the items of others, which waited until now."""
    waiting = items(conn, "items.status = 'pending' and items.reason = ?", OFF)
    return _without_reason(conn, [item for item in waiting if item.provider not in off])


def pending_items(conn: sqlite3.Connection, source: str) -> list[int]:
    """The ids of the items that wait for a source."""
    rows = conn.execute(
        """select items.id from items join series on series.id = items.series
        where items.status = 'pending' and series.provider = ?""",
        (source,),
    )
    return [row["id"] for row in rows]


def _without_reason(conn: sqlite3.Connection, waiting: list[Item]) -> list[Item]:
    conn.executemany("update items set reason = '' where id = ?", [(item.id,) for item in waiting])
    return [replace(item, reason="") for item in waiting]
