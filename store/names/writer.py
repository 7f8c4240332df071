"""What files are called in the library: as the owner's templates say, or as a series' own files are. Pure.

`store/names.py` reads back what is written here; a name that it would not read is not written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from store.names import codes, database_ids, spelling
from store.names.codes import Number

if TYPE_CHECKING:
    from store.settings import Naming

SHORT = 100  # bytes of a title that stands where a name is not cut
_FIELD = re.compile(r"([ ._-]*[\[(]?)\{(\w+)(?::0(\d))?\}([\])]?)")
_NUMBERS = re.compile(r"\{(?:code|season|episode|absolute)")
_EDGE = re.compile(r"[ ._\-\[(]*$")
_GROUP = re.compile(r"^\[[^\]]*\][ _.]*")
_CODE = re.compile(r"s\d+[ ._-]?e\d|(?<!\d)\d{1,2}x\d", re.IGNORECASE)


class Wanted(NamedTuple):
    """What a name is made of. `title` is the series', perhaps with its year, `name` the episode's own; `absolute` are its
    running numbers, where they are known."""

    title: str
    season: int
    numbers: Sequence[Number]
    ids: Mapping[str, str] = {}
    name: str = ""
    absolute: Sequence[int] = ()


class File(NamedTuple):
    """A file that is one episode; `numbers` are those that its name may hold, within the season and counted through."""

    path: str
    season: int
    numbers: tuple[Number, ...]


def path(naming: Naming, wanted: Wanted, extension: str, folder: str | None = None) -> str:
    """Where an episode lies below the library, `/` between safe components: `Show/Season 01/Show - S01E05.mkv`.

    `folder` is the series' own where it has one. Raises ValueError for more numbers than a name has room for.
    """
    number = _NUMBERS.search(naming.episode).start()
    front, edge = _parted(naming.episode[:number])
    season = _fill(naming.season, wanted)
    tail = (
        edge
        + _fill(naming.episode[number:], wanted._replace(title=spelling.safe(wanted.title, SHORT)))
        + extension
    )
    file = spelling.safe(_fill(front, wanted), keep=tail) if front else _safe("", tail)
    return "/".join(
        [
            folder or series_folder(naming, wanted),
            *([spelling.safe(season)] if season else ()),
            file,
        ]
    )


def series_folder(naming: Naming, wanted: Wanted, more: str = "") -> str:
    """The folder of a new series; `more` tells it from one whose plain name is taken."""
    return spelling.safe(_fill(naming.series, wanted), keep=more)


def target(
    naming: Naming,
    wanted: Wanted,
    new: File,
    files: Sequence[File],
    extension: str,
    readable: Callable[[str], bool],
) -> str:
    """Where a new episode of a series goes that has `files`: named as most of them are, those of its season first.

    What stands behind the number, a title or a release's tags, is theirs and is left out. `new.path` is the series' folder;
    `readable` says whether a path would be read as the episode that it is. Where nothing fits, the templates count.
    """
    own = path(naming, wanted, extension, new.path)
    near = [file for file in files if file.season == new.season] or [
        file for file in files if new.season and file.season
    ]
    loose = {file.path.count("/") for file in files} == {1}
    alike = Counter(filter(None, (_alike(file, new, extension) for file in near)))
    for best, votes in alike.most_common(1):
        stem = best.removesuffix(extension)
        if votes * 2 > len(near) and not own.startswith(stem) and readable(best):
            return best
    beside = (
        {new.path}
        if loose
        else {file.path.rpartition("/")[0] for file in near if file.season == new.season}
    )
    if len(beside) == 1 and not _CODE.search(*beside):  # not a folder of one episode
        return f"{beside.pop()}/{own.rpartition('/')[2]}"
    return own


def trouble(naming: Naming) -> str:
    """Why these templates can't be used: a path that would not be read as the episode that it is. Empty when they can."""
    from store.names import (
        matching,
        parser,  # late: few change their templates
    )

    seasons = {1: 12, 2: 13, 12: 113}
    known = [(season, number) for season, last in seasons.items() for number in range(1, last + 1)]
    for title in ("Nacht", "Nacht 24 (2010)", "Nächtlich " * 30):
        for season, numbers in ((1, (5,)), (2, (3, 4)), (12, (113,)), (0, (1,)), (0, (6.5,))):
            running = [known.index((season, number)) + 1 for number in numbers] if season else []
            wanted = Wanted(title, season, numbers, {"tvdb": "12"}, "Der 7. Tag" * 9, running)
            spots = tuple((season, number) for number in numbers)
            try:
                written = path(naming, wanted, ".mkv")
            except ValueError:
                return "Its names would be too long"
            verdict = matching.judge(parser.parse(written), known)
            if not verdict.sure or verdict.spots != spots:
                return f"'{written}' would not be read as {codes.file_code(season, numbers)}"
    return ""


