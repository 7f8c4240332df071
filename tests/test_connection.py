"""One connection, over plain and over secure HTTP: each way in which a body can come, byte for byte
wherever the wire cuts it, and an end for everything that does not end by itself."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from providers import idle, network
from providers.network import Network
from store.errors import ProviderError
from tests.requirements import need
from tests.test_transfer import Run
from tests.upstream import Upstream, certificate, free_port

BODY = b"\x1aE\xdf\xa3" + random.Random(4).randbytes(400_000)
PAUSE_SECONDS = 0.002  # between two pieces, so that they are read one by one
SOON_SECONDS = 5  # far less than any limit of the program that is not patched here


@pytest.fixture(scope="module")
def contexts(tmp_path_factory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's."""
    return certificate(tmp_path_factory.mktemp("tls"))


class Raw:
    """A server that sends `pieces` as they are to each request, or those `at` its path, then closes
    or waits; None in place of a piece is a reset. `ended` counts the connections that the other
    side has closed."""

    def __init__(self, base: str):
        self.base = base
        self.pieces: list[bytes | None] = []
        self.at: dict[str, list[bytes]] = {}
        self.closes = True
        self.requests = 0
        self.ended = 0
        self.tasks: set[asyncio.Task] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                await self.send(writer, self.at.get(head.split()[1].decode(), self.pieces))
                if self.closes:
                    writer.close()
                    await writer.wait_closed()
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(asyncio.current_task())
            self.ended += 1
            writer.transport.abort()

    async def send(self, writer: asyncio.StreamWriter, pieces: list[bytes | None]) -> None:
        for piece in pieces:
            if piece is None:
                linger = struct.pack("ii", 1, 0)
                connected = writer.get_extra_info("socket")
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
                return
            writer.write(piece)
            await writer.drain()
            if len(pieces) > 1:
                await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def raw_server(tls: ssl.SSLContext | None = None):
    raw = Raw("")
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=tls, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    raw.base = f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
    try:
        yield raw
    finally:
        server.close()
        for task in raw.tasks:
            task.cancel()
        await asyncio.gather(*raw.tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports are closed


@pytest.fixture(params=["http", "https"])
async def raw(request, contexts):
    """(the server, a network that trusts it)"""
    server_context, trust = contexts
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side complains
    tls = server_context if request.param == "https" else None
    async with raw_server(tls) as raw, Network(tls=trust) as web:
        yield raw, web


def chunked(body: bytes, sizes: list[int]) -> bytes:
    """`body` in chunks of these sizes, in turns."""
    out, position = [], 0
    while position < len(body):
        piece = body[position : position + sizes[len(out) % len(sizes)]]
        out.append(b"%x\r\n%b\r\n" % (len(piece), piece))
        position += len(piece)
    return b"".join(out) + b"0\r\n\r\n"


def message(framing: str, body: bytes) -> bytes:
    head = b'HTTP/1.1 200 OK\r\nETag: "1"\r\n'
    match framing:
        case "length":
            return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        case "chunked":
            return (
                head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, [1, 7, 4000, 90_000])
            )
        case "closed":
            return head + b"Connection: close\r\n\r\n" + body
        case "HTTP/1.0":
            return head.replace(b"1.1", b"1.0") + b"\r\n" + body
        case "bare line ends":
            return head.replace(b"\r", b"") + b"Content-Length: %d\n\n" % len(body) + body
        case "interim answers":
            hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            return b"HTTP/1.1 100 Continue\r\n\r\n" + hints * 2 + message("length", body)
        case "extensions and a trailer":
            text = chunked(body, [300, 70_000])
            text = text.replace(b"\r\n", b';a="b"\r\n', 1)
            return (
                head + b"Transfer-Encoding: chunked\r\n\r\n" + text[:-2] + b"A: b\r\nC: d\r\n\r\n"
            )
    raise AssertionError(framing)


FRAMINGS = [
    "length",
    "chunked",
    "closed",
    "HTTP/1.0",
    "bare line ends",
    "interim answers",
    "extensions and a trailer",
]


