"""The NFO files of Jellyfin and Kodi: who a series is by its owner's word, and, where the owner wants it, what we know."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from store.names import database_ids, spelling
from store.names.codes import Number

log = logging.getLogger(__name__)

SERIES = "tvshow.nfo"
LARGEST = 1 << 20  # bytes
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(rb"<!(?!--|\[CDATA\[)")
_ID = re.compile(r"tt\d{1,12}|\d{1,12}", re.ASCII)


class Series(NamedTuple):
    names: tuple[str, ...] = ()
    year: int | None = None
    ids: Mapping[str, str] = {}


def read(folder: Path) -> Series:
    """What a series' folder says of itself. Nothing where there is no file, or a broken one: a log line tells."""
    path = folder / SERIES
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST or _DOCTYPE.search(data):
            raise ValueError("it is too large, or declares a document type")
        return _read(data)
    except (FileNotFoundError, NotADirectoryError):
        return Series()
    except (OSError, ValueError) as error:
        log.warning("%s is left out: %s", path, error)
        return Series()


def _read(data: bytes) -> Series:
    from xml.etree import ElementTree  # late: few series have such a file

    try:
        root = ElementTree.fromstring(
            b"<r>" + _DECLARATION.sub(b"", data.removeprefix(b"\xef\xbb\xbf")) + b"</r>"
        )  # some have several roots
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None
    text = lambda tag: [(element.text or "").strip() for element in root.iterfind(f"*/{tag}")]  # noqa: E731
    ids = {
        kind: number
        for kind in database_ids.DATABASES
        for number in text(f"{kind}id")
        if _ID.fullmatch(number)
    }
    for element in root.iterfind("*/uniqueid"):
        kind, number = element.get("type", "").lower(), (element.text or "").strip()
        if kind in database_ids.DATABASES and _ID.fullmatch(number):
            ids[kind] = number
    years = [
        int(found[:4])
        for found in (*text("year"), *text("premiered"))
        if re.match(r"(?:19|20)\d\d", found)
    ]
    return Series(
        tuple(filter(None, (*text("title"), *text("originaltitle")))),
        years[0] if years else None,
        ids,
    )


def of_series(title: str, plot: str, ids: Mapping[str, str]) -> bytes:
    """The file's content for a series; its title may end in a year."""
    facts = {
        "title": spelling.YEAR.sub("", title) or title,
        "year": spelling.year(title),
        "plot": plot,
    }
    return _written("tvshow", facts, ids)


def of_episode(title: str | None, season: int, number: Number, aired: str | None) -> bytes | None:
    """As `of_series`; None where the name says it all, and for a decimal, which these files cannot tell."""
    if number % 1 or not (title or aired):
        return None
    return _written(
        "episodedetails", {"title": title, "season": season, "episode": number, "aired": aired}, {}
    )


def _written(kind: str, facts: Mapping[str, object], ids: Mapping[str, str]) -> bytes:
    from xml.etree import ElementTree

    root = ElementTree.Element(kind)
    for tag, value in facts.items():
        if value not in (None, ""):
            held = [
                c
                for c in str(value)
                if c in "\t\n"
                or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
            ]
            ElementTree.SubElement(root, tag).text = "".join(held)
    for database, number in ids.items():
        default = str(database == next(iter(ids))).lower()
        ElementTree.SubElement(root, "uniqueid", type=database, default=default).text = number
    ElementTree.indent(root)
    return ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n"
