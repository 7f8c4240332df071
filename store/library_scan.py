"""One walk through the library: which folders are series, and which videos lie in them."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from store import library, pictures
from store.abouts import About
from store.errors import ConfigurationError
from store.names import extensions, extras, plain_text, spelling
from store.names.system_folders import is_system_folder
from store.names.unfinished import is_unfinished, named_beside

log = logging.getLogger(__name__)

DEPTH = 8  # folders below the library
# A folder may change again within this time without another mtime: it is read again next time.
YOUNG_NANOSECONDS = 2 * 10**9
UNKNOWN_MTIME = -1  # of a folder that is read again next time

_TAGS = re.compile(r"\s*[\[{][^\]}]*[\]}]")  # [tvdbid-1], {tvdb-1}, [Group]


class Look(NamedTuple):
    """How a top folder of the library and the folders in it were at one look, by path.

    `mtimes` are in nanoseconds. `disks` has the device numbers of those folders that lie on another
    disk than the folder above them.
    """

    mtimes: dict[str, int]
    disks: dict[str, int]


@dataclass(frozen=True)
class Folder:
    """A top folder of the library, which is one series.

    `videos` are (path in the library, size in bytes) each, a disc being one of them; None where
    nothing has changed since the last look, or the folder's disk is not mounted. `unread` are paths
    that could not be looked into: what was known of them stays.
    """

    path: str
    title: str
    videos: tuple[tuple[str, int], ...] | None
    look: Look
    unread: list[str] = field(default_factory=list)
    # What its own files say of the series; None where it was not looked into.
    about: About | None = None


def scan(
    root: Path,
    last_looks: Mapping[str, Look] = {},
    *,
    full: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> list[Folder]:
    """Look into every top folder of `root`. Blocks: one hop to a thread for the whole scan.

    `last_looks` are the looks of the last scan by top folder. Unless the scan is `full`, a top
    folder in which no folder has changed since is not read again, and a video that grew in its
    place is not noticed. Once `stop` answers true the scan ends early; its result is incomplete
    then and must not be recorded. Raises ConfigurationError when `root` cannot be read.
    """
    try:
        device = os.stat(root).st_dev
        tops = _top_folders(root)
    except OSError as error:
        raise unreadable(error) from error
    folders = []
    for top, is_link in tops:
        if stop():
            break
        title = series_title(top)
        last = last_looks.get(top) or Look({}, {})
        if is_link and library.is_unmounted(root / top):
            folders.append(Folder(top, title, None, last, [top]))
        elif not full and _is_unchanged(root, last):
            folders.append(Folder(top, title, None, last))
        else:
            folders.append(_read(root, device, top, last, stop))
    return folders


def unreadable(error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The library cannot be read: {error.strerror}",
        fix="Mount the disk, or set anime_directory to where the library is",
    )


def series_title(folder: str) -> str:
    """The series' name as its folder tells it, without ids and release groups."""
    return _TAGS.sub("", folder).replace("_", " ").strip(" .-") or folder


def _top_folders(root: Path) -> list[tuple[str, bool]]:
    """(name, whether it is a link) of each folder that may be a series, by name."""
    with os.scandir(root) as listing:
        tops = sorted(
            (entry.name, entry.is_symlink()) for entry in listing if _may_be_series(entry)
        )
    return [(name, is_link) for name, is_link in tops if _is_utf_8(name)]


