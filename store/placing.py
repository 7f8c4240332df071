"""The one step by which a finished file gets its name in the library, or another name there."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store import atomic

INCOMING = ".aniworld-incoming"  # on the disk of the library; scanners skip dot folders
COPY_BYTES = 4 << 20

# Errors of a link that mean what they say. For any other a rename is tried: exFAT, SMB and old
# kernels tell in many ways that they know no links.
REFUSED = {errno.EEXIST, errno.ENOSPC, errno.EDQUOT, errno.ENOENT}


def place(part: Path, root: Path, path: str) -> None:
    """Give the finished `part` its name `path` below `root`, and make both durable.

    Nothing is ever put over another file. To another file system the part is copied into a dot
    folder there first, so that no half file ever has a name (docs/decisions.md, 22). Raises
    FileExistsError, or another OSError; the part is whole then.
    """
    final = root / path
    part.lstat()  # a copy on a disk that has gone meanwhile must not leave folders in its place
    parents = make_folders(root, final.parent)
    try:
        os.link(part, final, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:
            with on_disk_of(part, root, final.parent) as copy:
                place(copy, root, path)
            return
        if error.errno in REFUSED:
            raise
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from error
        os.rename(part, final)
    else:
        os.unlink(part)
    for folder in (*parents, final.parent, part.parent):
        atomic.sync_folder(folder)


def place_bytes(root: Path, path: str, data: bytes, temporary_name: str) -> None:
    """As `place`, for a small file that is made here, under a temporary name of its own."""
    part = make_incoming(root) / temporary_name
    part.unlink(missing_ok=True)
    try:
        with open(part, "xb") as new:  # x opens nothing that is there, no link and no pipe
            new.write(data)
            new.flush()
            atomic.sync_file(new.fileno(), os.fsync)
        place(part, root, path)
    finally:
        part.unlink(missing_ok=True)


def make_incoming(folder: Path) -> Path:
    """The folder of what comes in, in a `folder` of the library; it is made where it is missing.

    Raises OSError for a link: whoever may write into the library could lead us elsewhere.
    """
    incoming = folder / INCOMING
    incoming.mkdir(exist_ok=True)
    if incoming.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "It is a link", str(incoming))
    return incoming


def move(root: Path, old: str, new: str) -> None:
    """As `place`, within the library, for a file or a folder; folders that this leaves empty go.

    A crash in the middle leaves both names of a file.
    """
    place(root / old, root, new)
    _drop_empty_folders(root, old)


def move_link(root: Path, old: str, new: str, text: str) -> None:
    """As `move`, for a symbolic link that says `text` at its new path."""
    parents = make_folders(root, (root / new).parent)
    os.symlink(text, root / new)
    for folder in (*parents, (root / new).parent):
        atomic.sync_folder(folder)
    (root / old).unlink()
    atomic.sync_folder((root / old).parent)
    _drop_empty_folders(root, old)


def is_moved(root: Path, old: str, new: str, text: str | None) -> bool:
    """Whether a move came to its end before a crash; `text` is that of a link, None otherwise. A
    crash in the middle leaves two names of one file, two links, or a copy on another disk: then
    this removes the old one."""
    old_path, new_path = root / old, root / new
    if not os.path.lexists(new_path):
        return False
    if not os.path.lexists(old_path):
        return True
    if not _are_same(old_path, new_path, text):
        return False
    old_path.unlink()
    atomic.sync_folder(old_path.parent)
    _drop_empty_folders(root, old)
    return True


def is_placed(part: Path, root: Path, path: str) -> bool:
    """Whether `part` got its name `path` before a crash.

    The file there may be the part's second name, or a whole copy of the part on another disk; or
    the part itself is gone. Then this removes the rest of the part.
    """
    final = root / path
    try:
        final_status = final.lstat()
        part_status = part.lstat() if part.exists() else None
    except OSError:
        return False
    if not stat.S_ISREG(final_status.st_mode):
        return False
    if part_status and not os.path.samestat(part_status, final_status):
        is_same_disk = part_status.st_dev == final_status.st_dev
        if is_same_disk or not filecmp.cmp(part, final, shallow=False):
            return False
    atomic.sync_folder(final.parent)
    if part_status:
        os.unlink(part)
        atomic.sync_folder(part.parent)
    return True


def _are_same(old: Path, new: Path, text: str | None) -> bool:
    """Whether both are one file under two names, the old and the new link, or equal copies."""
    if text is not None:
        return old.is_symlink() and new.is_symlink() and os.readlink(new) == text
    old_status, new_status = old.lstat(), new.lstat()
    if not (stat.S_ISREG(old_status.st_mode) and stat.S_ISREG(new_status.st_mode)):
        return False
    return os.path.samestat(old_status, new_status) or filecmp.cmp(old, new, shallow=False)


def _drop_empty_folders(root: Path, path: str) -> None:
    """Remove the folders above a path that is free now, if they are empty; a series' own stays."""
    for folder in (root / path).parents:
        if folder == root or folder.parent == root:
            break
        try:
            folder.rmdir()
        except OSError:  # it still holds something
            break


@contextmanager
def on_disk_of(part: Path, root: Path, folder: Path) -> Iterator[Path]:
    """A durable copy of `part` on the disk of a `folder` of the library, to be named there. When
    the copy is done the part goes; when it fails the copy goes."""
    near = _folder_for_copy(part, root, folder)
    copy = near / INCOMING / part.name
    if copy == part:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(folder))
    make_incoming(near)
    copy.unlink(missing_ok=True)
    try:
        with open(part, "rb") as old, open(copy, "xb") as new:
            shutil.copyfileobj(old, new, COPY_BYTES)
            new.flush()
            atomic.sync_file(new.fileno(), os.fsync)
        yield copy
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    part.unlink(missing_ok=True)
    atomic.sync_folder(part.parent)


def top_of_disk(root: Path, folder: Path) -> Path:
    """The uppermost folder of the library that lies on the same disk as `folder`."""
    while folder != root and folder.parent.stat().st_dev == folder.stat().st_dev:
        folder = folder.parent
    return folder


def _folder_for_copy(part: Path, root: Path, folder: Path) -> Path:
    """The folder for a copy of `part`: the uppermost one on the disk of `folder`.

    A folder of that disk may be bound to another place, into which the kernel refuses links all the
    same: a part that is such a copy already is copied once more, into `folder` itself.
    """
    top = top_of_disk(root, folder)
    return folder if part.parent == top / INCOMING else top


def make_folders(root: Path, folder: Path) -> list[Path]:
    """Make `folder` and those above it, up to `root`.

    Returns the parents of the new ones: their entries need a sync.
    """
    missing = []
    while folder != root and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
    return [new.parent for new in missing]
