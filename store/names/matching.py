"""Judges which episodes a file holds: by its name, and by the episodes of its series. Pure.

Where the series' list allows two readings of a name, the file is ambiguous: it is shown and asked
about, never counted (docs/names.md, "What a wrong reading costs").
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from store.names.codes import EpisodeKey, Number, code, file_code
from store.names.parsed_name import SURE, ParsedName, Reading
from store.names.source_list import Episodes, SourceList, as_list

COUNTED = "counted through all seasons"
MAX_NUMBER = 10**7  # of an episode
EXTRA: EpisodeKey = (-1, 0)  # where a file stands that is no episode, or nobody knows which


class Verdict(NamedTuple):
    """The episodes of a file, or those it may be where that is not sure.

    `is_counted` tells that its number counts through all seasons, by the list of the source: such a
    number says nothing about one that the list lacks.
    """

    episodes: Episodes
    sure: bool
    why: str  # for people
    is_counted: bool = False


def judge(
    name: ParsedName,
    known: Collection[EpisodeKey] | SourceList,
    numbering: str | None = None,
    offset: int = 0,
) -> Verdict:
    """Decide which episodes a file holds, in a series whose source has the episodes `known`.

    `numbering` is what the owner says of the numbers in names: "absolute" ones count through all
    seasons, "season" ones within theirs; None where the owner says nothing. `offset` is added to
    each number first: with 12, a second cour's 01 is 13.
    """
    numbers = name.episodes or name.absolute
    if name.kind in ("extra", "movie") or not numbers:
        return _judge_extra(name, numbers)
    if name.kind == "special" or any(number % 1 for number in numbers):
        return _judge_special(name, numbers)
    shifted = ""
    if offset:
        numbers = tuple([number + offset for number in numbers])
        shifted = f"{offset:+d} as this series is linked"
    listed = as_list(known)
    if numbering == "season" or (numbering is None and _has_season(name, listed)):
        season = 1 if name.season is None else name.season
        return decide(name, in_season(season, numbers), shifted)
    if numbering == "absolute":
        counted = listed.count_through(numbers)
        if not counted:
            return refuse(name, shifted)
        return as_counted(decide(name, counted, COUNTED, shifted))
    readings = _list_readings(name, numbers, listed)
    fitting = {episodes: why for episodes, why in readings.items() if _fits(episodes, listed)}
    if len(fitting) > 1:
        return leave_open(name, list(fitting))
    splits = [in_season(season, own) for season, own in name.also if season]
    if not fitting and (others := [split for split in splits if _fits(split, listed)]):
        return leave_open(name, [*readings, *others])  # 101, of which the source has S01E01
    if not fitting and (len(listed.seasons) > 1 or name.rivals):
        return refuse(name, shifted)
    episodes, why = next(iter((fitting or readings).items()))
    if episodes == (EXTRA,):
        return leave_open(name, list(readings))  # that it has no episode, only its rival says
    verdict = decide(name, episodes, why, shifted)
    return as_counted(verdict) if why == COUNTED else verdict


def _judge_extra(name: ParsedName, numbers: tuple[Number, ...]) -> Verdict:
    """Judge an extra or a film.

    One with a number that nothing explains may be an episode.
    """
    if name.kind == "movie" and not numbers and name.rivals:
        return leave_open(name, [(EXTRA,), *(in_season(1, own) for _, own in name.rivals if own)])
    kind = "a film" if name.kind == "movie" else "an extra"
    return decide(name, (EXTRA,), f"no episode, but {kind}")


def _judge_special(name: ParsedName, numbers: tuple[Number, ...]) -> Verdict:
    """Judge a special.

    One with the code of a regular episode may be that episode: "S01E05 OVA".
    """
    special = in_season(0, numbers)
    regular = [in_season(season, own) for season, own in name.rivals if season and own == numbers]
    if any(map(_can_be, regular)):
        return leave_open(name, [special, *regular])
    number = numbers[0]
    is_decimal = len(numbers) == 1 and number % 1
    return decide(name, special, f"{number} is a special" if is_decimal else "a special")


def _has_season(name: ParsedName, listed: SourceList) -> bool:
    """Whether a name tells its season without doubt, whatever the source has.

    "Season 2/203" is S02E03, unless the season has an episode 203 as well.
    """
    if name.season is None or (name.rivals and name.score < SURE):
        return False
    for season, own in _splits(name):
        if season is None and own and listed.may_have(_plain(name.season, own, listed)):
            return False
    return True


def _splits(name: ParsedName) -> list[Reading]:
    """The readings of 203 in "Season 2/203" beside S02E03."""
    if not name.also or name.season is None or name.is_season_of_folder:
        return []
    running = tuple([100 * name.season + number for number in name.episodes])
    return [other for other in name.also if other == (None, running)]


def _plain(season: int, numbers: tuple[Number, ...], listed: SourceList) -> Episodes:
    """The episodes of 203 in a season's folder, which may be that season's or the 203rd of all."""
    counted = listed.count_through(numbers)
    return counted if {key[0] for key in counted} == {season} else in_season(season, numbers)


def _list_readings(
    name: ParsedName, numbers: tuple[Number, ...], listed: SourceList
) -> dict[Episodes, str]:
    """The readings of numbers, the likeliest first, each with its reason."""
    season = listed.seasons[0] if len(listed.seasons) == 1 else 1
    readings: dict[Episodes, str] = {}
    if name.season is None:
        readings[in_season(season, numbers)] = f"season {season}, for the name says none"
        if counted := listed.count_through(numbers):
            readings.setdefault(counted, COUNTED)
        if name.sequel in listed.seasons:
            episodes = in_season(name.sequel or 0, numbers)
            readings.setdefault(episodes, f"season {name.sequel}, with which the title ends")
    else:
        season = name.season
        readings[in_season(season, numbers)] = ""
        for _, own in _splits(name):
            readings.setdefault(_plain(season, own, listed), f"read as season {season}")
    if name.score < SURE:
        split = [other for other in name.also if other[0]]
        for other_season, others in (*split, *name.rivals):
            own_season = season if other_season is None else other_season
            episodes = in_season(own_season, others) or (EXTRA,)
            readings.setdefault(episodes, f"read as season {own_season}")
            if others and other_season is None and (counted := listed.count_through(others)):
                readings.setdefault(counted, COUNTED)
    return readings


def _fits(episodes: Episodes, listed: SourceList) -> bool:
    """Whether the source has these episodes, or may have them where it lists none."""
    if episodes == (EXTRA,):
        return True
    if listed.seasons:
        return listed.may_have(episodes)
    return _can_be(episodes)


def _can_be(episodes: Episodes) -> bool:
    """Whether there can be such episodes; those of half a number are specials."""
    if episodes == (EXTRA,):
        return True
    for season, number in episodes:
        if season < 0 or not 0 <= number < MAX_NUMBER or (number % 1 and season):
            return False
    return True


def in_season(season: int, numbers: tuple[Number, ...]) -> Episodes:
    """The episodes of one season."""
    return tuple([(season, number) for number in numbers])


def decide(name: ParsedName, episodes: Episodes, *why: str) -> Verdict:
    """The verdict that the file is surely these episodes."""
    return Verdict(episodes, True, _join(name, *why))


def as_counted(verdict: Verdict) -> Verdict:
    """The same verdict for a number that counts through all seasons."""
    return verdict._replace(is_counted=True)


def leave_open(name: ParsedName, readings: list[Episodes]) -> Verdict:
    """The verdict that the file may be any of these episodes, as far as they are possible."""
    readings = [episodes for episodes in readings if _can_be(episodes)] or [(EXTRA,)]
    choices = dict.fromkeys([_spell(episodes) for episodes in readings])
    every = dict.fromkeys(episode for episodes in readings for episode in episodes)
    return Verdict(tuple(every), False, _join(name, f"it may be {' or '.join(choices)}"))


def _spell(episodes: Episodes) -> str:
    """The codes of a reading: "S01E21-E45", "S01E12, S02E01"."""
    if episodes == (EXTRA,):
        return "no episode"
    if len({season for season, _ in episodes}) == 1:
        return file_code(episodes[0][0], [number for _, number in episodes])
    return ", ".join([code(*key) for key in episodes])


def refuse(name: ParsedName, shifted: str) -> Verdict:
    """The verdict that the file is none of the series' episodes."""
    return Verdict((EXTRA,), False, _join(name, shifted, "the source has no such number"))


def _join(name: ParsedName, *why: str) -> str:
    return "; ".join([*name.why, *filter(None, why)])
