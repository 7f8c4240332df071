"""What airs when: the episodes of the household's series, by the days that anybody tells of them.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from datetime import date

from store import known_episodes
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


def between(conn: sqlite3.Connection, first: str, last: str) -> list[Airing]:
    """What airs from the day `first` to the day `last`, in order; nothing that is ignored."""
    rows = conn.execute(
        """
        select id, title from series where listed and id in (
            select series from episodes where substr(aired, 1, 10) between :first and :last
            union select series from calendar where substr(aired, 1, 10) between :first and :last)
        """,
        {"first": first, "last": last},
    ).fetchall()
    found = [
        Airing(row["id"], row["title"], each.code, each.title, each.aired or "", each.state)
        for row in rows
        for each in known_episodes.of_series(conn, row["id"])
        if first <= (each.aired or "")[:10] <= last and not each.ignored and is_day(each.aired)
    ]
    return sorted(found, key=lambda airing: (airing.aired, airing.title, airing.anime_id))


def is_day(text: str | None) -> bool:
    """Whether a text from outside begins with a day that there is."""
    try:
        date.fromisoformat((text or "")[:10])
    except ValueError:
        return False
    return True
