"""The episodes of a series: what its sources list, what its files hold, what is in the queue.

Plain functions of a connection; each is (part of) one transaction. Season 0 are the specials.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from operator import add, itemgetter

from store import (
    abouts,
    choosing,
    counts,
    files,
    follows,
    joining,
    list_changes,
    offers,
    renumbered,
    selection,
    series,
    series_folders,
    witness,
)
from store.choosing import COLUMNS
from store.clock import now
from store.errors import NotFound
from store.files import Numbering
from store.follows import Follow
from store.known_episodes import Episode, KnownEpisode, of_series
from store.list_changes import ListChange
from store.models import Listing
from store.names import codes, database_ids, spelling
from store.names.codes import EpisodeKey
from store.offers import PossibleSource, SeriesSource
from store.schema import record
from store.wish import SeriesPrefer

Found = tuple[str, Listing]  # what a source, by its name, says of a series


@record
class AnimeDetails:
    """`source`, `numbering`, `offset`, `folders` and `titles` are as Link has them.

    `source` is the leading one, which gives title and numbers; a series that is not followed has
    none. `sources` are all, those that the owner prefers in front; of `possible_sources` he is
    asked. `missing_episodes` are those that no file holds; of these `available_episodes` can be
    fetched. `list_change` is what a source's list takes away, while that is not believed yet.
    `description` is plain text; `year` and `poster` are as those of Anime.
    """

    id: str
    title: str
    episodes: list[str]
    description: str
    year: int | None
    poster: bool
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
    possible_sources: list[PossibleSource]
    follow: Follow
    folders: list[str]
    titles: list[str]
    list_change: ListChange | None
    prefer: SeriesPrefer


# -- what is known -------------------------------------------------------------------------------


def details(conn: sqlite3.Connection, anime_id: str) -> AnimeDetails:
    """The details of one series. Raises NotFound."""
    series.count_what_was_aired(conn)
    anime = series.get(conn, anime_id)
    episodes = of_series(conn, anime_id)
    sources, possible_sources = offers.told(conn, anime.id)
    about = abouts.of_series(conn, anime.id)
    return AnimeDetails(
        id=anime.id,
        title=anime.title,
        episodes=[codes.phrase(*episode.key) for episode in episodes],
        description=about.description,
        year=about.year,
        poster=bool(about.poster),
        total_episodes=anime.total,
        downloaded_episodes=anime.downloaded,
        missing_episodes=anime.missing,
        available_episodes=anime.available,
        site=anime.site,
        episode_list=[episode.shown() for episode in episodes],
        source=anime.source,
        numbering=anime.numbering or "auto",
        offset=anime.number_offset,
        sources=sources,
        possible_sources=possible_sources,
        follow=follows.find(conn, anime.id),
        folders=series_folders.of_series(conn, anime.id),
        titles=json.loads(anime.titles),
        list_change=list_changes.find(conn, anime.id),
        prefer=choosing.of_series(conn, anime.id),
    )


def details_of_found(conn: sqlite3.Connection, found: Sequence[Found]) -> AnimeDetails:
    """The details of a series that is not followed, from lists of sources; nothing is kept."""
    conn.execute("savepoint found")
    try:
        series_id = store_found(conn, found)
        counts.recount(conn, series_id)
        known = details(conn, series_id)
    finally:
        conn.execute("rollback to found")
        conn.execute("release found")
    is_followed = series.find(conn, known.id) is not None
    return known if is_followed else replace(known, source=None, poster=False)


def running_numbers(conn: sqlite3.Connection, series_id: str) -> dict[EpisodeKey, int]:
    """Each regular episode that a source lists, with its number counted through all seasons."""
    rows = conn.execute(
        """select distinct season, number from episodes where series = ? and season > 0
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
    anime = series.get(conn, anime_id)
    for episode in of_series(conn, anime.id):
        if episode.key == key:
            return _keep_ignored(conn, anime.id, [episode], ignored=ignored)[0]
    raise NotFound("Episode not found", anime_id=anime.id, episode=codes.code(*key))


def ignore_some(
    conn: sqlite3.Connection, anime_id: str, wanted: Sequence[str], *, ignored: bool
) -> list[Episode]:
    """As `set_ignored`, of episodes, ranges and seasons. Raises NotFound and Invalid."""
    anime = series.get(conn, anime_id)
    chosen = selection.pick(wanted, of_series(conn, anime.id), anime)
    return _keep_ignored(conn, anime.id, chosen, ignored=ignored)


def _keep_ignored(
    conn: sqlite3.Connection, series_id: str, chosen: Sequence[KnownEpisode], *, ignored: bool
) -> list[Episode]:
    verb = "insert or ignore into ignored values (?, ?, ?)"
    if not ignored:
        verb = "delete from ignored where series = ? and season = ? and number = ?"
    conn.executemany(verb, [(series_id, *episode.key) for episode in chosen])
    counts.recount(conn, series_id)
    known = {episode.key: episode for episode in of_series(conn, series_id)}
    # An episode that only the owner's word has kept is not known any more.
    return [known.get(episode.key, episode._replace(ignored=ignored)).shown() for episode in chosen]


