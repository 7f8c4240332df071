"""The real application on a real socket, in this process or as one of its own.

async with running(tmp_path, providers=[...], max_concurrent_downloads=1) as server:
    await server.login()
    status, body, headers = await server.get("/api/config")

async with Process(tmp_path) as process:
    await process.login()
    process.kill9()
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

import aniworld
from handlers import authenticator, listening
from store.secrets import SecretsFile

PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 60.0  # for anything that takes a moment, on a machine with much else to do
ROOT = Path(aniworld.__file__).parent
# Below those of Linux for outgoing connections; each process of the tests has others.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
OWN_PORTS = range(20_000 + _WORKER, 32_768, _WORKERS)

Answer = tuple[int, Any, CIMultiDict]  # status, JSON or None, headers


async def until(check: Callable, seconds: float = PATIENCE_SECONDS):
    """What `check()`, a function or a coroutine function, answers as soon as that is true."""
    async with asyncio.timeout(seconds):
        while True:
            value = check()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value
            await asyncio.sleep(0.02)


class Client:
    """Calls `base`; after login() with a token. Each answers (status, JSON or None, headers)."""

    base: str
    port: int
    client: aiohttp.ClientSession
    token: str | None = None

    async def login(self, password: str = PASSWORD) -> str:
        """The token, sent with every further call."""
        status, body, _ = await self.post("/api/auth/login", json={"password": password})
        assert status == 200, body
        self.token = body["token"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"
        return self.token

    async def request(self, method: str, path: str, **options) -> Answer:
        """`options` are aiohttp's; `token=` sends another token than login()'s, None sends none."""
        if "token" not in options:
            return await _answer(self.client.request(method, self.base + path, **options))
        token = options.pop("token")
        if token is None:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as stranger:
                return await _answer(stranger.request(method, self.base + path, **options))
        options["headers"] = {**options.get("headers", {}), "Authorization": f"Bearer {token}"}
        return await _answer(self.client.request(method, self.base + path, **options))

    async def get(self, path: str, **options) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options) -> Answer:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options) -> Answer:
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options) -> Answer:
        return await self.request("DELETE", path, **options)

    async def raw(self, data: bytes, *, half_closed: bool = False) -> Answer:
        """What is answered to these very bytes, on a connection of their own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            if half_closed:
                writer.write_eof()
            async with asyncio.timeout(PATIENCE_SECONDS):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                status_line, *lines = head.split("\r\n")
                headers = CIMultiDict(line.split(": ", 1) for line in lines if line)
                body = await reader.readexactly(int(headers.get("Content-Length", 0)))
        finally:
            writer.close()
        content = json.loads(body) if body.startswith(b"{") else None
        return int(status_line.split()[1]), content, headers

    def socket(self, **options):
        """`async with server.socket() as ws`: the socket's upgrade, as aiohttp's ws_connect."""
        return self.client.ws_connect(f"{self.base}/ws/downloads", **options)


class Server(Client):
    """What running() gives: the application `app`, its folders `state`, `library`, `downloads`."""

    app: web.Application

    def __init__(self, tmp_path: Path):
        self.state, self.library, self.downloads = folders(tmp_path)


@asynccontextmanager
async def running(
    tmp_path: Path,
    *,
    password: str | None = PASSWORD,
    hosts: Sequence[str] = ("127.0.0.1",),
    forced: dict | None = None,
    **config,
) -> AsyncIterator[Server]:
    """The application in this process, without a rate limit; `config` goes into config.json.

    It is set up with `password`, unless that is None. bcrypt is cheap.
    """
    server = Server(tmp_path)
    write_config(server, config)
    level = logging.getLogger().level  # the server sets that of the whole process
    with mock.patch.object(authenticator, "BCRYPT_COST", 4):
        server.app = aniworld.build(server.state, forced=forced or {})
        if password and not server.app[authenticator.AUTHENTICATOR].is_set_up:
            server.app[authenticator.AUTHENTICATOR].set_password(password)
        runner, server.port = await listening.start(server.app, hosts, 0)
        server.base = f"http://127.0.0.1:{server.port}"
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as server.client:
                yield server
        finally:
            await runner.cleanup()
            logging.getLogger().setLevel(level)


