"""The shape of every answer: JSON, a page or a file, and the headers that all of them carry."""

from __future__ import annotations

import hashlib
from functools import cache
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from multidict import CIMultiDict

from handlers.keys import HEADERS
from store import schema

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
BINARY = ("image/jpeg", "image/png", "image/webp")
SAFETY_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
WORTH_PACKING = 16_384  # bytes of an answer
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'"  # of what is no page
_PAGE_HEADERS = SAFETY_HEADERS | {"Content-Security-Policy": PAGE_POLICY}
# Ready to be copied: each header that is added later costs every call half a microsecond.
_JSON_HEADERS = CIMultiDict(
    SAFETY_HEADERS
    | {
        "Content-Security-Policy": FILE_POLICY,
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
    }
)


def reply(
    content: object, status: int = 200, *, wrap: bool = False, packs: bool = False
) -> web.Response:
    """Answer in JSON; its last byte is a newline, for those who read it in a terminal.

    `wrap` puts the content under `{"success": true, "data": ...}`. `packs` compresses a large
    answer for a client that unpacks it, beside the loop.
    """
    text = schema.dump({"success": True, "data": content} if wrap else content)
    body = f"{text}\n".encode(errors="replace")
    if not packs or len(body) < WORTH_PACKING:
        return json_text(body, status)
    answer = web.Response(
        status=status, body=body, headers=_JSON_HEADERS, zlib_executor_size=WORTH_PACKING
    )
    answer.enable_compression()
    return answer


def json_text(body: bytes, status: int = 200) -> web.Response:
    """Answer with a text that is JSON already."""
    return web.Response(status=status, body=body, headers=_JSON_HEADERS)


def page(template: str, policy: str = PAGE_POLICY, **variables: object) -> web.Response:
    """Answer with a template of handlers/templates, its variables filled in."""
    text = _templates().get_template(template).render(variables)
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return web.Response(text=text, content_type="text/html", headers=headers)


def file(
    request: web.Request,
    body: bytes,
    content_type: str,
    *,
    etag: str = "",
    cache_control: str = "no-cache",
) -> web.Response:
    """Answer with the body, or with 304 when the client has it already.

    Without `etag` a hash of the body tells whether it has changed.
    """
    etag = etag or hashlib.sha256(body).hexdigest()[:20]
    if is_known(request, f'"{etag}"'):
        answer = web.Response(status=304)
    else:
        charset = None if content_type in BINARY else "utf-8"
        answer = web.Response(body=body, content_type=content_type, charset=charset)
    answer.etag = etag
    answer.headers["Cache-Control"] = cache_control
    return answer


def is_known(request: web.Request, etag: str) -> bool:
    """Whether the client already has the content with this ETag, quotes and all."""
    return any(tag.value in (etag.strip('"'), "*") for tag in request.if_none_match or ())


def set_cookie(
    request: web.Request,
    name: str,
    value: str,
    *,
    path: str,
    max_age_seconds: int,
    secure: bool = False,
) -> None:
    """Let the answer set a cookie that no script can read and no other site's page sends.

    A `max_age_seconds` of 0 deletes the cookie.
    """
    cookie = SimpleCookie({name: value})[name]
    cookie["path"] = path
    cookie["max-age"] = max_age_seconds
    cookie["httponly"] = True
    cookie["samesite"] = "Strict"
    cookie["secure"] = secure
    request[HEADERS]["Set-Cookie"] = cookie.OutputString()


def sign(request: web.Request, answer: web.StreamResponse) -> None:
    """Give the answer the headers that all of them carry.

    The envelope does this for every answer but the socket's, which are sent before they come back
    to the envelope: the socket calls it itself.
    """
    headers = answer.headers
    for name, value in request[HEADERS].items():
        headers[name] = value
    if "X-Content-Type-Options" not in headers:
        for name, value in _PAGE_HEADERS.items():
            headers.setdefault(name, value)


@cache
def _templates() -> Environment:
    """The templates of the pages, apart from the files that everybody may read.

    Imported late, for an application of its own: a server that only answers scripts never needs
    jinja2, which takes 6 % of the start.
    """
    import aiohttp_jinja2
    import jinja2

    return aiohttp_jinja2.setup(
        web.Application(),
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
    )
