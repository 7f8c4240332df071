"""A fetched file takes the place of one in the library, and that one goes into the trash.

Both happen in one step: at no moment is the old file nowhere, and a crash leaves it where it was or
in the trash, with the new one in its place (docs/decisions.md, 37). Nothing here empties the trash.
Paths are relative to the library.
"""

from __future__ import annotations

import errno
import filecmp
import os
import stat
from itertools import count
from pathlib import Path, PurePosixPath

from store import atomic, placing
from store.schema import record

TRASH = ".aniworld-trash"  # scanners skip dot folders


@record
class Replaced:
    """A file that was at `path` until another one took its place, and its path in the `trash`."""

    path: str
    trash: str


def choose(root: Path, path: str) -> Replaced:
    """The way of a file into the trash of its disk, under its own path and a free name.

    Raises OSError for a file that is not there, or no plain file.
    """
    status = (root / path).lstat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "It is no plain file, and is not replaced", str(root / path))
    top = placing.top_of_disk(root, (root / path).parent)
    if (top / TRASH).is_symlink():
        raise OSError(errno.ENOTDIR, "It is a link", str(top / TRASH))
    folder = (top / TRASH).relative_to(root)
    wanted = PurePosixPath(folder, (root / path).relative_to(top))
    for number in count(2):
        if not os.path.lexists(root / wanted):
            return Replaced(path, str(wanted))
        name = PurePosixPath(path)
        wanted = wanted.with_name(f"{name.stem} ({number}){name.suffix}")
    raise AssertionError


def replace(part: Path, root: Path, path: str, replaced: Replaced) -> None:
    """Give the finished `part` the name `path`, and move the file that it replaces into the trash.

    The part may be on another disk. Where the two have the same name, the new file takes it in one
    rename. Where a disk has no hard links, the old file leaves that name just before, and
    `finish_or_undo` puts it back if the crash came there. Raises FileExistsError and another
    OSError; the old file is where it was then, and the part is whole.
    """
    if path != replaced.path:
        _make_trash(root, replaced)  # first: the new file is not to be taken back
        placing.place(part, root, path)
        _throw_away(root, replaced)
        return
    if part.stat().st_dev == (root / path).stat().st_dev:
        _take_place(part, root, replaced)
        return
    with placing.on_disk_of(part, root, (root / path).parent) as copy:
        _take_place(copy, root, replaced)


def is_replaced(part: Path, root: Path, path: str, replaced: Replaced) -> bool:
    """Whether `part` got its name `path` before a crash, and the old file its place in the trash.

    Mends what the crash has left: what is half done is taken back, what is done is finished.
    """
    if path != replaced.path:
        is_done = placing.is_placed(part, root, path)
    else:
        is_done = _has_taken_place(part, root, replaced)
        if is_done and part.exists():
            part.unlink()  # its copy on the library's disk has the name
            atomic.sync_folder(part.parent)
    finish_or_undo(root, replaced, is_done=is_done)
    return is_done


def finish_or_undo(root: Path, replaced: Replaced, *, is_done: bool) -> None:
    """Bring the old file to its place: into the trash where the new file has its name, else back
    under its own name."""
    old, trash = root / replaced.path, root / replaced.trash
    is_old_there, is_trash_there = os.path.lexists(old), os.path.lexists(trash)
    if is_old_there and is_trash_there:
        if os.path.samefile(old, trash):
            extra = old if is_done else trash
            extra.unlink()
            atomic.sync_folder(extra.parent)
    elif is_old_there and is_done:
        _throw_away(root, replaced)
    elif is_trash_there and not is_done:
        placing.place(trash, root, replaced.path)


def _has_taken_place(part: Path, root: Path, replaced: Replaced) -> bool:
    old, trash = root / replaced.path, root / replaced.trash
    if not (os.path.lexists(old) and os.path.lexists(trash)) or os.path.samefile(old, trash):
        return False
    # On another disk the part stays until its copy has the name.
    return not part.exists() or filecmp.cmp(part, old, shallow=False)


def _take_place(part: Path, root: Path, replaced: Replaced) -> None:
    """Give the old file its name in the trash, and its own name to `part`, which is on its disk."""
    old, trash = root / replaced.path, root / replaced.trash
    parents = placing.make_folders(root, trash.parent)
    try:
        os.link(old, trash, follow_symlinks=False)
    except OSError as error:
        if error.errno in {*placing.REFUSED, errno.EXDEV}:
            raise
        os.rename(old, trash)
    try:
        # The old file is durable in the trash before its name is another's.
        for folder in (*parents, trash.parent):
            atomic.sync_folder(folder)
        os.rename(part, old)
    except OSError:
        finish_or_undo(root, replaced, is_done=False)
        raise
    for folder in (old.parent, part.parent):
        atomic.sync_folder(folder)


def _make_trash(root: Path, replaced: Replaced) -> None:
    """Raises OSError where the old file could not go there."""
    folder = (root / replaced.trash).parent
    for parent in placing.make_folders(root, folder):
        atomic.sync_folder(parent)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _throw_away(root: Path, replaced: Replaced) -> None:
    placing.place(root / replaced.path, root, replaced.trash)
