"""The owner's word on a series: whose it is at a source, its folders, and its files' names.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from store import episodes, files, folders, known_episodes, series, series_folders
from store.files import Numbering
from store.models import Listing
from store.schema import record


@record
class Linked:
    id: str
    source: str
    numbering: Numbering
    offset: int
    missing_episodes: int
    ambiguous_files: int


class OwnersWord(NamedTuple):
    """How the files are numbered, and which folders and titles are the series'; None: unsaid."""

    numbering: Numbering | None = None
    offset: int | None = None
    folders: Sequence[str] | None = None
    titles: Sequence[str] | None = None


def link(
    conn: sqlite3.Connection, anime_id: str, source: tuple[str, Listing] | None, word: OwnersWord
) -> Linked:
    """Link a series to its `source`, (provider, listing), and keep the owner's word on it.

    Raises NotFound, Conflict when the source's series is another one that it cannot be one with,
    and Invalid.
    """
    series_id = series.get(conn, anime_id).id
    if source:
        series_id = _link_to_source(conn, series_id, *source)
    if word.folders is not None:
        folders.set_folders(conn, series_id, list(word.folders))
    files.set_numbering(conn, series_id, word.numbering, word.offset, word.titles)
    linked = series.get(conn, series_id)
    known = known_episodes.of_series(conn, series_id, with_extras=True)
    return Linked(
        id=linked.id,
        source=linked.source,
        numbering=linked.numbering or "auto",
        offset=linked.number_offset,
        missing_episodes=linked.missing,
        ambiguous_files=len({e.unsure_path for e in known if e.unsure_path}),
    )


def _link_to_source(
    conn: sqlite3.Connection, series_id: str, provider: str, listing: Listing
) -> str:
    """Make the series the source's. Returns its id, or that of the series with which it is one now.

    A series that only the library knew gives its folders to the source's, if that has some.
    """
    anime = series.get(conn, series_id)
    other = series.find(conn, f"{provider}_{listing.key}")
    series_folders.keep_together(conn, series_folders.of_series(conn, series_id))
    if other and other.id != series_id and other.folder and anime.provider == series.LOCAL:
        series_folders.absorb(conn, series_id, other.id)
        series_id = other.id
    else:
        series.link(conn, series_id, provider, listing.key)
    episodes.store_listing(conn, provider, listing, trusted=True)
    return series_id
