"""The reasons for which downloads wait: no room for an item, or a directory out of order."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

from downloads import disk, judgement
from downloads.job import Job
from store import atomic
from store.settings import Config

FULL = "The disk is full"
HINTS = {
    errno.EACCES: "let the server's user write there",
    errno.EPERM: "let the server's user write there",
    errno.EROFS: "its disk is mounted for reading only",
    errno.EFBIG: "its file system takes no file of that size",
    errno.ENAMETOOLONG: "choose shorter names in `naming`",
    errno.ELOOP: "a link there leads in circles: remove it",
    errno.EIO: "look after its disk",
    errno.ENOTDIR: "a file is in the place of a folder: move it away",
}


class Disks:
    """`config` answers the settings in force."""

    def __init__(self, config: Callable[[], Config]):
        self._config = config
        self._lacking: dict[int, tuple[Path, int]] = {}  # item id -> folder, bytes it needs there

    def waiting_items(self) -> set[int]:
        """The items that wait for room."""
        return set(self._lacking)

    def forget(self, item_id: int) -> None:
        self._lacking.pop(item_id, None)

    def forget_all(self) -> None:
        self._lacking.clear()

    async def judge(self, error: OSError, job: Job) -> str | None:
        """Why the whole queue has to wait; empty where this item alone waits for room.

        None where the item's own path cannot be used.
        """
        config = self._config()
        roots = (config.downloads, config.library)
        cause = await asyncio.to_thread(judgement.of_disk, error, roots)
        if cause == "disk full":
            self._lacking[job.item.id] = await asyncio.to_thread(_need, job, config)
            return ""
        if cause == "path":
            return None
        trouble = await asyncio.to_thread(_first_trouble, error, roots)
        return f"The download or library directory cannot be used: {trouble}"

    async def reserve(self, count: int) -> None:
        """Refuse with ENOSPC where the downloads would not have room for so many bytes."""
        if await asyncio.to_thread(disk.room, self._config().downloads) < count:
            raise OSError(errno.ENOSPC, "No space left beside the reserve")

    def explain(self, error: OSError, job: Job) -> str:
        """The fault of the item's own path, and what to do."""
        path = error.filename2 or error.filename or job.path
        hint = HINTS.get(error.errno or 0, "see to that")
        said = error.strerror or "input or output failed"
        return f"{path} cannot be written: {said}; {hint}, then retry this item"

    def look(self) -> None:
        """Let each item go on for which there is room now. Blocks."""
        for item_id, (folder, count) in list(self._lacking.items()):
            try:
                near = disk.existing(folder)
                has_room = disk.room(near) >= count and disk.takes_files(near)
            except OSError:  # that disk is gone, which the item finds out at its turn
                has_room = True
            if has_room:
                self._lacking.pop(item_id, None)

    def trouble(self) -> str:
        """Why no item can go on, empty when they can. Blocks."""
        config = self._config()
        for folder in (config.downloads, config.library):
            if not atomic.writable(folder):
                return f"The download or library directory cannot be written: {folder}"
        return ""


def _need(job: Job, config: Config) -> tuple[Path, int]:
    """The folder on whose disk the item lacks room, and how many bytes it needs there."""
    if job.path is None or not job.path.is_relative_to(config.library):
        return config.downloads, job.remaining()
    folder = disk.existing(job.path.parent)
    is_other_disk = os.stat(folder).st_dev != os.stat(config.downloads).st_dev
    return folder, job.size() if is_other_disk else 0


def _first_trouble(error: OSError, roots: tuple[Path, ...]) -> str:
    for root in roots:
        if why := disk.trouble(root):
            return f"{root}: {why}"
    return f"{error.filename or roots[0]}: {error.strerror}"
