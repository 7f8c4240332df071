"""A folder tree that looks like a library: its top folders are series, season folders lie in them.

Each kind of server that has folders is read so, however it lists them. A series' own key is the
name of its top folder. An episode's ref is the path of its file below the base, escaped as in a
URL.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from providers import catalogue
from providers.catalogue import Catalogue
from providers.folder_listing import Entry, NoListing
from providers.folders import Folders, Lister
from providers.late_listing import LateListing
from store import pictures
from store.errors import NotFound, ProviderError
from store.models import Episode, Hit, Listing, Picture, Source, Variant
from store.names import database_ids, extensions
from store.names.codes import EpisodeKey, Number
from store.names.resolution import lines_of
from store.names.system_folders import is_system_folder
from store.names.unfinished import is_unfinished, named_beside
from store.preference import NO_WISH, chosen

if TYPE_CHECKING:
    from store.names.source_files import SourceFile

log = logging.getLogger(__name__)

MAX_DEPTH = 8  # folders below one another in a series
MAX_ENTRIES = 10_000  # files and folders of a series
MAX_PATHS = 500_000  # characters of all paths of a series: reading names takes seconds for more
GONE = (404, 410)


class File(NamedTuple):
    """A video; `path` is below the base, unescaped. `checksums` are as those of Source."""

    path: str
    size: int | None
    checksums: Mapping[str, str] = {}
    modified: int | None = None


class Holder(NamedTuple):
    """A file that holds an episode, and how it was read."""

    file: File
    read: SourceFile


class LibraryTree:
    """See the Provider protocol; `name` is the source's."""

    def __init__(self, name: str, lister: Lister):
        self._name = name
        self._lister = lister
        self._folders = Folders(name, lister)
        self._catalogue = Catalogue(self._read_series, lambda key: lister.url(f"{key}/"))
        self._late = LateListing(self._list_again)

    @property
    def base(self) -> str:
        return self._lister.base

    async def search(self, query: str, limit: int) -> list[Hit]:
        """See the Provider protocol; an id in the query, as in [tvdbid-12], is a match too."""
        return await self._catalogue.search(query, limit)

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol; of two files that hold the same episode the better counts."""
        series = (await self._catalogue.all()).get(key)
        if series is None:
            raise NotFound("The source has no such folder")
        files, poster = await self._walk(key)
        episodes = await asyncio.to_thread(_read_episodes, files)
        return Listing(
            key,
            series.title,
            site=self._lister.url(f"{key}/"),
            episodes=episodes,
            ids=series.ids,
            poster=poster,
        )

    async def _list_again(self, key: str) -> Listing:
        """As `listing`, for an episode that is gone. Raises ProviderError where the whole series is
        gone: a page that only looks like a list of folders may have taken its place."""
        try:
            listing = await self.listing(key)
        except NotFound:
            listing = Listing(key, "")
        if not listing.episodes:
            raise ProviderError("The source lists nothing of this series", cause="no listing")
        return listing

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol: the name and the size are those that the folder lists now.

        A file that is gone is looked for in the whole series: it may have been moved or renamed.
        The name may hold a checksum, subtitles may lie beside the file.
        """
        file = File(unquote(episode.ref), episode.size, episode.checksums, episode.modified)
        try:
            beside = await self._files_beside(file.path)
        except ProviderError as error:
            if isinstance(error, NoListing) or error.down or error.retry_after is not None:
                raise
            if error.details.get("status") not in GONE:  # the file itself may well be there
                log.warning("%s: subtitles are left out: %s", self._name, error)
                return await asyncio.to_thread(self._source, file, [])
            beside = {}
        if file.path not in beside:
            found = await self._late.find(key, episode)
            file = File(unquote(found.ref), found.size, found.checksums, found.modified)
            beside = await self._files_beside(file.path)
        return await asyncio.to_thread(self._source, beside.get(file.path, file), list(beside))

    async def picture(self, key: str, ref: str) -> Picture:
        """See the Provider protocol: a file in the top folder, as `_poster` writes it."""
        path = unquote(ref.partition(" ")[0])
        return Picture(self._lister.url(path), self._lister.headers)

    async def look(self) -> None:
        """See the Provider protocol: a page that is no listing is a failure, too."""
        await self._folders.read("")

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _source(self, file: File, beside: Sequence[str]) -> Source:
        """Blocks: the folder may hold thousands of files, and the first import takes a while."""
        from store.names import parser  # late, as in _read

        folder, _, name = file.path.rpartition("/")
        checksum = parser.parse(name).crc
        names = [path.rpartition("/")[2] for path in beside]
        subtitles = extensions.sidecars(name, names, extensions.SUBTITLES)
        return Source(
            self._lister.url(file.path),
            extensions.of(name),
            headers=self._lister.headers,
            size=file.size,
            modified=file.modified,
            checksums={"crc32": checksum.lower(), **file.checksums} if checksum else file.checksums,
            beside={end: self._lister.url(f"{folder}/{other}") for end, other in subtitles.items()},
        )

    async def _files_beside(self, path: str) -> dict[str, File]:
        """The files in a file's folder by path, read seconds ago at most. Raises ProviderError."""
        folder, _, name = path.rpartition("/")
        entries = await self._folders.read_for(name, folder)
        paths = [(f"{folder}/{entry.name}", entry) for entry in entries if not entry.is_folder]
        return {
            path: File(path, entry.size, entry.checksums, entry.modified) for path, entry in paths
        }

    async def _read_series(self) -> Iterable[catalogue.Series]:
        names = await self._folders.top_folders()
        return await asyncio.to_thread(_series_folders, names)

    async def _walk(self, top: str) -> tuple[list[File], str]:
        """Every video in the top folder and below, in the order of their paths; the handle on the
        picture in it, empty where there is none."""
        files: list[File] = []
        poster = ""
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
            poster = poster if folder != top else _poster(top, entries)
            unfinished = named_beside([entry.name for entry in entries])
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if is_system_folder(entry.name) or entry.name in unfinished:
                    continue
                if entry.is_folder is False:
                    if extensions.of(entry.name) in extensions.MEDIA and not is_unfinished(
                        entry.name
                    ):
                        files.append(File(path, entry.size, entry.checksums, entry.modified))
                elif depth < MAX_DEPTH:
                    folders.append((path, depth + 1, entry.is_folder is True))
        if sum(len(file.path) for file in files) > MAX_PATHS:
            raise ProviderError(
                f"The names of one series have more than {MAX_PATHS:,} characters together"
            )
        return sorted(files, key=lambda file: file.path), poster


