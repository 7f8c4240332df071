"""Which items may begin at this hour and today, and which wait for a better file.

The items that wait are told until when. Plain functions of a connection; each is (part of) one
transaction.
"""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from store.models import Item
from store.queue_items import items

# The beginning of the reasons of items that wait for an hour of the day.
NIGHT = "Waits for the night, until "
DAY = "Waits for another day, until "
FILE = "Waits for a better file, "

# Bytes that an item has yet to fetch, as far as known: at least one.
_LEFT = """
    max(1, coalesce(items.total, (select max(size) from episodes
        where episodes.series = items.series and episodes.season = items.season
        and episodes.number = items.number), 0) - items.durable)
"""
# What an item's episode waits for; null where one of its sources has a file for which no better one
# is awaited, or the episode was asked for by its number. `{moment}` is now. What a source has that
# is switched off or not configured any more (source_order.OFF) is of no use.
_FILE = """
    (select case when min(waits <> '' and coalesce(waits_until > {moment}, true))
            then min(waits || coalesce(', until ' || substr(waits_until, 1, 10), '')) end
        from episodes where episodes.series = items.series and episodes.season = items.season
            and episodes.number = items.number and available and not items.named
            and provider not in (select name from sources where absent = 1))
"""
# The condition for an item of the queue; its parameters are those of Allowed.
ALLOWED = f"not (items.followed and ?) and {_LEFT} <= ? and {_FILE.format(moment='?')} is null"
NO_BOUND = 2**62


class Allowed(NamedTuple):
    """`only_by_hand`: not what following has queued. No item with more than `most_bytes` to go, and
    none that waits longer than `moment` for a better file."""

    only_by_hand: bool
    most_bytes: int
    moment: str = ""


EVERYTHING = Allowed(only_by_hand=False, most_bytes=NO_BOUND)


def count_waiting(conn: sqlite3.Connection) -> int:
    """How many pending items have an episode for which a better file is wished."""
    row = conn.execute(
        """select count(distinct items.id) from episodes join items using (series, season, number)
        where waits <> '' and status = 'pending' and not named"""
    ).fetchone()
    return int(row[0])


def tell(conn: sqlite3.Connection, allowed: Allowed, night: str, day: str) -> list[Item]:
    """Let the pending items that are not `allowed` say until when, and the others no longer.

    `night` and `day` are those moments. A reason of another kind stays. Returns the items that say
    something else now.
    """
    rows = conn.execute(
        f"""
        with wanted as (
            select id, reason as before, case
                when followed and :only_by_hand then :night
                when {_LEFT} > :most_bytes then :day
                else coalesce(:file_prefix || {_FILE.format(moment=":moment")}, '') end as after
            from items where status = 'pending' and (reason = ''
                or substr(reason, 1, :night_length) = :night_prefix
                or substr(reason, 1, :day_length) = :day_prefix
                or substr(reason, 1, :file_length) = :file_prefix)
        )
        select id, after from wanted where before <> after
        """,
        {
            **allowed._asdict(),
            "night": NIGHT + night,
            "day": DAY + day,
            "night_prefix": NIGHT,
            "night_length": len(NIGHT),
            "day_prefix": DAY,
            "day_length": len(DAY),
            "file_prefix": FILE,
            "file_length": len(FILE),
        },
    ).fetchall()
    conn.executemany(
        "update items set reason = ? where id = ?", [(row["after"], row["id"]) for row in rows]
    )
    ids = json.dumps([row["id"] for row in rows])
    return items(conn, "items.id in (select value from json_each(?))", ids) if rows else []
