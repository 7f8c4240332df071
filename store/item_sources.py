"""The sources of a queue item: which one is next, and what failed at each.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from store.clock import now
from store.queue_items import ORDER
from store.source_order import OFF, UNKNOWN_RANK
from store.waits import ALLOWED, Allowed

# For which an item with bytes waits for their source while that rests, before it begins anew at
# another one: as long as these bytes took, within these bounds.
SHORTEST_PATIENCE, LONGEST_PATIENCE = 60.0, 3600.0
STRONG = ("sha256", "sha1", "md5")  # checksums that show alone that two files are the same

Waiting = int | tuple[int, str]  # an item, or an item at one of its sources


class Choice(NamedTuple):
    """The next item, and where it is fetched from; None where nobody has it any more."""

    item_id: int
    source: str | None
    attempts: int


class _Candidate(NamedTuple):
    """A source that lists an item's episode."""

    source: str
    attempts: int
    fit: int  # how well the file fits the owner's wishes: the lower, the better
    rank: int
    is_off: bool
    is_lossy: bool  # the bytes that are here are of no use for it

    @property
    def order(self) -> tuple[bool, bool, int, int, int, str]:
        return self.is_off, self.is_lossy, self.fit, self.attempts, self.rank, self.source


class _Bytes(NamedTuple):
    """What is here of an item: where it came from, and the whole file's size and checksums."""

    source: str | None
    total: int | None
    checksums: Mapping[str, str]
    seconds: float


_PENDING = f"""
    select items.id, items.source as begun_at, items.checkpoint, episodes.provider as source,
        episodes.size, episodes.checksums, coalesce(sources.rank, ?) as rank,
        coalesce(sources.absent, 0) as absent, coalesce(tries.attempts, 0) as attempts,
        coalesce(tries.spent, 0) as spent, episodes.fit,
        waits <> '' and coalesce(waits_until > ?, true) and not items.named as waits
    from items indexed by items_pending
    left join episodes on episodes.series = items.series and episodes.season = items.season
        and episodes.number = items.number and episodes.available
        and episodes.provider = coalesce(items.only_source, episodes.provider)
    left join sources on sources.name = episodes.provider
    left join tries on tries.item = items.id and tries.source = episodes.provider
    where items.status = 'pending' and {ALLOWED} order by {ORDER}
"""


def choose_next(
    conn: sqlite3.Connection,
    waiting: Collection[Waiting],
    resting: Mapping[str, float],
    busy: Collection[str],
    allowed: Allowed,
) -> Choice | None:
    """The next item that can be worked on. The arguments are those of queue.claim."""
    rows = conn.execute(_PENDING, (UNKNOWN_RANK, allowed.moment, *allowed))
    for item_id, group in groupby(rows, key=itemgetter("id")):
        if item_id in waiting:
            continue
        offered = [row for row in group if row["source"] is not None]
        if not offered:
            return Choice(item_id, None, 0)
        if all(row["source"] in resting for row in offered):
            continue
        chosen = _choose(offered, waiting, resting)
        if chosen and chosen.source not in busy:
            return Choice(item_id, chosen.source, chosen.attempts)
    return None


def begin_anew(conn: sqlite3.Connection, item_id: int, only_source: str | None) -> None:
    """Somebody asked for the item, from `only_source` where that is told."""
    conn.execute("update items set only_source = ? where id = ?", (only_source, item_id))
    forget_tries(conn, item_id)


def forget_tries(conn: sqlite3.Connection, item_id: int) -> None:
    conn.execute("delete from tries where item = ?", (item_id,))


def lose_try(
    conn: sqlite3.Connection, item_id: int, attempts: int, message: str, *, is_spent: bool
) -> bool:
    """The item has failed at its source, `attempts` times in a row; one that `is_spent` is not
    asked again for it. Returns whether another one may have it."""
    conn.execute(
        """insert or replace into tries (item, source, attempts, spent, message)
        select id, source, ?, ?, ? from items where id = ? and source is not null""",
        (attempts, is_spent, message, item_id),
    )
    row = conn.execute(
        """
        select 1 from items
        join episodes on episodes.series = items.series and episodes.season = items.season
            and episodes.number = items.number and episodes.available
        left join sources on sources.name = episodes.provider
        left join tries on tries.item = items.id and tries.source = episodes.provider
        where items.id = ? and episodes.provider <> items.source
            and episodes.provider = coalesce(items.only_source, episodes.provider)
            and coalesce(spent, 0) = 0 and coalesce(absent, 0) <> ?
        """,
        (item_id, OFF),
    ).fetchone()
    return row is not None