# -- what its sources say ------------------------------------------------------------------------


def store_found(conn: sqlite3.Connection, found: Sequence[Found]) -> str:
    """Keep what sources say of one series, the first of them for sure; returns its id.

    Where that is a series of the library already, it becomes one of its sources. Others are left
    out where they cannot be the same without the owner's word.
    """
    (provider, listing), *others = found
    known = series.find(conn, f"{provider}_{listing.key}")
    same = known.id if known else joining.find_same(conn, provider, listing)
    if same and join_listing(conn, same, provider, listing):
        series_id = same
    else:
        series_id = store_listing(conn, provider, listing)
    for provider, listing in others:
        join_listing(conn, series_id, provider, listing)
    return series_id


def join_listing(conn: sqlite3.Connection, series_id: str, provider: str, listing: Listing) -> bool:
    """Let a source's series be one with another, and keep what the source says of it.

    Returns whether it is, without the owner's word: where nothing of its list is surely that
    series', he is asked. Nothing is kept where that one is gone.
    """
    known = series.find(conn, series_id)
    if known is None:
        return False
    series_id = known.id
    key, title = listing.key, listing.title
    was_linked = offers.owner(conn, provider, key) == series_id
    if not joining.join(conn, series_id, provider, key, title):
        return False
    store_listing(conn, provider, listing)
    if not was_linked and listing.episodes and not offers.has_episodes(conn, series_id, provider):
        offers.unlink(conn, series_id, provider)
        offers.ask(conn, series_id, provider, key, title)
        return False
    return True


def refresh_listing(conn: sqlite3.Connection, provider: str, listing: Listing) -> None:
    """Keep what a source says of a series that it had; nothing where the owner has forgotten it."""
    if offers.owner(conn, provider, listing.key):
        store_listing(conn, provider, listing)


def store_listing(
    conn: sqlite3.Connection,
    provider: str,
    listing: Listing,
    *,
    trusted: bool = False,
    anew: bool = False,
) -> str:
    """Keep what `provider` says about one series in place of what it said before.

    What takes episodes away is not believed at the first look, unless it is `trusted`: the owner
    agrees (docs/decisions.md, 31). `anew` is that of `offers.number`. Returns the series' id.
    """
    series_id = _keep_series(conn, provider, listing)
    if offers.is_apart(conn, series_id, provider, listing.key):
        return series_id
    columns = f"{COLUMNS}, own_season, own_number"
    offer = series_id, provider
    before = conn.execute(
        f"select {columns} from episodes where series = ? and provider = ?", offer
    )
    known = [tuple(row) for row in before]
    decided = witness.decide_open(conn, series_id, listing.episodes)
    numbered, own_numbers = offers.number(conn, series_id, provider, decided, anew=anew)
    rows = choosing.rows(conn, series_id, numbered, known)
    listed = sorted(map(add, rows, own_numbers), key=itemgetter(0, 1))
    kept = list_changes.believe(conn, offer, known, listed, trusted=trusted)
    if known != kept:
        conn.execute("delete from episodes where series = ? and provider = ?", offer)
        conn.executemany(
            f"""insert or ignore into episodes (series, provider, {columns})
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [(*offer, *row) for row in kept],
        )
        renumbered.carry(conn, offer, list_changes.moves(known, kept))
        files.judge_again(conn, series_id)
    return series_id


def _keep_series(conn: sqlite3.Connection, provider: str, listing: Listing) -> str:
    """Keep what a source says of a series as a whole, if it leads. Returns the series' id."""
    known = series.find(conn, f"{provider}_{listing.key}")
    series_id = known.id if known else f"{provider}_{listing.key}"
    said = {
        "title": listing.title,
        "site": listing.site,
        "ids": database_ids.bracketed(listing.ids),
    }
    is_further = known is not None and known.provider != provider
    # A look that finds nothing new writes nothing, and takes no lock for that either.
    is_same = known and all(getattr(known, name) == value for name, value in said.items())
    if not (is_further or is_same):
        conn.execute(
            """
            insert into series (id, provider, key, title, site, fold, ids, updated_at)
            values (:id, :provider, :key, :title, :site, :fold, :ids, :now)
            on conflict (id) do update set title = excluded.title, site = excluded.site,
                fold = excluded.fold, ids = excluded.ids
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
    if not offers.is_apart(conn, series_id, provider, listing.key):
        offers.link(conn, series_id, provider, listing.key, listing.title)
        about = abouts.of_listing(listing)
        abouts.keep_of_source(conn, series_id, provider, listing.key, about)
    return series_id
