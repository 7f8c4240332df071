"""One sqlite connection on one thread; every run() is one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, TypeVarTuple

from store.errors import DatabaseError

P = ParamSpec("P")
T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

# One script for each schema version: 1.sql, 2.sql ... `pragma user_version` counts those that have
# run. Never edit a script that was released.
MIGRATIONS = Path(__file__).parent / "migrations"

# WAL with synchronous=FULL: what a caller was told is on disk. Progress of a transfer is never
# written here, so syncs stay rare.
PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "foreign_keys = on",
    "busy_timeout = 5000",  # milliseconds
    "temp_store = memory",
    "cache_size = -2000",  # KiB
    "journal_size_limit = 1048576",  # bytes
)


class Database:
    """`await db.run(queue.finish, item, path)`: the function gets the connection.

    The function is the transaction: committed when it returns, rolled back when it raises.
    """

    def __init__(self, path: Path):
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Connect and bring the schema up to date.

        Raises DatabaseError when the schema is newer than this program.
        """
        await self._on_thread(self._path.touch, 0o600)  # its journal takes the same rights
        self._connection = await self._on_thread(connect, self._path)

    async def run(
        self,
        step: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `step(connection, ...)` in one transaction; it is on disk when this returns."""
        return await self._on_thread(
            self._transact, "full", lambda connection: step(connection, *args, **kwargs)
        )

    async def note(
        self,
        step: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a `step` that a power cut may undo: it waits for no disk.

        It is on disk with whatever `run` does next.
        """
        return await self._on_thread(
            self._transact, "normal", lambda connection: step(connection, *args, **kwargs)
        )

    async def close(self) -> None:
        if self._connection:
            await self._on_thread(self._connection.close)
        self._thread.shutdown()

    def _on_thread(
        self, function: Callable[[*Arguments], T], *args: *Arguments
    ) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def _transact(self, synchronous: str, step: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection
        assert connection, "open() comes first"
        connection.execute(f"pragma synchronous = {synchronous}")
        connection.execute("begin")
        try:
            result = step(connection)
            connection.execute("commit")
            return result
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise


def connect(path: Path | str) -> sqlite3.Connection:
    """Connect to the database and bring its schema up to date; tests may pass ":memory:".

    Raises DatabaseError when the schema is newer than this program.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")
    version = connection.execute("pragma user_version").fetchone()[0]
    newest = len(list(MIGRATIONS.glob("*.sql")))
    if version > newest:
        connection.close()
        raise DatabaseError(
            f"The database is of version {version}, this program knows {newest}: update Aniworld"
        )
    if version < newest:
        numbers = range(version + 1, newest + 1)
        scripts = [(MIGRATIONS / f"{number}.sql").read_text("utf-8") for number in numbers]
        connection.executescript(
            f"begin; {'; '.join(scripts)}; pragma user_version = {newest}; commit;"
        )
    return connection
