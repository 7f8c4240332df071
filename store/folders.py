"""The folders of the library: whose they are, and their state at the last look.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from store import episodes, files, joining, series, series_folders, witness
from store.abouts import About
from store.errors import Conflict, Invalid
from store.models import Listing

if TYPE_CHECKING:
    from store.library_scan import Folder, Look


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
    from store.library_scan import Look  # late: a start needs no rescan

    looks: dict[str, Look] = {}
    for path, top, mtime, disk in conn.execute(
        """select path, top, mtime, disk from folders
        where top in (select folder from series union select folder from further_folders)"""
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
    """The same as `disks` for one top folder: path -> device number."""
    rows = conn.execute("select path, disk from folders where top = ? and disk is not null", (top,))
    return {row["path"]: row["disk"] for row in rows}


def record_scan(conn: sqlite3.Connection, placed: Iterable[Placed]) -> int:
    """Record what lies in some top folders. Returns how many episodes are new there."""
    contents: defaultdict[str, dict[str, list[tuple[str, int]]]] = defaultdict(dict)
    grown: set[str] = set()  # the series that became one with others
    new: dict[str, tuple[str, Listing]] = {}  # the series that were unknown before
    for place in placed:
        folder = place.folder
        if folder.videos is None and place.series_id and not place.source:
            continue  # nothing has changed
        videos = [*(folder.videos or ()), *_kept_videos(conn, place)]
        is_new = _is_new(conn, place)
        owner = _owner(conn, place)
        contents[owner][folder.path] = videos
        if place.series_id not in (None, owner):
            grown.add(owner)
        if place.source and is_new:
            new[owner] = place.source
        _record_look(conn, folder)
    count = sum(files.record_folders(conn, series_id, own) for series_id, own in contents.items())
    for series_id in grown:
        files.judge_again(conn, series_id)
    for provider, listing in new.values():
        if witness.is_open(listing.episodes):
            # The library's files, which tell what the source's are, are known only now.
            episodes.store_listing(conn, provider, listing, trusted=True)
    return count


def drop_others(conn: sqlite3.Connection, seen: set[str]) -> None:
    """Record that all top folders but the `seen` ones are gone from the library."""
    for folder, owner in series.by_folder(conn).items():
        if folder not in seen:
            files.drop_folder(conn, owner.series_id, folder)
            _hide_if_empty(conn, owner.series_id)
            series_folders.keep_together(conn, [folder])  # the owner's word went with it
            conn.execute("delete from folders where top = ?", (folder,))


def set_folders(conn: sqlite3.Connection, series_id: str, wanted: Sequence[str]) -> None:
    """The owner's word: these are the folders of the series, which no rescan changes.

    Those that are left out become series of their own. Raises Invalid for none and for a folder
    that is not in the library, and Conflict for one of another series that a source has.
    """
    if not wanted:
        raise Invalid("folders", "a series has one folder at least")
    owners = series.by_folder(conn)
    for folder in wanted:
        owner = owners.get(folder)
        if owner is None:
            raise Invalid("folders", f"the library has no folder {folder}")
        if owner.series_id == series_id:
            continue
        if owner.provider != series.LOCAL:
            raise Conflict(f"{folder} is another series'", anime_id=owner.series_id)
        series_folders.absorb(conn, owner.series_id, series_id)
    series_folders.keep_together(conn, wanted)
    for folder in series_folders.of_series(conn, series_id):
        if folder not in wanted:
            from store.library_scan import series_title  # late, as above

            videos = files.drop_folder(conn, series_id, folder)
            series_folders.keep_apart(conn, folder)
            local_id = series.add_local(conn, folder, series_title(folder))
            files.record_files(conn, local_id, folder, videos)
    files.judge_again(conn, series_id)


# -- inside --------------------------------------------------------------------------------------


def _record_look(conn: sqlite3.Connection, folder: Folder) -> None:
    """What its files say of the series stays known of a folder that was not looked into."""
    row = conn.execute(
        "select description, year, poster from folders where path = ?", (folder.path,)
    ).fetchone()
    about = folder.about or (About(*row) if row else About())
    conn.execute("delete from folders where top = ?", (folder.path,))
    conn.executemany(
        """insert into folders (path, top, mtime, disk, description, year, poster)
        values (?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                path,
                folder.path,
                mtime,
                folder.look.disks.get(path),
                *(about if path == folder.path else About()),
            )
            for path, mtime in folder.look.mtimes.items()
        ],
    )


def _is_new(conn: sqlite3.Connection, place: Placed) -> bool:
    """Whether a source has a folder's series, of which nobody has heard before."""
    if place.source is None:
        return False
    provider, listing = place.source
    return series.find(conn, f"{provider}_{listing.key}") is None


def _owner(conn: sqlite3.Connection, place: Placed) -> str:
    """The id of the series in a folder; a new one is added. Stores what its source says of it."""
    folder, known = place.folder, place.series_id
    if place.source:
        provider, listing = place.source
        owner_id = joining.find_owner(conn, provider, listing)
        owner = series.find(conn, owner_id)
        if owner is None and known:
            series.link(conn, known, provider, listing.key)
        elif owner and known and owner.id != known:
            series_folders.absorb(conn, known, owner.id)
        return episodes.store_found(conn, [place.source])
    return known or series.add_local(conn, folder.path, folder.title)


def _hide_if_empty(conn: sqlite3.Connection, series_id: str) -> None:
    """Show a series no longer that only the library knew, and that has no folder any more."""
    conn.execute(
        "update series set listed = 0 where id = ? and provider = ? and folder is null",
        (series_id, series.LOCAL),
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