# -- inside --------------------------------------------------------------------------------------------------------


def _fill(template: str, wanted: Wanted) -> str:
    """A field that is empty takes the separators in front of it and the brackets around it along."""
    values = {
        "title": (spelling.YEAR.sub("", wanted.title) or wanted.title).replace("\0", " "),
        "year": str(spelling.year(wanted.title) or ""),
        "ids": database_ids.bracketed(wanted.ids),
        "code": codes.file_code(wanted.season, wanted.numbers),
        "episode_title": spelling.safe(wanted.name, SHORT) if wanted.name else "",
        "season": [wanted.season],
        "episode": wanted.numbers,
        "absolute": wanted.absolute,
    }

    def put(match: re.Match) -> str:
        before, field, width, after = match.groups()
        value = values[field]
        text = value if isinstance(value, str) else _spelled(sorted(value), int(width or 1))
        return (
            before + text + after if text else "\0" if before[-1:] in ("[", "(") else "\0" + after
        )

    return re.sub(r"^\0[ ._-]*|\0", "", _FIELD.sub(put, template))


def _spelled(numbers: list[Number], width: int) -> str:
    """5, 5-7 or 5 & 7."""
    run = len(numbers) > 1 and numbers == list(
        range(int(numbers[0]), int(numbers[0]) + len(numbers))
    )
    return ("-" if run else " & ").join(
        [_padded(number, width) for number in (numbers[:: len(numbers) - 1] if run else numbers)]
    )


def _padded(number: Number, width: int) -> str:
    whole, dot, part = codes.digits(number).partition(".")
    return (whole.lstrip("0") or "0").zfill(width) + dot + part


def _safe(front: str, end: str) -> str:
    if front:
        return spelling.safe(front, keep=end)
    if len(end.encode()) > 240:
        raise ValueError("there is no room for a name")
    return spelling.safe(end)


def _parted(text: str) -> tuple[str, str]:
    """What stands before a number, and the separators between: when a name is too long, it is cut there."""
    edge = _EDGE.search(text).start()
    return text[:edge], text[edge:]


def _alike(file: File, new: File, extension: str) -> str | None:
    """The path that `new` has if it is named as `file` is; None when that cannot be told."""
    _, *folders, base = file.path.split("/")
    if any(map(_CODE.search, folders)):  # a release's own folder
        return None
    if file.season != new.season:
        season = re.compile(rf"(?<!\d){_zeros(file.season)}(?!\d)")
        if not all(map(season.search, folders)):
            return None
        folders = [
            season.sub(lambda match: _padded(new.season, len(match[0])), name) for name in folders
        ]
    stem = base.rpartition(".")[0]
    for old, number in zip(file.numbers, new.numbers):
        code = rf"(?<![^\W_])(s?)({_zeros(file.season)})([ ._-]?(?:ep?|x))({_zeros(old)})(?!\d|\.\d|-?e?\d)"  # S01E05, 1x05
        alone = rf".*(?<![^\W_])(?<!\d\.)((?:ep?)?)()()({_zeros(old)})(?=(?:v\d+)?(?![^\W_]|\.\d))"  # 05, E05, 05v2; the last one
        match = re.search(code, stem, re.IGNORECASE) or re.search(alone, stem, re.IGNORECASE)
        if match and number >= 0:
            word, season, between, digits = match.groups()
            text = (
                word
                + (season and _padded(new.season, len(season)))
                + between
                + _padded(number, len(digits))
            )
            front, edge = _parted(_GROUP.sub("", stem[: match.start(1)]))
            return "/".join([new.path, *folders, _safe(front, edge + text + extension)])
    return None


def _zeros(number: Number) -> str:
    """A number as a pattern, with zeros in front or without."""
    return "0*" + re.escape(_padded(number, 1))
