"""CPU and wall time of one download through the queue of the real server, from a real nginx.

The peers are curl, aria2c and wget in the same run. Everything lies in memory (/dev/shm) where
there is room, so that the program is measured and not the disk; the file is read through the
server's page cache. Medians; the ratio stands beside the target.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from tests.app import Process
from tests.upstream import certificate, nginx

ARIA2C = "aria2c -x1 -q --allow-overwrite=true --file-allocation=none -d {dir} -o out {url}"
PEERS = {
    "curl": "curl -sS -o {out} {url}",
    "aria2c": ARIA2C,
    "wget": "wget -q -O {out} {url}",
    # Not a program that one would use: the floor below which no program in Python comes here.
    "bare": f"{sys.executable} {Path(__file__).with_name('bare.py')} {{url}} {{out}}",
}
TLS = {"curl": "--cacert {}", "aria2c": "--ca-certificate={}", "wget": "--ca-certificate={}"}
TARGETS = {
    ("http", "cpu"): {"curl": 0.75, "aria2c": 0.60, "wget": 0.5},
    ("https", "cpu"): {"curl": 0.9, "aria2c": 0.65},
    ("http", "wall"): {"curl": 1.1},
    ("https", "wall"): {"curl": 1.1},
}
CODE = "S01E{:02}"
EPISODE = "Show/Show - S01E{:02}.mkv"


@asynccontextmanager
async def place(megabytes: int, folder: str | None = None):
    """`folder`, or one in memory if a few files of this size have room there; nginx may read it."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > 5 * megabytes << 20
    with tempfile.TemporaryDirectory(dir=folder or (memory if has_room else None)) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def episodes(folder: Path, size: int, count: int) -> Path:
    """A folder to serve: `count` episodes of Show of `size` bytes, all of them one file."""
    first = folder / "served" / EPISODE.format(1)
    first.parent.mkdir(parents=True)
    with open(first, "wb") as file:
        block = b"\x1aE\xdf\xa3" + os.urandom((1 << 20) - 4)
        for _ in range(size >> 20):
            file.write(block)
        file.write(block[: size % (1 << 20)])
    for number in range(2, count + 1):
        os.link(first, folder / "served" / EPISODE.format(number))
    return folder / "served"


class Ours:
    """The server with its queue running.

    `await fetch(number)` answers how many CPU seconds and wall seconds one episode took.
    """

    def __init__(self, folder: Path, url: str, cert: Path | None = None, **config):
        (folder / "ours").mkdir()
        providers = [{"type": "directory", "name": "home", "url": url}]
        self.server = Process(
            folder / "ours",
            providers=providers,
            env={"SSL_CERT_FILE": str(cert)} if cert else {},
            **config,
        )

    async def __aenter__(self) -> Ours:
        await self.server.__aenter__()
        await self.server.login()
        await self.server.post("/api/queue/start")
        self.socket = await self.server.socket()
        return self

    async def __aexit__(self, *_) -> None:
        await self.socket.close()
        await self.server.__aexit__()

    def cpu(self) -> float:
        """Seconds that all threads of the server have used; see clock_getcpuclockid(3)."""
        return time.clock_gettime((~self.server.process.pid << 3) | 2)

    async def add(self, *numbers: int) -> None:
        body = {"anime_id": "home_show", "episodes": [CODE.format(number) for number in numbers]}
        status, answer, _ = await self.server.post("/api/queue/add", json=body)
        assert status == 201, answer

    async def next(self) -> dict:
        """The next completed item; its file is removed."""
        while True:
            message = await self.socket.receive_json()
            assert message["type"] != "download_error", message
            if message["type"] == "download_completed":
                await asyncio.to_thread(Path(message["data"]["file_path"]).unlink)
                return message["data"]

    async def fetch(self, number: int) -> tuple[float, float]:
        before, began = self.cpu(), time.monotonic()
        await self.add(number)
        await self.next()
        return self.cpu() - before, time.monotonic() - began


