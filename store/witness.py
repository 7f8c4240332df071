"""The library as a witness for a source's files whose names leave their episode open.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

from store.models import Episode
from store.names.codes import EpisodeKey


def is_open(episodes: Sequence[Episode]) -> bool:
    """Whether the library may know better what a source's files hold."""
    return any(episode.split or episode.is_seasonless for episode in episodes)


def decide_open(
    conn: sqlite3.Connection, series_id: str, episodes: Sequence[Episode]
) -> Sequence[Episode]:
    """The episodes of a source's list as the library knows them, without those left open."""
    has_splits = any(episode.split for episode in episodes)
    if not has_splits and not (is_open(episodes) and _has_later_season(conn, series_id)):
        return episodes
    from store.names import library_witness  # late: few lists leave anything open

    fetched = _fetched(conn, series_id)
    readings = [
        library_witness.OpenReading(
            (episode.season, episode.number),
            episode.split,
            episode.is_seasonless,
            fetched.get(unquote(episode.ref)),
        )
        for episode in episodes
    ]
    decided = library_witness.decide_open(readings, _held(conn, series_id))
    return [
        replace(episode, season=key[0], number=key[1])
        for episode, key in zip(episodes, decided)
        if key
    ]


def _has_later_season(conn: sqlite3.Connection, series_id: str) -> bool:
    """Whether numbers without a season may be those of a later one than the first."""
    query = "select 1 from files where series = ? and sure and season > 1 limit 1"
    return conn.execute(query, (series_id,)).fetchone() is not None


def _held(conn: sqlite3.Connection, series_id: str) -> set[EpisodeKey]:
    """The episodes that clear files of the library hold."""
    from store.names import folder_parser, library_witness

    rows = conn.execute(
        """
        select season, number, path,
            path in (select path from history where series = :id) as fetched
        from files where series = :id and sure and season >= 0 order by path
        """,
        {"id": series_id},
    ).fetchall()
    paths = list(dict.fromkeys(row["path"] for row in rows))
    clear = dict(zip(paths, library_witness.find_clear(folder_parser.parse_folder(paths))))
    return {(row["season"], row["number"]) for row in rows if row["fetched"] or clear[row["path"]]}


def _fetched(conn: sqlite3.Connection, series_id: str) -> dict[str, EpisodeKey]:
    """The episode as which each file of a source was fetched, by every end of its address."""
    rows = conn.execute(
        """
        select season, number, json_extract(receipt, '$.source') as source
        from history where series = ? and json_valid(receipt) order by id
        """,
        (series_id,),
    )
    fetched: dict[str, EpisodeKey] = {}
    for row in rows:
        parts = unquote(row["source"] or "").split("/")
        for start in range(len(parts)):
            fetched["/".join(parts[start:])] = row["season"], row["number"]
    return fetched
