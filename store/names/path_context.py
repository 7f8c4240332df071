"""Reads the surroundings of a file's name: its extension, and the folders above."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

from store.names.component import Component, read_component
from store.names.database_ids import PATTERN as IDS
from store.names.extensions import MEDIA, SUBTITLES
from store.names.extras import A_DISC, is_disc, why_extra, why_in_folders
from store.names.lexer import EXTRA, LANGUAGE, NUMBER, SPECIAL, WORD, YEAR, Tokens
from store.names.parsed_name import SURE, Kind, ParsedName

BESIDE_MEDIA = ".nfo .jpg .jpeg .png .torrent .nzb .rar .zip .7z .patch .part .txt .idx .mka"
EXTENSIONS = MEDIA | SUBTITLES | frozenset(BESIDE_MEDIA.split())
# Folders that say what kind of thing they hold, not which.
GENERIC_FOLDERS = frozenset(
    "series serien shows tv tvshows tv_shows tv-shows tv-series anime animes media medien video "
    "videos filme movies mnt home volume1 nas data download downloads complete completed "
    "incomplete library bibliothek".split()
)
SPECIALS_FOLDERS = frozenset(
    ("specials", "special", "season 0", "season 00", "s00", "staffel 0", "staffel 00")
)
SEVERAL_SEASONS = re.compile(r"s[ .:]?n[ ]?[m\-~+,][ ]?n(?![ .]?[ec])")
PART_OF_SEASON = re.compile(r"P[ .]?(?P<part>n)")
MAX_SEASON_FOLDER = 20  # "Nacht/20" is a season, "Nacht/24" may be a title


def split_path(path: str) -> tuple[tuple[str, ...], str]:
    """The folders, and the file's name without its extension."""
    if not path.isascii():
        path = unicodedata.normalize("NFC", path)
    *folders, base = path.rstrip("/").split("/")
    while folders and is_torn_bracket(folders[-1], base):
        base = folders.pop() + "/" + base
    stem, dot, extension = base.rpartition(".")
    return tuple(folders), stem if stem and dot + extension.lower() in EXTENSIONS else base


def is_torn_bracket(folder: str, base: str) -> bool:
    """Whether a slash within the brackets of a release's name parted it into folder and file."""
    if "[" not in folder or "]" not in base:
        return False
    return "[" not in base[: base.index("]")]


# --- the extras ---


def read_extra(folders: tuple[str, ...], base: str) -> ParsedName | None:
    """Read a video whose path alone tells that it is an extra; None where it does not."""
    why = why_extra(list_below_series(folders), base)
    if why is None:
        return None
    if why == A_DISC:  # the numbers are those of its parts
        context = read_folders(tuple(takewhile(lambda folder: not is_disc(folder), folders)))
        return ParsedName(context.title, context.year, kind="extra", why=(why,))
    context = read_folders(folders)
    name = complete_from_folders(read_component(base, context.season), context)
    return name._replace(kind="extra", why=(*name.why, why))


@lru_cache(4096)
def list_below_series(folders: tuple[str, ...]) -> tuple[str, ...]:
    """The folders below the series' own, which is the first that says something."""
    for depth, folder in enumerate(folders):
        if not is_generic(folder):
            return folders[depth + 1 :]
    return ()


# --- the folders above ---


class FolderContext(NamedTuple):
    """The facts that the folders above a file tell, each by the nearest folder that does."""

    title: str | None = None
    year: int | None = None
    season: int | None = None
    is_bare_season: bool = False  # the folder is called "2", not "Season 2"
    kind: Kind | None = None
    code: ParsedName | None = None  # of a folder that names an episode, or a range of them
    part: int | None = None  # "Cour 2"


@lru_cache(4096)
def read_folder(name: str) -> Component:
    """Read the name of one folder."""
    return read_component(IDS.sub("", name), is_folder=True)


@lru_cache(4096)
def read_folders(folders: tuple[str, ...]) -> FolderContext:
    """Read the folders above a file, from the nearest one up to the first that has a title."""
    context = FolderContext()
    is_framed = False  # by a folder that tells the season, or that it holds several
    telling = [name for name in folders if not is_generic(name)]
    for depth, folder in reversed(list(enumerate(telling))):
        plain = folder.strip().casefold()
        number = plain.removeprefix("t")  # "T3" is a Temporada
        if depth and number.isdecimal() and int(number) <= MAX_SEASON_FOLDER:
            if not is_framed:
                context = context._replace(season=int(number), is_bare_season=True)
            is_framed = True
            continue
        if depth and why_in_folders((folder,)):
            context = context._replace(kind=context.kind or "extra")
            continue
        component = read_folder(folder)
        name, kind = component.name, find_folder_kind(component.tokens.labels)
        if depth and is_kind_of_series(component, telling[depth - 1]):
            context = context._replace(kind=context.kind or "special")
            continue
        context = context._replace(
            code=context.code or find_folder_code(name),
            part=context.part or (find_part(component.tokens) if depth else None),
        )
        if not is_framed:
            season = 0 if plain in SPECIALS_FOLDERS else name.season
            is_framed = has_several_seasons(component)
            context = context._replace(season=None if is_framed else season)
            is_framed = is_framed or season is not None
        is_title = not depth and kind == "extra"  # a series that is called "Extras"
        if context.kind is None and kind and not is_title:
            context = context._replace(kind=kind)
        elif name.title:
            return context._replace(title=name.title, year=name.year)
    return context


