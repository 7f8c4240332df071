"""Copies of the whole database, and the check whether it is sound.

Everything here blocks, uses a connection of its own that can only read, and holds up no writer.
docs/formats.md, "The database", tells how a copy takes the database's place.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from urllib.parse import quote

from store import atomic
from store.salvage import Damaged

KEPT_COPIES = 3
UNFINISHED = ".unfinished"
_NAME = re.compile(r"aniworld-\d{4}-\d{2}-\d{2}\.db")


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the database for reading alone, beside the server's own connection."""
    address = f"file:{quote(str(path))}?mode=ro"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)


def check(reader: sqlite3.Connection) -> None:
    """Read all of the database. Raises sqlite3.DatabaseError where it is damaged."""
    (first, *_) = reader.execute("pragma quick_check(1)").fetchone()
    if first != "ok":
        raise Damaged(first)


def make(reader: sqlite3.Connection, folder: Path, day: str) -> Path:
    """Copy the database into `folder`; the newest KEPT_COPIES stay. Raises OSError, sqlite3.Error.

    The copy has its name when it is whole and on the disk.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"aniworld-{day}.db"
    unfinished = folder / f"{path.name}{UNFINISHED}"
    for old in folder.glob(f"*{UNFINISHED}*"):  # of an attempt that was cut short
        old.unlink()
    try:
        unfinished.touch(0o600)
        reader.execute("vacuum into ?", (str(unfinished),))
        with open(unfinished, "rb+") as copy:
            atomic.sync_file(copy.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    atomic.sync_folder(folder)
    others = sorted(
        each for each in folder.iterdir() if _NAME.fullmatch(each.name) and each != path
    )
    for old in others[: max(0, len(others) + 1 - KEPT_COPIES)]:
        old.unlink()
    return path


def size(reader: sqlite3.Connection) -> int:
    """Bytes of the whole database."""
    pages = reader.execute("pragma page_count").fetchone()[0]
    return int(pages * reader.execute("pragma page_size").fetchone()[0])
