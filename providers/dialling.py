"""Looks names up, and dials their addresses until a socket is connected."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address

from store.errors import ProviderError
from store.threads import abandonable

CONNECT_SECONDS = 10  # for a look-up, and again for all addresses of a name together
HEAD_START_SECONDS = 0.25  # which an address has before the next one is dialled beside it

Attempt = asyncio.Task[tuple[socket.socket, str]]


async def look_up(host: str, port: int) -> list[str]:
    """The IP addresses of `host`, the best first. Raises ProviderError."""
    with suppress(ValueError):
        return [str(ip_address(host))]
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await abandonable(
                socket.getaddrinfo, host, port, socket.AF_UNSPEC, socket.SOCK_STREAM
            )
    except TimeoutError as slow:
        raise ProviderError(
            "The source's name could not be looked up in time", cause="name unknown"
        ) from slow
    except (OSError, UnicodeError) as unknown:
        raise ProviderError("The source's name is unknown", cause="name unknown") from unknown
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def dial(addresses: Sequence[str], port: int) -> tuple[socket.socket, str]:
    """A socket that is connected to the first of `addresses` to answer, and that address. They are
    dialled in order, each next one when those before it have failed or not answered for a while.
    Raises ProviderError.

    This is done on the event loop, not on a thread: many attempts can wait side by side, and each
    can be abandoned at any moment.
    """
    attempts: set[Attempt] = set()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _first_to_answer(addresses, port, attempts)
    except TimeoutError as slow:
        raise ProviderError(
            "The source did not accept a connection in time", cause="unreachable"
        ) from slow
    except ConnectionRefusedError as refused:
        raise ProviderError("The source refused the connection", cause="refused") from refused
    except OSError as failure:
        raise ProviderError("The source cannot be reached", cause="unreachable") from failure
    finally:
        for attempt in attempts:
            attempt.add_done_callback(_close)
            attempt.cancel()


async def _first_to_answer(
    addresses: Sequence[str], port: int, attempts: set[Attempt]
) -> tuple[socket.socket, str]:
    """`attempts` is emptied of what has failed, and of the attempt that is returned."""
    failure: BaseException = OSError("no address to dial")
    waiting = list(addresses)
    while waiting or attempts:
        if waiting:
            attempts.add(asyncio.create_task(_connect(waiting.pop(0), port)))
        ended, _ = await asyncio.wait(
            attempts,
            timeout=HEAD_START_SECONDS if waiting else None,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for attempt in ended:
            attempts.discard(attempt)
            error = attempt.exception()
            if error is None:
                return attempt.result()
            failure = error
    raise failure


async def _connect(address: str, port: int) -> tuple[socket.socket, str]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        # A request must not wait for the acknowledgement of what TLS has sent before it.
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connected, (address, port))
    except BaseException:
        connected.close()
        raise
    return connected, address


def _close(attempt: Attempt) -> None:
    """Close the socket of an attempt that succeeded after another one had."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result()[0].close()
