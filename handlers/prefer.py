"""The owner's wishes for the files of one series."""

from __future__ import annotations

from aiohttp import web

from handlers import library_changes
from handlers.ids import AnimeId
from handlers.keys import DB, ENGINE
from store import choosing
from store.wish import SeriesPrefer


async def prefer(request: web.Request, anime_id: AnimeId, body: SeriesPrefer) -> SeriesPrefer:
    """Say which of several files of its episodes a series gets, in place of earlier wishes.

    A key that is left out is as in the setting `prefer`; an empty body takes all wishes back.
    Episodes that wait are looked at again at once.
    """
    wish = await request.app[DB].run(choosing.set_of_series, anime_id, body)
    request.app[ENGINE].wake()
    await library_changes.tell(request.app, anime_id)
    return wish
