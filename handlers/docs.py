"""/api/docs, /api/redoc, /api/openapi.json, and the files that show them.

Swagger UI and ReDoc come with the package offapi, whose `__init__` reads megabytes into templates:
it is found, never imported, and exactly the files needed are served. Links are relative, so that a
base path and a proxy work. Without these files a page shows no more than its link to the document.
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from handlers import responses
from handlers.openapi import DOCUMENT

CONTENT_TYPES = {  # of offapi's files that are served
    "swagger_bundle.js": "text/javascript",
    "swagger_style.css": "text/css",
    "redoc.js": "text/javascript",
}
# Measured: both viewers work under it, and ReDoc's logo, its one request to a stranger, is stopped.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)


class Offapi(NamedTuple):
    """The package offapi: its version, and the folder of its files."""

    version: str
    folder: Path


async def page(request: web.Request) -> web.Response:
    """The calls, to read and to try (Swagger UI) or to read (ReDoc)."""
    name = request.path.rpartition("/")[2]
    version, _ = _offapi()
    return responses.page(f"{name}.html", policy=POLICY, version=version)


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI 3.1 document."""
    body = await asyncio.to_thread(request.app[DOCUMENT])
    return responses.file(request, body, "application/json")


async def asset(request: web.Request) -> web.FileResponse:
    """One file of offapi, sent from the disk: a reader that is slow costs no memory."""
    name = request.match_info["name"]
    _, folder = _offapi()
    if name not in CONTENT_TYPES or not (folder / name).is_file():
        raise web.HTTPNotFound
    headers = {
        "Content-Type": f"{CONTENT_TYPES[name]}; charset=utf-8",
        "Cache-Control": "public, max-age=31536000, immutable",  # under its version
    }
    return web.FileResponse(folder / name, headers=headers)


@cache
def _offapi() -> Offapi:
    """Find the package; a folder that does not exist if it is not installed."""
    from importlib import metadata  # late: 2 % of the start, and few read the documents

    for package in metadata.distributions(name="offapi"):
        return Offapi(package.version, Path(str(package.locate_file("offapi"))))
    return Offapi("missing", responses.TEMPLATES / "offapi")
