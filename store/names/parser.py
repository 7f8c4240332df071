"""What a file name says: title, season, episodes, and why. Pure: no disk, no network.

A name goes through four stages: `tokenize` cuts it into labelled tokens (`store/words.py`), `marks` finds codes and `lonely`
weighs single numbers (`store/marks.py`), what is left in front is the title (`store/headings.py`), and the folders above
fill the gaps. `store/neighbours.py` adds what only the others in a folder know. The families of hard names are in names.md.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TextIO

from store.names.codes import Number, as_number
from store.names.database_ids import PATTERN as IDS
from store.names.extensions import MEDIA, SUBTITLES
from store.names.grammar import REASONS, Candidate, blank, compressed, marks, running, singles
from store.names.lexer import Tokens, tokenize
from store.names.title import YEAR, checksum, heading, release, spoken

Kind = Literal["episode", "special", "extra", "movie"]
Reading = tuple[int | None, tuple[Number, ...]]  # season and episodes


class Name(NamedTuple):
    """What one path says. A number without a season may count through all seasons: the series decides that, not the name."""

    title: str | None = None
    year: int | None = None
    season: int | None = None
    episodes: tuple[Number, ...] = ()
    absolute: tuple[Number, ...] = ()  # the running number, where a name has both
    kind: Kind = "episode"
    group: str | None = None
    version: int | None = None
    crc: str | None = None
    language: str | None = None  # of the sound, ISO 639-1
    country: str | None = None  # "Nachtdienst (US)": US
    score: int = 0  # 100 is S01E05, 85 and more is sure; below that the series or the neighbours should agree
    also: tuple[Reading, ...] = ()  # what else it may be, the likelier first
    why: tuple[str, ...] = ()


SURE = 85
# --- one component of a path ---


class Part(NamedTuple):
    """One component by itself: what it says, whether its title stands where titles stand, and its tokens."""

    name: Name
    sure: bool
    tokens: Tokens


def read(
    text: str, season: int | None = None, chosen: int | None = None, folder: bool = False
) -> Part:
    """One component without its extension.

    `season` is what the folders say, `chosen` the token that the neighbours say is the episode. A folder's single
    numbers belong to its title.
    """
    tokens = tokenize(text)
    outer = blank(tokens.shape)
    start = opening(outer)
    found = list(marks(tokens))
    if not folder and (chosen is not None or max((mark.score for mark in found), default=0) < 70):
        found += singles(tokens, outer, start, found, season, chosen)
    episodes = sorted((mark for mark in found if mark.episodes and mark.score >= 10), key=likelier)
    best = episodes[0] if episodes else None
    absolute, end = running(tokens, best) if best else ((), len(outer))
    ends = [
        mark.first
        for mark in found
        if mark is best or (mark.first >= start and (mark.score >= 70 or not mark.episodes))
    ]
    behind = max(
        (
            mark.last
            for mark in found
            if mark is best or (mark.season is not None and (best or folder))
        ),
        default=0,
    )
    title, year, country, sure = heading(tokens, outer, start, min([end, *ends]), behind)
    own = season_of(found, best)
    also = [(mark.season, mark.episodes) for mark in episodes[1:4]]
    if best and best.season is None and (split := compressed(best, tokens)):
        if split[1] == absolute or split[0] == own:  # "101 (01)", "Temporada 4 [Cap.408]"
            absolute = () if split[1] == absolute else absolute
            own, best = (
                split[0],
                best._replace(season=split[0], episodes=split[1], rule="compressed"),
            )
        else:
            also.insert(0, split)
    why = ()
    if best:
        why = (
            REASONS[best.rule].format(
                tokens.text[tokens.at[best.first] : tokens.to[best.last - 1]]
            ),
        )
        if best.season is None and own is not None:
            why += (f"season {own} from the name",)
    return Part(
        Name(
            title=title,
            year=year,
            season=own,
            episodes=best.episodes if best else (),
            absolute=absolute,
            kind=kind_of(tokens, best, own),
            group=release(tokens, start),
            version=best.version if best else None,
            crc=checksum(tokens),
            language=spoken(tokens),
            country=country,
            score=min(best.score, 100) if best else 0,
            also=tuple(dict.fromkeys(also)),
            why=why,
        ),
        sure,
        tokens,
    )


def season_of(found: Sequence[Candidate], best: Candidate | None) -> int | None:
    """The season of the episode's own mark, else the last one named before it, else the first."""
    if best and best.season is not None:
        return best.season
    seasons = [mark for mark in found if mark.season is not None and not mark.episodes]
    before = [mark for mark in seasons if best and mark.first < best.first]
    return (before or seasons[:1] or [Candidate(0, 0, 0, None, (), "")])[-1].season


