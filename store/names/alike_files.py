"""The number that counts in files with alike names: the schemes of a group, and their weights.

The numbers of such files stand in columns: "Zone 88 - 05" has 88 in the first and 05 in the second.
A scheme takes one column for the episode's. It is weighed over all files: by the words of the
single names about that number, by whether it changes from file to file and runs without gaps, and
by the frames that the folders give. The distance to the second scheme tells how sure the choice is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from store.names.chosen_numbers import Form
from store.names.codes import Number
from store.names.component import Component
from store.names.lexer import NUMBER, TECHNICAL_TAIL, VERSION, hide_brackets
from store.names.number_runs import read_number, read_run
from store.names.path_context import FolderContext
from store.names.spelling import fold

MAX_COLUMNS = 4  # that may count: further ones are an episode's title's
MAX_RUN = 30  # numbers of a run that are compared with those of other files
IN_LINE = 0.6  # of the files have the same text in front of a column
SAMPLE = 12  # files of a group whose single names are asked
NEVER = -150  # of a number that is surely the title's

# The weights that a scheme gets from all files together.
CHANGES = 60
CHANGES_OFTEN = 20
REPEATS = -50
GAPLESS = 50
DENSE = 20
SCATTERED = -30
LATER_COLUMN = -5
FRAMED_PAIR, RESTARTING_PAIR = 100, 60

LOOSE_SEASON = "season3"  # "3 Staffel", as in "Nacht 03 Staffel-Finale"
PAIR_RULE = "dot"
LONE_RULES = ("number", "compressed")
SEPARATORS_OF_PAIR = (".", "-", "_", "x")


class AlikeFile(NamedTuple):
    """A file among those of its folder that begin alike; `columns` are its numbers' tokens."""

    place: int  # among the paths
    base: str
    context: FolderContext
    component: Component
    columns: Sequence[int]
    is_framed: bool  # the numbers of the title that its folder bears are left out


Key = tuple[int, Number]  # the season in a pair, else 0, and the number


class Scheme(NamedTuple):
    """One column taken for the episode's, with what it makes of each file that has the column."""

    weight: int
    form: Form
    column: int
    keys: dict[int, tuple[Key, ...]]  # by the file's position in the group
    is_constant: bool  # the same in all of several files


def find_columns(component: Component) -> Sequence[int]:
    """The tokens of the numbers that may count: no season, no version, nothing technical."""
    tokens = component.tokens
    numbers = find_numbers(tokens.labels)
    seasons = [
        found for found in component.found if not found.episodes and found.rule != LOOSE_SEASON
    ]
    if not seasons:
        return numbers
    return [
        number
        for number in numbers
        if not any(found.first <= number < found.last for found in seasons)
    ]


@lru_cache(1024)
def find_numbers(labels: str) -> list[int]:
    """The tokens that are numbers, before the technical tail."""
    tail = TECHNICAL_TAIL.search(hide_brackets(labels), 1)
    end = tail.start() if tail else len(labels)
    return [
        token
        for token, label in enumerate(labels[:end])
        if label == NUMBER and labels[token - 1 : token] != VERSION
    ]


def list_schemes(files: Sequence[AlikeFile]) -> list[Scheme]:
    """The schemes that may be right for these files, the likeliest first."""
    in_line = align(files)
    # Similar names share what was found in them.
    founds = {id(file.component.found): file.component.found for file in files}.values()
    has_runs = any(len(one.episodes) > 1 for found in founds for one in found)
    schemes = []
    for column in range(min(MAX_COLUMNS, max(in_line))):
        having = [position for position, depth in enumerate(in_line) if depth > column]
        runs = read_runs(files, having, column) if has_runs else {}
        forms = list_forms(files, runs)
        schemes += [weigh_column(files, having, column, form) for form in forms]
        if column and (pair := weigh_pair(files, having, column)):
            schemes.append(pair)
    return sorted(schemes, key=lambda scheme: -scheme.weight)


def list_forms(files: Sequence[AlikeFile], runs: dict[int, tuple[Number, ...]]) -> list[Form]:
    """Whether the numbers of a column stand alone or begin runs; both where nobody knows.

    A name of which the single reading is the run, as "20-21" among files of one number, leaves no
    doubt.
    """
    long = {position: numbers for position, numbers in runs.items() if len(numbers) > 1}
    if not long:
        return ["number"]
    if 2 * len(long) <= len(files) and all(
        files[position].component.name.episodes == numbers and len(numbers) == 2
        for position, numbers in long.items()
    ):
        return ["run"]
    return ["number", "run"]


def align(files: Sequence[AlikeFile]) -> list[int]:
    """How many columns of each file are in line with those of (nearly) all others.

    A column is in line where the text between it and the column in front is the same.
    """
    depths = [0] * len(files)
    left = list(range(len(files)))
    column = 0
    while column < MAX_COLUMNS:
        gaps: dict[int, str] = {
            position: read_gap(files[position], column)
            for position in left
            if len(files[position].columns) > column
        }
        if not gaps:
            break
        ((text, count),) = Counter(gaps.values()).most_common(1)
        if count < IN_LINE * len(files):
            break
        left = [position for position, gap in gaps.items() if gap == text]
        column += 1
        for position in left:
            depths[position] = column
    return depths


def read_gap(file: AlikeFile, column: int) -> str:
    """The text between a column and the one in front of it."""
    tokens = file.component.tokens
    start = tokens.ends[file.columns[column - 1]] if column else 0
    return tokens.text[start : tokens.starts[file.columns[column]]]


# --- the weight of a scheme ---


