"""Read the files of one series at a source together: which episodes each holds. Pure.

They are read as a library's are. But there is no list to ask, so that a file of which its
neighbours do not tell what it is holds nothing: it is not offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from store.names import database_ids, second_titles
from store.names.codes import EpisodeKey
from store.names.folder_parser import MAX_EPISODE, find_split, parse_folder
from store.names.matching import EXTRA, judge
from store.names.parsed_name import SURE, ParsedName
from store.names.season_folders import renumber_running
from store.names.source_list import Episodes

LAST_SPLIT_SEASON = 9  # 101 may be S01E01; 1001 is read as a number


class SourceFile(NamedTuple):
    """The episodes of a file, and what else the library may know of it (`library_witness`)."""

    episodes: Episodes
    split: EpisodeKey | None = None  # S01E01 of "101", where no neighbour tells
    is_seasonless: bool = False  # no name of the source tells a season: the first is taken


def read_source(paths: Sequence[str]) -> list[Episodes]:
    """The episodes that each file surely holds.

    A number without a season is of the first season. A file that bears the title of another series
    beside those of this one holds none of its episodes.
    """
    return [file.episodes for file in read_files(paths)]


def read_files(paths: Sequence[str]) -> list[SourceFile]:
    """Read the files as `read_source` does, with the facts that the library may know better."""
    names = parse_folder(paths)
    tops = {path.partition("/")[0] for path in paths}
    second = second_titles.find(names, [*tops, *map(database_ids.strip, tops)])
    if sum(name.kind == "episode" for name in names) == len(second):
        second = {}  # nothing but the folder's own name says otherwise
    episodes = [() if place in second else read_surely(name) for place, name in enumerate(names)]
    splits = [find_open_split(name) for name in names]
    if any(split and split[1] > MAX_EPISODE for split in splits):
        splits = [None] * len(names)  # 101 to 199 are no season's
    has_seasons = any(name.season and name.season > 1 for name in names)
    return [
        SourceFile(
            keys,
            split if keys else None,
            not has_seasons and name.kind == "episode" and name.season is None,
        )
        for keys, split, name in zip(renumber_running(episodes, names), splits, names)
    ]


def find_open_split(name: ParsedName) -> EpisodeKey | None:
    """Season and episode of "101", where its neighbours do not tell whether it is S01E01."""
    if name.kind != "episode" or name.season is not None or name.score >= SURE:
        return None
    split = find_split(name)
    return split if split and 0 < split[0] <= LAST_SPLIT_SEASON else None


def read_surely(name: ParsedName) -> Episodes:
    """The episodes of a name, if no other reading comes near."""
    verdict = judge(name, (), "season")
    is_sure = verdict.sure and (name.score >= SURE or not name.rivals)
    return verdict.episodes if is_sure and verdict.episodes != (EXTRA,) else ()
