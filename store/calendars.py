"""What the owner's calendars say: which episodes of a series exist, and when they air.

A calendar has no files (docs/decisions.md, 31). Plain functions of a connection; each is (part of)
one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from operator import itemgetter

from store import abouts, counts, list_changes, series
from store.list_changes import Row
from store.models import Listing


def keep(conn: sqlite3.Connection, series_id: str, source: str, listing: Listing) -> None:
    """Keep what the calendar `source` says of a series in place of what it said before.

    What takes episodes away is believed as that of any source is: by the owner, or at the third
    look. A calendar that lists no episode takes none away that were known.
    """
    abouts.keep_of_calendar(conn, series_id, source, listing)
    rows = conn.execute(
        """select season, number, title, '' as ref, aired from calendar
        where series = ? and source = ? order by season, number""",
        (series_id, source),
    )
    known = [tuple(row) for row in rows]
    listed = sorted(
        [(each.season, each.number, each.title, "", each.aired) for each in listing.episodes],
        key=itemgetter(0, 1),
    )
    if not listed:
        return
    kept = list_changes.believe(conn, (series_id, source), known, listed, trusted=False)
    if known != kept:
        _put(conn, series_id, source, kept)


def accept(conn: sqlite3.Connection, anime_id: str) -> None:
    """Believe calendars that take away episodes, as the owner says. Raises NotFound."""
    series_id = series.get(conn, anime_id).id
    rows = conn.execute(
        "select distinct source from calendar where series = ?", (series_id,)
    ).fetchall()
    for row in rows:
        for key in list_changes.accept(conn, (series_id, row["source"])):
            conn.execute(
                """delete from calendar
                where series = ? and source = ? and season = ? and number = ?""",
                (series_id, row["source"], *key),
            )
    counts.recount(conn, series_id)


def _put(conn: sqlite3.Connection, series_id: str, source: str, rows: Sequence[Row]) -> None:
    _drop(conn, series_id, source)
    conn.executemany(
        """insert or ignore into calendar (series, source, season, number, title, aired)
        values (?, ?, ?, ?, ?, ?)""",
        [(series_id, source, *row[:3], row[4]) for row in rows],
    )
    counts.recount(conn, series_id)


def drop_others(conn: sqlite3.Connection, sources: Collection[str]) -> None:
    """Forget the episodes of calendars that are not among `sources` any more."""
    rows = conn.execute("select distinct series, source from calendar").fetchall()
    for series_id, source in rows:
        if source not in sources:
            _drop(conn, series_id, source)
            list_changes.accept(conn, (series_id, source))
            counts.recount(conn, series_id)
    abouts.drop_calendars_but(conn, set(sources))


def _drop(conn: sqlite3.Connection, series_id: str, source: str) -> None:
    conn.execute("delete from calendar where series = ? and source = ?", (series_id, source))
