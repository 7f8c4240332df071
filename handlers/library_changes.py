"""Tells the sockets which series were changed, by the ids under which they are listed."""

from __future__ import annotations

from aiohttp import web

from downloads.events import LibraryChanged
from handlers.hub import HUB
from handlers.keys import DB
from store import series


async def tell(app: web.Application, anime_id: str) -> None:
    """Tell that a series was changed. The id may be that at a source, or one that it once had."""
    tell_id(app, await app[DB].run(series.own_id, anime_id))


def tell_id(app: web.Application, own_id: str) -> None:
    app[HUB].publish(LibraryChanged([own_id]))


def tell_all(app: web.Application) -> None:
    """Tell that any series may have changed, come or gone."""
    app[HUB].publish(LibraryChanged(None))
