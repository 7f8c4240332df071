"""How many connections there may be: idle ones make room, busy ones stay. docs/decisions.md, 50."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from types import SimpleNamespace

import aiohttp
import pytest

from handlers.connections import CONNECTIONS, MAX_FOR_MANY, MAX_OF_ONE_ADDRESS, Connections
from tests.app import ROOT, Process, running, until


class Transport:
    """As much of a transport as is counted by."""

    def __init__(self, address: str):
        self.address = address
        self.aborted = False

    def get_extra_info(self, name: str):
        return (self.address, 1) if name == "peername" else None

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


def connections(most: int = 256) -> Connections:
    return Connections(most, lambda address: address == "10.0.0.1")


def request(transport: Transport) -> SimpleNamespace:
    return SimpleNamespace(transport=transport)


@pytest.mark.parametrize(
    "address, most",
    [
        ("192.168.1.5", MAX_OF_ONE_ADDRESS),
        ("2001:db8::5", MAX_OF_ONE_ADDRESS),
        ("fe80::1%eth0", MAX_OF_ONE_ADDRESS),
        ("127.0.0.1", MAX_FOR_MANY),
        ("::1", MAX_FOR_MANY),
        ("::ffff:127.0.0.1", MAX_FOR_MANY),
        ("10.0.0.1", MAX_FOR_MANY),
    ],
)
def test_the_longest_idle_one_makes_room(address, most):
    found = connections()
    transports = [Transport(address) for _ in range(most)]
    assert all(found.admit(each) for each in transports)
    assert not any(each.aborted for each in transports)
    found.begin(request(transports[0]))
    found.end(found.begin(request(transports[1])))  # was used last
    assert found.admit(Transport(address))
    assert [each.aborted for each in transports[:3]] == [False, False, True]
    assert found.admit(Transport("192.168.1.9")), "another address has room"


def test_a_network_of_64_bits_is_one_address():
    found = connections()
    transports = [Transport(f"2001:db8::{n:x}") for n in range(MAX_OF_ONE_ADDRESS + 1)]
    assert all(found.admit(each) for each in transports)
    assert [each.aborted for each in transports].count(True) == 1


def test_where_all_are_busy_nobody_gets_in():
    found = connections(most=2)
    transports = [Transport("192.168.1.5"), Transport("192.168.1.6")]
    busy = []
    for each in transports:
        assert found.admit(each)
        busy.append(found.begin(request(each)))
    assert found.begin(request(Transport("192.168.1.5"))) is None, "it was never admitted"
    assert not found.admit(Transport("192.168.1.7"))
    found.end(busy[1])
    assert found.admit(Transport("192.168.1.7"))
    assert [each.aborted for each in transports] == [False, True]
    transports[0].abort()
    assert found.admit(Transport("192.168.1.8")), "one that is closed counts no more"
    found.end(busy[0])
    assert found.begin(request(transports[0])) is None, "nor does it come back with its answer"


async def test_idle_connections_lock_nobody_out(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        server.app[CONNECTIONS]._most = 20
        async with server.socket() as socket:
            await socket.receive()
            writers = []
            for _ in range(60):
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writers.append(writer)
                async with aiohttp.ClientSession() as stranger:
                    async with stranger.get(f"{server.base}/health") as answer:
                        assert answer.status == 200
            await server.post("/api/queue/start")
            assert (await socket.receive()).type == aiohttp.WSMsgType.TEXT, "it was busy"
            for writer in writers:
                writer.close()


@pytest.mark.slow
async def test_slow_readers_cost_little_and_descriptors_do_not_end(tmp_path):
    """L1: 1,100 idle connections and 400 readers that never read, with 1,024 descriptors."""

    def limited() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))

    async with Process(tmp_path, popen={"preexec_fn": limited}) as process:
        await process.login()
        before = resident_bytes(process.process.pid)
        writers = []
        for number in range(1500):
            reader, writer = await asyncio.open_connection("127.0.0.1", process.port, limit=1024)
            if number % 4 == 0:
                path = "/api/docs/assets/swagger_bundle.js" if number % 8 else "/api/openapi.json"
                writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                reader._transport.pause_reading()
            writers.append(writer)
            if number % 100 == 0:
                assert (await process.get("/api/queue"))[0] == 200
        assert (await process.get("/api/queue"))[0] == 200
        grown = resident_bytes(process.process.pid) - before
        for writer in writers:
            writer.close()
    assert grown < 60 * 2**20, f"{grown / 2**20:.0f} MiB"
    assert len(process.log) < 10_000


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024


BOUNDS = """
import resource
from handlers.connections import most_connections

for hard in (4096, 512, 400, 300, 256, 100, 12):
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 90), hard))
    print(most_connections())
"""


async def test_where_there_are_few_descriptors_half_of_them_are_for_connections():
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", BOUNDS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["256", "256", "200", "150", "128", "50", "8"]


OUT_OF_DESCRIPTORS = """
import asyncio, errno, logging, os, sys
from handlers import listening

logging.basicConfig(format="%(message)s")
loop = asyncio.new_event_loop()
for _ in range(1000):
    error = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    listening._log_exception(loop, {"message": "accept", "exception": error})
loop.close()
"""


async def test_a_lack_of_descriptors_is_one_line(tmp_path):
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", OUT_OF_DESCRIPTORS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines() == [
        "no connection can be taken: Too many open files. Raise the limit of open files"
    ]


async def test_a_stop_takes_no_more_connections(tmp_path):
    async with running(tmp_path) as server:
        assert (await server.get("/health"))[0] == 200

    async def is_refused() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        except ConnectionRefusedError:
            return True
        writer.close()
        return False

    await until(is_refused)
