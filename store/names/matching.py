"""Judge which episodes a file holds: what its name says, by what the series has. Pure.

Where the series' list allows two readings of a name, the file is ambiguous: it is shown and asked
about, never counted (docs/names.md, "What a wrong reading costs").
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from store.names.codes import EpisodeKey, Number, code
from store.names.parsed_name import SURE, ParsedName

COUNTED = "counted through all seasons"
EXTRA: EpisodeKey = (-1, 0)  # where a file stands that is no episode, or nobody knows which

Episodes = tuple[EpisodeKey, ...]


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
    name: ParsedName, known: Collection[EpisodeKey], numbering: str | None = None, offset: int = 0
) -> Verdict:
    """Decide which episodes a file holds, in a series whose source has the episodes `known`.

    `numbering` is what the owner says of the numbers in names: "absolute" ones count through all
    seasons, "season" ones within theirs; None where the owner says nothing. `offset` is added to
    each number first: with 12, a second cour's 01 is 13.
    """
    numbers = name.episodes or name.absolute
    if name.kind == "movie" and not numbers and name.rivals:
        return leave_open(name, [(EXTRA,), *(in_season(1, own) for _, own in name.rivals)])
    if name.kind in ("extra", "movie") or not numbers:
        kind = "a film" if name.kind == "movie" else "an extra"
        return decide(name, (EXTRA,), f"no episode, but {kind}")
    if name.kind == "special" or any(number % 1 for number in numbers):
        return decide(name, in_season(0, numbers), "a special")
    shifted = ""
    if offset:
        numbers = tuple([number + offset for number in numbers])
        shifted = f"{offset:+d} as this series is linked"
    has_season = name.season is not None and (name.score >= SURE or not name.rivals)
    if numbering == "season" or (numbering is None and has_season):
        season = 1 if name.season is None else name.season
        return decide(name, in_season(season, numbers), shifted)
    regular = sorted(episode for episode in known if episode[0] > 0)
    if numbering == "absolute":
        counted = count_through(numbers, regular)
        if not counted:
            return refuse(name, shifted)
        return as_counted(decide(name, counted, COUNTED, shifted))
    readings = _list_readings(name, numbers, regular)
    fitting = {
        episodes: why for episodes, why in readings.items() if _fits(episodes, known, regular)
    }
    if len(fitting) > 1:
        return leave_open(name, list(fitting))
    if not fitting and len({season for season, _ in regular}) > 1:
        return refuse(name, shifted)
    episodes, why = next(iter((fitting or readings).items()))
    verdict = decide(name, episodes, why, shifted)
    return as_counted(verdict) if why == COUNTED else verdict


def _list_readings(
    name: ParsedName, numbers: tuple[Number, ...], regular: list[EpisodeKey]
) -> dict[Episodes, str]:
    """What numbers without a season may be, the likeliest first, each with its reason.

    `regular` are the known episodes but for specials.
    """
    seasons = {season for season, _ in regular}
    season = seasons.pop() if len(seasons) == 1 else 1
    readings: dict[Episodes, str] = {}
    if name.season is None:
        readings[in_season(season, numbers)] = f"season {season}, for the name says none"
        if counted := count_through(numbers, regular):
            readings.setdefault(counted, COUNTED)
        if name.sequel and any(listed == name.sequel for listed, _ in regular):
            episodes = in_season(name.sequel, numbers)
            readings.setdefault(episodes, f"season {name.sequel}, with which the title ends")
    else:
        season = name.season
        readings[in_season(season, numbers)] = ""
    if name.score < SURE:
        split = [other for other in name.also if other[0]]
        for other_season, others in (*split, *name.rivals):
            own_season = season if other_season is None else other_season
            episodes = in_season(own_season, others) or (EXTRA,)
            readings.setdefault(episodes, f"read as season {own_season}")
            if others and other_season is None and (counted := count_through(others, regular)):
                readings.setdefault(counted, COUNTED)
    return readings


def _fits(episodes: Episodes, known: Collection[EpisodeKey], regular: list[EpisodeKey]) -> bool:
    """Whether the source has these episodes, or may have them where it lists none."""
    if episodes == (EXTRA,):
        return True
    if regular:
        return all(episode in known for episode in episodes)
    return all(number >= 0 and not number % 1 for _, number in episodes)


def in_season(season: int, numbers: tuple[Number, ...]) -> Episodes:
    """The episodes of one season."""
    return tuple([(season, number) for number in numbers])


def count_through(numbers: tuple[Number, ...], regular: list[EpisodeKey]) -> Episodes:
    """The episodes that these running numbers are; () when one of them is beyond the list."""
    if min(numbers) < 1 or max(numbers) > len(regular):
        return ()
    return tuple([regular[int(number) - 1] for number in numbers])


def decide(name: ParsedName, episodes: Episodes, *why: str) -> Verdict:
    """The file is surely these episodes."""
    return Verdict(episodes, True, _join(name, *why))


def as_counted(verdict: Verdict) -> Verdict:
    """The verdict on a file whose number counts through all seasons."""
    return verdict._replace(is_counted=True)


def leave_open(name: ParsedName, readings: list[Episodes]) -> Verdict:
    """The file may be any of these."""
    choices = [
        "no episode" if episodes == (EXTRA,) else ", ".join([code(*key) for key in episodes])
        for episodes in readings
    ]
    every = dict.fromkeys(episode for episodes in readings for episode in episodes)
    return Verdict(tuple(every), False, _join(name, f"it may be {' or '.join(choices)}"))


def refuse(name: ParsedName, shifted: str) -> Verdict:
    """The file is none of the series' episodes."""
    return Verdict((EXTRA,), False, _join(name, shifted, "the source has no such number"))


def _join(name: ParsedName, *why: str) -> str:
    return "; ".join([*name.why, *filter(None, why)])
