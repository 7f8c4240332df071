"""Series: what is known of them, what lies in the library, and so what is missing.

Plain functions of a connection; each is (part of) one transaction. Episodes are (season, number); season 0 are specials.
"""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime, timezone
from typing import Iterable, NamedTuple

from store import titles
from store.errors import NotFound
from store.models import Listing, Number

ORDER = {"name": "title collate nocase", "updated_at": "updated_at"}


class File(NamedTuple):
    """One episode that a file in the library holds; `path` is relative to the library."""

    season: int
    number: Number
    path: str
    size: int


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def find(conn: sqlite3.Connection, series: str) -> sqlite3.Row | None:
    """The row of the series with this id, or with this provider and key: one that was local keeps its old id too."""
    provider, _, key = series.partition("_")
    return conn.execute("select * from series where id = ? or (provider = ? and key = ?)", (series, provider, key)).fetchone()


def get(conn: sqlite3.Connection, series: str) -> sqlite3.Row:
    """As `find`. Raises NotFound."""
    row = find(conn, series)
    if row is None:
        raise NotFound("Anime not found", anime_id=series)
    return row


def link(conn: sqlite3.Connection, series: str, provider: str, key: str) -> None:
    """From now on this series is `provider`'s `key`; its id stays."""
    conn.execute("update series set provider = ?, key = ? where id = ?", (provider, key, series))


def page(conn: sqlite3.Connection, *, sort_by: str, descending: bool, everything: bool, limit: int, offset: int) -> tuple[list[sqlite3.Row], int]:
    """(rows, total) of the listed series: those with missing episodes, or all of them."""
    _let_time_pass(conn)
    where = "listed" if everything else "listed and missing > 0"
    direction = "desc" if descending else "asc"
    total = conn.execute(f"select count(*) from series where {where}").fetchone()[0]
    rows = conn.execute(
        f"select * from series where {where} order by {ORDER[sort_by]} {direction}, id {direction} limit ? offset ?", (limit, offset)
    ).fetchall()
    return rows, total


def episodes(conn: sqlite3.Connection, series: str) -> list[sqlite3.Row]:
    """Every episode known of `series`, in order: season, number, title, aired, size, ref, path (or null), status (of its queue item, or null)."""
    return conn.execute(
        """
        with known as (
            select season, number from episodes where series = :id
            union select season, number from files where series = :id
        )
        select known.season, known.number, coalesce(episodes.title, '') as title, episodes.aired, episodes.size, episodes.ref,
            (select min(path) from files where series = :id and season = known.season and number = known.number) as path,
            items.status, items.id as item
        from known
        left join episodes on episodes.series = :id and episodes.season = known.season and episodes.number = known.number
        left join items on items.series = :id and items.season = known.season and items.number = known.number
        order by known.season = 0, known.season, known.number
        """,
        {"id": series},
    ).fetchall()


def source_id(conn: sqlite3.Connection, series: str) -> str:
    """`<provider>_<key>` under which its source has a series; the id itself for an unknown one."""
    row = find(conn, series)
    return f"{row['provider']}_{row['key']}" if row else series


def shown_ids(conn: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    """Each id as it was first shown: a series that was local keeps that id."""
    return [row["id"] if (row := find(conn, one)) else one for one in ids]


def keys(conn: sqlite3.Connection, provider: str, names: Iterable[str]) -> dict[str, str]:
    """name -> key for what `provider` calls its series: a slug, once given for ever (decisions.md 4)."""
    known = dict(conn.execute("select name, key from keys where provider = ?", (provider,)).fetchall())
    taken = set(known.values())
    new = {}
    for name in sorted(set(names) - known.keys()):
        key = titles.slug(name)
        if not key or key in taken:
            digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
            key = f"{key or 'series'}-{digest[:6]}"
        taken.add(key)
        new[name] = key
    conn.executemany("insert into keys (provider, name, key) values (?, ?, ?)", [(provider, n, k) for n, k in new.items()])
    return {**known, **new}


def store_listing(conn: sqlite3.Connection, provider: str, listing: Listing) -> str:
    """Keep what `provider` says about one series, replacing what it said before. Returns the series' id."""
    known = find(conn, f"{provider}_{listing.key}")
    series = known["id"] if known else f"{provider}_{listing.key}"
    conn.execute(
        """
        insert into series (id, provider, key, title, description, site, fold, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (id) do update set title = excluded.title, description = excluded.description, site = excluded.site, fold = excluded.fold
        """,
        (series, provider, listing.key, listing.title, listing.description, listing.site, titles.fold(listing.title), now()),
    )
    before = conn.execute("select season, number, title, ref, size, aired from episodes where series = ?", (series,)).fetchall()
    after = sorted((e.season, e.number, e.title, e.ref, e.size, e.aired) for e in listing.episodes)
    if [tuple(row) for row in before] != after:
        conn.execute("delete from episodes where series = ?", (series,))
        conn.executemany(
            "insert or ignore into episodes (series, season, number, title, ref, size, aired) values (?, ?, ?, ?, ?, ?, ?)",
            [(series, *row) for row in after],
        )
        recount(conn, series)
    return series


def add_local(conn: sqlite3.Connection, folder: str, title: str) -> str:
    """A series that only the library knows. Returns its id."""
    key = keys(conn, "local", [folder])[folder]
    conn.execute(
        "insert or ignore into series (id, provider, key, title, fold, updated_at) values (?, 'local', ?, ?, ?, ?)",
        (f"local_{key}", key, title, titles.fold(title), now()),
    )
    return f"local_{key}"


def settle(conn: sqlite3.Connection, series: str, folder: str | None, found: Iterable[File]) -> int:
    """Record that `found` is what lies in the series' folder. Returns how many episodes are there that were not before."""
    was_listed = get(conn, series)["listed"]
    before = {tuple(row) for row in conn.execute("select season, number, path, size from files where series = ?", (series,))}
    after = {tuple(file) for file in found}
    if before != after:
        conn.execute("delete from files where series = ?", (series,))
        conn.executemany("insert into files (series, season, number, path, size) values (?, ?, ?, ?, ?)", [(series, *f) for f in sorted(after)])
    conn.execute("update series set folder = ?, listed = ? where id = ?", (folder, int(was_listed or folder is not None), series))
    if before != after:
        recount(conn, series)
    return len({file[:2] for file in after} - {file[:2] for file in before})


def add_file(conn: sqlite3.Connection, series: str, folder: str, file: File) -> None:
    """A finished download now lies in the library."""
    conn.execute("insert or replace into files (series, season, number, path, size) values (?, ?, ?, ?, ?)", (series, *file))
    conn.execute("update series set folder = ?, listed = 1 where id = ?", (folder, series))
    recount(conn, series)


def forget(conn: sqlite3.Connection, series: str) -> None:
    """Drop a series with its queue items. Its files are nobody's business here."""
    conn.execute("delete from series where id = ?", (get(conn, series)["id"],))


def recount(conn: sqlite3.Connection, series: str) -> None:
    """Derive the counts: specials and what is yet to be aired count as neither known nor missing (decisions.md 5)."""
    conn.execute(
        """
        with known as (
            select season, number from episodes where series = :id and season > 0 and (aired is null or aired <= :today)
            union select season, number from files where series = :id and season > 0
        ), here as (select distinct season, number from files where series = :id and season > 0)
        update series set
            total = (select count(*) from known),
            downloaded = (select count(*) from here),
            missing = (select count(*) from known) - (select count(*) from here),
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
