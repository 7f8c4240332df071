"""What web servers answer when a folder is asked for: nginx's JSON, caddy's, and anybody's HTML.

docs/formats.md shows the forms. Sources are not trusted: a name that is more than one component of
a path is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from store.errors import ProviderError

# A slash, NUL, a character that could not be decoded, or half of one.
_FORBIDDEN = re.compile("[/\0\ufffd\ud800-\udfff]")


class Entry(NamedTuple):
    """One file or folder in a folder; `size` in bytes, where the listing tells it exactly."""

    name: str
    is_folder: bool
    size: int | None = None


def parse(body: bytes, content_type: str, url: str) -> list[Entry]:
    """The entries of a listing that was found at `url`. Raises ProviderError for bad JSON."""
    return from_json(body) if "json" in content_type else from_html(body, url)


def from_json(body: bytes) -> list[Entry]:
    """Read nginx's rows {name, type, size} and caddy's {name, is_dir, size}; names are raw."""
    try:
        entries = [_entry(row) for row in json.loads(body)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ProviderError("The source's folder listing is no JSON that we know") from None
    return _plain(entries)


def _entry(row: Mapping[str, Any]) -> Entry | None:
    """One row of JSON; None for what is neither file nor folder."""
    if row.get("type") == "directory" or row.get("is_dir") is True:
        return Entry(row["name"].rstrip("/"), True)
    if row.get("type", "file") != "file":
        return None
    size = row.get("size")
    return Entry(row["name"], False, size if type(size) is int and size >= 0 else None)


def from_html(body: bytes, url: str) -> list[Entry]:
    """Read the direct children of the folder `url` that its listing links to.

    Only links count: the shown text may be cut off, and the declared charset is often wrong.
    """
    reader = _Links()
    reader.feed(body.decode("utf-8", "replace"))
    return _plain([_child(link, url) for link in reader.links])


def _child(link: str, url: str) -> Entry | None:
    """The entry that `link` leads to, if it is a direct child of the folder `url`."""
    if link[0] in "?#":  # sorts the listing, or jumps within it
        return None
    try:
        target = urlsplit(urljoin(url, link))
    except ValueError:
        return None
    parent, _, last = target.path.removesuffix("/").rpartition("/")
    folder = urlsplit(url)
    if _origin(target) != _origin(folder) or unquote(parent) != _folder_path(folder):
        return None
    return Entry(unquote(last, errors="replace"), target.path.endswith("/"))


def _origin(url: SplitResult) -> tuple[str, str]:
    return url.scheme, url.netloc


def _folder_path(url: SplitResult) -> str:
    """The decoded path of a folder: two servers may write the same folder with other escapes."""
    return unquote(url.path.rpartition("/")[0])


def _plain(entries: list[Entry | None]) -> list[Entry]:
    """Each entry once whose name is one component of a path, and nothing else."""
    plain: dict[str, Entry] = {}
    for entry in entries:
        if entry and entry.name not in ("", ".", "..") and not _FORBIDDEN.search(entry.name):
            plain.setdefault(entry.name, entry)
    return list(plain.values())


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attributes if name == "href" and value]
