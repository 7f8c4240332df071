"""Doubts single names where the others in their folder may say otherwise. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from store.names.alike_files import LONE_RULES
from store.names.codes import Number
from store.names.component import Component
from store.names.parsed_name import SURE, ParsedName, Reading

Part = tuple[int | None, int]  # a season, and which part of it: "Season 1 Cour 2"
LONGEST_PART = 9  # where no part before it is there, a higher number goes on from one


def doubt(names: list[ParsedName], place: int, other: Reading) -> None:
    """Add another reading to a name, which makes it unsure."""
    name = names[place]
    names[place] = name._replace(
        score=min(name.score, SURE - 5), also=(*name.also, other), rivals=(*name.rivals, other)
    )


def find_part_in_name(component: Component) -> int | None:
    """The part of a season that a name tells in front of its number: "Nacht S2 Part 2 - 05"."""
    if component.name.season is None:
        return None
    numbers = [found.first for found in component.found if found.rule in LONE_RULES]
    for found in component.found:
        if found.rule == "part" and any(found.last <= first for first in numbers):
            return int(found.episodes[0])
    return None


def doubt_parts(
    names: list[ParsedName], parts: Mapping[Part, Sequence[int]], stated: Collection[int]
) -> None:
    """Doubt the numbers of "Cour 2" that do not go on where the part before it ends.

    They begin anew, and may be those of the season or count from the part's beginning. Names that
    are `stated` tell the season's.
    """
    for (season, part), places in parts.items():
        numbers = list_numbers(names, places)
        before = list_numbers(names, parts.get((season, part - 1), ()))
        if part < 2 or not numbers or min(numbers) > max(before, default=LONGEST_PART):
            continue
        for place in places:
            name = names[place]
            if place not in stated:
                shifted = tuple([number + max(before) for number in name.episodes if before])
                doubt(names, place, (season, shifted) if shifted else (None, ()))


def list_numbers(names: Sequence[ParsedName], places: Iterable[int]) -> list[Number]:
    """The numbers of the regular episodes among some files."""
    return [
        number
        for place in places
        if names[place].kind == "episode"
        for number in names[place].episodes
    ]


def read_dashed(names: list[ParsedName], paths: Sequence[str]) -> None:
    """Read "S02E05 - 17" beside "S02E06 - 18" as one episode with its running number.

    Ranges do not overlap. One name alone may be a range, and is not sure.
    """
    found: defaultdict[tuple[str, int | None, Number], list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name.score >= SURE and name.rivals == ((name.season, name.episodes[:1]),):
            length = name.episodes[-1] - name.episodes[0]
            if length:  # else it is "S01E05 OVA"
                found[paths[place].rpartition("/")[0], name.season, length].append(place)
    for (_, _, length), places in found.items():
        firsts = sorted({names[place].episodes[0] for place in places})
        near = {
            number for pair in pairwise(firsts) if pair[1] - pair[0] <= length for number in pair
        }
        for place in places:
            name = names[place]
            if name.episodes[0] in near:
                names[place] = name._replace(
                    episodes=name.episodes[:1], absolute=name.episodes[-1:], rivals=()
                )
            else:
                names[place] = name._replace(score=SURE - 5)