def peer(
    name: str, url: str, folder: Path, cert: Path | None, connections: int = 1
) -> tuple[float, float]:
    """CPU seconds and wall seconds of one download by `name`."""
    output = folder / "out"
    output.unlink(missing_ok=True)
    command = PEERS[name].format(out=output, dir=folder, url=url).split()
    if connections > 1:
        command[1:2] = [f"-x{connections}", f"-s{connections}", "-k1M"]
    if name == "bare":
        return bare([*command, *([str(cert)] if cert else [])], output)
    if cert:
        command[1:1] = TLS[name].format(cert).split()
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{name} failed with {child.returncode}")
    output.unlink()
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began


def bare(command: list[str], output: Path) -> tuple[float, float]:
    """CPU seconds and wall seconds of bare.py, which leaves its interpreter's start out."""
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    output.unlink()
    cpu, wall = map(float, printed.split())
    return cpu, wall


async def compare(folder: Path, size: int, rounds: int, scheme: str) -> None:
    """One connection, ours and each peer's."""
    served = episodes(folder, size, rounds + 1)
    certificate(folder)
    cert = folder / "cert.pem" if scheme == "https" else None
    names = ["ours", *(name for name in PEERS if shutil.which(PEERS[name].split()[0]))]
    taken: dict[str, list] = {name: [] for name in names}
    async with nginx(folder, served, tls=bool(cert)) as base, Ours(folder, base, cert) as ours:
        url = base + EPISODE.format(1).replace(" ", "%20")
        for turn in range(rounds + 1):
            # Each turn begins with another one: whatever else the machine does hits all of them.
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                if name == "ours":
                    seconds = await ours.fetch(turn + 1)
                else:
                    seconds = await asyncio.to_thread(peer, name, url, folder, cert)
                if turn:  # the first turn warms the caches
                    taken[name].append(seconds)
    gib = size / (1 << 30)
    for index, what in enumerate(("cpu", "wall")):
        medians = {name: median(run[index] for run in taken[name]) / gib for name in names}
        print(f"{scheme:5} {what:4}  ours {medians['ours']:6.3f} s/GiB")
        for name in names[1:]:
            ratio = medians["ours"] / medians[name]
            target = TARGETS[scheme, what].get(name)
            print(
                f"            {name:7} {medians[name]:6.3f} s/GiB   ratio {ratio:5.2f}   "
                f"target {f'<= {target}' if target else '-'}"
            )


async def throttled(folder: Path, rounds: int) -> None:
    """A line that gives each connection 5 MB/s: one connection, four, and aria2c's four."""
    served = episodes(folder, 50_000_000, 2 * rounds)
    runs: dict[str, list[float]] = {"one": [], "four": [], "aria2c": []}
    async with nginx(folder, served, extra="limit_rate 5m;") as base, Ours(folder, base) as ours:
        url = base + EPISODE.format(1).replace(" ", "%20")
        for turn in range(rounds):
            for number, (name, limit) in enumerate((("one", 1), ("four", 4)), 2 * turn + 1):
                await ours.server.put("/api/config", json={"max_connections_per_host": limit})
                _, wall = await ours.fetch(number)
                runs[name].append(wall)
            if shutil.which("aria2c"):
                _, wall = await asyncio.to_thread(peer, "aria2c", url, folder, None, 4)
                runs["aria2c"].append(wall)
    one, four = median(runs["one"]), median(runs["four"])
    print(
        f"throttled line: one {one:.2f} s, four {four:.2f} s   {one / four:.2f} times faster   "
        "target >= 3.8"
    )
    if runs["aria2c"]:
        theirs = median(runs["aria2c"])
        ratio = theirs / four
        print(f"{'':15} aria2c -x4 {theirs:.2f} s   ratio {ratio:.2f}   target >= 0.97")


async def _run(options: argparse.Namespace) -> None:
    for what in ("http", "https", "throttled"):
        if options.only in (None, what):
            async with place(options.size, options.folder) as folder:
                if what == "throttled":
                    await throttled(folder, max(1, options.rounds - 3))
                else:
                    await compare(folder, options.size << 20, options.rounds, what)


def main(arguments: Sequence[str] | None = ()) -> None:
    parser = argparse.ArgumentParser(prog="transfer", description=__doc__)
    parser.add_argument("--size", type=int, default=512, help="MiB a download")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--only", choices=["http", "https", "throttled"])
    parser.add_argument("--folder", help="where the files lie; default /dev/shm if it has room")
    asyncio.run(_run(parser.parse_args(arguments)))


if __name__ == "__main__":
    main(None)
