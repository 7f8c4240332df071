"""The socket's call: who may listen, the snapshot, then every event as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import WSCloseCode, WSMsgType, web

from downloads.events import Snapshot
from handlers.authenticator import AUTHENTICATOR, COOKIE, SOCKET_AUDIENCE, Claims
from handlers.endpoint import require_access
from handlers.hub import HUB, Inbox, message
from handlers.keys import DB, ENGINE
from handlers.responses import sign
from store.queue_groups import all_groups
from store.queue_pages import first_items

SEND_SECONDS = 10.0  # that a reader may take for one message
GOODBYE_SECONDS = 2.0  # to answer a close
FREE_MESSAGES = 100  # that a client may send as fast as it likes
MESSAGES_PER_SECOND = 10  # after these
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
    seq = hub.seq  # whatever happens from here on waits in the inbox: nothing is missed
    socket = web.WebSocketResponse(
        heartbeat=25, protocols=(PROTOCOL,), max_msg_size=4096, compress=False
    )
    try:
        snapshot = message(await _snapshot(request), seq)
        sign(request, socket)
        await socket.prepare(request)
        await _talk(socket, inbox, snapshot)
    except TimeoutError:
        inbox.end("slow")
    except ConnectionError:
        inbox.end("gone")  # and nobody else minds
    finally:
        hub.leave(inbox)
    if inbox.over in CLOSING:
        await _close(request, socket, inbox.over)
    return socket


async def _snapshot(request: web.Request) -> Snapshot:
    engine = request.app[ENGINE]
    db = request.app[DB]
    items, groups = await db.run(lambda conn: (first_items(conn), all_groups(conn)))
    return Snapshot(
        status=await engine.status(),
        items=[engine.describe(item) for item in items],
        groups=groups,
        pictures=request.app[AUTHENTICATOR].picture_seal,
        sources=engine.rests.all(),
    )


async def _talk(socket: web.WebSocketResponse, inbox: Inbox, first: str) -> None:
    """Send the messages of the inbox, until it is closed or the token has ended. Raises
    TimeoutError for a reader that is too slow, and ConnectionError."""
    reader = asyncio.create_task(_read(socket, inbox), name="socket reader")
    timer = None
    if inbox.claims and inbox.claims.access == "owner":  # a key has no end
        seconds_left = inbox.claims.exp - time.time()
        timer = asyncio.get_running_loop().call_later(seconds_left, inbox.end, "token")
    try:
        text: str | None = first
        while text:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_str(text)
            text = await inbox.take()
    finally:
        reader.cancel()
        if timer:
            timer.cancel()


async def _close(request: web.Request, socket: web.WebSocketResponse, why: str) -> None:
    """Close the socket with the code that says why."""
    code, reason = CLOSING[why]
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            await socket.close(code=code, message=reason)
    if request.transport:  # or the bytes that nobody reads would keep the connection open
        request.transport.abort()


async def _read(socket: web.WebSocketResponse, inbox: Inbox) -> None:
    """Ignore what a client says, until it says goodbye or too much."""
    began = time.monotonic()
    count = 0
    async for incoming in socket:
        if incoming.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            count += 1
            most = max(FREE_MESSAGES, MESSAGES_PER_SECOND * (time.monotonic() - began))
            if count > most:
                inbox.end("slow")
                return
    inbox.end("gone")


async def _admit(request: web.Request) -> Claims | None:
    """The claims of the caller, None for the local owner.

    Raises Unauthorized and, for a key that may not read, Forbidden, before the upgrade.

    A token in a header or a subprotocol is judged alone; then the cookie counts, then the local
    owner.
    """
    authenticator = request.app[AUTHENTICATOR]
    if "Authorization" in request.headers:
        return _require_reading(authenticator.require(authenticator.bearer_claims(request)))
    tokens = [
        protocol.strip().removeprefix("bearer.")
        for header in request.headers.getall("Sec-WebSocket-Protocol", ())
        for protocol in header.split(",")
        if protocol.strip().startswith("bearer.")
    ]
    if tokens:
        claims = authenticator.verify(tokens[0]) if len(tokens) == 1 else None
        return _require_reading(authenticator.require(claims))
    if request.headers.getall("Origin", []) == [authenticator.own_origin(request)]:
        claims = authenticator.verify(request.cookies.get(COOKIE, ""), SOCKET_AUDIENCE)
        if claims:
            return claims
    if await asyncio.to_thread(authenticator.is_local_owner, request):
        return None
    return authenticator.require(None)


def _require_reading(claims: Claims) -> Claims:
    require_access(claims.access, "read")
    return claims
