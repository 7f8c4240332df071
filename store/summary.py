"""The totals of everything in one row, for tiles of dashboards."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from typing import NamedTuple

from store import agenda, follows, series
from store.clock import today
from store.names import codes

UPCOMING_DAYS = 7


class Totals(NamedTuple):
    """Of all series that are listed. `next_aired` is the day on which the next episode airs.

    `changes` and `day` tell of which state of the database and of which day it is.
    """

    series: int
    following: int
    downloaded: int
    missing: int
    available: int
    upcoming: int
    next_title: str | None
    next_episode: str | None
    next_aired: str | None
    changes: int
    day: str


def read(conn: sqlite3.Connection, known: Totals | None) -> Totals:
    """The totals now; the `known` ones if nothing was written since."""
    day = today()
    if known and (known.changes, known.day) == (conn.total_changes, day):
        return known
    series.count_what_was_aired(conn)
    counts = conn.execute(
        """
        select count(*) as series, total(downloaded) as downloaded, total(missing) as missing,
            total(available) as available from series where listed
        """
    ).fetchone()
    last = (date.fromisoformat(day) + timedelta(UPCOMING_DAYS)).isoformat()
    upcoming = _air(conn, day, last)
    first = next(iter(upcoming), None) or _next(conn, day)
    return Totals(
        series=counts["series"],
        following=follows.count(conn),
        downloaded=int(counts["downloaded"]),
        missing=int(counts["missing"]),
        available=int(counts["available"]),
        upcoming=len(upcoming),
        next_title=first["title"] if first else None,
        next_episode=codes.code(first["season"], first["number"]) if first else None,
        next_aired=first["aired"] if first else None,
        changes=conn.total_changes,
        day=day,
    )


def _next(conn: sqlite3.Connection, day: str) -> sqlite3.Row | None:
    """The first episode that airs after `day`, however late."""
    days = conn.execute(
        """select distinct substr(next_air, 1, 10) from series where listed and next_air > ?
        order by next_air""",
        (day,),
    )
    for (last,) in days:
        found = _air(conn, day, last) if agenda.is_day(last) else None
        if found:
            return found[0]
    return None


def _air(conn: sqlite3.Connection, day: str, last: str) -> list[sqlite3.Row]:
    """The regular episodes that air after `day`, up to `last`, and are neither here nor ignored.

    Only series are looked into of which one does. A source's own word on the date goes before that
    of a calendar. `aired` may have a time of day: it is upcoming until the day is over.
    """
    rows = conn.execute(
        """
        with airing as (
            select id, title from series
            where listed and next_air > :day and substr(next_air, 1, 10) <= :last
        ),
        air as (
            select id, airing.title, season, number, aired
            from airing cross join episodes on episodes.series = id
            where season > 0 and aired > :day and substr(aired, 1, 10) <= :last
            union
            select id, airing.title, season, number, aired
            from airing cross join calendar on calendar.series = id
            where season > 0 and aired > :day and substr(aired, 1, 10) <= :last and not exists (
                select 1 from episodes as own where own.aired is not null and own.series = id
                    and own.season = calendar.season and own.number = calendar.number
            )
        )
        select title, season, number, substr(min(aired), 1, 10) as aired from air
        where not exists (select 1 from files where series = id
                and files.season = air.season and files.number = air.number)
            and not exists (select 1 from ignored where series = id
                and ignored.season = air.season and ignored.number = air.number)
        group by id, season, number order by aired, title, season, number
        """,
        {"day": day, "last": last},
    )
    return rows.fetchall()
