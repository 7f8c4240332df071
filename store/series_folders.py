"""The folders of the library that one series has: mostly one, or one for each season.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from store import renumbered, series

# Tables of a series beside its episodes, files and folders.
_KEPT_WITH_SERIES = (
    "files",
    "history",
    "failures",
    "renames",
    "rename_steps",
    "ignored",
    "follows",
    "follow_passed",
    "checksums",
)


def of_series(conn: sqlite3.Connection, series_id: str) -> list[str]:
    """The folders of a series, the first that it got in front, the others by name."""
    rows = conn.execute(
        """select folder, 0 as further from series where id = :id and folder is not null
        union all select folder, 1 from further_folders where series = :id
        order by further, folder""",
        {"id": series_id},
    )
    return [row["folder"] for row in rows]


def add(conn: sqlite3.Connection, series_id: str, folder: str) -> None:
    """Let a folder be the series'; a series that has a folder is listed.

    One that another series has meanwhile stays that one's.
    """
    own = of_series(conn, series_id)
    if folder not in own and series.has_folder(conn, folder):
        return
    if not own:
        conn.execute("update series set folder = ? where id = ?", (folder, series_id))
    elif folder not in own:
        conn.execute("insert into further_folders values (?, ?)", (folder, series_id))
    conn.execute("update series set listed = 1 where id = ?", (series_id,))


def remove(conn: sqlite3.Connection, series_id: str, folder: str) -> None:
    """Let a folder no longer be the series'; another one of its folders is the first then."""
    conn.execute("delete from further_folders where folder = ?", (folder,))
    if series.get(conn, series_id).folder == folder:
        _, *others = of_series(conn, series_id)
        first = others[0] if others else None
        conn.execute("update series set folder = ? where id = ?", (first, series_id))
        conn.execute("delete from further_folders where folder = ?", (first,))


def rename(conn: sqlite3.Connection, old: str, new: str) -> None:
    """Record that a folder was renamed on disk."""
    conn.execute("update series set folder = ? where folder = ?", (new, old))
    for table in ("further_folders", "folders_apart"):
        conn.execute(f"update {table} set folder = ? where folder = ?", (new, old))


def absorb(conn: sqlite3.Connection, local_id: str, series_id: str) -> None:
    """Make a series that only the library knew one with another; its id goes on to name that
    series. The caller has to judge the files anew."""
    moved = of_series(conn, local_id)
    renumbered.keep_of_both(conn, local_id, series_id)
    for table in _KEPT_WITH_SERIES:
        conn.execute(
            f"update or ignore {table} set series = ? where series = ?", (series_id, local_id)
        )
    series.keep_wish(conn, local_id, series_id)
    conn.execute("update aliases set series = ? where series = ?", (series_id, local_id))
    conn.execute("delete from series where id = ?", (local_id,))
    conn.execute("insert into aliases values (?, ?)", (local_id, series_id))
    for folder in moved:
        add(conn, series_id, folder)


# -- the owner's word ----------------------------------------------------------------------------


def apart(conn: sqlite3.Connection) -> set[str]:
    """The folders that are a series of their own, as the owner said."""
    return {row["folder"] for row in conn.execute("select folder from folders_apart")}


def keep_apart(conn: sqlite3.Connection, folder: str) -> None:
    conn.execute("insert or ignore into folders_apart values (?)", (folder,))


def keep_together(conn: sqlite3.Connection, folders: Iterable[str]) -> None:
    """Forget that these folders are series of their own: the owner said whose they are."""
    conn.executemany("delete from folders_apart where folder = ?", [(each,) for each in folders])
