"""The open sockets. Each gets every event, and nobody waits for a slow reader.

The newest messages are kept for those who ask for them: handlers/events.py.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice

from aiohttp import web

from downloads.events import Event
from handlers.authenticator import Claims
from store.clock import now
from store.errors import TooMany
from store.schema import dump

SOCKETS = 64
SOCKETS_WITHOUT_TOKEN = 8
INBOX_MESSAGES = 64  # that may wait for a slow reader, beside those that replace one another
WAITING_CALLS = 64
KEPT_MESSAGES = 1000
MAX_KEPT_BYTES = 4 << 20  # of all of them


class Listener:
    """A caller who waits for messages, with a token or a key."""

    def __init__(self, claims: Claims | None):
        self.claims = claims
        self.over = ""  # the reason for which the waiting has ended
        self._wakeup = asyncio.Event()

    def end(self, why: str) -> None:
        """End the waiting; the first reason counts."""
        self.over = self.over or why
        self._wakeup.set()

    def wake(self) -> None:
        """Tell that there is a message."""
        self._wakeup.set()

    async def wait(self, until: Callable[[], bool], seconds: float) -> None:
        """Wait for so many seconds, until it is over or `until` is true after a message."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.over and not until():
                    self._wakeup.clear()
                    await self._wakeup.wait()


class Call(Listener):
    """A call that waits. `is_gone` says whether its caller has hung up."""

    def __init__(self, claims: Claims | None, is_gone: Callable[[], bool]):
        super().__init__(claims)
        self.is_gone = is_gone


class Inbox(Listener):
    """Messages for one socket: first the others in order, then those that replace one another."""

    def __init__(self, claims: Claims | None):
        super().__init__(claims)
        self._messages: deque[str] = deque()
        self._newest: dict[object, str] = {}  # by the key of the messages that replace one another

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
    """All open sockets, and the calls that wait.

    `seq` counts the messages that do not replace others, from `first_seq` on: what this run has
    published bears higher numbers. `heard` may be set later: it is told the type of each of them.
    `counts` counts them by type.
    """

    def __init__(self, first_seq: int = 0) -> None:
        self.first_seq = first_seq
        self.seq = first_seq
        self.heard: Callable[[str], None] | None = None
        self.counts: Counter[str] = Counter()
        self._inboxes: set[Inbox] = set()
        self._calls: set[Call] = set()
        self._closed = False
        self._not_before: dict[object, float] = {}  # key -> monotonic time of the next such message
        self._gathered: dict[str, Event | None] = {}  # type -> what goes out when its time is over
        # The newest messages that replace no others; the last one has the number `seq`.
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0

    def publish(self, event: Event) -> None:
        """Tell all sockets, unless such a message was sent just now. Never waits."""
        if event.every_seconds and not self._is_due(event):
            return
        if event.gather_seconds and self._is_gathered(event):
            return
        if event.replaces and not self._inboxes:
            return
        if not event.replaces:
            self.seq += 1
            self.counts[event.type] += 1
        text = message(event, self.seq)
        for inbox in tuple(self._inboxes):
            inbox.put(text, event.key if event.replaces else None)
        if not event.replaces:
            self._keep(text.encode(errors="replace"))
            if self.heard:
                self.heard(event.type)

    def _keep(self, text: bytes) -> None:
        self._kept.append(text)
        self._kept_bytes += len(text)
        while len(self._kept) > KEPT_MESSAGES or self._kept_bytes > MAX_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft())
        for call in self._calls:
            call.wake()

    def since(self, seq: int) -> tuple[list[bytes], bool]:
        """The kept messages behind the one with this number, and whether some are lost between.

        0 stands for the beginning of this run. Of a number that this run has not given nobody
        knows what came behind it: all that is kept is answered.
        """
        is_foreign = seq > self.seq or 0 < seq < self.first_seq
        lost = self.seq - len(self._kept)  # the number of the last one that is not kept
        behind = self.first_seq if is_foreign else max(seq, self.first_seq)
        texts = list(islice(self._kept, max(0, behind - lost), None))
        return texts, is_foreign or behind < lost

    def _is_due(self, event: Event) -> bool:
        at = time.monotonic()
        self._not_before = {key: due for key, due in self._not_before.items() if due > at}
        if event.key in self._not_before:
            return False
        self._not_before[event.key] = at + event.every_seconds
        return True

    def _is_gathered(self, event: Event) -> bool:
        """Whether the event goes out later, with others; the first of them goes out at once."""
        if event.type in self._gathered:
            waiting = self._gathered[event.type]
            self._gathered[event.type] = waiting.joined(event) if waiting else event
            return True
        self._gathered[event.type] = None
        asyncio.get_running_loop().call_later(event.gather_seconds, self._let_go, event.type)
        return False

    def _let_go(self, event_type: str) -> None:
        if waiting := self._gathered.pop(event_type):
            self.publish(waiting)

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return len(self._inboxes)

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
        """Remove the inbox of a socket that is closed."""
        self._inboxes.discard(inbox)

    @contextmanager
    def waiting(self, claims: Claims | None, is_gone: Callable[[], bool]) -> Iterator[Call]:
        """Let a call wait for messages.

        Raises TooMany beyond WAITING_CALLS in all. Calls whose callers have hung up make room.
        """
        if len(self._calls) >= WAITING_CALLS:
            for left in [call for call in self._calls if call.is_gone()]:
                left.end("gone")
                self._calls.discard(left)
        if len(self._calls) >= WAITING_CALLS:
            raise TooMany("Too many calls wait for events", retry_after=30)
        call = Call(claims, is_gone)
        if self._closed:
            call.end("shutdown")
        self._calls.add(call)
        try:
            yield call
        finally:
            self._calls.discard(call)

    def end(self, jti: str) -> None:
        """Close the sockets and end the calls of a token or key that is no longer good."""
        for listener in self._listeners():
            if listener.claims and listener.claims.jti == jti:
                listener.end("token")

    def end_all_tokens(self) -> None:
        """End everything but the sockets and calls of keys and of the local owner."""
        for listener in self._listeners():
            if listener.claims and listener.claims.access == "owner":
                listener.end("token")

    def close(self) -> None:
        """End all sockets and calls, open or about to open."""
        self._closed = True
        for listener in self._listeners():
            listener.end("shutdown")

    def _listeners(self) -> list[Listener]:
        return [*self._inboxes, *self._calls]


HUB = web.AppKey("hub", Hub)


def new_first_seq() -> int:
    """A number for a run: no other run of this server gives the numbers behind it, whatever the
    clock says. The seconds let it rise; the random part tells runs apart where the clock stands
    still, as on a machine without a battery for it."""
    return (int(time.time()) << 20) + random.getrandbits(19)


def message(event: Event, seq: int) -> str:
    """The message that tells of `event`, as it is sent."""
    return dump(event.message_type()(event.type, now(), seq, event))
