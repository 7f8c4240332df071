"""Weigh the numbers that stand alone, without a word or a code: which is the episode's?

"Zone 88 04 (1080p)" has two. What stands beside a number and how it is written adds to its score or
takes away from it. docs/names.md explains the weights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from store.names.codes import Number
from store.names.grammar import Candidate
from store.names.lexer import (
    CLOSE,
    DASH,
    DOT_AND_SPACE,
    END,
    GLUE,
    GLUE_BUT_ENDINGS,
    HIDDEN,
    NUMBER,
    OPEN,
    PLUS,
    TECHNICAL,
    TECHNICAL_TAIL,
    WIDE_DASH,
    YEAR,
    Tokens,
)
from store.names.number_runs import BOUNDARY, Run, read_dotted_pair, read_run

START = "^"  # stands for the label in front of the first token
# What a number gains by the label in front of it; by any other 10.
WEIGHTS_IN_FRONT = {WIDE_DASH: 40, START: 25, DASH: 12, OPEN: 0, PLUS: 0}
PICTURE_LINES = ("480", "576", "720", "1080", "2160")
MAX_DIGITS = 4


def weigh_lone_numbers(
    tokens: Tokens,
    outside: str,
    start: int,
    *,
    explained: Sequence[Candidate],
    season: int | None,
    chosen: int | None,
) -> list[Candidate]:
    """The numbers that no word explains, weighed; 102 also as season 1, episode 2.

    `outside` are the labels with brackets hidden, `start` is the token where the title begins,
    `explained` are the candidates of the grammar. `season` is the season that the folders say,
    `chosen` the token that is the episode's number according to the neighbours.
    """
    taken = {token for found in explained for token in range(found.first, found.last)}
    behind_season = {
        found.last + gap for found in explained if found.season is not None for gap in (0, 1, 2)
    }
    candidates: list[Candidate] = []
    for number, label in enumerate(tokens.labels):
        if label not in (NUMBER, YEAR) or number in taken:
            continue
        candidate = weigh_lone_number(tokens, number, outside, start)
        if not candidate:
            continue
        taken.update(range(number, candidate.last))
        score = candidate.score
        if number in behind_season:
            score += 35
        if number == chosen:
            score += 100
        candidate = candidate._replace(score=score)
        candidates.append(candidate)
        if candidate.rule == "number" and (split := split_compressed(tokens, candidate)):
            if split.season == season:
                score += 60
            elif season is None and is_scene(tokens, outside, number, candidate.last):
                score += 15
            else:
                score -= 5
            candidates.append(split._replace(score=score))
    return candidates


def weigh_lone_number(tokens: Tokens, number: int, outside: str, start: int) -> Candidate | None:
    """Weigh the number at token `number`; None where it is part of a word."""
    labels = tokens.labels
    left = labels[number - 1] if number > start else START
    run = read_run(tokens, number, None)
    right = labels[run.last : run.last + 1]
    if left in GLUE or right in GLUE or len(tokens.words[number]) > MAX_DIGITS:
        return None
    if pair := read_lone_pair(tokens, number, left):
        return pair
    bracket = labels.rfind(OPEN, 0, number) if outside[number] == HIDDEN else -1
    score = WEIGHTS_IN_FRONT.get(left, 10) + weigh_form(tokens, number, run)
    if right in ("", WIDE_DASH) or BOUNDARY.match(labels, run.last):
        score += 20
    if DASH in (left, right) and len(run.numbers) == len(tokens.words[number]) == 1:
        score -= 15
    if number < start:
        score -= 40
    technical_tail = TECHNICAL_TAIL.search(outside, start)
    if technical_tail and technical_tail.start() < number:
        score -= 50
    if bracket >= 0:
        score += weigh_bracket(tokens, bracket, number)
    elif labels[number] == YEAR:
        score -= 35
    return Candidate(
        score=score,
        first=number,
        last=run.last,
        season=None,
        episodes=run.numbers,
        rule="number",
        version=run.version,
    )


def weigh_form(tokens: Tokens, number: int, run: Run) -> int:
    """What a number gains by how it is written: "05", "05v2", "05-06", "05 END"."""
    digits = tokens.words[number]
    score = 0
    if len(digits) > 1:
        score += 10 if digits[0] == "0" else 5
    if run.version is not None:
        score += 25
    if len(run.numbers) > 1:
        score += 15
    if tokens.labels[run.last - 1] == END:
        score += 20
    if digits in PICTURE_LINES:
        score -= 30
    return score


def weigh_bracket(tokens: Tokens, bracket: int, number: int) -> int:
    """What a number gains by the bracket that opens at token `bracket` and by what is in it."""
    labels = tokens.labels
    inside = labels[bracket : labels.find(CLOSE, number)]
    score = 0
    if GLUE_BUT_ENDINGS.isdisjoint(inside):
        if tokens.text[tokens.starts[bracket]] in "[【":
            score += 20
        if labels[max(0, bracket - 2)] == NUMBER:  # "10 (1)": a copy, or a running number
            score -= 40
    else:
        score -= 35
        if TECHNICAL in inside:
            score -= 25
    if labels[number] == YEAR:
        score -= 80
    return score


def read_lone_pair(tokens: Tokens, number: int, left: str) -> Candidate | None:
    """Read two numbers that are season and episode: "- 6.01 -", "4-13 Titel", "Nacht.02.09".

    `left` is the label in front.
    """
    labels, words = tokens.labels, tokens.words
    if left in (OPEN, START, WIDE_DASH) and (pair := read_dotted_pair(tokens, number)):
        season, episode, last = pair
        if labels[last : last + 1] in ("", WIDE_DASH, CLOSE, DOT_AND_SPACE):
            return Candidate(
                score=80,
                first=number,
                last=last,
                season=season,
                episodes=(episode,),
                rule="dot",
            )
    if labels[number + 2 : number + 3] != NUMBER or len(words[number + 2]) != 2:
        return None
    season, episode = int(words[number]), int(words[number + 2])
    gap = labels[number + 1]
    if left == START and gap == DASH and len(words[number]) == 1:
        score = 80
    elif (
        gap in " ."
        and len(words[number]) == 2
        and words[number][0] == "0"
        and episode != season + 1
        and not CONTINUATION.match(labels, number + 3)
    ):
        score = 45
    else:
        return None
    return Candidate(
        score=score,
        first=number,
        last=number + 3,
        season=season,
        episodes=(episode,),
        rule="dot",
    )


CONTINUATION = re.compile("[ .]?[nwe]")


def is_scene(tokens: Tokens, outside: str, number: int, last: int) -> bool:
    """Whether 102 stands where old scene releases wrote it: among dots.

    Four digits are believed only before technical words.
    """
    if not tokens.dotted or tokens.labels[0] == OPEN:
        return False
    if tokens.labels[number] != NUMBER or not number or tokens.labels[number - 1] not in ". ":
        return False
    digits = tokens.words[number]
    return len(digits) == 3 or digits[0] == "0" or bool(TECHNICAL_TAIL.match(outside, last + 1))


def split_compressed(tokens: Tokens, candidate: Candidate) -> Candidate | None:
    """Read 102 as season 1, episode 2, and 2401 as 24x01; None where that cannot be."""
    seasons = {int(number // 100) for number in candidate.episodes}
    if len(tokens.words[candidate.first]) > MAX_DIGITS or len(seasons) != 1:
        return None
    season = seasons.pop()
    if season == 0 or any(number % 1 for number in candidate.episodes):
        return None
    episodes = tuple([number % 100 for number in candidate.episodes])
    return candidate._replace(season=season, episodes=episodes, rule="compressed")


# --- a second number that counts through all seasons ---

UNBOUND = re.compile(r"$|[m\-(]| \(")
BEHIND = re.compile(r"[ .\-]{0,2}(?P<bracket>\()?[ ]?(?P<number>n)")
IN_FRONT = re.compile(
    r"(?P<left>^|.)(?P<number>n)(?:\.n)?(?:[m~]n)?(?P<gap>[ .\-]{1,2}\(?)$",
)


def find_running_number(tokens: Tokens, best: Candidate) -> tuple[tuple[Number, ...], int]:
    """Find a second number beside the episode's, which counts through all seasons.

    "12 (S01E12)", "S16E03-04 313-314", "52 (227)": docs/names.md, family 7. Returns the running
    numbers, or (), and the first token of both.
    """
    if numbers := read_running_number_behind(tokens, best):
        return numbers, best.first
    in_front = IN_FRONT.search(tokens.labels, 0, best.first)
    if best.season is None or not in_front:
        return (), best.first
    number = in_front.start("number")
    numbers = read_run(tokens, number, None).numbers
    if len(numbers) != len(best.episodes):
        return (), best.first
    has_dashes = in_front["left"] == in_front["gap"] == WIDE_DASH
    is_long = len(tokens.words[number]) == 3 and (has_dashes or tokens.labels[0] == OPEN)
    if in_front["gap"][-1] == OPEN or len(numbers) > 1 or is_long:
        return numbers, number
    return (), best.first


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
