"""The kinds of files, by the end of their names, and the files that belong to a video."""

from __future__ import annotations

from collections.abc import Collection, Iterable

# conventions.md, chapter 1
MEDIA = frozenset(
    ".mkv .mp4 .m4v .avi .mov .webm .ts .m2ts .mts .mpg .mpeg .wmv .flv .ogm .ogv .divx .rm .rmvb .3gp .vob .asf .f4v".split()
)
SUBTITLES = frozenset(".srt .ass .ssa .vtt .sub .idx .sup .smi .sami .mks".split())


def sidecars(video: str, names: Iterable[str], kinds: Collection[str]) -> dict[str, str]:
    """Of a folder's `names` those that belong to `video`, by what follows its stem: {".de.srt": "Show - 01.de.srt"}.

    `kinds` are their extensions. Where two videos begin alike, a file is the longer one's.
    """
    names = list(names)
    stem = video.rpartition(".")[0]
    others = [
        name.rpartition(".")[0]
        for name in names
        if name.startswith(stem) and name != video and _kind(name) in MEDIA
    ]
    longer = tuple([other for other in others if other != stem])
    found = {}
    for name in names:
        more = name.removeprefix(stem)
        if (
            more != name
            and more[0] in ".-"
            and not more[1:2].isdigit()
            and _kind(name) in kinds
            and not name.startswith(longer)
        ):
            found[more] = name
    return found


def _kind(name: str) -> str:
    return "." + name.rpartition(".")[2].casefold()
