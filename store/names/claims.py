"""Which folders of the library are one series, of all that may be. Pure.

A series has one folder, or several: one for each season ("Nacht", "Nacht S2"), or any that bear its
id. Where two fit one place equally well, neither gets it, whatever their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from store.names.identity import BUT_FOR_CASE, Evidence, Identity, find_best

Spelling = tuple[
    str, int | None
]  # the title in a folder's name, with the year if that tells shows apart


class Claim(NamedTuple):
    """A folder that may be a series', by its identity, and the evidence for that."""

    folder: str
    identity: Identity
    evidence: Evidence


def grant(claims: Sequence[Claim], owned: Sequence[Identity] = ()) -> set[str]:
    """The folders that surely are those of one series, which has the `owned` ones already."""
    shows = _Shows([*owned, *[claim.identity for claim in claims]])
    by_id = [claim for claim in claims if claim.evidence.has_same_id]
    others = [claim for claim in claims if not claim.evidence.has_same_id]
    sure = [*owned, *[claim.identity for claim in by_id]]
    if sure:
        spellings = set(map(shows.spelling, sure))
        rest = [c for c in others if shows.spelling(c.identity) in spellings or is_called_so(c)]
    else:
        rest = _best_spelled(others, shows)
    free = [claim for claim in rest if not _is_taken(claim.identity, sure)]
    return {claim.folder for claim in by_id} | {claim.folder for claim in _one_for_each_place(free)}


class _Shows:
    """Tells the folders of one show from those of another show with the same title."""

    def __init__(self, identities: Iterable[Identity]):
        years = {identity.year for identity in identities if identity.year}
        self._years_tell = len(years) > 1

    def spelling(self, identity: Identity) -> Spelling:
        return identity.names[0].title, identity.year if self._years_tell else None


def is_called_so(claim: Claim) -> bool:
    """Whether a folder is called as the series itself, its season aside."""
    _, name, (is_same_title, is_same_year, _) = claim.evidence
    return name >= BUT_FOR_CASE or (is_same_title and is_same_year)


def _best_spelled(claims: Sequence[Claim], shows: _Shows) -> list[Claim]:
    """The claims with the title that is surely the series' own; none where two may be."""
    spelled: defaultdict[Hashable, list[Claim]] = defaultdict(list)
    for claim in claims:
        spelled[shows.spelling(claim.identity)].append(claim)
    best = find_best([(max(map(_but_for_season, alike)), alike) for alike in spelled.values()])
    return best[1] if best else []


def _but_for_season(claim: Claim) -> Evidence:
    """The evidence for the show: each of its folders may be one for a season."""
    return claim.evidence._replace(agreement=(*claim.evidence.agreement[:-1], True))


def _is_taken(identity: Identity, sure: Iterable[Identity]) -> bool:
    """Whether a folder of the series is the one for the same seasons, and the same part."""
    same_seasons = [other for other in sure if other.seasons == identity.seasons]
    part = identity.part
    return not all(part and part.is_apart_from(other.part) for other in same_seasons)


def _one_for_each_place(claims: Sequence[Claim]) -> Iterable[Claim]:
    """For each season, and for the whole series, the claim that beats the others."""
    places: defaultdict[frozenset[int] | None, list[Claim]] = defaultdict(list)
    for claim in claims:
        places[claim.identity.seasons].append(claim)
    for rivals in places.values():
        best = find_best([(claim.evidence, claim) for claim in rivals])
        if best:
            yield best[1]
        elif _are_parts(rivals):
            yield from rivals


def _are_parts(claims: Sequence[Claim]) -> bool:
    """Whether each holds another part: "Nacht (01-12)" and "Nacht (13-24)"."""
    parts = sorted([claim.identity.part for claim in claims if claim.identity.part])
    return len(parts) == len(claims) and all(
        part.is_apart_from(after) for part, after in pairwise(parts)
    )
