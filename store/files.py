"""The videos of the library, and which episodes they hold.

A video has a row for each episode that it holds; an ambiguous one for each that it may hold. Plain
functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

from store import counts, series, series_folders
from store.errors import Conflict
from store.names import codes
from store.names.codes import EpisodeKey, Number
from store.series import Series

if TYPE_CHECKING:
    from store.names import matching

NO_EPISODE = -1  # the season of a video that is no episode
EMPTY = "the file is empty: 0 bytes"

Numbering = Literal["auto", "absolute", "season"]


class File(NamedTuple):
    """An episode that a video holds, or may hold where it is not `sure`; `why` is for people.

    `path` is relative to the library, as it is on disk; `size` in bytes.
    """

    season: int
    number: Number
    path: str
    size: int
    sure: bool = True
    why: str = ""


_COLUMNS = ", ".join(File._fields)


def record_files(
    conn: sqlite3.Connection, series_id: str, folder: str, videos: Iterable[tuple[str, int]]
) -> int:
    """Record that `videos`, (path, size in bytes) each, are all that lies in one of its folders.

    Returns how many episodes are new there.
    """
    return record_folders(conn, series_id, {folder: videos})


def record_folders(
    conn: sqlite3.Connection, series_id: str, contents: Mapping[str, Iterable[tuple[str, int]]]
) -> int:
    """As `record_files`, for several folders of a series: their videos are judged together."""
    for folder in contents:
        series_folders.add(conn, series_id, folder)
    videos = [
        (path, size)
        for path, size in known_videos(conn, series_id)
        if path.partition("/")[0] not in contents
    ]
    return _record(conn, series_id, [*videos, *chain.from_iterable(contents.values())])


def drop_folder(conn: sqlite3.Connection, series_id: str, folder: str) -> list[tuple[str, int]]:
    """Record that a folder is no longer the series'. Returns its known videos."""
    videos = known_videos(conn, series_id)
    dropped = [video for video in videos if video[0].startswith(f"{folder}/")]
    series_folders.remove(conn, series_id, folder)
    _record(conn, series_id, set(videos) - set(dropped))
    return dropped


def judge_again(conn: sqlite3.Connection, series_id: str) -> None:
    """Judge anew which episodes the series' videos hold: what is known of it has changed."""
    _record(conn, series_id, known_videos(conn, series_id))
    counts.recount(conn, series_id)


def add_fetched(conn: sqlite3.Connection, series_id: str, file: File) -> None:
    """Record that a download was put into the library as `file`."""
    fetched = file._replace(why=f"fetched as {codes.code(file.season, file.number)}")
    conn.execute(
        f"insert or replace into files (series, {_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)",
        (series_id, *fetched),
    )
    series_folders.add(conn, series_id, file.path.partition("/")[0])
    counts.recount(conn, series_id)


def replaceable(conn: sqlite3.Connection, series_id: str, key: EpisodeKey) -> str | None:
    """The file that surely holds an episode, and nothing else; None where there is none.

    Of several the one that was fetched last. Raises Conflict for one with further episodes.
    """
    rows = conn.execute(
        """
        select path, (select count(*) from files as others
            where others.series = files.series and others.path = files.path) as episodes
        from files where series = :id and season = :season and number = :number and sure
        order by (select max(id) from history where series = :id and history.path = files.path)
            desc nulls last, path
        """,
        {"id": series_id, "season": key[0], "number": key[1]},
    ).fetchall()
    if rows and rows[0]["episodes"] > 1:
        raise Conflict(
            f"{rows[0]['path']} holds further episodes and is not replaced", anime_id=series_id
        )
    return rows[0]["path"] if rows else None


def drop(conn: sqlite3.Connection, series_id: str, path: str) -> None:
    """Record that a file is gone from the library."""
    conn.execute("delete from files where series = ? and path = ?", (series_id, path))


def set_numbering(
    conn: sqlite3.Connection,
    series_id: str,
    numbering: Numbering | None,
    offset: int | None,
    titles: Sequence[str] | None = None,
) -> None:
    """Keep the owner's word on the names of the files, and judge them anew.

    See matching.judge for the numbers and second_titles for the titles; None leaves what was said
    before.
    """
    if numbering is not None:
        owners_word = None if numbering == "auto" else numbering
        conn.execute("update series set numbering = ? where id = ?", (owners_word, series_id))
    if offset is not None:
        conn.execute("update series set number_offset = ? where id = ?", (offset, series_id))
    if titles is not None:
        text = json.dumps(list(dict.fromkeys(titles)), ensure_ascii=False)
        conn.execute("update series set titles = ? where id = ?", (text, series_id))
    judge_again(conn, series_id)


def known_videos(conn: sqlite3.Connection, series_id: str) -> list[tuple[str, int]]:
    """(path, size) of each video that was in the series' folder at the last look."""
    rows = conn.execute("select distinct path, size from files where series = ?", (series_id,))
    return [(row["path"], row["size"]) for row in rows]


def second_titles_of(conn: sqlite3.Connection, series_id: str) -> list[str]:
    """The titles of another series, perhaps, that files of this one bear."""
    from store.names import folder_parser, second_titles  # late: few ask

    paths = sorted(path for path, _ in known_videos(conn, series_id))
    names = folder_parser.parse_folder(paths)
    second = second_titles.find(names, _titles(conn, series.get(conn, series_id), paths))
    return list(dict.fromkeys(second.values()))


