"""The sockets that the application answers on."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR
from handlers.connections import CONNECTIONS, Gate
from handlers.keys import NETWORK
from store.ports import BACKLOG, open_sockets

GRACE_SECONDS = 3  # in which a stop lets answers end; aiohttp waits that long twice
KEEP_ALIVE_SECONDS = 30
COMPLAINT_SECONDS = 60  # between two lines about a lack of descriptors
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

log = logging.getLogger(__name__)


class Listener:
    """The application while it answers; `cleanup` ends it."""

    def __init__(self, runner: web.AppRunner, servers: list[asyncio.Server]):
        self._runner = runner
        self._servers = servers

    async def cleanup(self) -> None:
        """Take no more connections, let answers end, and close the application."""
        for server in self._servers:
            server.close()
        await self._runner.cleanup()


async def start(app: web.Application, hosts: Sequence[str], port: int) -> tuple[Listener, int]:
    """Let the application answer; returns the listener that ends it, and the port. `port` 0 takes
    any free one. Raises OSError when the port is taken."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_exception)
    sockets = open_sockets(hosts, port)
    port = sockets[0].getsockname()[1]
    app[AUTHENTICATOR].port = port
    app[NETWORK].own_port = port
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=GRACE_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        auto_decompress=False,
    )
    await runner.setup()
    serve = runner.server
    assert serve, "setup() comes first"
    connections = app[CONNECTIONS]
    servers = [
        await loop.create_server(lambda: Gate(connections, serve), sock=each, backlog=BACKLOG)
        for each in sockets
    ]
    return Listener(runner, servers), port


_last_complaint: list[float] = []  # when the lack of descriptors was logged last


def _log_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log reports of asyncio; about a lack of descriptors one line a minute."""
    error = context.get("exception")
    if not isinstance(error, OSError) or error.errno not in NO_DESCRIPTORS:
        loop.default_exception_handler(context)
        return
    if not _last_complaint or loop.time() >= _last_complaint[-1] + COMPLAINT_SECONDS:
        _last_complaint[:] = [loop.time()]
        log.error("no connection can be taken: %s. Raise the limit of open files", error.strerror)
