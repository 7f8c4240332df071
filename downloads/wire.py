"""The body of an answer, from the socket to the file on one thread.

aiohttp connects, speaks TLS and reads the headers; then its socket is taken over. A thread that receives and writes by
itself costs half of what the event loop does with buffers and hand-overs (tests/bench/transfer.py measures it), and
neither a slow card nor the deciphering ever holds the loop up.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp

from store.errors import ProviderError

if TYPE_CHECKING:
    from downloads.parts import Part

SIZE, SECURE = 1 << 20, 1 << 18  # bytes: what suits the caches, measured
TICK = 0.25  # seconds; the longest that a haul takes
BROKEN = "The source broke the connection off"


@dataclass(eq=False)
class Lane:
    """A stretch of the file on its way over one connection: `at` is the next byte to be written. `end` may be lowered
    while it runs, and is None while the length is unknown. `shared`: another connection is at the same bytes."""

    at: int
    end: int | None
    shared: bool = False


@dataclass(frozen=True)
class Limits:
    """`slow` bytes per second over `window` seconds is the least a source must give; `silence` in seconds; `cap` is the
    size in bytes beyond which a file is not believed."""

    slow: int = 1024
    window: float = 30
    silence: float = 30
    cap: int = 1 << 37


class Pace:
    """Ends a transfer that is silent or drips. Only time in which we were reading counts."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._quiet = self._window = 0.0
        self._bytes = 0

    def look(self, received: int, seconds: float) -> None:
        """ProviderError if `received` bytes in the last `seconds` are too few."""
        self._quiet = 0.0 if received else self._quiet + seconds
        self._window, self._bytes = self._window + seconds, self._bytes + received
        if self._quiet >= self._limits.silence:
            raise ProviderError(f"The source was silent for {self._limits.silence:g} seconds")
        if self._window >= self._limits.window:
            if self._bytes < self._limits.slow * self._window:
                raise ProviderError("The source is too slow")
            self._window, self._bytes = 0.0, 0


async def take_over(response: aiohttp.ClientResponse) -> tuple[bytes, Wire | None]:
    """What has arrived of the body already, and a Wire for the rest; None if aiohttp's own reader has to read that.

    Only for a body of known length; to be called before anything else is awaited, for aiohttp throws away what it has
    read when the connection breaks. The connection is never given back to the session.
    """
    connection = response.connection
    transport = connection and connection.transport
    if "Transfer-Encoding" in response.headers or response.content_length is None or transport is None:
        return b"", None
    first, content = bytearray(), response.content
    secure = getattr(transport, "_ssl_protocol", None)
    layers = [getattr(secure, name, None) for name in ("_transport", "_sslobj", "_incoming", "_outgoing")]
    if transport.get_extra_info("ssl_object") and None in layers:
        return b"", None  # another Python, with other insides: slower, but right
    # To the last byte before reading stops, and nothing awaited: aiohttp's parser holds bytes back when it is paused,
    # and hands them out while it is drained; the other order would lose them.
    while chunk := content.read_nowait(-1):
        first += chunk
    if content.is_eof() or transport.is_closing():
        return bytes(first), None
    connection.protocol.pause_reading()  # ends aiohttp's read timeout, too
    if secure:
        layers[0].pause_reading()
    await asyncio.sleep(0)  # what the loop had planned to do with this connection is done now
    return bytes(first), Wire(transport, *layers[1:])


