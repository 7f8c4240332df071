"""Start, idle memory and an authenticated call, each against a bare aiohttp server in the same run.

Ours runs as its user runs it, with a password set; the limiter is wide open. The two take turns, and the median counts.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

from tests.app import PASSWORD, ROOT, set_password
from tests.upstream import free_port

ROUNDS = 7
SECONDS = 4  # of load a round
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
        )
        while True:
            try:
                self.call("/health")
                break
            except OSError:
                time.sleep(0.002)
        self.started = time.perf_counter() - began

    def call(self, path: str, body: dict | None = None) -> dict:
        data, headers = (
            (json.dumps(body).encode(), {"Content-Type": "application/json"})
            if body
            else (None, {})
        )
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        state.mkdir()
        for name in ("anime", "downloads"):
            (Path(folder) / name).mkdir()
        config = {
            "anime_directory": f"{folder}/anime",
            "download_directory": f"{folder}/downloads",
            "rate_limit_per_minute": 0,
        }
        (state / "config.json").write_text(json.dumps(config))
        set_password(state, PASSWORD)
        ours = lambda: Peer(
            str(ROOT / "aniworld.py"), "--host", "127.0.0.1", "--data-dir", str(state), "--port"
        )
        bare = lambda: Peer("-c", BARE)  # noqa: E731
        starts, memory, calls = [], [], []
        for number in range(ROUNDS + 1):
            one, other = ours(), bare()
            time.sleep(0.5)
            if number:  # the first round warms the caches
                starts.append((one.started, other.started))
                memory.append((one.pss(), other.pss()))
                if shutil.which("wrk"):
                    token = one.call("/api/auth/login", {"password": PASSWORD})["token"]
                    calls.append((one.load("/api/auth/status", token), other.load("/health")))
            one.stop()
            other.stop()
    for what, unit, rows, target in (
        ("start to the first 200", "s", starts, "<= 1.5"),
        ("idle memory (PSS)", "MiB", memory, "<= 1.35"),
        ("authenticated call", "/s", calls, ">= 0.75"),
    ):
        if not rows:
            print(f"{what:24} needs Debian's wrk")
            continue
        ours_median, bare_median = (median(row[side] for row in rows) for side in (0, 1))
        ratio = median(one / other for one, other in rows)
        print(
            f"{what:24} {ours_median:9.2f} {unit:4} bare aiohttp {bare_median:9.2f} {unit:4} ratio {ratio:.2f}  target {target}"
        )
