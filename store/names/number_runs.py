"""Reads one number and those that follow it: "01v2-03", "01E02", "1 und 2", "12.5"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from store.names.codes import Number
from store.names.lexer import (
    CLOSE,
    COUNTER,
    CROSS,
    DASH,
    END,
    EPISODE,
    EPISODE_LETTER,
    GLUE,
    GLUE_BUT_ENDINGS,
    OPEN,
    PART,
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
    (?P<joint> [ .:]? [m\-~+,r]? [ .]? (?:(?P<word>[arw])[ .]?)? )
    (?P<marker>
        (?: [STs][ .]? (?P<season>[ny]) [ .m\-]? | (?P<cross_season>[ny])(?=x) )?
        [EecxFPh][ .:]?h?
    )?
    d?(?P<number> n )
    """,
    re.VERBOSE,
)
# What stands behind a number that is the last of its kind: an end, a bracket, technical words.
BOUNDARY = re.compile(
    r"[ .:]?(?:$|[()~]|t|f(?=[ .]?(?:$|[()t-]))|[ul](?=[ .m\-+]?(?:[tul)]|$)))|-[t(]"
)
TITLE_FOLLOWS = re.compile(r"[ .:]{1,2}[wlNPs]")
TITLE_OR_NUMBER = re.compile(rf"\.n|{TITLE_FOLLOWS.pattern}")
# Words between two numbers, which are titles' words elsewhere.
CODED = frozenset("EFecxPh")  # what stands in front of an episode's number
GLUE_BUT_COUNTERS = GLUE_BUT_ENDINGS - {COUNTER}
TO_WORDS = frozenset(("a", "á", "à", "ao"))
AND_WORDS = frozenset(("en", "y", "och", "og", "ve", "oraz"))
MAX_RANGE = 200  # a longer range of episodes is not believed
MAX_LONG_RANGE = 3000  # of numbers with three digits and more, 001-240
HALVES = "abcd"  # "12a" is a part of 12


class Run(NamedTuple):
    """Numbers in ascending order, the token behind them, and the version of the first."""

    numbers: tuple[Number, ...]
    last: int
    version: int | None


class Step(NamedTuple):
    """From the number at token `previous` to the next one."""

    link: re.Match[str]
    previous: int
    is_next: bool  # the next number is higher by one
    is_ahead: bool  # it is higher, by no more than a range can be
    is_coded: bool  # a season or a word for episode stands in front of the first number
    is_listed: bool  # there are several numbers before

    @property
    def joint(self) -> str:
        return self.link["joint"].strip(" .:")

    @property
    def number(self) -> int:
        return self.link.start("number")


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
    is_chain = False
    while link:
        is_coded = season is not None or marker in CODED
        step = read_step(tokens, link, previous, numbers, is_coded=is_coded)
        goes_on = (
            repeats_code(tokens, link, marker, season)
            if link["marker"]
            else continues(tokens, step)
        )
        if not goes_on or (link["word"] == WORD and not is_joined_by_word(tokens, step)):
            break
        number, last = read_number(tokens, step.number, season)
        is_dashed = is_range(tokens, step)
        is_named = is_dashed and bool(link["marker"])
        if step.is_ahead and is_dashed and not (is_named and is_chain):
            numbers += range(int(numbers[-1]) + 1, int(number) + 1)
        else:
            numbers.append(number)
        _, last = read_ending(tokens, last)
        is_chain = is_named  # E23-E24-E26 is a list
        previous = step.number
        link = LINK.match(tokens.labels, last)
    return Run(tuple(sorted(set(numbers))), last, version)


def read_step(
    tokens: Tokens,
    link: re.Match[str],
    previous: int,
    numbers: Sequence[Number],
    *,
    is_coded: bool,
) -> Step:
    """Read how the numbers at both ends of a link compare; `numbers` are those before."""
    following = link.start("number")
    ahead = int(tokens.words[following]) - numbers[-1]
    is_long = min(len(tokens.words[previous]), len(tokens.words[following])) > 2
    return Step(
        link,
        previous,
        is_next=ahead == 1,
        is_ahead=0 < ahead <= (MAX_LONG_RANGE if is_long else MAX_RANGE),
        is_coded=is_coded,
        is_listed=is_coded and len(numbers) > 1,
    )


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
    return label == marker or (marker == CROSS and label != PART)


