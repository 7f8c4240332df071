"""The posters of series, fetched from their sources when somebody looks, and kept.

A few are fetched at a time, what was asked for last first: that is what somebody sees now. Whoever
asks waits a moment, and a fetch that takes longer goes on by itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from providers import Providers
from providers.body_version import Version
from store.abouts import Poster
from store.errors import Failure, NotFound, ProviderError
from store.picture_cache import Kept, PictureCache, picture_of
from store.pictures import Picture

log = logging.getLogger(__name__)

FOLDER = "posters"  # in the state directory
SIDE_BY_SIDE = 2  # fetches
MOST_WAITING = 60  # fetches that have not begun: two screens of a large library
REST_SECONDS = 300.0  # for which a source that failed is asked for no picture
FAILURES = 3  # pictures of a source in a row, after which it counts as failed
RETRY_SECONDS = 900.0  # for which a single picture that failed is not asked for
MOST_FAILED = 4_000  # pictures that are known to have failed


class Found(NamedTuple):
    """A poster, or None; not `is_final` where one may come yet."""

    picture: Picture | None
    is_final: bool = True


NOT_YET = Found(None, is_final=False)


class _Task(NamedTuple):
    poster: Poster
    known: Version
    ended: asyncio.Future[Found]


class Posters:
    """`resting` names the sources that are not to be asked now."""

    def __init__(self, state: Path, providers: Providers, resting: Callable[[], Collection[str]]):
        self._cache = PictureCache(state / FOLDER)
        self._providers = providers
        self._resting = resting
        self._tasks: dict[str, _Task] = {}  # by name in the cache: those that wait or are fetched
        self._waiting: dict[str, None] = {}  # the one that was asked for last at the end
        self._fetches: set[asyncio.Task[None]] = set()
        self._rests: dict[str, float] = {}  # source -> monotonic time of its end
        self._failed: dict[str, float] = {}  # name -> monotonic time
        self._failures: Counter[str] = Counter()  # of each source, in a row
        self._cannot_keep = False  # the disk has not taken the last one

    async def find(self, offered: Sequence[Poster], wait_seconds: float) -> Found:
        """The first of these posters that there is; asked for at its source if need be."""
        until = time.monotonic() + wait_seconds
        is_final = True
        for poster in offered:
            name = self._name(poster)
            kept = await asyncio.to_thread(self._cache.find, name)
            if kept and kept.picture and (kept.is_fresh or not self._may_ask(name, poster)):
                return Found(kept.picture)
            if kept and kept.picture is None:
                continue
            if not self._may_ask(name, poster):
                is_final = False
                continue
            ended = self._start(name, poster, kept)
            if kept and kept.picture:
                return Found(kept.picture)
            left = max(0.0, until - time.monotonic())
            await asyncio.wait({ended}, timeout=left)
            found = ended.result() if ended.done() else NOT_YET
            if found.picture:
                return found
            is_final = is_final and found.is_final
        return Found(None, is_final)

    async def close(self) -> None:
        """End all fetches."""
        for name in list(self._waiting):
            self._end(name, NOT_YET)
        for task in list(self._fetches):
            task.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)

    def _name(self, poster: Poster) -> str:
        """Another server under the name of the source has other pictures."""
        told = "\0".join([*poster, self._providers.address(poster.source)])
        return hashlib.sha256(told.encode()).hexdigest()[:40]

    def _may_ask(self, name: str, poster: Poster) -> bool:
        now = time.monotonic()
        if self._providers.find(poster.source) is None or poster.source in self._resting():
            return False
        return now >= self._rests.get(poster.source, 0.0) and now >= self._failed.get(name, 0.0)

    def _start(self, name: str, poster: Poster, kept: Kept | None) -> asyncio.Future[Found]:
        """Let a picture be fetched, next of all that wait."""
        if name not in self._tasks:
            known = Version(kept.etag, kept.modified) if kept else Version()
            self._tasks[name] = _Task(poster, known, asyncio.get_running_loop().create_future())
            self._waiting[name] = None
        elif name in self._waiting:
            self._waiting[name] = self._waiting.pop(name)
        while len(self._waiting) > MOST_WAITING:
            self._end(next(iter(self._waiting)), NOT_YET)
        ended = self._tasks[name].ended
        while self._waiting and len(self._fetches) < SIDE_BY_SIDE:
            self._fetch_next()
        return ended

    def _end(self, name: str, found: Found) -> None:
        self._waiting.pop(name, None)
        self._tasks.pop(name).ended.set_result(found)

    def _fetch_next(self) -> None:
        name, _ = self._waiting.popitem()
        task = asyncio.create_task(self._fetch(name), name="poster")
        self._fetches.add(task)
        task.add_done_callback(self._fetched)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetches.discard(task)
        while self._waiting and not task.cancelled() and len(self._fetches) < SIDE_BY_SIDE:
            self._fetch_next()

    async def _fetch(self, name: str) -> None:
        found = NOT_YET
        poster, known, _ = self._tasks[name]
        try:
            kept = await asyncio.to_thread(self._cache.find, name)
            if kept and kept.is_fresh:  # it came between the look and the wish for it
                found = Found(kept.picture)
            elif self._may_ask(name, poster):  # it may rest by now
                found = Found(await self._ask(name, poster, known))
        except ProviderError as failure:
            self._note_failure(name, poster.source, failure)
        except Failure as failure:
            log.info("%s: no poster: %s", poster.source, failure)
            self._put_off(name)
        except Exception:
            log.exception("%s: the poster of %s", poster.source, poster.key)
            self._put_off(name)
        finally:
            self._end(name, found)

    async def _ask(self, name: str, poster: Poster, known: Version) -> Picture | None:
        """Fetch a picture and keep it, or keep that there is none. Raises Failure."""
        try:
            fetched = await self._providers.fetch_picture(*poster, known)
        except (NotFound, ProviderError) as failure:
            if isinstance(failure, ProviderError) and not _is_lasting(failure):
                raise
            log.info("%s: it has no poster: %s", poster.source, failure)
            self._failures.pop(poster.source, None)
            return await self._keep(name, b"", Version())
        self._failures.pop(poster.source, None)
        if fetched.content is None:
            await asyncio.to_thread(self._cache.renew, name)
            kept = await asyncio.to_thread(self._cache.find, name)
            return kept.picture if kept else None
        return await self._keep(name, fetched.content, fetched.version)

    async def _keep(self, name: str, content: bytes, version: Version) -> Picture | None:
        """What was fetched is shown, also where the disk takes nothing."""
        etag, modified = version
        try:
            await asyncio.to_thread(self._cache.keep, name, content, etag=etag, modified=modified)
            self._cannot_keep = False
        except OSError as error:
            if not self._cannot_keep:  # one line tells it of all pictures
                log.warning("posters cannot be kept: %s", error)
            self._cannot_keep = True
        return await asyncio.to_thread(picture_of, content)

    def _note_failure(self, name: str, source: str, failure: ProviderError) -> None:
        log.info("%s: no poster for now: %s", source, failure)
        self._put_off(name)
        self._failures[source] += 1
        is_whole = failure.down or failure.cause in ("login", "busy", "certificate", "TLS")
        if is_whole or self._failures[source] >= FAILURES:
            del self._failures[source]
            rest = max(REST_SECONDS, failure.retry_after or 0.0)
            self._rests[source] = time.monotonic() + rest

    def _put_off(self, name: str) -> None:
        self._failed.pop(name, None)
        self._failed[name] = time.monotonic() + RETRY_SECONDS
        if len(self._failed) > MOST_FAILED:
            del self._failed[next(iter(self._failed))]


def _is_lasting(failure: ProviderError) -> bool:
    """Whether the source has said that it has no such picture, or none that may be fetched."""
    return failure.final and failure.cause != "login"
