"""The one step by which a finished file gets its name in the library, and by which it gets another one."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import stat
from pathlib import Path

from store import atomic

INCOMING = ".aniworld-incoming"  # on the disk of what comes in; scanners skip dot folders


def place(part: Path, root: Path, path: str) -> None:
    """Give the finished `part` its name `path` below `root`, never over another file, and make both durable.

    On another file system it is copied into a dot folder of that one first, so that no half file ever has a name
    there (conventions.md 1). Raises FileExistsError, or another OSError; the part is whole then.
    """
    final = root / path
    part.lstat()  # a copy on a disk that has gone meanwhile must not leave folders in its place
    made = _make_folders(root, final.parent)
    try:
        os.link(part, final, follow_symlinks=False)
        os.unlink(part)
    except OSError as error:
        if error.errno == errno.EXDEV:
            return _place_across(part, root, path)
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if os.path.lexists(final):  # exFAT and SMB have no links
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from error
        os.rename(part, final)
    for folder in (*made, final.parent, part.parent):
        atomic.sync_folder(folder)


def place_bytes(root: Path, path: str, data: bytes, temporary_name: str) -> None:
    """As `place`, for a small file that is made here; `temporary_name` is a name of its own for it until then."""
    incoming = root / INCOMING
    incoming.mkdir(exist_ok=True)
    part = incoming / temporary_name
    try:
        with open(part, "wb") as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        place(part, root, path)
    finally:
        part.unlink(missing_ok=True)


def move(root: Path, old: str, new: str) -> None:
    """As `place`, within the library; folders that this leaves empty go. A crash between leaves both names."""
    place(root / old, root, new)
    for folder in (root / old).parents:
        if folder == root or folder.parent == root:
            break
        try:
            folder.rmdir()
        except OSError:  # it still holds something
            break


def is_placed(part: Path, root: Path, path: str) -> bool:
    """After a crash: whether `path` already is the file that `part` was about to become (its second name, if both are there)."""
    final = root / path
    try:
        there, here = final.lstat(), part.lstat() if part.exists() else None
    except OSError:
        return False
    if not stat.S_ISREG(there.st_mode):
        return False
    if here and not os.path.samestat(here, there):
        if here.st_dev == there.st_dev or not filecmp.cmp(part, final, shallow=False):
            return False
    atomic.sync_folder(final.parent)
    if here:
        os.unlink(part)
        atomic.sync_folder(part.parent)
    return True


def _place_across(part: Path, root: Path, path: str) -> None:
    disk = folder = (root / path).parent
    while disk != root and disk.parent.stat().st_dev == folder.stat().st_dev:
        disk = disk.parent
    if (
        part.parent == disk / INCOMING
    ):  # a folder of the same disk that is bound there refuses it too
        disk = folder
    copy = disk / INCOMING / part.name
    if copy == part:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(folder))
    copy.parent.mkdir(exist_ok=True)
    copy.unlink(missing_ok=True)
    try:
        with open(part, "rb") as old, open(copy, "xb") as new:
            shutil.copyfileobj(old, new, 4 << 20)
            new.flush()
            os.fsync(new.fileno())
        place(copy, root, path)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    part.unlink(missing_ok=True)
    atomic.sync_folder(part.parent)


def _make_folders(root: Path, folder: Path) -> list[Path]:
    """Make `folder` and those above it up to `root`; returns the parents of the new ones, whose entries need a sync."""
    missing = []
    while folder != root and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
    return [new.parent for new in missing]
