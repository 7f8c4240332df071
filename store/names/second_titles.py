"""Find the files in a series' folder that may be of another series, for they bear its title. Pure.

In the folder "Himo", "Himo! R - 01" may be of another show than "Himo! - 01". Such files are asked
about (docs/names.md, "A second title").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from store.names import spelling
from store.names.codes import Number
from store.names.identity import Name, identify, spell
from store.names.matching import EXTRA, Verdict
from store.names.parsed_name import SURE, ParsedName

MANY = 3  # titles, of which nearly each file has its own, are those of the episodes

Relation = Literal["own", "longer", "other"]  # of a title to those of the series

_WORD = re.compile(r"[^\W_]+")
_DASH = re.compile(r"(?<=\s)[-–—](?=\s)|:(?=\s)")


class _Group(NamedTuple):
    """The files, by their places, that bear one title."""

    name: Name
    places: list[int]


def find(names: Sequence[ParsedName], own_titles: Iterable[str]) -> dict[int, str]:
    """place -> title of each regular episode that may be another series'.

    `own_titles` are the names of the series and of its folders. A longer title is a second one, and
    so is another title, unless only one file bears it whose code is clear and whose episode no
    other file has. But a title that most files bear is the series' own in another language, and
    titles that differ from file to file are those of the episodes.
    """
    own = list(own_titles)
    places = [place for place, name in enumerate(names) if _has_title(name)]
    if {names[place].title for place in places} <= set(own):
        return {}
    groups = _group(names, places)
    series = list(identify(*own).names)
    largest = max(groups, key=lambda group: len(group.places))
    if 2 * len(largest.places) > len(places) and _relate(largest.name, series) == "other":
        series.append(largest.name)
    longer = [group for group in groups if _relate(group.name, series) == "longer"]
    others = [group for group in groups if _relate(group.name, series) == "other"]
    holders = Counter(key for place in places for key in _episodes(names[place]))
    second = [] if _are_titles_of_episodes(longer) else longer
    if not _are_titles_of_episodes(others):
        for group in others:
            first = names[group.places[0]]
            is_double = any(holders[key] > 1 for key in _episodes(first))
            if len(group.places) > 1 or is_double or first.score < SURE:
                second.append(group)
    return {place: names[place].title or "" for group in second for place in group.places}


def leave_open(verdicts: Sequence[Verdict], second: Mapping[int, str]) -> list[Verdict]:
    """The verdicts on the files of a series, those with a `second` title being ambiguous.

    Where another file stands at the same episodes, it is shown by itself.
    """
    held = {
        key
        for place, verdict in enumerate(verdicts)
        for key in verdict.episodes
        if verdict.sure and place not in second
    }
    opened = list(verdicts)
    for place, title in second.items():
        verdict = verdicts[place]
        if any(season > 0 for season, _ in verdict.episodes):
            episodes = (EXTRA,) if held.issuperset(verdict.episodes) else verdict.episodes
            held.update(episodes)
            why = f'{verdict.why}; but "{title}" may be another series'
            opened[place] = Verdict(episodes, False, why, verdict.is_counted)
    return opened


def _has_title(name: ParsedName) -> bool:
    return name.kind == "episode" and any(map(str.isalpha, name.title or ""))


def _group(names: Sequence[ParsedName], places: Sequence[int]) -> list[_Group]:
    by_text: dict[str | None, list[int]] = {}
    for place in places:
        by_text.setdefault(names[place].title, []).append(place)
    groups: dict[str, _Group] = {}
    for text, alike in by_text.items():
        name = spell(text or "")
        groups.setdefault(name.title, _Group(name, [])).places.extend(alike)
    return list(groups.values())


def _episodes(name: ParsedName) -> list[tuple[int | None, Number]]:
    return [(name.season, number) for number in name.episodes]


def _are_titles_of_episodes(groups: Sequence[_Group]) -> bool:
    """Whether nearly each file has a title of its own, or a lone file one behind a dash."""
    files = sum(len(group.places) for group in groups)
    if len(groups) >= MANY:
        return 2 * len(groups) > files
    return bool(groups) and files == len(groups) and all(_DASH.search(g.name.title) for g in groups)


def _relate(name: Name, series: Sequence[Name]) -> Relation:
    """The relation of a title to the series' own; the beginning of one of these is own, too."""
    relation = _relate_to_any(name, series)
    if relation == "longer":  # by words of its release, perhaps
        (short,) = identify(name.text).names
        return _relate_to_any(short, series)
    return relation


def _relate_to_any(name: Name, series: Sequence[Name]) -> Relation:
    relations = {_relate_to(name, own) for own in series}
    return "own" if "own" in relations else "longer" if "longer" in relations else "other"


def _relate_to(name: Name, own: Name) -> Relation:
    if name.numerals != own.numerals:
        return "other"
    if not name.keys.isdisjoint(own.keys):
        return "longer" if name.signs and own.signs and name.signs != own.signs else "own"
    words, own_words = _words(name), _words(own)
    if words and words == own_words[: len(words)]:
        return "own"
    return "longer" if own_words and own_words == words[: len(own_words)] else "other"


def _words(name: Name) -> list[str]:
    return [spelling.fold(word) for word in _WORD.findall(name.title)]
