"""Choose the folder of a season where a series has several, one for each season. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from store.names import spelling
from store.names.identity import identify
from store.names.templates import pad

_GROUP = re.compile(r"^(?:[\[【][^\]】]*[\]】][ _.]*)+")
_SEASON = re.compile(
    r"(?<![^\W_])(?P<open>[(\[]?)(?:s|seasons?|staffel|saison|temporada|series)[ ._-]*"
    r"(?P<number>\d{1,2})(?![^\W_]|[ ._-]?e\d)",
    re.IGNORECASE,
)
_CLOSING = {"(": ")", "[": "]", "": ""}


def choose(season: int, folders: Sequence[str], holding: Mapping[str, int]) -> str | None:
    """The folder in which a new episode of the season belongs; None where each is another season's.

    `holding` counts the videos of this season that each folder has.
    """
    held = [folder for folder in folders if holding.get(folder)]
    if held:
        return max(held, key=lambda folder: holding[folder])  # of two the first
    seasons = {folder: identify(folder).seasons for folder in folders}
    named = [folder for folder in folders if season in (seasons[folder] or ())]
    whole = [folder for folder in folders if seasons[folder] is None]
    specials = folders if season == 0 else ()
    return next(iter([*named, *whole, *specials]), None)


def name_like(folders: Sequence[str], season: int) -> str | None:
    """What the folder of a further season is called beside these; None where they give no example.

    "Nacht S02" beside "[Group] Nacht S01 [1080p]": a group and tags are not taken along.
    """
    for folder in folders:
        text = _GROUP.sub("", folder)
        if not (match := _SEASON.search(text)):
            continue
        number = pad(season, len(match["number"]))
        name = spelling.safe(text[: match.start("number")] + number + _CLOSING[match["open"]])
        new, own = identify(name), identify(folder)
        if new.seasons == frozenset([season]) and new.names[0].title == own.names[0].title:
            return name
    return None
