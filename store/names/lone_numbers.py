"""Weighs the numbers that stand alone, without a word or a code: which is the episode's?

"Zone 88 04 (1080p)" has two. A number gains or loses score by its form and by the text beside it.
docs/names.md explains the weights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from store.names.chosen_numbers import Chosen, read_chosen
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
    WORD,
    YEAR,
    Tokens,
)
from store.names.number_runs import (
    BOUNDARY,
    Run,
    read_dotted_pair,
    read_run,
)
from store.names.second_readings import list_pairs, list_ranges

START = "^"  # stands for the label in front of the first token
# The gain of a number by the label in front of it; 10 by any other label.
WEIGHTS_IN_FRONT = {WIDE_DASH: 40, START: 25, DASH: 12, OPEN: 0, PLUS: 0}
GLUED_SCORE = 15
PICTURE_LINES = ("480", "576", "720", "1080", "2160")
MAX_DIGITS = 4


def weigh_lone_numbers(
    tokens: Tokens,
    outside: str,
    start: int,
    *,
    explained: Sequence[Candidate],
    season: int | None,
    chosen: Chosen | None,
) -> list[Candidate]:
    """The numbers that no word explains, weighed; 102 also as season 1, episode 2.

    `outside` are the labels with brackets hidden, `start` is the token where the title begins,
    `explained` are the candidates of the grammar. `season` is the season that the folders say,
    `chosen` the number that is the episode's according to the neighbours.
    """
    taken = {token for found in explained for token in range(found.first, found.last)}
    behind_season = {
        found.last + gap for found in explained if found.season is not None for gap in (0, 1, 2)
    }
    candidates: list[Candidate] = []
    if chosen and chosen.token not in taken:
        counting = read_chosen(tokens, chosen)
        candidates.append(counting)
        taken.update(range(counting.first, counting.last))
        if chosen.form == "number" and (split := split_compressed(tokens, counting)):
            gain = weigh_split(tokens, outside, split, season)
            candidates.append(split._replace(score=counting.score + gain))
    for number, label in enumerate(tokens.labels):
        if label not in (NUMBER, YEAR) or number in taken:
            continue
        candidate = (
            read_lone_pair(tokens, number, start, season)
            or weigh_lone_number(tokens, number, outside, start)
            or read_glued_number(tokens, number, season)
        )
        if not candidate:
            continue
        taken.update(range(number, candidate.last))
        is_behind_season = number in behind_season and label == NUMBER
        score = candidate.score + 35 * is_behind_season
        loss = weigh_as_title(tokens, candidate, candidates, season)
        if loss is None:
            continue
        score -= loss
        candidates.append(candidate._replace(score=score))
        if candidate.rule == "number" and (split := split_compressed(tokens, candidate)):
            score += weigh_split(tokens, outside, split, season)
            candidates.append(split._replace(score=score))
    candidates += list_ranges(tokens, candidates)
    return candidates + list_pairs(tokens, outside, candidates, season)


def weigh_split(tokens: Tokens, outside: str, split: Candidate, season: int | None) -> int:
    """The weight of 102 as season 1, episode 2; `season` is that of the folders."""
    if split.season == season and 0 not in split.episodes:
        return 60
    return 15 if season is None and is_scene(tokens, outside, split.first, split.last) else -5


def weigh_lone_number(tokens: Tokens, number: int, outside: str, start: int) -> Candidate | None:
    """Weigh the number at token `number`; None where it is part of a word or of a title."""
    labels = tokens.labels
    left = labels[number - 1] if number > start else START
    run = read_run(tokens, number, None)
    right = labels[run.last : run.last + 1]
    if left in GLUE or right in GLUE or len(tokens.words[number]) > MAX_DIGITS:
        return None
    bracket = labels.rfind(OPEN, 0, number) if outside[number] == HIDDEN else -1
    score = WEIGHTS_IN_FRONT.get(left, 10) + weigh_form(tokens, number, run)
    if right in ("", WIDE_DASH) or BOUNDARY.match(labels, run.last):
        score += 20
    if DASH in (left, right) and len(run.numbers) == len(tokens.words[number]) == 1:
        score -= 15
    if number < start:
        score -= 40
    technical_tail = TECHNICAL_TAIL.search(outside, start)
    if technical_tail and technical_tail.start() < number and len(run.numbers) == 1:
        is_last = run.last == len(labels) and len(tokens.words[number]) == 2  # "Nacht 1080p 05"
        score -= 25 if is_last else 50
    if bracket >= 0:
        score += weigh_bracket(tokens, bracket, number, run)
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


TITLE_BEHIND = re.compile(r"[ .][wlNPs]")


def weigh_as_title(
    tokens: Tokens, candidate: Candidate, before: Sequence[Candidate], season: int | None
) -> int | None:
    """The loss of a number that may be an episode's title's; None where it surely is."""
    if candidate.rule != "number":
        return 0
    if begins_title(tokens, candidate):
        is_first = season is None and candidate.first == 2  # "86 - 10 Titel", of a series called 86
        return 25 if is_first else None
    return 20 if is_of_title(tokens, candidate, before) else 0


def begins_title(tokens: Tokens, candidate: Candidate) -> bool:
    """Whether words follow a number that stands behind the episode's: "3 - 100 Tage".

    But in "24 - 05 Titel" the zero tells that 05 counts.
    """
    labels, words = tokens.labels, tokens.words
    number = candidate.first
    if labels[max(0, number - 2) : number] != "n-" or labels[max(0, number - 3)] not in "-n":
        return False
    in_title = words[number][0] != "0" or words[number - 2][0] == "0"
    return in_title and bool(TITLE_BEHIND.match(labels, candidate.last))


def is_of_title(tokens: Tokens, candidate: Candidate, before: Sequence[Candidate]) -> bool:
    """Whether one digit is the title's, behind words that follow a longer number: "27 Titel 2"."""
    if len(tokens.words[candidate.first]) > 1:
        return False
    long = next(
        (found for found in before if found.first and len(tokens.words[found.first]) > 1), None
    )
    if not long:
        return False
    between = tokens.labels[long.last : candidate.first]
    return WORD in between and CLOSE not in between


