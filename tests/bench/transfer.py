"""CPU and wall time of one download, against curl, aria2c and wget, from a real nginx.

Everything lies in memory (/dev/shm) where there is room, so that what is measured is the program and not the disk; the
file is read through the server's page cache. Medians; the ratio stands beside the target of the specification.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from downloads.transfer import Progress, Throttle, fetch
from providers.web import Web
from store.models import Source
from tests.upstream import certificate, nginx

PEERS = {
    "curl": ["curl", "-sS", "-o", "{out}", "{url}"],
    "aria2c": ["aria2c", "-x1", "-q", "--allow-overwrite=true", "--file-allocation=none", "-d", "{dir}", "-o", "out", "{url}"],
    "wget": ["wget", "-q", "-O", "{out}", "{url}"],
}  # fmt: skip
TLS = {"curl": ["--cacert"], "aria2c": ["--ca-certificate"], "wget": ["--ca-certificate"]}
TARGETS = {
    ("http", "cpu"): {"curl": 0.85, "aria2c": 0.70, "wget": 0.5},
    ("https", "cpu"): {"curl": 1.0, "aria2c": 0.65},
    ("http", "wall"): {"curl": 1.1},
    ("https", "wall"): {"curl": 1.1},
}


async def _ours(url: str, out: Path, cert: str, connections: int) -> None:
    async def save(_):
        pass

    tls = ssl.create_default_context(cafile=cert) if cert else None
    async with Web(tls=tls) as web:
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        await fetch(web, Source(url, ".mkv"), out, base=url, resume=None, save=save, progress=Progress(),
                    throttle=Throttle(), spare=lambda: connections - 1)  # fmt: skip
        after, wall = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - began
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([cpu, wall, after.ru_maxrss - before.ru_maxrss]))


def _run(name: str, url: str, folder: Path, cert: Path | None, connections: int = 1) -> tuple[float, float]:
    """CPU seconds and wall seconds of one download by `name`."""
    out = folder / "out"
    out.unlink(missing_ok=True)
    if name == "ours":
        line = [sys.executable, "-m", "tests.bench.transfer", "--fetch", url, str(out), str(cert or ""), str(connections)]
        cpu, wall, _ = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
        return cpu, wall
    line = [a.format(out=out, dir=folder, url=url) for a in PEERS[name]]
    if name == "aria2c" and connections > 1:
        line[1:2] = [f"-x{connections}", f"-s{connections}", "-k1M"]
    if cert:
        flag = TLS[name][0]
        line[1:1] = [flag, str(cert)] if name == "curl" else [f"{flag}={cert}"]
    began = time.monotonic()
    child = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{name} failed with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began


async def _compare(folder: Path, size: int, rounds: int, scheme: str) -> None:
    served = folder / "served"
    served.mkdir(exist_ok=True)
    with open(served / "a.mkv", "wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(size >> 20):
            file.write(block)
    cert = folder / "cert.pem" if scheme == "https" else None
    names = ["ours", *(name for name in PEERS if shutil.which(name))]
    taken: dict[str, list] = {name: [] for name in names}
    async with nginx(folder, served, tls=bool(cert)) as base:
        for turn in range(rounds + 1):
            # In turns, and each time another one first: whatever else the machine does hits all of them.
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                run = await asyncio.to_thread(_run, name, f"{base}a.mkv", folder, cert)
                if turn:  # the first time warms the caches
                    taken[name].append(run)
    gib = size / (1 << 30)
    for index, what in enumerate(("cpu", "wall")):
        ours = median(run[index] for run in taken["ours"]) / gib
        print(f"{scheme:5} {what:4}  ours {ours:6.3f} s/GiB")
        for name in names[1:]:
            theirs = median(run[index] for run in taken[name]) / gib
            target = TARGETS[scheme, what].get(name)
            print(f"            {name:7} {theirs:6.3f} s/GiB   ratio {ours / theirs:5.2f}   target {_limit(target)}")


async def _throttled(folder: Path, rounds: int) -> None:
    """A line that gives each connection 5 MB/s: one connection, four, and aria2c's four."""
    served = folder / "served"
    served.mkdir(exist_ok=True)
    (served / "a.mkv").write_bytes(os.urandom(50_000_000))
    runs: dict[str, list[float]] = {"one": [], "four": [], "aria2c": []}
    async with nginx(folder, served, extra="limit_rate 5m;") as base:
        for _ in range(rounds):
            runs["one"].append((await asyncio.to_thread(_run, "ours", f"{base}a.mkv", folder, None))[1])
            runs["four"].append((await asyncio.to_thread(_run, "ours", f"{base}a.mkv", folder, None, 4))[1])
            if shutil.which("aria2c"):
                runs["aria2c"].append((await asyncio.to_thread(_run, "aria2c", f"{base}a.mkv", folder, None, 4))[1])
    one, four = median(runs["one"]), median(runs["four"])
    print(f"throttled line: one {one:.2f} s, four {four:.2f} s   {one / four:.2f} times faster   target >= 3.8")
    if runs["aria2c"]:
        print(f"                aria2c -x4 {median(runs['aria2c']):.2f} s   ratio {median(runs['aria2c']) / four:.2f}   target >= 0.97")


def _limit(target: float | None) -> str:
    return f"<= {target}" if target else "-"


def main(arguments: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="transfer", description=__doc__)
    parser.add_argument("--size", type=int, default=512, help="MiB a download")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--only", choices=["http", "https", "throttled"])
    parser.add_argument("--folder", help="where the files lie; default /dev/shm if it has room")
    options = parser.parse_args(arguments)
    room = Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 3 * options.size << 20
    with tempfile.TemporaryDirectory(dir=options.folder or ("/dev/shm" if room else None)) as name:
        folder = Path(name)
        folder.chmod(0o755)
        certificate(folder)
        for scheme in ("http", "https"):
            if options.only in (None, scheme):
                asyncio.run(_compare(folder, options.size << 20, options.rounds, scheme))
        if options.only in (None, "throttled"):
            asyncio.run(_throttled(folder, max(1, options.rounds - 3)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fetch"]:
        asyncio.run(_ours(sys.argv[2], Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])))
    else:
        main(sys.argv[1:])
