"""One connection to a server: requests out, answers in, by plain or by secure HTTP.

All of it blocks and belongs on a thread (store/threads.py), one thread at a time; `stop` alone is
for another thread. A read waits PATIENCE_SECONDS at most and raises TimeoutError then, with nothing
lost, so that its caller can look at its own limits and read on.

Bytes of a body that arrive together with the head stay in this connection and come first when the
body is read: no reader of another library sits between, which might keep them.

TLS is ssl's public SSLObject between two MemoryBIOs. It takes ciphertext from the socket in large
pieces; SSLSocket asks the kernel twice for each record of 16 KiB, which costs a tenth more
(measured beside curl: 0.83 to 0.89 of its CPU, against 0.94 to 0.96).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from typing import cast

from providers import tls_faults
from providers.http_head import HEAD_END, MAX_HEAD_BYTES, Head, format_request, not_http, parse_head
from store.errors import ProviderError

PATIENCE_SECONDS = 0.25
SILENCE_SECONDS = 30  # without a byte, while a head or a small body is read
HEAD_READ_BYTES = 16_384
CIPHER_BYTES = 1 << 18  # read at a time when much is wanted
MAX_RECORD_BYTES = 17_000  # of TLS, with its head and tail


Origin = tuple[str, str, int]  # scheme, host, port


class Unanswered(Exception):
    """The connection broke before the head of an answer was complete."""


class Connection:
    """A connection over plain HTTP to `origin`, which was dialled at `address`."""

    bulk_bytes = 5 << 19  # a large body is read fastest in pieces of this size, measured

    def __init__(self, connected: socket.socket, origin: Origin, address: str):
        self.origin = origin
        self.address = address
        self.authority = ""  # the file by which its certificate was believed, beside the system's
        self._socket = connected
        self._socket.settimeout(PATIENCE_SECONDS)
        self._least = 1  # bytes for which the kernel wakes us (SO_RCVLOWAT)
        self._ahead = bytearray()  # read, but not yet asked for

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Head:
        """Send a request and read the head of its answer, whose body `read_into` brings. Raises
        ProviderError, and Unanswered where the request may be sent again on another connection."""
        try:
            self._send(format_request(method, target, headers, body))
            return self._read_head(method)
        except TimeoutError:
            raise silent() from None
        except OSError as failure:
            if tls_faults.is_alert(failure):  # TLS 1.3 asks for our certificate, and ends so
                raise tls_faults.of_connection(failure) from failure
            raise Unanswered from None

    def read_into(self, view: memoryview, least: int = 1) -> int:
        """Fill `view` in part or in whole; returns the number of bytes, 0 when the server has
        closed. This waits until about `least` bytes have come: being woken for each packet would
        cost more than the bytes. Raises TimeoutError when none has come, OSError when the
        connection is broken."""
        if not self._ahead:
            return self._receive_into(view, least)
        count = min(len(view), len(self._ahead))
        view[:count] = self._ahead[:count]
        del self._ahead[:count]
        return count

    def read_line(self, max_bytes: int) -> bytes:
        """The next line, without its end. Raises as `read_into`, and ProviderError when it is
        longer."""
        while (end := self._ahead.find(b"\n")) < 0:
            if len(self._ahead) > max_bytes:
                raise not_http()
            self._read_ahead()
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line.removesuffix(b"\r")

    def count_surplus(self, most: int) -> int:
        """How many bytes have come that nobody has asked for, up to `most`. They are thrown
        away."""
        surplus, buffer = 0, memoryview(bytearray(most))
        # OSError: there are none now (BlockingIOError), or never again
        with self._without_waiting(), suppress(OSError):
            while surplus < most and (count := self.read_into(buffer[surplus:])):
                surplus += count
        return surplus

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer: neither an end nor bytes out of turn."""
        if self._ahead:
            return False
        with self._without_waiting():
            try:
                self._socket.recv(1, socket.MSG_PEEK)
            except BlockingIOError:
                return True
            except OSError:
                return False
        return False

    def rest(self) -> None:
        """Keep no large buffer while waiting for the next request."""

    def stop(self) -> None:
        """Make whatever reads or writes on another thread return soon. The connection is of no
        further use."""
        with suppress(OSError):  # it is broken already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def _read_head(self, method: str) -> Head:
        """The head of the final answer; those of interim answers (1xx) are passed over."""
        interim_bytes = 0
        while True:
            text = self._read_to_empty_line(MAX_HEAD_BYTES - interim_bytes)
            head = parse_head(text, method)
            if head.status >= 200 or head.status == 101:
                return head
            interim_bytes += len(text)

    def _read_to_empty_line(self, max_bytes: int) -> bytes:
        searched = 0
        while not (end := HEAD_END.search(self._ahead, max(0, searched - 3))):
            searched = len(self._ahead)
            if searched > max_bytes or not self._ahead.startswith(b"HTTP/"[:searched]):
                raise not_http()
            self._read_patiently()
        text = bytes(self._ahead[: end.start()])
        del self._ahead[: end.end()]
        return text

    def _read_patiently(self) -> None:
        until = monotonic() + SILENCE_SECONDS
        while True:
            try:
                return self._read_ahead()
            except TimeoutError:
                if monotonic() >= until:
                    raise

    def _read_ahead(self) -> None:
        buffer = memoryview(bytearray(HEAD_READ_BYTES))
        count = self._receive_into(buffer, 1)
        if not count:
            raise ConnectionError
        self._ahead += buffer[:count]

    def _receive_into(self, view: memoryview, least: int) -> int:
        return self._take(view, least)

    def _take(self, view: memoryview, least: int) -> int:
        """Take from the socket what has come, as soon as that is `least` or PATIENCE_SECONDS have
        passed."""
        least = max(1, min(least, len(view)))
        if least != self._least:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)
            self._least = least
        try:
            return self._socket.recv_into(view)
        except TimeoutError:
            if least == 1:
                raise
        with self._without_waiting():
            try:
                return self._socket.recv_into(view)
            except BlockingIOError:
                raise TimeoutError from None

    @contextmanager
    def _without_waiting(self) -> Iterator[None]:
        self._socket.settimeout(0)
        try:
            yield
        finally:
            self._socket.settimeout(PATIENCE_SECONDS)

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)


