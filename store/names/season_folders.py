"""Read the numbers in season folders together: "Season 2/13" may be S02E13, or the 13th of all.

One file cannot tell. The files of one season's folder are counted in one way, so the reading that
all of them allow is right; where none or both are allowed, they are ambiguous. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from store.names.codes import EpisodeKey, Number, code
from store.names.matching import (
    EXTRA,
    Verdict,
    as_counted,
    decide,
    in_season,
    judge,
    leave_open,
    refuse,
)
from store.names.parsed_name import ParsedName
from store.names.source_list import TELLING_SEASON, Episodes, SourceList, as_list

SHORTEST_SEASON = 3  # episodes, behind which numbers that go on are no chance
Style = tuple[str | None, str | None]  # title and group: files of one kind are counted in one way


def judge_together(
    paths: Sequence[str],
    names: Sequence[ParsedName],
    known: Collection[EpisodeKey],
    numbering: str | None = None,
    offset: int = 0,
) -> list[Verdict]:
    """Decide which episodes the files of one series hold, in their order.

    `names` are those of `paths` as `parse_folder` reads them; all else is as for `judge`.
    """
    listed = as_list(known)
    verdicts = [judge(name, listed, numbering, offset) for name in names]
    if numbering is not None or not listed.seasons:
        return verdicts
    folders: defaultdict[tuple[str, int, Style], list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if _counts_in_folder(name) and name.season:
            style = (name.title, name.group)
            folders[paths[place].rpartition("/")[0], name.season, style].append(place)
    for (_, season, _), places in folders.items():
        numbers = {
            place: tuple([number + offset for number in names[place].episodes]) for place in places
        }
        for place, verdict in _judge_season(names, numbers, season, listed).items():
            verdicts[place] = verdict
    _doubt_lone_running_numbers(paths, names, verdicts, listed)
    return verdicts


def _doubt_lone_running_numbers(
    paths: Sequence[str],
    names: Sequence[ParsedName],
    verdicts: list[Verdict],
    listed: SourceList,
) -> None:
    """Ask about 101 beside 201 and 301 that cannot be running numbers: it may be S01E01 as well.

    Only where each file of its kind has such a reading that the source lists: beside 99 and 100 the
    number 101 runs.
    """
    kinds: defaultdict[tuple[str, Style], list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        if name.kind == "episode" and name.season is None and name.episodes:
            kinds[paths[place].rpartition("/")[0], (name.title, name.group)].append(place)
    for places in kinds.values():
        splits = {place: _listed_split(names[place], listed) for place in places}
        runs = {place: listed.count_through(names[place].episodes) for place in places}
        if all(splits.values()) and not all(runs.values()):
            for place in places:
                if verdicts[place].sure and verdicts[place].is_counted:
                    verdicts[place] = leave_open(names[place], [runs[place], splits[place]])


def _listed_split(name: ParsedName, listed: SourceList) -> Episodes:
    """Season 1, episode 1 for 101, if the list may have it; else ()."""
    for season, own in name.also:
        if season and listed.may_have(in_season(season, own)):
            return in_season(season, own)
    return ()


def _counts_in_folder(name: ParsedName) -> bool:
    """Whether the folder alone tells the season of a regular episode."""
    return (
        name.is_season_of_folder
        and name.kind == "episode"
        and not name.rivals
        and not any(number % 1 for number in name.episodes)
    )


def _judge_season(
    names: Sequence[ParsedName],
    numbers: dict[int, tuple[Number, ...]],
    season: int,
    listed: SourceList,
) -> dict[int, Verdict]:
    """The verdicts of one season folder's files where the source's list knows more than `judge`.

    `numbers` are those of each file, by its place in `names`.
    """
    within: dict[int, Episodes] = {}
    counted: dict[int, Episodes] = {}
    for place, own in numbers.items():
        in_this_season = in_season(season, own)
        if listed.may_have(in_this_season):
            within[place] = in_this_season
        through = listed.count_through(own)
        if through and all(key[0] == season for key in through):
            counted[place] = through
    if len(within) < len(numbers) and listed.begins_unknown(season):
        return _leave_beyond_list(names, numbers, season)
    if not counted or counted == within or len(within) == len(numbers) > len(counted):
        return {}  # the numbers are those of the season
    all_go_on = len(counted) == len(numbers) > len(within) or not within
    has_doubles = len(set(numbers.values())) < len(numbers)
    shortest = TELLING_SEASON if has_doubles else SHORTEST_SEASON
    if all_go_on and listed.count_before(season) >= shortest:
        return {
            place: _decide_counted(names[place], own, counted.get(place), listed.total)
            for place, own in numbers.items()
        }
    return {
        place: leave_open(
            names[place],
            [reading[place] for reading in (within, counted) if place in reading],
        )
        for place in within.keys() | counted.keys()
    }


def _leave_beyond_list(
    names: Sequence[ParsedName], numbers: dict[int, tuple[Number, ...]], season: int
) -> dict[int, Verdict]:
    """Ask about files that reach beyond their season and do not begin with its first episode.

    They may count through seasons that the list tells too little of.
    """
    if min(min(own) for own in numbers.values()) <= 1:
        return {}
    return {
        place: leave_open(names[place], [in_season(season, own), (EXTRA,)])
        for place, own in numbers.items()
    }


def _decide_counted(
    name: ParsedName, numbers: tuple[Number, ...], episodes: Episodes | None, total: int
) -> Verdict:
    if not episodes:
        return refuse(name, "the others in its folder count through all seasons")
    first = code(*episodes[0])
    return as_counted(decide(name, episodes, f"number {numbers[0]} of all {total} is {first}"))


def renumber_running(episodes: Sequence[Episodes], names: Sequence[ParsedName]) -> list[Episodes]:
    """The episodes in a source's files, where its season folders count through all seasons. "Season
    1/01" to "12" with "Season 2/13" to "24" are S01E01 to S02E12: the numbers of a season go on
    where those of the season before end."""
    seasons: defaultdict[int, set[Number]] = defaultdict(set)
    for keys, name in zip(episodes, names):
        if _counts_in_folder(name):
            for season, number in keys:
                seasons[season].add(number)
    before = _count_before(seasons)
    return [
        _renumber(keys, before) if _counts_in_folder(name) else keys
        for keys, name in zip(episodes, names)
    ]


def _renumber(keys: Episodes, before: dict[int, Number | None]) -> Episodes:
    """The episodes without those before their season; () where nobody knows how many these are."""
    if any(before.get(season, 0) is None for season, _ in keys):
        return ()
    return tuple([(season, number - (before.get(season) or 0)) for season, number in keys])


def _count_before(seasons: dict[int, set[Number]]) -> dict[int, Number | None]:
    """season -> the number of episodes before it, of each season whose numbers go on.

    None where a season is so short that the next one may as well lack its first episodes.
    """
    before: dict[int, Number | None] = {}
    for season in sorted(_regular(seasons)):
        previous = seasons.get(season - 1)
        begins_anew = season - 1 not in before and previous and min(previous) != 1
        if previous and not begins_anew and min(seasons[season]) == max(previous) + 1:
            is_telling = len(previous) >= SHORTEST_SEASON
            before[season] = max(previous) if is_telling else None
    return before


def _regular(seasons: Iterable[int]) -> list[int]:
    return [season for season in seasons if season > 1]
