"""The sockets that are open. Each gets every event, and nobody waits for a slow reader."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from aiohttp import web

from downloads.events import Event
from handlers.authenticator import Claims
from store.clock import now
from store.errors import TooMany
from store.schema import dump

SOCKETS = 64
SOCKETS_WITHOUT_TOKEN = 8
INBOX_MESSAGES = 64  # that may wait for a slow reader, beside those that replace one another


class Inbox:
    """Messages for one socket: first the others in order, then those that replace one another."""

    def __init__(self, claims: Claims | None):
        self.claims = claims
        self.over = ""  # why the socket is to be closed
        self._messages: deque[str] = deque()
        self._newest: dict[object, str] = {}  # by the key of the messages that replace one another
        self._wakeup = asyncio.Event()

    def put(self, text: str, replaces: object = None) -> None:
        """Add a message. The one before it with the same key `replaces` is dropped.

        A message without such a key makes all those stale that have one: they would repeat an
        old `seq` after it.
        """
        if replaces is not None:
            self._newest[replaces] = text
        elif len(self._messages) >= INBOX_MESSAGES:
            self.end("slow")
        else:
            self._messages.append(text)
            self._newest.clear()
        self._wakeup.set()

    def end(self, why: str) -> None:
        """Close the socket, once it is looked at; the first reason counts."""
        self.over = self.over or why
        self._wakeup.set()

    async def take(self) -> str | None:
        """The next message, as soon as there is one; None when the socket is to be closed."""
        while not self.over:
            if self._messages:
                return self._messages.popleft()
            if self._newest:
                return self._newest.pop(next(iter(self._newest)))
            self._wakeup.clear()
            await self._wakeup.wait()
        return None


class Hub:
    """All open sockets. `seq` counts the messages that do not replace others."""

    def __init__(self) -> None:
        self.seq = 0
        self._inboxes: set[Inbox] = set()
        self._closed = False
        self._not_before: dict[object, float] = {}  # key -> monotonic time of the next such message

    def publish(self, event: Event) -> None:
        """Tell all sockets, unless such a message was sent just now. Never waits."""
        if event.every_seconds and not self._is_due(event):
            return
        if not event.replaces:
            self.seq += 1
        if self._inboxes:
            text = message(event, self.seq)
            for inbox in tuple(self._inboxes):
                inbox.put(text, event.key if event.replaces else None)

    def _is_due(self, event: Event) -> bool:
        at = time.monotonic()
        self._not_before = {key: due for key, due in self._not_before.items() if due > at}
        if event.key in self._not_before:
            return False
        self._not_before[event.key] = at + event.every_seconds
        return True

    def join(self, claims: Claims | None) -> Inbox:
        """Raises TooMany: 64 sockets in all, 8 without a token."""
        strangers = sum(inbox.claims is None for inbox in self._inboxes)
        if len(self._inboxes) >= SOCKETS or (claims is None and strangers >= SOCKETS_WITHOUT_TOKEN):
            raise TooMany("Too many sockets are open", retry_after=30)
        inbox = Inbox(claims)
        self._inboxes.add(inbox)
        if self._closed:
            inbox.end("shutdown")
        return inbox

    def leave(self, inbox: Inbox) -> None:
        """The inbox's socket is closed."""
        self._inboxes.discard(inbox)

    def end(self, jti: str) -> None:
        """The token, or the key, is no longer good: its sockets close."""
        for inbox in self._inboxes:
            if inbox.claims and inbox.claims.jti == jti:
                inbox.end("token")

    def end_all_tokens(self) -> None:
        """No token is good any more: all sockets close but those of keys and the local owner."""
        for inbox in self._inboxes:
            if inbox.claims and inbox.claims.access == "owner":
                inbox.end("token")

    def close(self) -> None:
        """Let all sockets end: those that are open, and those that are just being opened."""
        self._closed = True
        for inbox in self._inboxes:
            inbox.end("shutdown")


HUB = web.AppKey("hub", Hub)


def message(event: Event, seq: int) -> str:
    """The message that tells of `event`, as it is sent."""
    return dump(event.message_type()(event.type, now(), seq, event))
