"""One sqlite connection on one thread; every run() is one transaction."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, TypeVarTuple
from urllib.parse import quote

from store import salvage
from store.errors import DatabaseError
from store.salvage import Damaged, Salvage, is_damage

log = logging.getLogger(__name__)

CANNOT_WRITE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}

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
        self.path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None
        self.is_new = False  # whether there was nothing in it when it was opened
        self.cannot_write = False  # the last attempt failed: a full disk, a read-only one
        self.is_damaged = False  # found out in use; the next start carries over what can be read
        self.changes = 0  # grows with each row that `run` and `note` write
        self.salvage: Salvage | None = None  # the fate of a damaged file at this start

    async def open(self) -> None:
        """Connect and bring the schema up to date; carry over what can be read of a damaged file.

        Raises DatabaseError when the schema is newer than this program, or the file unusable.
        """
        try:
            self._connection = await self._on_thread(self._open)
        except sqlite3.OperationalError as error:
            raise DatabaseError(
                f"{self.path} cannot be opened: {error}",
                fix="It has to be a file that this user may read and write",
            ) from error

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

    async def jot(
        self,
        step: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a step as `note` does, but count no change: nothing else follows from it."""
        return await self._on_thread(
            self._transact, "normal", lambda connection: step(connection, *args, **kwargs), False
        )

    async def close(self) -> None:
        if self._connection:
            await self._on_thread(self._connection.close)
        self._thread.shutdown()

    def _open(self) -> sqlite3.Connection:
        if self.path.is_dir():
            raise DatabaseError(f"{self.path} is a folder", fix="Move it away")
        self.path.touch(0o600)  # its journal takes the same rights
        self.is_new = not self.path.stat().st_size
        if not salvage.is_marked(self.path):
            try:
                return connect(self.path)
            except sqlite3.DatabaseError as error:
                if not salvage.is_damage(error):
                    raise
        return self._salvage()

    def _salvage(self) -> sqlite3.Connection:
        """Raises DatabaseError and sqlite3.Error; the damaged file is still in its place then."""
        version = salvage.version_of(self.path)
        _refuse_newer(version)
        successor = salvage.successor_of(self.path)
        with closing(connect(successor, version)) as new:
            new.execute("pragma journal_mode = delete")  # all of it is in its one file at the end
            incomplete = salvage.carry_over(self.path, new)
            _migrate(new)
        kept = salvage.set_aside(self.path, successor)
        self.salvage = Salvage(kept, tuple(incomplete))
        lost = ", ".join(self.salvage.incomplete)
        log.error(
            "%s was damaged. It is kept as %s; %s. Rescan the library, and look at the queue",
            self.path,
            kept.name,
            f"some rows could not be read ({lost})" if lost else "every row was carried over",
        )
        return connect(self.path)

    def _on_thread(
        self, function: Callable[[*Arguments], T], *args: *Arguments
    ) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def _transact(
        self, synchronous: str, step: Callable[[sqlite3.Connection], T], counts: bool = True
    ) -> T:
        connection = self._connection
        assert connection, "open() comes first"
        connection.execute(f"pragma synchronous = {synchronous}")
        connection.execute("begin")
        changes = connection.total_changes
        try:
            result = step(connection)
            connection.execute("commit")
            if connection.total_changes > changes:
                self.cannot_write = False
                self.changes += counts * (connection.total_changes - changes)
            return result
        except BaseException as error:
            if connection.in_transaction:
                with suppress(sqlite3.Error):  # what ended the step says more
                    connection.execute("rollback")
            self.judge(error)
            raise

    def judge(self, error: BaseException) -> None:
        """Remember an error that makes the file unusable; say once what helps a damaged file."""
        if not isinstance(error, sqlite3.Error):
            return
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in CANNOT_WRITE:
            self.cannot_write = True
        if self.is_damaged or not is_damage(error):
            return
        self.is_damaged = True
        salvage.mark(self.path)
        log.error(
            "%s is damaged: stop the server and start it again, which keeps this file aside and"
            " carries over what can be read",
            self.path,
        )


def connect(path: Path | str, version: int = 0) -> sqlite3.Connection:
    """Connect to the database and bring its schema up to `version`, else to the newest one.

    Tests may pass ":memory:". Raises DatabaseError when the schema is newer than this program, and
    sqlite3.DatabaseError for a file that is none.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        for pragma in PRAGMAS:
            connection.execute(f"pragma {pragma}")
        _migrate(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection


def read_only(path: Path) -> sqlite3.Connection:
    """Connect to a database that a server may be using, to read it.

    Raises DatabaseError where there is none, or none of this version.
    """
    if not path.is_file():
        raise DatabaseError(f"There is no {path}", fix="Start the server once, or see --data-dir")
    # A reader that makes a journal, as another user perhaps, would leave it behind: where there is
    # none, nobody writes.
    is_in_use = path.with_name(f"{path.name}-wal").exists()
    address = f"file:{quote(str(path))}?{'mode=ro' if is_in_use else 'immutable=1'}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    version = connection.execute("pragma user_version").fetchone()[0]
    if version != _newest_version():
        connection.close()
        raise DatabaseError(
            f"{path} is of version {version}, this program knows {_newest_version()}",
            fix="Start the server of this version once",
        )
    return connection


def _migrate(connection: sqlite3.Connection, wanted: int = 0) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    if version < 0:
        raise Damaged(f"The database says that it is of version {version}")
    _refuse_newer(version)
    target = wanted or _newest_version()
    if version < target:
        numbers = range(version + 1, target + 1)
        scripts = [(MIGRATIONS / f"{number}.sql").read_text("utf-8") for number in numbers]
        connection.executescript(
            f"begin; {'; '.join(scripts)}; pragma user_version = {target}; commit;"
        )


def _refuse_newer(version: int) -> None:
    """Raises DatabaseError for a schema that this program does not know."""
    newest = _newest_version()
    if version > newest:
        raise DatabaseError(
            f"The database is of version {version}, this program knows {newest}: update Aniworld"
        )


def _newest_version() -> int:
    return len(list(MIGRATIONS.glob("*.sql")))
