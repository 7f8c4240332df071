"""Read the names of one folder's files together. Pure: no disk, no network.

Together they tell which of several numbers counts, and whether 101 is season 1, episode 1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from store.names.codes import Number
from store.names.lexer import NUMBER, TECHNICAL_TAIL, hide_brackets
from store.names.own_names import read_own_name
from store.names.parsed_name import SURE, ParsedName, Reading
from store.names.parser import (
    FolderContext,
    complete_from_folders,
    read_extra,
    read_folders,
    split_path,
)
from store.names.similar_names import Key, Model, read_similar

MAX_EPISODE = 40  # of a season, where 101 is season 1, episode 1


class UnsureFile(NamedTuple):
    """A file whose name alone is not enough."""

    place: int  # among the paths
    base: str
    context: FolderContext
    columns: list[int]  # the tokens that are numbers
    numbers: list[str]  # and what they say


def parse_folder(paths: Sequence[str]) -> list[ParsedName]:
    """Read paths that belong together; the names are in the order of the paths.

    A number that is the same in all files of a folder is the title's: so the episode of
    "Level 1 05" is known, which one name cannot tell.
    """
    names: list[ParsedName] = []
    alike: defaultdict[tuple[str, ...], list[UnsureFile]] = defaultdict(list)
    models: dict[Key, Model] = {}
    videos = Counter(path.rpartition("/")[0] for path in paths)
    for place, path in enumerate(paths):
        folders, base = split_path(path)
        known = read_extra(folders, base) or read_own_name(folders, base)
        if known:
            names.append(known)
            continue
        context = read_folders(folders)
        component = read_similar(models, base, context.season)
        is_alone = videos[path.rpartition("/")[0]] == 1
        name = complete_from_folders(component, context, is_alone=is_alone)
        names.append(name)
        tokens = component.tokens
        columns = find_numbers(tokens.labels) if name.score < SURE else []
        if columns:
            beginning = tokens.text[: tokens.starts[columns[0]]]
            numbers = [tokens.words[column] for column in columns]
            file = UnsureFile(
                place=place, base=base, context=context, columns=columns, numbers=numbers
            )
            alike[*folders, beginning].append(file)
    for files in alike.values():
        column = find_counting_column([file.numbers for file in files])
        if column is not None:
            for file in files:
                names[file.place] = read_by_column(models, file, column)
            agree_seasons(names, [file.place for file in files])
    return names


@lru_cache(1024)
def find_numbers(labels: str) -> list[int]:
    """The tokens that are numbers, before the technical tail."""
    tail = TECHNICAL_TAIL.search(hide_brackets(labels), 1)
    end = tail.start() if tail else len(labels)
    return [token for token, label in enumerate(labels[:end]) if label == NUMBER]


def find_counting_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The first column of numbers in which (nearly) every file has its own."""
    for column in range(min(map(len, rows))):
        different = len({row[column] for row in rows})
        if different >= max(3, len(rows) * 0.8):
            return column
    return None


def read_by_column(models: dict[Key, Model], file: UnsureFile, column: int) -> ParsedName:
    """Read a file again, of which the neighbours tell which number counts."""
    component = read_similar(models, file.base, file.context.season, file.columns[column])
    name = complete_from_folders(component, file.context, is_alone=False)
    return name._replace(
        score=max(name.score, SURE), why=(*name.why, "it differs from file to file")
    )


def agree_seasons(names: list[ParsedName], files: Sequence[int]) -> None:
    """Decide of 101 among its neighbours, whose places in `names` are `files`.

    101-113 with 201-210 are two seasons, 98-104 count through, 101-113 alone stay unsure.
    """
    numbers = {file: find_number_without_season(names[file]) for file in files}
    splits: dict[int, tuple[int, Number]] = {}
    for file, number in numbers.items():
        season, episode = int(number // 100), number % 100
        if (season, (episode,)) in list_readings(names[file]):
            splits[file] = season, episode
    if not splits:
        return
    if len(splits) < len(files):
        for file, number in numbers.items():
            also: tuple[Reading, ...] = ()
            if file in splits:
                season, episode = splits[file]
                also = ((season, (episode,)),)
            names[file] = names[file]._replace(season=None, episodes=(number,), also=also)
    elif are_several_seasons(splits.values()):
        for file, (season, episode) in splits.items():
            names[file] = names[file]._replace(
                season=season, episodes=(episode,), also=((None, (numbers[file],)),)
            )
    else:
        for file in files:
            names[file] = names[file]._replace(score=min(names[file].score, SURE - 5))


def list_readings(name: ParsedName) -> list[Reading]:
    """What a name may be, the likeliest first."""
    return [(name.season, name.episodes), *name.also]


def find_number_without_season(name: ParsedName) -> Number:
    """The one number of a reading that has no season, or 0."""
    for season, numbers in list_readings(name):
        if season is None and len(numbers) == 1:
            return numbers[0]
    return 0


def are_several_seasons(splits: Iterable[tuple[int, Number]]) -> bool:
    """Whether 101 and 201 are of two seasons: no episode's number is higher than a season has."""
    splits = list(splits)
    seasons = {season for season, _ in splits}
    return len(seasons) > 1 and all(episode <= MAX_EPISODE for _, episode in splits)