def read_glued_number(tokens: Tokens, number: int, season: int | None) -> Candidate | None:
    """Read the number at the end of a word: Nacht01, and in the folder of season 2 xyz207."""
    labels, digits = tokens.labels, tokens.words[number]
    if labels[max(0, number - 1) : number] != WORD or not BOUNDARY.match(labels, number + 1):
        return None
    value = int(digits)
    candidate = Candidate(
        score=GLUED_SCORE,
        first=number,
        last=number + 1,
        season=None,
        episodes=(value,),
        rule="number",
    )
    if len(digits) > 2 and value // 100 == season and number + 1 == len(labels):
        episodes = (value % 100,)
        return candidate._replace(
            score=70, first=0, season=season, episodes=episodes, rule="compressed"
        )
    is_long_word = len(tokens.words[number - 1]) > 3
    return candidate if len(digits) == 2 and is_long_word else None


def weigh_form(tokens: Tokens, number: int, run: Run) -> int:
    """The gain of a number by its form: "05", "05v2", "05-06", "05 END"."""
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


def weigh_bracket(tokens: Tokens, bracket: int, number: int, run: Run) -> int:
    """The gain by the bracket that opens at token `bracket` and by the text in it."""
    labels, words = tokens.labels, tokens.words
    inside = labels[bracket : labels.find(CLOSE, number)]
    is_square = tokens.text[tokens.starts[bracket]] in "[【"
    in_front = labels[bracket + 1 : number]
    is_first = not in_front or (in_front == "u " and words[number - 2] in ("tv", "тв"))
    score = 0
    if GLUE_BUT_ENDINGS.isdisjoint(inside):
        if is_square:
            score += 20
        is_beside = labels[max(0, bracket - 2)] == NUMBER
        if is_beside and not (is_square and len(words[bracket - 2]) == 1):
            score -= 40  # "10 (1)": a copy, or a running number; but "Nacht 2 [04]"
    elif is_first and len(words[number]) > 1 and (is_square or len(run.numbers) > 1):
        score += 15  # "[05 1080p]", "[05_Titel]", "(01-12+Filme)"
    else:
        score -= 35
        if TECHNICAL in inside:
            score -= 25
    if labels[number] == YEAR:
        score -= 80
    return score


def read_lone_pair(tokens: Tokens, number: int, start: int, season: int | None) -> Candidate | None:
    """Read two numbers that are season and episode: "- 6.01 -", "4-13 Titel", "Nacht.02.09".

    `start` is the token where the title begins, `season` the season that the folders say.
    """
    labels, words = tokens.labels, tokens.words
    left = labels[number - 1] if number > start else START
    score = 0
    if left in (OPEN, START, WIDE_DASH) and (pair := read_dotted_pair(tokens, number)):
        own_season, episode, last = pair
        if labels[last : last + 1] in ("", WIDE_DASH, CLOSE, DOT_AND_SPACE):
            score = 80
        elif left == START and labels[last] == " " and (own_season == season or episode < 50):
            score = 90 if own_season == season else 60  # "2.05 Titel"
    elif labels[number + 2 : number + 3] == NUMBER and len(words[number + 2]) == 2:
        own_season, episode = int(words[number]), int(words[number + 2])
        last = number + 3
        gap = labels[number + 1]
        if left == START and gap == DASH and len(words[number]) == 1:
            score = 80
        elif gap in " ." and left not in GLUE and is_padded_pair(tokens, number):
            score = 45
    if not score:
        return None
    return Candidate(
        score=score,
        first=number,
        last=last,
        season=own_season,
        episodes=(episode,),
        rule="dot",
    )


def is_padded_pair(tokens: Tokens, number: int) -> bool:
    """Whether "02.09" may be season and episode: neither 01 02 nor a part of more."""
    first, second = tokens.words[number], tokens.words[number + 2]
    return (
        len(first) == 2
        and first[0] == "0"
        and int(second) != int(first) + 1
        and not CONTINUATION.match(tokens.labels, number + 3)
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
