"""The chapter Authentication: setup, login, logout, status."""

import asyncio
import math
from typing import Annotated, Literal

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS, COOKIE
from handlers.endpoint import Done
from handlers.hub import HUB
from handlers.keys import DB
from handlers.limits import LOGINS
from handlers.responses import set_cookie
from store import tokens
from store.errors import BadRequest, TooMany, Unauthorized
from store.schema import Rule, record

Password = Annotated[str, Rule(least=1, most=4096, secret=True, example="your_secure_password")]


@record
class Setup:
    master_password: Password


@record
class SetUp:
    status: Literal["ok"] = "ok"


@record
class Login:
    password: Password


@record
class Token:
    token: str
    token_type: Literal["bearer"] = "bearer"


@record
class Status:
    authenticated: bool
    token_valid: bool


async def setup(request: web.Request, body: Setup) -> SetUp:
    """Set the master password, once.

    Works without more for the owner of the server on the same machine; from elsewhere send the
    code that the server printed when it started as `X-Setup-Code`.
    """
    authenticator = request.app[AUTHENTICATOR]
    is_local_owner = await asyncio.to_thread(authenticator.is_local_owner, request)
    if authenticator.is_set_up:
        raise BadRequest("Master password already configured")
    authenticator.require_setup_right(request, is_local_owner=is_local_owner)
    async with authenticator.setup_lock:
        if authenticator.is_set_up:  # somebody else was faster
            raise BadRequest("Master password already configured")
        await asyncio.to_thread(authenticator.set_password, body.master_password)
    return SetUp()


async def login(request: web.Request, body: Login) -> Token:
    """Exchange the master password for a token."""
    authenticator = request.app[AUTHENTICATOR]
    if not authenticator.is_set_up:
        authenticator.require(None)
    await _check_password(request, body.password)
    issued = authenticator.issue()
    is_https = (authenticator.own_origin(request) or "").startswith("https:")
    set_cookie(
        request,
        COOKIE,
        issued.socket,
        path="/ws",
        max_age_seconds=issued.lifetime_seconds,
        secure=is_https,
    )
    return Token(issued.bearer)


async def logout(request: web.Request) -> Done:
    """End this token; sockets opened with it are closed."""
    app = request.app
    claims = app[AUTHENTICATOR].require(request[CLAIMS])
    await app[DB].run(tokens.revoke, claims.jti)
    app[AUTHENTICATOR].revoked.add(claims.jti)
    app[HUB].end(claims.jti)
    set_cookie(request, COOKIE, "", path="/ws", max_age_seconds=0)
    return Done("Logged out successfully")


async def status(request: web.Request) -> Status:
    """Tell that the token is good; a bad one is 401."""
    return Status(authenticated=True, token_valid=True)


async def _check_password(request: web.Request, password: str) -> None:
    """Raises Unauthorized for a wrong password, TooMany for a caller who has to wait."""
    app = request.app
    authenticator, logins = app[AUTHENTICATOR], app[LOGINS]
    # The owner has slots and a count of his own, so that nobody else's guesses lock him out.
    is_local_owner = await asyncio.to_thread(authenticator.is_local_owner, request)
    caller = "local owner" if is_local_owner else authenticator.caller(request)
    async with logins.slots["local owner" if is_local_owner else "others"]:
        if wait_seconds := logins.wait_seconds(caller):
            raise TooMany("Too many failed attempts", retry_after=math.ceil(wait_seconds))
        if not await asyncio.to_thread(authenticator.matches, password):
            logins.record_failure(caller)
            raise Unauthorized("Invalid password")
        logins.record_success(caller)