def find_folder_code(name: ParsedName) -> ParsedName | None:
    """The code of a folder that names an episode, or a range of them."""
    return name if name.episodes and name.score >= SURE else None


def has_several_seasons(component: Component) -> bool:
    """Whether a folder holds more than one season: "Nacht S01-S02", "Staffel 1-3"."""
    seasons = {
        found.season for found in component.found if found.season is not None and not found.episodes
    }
    return len(seasons) > 1 or SEVERAL_SEASONS.search(component.tokens.labels) is not None


def find_part(tokens: Tokens) -> int | None:
    """The number of a folder that holds a part of a season: "Cour 2", "Part 2"."""
    match = PART_OF_SEASON.search(tokens.labels)
    return int(tokens.words[match.start("part")]) if match else None


def is_kind_of_series(component: Component, series: str) -> bool:
    """Whether a folder holds the specials of the series in whose folder it lies: "Nacht OVA".

    A series may be nothing but an OVA: then its own folder is called so.
    """
    title = component.name.title
    labels = component.tokens.labels.rstrip(") ")
    if not title or labels[-1:] != SPECIAL:
        return False
    plain = component.tokens.piece(0, len(labels) - 1).rstrip(" .-_([")
    return plain.casefold() in (
        series.casefold(),
        (read_folder(series).name.title or "").casefold(),
    )


def is_generic(folder: str) -> bool:
    """Whether a folder tells nothing about the files in it."""
    plain = folder.strip().casefold()
    return not plain or plain.replace(" ", "-") in GENERIC_FOLDERS


def find_folder_kind(labels: str) -> Kind | None:
    """The kind of files in a folder that is called after nothing else: "Specials", "Extras"."""
    if not {WORD, YEAR, LANGUAGE}.isdisjoint(labels):
        return None
    if SPECIAL in labels:  # "OVA 2" too
        return "special"
    return "extra" if EXTRA in labels and NUMBER not in labels else None


def complete_from_folders(
    component: Component, context: FolderContext, *, is_alone: bool = True
) -> ParsedName:
    """Complete a file's name by the folders above.

    The file's own word wins, unless the name is hardly more than a number. `is_alone` says that no
    other video lies in the same folder.
    """
    name = component.name
    if context.code and is_of_folder_code(name, context.code, is_alone):
        return context.code._replace(why=(*context.code.why, "from the folder"))
    changes: dict[str, Any] = {}
    why = name.why
    if name.season is None and context.season is not None and tells_season(name, context):
        changes |= {"season": context.season, "is_season_of_folder": True}
        why += (f"season {context.season} from the folder",)
        if context.code and len(context.code.episodes) > 1:
            first, *_, last = context.code.episodes
            why += (f"the folder says {first}-{last}",)
    has_own_title = (
        name.title and component.has_title_in_front and (name.episodes or not context.kind)
    )
    if context.title and not has_own_title:
        changes |= {"title": context.title, "year": context.year}
        why += ("title from the folder",)
    if name.kind in ("episode", "movie") and (context.kind or changes.get("season") == 0):
        changes["kind"] = context.kind or "special"
    return name._replace(why=why, **changes) if changes else name


def tells_season(name: ParsedName, context: FolderContext) -> bool:
    """Whether the season of the folders is a file's: not an opening's in "S01E01-E12/NCOP1"."""
    if name.kind == "extra":
        return context.code is None
    return bool(name.episodes) or not context.is_bare_season


def is_of_folder_code(name: ParsedName, code: ParsedName, is_alone: bool) -> bool:
    """Whether the code of its folder tells a file's episodes: "Nacht S01E05/abc123.mkv".

    A range, "S01E01-E12", is a frame: each file in it has a number of its own. Only a lone file
    without any number may hold all of them.
    """
    if name.score >= SURE or name.kind == "extra":
        return False
    return len(code.episodes) == 1 or (is_alone and not name.episodes)
