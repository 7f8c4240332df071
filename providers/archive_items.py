"""The answers of the Internet Archive about its items and the files in them. Pure.

Numbers are texts there, a field may be a text or a list of texts, and any field may be absent.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from providers import catalogue
from providers.json_answers import Fields, clean, objects, text, whole
from providers.library_tree import episodes_in
from store.models import Episode, Variant
from store.names import extensions, spelling
from store.names.codes import EpisodeKey
from store.names.codes_of_languages import code_of
from store.names.resolution import lines_of
from store.preference import NO_WISH, chosen

MAX_FILES = 10_000  # of one item
MAX_OTHERS = 10  # files that were made of one original
MAX_TEXT = 5_000
THUMBNAIL, MAX_MD5 = "__ia_thumb.jpg", 32
KINDS = {"sha1": 40, "md5": 32, "crc32": 8}  # of checksums, the strongest first -> digits
_TAG = re.compile(r"<[^<>]{0,2000}>")


class File(NamedTuple):
    """A video of an item; `name` may hold slashes. `checksums` are as those of Source."""

    name: str
    size: int | None
    checksums: Mapping[str, str]
    subtitles: Mapping[str, str]  # the text behind the stem -> name
    lines: int = 0  # of the picture; 0 where nobody tells
    others: tuple[File, ...] = ()  # files that were made of the same original, the best first


def read_series(docs: Iterable[Fields]) -> list[catalogue.Series]:
    """The items that a search has found; the title bears the year, as the folder of a library."""
    found = []
    for doc in docs:
        key = _first(doc, "identifier")
        title = _first(doc, "title") or key
        year = _year(doc)
        if year and spelling.year(title) is None:
            title = f"{title} ({year})"
        if key:
            found.append(catalogue.series(key, title, {}))
    return found


def describe(item: Fields) -> str:
    """The description and the licence of an item, as plain text."""
    about = item.get("metadata")
    if not isinstance(about, dict):
        return ""
    described = html.unescape(_TAG.sub(" ", _first(about, "description")))
    rights = [_first(about, name)[:MAX_TEXT] for name in ("rights", "licenseurl")]
    return " ".join(" ".join([described, *rights]).split())[:MAX_TEXT]


def year_of(item: Fields) -> int | None:
    """The year of an item."""
    about = item.get("metadata")
    return _year(about) if isinstance(about, dict) else None


def poster_of(item: Fields) -> str:
    """The handle on an item's picture: the checksum of what the Archive has made of it."""
    made = (text(row, "md5") for row in objects(item, "files") if text(row, "name") == THUMBNAIL)
    return next((md5[:MAX_MD5] for md5 in made if md5), THUMBNAIL)


def _year(about: Fields) -> int | None:
    found = re.match(r"(?:19|20)\d\d", _first(about, "year") or _first(about, "date"), re.ASCII)
    return int(found[0]) if found else None


def find_files(item: Fields) -> list[File]:
    """The videos of an item, each once: the original, or the best of what was made of it.

    Takes part of a second for thousands of files, so it belongs on a thread.
    """
    every = [row for row in objects(item, "files")[:MAX_FILES] if _is_open(row)]
    alike: defaultdict[str, list[Fields]] = defaultdict(list)
    for row in every:
        if extensions.of(text(row, "name")) in extensions.MEDIA:
            alike[_first(row, "original") or text(row, "name")].append(row)
    subtitles = _subtitles([text(row, "name") for row in every])
    found = []
    for _, rows in sorted(alike.items()):
        best, *others = [_file(row, subtitles) for row in sorted(rows, key=_rank, reverse=True)]
        found.append(best._replace(others=tuple(others[:MAX_OTHERS])))
    return found


def find(files: Iterable[File], name: str) -> File | None:
    """The file of this name, also among those that were made of others."""
    every = (each for file in files for each in (file, *file.others))
    return next((file for file in every if file.name == name), None)


def language(item: Fields) -> str | None:
    """The language of an item, as a code of ISO 639-1."""
    about = item.get("metadata")
    return code_of(_first(about, "language")) if isinstance(about, dict) else None


def _is_open(row: Fields) -> bool:
    """Whether a file may be fetched by everybody, under a name that makes an address."""
    name = text(row, "name")
    parts = name.split("/")
    is_safe = bool(name) and name.isprintable() and not {"", ".", ".."} & set(parts)
    return is_safe and text(row, "private") != "true" and row.get("private") is not True


def _rank(row: Fields) -> tuple[bool, int, int]:
    is_original = text(row, "source") == "original"
    return is_original, whole(row, "height") or 0, whole(row, "size") or 0


def _file(row: Fields, subtitles: Mapping[str, Mapping[str, str]]) -> File:
    name = text(row, "name")
    beside = subtitles.get(extensions.stem(name), {})
    lines = whole(row, "height") or lines_of(name)
    return File(name, whole(row, "size") or None, _checksums(row), beside, lines)


def _subtitles(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The subtitles beside each video, by its name without extension, as File has them."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        folder, slash, base = name.rpartition("/")
        folders[folder + slash].append(base)
    found = {}
    for folder, beside in folders.items():
        videos = [base for base in beside if extensions.of(base) in extensions.MEDIA]
        for stem, family in extensions.families(beside, videos).items():
            found[folder + stem] = {
                suffix: folder + base
                for suffix, base in family.items()
                if extensions.of(base) in extensions.SUBTITLES
            }
    return found


def _checksums(row: Fields) -> dict[str, str]:
    """The strongest checksum alone: each further one costs a pass over the file."""
    for kind, digits in KINDS.items():
        digest = text(row, kind).casefold()
        if re.fullmatch(rf"[0-9a-f]{{{digits}}}", digest):
            return {kind: digest}
    return {}


def read_episodes(title: str, files: Sequence[File], spoken: str | None = None) -> list[Episode]:
    """The episodes that the files of an item hold, `spoken` in this language where a name tells no
    other. Reads names, so it belongs on a thread.

    Where no name has a number, the files are counted in the order of their names.
    """
    contents = episodes_in([f"{title.replace('/', ' ')}/{file.name}" for file in files])
    if not any(contents):
        contents = [[(1, number)] for number in range(1, len(files) + 1)]
    variants: defaultdict[EpisodeKey, list[Variant]] = defaultdict(list)
    for file, keys in zip(files, contents):
        for key in keys:
            variants[key].append(_variant(file, len(keys), spoken))
            variants[key] += [_variant(other, len(keys), spoken, aside=1) for other in file.others]
    return [
        chosen(Episode(*key, variants=tuple(found)), NO_WISH)[0] for key, found in variants.items()
    ]


def _variant(file: File, holds: int, spoken: str | None, *, aside: int = 0) -> Variant:
    """The file as a variant of an episode; a file made of an original goes behind the original."""
    from store.names import languages, versions  # late: a source that nobody asks needs neither

    told = languages.read(file.name.rpartition(".")[0])
    if spoken and not (told.sound or told.original):
        told = told._replace(sound=frozenset([spoken]))
    return Variant(
        file.name,
        name=file.name.rpartition("/")[2],
        size=file.size,
        checksums=file.checksums,
        lines=file.lines,
        languages=told,
        version=versions.find(file.name),
        holds=holds,
        aside=aside,
    )


def _first(fields: Fields, key: str) -> str:
    """The text under `key`, or the first of several."""
    found = fields.get(key)
    if isinstance(found, list):
        found = next((each for each in found if isinstance(each, str)), "")
    if type(found) is int:
        found = str(found)
    return clean(found) if isinstance(found, str) else ""
