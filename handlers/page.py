"""The web page and its files."""

from __future__ import annotations

import asyncio
import re
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
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
# The addresses of the page's views. Each gets the same document, and its scripts show the view.
VIEWS = (
    "/library",
    "/series/{anime_id}",
    "/queue",
    "/history",
    "/calendar",
    "/search",
    "/settings",
    "/settings/{section}",
    "/system",
    "/welcome",
)
# A comment in a script that has its lines for itself.
COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/)[\s\S])*\*/)[ \t]*$", re.MULTILINE)


async def index(request: web.Request) -> web.Response:
    """Answer with the page's document, the same one for each of its views.

    `root` leads from the address that was asked for to the page's own, which may lie below a
    proxy's prefix that nobody knows here.
    """
    is_set_up = request.app[AUTHENTICATOR].is_set_up
    root = "../" * (request.path.count("/") - 1) or "./"
    answer = responses.page("page.html", version=VERSION, set_up=is_set_up, root=root)
    answer.enable_compression()
    return answer


async def asset(request: web.Request) -> web.Response:
    """Answer with a file of the page. A browser asks each time, and gets it when it has changed."""
    files = {path.name: path for path in STATIC.iterdir() if path.suffix in CONTENT_TYPES}
    path = files.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    content = await asyncio.to_thread(path.read_bytes)
    if path.suffix == ".js":
        content = without_comments(content)
    answer = responses.file(request, content, CONTENT_TYPES[path.suffix])
    # A script runs under its page's policy; a file that is opened by itself needs nothing.
    answer.headers["Content-Security-Policy"] = responses.FILE_POLICY
    if answer.status == 200:
        answer.enable_compression()
    return answer


def without_comments(script: bytes) -> bytes:
    """Empty the lines that hold comments alone: to explain the page costs its users nothing.

    Every line keeps its number, for whoever looks for an error in a browser.
    """
    return COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), script)
