"""A damaged database: its readable rows are carried over into a new one, then it is set aside.

The damaged file stays in its place until the new one is whole, so a full disk or a kill loses
nothing. Everything here blocks. docs/formats.md, "The database", tells it to the owner.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from store import atomic

log = logging.getLogger(__name__)

# Files that SQLite writes beside a database; they move with it.
COMPANIONS = ("-wal", "-shm")
# The mark beside a database that turned out to be damaged while it was in use.
MARK = ".damaged"
# What is carried over, until it is whole.
SUCCESSOR = ".salvaged"
DENY_LIST = "revoked"
# Tables of the episodes that following never brings back by itself.
PASSED_OVER = {"follow_passed", "ignored"}


class Salvage(NamedTuple):
    """Where the damaged database lies, and which tables were not carried over wholly."""

    kept: Path
    incomplete: tuple[str, ...]

    @property
    def has_deny_list(self) -> bool:
        """Whether every token that was logged out is still known."""
        return DENY_LIST not in self.incomplete


class Damaged(sqlite3.DatabaseError):
    """The file can be read, but its content cannot be."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is no sound database."""
    if isinstance(error, Damaged):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def mark(path: Path) -> None:
    """Let the next start carry over what can be read."""
    with suppress(OSError):  # a disk that takes nothing; the damage will show again
        path.with_name(path.name + MARK).touch(0o600)


def is_marked(path: Path) -> bool:
    return path.with_name(path.name + MARK).exists()


def successor_of(path: Path) -> Path:
    """An empty file beside a damaged database, for what is carried over."""
    successor = path.with_name(path.name + SUCCESSOR)
    for end in ("", "-journal", *COMPANIONS):  # of an attempt that was cut short
        Path(f"{successor}{end}").unlink(missing_ok=True)
    successor.touch(0o600)
    return successor


def set_aside(path: Path, successor: Path) -> Path:
    """Let `successor` take a database's place; returns where that is kept.

    It is `<name>.corrupt-<time>`, with what belongs to the database.
    """
    kept = atomic.damaged_name(path)
    for end in COMPANIONS:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{end}", f"{kept}{end}")
    try:
        os.link(path, kept)  # so that there is a database at each moment
    except OSError:  # some file systems have no links
        os.replace(path, kept)
    os.replace(successor, path)
    atomic.sync_folder(path.parent)
    path.with_name(path.name + MARK).unlink(missing_ok=True)
    return kept


def version_of(path: Path) -> int:
    """The version of a damaged database's schema; 0 where it cannot be read."""
    try:
        with closing(sqlite3.connect(path)) as old:
            return max(0, int(old.execute("pragma user_version").fetchone()[0]))
    except sqlite3.Error:
        return 0


def carry_over(path: Path, new: sqlite3.Connection) -> list[str]:
    """Copy all rows that can be read into the empty tables of the same schema.

    A row that refers to one that is lost is left out. Everything is one transaction. Returns the
    names of the tables that were not carried over wholly. Raises sqlite3.Error where the new
    database cannot be written.
    """
    tables = [
        row[0]
        for row in new.execute(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
        )
    ]
    incomplete = []
    new.execute("pragma foreign_keys = off")
    new.execute("begin")
    with closing(sqlite3.connect(path)) as old:
        for table in tables:
            if not _copy(table, old, new):
                incomplete.append(table)
        _copy_sequences(old, new)
    if "follows" in tables and PASSED_OVER & set(incomplete):
        _follow_what_appears(new)
    incomplete += [table for table in _delete_orphans(new) if table not in incomplete]
    if "folders" in tables:
        new.execute("update folders set mtime = -1")  # the next rescan reads every folder
    new.execute("commit")
    new.execute("pragma foreign_keys = on")
    return incomplete


def _copy(table: str, old: sqlite3.Connection, new: sqlite3.Connection) -> bool:
    """Copy the rows of one table from both its ends; whether all of them could be read."""
    columns = [row[1] for row in new.execute(f"pragma table_info({table})")]
    names = ", ".join(columns)
    places = ", ".join("?" * len(columns))
    is_whole = True
    try:
        keys = [row[1] for row in old.execute(f"pragma table_info({table})") if row[5]]
    except sqlite3.Error:
        return False
    order = ", ".join(f"{key} {{0}}" for key in keys) or "rowid {0}"
    for direction in ("asc", "desc"):
        query = f"select {names} from {table} order by {order.format(direction)}"
        is_whole = True
        for row in _readable(old, query):
            if row is None:
                is_whole = False
            else:
                # A value that damage has made impossible; a full disk is another error.
                with suppress(sqlite3.IntegrityError, sqlite3.DataError):
                    new.execute(f"insert or ignore into {table} ({names}) values ({places})", row)
        if is_whole:
            return True
    return is_whole


def _readable(old: sqlite3.Connection, query: str) -> Iterator[tuple[object, ...] | None]:
    """The rows up to the first that cannot be read, for which None comes."""
    try:
        yield from old.execute(query)
    except sqlite3.Error:
        yield None


def _copy_sequences(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Go on counting where the old database was: no id is given twice."""
    for row in _readable(old, "select name, seq from sqlite_sequence"):
        if row:
            new.execute("delete from sqlite_sequence where name = ?", row[:1])
            new.execute("insert into sqlite_sequence (name, seq) values (?, ?)", row)


def _follow_what_appears(new: sqlite3.Connection) -> None:
    """Let following fetch what appears from now on, and nothing that the owner has taken away."""
    changed = new.execute("update follows set mode = 'new', based = 0 where mode <> 'off'").rowcount
    if changed:
        log.error("%d series are followed as 'new' now: what was passed over is lost", changed)


def _delete_orphans(new: sqlite3.Connection) -> list[str]:
    """Delete the rows that refer to rows which are lost; returns the names of their tables."""
    tables: list[str] = []
    while lost := new.execute("pragma foreign_key_check").fetchall():
        for table, parent, number in {(row[0], row[2], row[3]) for row in lost}:
            tables.append(table)
            links = new.execute(f"pragma foreign_key_list({table})").fetchall()
            for link in (each for each in links if each[0] == number):
                column, referred = link[3], link[4] or _primary_key(new, parent)
                new.execute(
                    f"delete from {table} where {column} is not null"
                    f" and {column} not in (select {referred} from {parent})"
                )
    return tables


def _primary_key(new: sqlite3.Connection, table: str) -> str:
    return next(str(row[1]) for row in new.execute(f"pragma table_info({table})") if row[5])
