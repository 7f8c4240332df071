"""One queue item on its way: source, transfer, name in the library. Knows no other item."""

from __future__ import annotations

import asyncio
import collections
import errno
import json
import os
import sqlite3
import time
from dataclasses import asdict
from pathlib import Path
from typing import Callable, Coroutine, NamedTuple

from downloads.parts import undisturbed
from downloads.transfer import Checkpoint, Progress, fetch
from providers import Providers
from providers.web import Web
from store import library, queue, series, titles
from store.config import Config
from store.db import Database
from store.errors import Conflict, ProviderError
from store.models import Episode, Item, Receipt, Source

WINDOW = 5.0  # seconds over which a speed is measured


class Outcome(NamedTuple):
    """A completed item, how many episodes of its series are still missing, its file, and the seconds it took."""

    item: Item
    missing: int
    path: Path
    seconds: float


class Job:
    """`await run()` ends with the item completed; it raises what stopped it, with the bytes kept. `shared` is what all
    transfers have in common: `throttle`, `reserve` and `spare` of fetch."""

    def __init__(self, item: Item, config: Config, db: Database, web: Web, providers: Providers, **shared):
        self.item = item
        self.progress = Progress(total=item.total)
        self._config = config
        self._db = db
        self._web = web
        self._providers = providers
        self._shared = shared
        self._began = time.monotonic()
        self._samples: collections.deque[tuple[float, int]] = collections.deque()

    async def run(self, started: Callable[[], None]) -> Outcome:
        """Bring the episode home. `started` is called once bytes can be expected. Raises Failure, OSError."""
        item = self.item
        if settled := await settle(item, self._config, self._db):
            return settled
        if item.ref is None:
            raise ProviderError("The source no longer has this episode", final=True)
        provider = self._providers.get(item.provider)
        source = await provider.source(item.key, Episode(item.season, item.number, ref=item.ref, size=item.size))
        if source.extension not in titles.MEDIA:
            raise ProviderError(f"The source offers a file that is no video ({source.extension[:20]})", final=True)
        part = self._config.downloads / part_name(item, source)
        resume = Checkpoint.loads(item.checkpoint) if item.part == part.name else None
        await self._db.note(queue.set_part, item.id, part.name, source.size)
        started()
        self.progress.total = source.size
        receipt = await fetch(
            self._web, source, part, base=provider.base, resume=resume, save=self._save,
            progress=self.progress, **self._shared,
        )  # fmt: skip
        done, missing, path = await unbroken(self._publish(part, source, receipt))
        return Outcome(done, missing, path, time.monotonic() - self._began)

    def speed(self) -> float:
        """Megabits (10^6) a second over the last WINDOW seconds."""
        now = time.monotonic()
        self._samples.append((now, self.progress.fetched))
        while len(self._samples) > 2 and self._samples[0][0] < now - WINDOW:
            self._samples.popleft()
        (then, before), (_, fetched) = self._samples[0], self._samples[-1]
        return max(0.0, (fetched - before) * 8 / 1e6 / (now - then)) if now > then else 0.0

    def remaining(self) -> int:
        """Bytes still to come, as far as known."""
        return max(0, (self.progress.total or 0) - self.progress.done)

    async def _save(self, checkpoint: Checkpoint) -> None:
        await self._db.run(queue.set_checkpoint, self.item.id, checkpoint.dumps(), checkpoint.total)

    async def _publish(self, part: Path, source: Source, receipt: Receipt) -> tuple[Item, int, Path]:
        """Name the verified file in the library, then say so in the database; a crash between is mended at start."""
        root = self._config.library
        target = await self._db.run(_target, self.item, source.extension, root)
        note = json.dumps(asdict(receipt) | {"source": source.url.partition("?")[0]})
        await self._db.run(queue.set_target, self.item.id, target, note)
        try:
            await asyncio.to_thread(_place, part, root, target)
        except FileExistsError:
            raise Conflict(f"{target} is in the library already; move it away, or remove this item") from None
        return *await self._db.run(finish, self.item, target, receipt.bytes), root / target


async def settle(item: Item, config: Config, db: Database) -> Outcome | None:
    """The disk is the truth: an item whose file got its name before something failed is completed. None: it is not."""
    if not item.target:
        return None
    final = config.library / item.target
    if await asyncio.to_thread(library.settled, config.downloads / (item.part or "-"), config.library, item.target):
        size = (await asyncio.to_thread(final.stat)).st_size
        return Outcome(*await db.run(finish, item, item.target, size), final, 0.0)
    await db.run(queue.set_target, item.id, None)
    return None


def part_name(item: Item, source: Source) -> str:
    """Ours alone: the item's id is in it, and is never given twice."""
    return titles.safe(item.title, keep=f" - {titles.code(item.season, item.number)}{source.extension}.{item.name}.part")


def finish(conn: sqlite3.Connection, item: Item, target: str, size: int) -> tuple[Item, int]:
    """Commit that `target`, relative to the library, is the item's file. Returns the item and what is still missing."""
    done = queue.finish(conn, item.id, target.partition("/")[0], series.File(item.season, item.number, target, size))
    return done, series.get(conn, item.series)["missing"]


async def unbroken(work: Coroutine):
    """What `work` returns, even when cancelled meanwhile: who was stopped too late has ended all the same. What fails then
    is for the next try to find out."""
    task = asyncio.ensure_future(work)
    if await undisturbed(task) and task.exception():
        raise asyncio.CancelledError
    return task.result()


def _target(conn: sqlite3.Connection, item: Item, extension: str, root: Path) -> str:
    known = [row["path"] for row in conn.execute("select path from files order by path limit 20")]
    if not library.online(root, known):
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))
    here = "select path from files where series = ? and season = ? order by path limit 1"
    neighbours = [row["path"] for row in conn.execute(here, (item.series, item.season))]
    owner = conn.execute("select id from series where folder = ?", (titles.safe(item.title),)).fetchone()
    return library.target(item, extension, neighbours, taken=owner is not None and owner["id"] != item.series)


def _place(part: Path, root: Path, target: str) -> None:
    library.mark(root)
    library.place(part, root, target)
