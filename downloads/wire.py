"""The body of an answer, from the socket to the file on one thread.

aiohttp connects, speaks TLS and reads the headers; then its socket is taken over. A thread that receives and writes by
itself costs half of what the event loop does with buffers and hand-overs (tests/bench/transfer.py measures it), and
neither a slow card nor the deciphering ever holds the loop up.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp

from store.errors import ProviderError

if TYPE_CHECKING:
    from downloads.part_file import Part

SIZE, CIPHER = (
    5 << 19,
    1 << 17,
)  # bytes: large writes cost the kernel less, short waits for ciphers less copying, measured
TICK = 0.25  # seconds; a haul takes little longer


@dataclass(eq=False)
class Segment:
    """A stretch of the file on its way over one connection: `at` is the next byte to be written. `end` may be lowered
    while it runs, and is None while the length is unknown."""

    at: int
    end: int | None


@dataclass(frozen=True)
class Limits:
    """`slow` bytes per second over `window` seconds is the least a source must give; `silence` in seconds; `cap` is the
    size in bytes beyond which a file is not believed."""

    slow: int = 1024
    window: float = 30
    silence: float = 30
    cap: int = 1 << 37


async def take_over(response: aiohttp.ClientResponse) -> tuple[bytes, Wire | None]:
    """What has arrived of the body already, and a Wire for the rest; None if aiohttp's own reader has to read that.

    Only for a body of known length; to be called before anything else is awaited, for aiohttp throws away what it has
    read when the connection breaks. The connection is never given back to the session.
    """
    connection, content, first = response.connection, response.content, bytearray()
    transport = connection and connection.transport
    if (
        "Transfer-Encoding" in response.headers
        or response.content_length is None
        or transport is None
    ):
        return b"", None
    secure = getattr(transport, "_ssl_protocol", None)
    layers = [
        getattr(secure, name, None) for name in ("_transport", "_sslobj", "_incoming", "_outgoing")
    ]
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
    transport.set_protocol(rest := _Rest(transport.get_protocol()))
    await asyncio.sleep(0)  # what the loop had planned to read from this connection is read now
    return bytes(first + rest.data), Wire(transport, *layers[1:])


class _Rest(asyncio.Protocol):
    """Keeps what comes between the two readers; the first one still learns of the end, for its session waits for that."""

    def __init__(self, before: asyncio.BaseProtocol):
        self.data, self.connection_lost = bytearray(), before.connection_lost

    def data_received(self, data: bytes) -> None:
        self.data += data


class Wire:
    """The receiving end of one connection. `haul` runs on a thread, the rest on the loop; only `stop` meanwhile."""

    def __init__(self, transport: asyncio.Transport, secure, incoming, outgoing):
        self._transport = transport
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        self._socket.settimeout(TICK)
        self._secure, self._incoming, self._outgoing = secure, incoming, outgoing
        self._cipher = memoryview(bytearray(CIPHER if secure else 0))
        self._buffer = memoryview(bytearray(SIZE))

    def haul(self, sink: Callable[[memoryview], object], most: int) -> int:
        """Give `sink` up to `most` bytes in large pieces, for about TICK seconds; how many. ProviderError when nothing
        more will come; what `sink` raises passes through."""
        done, until, broken = 0, monotonic() + TICK, False
        read = self._deciphered if self._secure else self._received
        while done < most and monotonic() < until and not broken:
            filled, size = 0, min(most - done, len(self._buffer))
            try:
                while filled < size and monotonic() < until:
                    filled += read(self._buffer[filled:size])
            except TimeoutError:
                pass
            except OSError:  # ssl.SSLError is one
                broken = True
            sink(self._buffer[:filled])
            done += filled
        if broken and not done:
            raise ProviderError("The source broke the connection off")
        return done

    def stop(self) -> None:
        """Make a running haul return soon."""
        with suppress(OSError):  # it is gone already
            self._socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        self._cipher = self._buffer = memoryview(b"")  # not to wait for the collector of cycles
        self._socket.close()
        self._transport.abort()

    def _received(self, view: memoryview) -> int:
        if count := self._socket.recv_into(view):
            return count
        raise ConnectionError

    def _deciphered(self, view: memoryview) -> int:
        filled, size, read = 0, len(view), self._secure.read
        try:
            while filled < size and (
                count := read(size - filled, view[filled:])
            ):  # one record of 16 KiB
                filled += count
        except ssl.SSLError as reason:  # comes again, so what came before it may go first
            if not filled and isinstance(reason, ssl.SSLWantReadError):
                if self._outgoing.pending:  # our part of a change of keys
                    self._socket.sendall(self._outgoing.read())
                self._incoming.write(self._cipher[: self._received(self._cipher)])
                return 0
        if not filled:
            raise ConnectionError
        return filled


class Body:
    """What comes over one connection: `first`, then what a wire or else aiohttp's reader has."""

    def __init__(
        self,
        file: Part,
        content: aiohttp.StreamReader,
        first: bytes,
        wire: Wire | None,
        limits: Limits,
    ):
        self._file, self._content, self._first, self._wire = file, content, first, wire
        self._limits = limits
        self._quiet = self._window = 0.0  # only time in which we were reading counts
        self._bytes = 0

    @property
    def ended(self) -> bool:
        """It came to a clean end."""
        return not self._first and not self._wire and self._content.at_eof()

    async def move(self, sink: Callable[[memoryview], object], most: int) -> None:
        """Give `sink`, on a thread, up to `most` bytes, perhaps none for now. When cancelled, what `sink` got is all there
        was. ProviderError when the source is silent, drips, or breaks off."""
        began = monotonic()
        if self._wire and not self._first:
            return self._look(
                await self._file.run(self._wire.haul, sink, most, stop=self._wire.stop), began
            )
        some, self._first = self._first[:most] or await self._content.read(most), self._first[most:]
        self._look(len(some), began)
        await self._file.run(sink, some)

    def close(self) -> None:
        if self._wire:
            self._wire.close()

    def _look(self, received: int, began: float) -> None:
        limits, seconds = self._limits, monotonic() - began
        self._quiet = 0.0 if received else self._quiet + seconds
        self._window, self._bytes = self._window + seconds, self._bytes + received
        if self._quiet >= limits.silence:
            raise ProviderError(f"The source was silent for {limits.silence:g} seconds")
        if self._window >= limits.window:
            if self._bytes < limits.slow * self._window:
                raise ProviderError("The source is too slow")
            self._window, self._bytes = 0.0, 0
