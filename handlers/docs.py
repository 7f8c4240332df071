"""/api/docs, /api/redoc, /api/openapi.json, and the files that the two pages are made of.

Swagger UI and ReDoc come with the package offapi, whose `__init__` reads megabytes into templates: it is found, never
imported, and exactly the files needed are served. Links are relative, so that a base path and a proxy work.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import importlib.util
from pathlib import Path
from string import Template

from aiohttp import web

from handlers.openapi import DOCUMENT

HERE = Path(__file__).parent

OFFAPI = {"swagger_bundle.js": "text/javascript", "swagger_style.css": "text/css", "redoc.js": "text/javascript"}
OURS = {"docs.js": "text/javascript", "redoc-start.js": "text/javascript"}

POLICY = (  # measured: both viewers work under it, and ReDoc's logo, its one request to a stranger, is stopped
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; worker-src 'self' blob:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def routes() -> list[web.RouteDef]:
    """The routes of this file, all of them open; `app[DOCUMENT]` gives the document."""
    return [
        web.get("/api/docs", docs),
        web.get("/api/redoc", redoc),
        web.get("/api/openapi.json", openapi),
        web.get("/api/docs/assets/{name}", asset),
    ]


async def docs(request: web.Request) -> web.Response:
    """The calls, to read and to try (Swagger UI)."""
    return await _page("docs.html", "swagger_bundle.js", "swagger_style.css")


async def redoc(request: web.Request) -> web.Response:
    """The calls, to read (ReDoc)."""
    return await _page("redoc.html", "redoc.js")


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI 3.1 document."""
    body = await asyncio.to_thread(request.app[DOCUMENT])
    return _fresh(request, body, hashlib.sha256(body).hexdigest()[:20], "application/json", "no-cache")


async def asset(request: web.Request) -> web.Response:
    """One file of the two pages. Those of offapi never change under their version; ours are asked for again."""
    name = request.match_info["name"]
    if name in OURS:
        body = await asyncio.to_thread((HERE.parent / "static" / name).read_bytes)
        return _fresh(request, body, hashlib.sha256(body).hexdigest()[:20], OURS[name], "no-cache")
    path = _find(name) if name in OFFAPI else None
    if path is None:
        raise web.HTTPNotFound
    body = await asyncio.to_thread(path.read_bytes)
    return _fresh(request, body, f"offapi-{_version()}-{name}", OFFAPI[name], "public, max-age=31536000, immutable")


def _find(name: str) -> Path | None:
    """A file of offapi, or None when the package or the file is missing."""
    spec = importlib.util.find_spec("offapi")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (path := Path(folder, name)).is_file():
            return path
    return None


def _version() -> str:
    try:
        return importlib.metadata.version("offapi")
    except importlib.metadata.PackageNotFoundError:  # a folder on the path, without its metadata
        return "0"


async def _page(name: str, *needed: str) -> web.Response:
    return await asyncio.to_thread(_draw, name, needed)


def _draw(name: str, needed: tuple[str, ...]) -> web.Response:
    if not all(map(_find, needed)):
        name = "docs-plain.html"
    text = Template((HERE / "templates" / name).read_text("utf-8")).substitute(version=_version())
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return web.Response(text=text, content_type="text/html", headers=headers)


def _fresh(request: web.Request, body: bytes, etag: str, kind: str, cache: str) -> web.Response:
    """The body, or 304 when the client has it already."""
    known = any(tag.value in (etag, "*") for tag in request.if_none_match or ())
    response = web.Response(status=304) if known else web.Response(body=body, content_type=kind, charset="utf-8")
    response.etag = etag
    response.headers["Cache-Control"] = cache
    return response
