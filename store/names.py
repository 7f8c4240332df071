"""What a file name says: title, season, episodes, and why. Pure: no disk, no network.

One name goes through four stages: `scan` cuts it into labelled tokens (`store/words.py`), `marks` finds codes and
`lonely` weighs single numbers (`store/marks.py`), the rest of the name gives the title, and the folders above fill
what the name leaves open. `parse_folder` adds what only the neighbours in a folder know.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple, TextIO

from store.marks import EDGE, GLUE, Mark, compressed, lonely, marks
from store.models import Number
from store.titles import MEDIA, SUBTITLES, as_number
from store.words import LANGUAGES, Scan, scan

Kind = Literal["episode", "special", "extra", "movie"]


@dataclass(frozen=True, slots=True)
class Name:
    """What one path says. A number without a season may be a running number: then the series decides, not the name."""

    title: str | None = None
    year: int | None = None
    season: int | None = None
    episodes: tuple[Number, ...] = ()
    absolute: tuple[Number, ...] = ()  # the running number where a name has both
    kind: Kind = "episode"
    group: str | None = None
    version: int | None = None
    crc: str | None = None
    language: str | None = None  # of the sound, ISO 639-1
    country: str | None = None  # The Office (US): US
    score: int = 0  # 100 is S01E05; below 60 a look at the series is due
    also: tuple[tuple[int | None, tuple[Number, ...]], ...] = ()  # other readings, as (season, episodes)
    why: tuple[str, ...] = ()


RULES = {
    "code": "the code {0}",
    "cross": "the code {0}",
    "glued": "the code at the end of a word, {0}",
    "short": "the code {0}",
    "dash": "the code {0}",
    "words": "season and episode in words, {0}",
    "turned": "season and episode in words, {0}",
    "episode": "the word for episode in {0}",
    "hash": "the number sign in {0}",
    "of": "the count {0}",
    "special": "the word for a special in {0}",
    "movie": "the word for a movie in {0}",
    "part": "the part {0}",
    "dot": "season and episode in {0}",
    "number": "the number {0}",
    "compressed": "the number {0}, read as season and episode",
}

# --- one component ---


class Reading(NamedTuple):
    """One component of a path by itself."""

    name: Name
    scan: Scan
    found: tuple[Mark, ...]  # every episode mark, the best first
    certain: bool  # whether the title is more than a guess


OTHER = frozenset(".nfo .jpg .jpeg .png .tbn .torrent .nzb .rar .zip .7z .patch .part .txt .idx .mka .mp3".split())
BLANK = re.compile(r"\([^()]*\)")
SITE = re.compile(r"(?:from )?[\[ ]*www\.[\w.-]+\.\w+[\] ]*[-. ]+|\[\.?www\.[^\]]*\][-. ]*", re.IGNORECASE)
CRC = re.compile(r"[\[( _]([0-9A-Fa-f]{8})(?=[\]) _.]|$)")
RELEASE = re.compile(r"-([A-Za-z0-9]{2,20})(?:\[[^\]]*\])?$")


def read(text: str, hint: int | None = None) -> Reading:
    """One component without its extension; `hint` is the season that the folders give."""
    skip = SITE.match(text) if "www" in text.lower() else None
    tokens = scan(text[skip.end() :] if skip else text)
    shape = tokens.shape
    outer = shape
    while "(" in outer and (blanked := BLANK.sub(lambda m: "_" * len(m[0]), outer)) != outer:
        outer = blanked
    start = opening(shape, outer)
    found = list(marks(tokens))
    best = max((mark for mark in found if mark.episodes), default=None)
    if best is None or best.score < 70:
        found += singles(tokens, outer, start, found, hint)
    episodes = sorted((mark for mark in found if mark.episodes and mark.score >= 10), key=lambda m: (-m.score, -m.first))
    best = episodes[0] if episodes else None
    seasons = [mark for mark in found if mark.season is not None and not mark.episodes]
    season = None
    if best is not None:
        season = best.season
        absolute, joined = running(tokens, best, found, outer)
    else:
        absolute, joined = (), None
    if season is None and seasons:
        before = [mark for mark in seasons if best and mark.first < best.first]
        season = (before[-1] if before else seasons[0]).season
        if best and best.season is None and (split := compressed(best, tokens.words[best.first])) and split[0] == season:
            best = best._replace(episodes=split[1], rule="compressed")
    ends = [mark.first for mark in found if mark is best or (not mark.episodes and mark.first >= start)] + ([joined] if joined else [])
    title, year, country, certain = entitle(tokens, outer, start, min(ends, default=len(shape)), best)
    also = tuple((m.season, m.episodes) for m in episodes[1:4] if m.episodes != best.episodes)
    why = []
    if best:
        piece = tokens.text[tokens.at[best.first] : tokens.to[best.last - 1]]
        why.append(RULES[best.rule.rstrip("2")].format(f'"{piece}"'))
        if season is not None and best.season is None:
            why.append(f"season {season} from the name")
    name = Name(
        title=title,
        year=year,
        season=season,
        episodes=best.episodes if best else (),
        absolute=absolute,
        kind=sort_of(tokens, best, season, title),
        group=release(tokens, outer, start),
        version=best.version if best else None,
        crc=checksum(text),
        language=spoken(tokens),
        country=country,
        score=best.score if best else 0,
        also=also,
        why=tuple(why),
    )
    return Reading(name, tokens, tuple(episodes), certain)


def opening(shape: str, outer: str) -> int:
    """The first token after the release group and other brackets in front, where words follow them."""
    at = 0
    while at < len(shape) and outer[at] in "_ !.-m":
        at += 1
    return at if "w" in outer[at:] or "l" in outer[at:] else 0


def singles(tokens: Scan, outer: str, start: int, found: Sequence[Mark], hint: int | None) -> list[Mark]:
    """The numbers that no word explains, weighed; with the readings of 102 as season 1, episode 2 among them."""
    taken = {i for mark in found for i in range(mark.first, mark.last)}
    after = {mark.last for mark in found if mark.season is not None}
    out, seen = [], 0
    grouped = start > 0
    for number, label in enumerate(tokens.shape):
        if label not in "ny" or number in taken or number < seen:
            continue
        mark = lonely(tokens, number, outer, start)
        if mark is None:
            continue
        seen = mark.last
        if {number - 1, number - 2} & after:
            mark = mark._replace(score=mark.score + 35)
        out.append(mark)
        text = tokens.words[number]
        if mark.season is None and mark.rule == "number" and (split := compressed(mark, text)):
            left = tokens.shape[number - 1] if number else "^"
            score = mark.score - 5
            if hint is not None and split[0] == hint:
                score += 40
            elif tokens.dotted and not grouped and label == "n" and left in ". " and (len(text) == 3 or text[0] == "0" or EDGE.match(outer, mark.last + 1)):
                score += 15
            out.append(mark._replace(score=score, season=split[0], episodes=split[1], rule="compressed"))
    return out


def running(tokens: Scan, best: Mark, found: Sequence[Mark], outer: str) -> tuple[tuple[Number, ...], int | None]:
    """A second number beside the first, which counts through all seasons: "12 (S01E12)", "S16E03-04 313-314", "52 (227)".

    Returns it, and the token where it begins if that is before the episode.
    """
    shape = tokens.shape
    behind = re.compile(r"[ .\-]{0,2}(\()?[ ]?(n)").match(shape, best.last)
    if behind:
        number = behind.start(2)
        mark = lonely(tokens, number, shape.replace("(", " ").replace(")", " "), 0)
        if mark and not mark.season and mark.episodes != best.episodes:
            closed = shape[mark.last : mark.last + 1] == ")" if behind[1] else shape[mark.last : mark.last + 1] in ("", "m", "(") or shape[mark.last : mark.last + 2] == " ("
            count = len(mark.episodes)
            if closed and (behind[1] or count == len(best.episodes) > 1 or len(tokens.words[number]) == 3 and best.season is not None):
                return mark.episodes, None
    if best.season is not None:
        before = re.search(r"(n)(?:[m~](n))?([ .\-]{1,2}\(?)$", shape[: best.first])
        if before and (before[3][-1] == "(" or before[2] and len(best.episodes) > 1):
            mark = lonely(tokens, before.start(1), shape, 0)
            if mark and len(mark.episodes) == len(best.episodes):
                return mark.episodes, mark.first
    return (), None


def sort_of(tokens: Scan, best: Mark | None, season: int | None, title: str | None) -> Kind:
    """Episode, special, extra or movie, by the words beside the number."""
    shape = tokens.shape
    if "z" in shape and best and re.search(r"z[ .m:(]*$|^[ .m:)(\-]*z", shape[: best.first]) or best and shape[best.first] == "z":
        return "extra"
    if best and shape[best.first : best.last].count("z"):
        return "extra"
    if season == 0 or best and any(number % 1 for number in best.episodes) or best and "k" in shape[best.first : best.last]:
        return "special"
    if best and ("k" in shape[best.last : best.last + 3] or re.search(r"k[ .m\-(\[]*$", shape[: best.first])):
        return "special"
    if best is None:
        return "extra" if "z" in shape else "special" if "k" in shape else "movie"
    return "movie" if best.rule == "movie" else "episode"


def release(tokens: Scan, outer: str, start: int) -> str | None:
    """The group: the first bracket, or what follows the last dash of a technical tail."""
    if tokens.shape[:1] == "(" and (start or outer[: outer.find("_") + 1]):
        close = tokens.shape.find(")")
        if close > 0 and tokens.text[0] in "[【":
            return tokens.text[1 : tokens.at[close]].strip() or None
    tail = RELEASE.search(tokens.text)
    return tail[1] if tail and "t" in tokens.shape else None


def checksum(text: str) -> str | None:
    return found[1].upper() if (found := CRC.search(text)) else None


def spoken(tokens: Scan) -> str | None:
    """The language of the sound; a language before a word for subtitles is none."""
    at = tokens.shape.rfind("l") if "l" in tokens.shape else -1
    at = tokens.shape.find("l")
    while at >= 0:
        following = tokens.words[at + 2 : at + 3]
        if not (following and following[0].startswith(("sub", "esub"))):
            return LANGUAGES.get(tokens.words[at])
        at = tokens.shape.find("l", at + 1)
    return None


# --- the title ---

SOLO = re.compile(r"(?<!\b\w)\.|\.(?!\w\b)")
CUT = re.compile(r"\s*[\[(]((?:19|20)\d\d)[\])]\s*$|(?<=\S)[ .]((?:19|20)\d\d)$")
COUNTRY = re.compile(r"(?<=\S)\s*(?:\((US|UK|AU|NZ|CA|JP|KR|DE|FR)\)|\b(US|UK))\s*$")
DUAL = re.compile(r"\s*[/|]\s*|_/_")


def entitle(tokens: Scan, outer: str, start: int, end: int, best: Mark | None) -> tuple[str | None, int | None, str | None, bool]:
    """Title, year, country, and whether the title stood where a title stands."""
    shape = tokens.shape
    if edge := EDGE.search(outer, start + 1):
        end = min(end, edge.start()) if edge.start() > start else end
    certain = True
    text = piece(tokens, start, end)
    if not has_word(shape[start:end]) and start:
        start = 0
        text = piece(tokens, 0, end)
    if "(" in shape[:end] and not re.search(r"[a-zA-Z]", outer[:end].replace("_", "")):
        text = bracketed(tokens, end) or text
    if not any(c.isalnum() for c in text):
        certain = False
        text = behind(tokens, outer, best)
    return (*polish(text, tokens.dotted), certain)


def piece(tokens: Scan, start: int, end: int) -> str:
    if end <= start:
        return ""
    return tokens.text[tokens.at[start] : tokens.to[end - 1]]


def has_word(shape: str) -> bool:
    return any(c in GLUE or c in "ny" for c in shape)


def bracketed(tokens: Scan, end: int) -> str:
    """The title among names in brackets only: not the group, and the Latin one of several."""
    segments, shape = [], tokens.shape
    for match in re.finditer(r"\(([^()]+)", shape[:end]):
        inside = match[1]
        if (edge := EDGE.search(inside)) and edge.start() < 2 or not set(inside) & GLUE - {"u", "t", "l"}:
            continue
        segments.append(piece(tokens, match.start(1), match.start(1) + (edge.start() if edge else len(inside))))
    if len(segments) > 1:
        segments = segments[1:]
    latin = [text for text in segments if re.search(r"[A-Za-z]{2}", text)]
    return (latin or segments or [""])[-1]


def behind(tokens: Scan, outer: str, best: Mark | None) -> str:
    """What follows a number in front: "[Group] 06 Title", "003. Title - Episode", a guess."""
    if best is None:
        return ""
    start = best.last
    stop = len(tokens.shape)
    if edge := EDGE.search(outer, start):
        stop = edge.start()
    for sign in "-(":
        found = tokens.shape.find(sign, start + 2)
        stop = min(stop, found) if found > 0 else stop
    return piece(tokens, start, stop)


def polish(text: str, dotted: bool) -> tuple[str | None, int | None, str | None]:
    """Underscores and dots to spaces, trailing brackets of tags off, year and country apart."""
    text = text.replace("_", " ")
    if dotted:
        text = SOLO.sub(" ", text)
    year = country = None
    text = text.strip(" -–—~,:;+|/\t")
    for _ in range(3):
        if match := CUT.search(text):
            year, text = int(match[1] or match[2]), text[: match.start()].rstrip(" -–,:;")
        elif match := COUNTRY.search(text):
            country, text = match[1] or match[2], text[: match.start()].rstrip(" -–,:;")
        elif text.endswith("]") and "[" in text[1:]:
            text = text[: text.rindex("[")].rstrip(" -–,:;")
        elif text.endswith(("(", "[")):
            text = text[:-1].rstrip(" -–,:;")
        elif text.endswith(")") and 0 < (at := text.rfind("(")) and "t" in scan(text[at:]).shape:
            text = text[:at].rstrip(" -–,:;")
        else:
            break
    if "/" in text or "|" in text:
        parts = DUAL.split(text)
        latin = [part for part in parts if re.search(r"[A-Za-z]{3}", part)]
        text = (latin or parts)[0]
    if text.endswith(", The"):
        text = "The " + text[:-5].rstrip(",. ")
    text = " ".join(text.split())
    return text or None, year, country


# --- folders ---

GENERIC = frozenset(
    "series serien tv shows tvshows anime animes media medien video videos mnt home volume1 volume2 nas download downloads complete "
    "completed incomplete library bibliothek data filme movies nc".split() + ["tv shows", "tv series", "tv_shows"]
)
SPECIALS = frozenset("specials special spezial season 00 season 0 s00 staffel 0 staffel 00".split("\n"))
OWN = re.compile(r"(.+) - S(\d+)E(\d+(?:\.\d+)?)((?:-?E\d+(?:\.\d+)?)*)(?: - (\d{3,})(?:-(\d{3,}))?)?$", re.ASCII)


@lru_cache(4096)
def folder(name: str) -> Reading:
    return read(name)


def parse(path: str) -> Name:
    """Read one path, `/` between its parts; whatever of it there is helps."""
    *folders, base = unicodedata.normalize("NFC", path).rstrip("/").split("/")
    stem, dot, extension = base.rpartition(".")
    if stem and (dot + extension.lower() in MEDIA or dot + extension.lower() in SUBTITLES or dot + extension.lower() in OTHER):
        base = stem
    if len(folders) > 1 and (own := ours(folders[-2], base)):
        return own
    return context(base, folders)


def ours(series: str, base: str) -> Name | None:
    """A name of the form that `titles.episode_path` writes, in a folder that begins with the same title: no guessing."""
    if not (match := OWN.match(base)):
        return None
    title, season, first, more, low, high = match.groups()
    if title[-7:-6] == "~" and series.startswith(title[:-7]):
        title = series
    elif not series.startswith(title):
        return None
    numbers = [as_number(first)]
    for dash, number in re.findall(r"(-?)E([\d.]+)", more):
        value = as_number(number)
        numbers += range(int(numbers[-1]) + 1, int(value) + 1) if dash else [value]
    absolute = tuple(range(int(low), int(high or low) + 1)) if low else ()
    year = CUT.search(series)
    kind: Kind = "special" if int(season) == 0 else "episode"
    return Name(title, int(year[1] or year[2]) if year else None, int(season), tuple(numbers), absolute, kind, score=100, why=("the code of our own naming",))


def context(base: str, folders: Sequence[str]) -> Name:
    """The base name, and what the folders above it add: nearest first."""
    season, special, title, year, above = None, False, None, None, None
    for name in reversed(folders):
        plain = name.strip().casefold()
        if not plain or plain in GENERIC:
            continue
        if plain.isdecimal() and len(plain) < 3:
            season = int(plain) if season is None else season
            continue
        reading = folder(name)
        if reading.name.episodes and reading.name.score >= 85 and above is None:
            above = reading.name
        season = reading.name.season if season is None else season
        special = special or plain in SPECIALS or "k" in reading.scan.shape
        if reading.name.title and has_title(reading):
            title, year = reading.name.title, reading.name.year
            break
    reading = read(base, season)
    name = reading.name
    changes, why = {}, list(name.why)
    if above and name.score < 85:
        return replace(above, why=(*above.why, "from the folder"))
    if name.season is None and season is not None:
        changes["season"] = season
        why.append(f"season {season} from the folder")
    if title and (name.title is None or not reading.certain):
        changes["title"] = title
        changes["year"] = year
        why.append("title from the folder")
    if special and name.kind == "episode":
        changes["kind"] = "special"
    return replace(name, why=tuple(why), **changes) if changes else name


def has_title(reading: Reading) -> bool:
    return True


def main(lines: Iterable[str], out: TextIO) -> None:
    """One path a line in, one JSON object a line out."""
    for line in lines:
        path = line.rstrip("\n")
        name = parse(path)
        answer = dict(path=path, title=name.title, season=name.season, episodes=name.episodes, absolute=name.absolute, kind=name.kind, why=name.why)
        out.write(json.dumps(answer, ensure_ascii=False) + "\n")
