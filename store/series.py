"""Series: what is known of them, what lies in the library, and so what is missing.

Plain functions of a connection; each is (part of) one transaction. Episodes are (season, number); season 0 are specials.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from store.errors import Conflict, NotFound
from store.keys import public_keys
from store.models import Listing
from store.names import codes, database_ids, spelling
from store.names.codes import Number

ORDER = {"name": "title collate nocase", "updated_at": "updated_at"}


class File(NamedTuple):
    """One episode that a file in the library holds; `path` is relative to the library."""

    season: int
    number: Number
    path: str
    size: int


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def find(conn: sqlite3.Connection, series: str) -> sqlite3.Row | None:
    """The row of the series with this id, or with this provider and key: one that was local keeps its old id too."""
    provider, _, key = series.partition("_")
    return conn.execute(
        "select * from series where id = ? or (provider = ? and key = ?)", (series, provider, key)
    ).fetchone()


def get(conn: sqlite3.Connection, series: str) -> sqlite3.Row:
    """As `find`. Raises NotFound."""
    row = find(conn, series)
    if row is None:
        raise NotFound("Anime not found", anime_id=series)
    return row


def link(conn: sqlite3.Connection, series: str, provider: str, key: str) -> None:
    """From now on this series is `provider`'s `key`; its id stays. Raises Conflict when another one with files or queue items
    is that."""
    other = find(conn, f"{provider}_{key}")
    if other and other["id"] != series:
        if (
            other["folder"]
            or conn.execute("select 1 from items where series = ?", (other["id"],)).fetchone()
        ):
            raise Conflict(
                f"{other['title']} is that series already; forget it first", anime_id=other["id"]
            )
        conn.execute("delete from series where id = ?", (other["id"],))
    conn.execute("update series set provider = ?, key = ? where id = ?", (provider, key, series))


def number(
    conn: sqlite3.Connection, series: str, numbering: str | None, offset: int | None
) -> sqlite3.Row:
    """Say what the numbers in the names of its files do, see matching.judge; what is None stays. Returns the series."""
    series = get(conn, series)["id"]
    changes = (numbering and numbering.replace("auto", ""), offset, series)
    conn.execute(
        "update series set numbering = nullif(coalesce(?, numbering), ''), number_offset = coalesce(?, number_offset) where id = ?",
        changes,
    )
    read_again(conn, series)
    return get(conn, series)


def page(
    conn: sqlite3.Connection,
    *,
    sort_by: str,
    descending: bool,
    everything: bool,
    limit: int,
    offset: int,
) -> tuple[list[sqlite3.Row], int]:
    """(rows, total) of the listed series: those with missing episodes, or all of them."""
    _let_time_pass(conn)
    where = "listed" if everything else "listed and missing > 0"
    direction = "desc" if descending else "asc"
    total = conn.execute(f"select count(*) from series where {where}").fetchone()[0]
    rows = conn.execute(
        f"select * from series where {where} order by {ORDER[sort_by]} {direction}, id {direction} limit ? offset ?",
        (limit, offset),
    ).fetchall()
    return rows, total


def episodes(conn: sqlite3.Connection, series: str, extras: bool = False) -> list[sqlite3.Row]:
    """Every episode known of `series`, in order: season, number, title, aired, size, ref, path (or null), status (of its
    queue item, or null), unsure (a file that may be it, or null), why. With `extras` also files that are no episode: there
    `path` is each one's own, and the season is -1."""
    return conn.execute(
        """
        with known as (
            select season, number from episodes where series = :id
            union select season, number from files where series = :id and season >= 0
        ), here as (
            select season, number, min(case when sure then path end) as path, min(case when not sure then path end) as unsure, why
            from files where series = :id and season >= 0 group by season, number
        ), found as (
            select known.season, known.number, coalesce(episodes.title, '') as title, episodes.aired, episodes.size, episodes.ref,
                here.path, case when here.path is null then here.unsure end as unsure, coalesce(here.why, '') as why,
                items.status, items.id as item
            from known
            left join episodes on episodes.series = :id and episodes.season = known.season and episodes.number = known.number
            left join here on here.season = known.season and here.number = known.number
            left join items on items.series = :id and items.season = known.season and items.number = known.number
            union all
            select season, number, '', null, size, null, case when sure then path end, case when not sure then path end, why, null, null
            from files where series = :id and season = -1 and :extras
        )
        select * from found order by season = -1, season = 0, season, number, path
        """,
        {"id": series, "extras": extras},
    ).fetchall()