def continues(tokens: Tokens, step: Step) -> bool:
    """Whether a number without a code continues the run, and is no word, title or decimal."""
    labels, number = tokens.labels, step.number
    joint = step.joint
    if not step.is_ahead or labels[number + 1 : number + 2] in GLUE_BUT_COUNTERS:
        return False
    if joint == WIDE_DASH:
        return is_wide_range(tokens, step)
    width = len(tokens.words[number])
    is_same_width = width == len(tokens.words[step.previous])
    is_padded = tokens.words[number][0] == "0"
    if joint == DASH and TITLE_FOLLOWS.match(labels, number + 1):  # not "E11-30 Stunden"
        return is_padded or (step.is_next and is_same_width)
    if joint == DASH and is_padded and not is_same_width:  # not "Nacht_2-05"
        return step.is_coded and len(tokens.words[step.previous]) == 1  # nor "E05-029"
    if joint:
        return True
    if not step.link["joint"] or not is_same_width:
        return False
    if is_underscore_range(tokens, number, step.previous):
        return True
    # "E01 02" and "E01 02 04" go on, "S01E10.24", "S01E01.1.23" and "E13 14 Tage" do not.
    goes_on = step.is_next or (step.is_listed and bool(BOUNDARY.match(labels, number + 1)))
    return goes_on and width > 1 and not TITLE_OR_NUMBER.match(labels, number + 1)


def is_wide_range(tokens: Tokens, step: Step) -> bool:
    """Whether a dash with room stands in a range: not in "S01E03 - 94 Meetings", "Zone 88 - 90".

    Of lone numbers only a batch is believed, which begins with 01 or is in a bracket of its own.
    """
    labels, previous = tokens.labels, step.previous
    first, second = tokens.words[previous], tokens.words[step.number]
    if not BOUNDARY.match(labels, step.number + 1):
        return False
    left = labels[max(0, previous - 1) : previous]
    if step.is_coded or left == OPEN or (left == WIDE_DASH and step.is_next):
        return len(first) == len(second)
    return first[0] == "0" and int(first) == 1 and len(first) <= len(second)


def is_joined_by_word(tokens: Tokens, step: Step) -> bool:
    """Whether a word that titles have as well joins two numbers: "afl. 5 en 6", "E01 a E04"."""
    word = tokens.words[step.link.start("word")]
    return (
        step.is_coded
        and word in TO_WORDS | AND_WORDS
        and not TITLE_FOLLOWS.match(tokens.labels, step.number + 1)
    )


def is_range(tokens: Tokens, step: Step) -> bool:
    """Whether the numbers between two are meant too: 1-3, 1 ~ 3, "1 bis 3", but not 1+3."""
    joint = step.joint
    if step.link["word"] == WORD:
        return tokens.words[step.link.start("word")] in TO_WORDS
    if joint:
        return joint[0] in (DASH, WIDE_DASH, TILDE) or TO in joint
    return not step.link["marker"] and is_underscore_range(tokens, step.number, step.previous)


def is_underscore_range(tokens: Tokens, number: int, previous: int) -> bool:
    """Whether an underscore stands for a dash, as in [Cap.111_120]."""
    width = min(len(tokens.words[previous]), len(tokens.words[number]))
    behind = tokens.labels[number + 1 : number + 2]
    return width > 2 and tokens.words[number - 1] == "_" and behind in (CLOSE, ".")


def read_ending(tokens: Tokens, position: int) -> tuple[int | None, int]:
    """Read the marks behind a number that do not change it: a version (v2), a half (12a), an END.

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
    if labels.startswith("hn.n", number - 1) and int(words[number]) == season:  # S01 EP #1.2
        return int(words[number + 2]), number + 3
    if (
        labels.startswith(".n", number + 1)
        and not labels.startswith(".n", number + 3)
        and not (tokens.dotted and season)
    ):
        decimals, behind = words[number + 2], labels[number + 3 : number + 4]
        may_follow = behind in (VERSION, COUNTER) or behind not in GLUE
        if len(decimals) == 1 and decimals != "0" and may_follow:
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
