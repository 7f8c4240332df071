"""What every answer looks like: JSON, and the headers that all of them carry."""

from __future__ import annotations

import hashlib

from aiohttp import web
from multidict import CIMultiDict

from handlers.keys import HEADERS
from store import schema

SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PLAIN = SAFE | {"Content-Security-Policy": POLICY}
_JSON = CIMultiDict(  # ready to be copied: each header that is added later costs every call half a microsecond
    SAFE
    | {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
    }
)


def reply(content: object, status: int = 200, *, wrap: bool = False) -> web.Response:
    """An answer in JSON; its last byte is a newline, for those who read it in a terminal."""
    text = schema.dump({"success": True, "data": content} if wrap else content)
    return web.Response(status=status, body=f"{text}\n".encode(errors="replace"), headers=_JSON)


def file(
    request: web.Request, body: bytes, kind: str, etag: str = "", cache: str = "no-cache"
) -> web.Response:
    """The body, or 304 when the client has it already; what `etag` leaves out is told by the bytes."""
    etag = etag or hashlib.sha256(body).hexdigest()[:20]
    known = any(tag.value in (etag, "*") for tag in request.if_none_match or ())
    answer = (
        web.Response(status=304)
        if known
        else web.Response(body=body, content_type=kind, charset="utf-8")
    )
    answer.etag = etag
    answer.headers["Cache-Control"] = cache
    return answer


def sign(request: web.Request, answer: web.StreamResponse) -> None:
    """Give it its headers. The envelope calls this; a socket, which is sent before it comes back there, does itself."""
    headers = answer.headers
    for name, value in request[HEADERS].items():
        headers[name] = value
    if "X-Content-Type-Options" not in headers:
        for name, value in _PLAIN.items():
            headers.setdefault(name, value)
