"""The facts of a list about an episode, and whether they show that two episodes are one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from store.names import spelling
from store.names.codes import EpisodeKey

SAME_DAYS, OTHER_DAYS = 2, 7  # between two air dates of one episode, and of two


class About(NamedTuple):
    """The facts of a list that tell an episode from others."""

    title: str = ""
    aired: str | None = None
    size: int | None = None
    checksums: str = ""  # as JSON


Known = Mapping[EpisodeKey, About]
Days = frozenset[int]  # as ordinals


def is_regular(key: EpisodeKey) -> bool:
    return key[0] > 0 and key[1] == int(key[1])


def days_of(known: Known) -> Days:
    """The days on which the regular episodes were aired."""
    days = [day_of(about) for key, about in known.items() if is_regular(key)]
    return frozenset([day for day in days if day])


def day_of(about: About) -> int | None:
    try:
        return date.fromisoformat((about.aired or "")[:10]).toordinal()
    except ValueError:
        return None


def tells(one: About, other: About) -> bool | None:
    """Whether dates or titles show that both are one episode; None where they show nothing."""
    own, its = day_of(one), day_of(other)
    apart = None if own is None or its is None else abs(own - its)
    if apart is not None and apart > OTHER_DAYS:
        return False
    if apart is not None and apart <= SAME_DAYS:
        return True
    return True if is_same_title(one.title, other.title) else None


def tells_of_another(one: About, other: About, days: Days) -> bool:
    """Whether the other was aired some days apart from the one, and with another episode of its
    list: a list that begins with the pilot has each week's number beside that of the other."""
    own, its = day_of(one), day_of(other)
    if own is None or its is None or abs(own - its) <= SAME_DAYS:
        return False
    return not days.isdisjoint(range(its - SAME_DAYS, its + SAME_DAYS + 1))


def is_nearer_to_another(one: About, other: About, days: Days) -> bool:
    """Whether an episode of the one's list was aired nearer to the other's day than the one: a
    daily list that is a day ahead has each day's number beside that of the other."""
    own, its = day_of(one), day_of(other)
    if own is None or its is None or is_same_title(one.title, other.title):
        return False
    apart = min(abs(own - its), SAME_DAYS + 1)
    return not days.isdisjoint(range(its - apart + 1, its + apart))


def is_same_title(one: str, other: str) -> bool:
    folded = spelling.fold(one)
    return folded == spelling.fold(other) and _is_title(folded)


def told_titles(known: Iterable[About]) -> set[str]:
    """The titles that some episodes have, in one spelling."""
    return {folded for about in known if _is_title(folded := spelling.fold(about.title))}


def _is_title(folded: str) -> bool:
    """Whether a text is a title of its own; "Episode 5" and "5" are not."""
    return sum(map(str.isalpha, folded)) > len("episode")
