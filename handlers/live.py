"""The socket's call: who may listen, the snapshot, then every event as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import WSCloseCode, WSMsgType, web

from downloads.events import Snapshot
from handlers.authenticator import AUTHENTICATOR, COOKIE, SOCKET_AUDIENCE, Claims
from handlers.hub import HUB, Inbox, message
from handlers.keys import DB, ENGINE
from handlers.responses import sign
from store import queue

SHOWN = 200  # items in a snapshot; the rest is a page of GET /api/queue away
BLOCKED = 10.0  # seconds a send may take
GOODBYE = 2.0  # seconds to answer a close
PROTOCOL = "aniworld.v1"

CLOSING = {
    "slow": (WSCloseCode.TRY_AGAIN_LATER, b"too slow"),
    "token": (WSCloseCode.POLICY_VIOLATION, b"the token has ended"),
    "shutdown": (WSCloseCode.GOING_AWAY, b"the server stops"),
}


async def connect(request: web.Request) -> web.WebSocketResponse:
    """GET /ws/downloads: the snapshot, then every event as it happens."""
    hub = request.app[HUB]
    claims = await _admit(request)
    inbox = hub.join(claims)
    seq = hub.seq  # what happens from here on waits in the inbox: nothing is missed
    socket = web.WebSocketResponse(
        heartbeat=25, protocols=(PROTOCOL,), max_msg_size=4096, compress=False
    )
    try:
        engine = request.app[ENGINE]
        items, _ = await request.app[DB].run(queue.page, None, SHOWN, 0)
        shown = [engine.describe(item) for item in items]
        text: str | None = message(Snapshot(await engine.status(), shown), seq)
        sign(request, socket)
        await socket.prepare(request)
        reader = asyncio.create_task(_read(socket, inbox), name="socket reader")
        timer = (
            asyncio.get_running_loop().call_later(claims.exp - time.time(), inbox.end, "token")
            if claims
            else None
        )
        try:
            while text:
                async with asyncio.timeout(BLOCKED):
                    await socket.send_str(text)
                text = await inbox.take()
        finally:
            reader.cancel()
            if timer:
                timer.cancel()
    except TimeoutError:
        inbox.end("slow")
    except ConnectionError:
        inbox.end("gone")  # and nobody else minds
    finally:
        hub.leave(inbox)
    if inbox.over in CLOSING:
        code, reason = CLOSING[inbox.over]
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await socket.close(code=code, message=reason)
        if request.transport:  # or what it never read would keep the connection open
            request.transport.abort()
    return socket


async def _read(socket: web.WebSocketResponse, inbox: Inbox) -> None:
    """What a client says is ignored, until it says goodbye or says too much."""
    began, count = time.monotonic(), 0
    async for incoming in socket:
        if incoming.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            count += 1
            if count > 100 and count > 10 * (time.monotonic() - began):
                inbox.end("slow")
                return
    inbox.end("gone")


async def _admit(request: web.Request) -> Claims | None:
    """The claims of the caller, None for the local owner. Raises Unauthorized, before the upgrade.

    A token in a header or a subprotocol is judged alone; then the cookie counts, then the local
    owner.
    """
    authenticator = request.app[AUTHENTICATOR]
    if "Authorization" in request.headers:
        return authenticator.require(authenticator.bearer_claims(request))
    tokens = [
        protocol.strip().removeprefix("bearer.")
        for header in request.headers.getall("Sec-WebSocket-Protocol", ())
        for protocol in header.split(",")
        if protocol.strip().startswith("bearer.")
    ]
    if tokens:
        claims = authenticator.verify(tokens[0]) if len(tokens) == 1 else None
        return authenticator.require(claims)
    if request.headers.getall("Origin", []) == [authenticator.own_origin(request)]:
        claims = authenticator.verify(request.cookies.get(COOKIE, ""), SOCKET_AUDIENCE)
        if claims:
            return claims
    if await asyncio.to_thread(authenticator.is_local_owner, request):
        return None
    return authenticator.require(None)
