"""The web page and its files."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR
from handlers.responses import file
from store import VERSION

STATIC = Path(__file__).resolve().parent.parent / "static"
# The types are pinned here: a module with a wrong one does not run, and a system's own table may be wrong.
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@cache
def _templates():
    """The page's templates, apart from the files that everybody may read."""
    import aiohttp_jinja2  # late, with an application of its own: a server that only answers scripts never needs it
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return aiohttp_jinja2.setup(web.Application(), loader=loader, undefined=jinja2.StrictUndefined)


async def index(request: web.Request) -> web.Response:
    """The one document of the page."""
    text = (
        _templates()
        .get_template("page.html")
        .render(version=VERSION, set_up=request.app[AUTHENTICATOR].is_set_up)
    )
    answer = web.Response(
        text=text, content_type="text/html", headers={"Cache-Control": "no-cache"}
    )
    answer.enable_compression()
    return answer


async def asset(request: web.Request) -> web.Response:
    """One file of the page; asked for again each time, sent again only when it has changed."""
    path = next(
        (path for path in STATIC.iterdir() if path.name == request.match_info["name"]), STATIC
    )
    if path.suffix not in TYPES:
        raise web.HTTPNotFound
    answer = file(request, await asyncio.to_thread(path.read_bytes), TYPES[path.suffix])
    if answer.body:  # it is no 304
        answer.enable_compression()
    return answer
