"""What is mended at the start, before the queue goes on."""

from __future__ import annotations

import asyncio

from downloads import disk
from downloads.job import complete_if_placed
from store import folders, placing, queue
from store.db import Database
from store.settings import Config


async def recover(db: Database, config: Config) -> None:
    """Complete items whose files got their names before a crash; remove parts of no item.

    Raises sqlite3.Error, and OSError where a disk is away.
    """
    for item in await db.run(queue.recover):
        await complete_if_placed(item, config, db)
    parts = await db.run(queue.parts)
    await asyncio.to_thread(disk.sweep, config.downloads, parts)
    for mounted in ["", *await db.run(folders.disks)]:
        incoming = config.library / mounted / placing.INCOMING
        await asyncio.to_thread(disk.sweep, incoming, set())
