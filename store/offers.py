"""The sources of a series: each source's own series that is it, or may be it.

A series has a leading source, which gives its title and the numbers of its episodes, and further
ones. Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from store.models import Episode
from store.names import codes
from store.names.codes import EpisodeKey, Number
from store.schema import record

MANY = 20  # episodes that are left out and told by their codes

# The number that a source has for an episode; nothing where it is that of the series.
OwnNumber = tuple[int, Number] | tuple[None, None]
SAME_NUMBER: OwnNumber = (None, None)

Standing = Literal["linked", "asked", "apart"]


class Offer(NamedTuple):
    """A source's series that is one of the library (`linked`), may be it, and the owner is asked
    (`asked`), or is another one, as he says (`apart`)."""

    provider: str
    key: str
    standing: Standing

    @property
    def id(self) -> str:
        """The id under which the source has it."""
        return f"{self.provider}_{self.key}"


@record
class SeriesSource:
    """A source that has the series, its key there, and how many of the episodes it has.

    Its own list calls the series `title`. Of `left_out`, at most 20 codes of it, the numbers may
    mean other episodes than the series' do; `numbering` says how they count where that is known:
    `absolute` through all seasons, `joined` within seasons that the series counts as one, `season`
    as the series does. It is `absent` where it is switched off, not configured any more, or has
    rested for more than a day.
    """

    name: str
    key: str
    episodes: int
    title: str
    numbering: Literal["absolute", "season", "joined"] | None
    left_out: list[str]
    absent: bool


@record
class PossibleSource:
    """A source's series that may be this one: its `id` there, and its title. The owner is asked."""

    id: str
    name: str
    key: str
    title: str


# -- what is known -------------------------------------------------------------------------------


def of_series(conn: sqlite3.Connection, series_id: str) -> list[Offer]:
    """All offers of a series, those of preferred sources in front."""
    rows = conn.execute(
        """select provider, key, standing from offers
        left join sources on sources.name = offers.provider
        where series = ? order by coalesce(rank, 99999), provider, key""",
        (series_id,),
    )
    return [Offer(*row) for row in rows]


def linked(conn: sqlite3.Connection, series_id: str) -> list[Offer]:
    """The offers that surely are the series."""
    return [offer for offer in of_series(conn, series_id) if offer.standing == "linked"]


def ids_of(conn: sqlite3.Connection, series_id: str) -> list[str]:
    """The ids under which the sources have a series, the preferred one first."""
    return [offer.id for offer in linked(conn, series_id)]


def owner(conn: sqlite3.Connection, provider: str, key: str) -> str | None:
    """The id of the series to which a source's series belongs."""
    row = conn.execute(
        "select series from offers where provider = ? and key = ? and standing = 'linked'",
        (provider, key),
    ).fetchone()
    return row["series"] if row else None


def is_apart(conn: sqlite3.Connection, series_id: str, provider: str, key: str) -> bool:
    """Whether the owner has said that a source's series is not this one."""
    row = conn.execute(
        """select 1 from offers where series = ? and provider = ? and key = ?
            and standing = 'apart'""",
        (series_id, provider, key),
    ).fetchone()
    return row is not None


def told(
    conn: sqlite3.Connection, series_id: str
) -> tuple[list[SeriesSource], list[PossibleSource]]:
    """The sources of a series, and the sources of which the owner is asked."""
    rows = conn.execute(
        """
        select provider, key, standing, title, numbering, left_out, coalesce(absent, 0) as absent,
            (select count(*) from episodes where episodes.series = offers.series
                and episodes.provider = offers.provider and available) as episodes
        from offers left join sources on sources.name = offers.provider
        where series = ? order by coalesce(rank, 99999), provider, key
        """,
        (series_id,),
    ).fetchall()
    sources = [
        SeriesSource(
            name=row["provider"],
            key=row["key"],
            episodes=row["episodes"],
            title=row["title"],
            numbering=row["numbering"],
            left_out=json.loads(row["left_out"])[:MANY],
            absent=bool(row["absent"]),
        )
        for row in rows
        if row["standing"] == "linked"
    ]
    possible = [
        PossibleSource(f"{row['provider']}_{row['key']}", row["provider"], row["key"], row["title"])
        for row in rows
        if row["standing"] == "asked"
    ]
    return sources, possible


# -- what becomes known --------------------------------------------------------------------------


def link(conn: sqlite3.Connection, series_id: str, provider: str, key: str, title: str) -> None:
    """Record that a source's series is this one, and no other series of that source is."""
    row = conn.execute(
        """select 1 from offers where series = ? and provider = ? and key = ?
            and standing = 'linked' and ? in ('', title)""",
        (series_id, provider, key, title),
    ).fetchone()
    if row:
        return
    if owner(conn, provider, key) != series_id:
        # What a further source has at first is not what appears from now on.
        conn.execute("update follows set based = 0 where series = ?", (series_id,))
    conn.execute(
        """delete from episodes where series = :id and provider = :provider and exists (
            select 1 from offers where series = :id and provider = :provider
            and standing = 'linked' and key <> :key)""",
        {"id": series_id, "provider": provider, "key": key},
    )
    conn.execute(
        """delete from offers where series = ? and provider = ? and standing <> 'apart'
            and key <> ?""",
        (series_id, provider, key),
    )
    conn.execute(
        """insert into offers (series, provider, key, standing, title)
        values (?, ?, ?, 'linked', ?)
        on conflict (series, provider, key) do update set standing = 'linked',
            title = coalesce(nullif(excluded.title, ''), title)
        where standing <> 'linked' or excluded.title not in ('', title)""",
        (series_id, provider, key, title),
    )


