"""The files that others may fetch: found among those of the library, never through a link.

A name or an id from outside never becomes a path: a file is chosen among those that the database
has of a shared series, and among the subtitles beside them. All of it blocks.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from store import pictures
from store.checksums import Stamp
from store.errors import NotFound
from store.names import extensions

DIGITS = 16  # of the hexadecimal digits that tell the files of a series apart
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Found(NamedTuple):
    """A video as it is on the disk now; `subtitles`: what follows its stem -> path."""

    stamp: Stamp
    subtitles: dict[str, str]


class FoundPoster(NamedTuple):
    """A picture as it is on the disk now."""

    path: str
    stamp: Stamp


def file_id(series_id: str, path: str) -> str:
    """The id under which a file of a series is fetched; each path has its own."""
    return f"{series_id}.{_digest(path)}"


def look(root: Path, paths: Iterable[str]) -> dict[str, Found]:
    """The videos as they are on the disk; those that are gone or behind a link are left out."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders[folder].append(name)
    found: dict[str, Found] = {}
    for folder, videos in folders.items():
        try:
            with _opened_folder(root, folder) as descriptor:
                found |= _look_into(descriptor, folder, videos)
        except OSError:  # it is gone, or a link
            continue
    return found


def find_poster(root: Path, folders: Iterable[str]) -> FoundPoster | None:
    """The picture in one of the folders of a series; none that lies behind a link."""
    for folder in folders:
        try:
            with _opened_folder(root, folder) as descriptor:
                for name in pictures.NAMES:
                    status = _plain_status(descriptor, name)
                    if status is not None and 0 < status.st_size <= pictures.MAX_BYTES:
                        return FoundPoster(f"{folder}/{name}", Stamp.of(status))
        except OSError:  # it is gone, or a link
            continue
    return None


def open_file(root: Path, folders: Iterable[str], videos: Iterable[str], digest: str) -> int:
    """A descriptor of the one of these videos, or of their subtitles, or of the picture in the
    folders of their series, whose path has this digest.

    Raises NotFound, also for a file that is gone or lies behind a link.
    """
    paths = list(videos)
    posters = [f"{folder}/{name}" for folder in folders for name in pictures.NAMES]
    wanted = next((path for path in [*paths, *posters] if _digest(path) == digest), None)
    if wanted is None:
        beside = [path for each in look(root, paths).values() for path in each.subtitles.values()]
        wanted = next((path for path in beside if _digest(path) == digest), None)
    if wanted is None:
        raise NotFound("File not found")
    try:
        return open_inside(root, wanted)
    except OSError:
        raise NotFound("File not found") from None


def open_inside(root: Path, path: str) -> int:
    """A descriptor of a plain file below `root`. Raises OSError, also where a part is a link."""
    folder, _, name = path.rpartition("/")
    _check_name(name)
    with _opened_folder(root, folder) as parent:
        descriptor = os.open(name, FILE, dir_fd=parent)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "It is no plain file", path)
    return descriptor


@contextmanager
def _opened_folder(root: Path, folder: str) -> Iterator[int]:
    """A descriptor of a folder below `root`, reached without any link; `root` may be one."""
    descriptor = os.open(root, FOLDER)
    try:
        for name in folder.split("/") if folder else ():
            _check_name(name)
            inner = os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _look_into(folder: int, path: str, videos: list[str]) -> dict[str, Found]:
    names = os.listdir(folder)
    every_video = [name for name in names if extensions.of(name) in extensions.MEDIA]
    families = extensions.families(names, every_video)
    found = {}
    for video in videos:
        status = _plain_status(folder, video)
        if status is None:
            continue
        subtitles = {
            suffix: f"{path}/{name}"
            for suffix, name in families.get(extensions.stem(video), {}).items()
            if extensions.of(name) in extensions.SUBTITLES
            and _plain_status(folder, name) is not None
        }
        found[f"{path}/{video}"] = Found(Stamp.of(status), subtitles)
    return found


def _plain_status(folder: int, name: str) -> os.stat_result | None:
    """The status of a plain file; None for a link, another kind of file, or no file."""
    try:
        name.encode()
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (OSError, UnicodeEncodeError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _check_name(name: str) -> None:
    """Check a path of the database, though it is trusted to hold paths of the library alone."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        raise OSError(errno.EINVAL, "It is no name of the library", name)


def _digest(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]
