"""The chapter Authentication: setup, login, logout, status."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated, Literal

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS, COOKIE
from handlers.endpoint import Done
from handlers.hub import HUB
from handlers.keys import DB
from handlers.limits import LOGINS
from handlers.responses import reply
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

    Works without more for the owner of the server on the same machine; from elsewhere send the code that the server
    printed when it started as `X-Setup-Code`.
    """
    door = request.app[AUTHENTICATOR]
    local = await asyncio.to_thread(door.local_owner, request)
    if door.is_set_up:
        raise BadRequest("Master password already configured")
    door.admits_setup(request, local)
    async with door.setting_up:
        if door.is_set_up:  # somebody else was faster
            raise BadRequest("Master password already configured")
        await asyncio.to_thread(door.set_password, body.master_password)
    return SetUp()


async def login(request: web.Request, body: Login) -> Token:
    """Exchange the master password for a token."""
    app, door = request.app, request.app[AUTHENTICATOR]
    if not door.is_set_up:
        door.required(None)
    # The owner keeps a segment of his own, so that nobody else's guesses lock him out.
    local = await asyncio.to_thread(door.local_owner, request)
    key = "local owner" if local else door.caller(request)
    async with app[LOGINS].turn["local owner" if local else "others"]:
        if wait := app[LOGINS].wait(key):
            raise TooMany("Too many failed attempts", retry_after=math.ceil(wait))
        if not await asyncio.to_thread(door.matches, body.password):
            app[LOGINS].wrong(key)
            raise Unauthorized("Invalid password")
        app[LOGINS].right(key)
    token, socket_token, life = door.issue()
    answer = reply(Token(token))
    secure = (door.origin(request) or "").startswith("https:")
    answer.set_cookie(
        COOKIE,
        socket_token,
        max_age=life,
        path="/ws",
        httponly=True,
        samesite="Strict",
        secure=secure,
    )
    return answer


async def logout(request: web.Request) -> Done:
    """End this token; sockets opened with it are closed."""
    app, claims = request.app, request[CLAIMS]
    await app[DB].run(tokens.revoke, claims.jti)
    app[AUTHENTICATOR].revoked.add(claims.jti)
    app[HUB].end(claims.jti)
    answer = reply(Done("Logged out successfully"))
    answer.del_cookie(COOKIE, path="/ws")
    return answer


async def status(request: web.Request) -> Status:
    """Tell that the token is good; a bad one is 401."""
    return Status(True, True)
