"""The rescan compares the library with the sources."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from downloads import calendar_looks
from downloads.absences import Absences
from downloads.events import Event, RescanCompleted, RescanFailed, RescanProgress
from downloads.source_calls import SourceCalls, as_completed
from providers import Providers
from store import (
    files,
    folders,
    library,
    list_changes,
    series,
)
from store.db import Database
from store.errors import Failure
from store.folders import Placed
from store.settings import Config

if TYPE_CHECKING:
    from store.library_scan import Folder, Look

log = logging.getLogger(__name__)

NAMED_UNREAD = 100  # folders that could not be read and are told by name
CHUNK_FILES = 500  # whose names are read in one transaction


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
        after: Callable[[Collection[str]], Awaitable[None]] | None = None,
    ):
        self._db = db
        self._providers = providers
        self._config = config
        self._publish = publish
        self._absences = Absences(db, providers)
        self._watch = watch  # is told of each task that is started
        self._before = before  # is awaited first: files may be on their way between two names
        # Is awaited last, with the sources that failed: all else that there is is known.
        self._after = after
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
        from downloads.recognition import Recognition  # late: a start needs no rescan
        from store import renamed_folders

        recognise = Recognition(self._db, self._providers, self._publish)
        calls = SourceCalls()
        scanned = await self._scan(full)
        await self._db.run(renamed_folders.follow, scanned)
        placed = await recognise(scanned, self._config().library, calls)
        new_series, new_episodes = await self._record(placed)
        await self._refresh(calls, _just_listed(placed))
        await calendar_looks.look(self._db, self._providers, calls)
        for name in calls.unavailable:
            provider = self._providers.find(name)
            if provider and provider.last_success:
                await self._absences.failed(name, provider.last_success)
        if self._after:
            await self._after(calls.unavailable)
        unread = [path for folder in scanned for path in folder.unread]
        return RescanCompleted(
            new_series,
            new_episodes,
            unread[:NAMED_UNREAD],
            sorted(calls.unavailable),
            await self._db.run(list_changes.all_ids),
        )

    async def _scan(self, full: bool) -> list[Folder]:
        """Look into the library. Raises ConfigurationError."""
        root = self._config().library
        self._publish(RescanProgress("library", 0, None))
        if self._before:
            await self._before()
        last_looks = await self._db.run(folders.last_look)
        known_paths = await self._db.run(files.some_paths)
        return await asyncio.to_thread(
            _look, root, last_looks, known_paths, full=full, stop=self._stop.is_set
        )

    # -- what there is now -----------------------------------------------------------------------

    async def _record(self, placed: Sequence[Placed]) -> tuple[int, int]:
        """Record the scan, a few folders at a time, so that callers need not wait for all.

        Returns how many series and how many episodes are new.
        """
        listed_before = await self._db.run(series.listed_ids)
        new_episodes = done = 0
        for chunk in _chunks(placed):
            new_episodes += await self._db.note(folders.record_scan, chunk)
            done += len(chunk)
            self._publish(RescanProgress("names", done, len(placed)))
        await self._db.run(folders.drop_others, {place.folder.path for place in placed})
        listed = await self._db.run(series.listed_ids)
        return len(listed - listed_before), new_episodes

    async def _refresh(self, calls: SourceCalls, just_listed: set[tuple[str, str]]) -> None:
        """Ask again what the sources have of every series that is followed.

        `just_listed` are (source, key) of those that were listed a moment ago.
        """
        from downloads.source_looks import SourceLooks  # late: a start needs no rescan

        looks = SourceLooks(self._db, self._providers, calls, just_listed)
        followed = await self._db.run(series.followed)
        refreshes = [looks.look(anime) for anime in followed]
        done = 0
        async with aclosing(as_completed(refreshes)) as refreshed:
            async for _ in refreshed:
                done += 1
                self._publish(RescanProgress("episodes", done, len(followed)))


def _look(
    root: Path,
    last_looks: Mapping[str, Look],
    known_paths: list[str],
    *,
    full: bool,
    stop: Callable[[], bool],
) -> list[Folder]:
    """Look into the library, and that it was there all the time. Raises ConfigurationError."""
    from store import library_scan  # late: a start needs no rescan

    try:
        with library.held(root) as fixed:
            scanned = library_scan.scan(fixed, last_looks, full=full, stop=stop)
            library.check(fixed, known_paths)
            # An empty folder may be a mount point: a marker in it would lie later.
            if known_paths or any(folder.videos for folder in scanned):
                library.write_marker(fixed)
    except OSError as error:
        raise library_scan.unreadable(error) from error
    return scanned


def _just_listed(placed: Iterable[Placed]) -> set[tuple[str, str]]:
    """(source, key) of each series that was asked for with its folder."""
    return {(place.source[0], place.source[1].key) for place in placed if place.source}


def _chunks(placed: Sequence[Placed]) -> Iterator[list[Placed]]:
    """Folders with about CHUNK_FILES videos together, in the order of their paths.

    Of several folders of one series, the first one keeps the id that it has.
    """
    chunk: list[Placed] = []
    count = 0
    for place in sorted(placed, key=lambda place: place.folder.path):
        chunk.append(place)
        count += len(place.folder.videos or ())
        if count >= CHUNK_FILES:
            yield chunk
            chunk = []
            count = 0
    if chunk:
        yield chunk
