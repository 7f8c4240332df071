"""Which rows of the history a search finds: conditions in SQL, and their values.

A household has thousands of titles in a hundred thousand rows: each title is compared once, and an
index leads from there to its rows.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Literal, NamedTuple

from store import series

HistoryState = Literal["completed", "failed"]
TABLES: dict[HistoryState, str] = {"completed": "history", "failed": "failures"}
BROAD = 10  # a title of ten is found: a walk from the newest row on soon meets enough of them

# A day alone ends with its last second.
_CONDITIONS = {
    "anime_id": "series = :anime_id",
    "title": "(series, title) in (select value ->> 0, value ->> 1 from json_each(:title))",
    "source": "provider = :source",
    "since": "finished_at >= :since",
    "until": "finished_at <= substr(:until || 'T23:59:59Z', 1, 20)",
}


class Search(NamedTuple):
    """What is looked for: all that are given have to hold.

    `anime_id` is one series, `title` a part of a title, `source` the name of a source; `since` and
    `until` are days or moments as store/clock.py writes them, both inclusive.
    """

    state: HistoryState = "completed"
    anime_id: str | None = None
    title: str | None = None
    source: str | None = None
    since: str | None = None
    until: str | None = None


class Found(NamedTuple):
    """`where` and `order` in SQL, with `values` for both: the newest come first."""

    where: str
    order: str
    values: dict[str, Any]


def condition(conn: sqlite3.Connection, search: Search) -> Found:
    """What the search means for the rows of its table."""
    given = {name: text for name, text in search._asdict().items() if text}
    order = "id desc"
    if search.anime_id:
        given["anime_id"] = series.own_id(conn, search.anime_id)
    if search.title:
        wanted = search.title.casefold()
        known = _titles(conn, TABLES[search.state])
        chosen = [pair for pair in known if wanted in pair[1].casefold()]
        given["title"] = json.dumps(chosen)
        if len(chosen) * BROAD < len(known):
            order = "+id desc"  # by the index, and sorted then
    conditions = [_CONDITIONS[name] for name in given if name in _CONDITIONS]
    return Found(" and ".join(["1", *conditions]), order, given)


def _titles(conn: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    """(series, title) of all rows, each once: the index is searched for the next one each time."""
    rows = conn.execute(
        f"""with recursive pairs (series, title) as (
            select * from (select series, title from {table} order by series, title limit 1)
            union all
            select next.series, next.title from pairs join {table} next on next.id = coalesce(
                (select id from {table} where series = pairs.series and title > pairs.title
                order by title limit 1),
                (select id from {table} where series > pairs.series order by series, title limit 1))
        ) select series, title from pairs"""
    )
    return [(series_id, title) for series_id, title in rows]
