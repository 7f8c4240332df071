"""Mends what a crash has left, before the queue goes on."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from downloads import disk, judgement
from store import folders, placing, queue
from store.db import Database
from store.settings import Config

log = logging.getLogger(__name__)


async def recover(db: Database, config: Config) -> None:
    """Complete items whose files got their names before a crash; remove parts of no item.

    Raises sqlite3.Error, and OSError where a directory itself cannot be used. What is wrong with
    one item's path stops no other: the item finds out again when it is its turn.
    """
    for item in await db.run(queue.recover):
        from downloads.completion import complete_if_placed  # late: few are cut off just there

        try:
            await complete_if_placed(item, config, db)
        except OSError as error:
            await _pass_over(error, config)
    parts = await db.run(queue.parts)
    await _sweep(config.downloads, parts, config)
    for mounted in ["", *await db.run(folders.disks)]:
        await _sweep(config.library / mounted / placing.INCOMING, set(), config)


async def _sweep(folder: Path, kept: set[str], config: Config) -> None:
    try:
        await asyncio.to_thread(disk.sweep, folder, kept)
    except OSError as error:
        await _pass_over(error, config)


async def _pass_over(error: OSError, config: Config) -> None:
    """Log an error of one path. Raises that of a directory itself."""
    roots = (config.downloads, config.library)
    if await asyncio.to_thread(judgement.of_disk, error, roots) == "root":
        raise error
    log.warning("at the start: %s", error)
