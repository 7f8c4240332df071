"""The messages for a service manager such as systemd, by a datagram to $NOTIFY_SOCKET.

Imported under a service manager alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import suppress

log = logging.getLogger(__name__)


async def wait(stop: asyncio.Event) -> None:
    """Tell that the server is ready, now and then that its loop still turns, and that it stops.

    Returns when `stop` is set.
    """
    tell("READY=1")
    pause = watchdog_pause()
    while not stop.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()
        if not stop.is_set():
            tell("WATCHDOG=1")
    tell("STOPPING=1")


def tell(message: str) -> None:
    """Send one message; a manager that cannot be reached is told of in the log alone."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address.startswith("@"):  # of Linux' abstract names
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            sender.sendto(message.encode(), address)
    except OSError as error:
        log.warning("the service manager at $NOTIFY_SOCKET was not told %s: %s", message, error)


def watchdog_pause() -> float | None:
    """Seconds between two signs of life, half of what $WATCHDOG_USEC allows; None: no watchdog."""
    own = os.environ.get("WATCHDOG_PID", "")
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or own not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 2e6 or None
