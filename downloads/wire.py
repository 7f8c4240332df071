"""The body of an answer as pieces of memory: fast where its length is known, ordinary where not.

aiohttp connects, speaks TLS and reads the headers; then the transport is taken over by a protocol that reads into large
buffers, which costs half of what aiohttp's own reader does. Two buffers: one is filled while the other is written.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp

from store.errors import ProviderError

SIZE = 1 << 20
TICK = 0.5  # seconds; a piece is handed on at least this often


@dataclass(frozen=True)
class Limits:
    """`slow` bytes per second over `window` seconds is the least a source must give; `silence` in seconds; `cap` is the
    size in bytes beyond which a file is not believed."""

    slow: int = 1024
    window: float = 30
    silence: float = 30
    cap: int = 1 << 37


@dataclass
class Lane:
    """A stretch of the file on its way over one connection: `at` is the next byte to arrive. `end` may be lowered while
    it runs, and is None while the length is unknown."""

    start: int
    end: int | None
    at: int = 0

    def __post_init__(self):
        self.at = self.start


class Pace:
    """Ends a transfer that is silent or drips. Time in which we did not read does not count."""

    def __init__(self, limits: Limits, now: float):
        self._limits = limits
        self._since = self._heard = now
        self._bytes = 0

    def look(self, received: int, now: float, reading: bool = True) -> None:
        if received:
            self._heard = now
        if not reading:
            self._since, self._heard, self._bytes = now, now, 0
        self._bytes += received
        if now - self._heard > self._limits.silence:
            raise ProviderError(f"The source was silent for {self._limits.silence:g} seconds")
        if now - self._since >= self._limits.window:
            if self._bytes < self._limits.slow * (now - self._since):
                raise ProviderError("The source is too slow")
            self._since, self._bytes = now, 0


async def pieces(
    response: aiohttp.ClientResponse, lane: Lane, step: Callable[[], int], limits: Limits
) -> AsyncIterator[bytes | memoryview]:
    """The body in order, `lane.at` counting what has arrived. A piece is only valid until the next one is asked for.

    Ends at `lane.end`, or at the clean end of a body of unknown length; ProviderError if it ends before. `step` says how
    many bytes a piece may have at most.
    """
    known = response.content_length is not None and "Transfer-Encoding" not in response.headers
    if known and lane.end is not None:
        first = bytearray()
        # To the last byte, before reading stops: draining makes aiohttp's parser hand out what it held back.
        while chunk := response.content.read_nowait(-1):
            first += chunk
        connection = response.connection
        if not response.content.is_eof() and connection is not None and connection.transport is not None:
            lane.at += len(first)
            wire = Wire(lane, connection, step, limits)  # no await since the draining
            try:
                if first:
                    yield bytes(first)[: len(first) - max(0, lane.at - lane.end)]
                while (piece := await wire.take()) is not None:
                    yield piece
                    wire.give_back()
            finally:
                wire.close()
            return
        if first:
            left = lane.end - lane.at
            lane.at += min(len(first), left)
            yield bytes(first[:left])
    else:
        async for piece in _ordinary(response, lane, limits):
            yield piece
    if lane.end is not None and lane.at < lane.end:
        raise ProviderError("The source sent less than it promised")


async def _ordinary(response, lane: Lane, limits: Limits) -> AsyncIterator[bytes]:
    now = asyncio.get_running_loop().time
    pace = Pace(limits, now())
    async for chunk in response.content.iter_any():
        pace.look(len(chunk), now())
        if lane.end is not None:
            chunk = chunk[: lane.end - lane.at]
        lane.at += len(chunk)
        asked = now()
        yield chunk
        if now() - asked > TICK:
            pace.look(0, now(), reading=False)
        if lane.at == lane.end:
            return


class Wire(asyncio.BufferedProtocol):
    """Reads one body off a transport that aiohttp has opened, and never gives that back."""

    def __init__(self, lane: Lane, connection, step: Callable[[], int], limits: Limits):
        self._loop = asyncio.get_running_loop()
        self._lane = lane
        self._step = step
        self._transport = connection.transport
        self._origin = connection.protocol
        self._free = [memoryview(bytearray(SIZE)), memoryview(bytearray(SIZE))]
        self._full: deque[tuple[memoryview, int]] = deque()
        self._view: memoryview | None = None
        self._filled = self._room = 0
        self._waiter: asyncio.Future | None = None
        self._over: Exception | None = None
        self._reading = False
        self._pace = Pace(limits, self._loop.time())
        self._counted = lane.at
        self._origin.pause_reading()  # also ends aiohttp's own read timeout
        self._transport.set_protocol(self)
        self._timer = self._loop.call_later(TICK, self._tick)
        self._go_on()

    async def take(self) -> memoryview | None:
        """The next piece, None after the last; `give_back` it before the next `take`."""
        while not self._full:
            if self._over:
                raise self._over
            if self._lane.at >= self._lane.end:
                return None
            self._waiter = self._loop.create_future()
            await self._waiter
        view, filled = self._full[0]
        return view[:filled]

    def give_back(self) -> None:
        self._free.append(self._full.popleft()[0])
        if self._view is None:
            self._go_on()

    def close(self) -> None:
        self._timer.cancel()
        self._over, self._reading = self._over or ConnectionAbortedError(), False
        self._transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        # The lane may have been cut shorter since this buffer was begun.
        return self._view[self._filled : min(self._room, self._filled + self._lane.end - self._lane.at)]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        self._lane.at += nbytes
        if self._filled >= self._room or self._lane.at >= self._lane.end:
            self._hand_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._lane.at < self._lane.end:
            self._stop(ProviderError("The source broke the connection off"))
        self._origin.connection_lost(exc)  # the session waits for it when it closes

    def _hand_on(self) -> None:
        if self._view is not None and self._filled:
            self._full.append((self._view, self._filled))
            self._view, self._filled = None, 0
        self._wake()
        if self._view is None:
            self._go_on()

    def _go_on(self) -> None:
        """Read into a free buffer; without one, or with nothing left to read, pause."""
        if self._free and self._lane.at < self._lane.end and not self._over:
            self._view, self._room = self._free.pop(), max(1, min(SIZE, self._step()))
            if not self._reading:
                self._reading = True
                self._transport.resume_reading()
        elif self._reading:
            self._reading = False
            self._transport.pause_reading()

    def _tick(self) -> None:
        """A slow line shows its bytes too, and a dead one is noticed."""
        self._timer = self._loop.call_later(TICK, self._tick)
        if self._lane.at >= self._lane.end:
            return self._wake()
        received, self._counted = self._lane.at - self._counted, self._lane.at
        try:
            self._pace.look(received, self._loop.time(), self._reading)
        except ProviderError as failure:
            self._stop(failure)
        else:
            if self._filled and not self._full:
                self._hand_on()

    def _stop(self, failure: Exception) -> None:
        self._over = self._over or failure
        self._hand_on()  # what has arrived is kept

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
