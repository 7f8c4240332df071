"""Read one number and those that follow it: "01v2-03", "01E02", "1 und 2", "12.5"."""

from __future__ import annotations

import re
from typing import NamedTuple

from store.names.codes import Number
from store.names.lexer import (
    CLOSE,
    CROSS,
    DASH,
    END,
    EPISODE,
    EPISODE_LETTER,
    GLUE,
    GLUE_BUT_ENDINGS,
    TILDE,
    TO,
    VERSION,
    WIDE_DASH,
    WORD,
    Tokens,
)

# From one number to the next: a dash, a sign or a word, perhaps a repeated code.
LINK = re.compile(
    r"""
    (?P<joint> [ .:]? [m\-~+,r]? [ .]? (?:[ar][ .])? )
    (?P<marker>
        (?: [STs][ .]? (?P<season>[ny]) [ .m\-]? | (?P<cross_season>n)(?=x) )?
        [EexFPh][ .:]?h?
    )?
    (?P<number> n )
    """,
    re.VERBOSE,
)
# What stands behind a number that is the last of its kind: an end, a bracket, technical words.
BOUNDARY = re.compile(
    r"[ .:]?(?:$|[()~]|t|f(?=[ .]?(?:$|[()t-]))|[ul](?=[ .m\-+]?(?:[tul)]|$)))|-[t(]"
)
MAX_RANGE = 200  # a longer range of episodes is not believed
HALVES = "abcd"  # "12a" is a part of 12


class Run(NamedTuple):
    """Numbers in ascending order, the token behind them, and the version of the first."""

    numbers: tuple[Number, ...]
    last: int
    version: int | None


def read_run(tokens: Tokens, first: int, season: int | None) -> Run:
    """Read the number at token `first`, and further ones as far as they belong to it.

    `season` is what the name says in front of them.
    """
    number, last = read_number(tokens, first, season)
    version, last = read_ending(tokens, last)
    link = LINK.match(tokens.labels, last)
    if not link:  # as it mostly is
        return Run((number,), last, version)
    numbers = [number]
    marker = tokens.labels[max(0, first - 2) : first].strip(" .:h")[-1:]
    previous = first
    while link:
        following = link.start("number")
        value = int(tokens.words[following])
        is_ahead = numbers[-1] < value <= numbers[-1] + MAX_RANGE
        if link["marker"]:
            if not repeats_code(tokens, link, marker, season):
                break
        elif not is_ahead or not continues(tokens, link, previous, value == numbers[-1] + 1):
            break
        number, last = read_number(tokens, following, season)
        if is_ahead and is_range(tokens, link, previous):
            numbers += range(int(numbers[-1]) + 1, value + 1)
        else:
            numbers.append(number)
        _, last = read_ending(tokens, last)
        previous = following
        link = LINK.match(tokens.labels, last)
    return Run(tuple(sorted(set(numbers))), last, version)


def repeats_code(tokens: Tokens, link: re.Match[str], marker: str, season: int | None) -> bool:
    """Whether a second code continues the first: by the same season, or the same word.

    `marker` is the label in front of the first number: "Part 1 to Part 3" has the same.
    """
    again = max(link.start("season"), link.start("cross_season"))
    if again >= 0:
        return season is not None and int(tokens.words[again]) == season
    label = link["marker"][0]
    if (
        label == EPISODE_LETTER
        and marker in ("", EPISODE, EPISODE_LETTER)
        and len(link["joint"]) < 2
    ):
        return True
    return label == marker or marker == CROSS


def continues(tokens: Tokens, link: re.Match[str], previous: int, is_next: bool) -> bool:
    """Whether a number without a code continues the run, and is no word, title or decimal.

    `previous` is the token of the number in front; `is_next` says whether this number is higher
    by one.
    """
    number = link.start("number")
    width = len(tokens.words[number])
    same_width = width == len(tokens.words[previous])
    joint = link["joint"].strip(" .:")
    if tokens.labels[number + 1 : number + 2] in GLUE_BUT_ENDINGS:
        return False
    if joint == WIDE_DASH:  # not "S01E03 - 94 Meetings"
        return same_width and bool(BOUNDARY.match(tokens.labels, number + 1))
    if joint:
        return True
    if not link["joint"] or not same_width:
        return False
    if is_underscore_range(tokens, number, previous):
        return True
    # "E01 02" goes on, "S01E10.24" and "S01E01.1.23" do not.
    return is_next and width > 1 and tokens.labels[number + 1 : number + 3] != ".n"


def is_range(tokens: Tokens, link: re.Match[str], previous: int) -> bool:
    """Whether the numbers between two are meant too: 1-3, 1 ~ 3, "1 bis 3", but not 1+3."""
    joint = link["joint"].strip(" .:")
    if joint:
        return joint[0] in (DASH, WIDE_DASH, TILDE) or TO in joint
    return not link["marker"] and is_underscore_range(tokens, link.start("number"), previous)


def is_underscore_range(tokens: Tokens, number: int, previous: int) -> bool:
    """Whether an underscore stands for a dash, as in [Cap.111_120]."""
    width = min(len(tokens.words[previous]), len(tokens.words[number]))
    behind = tokens.labels[number + 1 : number + 2]
    return width > 2 and tokens.words[number - 1] == "_" and behind in (CLOSE, ".")


def read_ending(tokens: Tokens, position: int) -> tuple[int | None, int]:
    """Read what is glued to a number without changing it: a version (v2), a half (12a), an END.

    Returns the version, if any, and the token behind.
    """
    labels, words = tokens.labels, tokens.words
    label = labels[position : position + 1]
    if label == END or (label == WORD and words[position] in HALVES):
        position += 1
    if labels.startswith("vn", position):
        return int(words[position + 1]), position + 2
    if labels.startswith(" vn", position):
        return int(words[position + 2]), position + 3
    return None, position


def read_number(tokens: Tokens, number: int, season: int | None) -> tuple[Number, int]:
    """Read 6.5 at token `number`, or its whole number; returns it and the token behind.

    Where dots are spaces "E05.5.Freunde" is no decimal, except of specials, which are written so.
    """
    labels, words = tokens.labels, tokens.words
    if (
        labels.startswith(".n", number + 1)
        and not labels.startswith(".n", number + 3)
        and not (tokens.dotted and season)
    ):
        decimals, behind = words[number + 2], labels[number + 3 : number + 4]
        if len(decimals) == 1 and decimals != "0" and (behind == VERSION or behind not in GLUE):
            return float(f"{words[number]}.{decimals}"), number + 3
    return int(words[number]), number + 1


def read_dotted_pair(tokens: Tokens, number: int) -> tuple[int, int, int] | None:
    """Read 1.22 as season 1, episode 22, with two or three digits behind the dot.

    Returns season, episode and the token behind.
    """
    labels, words = tokens.labels, tokens.words
    if not labels.startswith("n.n", number) or labels.startswith(".n", number + 3):
        return None
    if len(words[number + 2]) not in (2, 3):
        return None
    return int(words[number]), int(words[number + 2]), number + 3
