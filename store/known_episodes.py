"""All facts about each episode: which sources have it, which files hold it, its state.

Three facts are kept apart (docs/decisions.md, 31): an episode exists, a source has it, a file holds
it. Plain functions of a connection; each is (part of) one transaction. Season 0 are the specials.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Literal, NamedTuple

from store import counts, files, holes, series
from store.clock import today
from store.existing import EXISTING, RANK_DIGITS
from store.models import Status
from store.names import codes
from store.names.codes import EpisodeKey, Number
from store.schema import record

# Of an aired episode without a file: `missing` where a source has it, `wanted` where nobody does.
EpisodeState = Literal[
    "present",
    "missing",
    "wanted",
    "ignored",
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

    `why` tells how the name of the file at `path` was read, or without a file which other files of
    the source were left aside. An ambiguous file stands at each
    episode that it may be, and is counted at none. `sources` are those that have the episode. An
    `ignored` one does not exist or is not wanted, as the owner says: it is counted nowhere. One
    that was fetched is `changed` when its source lists another size or date than then.
    """

    code: str
    title: str
    state: EpisodeState
    aired: str | None
    path: str | None
    why: str
    queue_item_id: str | None
    sources: list[str]
    ignored: bool
    changed: bool


class KnownEpisode(NamedTuple):
    """All that is known of one episode, or in season -1 of a file that is none.

    `path` is the file that surely holds it, `unsure_path` one that may, where no other does; `why`
    is about that file. `status` and `item` are those of its queue item, `sources` have it.
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
    sources: tuple[str, ...] = ()
    ignored: bool = False
    changed: bool = False

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
        if self.status in ("pending", "downloading"):
            return self.status
        if self.unsure_path:
            return "ambiguous"
        return "ignored" if self.ignored else self._state_without_file()

    def _state_without_file(self) -> EpisodeState:
        if self.status == "failed":
            return "failed"
        if self.season == 0:
            return "special"
        if not self.is_aired:
            return "upcoming"
        return "missing" if self.sources else "wanted"

    @property
    def is_aired(self) -> bool:
        return (self.aired or "") <= today()

    @property
    def bounds_holes(self) -> bool:
        return bool(self.path or (self.sources and self.is_aired))

    @property
    def is_here(self) -> bool:
        """Whether a file holds it, surely or perhaps."""
        return bool(self.path or self.unsure_path)

    @property
    def is_missing(self) -> bool:
        """Whether it counts as missing, with or without a source, whatever the queue does."""
        return self.season > 0 and self.is_aired and not (self.is_here or self.ignored)

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
            sources=list(self.sources),
            ignored=self.ignored,
            changed=self.changed,
        )


_KNOWN = f"""
    with {EXISTING}, known as (
        select season, number from existing
        union select season, number from files where series = :id and season >= 0
        union select season, number from ignored where series = :id
    ), held as (
        select season, number, case when sure then path end as path,
            case when not sure then path end as unsure_path, why,
            min((not sure) || path) as first -- the one minimum tells whose the other columns are
        from files where series = :id and season >= 0 group by season, number
    ), fetched as (
        select season, number, max(id), json_extract(receipt, '$.bytes') as bytes,
            json_extract(receipt, '$.modified') as modified, provider
        from history where series = :id and json_valid(receipt) group by season, number
    ), changed as (
        select fetched.season, fetched.number from fetched
        join episodes on episodes.series = :id
            and episodes.season = fetched.season and episodes.number = fetched.number
            and episodes.provider = fetched.provider
        join files on files.series = :id and files.sure and files.size = bytes
            and files.season = fetched.season and files.number = fetched.number
        where (episodes.size <> bytes or episodes.modified <> fetched.modified)
            -- Another file may be the better one by now; the fetched one is the same.
            and not exists (
                select 1 from json_each(nullif(episodes.variants, '')) as variant
                where json_extract(variant.value, '$.size') = bytes
                    and coalesce(json_extract(variant.value, '$.modified') = fetched.modified, true)
            )
    ), found as (
        select known.season, known.number, coalesce(existing.title, '') as title,
            existing.aired, held.path,
            case when held.path is null then held.unsure_path end as unsure_path,
            coalesce(held.why, existing.why, '') as why, items.status, items.id as item,
            existing.sources,
            ignored.season is not null as ignored,
            (known.season, known.number) in (select season, number from changed) as changed
        from known
        left join existing
            on existing.season = known.season and existing.number = known.number
        left join held on held.season = known.season and held.number = known.number
        left join items on items.series = :id
            and items.season = known.season and items.number = known.number
        left join ignored on ignored.series = :id
            and ignored.season = known.season and ignored.number = known.number
        union all
        select season, number, '', null, case when sure then path end,
            case when not sure then path end, why, null, null, null, false, false
        from files where series = :id and season = -1 and :with_extras
    )
    select * from found order by season = -1, season = 0, season, number, path
"""


def of_series(
    conn: sqlite3.Connection, anime_id: str, *, with_extras: bool = False
) -> list[KnownEpisode]:
    """Every episode known of a series, in order, the specials last. Raises NotFound.

    `with_extras` adds the files that are no episode, each by itself.
    """
    anime = series.get(conn, anime_id)
    rows = conn.execute(_KNOWN, {"id": anime.id, "with_extras": with_extras})
    known = [_known(dict(row)) for row in rows]
    return with_holes(known) if counts.may_have_holes(conn, anime.id) else known


def _known(row: dict[str, Any]) -> KnownEpisode:
    ranked = sorted(set((row.pop("sources") or "").split()))
    row["sources"] = tuple(source[RANK_DIGITS:] for source in ranked)
    row["ignored"], row["changed"] = bool(row["ignored"]), bool(row["changed"])
    return KnownEpisode(**row)


def with_holes(known: list[KnownEpisode]) -> list[KnownEpisode]:
    """`known`, and the holes between its episodes, in order.

    An episode of the future bounds no hole: its source has not come that far.
    """
    keys = {episode.key for episode in known}
    run = [episode.key for episode in known if episode.bounds_holes]
    found = [KnownEpisode(*key) for key in holes.find(run) if key not in keys]
    return sorted([*known, *found], key=_order) if found else known


def _order(episode: KnownEpisode) -> tuple[bool, bool, EpisodeKey, str]:
    is_none = episode.season == files.NO_EPISODE
    path = episode.path or episode.unsure_path or ""
    return is_none, episode.season == 0, episode.key, path
