"""A folder tree that a web server lists: series are its top folders, season folders may lie in them.

The wire formats are those of providers.md 2: nginx's JSON and the HTML of nginx, Apache, lighttpd and others.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from providers.network import Network
from store import series
from store.sources import DirectoryProvider
from store.db import Database
from store.errors import NotFound, ProviderError
from store.models import Episode, Hit, Listing, Source
from store.names import database_ids, extensions, spelling

log = logging.getLogger(__name__)

DEPTH = 8  # providers.md 10
ENTRIES = 10_000
FRESH = 30.0  # seconds for which the list of series is taken from memory


class Entry(NamedTuple):
    name: str
    folder: bool
    size: int | None = None


class Top(NamedTuple):
    """A top folder, which is a series: its name as it is, and what it says."""

    name: str
    title: str
    ids: dict[str, str]
    fold: str


class Directory:
    """See the Provider protocol. A key is the slug of a top folder's name, once given for ever."""

    def __init__(self, setting: DirectoryProvider, web: Network, db: Database):
        self.name = setting.name
        self.base = setting.url if setting.url.endswith("/") else setting.url + "/"
        self._web = web
        self._db = db
        self._headers = {}
        if setting.username:
            login = base64.b64encode(
                f"{setting.username}:{setting.password.reveal()}".encode()
            ).decode()
            self._headers["Authorization"] = f"Basic {login}"
        self._series: dict[str, Top] = {}  # by key
        self._read_at = -FRESH

    async def search(self, query: str, limit: int) -> list[Hit]:
        wanted, ids = (
            spelling.fold(database_ids.PATTERN.sub("", query)),
            database_ids.parse(query).items(),
        )
        found = [
            (key, top)
            for key, top in (await self._top()).items()
            if ids & top.ids.items() or ((wanted or not ids) and wanted in top.fold)
        ]
        found.sort(key=lambda hit: (hit[1].fold != wanted, hit[1].name.casefold()))
        return [Hit(key, top.title, self._site(top), top.ids) for key, top in found[:limit]]

    async def listing(self, key: str) -> Listing:
        folders = await self._top()
        if key not in folders:
            raise NotFound("Anime not found", anime_id=f"{self.name}_{key}")
        top = folders[key]
        episodes: dict[tuple, Episode] = {}
        found = await self._walk(self._site(top), top.name)
        for (path, size), spots in zip(
            found, await asyncio.to_thread(_read, [path for path, _ in found])
        ):
            for season, number in spots:
                ref = "/".join(quote(part, safe="") for part in path.split("/"))
                episodes.setdefault((season, number), Episode(season, number, ref=ref, size=size))
        return Listing(
            key, top.title, site=self._site(top), episodes=tuple(episodes.values()), ids=top.ids
        )

    async def source(self, key: str, episode: Episode) -> Source:
        url = urljoin(self.base, episode.ref)
        folder, _, last = url.rpartition("/")
        name = unquote(last)
        try:
            there = [entry.name for entry in await self._list(f"{folder}/") if not entry.folder]
        except ProviderError as error:
            log.warning("%s: the subtitles beside an episode are not known: %s", self.name, error)
            there = []
        from store.names import parser  # late, as in _read

        crc = parser.parse(name).crc
        return Source(
            url,
            "." + name.rpartition(".")[2].casefold(),
            headers=self._headers,
            size=episode.size,
            checksums={"crc32": crc.lower()} if crc else {},
            beside={
                more: f"{folder}/{quote(one, safe='')}"
                for more, one in extensions.sidecars(name, there, extensions.SUBTITLES).items()
            },
        )

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _site(self, top: Top) -> str:
        return self.base + quote(top.name, safe="") + "/"

    async def _top(self) -> dict[str, Top]:
        if time.monotonic() - self._read_at > FRESH:
            found = [
                e.name
                for e in await self._list(self.base)
                if e.folder and not e.name.startswith(".")
            ]
            keys = await self._db.run(series.keys, self.name, found)
            self._series = {keys[name]: _named(name) for name in found}
            self._read_at = time.monotonic()
        return self._series

    async def _walk(self, url: str, path: str) -> list[tuple[str, int | None]]:
        """(path below the base, size if exact) of every video below `url`, in order of their names."""
        found, folders, seen = [], [(url, path, 1)], 0
        while folders:
            url, path, depth = folders.pop()
            for entry in sorted(await self._list(url)):
                seen += 1
                if seen > ENTRIES:
                    raise ProviderError(
                        f"The source lists more than {ENTRIES} entries for one series"
                    )
                below = f"{path}/{entry.name}"
                if entry.name.startswith("."):
                    continue
                if entry.folder:
                    if depth < DEPTH:
                        folders.append((url + quote(entry.name, safe="") + "/", below, depth + 1))
                elif "." + entry.name.rpartition(".")[2].casefold() in extensions.MEDIA:
                    found.append((below, entry.size))
        return sorted(found)

    async def _list(self, url: str) -> list[Entry]:
        accept = {"Accept": "application/json, text/html;q=0.9"}
        body, headers, final = await self._web.read(
            url, base=self.base, headers={**self._headers, **accept}
        )
        if "json" in headers.get("Content-Type", ""):
            return _from_json(body)
        return _from_html(body, final)


