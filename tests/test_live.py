"""The socket over a real wire. The ids are rows of the table of faults.

A22 another user, A23 to A25 the local owner's headers, A27 the ways of a token, A28 its end, A29
where a peer is, A30 how
many; and slow readers, and a stop with sockets open.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio

from downloads.events import DownloadProgress, QueueState, RescanFailed
from handlers import live
from handlers.authenticator import COOKIE
from handlers.hub import HUB, INBOX_MESSAGES
from tests.app import PATIENCE_SECONDS, Process, running, until
from tests.rows import each_row
from tests.test_auth import STRANGERS, authenticator_of, claims, refused, signed

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
STOP_SECONDS = 10  # what a stop may take: half a second of work, and two for a client that is deaf
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", KEY, "Sec-WebSocket-Version: 13")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    """On IPv4 and IPv6, for the local owner."""
    async with running(
        tmp_path_factory.mktemp("live"), hosts=("0.0.0.0", "::"), log_level="error"
    ) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def closed(tmp_path_factory):
    """Without a local owner: only a token opens it."""
    async with running(
        tmp_path_factory.mktemp("closed"), local_owner="off", log_level="error"
    ) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(tmp_path):
    async with running(tmp_path, log_level="error") as server:
        await server.login()
        yield server


async def handshake(
    server,
    *lines: str,
    target="/ws/downloads",
    version="1.1",
    host="localhost:{port}",
    peer="127.0.0.1",
    source=None,
):
    """(status, JSON or None, headers) of an upgrade made of these very lines."""
    hosts = [host] if isinstance(host, str) else host
    head = [
        f"GET {target.format(port=server.port)} HTTP/{version}",
        *(f"Host: {one}" for one in hosts),
        *UPGRADE,
        *lines,
        "",
        "",
    ]
    reader, writer = await asyncio.open_connection(
        peer, server.port, local_addr=source and (source, 0)
    )
    try:
        writer.write("\r\n".join(head).format(port=server.port).encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.split(": ", 1) for line in answer[1:] if line)
            status = int(answer[0].split()[1])
            body = (
                json.loads(await reader.readexactly(int(headers["Content-Length"])))
                if headers.get("Content-Type", "").startswith("application/json")
                else None
            )
    finally:
        writer.close()
    return status, body, headers


def inboxes(server) -> set:
    return server.app[HUB]._inboxes


@asynccontextmanager
async def listening(server, **how):
    """A socket whose snapshot is read."""
    async with server.socket(**how) as ws:
        assert (await ws.receive_json(timeout=PATIENCE_SECONDS))["type"] == "snapshot"
        yield ws


async def close_code(ws) -> int:
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for _ in ws:
            pass
    return ws.close_code


# -- A23, A24, A25, A29: the local owner -----------------------------------------------------------

OWNER = {
    "A21-localhost": {},
    "A21-127.0.0.1": {"host": "127.0.0.1:{port}"},
    "A21-IPv6": {"host": "[::1]:{port}", "peer": "::1"},
    "A24-LOCALHOST": {"host": "LOCALHOST:{port}"},
    "A23-own-Origin": {"lines": ["Origin: http://localhost:{port}"]},
    "A29-127.0.0.2": {"source": "127.0.0.2"},
    "a-query": {"target": "/ws/downloads?a=b"},
}


@pytest.mark.parametrize("how", OWNER.values(), ids=OWNER)
async def test_the_local_owner_needs_no_token(server, how):
    how = dict(how)
    status, _, headers = await handshake(server, *how.pop("lines", ()), **how)
    assert status == 101 and "Sec-WebSocket-Protocol" not in headers and headers["X-Request-ID"]


@each_row("headers", STRANGERS.values(), ids=STRANGERS)
async def test_strangers_do(server, headers):
    host = headers.get("Host", "localhost:{port}")
    refused(
        await handshake(
            server,
            *(f"{name}: {value}" for name, value in headers.items() if name != "Host"),
            host=host,
        ),
        401,
    )


MORE = {
    "A23-empty-Origin": ({"lines": ["Origin:"]}, 401),
    "A23-Origin-localhost.evil": ({"lines": ["Origin: http://localhost.evil:{port}"]}, 401),
    "A23-Origin-of-an-extension": ({"lines": ["Origin: chrome-extension://abc"]}, 401),
    "A23-Origin-of-another-name": ({"lines": ["Origin: http://127.0.0.1:{port}"]}, 401),
    "A23-Origin-with-a-slash": ({"lines": ["Origin: http://localhost:{port}/"]}, 401),
    "A23-two-Origins": (
        {"lines": ["Origin: http://localhost:{port}", "Origin: http://evil.example"]}, 401,
    ),
    "A24-absolute-form": ({"target": "http://localhost:{port}/ws/downloads"}, 401),
    "A24-absolute-form-and-foreign-Host": (
        {"target": "http://localhost:{port}/ws/downloads", "host": "evil.example"}, 401,
    ),
    "A24-HTTP/1.0": ({"version": "1.0"}, 401),
    "A24-HTTP/1.0-without-Host": ({"version": "1.0", "host": []}, 401),
    "A24-without-Host": ({"host": []}, 400),
    "A24-two-Hosts": ({"host": ["localhost:{port}"] * 2}, 400),
    "A24-empty-Host": ({"host": ""}, 401),
    "A24-Host-0.0.0.0": ({"host": "0.0.0.0:{port}"}, 401),
    "A25-two-empty": ({"lines": ["Via:", "FORWARDED:"]}, 401),
}  # fmt: skip


@each_row("how, status", MORE.values(), ids=MORE)
async def test_who_only_looks_local_does_too(server, how, status):
    how = dict(how)
    assert (await handshake(server, *how.pop("lines", ()), **how))[0] == status


def own_address() -> str | None:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("203.0.113.1", 9))
        except OSError:
            return None
        return one.getsockname()[0]


async def test_A29_from_the_LAN(server):
    if (address := own_address()) is None:
        pytest.skip("this machine has no address beside loopback")
    refused(await handshake(server, peer=address), 401)


STRANGER = """
import os, socket, sys
port = int(sys.argv[1])
os.setgroups([]), os.setgid(65534), os.setuid(65534)
one = socket.socket()
one.connect(("127.0.0.1", port))
one.sendall(sys.argv[2].encode())
print(one.recv(9999).split(b" ")[1].decode())
"""


async def test_A22_another_user(server):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    head = "\r\n".join(
        ["GET /ws/downloads HTTP/1.1", f"Host: localhost:{server.port}", *UPGRADE, "", ""]
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", STRANGER, str(server.port), head],
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("401\n", "")


# -- A27: the ways of a token ----------------------------------------------------------------------


async def test_A27_the_ways_of_a_token(closed):
    api, cookie, _ = authenticator_of(closed).issue()
    own, foreign = f"Origin: http://localhost:{closed.port}", "Origin: http://evil.example"
    ended = signed(closed, claims(closed, exp=1))
    with_cookie = f"Cookie: {COOKIE}={cookie}"

    def bearer(token: str) -> str:
        return f"Authorization: Bearer {token}"

    def offer(*protocols: str) -> str:
        return f"Sec-WebSocket-Protocol: {', '.join(protocols)}"

    let_in = [
        [bearer(api)],
        [bearer(api), foreign],
        [offer("aniworld.v1", f"bearer.{api}")],
        [offer("aniworld.v1"), offer(f"bearer.{api}")],
        [f"Sec-WebSocket-Protocol: bearer.{api},aniworld.v1", foreign],
        [offer(f"bearer.{api}")],
        [with_cookie, own],
        [f"Cookie: a=b; {COOKIE}={cookie}; c=d", own],
    ]
    shut_out = [
        [],
        [own],
        [with_cookie],
        [with_cookie, foreign],
        [with_cookie, "Origin: null"],
        [with_cookie, own, foreign],
        [f"Cookie: {COOKIE}={api}", own],
        [f"Cookie: {COOKIE}=x", own],
        [bearer(cookie)],
        [bearer(ended)],
        [offer("aniworld.v1", f"bearer.{cookie}")],
        [offer("aniworld.v1", f"bearer.{ended}")],
        [offer("aniworld.v1", "bearer.")],
        [offer(f"bearer.{api}", f"bearer.{api}")],
        [offer("aniworld.v1")],
        [offer(api)],
        [bearer("x"), offer(f"bearer.{api}")],
        [bearer("x"), with_cookie, own],
        [f"X-Token: {api}"],
    ]
    table = [*((lines, 101) for lines in let_in), *((lines, 401) for lines in shut_out)]
    for lines, status in table:
        found, body, headers = await handshake(closed, *lines)
        assert found == status, lines
        assert (
            api not in str(headers)
            and cookie not in str(headers)
            and "bearer" not in headers.get("Sec-WebSocket-Protocol", "")
        )
        assert headers.get("Sec-WebSocket-Protocol") == (
            "aniworld.v1" if status == 101 and "aniworld.v1" in str(lines) else None
        )
        if status == 401:
            refused((found, body, headers), 401)
    for query in (f"?token={api}", f"?access_token={api}", f"?bearer={api}"):
        refused(await handshake(closed, target=f"/ws/downloads{query}"), 401)


async def test_A8_a_bad_token_is_judged_alone(server):
    """Also the local owner's: whoever shows a token means that one."""
    for line in ("Authorization: Bearer x", "Authorization:", "Sec-WebSocket-Protocol: bearer.x"):
        refused(await handshake(server, line), 401)
    assert (await handshake(server, f"Cookie: {COOKIE}=ended"))[
        0
    ] == 101  # a cookie is no proof that was chosen


