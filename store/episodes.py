"""The episodes of a series: what its source lists, what its files hold, what is in the queue.

Plain functions of a connection; each is (part of) one transaction. Season 0 are the specials.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from typing import Literal, NamedTuple

from store import files, series
from store.clock import now, today
from store.files import Numbering
from store.models import Listing, Status
from store.names import codes, database_ids, spelling
from store.names.codes import EpisodeKey, Number
from store.schema import record

log = logging.getLogger(__name__)

EpisodeState = Literal[
    "present",
    "missing",
    "upcoming",
    "special",
    "pending",
    "downloading",
    "failed",
    "ambiguous",
    "extra",
]


@record
class Episode:
    """One episode, or with an empty code a file that is none.

    `why` tells how the name of the file at `path` was read. An ambiguous file stands at each
    episode that it may be, and is counted at none.
    """

    code: str
    title: str
    state: EpisodeState
    aired: str | None
    path: str | None
    why: str
    queue_item_id: str | None


@record
class AnimeDetails:
    """`source`, `numbering` and `offset` are as Link has them.

    A series that is not followed has no source here.
    """

    id: str
    title: str
    episodes: list[str]
    description: str
    total_episodes: int
    downloaded_episodes: int
    missing_episodes: int
    site: str
    episode_list: list[Episode]
    source: str | None
    numbering: Numbering
    offset: int


@record
class Linked:
    id: str
    source: str
    numbering: Numbering
    offset: int
    missing_episodes: int
    ambiguous_files: int


class KnownEpisode(NamedTuple):
    """All that is known of one episode, or in season -1 of a file that is none.

    `path` is the file that surely holds it, `unsure_path` one that may, where no other does; `why`
    is about that file. `status` and `item` are those of its queue item.
    """

    season: int
    number: Number
    title: str = ""
    aired: str | None = None
    path: str | None = None
    unsure_path: str | None = None
    why: str = ""
    status: Status | None = None
    item: int | None = None

    @property
    def key(self) -> EpisodeKey:
        return self.season, self.number

    @property
    def code(self) -> str:
        """`S01E05`, or nothing for a file that is no episode."""
        return "" if self.season == files.NO_EPISODE else codes.code(*self.key)

    @property
    def state(self) -> EpisodeState:
        if self.path:
            return "extra" if self.season == files.NO_EPISODE else "present"
        if self.status and self.status != "completed":
            return self.status
        if self.unsure_path:
            return "ambiguous"
        if self.season == 0:
            return "special"
        return "missing" if self.is_aired else "upcoming"

    @property
    def is_aired(self) -> bool:
        return (self.aired or "") <= today()

    def shown(self) -> Episode:
        """The episode as the API answers it."""
        return Episode(
            code=self.code,
            title=self.title,
            state=self.state,
            aired=self.aired,
            path=self.path or self.unsure_path,
            why=self.why,
            queue_item_id=f"queue_{self.item}" if self.item else None,
        )


# -- what is known -------------------------------------------------------------------------------


def of_series(
    conn: sqlite3.Connection, anime_id: str, *, with_extras: bool = False
) -> list[KnownEpisode]:
    """Every episode known of a series, in order, the specials last. Raises NotFound.

    `with_extras` adds the files that are no episode, each by itself.
    """
    rows = conn.execute(
        """
        with known as (
            select season, number from episodes where series = :id
            union select season, number from files where series = :id and season >= 0
        ), held as (
            select season, number, min(case when sure then path end) as path,
                min(case when not sure then path end) as unsure_path, why
            from files where series = :id and season >= 0 group by season, number
        ), found as (
            select known.season, known.number, coalesce(episodes.title, '') as title,
                episodes.aired, held.path,
                case when held.path is null then held.unsure_path end as unsure_path,
                coalesce(held.why, '') as why, items.status, items.id as item
            from known
            left join episodes on episodes.series = :id
                and episodes.season = known.season and episodes.number = known.number
            left join held on held.season = known.season and held.number = known.number
            left join items on items.series = :id
                and items.season = known.season and items.number = known.number
            union all
            select season, number, '', null, case when sure then path end,
                case when not sure then path end, why, null, null
            from files where series = :id and season = -1 and :with_extras
        )
        select * from found order by season = -1, season = 0, season, number, path
        """,
        {"id": series.get(conn, anime_id).id, "with_extras": with_extras},
    )
    return [KnownEpisode(**row) for row in rows]


def details(conn: sqlite3.Connection, anime_id: str) -> AnimeDetails:
    """All that is known of one series. Raises NotFound."""
    anime = series.get(conn, anime_id)
    episodes = of_series(conn, anime_id)
    return AnimeDetails(
        id=anime.id,
        title=anime.title,
        episodes=[codes.phrase(*episode.key) for episode in episodes],
        description=anime.description,
        total_episodes=anime.total,
        downloaded_episodes=anime.downloaded,
        missing_episodes=anime.missing,
        site=anime.site,
        episode_list=[episode.shown() for episode in episodes],
        source=anime.source,
        numbering=anime.numbering or "auto",
        offset=anime.number_offset,
    )


def details_of_listing(anime_id: str, listing: Listing) -> AnimeDetails:
    """All that its source says of a series that is not followed."""
    episodes = sorted(
        (
            KnownEpisode(episode.season, episode.number, episode.title, episode.aired)
            for episode in listing.episodes
        ),
        key=lambda episode: (episode.season == 0, episode.key),
    )
    missing = sum(episode.state == "missing" for episode in episodes)
    return AnimeDetails(
        id=anime_id,
        title=listing.title,
        episodes=[codes.phrase(*episode.key) for episode in episodes],
        description=listing.description,
        total_episodes=missing,
        downloaded_episodes=0,
        missing_episodes=missing,
        site=listing.site,
        episode_list=[episode.shown() for episode in episodes],
        source=None,
        numbering="auto",
        offset=0,
    )


def running_numbers(conn: sqlite3.Connection, series_id: str) -> dict[EpisodeKey, int]:
    """Each regular episode that the source lists, with its number counted through all seasons."""
    rows = conn.execute(
        """select season, number from episodes where series = ? and season > 0
        order by season, number""",
        (series_id,),
    )
    return {(row["season"], row["number"]): running for running, row in enumerate(rows, 1)}


# -- what its source says ------------------------------------------------------------------------


def store_listing(conn: sqlite3.Connection, provider: str, listing: Listing) -> str:
    """Keep what `provider` says about one series in place of what it said before.

    A listing without episodes takes none away that were known (docs/decisions.md, 31). Returns the
    series' id.
    """
    series_id = series.own_id(conn, f"{provider}_{listing.key}")
    conn.execute(
        """
        insert into series (id, provider, key, title, description, site, fold, ids, updated_at)
        values (:id, :provider, :key, :title, :description, :site, :fold, :ids, :now)
        on conflict (id) do update set title = excluded.title, description = excluded.description,
            site = excluded.site, fold = excluded.fold, ids = excluded.ids
        """,
        {
            "id": series_id,
            "provider": provider,
            "key": listing.key,
            "title": listing.title,
            "description": listing.description,
            "site": listing.site,
            "fold": spelling.fold(listing.title),
            "ids": database_ids.bracketed(listing.ids),
            "now": now(),
        },
    )
    columns = "season, number, title, ref, size, aired, checksums"
    before = conn.execute(f"select {columns} from episodes where series = ?", (series_id,))
    after = sorted(
        (e.season, e.number, e.title, e.ref, e.size, e.aired, json.dumps(dict(e.checksums)))
        for e in listing.episodes
    )
    known = [tuple(row) for row in before]
    if known and not after:
        log.warning("%s: the source lists no episodes; what was known of it stays", series_id)
    elif known != after:
        conn.execute("delete from episodes where series = ?", (series_id,))
        conn.executemany(
            f"""insert or ignore into episodes (series, {columns})
            values (?, ?, ?, ?, ?, ?, ?, ?)""",
            [(series_id, *row) for row in after],
        )
        files.judge_again(conn, series_id)
    return series_id


def link(
    conn: sqlite3.Connection,
    anime_id: str,
    source: tuple[str, Listing] | None,
    numbering: Numbering | None,
    offset: int | None,
) -> Linked:
    """Link a series to its `source`, (provider, listing), and say how its files are numbered.

    What is None stays. Raises NotFound, and Conflict when the source's series is another already.
    """
    series_id = series.get(conn, anime_id).id
    if source:
        provider, listing = source
        series.link(conn, series_id, provider, listing.key)
        store_listing(conn, provider, listing)
    files.set_numbering(conn, series_id, numbering, offset)
    linked = series.get(conn, series_id)
    episodes = of_series(conn, series_id, with_extras=True)
    return Linked(
        id=linked.id,
        source=linked.source,
        numbering=linked.numbering or "auto",
        offset=linked.number_offset,
        missing_episodes=linked.missing,
        ambiguous_files=len({e.unsure_path for e in episodes if e.unsure_path}),
    )
