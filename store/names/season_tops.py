"""Choose the folder of a season where a series has several, one for each season. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from store.names import spelling
from store.names.codes import Number
from store.names.identity import identify
from store.names.templates import pad

if TYPE_CHECKING:
    from store.names.folder_words import Part

_GROUP = re.compile(r"^(?:[\[【][^\]】]*[\]】][ _.]*)+")
_SEASON = re.compile(
    r"(?<![^\W_])(?P<open>[(\[]?)(?:s|seasons?|staffel|saison|temporada|series)[ ._-]*"
    r"(?P<number>\d{1,2})(?![^\W_]|[ ._-]?e\d)",
    re.IGNORECASE,
)
_CLOSING = {"(": ")", "[": "]", "": ""}


def choose(
    season: int, numbers: Sequence[Number], folders: Sequence[str], holding: Mapping[str, int]
) -> str | None:
    """The folder in which a new episode belongs; None where each is another season's.

    `numbers` are the episode's own, within its season and through all of them. `holding` counts the
    videos of its season that each folder has. A folder for one episode, as releases have it, is no
    other episode's.
    """
    identities = {folder: identify(folder) for folder in folders}
    parts = {folder: identity.part for folder, identity in identities.items()}
    wide = [folder for folder in folders if not _is_of_one_episode(parts[folder])]
    held = [folder for folder in wide if holding.get(folder)]
    if held:  # of two the first
        return max(held, key=lambda folder: (_covers(parts[folder], numbers), holding[folder]))
    named = [folder for folder in wide if season in (identities[folder].seasons or ())]
    whole = [folder for folder in wide if identities[folder].seasons is None]
    specials = wide if season == 0 else ()
    return next(iter([*named, *whole, *specials]), None)


def _is_of_one_episode(part: Part | None) -> bool:
    return part is not None and part.kind == "episodes" and part.first == part.last


def _covers(part: Part | None, numbers: Sequence[Number]) -> int:
    """1 for a folder whose name says that it holds one of the numbers, -1 if it says otherwise."""
    if part is None or part.kind != "episodes":
        return 0
    return 1 if any(part.first <= number <= part.last for number in numbers) else -1


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
