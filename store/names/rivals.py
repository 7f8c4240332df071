"""Finds the readings so near to the best one that only the series' list can tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from store.names.grammar import Candidate
from store.names.lexer import NUMBER, WIDE_DASH, Tokens
from store.names.number_runs import BOUNDARY
from store.names.parsed_name import CLEAR_DISTANCE, SURE, Kind, Reading

MIN_LONE_SCORE = 20  # of a number alone: below, it may well be no episode's
DASHED_NUMBER = re.compile(rf"{NUMBER}(?:vn)?{WIDE_DASH}{NUMBER}(?:vn)?\Z")
MANY = 6  # episodes, more than which a video seldom holds


def list_rivals(
    tokens: Tokens, ranked: Sequence[Candidate], best: Candidate, kind: Kind
) -> tuple[Reading, ...]:
    """The readings that come near to `best`, which was chosen of the `ranked` candidates."""
    if not ranked:
        return ()
    if ranked[0].score >= SURE:
        if has_dashed_number(tokens, best):
            return ((best.season, best.episodes[:1]),)
        # "S01E05 OVA" may be either.
        return ((best.season, best.episodes),) if kind == "special" and best.season else ()
    near = [
        (found.season, found.episodes)
        for found in ranked[1:4]
        if ranked[0].score - found.score < CLEAR_DISTANCE and not are_split(found, ranked[0])
    ]
    return (*near, *list_others(tokens, ranked[0], best))


def has_dashed_number(tokens: Tokens, best: Candidate) -> bool:
    """Whether a code's range may be its first episode and a running number: "S02E05 - 17"."""
    if best.season is None or len(best.episodes) <= 2:
        return False
    return DASHED_NUMBER.search(tokens.labels, best.first, best.last) is not None


def are_split(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are 102 and S01E02, of which `also` tells."""
    return one.first == other.first and "compressed" in (one.rule, other.rule)


def list_others(tokens: Tokens, first: Candidate, best: Candidate) -> list[Reading]:
    """Other readings of the very number, which was the `first` candidate before it was split."""
    labels, words = tokens.labels, tokens.words
    others: list[Reading] = []
    if best.rule == "number" and best.score < MIN_LONE_SCORE:
        others.append((None, ()))
    if best.episodes != first.episodes:  # "Temporada 4 [Cap.408]"
        others.append((None, first.episodes))
    if len(best.episodes) > MANY:
        others += (best.season, best.episodes[:1]), (best.season, best.episodes[-1:])
    before = labels[max(0, first.first - 2) : first.first]
    if before[-1:] == NUMBER:  # "08話 24"
        others.append((None, (int(words[first.first - 1]),)))
    if before in ("y.", "y ") and first.rule == "episode":  # "Nacht 2021 E06"
        others.append((int(words[first.first - 2]), best.episodes))
    behind = first.last + 1
    if labels.startswith(f" {NUMBER}", first.last) and BOUNDARY.match(labels, behind + 1):
        number = int(words[behind])  # "E01 02 04"
        if len(words[behind]) == len(words[behind - 2]) and number > max(best.episodes):
            others.append((best.season, (*best.episodes, number)))
    return others
