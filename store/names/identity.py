"""Which series is which. Two names are one series by an id that both tell, else by title and year. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from store.names import database_ids, spelling

T = TypeVar("T")


class Identity(NamedTuple):
    """`folds` are its titles as spelling.fold sees them, `ids` (database, id) pairs."""

    folds: frozenset[str]
    year: int | None
    ids: frozenset[tuple[str, str]]


def identity(*names: str, year: int | None = None, ids: Mapping[str, str] = {}) -> Identity:
    """Who is called `names`, in one of which a year or ids may stand: "Nacht (2010) [tvdbid-1]"."""
    found = dict(ids)
    for name in names:
        found = database_ids.parse(name) | found
    plain = [database_ids.PATTERN.sub("", name) for name in names]
    years = [year, *map(spelling.year, plain)]
    return Identity(
        frozenset(map(spelling.fold, plain)),
        next(filter(None, years), None),
        frozenset(found.items()),
    )


def best(one: Identity, others: Iterable[tuple[Identity, T]]) -> T | None:
    """The only one of `others` that is the same series, as far as can be told; None when there is none, or a choice."""
    ranked: dict[int, list[T]] = {}
    for other, value in others:
        if rank := _alike(one, other):
            ranked.setdefault(rank, []).append(value)
    found = ranked[max(ranked)] if ranked else []
    return found[0] if len(found) == 1 else None


def _alike(one: Identity, other: Identity) -> int:
    """3: by an id; 2: by title and year; 1: by title, where one has no year; 0: they are two."""
    kinds = dict(one.ids).keys() & dict(other.ids).keys()
    if kinds:
        return 3 if one.ids & other.ids else 0
    if not one.folds & other.folds or (one.year and other.year and one.year != other.year):
        return 0
    return 2 if one.year == other.year else 1
