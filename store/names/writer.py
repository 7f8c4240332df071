"""Writes the path of a file in the library: by the templates, or like the files of its series.

Pure: no disk, no network. `folder_parser` reads back what is written here; a path that would be
read as another episode is not written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from store.names import season_ranges, spelling
from store.names.codes import Number
from store.names.templates import MAX_TITLE_BYTES, Templates, Wanted, fill, pad

MAX_NAME_BYTES = 240

# --- by the templates ---

_NUMBER_FIELD = re.compile(r"\{(?:code|season|episode|absolute)")
_SEPARATORS_AT_END = re.compile(r"[ ._\-\[(]*$")


def episode_path(
    templates: Templates, wanted: Wanted, extension: str, folder: str | None = None
) -> str:
    """Where an episode lies below the library: `Show/Season 01/Show - S01E05.mkv`.

    Each component is a safe name. `folder` is the series' own where it has one. Raises ValueError
    for more numbers than a name has room for.
    """
    number = _NUMBER_FIELD.search(templates.episode)
    start = number.start() if number else 0
    front, separators = _split_separators(templates.episode[:start])
    # Behind a number nothing is cut, so the title there is short from the outset.
    short = wanted._replace(title=spelling.safe(wanted.title, MAX_TITLE_BYTES))
    end = separators + fill(templates.episode[start:], short) + extension
    file = spelling.safe(fill(front, wanted), keep=end) if front else _safe_name("", end)
    season = fill(templates.season, wanted)
    folders = [folder or series_folder(templates, wanted)]
    if season:
        folders.append(spelling.safe(season))
    return "/".join([*folders, file])


def series_folder(templates: Templates, wanted: Wanted, suffix: str = "") -> str:
    """The folder of a new series; `suffix` tells it from one whose plain name is taken."""
    return spelling.safe(fill(templates.series, wanted), keep=suffix)


def _split_separators(text: str) -> tuple[str, str]:
    """(the text before a number, the separators between), where a long name is cut."""
    separators = _SEPARATORS_AT_END.search(text)
    end = separators.start() if separators else len(text)
    return text[:end], text[end:]


def _safe_name(front: str, end: str) -> str:
    """A safe name of which `end` is never cut. Raises ValueError where there is no room for it."""
    if front:
        return spelling.safe(front, keep=end)
    if len(end.encode()) > MAX_NAME_BYTES:
        raise ValueError("there is no room for a name")
    return spelling.safe(end)


# --- as the series' own files ---

_GROUP = re.compile(r"^\[[^\]]*\][ _.]*")
_CODE = re.compile(r"s\d+[ ._-]?e\d|(?<!\d)\d{1,2}x\d", re.IGNORECASE)


class File(NamedTuple):
    """A file that is one episode."""

    path: str
    season: int
    numbers: tuple[Number, ...]  # within the season, and counted through all where that is known


def choose_path(
    templates: Templates,
    wanted: Wanted,
    *,
    new: File,
    files: Sequence[File],
    extension: str,
    readable: Callable[[str], bool],
) -> str:
    """Where a new episode goes of a series that has `files`: it is named as most of them are.

    Files of its season are asked first. A title or tags behind their number are left out.
    `new.path` is the series' folder; `readable` says whether a path would be read as the new
    episode. Where no file is an example, the templates count.
    """
    own = episode_path(templates, wanted, extension, new.path)
    same_season = [file for file in files if file.season == new.season]
    examples = same_season or [file for file in files if new.season and file.season]
    paths = [_write_like(file, new, extension) for file in examples]
    votes = Counter([path for path in paths if path])
    if votes:
        ((best, count),) = votes.most_common(1)
        is_another = not own.startswith(best.removesuffix(extension))
        if count * 2 > len(examples) and is_another and readable(best):
            return best
    return _move_beside(own, new, files, same_season)


def _move_beside(own: str, new: File, files: Sequence[File], same_season: Sequence[File]) -> str:
    """The path by the templates, moved into the folder where all files of the season lie."""
    folders = {file.path.rpartition("/")[0] for file in same_season}
    if {file.path.count("/") for file in files} == {1}:
        folders = {new.path}
    if len(folders) != 1:
        return own
    folder = folders.pop()
    if _CODE.search(folder):  # of one episode
        return own
    return f"{folder}/{own.rpartition('/')[2]}"


def _write_like(example: File, new: File, extension: str) -> str | None:
    """The path of `new` if it is named as `example` is; None when that cannot be told."""
    _, *folders, base = example.path.split("/")
    if any(map(_CODE.search, folders)):  # a release's own folder
        return None
    if any(map(season_ranges.read, folders)):
        return None
    if example.season != new.season:
        season = re.compile(rf"(?<!\d){_with_zeros(example.season)}(?!\d)")
        if not all(map(season.search, folders)):
            return None
        folders = [_put_number(season, new.season, folder) for folder in folders]
    stem = base.rpartition(".")[0]
    for number, new_number in zip(example.numbers, new.numbers):
        match = _find_code(stem, example.season, number)
        if match and new_number >= 0:
            code = match["word"]
            if match["season"]:
                code += pad(new.season, len(match["season"]))
            code += match["between"] + pad(new_number, len(match["number"]))
            front, separators = _split_separators(_GROUP.sub("", stem[: match.start("word")]))
            return "/".join([new.path, *folders, _safe_name(front, separators + code + extension)])
    return None


def _put_number(pattern: re.Pattern[str], number: int, text: str) -> str:
    """The text with `number` where the pattern finds one, written with as many digits."""
    return pattern.sub(lambda match: pad(number, len(match[0])), text)


def _find_code(stem: str, season: int, number: Number) -> re.Match[str] | None:
    """The place in a name where an episode's code stands, or its number alone."""
    code = (  # S01E05, 1x05
        rf"(?<![^\W_])(?P<word>s?)(?P<season>{_with_zeros(season)})"
        rf"(?P<between>[ ._-]?(?:ep?|x))(?P<number>{_with_zeros(number)})(?!\d|\.\d|-?e?\d)"
    )
    alone = (  # 05, E05, 05v2; the last one
        rf".*(?<![^\W_])(?<!\d\.)(?P<word>(?:ep?)?)(?P<season>)(?P<between>)"
        rf"(?P<number>{_with_zeros(number)})(?=(?:v\d+)?(?![^\W_]|\.\d))"
    )
    return re.search(code, stem, re.IGNORECASE) or re.search(alone, stem, re.IGNORECASE)


def _with_zeros(number: Number) -> str:
    """A number as a pattern, with zeros in front or without."""
    return "0*" + re.escape(pad(number, 1))
