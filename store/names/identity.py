"""Which series is which: two names are one series by an id that both have, else by title and year.

Pure: no disk, no network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from store.names import database_ids, spelling

T = TypeVar("T")


class Identity(NamedTuple):
    """How a series is recognised."""

    folds: frozenset[str]  # its titles, as spelling.fold spells them
    year: int | None
    ids: frozenset[tuple[str, str]]  # database and id


def identify(*names: str, year: int | None = None, ids: Mapping[str, str] = {}) -> Identity:
    """The identity of a series with these names; "Nacht (2010) [tvdbid-1]" holds year and id."""
    every_id = dict(ids)
    for name in names:
        every_id = database_ids.parse(name) | every_id
    titles = [database_ids.PATTERN.sub("", name) for name in names]
    years = [year, *map(spelling.year, titles)]
    return Identity(
        folds=frozenset(map(spelling.fold, titles)),
        year=next(filter(None, years), None),
        ids=frozenset(every_id.items()),
    )


def find_same(wanted: Identity, others: Iterable[tuple[Identity, T]]) -> T | None:
    """Find the value of the one among `others` that is surely the same series.

    None where none is, and where there is a choice.
    """
    ranked: dict[int, list[T]] = {}
    for other, value in others:
        if rank := _rank(wanted, other):
            ranked.setdefault(rank, []).append(value)
    best = ranked[max(ranked)] if ranked else []
    return best[0] if len(best) == 1 else None


def _rank(one: Identity, other: Identity) -> int:
    """3: the same by an id; 2: by title and year; 1: by title, where one has no year; 0: not."""
    databases = dict(one.ids).keys() & dict(other.ids).keys()
    if databases:
        return 3 if one.ids & other.ids else 0
    if not one.folds & other.folds or (one.year and other.year and one.year != other.year):
        return 0
    return 2 if one.year == other.year else 1