def likelier(mark: Candidate) -> tuple[int, int]:
    """The higher score, of codes the first, of single numbers the last one."""
    return -mark.score, -mark.first if mark.rule in ("number", "compressed") else mark.first


def opening(outer: str) -> int:
    """The first token behind the release group and whatever other brackets come first, if the title can stand there."""
    at = len(outer) - len(outer.lstrip("_ !.-m()t"))
    return at if "w" in outer[at:] or "l" in outer[at:] or outer.count("n", at) > 1 else 0


BESIDE = re.compile(r"[ .:m)(\-]*(?:(k)|(z)(?=[ .]?(?:[()t\-]|$)))")


def kind_of(tokens: Tokens, best: Candidate | None, season: int | None) -> Kind:
    """By the words in the number's mark and beside it. In front of a clear code they are the title's: "Special A S01E01"."""
    shape = tokens.shape
    if best is None:
        return "extra" if "z" in shape else "special" if "k" in shape else "movie"
    beside = BESIDE.match(shape, best.last)
    before = shape[: best.first].rstrip(" .m-(_")[1:][-1:] if best.score < SURE else ""
    inside = shape[best.first : best.last]
    if "z" in inside or before == "z" or (beside and beside[2]):
        return "extra"
    if (
        season == 0
        or "k" in inside
        or before == "k"
        or beside
        or any(number % 1 for number in best.episodes)
    ):
        return "special"
    return "movie" if best.rule == "movie" else "episode"


# --- a path ---

EXTENSIONS = (
    MEDIA
    | SUBTITLES
    | frozenset(
        ".nfo .jpg .jpeg .png .torrent .nzb .rar .zip .7z .patch .part .txt .idx .mka".split()
    )
)
# Folders that say what kind of thing they hold, not which.
GENERIC = frozenset(
    "series serien shows tv tvshows tv_shows tv-shows tv-series anime animes media medien video videos filme movies mnt home "
    "volume1 nas data download downloads complete completed incomplete library bibliothek".split()
)
SPECIALS = frozenset(
    ("specials", "special", "season 0", "season 00", "s00", "staffel 0", "staffel 00")
)
OWN = re.compile(
    r"(.+) - S(\d{1,5})E(\d{1,7}(?:\.\d+)?)((?:-E\d{1,7}|E\d{1,7}(?:\.\d+)?)*)(?: - (\d{3,7})(?:-(\d{3,7}))?)?"
    r"(?:-thumb|(?:\.[A-Za-z]{2,8}){1,2})?",
    re.ASCII,
)


def parse(path: str) -> Name:
    """Read one path, `/` between its parts. Nothing in it is looked up: equal paths give equal names."""
    folders, base = parts(path)
    if name := ours(folders, base):
        return name
    said = above(tuple(folders))
    return in_context(read(base, said.season), said)


def parts(path: str) -> tuple[list[str], str]:
    """The folders, and the file's name without its extension."""
    *folders, base = unicodedata.normalize("NFC", path).rstrip("/").split("/")
    while (
        folders
        and base.find("]") < base.find("[") % (len(base) + 1)
        and "]" in base
        and "[" in folders[-1]
    ):
        base = folders.pop() + "/" + base  # a release's name, with a slash in its brackets
    stem, dot, extension = base.rpartition(".")
    return folders, stem if stem and dot + extension.lower() in EXTENSIONS else base


