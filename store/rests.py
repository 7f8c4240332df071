"""The sources that rest: nobody asks them until a moment, for a reason.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import NamedTuple

from store.models import Item
from store.queue_items import items

# The beginning of the reasons of the items of such a source.
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
    """Let the source rest, in place of any rest before."""
    conn.execute(
        """insert or replace into rests (source, since, until, why, failures)
        values (?, ?, ?, ?, ?)""",
        rest,
    )


def end(conn: sqlite3.Connection, source: str) -> list[Item]:
    """End a rest: the source works, or is gone. Returns the items that no longer wait for it."""
    conn.execute("delete from rests where source = ?", (source,))
    waiting = items(
        conn,
        "items.status = 'pending' and items.source = ? and substr(items.reason, 1, ?) = ?",
        source,
        len(RESTS),
        RESTS,
    )
    return _without_reason(conn, waiting)


def wait_while_off(conn: sqlite3.Connection, off: set[str]) -> list[Item]:
    """Give items that only switched-off sources have the reason to wait, and take it from the
    others. Returns the items that change."""
    names = ", ".join("?" * len(off))
    listed = """exists (select 1 from episodes left join sources on name = provider
        where episodes.series = items.series and episodes.season = items.season
        and episodes.number = items.number and available
        and provider = coalesce(items.only_source, provider) and"""
    only_there = f"{listed} provider in ({names})) and not {listed} coalesce(absent, 0) <> 1)"
    waits = conn.execute(
        f"select id from items where status = 'pending' and {only_there}", list(off)
    ).fetchall()
    waiting = {row["id"] for row in waits}
    told = items(conn, "items.status = 'pending' and items.reason = ?", OFF)
    untold = waiting - {item.id for item in told}
    marks = ", ".join("?" * len(untold))
    new = items(conn, f"items.id in ({marks})", *untold) if untold else []
    conn.executemany("update items set reason = ? where id = ?", [(OFF, item.id) for item in new])
    ended = _without_reason(conn, [item for item in told if item.id not in waiting])
    return [*[replace(item, reason=OFF) for item in new], *ended]


def pending_items(conn: sqlite3.Connection, source: str) -> list[int]:
    """The ids of the items that a source has."""
    rows = conn.execute(
        """select items.id from items join episodes on episodes.series = items.series
            and episodes.season = items.season and episodes.number = items.number
        where items.status = 'pending' and episodes.provider = ?""",
        (source,),
    )
    return [row["id"] for row in rows]


def _without_reason(conn: sqlite3.Connection, waiting: list[Item]) -> list[Item]:
    conn.executemany("update items set reason = '' where id = ?", [(item.id,) for item in waiting])
    return [replace(item, reason="") for item in waiting]
