"""The episodes of a series: what its source lists, what its files hold, what is in the queue.

Plain functions of a connection; each is (part of) one transaction. Season 0 are the specials.
"""

from __future__ import annotations

import json
import sqlite3

from store import choosing, counts, files, follows, list_changes, series, series_folders, witness
from store.choosing import COLUMNS
from store.clock import now
from store.errors import NotFound
from store.files import Numbering
from store.follows import Follow
from store.known_episodes import Episode, KnownEpisode, of_series, with_holes
from store.list_changes import ListChange
from store.models import Listing
from store.names import codes, database_ids, spelling
from store.names.codes import EpisodeKey
from store.schema import record
from store.wish import SeriesPrefer


@record
class SeriesSource:
    """A source that has the series, its key there, and how many of the episodes it has."""

    name: str
    key: str
    episodes: int


@record
class AnimeDetails:
    """`source`, `numbering`, `offset`, `folders` and `titles` are as Link has them.

    A series that is not followed has no source here. `missing_episodes` are those that no file
    holds; of these `available_episodes` can be fetched. `list_change` is what its source's list
    takes away, while that is not believed yet.
    """

    id: str
    title: str
    episodes: list[str]
    description: str
    total_episodes: int
    downloaded_episodes: int
    missing_episodes: int
    available_episodes: int
    site: str
    episode_list: list[Episode]
    source: str | None
    numbering: Numbering
    offset: int
    sources: list[SeriesSource]
    follow: Follow
    folders: list[str]
    titles: list[str]
    list_change: ListChange | None
    prefer: SeriesPrefer


# -- what is known -------------------------------------------------------------------------------


def details(conn: sqlite3.Connection, anime_id: str) -> AnimeDetails:
    """All that is known of one series. Raises NotFound."""
    series.count_what_was_aired(conn)
    anime = series.get(conn, anime_id)
    episodes = of_series(conn, anime_id)
    listed = sum(episode.source is not None for episode in episodes)
    source = SeriesSource(name=anime.provider, key=anime.key, episodes=listed)
    return AnimeDetails(
        id=anime.id,
        title=anime.title,
        episodes=[codes.phrase(*episode.key) for episode in episodes],
        description=anime.description,
        total_episodes=anime.total,
        downloaded_episodes=anime.downloaded,
        missing_episodes=anime.missing,
        available_episodes=anime.available,
        site=anime.site,
        episode_list=[episode.shown() for episode in episodes],
        source=anime.source,
        numbering=anime.numbering or "auto",
        offset=anime.number_offset,
        sources=[source] if anime.provider != series.LOCAL else [],
        follow=follows.find(conn, anime.id),
        folders=series_folders.of_series(conn, anime.id),
        titles=json.loads(anime.titles),
        list_change=list_changes.find(conn, anime.id),
        prefer=choosing.of_series(conn, anime.id),
    )


def details_of_listing(anime_id: str, provider: str, listing: Listing) -> AnimeDetails:
    """All that `provider` says of a series that is not followed."""
    listed = [
        KnownEpisode(e.season, e.number, e.title, e.aired, source=provider if e.available else None)
        for e in listing.episodes
    ]
    available = sum(episode.source is not None for episode in listed)
    episodes = with_holes(sorted(listed, key=lambda episode: (episode.season == 0, episode.key)))
    missing = sum(episode.is_missing for episode in episodes)
    return AnimeDetails(
        id=anime_id,
        title=listing.title,
        episodes=[codes.phrase(*episode.key) for episode in episodes],
        description=listing.description,
        total_episodes=missing,
        downloaded_episodes=0,
        missing_episodes=missing,
        available_episodes=sum(episode.state == "missing" for episode in episodes),
        site=listing.site,
        episode_list=[episode.shown() for episode in episodes],
        source=None,
        numbering="auto",
        offset=0,
        sources=[SeriesSource(name=provider, key=listing.key, episodes=available)],
        follow=follows.NOT_FOLLOWED,
        folders=[],
        titles=[],
        list_change=None,
        prefer=SeriesPrefer(),
    )


