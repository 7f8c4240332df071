"""The kinds of files, by the end of their names, and the files that belong to a video."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import count

MEDIA = frozenset(
    ".mkv .mp4 .m4v .avi .mov .webm .ts .m2ts .mts .mpg .mpeg .wmv .flv .ogm .ogv .divx .rm .rmvb "
    ".3gp .vob .asf .f4v".split()
)
SUBTITLES = frozenset(".srt .ass .ssa .vtt .sub .idx .sup .smi .sami .mks".split())

# What follows a video's stem in the names of its family: ".de.srt", ".trickplay", "-thumb.jpg".
SUFFIX = re.compile(r"\.(?P<digits>\d)?|-[a-z]+\.", re.IGNORECASE)
NUMBER = re.compile(r"\.(\d+)\.")


def of(name: str) -> str:
    """The extension of a name, with its dot and in lower case."""
    return "." + name.rpartition(".")[2].casefold()


def stem(name: str) -> str:
    """A name without its extension."""
    return name.rpartition(".")[0]


def family(video: str, names: Iterable[str], videos: Iterable[str]) -> dict[str, str]:
    """Of `names` those that bear the video's: {".de.srt": "Show - 01.de.srt"}, by what follows.

    `videos` are all that lie beside it: a name is of the one with the longest stem, and the files
    of 06.5 are not those of 06. Behind a digit a number is a subtitle's, ".1.srt", only where they
    count from 1: a lone ".5.srt" is of an episode whose video is not there.
    """
    own = stem(video)
    longer = [other for other in map(stem, videos) if other != own and other.startswith(own)]
    found: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for name in names:
        match = _match_suffix(name, own)
        if match is None or any(_match_suffix(name, other) for other in longer):
            continue
        suffix = name.removeprefix(own)
        if own[-1:].isdigit() and match["digits"]:
            number = NUMBER.match(suffix)
            if number is None:
                continue
            numbers[suffix] = int(number[1])
        found[suffix] = name
    counted = next(number for number in count(1) if number not in numbers.values())
    return {end: name for end, name in found.items() if numbers.get(end, 0) < counted}


def sidecars(video: str, names: Collection[str], kinds: Collection[str]) -> dict[str, str]:
    """Of a folder's `names` those of a video's family that have one of these extensions."""
    videos = [name for name in names if of(name) in MEDIA]
    found = family(video, names, videos)
    return {suffix: name for suffix, name in found.items() if of(name) in kinds}


def _match_suffix(name: str, own: str) -> re.Match[str] | None:
    """What follows a stem in a name of its family; None for a name that is none."""
    if not name.startswith(own) or of(name) in MEDIA:
        return None
    return SUFFIX.match(name, len(own))
