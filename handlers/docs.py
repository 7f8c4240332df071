"""/api/docs, /api/redoc, /api/openapi.json, and the files that show them.

Swagger UI and ReDoc come with the package offapi, whose `__init__` reads megabytes into templates: it is found, never
imported, and exactly the files needed are served. Links are relative, so that a base path and a proxy work. Where a
file is missing, the page stays what it was before its script: a link to the document.
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from string import Template

from aiohttp import web

from handlers.openapi import DOCUMENT
from handlers.responses import file

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = {
    "swagger_bundle.js": "text/javascript",
    "swagger_style.css": "text/css",
    "redoc.js": "text/javascript",
}
POLICY = (  # measured: both viewers work under it, and ReDoc's logo, its one request to a stranger, is stopped
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def page(request: web.Request) -> web.Response:
    """The calls, to read and to try (Swagger UI) or to read (ReDoc)."""
    template = await asyncio.to_thread(
        (TEMPLATES / f"{request.path.rpartition('/')[2]}.html").read_text, "utf-8"
    )
    text = Template(template).substitute(version=_offapi()[0])
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return web.Response(text=text, content_type="text/html", headers=headers)


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI 3.1 document."""
    body = await asyncio.to_thread(request.app[DOCUMENT])
    return file(request, body, "application/json")


async def asset(request: web.Request) -> web.Response:
    """One file of offapi; under its version it never changes."""
    name, (version, folder) = request.match_info["name"], _offapi()
    if name not in ASSETS or not (folder / name).is_file():
        raise web.HTTPNotFound
    body = await asyncio.to_thread((folder / name).read_bytes)
    return file(
        request,
        body,
        ASSETS[name],
        f"offapi-{version}-{name}",
        "public, max-age=31536000, immutable",
    )


@cache
def _offapi() -> tuple[str, Path]:
    """The package's version and folder; where it is not installed, a folder that does not exist."""
    from importlib import (
        metadata,  # late: a server whose documents nobody reads starts two milliseconds earlier
    )

    for package in metadata.distributions(name="offapi"):
        return package.version, Path(package.locate_file("offapi"))
    return "missing", TEMPLATES / "offapi"
