"""The kinds of files, by the end of their names, and the files that belong to a video."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count

MEDIA = frozenset(
    ".mkv .mp4 .m4v .avi .mov .webm .ts .m2ts .mts .mpg .mpeg .wmv .flv .ogm .ogv .divx .rm .rmvb "
    ".3gp .vob .asf .f4v".split()
)
SUBTITLES = frozenset(".srt .ass .ssa .vtt .sub .idx .sup .smi .sami .mks".split())

# Where a stem may end in the name of a family: before ".de.srt", ".trickplay", "-thumb.jpg".
SUFFIX = re.compile(r"\.|-(?=[a-z]+\.)", re.IGNORECASE)
DIGITS = re.compile(r"\.(\d+)(\.)?")  # and whether nothing else stands between the dots


def of(name: str) -> str:
    """The extension of a name, with its dot and in lower case."""
    return "." + name.rpartition(".")[2].casefold()


def stem(name: str) -> str:
    """A name without its extension."""
    return name.rpartition(".")[0]


def families(names: Iterable[str], videos: Iterable[str]) -> dict[str, dict[str, str]]:
    """The `names` that bear a video's, by its stem and what follows: {".de.srt": "A - 01.de.srt"}.

    A name is of the longest stem with which it begins: the files of 06.5 are not those of 06. Case
    and the form of accents make a difference only where stems differ in nothing else. Behind a
    digit a number is a subtitle's, ".1.srt", only where they count from 1: a lone ".5.srt" is of an
    episode whose video is not there.
    """
    stems = [stem(video) for video in videos]
    found: dict[str, dict[str, str]] = {own: {} for own in stems}
    spelled = {_fold(own): own for own in stems}
    for name in names:
        if of(name) not in MEDIA:
            for suffix in reversed(list(SUFFIX.finditer(name))):
                front = name[: suffix.start()]
                own = front if front in found else spelled.get(_fold(front))
                if own is not None:
                    found[own][name[suffix.start() :]] = name
                    break
    return {own: _without_decimals(own, family) for own, family in found.items()}


def sidecars(video: str, names: Collection[str], kinds: Collection[str]) -> dict[str, str]:
    """The `names` in a folder that belong to a video's family and have one of these extensions."""
    videos = [name for name in names if of(name) in MEDIA]
    family = families(names, [video, *videos])[stem(video)]
    return {suffix: name for suffix, name in family.items() if of(name) in kinds}


def _without_decimals(own: str, family: dict[str, str]) -> dict[str, str]:
    """The family without what is of another episode: the 5 of "06.5.srt" counts no subtitle."""
    if not own[-1:].isdigit():
        return family
    digits = {suffix: DIGITS.match(suffix) for suffix in family}
    numbers = {int(match[1]) for match in digits.values() if match and match[2]}
    counted = next(number for number in count(1) if number not in numbers)
    return {
        suffix: name
        for suffix, name in family.items()
        if not (match := digits[suffix]) or (match[2] and int(match[1]) < counted)
    }


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
