"""Pages of a list, as the Pagination chapter of the reference has them."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, Sequence, TypeVar

from aiohttp import web

from handlers.endpoint import record
from handlers.keys import HEADERS
from store.fields import Rule

T = TypeVar("T")

PER_PAGE = 20
PageNumber = Annotated[int, Rule(least=1, most=10**9)]
PerPage = Annotated[int, Rule(least=1, most=100)]


@record
class Pagination:
    total: int
    page: int
    per_page: int
    pages: int


@record
class Page(Generic[T]):
    success: Literal[True]
    data: list[T]
    pagination: Pagination


def window(page: int | None, per_page: int | None) -> tuple[int, int]:
    """(limit, offset) of a page; None means the default."""
    limit = per_page or PER_PAGE
    return limit, ((page or 1) - 1) * limit


def paged(request: web.Request, rows: Sequence[T], total: int, page: int | None, per_page: int | None) -> Page[T]:
    """The page of `rows`, with X-Total-Count and the RFC 8288 links to its neighbours."""
    page, size = page or 1, per_page or PER_PAGE
    pages = -(-total // size)
    there = {"first": 1, "prev": page - 1, "next": page + 1, "last": pages}
    links = [
        f'<{request.rel_url.update_query(page=number, per_page=size)}>; rel="{name}"'
        for name, number in there.items()
        if 1 <= number <= pages and not (name == "next" and page >= pages)
    ]
    request[HEADERS] |= {"X-Total-Count": str(total)} | ({"Link": ", ".join(links)} if links else {})
    return Page(True, list(rows), Pagination(total, page, size, pages))