def weigh_column(files: Sequence[AlikeFile], having: list[int], column: int, form: Form) -> Scheme:
    """Weigh a column as the number of an episode, or as the first of a run: "01-02"."""
    if form == "run":
        numbers = read_runs(files, having, column)
    else:
        numbers = {position: (read_number_at(files[position], column),) for position in having}
    keys = {position: tuple([(0, number) for number in own]) for position, own in numbers.items()}
    sample = having[:SAMPLE]
    prior = sum(weigh_name(files[position], column, form) for position in sample) // len(sample)
    weight = prior + weigh_keys(list(keys.values()), len(files)) + LATER_COLUMN * column
    begins_alike = form == "run" and len({own[0] for own in numbers.values()}) == 1 < len(files)
    if begins_alike:
        weight += NEVER
    return Scheme(weight, form, column, keys, is_constant(keys))


def read_number_at(file: AlikeFile, column: int) -> Number:
    return read_number(file.component.tokens, file.columns[column], None)[0]


def read_runs(
    files: Sequence[AlikeFile], having: Sequence[int], column: int
) -> dict[int, tuple[Number, ...]]:
    """The run that each file has from this column on, if its number there begins one."""
    return {
        position: read_run(
            files[position].component.tokens, files[position].columns[column], None
        ).numbers[:MAX_RUN]
        for position in having
    }


def weigh_name(file: AlikeFile, column: int, form: Form) -> int:
    """The weight that the single name gives the number in a column."""
    token = file.columns[column]
    scores = [
        found.score - (15 if len(found.episodes) > 1 and form == "number" else 0)
        for found in file.component.found
        if found.first <= token < found.last
        and found.rule != "compressed"
        and found.rule != PAIR_RULE
        and (found.rule not in LONE_RULES or found.first == token or form == "number")
    ]
    return min(max(scores, default=-10), 100)


def weigh_keys(keys: Sequence[tuple[Key, ...]], count: int) -> int:
    """The weight of the numbers of all files: whether they change, and run without gaps.

    `count` is the number of files; two files get half of the weight of more.
    """
    if count < 2:
        return 0
    every = [key for own in keys for key in own]
    different = set(every)
    if len(different) == 1 and len(keys) > 1:
        return NEVER
    changing = len(different) / len(every)
    weight = CHANGES if changing >= 0.8 else CHANGES_OFTEN if changing >= 0.5 else REPEATS
    by_season: dict[int, list[Number]] = {}
    for season, number in different:
        by_season.setdefault(season, []).append(number)
    span = sum(max(numbers) - min(numbers) + 1 for numbers in by_season.values())
    density = len(different) / span
    if len(by_season) > 1 and len(different) < 2 * len(by_season):
        weight += SCATTERED  # hardly an episode of each season
    elif density >= 0.9:
        weight += GAPLESS
    elif density >= 0.5:
        weight += DENSE
    elif density < 0.1:
        weight += SCATTERED
    return weight if count > 2 else weight // 2


def is_constant(keys: dict[int, tuple[Key, ...]]) -> bool:
    return len(keys) > 1 and len(set(keys.values())) == 1


def weigh_pair(files: Sequence[AlikeFile], having: list[int], column: int) -> Scheme | None:
    """Weigh a column as the episode's whose season stands in front: "2.05 Titel".

    The folder frames the season, the numbers begin anew with each, or the single name says it.
    """
    separator = read_gap(files[having[0]], column)
    if separator not in SEPARATORS_OF_PAIR:
        return None
    keys: dict[int, tuple[Key, ...]] = {}
    for position in having:
        words = files[position].component.tokens.words
        season, number = (words[files[position].columns[at]] for at in (column - 1, column))
        if len(number) < 2:
            return None
        keys[position] = ((int(season), int(number)),)
    seasons = {key[0][0] for key in keys.values()}
    is_framed = seasons == {files[0].context.season}
    numbers = {key[0][1] for key in keys.values()}
    is_restarting = (
        separator != " "
        and len(seasons) > 1
        and 1 < len(numbers) < len(set(keys.values()))
        and len(keys) > 2
    )
    weight = max(
        FRAMED_PAIR if is_framed else 0,
        RESTARTING_PAIR if is_restarting else 0,
        min(weigh_own_pair(files[position], column) for position in having[:SAMPLE]),
    )
    if not weight:
        return None
    weight += weigh_keys(list(keys.values()), len(files))
    return Scheme(weight, "pair", column, keys, is_constant(keys))


def weigh_own_pair(file: AlikeFile, column: int) -> int:
    """The score with which a single name is read as a season and, in this column, its episode."""
    token = file.columns[column]
    scores = [
        found.score
        for found in file.component.found
        if found.rule == PAIR_RULE and found.first < token < found.last
    ]
    return max(scores, default=0)


# --- the frames of the folders ---

GROUP_IN_FRONT = re.compile(r"(?:[\[【(][^\]】)]*[\]】)][ _.]*)+")


def count_title_columns(component: Component, columns: Sequence[int], title: str | None) -> int:
    """How many of the first columns belong to the title, as the folder is called: "Digi 02/…"."""
    wanted = fold_numbered(title or "")
    if not wanted:
        return 0
    tokens = component.tokens
    group = GROUP_IN_FRONT.match(tokens.text)
    start = group.end() if group else 0
    for column in range(min(MAX_COLUMNS, len(columns)), 0, -1):
        end = tokens.ends[columns[column - 1]]
        if end > start and wanted == fold(tokens.text[start:end].replace("_", " ")):
            return column
    return 0


@lru_cache(1024)
def fold_numbered(title: str) -> str:
    """A title with a number, in the spelling that is compared; "" for any other title."""
    return fold(title) if any(map(str.isdigit, title)) else ""
