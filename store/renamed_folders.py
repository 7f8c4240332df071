"""The folders of the library that somebody renamed on disk: their series stay what they are."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

from store import files, series
from store.library_scan import Folder
from store.names import spelling
from store.series import LOCAL, Owner

# All columns with paths in the library that begin with the folder of a series.
_PATHS = (
    ("files", "path"),
    ("history", "path"),
    ("items", "target"),
    ("renames", "old"),
    ("renames", "new"),
)


def follow(conn: sqlite3.Connection, scanned: Sequence[Folder]) -> None:
    """Give a series whose folder is gone the new folder that has its files.

    The files tell: at least half of them lie there under the same names and have the same sizes. Of
    two folders that fit, none is taken.
    """
    owners = series.by_folder(conn)
    found = {folder.path for folder in scanned}
    gone = [path for path in owners if path not in found]
    new = [folder for folder in scanned if folder.path not in owners and folder.videos]
    if not (gone and new):
        return
    contents = {folder.path: _tails(folder.videos or ()) for folder in new}
    fits = [
        (old, folder)
        for old in gone
        for folder in new
        if _is_same(_tails(files.known_videos(conn, owners[old].series_id)), contents[folder.path])
    ]
    times = Counter([old for old, _ in fits] + [folder.path for _, folder in fits])
    for old, folder in fits:
        if times[old] == times[folder.path] == 1:
            _move(conn, owners[old], old, folder)


def _tails(videos: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """(path below the series' folder, size) of each video that is not empty."""
    return {(path.partition("/")[2], size) for path, size in videos if size}


def _is_same(before: set[tuple[str, int]], now: set[tuple[str, int]]) -> bool:
    return bool(before) and 2 * len(before & now) >= len(before)


def _move(conn: sqlite3.Connection, owner: Owner, old: str, folder: Folder) -> None:
    for table, column in _PATHS:
        conn.execute(
            f"""update {table} set {column} = :new || substr({column}, length(:old) + 1)
            where series = :id and substr({column}, 1, length(:old) + 1) = :old || '/'""",
            {"id": owner.series_id, "old": old, "new": folder.path},
        )
    conn.execute("delete from folders where top = ?", (old,))
    conn.execute("update series set folder = ? where id = ?", (folder.path, owner.series_id))
    if owner.provider == LOCAL:  # nobody but the folder tells its title
        conn.execute(
            "update series set title = ?, fold = ? where id = ?",
            (folder.title, spelling.fold(folder.title), owner.series_id),
        )
