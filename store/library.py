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
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Mapping

from store import files, titles
from store.errors import ConfigurationError

log = logging.getLogger(__name__)

MARKER = ".aniworld"  # tells a library that was emptied from a disk that is not mounted (decisions.md 29)
INCOMING = ".aniworld-incoming"  # on the library's own disk; scanners skip dot folders
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
    with their mtime in nanoseconds, `unread` those that could not be looked into: what was known of them stays."""

    path: str
    title: str
    media: tuple[tuple[str, int], ...] | None
    seen: Mapping[str, int]
    unread: tuple[str, ...] = ()


def scan(root: Path, before: Mapping[str, Mapping[str, int]] = {}, stop: Callable[[], bool] = bool) -> list[Folder]:
    """Every top folder of `root` that holds episodes, or nothing yet. Blocks: one thread hop for the whole scan.

    `before` is what the last scan has `seen`, by top folder: one in which no folder has changed is not read again, and a
    file that grew in its place is not noticed. It ends early, with what is worth nothing, once `stop` answers true. Raises ConfigurationError when `root` cannot be read.
    """
    try:
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
        if linked and away(root / top):
            found.append(Folder(top, title(top), None, before.get(top, {}), (top,)))
            continue
        if (seen := before.get(top)) and all(_mtime(f"{root}/{folder}") == mtime for folder, mtime in seen.items()):
            found.append(Folder(top, title(top), None, seen))
            continue
        seen, unread = {}, []
        media = tuple(_walk(root, top, seen, unread, stop))
        found.append(Folder(top, title(top), media, seen, tuple(unread)))
    return found


def title(folder: str) -> str:
    """The series' name as its folder tells it, without ids and release groups."""
    return _TAGS.sub("", folder).replace("_", " ").strip(" .-") or folder


def online(root: Path, known: Iterable[str]) -> bool:
    """Whether the library is really there: its marker is, or any of the files we know, or there are none to miss."""
    known = list(known)
    return root.is_dir() and (not known or (root / MARKER).exists() or any((root / path).exists() for path in known))


def away(folder: Path) -> bool:
    """Whether a folder that was linked to another disk is not there: its link leads nowhere, or to an empty mount point."""
    try:
        return folder.is_symlink() and not os.listdir(folder)
    except OSError:
        return True


def mark(root: Path) -> None:
    """Leave the marker; a library that we may not write needs none, nothing of it is ever missed without its files."""
    if not (root / MARKER).exists():
        with contextlib.suppress(OSError):
            files.replace(root / MARKER, b"This file tells Aniworld that the library is mounted. Leave it here.\n", 0o644)


def place(part: Path, root: Path, path: str) -> None:
    """Give the finished `part` its name `path` below `root`, never over another file, and make both durable.

    On another file system it is copied into a dot folder of the library first, so that no half file ever has a name
    there (conventions.md 1). Raises FileExistsError, or another OSError; the part is whole then.
    """
    final = root / path
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
    incoming = root / INCOMING
    incoming.mkdir(exist_ok=True)
    copy = incoming / part.name
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
    part.unlink()
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


def _walk(root: Path, top: str, seen: dict[str, int], unread: list[str], stop: Callable[[], bool]) -> Iterable[tuple[str, int]]:
    """(path relative to `root`, size) of each video below `top`. Links to folders are followed, loops cut by inode."""
    stack, inodes = [top], set()
    while stack and not stop():
        folder = stack.pop()
        try:
            here = os.stat(root / folder)
            if (here.st_dev, here.st_ino) in inodes:
                continue
            inodes.add((here.st_dev, here.st_ino))
            seen[folder] = here.st_mtime_ns if time.time_ns() - here.st_mtime_ns > YOUNG else -1
            with os.scandir(root / folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            log.warning("%s cannot be read: %s", folder, error.strerror)
            unread.append(folder)
            continue
        if any(entry.name == ".ignore" for entry in entries):
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}"
            try:
                if entry.is_dir():
                    if _looks_like_folder(entry) and path.count("/") < DEPTH:
                        stack.append(path)
                elif _leads_nowhere(entry):
                    unread.append(path)
                elif _counts(entry.name) and entry.is_file():
                    path.encode()
                    yield path, entry.stat().st_size
            except (OSError, UnicodeEncodeError) as error:
                log.warning("%r is left out: %s", path, error)


def _mtime(folder: str) -> int | None:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return None


def _counts(name: str) -> bool:
    stem, dot, extension = name.rpartition(".")
    return dot + extension.casefold() in titles.MEDIA and not name.startswith(".") and not _SAMPLE.search(stem)
