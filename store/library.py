"""The library folder: what is there, and the one step by which a finished file gets there."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import logging
import os
import re
import shutil
import stat
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Iterable, Mapping

from store import files, titles
from store.errors import ConfigurationError

log = logging.getLogger(__name__)

MARKER = ".aniworld"  # tells a library that was emptied from a disk that is not mounted (decisions.md 29)
INCOMING = ".aniworld-incoming"  # on the disk of what comes in; scanners skip dot folders
DEPTH = 8
YOUNG = 2 * 10**9  # nanoseconds in which a folder may change again without another mtime
IGNORED = frozenset(
    {"extras", "trailers", "featurettes", "behind the scenes", "deleted scenes", "interviews", "samples", "@eadir", "#recycle", "lost+found"}
)
_SAMPLE = re.compile(r"(?:^|[ ._-])(?:sample|trailer)$", re.IGNORECASE)
_TAGS = re.compile(r"\s*[\[{][^\]}]*[\]}]")  # [tvdbid-1], {tvdb-1}, [Group]


@dataclass(frozen=True)
class Folder:
    """One series as it lies there: (path, size) of each video, or None where nothing has changed or its disk is away. `seen` are its folders
    with their mtime in nanoseconds, `unread` what could not be looked into: what was known of it stays. `disks` are those of
    its folders that lie on another disk than the one above them, with the number of its device."""

    path: str
    title: str
    media: tuple[tuple[str, int], ...] | None
    seen: dict[str, int]
    unread: list[str] = field(default_factory=list)
    disks: dict[str, int] = field(default_factory=dict)


def scan(
    root: Path, before: Mapping[str, dict[str, int]] = {}, disks: Mapping[str, Mapping[str, int]] = {}, stop: Callable[[], bool] = bool
) -> list[Folder]:
    """Every top folder of `root` that holds episodes, or nothing yet. Blocks: one thread hop for the whole scan.

    `before` is what the last scan has `seen`, `disks` the `disks` it found, by top folder: one in which no folder has changed is not read again, and a
    file that grew in its place is not noticed. It ends early, with what is worth nothing, once `stop` answers true. Raises ConfigurationError when `root` cannot be read.
    """
    try:
        device = os.stat(root).st_dev
        tops = sorted((entry.name, entry.is_symlink()) for entry in os.scandir(root) if _looks_like_folder(entry) or _leads_nowhere(entry))
    except OSError as error:
        raise ConfigurationError(
            f"The library cannot be read: {error.strerror}", fix="Mount the disk, or set anime_directory to where the library is"
        ) from error
    found = []
    for top, linked in tops:
        if stop():
            break
        try:
            top.encode()
        except UnicodeEncodeError:
            log.warning("a folder whose name is not UTF-8 is left out: %r", top)
            continue
        there = dict(disks.get(top, {}))
        if linked and away(root / top):
            found.append(Folder(top, title(top), None, before.get(top, {}), [top], there))
            continue
        if (seen := before.get(top)) and all(_mtime(f"{root}/{folder}") == mtime for folder, mtime in seen.items()):
            found.append(Folder(top, title(top), None, seen, disks=there))
            continue
        folder = Folder(top, title(top), None, {})
        media = tuple(_walk(root, device, folder, there, stop))
        found.append(replace(folder, media=media))
    return found


def title(folder: str) -> str:
    """The series' name as its folder tells it, without ids and release groups."""
    return _TAGS.sub("", folder).replace("_", " ").strip(" .-") or folder


def online(root: Path, known: Iterable[str]) -> bool:
    """Whether the library is really there: its marker is, or any of the files we know, or there are none to miss."""
    known = list(known)
    return root.is_dir() and (not known or (root / MARKER).exists() or any((root / path).exists() for path in known))


def check(root: Path, known: Iterable[str]) -> None:
    """Raises ConfigurationError when the library is not `online`."""
    if not online(root, known):
        raise ConfigurationError(
            "The library is offline: its files and its marker are not there. Nothing was changed",
            fix="Mount the disk; if the library was emptied on purpose, set anime_directory again",
        )


