"""The code of an episode: S01E05."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

# A float is a decimal episode, 6.5, which is always a special.
Number = int | float
EpisodeKey = tuple[int, Number]  # season and number; season 0 are specials

CODE = re.compile(r"S(\d{1,5})E(\d{1,7}(?:\.\d{1,6})?)", re.ASCII | re.IGNORECASE)


def code(season: int, number: Number) -> str:
    """`S01E05`, the inverse of `decode`. `code(0, 6.5)` is `S00E06.5`, a decimal special.

    Raises ValueError for an episode that cannot be.
    """
    if season < 0 or not 0 <= number < 10**7 or (number % 1 and season):
        raise ValueError(f"no such episode: season {season}, number {number}")
    return f"S{season:02d}E{digits(number)}"


def decode(text: str) -> tuple[int, Number]:
    """("S01E05") -> (1, 5), in either case; ValueError for anything else."""
    match = CODE.fullmatch(text)
    if not match:
        raise ValueError("an episode is written S01E05")
    season, number = int(match[1]), as_number(match[2])
    if number % 1 and season:
        raise ValueError("a decimal episode belongs to season 0")
    return season, number


def phrase(season: int, number: Number) -> str:
    """`Season 1 Episode 5`."""
    return f"Season {season} Episode {as_number(digits(number))}"


def digits(number: Number) -> str:
    """Two digits at least, and never an exponent: 5 is "05", 6.5 is "06.5"."""
    text = repr(number)
    if "e" in text:
        text = format(Decimal(text), "f")
    whole, dot, part = text.partition(".")
    part = part.rstrip("0")
    return whole.zfill(2) + (dot + part if part else "")


def as_number(text: str) -> Number:
    """ "05" -> 5, "06.5" -> 6.5, "6.0" -> 6: only a true decimal is a float."""
    value = float(text) if "." in text else int(text)
    return int(value) if value == int(value) else value


def file_code(season: int, numbers: Sequence[Number]) -> str:
    """The code of a file: several numbers in a row are `S01E01-E02`, others `S01E01E03`."""
    first, *rest = sorted(numbers)
    if rest and [first, *rest] == list(range(int(first), int(first) + len(rest) + 1)):
        return f"{code(season, first)}-E{digits(rest[-1])}"
    return code(season, first) + "".join([f"E{digits(number)}" for number in rest])
