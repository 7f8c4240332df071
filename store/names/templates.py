"""The templates from which names are made: their fields, and how these are filled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from store.names import codes, database_ids, spelling
from store.names.codes import Number

# What each template must match. {season:02} is written with two digits at least.
SERIES_PATTERN = r"(?=.*\{title\})([^{}/]|\{(title|year|ids)\})*"
SEASON_PATTERN = r"([^{}/]|\{season(:0[1-9])?\})*"
EPISODE_PATTERN = (
    r"(?=.*\{(code|episode)[:}])"
    r"([^{}/]|\{(title|year|code|episode_title|(season|episode|absolute)(:0[1-9])?)\})*"
)

MAX_TITLE_BYTES = 100  # of a title that stands where a name is not cut

_FIELD = re.compile(
    r"(?P<before>[ ._-]*[\[(]?)\{(?P<field>\w+)(?::0(?P<width>\d))?\}(?P<after>[\])]?)"
)
_SEPARATORS = " ._-"


@dataclass(frozen=True)
class Templates:
    """The names for the folder of a series, the folder of a season, and the file of an episode. An
    empty `season` stands for no season folders."""

    series: str = "{title} ({year}) {ids}"
    season: str = "Season {season:02}"
    episode: str = "{title} - {code}"


class Wanted(NamedTuple):
    """The facts of which a name is made."""

    title: str  # the series', perhaps with its year
    season: int
    numbers: Sequence[Number]
    ids: Mapping[str, str] = {}
    name: str = ""  # the episode's own title
    absolute: Sequence[int] = ()  # its running numbers, where they are known


def fill(template: str, wanted: Wanted) -> str:
    """Fill a template. An empty field takes the separators in front of it and the brackets around
    it along; at the beginning it takes the separators behind it."""
    text = _FIELD.sub(lambda match: _fill_field(match, wanted), template)
    first = _FIELD.match(template)
    if first and not _fill_field(first, wanted):
        return text.lstrip(_SEPARATORS)
    return text


def _fill_field(match: re.Match[str], wanted: Wanted) -> str:
    """The text of one field, with the signs around it."""
    before, field, width, after = match.group("before", "field", "width", "after")
    value = write_field(field, int(width or 1), wanted)
    if value:
        return before + value + after
    return "" if before.endswith(("[", "(")) else after


def write_field(field: str, width: int, wanted: Wanted) -> str:
    """The text of one field; a number has `width` digits at least."""
    match field:
        case "title":
            return spelling.YEAR.sub("", wanted.title) or wanted.title
        case "year":
            return str(spelling.year(wanted.title) or "")
        case "ids":
            return database_ids.bracketed(wanted.ids)
        case "code":
            return codes.file_code(wanted.season, wanted.numbers)
        case "episode_title":
            return spelling.safe(wanted.name, MAX_TITLE_BYTES) if wanted.name else ""
        case "season":
            return write_numbers([wanted.season], width)
        case "episode":
            return write_numbers(wanted.numbers, width)
        case "absolute":
            return write_numbers(wanted.absolute, width)
    raise ValueError(f"no such field: {field}")


def write_numbers(numbers: Sequence[Number], width: int) -> str:
    """5, 5-7 or 5 & 7, each of `width` digits at least."""
    numbers = sorted(numbers)
    first = int(numbers[0]) if numbers else 0
    if len(numbers) > 1 and numbers == list(range(first, first + len(numbers))):
        return f"{pad(first, width)}-{pad(numbers[-1], width)}"
    return " & ".join([pad(number, width) for number in numbers])


def pad(number: Number, width: int) -> str:
    """A number with zeros in front: `pad(6.5, 2)` is "06.5"."""
    whole, dot, decimals = codes.digits(number).partition(".")
    return (whole.lstrip("0") or "0").zfill(width) + dot + decimals
