"""Servers to download from: one that misbehaves on demand, and a real nginx.

    async with Upstream() as up:
        up.body = os.urandom(2_000_000)
        up.drop_after = 700_000                     # a knob holds for every answer,
        up.script = [{"status": 503}, {}]           # or for the first, the second ... request only
        await fetch(..., up.url("e1.mkv"), ...)
        assert up.requests[-1].headers["If-Range"]

Knobs, by row of the specification's network faults:
N3 `silent` (never answers), `silent_after` (bytes);  N4 `drop_after`, with `reset` by RST;  N5 `ranges`, `shift`,
`content_range`, `multipart`;  N6 `etag`, `modified`, `if_range`;  N7 `length`, `chunked`, `clean`;  N8 `endless`,
`drip` (seconds a byte);  N9/N11/N12 `status`, `bare_416`, `headers`;  N10 `location`;  N14 `flip`;  N15 `headers`;
N17 `rate` (bytes a second and connection), `delay` (seconds before the headers);  N18 `raw`.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
import subprocess
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace

from multidict import CIMultiDict

from tests.requirements import need


@dataclass
class Request:
    method: str
    path: str
    headers: CIMultiDict
    status: int = 0
    sent: int = 0  # bytes of body


@dataclass
class Knobs:
    body: bytes = b""
    files: dict[str, bytes] = field(
        default_factory=dict
    )  # path -> body, where one body is not enough
    status: int | None = None
    headers: dict[str, str | None] = field(
        default_factory=dict
    )  # added to every answer; None takes one away
    kind: str = "video/x-matroska"
    etag: str | None = '"v1"'
    modified: str | None = "Mon, 05 Oct 2020 10:00:00 GMT"
    ranges: bool = True
    if_range: bool = True  # False: a partial answer whatever If-Range says
    bare_416: bool = False
    shift: int = 0  # a partial answer starts that many bytes off, and says so
    content_range: str | None = None  # instead of the true one; "" for none
    multipart: bool = False
    length: int | str | None = None  # instead of the true Content-Length; "" for none
    chunked: bool = False
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


class Upstream(Knobs):
    """An HTTP server of raw sockets in this process; see above."""

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"):
        super().__init__()
        self.script: list[dict] = []
        self.rushed = False  # True: `rate` holds no longer, for answers on their way neither
        self.requests: list[Request] = []
        self.connections = 0
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
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(asyncio.current_task())
            writer.transport.abort()

    async def _one(self, reader, writer) -> bool:
        """Answer one request; whether the connection may go on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = CIMultiDict(line.split(": ", 1) for line in head[1:] if line)
        if size := int(headers.get("Content-Length", 0)):
            await reader.readexactly(size)
        request = Request(method, path, headers)
        self.requests.append(request)
        knobs = SimpleNamespace(
            **{name: getattr(self, name) for name in Knobs.__dataclass_fields__}
        )
        vars(knobs).update(self.script.pop(0) if self.script else {})
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
        answer, body = self._answer(knobs, request)
        writer.write(answer)
        if method == "HEAD":
            return True
        return await self._send(writer, knobs, request, body)

    def _answer(self, knobs, request: Request) -> tuple[bytes, bytes]:
        whole = body = knobs.files.get(request.path.lstrip("/"), knobs.body)
        headers: dict = {
            "Date": formatdate(usegmt=True),
            "Content-Type": knobs.kind,
            "ETag": knobs.etag,
        }
        headers |= {"Last-Modified": knobs.modified, "Location": knobs.location}
        status = knobs.status or (302 if knobs.location else 200)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        held = request.headers.get("If-Range")
        if (
            status == 200
            and wanted
            and knobs.ranges
            and (not knobs.if_range or held in (None, knobs.etag, knobs.modified))
        ):
            start = int(wanted[1]) + knobs.shift
            end = min(int(wanted[2] or len(whole) - 1), len(whole) - 1)
            if start >= len(whole):
                status, body = 416, b""
                headers["Content-Range"] = None if knobs.bare_416 else f"bytes */{len(whole)}"
            else:
                status, body = 206, whole[start : end + 1]
                headers["Content-Range"] = f"bytes {start}-{end}/{len(whole)}"
                if knobs.content_range is not None:
                    headers["Content-Range"] = knobs.content_range or None
                if knobs.multipart:
                    headers["Content-Range"], headers["Content-Type"] = (
                        None,
                        "multipart/byteranges; boundary=x",
                    )
                    part = (
                        f"--x\r\nContent-Range: bytes {start}-{end}/{len(whole)}\r\n\r\n".encode()
                    )
                    body = part + body + b"\r\n--x--\r\n"
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

    async def _send(self, writer, knobs, request: Request, body: bytes) -> bool:
        size = 1 if knobs.drip else max(1, knobs.rate // 50) if knobs.rate else 1 << 18
        at, cut = (
            0,
            min(len(body) if x is None else x for x in (knobs.drop_after, knobs.silent_after)),
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        while knobs.endless or at < min(cut, len(body)):
            piece = b"\0" * size if knobs.endless else body[at : min(at + size, cut)]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if knobs.chunked else piece)
            await writer.drain()
            at += len(piece)
            request.sent = at
            if knobs.drip or (knobs.rate and not self.rushed):
                await asyncio.sleep(knobs.drip or max(0, began + at / knobs.rate - loop.time()))
        if knobs.silent_after is not None:
            await asyncio.sleep(3600)
        if knobs.drop_after is not None:
            if knobs.reset:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
            else:
                await asyncio.sleep(0)
            return False
        if knobs.chunked and knobs.clean:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        if (knobs.chunked and not knobs.clean) or knobs.length is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return False
        return True


def certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A self-signed certificate as `folder`/cert.pem and key.pem; a server's context and one that trusts it."""
    need("openssl", "openssl")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True)  # fmt: skip
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    return server, ssl.create_default_context(cafile=cert)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    """Whether somebody does, on 127.0.0.1."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


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
    """A real nginx over `root`; yields its base URL. `extra` goes into its server block, `http` beside it; with
    `tls`, `certificate` has been called for `folder`."""
    need("nginx", "nginx-light")
    temps = "".join(
        f"{n}_temp_path {folder}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    cert = (
        f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;" if tls else ""
    )
    for _ in range(3):  # the port may be taken between our look and its start
        port = port or free_port()
        (folder / "nginx.conf").write_text(
            f"daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr; events {{}} http {{"
            f"access_log off; {temps} {http} server {{ listen 127.0.0.1:{port}{' ssl' if tls else ''}; {cert} {extra}"
            f"root {root}; sendfile on; autoindex on; autoindex_format json; }} }}"
        )
        child = await asyncio.create_subprocess_exec(
            "nginx", "-p", folder, "-c", folder / "nginx.conf", stderr=asyncio.subprocess.DEVNULL)  # fmt: skip
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
