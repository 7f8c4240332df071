"""One sqlite connection on one thread; every run() is one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from store.errors import DatabaseError

P = ParamSpec("P")
T = TypeVar("T")

# One script a schema version; the database's user_version counts how many have run. Never edit one that was released.
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """`await db.run(queue.finish, item, path)`: the function gets the connection and is the transaction."""

    def __init__(self, path: Path):
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Connect and bring the schema up to date. Raises DatabaseError when it is newer than this program."""
        await self._call(self._path.touch, 0o600)  # its journal takes the same rights
        self._connection = await self._call(connect, self._path)

    async def run(
        self,
        step: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `step(connection, ...)` in one transaction: committed when it returns, rolled back when it raises."""
        return await self._call(self._transact, step, args, kwargs)

    async def note(
        self,
        step: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """As `run`, for what a power cut may undo: it costs no sync of its own, and is on disk with whatever is run next."""
        return await self._call(self._transact, step, args, kwargs, "normal")

    async def close(self) -> None:
        if self._connection:
            await self._call(self._connection.close)
        self._thread.shutdown()

    def _call(self, function, *args):
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def _transact(self, step, args, kwargs, synchronous="full"):
        connection = self._connection
        connection.execute(f"pragma synchronous = {synchronous}")
        connection.execute("begin")
        try:
            result = step(connection, *args, **kwargs)
            connection.execute("commit")
            return result
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise


def connect(path: Path | str) -> sqlite3.Connection:
    """A connection with the current schema; store functions can be tested on `connect(":memory:")`.

    WAL with synchronous=FULL: what a caller was told is on disk. Progress never comes here, so syncs stay rare.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in (
        "journal_mode = wal",
        "synchronous = full",
        "foreign_keys = on",
        "busy_timeout = 5000",
        "temp_store = memory",
        "cache_size = -2000",
        "journal_size_limit = 1048576",
    ):
        connection.execute(f"pragma {pragma}")
    version = connection.execute("pragma user_version").fetchone()[0]
    newest = len(list(MIGRATIONS.glob("*.sql")))
    if version > newest:
        connection.close()
        raise DatabaseError(
            f"The database is of version {version}, this program knows {newest}: update Aniworld"
        )
    if version < newest:
        scripts = [
            (MIGRATIONS / f"{number}.sql").read_text("utf-8")
            for number in range(version + 1, newest + 1)
        ]
        connection.executescript(
            f"begin; {'; '.join(scripts)}; pragma user_version = {newest}; commit;"
        )
    return connection
