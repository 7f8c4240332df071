"""Tells by a path alone that a video is no episode: by its folder, its ending, or its disc.

A folder below the series' own that is called "Clips" holds extras; a series may be called so. The
names are those of Jellyfin, and those that releases add to them (docs/names.md, 9).
"""

from __future__ import annotations

import re
from functools import lru_cache

EXTRAS_FOLDERS = frozenset(
    {
        "behind the scenes",
        "behindthescenes",
        "deleted scenes",
        "deleted",
        "interviews",
        "interview",
        "scenes",
        "samples",
        "sample",
        "shorts",
        "featurettes",
        "featurette",
        "clips",
        "other",
        "others",
        "extras",
        "extra",
        "trailers",
        "trailer",
        "teasers",
        "theme music",
        "theme videos",
        "backdrops",
        "making of",
        "makingof",
        "menus",
        "menu",
        "bloopers",
        "outtakes",
        "promos",
        "bonusmaterial",
        "bonus material",
        "openings",
        "endings",
        "musik",
        "music",
        "soundtrack",
        "ost",
    }
)
# Folders that players take for one disc, whatever the files in them are called.
DISC_FOLDERS = frozenset({"video_ts", "audio_ts", "hvdvd_ts", "bdmv", "avchd"})
MAX_DISC_NAME = 8  # characters
DISC_FILE = re.compile(r"VTS_\d\d_\d", re.IGNORECASE)
A_DISC = "a disc: the files in it are no episodes"

TAIL_CHARACTERS = 40  # of a name: longer than any ending and what stands in front of it
LAST_WORDS = (  # of all endings; few names end in one
    *("sample", "trailer", "behindthescenes", "deleted", "scene", "featurette", "interview"),
    *("short", "clip", "other", "extra"),
)
ENDING = re.compile(
    r"""
    (?: ^ | [._-] | (?<=[^a-z])\ | -\ )  (?P<always> sample | trailer ) $
  | - (?P<joined> behindthescenes | deleted | deletedscene | featurette ) $
  | - (?P<title_word> interview | scene | short | clip | other | extra ) $
    """,
    re.VERBOSE | re.IGNORECASE,
)
SAMPLE_IN_FRONT = re.compile(r"sample-(?!\ |s?\d)", re.IGNORECASE)  # of scene releases
# In front of an ending: then it ends an episode's own title, as in "S01E05 - Der Trailer".
ARTICLE = re.compile(
    r"(?<![^\W_])(?:the|a|an|der|die|das|ein|eine|le|la|les|el|il|un|una)$", re.IGNORECASE
)
# Then it is the last word of "S01E05-the-other", or the group behind the codec, "x264-OTHER".
IN_TITLE = re.compile(r"(?:e|\dx)\d+(?:-[^\W\d_]+)+$|(?:[xh][ .]?26[3-6]|hevc|av1|xvid)$")


def why_extra(folders: tuple[str, ...], stem: str) -> str | None:
    """Why a video is an extra, for people; None where its path does not say so.

    `folders` are those between the series' own and the video, `stem` is its name without extension.
    """
    if folders and (why := why_in_folders(folders)):
        return why
    return A_DISC if is_disc(stem) else why_by_ending(stem)


@lru_cache(4096)
def why_in_folders(folders: tuple[str, ...]) -> str | None:
    """The reason in the folders alone; None where they give none."""
    for folder in folders:
        if is_disc(folder):
            return A_DISC
        if re.sub(r"[ ._-]+", " ", folder).strip().casefold() in EXTRAS_FOLDERS:
            return f'in the folder "{folder}"'
    return None


def is_disc(name: str) -> bool:
    """Whether this is the folder of a disc, or one of its files that was copied without it."""
    if len(name) > MAX_DISC_NAME:
        return False
    return name.casefold() in DISC_FOLDERS or DISC_FILE.fullmatch(name) is not None


@lru_cache(4096)
def disc_folder(path: str) -> str | None:
    """The folder of the disc that a folder below a series is, or is a part of."""
    top, *folders = path.split("/")
    for depth, folder in enumerate(folders):
        if folder.casefold() in DISC_FOLDERS:
            return "/".join([top, *folders[: depth + 1]])
    return None


def why_by_ending(stem: str) -> str | None:
    """The reason in the end of the name, which may be the whole name; None for no reason."""
    if stem[:7] in ("sample-", "Sample-", "SAMPLE-") and SAMPLE_IN_FRONT.match(stem):
        return f'it begins with "{stem[:6]}"'
    if not stem[-TAIL_CHARACTERS:].casefold().endswith(LAST_WORDS):
        return None
    match = ENDING.search(stem, max(0, len(stem) - TAIL_CHARACTERS))
    if match is None:
        return None
    before = stem[: match.start()]
    if match["always"] and ARTICLE.search(before):
        return None
    if match["title_word"] and IN_TITLE.search(before.casefold()):
        return None
    return f'it ends in "{match[0].strip()}"'
