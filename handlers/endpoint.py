"""Route -> aiohttp handler: token, path, query, body, call, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS
from handlers.responses import reply
from handlers.signature import signature
from store import schema
from store.schema import record

BODY_TIME = 10  # seconds that a body may take


@dataclass(frozen=True)
class Route:
    """One line of the API. Locked unless `open`; `wrap` puts the answer under `{"success": true, "data": ...}`."""

    method: str
    path: str
    call: Callable[..., Awaitable[object]]
    status: int = 200
    wrap: bool = False
    open: bool = False
    alias: str | None = None  # a second path that answers the same


@record
class Done:
    """The answer of a call that has nothing to show: it worked, and what was done."""

    success: Literal[True] = field(default=True, kw_only=True)
    message: str


def endpoint(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of one route. Raises TypeError when its function has a type outside the vocabulary of `fields`."""
    form = signature(route.call, route.path)
    call, locked, status, wrap = route.call, not route.open, route.status, route.wrap
    takes = form.path or form.query or form.body

    async def handle(request: web.Request) -> web.StreamResponse:
        if locked and request[CLAIMS] is None:
            request.app[AUTHENTICATOR].required(None)
        answer = await call(request, **await given(request)) if takes else await call(request)
        return (
            answer if isinstance(answer, web.StreamResponse) else reply(answer, status, wrap=wrap)
        )

    async def given(request: web.Request) -> dict[str, object]:
        found = {
            name: schema.parse_text(hint, request.match_info[name], name)
            for name, hint in form.path.items()
        }
        if form.query is not None:
            found["query"] = schema.read_query(form.query, request.query)
        if form.body is not None and (body := await _body(request, form.optional)) is not None:
            found["body"] = schema.read(form.body, schema.loads(body))
        return found

    return handle


async def _body(request: web.Request, optional: bool) -> bytes | None:
    """The body's bytes, as long as it is plain JSON of a bearable size (client_max_size) that comes in time; None for an optional one left out."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(
            reason="Send the body unpacked, without Content-Encoding"
        )
    try:
        async with asyncio.timeout(BODY_TIME):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(
            reason=f"The body did not come within {BODY_TIME} seconds"
        ) from None
    except (ConnectionError, web.RequestPayloadError):
        raise web.HTTPBadRequest(reason="The body broke off") from None
    if optional and not body:
        return None
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Send the body as Content-Type: application/json")
    return body