@pytest.mark.parametrize("framing", FRAMINGS)
async def test_cut_anywhere_into_two_pieces(raw, framing):
    """Not a byte that comes together with the head is lost, nor read twice."""
    server, web = raw
    body = BODY[:20]
    text = message(framing, body)
    server.closes = framing in ("closed", "HTTP/1.0")
    server.pieces = [text]
    server.at = {f"/{cut}": [text[:cut], text[cut:]] for cut in range(1, len(text))}

    async def read_all(paths: Iterator[str]) -> None:
        for path in paths:
            assert (await web.read(server.base + path, base=server.base))[0] == body, path

    paths = iter(["", *(path[1:] for path in server.at)])  # which all of them take from
    await asyncio.gather(*[read_all(paths) for _ in range(idle.MAX_IDLE)])


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("first", [0, 1, 16_384, 16_385, 70_000])
async def test_a_file_whose_first_bytes_come_with_the_head(raw, framing, first, tmp_path):
    server, web = raw
    text = message(framing, BODY)
    head = text.index(b"\x1aE\xdf\xa3") if b"\x1aE\xdf\xa3" in text else text.index(b"\x1a")
    server.pieces = [text[: head + first], text[head + first :]]
    run = Run(web, server.base, tmp_path / "e1.part")
    receipt = await run()
    assert run.part.read_bytes() == BODY and receipt.bytes == len(BODY)


async def test_drop_by_drop(raw):
    server, web = raw
    for framing in FRAMINGS:
        text = message(framing, BODY[:20])
        path = f"/{FRAMINGS.index(framing)}"
        server.at[path] = [text[at : at + 1] for at in range(len(text))]
    reads = [web.read(server.base + path[1:], base=server.base) for path in server.at]
    assert [body for body, _, _ in await asyncio.gather(*reads)] == [BODY[:20]] * len(FRAMINGS)


@pytest.mark.parametrize("framing", ["length", "chunked", "extensions and a trailer"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_body_that_breaks_off_is_never_whole(raw, framing, reset):
    server, web = raw
    text = message(framing, BODY[:40])
    for cut in [*range(text.index(b"\r\n\r\n") + 4, len(text), 7), len(text) - 1]:
        server.pieces = [text[:cut], *([None] if reset else [])]
        with pytest.raises(ProviderError, match="broke the connection off"):
            await web.read(server.base, base=server.base)


async def test_a_reset_is_no_clean_end(raw):
    """Where only the end of the connection tells the end of the body."""
    server, web = raw
    server.pieces = [message("closed", BODY[:40]), None]
    with pytest.raises(ProviderError, match="broke the connection off"):
        await web.read(server.base, base=server.base)


@pytest.mark.parametrize(
    "line", [b"-1", b"0x1", b"", b"g", b"f" * 16, b"1" * 5000, b"1 2", b"\xff"]
)
async def test_a_chunk_of_no_length(raw, line):
    server, web = raw
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.pieces = [head + line + b"\r\n" + BODY[:2000]]
    with pytest.raises(ProviderError, match="not proper HTTP"):
        await web.read(server.base, base=server.base)


async def test_a_chunk_that_is_longer_than_it_says(raw):
    server, web = raw
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.pieces = [head + b"3\r\nabcd\r\n0\r\n\r\n"]
    with pytest.raises(ProviderError, match="not proper HTTP"):
        await web.read(server.base, base=server.base)


@pytest.mark.parametrize("surplus, good", [(1, True), (64, True), (65, False), (9_000, False)])
async def test_more_than_was_promised(raw, surplus, good):
    """A few bytes are thrown away, the connection with them; more tell that a length is wrong."""
    server, web = raw
    server.closes = False
    server.pieces = [message("length", BODY[:40]) + b"x" * surplus]
    for _ in range(2):
        if good:
            assert (await web.read(server.base, base=server.base))[0] == BODY[:40]
        else:
            with pytest.raises(ProviderError, match="not proper HTTP"):
                await web.read(server.base, base=server.base)


# --- an end for everything ------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS_HEADS = {
    "one endless line": (OK + b"A: ", b"x" * 4096),
    "endless fields": (OK, b"A: b\r\n" * 500),
    "endless interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless trailer": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 500),
    "no HTTP": (b"", b"\0" * 4096),
    "no HTTP, and silence": (b"SSH-2.0-OpenSSH_9.2\r\n", b""),
}


@pytest.mark.parametrize("row", ENDLESS_HEADS)
async def test_a_head_without_end(raw, row):
    server, web = raw
    server.closes = False
    begin, repeated = ENDLESS_HEADS[row]
    server.pieces = [begin, *[repeated] * 200]
    async with asyncio.timeout(SOON_SECONDS):
        with pytest.raises(ProviderError, match="not proper HTTP"):
            await web.read(server.base, base=server.base)


