"""The socket: every event to everyone who listens, and nobody waits for a slow one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from datetime import UTC, datetime

from aiohttp import WSCloseCode, WSMsgType, web

from handlers.auth import COOKIE
from handlers.authenticator import API, SOCKET, Claims
from handlers.keys import AUTHENTICATOR, DB, ENGINE, HUB
from handlers.queue import status
from handlers.responses import sign
from store import queue
from store.errors import TooMany
from store.schema import dump

SOCKETS, WITHOUT_TOKEN = 64, 8
INBOX = 64  # messages that may wait for a slow reader, progress aside
SHOWN = 200  # items in a snapshot; the rest is a page of GET /api/queue away
BLOCKED = 10.0  # seconds a send may take
GOODBYE = 2.0  # seconds to answer a close
TICK = 0.5  # seconds between two messages of a rescan's progress: it passes hundreds of folders at a time
PROTOCOL = "aniworld.v1"


class Inbox:
    """What one socket has yet to be sent: messages in order, and the newest progress of each item."""

    def __init__(self, claims: Claims | None):
        self.claims = claims
        self.over = ""  # why the socket is to be closed
        self._messages: deque[str] = deque()
        self._progress: dict[str, str] = {}
        self._news = asyncio.Event()

    def put(self, text: str, item: str | None) -> None:
        """`item`: the message is progress of this item and replaces the one before; any other makes waiting progress stale."""
        if item is not None:
            self._progress[item] = text
        elif len(self._messages) >= INBOX:
            self.end("slow")
        else:
            self._messages.append(text)
            self._progress.clear()
        self._news.set()

    def end(self, why: str) -> None:
        self.over = self.over or why
        self._news.set()

    async def take(self) -> str | None:
        """The next message, as soon as there is one; None when the socket is to be closed."""
        while not self.over:
            if self._messages:
                return self._messages.popleft()
            if self._progress:
                return self._progress.pop(next(iter(self._progress)))
            self._news.clear()
            await self._news.wait()
        return None


class Hub:
    """Everyone who listens. `seq` rises with every message but progress, which repeats the last one."""

    def __init__(self):
        self.seq = 0
        self._inboxes: set[Inbox] = set()
        self._rescan_told = -TICK

    def publish(self, kind: str, data: object) -> None:
        """Tell all sockets. Never waits."""
        if kind == "rescan_progress":
            if time.monotonic() < self._rescan_told + TICK:
                return
            self._rescan_told = time.monotonic()
        if kind != "download_progress":
            self.seq += 1
        if self._inboxes:
            text = message(kind, data, self.seq)
            item = data["queue_item_id"] if kind == "download_progress" else None
            for inbox in tuple(self._inboxes):
                inbox.put(text, item)

    def join(self, claims: Claims | None) -> Inbox:
        """Raises TooMany: 64 sockets in all, 8 without a token."""
        strangers = sum(inbox.claims is None for inbox in self._inboxes)
        if len(self._inboxes) >= SOCKETS or (claims is None and strangers >= WITHOUT_TOKEN):
            raise TooMany("Too many sockets are open", retry_after=30)
        inbox = Inbox(claims)
        self._inboxes.add(inbox)
        return inbox

    def leave(self, inbox: Inbox) -> None:
        self._inboxes.discard(inbox)

    def end(self, jti: str) -> None:
        """The token is no longer good: its sockets close."""
        for inbox in self._inboxes:
            if inbox.claims and inbox.claims.jti == jti:
                inbox.end("token")

    def close(self) -> None:
        for inbox in self._inboxes:
            inbox.end("shutdown")


CLOSING = {
    "slow": (WSCloseCode.TRY_AGAIN_LATER, b"too slow"),
    "token": (WSCloseCode.POLICY_VIOLATION, b"the token has ended"),
    "shutdown": (WSCloseCode.GOING_AWAY, b"the server stops"),
}


def message(kind: str, data: object, seq: int) -> str:
    timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return dump({"type": kind, "timestamp": timestamp, "seq": seq, "data": data})


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
        items, _ = await request.app[DB].run(queue.page, None, SHOWN, 0)
        shown = [request.app[ENGINE].facts(item) for item in items]
        text = message("snapshot", {"status": await status(request), "items": shown}, seq)
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
                return inbox.end("slow")
    inbox.end("gone")


async def _admit(request: web.Request) -> Claims | None:
    """The proofs in their order: a token given openly is judged alone, then the cookie, then the local owner.

    None is the local owner. Raises Unauthorized, before the upgrade.
    """
    door = request.app[AUTHENTICATOR]
    offered = [
        p.strip()
        for value in request.headers.getall("Sec-WebSocket-Protocol", ())
        for p in value.split(",")
    ]
    tokens = [p.removeprefix("bearer.") for p in offered if p.startswith("bearer.")]
    if "Authorization" in request.headers:
        return door.required(door.bearer(request))
    if tokens:
        return door.required(door.verify(tokens[0], API) if len(tokens) == 1 else None)
    origin = request.headers.getall("Origin", ())
    if (
        (cookie := request.cookies.get(COOKIE))
        and len(origin) == 1
        and origin[0] == door.origin(request)
    ):
        if claims := door.verify(cookie, SOCKET):
            return claims
    if await asyncio.to_thread(door.local_owner, request):
        return None
    return door.required(None)
