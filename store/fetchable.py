"""The episodes of a series that may be fetched now: one answer for the owner and for following.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from store.known_episodes import KnownEpisode


def now(
    conn: sqlite3.Connection, series_id: str, known: Sequence[KnownEpisode]
) -> list[KnownEpisode]:
    """Of the `known` episodes those that a source has, that have aired, and that are not here.

    Those that the owner ignores are left out. Specials are among them, which nobody counts.
    """
    return [
        episode
        for episode in known
        if episode.sources and episode.is_aired and not (episode.is_here or episode.ignored)
    ]
