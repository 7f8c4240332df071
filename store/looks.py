"""One look at the list of a followed series, and the owner's word that it is followed.

Plain functions of a connection; each is one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from store import episodes, follows, offers, outbox, series
from store.episodes import Found
from store.follows import FollowMode
from store.models import Item, Listing
from store.outbox import Notice


class Kept(NamedTuple):
    """The new items; `is_final` where the same list would bring nothing again, as long as the
    database stays as it is."""

    items: list[Item]
    is_final: bool


def keep(conn: sqlite3.Connection, series_id: str, provider: str, listing: Listing) -> Kept:
    """Keep what a source just said of a series, and queue what following wants of it.

    Nothing is written where nothing is new. A series that became another source's meanwhile, or is
    gone, stays as it is.
    """
    anime = series.find(conn, series_id)
    if anime is None or offers.owner(conn, provider, listing.key) != anime.id:
        return Kept([], is_final=False)
    before = conn.total_changes
    episodes.store_listing(conn, provider, listing)
    items = follows.queue_wanted(conn, anime.id, is_listed=True)
    is_final = items is None and conn.total_changes == before
    return Kept(_noted(conn, items or []), is_final)


def follow(
    conn: sqlite3.Connection,
    anime_id: str,
    mode: FollowMode,
    seasons: Sequence[int],
    found: Sequence[Found],
    *,
    is_old: bool = False,
) -> tuple[str, list[Item]]:
    """Keep the owner's word, and queue what follows from it at once: (the series' id, new items).

    `found` is what sources have just said of the series. What was known before `is_old` where none
    of them has answered. Raises NotFound.
    """
    if found:
        episodes.store_found(conn, found)
    series_id = follows.set_mode(
        conn, anime_id, mode, seasons, is_listed=bool(found), is_old=is_old
    )
    if is_old and mode == "new":
        return series_id, []
    return series_id, follows.queue_wanted(conn, series_id) or []


def queue_wanted(
    conn: sqlite3.Connection, series_ids: Iterable[str], silent: Collection[str] = ()
) -> list[list[Item]]:
    """Queue what following wants of several series, whose lists are new but for those of `silent`
    sources. The items of each."""
    queued = [follows.queue_wanted(conn, series_id, silent=silent) for series_id in series_ids]
    return [_noted(conn, items) for items in queued if items]


def _noted(conn: sqlite3.Connection, items: list[Item]) -> list[Item]:
    """Note the new episodes for everybody who wants to be told of them."""
    for item in items:
        notice = Notice(item.title, anime_id=item.series_id, episode=item.code)
        outbox.add(conn, "new_episode", notice)
    return items
