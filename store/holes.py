"""The holes in a season: numbers inside its run of known episodes that nobody lists or holds.

Between episodes 7 and 9 there is an 8, whoever has it (docs/decisions.md, 31).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from store.names.codes import EpisodeKey

SHORT_HOLE = 5  # episodes: a hole that is longer than this and than its season is none
LONGEST_HOLE = 200


def find(known: Iterable[EpisodeKey]) -> list[EpisodeKey]:
    """The holes between `known`, in order; none before the first of a season or behind its last.

    Season 0 has none: nobody counts specials. Where more numbers are absent than are known, as
    between 12 and 101, the season is no run: its numbers count in two ways.
    """
    holes: list[EpisodeKey] = []
    in_order = sorted({key for key in known if key[0] > 0})
    counts = Counter(season for season, _ in in_order)
    for (season, number), (next_season, next_number) in pairwise(in_order):
        if season == next_season and next_number > number + 1:
            first, end = int(number) + 1, int(next_number)
            longest = min(LONGEST_HOLE, max(SHORT_HOLE, counts[season]))
            if end <= first + longest:
                holes += [(season, hole) for hole in range(first, end)]
    return holes
