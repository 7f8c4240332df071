"""The rescan compares the library with the sources."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from downloads.events import Event, RescanCompleted, RescanFailed, RescanProgress
from downloads.source_calls import SourceCalls
from providers import Providers
from store import episodes, files, folders, library, library_scan, renamed_folders, series
from store.db import Database
from store.errors import Failure
from store.folders import Placed
from store.library_scan import Folder
from store.models import Hit, Listing
from store.names import database_ids, spelling
from store.names.identity import Identity, find_same, identify
from store.series import LOCAL, Owner, Series
from store.settings import Config

log = logging.getLogger(__name__)

T = TypeVar("T")

NAMED_UNREAD = 100  # folders that could not be read and are told by name
CHUNK_FILES = 500  # whose names are read in one transaction


class Stranger(NamedTuple):
    """A folder that no source is known for: its names to search for, and what must be the same."""

    path: str
    names: list[str]
    identity: Identity


class Rescan:
    """`await rescan()`. One runs at a time: a second caller gets the result of the first.

    A caller that goes away cancels nothing.
    """

    def __init__(
        self,
        db: Database,
        providers: Providers,
        config: Callable[[], Config],
        publish: Callable[[Event], None],
        *,
        watch: Callable[[asyncio.Task[RescanCompleted]], None] = lambda task: None,
        before: Callable[[], Awaitable[None]] | None = None,
    ):
        self._db = db
        self._providers = providers
        self._config = config
        self._publish = publish
        self._watch = watch  # is told of each task that is started
        self._before = before  # is awaited first: files may be on their way between two names
        self._task: asyncio.Task[RescanCompleted] | None = None
        self._stop = threading.Event()

    async def __call__(self, full: bool = False) -> RescanCompleted:
        """Compare library and sources; `full` reads folders again that look unchanged.

        Raises ConfigurationError when the library cannot be read or is offline; nothing is changed
        then.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(full), name="rescan")
            self._watch(self._task)
        return await asyncio.shield(self._task)

    async def close(self) -> None:
        """Cancel a running rescan. Its thread is told to end, or the process would wait for it."""
        self._stop.set()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, full: bool) -> RescanCompleted:
        try:
            completed = await self._compare(full)
        except Exception as error:
            message = "The rescan failed; the log tells why"
            self._publish(RescanFailed(str(error) if isinstance(error, Failure) else message))
            raise
        self._publish(completed)
        return completed

    async def _compare(self, full: bool) -> RescanCompleted:
        calls = SourceCalls()
        scanned = await self._scan(full)
        placed = await self._identify(scanned, calls)
        new_series, new_episodes = await self._record(placed)
        await self._refresh(calls, _just_listed(placed))
        unread = [path for folder in scanned for path in folder.unread]
        return RescanCompleted(
            new_series, new_episodes, unread[:NAMED_UNREAD], sorted(calls.unavailable)
        )

    async def _scan(self, full: bool) -> list[Folder]:
        """Look into the library. Raises ConfigurationError."""
        root = self._config().library
        self._publish(RescanProgress("library", 0, None))
        if self._before:
            await self._before()
        last_looks = await self._db.run(folders.last_look)
        scanned = await asyncio.to_thread(
            library_scan.scan, root, last_looks, full=full, stop=self._stop.is_set
        )
        known_paths = await self._db.run(files.some_paths)
        await asyncio.to_thread(library.check, root, known_paths)
        # An empty folder may be a mount point: a marker in it would lie later.
        if known_paths or any(folder.videos for folder in scanned):
            await asyncio.to_thread(library.write_marker, root)
        return scanned

    # -- whose each folder is --------------------------------------------------------------------

    async def _identify(self, scanned: Sequence[Folder], calls: SourceCalls) -> list[Placed]:
        """Tell whose each folder is.

        The sources are asked for a folder that only the library knows: one may have it by now.
        """
        await self._db.run(renamed_folders.follow, scanned)
        owners = await self._db.run(series.by_folder)
        readable = [f for f in scanned if f.videos is not None or f.path in owners]
        can_ask = any(True for _ in self._providers)
        unlinked = [f for f in readable if _is_local(owners.get(f.path))]
        strangers = await asyncio.to_thread(
            _strangers,
            self._config().library,
            [folder for folder in unlinked if can_ask or folder.path not in owners],
        )
        new = [stranger for stranger in strangers.values() if stranger.path not in owners]
        owners |= await self._db.run(_owners_by_identity, new)
        placed: list[Placed] = []
        to_ask: list[Placed] = []
        for folder in readable:
            owner = owners.get(folder.path)
            place = Placed(folder, owner.series_id if owner else None)
            (to_ask if can_ask and _is_local(owner) else placed).append(place)
        placed += await self._look_up(to_ask, strangers, calls)
        return placed

    async def _look_up(
        self, to_ask: Sequence[Placed], strangers: dict[str, Stranger], calls: SourceCalls
    ) -> list[Placed]:
        """Ask the sources for these folders."""

        async def look_up(place: Placed) -> Placed:
            return place._replace(source=await self._ask(strangers[place.folder.path], calls))

        asked: list[Placed] = []
        async with aclosing(_as_completed([look_up(place) for place in to_ask])) as searches:
            async for place in searches:
                asked.append(place)
                self._publish(RescanProgress("sources", len(asked), len(to_ask)))
        return asked

    async def _ask(self, stranger: Stranger, calls: SourceCalls) -> tuple[str, Listing] | None:
        """(name, listing) of the first source that has this very series.

        A source that fails does not fail the rescan.
        """

        def choose(hits: Sequence[Hit]) -> str | None:
            candidates = [(identify(hit.name, ids=hit.ids), hit.key) for hit in hits]
            return find_same(stranger.identity, candidates)

        for provider in self._providers:
            find = partial(provider.find, stranger.names, choose)
            if listing := await calls.ask(provider.name, find):
                return provider.name, listing
        return None

    # -- what there is now -----------------------------------------------------------------------

    async def _record(self, placed: Sequence[Placed]) -> tuple[int, int]:
        """Record the scan, a few folders at a time, so that callers need not wait for all.

        Returns how many series and how many episodes are new.
        """
        listed_before = await self._db.run(series.listed_ids)
        series_ids: set[str] = set()
        new_episodes = done = 0
        for chunk in _chunks(placed):
            ids, count = await self._db.note(folders.record_scan, chunk)
            series_ids |= ids
            new_episodes += count
            done += len(chunk)
            self._publish(RescanProgress("names", done, len(placed)))
        await self._db.run(folders.drop_others, series_ids)
        listed = await self._db.run(series.listed_ids)
        return len(listed - listed_before), new_episodes

    async def _refresh(self, calls: SourceCalls, just_listed: set[tuple[str, str]]) -> None:
        """Ask again what the sources have of every series that is followed.

        `just_listed` are (source, key) of those that were listed a moment ago.
        """
        names = {provider.name for provider in self._providers}

        async def refresh(anime: Series) -> None:
            provider = self._providers.get(anime.provider)
            listing = await provider.listing(anime.key)
            await self._db.run(episodes.store_listing, anime.provider, listing)

        followed = await self._db.run(series.followed)
        refreshes = [
            calls.ask(anime.provider, partial(refresh, anime))
            for anime in followed
            if anime.provider in names and (anime.provider, anime.key) not in just_listed
        ]
        done = len(followed) - len(refreshes)
        async with aclosing(_as_completed(refreshes)) as refreshed:
            async for _ in refreshed:
                done += 1
                self._publish(RescanProgress("episodes", done, len(followed)))


