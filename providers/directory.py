"""A folder tree that a web server lists: its top folders are series, season folders lie in them.

A series' own key is the name of its top folder. An episode's ref is the path of its file below the
base, escaped as in a URL.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin

from providers import folder_listing
from providers.folder_listing import Entry
from providers.network import Network
from store.errors import NotFound, ProviderError
from store.models import Episode, Hit, Listing, Source
from store.names import database_ids, extensions, spelling
from store.names.codes import Number
from store.names.system_folders import is_system_folder
from store.sources import DirectoryProvider

log = logging.getLogger(__name__)

MAX_DEPTH = 8  # folders below one another in a series
MAX_ENTRIES = 10_000  # files and folders of a series
FRESH_SECONDS = 30.0  # for which a listing that was read is taken from memory


def open_source(settings: DirectoryProvider, network: Network) -> Directory:
    return Directory(settings, network)


class SeriesFolder(NamedTuple):
    """A top folder: its name, and what the name says."""

    name: str
    title: str
    ids: dict[str, str]  # database -> id
    folded_title: str  # as spelling.fold writes it


class File(NamedTuple):
    """A video; `path` is below the base, unescaped."""

    path: str
    size: int | None


class Directory:
    """See the Provider protocol."""

    def __init__(self, settings: DirectoryProvider, network: Network):
        self.base = settings.url.removesuffix("/") + "/"
        self._name = settings.name
        self._network = network
        self._headers: dict[str, str] = {}
        if settings.username:
            login = f"{settings.username}:{settings.password.reveal()}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        self._series: dict[str, SeriesFolder] = {}  # by name
        self._series_read_at = -FRESH_SECONDS
        self._reading_series = asyncio.Lock()
        # The last folder whose files were asked for: its URL, when it was read, and their names.
        self._last_folder: tuple[str, float, list[str]] = ("", -FRESH_SECONDS, [])

    async def search(self, query: str, limit: int) -> list[Hit]:
        """See the Provider protocol; an id in the query, as in [tvdbid-12], is a match too."""
        wanted_ids = database_ids.parse(query).items()
        wanted = spelling.fold(database_ids.PATTERN.sub("", query))
        by_title = bool(wanted or not wanted_ids)

        def matches(folder: SeriesFolder) -> bool:
            has_id = bool(wanted_ids & folder.ids.items())
            return has_id or (by_title and wanted in folder.folded_title)

        found = [folder for folder in (await self._read_series()).values() if matches(folder)]
        found.sort(key=lambda folder: (folder.folded_title != wanted, folder.name.casefold()))
        return [
            Hit(folder.name, folder.title, self._url(folder.name), folder.ids)
            for folder in found[:limit]
        ]

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol; of two files that hold the same episode the first counts."""
        folder = (await self._read_series()).get(key)
        if folder is None:
            raise NotFound("The source has no such folder")
        files = await self._walk(folder.name)
        contents = await asyncio.to_thread(_episodes_in, [file.path for file in files])
        episodes: dict[tuple[int, Number], Episode] = {}
        for file, numbers in zip(files, contents):
            ref = quote(file.path)
            for season, number in numbers:
                episode = Episode(season, number, ref=ref, size=file.size)
                episodes.setdefault((season, number), episode)
        return Listing(
            key,
            folder.title,
            site=self._url(folder.name),
            episodes=tuple(episodes.values()),
            ids=folder.ids,
        )

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol; the name may hold a checksum, subtitles may lie beside it."""
        from store.names import parser  # late, as in _episodes_in

        url = urljoin(self.base, episode.ref)
        folder, _, escaped = url.rpartition("/")
        name = unquote(escaped)
        checksum = parser.parse(name).crc
        beside = await self._file_names(f"{folder}/")
        subtitles = extensions.sidecars(name, beside, extensions.SUBTITLES)
        return Source(
            url,
            _extension(name),
            headers=self._headers,
            size=episode.size,
            checksums={"crc32": checksum.lower()} if checksum else {},
            beside={end: f"{folder}/{quote(other, safe='')}" for end, other in subtitles.items()},
        )

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _url(self, folder_path: str) -> str:
        """The URL of a folder by its path below the base."""
        return f"{self.base}{quote(folder_path)}/"

    async def _read_series(self) -> dict[str, SeriesFolder]:
        """The top folders by name, at most FRESH_SECONDS old."""
        async with self._reading_series:
            if time.monotonic() - self._series_read_at > FRESH_SECONDS:
                entries = await self._list(self.base)
                names = [entry.name for entry in entries if entry.is_folder]
                self._series = {
                    name: _series_folder(name) for name in names if not is_system_folder(name)
                }
                self._series_read_at = time.monotonic()
            return self._series

    async def _file_names(self, url: str) -> list[str]:
        """The files in a folder, at most FRESH_SECONDS old; none when it cannot be listed."""
        last_url, read_at, names = self._last_folder
        if url == last_url and time.monotonic() - read_at <= FRESH_SECONDS:
            return names
        try:
            names = [entry.name for entry in await self._list(url) if not entry.is_folder]
        except ProviderError as error:
            log.warning("%s: the subtitles of an episode are left out: %s", self._name, error)
            return []
        self._last_folder = (url, time.monotonic(), names)
        return names

    async def _walk(self, top: str) -> list[File]:
        """Every video in the top folder and below, in the order of their paths."""
        files: list[File] = []
        folders = [(top, 1)]  # path below the base, depth
        seen = 0
        while folders:
            folder, depth = folders.pop()
            entries = await self._list(self._url(folder))
            seen += len(entries)
            if seen > MAX_ENTRIES:
                raise ProviderError(
                    f"The source lists more than {MAX_ENTRIES} entries for one series"
                )
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if is_system_folder(entry.name):
                    continue
                if not entry.is_folder and _extension(entry.name) in extensions.MEDIA:
                    files.append(File(path, entry.size))
                if entry.is_folder and depth < MAX_DEPTH:
                    folders.append((path, depth + 1))
        return sorted(files)

    async def _list(self, url: str) -> list[Entry]:
        accept = {"Accept": "application/json, text/html;q=0.9"}
        body, headers, final_url = await self._network.read(
            url, base=self.base, headers=self._headers | accept
        )
        return folder_listing.parse(body, headers.get("Content-Type", ""), final_url)


def _series_folder(name: str) -> SeriesFolder:
    title = database_ids.PATTERN.sub("", name).strip() or name
    return SeriesFolder(name, title, database_ids.parse(name), spelling.fold(title))


def _extension(name: str) -> str:
    """With its dot, in lower case."""
    return "." + name.rpartition(".")[2].casefold()


def _episodes_in(paths: list[str]) -> list[list[tuple[int, Number]]]:
    """The (season, number) of the episodes that each file holds.

    A number without a season is of the first season: there is no other list to ask.
    """
    from store.names import (
        folder_parser,  # late: a server that lists nothing never needs them
        matching,
    )

    verdicts = [matching.judge(name, (), "season") for name in folder_parser.parse_folder(paths)]
    return [[spot for spot in verdict.episodes if spot != matching.EXTRA] for verdict in verdicts]
