"""What the library knows of the numbers at a source that the source's own files leave open. Pure.

The library breaks a tie and nothing else: where it says nothing, the source's reading stays, and
where it speaks against that without telling the right one, the file is not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from store.names.codes import EpisodeKey
from store.names.folder_parser import MAX_EPISODE
from store.names.parsed_name import SURE, ParsedName
from store.names.running_numbers import SEASON_LENGTHS

TELLING = 3  # clear files of a season, behind which its numbers are no chance


class OpenReading(NamedTuple):
    """A file of a source: how it was read, and what else it may be, as SourceFile has it.

    `fetched` is the episode as which this very file was fetched before.
    """

    key: EpisodeKey
    split: EpisodeKey | None = None
    is_seasonless: bool = False
    fetched: EpisodeKey | None = None


def find_clear(names: Sequence[ParsedName]) -> list[bool]:
    """Which names of the library say season and episode, whatever a source lists.

    The numbers in a later season's folder may count through all seasons, unless they begin with 1.
    """
    first = {name.season for name in names if name.season and 1 in name.episodes} | {1}
    return [
        name.kind == "episode"
        and name.season is not None
        and (name.score >= SURE or not (name.also or name.rivals))
        and (not name.is_season_of_folder or name.season in first)
        for name in names
    ]


def decide_open(
    readings: Sequence[OpenReading], held: Collection[EpisodeKey]
) -> list[EpisodeKey | None]:
    """The episode of each file by the library, whose clear files hold `held`; None: not offered."""
    told = {each.key for each in readings if not (each.split or each.is_seasonless)}
    decided: list[EpisodeKey | None] = [each.key for each in readings]
    for season in sorted({each.split[0] for each in readings if each.split}):
        places = [i for i, each in enumerate(readings) if each.split and each.split[0] == season]
        choice = choose([readings[place] for place in places], held, told)
        for place in places:
            decided[place] = choice and choice(readings[place])
    taken = told | {key for each, key in zip(readings, decided) if key == each.key and key}
    end = find_open_end(held)
    for place, each in enumerate(readings):
        key = decided[place]
        if each.split:
            if key == each.split and key in taken:
                decided[place] = None  # a file of the source says so itself
        elif each.is_seasonless and end is not None and each.key[1] > end and not each.fetched:
            decided[place] = None
    return decided


Choice = Callable[[OpenReading], EpisodeKey | None]


def choose(
    files: Sequence[OpenReading], held: Collection[EpisodeKey], told: Collection[EpisodeKey]
) -> Choice | None:
    """Choose between the readings S01E01 and S01E101 of 101 to 112; None where nobody knows."""
    splits = {file.split for file in files}
    fetched_split = any(file.fetched and file.fetched == file.split for file in files)
    fetched_number = any(file.fetched and file.fetched == file.key for file in files)
    if fetched_split or fetched_number:
        return pick(is_split=fetched_split, is_number=fetched_number)
    first = min(file.key[1] for file in files)
    known = {*held, *told}
    is_number = any(season == 1 and number >= first - 1 for season, number in known)
    begins = any(file.split and file.split[1] == 1 for file in files)  # a slice seldom does at 101
    is_short = not any(MAX_EPISODE < number < first for _, number in held)
    is_split = begins and is_short and len(splits & set(held)) >= TELLING
    if not (held or is_number):
        return pick(is_split=False, is_number=True)
    return pick(is_split=is_split, is_number=is_number)


def pick(*, is_split: bool, is_number: bool) -> Choice | None:
    """The one reading of two for which there is evidence."""
    if is_split == is_number:
        return None
    return (lambda file: file.split) if is_split else (lambda file: file.key)


def find_open_end(held: Iterable[EpisodeKey]) -> float | None:
    """The number behind which one without a season may count on into the second season.

    None where the library has no second season: all numbers are those of the first.
    """
    held = list(held)
    if not any(season > 1 for season, _ in held):
        return None
    return max([SEASON_LENGTHS[0], *[number for season, number in held if season == 1]])
