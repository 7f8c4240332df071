"""The owner's word on a series: whose it is at a source, its folders, and its files' names.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from store import (
    episodes,
    files,
    folders,
    joining,
    known_episodes,
    offers,
    series,
    series_folders,
)
from store.episodes import Found
from store.errors import Conflict, Invalid
from store.files import Numbering
from store.models import Listing
from store.schema import record


@record
class Linked:
    """`source` is the leading one, `sources` are all of them."""

    id: str
    source: str
    sources: list[str]
    numbering: Numbering
    offset: int
    missing_episodes: int
    ambiguous_files: int


class OwnersWord(NamedTuple):
    """How the files are numbered, and which folders and titles are the series'; None: unsaid.

    `sources` are the ids of all its sources, each with how its list is numbered.
    """

    numbering: Numbering | None = None
    offset: int | None = None
    folders: Sequence[str] | None = None
    titles: Sequence[str] | None = None
    sources: Mapping[str, str] | None = None


def link(
    conn: sqlite3.Connection,
    anime_id: str,
    found: Sequence[Found],
    word: OwnersWord,
    accepted: Sequence[Found] = (),
) -> Linked:
    """Link a series to the sources of `found`, the leading one first, and keep the owner's word.

    The lists in `accepted`, of sources that it has, are taken as they are.

    Raises NotFound, Conflict when the source's series is another one that it cannot be one with,
    and Invalid.
    """
    series_id = series.get(conn, anime_id).id
    for provider, listing in accepted:
        if offers.owner(conn, provider, listing.key) == series_id:
            episodes.store_listing(conn, provider, listing, trusted=True)
    if found:
        series_id = _link_to_sources(conn, series_id, found, word)
    if word.folders is not None:
        folders.set_folders(conn, series_id, list(word.folders))
    files.set_numbering(conn, series_id, word.numbering, word.offset, word.titles)
    linked = series.get(conn, series_id)
    known = known_episodes.of_series(conn, series_id, with_extras=True)
    return Linked(
        id=linked.id,
        source=linked.source,
        sources=offers.ids_of(conn, series_id),
        numbering=linked.numbering or "auto",
        offset=linked.number_offset,
        missing_episodes=linked.missing,
        ambiguous_files=len({e.unsure_path for e in known if e.unsure_path}),
    )


def _link_to_sources(
    conn: sqlite3.Connection, series_id: str, found: Sequence[Found], word: OwnersWord
) -> str:
    """Make the series that of the sources. Returns its id, or that of the series with which it is
    one now."""
    if len({provider for provider, _ in found}) < len(found):
        raise Invalid("sources", "each source has the series once")
    (provider, listing), *others = found
    series_id = _link_to_leading(conn, series_id, provider, listing)
    for other_provider, other in others:
        _link_to_further(conn, series_id, other_provider, other)
    if word.sources is not None:
        ids = {f"{name}_{listing.key}" for name, listing in found}
        joining.set_linked(conn, series_id, ids)
    for name, listing in found:
        if word.sources is not None:
            numbering = word.sources.get(f"{name}_{listing.key}", "auto")
            offers.set_numbering(conn, series_id, name, None if numbering == "auto" else numbering)
        episodes.store_listing(conn, name, listing, trusted=True, anew=True)
    return series_id


def _link_to_leading(
    conn: sqlite3.Connection, series_id: str, provider: str, listing: Listing
) -> str:
    """Let this source lead the series.

    A series that only the library knew gives its folders to the source's, if that has some.
    """
    anime = series.get(conn, series_id)
    other = series.find(conn, f"{provider}_{listing.key}")
    series_folders.keep_together(conn, series_folders.of_series(conn, series_id))
    if other and other.id != series_id and other.folder and anime.provider == series.LOCAL:
        series_folders.absorb(conn, series_id, other.id)
        return other.id
    if provider != anime.provider:
        offers.forget_numbering(conn, series_id)
    series.link(conn, series_id, provider, listing.key)
    return series_id


def _link_to_further(
    conn: sqlite3.Connection, series_id: str, provider: str, listing: Listing
) -> None:
    """Let this source have the series, too. Raises Conflict where that is another series which has
    folders, or an episode in the queue that is in the queue for this one as well."""
    other = series.find(conn, f"{provider}_{listing.key}")
    if other and other.id != series_id:
        if not joining.may_be_one(conn, other.id, series_id):
            raise Conflict(
                f"{other.title} is that series already; forget it first", anime_id=other.id
            )
        joining.absorb(conn, other.id, series_id)
    offers.link(conn, series_id, provider, listing.key, listing.title)
