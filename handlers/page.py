"""The web page and its files."""

from __future__ import annotations

import asyncio
import hashlib
from functools import cache
from pathlib import Path
from typing import Callable

from aiohttp import web

from handlers.health import VERSION
from handlers.keys import DOOR

STATIC = Path(__file__).resolve().parent.parent / "static"
# The types are pinned here: a module with a wrong one does not run, and a system's own table may be wrong.
FILES = {
    "app.css": "text/css", "icon.svg": "image/svg+xml", "manifest.webmanifest": "application/manifest+json",
}  # fmt: skip
TEMPLATES: web.AppKey[Callable] = web.AppKey("templates", Callable)


def set_up(app: web.Application) -> None:
    """The page's templates, apart from the files that everybody may read."""
    app[TEMPLATES] = cache(_environment)


def _environment():
    import aiohttp_jinja2  # late, with an application of its own: a server that only answers scripts never needs it
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return aiohttp_jinja2.setup(web.Application(), loader=loader, undefined=jinja2.StrictUndefined)


async def index(request: web.Request) -> web.Response:
    """The one document of the page."""
    text = request.app[TEMPLATES]().get_template("page.html").render(version=VERSION, set_up=request.app[DOOR].is_set_up)
    answer = web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-cache"})
    answer.enable_compression()
    return answer


async def asset(request: web.Request) -> web.StreamResponse:
    """One file of the page; asked for again each time, sent again only when it has changed."""
    name = request.match_info["name"]
    kind = FILES.get(name) or ("text/javascript" if name.endswith(".js") and name in _scripts() else None)
    if kind is None:
        raise web.HTTPNotFound
    body = await asyncio.to_thread((STATIC / name).read_bytes)
    answer = web.Response(body=body, content_type=kind, charset="utf-8", headers={"Cache-Control": "no-cache"})
    answer.etag = hashlib.sha256(body).hexdigest()[:20]
    if any(tag.value in (answer.etag.value, "*") for tag in request.if_none_match or ()):
        return web.Response(status=304, headers={"ETag": f'"{answer.etag.value}"', "Cache-Control": "no-cache"})
    answer.enable_compression()
    return answer


def _scripts() -> set[str]:
    return {path.name for path in STATIC.glob("*.js")}
