"""The whole library at once, beside the reference: what the page shows, filters and sorts."""

from __future__ import annotations

from aiohttp import web

from handlers.keys import DB
from store import series


async def show(request: web.Request) -> list[series.Anime]:
    """List all series of the library by title, without pages."""
    found, _ = await request.app[DB].run(
        series.page, sort_by="name", descending=False, everything=True, limit=-1, offset=0
    )
    return found
