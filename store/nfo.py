"""The NFO files of Jellyfin and Kodi: those of the owner are read, new ones are written."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from store.names import database_ids, spelling
from store.names.codes import Number

log = logging.getLogger(__name__)

SERIES = "tvshow.nfo"
MAX_BYTES = 1 << 20

_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(rb"<!(?!--|\[CDATA\[)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NO_XML = re.compile("[^\t\n\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Series(NamedTuple):
    names: tuple[str, ...] = ()
    year: int | None = None
    ids: Mapping[str, str] = {}


class Described(NamedTuple):
    """A series, with its description."""

    series: Series = Series()
    plot: str = ""


def read(folder: Path) -> Series:
    """Who a series is, as the NFO file in its folder says. Else as `read_all`."""
    return read_all(folder).series


def read_all(folder: Path) -> Described:
    """Read the NFO file in a series' folder.

    Empty where there is no such file, and where it is broken; then the log tells.
    """
    path = folder / SERIES
    try:
        with open(path, "rb", opener=_open_file) as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES or _DOCTYPE.search(data):
            raise ValueError("it is too large, or declares a document type")
        return _read(data)
    except (FileNotFoundError, NotADirectoryError):
        return Described()
    except (OSError, ValueError) as error:
        log.warning("%s is left out: %s", path, error)
        return Described()


def _open_file(path: str, flags: int) -> int:
    """Open a plain file alone: reading a pipe would wait for ever, a link may lead anywhere."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is no plain file")
    return descriptor


def of_series(title: str, plot: str, ids: Mapping[str, str], year: int | None = None) -> bytes:
    """The file's content for a series; its title may end in a year."""
    elements = {
        "title": spelling.YEAR.sub("", title) or title,
        "year": spelling.year(title) or year,
        "plot": plot,
    }
    return _written("tvshow", elements, ids)


def of_episode(title: str, season: int, number: Number, aired: str | None) -> bytes | None:
    """The file's content for an episode. None where the video's name says all of it, and for a
    decimal number, which these files cannot tell."""
    if number % 1 or not (title or aired):
        return None
    elements = {"title": title, "season": season, "episode": number, "aired": aired}
    return _written("episodedetails", elements, {})


def _read(data: bytes) -> Described:
    """Raises ValueError for broken XML."""
    body = _DECLARATION.sub(b"", data.removeprefix(b"\xef\xbb\xbf"))
    try:
        root = ElementTree.fromstring(b"<r>" + body + b"</r>")  # some files have several roots
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None

    def texts(tag: str) -> list[str]:
        return [(element.text or "").strip() for element in root.iterfind(f"*/{tag}")]

    ids = {}
    for database in database_ids.DATABASES:
        for number in texts(f"{database}id"):
            if database_ids.ID.fullmatch(number):
                ids[database] = number
    for element in root.iterfind("*/uniqueid"):
        database, number = element.get("type", "").lower(), (element.text or "").strip()
        if database in database_ids.DATABASES and database_ids.ID.fullmatch(number):
            ids[database] = number
    years = [int(date[:4]) for date in texts("year") + texts("premiered") if _YEAR.match(date)]
    names = [name for name in texts("title") + texts("originaltitle") if name]
    plots = [plot for plot in texts("plot") + texts("outline") if plot]
    series = Series(tuple(names), years[0] if years else None, ids)
    return Described(series, plots[0] if plots else "")


def _written(root_tag: str, elements: Mapping[str, object], ids: Mapping[str, str]) -> bytes:
    """The XML of these elements; those that are None or empty are left out."""
    root = ElementTree.Element(root_tag)
    for tag, value in elements.items():
        if value not in (None, ""):
            ElementTree.SubElement(root, tag).text = _NO_XML.sub("", str(value))
    for position, (database, number) in enumerate(ids.items()):
        is_default = "true" if position == 0 else "false"
        unique_id = ElementTree.SubElement(root, "uniqueid", type=database, default=is_default)
        unique_id.text = number
    ElementTree.indent(root)
    xml: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return xml + b"\n"
