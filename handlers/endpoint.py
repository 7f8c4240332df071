"""Route -> aiohttp handler: token, path, query, body, call, answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Awaitable, Callable, Literal, TypeVar

from aiohttp import web

from handlers.keys import CLAIMS, DOOR
from handlers.signature import signature
from store import fields

BODY_TIME = 10  # seconds that a body may take
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
T = TypeVar("T")
_encode = json.JSONEncoder(ensure_ascii=False).encode


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


def record(cls: type[T]) -> type[T]:
    """A dataclass that a call takes or gives: a constructor and nothing else.

    Comparison, repr and freezing would cost the start half a millisecond a class, and nobody uses them.
    """
    return dataclass(cls, eq=False, repr=False)


@record
class Done:
    """The answer of a call that has nothing to show: it worked, and what was done."""

    success: Literal[True] = field(default=True, kw_only=True)
    message: str


def endpoint(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of one route. Raises TypeError when its function has a type outside the vocabulary of `fields`."""
    form = signature(route.call, route.path)

    async def handle(request: web.Request) -> web.StreamResponse:
        if request[CLAIMS] is None and not route.open:
            request.app[DOOR].required(None)
        given = {name: fields.parse(hint, request.match_info[name], name) for name, hint in form.path.items()}
        if form.query is not None:
            given["query"] = fields.query(form.query, request.query)
        if form.body is not None and (body := await _body(request, form.optional)) is not None:
            given["body"] = fields.read(form.body, fields.loads(body))
        answer = await route.call(request, **given)
        if isinstance(answer, web.StreamResponse):
            return answer
        return reply(fields.dump(answer), route.status, wrap=route.wrap)

    return handle


def reply(content: object, status: int = 200, *, wrap: bool = False) -> web.Response:
    """An answer in JSON; its last byte is a newline, for those who read it in a terminal."""
    text = _encode({"success": True, "data": content} if wrap else content)
    return web.Response(status=status, body=(text + "\n").encode(errors="replace"), headers=HEADERS)


async def _body(request: web.Request, optional: bool) -> bytes | None:
    """The body's bytes, as long as it is plain JSON of a bearable size (client_max_size) that comes in time; None for an optional one left out."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(reason="Send the body unpacked, without Content-Encoding")
    if not optional and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Send the body as Content-Type: application/json")
    try:
        async with asyncio.timeout(BODY_TIME):
            body = await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(reason=f"The body did not come within {BODY_TIME} seconds") from None
    except (ConnectionError, web.RequestPayloadError):
        raise web.HTTPBadRequest(reason="The body broke off") from None
    if optional and not body:
        return None
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Send the body as Content-Type: application/json")
    return body
