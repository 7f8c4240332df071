"""The owner's own order of the queue, and changes of many items at once.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Literal, NamedTuple

from store import queue, series
from store.errors import Conflict, Invalid
from store.models import Priority
from store.queue_items import ORDER, PRIORITIES
from store.schema import record


@record
class Everything:
    """What `missing` stands for in all series together.

    `bytes` are those of the episodes whose size their sources list, which `unknown_sizes` lack.
    """

    series: int
    episodes: int
    bytes: int
    unknown_sizes: int


class _Place(NamedTuple):
    item: int
    priority: int
    place: int | None


def find(conn: sqlite3.Connection, item_ids: Sequence[int], anime_ids: Sequence[str]) -> list[int]:
    """The items with these ids, and all open ones of these series, in the order of work."""
    own = [series.own_id(conn, anime_id) for anime_id in anime_ids]
    rows = conn.execute(
        f"""select id from items where id in (select value from json_each(?))
            or (status in ('pending', 'downloading')
                and series in (select value from json_each(?)))
        order by {ORDER}""",
        (json.dumps(item_ids), json.dumps(own)),
    )
    return [row["id"] for row in rows]


def prioritise(conn: sqlite3.Connection, item_ids: Sequence[int], priority: Priority) -> None:
    """Give items this priority; those of one priority keep the order in which they came."""
    conn.execute(
        """update items set priority = ?, place = null
        where id in (select value from json_each(?)) and priority <> ?""",
        (PRIORITIES.index(priority), json.dumps(item_ids), PRIORITIES.index(priority)),
    )


def move(
    conn: sqlite3.Connection,
    item_ids: Sequence[int],
    where: Literal["first", "last"] | int,
) -> None:
    """Put open items, in their order, to the begin, to the end, or right before another item.

    They get the priority of what stands there, or keep their own at the begin. Raises Invalid for
    an item that does not wait.
    """
    moved = set(item_ids)
    open_items = [
        _Place(*row)
        for row in conn.execute(
            f"""select id, priority, place from items
            where status in ('pending', 'downloading') order by {ORDER}"""
        )
    ]
    others = [open_item for open_item in open_items if open_item.item not in moved]
    moving = [open_item for open_item in open_items if open_item.item in moved]
    index = _index(others, where)
    if not moving or not others:
        return
    priority = others[min(index, len(others) - 1)].priority
    if where == "first":
        priority = min(priority, *[open_item.priority for open_item in moving])
    first = [open_item for open_item in others[:index] if open_item.priority == priority]
    neighbour = others[index] if index < len(others) else None
    behind = neighbour.place if neighbour and neighbour.priority == priority else None
    start, placed = 0, moving
    if not first and behind is not None:  # to the top: nobody else needs another place
        start = behind - len(moving)
    else:
        rest = [
            open_item
            for open_item in others[index:]
            if open_item.priority == priority and open_item.place is not None
        ]
        placed = [*first, *moving, *rest]
    changes = [
        (priority, place, open_item.item)
        for place, open_item in enumerate(placed, start)
        if (open_item.priority, open_item.place) != (priority, place)
    ]
    conn.executemany("update items set priority = ?, place = ? where id = ?", changes)


def _index(others: Sequence[_Place], where: Literal["first", "last"] | int) -> int:
    if isinstance(where, str):
        return 0 if where == "first" else len(others)
    for index, open_item in enumerate(others):
        if open_item.item == where:
            return index
    raise Invalid("before", "is not the id of another item that waits")


# -- everything that is missing ------------------------------------------------------------------


def everything(conn: sqlite3.Connection) -> Everything:
    """The size of `missing` of all series together, without queued episodes."""
    rows = conn.execute(
        """
        with lacking as (
            select episodes.series, min(episodes.size) as size
            from episodes join series on series.id = episodes.series
            left join sources on sources.name = episodes.provider
            where listed and series.available > 0 and episodes.available and episodes.season > 0
                and not coalesce(sources.absent, 0)
                and coalesce(episodes.aired, '') <= date('now', 'localtime')
                and not exists (select 1 from files where files.series = episodes.series
                    and files.season = episodes.season and files.number = episodes.number)
                and not exists (select 1 from ignored where ignored.series = episodes.series
                    and ignored.season = episodes.season and ignored.number = episodes.number)
                and not exists (select 1 from items where items.series = episodes.series
                    and items.season = episodes.season and items.number = episodes.number
                    and items.status in ('pending', 'downloading') and not items.followed)
            group by episodes.series, episodes.season, episodes.number
        )
        select count(distinct series) as series, count(*) as episodes,
            coalesce(sum(size), 0) as bytes, count(*) - count(size) as unknown_sizes
        from lacking
        """
    )
    return Everything(**rows.fetchone())


def lacking(conn: sqlite3.Connection) -> list[str]:
    """The ids of the listed series that lack episodes which can be fetched, by title."""
    rows = conn.execute(
        "select id from series where listed and available > 0 order by title collate nocase, id"
    )
    return [row["id"] for row in rows]


def add_missing(conn: sqlite3.Connection, anime_ids: Sequence[str]) -> queue.Added:
    """Queue the missing episodes of several series that are not queued yet."""
    added = queue.Added([], [])
    for anime_id in anime_ids:
        try:
            added.items.extend(queue.add(conn, anime_id, ["missing"], "normal").items)
        except Conflict:
            continue  # all of it is queued
    return added
