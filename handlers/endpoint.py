"""Route -> aiohttp handler: token, path, query, body, call, answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS, Access
from handlers.keys import HEADERS
from handlers.responses import is_known, reply
from handlers.signature import Signature, signature
from store import schema
from store.errors import Forbidden
from store.schema import record

BODY_SECONDS = 10  # that a body may take
# What a key's scope opens; the owner's token opens everything.
OPENED_BY: dict[Access, tuple[Access, ...]] = {
    "read": ("read",),
    "write": ("read", "write"),
    "share": ("share",),
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """One line of the API.

    Locked unless `open`; `wrap` puts the answer under `{"success": true, "data": ...}`.
    """

    method: str
    path: str
    call: Callable[..., Awaitable[object]]
    status: int = 200
    wrap: bool = False
    open: bool = False
    owner: bool = False  # no key opens it
    alias: str | None = None  # a second path that answers the same
    # Without a query its answer may be long, and holds neither a secret nor what the caller chose:
    # together, and packed, they would tell the one by the other.
    packs: bool = False
    key_in_address: bool = False  # its query may carry a key of scope `read`, as `key`
    # For the document: statuses of refusals beside those that follow from the signature.
    refusals: tuple[int, ...] = ()
    # For the document: what the call sends beside what it is annotated with, by content type.
    sends: Mapping[str, dict[str, Any]] = MappingProxyType({})

    @property
    def needs(self) -> Access:
        """The least access that opens a locked route.

        No key reaches the accounts' routes; those of sharing give the library itself away, and are
        for keys that were made for that.
        """
        if self.owner or self.path.startswith("/api/auth/"):
            return "owner"
        if self.path.startswith("/api/share/"):
            return "share"
        return "read" if self.method == "GET" else "write"


@record
class Done:
    """The answer of a call without a result of its own: that it worked, and what it did."""

    success: Literal[True] = field(default=True, kw_only=True)
    message: str


def endpoint(route: Route) -> Handler:
    """Make the handler of one route. The types of its function are read at the first call."""
    call = route.call
    status = route.status
    wrap = route.wrap
    packs = route.packs
    is_locked = not route.open
    key_in_address = route.key_in_address
    needs = route.needs
    types = cache(partial(signature, call, route.path))  # few of the calls are ever made

    async def handle(request: web.Request) -> web.StreamResponse:
        if is_locked:
            claims = request[CLAIMS]
            if claims is None and key_in_address:
                claims = request.app[AUTHENTICATOR].address_claims(request)
            claims = claims or request.app[AUTHENTICATOR].require(None)
            if claims.access != "owner":  # calling a function would cost more than this question
                require_access(claims.access, needs)
        taken = types()
        if taken.path or taken.query or taken.body:
            answer = await call(request, **await _arguments(request, taken))
        else:
            answer = await call(request)
        if isinstance(answer, web.StreamResponse):
            return answer
        if "ETag" in request[HEADERS] and is_known(request, request[HEADERS]["ETag"]):
            return web.Response(status=304)
        return reply(answer, status, wrap=wrap, packs=packs and not request.query_string)

    return handle


def require_access(access: Access, needs: Access) -> None:
    """Raises Forbidden when this access, such as a key's scope, does not open the call."""
    if access == "owner" or needs in OPENED_BY[access]:
        return
    if needs == "owner":
        raise Forbidden("A key cannot do this: log in with the password")
    raise Forbidden(
        f"A key of scope '{access}' cannot do this: it needs scope '{needs}'", needs=needs
    )


async def _arguments(request: web.Request, taken: Signature) -> dict[str, Any]:
    """The arguments of a call, read from path, query and body. Raises Invalid, or a 4xx."""
    arguments = {
        name: schema.parse_text(hint, request.match_info[name], name)
        for name, hint in taken.path.items()
    }
    if taken.query is not None:
        arguments["query"] = schema.read_query(taken.query, request.query)
    if taken.body is not None:
        body = await _read_body(request)
        if body or not taken.body_is_optional:
            _require_json(request)
            arguments["body"] = schema.read(taken.body, schema.loads(body))
    return arguments


async def _read_body(request: web.Request) -> bytes:
    """The bytes of the body; at most client_max_size of them, or aiohttp raises a 413.

    Raises a 4xx for a packed body, a slow one, and one that breaks off.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(
            reason="Send the body unpacked, without Content-Encoding"
        )
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout(
            reason=f"The body did not come within {BODY_SECONDS} seconds"
        ) from None
    except (ConnectionError, web.RequestPayloadError):
        raise web.HTTPBadRequest(reason="The body broke off") from None


def _require_json(request: web.Request) -> None:
    """Raises a 415 for any other type: a form of another site's page can send no JSON."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Send the body as Content-Type: application/json")
