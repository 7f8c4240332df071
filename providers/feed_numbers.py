"""The episode number of each video of a feed: by the feed's word, its title, or its day. Pure.

A number stays once it was given: a feed that drops, adds or reorders videos changes no other
video's number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from providers.feed_items import VERSIONS, FeedItem
from providers.library_tree import episodes_in
from store.names import codes, spelling
from store.names.codes import Number

MAX_SEASON, MAX_NUMBER = 9_999, 99_999
DAYS_APART = 7  # at most, between a video and its version for the deaf or the blind

_SEASON_SLASH = re.compile(r"\b[Ss](\d{1,4})\s*/\s*[Ee](\d{1,5})\b")
_OF_SO_MANY = re.compile(r"\((\d{1,4})\s*/\s*(\d{1,4})\)|\b[Ff]olge (\d{1,4})\s*/\s*(\d{1,4})\b")
_MOMENT = re.compile(
    r"\b(?:vom |am |of )?\d{1,2}\.\s?(?:\d{1,2}\.|[A-Z][a-zä]{2,8})\s?(?:\d{4}|\d\d\b)?"
    r"|\b\d{4}-\d\d-\d\d\b|\b\d{1,2}/\d{1,2}/\d{4}\b|\b\d{1,2}[:.]\d\d(?:\s?Uhr|\s?h\b)|\b\d{1,2}:\d\d\b"
)
_EMPTY_BRACKETS = re.compile(r"[(\[]\s*[-,|]*\s*[)\]]")


def give(items: Sequence[FeedItem], title: str) -> None:
    """Give each of the items without a code one; `title` is the series' where items name none.

    Reads names, so it belongs on a thread.
    """
    groups: defaultdict[str, list[FeedItem]] = defaultdict(list)
    for item in items:
        groups[item.topic].append(item)
    for topic, group in groups.items():
        if any(not item.code for item in group):
            _give(sorted(group, key=lambda item: item.aired or ""), topic or title)


def _give(items: list[FeedItem], title: str) -> None:
    """The items of one series, the oldest first."""
    new = [item for item in items if not item.code]
    read = _read_titles(items, title)
    uncounted = []
    for item in new:
        key = _told(item, read.get(item.guid))
        if key:
            item.code = codes.code(*key)
        else:
            uncounted.append(item)
    has_numbers = any(item.code and not item.is_counted for item in items)
    by_title = _by_plain_title(items)
    last_numbers = _last_numbers(items)
    for item in sorted(uncounted, key=lambda item: not item.is_plain):
        mate = None if item.is_plain else _mate(item, by_title)
        item.is_counted = True
        if mate:
            item.code = mate.code
            continue
        # A special among numbered videos; else the next one of its year.
        season = 0 if has_numbers else int((item.aired or "0001")[:4])
        last_numbers[season] += 1
        item.code = codes.code(season, last_numbers[season])


def _told(item: FeedItem, read: tuple[int, Number] | None) -> tuple[int, Number] | None:
    """The season and the number of an item, if the feed or its title tells them."""
    if item.number is not None:
        season = 1 if item.season is None else item.season
        return (season, item.number) if season <= MAX_SEASON else None
    if read is None or not 0 < read[1] <= MAX_NUMBER or read[0] > MAX_SEASON:
        return None
    has_own_season = item.season is not None and item.season <= MAX_SEASON and not read[1] % 1
    return (item.season or 0, read[1]) if has_own_season else read


def _read_titles(items: Sequence[FeedItem], title: str) -> Mapping[str, tuple[int, Number]]:
    """guid -> the reading of an item's title; the titles of a series are read together."""
    paths = [f"{_as_name(title)}/{_as_name(readable(item.title))}.mp4" for item in items]
    contents = episodes_in(paths)
    return {item.guid: keys[0] for item, keys in zip(items, contents) if keys}


def readable(title: str) -> str:
    """The title without versions, days and clock times, for the reader of names."""
    title = _SEASON_SLASH.sub(r"S\1E\2", title)
    title = _OF_SO_MANY.sub(_part, VERSIONS.sub("", title))
    return _EMPTY_BRACKETS.sub("", _MOMENT.sub(" ", title))


def _part(found: re.Match[str]) -> str:
    """The part that a title such as "(5/8)" names; "(8/5)" is a day or anything else."""
    number, total = (int(text) for text in found.groups() if text)
    return f"Folge {number}" if 0 < number <= total else ""


def _as_name(text: str) -> str:
    return " ".join(re.sub(r"[/\\\0]", " ", text).split()) or "video"


def _by_plain_title(items: Iterable[FeedItem]) -> dict[tuple[str, int], FeedItem]:
    """(title, day) -> the plain video with that title."""
    plain = [item for item in items if item.is_plain]
    return {(_fold(item), _day(item)): item for item in plain}


def _mate(item: FeedItem, by_title: Mapping[tuple[str, int], FeedItem]) -> FeedItem | None:
    """The plain video that belongs to this version: the nearest one with its title."""
    days = sorted(range(-DAYS_APART, DAYS_APART + 1), key=abs)
    found = [by_title.get((_fold(item), _day(item) + day)) for day in days]
    return next((each for each in found if each and each.code), None)


def _fold(item: FeedItem) -> str:
    return spelling.fold(VERSIONS.sub("", item.title))


def _day(item: FeedItem) -> int:
    """The day as a number; a video without a day is far from all others."""
    return date.fromisoformat(item.aired).toordinal() if item.aired else -1_000


def _last_numbers(items: Iterable[FeedItem]) -> defaultdict[int, int]:
    """season -> its highest number so far."""
    last: defaultdict[int, int] = defaultdict(int)
    for item in items:
        if item.code:
            season, number = codes.decode(item.code)
            last[season] = max(last[season], int(number))
    return last
