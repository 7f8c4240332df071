"""The last lists of a series at its sources, and whether another list is of the same show.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import replace

from store import choosing, facts
from store.models import Episode, Listing
from store.names import same_lists


def of_series(conn: sqlite3.Connection, series_id: str) -> list[tuple[str, Listing]]:
    """(source, its list) of each one that has the series; the numbers are the source's own."""
    episodes: defaultdict[tuple[str, str, str], list[Episode]] = defaultdict(list)
    for row in conn.execute(
        """select episodes.*, offers.key, offers.title as series_title
        from episodes join offers using (series, provider)
        where series = ? and standing = 'linked' order by provider, season, number""",
        (series_id,),
    ):
        episode = choosing.episode(row)
        if row["own_season"] is not None:
            episode = replace(episode, season=row["own_season"], number=row["own_number"])
        episodes[row["provider"], row["key"], row["series_title"]].append(episode)
    return [
        (source, Listing(key, title, episodes=tuple(listed)))
        for (source, key, title), listed in episodes.items()
    ]


def may_be_same(conn: sqlite3.Connection, series_id: str, provider: str, listing: Listing) -> bool:
    """Whether no other source's list of this series contradicts a source's list."""
    listed = facts.of(listing.episodes)
    return not any(
        same_lists.contradict(facts.of(its.episodes), listed)
        for source, its in of_series(conn, series_id)
        if source != provider
    )
