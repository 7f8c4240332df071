"""A folder tree that a web server lists: its top folders are series, season folders lie in them.

A series' own key is the name of its top folder. An episode's ref is the path of its file below the
base, escaped as in a URL.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from providers.folder_listing import NoListing
from providers.folders import Folders
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
FRESH_SECONDS = 30.0  # for which the list of series is taken from memory
LISTED_SECONDS = 10.0  # for which a series that was listed for one of its episodes will do
GONE = (404, 410)


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
        self._folders = Folders(settings, network)
        self.base = self._folders.base
        self._name = settings.name
        self._series: dict[str, SeriesFolder] = {}  # by name
        self._series_read_at = -FRESH_SECONDS
        self._reading_series = asyncio.Lock()
        # The last series that was listed for an episode that had moved, and when.
        self._listed = Listing("", ""), -LISTED_SECONDS
        self._listing_again = asyncio.Lock()

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
            Hit(folder.name, folder.title, self._folders.url(folder.name), folder.ids)
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
            site=self._folders.url(folder.name),
            episodes=tuple(episodes.values()),
            ids=folder.ids,
        )

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol: the name and the size are those that the folder lists now.

        A file that is gone is looked for in the whole series: it may have been moved or renamed.
        The name may hold a checksum, subtitles may lie beside the file.
        """
        file = File(unquote(episode.ref), episode.size)
        try:
            beside = await self._files_beside(file.path)
        except ProviderError as error:
            if isinstance(error, NoListing) or error.down or error.retry_after is not None:
                raise
            if error.details.get("status") not in GONE:  # the file itself may well be there
                log.warning("%s: subtitles are left out: %s", self._name, error)
                return self._source(file, [])
            beside = {}
        if file.path not in beside:
            file = await self._find_again(key, episode)
            beside = await self._files_beside(file.path)
        return self._source(beside.get(file.path, file), list(beside))

    async def look(self) -> None:
        """See the Provider protocol: a page that is no listing is a failure, too."""
        await self._folders.read("")

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _source(self, file: File, beside: Sequence[str]) -> Source:
        from store.names import parser  # late, as in _episodes_in

        folder, _, name = file.path.rpartition("/")
        checksum = parser.parse(name).crc
        names = [path.rpartition("/")[2] for path in beside]
        subtitles = extensions.sidecars(name, names, extensions.SUBTITLES)
        return Source(
            self._folders.file_url(file.path),
            _extension(name),
            headers=self._folders.headers,
            size=file.size,
            checksums={"crc32": checksum.lower()} if checksum else {},
            beside={
                end: self._folders.file_url(f"{folder}/{other}") for end, other in subtitles.items()
            },
        )

    async def _files_beside(self, path: str) -> dict[str, File]:
        """The files in a file's folder by path, read seconds ago at most. Raises ProviderError."""
        folder, _, name = path.rpartition("/")
        entries = await self._folders.read_for(name, folder)
        paths = [(f"{folder}/{entry.name}", entry) for entry in entries if not entry.is_folder]
        return {path: File(path, entry.size) for path, entry in paths}

    async def _find_again(self, key: str, episode: Episode) -> File:
        """The file that holds `episode` now. Raises NotFound, and ProviderError."""
        asked_at = time.monotonic()
        async with self._listing_again:  # many episodes move at a time
            listing, listed_at = self._listed
            is_recent = listing.key == key and time.monotonic() - listed_at <= LISTED_SECONDS
            found = _find(listing, episode) if is_recent else None
            if found is None and not (is_recent and listed_at >= asked_at):
                listed_at = time.monotonic()
                listing = await self.listing(key)
                self._listed = listing, listed_at
                found = _find(listing, episode)
        if found is None:
            raise NotFound("The source has no such episode")
        return File(unquote(found.ref), found.size)

    async def _read_series(self) -> dict[str, SeriesFolder]:
        """The top folders by name, at most FRESH_SECONDS old."""
        async with self._reading_series:
            if time.monotonic() - self._series_read_at > FRESH_SECONDS:
                names = await self._folders.top_folders()
                self._series = await asyncio.to_thread(_series_folders, names)
                self._series_read_at = time.monotonic()
            return self._series

    async def _walk(self, top: str) -> list[File]:
        """Every video in the top folder and below, in the order of their paths."""
        files: list[File] = []
        folders = [(top, 1, True)]  # path below the base, depth, whether it is surely one
        seen = 0
        while folders:
            folder, depth, is_sure = folders.pop()
            entries = await (self._folders.read if is_sure else self._folders.read_if_any)(folder)
            seen += len(entries)
            if seen > MAX_ENTRIES:
                raise ProviderError(
                    f"The source lists more than {MAX_ENTRIES} entries for one series"
                )
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if is_system_folder(entry.name):
                    continue
                if entry.is_folder is False:
                    if _extension(entry.name) in extensions.MEDIA:
                        files.append(File(path, entry.size))
                elif depth < MAX_DEPTH:
                    folders.append((path, depth + 1, entry.is_folder is True))
        return sorted(files, key=lambda file: file.path)


def _series_folders(names: Sequence[str]) -> dict[str, SeriesFolder]:
    return {name: _series_folder(name) for name in names if not is_system_folder(name)}


def _series_folder(name: str) -> SeriesFolder:
    title = database_ids.PATTERN.sub("", name).strip() or name
    return SeriesFolder(name, title, database_ids.parse(name), spelling.fold(title))


def _find(listing: Listing, wanted: Episode) -> Episode | None:
    """The episode of the same number in a listing."""
    for episode in listing.episodes:
        if (episode.season, episode.number) == (wanted.season, wanted.number):
            return episode
    return None


def _extension(name: str) -> str:
    """With its dot, in lower case."""
    return "." + name.rpartition(".")[2].casefold()


def _episodes_in(paths: list[str]) -> list[list[tuple[int, Number]]]:
    """The (season, number) of the episodes that each file holds.

    A number without a season is of the first season: there is no other list to ask.
    """
    # Late: a server that lists nothing never needs them.
    from store.names import folder_parser, matching, season_folders

    names = folder_parser.parse_folder(paths)
    episodes = [matching.judge(name, (), "season").episodes for name in names]
    return [
        [key for key in keys if key != matching.EXTRA]
        for keys in season_folders.renumber_running(episodes, names)
    ]