def away(folder: Path, device: int | None = None) -> bool:
    """Whether a folder that was linked to another disk, or was the mount point of that `device`, is empty without it."""
    if device is None and not folder.is_symlink():
        return False
    try:
        return not os.listdir(folder) and (folder.is_symlink() or folder.stat().st_dev != device)
    except OSError:
        return True


def mark(root: Path) -> None:
    """Leave the marker; a library that we may not write needs none, nothing of it is ever missed without its files."""
    if not (root / MARKER).exists():
        with contextlib.suppress(OSError):
            files.replace(root / MARKER, b"This file tells Aniworld that the library is mounted. Leave it here.\n", 0o644)


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
        files.sync_folder(folder)


def add(root: Path, path: str, data: bytes, mark: str) -> None:
    """As `place`, for a small file that is made here; `mark` is a name of its own for it until then."""
    incoming = root / INCOMING
    incoming.mkdir(exist_ok=True)
    part = incoming / mark
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


def settled(part: Path, root: Path, path: str) -> bool:
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
    files.sync_folder(final.parent)
    if here:
        os.unlink(part)
        files.sync_folder(part.parent)
    return True


# -- inside --------------------------------------------------------------------------------------------------------


def _place_across(part: Path, root: Path, path: str) -> None:
    disk = folder = (root / path).parent
    while disk != root and disk.parent.stat().st_dev == folder.stat().st_dev:
        disk = disk.parent
    if part.parent == disk / INCOMING:  # a folder of the same disk that is bound there refuses it too
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
    files.sync_folder(part.parent)


def _make_folders(root: Path, folder: Path) -> list[Path]:
    """Make `folder` and those above it up to `root`; returns the parents of the new ones, whose entries need a sync."""
    missing = []
    while folder != root and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
    return [new.parent for new in missing]


def _looks_like_folder(entry: os.DirEntry) -> bool:
    return not entry.name.startswith(".") and entry.name.casefold() not in IGNORED and entry.is_dir()


def _leads_nowhere(entry: os.DirEntry) -> bool:
    return entry.is_symlink() and not entry.name.startswith(".") and not os.path.exists(entry.path)


def _walk(root: Path, device: int, found: Folder, disks: Mapping[str, int], stop: Callable[[], bool]) -> Iterable[tuple[str, int]]:
    """(path relative to `root`, size) of each video below `found`, of which all else is filled in. Links to folders are
    followed, loops cut by inode."""

    def leave(path: str, why: str | None) -> None:
        log.warning("%s cannot be read, what was known of it stays: %s", path, why)
        found.unread.append(path)
        found.seen[path] = -1
        found.disks.update({path: disks[path]} if path in disks else {})

    stack, inodes = [(found.path, device)], set()
    while stack and not stop():
        folder, above = stack.pop()
        try:
            here = os.stat(root / folder)
            if (here.st_dev, here.st_ino) in inodes:
                continue
            if away(root / folder, disks.get(folder)):
                leave(folder, "its disk is not mounted")
                continue
            inodes.add((here.st_dev, here.st_ino))
            found.seen[folder] = here.st_mtime_ns if time.time_ns() - here.st_mtime_ns > YOUNG else -1
            if here.st_dev != above:
                found.disks[folder] = here.st_dev
            with os.scandir(root / folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            leave(folder, error.strerror)
            continue
        if any(entry.name == ".ignore" for entry in entries):
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}"
            try:
                path.encode()
                if entry.is_dir():
                    if _looks_like_folder(entry) and path.count("/") < DEPTH:
                        stack.append((path, here.st_dev))
                elif _leads_nowhere(entry):
                    leave(path, "its link leads nowhere")
                elif _counts(entry.name) and entry.is_file():
                    yield path, entry.stat().st_size
            except OSError as error:
                leave(path, error.strerror)
            except UnicodeEncodeError as error:
                log.warning("%r is left out: %s", path, error)


def _mtime(folder: str) -> int | None:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return None


def _counts(name: str) -> bool:
    stem, dot, extension = name.rpartition(".")
    return dot + extension.casefold() in titles.MEDIA and not name.startswith(".") and not _SAMPLE.search(stem)
