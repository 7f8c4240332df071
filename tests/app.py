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
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

import aiohttp
from multidict import CIMultiDict

import aniworld
from handlers import authenticator, listening
from store.secrets import SecretsFile

PASSWORD = "correct horse battery"
PATIENCE = 20.0  # seconds for a process to start or to end
ROOT = Path(aniworld.__file__).parent


class Client:
    """Calls `base`; after login() with a token. Every call answers (status, JSON or None, headers)."""

    base: str
    client: aiohttp.ClientSession
    token: str | None = None

    async def login(self, password: str = PASSWORD) -> str:
        """The token, sent with every further call."""
        status, body, _ = await self.post("/api/auth/login", json={"password": password})
        assert status == 200, body
        self.token = body["token"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"
        return self.token

    async def request(self, method: str, path: str, **how) -> tuple[int, object, dict]:
        """`how` is aiohttp's; `token=` sends that one instead, or none."""
        if "token" in how:
            token = how.pop("token")
            how["headers"] = {**how.get("headers", {})} | (
                {"Authorization": f"Bearer {token}"} if token is not None else {}
            )
            if token is None and "Authorization" in self.client.headers:
                async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as stranger:
                    return await _answer(stranger.request(method, self.base + path, **how))
        return await _answer(self.client.request(method, self.base + path, **how))

    async def get(self, path: str, **how):
        return await self.request("GET", path, **how)

    async def post(self, path: str, **how):
        return await self.request("POST", path, **how)

    async def put(self, path: str, **how):
        return await self.request("PUT", path, **how)

    async def delete(self, path: str, **how):
        return await self.request("DELETE", path, **how)

    async def raw(self, data: bytes, *, half_closed: bool = False) -> tuple[int, object, dict]:
        """What is answered to these very bytes, on a connection of their own, until the server closes it or 2 seconds pass."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            if half_closed:
                writer.write_eof()
            async with asyncio.timeout(2):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = head.split("\r\n")
                headers = CIMultiDict(line.split(": ", 1) for line in lines[1:] if line)
                body = await reader.readexactly(int(headers.get("Content-Length", 0)))
        finally:
            writer.close()
        return (
            int(lines[0].split()[1]),
            json.loads(body) if body.startswith(b"{") else None,
            headers,
        )

    def socket(self, **how):
        """`async with server.socket() as ws`: the socket's upgrade, as aiohttp's ws_connect."""
        return self.client.ws_connect(f"{self.base}/ws/downloads", **how)


class Server(Client):
    """What running() gives: `app` is the application, `state`, `library` and `downloads` its folders."""

    def __init__(self, tmp_path: Path):
        self.state, self.library, self.downloads = folders(tmp_path)
        self.app = self.port = None


@asynccontextmanager
async def running(
    tmp_path: Path,
    *,
    password: str | None = PASSWORD,
    hosts=("127.0.0.1",),
    forced: dict = {},
    **config,
) -> AsyncIterator[Server]:
    """The application in this process, set up, without a rate limit; `config` goes into config.json. bcrypt is cheap."""
    server = Server(tmp_path)
    write_config(server, config)
    with mock.patch.object(authenticator, "BCRYPT_COST", 4):
        server.app = aniworld.build(server.state, forced=forced)
        if password and not server.app[authenticator.AUTHENTICATOR].is_set_up:
            server.app[authenticator.AUTHENTICATOR].set_password(password)
        runner, server.port = await listening.start(server.app, hosts, 0)
        server.base = f"http://127.0.0.1:{server.port}"
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as server.client:
                yield server
        finally:
            await runner.cleanup()


class Process(Client):
    """`python aniworld.py` on a port of its own, set up with PASSWORD unless `password` is None.

    `process.log` is what it wrote so far; `await process.start()` starts it again on the same port and state.
    """

    def __init__(
        self,
        tmp_path: Path,
        *arguments: str,
        password: str | None = PASSWORD,
        env: dict = {},
        how: dict = {},
        **config,
    ):
        self.state, self.library, self.downloads = folders(tmp_path)
        if config or not (self.state / "config.json").exists():
            write_config(self, config)
        if password:
            set_password(self.state, password)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.arguments, self.env, self.how = arguments, env, how
        self._log = tmp_path / "server.log"

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

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = spawn(
            self.state,
            "--port",
            str(self.port),
            *self.arguments,
            env=self.env,
            log=self._log,
            **self.how,
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self.process.poll() is None, self.log
                try:
                    await self.get("/health")
                    return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.03)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kill9(self) -> None:
        self.process.kill()
        self.process.wait()

    async def stop(self, by: int = signal.SIGTERM) -> int:
        """End it kindly; its exit code."""
        self.process.send_signal(by)
        return await asyncio.to_thread(self.process.wait, PATIENCE)


def spawn(
    state: Path, *arguments: str, env: dict = {}, log: Path | None = None, **how
) -> subprocess.Popen:
    """`python aniworld.py --data-dir state ...`; what it writes goes to the end of `log`, else into its pipe."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANIWORLD_", "XDG_", "STATE_DIR"))
    }
    command = [sys.executable, str(ROOT / "aniworld.py"), "--data-dir", str(state), *arguments]
    out = open(log, "ab") if log else subprocess.PIPE
    try:
        return subprocess.Popen(
            command,
            env=clean | env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            **how,
        )
    finally:
        if log:
            out.close()


def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """(state, library, downloads), made if they are missing."""
    found = tmp_path / "state", tmp_path / "library", tmp_path / "downloads"
    for folder in found:
        folder.mkdir(mode=0o700, exist_ok=True)
    return found


def write_config(server, config: dict) -> None:
    config = {
        "anime_directory": str(server.library),
        "download_directory": str(server.downloads),
        "rate_limit_per_minute": 0,
    } | config
    (server.state / "config.json").write_text(json.dumps(config))


def set_password(state: Path, password: str = PASSWORD) -> None:
    """Set the password of a server that does not run, cheaply; one that is set stays."""
    with mock.patch.object(authenticator, "BCRYPT_COST", 4):
        one = authenticator.Authenticator(
            SecretsFile(state / "secrets.json"), dict, state / "setup-code"
        )
        if not one.is_set_up:
            one.set_password(password)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


async def _answer(call) -> tuple[int, object, dict]:
    async with call as answer:
        kind = answer.content_type
        return (
            answer.status,
            await answer.json() if kind == "application/json" else None,
            answer.headers,
        )
