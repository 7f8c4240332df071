"""The checksums of files of the library, each for the size and the time of change that it had.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import os
import sqlite3
from typing import NamedTuple


class Stamp(NamedTuple):
    """The size in bytes and the time of change in nanoseconds by which a file is recognised."""

    size: int
    mtime: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_size, status.st_mtime_ns)


def keep(conn: sqlite3.Connection, series_id: str, path: str, stamp: Stamp, sha256: str) -> None:
    """Keep a file's checksum in place of an older one; nothing of a series that is gone."""
    conn.execute(
        """insert or replace into checksums (path, series, size, mtime, sha256)
        select ?, id, ?, ?, ? from series where id = ?""",
        (path, *stamp, sha256, series_id),
    )


def of_series(conn: sqlite3.Connection, series_id: str) -> dict[str, Stamp | None]:
    """Each video that surely is of the series, by path, and its checksum with its stamp."""
    rows = conn.execute(
        """select distinct files.path, checksums.size, checksums.mtime
        from files left join checksums on checksums.path = files.path
        where files.series = ? and sure and season >= 0 order by files.path""",
        (series_id,),
    )
    return {
        row["path"]: None if row["mtime"] is None else Stamp(row["size"], row["mtime"])
        for row in rows
    }


def drop_gone(conn: sqlite3.Connection, series_id: str) -> None:
    """Forget files that a series no longer has."""
    conn.execute(
        """delete from checksums where series = :id
            and path not in (select path from files where series = :id)""",
        {"id": series_id},
    )


def is_downloading(conn: sqlite3.Connection) -> bool:
    """Whether an item of the queue is on its way."""
    query = "select 1 from items where status = 'downloading' limit 1"
    return conn.execute(query).fetchone() is not None