class Wire:
    """The receiving end of one connection. `haul` and `pull` run on a thread, the rest on the loop; only `stop` meanwhile."""

    def __init__(self, transport: asyncio.Transport, secure, incoming, outgoing):
        self._transport = transport
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        self._ready = select.poll()
        self._ready.register(self._socket, select.POLLIN)
        self._secure, self._incoming, self._outgoing = secure, incoming, outgoing
        self._cipher = memoryview(bytearray(SECURE if secure else 0))
        self._read = self._deciphered if secure else self._received
        self._buffer = memoryview(bytearray(SECURE if secure else SIZE))
        self._stopped = False
        self.over: ProviderError | None = None  # why nothing more will come

    def haul(self, fd: int, lane: Lane, most: int, go_on: Callable[[], bool]) -> None:
        """Move up to `most` bytes into the file, for at most TICK seconds and while `go_on()`, which is asked after
        every write. `lane.at` tells how far it came; OSError is the disk's."""
        last, until, filled, count = lane.at + most, monotonic() + TICK, 0, 1
        while count:
            room = min(len(self._buffer), last - lane.at, lane.end - lane.at)
            count = self._read(self._buffer[filled:room], until) if filled < room and not self._stopped else 0
            filled += count
            if filled >= room or not count:
                lane.at += put(fd, self._buffer[:filled], lane.at)
                filled, count = 0, count and go_on()

    def pull(self, size: int) -> bytes:
        """A few bytes into memory instead; none after TICK seconds."""
        count = self._read(self._buffer[:size], monotonic() + TICK)
        return bytes(self._buffer[:count])

    def check(self) -> None:
        """ProviderError when nothing more will come."""
        if self.over:
            raise self.over

    def stop(self) -> None:
        """Make a running haul return at once."""
        self._stopped = True
        try:
            self._socket.shutdown(socket.SHUT_RD)
        except OSError:
            pass  # it is gone already

    def close(self) -> None:
        self._socket.close()
        self._transport.abort()

    def _received(self, view: memoryview, until: float) -> int:
        """Bytes from the socket into `view`; 0 at the time `until`, or when it is over."""
        try:
            while (left := until - monotonic()) > 0:
                try:
                    if count := self._socket.recv_into(view):
                        return count
                    self.over = ProviderError(BROKEN)
                    return 0
                except BlockingIOError:
                    self._ready.poll(left * 1000)
        except OSError:
            self.over = ProviderError(BROKEN)
        return 0

    def _deciphered(self, view: memoryview, until: float) -> int:
        filled, size, read = 0, len(view), self._secure.read
        try:
            while filled < size:
                try:
                    while filled < size and (count := read(size - filled, view[filled:])):  # one record of 16 KiB
                        filled += count
                    if filled < size:
                        raise ssl.SSLZeroReturnError
                except ssl.SSLWantReadError:
                    if filled:
                        break
                    if self._outgoing.pending:  # our part of a change of keys
                        self._socket.sendall(self._outgoing.read())
                    if not (count := self._received(self._cipher, until)):
                        break
                    self._incoming.write(self._cipher[:count])
        except OSError:  # ssl.SSLError is one
            self.over = ProviderError(BROKEN)
        return filled


@dataclass
class Body:
    """What comes over one connection, `arrived` first."""

    file: Part
    content: aiohttp.StreamReader
    arrived: bytes
    wire: Wire | None
    pace: Pace

    async def some(self, size: int) -> bytes | None:
        """Up to `size` bytes, perhaps none for now; None after a clean end."""
        if not self.arrived:
            began = monotonic()
            if self.wire:
                self.wire.check()
                self.arrived = await self.file.pull(self.wire, self.wire.pull, size)
            else:
                self.arrived = await self.content.readany()
            self.pace.look(len(self.arrived), monotonic() - began)
            if not self.arrived and not self.wire:
                return None
        some, self.arrived = self.arrived[:size], self.arrived[size:]
        return some

    async def haul(self, lane: Lane, most: int, go_on: Callable[[], bool]) -> None:
        """Straight into the file."""
        self.wire.check()
        start, began = lane.at, monotonic()
        await self.file.haul(self.wire, lane, most, go_on)
        self.pace.look(lane.at - start, monotonic() - began)


def put(fd: int, data: bytes | memoryview, position: int) -> int:
    """Write all of `data` at `position`; its length."""
    data, done = memoryview(data), 0
    while done < len(data):
        done += os.pwrite(fd, data[done:], position + done)
    return done