def ours(folders: Sequence[str], base: str) -> Name | None:
    """A name as `naming.path` writes it, in a folder that begins with the same title: then nothing is guessed."""
    if len(folders) < 2 or " - S" not in base or not (match := OWN.fullmatch(base)):
        return None
    series, (title, season, first, more, low, high) = folders[-2], match.groups()
    if not series.startswith(title):
        if title[-7:-6] != "~" or not series.startswith(title[:-7]):
            return None
        title = series  # the file's title was cut shorter than the folder's
    numbers = [as_number(first)]
    for dash, number in re.findall(r"(-?)E([\d.]+)", more):
        numbers += (
            range(int(numbers[-1]) + 1, min(int(number), 10**4) + 1)
            if dash
            else [as_number(number)]
        )
    year = YEAR.search(IDS.sub("", series))
    return Name(
        title=title,
        year=int(year[1] or year[2]) if year else None,
        season=int(season),
        episodes=tuple(numbers),
        absolute=tuple(range(int(low), min(int(high or low), int(low) + 10**4) + 1)) if low else (),
        kind="episode" if int(season) else "special",
        score=100,
        why=("the code at the end, behind the folder's title",),
    )


class Above(NamedTuple):
    """What the folders say: the nearest that says something counts."""

    title: str | None = None
    year: int | None = None
    season: int | None = None
    kind: Kind | None = None
    name: Name | None = None  # a folder that names the episode itself


@lru_cache(4096)
def read_folder(name: str) -> Part:
    return read(IDS.sub("", name), folder=True)


@lru_cache(4096)
def above(folders: tuple[str, ...]) -> Above:
    said = Above()
    named = [
        name
        for name in folders
        if name.strip() and name.strip().casefold().replace(" ", "-") not in GENERIC
    ]
    for depth, name in reversed(list(enumerate(named))):
        plain = name.strip().casefold()
        if depth and plain.isdecimal() and int(plain) <= 20:
            said = said._replace(season=int(plain) if said.season is None else said.season)
            continue
        part, shape = read_folder(name), read_folder(name).tokens.shape
        if part.name.episodes and part.name.score >= SURE and said.name is None:
            said = said._replace(name=part.name)
        if said.season is None:
            said = said._replace(season=0 if plain in SPECIALS else part.name.season)
        if said.kind is None and not set(shape) & set("wnyl") and set(shape) & set("kz"):
            said = said._replace(kind="special" if "k" in shape else "extra")
        elif part.name.title:
            return said._replace(title=part.name.title, year=part.name.year)
    return said


def in_context(part: Part, said: Above) -> Name:
    """The base name, completed by the folders above it. What the file says itself wins, unless it is only a number."""
    name, sure, _ = part
    if said.name and name.score < SURE:
        return said.name._replace(why=(*said.name.why, "from the folder"))
    changes: dict = {}
    why = name.why
    if name.season is None and said.season is not None:
        changes["season"] = said.season
        why += (f"season {said.season} from the folder",)
    if said.title and not (name.title and sure and (name.episodes or not said.kind)):
        changes |= {"title": said.title, "year": said.year}
        why += ("title from the folder",)
    if name.kind in ("episode", "movie") and (said.kind or changes.get("season") == 0):
        changes["kind"] = said.kind or "special"
    return name._replace(why=why, **changes) if changes else name


def main(lines: Iterable[str], out: TextIO) -> None:
    """One path a line in, one JSON object a line out."""
    for line in lines:
        path = line.rstrip("\r\n")
        name = parse(path)
        shown = ("title", "season", "episodes", "absolute", "kind", "why")
        answer = json.dumps(
            {"path": path} | {key: getattr(name, key) for key in shown}, ensure_ascii=False
        )
        out.write(
            answer.encode("utf-8", "backslashreplace").decode() + "\n"
        )  # a name that is no UTF-8 comes back as \\udcff
