"""Sharing, beside the reference: the part of the library that other instances may see and fetch."""

import asyncio
import io
import os
import re
from typing import Annotated
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from handlers.ids import AnimeId
from handlers.keys import CONFIG, DB, HEADERS
from store import files, library, sharing
from store.errors import NotFound
from store.schema import Rule, record
from store.sharing import Addresses, SharedDocument, SharedList

FileId = Annotated[
    str,
    Rule(
        most=320,
        pattern=r"[a-z0-9-]+_[a-z0-9-]+\.[0-9a-f]{16}",
        issue="Invalid file ID format",
        example="aniworld_123.0123456789abcdef",
    ),
]
# The headers of a request that decide what is sent.
CONDITIONS = (
    "Range",
    "If-Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
)
# Of one part, which is all that anybody asks for; any other is answered with the whole file.
ONE_RANGE = re.compile(r"bytes=(?:\d{1,18}-\d{0,18}|-\d{1,18})", re.ASCII)


@record
class SharedQuery:
    """The query of the list."""

    q: Annotated[str, Rule(most=200)] = ""
    page: Annotated[int, Rule(least=1, most=10**9)] = 1


async def list_series(request: web.Request, query: SharedQuery) -> SharedList:
    """The series that the owner shares, 1,000 on a page: `?q=title`.

    Answers 304 to `If-None-Match` where nothing has changed on any page.
    """
    share = request.app[CONFIG].current.share
    sharing.require_sharing(share)
    await _require_library(request)
    addresses = _addresses(query.q)
    page = await request.app[DB].run(sharing.list_page, share, addresses, query.q, query.page)
    request[HEADERS]["ETag"] = f'"{page.version}-{query.page}"'
    return page


async def show_series(request: web.Request, anime_id: AnimeId) -> SharedDocument:
    """A shared series with its files: their checksums, and the subtitles beside them."""
    config = request.app[CONFIG].current
    shared = await request.app[DB].run(sharing.find, config.share, anime_id)
    await _require_library(request)

    def describe() -> SharedDocument:
        from store import shared_files  # late: few share anything

        found = shared_files.look(config.library, {each.path for each in shared.held})
        poster = shared_files.find_poster(config.library, shared.folders)
        return sharing.document(shared, found, _addresses(), poster)

    return await asyncio.to_thread(describe)


async def send_file(request: web.Request, file_id: FileId) -> web.StreamResponse:
    """A file of a shared series, or its subtitles or picture: `HEAD`, ranges, a strong ETag."""
    from store import shared_files  # late, as above

    config = request.app[CONFIG].current
    series_id, _, digest = file_id.partition(".")
    shared = await request.app[DB].run(sharing.find, config.share, series_id)
    paths = {each.path for each in shared.held}
    try:
        opened = await asyncio.to_thread(
            shared_files.open_file, config.library, shared.folders, paths, digest
        )
    except NotFound:
        await _require_library(request)
        raise
    return OpenFile(opened)


class OpenFile(web.FileResponse):
    """A file that is open already, so that its path cannot become another one's meanwhile."""

    def __init__(self, descriptor: int):
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": "attachment",
            "Cache-Control": "private, no-cache",
        }
        super().__init__(f"/proc/self/fd/{descriptor}", headers=headers)
        self._opened = io.FileIO(descriptor)

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        try:
            status = os.fstat(self._opened.fileno())
            etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'  # as FileResponse makes it
            return await super().prepare(_with_fitting_range(request, etag))
        finally:
            self._opened.close()


def _with_fitting_range(request: web.BaseRequest, etag: str) -> web.BaseRequest:
    """The request without a range that is meant for another file, or has another form.

    FileResponse knows dates in `If-Range` alone: it would take the range for any ETag. And it would
    look for a packed file beside this one, if the client accepts that.
    """
    headers = {
        name: request.headers[name]
        for name in CONDITIONS
        if name in request.headers and request.headers[name].isascii()
    }
    condition = headers.get("If-Range", "")
    is_tag = condition.startswith(('"', "W/"))
    if is_tag:
        del headers["If-Range"]
        is_meant = condition == etag
    else:
        is_meant = not condition or request.if_range is not None  # a date
    if not is_meant or not ONE_RANGE.fullmatch(headers.get("Range", "")):
        headers.pop("Range", None)
    return request.clone(headers=headers)


async def _require_library(request: web.Request) -> None:
    """Raises ConfigurationError while the disk is away: the files are not gone."""
    root = request.app[CONFIG].current.library
    await asyncio.to_thread(library.check, root, await request.app[DB].run(files.some_paths))


def _addresses(query: str = "") -> Addresses:
    """The addresses of the calls, relative to the answering one: a proxy may stand before them."""
    from store.shared_files import file_id  # late, as above

    kept = {"q": query} if query else {}
    return Addresses(
        series=lambda series_id: f"series/{series_id}",
        page=lambda number: f"series?{urlencode({**kept, 'page': number})}",
        file=lambda series_id, path: f"../files/{file_id(series_id, path)}",
    )