def ask(conn: sqlite3.Connection, series_id: str, provider: str, key: str, title: str) -> None:
    """Ask the owner whether a source's series is this one, unless he has said so, or it is known.

    A source that has the series already may have no second one. Nothing is asked of a series that
    is gone.
    """
    conn.execute(
        """
        insert or ignore into offers (series, provider, key, standing, title)
        select :id, :provider, :key, 'asked', :title
        where exists (select 1 from series where id = :id)
            and not exists (select 1 from offers where series = :id and provider = :provider
                and standing in ('linked', 'asked'))
        """,
        {"id": series_id, "provider": provider, "key": key, "title": title},
    )


def has_episodes(conn: sqlite3.Connection, series_id: str, provider: str) -> bool:
    """Whether anything is known of what a source has of a series."""
    row = conn.execute(
        "select 1 from episodes where series = ? and provider = ? limit 1", (series_id, provider)
    ).fetchone()
    return row is not None


def unlink(
    conn: sqlite3.Connection, series_id: str, provider: str, standing: Standing | None = None
) -> None:
    """Record that a source's series is not this one: with another `standing`, or not at all."""
    where = "where series = ? and provider = ?"
    for table in ("episodes", "list_changes"):
        conn.execute(f"delete from {table} {where}", (series_id, provider))
    if standing:
        conn.execute(
            f"update offers set standing = ? {where} and standing = 'linked'",
            (standing, series_id, provider),
        )
    else:
        conn.execute(f"delete from offers {where} and standing = 'linked'", (series_id, provider))


def set_numbering(
    conn: sqlite3.Connection, series_id: str, provider: str, numbering: str | None
) -> None:
    """Record how the numbers of a source's list relate to the series'; None for unknown."""
    conn.execute(
        """update offers set numbering = ? where series = ? and provider = ?
            and standing = 'linked'""",
        (numbering, series_id, provider),
    )


def forget_numbering(conn: sqlite3.Connection, series_id: str) -> None:
    """Forget how the lists count, to find it out anew: another source gives the series its numbers
    now."""
    conn.execute(
        "update offers set numbering = null where series = ? and numbering is not null",
        (series_id,),
    )


# -- the numbers of its list ---------------------------------------------------------------------


def number(
    conn: sqlite3.Connection,
    series_id: str,
    provider: str,
    episodes: Sequence[Episode],
    *,
    anew: bool = False,
) -> tuple[list[Episode], list[OwnNumber]]:
    """The episodes of a source's list with the numbers that the series has for them, and where the
    source has others, these.

    What may be another episode is left out, which the offer tells. The list of the leading source,
    and one beside which there is no other, is as it is. `anew` says that the numbers it has got
    before are of no account: the owner has spoken.
    """
    leading = conn.execute("select provider from series where id = ?", (series_id,)).fetchone()
    rows = _known_elsewhere(conn, series_id, provider) if leading["provider"] != provider else []
    if not rows:
        _leave_out(conn, series_id, provider, None, [])
        return list(episodes), [SAME_NUMBER] * len(episodes)
    from store import facts  # late: most series have one source
    from store.names import list_numbers
    from store.names.episode_facts import About

    known = {(row["season"], row["number"]): About(*row[2:]) for row in rows}
    row = conn.execute(
        """select numbering from offers where series = ? and provider = ?
            and standing = 'linked'""",
        (series_id, provider),
    ).fetchone()
    numbering = row and row["numbering"]
    before = {} if anew or not numbering else _numbers_before(conn, series_id, provider)
    listed = facts.of(episodes)
    matched = list_numbers.match(known, listed, numbering, before)
    left_out = [codes.code(*key) for key in listed if key not in matched.of]
    _leave_out(conn, series_id, provider, matched.counting, left_out)
    numbered, own_numbers = [], []
    for episode in episodes:
        own = episode.season, episode.number
        if key := matched.of.get(own):
            numbered.append(replace(episode, season=key[0], number=key[1]))
            own_numbers.append(SAME_NUMBER if key == own else own)
    return numbered, own_numbers


def _numbers_before(
    conn: sqlite3.Connection, series_id: str, provider: str
) -> dict[EpisodeKey, EpisodeKey]:
    """The source's own numbers -> those that the series has for them."""
    rows = conn.execute(
        """select coalesce(own_season, season), coalesce(own_number, number), season, number
        from episodes where series = ? and provider = ?""",
        (series_id, provider),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def _known_elsewhere(conn: sqlite3.Connection, series_id: str, provider: str) -> list[sqlite3.Row]:
    """The episodes in other sources' lists, the preferred source last."""
    return conn.execute(
        """select season, number, title, aired, size, checksums from episodes
        left join sources on sources.name = provider
        where series = ? and provider <> ? order by coalesce(rank, 99999) desc""",
        (series_id, provider),
    ).fetchall()


def _leave_out(
    conn: sqlite3.Connection,
    series_id: str,
    provider: str,
    numbering: str | None,
    left_out: list[str],
) -> None:
    told = numbering, json.dumps(left_out)
    where = "where series = ? and provider = ? and standing = 'linked'"
    offer = series_id, provider
    row = conn.execute(f"select numbering, left_out from offers {where}", offer).fetchone()
    if row and tuple(row) != told:
        conn.execute(f"update offers set numbering = ?, left_out = ? {where}", (*told, *offer))
