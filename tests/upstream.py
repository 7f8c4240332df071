"""Servers to download from: one that misbehaves on demand, and a real nginx.

    async with Upstream() as up:
        up.body = os.urandom(2_000_000)
        up.drop_after = 700_000                     # a knob holds for every answer,
        up.script = [{"status": 503}, {}]           # or for the first, the second ... request only
        await fetch(..., up.url("e1.mkv"), ...)
        assert up.requests[-1].headers["If-Range"]

Knobs, by row of the specification's network faults:
N3 `silent` (never answers), `silent_after` (bytes);
N4 `drop_after`, with `reset` by RST;
N5 `ranges`, `shift`, `content_range`, `multipart`;
N6 `etag`, `modified`, `if_range`;
N7 `length`, `chunked`, `clean`;
N8 `endless`, `drip` (seconds a byte);
N9, N11, N12 `status`, `bare_416`, `headers`;
N10 `location`;
N14 `flip`;
N15 `headers`;
N17 `rate` (bytes a second and connection), `delay` (seconds before the headers);
N18 `raw`.

Knobs of a request's kind hold for it alone: `ranged` (with Range), `conditional` (with If-Range),
`head` (HEAD), `crowded` (more than `bears` requests at a time, where one that was cut off still
counts for `late` seconds).
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import struct
import subprocess
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace

from multidict import CIMultiDict

from tests.app import free_port
from tests.requirements import need


@dataclass
class Request:
    method: str
    path: str
    headers: CIMultiDict
    status: int = 0
    sent: int = 0  # bytes of body


@dataclass(repr=False)  # bodies are long, and asyncio writes a task's result at its end
class Knobs:
    body: bytes = b""
    # Path -> body, where one body is not enough.
    files: dict[str, bytes] = field(default_factory=dict)
    status: int | None = None
    # Added to every answer; None takes one away.
    headers: dict[str, str | None] = field(default_factory=dict)
    kind: str = "video/x-matroska"
    etag: str | None = '"v1"'
    modified: str | None = "Mon, 05 Oct 2020 10:00:00 GMT"
    ranges: bool = True
    if_range: bool = True  # False: a partial answer whatever If-Range says
    bare_416: bool = False
    shift: int = 0  # a partial answer starts that many bytes off, and says so
    # Instead of the true one, with {s}, {e} and {n} for its numbers; "" for none.
    content_range: str | None = None
    multipart: bool = False
    length: int | str | None = None  # instead of the true Content-Length; "" for none
    chunked: bool = False
    appended: bytes = b""  # behind the body, as by a proxy
    clean: bool = True  # False: a chunked body without its end
    drop_after: int | None = None
    reset: bool = False
    silent: bool = False
    silent_after: int | None = None
    endless: bool = False
    delay: float = 0
    drip: float = 0
    rate: int | None = None
    location: str | None = None
    flip: int | None = None  # the byte at this place is sent wrong
    raw: bytes | None = None  # the whole answer, as it is
    ranged: dict = field(default_factory=dict)
    head: dict = field(default_factory=dict)
    conditional: dict = field(default_factory=dict)
    crowded: dict = field(default_factory=dict)
    bears: int | None = None
    late: float = 0


class Upstream(Knobs):
    """An HTTP server of raw sockets in this process; see above."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"):
        super().__init__()
        self.script: list[dict] = []
        self.rushed = False  # True: `rate` holds no longer, for answers on their way neither
        self.requests: list[Request] = []
        self.connections = 0
        self._busy = 0  # requests that are being answered
        self._tls, self._host = tls, host
        self._tasks: set[asyncio.Task] = set()

    async def __aenter__(self) -> Upstream:
        self._server = await asyncio.start_server(
            self._serve, self._host, 0, ssl=self._tls, limit=1 << 20
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.base = f"{'https' if self._tls else 'http'}://{self._host}:{self.port}/"
        return self

    async def __aexit__(self, *_) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str) -> str:
        return self.base + path.lstrip("/")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        try:
            while await self._answer_one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(asyncio.current_task())
            writer.transport.abort()

    async def _answer_one(self, reader, writer) -> bool:
        """Answer one request; whether the connection may go on."""
        request = await self._read(reader)
        self.requests.append(request)
        knobs = SimpleNamespace(
            **{name: getattr(self, name) for name in Knobs.__dataclass_fields__}
        )
        vars(knobs).update(self.script.pop(0) if self.script else {})
        vars(knobs).update(knobs.head if request.method == "HEAD" else {})
        vars(knobs).update(knobs.ranged if "Range" in request.headers else {})
        vars(knobs).update(knobs.conditional if "If-Range" in request.headers else {})
        if knobs.bears is None:
            return await self._answer_by(knobs, request, reader, writer)
        if self._busy >= knobs.bears:
            vars(knobs).update(knobs.crowded)
            return await self._answer_by(knobs, request, reader, writer)
        self._busy += 1
        try:
            return await self._answer_by(knobs, request, reader, writer)
        finally:
            asyncio.get_running_loop().call_later(knobs.late, self._leave)

    def _leave(self) -> None:
        self._busy -= 1

    async def _answer_by(self, knobs: SimpleNamespace, request: Request, reader, writer) -> bool:
        if knobs.silent:
            await reader.read()
            return False
        await asyncio.sleep(knobs.delay)
        if knobs.raw is not None:
            writer.write(knobs.raw)
            await writer.drain()
            writer.close()
            await asyncio.sleep(0.05)
            return False
        head, body = self._answer(knobs, request)
        writer.write(head)
        if request.method == "HEAD":
            return True
        await self._send(writer, knobs, request, body)
        return await self._end(writer, knobs)

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = CIMultiDict(line.split(": ", 1) for line in head[1:] if line)
        if size := int(headers.get("Content-Length", 0)):
            await reader.readexactly(size)
        return Request(method, path, headers)

    def _answer(self, knobs: SimpleNamespace, request: Request) -> tuple[bytes, bytes]:
        """(status line and headers, body)."""
        headers: dict = {
            "Date": formatdate(usegmt=True),
            "Content-Type": knobs.kind,
            "ETag": knobs.etag,
            "Last-Modified": knobs.modified,
            "Location": knobs.location,
        }
        body = knobs.files.get(request.path.lstrip("/"), knobs.body)
        status = knobs.status or (302 if knobs.location else 200)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        validators = (None, knobs.etag, knobs.modified)
        is_same = not knobs.if_range or request.headers.get("If-Range") in validators
        if status == 200 and asked and knobs.ranges and is_same:
            status, body = self._part(knobs, headers, body, asked)
        elif status >= 300:
            body = b"<html>an error page</html>"
        if knobs.flip is not None and status == 200:
            body = body[: knobs.flip] + bytes([body[knobs.flip] ^ 1]) + body[knobs.flip + 1 :]
        if knobs.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif not knobs.endless:
            headers["Content-Length"] = len(body) if knobs.length is None else knobs.length
        headers |= knobs.headers
        request.status = status
        lines = [
            f"{name}: {value}\r\n" for name, value in headers.items() if value not in (None, "")
        ]
        return f"HTTP/1.1 {status} Such\r\n{''.join(lines)}\r\n".encode("latin-1"), body

    def _part(
        self, knobs: SimpleNamespace, headers: dict, body: bytes, asked: re.Match
    ) -> tuple[int, bytes]:
        """(206 or 416, body) of a range; changes the headers."""
        size = len(body)
        start = int(asked[1]) + knobs.shift
        end = min(int(asked[2] or size - 1), size - 1)
        if start >= size:
            headers["Content-Range"] = None if knobs.bare_416 else f"bytes */{size}"
            return 416, b""
        part = body[start : end + 1]
        true_range = f"bytes {start}-{end}/{size}"
        if knobs.multipart:
            headers["Content-Type"] = "multipart/byteranges; boundary=x"
            return (
                206,
                f"--x\r\nContent-Range: {true_range}\r\n\r\n".encode() + part + b"\r\n--x--\r\n",
            )
        if knobs.content_range is None:
            headers["Content-Range"] = true_range
        else:
            headers["Content-Range"] = knobs.content_range.format(s=start, e=end, n=size) or None
        return 206, part

    async def _send(self, writer, knobs: SimpleNamespace, request: Request, body: bytes) -> None:
        """The body, as much of it and as fast as the knobs say."""
        step = 1 << 18
        if knobs.drip:
            step = 1
        elif knobs.rate:
            step = max(1, knobs.rate // 50)
        borders = (len(body), knobs.drop_after, knobs.silent_after)
        end = min(border for border in borders if border is not None)
        loop = asyncio.get_running_loop()
        began = loop.time()
        sent = 0
        while knobs.endless or sent < end:
            piece = b"\0" * step if knobs.endless else body[sent : min(sent + step, end)]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if knobs.chunked else piece)
            await writer.drain()
            sent += len(piece)
            request.sent = sent
            if knobs.drip or (knobs.rate and not self.rushed):
                await asyncio.sleep(knobs.drip or max(0, began + sent / knobs.rate - loop.time()))

    async def _end(self, writer, knobs: SimpleNamespace) -> bool:
        """End the answer, or leave it open; whether the connection may go on."""
        if knobs.silent_after is not None:
            await asyncio.sleep(3600)
        if knobs.drop_after is not None:
            if knobs.reset:
                at_once = struct.pack("ii", 1, 0)
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            else:
                await asyncio.sleep(0)
            return False
        if knobs.chunked and knobs.clean:
            writer.write(b"0\r\n\r\n")
        writer.write(knobs.appended)
        await writer.drain()
        if (knobs.chunked and not knobs.clean) or knobs.length is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return False
        return True


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context, and a client's that trusts it.

    The self-signed certificate lies in `folder` as cert.pem and key.pem.
    """
    need("openssl", "openssl")
    cert, key = folder / "cert.pem", folder / "key.pem"
    options = f"""req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2
        -subj /CN={name} -addext subjectAltName=DNS:{name},IP:127.0.0.1"""
    command = ["openssl", *options.split(), "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    return server, ssl.create_default_context(cafile=cert)


def listens(port: int) -> bool:
    """Whether somebody does, on 127.0.0.1."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr; events {{}}
