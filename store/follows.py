"""Which series are followed, and which of their episodes that brings into the queue.

The rule is asked at each look and stored with no episode (docs/decisions.md, 39). Kept are only the
episodes that it passes over: those that were here or in the queue once, which only the owner brings
back, and of `new` those that were to be had before. Plain functions of a connection; each is (part
of) one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from store import clock, fetchable, known_episodes, series
from store.clock import now
from store.models import Item
from store.names.codes import EpisodeKey
from store.queue_items import items, put
from store.schema import record

FollowMode = Literal["off", "new", "all"]


@record
class Follow:
    """How a series is followed: `new` fetches what appears from then on, `all` whatever is missing.

    Of `seasons` where there are some; season 0, the specials, only where it is named.
    """

    mode: FollowMode
    seasons: list[int]


NOT_FOLLOWED = Follow("off", [])


class Followed(NamedTuple):
    """A series that is followed, its key at its leading source, and those at `others`.

    `id` is that of its row, `since` when that began.
    """

    id: int
    series_id: str
    since: str
    provider: str
    key: str
    others: tuple[tuple[str, str], ...] = ()

    @property
    def sources(self) -> list[tuple[str, str]]:
        """(source, key there) of each, the leading one first."""
        return [(self.provider, self.key), *self.others]


def find(conn: sqlite3.Connection, series_id: str) -> Follow:
    row = conn.execute("select mode, seasons from follows where series = ?", (series_id,))
    found = row.fetchone()
    return Follow(found["mode"], json.loads(found["seasons"])) if found else NOT_FOLLOWED


def all_followed(conn: sqlite3.Connection) -> list[Followed]:
    """The series that are followed, the oldest word first."""
    rows = conn.execute(
        """select follows.id, series, since, provider, key
        from follows join series on series.id = follows.series
        where mode <> 'off' order by follows.id"""
    )
    others: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for series_id, *offer in conn.execute(
        """select offers.series, offers.provider, offers.key from offers
        join follows on follows.series = offers.series
        join series on series.id = offers.series and series.provider <> offers.provider
        where standing = 'linked'"""
    ):
        others[series_id].append((offer[0], offer[1]))
    return [
        Followed(
            row["id"],
            row["series"],
            row["since"],
            row["provider"],
            row["key"],
            tuple(others[row["series"]]),
        )
        for row in rows
    ]


def count(conn: sqlite3.Connection) -> int:
    """How many series are followed."""
    row = conn.execute("select count(*) from follows where mode <> 'off'").fetchone()
    return int(row[0])


def set_mode(
    conn: sqlite3.Connection,
    anime_id: str,
    mode: FollowMode,
    seasons: Sequence[int],
    *,
    is_listed: bool = False,
    is_old: bool = False,
) -> str:
    """Keep the owner's word on a series. Returns its id. Raises NotFound.

    What is to be had when `new` begins is not what appears from now on. `is_listed` says that a
    source has just told that, be it nothing; a series that nobody has listed yet, or of which what
    is known `is_old`, tells it at its first look.
    """
    series_id = series.get(conn, anime_id).id
    text = json.dumps(sorted(set(seasons)))
    before = conn.execute("select * from follows where series = ?", (series_id,)).fetchone()
    if before and (before["mode"], before["seasons"]) == (mode, text):
        return series_id
    conn.execute(
        """
        insert into follows (series, mode, seasons, since, based) values (?, ?, ?, ?, 0)
        on conflict (series) do update set mode = excluded.mode, seasons = excluded.seasons,
            since = excluded.since
        """,
        (series_id, mode, text, now()),
    )
    if mode == "off":
        return series_id
    conn.execute("update series set listed = 1 where id = ? and not listed", (series_id,))
    if mode == "new" and (before is None or before["mode"] != "new"):
        _begin_new(conn, series_id, is_listed=is_listed)
        if is_old:
            conn.execute("update follows set based = 0 where series = ?", (series_id,))
    return series_id


def queue_wanted(
    conn: sqlite3.Connection,
    series_id: str,
    *,
    is_listed: bool = False,
    silent: Collection[str] = (),
) -> list[Item] | None:
    """Queue the episodes of a series that following wants now; returns the new items. None if the
    series is not followed, or if nothing can be fetched that is not passed over: time alone changes
    nothing there. While a file of the series is ambiguous nothing is queued: that file may be the
    wanted one. `is_listed` says that a source has just told what it has; `silent` sources did not
    answer, so their known lists may be old, and `new` does not begin with them."""
    follow = conn.execute(
        "select mode, seasons, based from follows where series = ? and mode <> 'off'", (series_id,)
    ).fetchone()
    if follow is None:
        return None
    _pass_over_what_is_here(conn, series_id)
    if follow["mode"] == "new" and not follow["based"]:
        if silent and not _has_answered(conn, series_id, silent):
            return []
        _begin_new(conn, series_id, is_listed=is_listed)
        return []
    mode, seasons = follow["mode"], json.loads(follow["seasons"])
    if not _may_want(conn, series_id, mode, with_specials=0 in seasons):
        return None
    wanted = _wanted(conn, series_id, mode, seasons)
    ids = [put(conn, series_id, key, "low", replaces=False, followed=True) for key in wanted]
    return [item for item_id in ids for item in items(conn, "items.id = ?", item_id)]


def _has_answered(conn: sqlite3.Connection, series_id: str, silent: Collection[str]) -> bool:
    rows = conn.execute(
        "select provider from offers where series = ? and standing = 'linked'", (series_id,)
    )
    return any(row["provider"] not in silent for row in rows)


def _wanted(
    conn: sqlite3.Connection, series_id: str, mode: FollowMode, seasons: Sequence[int]
) -> list[EpisodeKey]:
    known = known_episodes.of_series(conn, series_id)
    if any(episode.unsure_path for episode in known):
        return []
    passed = {
        (row["season"], row["number"])
        for row in conn.execute(
            "select season, number from follow_passed where series = ? and (handled or ?)",
            (series_id, mode == "new"),
        )
    }
    return [
        episode.key
        for episode in fetchable.now(conn, series_id, known)
        if episode.status is None
        and episode.key not in passed
        and (episode.season in seasons if seasons else episode.season > 0)
    ]


def _may_want(
    conn: sqlite3.Connection, series_id: str, mode: FollowMode, *, with_specials: bool
) -> bool:
    """Whether a closer look may find something: one query, as most looks find nothing."""
    row = conn.execute(
        """
        select 1 from episodes where series = :id and available and (season > 0 or :with_specials)
            and (season, number) not in (select season, number from follow_passed
                where series = :id and (handled or :is_new))
            and (season, number) not in (select season, number from ignored where series = :id)
        limit 1
        """,
        {"id": series_id, "is_new": mode == "new", "with_specials": with_specials},
    ).fetchone()
    return row is not None


def _begin_new(conn: sqlite3.Connection, series_id: str, *, is_listed: bool) -> None:
    """Pass over the episodes that can be fetched now, so that they are not new. An episode that
    airs later appears later, even if its source has it already. The episodes of a source that is
    absent are passed over, too. As long as the clock is wrong nobody knows what has aired: the
    first look by a right clock passes over the episodes that can be fetched then."""
    rows = conn.execute(
        "select season, number from episodes where series = ? and available", (series_id,)
    )
    had = {(row["season"], row["number"]) for row in rows}
    known = known_episodes.of_series(conn, series_id)
    before = [episode for episode in known if episode.key in had and episode.is_aired]
    _pass_over(conn, series_id, [episode.key for episode in before], handled=False)
    is_told = is_listed or any(episode.sources for episode in before)
    based = is_told and clock.is_believable()
    conn.execute("update follows set based = ? where series = ?", (based, series_id))
    _pass_over_what_is_here(conn, series_id)


def _pass_over_what_is_here(conn: sqlite3.Connection, series_id: str) -> None:
    """Remember the episodes in the library or the queue, for a time when they are not."""
    rows = conn.execute(
        """
        select season, number from files where series = :id and sure and season >= 0
        union select season, number from items where series = :id
        except select season, number from follow_passed where series = :id and handled
        """,
        {"id": series_id},
    ).fetchall()
    _pass_over(conn, series_id, [(row["season"], row["number"]) for row in rows], handled=True)


def _pass_over(
    conn: sqlite3.Connection, series_id: str, keys: Sequence[EpisodeKey], *, handled: bool
) -> None:
    conn.executemany(
        """
        insert into follow_passed (series, season, number, handled) values (?, ?, ?, ?)
        on conflict do update set handled = max(handled, excluded.handled)
        """,
        [(series_id, *key, handled) for key in keys],
    )
