"""States that last and are worth telling: sources that are away, disks that are full."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from store import choices, clock, files, library, outbox, rests
from store.db import Database
from store.outbox import Notice
from store.rests import Rest
from store.settings import Config

AWAY_SECONDS = 2 * 3600  # after which a source that rests is worth a word
# A disk is low below the smaller one of these, and no longer low with twice as much.
LOW_BYTES, LOW_SHARE = 10_000_000_000, 10  # a tenth


class Conditions:
    """`config` answers the settings in force, `is_full` whether downloads wait for room."""

    def __init__(
        self,
        db: Database,
        config: Callable[[], Config],
        is_full: Callable[[], bool],
    ):
        self._db = db
        self._config = config
        self._is_full = is_full

    async def look(self) -> None:
        """Look now, and note which states have begun. Raises sqlite3.Error."""
        config = self._config()
        known_paths = await self._db.run(files.some_paths)
        is_online = await asyncio.to_thread(library.is_online, config.library, known_paths)
        known_lows = await self._db.run(outbox.held, "disk")
        lows = await asyncio.to_thread(self._lows, config, known_lows)
        found = {
            "source_away": _away(await self._db.run(rests.read)),
            "disk": lows,
            "library_offline": {} if is_online else {"": _offline(config.library)},
            "ambiguous": await self._db.run(choices.ambiguous),
        }
        await self._db.run(_hold, found)

    def _lows(self, config: Config, known: Collection[str]) -> dict[str, Notice]:
        """The directories whose disks are full or low; one of a disk that holds both. Blocks.

        The `known` ones were low at the last look, perhaps in an earlier run.
        """
        found = {}
        disks = set()
        folders = {"library": config.library, "download": config.downloads}
        for name, folder in folders.items():
            try:
                disk, usage = folder.stat().st_dev, shutil.disk_usage(folder)
            except OSError:  # it is away, which is told as such
                continue
            line = min(LOW_BYTES, usage.total // LOW_SHARE)
            is_low = usage.free < line * (2 if name in known else 1)
            if is_low and disk not in disks:
                text = f"almost full, {_size(usage.free)} are free in {folder}"
                found[name] = Notice(f"The disk of the {name} directory", text)
                disks.add(disk)
        if self._is_full():
            text = "full, downloads wait until there is room"
            found["full"] = Notice("The disk", text)
        return found


def _hold(conn: sqlite3.Connection, found: Mapping[str, Mapping[str, Notice]]) -> None:
    for event, notices in found.items():
        outbox.hold(conn, event, notices)


def _away(resting: Iterable[Rest]) -> dict[str, Notice]:
    return {
        rest.source: Notice(rest.source, f"{rest.reason}, since {rest.since}")
        for rest in resting
        if clock.seconds_since(rest.since) >= AWAY_SECONDS
    }


def _offline(root: Path) -> Notice:
    text = f"The files and the marker are not in {root}: mount the disk. Nothing was changed"
    return Notice(str(root), text)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
