"""Connections that wait for another request."""

from __future__ import annotations

import asyncio
from collections.abc import Container

from providers.answer import Answer
from providers.connection import Connection, Origin

IDLE_SECONDS = 15
MAX_IDLE = 8  # all sources together


class IdleConnections:
    """A source is asked for hundreds of listings in a row: its connections are used again. To be
    called on the event loop."""

    def __init__(self) -> None:
        self._timers: dict[Connection, asyncio.TimerHandle] = {}  # each closes its connection
        self._closed = False

    def take(
        self, origin: Origin, addresses: Container[str], authority: str = ""
    ) -> Connection | None:
        """A connection to `origin` at one of `addresses` that its server has not closed, and whose
        certificate was believed because of the same authorities."""
        for connection in reversed(tuple(self._timers)):
            is_same = connection.origin == origin and connection.authority == authority
            if is_same and connection.address in addresses:
                self._timers.pop(connection).cancel()
                if connection.is_quiet():
                    return connection
                connection.close()
        return None

    def put_back(self, answer: Answer) -> None:
        """Keep the connection of an answer that was read to its end; close any other."""
        connection = answer.connection
        if self._closed or not answer.reusable:
            connection.close()
            return
        if len(self._timers) == MAX_IDLE:
            self._close(next(iter(self._timers)))
        connection.rest()
        loop = asyncio.get_running_loop()
        self._timers[connection] = loop.call_later(IDLE_SECONDS, self._close, connection)

    def open(self) -> None:
        """Take connections again, after `close`."""
        self._closed = False

    def close(self) -> None:
        """Close those that wait, and each that is put back from now on."""
        self._closed = True
        for connection in tuple(self._timers):
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._timers.pop(connection).cancel()
        connection.close()
