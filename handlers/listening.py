"""The sockets that the application answers on."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR
from handlers.keys import NETWORK

GRACE_SECONDS = 3  # in which a stop lets answers end; aiohttp waits so long twice
KEEP_ALIVE_SECONDS = 30
BACKLOG = 128  # connections that may wait to be accepted
MISSING_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


async def start(app: web.Application, hosts: Sequence[str], port: int) -> tuple[web.AppRunner, int]:
    """Let the application answer: (its runner, the port). `await runner.cleanup()` ends it.

    `port` 0 takes any free one. Raises OSError when the port is taken.
    """
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
    for listener in sockets:
        await web.SockSite(runner, listener).start()
    return runner, port


def open_sockets(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """One socket for each family, all on the same port.

    Of several hosts, those of a family that this machine lacks are skipped. Raises OSError.
    """
    sockets: list[socket.socket] = []
    for host in hosts:
        for family, _, _, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            chosen_port = sockets[0].getsockname()[1] if sockets else port
            place = (address[0], chosen_port, *address[2:])
            try:
                sockets.append(socket.create_server(place, family=family, backlog=BACKLOG))
            except OSError as error:
                if error.errno not in MISSING_FAMILY or len(hosts) == 1:
                    raise
    if not sockets:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    return sockets
