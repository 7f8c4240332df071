"""The chapter Authentication: setup, login, logout, status, another password."""

import asyncio
import sqlite3
from typing import Annotated, Literal

from aiohttp import web

from handlers import trace
from handlers.authenticator import AUTHENTICATOR, CLAIMS, COOKIE, check_new_password
from handlers.endpoint import Done
from handlers.hub import HUB
from handlers.keys import DB
from handlers.logins import LOCAL_OWNER, LOGINS
from handlers.responses import set_cookie
from store import tokens
from store.errors import BadRequest, Unauthorized
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
class Logout:
    everywhere: bool = False


@record
class NewPassword:
    password: Password
    new_password: Password


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
    async with authenticator.password_lock:
        if authenticator.is_set_up:  # somebody else was faster
            raise BadRequest("Master password already configured")
        await asyncio.to_thread(authenticator.set_password, body.master_password)
    trace.record(request, "setup")
    return SetUp()


async def login(request: web.Request, body: Login) -> Token:
    """Exchange the master password for a token."""
    authenticator = request.app[AUTHENTICATOR]
    if not authenticator.is_set_up:
        authenticator.require(None)
    await _check_password(request, body.password)
    trace.record(request, "login")
    return _issue(request)


async def logout(request: web.Request, body: Logout | None = None) -> Done:
    """End this token, or with `everywhere` all tokens; sockets opened with them are closed.

    Keys stay good.
    """
    app = request.app
    authenticator = app[AUTHENTICATOR]
    claims = authenticator.require(request[CLAIMS])
    if body and body.everywhere:
        async with authenticator.password_lock:
            await asyncio.to_thread(authenticator.end_all_tokens)
        app[HUB].end_all_tokens()
        trace.record(request, "logout everywhere")
    else:
        authenticator.revoked.add(claims.jti)
        app[HUB].end(claims.jti)
        try:
            await app[DB].run(tokens.revoke, claims.jti)
        except sqlite3.Error:
            authenticator.unsaved.add(claims.jti)
            raise
        trace.record(request, "logout")
    path = authenticator.socket_path(request)
    set_cookie(request, COOKIE, "", path=path, max_age_seconds=0)
    return Done("Logged out successfully")


async def change_password(request: web.Request, body: NewPassword) -> Token:
    """Set another password and answer a fresh token.

    All other tokens end and their sockets close; keys stay good.
    """
    authenticator = request.app[AUTHENTICATOR]
    check_new_password(body.new_password, "new_password")
    await _check_password(request, body.password, field="password")
    async with authenticator.password_lock:
        authenticator.require(authenticator.bearer_claims(request))  # somebody else was faster
        await asyncio.to_thread(authenticator.set_password, body.new_password)
    request.app[HUB].end_all_tokens()
    trace.record(request, "change of the password")
    return _issue(request)


async def status(request: web.Request) -> Status:
    """Tell that the token is good; a bad one is 401."""
    return Status(authenticated=True, token_valid=True)


def _issue(request: web.Request) -> Token:
    """A new token, and the cookie that opens the socket for our page."""
    authenticator = request.app[AUTHENTICATOR]
    issued = authenticator.issue()
    is_https = (authenticator.own_origin(request) or "").startswith("https:")
    set_cookie(
        request,
        COOKIE,
        issued.socket,
        path=authenticator.socket_path(request),
        max_age_seconds=issued.lifetime_seconds,
        secure=is_https,
    )
    return Token(issued.bearer)


async def _check_password(request: web.Request, password: str, **details: str) -> None:
    """Raises Unauthorized, with `details`, for a wrong password, also for one that was changed
    before this returns; TooMany for a caller who has to wait."""
    authenticator, logins = request.app[AUTHENTICATOR], request.app[LOGINS]
    stored = authenticator.password_hash
    is_local_owner = await asyncio.to_thread(authenticator.is_local_owner, request)
    caller = LOCAL_OWNER if is_local_owner else authenticator.caller(request)
    logins.judge(caller)
    claims = request[CLAIMS]
    lane = logins.lane(caller, is_trusted=claims is not None and claims.access == "owner")
    async with lane.turn():
        logins.judge(caller)  # again: other calls of this caller may have failed meanwhile
        if request.transport is None or request.transport.is_closing():
            raise Unauthorized("Invalid password")  # nobody waits for an answer any more
        lane.count()
        if not await asyncio.to_thread(authenticator.matches, password):
            trace.warn(request, "wrong password")
            await logins.record_failure(caller)
            raise Unauthorized("Invalid password", **details)
    await logins.record_success(caller)
    if authenticator.password_hash != stored:
        raise Unauthorized("Invalid password", **details)
