"""One queue item on its way: source, transfer, name in the library. Knows no other item."""

from __future__ import annotations

import asyncio
import collections
import errno
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path

from downloads.events import DownloadCompleted, Transferred
from downloads.part_file import undisturbed
from downloads.transfer import Checkpoint, Progress, fetch
from providers import Providers
from providers.network import Network
from store import library, placing, queue, series
from store.db import Database
from store.errors import Conflict, ProviderError
from store.models import Episode, Item, Receipt, Source
from store.names import codes, database_ids, spelling, writer
from store.names.codes import Number
from store.names.templates import Wanted
from store.settings import Config

log = logging.getLogger(__name__)

SUBTITLES = 20  # files beside one episode
WINDOW = 5.0  # seconds over which a speed is measured


class Job:
    """`await run()` ends with the item completed; it raises what stopped it, with the bytes kept. `shared` is what all
    transfers have in common: `throttle`, `reserve` and `spare` of fetch."""

    def __init__(
        self, item: Item, config: Config, db: Database, web: Network, providers: Providers, **shared
    ):
        self.item = item
        self.progress = Progress(total=item.total)
        self._config = config
        self._db = db
        self._web = web
        self._providers = providers
        self._shared = shared
        self._began = time.monotonic()
        self._samples: collections.deque[tuple[float, int]] = collections.deque()

    async def run(self, started: Callable[[], None]) -> DownloadCompleted:
        """Bring the episode home. `started` is called once bytes can be expected. Raises Failure, OSError."""
        item = self.item
        if settled := await settle(item, self._config, self._db):
            return settled
        if item.episode is None:
            raise ProviderError("The source no longer has this episode", final=True)
        provider = self._providers.get(item.provider)
        source = await provider.source(item.key, item.episode)
        part = self._config.downloads / part_name(item, source)
        resume = Checkpoint.loads(item.checkpoint) if item.part == part.name else None
        await self._db.note(queue.set_part, item.id, part.name, source.size)
        started()
        self.progress.total = source.size
        receipt = await fetch(
            self._web,
            source,
            part,
            base=provider.base,
            resume=resume,
            save=self._save,
            progress=self.progress,
            **self._shared,
        )
        subtitles = await self._subtitles(source, provider.base)
        return await unbroken(self._publish(part, source, receipt, subtitles))

    def speed(self) -> float:
        """Megabits (10^6) a second over the last WINDOW seconds."""
        now = time.monotonic()
        self._samples.append((now, self.progress.fetched))
        while len(self._samples) > 2 and self._samples[0][0] < now - WINDOW:
            self._samples.popleft()
        (then, before), (_, fetched) = self._samples[0], self._samples[-1]
        return max(0.0, (fetched - before) * 8 / 1e6 / (now - then)) if now > then else 0.0

    def transferred(self) -> Transferred:
        """How far the transfer has come, and how fast it is now."""
        return Transferred(self.progress.done, self.progress.total, self.speed())

    def remaining(self) -> int:
        """Bytes still to come, as far as known."""
        return max(0, (self.progress.total or 0) - self.progress.done)

    async def _save(self, checkpoint: Checkpoint) -> None:
        await self._db.run(queue.set_checkpoint, self.item.id, checkpoint.dumps(), checkpoint.total)

    async def _subtitles(self, source: Source, base: str) -> dict[str, bytes]:
        """By what follows the video's stem. The episode is no worse without them."""
        found = {}
        for more, url in list(source.beside.items())[:SUBTITLES]:
            try:
                body, headers, _ = await self._web.read(url, base=base, headers=source.headers)
                if "html" not in headers.get("Content-Type", ""):  # an error that says 200
                    found[more] = body
            except ProviderError as error:
                log.warning("%s: the subtitles %s are left out: %s", self.item.name, more, error)
        return found

    async def _publish(
        self, part: Path, source: Source, receipt: Receipt, subtitles: dict[str, bytes]
    ) -> DownloadCompleted:
        """Name the verified file in the library, then say so in the database; a crash between is mended at start."""
        root = self._config.library
        target = await self._db.run(_target, self.item, source.extension, self._config)
        note = json.dumps(asdict(receipt) | {"source": source.url.partition("?")[0]})
        await self._db.run(queue.set_target, self.item.id, target, note)
        try:
            await asyncio.to_thread(
                _place, part, root, target, await self._db.run(series.some_paths)
            )
        except FileExistsError:
            raise Conflict(
                f"{target} is in the library already; move it away, or remove this item"
            ) from None
        missing = await self._db.run(finish, self.item, target, receipt.bytes)
        stem = target.rpartition(".")[0]
        beside = {stem + more: content for more, content in subtitles.items()}
        if self._config.write_nfo:
            beside |= await self._described(target.partition("/")[0], stem)
        for path, content in beside.items():
            try:
                if content and not os.path.lexists(root / path):
                    await asyncio.to_thread(
                        placing.place_bytes, root, path, content, f"beside.{self.item.name}.part"
                    )
            except OSError as error:
                log.warning("%s could not be written: %s", path, error)
        return DownloadCompleted.of(
            self.item,
            receipt.bytes,
            root / target,
            seconds=time.monotonic() - self._began,
            missing=missing,
        )

    async def _described(self, folder: str, stem: str) -> dict[str, bytes | None]:
        """The NFO files of the episode and its series."""
        from store import nfo  # late: few want them

        row = await self._db.run(series.get, self.item.series)
        episode = self.item.episode or Episode(self.item.season, self.item.number)
        return {
            f"{folder}/{nfo.SERIES}": nfo.of_series(
                row["title"], row["description"], database_ids.parse(row["ids"])
            ),
            f"{stem}.nfo": nfo.of_episode(
                episode.title, episode.season, episode.number, episode.aired
            ),
        }


