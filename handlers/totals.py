"""The totals for which dashboards ask again and again, kept as long as nothing has changed."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from store import summary
from store.db import Database
from store.summary import Totals

FREE_SECONDS = 10.0  # for which the room on the disks is believed
LOOK_SECONDS = 1.0  # that a look at the disks may take: one that is away may hang for minutes


class Board:
    """The totals of the database, and the room on the disks."""

    def __init__(self, db: Database):
        self._db = db
        self._totals: Totals | None = None
        self._look: asyncio.Task[dict[str, int | None]] | None = None
        self._looked_at = 0.0  # monotonic time
        self._folders: dict[str, Path] = {}
        self._free: dict[str, int | None] = {}

    async def totals(self) -> Totals:
        self._totals = await self._db.run(summary.read, self._totals)
        return self._totals

    async def free_bytes(self, folders: Mapping[str, Path]) -> dict[str, int | None]:
        """The room at each folder, by its name; None where that cannot be told now."""
        if self._look is None:
            is_old = time.monotonic() >= self._looked_at + FREE_SECONDS
            if not is_old and self._folders == folders:
                return self._free
            self._folders = dict(folders)
            self._look = asyncio.create_task(
                asyncio.to_thread(_free_bytes, self._folders), name="free room"
            )
        look = self._look
        done, _ = await asyncio.wait({look}, timeout=LOOK_SECONDS)
        if not done:
            return dict.fromkeys(folders)
        if self._look is look:  # the first of those who wait for it
            self._free = look.result()
            self._look = None
            self._looked_at = time.monotonic()
        return {name: look.result().get(name) for name in folders}


TOTALS = web.AppKey("totals", Board)


def _free_bytes(folders: Mapping[str, Path]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for name, folder in folders.items():
        try:
            found[name] = shutil.disk_usage(folder).free
        except OSError:
            found[name] = None
    return found
