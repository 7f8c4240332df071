"""Every error as the reference's envelope, in one place: the middleware around each handler."""

from __future__ import annotations

import logging
import random
import re
import sqlite3
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from handlers.keys import HEADERS
from handlers.limits import token_bucket
from handlers.responses import reply, sign
from store.errors import Failure

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger(__name__)

# The reference's table, and BAD_REQUEST for what it has no code for (decisions.md 7).
STATUS = {
    "BAD_REQUEST": 400,
    "AUTHENTICATION_ERROR": 401,
    "AUTHORIZATION_ERROR": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "VALIDATION_ERROR": 422,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "DOWNLOAD_ERROR": 500,
    "CONFIGURATION_ERROR": 500,
    "PROVIDER_ERROR": 500,
    "DATABASE_ERROR": 500,
}
NAMES = {status: code for code, status in STATUS.items() if status < 500}
KEPT = ("Allow", "WWW-Authenticate", "Retry-After")
_OWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_THIS_START = str(uuid.uuid4())[:24]


def envelope(handler: Handler) -> Handler:
    """Our one middleware: the request id, the token bucket, and an envelope around whatever is raised below.

    Put around each handler when the routes are made: aiohttp's own layer for this costs every call a tenth.
    """

    async def enveloped(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("X-Request-ID")
        name = given if given and _OWN_ID.fullmatch(given) else new_id()
        request[HEADERS] = {"X-Request-ID": name}
        try:
            token_bucket(request)
            answer = await handler(request)
        except Failure as error:
            status = STATUS[error.code]
            if status == 500:
                log.error("%s %s: %s", name, error.code, error)
            answer = refusal(request, status, error.code, str(error), error.details)
        except web.HTTPException as error:  # aiohttp's own 404, 405, 413
            if error.status < 400:
                raise
            headers = {name: error.headers[name] for name in KEPT if name in error.headers}
            answer = refusal(
                request,
                error.status,
                NAMES.get(error.status, "BAD_REQUEST"),
                error.reason,
                {},
                headers,
            )
        except sqlite3.Error:
            log.exception("%s database", name)
            answer = refusal(
                request, 500, "DATABASE_ERROR", "The database failed; the log tells why", {}
            )
        except OSError as error:
            log.error("%s %s", name, error)
            answer = refusal(
                request,
                500,
                "CONFIGURATION_ERROR",
                f"The state directory cannot be used: {error.strerror}",
                {},
            )
        except Exception:
            log.exception("%s unexpected", name)
            answer = refusal(
                request,
                500,
                "INTERNAL_SERVER_ERROR",
                "Something went wrong; the log tells what",
                {},
            )
        sign(request, answer)
        return answer

    return enveloped


def new_id() -> str:
    """A UUID of version 4. Those of one start begin alike: `uuid.uuid4()` for each takes ten times as long."""
    return f"{_THIS_START}{random.getrandbits(48):012x}"


def refusal(
    request: web.Request, status: int, code: str, message: str, details: dict, headers: dict = {}
) -> web.Response:
    """The five keys of the reference; a 401 says how to authenticate, a 429 when to come back."""
    body = {
        "success": False,
        "error": code,
        "message": message,
        "details": details,
        "request_id": request[HEADERS]["X-Request-ID"],
    }
    answer = reply(body, status)
    answer.headers.extend(headers)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in details:
        answer.headers["Retry-After"] = str(details["retry_after"])
    if status in (408, 413):
        answer.force_close()
    return answer