def running(conn: sqlite3.Connection, series: str) -> dict[tuple[int, Number], int]:
    """Each regular episode that the source has, with its number counted through all seasons."""
    rows = conn.execute(
        "select season, number from episodes where series = ? and season > 0 order by season, number",
        (series,),
    )
    return {tuple(row): number for number, row in enumerate(rows, 1)}


def source_id(conn: sqlite3.Connection, series: str) -> str:
    """`<provider>_<key>` under which its source has a series; the id itself for an unknown one."""
    row = find(conn, series)
    return f"{row['provider']}_{row['key']}" if row else series


def shown_ids(conn: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    """Each id as it was first shown: a series that was local keeps that id."""
    return [row["id"] if (row := find(conn, one)) else one for one in ids]


def store_listing(conn: sqlite3.Connection, provider: str, listing: Listing) -> str:
    """Keep what `provider` says about one series, replacing what it said before. Returns the series' id."""
    known = find(conn, f"{provider}_{listing.key}")
    series = known["id"] if known else f"{provider}_{listing.key}"
    conn.execute(
        """
        insert into series (id, provider, key, title, description, site, fold, ids, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (id) do update set
            title = excluded.title, description = excluded.description, site = excluded.site, fold = excluded.fold, ids = excluded.ids
        """,
        (
            series,
            provider,
            listing.key,
            listing.title,
            listing.description,
            listing.site,
            spelling.fold(listing.title),
            database_ids.bracketed(listing.ids),
            now(),
        ),
    )
    before = conn.execute(
        "select season, number, title, ref, size, aired, checksums from episodes where series = ?",
        (series,),
    ).fetchall()
    after = sorted(
        (e.season, e.number, e.title, e.ref, e.size, e.aired, json.dumps(dict(e.checksums)))
        for e in listing.episodes
    )
    if [tuple(row) for row in before] != after:
        conn.execute("delete from episodes where series = ?", (series,))
        conn.executemany(
            """insert or ignore into episodes (series, season, number, title, ref, size, aired, checksums)
            values (?, ?, ?, ?, ?, ?, ?, ?)""",
            [(series, *row) for row in after],
        )
        read_again(conn, series)
    return series


def add_local(conn: sqlite3.Connection, folder: str, title: str) -> str:
    """A series that only the library knows. Returns its id."""
    key = public_keys(conn, "local", [folder])[folder]
    conn.execute(
        "insert or ignore into series (id, provider, key, title, fold, updated_at) values (?, 'local', ?, ?, ?, ?)",
        (f"local_{key}", key, title, spelling.fold(title), now()),
    )
    return f"local_{key}"


def settle(
    conn: sqlite3.Connection, series: str, folder: str | None, media: Iterable[tuple[str, int]]
) -> int:
    """Record that `media`, (path, size) each, is what lies in the series' folder. Returns how many episodes are new there."""
    row = get(conn, series)
    before = {
        tuple(file)
        for file in conn.execute(
            "select series, season, number, path, size, sure, why from files where series = ?",
            (series,),
        )
    }
    after = set(_judged(conn, row, sorted(media)))
    conn.execute(
        "update series set folder = ?, listed = ? where id = ?",
        (folder, int(row["listed"] or folder is not None), series),
    )
    if before != after:
        conn.execute("delete from files where series = ?", (series,))
        insert = "insert into files (series, season, number, path, size, sure, why) values (?, ?, ?, ?, ?, ?, ?)"
        conn.executemany(insert, sorted(after))
        recount(conn, series)
    there = [
        {(season, number) for _, season, number, _, _, sure, _ in files if sure and season >= 0}
        for files in (before, after)
    ]
    return len(there[1] - there[0])


def read_again(conn: sqlite3.Connection, series: str) -> None:
    """What is known of the series has changed: judge its files anew."""
    media = conn.execute(
        "select distinct path, size from files where series = ?", (series,)
    ).fetchall()
    settle(conn, series, get(conn, series)["folder"], [tuple(row) for row in media])
    recount(conn, series)


def _judged(
    conn: sqlite3.Connection, row: sqlite3.Row, media: list[tuple[str, int]]
) -> Iterator[tuple]:
    """The rows of each file: series, season, number, path, size, sure, why. What we fetched or renamed we know, whatever its name says."""
    if not media:
        return
    from store.names import (
        folder_parser,  # late: a server that scans nothing never needs them
        matching,
    )

    ours: dict[str, tuple[str, dict]] = {}
    for path, how, season, number in conn.execute(
        """select path, 'fetched', season, number from history where series = :id union all
        select path, 'renamed', season, number from files where series = :id and path in (select new from renames where series = :id)""",
        {"id": row["id"]},
    ):
        ours.setdefault(path, (how, {}))[1][season, number] = True
    known = {
        tuple(spot)
        for spot in conn.execute(
            "select season, number from episodes where series = ?", (row["id"],)
        )
    }
    series, numbering, offset = row["id"], row["numbering"], row["number_offset"]
    for (path, size), name in zip(media, folder_parser.parse_folder([path for path, _ in media])):
        if path in ours:
            how, spots = ours[path]
            verdict = matching.Verdict(
                tuple(spots), True, f"{how} as {' '.join(codes.code(*spot) for spot in spots)}"
            )
        else:
            verdict = matching.judge(name, known, numbering, offset)
        for season, number in verdict.episodes:
            yield series, season, number, path, size, int(verdict.sure), verdict.why


def add_file(conn: sqlite3.Connection, series: str, folder: str, file: File) -> None:
    """A finished download now lies in the library."""
    values = (series, *file, f"fetched as {codes.code(file.season, file.number)}")
    conn.execute(
        "insert or replace into files (series, season, number, path, size, why) values (?, ?, ?, ?, ?, ?)",
        values,
    )
    conn.execute("update series set folder = ?, listed = 1 where id = ?", (folder, series))
    recount(conn, series)


def disks(conn: sqlite3.Connection) -> list[str]:
    """The folders of the library that lie on another disk than it does, or than the one above them."""
    return [row["path"] for row in conn.execute("select path from folders where disk is not null")]


def some_paths(conn: sqlite3.Connection) -> list[str]:
    """Of known files: a library that has one of them is there."""
    return [row["path"] for row in conn.execute("select distinct path from files limit 50")]


def forget(conn: sqlite3.Connection, series: str) -> None:
    """Drop a series with its queue items. Its files are nobody's business here."""
    conn.execute("delete from series where id = ?", (get(conn, series)["id"],))


def recount(conn: sqlite3.Connection, series: str) -> None:
    """Derive the counts: specials and what is yet to be aired count as neither known nor missing (decisions.md 5), what an
    ambiguous file may be is known, but neither missing nor there."""
    conn.execute(
        """
        with known as (
            select season, number from episodes where series = :id and season > 0 and (aired is null or aired <= :today)
            union select season, number from files where series = :id and season > 0 and sure
        ), here as (select season, number, max(sure) as sure from files where series = :id and season > 0 group by season, number)
        update series set
            total = (select count(*) from known),
            downloaded = (select count(*) from here where sure),
            missing = (select count(*) from (select season, number from known except select season, number from here)),
            next_air = (select min(aired) from episodes where series = :id and season > 0 and aired > :today),
            updated_at = :now
        where id = :id
        """,
        {"id": series, "today": now()[:10], "now": now()},
    )


def _let_time_pass(conn: sqlite3.Connection) -> None:
    """An episode aired since the last count is missing from today on."""
    for row in conn.execute("select id from series where next_air <= ?", (now()[:10],)).fetchall():
        recount(conn, row["id"])
