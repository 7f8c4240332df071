"""Find a second number beside the episode's, which counts through all seasons: "12 (S01E12)"."""

from __future__ import annotations

import re
from typing import NamedTuple

from store.names.codes import Number
from store.names.grammar import Candidate
from store.names.lexer import CLOSE, DOT_AND_SPACE, NUMBER, OPEN, WIDE_DASH, Tokens
from store.names.number_runs import read_run

UNBOUND = re.compile(r"$|[m\-(]| \(")
BEHIND = re.compile(r"[ .\-]{0,2}(?P<bracket>\()?[ ]?(?P<number>n)")
IN_FRONT = re.compile(
    r"(?P<left>^|.)(?P<number>n)(?:\.n)?(?:[m~]n)?(?P<gap>[ .\-]{1,2}\(?)$",
)
BRACKET_IN_FRONT = re.compile(r"\((?P<number>n)\)[ ]?$")
AT_START = re.compile(r"(?P<number>n)(?P<gap>[.:])[wl]")
SEASON_LENGTHS = 8, 30  # episodes that a season has, for telling running numbers from titles


class Running(NamedTuple):
    """A running number, or none."""

    numbers: tuple[Number, ...]
    first: int  # the first token of the episode and of it
    behind: int = 0  # the token behind it, where it stands in front of the title


def find_running_number(tokens: Tokens, best: Candidate) -> Running:
    """Find a running number beside the episode's: docs/names.md, family 7."""
    if not best.episodes:
        return Running((), len(tokens.labels))
    if numbers := read_running_number_behind(tokens, best):
        return Running(numbers, best.first)
    none = Running((), best.first)
    if best.season is None:
        return none
    if number := read_running_number_at_start(tokens, best):
        return Running((number,), best.first, 1)
    bracket = BRACKET_IN_FRONT.search(tokens.labels, 0, best.first)
    if bracket and bracket.start() and len(tokens.words[bracket.start("number")]) == 3:
        return Running((int(tokens.words[bracket.start("number")]),), bracket.start())
    in_front = IN_FRONT.search(tokens.labels, 0, best.first)
    if not in_front:
        return none
    first = in_front.start("number")
    numbers = read_run(tokens, first, None).numbers
    if len(numbers) != len(best.episodes):
        return none
    has_dashes = in_front["left"] == in_front["gap"] == WIDE_DASH
    digits = len(tokens.words[first])
    is_running = (has_dashes and digits > 1) or (digits == 3 and tokens.labels[0] == OPEN)
    if in_front["gap"][-1] == OPEN or len(numbers) > 1 or is_running:
        return Running(numbers, first)
    return none


def read_running_number_at_start(tokens: Tokens, best: Candidate) -> int | None:
    """The running number in front of the title: "142. Nacht S07E10"."""
    match = AT_START.match(tokens.labels)
    if not match or match.end() > best.first or len(tokens.words[0]) != 3:
        return None
    number = int(tokens.words[0])
    is_apart = match["gap"] == DOT_AND_SPACE or (tokens.dotted and may_run(number, best))
    return number if is_apart else None


def may_run(number: int, best: Candidate) -> bool:
    """Whether the number of all seasons fits a season's: 142 fits S07E10, 911 does not."""
    seasons, episode = (best.season or 1) - 1, best.episodes[0]
    shortest, longest = SEASON_LENGTHS
    return seasons * shortest <= number - episode <= seasons * longest and seasons > 0


def read_running_number_behind(tokens: Tokens, best: Candidate) -> tuple[Number, ...]:
    """The running number behind the episode's, or ()."""
    labels = tokens.labels
    behind = BEHIND.match(labels, best.last)
    if not behind:
        return ()
    run = read_run(tokens, behind.start("number"), None)
    if labels[run.last - 1] != NUMBER:
        return ()
    if behind["bracket"]:
        return run.numbers if labels.startswith(CLOSE, run.last) else ()
    as_many = len(run.numbers) == len(best.episodes) > 1
    is_long = best.season is not None and len(tokens.words[behind.start("number")]) == 3
    return run.numbers if (as_many or is_long) and UNBOUND.match(labels, run.last) else ()