http {{
    access_log off; {temporary} {http}
    server {{
        listen 127.0.0.1:{listen}; {extra}
        root {root}; sendfile on; autoindex on; autoindex_format json;
    }}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def settle(root: Path) -> None:
    """Let every file below `root` be an hour old: else it may still be being written."""
    for file in root.rglob("*"):
        if file.is_file() and not file.is_symlink():
            os.utime(file, (time.time() - 3600, time.time() - 3600))


@asynccontextmanager
async def nginx(
    folder: Path,
    root: Path,
    *,
    tls: bool = False,
    extra: str = "",
    http: str = "",
    port: int | None = None,
):
    """A real nginx over `root`, whose files are an hour old now; yields its base URL.

    `extra` goes into its server block, `http` beside it; with `tls`, `certificate` has been called
    for `folder`.
    """
    need("nginx", "nginx-light")
    settle(root)
    if tls:
        extra += f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    for _ in range(3):  # the port may be taken between our look and its start
        port = port or free_port()
        (folder / "nginx.conf").write_text(
            NGINX.format(
                folder=folder,
                root=root,
                listen=f"{port} ssl" if tls else port,
                temporary="".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY),
                http=http,
                extra=extra,
            )
        )
        command = ["nginx", "-p", folder, "-c", folder / "nginx.conf"]
        child = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        try:
            while child.returncode is None and not listens(port):
                await asyncio.sleep(0.02)
            if child.returncode is None:
                yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
                return
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()
    raise RuntimeError("nginx does not start")