def running_numbers(conn: sqlite3.Connection, series_id: str) -> dict[EpisodeKey, int]:
    """Each regular episode that the source lists, with its number counted through all seasons."""
    rows = conn.execute(
        """select season, number from episodes where series = ? and season > 0
        order by season, number""",
        (series_id,),
    )
    return {(row["season"], row["number"]): running for running, row in enumerate(rows, 1)}


def set_ignored(
    conn: sqlite3.Connection, anime_id: str, key: EpisodeKey, *, ignored: bool
) -> Episode:
    """Keep the owner's word that an episode does not exist or is not wanted, or take it back.

    Raises NotFound for a series or an episode that is not known.
    """
    series_id = series.get(conn, anime_id).id
    before = _get(conn, series_id, key)
    if ignored:
        conn.execute("insert or ignore into ignored values (?, ?, ?)", (series_id, *key))
    else:
        conn.execute(
            "delete from ignored where series = ? and season = ? and number = ?", (series_id, *key)
        )
    counts.recount(conn, series_id)
    known = {episode.key: episode for episode in of_series(conn, series_id)}
    # An episode that only the owner's word has kept is not known any more.
    return known.get(key, before._replace(ignored=ignored)).shown()


def _get(conn: sqlite3.Connection, series_id: str, key: EpisodeKey) -> KnownEpisode:
    for episode in of_series(conn, series_id):
        if episode.key == key:
            return episode
    raise NotFound("Episode not found", anime_id=series_id, episode=codes.code(*key))


# -- what its source says ------------------------------------------------------------------------


def store_listing(
    conn: sqlite3.Connection, provider: str, listing: Listing, *, trusted: bool = False
) -> str:
    """Keep what `provider` says about one series in place of what it said before.

    What takes episodes away is not believed at the first look, unless it is `trusted`: the owner
    agrees (docs/decisions.md, 31). Returns the series' id.
    """
    series_id = _keep_series(conn, provider, listing)
    before = conn.execute(f"select {COLUMNS} from episodes where series = ?", (series_id,))
    known = [tuple(row) for row in before]
    settled = witness.settle(conn, series_id, listing.episodes)
    listed = sorted(choosing.rows(conn, series_id, settled, known))
    kept = list_changes.believe(conn, series_id, known, listed, trusted=trusted)
    if known != kept:
        conn.execute("delete from episodes where series = ?", (series_id,))
        conn.executemany(
            f"""insert or ignore into episodes (series, {COLUMNS})
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [(series_id, *row) for row in kept],
        )
        files.judge_again(conn, series_id)
    return series_id


def _keep_series(conn: sqlite3.Connection, provider: str, listing: Listing) -> str:
    """Keep what a source says of a series as a whole. Returns the series' id."""
    known = series.find(conn, f"{provider}_{listing.key}")
    said = {
        "title": listing.title,
        "description": listing.description,
        "site": listing.site,
        "ids": database_ids.bracketed(listing.ids),
    }
    # A look that finds nothing new writes nothing, and takes no lock for that either.
    if known and all(getattr(known, name) == value for name, value in said.items()):
        return known.id
    series_id = known.id if known else f"{provider}_{listing.key}"
    conn.execute(
        """
        insert into series (id, provider, key, title, description, site, fold, ids, updated_at)
        values (:id, :provider, :key, :title, :description, :site, :fold, :ids, :now)
        on conflict (id) do update set title = excluded.title, description = excluded.description,
            site = excluded.site, fold = excluded.fold, ids = excluded.ids
        """,
        {
            **said,
            "id": series_id,
            "provider": provider,
            "key": listing.key,
            "fold": spelling.fold(listing.title),
            "now": now(),
        },
    )
    return series_id
