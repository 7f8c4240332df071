"""The rows of the queue as items, with the facts of their series and episodes."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, get_args

from store.clock import now
from store.models import Episode, Item, Priority
from store.names.codes import EpisodeKey

# A failed item forgets this when it is tried again; its bytes stay.
ANEW = """status = 'pending', reason = '', attempts = 0, error_code = null, error_message = null,
    target = null, receipt = null, started_at = null, finished_at = null"""
# The order of work, of `items`.
ORDER = "items.priority, items.place is null, items.place, items.id"
PRIORITIES = get_args(Priority)  # stored as their index, so that ascending is the order of work

_ITEM = """
    select items.id, items.series as series_id, items.season, items.number, items.priority,
        items.status, items.reason, items.error_code, items.error_message, items.attempts,
        items.part, items.checkpoint, items.target, items.total, items.created_at,
        items.started_at, items.finished_at, items.receipt, items.durable, items.replaces,
        items.place,
        series.title, coalesce(items.source, series.provider) as provider,
        coalesce(offers.key, series.key) as key, items.source,
        coalesce(own_season, items.season) as listed_season,
        coalesce(own_number, items.number) as listed_number,
        episodes.title as listed_title, episodes.ref as listed_ref, episodes.size as listed_size,
        episodes.aired as listed_aired, episodes.modified as listed_modified,
        episodes.why as listed_why,
        case when episodes.available then episodes.checksums end as listed_checksums
    from items
    join series on series.id = items.series
    left join episodes on episodes.series = items.series
        and episodes.season = items.season and episodes.number = items.number
        and episodes.provider = coalesce(items.source, series.provider)
    left join offers on offers.series = items.series and offers.standing = 'linked'
        and offers.provider = coalesce(items.source, series.provider)
"""


def items(conn: sqlite3.Connection, where: str, *values: object) -> list[Item]:
    """The items for which the condition `where` holds, which may name an order too."""
    return [_item(dict(row)) for row in conn.execute(f"{_ITEM} where {where}", values)]


def _item(values: dict[str, Any]) -> Item:
    """The item of a row of _ITEM."""
    listed = {
        name.removeprefix("listed_"): values.pop(name)
        for name in [name for name in values if name.startswith("listed_")]
    }
    checksums = listed.pop("checksums")
    episode = None
    if checksums is not None:  # the source still has the episode
        episode = Episode(checksums=json.loads(checksums), **listed)
    priority = PRIORITIES[values.pop("priority")]
    replaces = bool(values.pop("replaces"))
    return Item(priority=priority, episode=episode, replaces=replaces, **values)


def put(
    conn: sqlite3.Connection,
    series_id: str,
    key: EpisodeKey,
    priority: Priority,
    *,
    replaces: bool,
    followed: bool = False,
    named: bool = False,
) -> int:
    """Put an episode into the queue, or try its old item again. Returns the item's id.

    `followed` says that following did so, not the owner. Once queued, following never brings the
    episode back by itself (docs/decisions.md, 39). One that the owner has `named` by its number
    waits for no better file.
    """
    conn.execute(
        """
        insert into follow_passed (series, season, number, handled)
        select series, ?, ?, 1 from follows where series = ?
        on conflict do update set handled = 1
        """,
        (*key, series_id),
    )
    row = conn.execute(
        f"""
        insert into items
            (series, season, number, priority, status, created_at, replaces, followed, named)
        values (?, ?, ?, ?, 'pending', ?, ?, ?, ?)
        on conflict (series, season, number) do update set priority = excluded.priority,
            replaces = excluded.replaces, followed = excluded.followed, named = excluded.named,
            {ANEW}
        returning id
        """,
        (series_id, *key, PRIORITIES.index(priority), now(), replaces, followed, named),
    ).fetchone()
    return int(row["id"])


def take_over(
    conn: sqlite3.Connection, item_id: int, priority: Priority, *, named: bool = False
) -> bool:
    """Make an item of following the owner's, if nobody works on it; returns whether it was such an
    item. It no longer waits for the night, nor for a better file if the owner has `named` it."""
    cursor = conn.execute(
        """update items set followed = 0, named = max(named, :named), reason = '',
            priority = :priority
        where id = :id and status = 'pending' and (followed or (:named and not named and exists (
            select 1 from episodes where episodes.series = items.series and waits <> ''
                and episodes.season = items.season and episodes.number = items.number)))""",
        {"id": item_id, "named": named, "priority": PRIORITIES.index(priority)},
    )
    return cursor.rowcount > 0