def _named(name: str) -> Top:
    title = database_ids.PATTERN.sub("", name).strip() or name
    return Top(name, title, database_ids.parse(name), spelling.fold(title))


def _read(paths: list[str]) -> list[list[tuple]]:
    """The episodes that each file holds. Numbers without a season are of the first; there is no other list to ask."""
    from store.names import (
        folder_parser,  # late: a server that lists nothing never needs them
        matching,
    )

    verdicts = [matching.judge(name, (), "season") for name in folder_parser.parse_folder(paths)]
    return [[spot for spot in verdict.spots if spot != matching.EXTRA] for verdict in verdicts]


def _from_json(body: bytes) -> list[Entry]:
    """nginx's rows {name, type, size} and caddy's {name, is_dir, size}; names are raw, not escaped."""
    try:
        rows = json.loads(body)
        entries = []
        for row in rows:
            folder = row.get("type") == "directory" or row.get("is_dir") is True
            if not folder and row.get("type", "file") != "file":
                continue
            size = row.get("size")
            entry = Entry(
                row["name"].rstrip("/") if folder else row["name"],
                folder,
                size if type(size) is int and not folder and size >= 0 else None,
            )
            if _is_plain(entry.name):
                entries.append(entry)
        return list(dict.fromkeys(entries))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ProviderError("The source's folder listing is no JSON that we know") from None


def _from_html(body: bytes, url: str) -> list[Entry]:
    """The direct children that an HTML listing links to. Its shown text may be cut off, its charset wrong: only links count."""
    reader = _Links()
    reader.feed(body.decode("utf-8", "replace"))
    here = urlsplit(url)
    folder = unquote(here.path.rpartition("/")[0])
    entries = {}
    for href in reader.links:
        try:
            there = urlsplit(urljoin(url, href))
        except ValueError:
            continue
        parent, _, last = there.path.removesuffix("/").rpartition("/")
        # Compared decoded: the same folder may be written with other escapes.
        if href[0] in "?#" or there[:2] != here[:2] or unquote(parent) != folder:
            continue
        name = unquote(last, errors="replace")
        if _is_plain(name):
            entries.setdefault(name, Entry(name, there.path.endswith("/")))
    return list(entries.values())


def _is_plain(name: str) -> bool:
    """A name that is one component of a path and nothing else. Sources are not trusted."""
    return (
        name not in ("", ".", "..")
        and "/" not in name
        and "\0" not in name
        and "\ufffd" not in name
    )


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.links += [value for name, value in attributes if name == "href" and value]
