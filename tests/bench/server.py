"""Start, idle memory and an authenticated call, each against a bare aiohttp server in the same run.

Ours runs as its user runs it: with a password set, its modules compiled by the start before; the
limiter is wide open. The two take turns, and the median counts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

from tests.app import PASSWORD, ROOT, free_port, set_password

ROUNDS = 7
SECONDS = 4  # of load a round
# Set in many containers; then our modules are compiled at each start, aiohttp's are not.
NO_COMPILED_FILES = "PYTHONDONTWRITEBYTECODE"
BARE = """
import sys
from aiohttp import web

async def hello(request):
    return web.json_response({"hello": "world"})

app = web.Application()
app.router.add_get("/health", hello)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


class Peer:
    """A server as a process of its own."""

    def __init__(self, *command: str):
        self.port = free_port()
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *command, str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in os.environ if name != NO_COMPILED_FILES},
        )
        while True:
            try:
                self.call("/health")
                break
            except OSError:
                time.sleep(0.002)
        self.started = time.perf_counter() - began

    def call(self, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if body:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def pss(self) -> float:
        """Memory in MiB, shared pages counted by their share."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)[1]) / 1024

    def load(self, path: str, token: str = "") -> float:
        """Calls a second under wrk with 8 connections."""
        command = ["wrk", "-t1", "-c8", f"-d{SECONDS}s", f"http://127.0.0.1:{self.port}{path}"]
        out = subprocess.run(
            command + ["-H", f"Authorization: Bearer {token}"] * bool(token),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "Non-2xx" not in out, out
        return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def furnish(folder: Path) -> Path:
    """The state directory of a server that is set up."""
    state = folder / "state"
    for path in (state, folder / "anime", folder / "downloads"):
        path.mkdir()
    config = {
        "anime_directory": f"{folder}/anime",
        "download_directory": f"{folder}/downloads",
        "rate_limit_per_minute": 0,
    }
    (state / "config.json").write_text(json.dumps(config))
    set_password(state, PASSWORD)
    return state


Pairs = list[tuple[float, float]]  # ours, the bare server's


def measure(state: Path) -> tuple[Pairs, Pairs, Pairs]:
    """Seconds to the first answer, MiB of memory, calls a second; of each round but the first."""
    command = [str(ROOT / "aniworld.py"), "--host", "127.0.0.1", "--data-dir", str(state), "--port"]
    starts: Pairs = []
    memory: Pairs = []
    calls: Pairs = []
    for number in range(ROUNDS + 1):
        ours = Peer(*command)
        bare = Peer("-c", BARE)
        time.sleep(0.5)
        if number:  # the first round warms the caches
            starts.append((ours.started, bare.started))
            memory.append((ours.pss(), bare.pss()))
            if shutil.which("wrk"):
                token = ours.call("/api/auth/login", {"password": PASSWORD})["token"]
                calls.append((ours.load("/api/auth/status", token), bare.load("/health")))
        ours.stop()
        bare.stop()
    return starts, memory, calls


def show(what: str, unit: str, pairs: Pairs, target: str) -> None:
    if not pairs:
        print(f"{what:24} needs Debian's wrk")
        return
    ours, bare = (median(side) for side in zip(*pairs))
    ratio = median(ours / bare for ours, bare in pairs)
    print(
        f"{what:24} {ours:9.2f} {unit:4} bare aiohttp {bare:9.2f} {unit:4} "
        f"ratio {ratio:.2f}  target {target}"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        starts, memory, calls = measure(furnish(Path(folder)))
    show("start to the first 200", "s", starts, "<= 1.5")
    show("idle memory (PSS)", "MiB", memory, "<= 1.35")
    show("authenticated call", "/s", calls, ">= 0.75")
