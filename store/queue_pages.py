"""The items of the queue in pages, and the first items for the socket.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3

from store import series
from store.models import Item, Status
from store.queue_items import ORDER, items

# Of each status so many items are shown at the start; those that are downloading are few.
SHOWN = {"downloading": 100, "failed": 50, "pending": 100, "completed": 50}
_ENDED = {"completed": "finished_at desc, items.id", "failed": "finished_at desc, items.id"}


def page(
    conn: sqlite3.Connection,
    status: Status | None,
    limit: int,
    offset: int,
    anime_id: str | None = None,
) -> tuple[list[Item], int]:
    """(items, total): those being worked on first, then in the order of work, then the finished.

    With `anime_id` those of one series alone, or none where it is not known.
    """
    where = "(?1 is null or items.status = ?1) and (?2 is null or items.series = ?2)"
    values = (status, anime_id and series.own_id(conn, anime_id))
    total = conn.execute(f"select count(*) from items where {where}", values).fetchone()[0]
    order = f"""
        case items.status when 'downloading' then 0 when 'pending' then 1 when 'failed' then 2
            else 3 end,
        case when items.status = 'completed' then items.finished_at end desc,
        {ORDER}"""
    window = f"limit {limit:d} offset {offset:d}"
    return items(conn, f"{where} order by {order} {window}", *values), total


def first_items(conn: sqlite3.Connection) -> list[Item]:
    """Some items of each status, so that a long queue hides none of them: see SHOWN."""
    found = []
    for status, most in SHOWN.items():
        where = f"items.status = ? order by {_ENDED.get(status, ORDER)} limit ?"
        found += items(conn, where, status, most)
    return found