def failures(conn: sqlite3.Connection, item_id: int) -> list[tuple[str, str]]:
    """(source, why) of each source at which the item has failed."""
    rows = conn.execute(
        "select source, message from tries where item = ? order by source", (item_id,)
    )
    return [(row["source"], row["message"]) for row in rows]


def set_listed_size(conn: sqlite3.Connection, item_id: int, size: int) -> None:
    """The item's file has another size at its source now: its way begins anew."""
    conn.execute(
        """update episodes set size = ? where (series, season, number, provider) =
        (select series, season, number, source from items where id = ?)""",
        (size, item_id),
    )
    conn.execute("update items set started_at = ? where id = ?", (now(), item_id))


def start_over(conn: sqlite3.Connection, item_id: int) -> None:
    """The bytes so far are of another file than the source has: none of them counts any more."""
    conn.execute("update items set checkpoint = null, durable = 0 where id = ?", (item_id,))


# -- inside --------------------------------------------------------------------------------------


def _choose(
    offered: Sequence[sqlite3.Row],
    waiting: Collection[Waiting],
    resting: Mapping[str, float],
) -> _Candidate | None:
    """The source to ask now for an item; None where it waits for one of them."""
    here = _bytes_of(offered[0])
    may_be_asked = [row for row in offered if not row["waits"]]
    unspent = [row for row in may_be_asked if not row["spent"]]
    if all(row["absent"] == OFF for row in unspent):
        unspent = may_be_asked  # the last one that was asked tells best why the item fails
    candidates = [_candidate(row, here) for row in unspent]
    item_id = offered[0]["id"]
    ready = [
        each
        for each in candidates
        if each.source not in resting and (item_id, each.source) not in waiting
    ]
    best = min(ready, key=lambda each: each.order, default=None)
    if best is None or (best.is_off and any(row["absent"] != OFF for row in offered)):
        return None
    if any(_is_worth_a_wait(each, best, resting) for each in candidates):
        return None  # a better file is tried again in a moment
    if here and best.is_lossy:
        begun_at = next((each for each in candidates if each.source == here.source), None)
        if begun_at and not begun_at.is_off and not _is_out_of_patience(here, resting):
            return None
    return best


def _is_worth_a_wait(better: _Candidate, best: _Candidate, resting: Mapping[str, float]) -> bool:
    """Whether a file fits the wishes better than the best one that can be asked for now, and will
    be asked for soon: neither gone with its source nor in want of bytes that are here."""
    is_next = (better.is_off, better.is_lossy) <= (best.is_off, best.is_lossy)
    return is_next and better.fit < best.fit and better.source not in resting


def _is_out_of_patience(here: _Bytes, resting: Mapping[str, float]) -> bool:
    patience = min(max(here.seconds, SHORTEST_PATIENCE), LONGEST_PATIENCE)
    return resting.get(here.source or "", 0.0) >= patience


def _candidate(row: sqlite3.Row, here: _Bytes | None) -> _Candidate:
    is_another = here is not None and row["source"] != here.source
    return _Candidate(
        source=row["source"],
        attempts=row["attempts"],
        fit=row["fit"],
        rank=row["rank"],
        is_off=row["absent"] == OFF,
        is_lossy=bool(here and is_another and not _may_be_same(row, here)),
    )


def _may_be_same(row: sqlite3.Row, here: _Bytes) -> bool:
    """Whether a source seems to have the very file of which bytes are here."""
    checksums = json.loads(row["checksums"])
    shared = checksums.keys() & here.checksums.keys()
    if any(checksums[name] != here.checksums[name] for name in shared):
        return False
    return not shared.isdisjoint(STRONG) or (here.total is not None and row["size"] == here.total)


def _bytes_of(row: sqlite3.Row) -> _Bytes | None:
    try:
        point = json.loads(row["checkpoint"] or "null")
        if not point or not point["spans"]:
            return None
        source = point.get("source") or row["begun_at"]
        checksums = point.get("checksums", {})
        return _Bytes(source, point["total"], checksums, float(point["seconds"]))
    except (ValueError, TypeError, KeyError):
        return None  # which the download will not believe either