async def test_what_is_no_upgrade(server):
    refused(await server.get("/ws/downloads"), 400)
    refused(await server.get("/ws/downloads", headers={"Via": "x"}), 401)
    refused(await server.post("/ws/downloads"), 405)
    assert not inboxes(server)


# -- A28: the end of a token -----------------------------------------------------------------------


async def test_A28_logout_closes_its_sockets(closed):
    ended, cookie, _ = authenticator_of(closed).issue()
    other, _, _ = authenticator_of(closed).issue()
    async with AsyncExitStack() as stack:
        by_token = {"Authorization": f"Bearer {ended}"}
        by_cookie = {"Cookie": f"{COOKIE}={cookie}", "Origin": closed.base}
        first, second = [
            await stack.enter_async_context(listening(closed, headers=headers))
            for headers in (by_token, by_cookie)
        ]
        kept = await stack.enter_async_context(
            listening(closed, protocols=["aniworld.v1", f"bearer.{other}"])
        )
        assert kept.protocol == "aniworld.v1"
        assert (await closed.post("/api/auth/logout", token=ended))[0] == 200
        assert [await close_code(ws) for ws in (first, second)] == [1008, 1008]
        closed.app[HUB].publish(QueueState("stopped", ""))
        assert (await kept.receive_json(timeout=PATIENCE_SECONDS))["type"] == "queue_state"
    refused(
        await handshake(
            closed, f"Cookie: {COOKIE}={cookie}", f"Origin: http://localhost:{closed.port}"
        ),
        401,
    )


