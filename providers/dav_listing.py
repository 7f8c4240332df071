"""The answers of WebDAV servers to a question for a folder: `multistatus` (RFC 4918, 14.16).

docs/formats.md tells which parts are read. An address in the answer only gives a name: the next
question is made from the owner's own address.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from providers import xml_elements
from providers.folder_listing import (
    MAX_ENTRIES,
    MAX_NAMES,
    TOO_LONG,
    TOO_MANY,
    Entry,
    FolderListing,
    NoListing,
    seconds,
    usable,
)
from store.errors import ProviderError

MAX_BYTES = 8_000_000  # of one listing: MAX_ENTRIES rows of the servers that write the most
DAV, OWNCLOUD = "{DAV:}", "{http://owncloud.org/ns}"
QUERY = (
    b'<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:" '
    b'xmlns:o="http://owncloud.org/ns"><d:prop><d:resourcetype/><d:getcontentlength/>'
    b"<o:checksums/></d:prop></d:propfind>"
)

_ORIGIN = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//([^/]*)", re.IGNORECASE)
_STATUS = re.compile(r"\s*(?:HTTP/\S+\s+)?([1-9]\d\d)\b")
_CHECKSUM = re.compile(r"(sha256|sha1|md5):([0-9a-f]{32,64})", re.IGNORECASE | re.ASCII)
_HEX_DIGITS = {"sha256": 64, "sha1": 40, "md5": 32}


class Row(NamedTuple):
    """One `response`. `host` is empty where its address names none; `parent` is decoded, without a
    slash at its end. Of the root of the server the name is empty."""

    host: str
    parent: str
    entry: Entry

    @property
    def path(self) -> str:
        # A slash in a decoded name would make another folder: no entry has such a name.
        return f"{self.parent}/{self.entry.name}" if self.entry.name else ""


def parse(body: bytes, asked_url: str, url: str) -> FolderListing:
    """Read the answer that came from `url` when the folder `asked_url` was asked for.

    Belongs on a thread. Raises NoListing, and ProviderError for more than MAX_ENTRIES.
    """
    asked, final = urlsplit(asked_url), urlsplit(url)
    folder = _decoded(asked.path)
    if folder != _decoded(final.path):
        raise NoListing(is_elsewhere=True)
    rows: list[Row] = []
    parents: dict[str, str] = {}  # each once, for it may be long
    characters = 0
    try:
        for response in xml_elements.read(body, {f"{DAV}response"}, {f"{DAV}multistatus"}):
            row = _row(response, folder)
            if row is None:
                continue
            rows.append(row._replace(parent=parents.setdefault(row.parent, row.parent)))
            characters += len(row.entry.name)
            if len(rows) > MAX_ENTRIES + 1:
                raise ProviderError(TOO_MANY, cause="no listing")
            if characters > MAX_NAMES:
                raise ProviderError(TOO_LONG, cause="no listing")
    except xml_elements.NoXml:
        raise NoListing from None
    return usable(_children(rows, folder, asked.netloc))


def _children(rows: list[Row], folder: str, host: str) -> list[Entry]:
    """The entries that lie directly in `folder` of `host`. Raises NoListing where no row is the
    folder's or in it.

    Behind a proxy a server may know the folder by another path and itself by another name: then
    the one row counts as the folder in which all others are.
    """
    hosts = {"", host}
    own = next((row for row in rows if row.path == folder), None)
    if own is None and all(row.parent != folder for row in rows):
        own = min(rows, key=lambda row: len(row.path), default=None)
        if own is None or not own.entry.is_folder or not _holds_all(own, rows):
            raise NoListing
    if own is not None:
        folder = own.path
        hosts.add(own.host)
    return [
        row.entry
        for row in rows
        if row.parent == folder and row.path != folder and row.host in hosts
    ]


def _holds_all(folder: Row, rows: list[Row]) -> bool:
    return all(row is folder or row.path.startswith(f"{folder.path}/") for row in rows)


def _row(response: Element, folder: str) -> Row | None:
    """Read one response; None where it tells of nothing that is there."""
    href = (response.findtext(f"{DAV}href") or "").strip()
    if not href or not _is_good(response.findtext(f"{DAV}status")):
        return None
    origin = _ORIGIN.match(href)
    host, path = (origin[1], href[origin.end() :]) if origin else ("", href)
    if not origin and not path.startswith("/"):
        path = f"{folder}/{path.removeprefix('./')}"
    parent, _, name = re.sub("//+", "/", path).rstrip("/").rpartition("/")
    properties = [
        prop
        for state in response.iterfind(f"{DAV}propstat")
        if _is_good(state.findtext(f"{DAV}status"))
        for prop in state.iterfind(f"{DAV}prop")
    ]
    kinds = [prop.find(f"{DAV}resourcetype/{DAV}collection") for prop in properties]
    is_folder = href.endswith("/") or any(kind is not None for kind in kinds)
    entry = Entry(
        unquote(name, errors="replace"),
        is_folder,
        None if is_folder else _size(properties),
        {} if is_folder else _checksums(properties),
        None if is_folder else _modified(properties),
    )
    return Row(host, _decoded(parent), entry)


def _is_good(status: str | None) -> bool:
    """Whether a status line says 2xx; a response without one has not failed."""
    match = _STATUS.match(status or "HTTP/1.1 200")
    return bool(match and match[1].startswith("2"))


def _decoded(path: str) -> str:
    return unquote(path, errors="replace").rstrip("/")


def _modified(properties: list[Element]) -> int | None:
    dates = [prop.findtext(f"{DAV}getlastmodified") for prop in properties]
    return next((when for date in dates if (when := seconds(date)) is not None), None)


def _size(properties: list[Element]) -> int | None:
    for prop in properties:
        text = (prop.findtext(f"{DAV}getcontentlength") or "").strip()
        if re.fullmatch(r"[0-9]{1,19}", text):
            return int(text)
    return None


def _checksums(properties: list[Element]) -> dict[str, str]:
    """The checksums that ownCloud and Nextcloud keep, `<checksum>SHA1:… MD5:…</checksum>`."""
    texts = [
        element.text or ""
        for prop in properties
        for element in prop.iterfind(f"{OWNCLOUD}checksums/{OWNCLOUD}checksum")
    ]
    found = {name.lower(): digest.lower() for name, digest in _CHECKSUM.findall(" ".join(texts))}
    return {name: digest for name, digest in found.items() if len(digest) == _HEX_DIGITS[name]}
