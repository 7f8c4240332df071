"""What is told of a series as a whole: by its sources, the library's own files, and calendars.

The view `abouts` has all of it, in the order in which it is believed. Plain functions of a
connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from store.models import Listing
from store.names import spelling

LOCAL = "local"  # the source of what the library's files say

FEW = 100  # series of which each is asked for by itself
_SHORT = """select series, year, poster <> '' as has_poster from abouts
    where (year is not null or poster <> '')"""


class About(NamedTuple):
    """A description in plain text, and the year in which a series began.

    `poster` is the handle on a picture that its source has for it; empty where there is none.
    """

    description: str = ""
    year: int | None = None
    poster: str = ""


class Short(NamedTuple):
    """What lists tell: the year, and whether a poster may be had."""

    year: int | None = None
    has_poster: bool = False


class Poster(NamedTuple):
    """A picture that a source offers: the source's key for the series, and its handle on it."""

    source: str
    key: str
    ref: str


def of_listing(listing: Listing) -> About:
    """What a source says; the year may stand in its title."""
    year = listing.year or spelling.year(listing.title)
    return About(listing.description, year, listing.poster)


def of_series(conn: sqlite3.Connection, series_id: str) -> About:
    """The best that is known of each; `poster` is the handle on that of whoever has one."""
    rows = conn.execute(
        "select description, year, poster from abouts where series = ? order by place, key",
        (series_id,),
    ).fetchall()
    return About(
        next((row["description"] for row in rows if row["description"]), ""),
        next((row["year"] for row in rows if row["year"]), None),
        next((row["poster"] for row in rows if row["poster"]), ""),
    )


def in_short(conn: sqlite3.Connection, series_ids: Sequence[str]) -> dict[str, Short]:
    """The short facts of several series; those without any are left out."""
    rows: list[sqlite3.Row] = []
    if len(series_ids) > FEW:
        rows = conn.execute(f"{_SHORT} order by place").fetchall()
    else:
        for series_id in series_ids:
            rows += conn.execute(f"{_SHORT} and series = ? order by place", (series_id,))
    found: dict[str, Short] = {}
    for series_id, year, has_poster in rows:
        known = found.get(series_id)
        if known is None:
            found[series_id] = Short(year, bool(has_poster))
        elif not (known.year and known.has_poster):
            found[series_id] = Short(known.year or year, known.has_poster or bool(has_poster))
    return found


def posters(conn: sqlite3.Connection, series_id: str) -> list[Poster]:
    """The posters that sources and calendars offer for a series, the best first."""
    rows = conn.execute(
        """select source, key, poster from abouts where series = ? and poster <> '' and source <> ?
        order by place""",
        (series_id, LOCAL),
    )
    return [Poster(*row) for row in rows]


def keep_of_source(
    conn: sqlite3.Connection, series_id: str, provider: str, key: str, about: About
) -> None:
    """Keep what a source says. Nothing is written where that is known."""
    where = "where series = ? and provider = ? and key = ? and standing = 'linked'"
    offer = series_id, provider, key
    row = conn.execute(f"select description, year, poster from offers {where}", offer).fetchone()
    if row and tuple(row) != about:
        conn.execute(
            f"update offers set description = ?, year = ?, poster = ? {where}", (*about, *offer)
        )


def keep_of_calendar(
    conn: sqlite3.Connection, series_id: str, source: str, listing: Listing
) -> None:
    """The same of what a calendar says."""
    told = (listing.key, *of_listing(listing))
    row = conn.execute(
        """select key, description, year, poster from calendar_series
        where series = ? and source = ?""",
        (series_id, source),
    ).fetchone()
    if row is None or tuple(row) != told:
        conn.execute(
            """insert or replace into calendar_series
                (series, source, key, description, year, poster)
            values (?, ?, ?, ?, ?, ?)""",
            (series_id, source, *told),
        )


def drop_calendars_but(conn: sqlite3.Connection, sources: set[str]) -> None:
    """Forget what calendars have said that are not among `sources` any more."""
    rows = conn.execute("select distinct source from calendar_series").fetchall()
    for source in {row["source"] for row in rows} - sources:
        conn.execute("delete from calendar_series where source = ?", (source,))
