"""What a busy queue costs beside its CPU: memory, the loop's time, writes into the state directory.

Four downloads at once and 64 listening sockets, from a real nginx; the peer of each figure is the
same server idle.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from tests.bench.transfer import Ours, episodes, place
from tests.upstream import nginx

SOCKETS = 64
MBPS = 40  # while writes are counted
FILE_MIB = 512  # each that is fetched meanwhile
STRACE = "strace -f -y -qq -e trace=fsync,fdatasync,write,pwrite64 -e write=none -s0"


def resident(pid: int) -> float:
    """MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def drain(socket) -> None:
    async for _ in socket:
        pass


async def watch(ours: Ours, waits: list[float], memory: list[float]) -> None:
    """Note again and again how long a call waits and how much memory there is."""
    while True:
        began = time.monotonic()
        await ours.server.get("/health")
        waits.append(time.monotonic() - began)
        memory.append(resident(ours.server.process.pid))
        await asyncio.sleep(0.01)


async def busy(gib: int) -> None:
    """Memory while `gib` GiB are fetched, and how long a call has to wait meanwhile."""
    waits: list[float] = []
    memory: list[float] = []
    async with place(1024) as folder:
        served = episodes(folder, 1 << 30, gib)
        async with (
            nginx(folder, served) as base,
            Ours(folder, base, max_concurrent_downloads=4) as ours,
        ):
            for _ in range(50):
                await ours.server.get("/health")
            idle = resident(ours.server.process.pid)
            sockets = [await ours.server.socket() for _ in range(SOCKETS - 1)]
            tasks = [asyncio.create_task(drain(socket)) for socket in sockets]
            await ours.add(*range(1, gib + 1))
            tasks.append(asyncio.create_task(watch(ours, waits, memory)))
            for _ in range(gib):
                await ours.next()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for socket in sockets:
                await socket.close()
    half = len(memory) // 2
    early, late = max(memory[:half]), max(memory[half:])
    print(
        f"memory: idle {idle:.1f} MiB, with 4 downloads and {SOCKETS} sockets at most "
        f"{max(early, late) - idle:+.1f} MiB   target <= +25"
    )
    print(
        f"        at most {early:.1f} MiB in the first half of {gib} GiB, {late:.1f} MiB in the "
        "second   target: flat"
    )
    print(
        f"a call meanwhile: p99 {quantiles(waits, n=100)[98] * 1e3:.1f} ms, "
        f"at most {max(waits) * 1e3:.1f} ms   target <= 50"
    )


class Writes(NamedTuple):
    syncs: int  # of the state
    offsets: int  # syncs of a part file: each is followed by a durable offset in the state
    bytes: int  # into the state


def count_writes(log: Path, state: Path, downloads: Path) -> Writes:
    syncs = offsets = written = 0
    for line in log.read_text().splitlines():
        _, _, call = line.partition(" ")
        is_state = f"<{state}/" in call
        _, _, answer = call.rpartition("= ")
        if "sync(" in call:
            syncs += is_state
            offsets += f"<{downloads}/" in call
        elif is_state and answer.isdigit():
            written += int(answer)
    return Writes(syncs, offsets, written)


async def fetch_for(ours: Ours, seconds: float) -> int:
    """How many files are completed in that time."""
    files = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                await ours.next()
                files += 1
    except TimeoutError:
        return files


async def writes(minutes: float) -> None:
    """Syncs and bytes into the state directory, the durable offsets told apart."""
    if not shutil.which("strace"):
        print("writes: needs strace")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        count = int(minutes * 60 * MBPS / 8 / FILE_MIB) + 2
        served = episodes(folder, FILE_MIB << 20, count)
        log = folder / "strace"
        async with (
            nginx(folder, served) as base,
            Ours(folder, base, bandwidth_limit_mbps=MBPS) as ours,
        ):
            await ours.add(*range(1, count + 1))
            command = [*STRACE.split(), "-o", log, "-p", str(ours.server.process.pid)]
            tracer = await asyncio.create_subprocess_exec(*command)
            files = await fetch_for(ours, minutes * 60)
            tracer.terminate()
            await tracer.wait()
            found = count_writes(log, ours.server.state, ours.server.downloads)
    others = found.syncs - found.offsets
    mib = found.bytes / (1 << 20)
    print(
        f"writes: in {minutes:g} minutes {files} files of {FILE_MIB} MiB: {found.syncs} syncs of "
        f"the state, for {found.offsets} durable offsets;"
    )
    print(
        f"        {others / minutes * 10:.0f} others in 10 minutes, {others / max(files, 1):.1f} "
        "a file   target <= 20 in 10 minutes"
    )
    print(
        f"        {mib / minutes * 10:.1f} MiB into the state in 10 minutes, offsets too   "
        "target <= 1 MiB without them"
    )


def main(arguments: Sequence[str] | None = ()) -> None:
    parser = argparse.ArgumentParser(prog="queue", description=__doc__)
    parser.add_argument(
        "--gib", type=int, default=10, help="how much is fetched while memory is watched"
    )
    parser.add_argument("--minutes", type=float, default=4, help="how long writes are counted")
    options = parser.parse_args(arguments)
    asyncio.run(busy(options.gib))
    asyncio.run(writes(options.minutes))


if __name__ == "__main__":
    main(None)
