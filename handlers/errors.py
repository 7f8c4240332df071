"""Every error in the reference's five keys, in one place: the envelope around each handler."""

from __future__ import annotations

import logging
import random
import re
import sqlite3
import uuid
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from aiohttp import web

from handlers.connections import Connections
from handlers.endpoint import Handler
from handlers.keys import HEADERS
from handlers.limits import Limiter
from handlers.responses import reply, sign
from handlers.timings import Timing
from store.errors import Failure

log = logging.getLogger(__name__)

# The reference's table, with BAD_REQUEST for what it has no code for (docs/decisions.md, 7).
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
CODE = {status: code for code, status in STATUS.items() if status < 500}
# Headers of aiohttp's own errors that an answer keeps.
KEPT_HEADERS = ("Allow", "WWW-Authenticate", "Retry-After")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ID_OF_THIS_START = str(uuid.uuid4())[:24]


def envelope(
    handler: Handler, timing: Timing, connections: Connections, limiter: Limiter
) -> Handler:
    """Our one middleware: the request id, the token bucket, and an answer to each exception.

    `timing` is told how long each call took, `connections` which of them is busy.

    The table of routes puts it around each handler: aiohttp's own layer for middlewares makes
    every call a tenth slower.
    """

    take_token = limiter.take_token

    async def enveloped(request: web.Request) -> web.StreamResponse:
        began = perf_counter()
        given_id = request.headers.get("X-Request-ID")
        is_well_formed = given_id and _REQUEST_ID.fullmatch(given_id)
        request_id = given_id if given_id and is_well_formed else new_request_id()
        request[HEADERS] = {"X-Request-ID": request_id}
        answer: web.StreamResponse
        connection = connections.begin(request)
        try:
            take_token(request)
            answer = await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            answer = _refuse_as_aiohttp_does(request, error)
        except Exception as error:
            answer = _refuse(request, error)
        finally:
            if connection:
                connections.end(connection)
        sign(request, answer)
        timing.record(answer.status, perf_counter() - began)
        return answer

    return enveloped


def new_request_id() -> str:
    """A UUID of version 4, of which those of one start have the beginning in common.

    `uuid.uuid4()` for each takes ten times as long.
    """
    return f"{_ID_OF_THIS_START}{random.getrandbits(48):012x}"


def _refuse(request: web.Request, error: Exception) -> web.Response:
    """Answer with what the caller may know of the error; the log gets the rest."""
    request_id = request[HEADERS]["X-Request-ID"]
    if isinstance(error, Failure):
        if STATUS[error.code] == 500:
            log.error("%s %s: %s", request_id, error.code, error)
        return refusal(request, error.code, str(error), details=error.details)
    if isinstance(error, sqlite3.Error):
        log.error("%s database", request_id, exc_info=error)
        return refusal(request, "DATABASE_ERROR", "The database failed; the log tells why")
    if isinstance(error, OSError):
        log.error("%s %s", request_id, error)
        return refusal(
            request,
            "CONFIGURATION_ERROR",
            f"The state directory cannot be used: {error.strerror}",
        )
    log.error("%s unexpected", request_id, exc_info=error)
    return refusal(request, "INTERNAL_SERVER_ERROR", "Something went wrong; the log tells what")


def _refuse_as_aiohttp_does(request: web.Request, error: web.HTTPException) -> web.Response:
    """Answer aiohttp's own 404, 405, 413 ... in the five keys."""
    answer = refusal(
        request,
        CODE.get(error.status, "BAD_REQUEST"),
        error.reason,
        status=error.status,
    )
    for name in KEPT_HEADERS:
        if name in error.headers:
            answer.headers[name] = error.headers[name]
    return answer


def refusal(
    request: web.Request,
    code: str,
    message: str,
    *,
    details: Mapping[str, Any] = {},
    status: int | None = None,
) -> web.Response:
    """The five keys of the reference; a 401 says how to authenticate, a 429 when to come back.

    `status` is the code's own unless given.
    """
    status = STATUS[code] if status is None else status
    body = {
        "success": False,
        "error": code,
        "message": message,
        "details": details,
        "request_id": request[HEADERS]["X-Request-ID"],
    }
    answer = reply(body, status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in details:
        answer.headers["Retry-After"] = str(details["retry_after"])
    if status in (408, 413):
        answer.force_close()
    return answer
