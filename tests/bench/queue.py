"""What a busy queue costs beside its CPU: memory, the loop's time, and writes into the state directory.

Four downloads at once and 64 listening sockets, from a real nginx; the peer of each figure is the same server idle.
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

from tests.bench.transfer import Ours, episodes, place
from tests.upstream import nginx

SOCKETS = 64


def _resident(pid: int) -> float:
    """MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def _busy(gib: int) -> None:
    """RSS while `gib` GiB are fetched, and how long a call has to wait meanwhile."""
    async with place(1024) as folder:
        served = episodes(folder, 1 << 30, gib)
        async with (
            nginx(folder, served) as base,
            Ours(folder, base, max_concurrent_downloads=4) as ours,
        ):
            pid, waits, resident = ours.server.process.pid, [], []

            async def ask() -> None:
                while True:
                    began = time.monotonic()
                    await ours.server.get("/health")
                    waits.append(time.monotonic() - began)
                    resident.append(_resident(pid))
                    await asyncio.sleep(0.01)

            for _ in range(50):
                await ours.server.get("/health")
            idle = _resident(pid)
            sockets = [await ours.server.socket() for _ in range(SOCKETS - 1)]
            drains = [asyncio.create_task(_drain(one)) for one in sockets]
            await ours.add(*range(1, gib + 1))
            asking = asyncio.create_task(ask())
            for _ in range(gib):
                await ours.next()
            for task in (asking, *drains):
                task.cancel()
            await asyncio.gather(asking, *drains, return_exceptions=True)
            for one in sockets:
                await one.close()
    early, late = max(resident[: len(resident) // 2]), max(resident[len(resident) // 2 :])
    print(
        f"memory: idle {idle:.1f} MiB, with 4 downloads and {SOCKETS} sockets at most {max(early, late) - idle:+.1f} MiB   target <= +25"
    )
    print(
        f"        at most {early:.1f} MiB in the first half of {gib} GiB, {late:.1f} MiB in the second   target: flat"
    )
    print(
        f"a call meanwhile: p99 {quantiles(waits, n=100)[98] * 1e3:.1f} ms, at most {max(waits) * 1e3:.1f} ms   target <= 50"
    )


async def _drain(socket) -> None:
    async for _ in socket:
        pass


async def _writes(minutes: float) -> None:
    """Syncs and bytes into the state directory, the durable offsets told apart: each follows a sync of its part file."""
    if not shutil.which("strace"):
        return print("writes: needs strace")
    rate = 40  # megabits a second
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        size, count = 512 << 20, int(minutes * 60 * rate / 8 / 512) + 2
        served, log = episodes(folder, size, count), folder / "strace"
        async with (
            nginx(folder, served) as base,
            Ours(folder, base, bandwidth_limit_mbps=rate) as ours,
        ):
            await ours.add(*range(1, count + 1))
            trace = [
                "strace",
                "-f",
                "-y",
                "-qq",
                "-e",
                "trace=fsync,fdatasync,write,pwrite64",
                "-e",
                "write=none",
                "-s0",
                "-o",
                log,
            ]
            tracer = await asyncio.create_subprocess_exec(
                *trace, "-p", str(ours.server.process.pid)
            )
            files, until = 0, time.monotonic() + minutes * 60
            while (left := until - time.monotonic()) > 0:
                try:
                    await asyncio.wait_for(ours.next(), left)
                    files += 1
                except TimeoutError:
                    break
            tracer.terminate()
            await tracer.wait()
        syncs = offsets = written = 0
        for line in log.read_text().splitlines():
            _, _, call = line.partition(" ")
            state, part = f"<{folder}/ours/state/" in call, f"<{folder}/ours/downloads/" in call
            if "sync(" in call:
                syncs, offsets = syncs + state, offsets + part
            elif state and call.rpartition("= ")[2].isdigit():
                written += int(call.rpartition("= ")[2])
    print(
        f"writes: in {minutes:g} minutes {files} files of 512 MiB: {syncs} syncs of the state, for {offsets} durable offsets;"
    )
    print(
        f"        {(syncs - offsets) / minutes * 10:.0f} others in 10 minutes, {(syncs - offsets) / max(files, 1):.1f} a file   target <= 20 in 10 minutes"
    )
    print(
        f"        {written / minutes * 10 / (1 << 20):.1f} MiB into the state in 10 minutes, offsets too   target <= 1 MiB without them"
    )


def main(arguments: Sequence[str] | None = ()) -> None:
    parser = argparse.ArgumentParser(prog="queue", description=__doc__)
    parser.add_argument(
        "--gib", type=int, default=10, help="how much is fetched while memory is watched"
    )
    parser.add_argument("--minutes", type=float, default=4, help="how long writes are counted")
    options = parser.parse_args(arguments)
    asyncio.run(_busy(options.gib))
    asyncio.run(_writes(options.minutes))


if __name__ == "__main__":
    main(None)
