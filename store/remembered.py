"""The readings of sources that are worth keeping, with the validators of the answers.

A restart then asks for nothing that has not changed, and a video that a source has dropped is still
known. Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import NamedTuple


class Remembered(NamedTuple):
    """The source's own digest (`content`) of the document at `address`."""

    address: str
    etag: str
    modified: str
    content: str


_COLUMNS = ", ".join(Remembered._fields)


def find(conn: sqlite3.Connection, source: str, address: str) -> Remembered | None:
    row = conn.execute(
        f"select {_COLUMNS} from remembered where source = ? and address = ?", (source, address)
    ).fetchone()
    return Remembered(**row) if row else None


def keep(conn: sqlite3.Connection, source: str, remembered: Remembered) -> None:
    """Keep a reading in place of an earlier one of that address."""
    conn.execute(
        f"insert or replace into remembered (source, {_COLUMNS}) values (?, ?, ?, ?, ?)",
        (source, *remembered),
    )


def drop_others(conn: sqlite3.Connection, sources: Collection[str]) -> None:
    """Forget the readings of sources that are not among `sources`."""
    rows = conn.execute("select distinct source from remembered").fetchall()
    for row in rows:
        if row["source"] not in sources:
            conn.execute("delete from remembered where source = ?", (row["source"],))
