"""The posters of series: for the page, whose pictures need an address of their own without a
header, and for scripts."""

from __future__ import annotations

import asyncio
import hmac
import sqlite3

from aiohttp import web

from handlers import responses
from handlers.authenticator import AUTHENTICATOR
from handlers.ids import AnimeId
from handlers.keys import CONFIG, DB
from handlers.poster_fetches import POSTER_FETCHES
from store import abouts, pictures, series, series_folders
from store.abouts import Poster
from store.errors import NotFound, ProviderError
from store.pictures import Picture

KEPT_SECONDS = 3600  # that a browser need not ask again
# For which an answer waits for a source. A browser makes few connections: the page's calls need
# them too.
PAGE_SECONDS, CALL_SECONDS = 2.0, 25.0
KEPT = f"private, max-age={KEPT_SECONDS}"
SENDS = {kind: {"type": "string", "format": "binary"} for kind in responses.BINARY}


async def poster(request: web.Request) -> web.Response:
    """Answer with the poster of a series, or with nothing (204) where it has none.

    The address has the seal that the socket's snapshot tells those who are logged in. Whoever has
    another one learns nothing. What a source does not send soon may be asked for again.
    """
    seal = request.match_info["seal"].encode()
    if not hmac.compare_digest(seal, request.app[AUTHENTICATOR].picture_seal.encode()):
        return _nothing("no-store")
    picture, is_final = await _find(request, request.match_info["anime_id"], PAGE_SECONDS)
    if picture is None:
        return _nothing(KEPT if is_final else "no-store")
    return _show(request, picture)


async def show(request: web.Request, anime_id: AnimeId) -> web.Response:
    """The poster of a series: that in its folder, else that of a source, which is asked for it."""
    await request.app[DB].run(series.get, anime_id)
    picture, is_final = await _find(request, anime_id, CALL_SECONDS)
    if picture is None and not is_final:
        raise ProviderError("The source does not send its poster now")
    if picture is None:
        raise NotFound("The series has no poster", anime_id=anime_id)
    return _show(request, picture)


async def _find(request: web.Request, anime_id: str, seconds: float) -> tuple[Picture | None, bool]:
    """The poster of a series, and whether that there is none will hold for a while."""
    app = request.app
    folders, offered = await app[DB].run(_known, anime_id)
    found = await asyncio.to_thread(pictures.find, app[CONFIG].current.library, folders)
    if found or not offered:
        return found, True
    return await app[POSTER_FETCHES].find(app, offered, seconds)


def _known(conn: sqlite3.Connection, anime_id: str) -> tuple[list[str], list[Poster]]:
    """The folders of a series, and the posters that are offered for it."""
    series_id = series.own_id(conn, anime_id)
    return series_folders.of_series(conn, series_id), abouts.posters(conn, series_id)


def _show(request: web.Request, picture: Picture) -> web.Response:
    answer = responses.file(
        request, picture.content, picture.content_type, etag=picture.version, cache_control=KEPT
    )
    answer.headers["Content-Security-Policy"] = responses.FILE_POLICY
    return answer


def _nothing(cache_control: str) -> web.Response:
    return web.Response(status=204, headers={"Cache-Control": cache_control})
