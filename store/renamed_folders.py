"""The folders of the library that somebody renamed on disk: their series stay what they are."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from store import files, series, series_folders
from store.library_scan import Folder
from store.names import spelling
from store.series import LOCAL, Owner

Tail = tuple[str, int]  # a video's path below the folder of its series, and its size

# All columns with paths in the library that begin with the folder of a series.
_PATHS = (
    ("files", "path"),
    ("history", "path"),
    ("checksums", "path"),
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
    fits = _fits({old: _known_tails(conn, owners[old], old) for old in gone}, new)
    times = Counter([old for old, _ in fits] + [folder.path for _, folder in fits])
    for old, folder in fits:
        if times[old] == times[folder.path] == 1:
            _move(conn, owners[old], old, folder)


def _fits(gone: Mapping[str, set[Tail]], new: Sequence[Folder]) -> list[tuple[str, Folder]]:
    """(old path, new folder) of each pair of which at least half of the files are the same."""
    places: defaultdict[Tail, list[int]] = defaultdict(list)
    for place, folder in enumerate(new):
        for tail in _tails(folder.videos or ()):
            places[tail].append(place)
    return [
        (old, new[place])
        for old, tails in gone.items()
        for place, count in Counter(chain.from_iterable(places[tail] for tail in tails)).items()
        if 2 * count >= len(tails)
    ]


def _known_tails(conn: sqlite3.Connection, owner: Owner, folder: str) -> set[Tail]:
    """The tails of the videos that were known in this folder of a series."""
    videos = files.known_videos(conn, owner.series_id)
    return _tails([video for video in videos if video[0].startswith(f"{folder}/")])


def _tails(videos: Iterable[tuple[str, int]]) -> set[Tail]:
    """(path below the series' folder, size) of each video that is not empty."""
    return {(path.partition("/")[2], size) for path, size in videos if size}


def _move(conn: sqlite3.Connection, owner: Owner, old: str, folder: Folder) -> None:
    for table, column in _PATHS:
        conn.execute(
            f"""update {table} set {column} = :new || substr({column}, length(:old) + 1)
            where series = :id and substr({column}, 1, length(:old) + 1) = :old || '/'""",
            {"id": owner.series_id, "old": old, "new": folder.path},
        )
    conn.execute("delete from folders where top = ?", (old,))
    series_folders.rename(conn, old, folder.path)
    if owner.provider == LOCAL:  # nobody but its first folder tells its title
        conn.execute(
            "update series set title = ?, fold = ? where id = ? and folder = ?",
            (folder.title, spelling.fold(folder.title), owner.series_id, folder.path),
        )
