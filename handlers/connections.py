"""Bounds the number of connections, in all and from one address.

A newcomer always gets in while a connection is idle: the one that has been idle longest goes.
docs/decisions.md, 50.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from aiohttp import web

from handlers import peer

MAX_CONNECTIONS = 256
MAX_OF_ONE_ADDRESS = 32
# A trusted proxy and this machine speak for many; they leave a quarter to others.
MAX_FOR_MANY = 192
LEAST_CONNECTIONS = 8
# So many of the system's descriptors are for files, the database and the sources;
# half of them where there are few.
SPARE_DESCRIPTORS = 256


@dataclass
class Connection:
    """An open connection, the network of its peer, and how many of its requests are answered."""

    transport: asyncio.Transport
    network: str
    busy: int = 0


class Connections:
    """The open connections.

    One whose request is being answered, a socket among them, is never closed for others. `most`
    bounds all together, `is_proxy` knows the addresses of trusted proxies.
    """

    def __init__(self, most: int, is_proxy: Callable[[str], bool]):
        self._most = most
        self._is_proxy = is_proxy
        # The one that has been idle longest first.
        self._open: dict[asyncio.BaseTransport, Connection] = {}

    def admit(self, transport: asyncio.Transport) -> bool:
        """Count a new connection, after another one was closed for it if need be.

        Returns False when it has to be closed: all others are busy.
        """
        self._open = {key: each for key, each in self._open.items() if not key.is_closing()}
        peer_name = transport.get_extra_info("peername") or ("",)
        address = peer.parse_address(str(peer_name[0]).partition("%")[0])
        is_many = address is None or address.is_loopback or self._is_proxy(str(address))
        network = peer.network(address) if address else ""
        of_network = [each for each in self._open.values() if each.network == network]
        most = MAX_FOR_MANY if is_many else MAX_OF_ONE_ADDRESS
        if len(of_network) >= min(most, self._most) and not self._close_one(of_network):
            return False
        if len(self._open) >= self._most and not self._close_one([*self._open.values()]):
            return False
        self._open[transport] = Connection(transport, network)
        return True

    def begin(self, request: web.Request) -> Connection | None:
        """Note that the connection has a request that is about to be answered. Returns what `end`
        is told, None for an unknown connection."""
        transport = request.transport
        connection = self._open.get(transport) if transport else None
        if connection:
            connection.busy += 1
        return connection

    def end(self, connection: Connection) -> None:
        """Note that an answer is ready, though perhaps not sent: its connection is idle now."""
        connection.busy -= 1
        if self._open.pop(connection.transport, None):
            self._open[connection.transport] = connection

    def _close_one(self, candidates: list[Connection]) -> bool:
        idle = next((each for each in candidates if not each.busy), None)
        if idle is None:
            return False
        del self._open[idle.transport]
        idle.transport.abort()  # it may have an answer that nobody reads
        return True


CONNECTIONS = web.AppKey("connections", Connections)


class Gate(asyncio.Protocol):
    """Hands a new connection to the server's own protocol, or closes it at once."""

    def __init__(self, connections: Connections, serve: Callable[[], asyncio.Protocol]):
        self._connections = connections
        self._serve = serve

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = cast("asyncio.Transport", transport)
        if not self._connections.admit(connection):
            connection.abort()
            return
        protocol = self._serve()
        connection.set_protocol(protocol)
        protocol.connection_made(connection)


def most_connections() -> int:
    """How many connections the system's limit of descriptors bears, MAX_CONNECTIONS at most.

    Raises the soft limit first, as far as the hard one allows.
    """
    try:
        import resource
    except ImportError:  # Windows
        return MAX_CONNECTIONS
    wanted = MAX_CONNECTIONS + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):  # where even that is not allowed
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(LEAST_CONNECTIONS, min(MAX_CONNECTIONS, soft // 2))
