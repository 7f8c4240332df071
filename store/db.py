"""One sqlite connection on one thread; every run() is one transaction."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Concatenate, ParamSpec, TypeVar

from store.errors import DatabaseError

P = ParamSpec("P")
T = TypeVar("T")

# One script a schema version; the database's user_version counts how many have run. Never edit one that was released.
MIGRATIONS = (
    """
    create table meta (key text primary key, value text not null) without rowid;

    -- A series as shown: followed from a provider, found in the library, or both.
    create table series (
        id text primary key,             -- <provider>_<key>, or local_<slug>; never changes once shown
        provider text not null,
        key text not null,
        title text not null,
        description text not null default '',
        site text not null default '',
        folder text unique,              -- its folder in the library, relative, as on disk; null: none yet
        listed integer not null default 0,    -- 1: it has a library folder or a queued episode
        fold text not null,              -- the title as titles.fold sees it
        total integer not null default 0,     -- these three are derived: series.recount
        downloaded integer not null default 0,
        missing integer not null default 0,
        next_air text,                   -- the day on which the counts change by themselves
        updated_at text not null,
        unique (provider, key)
    );
    create index series_by_title on series (title collate nocase, id) where listed;
    create index series_by_update on series (updated_at, id) where listed;
    create index series_by_fold on series (fold);

    -- The key under which a provider's series, or a folder of the library (provider 'local'), was first shown.
    create table keys (
        provider text not null,
        name text not null,
        key text not null,
        primary key (provider, name),
        unique (provider, key)
    ) without rowid;

    -- What a provider has.
    create table episodes (
        series text not null references series on delete cascade,
        season integer not null,
        number numeric not null,         -- 6.5 is a special of its own
        title text not null default '',
        ref text not null default '',
        size integer,
        aired text,
        primary key (series, season, number)
    ) without rowid;

    -- What lies in the library. A file may hold several episodes, an episode lie there twice.
    create table files (
        series text not null references series on delete cascade,
        season integer not null,
        number numeric not null,
        path text not null,              -- relative to the library, as on disk
        size integer not null,
        primary key (series, season, number, path)
    ) without rowid;

    create table items (
        id integer primary key autoincrement,
        series text not null references series on delete cascade,
        season integer not null,
        number numeric not null,
        priority integer not null,       -- 0 high, 1 normal, 2 low: ascending is the order of work
        status text not null,            -- pending, downloading, completed, failed
        reason text not null default '',
        error_code text,
        error_message text,
        attempts integer not null default 0,
        part text,                       -- file in the download directory
        checkpoint text,                 -- which of its bytes are durable; see downloads.transfer.Checkpoint
        target text,                     -- its name in the library; set before it is put there
        total integer,
        created_at text not null,
        started_at text,
        finished_at text,
        unique (series, season, number)
    );
    create index items_pending on items (priority, id) where status = 'pending';
    create index items_by_status on items (status, id);

    -- Tokens that were logged out. The newest 10,000 stay, whatever the clock says.
    create table revoked (sequence integer primary key autoincrement, jti text not null unique);
    """,
    """
    alter table items add column receipt text;    -- what was proven of the file; set before it is put in the library

    -- One row a fetched file, as it was then: it outlives the item, the series and the file.
    create table history (
        id integer primary key autoincrement,
        item integer not null,
        series text not null,
        title text not null,
        season integer not null,
        number numeric not null,
        provider text not null,
        path text not null,              -- relative to the library
        receipt text not null,           -- JSON: store.models.Receipt, and its source
        finished_at text not null
    );
    create index history_by_series on history (series, id);
    """,
    """
    -- An ambiguous file has a row for each episode it may be, with sure = 0; one that is no episode stands in season -1.
    alter table files add column sure integer not null default 1;
    alter table files add column why text not null default '';

    -- What the owner says of the numbers in file names; see store/matching.py.
    alter table series add column numbering text;
    alter table series add column number_offset integer not null default 0;

    -- The folders of the library as they were last seen: one whose mtime is the same has the same entries.
    create table folders (
        path text primary key,           -- relative, as on disk
        top text not null,               -- the folder of the library that it lies in
        mtime integer not null           -- nanoseconds; -1: too young to be believed
    ) without rowid;
    create index folders_by_top on folders (top);

    -- The journal of renamings, by which the last one of a series can be undone.
    create table renames (
        id integer primary key,
        series text not null references series on delete cascade,
        batch integer not null,
        old text not null,               -- relative to the library
        new text not null
    );
    create index renames_by_series on renames (series, batch);
    """,
)


class Database:
    """`await db.run(queue.finish, item, path)`: the function gets the connection and is the transaction."""

    def __init__(self, path: Path | str):
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Connect and bring the schema up to date. Raises DatabaseError when it is newer than this program."""
        await self._call(self._open)

    async def run(self, step: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `step(connection, ...)` in one transaction: committed when it returns, rolled back when it raises."""
        return await self._call(self._transact, step, args, kwargs)

    async def note(self, step: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, for what a power cut may undo: it costs no sync of its own, and is on disk with whatever is run next."""
        return await self._call(self._transact, step, args, kwargs, "normal")

    async def close(self) -> None:
        await self._call(self._close)
        self._thread.shutdown()

    def _call(self, function, *args):
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def _open(self) -> None:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # its journal takes the same rights
        self._connection = connect(self._path)

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

    def _close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


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
    if version > len(MIGRATIONS):
        connection.close()
        raise DatabaseError(f"The database is of version {version}, this program knows {len(MIGRATIONS)}: update Aniworld")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"begin; {script}; pragma user_version = {number}; commit;")
    return connection