def _poster(top: str, entries: Iterable[Entry]) -> str:
    """The handle on the picture among what lies in a top folder: its path, escaped, and what tells
    that it has changed."""
    files = {entry.name.casefold(): entry for entry in entries if not entry.is_folder}
    found = next((files[name] for name in pictures.NAMES if name in files), None)
    if found is None or (found.size or 0) > pictures.MAX_FETCHED_BYTES:
        return ""
    return f"{quote(f'{top}/{found.name}')} {found.size or 0} {found.modified or 0}"


def _read_episodes(files: Sequence[File]) -> tuple[Episode, ...]:
    """The episodes that the files of a series hold. Takes seconds where thousands hold many each,
    so it belongs on a thread."""
    held = map(Holder, files, _read([file.path for file in files]))
    holders: dict[EpisodeKey, list[Holder]] = defaultdict(list)
    for holder in held:
        for key in holder.read.episodes:
            holders[key].append(holder)
    return tuple([_episode(*choice) for choice in holders.items()])


def _episode(key: EpisodeKey, holders: Sequence[Holder]) -> Episode:
    """The episode with all files that hold it, as the best one of them has it."""
    variants = tuple([_variant(holder) for holder in holders])
    episode, choice = chosen(Episode(*key, variants=variants), NO_WISH)
    best = holders[variants.index(choice.variant)]
    return replace(
        episode,
        split=best.read.split if all(holder.read.split for holder in holders) else None,
        is_seasonless=all(holder.read.is_seasonless for holder in holders),
    )


def _variant(holder: Holder) -> Variant:
    # Late: a server that lists nothing never needs them.
    from store.names import languages, versions

    file = holder.file
    folder, _, name = file.path.rpartition("/")
    return Variant(
        quote(file.path),
        size=file.size,
        modified=file.modified,
        checksums=file.checksums,
        lines=lines_of(file.path),
        languages=languages.read(f"{folder}/{extensions.stem(name)}"),
        version=versions.find(file.path.partition("/")[2]),
        holds=len(holder.read.episodes),
    )


def _series_folders(names: Sequence[str]) -> list[catalogue.Series]:
    return [_series_folder(name) for name in names if not is_system_folder(name)]


def _series_folder(name: str) -> catalogue.Series:
    title = database_ids.strip(name)
    return catalogue.series(name, title, database_ids.parse(name))


def episodes_in(paths: Sequence[str]) -> list[list[tuple[int, Number]]]:
    """The (season, number) of the episodes that each file of one series holds.

    A number without a season is of the first season: there is no other list to ask. A file that
    bears the title of another series beside those of this one holds none of its episodes.
    """
    return [list(file.episodes) for file in _read(paths)]


def _read(paths: Sequence[str]) -> list[SourceFile]:
    # Late: a server that lists nothing never needs it.
    from store.names import source_files

    return source_files.read_files(paths)
