"""Pages of a list, as the Pagination chapter of the reference has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, Literal, TypeVar

from aiohttp import web

from handlers.keys import HEADERS
from store.schema import Rule, record

T = TypeVar("T")

PER_PAGE = 20


@record
class Paged:
    """The query of a call that pages."""

    page: Annotated[int, Rule(least=1, most=10**9)] | None = None
    per_page: Annotated[int, Rule(least=1, most=100)] | None = None


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


def window(query: Paged) -> tuple[int, int]:
    """(limit, offset) of the page that is asked for."""
    limit = query.per_page or PER_PAGE
    return limit, ((query.page or 1) - 1) * limit


def paged(request: web.Request, rows: Sequence[T], total: int, query: Paged) -> Page[T]:
    """The page of `rows`, with X-Total-Count and the RFC 8288 links to its neighbours."""
    page, size = query.page or 1, query.per_page or PER_PAGE
    pages = -(-total // size)
    there = {"first": 1, "prev": page - 1, "next": page + 1, "last": pages}
    links = [
        f'<{request.rel_url.update_query(page=number, per_page=size)}>; rel="{name}"'
        for name, number in there.items()
        if 1 <= number <= pages and not (name == "next" and page >= pages)
    ]
    request[HEADERS] |= {"X-Total-Count": str(total)} | (
        {"Link": ", ".join(links)} if links else {}
    )
    return Page(True, list(rows), Pagination(total, page, size, pages))