def some_paths(conn: sqlite3.Connection) -> list[str]:
    """Paths of known videos: a library that has one of them is there.

    They are of many series, for an owner may have deleted one wholly.
    """
    rows = conn.execute(
        """
        select (select path from files where series = id limit 1) as path
        from (select id from series where listed limit 500) where path is not null
        union select path from (select distinct path from files limit 50)
        """
    )
    return [row["path"] for row in rows]


# -- inside --------------------------------------------------------------------------------------


def _record(conn: sqlite3.Connection, series_id: str, videos: Iterable[tuple[str, int]]) -> int:
    """Record that `videos` are all that the series has. Returns how many episodes are new."""
    anime = series.get(conn, series_id)
    before = _files(conn, series_id)
    verdicts = _judge(conn, anime, sorted(videos))
    after = {
        File(*key, path, size, verdict.sure, verdict.why)
        for path, size, verdict in verdicts
        for key in verdict.episodes
    }
    is_counted = any(verdict.is_counted for _, _, verdict in verdicts)
    conn.execute("update series set counted = ? where id = ?", (is_counted, series_id))
    if before != after:
        conn.execute("delete from files where series = ?", (series_id,))
        conn.executemany(
            f"insert into files (series, {_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)",
            [(series_id, *file) for file in sorted(after)],
        )
        counts.recount(conn, series_id)
    return len(_episodes_in(after) - _episodes_in(before))


def _files(conn: sqlite3.Connection, series_id: str) -> set[File]:
    return {
        File(**row)
        for row in conn.execute(f"select {_COLUMNS} from files where series = ?", (series_id,))
    }


def _episodes_in(files: Iterable[File]) -> set[EpisodeKey]:
    """The episodes that surely lie in this folder."""
    return {(file.season, file.number) for file in files if file.sure and file.season >= 0}


def _judge(
    conn: sqlite3.Connection, anime: Series, videos: Sequence[tuple[str, int]]
) -> list[tuple[str, int, matching.Verdict]]:
    """Tell which episodes the videos hold: (path, size, verdict) of each.

    A name is judged beside those of the other videos; but a video that was fetched or renamed is
    known, whatever its name says.
    """
    if not videos:
        return []
    # Late: a server that scans nothing never needs them.
    from store.names import dated_files, folder_parser, season_folders, second_titles

    known_by_history = _fetched_or_renamed(conn, anime.id, videos)
    listed = _listed_episodes(conn, anime.id)
    paths = [path for path, _ in videos]
    names = folder_parser.parse_folder(paths)
    judged = season_folders.judge_together(
        paths, names, listed, anime.numbering, anime.number_offset
    )
    second = second_titles.find(names, _titles(conn, anime, paths))
    judged = second_titles.leave_open(judged, second)
    if any(map(dated_files.is_open, judged, names)):
        judged = dated_files.match(paths, names, judged, _days(conn, anime.id))
    verdicts = []
    for (path, size), by_name in zip(videos, judged):
        verdict = known_by_history.get(path) or by_name
        if not size:
            verdict = verdict._replace(sure=False, why=f"{verdict.why}; but {EMPTY}")
        verdicts.append((path, size, verdict))
    return verdicts


def _titles(conn: sqlite3.Connection, anime: Series, paths: Iterable[str]) -> list[str]:
    """The titles that the files of the series may have: its own, its folders', the owner's."""
    folders = dict.fromkeys([path.partition("/")[0] for path in paths])
    return [anime.title, *folders, *json.loads(anime.titles)]


def _days(conn: sqlite3.Connection, series_id: str) -> list[tuple[EpisodeKey, str]]:
    """The episodes whose air dates are known, with these dates."""
    rows = conn.execute(
        """select distinct season, number, aired from episodes
        where series = ? and aired is not null""",
        (series_id,),
    )
    return [((row["season"], row["number"]), row["aired"]) for row in rows]


def _listed_episodes(conn: sqlite3.Connection, series_id: str) -> set[EpisodeKey]:
    """The episodes in the lists of its sources."""
    rows = conn.execute("select season, number from episodes where series = ?", (series_id,))
    return {(row["season"], row["number"]) for row in rows}


def _fetched_or_renamed(
    conn: sqlite3.Connection, series_id: str, videos: Iterable[tuple[str, int]]
) -> dict[str, matching.Verdict]:
    """path -> the episodes of each of these videos that we fetched, or gave its name.

    A video whose path differs only in its case, and which has the same size, is the same: disks
    that ignore case, and other computers, spell paths in their own way. A name that was given
    counts before the file that was fetched to this path earlier.
    """
    from store.names import matching

    how: dict[str, str] = {}
    episodes: dict[str, dict[EpisodeKey, None]] = defaultdict(dict)
    spelled: dict[tuple[str, int | None], str] = {}
    for row in conn.execute(
        """
        select path, size, 'renamed' as how, season, number from files
        where series = :id and path in (select new from renames where series = :id)
        union all
        select path, case when json_valid(receipt) then json_extract(receipt, '$.bytes') end,
            'fetched', season, number
        from history where series = :id
        """,
        {"id": series_id},
    ):
        path = row["path"]
        if how.setdefault(path, row["how"]) == row["how"]:
            episodes[path][row["season"], row["number"]] = None
            spelled[path.casefold(), row["size"]] = path
    verdicts = {}
    for path, size in videos if how else ():
        known = path if path in how else spelled.get((path.casefold(), size))
        if known:
            keys = tuple(episodes[known])
            why = f"{how[known]} as {' '.join(codes.code(*key) for key in keys)}"
            verdicts[path] = matching.Verdict(keys, True, why)
    return verdicts
