"""Which episodes a file holds: what its name says, judged by what the series has. Pure.

Where a name leaves two readings that the series' list allows, the file is ambiguous: shown, asked about, never counted
(names.md, "What a user loses when it is wrong").
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from store.names.codes import EpisodeKey, Number, code
from store.names.parsed_name import SURE, ParsedName

EXTRA: EpisodeKey = (-1, 0)  # where a file stands that is no episode, or nobody knows which


class Verdict(NamedTuple):
    """`spots` are the file's episodes, or those it may be; `why` is for people."""

    spots: tuple[EpisodeKey, ...]
    sure: bool
    why: str


def judge(
    name: ParsedName, known: Collection[EpisodeKey], numbering: str | None = None, offset: int = 0
) -> Verdict:
    """What the file called `name` holds, in a series whose source has the episodes `known`.

    `numbering` is what the owner says its numbers do: "absolute", they count through all seasons, or "season"; None where
    nobody said. `offset` is added to each number first: with 12, a second cour's 01 is 13.
    """
    numbers = name.episodes or name.absolute
    if name.kind in ("extra", "movie") or not numbers:
        return Verdict(
            (EXTRA,),
            True,
            "; ".join(
                [*name.why, f"no episode, but {'a film' if name.kind == 'movie' else 'an extra'}"]
            ),
        )
    if name.kind == "special" or any(number % 1 for number in numbers):
        return _sure(name, tuple((0, number) for number in numbers), "a special")
    numbers = tuple([number + offset for number in numbers]) if offset else numbers
    shifted = f"{offset:+d} as this series is linked" if offset else ""
    if numbering != "absolute" and (name.season is not None or numbering == "season"):
        return _sure(name, _within(1 if name.season is None else name.season, numbers), shifted)
    regular = sorted(spot for spot in known if spot[0] > 0)
    if numbering == "absolute":
        through = _through(numbers, regular)
        return (
            _sure(name, through, "counted through all seasons", shifted)
            if through
            else _nowhere(name, shifted)
        )
    seasons = {season for season, _ in regular}
    first = min(seasons) if len(seasons) == 1 else 1
    readings = {_within(first, numbers): f"season {first}, for the name says none"}
    if through := _through(numbers, regular):
        readings.setdefault(through, "counted through all seasons")
    if name.score < SURE:
        for season, split in name.also:
            if season:
                readings.setdefault(_within(season, split), f"read as season {season}")
    fitting = {
        spots: why for spots, why in readings.items() if not regular or set(spots) <= set(known)
    }
    if len(fitting) > 1:
        choices = " or ".join(", ".join([code(*spot) for spot in spots]) for spots in fitting)
        return Verdict(
            tuple(dict.fromkeys(sum(fitting, ()))),
            False,
            "; ".join([*name.why, f"it may be {choices}"]),
        )
    if not fitting and len(seasons) > 1:
        return _nowhere(name, shifted)
    spots, why = next(iter((fitting or readings).items()))
    return _sure(name, spots, why, shifted)


def _within(season: int, numbers: tuple[Number, ...]) -> tuple[EpisodeKey, ...]:
    return tuple((season, number) for number in numbers)


def _through(numbers: tuple[Number, ...], regular: list[EpisodeKey]) -> tuple[EpisodeKey, ...]:
    """The episodes that these running numbers are; nothing when one of them is beyond the list."""
    if min(numbers) < 1 or max(numbers) > len(regular):
        return ()
    return tuple(regular[int(number) - 1] for number in numbers)


def _sure(name: ParsedName, spots: tuple[EpisodeKey, ...], *why: str) -> Verdict:
    return Verdict(spots, True, "; ".join([*name.why, *filter(None, why)]))


def _nowhere(name: ParsedName, *why: str) -> Verdict:
    return Verdict(
        (EXTRA,), False, "; ".join([*name.why, *filter(None, why), "the source has no such number"])
    )
