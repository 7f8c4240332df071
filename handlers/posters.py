"""The posters of series, for the page: pictures need an address of their own, without a header."""

from __future__ import annotations

import asyncio
import hmac
import sqlite3

from aiohttp import web

from handlers import responses
from handlers.authenticator import AUTHENTICATOR
from handlers.keys import CONFIG, DB
from store import pictures, series, series_folders

KEPT_SECONDS = 3600  # that a browser need not ask again


async def poster(request: web.Request) -> web.Response:
    """Answer with the poster of a series, or with nothing (204) where it has none.

    The address has the seal that the socket's snapshot tells those who are logged in. Whoever has
    another one learns nothing.
    """
    seal = request.match_info["seal"].encode()
    if not hmac.compare_digest(seal, request.app[AUTHENTICATOR].picture_seal.encode()):
        return _nothing("no-store")
    folders = await request.app[DB].run(_folders, request.match_info["anime_id"])
    root = request.app[CONFIG].current.library
    found = await asyncio.to_thread(pictures.find, root, folders)
    kept = f"private, max-age={KEPT_SECONDS}"
    if found is None:
        return _nothing(kept)
    answer = responses.file(
        request, found.content, found.content_type, etag=found.version, cache_control=kept
    )
    answer.headers["Content-Security-Policy"] = responses.FILE_POLICY
    return answer


def _folders(conn: sqlite3.Connection, anime_id: str) -> list[str]:
    return series_folders.of_series(conn, series.own_id(conn, anime_id))


def _nothing(cache_control: str) -> web.Response:
    return web.Response(status=204, headers={"Cache-Control": cache_control})