async def test_A28_a_token_that_expires(closed, monkeypatch):
    soon = SimpleNamespace(time=lambda: time.time() + 3599.5, monotonic=time.monotonic)
    monkeypatch.setattr(live, "time", soon)  # its timer sees the end; the token is good for an hour
    token = signed(closed, claims(closed, exp=int(time.time()) + 3600, jti="short"))
    async with listening(closed, headers={"Authorization": f"Bearer {token}"}) as ws:
        assert await close_code(ws) == 1008
    assert not inboxes(closed)


# -- A30: how many ---------------------------------------------------------------------------------


async def test_A30_nine_without_and_sixty_five_with_a_token(fresh):
    token, stranger = fresh.token, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(stranger)

        def open_one(session):
            return stack.enter_async_context(session.ws_connect(f"{fresh.base}/ws/downloads"))

        bare = [await open_one(stranger) for _ in range(8)]
        answer = await handshake(fresh)
        assert refused(answer, 429)["retry_after"] and answer[2]["Retry-After"]
        for _ in range(56):
            await open_one(fresh.client)
        refused(await handshake(fresh, f"Authorization: Bearer {token}"), 429)
        await bare.pop().close()
        await until(lambda: len(inboxes(fresh)) == 63)
        assert (await handshake(fresh))[0] == 101
        await until(lambda: len(inboxes(fresh)) == 63)
        assert [(await ws.receive_json(timeout=PATIENCE_SECONDS))["type"] for ws in bare] == [
            "snapshot"
        ] * 7
    await until(lambda: not inboxes(fresh))


# -- messages --------------------------------------------------------------------------------------


def progress(queue_item_id: str, episode: str = "S01E01") -> DownloadProgress:
    return DownloadProgress(
        queue_item_id=queue_item_id,
        episode=episode,
        progress_percent=50,
        downloaded_bytes=1,
        total_bytes=2,
        speed_mbps=1.0,
        eta_seconds=1,
    )