class Process(Client):
    """`python aniworld.py` on a port of its own, set up with PASSWORD unless `password` is None.

    `env` are further variables of its environment, `popen` further options of its start.
    `process.log` is what it wrote so far; `await process.start()` starts it again on the same
    port and state.
    """

    process: subprocess.Popen

    def __init__(
        self,
        tmp_path: Path,
        *arguments: str,
        password: str | None = PASSWORD,
        env: dict[str, str] | None = None,
        popen: dict | None = None,
        **config,
    ):
        self.state, self.library, self.downloads = folders(tmp_path)
        if config or not (self.state / "config.json").exists():
            write_config(self, config)
        if password:
            set_password(self.state, password)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.arguments = arguments
        self.env = env or {}
        self.popen = popen or {}
        self.log_file = tmp_path / "server.log"

    @asynccontextmanager
    async def opened_client(self) -> AsyncIterator[None]:
        """Let calls be made of the loop that runs now, without starting or ending the process."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as self.client:
            yield

    async def __aenter__(self) -> Process:
        self.client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        try:
            await self.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        self.kill9()
        await self.client.close()

    def spawn(self) -> None:
        """Start it; it does not answer yet."""
        command = [self.state, "--port", str(self.port), *self.arguments]
        self.process = spawn(*command, env=self.env, log=self.log_file, **self.popen)

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.spawn()

        async def answers() -> bool:
            assert self.process.poll() is None, self.log
            try:
                return bool(await self.get("/health"))
            except aiohttp.ClientError:
                return False

        await until(answers)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def kill9(self) -> None:
        self.process.kill()
        self.process.wait()

    async def stop(self, by: int = signal.SIGTERM) -> int:
        """End it kindly; its exit code."""
        self.process.send_signal(by)
        return await asyncio.to_thread(self.process.wait, PATIENCE_SECONDS)


def spawn(
    state: Path,
    *arguments: str,
    env: dict[str, str] | None = None,
    log: Path | None = None,
    **popen,
) -> subprocess.Popen:
    """`python aniworld.py --data-dir state ...`; it writes to `log`, or into its pipe."""
    ours = ("ANIWORLD_", "XDG_", "STATE_DIR")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    output: Any = open(log, "ab") if log else subprocess.PIPE  # noqa: SIM115 - the child's
    try:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "aniworld.py"), "--data-dir", str(state), *arguments],
            env=clean | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **popen,
        )
    finally:
        if log:
            output.close()


def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """(state, library, downloads), made if they are missing."""
    state, library, downloads = (tmp_path / name for name in ("state", "library", "downloads"))
    for folder in (state, library, downloads):
        folder.mkdir(mode=0o700, exist_ok=True)
    return state, library, downloads


def write_config(server: Server | Process, config: dict) -> None:
    defaults = {
        "anime_directory": str(server.library),
        "download_directory": str(server.downloads),
        "rate_limit_per_minute": 0,
    }
    (server.state / "config.json").write_text(json.dumps(defaults | config))


def set_password(state: Path, password: str = PASSWORD) -> None:
    """Set the password of a server that does not run, cheaply; one that is set stays."""
    secrets_file = SecretsFile(state / "secrets.json")
    with mock.patch.object(authenticator, "BCRYPT_COST", 4):
        gate = authenticator.Authenticator(secrets_file, dict, state / "setup-code")
        if not gate.is_set_up:
            gate.set_password(password)


def free_port() -> int:
    """A port that nobody uses now, out of those that the kernel gives to nobody by itself."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = random.SystemRandom().choice(OWN_PORTS)
            probe.bind(("127.0.0.1", port))
            return port


async def _answer(call) -> Answer:
    async with call as response:
        is_json = response.content_type == "application/json"
        return response.status, await response.json() if is_json else None, response.headers
