"""Reads a name that `writer` made by the default templates: then nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from store.names.codes import Number, as_number
from store.names.database_ids import PATTERN as IDS
from store.names.parsed_name import ParsedName
from store.names.title import YEAR_AT_END

# "Nacht - S01E05-E06 - 017-018", and files beside it: "Nacht - S01E05.de.srt", "…-thumb.jpg".
OWN_NAME = re.compile(
    r"(?P<title>.+) - S(?P<season>\d{1,5})E(?P<first>\d{1,7}(?:\.\d+)?)"
    r"(?P<others>(?:-E\d{1,7}|E\d{1,7}(?:\.\d+)?)*)"
    r"(?: - (?P<low>\d{3,7})(?:-(?P<high>\d{3,7}))?)?"
    r"(?:-thumb|(?:\.[A-Za-z]{2,8}){1,2})?",
    re.ASCII,
)
OTHER_EPISODE = re.compile(r"(?P<dash>-?)E(?P<number>[\d.]+)")
MAX_RANGE = 10**4  # a longer range is cut


def read_own_name(folders: Sequence[str], base: str) -> ParsedName | None:
    """Read a name of our own; None for any other.

    Such a name lies in a season's folder, and the series' folder begins with the same title.
    """
    if len(folders) < 2 or " - S" not in base:
        return None
    match = OWN_NAME.fullmatch(base)
    title = find_own_title(match["title"], folders[-2]) if match else None
    if not match or not title:
        return None
    season = int(match["season"])
    return ParsedName(
        title=title,
        year=find_year(folders[-2]),
        season=season,
        episodes=tuple(read_own_numbers(match["first"], match["others"])),
        absolute=read_own_running_numbers(match["low"], match["high"]),
        kind="episode" if season else "special",
        score=100,
        why=("the code at the end, behind the folder's title",),
    )


def find_own_title(title: str, series_folder: str) -> str | None:
    """The title, if the series' folder begins with it.

    Where the file's title was cut shorter than the folder's, the folder's name is the title.
    """
    if series_folder.startswith(title):
        return title
    is_cut = title[-7:-6] == "~"  # a hash of six digits follows, see `spelling.safe`
    return series_folder if is_cut and series_folder.startswith(title[:-7]) else None


@lru_cache(1024)
def find_year(series_folder: str) -> int | None:
    """The year at the end of a folder's name, before the ids."""
    match = YEAR_AT_END.search(IDS.sub("", series_folder))
    return int(match[1] or match[2]) if match else None


def read_own_numbers(first: str, others: str) -> list[Number]:
    """[1, 2, 3] of "01" and "-E03", [1, 3] of "01" and "E03"."""
    numbers = [as_number(first)]
    for other in OTHER_EPISODE.finditer(others):
        if other["dash"]:
            end = min(int(other["number"]), MAX_RANGE)
            numbers += range(int(numbers[-1]) + 1, end + 1)
        else:
            numbers.append(as_number(other["number"]))
    return numbers


def read_own_running_numbers(low: str | None, high: str | None) -> tuple[Number, ...]:
    """(17, 18) of "017" and "018"."""
    if not low:
        return ()
    return tuple(range(int(low), min(int(high or low), int(low) + MAX_RANGE) + 1))
