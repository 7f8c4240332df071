"""The web page and its files."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from handlers import responses
from handlers.authenticator import AUTHENTICATOR
from store import VERSION

STATIC = Path(__file__).resolve().parent.parent / "static"
# Pinned: a module with a wrong type does not run, and a system's own table may be wrong.
CONTENT_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


async def index(request: web.Request) -> web.Response:
    """The one document of the page."""
    is_set_up = request.app[AUTHENTICATOR].is_set_up
    answer = responses.page("page.html", version=VERSION, set_up=is_set_up)
    answer.enable_compression()
    return answer


async def asset(request: web.Request) -> web.Response:
    """One file of the page; asked for again each time, sent again only when it has changed."""
    files = {path.name: path for path in STATIC.iterdir() if path.suffix in CONTENT_TYPES}
    path = files.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    content = await asyncio.to_thread(path.read_bytes)
    answer = responses.file(request, content, CONTENT_TYPES[path.suffix])
    if answer.status == 200:
        answer.enable_compression()
    return answer
