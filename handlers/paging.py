"""Pages of a list, as the Pagination chapter of the reference has them."""

from collections.abc import Iterable
from typing import Annotated, Generic, Literal, TypeVar

from aiohttp import web

from handlers.keys import HEADERS
from store.models import Pagination
from store.schema import Rule, record

T = TypeVar("T")

DEFAULT_PER_PAGE = 20


@record
class Paged:
    """The query of a call that pages."""

    page: Annotated[int, Rule(least=1, most=10**9)] | None = None
    per_page: Annotated[int, Rule(least=1, most=100)] | None = None


@record
class Page(Generic[T]):
    success: Literal[True]
    data: list[T]
    pagination: Pagination


def window(query: Paged) -> tuple[int, int]:
    """(limit, offset) of the page that is asked for."""
    limit = query.per_page or DEFAULT_PER_PAGE
    return limit, ((query.page or 1) - 1) * limit


def paged(request: web.Request, rows: Iterable[T], total: int, query: Paged) -> Page[T]:
    """The page of `rows`, with X-Total-Count and the RFC 8288 links to its neighbours.

    `total` counts the rows of all pages.
    """
    page = query.page or 1
    per_page = query.per_page or DEFAULT_PER_PAGE
    pages = -(-total // per_page)
    request[HEADERS]["X-Total-Count"] = str(total)
    if links := _links(request, page, per_page, pages):
        request[HEADERS]["Link"] = ", ".join(links)
    pagination = Pagination(total=total, page=page, per_page=per_page, pages=pages)
    return Page(success=True, data=list(rows), pagination=pagination)


def _links(request: web.Request, page: int, per_page: int, pages: int) -> list[str]:
    """Links to the pages that exist, relative to ours, with all other parameters."""
    neighbours = {"first": 1, "prev": page - 1, "next": page + 1, "last": pages}
    return [
        f'<{request.rel_url.update_query(page=number, per_page=per_page)}>; rel="{relation}"'
        for relation, number in neighbours.items()
        if 1 <= number <= pages
    ]