class SecureConnection(Connection):
    """A connection over https. The server has to prove that it is the host of `origin`."""

    bulk_bytes = 1 << 20  # what is deciphered stays in the processor's cache until it is written

    def __init__(
        self, connected: socket.socket, origin: Origin, address: str, context: ssl.SSLContext
    ):
        super().__init__(connected, origin, address)
        host = origin[1].rstrip(".")
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._is_open = False
        self._cipher = memoryview(bytearray(HEAD_READ_BYTES))

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Head:
        if not self._is_open:
            self._open()
            self._is_open = True
        return super().exchange(method, target, headers, body)

    def _open(self) -> None:
        until = monotonic() + SILENCE_SECONDS
        try:
            while not self._shake_hands():
                if monotonic() >= until:
                    raise silent()
        except ssl.SSLCertVerificationError as invalid:
            raise tls_faults.of_certificate(invalid) from invalid
        except OSError as failure:  # ssl.SSLError is one
            raise tls_faults.of_connection(failure) from failure

    def _shake_hands(self) -> bool:
        """Take one step; whether it was the last."""
        try:
            self._tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        finally:
            self._flush()  # an alert too: the server is told why
        if not done:
            with suppress(TimeoutError):
                self._feed()
        return done

    def is_quiet(self) -> bool:
        return not self._incoming.pending and super().is_quiet()

    def rest(self) -> None:
        self._cipher = memoryview(bytearray(HEAD_READ_BYTES))

    def _receive_into(self, view: memoryview, least: int) -> int:
        # Of what is still to come, TLS may hold a part of a record already.
        least = min(least, len(view) - MAX_RECORD_BYTES, CIPHER_BYTES)
        until = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._decipher_into(view)
            except ssl.SSLWantReadError:
                if monotonic() >= until:  # a record that comes byte by byte
                    raise TimeoutError from None
            self._flush()  # our part of a change of keys
            self._feed(len(view), least)

    def _decipher_into(self, view: memoryview) -> int:
        """Fill `view` with what has come; raises ssl.SSLWantReadError when nothing has."""
        filled, wanted = 0, len(view)
        # typeshed does not know that with a buffer the number of bytes is returned
        read = cast("Callable[[int, memoryview], int]", self._tls.read)
        try:
            while filled < wanted and (count := read(wanted - filled, view[filled:])):
                filled += count  # at most one record of 16 KiB
        except ssl.SSLError:
            if not filled:
                raise
            # What came before the error goes first; the error comes again.
        return filled

    def _send(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def _feed(self, wanted: int = 0, least: int = 1) -> None:
        """Give TLS more ciphertext, in pieces that fit what is wanted."""
        size = min(wanted, CIPHER_BYTES)
        if size > len(self._cipher):
            self._cipher = memoryview(bytearray(size))
        count = self._take(self._cipher, least)
        if count:
            self._incoming.write(self._cipher[:count])
        else:
            self._incoming.write_eof()  # TLS knows whether this is an end or a cut

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._socket.sendall(self._outgoing.read())


def silent() -> ProviderError:
    return ProviderError(f"The source was silent for {SILENCE_SECONDS:g} seconds", cause="silent")
