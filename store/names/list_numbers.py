"""How the numbers of one source's list relate to those of a series that others list. Pure.

One source may count through all seasons, end a season elsewhere, or call another film S00E01. An
episode that surely is the same gets the series' number; an episode that may be another one is left
out (docs/decisions.md, 44).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from store.names import episode_facts
from store.names.codes import EpisodeKey
from store.names.episode_facts import About, Known, is_regular

# Of a list beside the series: it counts through all seasons; as the series does; within seasons
# that the series counts as one.
Counting = Literal["absolute", "season", "joined"]

ENOUGH = 4  # episodes by which seasons end apart, so that the later ones may be others
FEW = 2  # episodes that tell by their dates or titles; fewer are no evidence


class Numbers(NamedTuple):
    """The list's number -> the series', of what is surely the same; how its numbers count."""

    of: dict[EpisodeKey, EpisodeKey]
    counting: Counting | None


def match(
    series: Known,
    listed: Known,
    counting: Counting | None = None,
    before: Mapping[EpisodeKey, EpisodeKey] = {},
) -> Numbers:
    """Match a list with a `series` as others list it; `counting` is what is known already.

    `before` is what such counting has said of the list's numbers: a season that loses its last
    episode, or gets one more, moves none of the next one.
    """
    ends, own_ends = _ends(series), _ends(listed)
    doubtful = _first_doubtful(ends, own_ends)
    are_others = counting is None and _are_others(series, listed)
    found = counting or (None if are_others else _judge(series, listed, doubtful))
    if are_others:
        doubtful = (0, 0)
    days = episode_facts.days_of(series)
    number = _reading(found, ends, own_ends, before)
    numbers: dict[EpisodeKey, EpisodeKey] = {}
    for key in listed:
        if not is_regular(key):
            about = series.get(key)
            is_one = _is_same(about, listed[key]) if about else not are_others
            its_key = key if is_one else None
        elif found is None and doubtful and key >= doubtful:
            its_key = None
        else:
            its_key = number(key)
        about = series.get(its_key) if its_key else None
        told = episode_facts.tells(about, listed[key]) if about else None
        if found is None and about and told is None:
            told = False if episode_facts.tells_of_another(about, listed[key], days) else None
        if its_key and told is not False:
            numbers[key] = its_key
    return Numbers(numbers, found)


def _judge(series: Known, listed: Known, doubtful: EpisodeKey | None) -> Counting | None:
    """How the list counts, where that is sure although it is `doubtful` from some number on.

    Dates and titles tell that, or numbers that end alike: behind a first season that differs by a
    few episodes nothing but them does.
    """
    if doubtful is None:
        return None
    ends, own_ends = _ends(series), _ends(listed)
    readings: list[Counting] = ["season"]
    if own_ends.keys() == {1} and _are_first_seasons(ends):
        readings.append("absolute")
    if ends.keys() == {1} and _are_first_seasons(own_ends):
        readings.append("joined")
    told: dict[Counting, list[bool]] = {}
    for reading in readings:
        number = _reading(reading, ends, own_ends)
        pairs = [(key, number(key)) for key in listed if is_regular(key) and key >= doubtful]
        told[reading] = _told(series, listed, [(key, its) for key, its in pairs if its])
    for reading in readings:
        if len(told[reading]) >= FEW and all(told[reading]):
            return reading
    for reading in readings[1:]:
        if len(told[reading]) >= FEW and not any(told[reading]):
            return "season"
        is_long = abs(ends[1] - own_ends[1]) >= ENOUGH
        if is_long and sum(ends.values()) == sum(own_ends.values()):
            return reading
    return None


def _are_others(series: Known, listed: Known) -> bool:
    """Whether most dates say that the numbers mean other episodes, or the list another show."""
    told = _told(series, listed, [(key, key) for key in listed if is_regular(key)])
    return len(told) >= FEW and 2 * told.count(False) > len(told)


def _told(
    series: Known, listed: Known, pairs: Iterable[tuple[EpisodeKey, EpisodeKey]]
) -> list[bool]:
    """Whether dates or titles tell that the episodes are the same; without those that tell nothing.

    The episodes are pairs of (number, the series' number).
    """
    days, own_days = episode_facts.days_of(series), episode_facts.days_of(listed)
    told = []
    for key, its_key in pairs:
        if about := series.get(its_key):
            other = listed[key]
            is_another = episode_facts.is_nearer_to_another(about, other, days)
            is_another |= episode_facts.is_nearer_to_another(other, about, own_days)
            told.append(False if is_another else episode_facts.tells(about, other))
    return [same for same in told if same is not None]


def _first_doubtful(ends: dict[int, int], own_ends: dict[int, int]) -> EpisodeKey | None:
    """From which number on the list may mean other episodes; None: nowhere.

    A season that has a later one behind it is over: its end is known, and what one side has behind
    the other's end may be the beginning of the next.
    """
    later = max(ends, default=0), max(own_ends, default=0)
    for season in sorted(ends.keys() & own_ends.keys()):
        end, own_end = ends[season], own_ends[season]
        if own_end > end and season < later[0]:
            return season, end + 1
        if own_end < end and season < later[1]:
            is_other_way = own_ends.get(season + 1, 0) > ends.get(season + 1, 0)
            if end - own_end >= ENOUGH or is_other_way:
                return season + 1, 0
    return None


def _is_same(one: About, other: About) -> bool:
    """Whether two specials of one number are surely one."""
    told = episode_facts.tells(one, other)
    if told is False:
        return False
    has_same_file = bool(one.size) and one.size == other.size
    has_same_sum = one.checksums not in ("", "{}") and one.checksums == other.checksums
    return has_same_file or has_same_sum or told is True


def _ends(known: Iterable[EpisodeKey]) -> dict[int, int]:
    """The last number of each regular season."""
    ends: dict[int, int] = {}
    for season, number in filter(is_regular, known):
        ends[season] = max(ends.get(season, 0), int(number))
    return ends


def _are_first_seasons(ends: dict[int, int]) -> bool:
    """Whether these are the seasons from the first one on, without a gap."""
    return sorted(ends) == list(range(1, len(ends) + 1))


def _starts(
    ends: dict[int, int], counting: Counting | None, before: Mapping[EpisodeKey, EpisodeKey]
) -> dict[int, int]:
    """How many episodes lie before each season, in a count through all of them."""
    known, last = {}, dict(ends)
    for own, its in before.items():
        running, in_season = (own, its) if counting == "absolute" else (its, own)
        if is_regular(own) and is_regular(its) and running[0] == 1 and in_season[1] > 0:
            season, number = in_season[0], int(in_season[1])
            known[season] = int(running[1]) - number
            last[season] = max(last.get(season, 0), number)
    starts, reached = {}, 0
    for season in sorted(ends):
        starts[season] = known.get(season, reached)
        reached = starts[season] + last[season]
    return starts


def _reading(
    counting: Counting | None,
    ends: dict[int, int],
    own_ends: dict[int, int],
    before: Mapping[EpisodeKey, EpisodeKey] = {},
) -> Callable[[EpisodeKey], EpisodeKey | None]:
    """The series' episodes in a list that counts so: its regular number -> the series'."""
    if counting not in ("absolute", "joined"):
        return lambda key: key
    starts = _starts(own_ends if counting == "joined" else ends, counting, before)

    def number(key: EpisodeKey) -> EpisodeKey | None:
        if key[1] == 0:
            return key if key[0] == 1 else None
        if counting == "joined":
            return _joined(key, starts)
        return _in_season(key, ends, starts)

    return number


def _in_season(key: EpisodeKey, ends: dict[int, int], starts: dict[int, int]) -> EpisodeKey | None:
    """The number within its season of a number through all seasons; None behind the last."""
    running = int(key[1])
    begun = [season for season, start in starts.items() if start < running]
    if key[0] != 1 or not begun:
        return None
    season = max(begun)
    number = running - starts[season]
    return (season, number) if number <= ends[season] or season < max(starts) else None


def _joined(key: EpisodeKey, starts: dict[int, int]) -> EpisodeKey | None:
    """The number counted through all seasons of one in its season; None in the next one's place."""
    running = starts[key[0]] + int(key[1])
    later = [start for season, start in starts.items() if season > key[0]]
    return (1, running) if running <= min(later, default=running) else None