async def test_a_dripping_answer_has_a_deadline(raw, monkeypatch):
    """Each byte comes in time, the whole head or the whole body does not."""
    monkeypatch.setattr(network, "ANSWER_SECONDS", 0.5)
    server, web = raw
    server.closes = False
    drips = [OK + b"A: ", message("length", BODY)[:90]]
    server.at = {f"/{n}": [drip, *[b"x"] * 100_000] for n, drip in enumerate(drips)}
    reads = [web.read(server.base + path[1:], base=server.base) for path in server.at]
    async with asyncio.timeout(SOON_SECONDS):
        failures = await asyncio.gather(*reads, return_exceptions=True)
        while server.ended < len(drips):  # the sockets were shut down
            await asyncio.sleep(0.01)
    for failure in failures:
        assert isinstance(failure, ProviderError)
        assert "did not finish its answer" in str(failure)
    assert not working()


def working() -> list[str]:
    """The threads that are at work for a network just now."""
    frames = sys._current_frames()
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith("network")
        and frames[thread.ident].f_code.co_filename.endswith(("connection.py", "answer.py"))
    ]


async def test_a_silent_handshake(monkeypatch):
    monkeypatch.setattr("providers.connection.SILENCE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        async with Network() as web, asyncio.timeout(SOON_SECONDS):
            with pytest.raises(ProviderError, match="silent for 0.3 seconds"):
                await web.read(base, base=base)


STAGES = {
    "handshake or head": [],
    "in the head": [b"HTTP/1.1 200 OK\r\nA: "],
    "in the body": [message("length", BODY)[:1000]],
    "in a chunk": [message("chunked", BODY)[:80]],
    "before the end": [message("closed", BODY)],
}


@pytest.mark.parametrize("stage", STAGES)
async def test_a_cancelled_call_ends_its_thread_first(raw, stage):
    """The socket is shut down, and the thread has ended when the caller goes on."""
    server, web = raw
    server.closes = False
    server.pieces = STAGES[stage]
    for wait in (0, 0.001, 0.005, 0.02, 0.1):
        task = asyncio.create_task(web.read(server.base, base=server.base))
        await asyncio.sleep(wait)
        task.cancel()
        async with asyncio.timeout(SOON_SECONDS):
            with pytest.raises(asyncio.CancelledError):
                await task
        assert not working()
    async with asyncio.timeout(SOON_SECONDS):
        while server.ended < server.requests:
            await asyncio.sleep(0.01)


def test_the_process_ends_though_a_name_is_looked_up():
    """Nothing can stop a look-up; so nobody waits for it."""
    program = """
import asyncio, contextlib, socket, time
from providers.network import Network
socket.getaddrinfo = lambda *a, **k: time.sleep(60)
async def main():
    async with Network() as web:
        task = asyncio.create_task(web.read("http://nas.example/", base="http://nas.example/"))
        await asyncio.sleep(0.1)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
asyncio.run(main())
"""
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True, timeout=30)


# --- TLS ------------------------------------------------------------------------------------------


@asynccontextmanager
async def relay(port: int, cut: int):
    """The port of a server that hands on what comes from `port`, but of its bytes `cut` at most."""

    async def pump(reader, writer, left: int) -> None:
        with suppress(OSError):
            while left > 0 and (data := await reader.read(min(left, 65_536))):
                writer.write(data)
                await writer.drain()
                left -= len(data)
        writer.close()

    async def serve(reader, writer) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, there[1], 1 << 40), pump(there[0], writer, cut))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_n13_cut_within_a_record(contexts, tmp_path):
    """What was deciphered before the cut stays; the end is never taken for a clean one."""
    server_context, trust = contexts
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with Upstream(tls=server_context) as up, Network(tls=trust) as web:
        up.body = BODY
        for knobs in ({}, {"chunked": True}, {"length": "", "headers": {"Connection": "close"}}):
            for cut in (3_000, 20_000, 25_001, 100_000, 100_001, 390_000):
                run = Run(web, "", tmp_path / f"{cut}.part")
                async with relay(up.port, cut) as port:
                    run.base = f"https://127.0.0.1:{port}/"
                    up.script = [knobs, knobs]
                    with pytest.raises(ProviderError, match="broke the connection off"):
                        await run()
                done = run.part.stat().st_size
                assert run.part.read_bytes() == BODY[:done] and done <= cut < done + 40_000
                run.base = up.base
                run.saved = None
                up.script = []
                await run()
                assert run.part.read_bytes() == BODY
                run.part.unlink()


