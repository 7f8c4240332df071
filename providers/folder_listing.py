"""What web servers answer when a folder is asked for: JSON in four forms, and anybody's HTML.

docs/formats.md shows the forms. Sources are not trusted: what is no listing is never taken for an
empty folder, a name that is more than one component of a path is left out, and whatever comes is
read in time and memory that its length bounds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from providers import html_links, json_answers
from store.errors import ProviderError
from store.names import extensions

MAX_ENTRIES = 10_000  # of one folder
MAX_BYTES = 4_000_000  # of one listing: MAX_ENTRIES rows of a table with long names, escaped
MAX_NAME_BYTES = 1_024  # of keys in S3; no file system has longer names
MAX_NAMES = 1_000_000  # characters of all names in one folder
LONGEST_DATE = 64  # characters
MAX_SIZE = 2**53 - 1  # bytes of a file: the largest number that every JSON reader keeps exact
# What a JSON document of MAX_ENTRIES may hold, signs in names included.
MAX_SIGNS = json_answers.Signs(
    objects=3 * MAX_ENTRIES, lists=8 * MAX_ENTRIES, commas=20 * MAX_ENTRIES
)

TOO_MANY = f"The source lists more than {MAX_ENTRIES} entries in one folder"
TOO_LONG = f"The names in one folder have more than {MAX_NAMES:,} characters together"
BOM = b"\xef\xbb\xbf"
BLANKS = 1_000  # bytes before a document that are passed over
# The words of servers other than nginx for a folder.
FOLDER_TYPES = ("directory", "folder", "dir")
TYPES = (*FOLDER_TYPES, "file", "other")
FOLDER_KEYS = ("is_dir", "isDir", "isDirectory")
SIZE = re.compile("[0-9]{1,16}")
# A slash, NUL, a character that could not be decoded, or half of one.
_FORBIDDEN = re.compile("[/\0\ufffd\ud800-\udfff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
# A colon in the name of a file should be escaped and often is not: "Re: Zero/" has no scheme.
_OTHER_SCHEMES = frozenset(
    "about blob data ed2k file ftp ftps irc javascript magnet mailto sms tel vlc webcal".split()
)
ABOVE = ("..", "../")
# Endings of files, for listings that do not tell files from folders.
_FILES = (
    extensions.MEDIA
    | extensions.SUBTITLES
    | frozenset(".nfo .txt .md .jpg .jpeg .png .webp .gif .html .htm .xml .json .pdf .url".split())
    | frozenset(".md5 .sfv .sha1 .sha256 .par2 .zip .rar .7z .tar .gz .mp3 .flac .mka .iso".split())
)


class Entry(NamedTuple):
    """One file or folder in a folder; `size` in bytes, where the listing tells it exactly.

    `is_folder` is None where the listing does not tell. `checksums` are as those of Source,
    `modified` is in Unix seconds.
    """

    name: str
    is_folder: bool | None
    size: int | None = None
    checksums: Mapping[str, str] = {}
    modified: int | None = None


class FolderListing(NamedTuple):
    """`left_out` has the names of entries that cannot be used, as far as they can be shown."""

    entries: list[Entry]
    left_out: list[str]


class NoListing(ProviderError):
    """An answer that lists no folder: a login page, an error with status 200, foreign JSON."""

    def __init__(self, message: str = "", *, is_elsewhere: bool = False, **details: Any) -> None:
        where = " at another address" if is_elsewhere else ""
        message = message or f"The source answered a page{where} that is no folder listing"
        super().__init__(message, cause="no listing", **details)


def parse(body: bytes, content_type: str, asked_url: str, url: str) -> FolderListing:
    """Read the answer that came from `url` when the folder `asked_url` was asked for.

    Takes up to 0.3 seconds, so it belongs on a thread. Raises NoListing, and ProviderError for
    more than MAX_ENTRIES.
    """
    asked, final = urlsplit(asked_url), urlsplit(url)
    if unquote(asked.path).rstrip("/") != unquote(final.path).rstrip("/"):
        raise NoListing(is_elsewhere=True)
    return usable(from_json(body) if is_json(body, content_type) else from_html(body, url))


def is_json(body: bytes, content_type: str) -> bool:
    """Whether an answer is JSON. Its first byte decides: some servers call everything text."""
    first = body[:BLANKS].removeprefix(BOM).lstrip()[:1]
    return first in (b"[", b"{") if first in (b"[", b"{", b"<") else "json" in content_type


def from_json(body: bytes) -> list[Entry]:
    """The rows of nginx, caddy and npm's `serve`, or the bare names of Express; all are unescaped.

    A row that is no entry costs that row. Raises NoListing where none is one.
    """
    if json_answers.holds_more(body, MAX_SIGNS):
        raise ProviderError(TOO_MANY, cause="no listing")
    try:
        rows = json.loads(body.removeprefix(BOM).decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise NoListing from None
    if isinstance(rows, dict):
        rows = rows.get("files")
    if not isinstance(rows, list):
        raise NoListing
    if len(rows) > MAX_ENTRIES:
        raise ProviderError(TOO_MANY, cause="no listing")
    named = [(name, row) for row in rows if isinstance(name := _name(row), str)]
    if rows and not named:
        raise NoListing
    is_known = any(isinstance(row, str) or row.get("type", "file") in TYPES for _, row in named)
    entries = [entry for name, row in named if (entry := _entry(name, row))]
    if rows and not (entries or is_known):
        raise NoListing
    return entries


def _name(row: Any) -> Any:
    """The name in a row; `serve` calls it `base`, and has the name without its ending besides."""
    return row.get("base", row.get("name")) if isinstance(row, dict) else row


def _entry(name: str, row: Any) -> Entry | None:
    """Read one row of JSON; None if it is neither a file nor a folder."""
    if isinstance(row, str):
        return _by_name(name.removesuffix("/"), name.endswith("/"))
    kind = row.get("type", "file")
    is_folder = any(row.get(key) is True for key in FOLDER_KEYS)
    if kind in FOLDER_TYPES or is_folder or name.endswith("/"):
        return Entry(name.rstrip("/"), True)
    if kind != "file":
        return None
    size = row.get("size")
    if isinstance(size, str) and SIZE.fullmatch(size):
        size = int(size)
    is_size = type(size) is int and size >= 0
    modified = seconds(row.get("mtime", row.get("mod_time")))
    return Entry(name, False, size if is_size else None, modified=modified)


def seconds(date: object) -> int | None:
    """Unix seconds of a date in a listing, of HTTP or of ISO 8601; None for another text."""
    if not isinstance(date, str) or len(date) > LONGEST_DATE:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            return int(read(date).timestamp())
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def from_html(body: bytes, url: str) -> list[Entry]:
    """The direct children of the folder `url` that its page links to.

    Only links count: the shown text may be cut off, and the declared charset is often wrong. Raises
    NoListing for a page that has no child, no link to the folder above and no heading of a listing.
    """
    try:
        page = html_links.read(body)
    except html_links.NoHtml:
        raise NoListing from None
    except html_links.TooLong:
        raise ProviderError(TOO_MANY, cause="no listing") from None
    folder = urlsplit(url)
    paths = [path for link in page.links if (path := _path_in(folder, link))]
    if page.asks_for_password or not (paths or page.is_titled):
        raise NoListing
    return [
        _by_name(unquote(path.removesuffix("/"), errors="replace"), path.endswith("/"))
        for path in paths
        if path not in ABOVE
    ]


def _path_in(folder: SplitResult, link: str) -> str:
    """The path from the folder to what a link in its page names, escaped: a child's name, with a
    slash where it is written so, or one of ABOVE. Empty for all others."""
    link = link.partition("#")[0].partition("?")[0]
    scheme = _SCHEME.match(link)
    if scheme and scheme[1].lower() in _OTHER_SCHEMES:
        return ""
    if link.startswith("/") or (scheme and link.startswith("//", scheme.end())):
        link = _from_root(folder, link)
    while link.startswith("./"):
        link = link[2:]
    name = link.removesuffix("/")
    return "" if name in ("", ".") or "/" in name else link


def _from_root(folder: SplitResult, link: str) -> str:
    """The same as `_path_in`, for a link that is a whole path or a whole address."""
    path = link.removeprefix(f"{folder.scheme}:").removeprefix(f"//{folder.netloc}")
    parent, _, name = path.removesuffix("/").rpartition("/")
    folder_path = folder.path.rpartition("/")[0]
    # Two servers may write the same folder with other escapes.
    is_inside = parent == folder_path or unquote(parent) == unquote(folder_path)
    return name + "/" * path.endswith("/") if is_inside else ""


def _by_name(name: str, has_slash: bool) -> Entry:
    """The entry of which only the name is known; a slash behind it shows a folder."""
    is_file = "." + name.rpartition(".")[2].casefold() in _FILES
    return Entry(name, True if has_slash else False if is_file else None)


def usable(entries: Iterable[Entry]) -> FolderListing:
    """Each entry once whose name is one component of a path and whose size is possible.

    Where one name ends in a slash, a name without one is a file's.
    """
    usable: dict[str, Entry] = {}
    left_out: list[str] = []
    for entry in entries:
        name_bytes = entry.name.encode("utf-8", "backslashreplace")
        if entry.name in ("", ".", ".."):
            continue
        is_too_much = len(name_bytes) > MAX_NAME_BYTES or (entry.size or 0) > MAX_SIZE
        if is_too_much or _FORBIDDEN.search(entry.name):
            left_out.append(name_bytes[:80].decode("utf-8", "replace"))
        else:
            usable.setdefault(entry.name, entry)
    if len(usable) + len(left_out) > MAX_ENTRIES:
        raise ProviderError(TOO_MANY, cause="no listing")
    if sum(map(len, usable)) > MAX_NAMES:
        raise ProviderError(TOO_LONG, cause="no listing")
    found = list(usable.values())
    if any(entry.is_folder for entry in found):
        found = [entry._replace(is_folder=bool(entry.is_folder)) for entry in found]
    return FolderListing(found, left_out)
