"""The ids of other databases in the names of folders."""

from __future__ import annotations

import re
from collections.abc import Mapping

DATABASES = ("tvdb", "tmdb", "imdb", "anidb", "anilist", "myanimelist", "mal")
# In the names of folders, as Jellyfin, Plex or its agents write them: [tvdbid-1], {tvdb-1},
# [tvdb3-1]; the digit says how an agent counts the episodes.
# The blanks before one are looked at once, from the first of them: a name may hold thousands.
PATTERN = re.compile(
    rf"(?<!\s)\s*+[\[{{]({'|'.join(DATABASES)})(?:id|[2-9])?[-=](tt\d{{1,12}}|\d{{1,12}})[\]}}]",
    re.ASCII | re.IGNORECASE,
)


def parse(text: str) -> dict[str, str]:
    """The databases' ids in a folder's name: "Nacht [tvdbid-1]" is {"tvdb": "1"}."""
    return {kind.lower(): number for kind, number in PATTERN.findall(text)}


def bracketed(ids: Mapping[str, str]) -> str:
    """The inverse of `parse`, in Jellyfin's spelling: "[tvdbid-1] [imdbid-tt2]"."""
    return " ".join([f"[{kind}id-{number}]" for kind, number in ids.items()])
