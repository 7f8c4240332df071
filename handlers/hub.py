"""Everyone who listens on the socket: every event to each of them, and nobody waits for a slow one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from datetime import UTC, datetime

from aiohttp import web

from handlers.authenticator import Claims
from store.errors import TooMany
from store.schema import dump

SOCKETS, WITHOUT_TOKEN = 64, 8
INBOX = 64  # messages that may wait for a slow reader, progress aside
TICK = 0.5  # seconds between two messages of a rescan's progress: it passes hundreds of folders at a time


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


HUB = web.AppKey("hub", Hub)


def message(kind: str, data: object, seq: int) -> str:
    timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return dump({"type": kind, "timestamp": timestamp, "seq": seq, "data": data})
