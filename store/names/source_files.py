"""Read the files of one series at a source together: which episodes each holds. Pure.

They are read as a library's are. But there is no list to ask, so that a file of which its
neighbours do not tell what it is holds nothing: it is not offered.
"""

from __future__ import annotations

from collections.abc import Sequence

from store.names import database_ids, second_titles
from store.names.folder_parser import parse_folder
from store.names.matching import EXTRA, judge
from store.names.parsed_name import SURE, ParsedName
from store.names.season_folders import renumber_running
from store.names.source_list import Episodes


def read_source(paths: Sequence[str]) -> list[Episodes]:
    """The episodes that each file surely holds.

    A number without a season is of the first season. A file that bears the title of another series
    beside those of this one holds none of its episodes.
    """
    names = parse_folder(paths)
    tops = {path.partition("/")[0] for path in paths}
    second = second_titles.find(names, [*tops, *map(database_ids.strip, tops)])
    if sum(name.kind == "episode" for name in names) == len(second):
        second = {}  # nothing but the folder's own name says otherwise
    episodes = [() if place in second else read_surely(name) for place, name in enumerate(names)]
    return renumber_running(episodes, names)


def read_surely(name: ParsedName) -> Episodes:
    """The episodes of a name, if no other reading comes near."""
    verdict = judge(name, (), "season")
    is_sure = verdict.sure and (name.score >= SURE or not name.rivals)
    return verdict.episodes if is_sure and verdict.episodes != (EXTRA,) else ()