async def settle(item: Item, config: Config, db: Database) -> DownloadCompleted | None:
    """The disk is the truth: an item whose file got its name before something failed is completed. None: it is not."""
    if not item.target:
        return None
    final = config.library / item.target
    if await asyncio.to_thread(
        placing.is_placed, config.downloads / (item.part or "-"), config.library, item.target
    ):
        size = (await asyncio.to_thread(final.stat)).st_size
        missing = await db.run(finish, item, item.target, size)
        return DownloadCompleted.of(item, size, final, seconds=0.0, missing=missing)
    _need_online(config.library, await db.run(series.some_paths))
    await db.run(queue.set_target, item.id, None)
    return None


def part_name(item: Item, source: Source) -> str:
    """Ours alone: the item's id is in it, and is never given twice."""
    return spelling.safe(
        item.title,
        keep=f" - {codes.code(item.season, item.number)}{source.extension}.{item.name}.part",
    )


def finish(conn: sqlite3.Connection, item: Item, target: str, size: int) -> int:
    """Commit that `target`, a path in the library, is the item's file of `size` bytes.

    Returns how many episodes of its series are still missing.
    """
    file = series.File(item.season, item.number, target, size)
    queue.finish(conn, item.id, target.partition("/")[0], file)
    return series.get(conn, item.series)["missing"]


async def unbroken(work: Coroutine):
    """What `work` returns, even when cancelled meanwhile: who was stopped too late has ended all the same. What fails then
    is for the next try to find out."""
    task = asyncio.ensure_future(work)
    if await undisturbed(task) and task.exception():
        raise asyncio.CancelledError
    return task.result()


def _target(conn: sqlite3.Connection, item: Item, extension: str, config: Config) -> str:
    _need_online(config.library, series.some_paths(conn))
    row, running, spot = (
        series.get(conn, item.series),
        series.running(conn, item.series),
        (item.season, item.number),
    )
    wanted = Wanted(
        item.title,
        item.season,
        [item.number],
        database_ids.parse(item.ids),
        item.episode.title if item.episode else "",
        [running[spot]] if spot in running else [],
    )
    folder = row["folder"] or writer.series_folder(config.naming, wanted)
    owner = conn.execute("select id from series where folder = ?", (folder,)).fetchone()
    if owner and owner["id"] != item.series:
        folder = writer.series_folder(config.naming, wanted, f" ({item.key})")

    def named(path: str, season: int, number: Number) -> writer.File:
        told, offset = (
            [number, running.get((season, number))],
            row["number_offset"] if season else 0,
        )
        return writer.File(path, season, tuple(one - offset for one in told if one is not None))

    here = conn.execute(
        "select path, season, number from files where series = ? and sure and season >= 0 group by path having count(*) = 1",
        (item.series,),
    ).fetchall()

    def readable(path: str) -> bool:
        from store.names import (
            folder_parser,  # late: most series have no names of another kind
            matching,
        )

        beside = [
            file["path"]
            for file in here
            if file["path"].rpartition("/")[0] == path.rpartition("/")[0]
        ]
        verdict = matching.judge(
            folder_parser.parse_folder([*beside, path])[-1],
            running,
            row["numbering"],
            row["number_offset"],
        )
        return verdict.sure and verdict.episodes == (spot,)

    target = writer.choose_path(
        config.naming,
        wanted,
        named(folder, *spot),
        [named(*file) for file in here],
        extension,
        readable,
    )
    disks = dict(conn.execute("select path, disk from folders where top = ?", (folder,)).fetchall())
    for above in map(str, list(Path(target).parents)[:-1]):
        if library.is_away(config.library / above, disks.get(above)):
            raise Conflict(
                f"The disk on which {above} lies is not mounted; mount it, then retry this item"
            )
    return target


def _need_online(root: Path, known: list[str]) -> None:
    if not library.is_online(root, known):
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))


def _place(part: Path, root: Path, target: str, known: list[str]) -> None:
    _need_online(
        root, known
    )  # again: it may have gone since, and its mount point must not get our marker
    library.write_marker(root)
    placing.place(part, root, target)
