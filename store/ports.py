"""The sockets of the server's port, which the server answers on and the doctor tries."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence

BACKLOG = 128  # connections that may wait to be accepted
MISSING_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


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
