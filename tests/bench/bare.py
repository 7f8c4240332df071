"""One download by sockets of the standard library alone: the least that Python's ssl costs here.

Prints the CPU seconds and the wall seconds, without those of the interpreter's start.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

BUFFER_BYTES = 1 << 20


def fetch(url: str, output: str, cert: str | None) -> None:
    """Write the body at `url` to `output`, by as few calls as ssl allows."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port))
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=cert)
        connection = context.wrap_socket(connection, server_hostname=parts.hostname)
    host = parts.netloc
    connection.sendall(
        f"GET {parts.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    file = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    buffer, filled = memoryview(bytearray(BUFFER_BYTES)), 0
    while count := connection.recv_into(buffer[filled:]):
        filled += count
        if filled == BUFFER_BYTES:
            os.write(file, buffer)
            filled = 0
    os.write(file, buffer[:filled])
    os.close(file)


if __name__ == "__main__":
    cpu, wall = time.process_time(), time.monotonic()
    fetch(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    print(time.process_time() - cpu, time.monotonic() - wall)