async def test_the_snapshot_comes_first_and_seq_rises(tmp_path):
    async with running(tmp_path, providers=[{"type": "demo", "name": "aniworld"}]) as server:
        await server.login()
        async with server.socket() as ws:
            added = (
                await server.post(
                    "/api/queue/add",
                    json={"anime_id": "aniworld_123", "episodes": ["S01E01", "S01E02"]},
                )
            )[1]["data"]
            await server.put(f"/api/queue/{added['items'][1]}", json={"priority": "high"})
            server.app[HUB].publish(progress("queue_1"))
            seen = [await ws.receive_json(timeout=PATIENCE_SECONDS) for _ in range(4)]
            await server.post("/api/queue/stop")
            await server.delete(f"/api/queue/{added['items'][0]}")
            seen += [await ws.receive_json(timeout=PATIENCE_SECONDS) for _ in range(2)]
            assert [message["type"] for message in seen] == [
                "snapshot",
                "queue_items",
                "queue_items",
                "download_progress",
                "queue_state",
                "queue_removed",
            ]
            first = seen[0]["seq"]
            assert [message["seq"] - first for message in seen] == [0, 1, 2, 2, 3, 4]
            assert all(
                message.keys() == {"type", "timestamp", "seq", "data"}
                and message["timestamp"].endswith("Z")
                for message in seen
            )
            assert seen[0]["data"]["status"]["state"] == "stopped"
        async with server.socket() as ws:
            snapshot = await ws.receive_json(timeout=PATIENCE_SECONDS)
            assert (
                snapshot["seq"] == first + 4
                and [item["queue_item_id"] for item in snapshot["data"]["items"]]
                == added["items"][1:]
            )


