"""The air dates of the household's series.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from store import known_episodes, series
from store.known_episodes import EpisodeState
from store.schema import record


@record
class Airing:
    """An episode and its day; `aired` has a time of day where its source tells one."""

    anime_id: str
    title: str
    code: str
    episode_title: str
    aired: str
    state: EpisodeState


def series_between(conn: sqlite3.Connection, first: str, last: str) -> list[str]:
    """The series with an episode that airs from the day `first` to the day `last`."""
    rows = conn.execute(
        """
        select id from series where listed and id in (
            select series from episodes where substr(aired, 1, 10) between :first and :last
            union select series from calendar where substr(aired, 1, 10) between :first and :last)
        """,
        {"first": first, "last": last},
    )
    return [row["id"] for row in rows]


def between(
    conn: sqlite3.Connection, series_ids: Iterable[str], first: str, last: str
) -> list[Airing]:
    """The episodes of some series that air on these days, series by series, none ignored."""
    known = [each for each in (series.find(conn, key) for key in series_ids) if each]
    return [
        Airing(anime.id, anime.title, each.code, each.title, each.aired or "", each.state)
        for anime in known
        for each in known_episodes.of_series(conn, anime.id)
        if first <= (each.aired or "")[:10] <= last and not each.ignored and is_day(each.aired)
    ]


def in_order(airings: Iterable[Airing]) -> list[Airing]:
    return sorted(airings, key=lambda airing: (airing.aired, airing.title, airing.anime_id))


def is_day(text: str | None) -> bool:
    """Whether a text from outside begins with a day of the calendar."""
    try:
        date.fromisoformat((text or "")[:10])
    except ValueError:
        return False
    return True
