"""The end of an item's way: the verified file gets its name in the library."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from downloads import disk
from downloads.events import DownloadCompleted
from store import (
    abouts,
    checksums,
    files,
    history,
    layout,
    library,
    library_mounts,
    placing,
    queue,
    reserving,
    series,
    trash,
)
from store.case import Case
from store.checksums import Stamp
from store.db import Database
from store.errors import Conflict
from store.layout import Layout
from store.library_mounts import Evidence
from store.models import Episode, Item, Receipt, Source
from store.names import database_ids, extensions
from store.secret_address import masked
from store.settings import Config
from store.trash import Replaced

log = logging.getLogger(__name__)


class Completion:
    """`aim` is told of the path that is worked on."""

    def __init__(self, item: Item, config: Config, db: Database, aim: Callable[[Path], None]):
        self._item = item
        self._config = config
        self._db = db
        self._aim = aim

    async def complete(
        self,
        part: Path,
        source: Source,
        receipt: Receipt,
        subtitles: dict[str, bytes],
        *,
        began: float,
    ) -> DownloadCompleted:
        """Name the verified file in the library, then record it; start mends a crash between.

        `began` is the monotonic time at which the work on the item did.
        """
        root = self._config.library
        replaced = await self._choose_replaced()
        about = {"source": shown_address(source), "modified": source.modified}
        note = json.dumps(vars(receipt) | about | history.replacing(replaced))
        target = await self._choose_target(source.extension, replaced)
        if not await self._db.run(reserving.reserve, self._item.id, target, note):
            target = await self._choose_target(source.extension, replaced)
            if not await self._db.run(reserving.reserve, self._item.id, target, note):
                raise Conflict(f"The folder of {target} is another series'; retry this item")
        evidence = await self._db.run(library_mounts.evidence, str(root))
        self._aim(root / target)
        try:
            await asyncio.to_thread(_place, part, root, target, evidence, replaced)
        except FileExistsError:
            raise Conflict(
                f"{target} is in the library already; move it away, or remove this item"
            ) from None
        missing = await self._db.run(queue.finish, self._item.id, target, receipt.bytes)
        await self._keep_checksum(root, target, source, receipt)
        await self._place_beside(target, subtitles)
        return DownloadCompleted.of(
            self._item,
            receipt.bytes,
            root / target,
            seconds=time.monotonic() - began,
            missing=missing,
            reason=history.note_of(note),
        )

    async def _choose_replaced(self) -> Replaced | None:
        """The file whose place the new one takes; None where there is none (any more).

        Raises Conflict where the file holds further episodes.
        """
        if not self._item.replaces:
            return None
        key = self._item.season, self._item.number
        path = await self._db.run(files.replaceable, self._item.series_id, key)
        if path is None:
            return None
        try:
            return await asyncio.to_thread(trash.choose, self._config.library, path)
        except FileNotFoundError:
            return None

    async def _choose_target(self, extension: str, replaced: Replaced | None) -> str:
        """The path that the file gets in the library."""
        planned = await self._db.run(layout.read, self._item.series_id, self._config.naming)
        root = self._config.library
        evidence = await self._db.run(library_mounts.evidence, str(root))
        return await asyncio.to_thread(
            _mounted_target,
            planned,
            root,
            self._item,
            extension=extension,
            evidence=evidence,
            replaced=replaced,
        )

    async def _keep_checksum(
        self, root: Path, target: str, source: Source, receipt: Receipt
    ) -> None:
        """Keep the checksum that was just compared: nobody need read the file again to share it."""
        if receipt.proof != "sha256":
            return
        try:
            stamp = Stamp.of(await asyncio.to_thread((root / target).lstat))
            digest = source.checksums["sha256"].lower()
            await self._db.note(checksums.keep, self._item.series_id, target, stamp, digest)
        except (OSError, sqlite3.Error) as error:
            log.warning("the checksum of %s is not kept: %s", target, error)

    async def _place_beside(self, target: str, subtitles: dict[str, bytes]) -> None:
        """Put the small files beside the video; a file that is there already is not replaced."""
        root, stem = self._config.library, target.rpartition(".")[0]
        contents = {stem + suffix: content for suffix, content in subtitles.items()}
        if self._config.write_nfo:
            contents |= await self._nfo_files(target.partition("/")[0], stem)
        temporary_name = f"beside.{self._item.name}.part"
        for path, content in contents.items():
            try:
                if content and not os.path.lexists(root / path):
                    await asyncio.to_thread(
                        placing.place_bytes, root, path, content, temporary_name
                    )
            except OSError as error:
                log.warning("%s could not be written: %s", path, error)

    async def _nfo_files(self, folder: str, stem: str) -> dict[str, bytes]:
        """path -> content of the NFO files of the series and the episode."""
        from store import nfo  # late: few want them

        series_id = self._item.series_id
        anime = await self._db.run(series.get, series_id)
        about = await self._db.run(abouts.of_series, series_id)
        episode = self._item.episode or Episode(self._item.season, self._item.number)
        of_series = nfo.of_series(
            anime.title, about.description, database_ids.parse(anime.ids), about.year
        )
        of_episode = nfo.of_episode(episode.title, episode.season, episode.number, episode.aired)
        contents = {f"{folder}/{nfo.SERIES}": of_series}
        if of_episode:
            contents[f"{stem}.nfo"] = of_episode
        return contents


def shown_address(source: Source) -> str:
    """The address for the history, without the parts that may be secret."""
    address = source.url.partition("?")[0]
    return masked(address) if source.is_private else address


async def complete_if_placed(item: Item, config: Config, db: Database) -> DownloadCompleted | None:
    """Complete an item whose file got its name just before a failure: the disk is the truth.

    Returns None where the file is not there. Raises OSError while the library is offline.
    """
    if not item.target:
        return None
    part, final = config.downloads / (item.part or "-"), config.library / item.target
    _need_online(config.library, await db.run(library_mounts.evidence, str(config.library)))
    replaced = history.replaced_of(item.receipt)
    if await asyncio.to_thread(_is_placed, part, config.library, item.target, replaced):
        size = (await asyncio.to_thread(final.stat)).st_size
        missing = await db.run(queue.finish, item.id, item.target, size)
        reason = history.note_of(item.receipt)
        return DownloadCompleted.of(item, size, final, seconds=0.0, missing=missing, reason=reason)
    await db.run(queue.set_target, item.id, None)
    return None


async def note_mount(config: Config, db: Database) -> None:
    """Remember that the library is a mounted disk.

    Until the library holds a video, nothing else tells when that disk is away.
    """
    root = config.library
    evidence = await db.run(library_mounts.evidence, str(root))
    if evidence.paths or evidence.was_mounted:
        return
    if await asyncio.to_thread(os.path.ismount, root):
        await db.note(library_mounts.remember, str(root))


def _mounted_target(
    planned: Layout,
    root: Path,
    item: Item,
    *,
    extension: str,
    evidence: Evidence,
    replaced: Replaced | None,
) -> str:
    _need_online(root, evidence)
    if replaced:
        is_same = extensions.of(replaced.path) == extension
        target = replaced.path if is_same else extensions.stem(replaced.path) + extension
    else:
        target = Case(root).spell(planned.path_of_new((item.season, item.number), extension))
    planned.check_mounted(root, target)
    return target


def _need_online(root: Path, evidence: Evidence) -> None:
    if not library.is_online(root, evidence.paths, was_mounted=evidence.was_mounted):
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))


def _need_room(part: Path, folder: Path) -> None:
    """Raise ENOSPC where the copy to another disk would not leave the reserve there."""
    folder, about = disk.existing(folder), part.stat()
    if folder.stat().st_dev != about.st_dev and disk.room(folder) < about.st_size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _place(
    part: Path, root: Path, target: str, evidence: Evidence, replaced: Replaced | None
) -> None:
    # Again: the disk may have gone since. Its mount point must not get our marker, which would be
    # believed from then on, also where the disk goes while this is at work.
    with library.held(root) as fixed:
        _need_online(fixed, evidence)
        library.write_marker(fixed)
        _need_room(part, (root / target).parent)
        if replaced:
            trash.replace(part, root, target, replaced)
        else:
            placing.place(part, root, target)
        if not os.path.samefile(fixed, root):  # the file lies in the mount point
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))


def _is_placed(part: Path, root: Path, target: str, replaced: Replaced | None) -> bool:
    if replaced:
        return trash.is_replaced(part, root, target, replaced)
    return placing.is_placed(part, root, target)
