"""The room for downloads, and the part files that may be removed."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from store import atomic

log = logging.getLogger(__name__)

_PART = re.compile(r".+\.queue_\d+\.part")

NEW_INODES = 3  # that an episode needs: its file, and perhaps two folders
PROBE = ".aniworld-probe"  # in a folder that is suspected; scanners skip dot folders
_probing = threading.Lock()


def room(folder: Path) -> int:
    """Bytes that may still be written at `folder`.

    A reserve stays free: 1 GiB or 2 % of the disk, whichever is more, but not more than a tenth.
    """
    disk = shutil.disk_usage(folder)
    return disk.free - min(max(1 << 30, disk.total // 50), disk.total // 10)


def takes_files(folder: Path) -> bool:
    """Whether the disk at `folder` can hold another file and its folder, however small."""
    if os.name != "posix":
        return True
    disk = os.statvfs(folder)
    return not disk.f_files or disk.f_favail >= NEW_INODES  # some file systems do not count them


def existing(folder: Path) -> Path:
    """`folder`, or the next one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def trouble(folder: Path) -> str:
    """Why `folder` cannot be used; empty when everything that a download does works in it.

    A disk that is full is no trouble of the folder.
    """
    probe = folder / PROBE
    try:
        with _probing:
            shutil.rmtree(probe, ignore_errors=True)  # left by a crash
            with suppress(OSError):
                probe.unlink()  # planted: a file or a link
            probe.mkdir()
            try:
                _use(probe)
            finally:
                shutil.rmtree(probe, ignore_errors=True)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            return error.strerror or "input or output failed"
    return ""


def _use(folder: Path) -> None:
    """Do in `folder` what a download does: write a file, give it its name, make both durable."""
    first = folder / ".first"
    with open(first, "xb") as new:
        new.write(b"probe")
        new.flush()
        atomic.sync_file(new.fileno())
    first.rename(folder / ".second")
    atomic.sync_folder(folder)


def sweep(folder: Path, kept: set[str]) -> None:
    """Remove part files that belong to no item: it was removed just before a crash."""
    if folder.is_dir() and not folder.is_symlink():  # the library's folder may be anybody's link
        for entry in folder.iterdir():
            if _PART.fullmatch(entry.name) and entry.name not in kept and entry.is_file():
                entry.unlink(missing_ok=True)


def move_parts(before: str, now: Path, names: Iterable[str]) -> None:
    """Move these part files to another download directory.

    A file that cannot be moved, as to another disk, is removed: no item would find it again.
    """
    for part in [Path(before) / name for name in names]:
        try:
            if os.path.lexists(part) and stat.S_ISREG(part.lstat().st_mode):
                _move_or_remove(part, now / part.name)
        except OSError as error:
            log.warning("%s is left behind: %s", part, error)


def _move_or_remove(part: Path, target: Path) -> None:
    if not os.path.lexists(target):
        with suppress(OSError):
            part.rename(target)
            return
    part.unlink(missing_ok=True)


def remove(paths: Iterable[Path]) -> None:
    """Remove these files; a file that is gone already is fine."""
    for path in paths:
        path.unlink(missing_ok=True)
