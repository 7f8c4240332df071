"""The folders of the library: whose they are, and how they were at the last look.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from store import episodes, files, series
from store.library_scan import Folder, Look
from store.models import Listing


class Placed(NamedTuple):
    """A top folder of the library and whose it is, as far as that is known.

    `series_id` is None for a folder that is new. `source` is (provider, listing) where a source was
    asked and has the series.
    """

    folder: Folder
    series_id: str | None
    source: tuple[str, Listing] | None = None


def last_look(conn: sqlite3.Connection) -> dict[str, Look]:
    """Top folder -> how it and the folders in it were at the last look.

    Folders that are no series' are left out: they are read again.
    """
    looks: dict[str, Look] = {}
    for path, top, mtime, disk in conn.execute(
        "select path, top, mtime, disk from folders where top in (select folder from series)"
    ):
        look = looks.get(top)
        if look is None:
            look = looks[top] = Look({}, {})
        look.mtimes[path] = mtime
        if disk is not None:
            look.disks[path] = disk
    return looks


def disks(conn: sqlite3.Connection) -> list[str]:
    """The folders that lie on another disk than the library, or than the folder above them."""
    return [row["path"] for row in conn.execute("select path from folders where disk is not null")]


def disks_in(conn: sqlite3.Connection, top: str) -> dict[str, int]:
    """As `disks`, of one top folder: path -> device number."""
    rows = conn.execute("select path, disk from folders where top = ? and disk is not null", (top,))
    return {row["path"]: row["disk"] for row in rows}


def record_scan(conn: sqlite3.Connection, placed: Iterable[Placed]) -> tuple[set[str], int]:
    """Record what lies in some top folders.

    Returns the ids of their series, and how many episodes are new there.
    """
    series_ids, new_episodes = set(), 0
    for place in placed:
        series_id, count = _record(conn, place)
        series_ids.add(series_id)
        new_episodes += count
    return series_ids, new_episodes


def drop_others(conn: sqlite3.Connection, series_ids: set[str]) -> None:
    """The folders of all series but these are gone from the library."""
    for folder, owner in series.by_folder(conn).items():
        if owner.series_id not in series_ids:
            _drop_folder(conn, owner.series_id)
            conn.execute("delete from folders where top = ?", (folder,))


# -- inside --------------------------------------------------------------------------------------


def _record(conn: sqlite3.Connection, place: Placed) -> tuple[str, int]:
    folder = place.folder
    if folder.videos is None and place.series_id and not place.source:
        return place.series_id, 0  # nothing has changed
    kept = _kept_videos(conn, place)
    series_id = _owner(conn, place)
    new_episodes = files.record_files(conn, series_id, folder.path, [*(folder.videos or ()), *kept])
    conn.execute("delete from folders where top = ?", (folder.path,))
    conn.executemany(
        "insert into folders (path, top, mtime, disk) values (?, ?, ?, ?)",
        [
            (path, folder.path, mtime, folder.look.disks.get(path))
            for path, mtime in folder.look.mtimes.items()
        ],
    )
    return series_id, new_episodes


def _owner(conn: sqlite3.Connection, place: Placed) -> str:
    """The id of the series in a folder; a new one is added. Stores what its source says of it."""
    folder, known = place.folder, place.series_id
    if place.source:
        provider, listing = place.source
        owner = series.find(conn, f"{provider}_{listing.key}")
        # A second folder of one title stays a series of its own.
        if owner is None or owner.folder in (None, folder.path):
            if owner is None and known:
                series.link(conn, known, provider, listing.key)
            elif owner and known and owner.id != known:
                _drop_folder(conn, known)
            return episodes.store_listing(conn, provider, listing)
    return known or series.add_local(conn, folder.path, folder.title)


def _drop_folder(conn: sqlite3.Connection, series_id: str) -> None:
    """The folder of a series is gone. A series that only the library knew is no longer shown."""
    files.record_files(conn, series_id, None, [])
    conn.execute(
        "update series set listed = 0 where id = ? and provider = ?", (series_id, series.LOCAL)
    )


def _kept_videos(conn: sqlite3.Connection, place: Placed) -> list[tuple[str, int]]:
    """The known videos in what has not changed, or could not be read this time."""
    folder = place.folder
    same = [folder.path] if folder.videos is None else folder.unread
    if not (same and place.series_id):
        return []
    above = tuple(f"{path}/" for path in same)
    return [
        (path, size)
        for path, size in files.known_videos(conn, place.series_id)
        if f"{path}/".startswith(above)
    ]
