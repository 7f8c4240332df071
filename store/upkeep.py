"""Removes rows of the database that are too old or too many.

Plain functions of a connection; each is (part of) one transaction, and short: it returns None when
nothing is left to be done.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from store.clock import in_seconds

ROWS = 500  # of one transaction
DAY_SECONDS = 86_400


class Bound(NamedTuple):
    """Rows that go: older than so many days, or beyond so many newer ones."""

    days: int
    most: int


# A list that the owner reads stays for a while; the newest stay however old they are.
COMPLETED = Bound(days=30, most=1_000)
FAILURES = Bound(days=365, most=10_000)
# The history of a file that is in the library says what it is, so it stays.
HISTORY = Bound(days=730, most=100_000)


def drop_completed(conn: sqlite3.Connection) -> list[str] | None:
    """Drop completed items that are old and beyond the newest. Returns their names."""
    rows = conn.execute(
        """
        delete from items where id in (
            select id from items where status = 'completed' and finished_at < :before
                and id not in (select id from items where status = 'completed'
                    order by finished_at desc, id desc limit :count)
            order by id limit :rows)
        returning id
        """,
        {"before": _days_ago(COMPLETED), "count": COMPLETED.most, "rows": ROWS},
    ).fetchall()
    return [f"queue_{row['id']}" for row in rows] or None


def drop_failures(conn: sqlite3.Connection) -> int | None:
    """Drop notes of failures that are old or beyond the newest. Returns how many."""
    return _drop(conn, "failures", FAILURES, "failed_at", "1")


def drop_history(conn: sqlite3.Connection) -> int | None:
    """Drop the history of episodes that are no longer here, by the rules of `drop_failures`."""
    is_gone = """not exists (select 1 from files where files.series = history.series
        and files.season = history.season and files.number = history.number)"""
    return _drop(conn, "history", HISTORY, "finished_at", is_gone)


def _drop(
    conn: sqlite3.Connection, table: str, bound: Bound, moment: str, condition: str
) -> int | None:
    cursor = conn.execute(
        f"""
        delete from {table} where id in (
            select id from {table} where {condition} and ({moment} < :before
                or id <= (select id from {table} order by id desc limit 1 offset :count))
            limit :rows)
        """,
        {"before": _days_ago(bound), "count": bound.most, "rows": ROWS},
    )
    return cursor.rowcount or None


def _days_ago(bound: Bound) -> str:
    return in_seconds(-bound.days * DAY_SECONDS)
