"""The whole library at once, beside the reference: the page shows, filters and sorts it."""

import sqlite3
from typing import Annotated

from aiohttp import web

from handlers.keys import DB
from store import series
from store.schema import Rule, record

MOST_SERIES = 200  # that one call names


@record
class LibraryQuery:
    """`series` are ids, with commas between: these alone are listed, as far as they are there."""

    series: (
        Annotated[
            str,
            Rule(
                most=20_000,
                pattern=rf"[a-z0-9_-]+(,[a-z0-9_-]+){{0,{MOST_SERIES - 1}}}",
                issue=f"must be 1 to {MOST_SERIES} ids of series, with commas between",
                example="aniworld_123,aniworld_456",
            ),
        ]
        | None
    ) = None


async def show(request: web.Request, query: LibraryQuery) -> list[series.Anime]:
    """List all series of the library by title, without pages."""
    return await request.app[DB].run(_list, query.series.split(",") if query.series else [])


def _list(conn: sqlite3.Connection, ids: list[str]) -> list[series.Anime]:
    found, _ = series.page(
        conn,
        sort_by="name",
        descending=False,
        everything=True,
        ids=series.own_ids(conn, ids),
        limit=-1,
        offset=0,
    )
    return found
