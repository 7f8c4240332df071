"""The ids of other databases in the names of folders."""

from __future__ import annotations

import re
from collections.abc import Mapping

DATABASES = ("tvdb", "tmdb", "imdb", "anidb", "anilist", "myanimelist", "mal")
ID = re.compile(r"tt\d{1,12}|\d{1,12}", re.ASCII)
# In the names of folders, as Jellyfin, Plex or its agents write them: [tvdbid-1], {tvdb-1},
# [tvdb3-1]; the digit says how an agent counts the episodes.
# The blanks before one are looked at once, from the first of them: a name may hold thousands.
PATTERN = re.compile(
    rf"(?<!\s)\s*+[\[{{]({'|'.join(DATABASES)})(?:id|[2-9])?[-=]({ID.pattern})[\]}}]",
    re.ASCII | re.IGNORECASE,
)


def parse(text: str) -> dict[str, str]:
    """The databases' ids in a folder's name: "Nacht [tvdbid-1]" is {"tvdb": "1"}."""
    return {kind.lower(): number for kind, number in PATTERN.findall(text)}


def strip(name: str) -> str:
    """A folder's name without ids; the name itself where it consists of ids alone."""
    return PATTERN.sub("", name).strip() or name


def bracketed(ids: Mapping[str, str]) -> str:
    """The inverse of `parse`, in Jellyfin's spelling: "[tvdbid-1] [imdbid-tt2]"."""
    return " ".join([f"[{kind}id-{number}]" for kind, number in ids.items()])


def choose(ids: Mapping[str, object]) -> dict[str, str]:
    """The ids of known databases, in their right form, among those of another program.

    The case of the databases' names makes no difference.
    """
    return {
        name.lower(): number
        for name, number in ids.items()
        if name.lower() in DATABASES and isinstance(number, str) and ID.fullmatch(number)
    }
