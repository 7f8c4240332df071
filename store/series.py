"""The series: their identities, and their counts.

Plain functions of a connection; each is (part of) one transaction. A series' id never changes once
it was shown: a series that only the library knew keeps `local_<slug>` when a source is found for
it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import Any, Literal, NamedTuple

from store import abouts, counts, offers, renumbered
from store.abouts import Short
from store.clock import now, today
from store.errors import Conflict, NotFound
from store.keys import public_keys
from store.names import spelling
from store.schema import record

LOCAL = "local"  # the provider of a series that only the library knows

SortBy = Literal["name", "updated_at"]
_ORDER = {"name": "title collate nocase", "updated_at": "updated_at"}


@record
class Series:
    """A series as the database has it. `folder` is its own in the library, None while it has none.

    series_folders.of_series has all folders of a series. `titles`, as JSON, are further ones that
    files of it bear, by the owner's word. The counts are derived by `counts.recount`. `numbering`
    and `number_offset` are the owner's word on the numbers in its files' names, as `matching.judge`
    takes them.
    """

    id: str
    provider: str
    key: str
    title: str
    site: str
    folder: str | None
    ids: str  # as database_ids.bracketed writes them
    numbering: Literal["absolute", "season"] | None
    number_offset: int
    counted: int  # 1: the numbers of its files count through all seasons
    titles: str
    total: int
    downloaded: int
    missing: int
    available: int
    updated_at: str

    @property
    def source(self) -> str:
        """The id under which its source has it."""
        return f"{self.provider}_{self.key}"


class Owner(NamedTuple):
    """The series to which a folder of the library belongs."""

    series_id: str
    provider: str


_MODE = "coalesce((select mode from follows where series = series.id), 'off')"
_SERIES = f"select {', '.join(Series.__dataclass_fields__)} from series"


@record
class Anime:
    """A series in a list. Of its missing episodes `available_episodes` can be fetched.

    `follow` tells whether, and which, new ones are fetched by themselves. It began in `year`, as
    far as that is known; `poster` says that its folder has a picture, or a source offers one.
    """

    id: str
    title: str
    missing_episodes: int
    available_episodes: int
    total_episodes: int
    downloaded_episodes: int
    updated_at: str
    follow: Literal["off", "new", "all"]
    year: int | None
    poster: bool


# -- who is who ----------------------------------------------------------------------------------


def find(conn: sqlite3.Connection, anime_id: str) -> Series | None:
    """The series with this id, or with this provider and key as one of its sources.

    The id of a series that became one with another names that one.
    """
    provider, _, key = anime_id.partition("_")
    row = conn.execute(
        f"""{_SERIES} where id = :id or (provider = :provider and key = :key)
            or id = (select series from aliases where id = :id)
            or id = (select series from offers where provider = :provider and key = :key
                and standing = 'linked')""",
        {"id": anime_id, "provider": provider, "key": key},
    ).fetchone()
    return Series(**row) if row else None


def get(conn: sqlite3.Connection, anime_id: str) -> Series:
    """Find the series as `find` does. Raises NotFound."""
    series = find(conn, anime_id)
    if series is None:
        raise NotFound("Anime not found", anime_id=anime_id)
    return series


def own_id(conn: sqlite3.Connection, anime_id: str) -> str:
    """The id as it was first shown; the given one for a series that is not known (any more)."""
    series = find(conn, anime_id)
    return series.id if series else anime_id


def own_ids(conn: sqlite3.Connection, anime_ids: Iterable[str]) -> list[str]:
    """The ids as `own_id` has them."""
    return [own_id(conn, anime_id) for anime_id in anime_ids]


def source_ids(conn: sqlite3.Connection, anime_id: str) -> list[str]:
    """`<provider>_<key>` under which its sources have a series; the id itself for an unknown one.

    The one that the owner prefers is the first.
    """
    series = find(conn, anime_id)
    return (offers.ids_of(conn, series.id) if series else []) or [anime_id]


def link(conn: sqlite3.Connection, series_id: str, provider: str, key: str) -> None:
    """Make the series `provider`'s `key`, which leads its sources; its id stays.

    Raises Conflict when that is another series already which has a folder or queue items.
    """
    other = find(conn, f"{provider}_{key}")
    if other and other.id != series_id:
        queued = conn.execute("select 1 from items where series = ?", (other.id,)).fetchone()
        if other.folder or queued:
            raise Conflict(
                f"{other.title} is that series already; forget it first", anime_id=other.id
            )
        renumbered.keep_of_both(conn, other.id, series_id)
        for table in ("follows", "follow_passed", "ignored"):  # the owner's word goes along
            conn.execute(
                f"update or ignore {table} set series = ? where series = ?", (series_id, other.id)
            )
        keep_wish(conn, other.id, series_id)
        conn.execute("delete from series where id = ?", (other.id,))
    conn.execute("update series set provider = ?, key = ? where id = ?", (provider, key, series_id))
    offers.link(conn, series_id, provider, key, "")


def keep_wish(conn: sqlite3.Connection, other_id: str, series_id: str) -> None:
    """Keep the owner's wish of a series that becomes one with another, unless he has a wish for
    that one."""
    conn.execute(
        """update series set prefer = (select prefer from series where id = ?)
        where id = ? and prefer = ''""",
        (other_id, series_id),
    )


def add_local(conn: sqlite3.Connection, folder: str, title: str) -> str:
    """Add a series that only the library knows. Returns its id."""
    key = public_keys(conn, LOCAL, [folder])[folder]
    series_id = f"{LOCAL}_{key}"
    conn.execute("delete from aliases where id = ?", (series_id,))
    conn.execute(
        """insert or ignore into series (id, provider, key, title, fold, updated_at)
        values (?, ?, ?, ?, ?, ?)""",
        (series_id, LOCAL, key, title, spelling.fold(title), now()),
    )
    return series_id


def forget(conn: sqlite3.Connection, anime_id: str) -> None:
    """Drop a series with its queue items; its files stay where they are. Raises NotFound."""
    conn.execute("delete from series where id = ?", (get(conn, anime_id).id,))


# -- how much of them is here --------------------------------------------------------------------


def page(
    conn: sqlite3.Connection,
    *,
    sort_by: SortBy,
    descending: bool,
    everything: bool,
    modes: Collection[str] = (),
    ids: Collection[str] = (),
    limit: int,
    offset: int,
) -> tuple[list[Anime], int]:
    """(series, total) of the listed series: those with missing episodes, or all of them.

    With `modes` those that are followed so; with `ids` these alone.
    """
    count_what_was_aired(conn)
    where = "listed" if everything else "listed and missing > 0"
    if modes:
        where += f" and {_MODE} in ({', '.join('?' * len(modes))})"
    if ids:
        where += f" and id in ({', '.join('?' * len(ids))})"
    direction = "desc" if descending else "asc"
    count = conn.execute(f"select count(*) from series where {where}", (*modes, *ids))
    rows = conn.execute(
        f"""select id, title, missing as missing_episodes, available as available_episodes,
            total as total_episodes, downloaded as downloaded_episodes, updated_at,
            {_MODE} as follow
        from series where {where}
        order by {_ORDER[sort_by]} {direction}, id {direction} limit ? offset ?""",
        (*modes, *ids, limit, offset),
    ).fetchall()
    known = abouts.in_short(conn, [row["id"] for row in rows])
    total = count.fetchone()[0]
    return [Anime(**row, **_short(known.get(row["id"]))) for row in rows], total


def _short(about: Short | None) -> dict[str, Any]:
    return {"year": about and about.year, "poster": about is not None and about.has_poster}


def listed_ids(conn: sqlite3.Connection) -> set[str]:
    """The series that have a folder in the library or a queued episode."""
    return {row["id"] for row in conn.execute("select id from series where listed")}


def listed(conn: sqlite3.Connection) -> list[Series]:
    """The series that have a folder in the library or a queued episode, by id."""
    return [Series(**row) for row in conn.execute(f"{_SERIES} where listed order by id")]


def followed(conn: sqlite3.Connection) -> list[Series]:
    """The listed series that a source has, by id."""
    rows = conn.execute(f"{_SERIES} where listed and provider <> ? order by id", (LOCAL,))
    return [Series(**row) for row in rows]


def by_folder(conn: sqlite3.Connection) -> dict[str, Owner]:
    """folder, as it is on disk -> its series."""
    rows = conn.execute(
        """select folder, id, provider from series where folder is not null
        union all select further_folders.folder, id, provider
        from further_folders join series on series.id = further_folders.series"""
    )
    return {folder: Owner(series_id, provider) for folder, series_id, provider in rows}


def has_folder(conn: sqlite3.Connection, folder: str) -> bool:
    """Whether a folder belongs to some series."""
    row = conn.execute(
        """select exists (select 1 from series where folder = :folder)
            or exists (select 1 from further_folders where folder = :folder)""",
        {"folder": folder},
    ).fetchone()
    return bool(row[0])


def count_by_provider(conn: sqlite3.Connection) -> dict[str, int]:
    """provider -> how many series are known from it."""
    rows = conn.execute(
        """select provider, count(*) as count from offers where standing = 'linked'
        group by provider"""
    )
    return {row["provider"]: row["count"] for row in rows}


def count_what_was_aired(conn: sqlite3.Connection) -> None:
    """Count series anew with an episode that was aired since: it is missing from that day on."""
    rows = conn.execute("select id from series where next_air <= ?", (today(),)).fetchall()
    for row in rows:
        counts.recount(conn, row["id"])
