"""Rows of the queue, read as items together with their series and their episodes."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, get_args

from store.models import Episode, Item, Priority

PRIORITIES = get_args(Priority)  # stored as their index, so that ascending is the order of work

_ITEM = """
    select items.id, items.series as series_id, items.season, items.number, items.priority,
        items.status, items.reason, items.error_code, items.error_message, items.attempts,
        items.part, items.checkpoint, items.target, items.total, items.created_at,
        items.started_at, items.finished_at, items.receipt, items.durable,
        series.title, series.provider, series.key,
        episodes.title as listed_title, episodes.ref as listed_ref, episodes.size as listed_size,
        episodes.aired as listed_aired,
        case when episodes.available then episodes.checksums end as listed_checksums
    from items
    join series on series.id = items.series
    left join episodes on episodes.series = items.series
        and episodes.season = items.season and episodes.number = items.number
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
        episode = Episode(
            values["season"], values["number"], checksums=json.loads(checksums), **listed
        )
    priority = PRIORITIES[values.pop("priority")]
    return Item(priority=priority, episode=episode, **values)