def _may_be_series(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or would be one if it could be looked at: a link in circles, a disk
    that fails."""
    try:
        return _looks_like_folder(entry) or _leads_nowhere(entry)
    except OSError:
        return not is_system_folder(entry.name)


def _is_utf_8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        log.warning("a folder whose name is not UTF-8 is left out: %r", name)
        return False
    return True


def _is_unchanged(root: Path, last: Look) -> bool:
    """Whether each folder is as it was at the last look, and can still be read.

    A folder that loses its permissions keeps its mtime, so these are asked for too.
    """
    if not last.mtimes:
        return False
    for folder, mtime in last.mtimes.items():
        path = f"{root}/{folder}"
        try:
            if os.stat(path).st_mtime_ns != mtime or not os.access(path, os.R_OK | os.X_OK):
                return False
        except OSError:
            return False
    return True


def _read(root: Path, device: int, top: str, last: Look, stop: Callable[[], bool]) -> Folder:
    """Look into one top folder and all the folders in it. Links are followed, loops cut.

    `device` is the library's own.
    """
    walk = _Walk(root, last)
    waiting = [(top, device)]
    while waiting and not stop():
        waiting += walk.enter(*waiting.pop())
    videos = (*walk.videos, *walk.discs.items())
    about = None if walk.names is None else _told_of_series(root / top, walk.names)
    return Folder(top, series_title(top), videos, walk.look, walk.unread, about)


def _told_of_series(top: Path, names: Collection[str]) -> About:
    """The words of a top folder about its series: its name, and files of these names."""
    year = spelling.year(series_title(top.name))
    poster = next((name for name in pictures.NAMES if name in names), "")
    if not any(name.endswith(".nfo") for name in names):
        return About("", year, poster)
    from store import nfo  # late: not every library has such files

    described = nfo.read_all(top)
    return About(plain_text.shorten(described.plot), described.series.year or year, poster)


class _Walk:
    """The findings of one walk through a top folder; `names` are those in that folder itself."""

    def __init__(self, root: Path, last: Look):
        self.videos: list[tuple[str, int]] = []
        self.discs: dict[str, int] = {}  # the folder of each disc -> bytes of its videos
        self.look = Look({}, {})
        self.unread: list[str] = []
        self.names: Collection[str] | None = None
        self._root = str(root)
        self._last = last
        self._inodes: set[tuple[int, int]] = set()  # (device, inode) of the folders seen

    def enter(self, folder: str, device_above: int) -> list[tuple[str, int]]:
        """Look into one folder. Returns (path, this folder's device) of each folder in it."""
        place = f"{self._root}/{folder}"
        try:
            status = os.stat(place)
            inode = (status.st_dev, status.st_ino)
            if inode in self._inodes:
                return []
            if library.is_unmounted(place, self._last.disks.get(folder)):
                self._leave(folder, "its disk is not mounted")
                return []
            self._inodes.add(inode)
            is_young = time.time_ns() - status.st_mtime_ns <= YOUNG_NANOSECONDS
            self.look.mtimes[folder] = UNKNOWN_MTIME if is_young else status.st_mtime_ns
            if status.st_dev != device_above:
                self.look.disks[folder] = status.st_dev
            with os.scandir(place) as listing:
                entries = {entry.name: entry for entry in listing}
        except OSError as error:
            self._leave(folder, error.strerror)
            return []
        if ".ignore" in entries:
            return []
        if self.names is None:
            self.names = entries.keys()
        names = sorted(entries.keys() - named_beside(entries))
        below = [self._visit(folder, entries[name]) for name in names]
        return [(path, status.st_dev) for path in below if path]

    def _visit(self, folder: str, entry: os.DirEntry[str]) -> str | None:
        """Keep an entry that is a video. Returns the path of one that is a folder to look into."""
        path = f"{folder}/{entry.name}"
        try:
            if not path.isascii():
                path.encode()
            if entry.is_dir():
                return path if _looks_like_folder(entry) and path.count("/") < DEPTH else None
            if entry.is_symlink() and _leads_nowhere(entry):
                self._leave(path, "its link leads nowhere")
            elif _is_video(entry.name) and entry.is_file():
                self._keep(folder, path, entry.stat().st_size)
        except OSError as error:
            self._leave(path, error.strerror)
        except UnicodeEncodeError as error:
            log.warning("%r is left out: %s", path, error)
        return None

    def _keep(self, folder: str, path: str, size: int) -> None:
        """Note a video. One that is empty may be on its way: its folder is read again next time."""
        if disc := extras.disc_folder(folder):
            self.discs[disc] = self.discs.get(disc, 0) + size
            return
        self.videos.append((path, size))
        if not size:
            self.look.mtimes[folder] = UNKNOWN_MTIME

    def _leave(self, path: str, why: str | None) -> None:
        """Note a path that could not be looked into; its disk stays known."""
        log.warning("%s cannot be read, what was known of it stays: %s", path, why)
        self.unread.append(path)
        self.look.mtimes[path] = UNKNOWN_MTIME
        if path in self._last.disks:
            self.look.disks[path] = self._last.disks[path]


def _looks_like_folder(entry: os.DirEntry[str]) -> bool:
    return not is_system_folder(entry.name) and entry.is_dir()


def _leads_nowhere(entry: os.DirEntry[str]) -> bool:
    is_ours = not is_system_folder(entry.name)
    return is_ours and entry.is_symlink() and not os.path.exists(entry.path)


def _is_video(name: str) -> bool:
    is_named_so = name[:1] != "." and extensions.of(name) in extensions.MEDIA
    return is_named_so and not is_unfinished(name)
