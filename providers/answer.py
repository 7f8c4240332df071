"""The body of an HTTP answer. Reading it blocks, and belongs on a thread."""

from __future__ import annotations

import re
from io import BytesIO
from time import monotonic
from typing import Literal

from providers.connection import PATIENCE_SECONDS, SILENCE_SECONDS, Connection, silent
from providers.http_head import MAX_HEAD_BYTES, Head, not_http
from store.errors import ProviderError

SMALL_READ_BYTES = 65_536
MAX_CHUNK_LINE_BYTES = 4096
MAX_SURPLUS_BYTES = 64  # behind a body
BROKEN = "The source broke the connection off"

_CHUNK_LENGTH = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class Answer:
    """The answer to a request; its body is read by `read_into` or `read`. `length` is the body's in
    bytes, None where only its end will tell."""

    def __init__(self, connection: Connection, head: Head, url: str):
        self.url = url  # where it came from in the end, redirects followed
        self.connection = connection
        self.status = 200 if head.status == 203 else head.status  # a proxy says that it is one
        self.headers = head.headers
        self.length = None if head.chunked else head.length
        self.received = 0  # bytes of the body
        self.ended = head.length == 0  # whether the body has come to a clean end
        # Nothing but the end of the connection tells the body's.
        self.is_open_ended = not head.chunked and head.length is None
        # Whether it is known elsewhere too: then what comes behind it is a proxy's own.
        self.is_length_sure = False
        self._kept = head.kept
        self._left = 0 if head.chunked else head.length  # bytes of the body, or of this chunk
        self._chunks = Chunks(connection) if head.chunked else None
        self._failure: ProviderError | None = None  # why nothing more will come

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request now."""
        return self.ended and self._kept and not self._failure

    def read_into(self, view: memoryview, seconds: float, least: int = 1) -> int:
        """Read until `view` is full, the body has ended, or about `seconds` have passed; the thread
        is woken for about `least` bytes at a time. Returns the number of bytes. Raises
        ProviderError when nothing more will come."""
        if self._failure:
            raise self._failure
        filled, until = 0, monotonic() + seconds
        try:
            while filled < len(view) and not self.ended:
                filled += self._read_some(view[filled:], least)
                if monotonic() >= until:
                    break
            if self.ended:
                self._check_surplus()
        except TimeoutError:
            pass
        except (OSError, ProviderError) as failure:
            broken = ProviderError(BROKEN, cause="broken off")
            self._failure = failure if isinstance(failure, ProviderError) else broken
            if not filled or self.ended:
                raise self._failure from None
        return filled

    def read(self, max_bytes: int) -> bytes:
        """The whole body. Raises ProviderError, also when it is longer than `max_bytes`."""
        body = BytesIO()
        self.read_to(body, max_bytes + 1, max_bytes)
        return body.getvalue()

    def read_to(self, body: BytesIO, enough_bytes: int, max_bytes: int) -> None:
        """Read on until `body` has `enough_bytes` or is whole; raises as `read`."""
        buffer = memoryview(bytearray(SMALL_READ_BYTES))
        until = monotonic() + SILENCE_SECONDS
        while not self.ended and body.tell() < enough_bytes:
            count = self.read_into(buffer, PATIENCE_SECONDS)
            body.write(buffer[:count])
            if body.tell() > max_bytes:
                message = f"The source sent more than {max_bytes:,} bytes"
                raise ProviderError(message, final=True, cause="no listing")
            if count:
                until = monotonic() + SILENCE_SECONDS
            elif monotonic() >= until:
                raise silent()

    def _check_surplus(self) -> None:
        """Throw away a few bytes behind a body, as curl does.

        More bytes show that the length was a lie. Then the body is cut off, unless the length is
        sure.
        """
        surplus = self.connection.count_surplus(MAX_SURPLUS_BYTES + 1) if self.length else 0
        self._kept = self._kept and not surplus
        if surplus > MAX_SURPLUS_BYTES and not self.is_length_sure:
            raise not_http()

    def _read_some(self, view: memoryview, least: int) -> int:
        if self._chunks and not self._left:
            self._left = self._chunks.next()
            if not self._left:
                self.ended = True
                return 0
        if self._left is None:
            least = 1  # nobody knows how many are still to come
        else:
            view = view[: self._left]
        count = self.connection.read_into(view, least)
        self.received += count
        if self._left is None:
            self.ended = not count
        elif not count:
            raise ConnectionError
        else:
            self._left -= count
            self.ended = not self._left and not self._chunks
        return count


class Chunks:
    """The lengths between the pieces of a chunked body (RFC 9112, 7.1)."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._due: Literal["length", "end of data", "trailer"] = "length"
        self._trailer_bytes = 0

    def next(self) -> int:
        """The length of the next piece, 0 behind the last.

        Raises as `Connection.read_line`. After a TimeoutError the next call goes on with the line
        that was not there.
        """
        while True:
            line = self._connection.read_line(MAX_CHUNK_LINE_BYTES)
            match self._due:
                case "length":
                    length = _chunk_length(line)
                    self._due = "end of data" if length else "trailer"
                    if length:
                        return length
                case "end of data":
                    if line:
                        raise not_http()
                    self._due = "length"
                case "trailer":
                    if not line:
                        return 0
                    self._trailer_bytes += len(line)
                    if self._trailer_bytes > MAX_HEAD_BYTES:
                        raise not_http()


def _chunk_length(line: bytes) -> int:
    match = _CHUNK_LENGTH.fullmatch(line)
    if not match:
        raise not_http()
    return int(match[1], 16)
