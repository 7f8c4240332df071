"""Whether two lists show that two series of one title are one show, or that they are two. Pure.

Most series of one title are one show, but some shows share a title (docs/decisions.md, 44). Equal
numbers prove nothing, as most seasons have a dozen; what is told of single episodes does. Two long
lists of which one ends much earlier are those of two shows, for all that is known.
"""

from __future__ import annotations

import json

from store.names import episode_facts
from store.names.codes import EpisodeKey
from store.names.episode_facts import About, Known, is_regular

FEW = 2  # days, titles or sizes that agree; fewer are chance
LONG = 10  # episodes of a list that is not merely the beginning of the other
FAR = 3  # episodes and more between the ends of two lists, a quarter of the longer one at least
FIRST_YEAR = 1900  # from here on a season is a year, and its numbers follow from the days


def prove(one: Known, other: Known) -> bool:
    """Whether episodes of the same numbers are surely the same ones, and none says otherwise."""
    shared = sorted([key for key in other if key in one and is_regular(key)])
    if any(_has_same_checksum(one[key], other[key]) for key in shared):
        return True
    return _agree(one, other, shared) or _have_same_sizes(one, other, shared)


def contradict(one: Known, other: Known) -> bool:
    """Whether two lists look like those of two shows, as one with 62 episodes and one with 148."""
    if prove(one, other) or not _lie_apart(_count(one), _count(other)):
        return False
    ends, its = _ends(one), _ends(other)
    return any(_lie_apart(ends[season], its[season]) for season in ends.keys() & its.keys())


def find_comparable(one: Known, other: Known) -> EpisodeKey | None:
    """An episode that both have, and whose files may be the same one as far as sizes tell."""
    for key in sorted(one.keys() & other.keys()):
        sizes = {one[key].size, other[key].size} - {None}
        if len(sizes) < 2:
            return key
    return None


def _lie_apart(one: float, other: float) -> bool:
    shorter, longer = sorted((one, other))
    return shorter >= LONG and longer - shorter > max(FAR, longer / 4)


def _count(known: Known) -> int:
    return sum(map(is_regular, known))


def _ends(known: Known) -> dict[int, float]:
    """Season -> number of its last episode."""
    ends: dict[int, float] = {}
    for season, number in filter(is_regular, known):
        ends[season] = max(number, ends.get(season, 0))
    return ends


def _agree(one: Known, other: Known, shared: list[EpisodeKey]) -> bool:
    """Whether days and titles agree, for the most part: of two shows the pilots are called alike,
    and the news of two stations come every day."""
    days, own_days = episode_facts.days_of(one), episode_facts.days_of(other)
    agreed, against = set(), 0
    for key in shared:
        mine, its = one[key], other[key]
        is_another = episode_facts.is_nearer_to_another(mine, its, days)
        is_another |= episode_facts.is_nearer_to_another(its, mine, own_days)
        told = False if is_another else episode_facts.tells(mine, its)
        if told is False:
            against += 1
        elif told and episode_facts.is_same_title(mine.title, its.title):
            agreed.add(mine.title.casefold())
        elif told and key[0] < FIRST_YEAR:
            agreed.add(str(episode_facts.day_of(mine)))
    return len(agreed) >= FEW and len(agreed) > against


def _have_same_sizes(one: Known, other: Known, shared: list[EpisodeKey]) -> bool:
    """Whether files are equally long that no other file of their list is."""
    sizes = [(one[key].size, other[key].size) for key in shared]
    told = [(mine, its) for mine, its in sizes if mine and its]
    return len({mine for mine, its in told if mine == its}) >= min(FEW, len(told)) > 0


def _has_same_checksum(one: About, other: About) -> bool:
    mine, its = json.loads(one.checksums or "{}"), json.loads(other.checksums or "{}")
    return any(its.get(name) == checksum for name, checksum in mine.items())
