"""The hits of a search at several sources: what surely is one series is one hit.

Hits of one series that are found by different titles, and those of which the owner has said that
they are not one, stand apart, each with its source.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from store import series
from store.models import Hit
from store.names import same_series
from store.names.identity import Identity


@dataclass
class JointHit:
    """A series under the `id` by which every call takes it, with the sources that have it."""

    id: str
    hit: Hit
    sources: list[str]
    is_known: bool  # the household has it


def join(conn: sqlite3.Connection, found: Sequence[tuple[str, Hit]]) -> list[JointHit]:
    """The hits of all sources, (source, hit) each, in their order; those of the source that the
    owner prefers have to come first where two are alike."""
    by_source: defaultdict[str, list[Hit]] = defaultdict(list)
    for source, hit in found:
        by_source[source].append(hit)
    joint: list[JointHit] = []
    apart = _told_apart(conn) if len(by_source) > 1 else set()
    for source, hits in by_source.items():
        _add(conn, joint, source, hits, apart)
    order = {(source, hit.key): place for place, (source, hit) in enumerate(found)}
    return sorted(joint, key=lambda each: order[each.sources[0], each.hit.key])


def _add(
    conn: sqlite3.Connection,
    joint: list[JointHit],
    source: str,
    hits: Iterable[Hit],
    apart: set[tuple[str, str]],
) -> None:
    """Add the hits of one source to those of the ones before it."""
    by_id = {each.id: each for each in joint}
    others = [(_identify(each.hit), each) for each in joint]
    claims: defaultdict[str, list[JointHit]] = defaultdict(list)
    for hit in hits:
        own_id = f"{source}_{hit.key}"
        known = series.find(conn, own_id)
        new = JointHit(known.id if known else own_id, hit, [source], bool(known))
        if same := by_id.get(new.id):
            same.sources.append(source)
            continue
        joint.append(new)
        match = same_series.find(_identify(hit), others) if others else None
        if match and match[1] and _may_join(match[0], new, own_id, apart):
            claims[match[0].id].append(new)
    for target_id, rivals in claims.items():
        if len(rivals) == 1:  # of two that fit equally well none is taken
            target, (rival,) = by_id[target_id], rivals
            joint.remove(rival)
            target.sources.append(source)
            if rival.is_known:
                target.id, target.is_known = rival.id, True


def _may_join(target: JointHit, hit: JointHit, own_id: str, apart: set[tuple[str, str]]) -> bool:
    is_apart = (target.id, own_id) in apart
    return not is_apart and not (target.is_known and hit.is_known)


def _told_apart(conn: sqlite3.Connection) -> set[tuple[str, str]]:
    """(series, id at a source) of what the owner has said not to be that series."""
    rows = conn.execute("select series, provider, key from offers where standing = 'apart'")
    return {(series_id, f"{provider}_{key}") for series_id, provider, key in rows}


def _identify(hit: Hit) -> Identity:
    return same_series.of_source(hit.name, hit.ids)
