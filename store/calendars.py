"""What the owner's calendars say: which episodes of a series exist, and when they air.

A calendar has no files (docs/decisions.md, 31). Plain functions of a connection; each is (part of)
one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from store import counts
from store.models import Listing


def keep(conn: sqlite3.Connection, series_id: str, source: str, listing: Listing) -> None:
    """Keep what the calendar `source` says of a series in place of what it said before.

    A calendar that lists no episode takes none away that were known.
    """
    columns = "season, number, title, aired"
    before = conn.execute(
        f"select {columns} from calendar where series = ? and source = ?", (series_id, source)
    )
    known = sorted(tuple(row) for row in before)
    after = sorted(
        (episode.season, episode.number, episode.title, episode.aired)
        for episode in listing.episodes
    )
    if known == after or not after:
        return
    _drop(conn, series_id, source)
    conn.executemany(
        f"insert or ignore into calendar (series, source, {columns}) values (?, ?, ?, ?, ?, ?)",
        [(series_id, source, *row) for row in after],
    )
    counts.recount(conn, series_id)


def drop_others(conn: sqlite3.Connection, sources: Collection[str]) -> None:
    """Forget what calendars have said that are not among `sources` any more."""
    rows = conn.execute("select distinct series, source from calendar").fetchall()
    for series_id, source in rows:
        if source not in sources:
            _drop(conn, series_id, source)
            counts.recount(conn, series_id)


def _drop(conn: sqlite3.Connection, series_id: str, source: str) -> None:
    conn.execute("delete from calendar where series = ? and source = ?", (series_id, source))