async def test_nothing_that_a_snapshot_has_comes_again_with_its_number(fresh):
    """Whatever happens while a socket opens: numbers go up by one, from the snapshot's on."""
    hub = fresh.app[HUB]

    async def talk():
        for _ in range(INBOX_MESSAGES // 2):  # as many as may wait meanwhile
            hub.publish(QueueState("stopped", ""))
            await asyncio.sleep(0.001)

    for _ in range(10):
        talking = asyncio.create_task(talk())
        async with fresh.socket() as ws:
            await talking
            await talk()
            seen = [(await ws.receive_json(timeout=PATIENCE_SECONDS))["seq"] for _ in range(5)]
            assert seen == list(range(seen[0], seen[0] + 5))


async def test_a_rescan_of_many_folders_keeps_its_listeners(fresh):
    for n in range(200):
        folder = fresh.library / f"Show {n:03}" / "Season 01"
        folder.mkdir(parents=True)
        (folder / f"Show {n:03} - S01E01.mkv").write_bytes(b"x")
    async with listening(fresh) as ws:
        assert (await fresh.post("/api/v1/anime/rescan"))[1]["new_series"] == 200
        seen = []
        while not seen or seen[-1]["type"] != "rescan_completed":
            seen.append(await ws.receive_json(timeout=PATIENCE_SECONDS))
        assert {message["type"] for message in seen[:-1]} == {"rescan_progress"} and len(seen) < 20


# -- what clients do to us -------------------------------------------------------------------------


async def test_what_a_client_says_is_ignored_until_it_is_too_much(fresh):
    async with listening(fresh) as ws, listening(fresh) as other:
        await ws.send_str("x" * 4000)
        await ws.send_bytes(b"\0" * 4000)
        await ws.send_str("{}")
        fresh.app[HUB].publish(QueueState("stopped", ""))
        assert (await ws.receive_json(timeout=PATIENCE_SECONDS))["type"] == "queue_state"
        await ws.send_str("x" * 5000)
        assert await close_code(ws) == 1009
        assert (await other.receive_json(timeout=PATIENCE_SECONDS))["type"] == "queue_state"
    async with listening(fresh) as ws:
        for _ in range(300):
            await ws.send_str("x")
        assert await close_code(ws) == 1013
    await until(lambda: not inboxes(fresh))


FRAMES = {
    "unmasked": (b"\x81\x01x", 1002),
    "reserved-bit": (b"\xc1\x80\0\0\0\0", 1002),
    "unknown-kind": (b"\x83\x80\0\0\0\0", 1002),
    "not-UTF-8": (b"\x81\x81\0\0\0\0\xff", 1007),
    "a-length-of-2-to-the-62": (b"\x82\xff\x3f" + b"\xff" * 7 + b"\0\0\0\0", 1009),
    "fragments-without-end": (
        b"\x01\xfe\x04\x00\0\0\0\0" + b"x" * 1024 + (b"\x00\xfe\x04\x00\0\0\0\0" + b"x" * 1024) * 8,
        1009,
    ),
    "long-ping": (b"\x89\xfe\x00\x80\0\0\0\0" + b"x" * 128, 1002),
}


@pytest.mark.parametrize("frame", FRAMES, ids=lambda name: f"L5-{name}")
async def test_broken_frames(server, frame, monkeypatch):
    monkeypatch.setattr(live, "GOODBYE_SECONDS", 0.1)
    sent, code = FRAMES[frame]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(
            "\r\n".join(
                [f"GET /ws/downloads HTTP/1.1\r\nHost: localhost:{server.port}", *UPGRADE, "", ""]
            ).encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        await until(lambda: inboxes(server))
        writer.write(sent)
        if frame == "unmasked":  # aiohttp takes it; nobody is harmed
            (inbox,) = inboxes(server)
            inbox.end("shutdown")
            code = 1001
        told = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
        assert b"\x88" in told and code.to_bytes(2, "big") in told
    finally:
        writer.close()
    await until(lambda: not inboxes(server))


async def slow_reader(server) -> socket.socket:
    """A socket that has been opened and is never read."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(one, ("127.0.0.1", server.port))
    await loop.sock_sendall(
        one,
        "\r\n".join(
            [f"GET /ws/downloads HTTP/1.1\r\nHost: localhost:{server.port}", *UPGRADE, "", ""]
        ).encode(),
    )
    return one


@pytest.mark.parametrize("reads_again", [True, False], ids=["then-reads", "never-reads"])
async def test_a_slow_reader_is_closed_and_nobody_waits_for_it(fresh, monkeypatch, reads_again):
    """L4: it is told so, if it reads on after all; its connection ends, if it does not."""
    monkeypatch.setattr(live, "SEND_SECONDS", PATIENCE_SECONDS if reads_again else 0.3)
    monkeypatch.setattr(live, "GOODBYE_SECONDS", PATIENCE_SECONDS if reads_again else 0.3)
    hub = fresh.app[HUB]
    before = asyncio.all_tasks()
    async with listening(fresh) as fast, asyncio.timeout(PATIENCE_SECONDS):
        slow = await slow_reader(fresh)
        await until(lambda: len(inboxes(fresh)) == 2)
        text, sent = "x" * 50_000, 0
        while len(inboxes(fresh)) == 2 and not any(inbox.over for inbox in inboxes(fresh)):
            hub.publish(QueueState("running", text))
            hub.publish(progress(f"queue_{sent}", text))
            sent += 1
            assert sent < 2000
            while (await fast.receive_json())["type"] != "queue_state":
                pass  # progress of the round before
        if reads_again:
            assert sent > 64, "so many may wait for it"
            told, goodbye = b"", (1013).to_bytes(2, "big") + b"too slow"
            while goodbye not in told:
                chunk = await asyncio.get_running_loop().sock_recv(slow, 1 << 20)
                assert chunk, "hung up without a word"
                told = told[-200:] + chunk
            slow.close()
        await until(lambda: len(inboxes(fresh)) == 1)
        hub.publish(RescanFailed("the last"))
        while (kind := (await fast.receive_json())["type"]) != "rescan_failed":
            assert kind == "download_progress"
        slow.close()

    def left_over() -> list[asyncio.Task]:
        return [
            task
            for task in asyncio.all_tasks() - before
            if "connect" in repr(task.get_coro()) or task.get_name() == "socket reader"
        ]

    await until(lambda: not left_over())


async def test_one_that_only_says_hello_holds_no_place(fresh):
    for _ in range(12):
        one = await slow_reader(fresh)
        await until(lambda: inboxes(fresh))
        one.close()
        await until(lambda: not inboxes(fresh))


# -- a stop ----------------------------------------------------------------------------------------


async def test_a_socket_that_opens_as_the_server_stops_ends_too(tmp_path):
    """Or the stop would wait for it, longer than the 10 seconds that it may take."""
    async with running(tmp_path, log_level="error") as server:
        server.app[HUB].close()
        async with listening(server) as ws:
            assert await close_code(ws) == 1001


@pytest.mark.parametrize(
    "by, has_deaf",
    [
        pytest.param(signal.SIGTERM, True, id="SIGTERM", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, False, id="SIGINT"),
    ],
)
async def test_a_stop_closes_the_sockets_and_ends_in_time(tmp_path, by, has_deaf):
    async with Process(tmp_path) as process:
        await process.login()
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(listening(process)) for _ in range(5)]
            deaf = [await slow_reader(process)] if has_deaf else []  # never answers a close
            async with asyncio.timeout(STOP_SECONDS):
                code, *codes = await asyncio.gather(
                    process.stop(by), *(close_code(ws) for ws in sockets)
                )
            assert (code, codes) == (0, [1001] * 5)
            for one in deaf:
                one.close()
        assert "Traceback" not in process.log and "stopping" in process.log