async def _as_completed(calls: Sequence[Coroutine[Any, Any, T]]) -> AsyncGenerator[T, None]:
    """The results of `calls`, each as soon as it is there; none outlives this generator."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        for completed in asyncio.as_completed(tasks):
            yield await completed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _just_listed(placed: Iterable[Placed]) -> set[tuple[str, str]]:
    """(source, key) of each series that was asked for with its folder."""
    return {(place.source[0], place.source[1].key) for place in placed if place.source}


def _is_local(owner: Owner | None) -> bool:
    """Whether no source is known for a folder of this series, or of none."""
    return owner is None or owner.provider == LOCAL


def _strangers(root: Path, unlinked: Sequence[Folder]) -> dict[str, Stranger]:
    """path -> who a folder is by its name and its NFO file."""
    from store import nfo  # late: a server that scans nothing never needs it

    strangers = {}
    for folder in unlinked:
        described = nfo.read(root / folder.path)
        ids = database_ids.parse(folder.path) | dict(described.ids)
        # The whole name too: a source's folder may carry the same tags.
        names = [folder.title, *described.names, folder.path]
        strangers[folder.path] = Stranger(
            folder.path,
            list(dict.fromkeys([*names[:-1], database_ids.bracketed(ids)] if ids else names[:-1])),
            identify(*names, year=spelling.year(folder.title) or described.year, ids=ids),
        )
    return strangers


def _owners_by_identity(
    conn: sqlite3.Connection, strangers: Sequence[Stranger]
) -> dict[str, Owner]:
    """path -> the followed series that a new folder is.

    Only series that have no folder yet, and only where each is the other's best match.
    """
    candidates = [
        (identify(f"{anime.title} {anime.ids}"), anime) for anime in series.without_folder(conn)
    ]
    new_folders = [(stranger.identity, stranger) for stranger in strangers]
    owners = {}
    for who, anime in candidates:
        stranger = find_same(who, new_folders)
        if stranger and find_same(stranger.identity, candidates) is anime:
            owners[stranger.path] = Owner(anime.id, anime.provider)
    return owners


def _chunks(placed: Sequence[Placed]) -> Iterator[list[Placed]]:
    """Folders with about CHUNK_FILES videos together.

    The last folder by its path comes first: of two folders of one series the first that is
    recorded gets it.
    """
    chunk: list[Placed] = []
    count = 0
    for place in sorted(placed, key=lambda place: place.folder.path, reverse=True):
        chunk.append(place)
        count += len(place.folder.videos or ())
        if count >= CHUNK_FILES:
            yield chunk
            chunk = []
            count = 0
    if chunk:
        yield chunk
