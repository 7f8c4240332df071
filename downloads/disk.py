"""The room for downloads, and the files of theirs that may go."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

_PART = re.compile(r".+\.queue_\d+\.part")


def room(folder: Path) -> int:
    """Bytes that may still be written at `folder`.

    A reserve stays free: 1 GiB or 2 % of the disk, whichever is more, but not more than a tenth.
    """
    disk = shutil.disk_usage(folder)
    return disk.free - min(max(1 << 30, disk.total // 50), disk.total // 10)


def sweep(folder: Path, kept: set[str]) -> None:
    """Remove part files that belong to no item: it was removed just before a crash."""
    if folder.is_dir() and not folder.is_symlink():  # the library's folder may be anybody's link
        for entry in folder.iterdir():
            if _PART.fullmatch(entry.name) and entry.name not in kept and entry.is_file():
                entry.unlink(missing_ok=True)


def remove(paths: Iterable[Path]) -> None:
    """Remove these files; one that is gone already is fine."""
    for path in paths:
        path.unlink(missing_ok=True)
