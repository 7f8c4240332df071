"""The hits of a search at several sources: what surely is one series is one hit.

Hits of one series that are found by different titles, those that only bear one title, and those of
which the owner has said that they are not one, stand apart, each with its source.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from store import series
from store.models import Hit
from store.names import same_series
from store.names.identity import Identity

Pair = tuple[str, str]  # the ids of two hits at their sources


@dataclass
class JointHit:
    """A series, with the sources that have it; every call takes its `id`."""

    id: str
    own_id: str  # that of the hit at the first of its sources
    hit: Hit
    sources: list[str]
    is_known: bool  # the household has it


class Joined(NamedTuple):
    """The hits; of those that are `alike` only their lists can tell whether they are one."""

    hits: list[JointHit]
    alike: list[Pair]


def join(
    conn: sqlite3.Connection, found: Sequence[tuple[str, Hit]], same: Collection[Pair] = ()
) -> Joined:
    """The hits of all sources, (source, hit) each, in their order; those of the source that the
    owner prefers have to come first where two are alike. Of the pairs `same` it is known by now
    that they are one."""
    by_source: defaultdict[str, list[Hit]] = defaultdict(list)
    for source, hit in found:
        by_source[source].append(hit)
    joined = Joined([], [])
    apart = _told_apart(conn) if len(by_source) > 1 else set()
    for source, hits in by_source.items():
        _add(conn, joined, source, hits, apart, same)
    order = {(source, hit.key): place for place, (source, hit) in enumerate(found)}
    joined.hits.sort(key=lambda each: order[each.sources[0], each.hit.key])
    return joined


def _add(
    conn: sqlite3.Connection,
    joined: Joined,
    source: str,
    hits: Iterable[Hit],
    apart: set[Pair],
    same: Collection[Pair],
) -> None:
    """Add the hits of one source to those of the ones before it."""
    by_id = {each.id: each for each in joined.hits}
    others = [(_identify(each.hit), each) for each in joined.hits]
    claims: defaultdict[str, list[JointHit]] = defaultdict(list)
    for hit in hits:
        own_id = f"{source}_{hit.key}"
        known = series.find(conn, own_id)
        new = JointHit(known.id if known else own_id, own_id, hit, [source], bool(known))
        if one := by_id.get(new.id):
            one.sources.append(source)
            continue
        joined.hits.append(new)
        match = same_series.find(_identify(hit), others) if others else None
        if match is None or match[1] == "perhaps" or not _may_join(match[0], new, apart):
            continue
        pair = match[0].own_id, own_id
        if match[1] == "sure" or pair in same:
            claims[match[0].id].append(new)
        else:
            joined.alike.append(pair)
    for target_id, rivals in claims.items():
        if len(rivals) == 1:  # if two fit equally well, neither is taken
            target, (rival,) = by_id[target_id], rivals
            joined.hits.remove(rival)
            target.sources.append(source)
            if rival.is_known:
                target.id, target.is_known = rival.id, True


def _may_join(target: JointHit, hit: JointHit, apart: set[Pair]) -> bool:
    is_apart = (target.id, hit.own_id) in apart
    return not is_apart and not (target.is_known and hit.is_known)


def _told_apart(conn: sqlite3.Connection) -> set[Pair]:
    """(series, id at a source) of the sources' series that the owner has called different."""
    rows = conn.execute("select series, provider, key from offers where standing = 'apart'")
    return {(series_id, f"{provider}_{key}") for series_id, provider, key in rows}


def _identify(hit: Hit) -> Identity:
    return same_series.of_source(hit.name, hit.ids)
