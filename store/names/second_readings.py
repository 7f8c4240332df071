"""Second readings of two lone numbers: "14 - 15" as a range, "03-20" as season and episode."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from store.names.grammar import Candidate
from store.names.lexer import HIDDEN, OPEN, WIDE_DASH, Tokens
from store.names.number_runs import MAX_RANGE

MAX_SCORE = 60  # of a second reading
MAX_EPISODES_OF_FILE = 5
PAIR = re.compile(r"[ .m]n[m ]n(?:$|\.f|[ .]?[(t])")


def list_ranges(tokens: Tokens, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each two numbers with a dash between them as a range, which they may be: "14 - 15"."""
    lone = [found for found in candidates if found.rule == "number" and len(found.episodes) == 1]
    return [
        right._replace(
            score=min(right.score - 10, MAX_SCORE),
            first=left.first,
            episodes=tuple(range(int(left.episodes[0]), int(right.episodes[0]) + 1)),
        )
        for left, right in pairwise(lone)
        if tokens.labels[left.last : right.first] == WIDE_DASH
        and left.episodes < right.episodes <= (left.episodes[0] + MAX_RANGE,)
        and len(tokens.words[left.first]) == len(tokens.words[right.first]) > 1
        and not right.episodes[0] % 1
        and not left.episodes[0] % 1
    ]


def list_pairs(
    tokens: Tokens, outside: str, candidates: Sequence[Candidate], season: int | None
) -> list[Candidate]:
    """Each range "03-20" that stands by itself as season 3, episode 20, which it may be.

    A file holds few episodes, so a long range is hardly one, unless it begins with 01. `season` is
    what the folders say.
    """
    if tokens.labels.startswith(OPEN):
        return []
    return [
        run._replace(
            score=min(run.score + (5 if is_long_range(run) else -10), MAX_SCORE),
            season=int(run.episodes[0]),
            episodes=run.episodes[-1:],
            rule="dot",
        )
        for run in candidates
        if run.rule == "number"
        and len(run.episodes) > 1
        and season in (None, run.episodes[0])
        and PAIR.match(tokens.labels, run.first - 1)
        and outside[run.first] != HIDDEN
        and len(tokens.words[run.first]) == len(tokens.words[run.last - 1]) == 2
    ]


def is_long_range(run: Candidate) -> bool:
    return run.episodes[0] > 1 and len(run.episodes) > MAX_EPISODES_OF_FILE
