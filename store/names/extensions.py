"""The kinds of files by their extensions, and which files belong to a video."""

from __future__ import annotations

from collections.abc import Collection, Iterable

MEDIA = frozenset(
    ".mkv .mp4 .m4v .avi .mov .webm .ts .m2ts .mts .mpg .mpeg .wmv .flv .ogm .ogv .divx .rm .rmvb "
    ".3gp .vob .asf .f4v".split()
)
SUBTITLES = frozenset(".srt .ass .ssa .vtt .sub .idx .sup .smi .sami .mks".split())


def sidecars(video: str, names: Iterable[str], kinds: Collection[str]) -> dict[str, str]:
    """Find the files that belong to a video: {".de.srt": "Show - 01.de.srt"}, by their endings.

    `names` are all files in the video's folder, `kinds` the extensions that count. Where two videos
    begin alike, a file belongs to the longer one.
    """
    names = list(names)
    stem = video.rpartition(".")[0]
    stems = [name.rpartition(".")[0] for name in names if _extension(name) in MEDIA]
    longer = tuple([other for other in stems if other != stem and other.startswith(stem)])
    found = {}
    for name in names:
        ending = name.removeprefix(stem)
        if (
            ending != name  # it begins with the stem
            and ending[:1] in (".", "-")
            and not ending[1:2].isdigit()
            and _extension(name) in kinds
            and not name.startswith(longer)
        ):
            found[ending] = name
    return found


def _extension(name: str) -> str:
    return "." + name.rpartition(".")[2].casefold()