async def test_a_change_of_keys(contexts, tmp_path, tmp_path_factory):
    """TLS 1.3: the server takes new keys in the middle of a body, and asks us to do the same."""
    need("openssl", "openssl")
    certificate(tmp_path)
    trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    port = free_port()
    command = ["openssl", "s_server", "-accept", str(port), "-tls1_3", "-naccept", "1",
               "-cert", tmp_path / "cert.pem", "-key", tmp_path / "key.pem"]  # fmt: skip
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(SOON_SECONDS):
            await server.stdout.readuntil(b"ACCEPT")
        base = f"https://localhost:{port}/"
        async with Network(tls=trust) as web, asyncio.timeout(2 * SOON_SECONDS):
            task = asyncio.create_task(web.read(base, base=base))
            await server.stdout.readuntil(b"Host: ")
            pieces = [b"a" * 20_000, b"b" * 5, b"c" * 40_000]
            total = sum(map(len, pieces))
            server.stdin.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
            for piece in pieces:
                # A command of s_server: a letter at the beginning of what it reads at a time.
                for text in (piece, b"K\n"):
                    await server.stdin.drain()
                    await asyncio.sleep(0.1)
                    server.stdin.write(text)
            body, _, _ = await task
        assert body == b"".join(pieces)
    finally:
        if server.returncode is None:
            server.kill()
        await server.communicate()


# --- one connection for many requests -------------------------------------------------------------


@pytest.mark.parametrize("knobs", [{}, {"chunked": True}, {"body": b""}], ids=str)
async def test_a_connection_is_used_again(contexts, knobs):
    server_context, trust = contexts
    for tls in (None, server_context):
        async with Upstream(tls=tls) as up, Network(tls=trust) as web:
            vars(up).update({"body": BODY[:1000]} | knobs)
            for _ in range(20):
                assert (await web.read(up.base, base=up.base))[0] == up.body
            assert len(up.requests) == 20 and up.connections == 1


async def test_connections_side_by_side_are_used_again():
    async with Upstream() as up, Network() as web:
        up.body, up.delay = BODY[:1000], 0.05
        for _ in range(3):
            reads = [web.read(up.base, base=up.base) for _ in range(idle.MAX_IDLE)]
            assert {body for body, _, _ in await asyncio.gather(*reads)} == {up.body}
        assert up.connections == idle.MAX_IDLE
        await asyncio.gather(*[web.read(up.base, base=up.base) for _ in range(2 * idle.MAX_IDLE)])
    assert up.connections == 2 * idle.MAX_IDLE


LAST_ANSWERS = {
    "closing": {"headers": {"Connection": "close"}},
    "refused": {"status": 404},
    "redirected": {"location": "/elsewhere", "body": b"", "status": 302},
    "unread": {"length": 1001, "raw": message("length", BODY)},
}


@pytest.mark.parametrize("row", LAST_ANSWERS)
async def test_a_connection_that_is_not_used_again(row):
    """Where its answer was not read to the end, or says so."""
    async with Upstream() as up, Network() as web:
        up.body = BODY[:1000]
        up.script = [LAST_ANSWERS[row]]
        with suppress(ProviderError):
            await web.read(up.base, base=up.base, limit=999)
        assert (await web.read(up.base, base=up.base))[0] == up.body
        assert up.connections == 2


async def test_a_server_that_closes_idle_connections(raw):
    """It may do so at any moment, also just when it gets the next request."""
    server, web = raw
    server.pieces = [message("length", BODY[:40])]
    for index in range(30):
        assert (await web.read(server.base, base=server.base))[0] == BODY[:40]
        await asyncio.sleep(random.Random(index).choice((0, 0.0005, 0.01)))


async def test_idle_connections_are_closed_soon(monkeypatch):
    monkeypatch.setattr(idle, "IDLE_SECONDS", 0.1)
    async with Upstream() as up, Network() as web:
        await web.read(up.base, base=up.base)
        before = len(os.listdir("/proc/self/fd"))
        async with asyncio.timeout(SOON_SECONDS):
            while len(os.listdir("/proc/self/fd")) > before - 2:  # ours, and the server's
                await asyncio.sleep(0.02)
        await web.read(up.base, base=up.base)
        assert up.connections == 2


async def test_a_closed_network_keeps_nothing():
    async with Upstream() as up:
        web = Network()
        await web.start()
        async with web.get(up.base, base=up.base) as answer:
            await asyncio.to_thread(answer.read, 1000)
            assert answer.reusable
            await web.close()
        assert answer.connection._socket.fileno() == -1
