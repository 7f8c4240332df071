"""Whether the library was a mounted disk.

Before the library holds a video, and so a marker, nothing else tells its mount point from an empty
library. Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from store import files

KEY = "mounted_library"


class Evidence(NamedTuple):
    """The things of which one has to be in the library at `root`: a path, or its disk."""

    root: str
    paths: list[str]
    was_mounted: bool


def evidence(conn: sqlite3.Connection, root: str) -> Evidence:
    row = conn.execute("select value from meta where key = ?", (KEY,)).fetchone()
    return Evidence(root, files.some_paths(conn), bool(row and row["value"] == root))


def remember(conn: sqlite3.Connection, root: str) -> None:
    """Note that the library at `root` is a mounted disk."""
    conn.execute("insert or replace into meta (key, value) values (?, ?)", (KEY, root))


def forget(conn: sqlite3.Connection) -> None:
    """Forget the disk: the owner says that the library is as it should be."""
    conn.execute("delete from meta where key = ?", (KEY,))
