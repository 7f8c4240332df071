"""How the numbers of one source's list stand to those of a series that others list, too. Pure.

One source may count through all seasons, end a season elsewhere, or call another film S00E01. What
is surely the same episode gets the series' number; what may be another one is left out
(docs/decisions.md, 44).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

from store.names import spelling
from store.names.codes import EpisodeKey

# Of a list beside the series: it counts through all seasons; as the series does; within seasons
# that the series counts as one.
Counting = Literal["absolute", "season", "joined"]

ENOUGH = 4  # episodes by which seasons end apart, so that the later ones may be others
SAME_DAYS, OTHER_DAYS = 2, 7  # between two air dates of one episode, and of two
FEW = 2  # episodes that tell by their dates or titles; fewer are no evidence


class About(NamedTuple):
    """What a list says of an episode that tells it from others."""

    title: str = ""
    aired: str | None = None
    size: int | None = None
    checksums: str = ""


Known = Mapping[EpisodeKey, About]


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
    found = counting or _judge(series, listed, doubtful)
    are_others = found is None and _are_others(series, listed)
    if are_others:
        doubtful = (0, 0)
    days = _days(series)
    starts = _starts(own_ends if found == "joined" else ends, found, before)
    numbers: dict[EpisodeKey, EpisodeKey] = {}
    for key in listed:
        its_key: EpisodeKey | None = key
        if not _is_regular(key):
            about = series.get(key)
            is_one = _is_same(about, listed[key]) if about else not are_others
            its_key = key if is_one else None
        elif found in ("absolute", "joined") and key[1] == 0:
            its_key = key if key[0] == 1 else None
        elif found == "absolute":
            its_key = _in_season(key, ends, starts)
        elif found == "joined":
            its_key = _joined(key, starts)
        elif found is None and doubtful and key >= doubtful:
            its_key = None
        about = series.get(its_key) if its_key else None
        told = _tells(about, listed[key]) if about else None
        if found is None and (about and told is None):
            told = _tells_of_another(about, listed[key], days)
        if its_key and told is not False:
            numbers[key] = its_key
    return Numbers(numbers, found)


def _judge(series: Known, listed: Known, doubtful: EpisodeKey | None) -> Counting | None:
    """How the list counts, where that is sure although it is `doubtful` from some number on."""
    if doubtful is None:
        return None
    told = [same for key, same in _told(series, listed) if key >= doubtful]
    if len(told) >= FEW and all(told):
        return "season"
    ends, own_ends = _ends(series), _ends(listed)
    if own_ends.keys() == {1} and _are_first_seasons(ends) and own_ends[1] == sum(ends.values()):
        return "absolute"
    if ends.keys() == {1} and _are_first_seasons(own_ends) and ends[1] == sum(own_ends.values()):
        return "joined"
    return None


def _are_others(series: Known, listed: Known) -> bool:
    """Whether most dates say that the numbers mean other episodes, or the list another show."""
    told = [same for _, same in _told(series, listed)]
    return len(told) >= FEW and 2 * told.count(False) > len(told)


def _told(series: Known, listed: Known) -> list[tuple[EpisodeKey, bool]]:
    """The episodes of one number of which dates or titles tell whether they are the same."""
    days = _days(series)
    shared = [key for key in listed if key in series and _is_regular(key)]
    told = []
    for key in shared:
        same = _tells(series[key], listed[key])
        if same is None:
            same = _tells_of_another(series[key], listed[key], days)
        told.append((key, same))
    return [(key, same) for key, same in told if same is not None]


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
            is_other_way = own_ends.get(season + 1, 0) > ends.get(season + 1, own_end)
            if end - own_end >= ENOUGH or is_other_way:
                return season + 1, 0
    return None


def _tells(one: About, other: About) -> bool | None:
    """Whether dates or titles say that the two are one episode; None where they say nothing."""
    days = _days_between(one.aired, other.aired)
    if days is not None and days > OTHER_DAYS:
        return False
    if days is not None and days <= SAME_DAYS:
        return True
    return True if _is_same_title(one.title, other.title) else None


def _days(series: Known) -> frozenset[int]:
    """The days on which the regular episodes were aired, as ordinals."""
    days = [_day(about.aired) for key, about in series.items() if _is_regular(key)]
    return frozenset([day.toordinal() for day in days if day])


def _tells_of_another(one: About, other: About, days: frozenset[int]) -> bool | None:
    """False where the other was aired days apart from the one, and with another episode of the
    series: a list that begins with the pilot has each week's number beside that of the other."""
    own, its = _day(one.aired), _day(other.aired)
    if own is None or its is None:
        return None
    near = range(its.toordinal() - SAME_DAYS, its.toordinal() + SAME_DAYS + 1)
    return None if days.isdisjoint(near) else False


def _is_same(one: About, other: About) -> bool:
    """Whether two specials of one number are surely one."""
    if _tells(one, other) is False:
        return False
    has_same_file = bool(one.size) and one.size == other.size
    has_same_sum = one.checksums not in ("", "{}") and one.checksums == other.checksums
    return has_same_file or has_same_sum or _tells(one, other) is True


def _is_same_title(one: str, other: str) -> bool:
    folded = spelling.fold(one)
    # "Episode 5" and "5" are no titles.
    return folded == spelling.fold(other) and sum(map(str.isalpha, folded)) > len("episode")


def _days_between(one: str | None, other: str | None) -> int | None:
    first, second = _day(one), _day(other)
    return abs((first - second).days) if first and second else None


def _day(day: str | None) -> date | None:
    try:
        return date.fromisoformat((day or "")[:10])
    except ValueError:
        return None


def _is_regular(key: EpisodeKey) -> bool:
    return key[0] > 0 and key[1] == int(key[1])


def _ends(known: Iterable[EpisodeKey]) -> dict[int, int]:
    """The last number of each regular season."""
    ends: dict[int, int] = {}
    for season, number in filter(_is_regular, known):
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
        if _is_regular(own) and _is_regular(its) and running[0] == 1 and in_season[1] > 0:
            season, number = in_season[0], int(in_season[1])
            known[season] = int(running[1]) - number
            last[season] = max(last.get(season, 0), number)
    starts, reached = {}, 0
    for season in sorted(ends):
        starts[season] = known.get(season, reached)
        reached = starts[season] + last[season]
    return starts


def _in_season(key: EpisodeKey, ends: dict[int, int], starts: dict[int, int]) -> EpisodeKey | None:
    """The number in its season of one that counts through all; None behind the last."""
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
