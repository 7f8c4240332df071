"""One walk through the library: which folders are series, and which videos lie in them."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from store import library
from store.errors import ConfigurationError
from store.names import extensions

log = logging.getLogger(__name__)

DEPTH = 8
YOUNG = 2 * 10**9  # nanoseconds in which a folder may change again without another mtime
IGNORED = frozenset(
    {
        "extras",
        "trailers",
        "featurettes",
        "behind the scenes",
        "deleted scenes",
        "interviews",
        "samples",
        "@eadir",
        "#recycle",
        "lost+found",
    }
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
    root: Path,
    before: Mapping[str, dict[str, int]] = {},
    disks: Mapping[str, Mapping[str, int]] = {},
    stop: Callable[[], bool] = bool,
) -> list[Folder]:
    """Every top folder of `root` that holds episodes, or nothing yet. Blocks: one thread hop for the whole scan.

    `before` is what the last scan has `seen`, `disks` the `disks` it found, by top folder: one in which no folder has changed is not read again, and a
    file that grew in its place is not noticed. It ends early, with what is worth nothing, once `stop` answers true. Raises ConfigurationError when `root` cannot be read.
    """
    try:
        device = os.stat(root).st_dev
        tops = sorted(
            (entry.name, entry.is_symlink())
            for entry in os.scandir(root)
            if _looks_like_folder(entry) or _leads_nowhere(entry)
        )
    except OSError as error:
        raise ConfigurationError(
            f"The library cannot be read: {error.strerror}",
            fix="Mount the disk, or set anime_directory to where the library is",
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
        if linked and library.is_away(root / top):
            found.append(Folder(top, series_title(top), None, before.get(top, {}), [top], there))
            continue
        if (seen := before.get(top)) and all(
            _mtime(f"{root}/{folder}") == mtime for folder, mtime in seen.items()
        ):
            found.append(Folder(top, series_title(top), None, seen, disks=there))
            continue
        folder = Folder(top, series_title(top), None, {})
        media = tuple(_walk(root, device, folder, there, stop))
        found.append(replace(folder, media=media))
    return found


def series_title(folder: str) -> str:
    """The series' name as its folder tells it, without ids and release groups."""
    return _TAGS.sub("", folder).replace("_", " ").strip(" .-") or folder


def _looks_like_folder(entry: os.DirEntry) -> bool:
    return (
        not entry.name.startswith(".") and entry.name.casefold() not in IGNORED and entry.is_dir()
    )


def _leads_nowhere(entry: os.DirEntry) -> bool:
    return entry.is_symlink() and not entry.name.startswith(".") and not os.path.exists(entry.path)


def _walk(
    root: Path, device: int, found: Folder, disks: Mapping[str, int], stop: Callable[[], bool]
) -> Iterable[tuple[str, int]]:
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
            if library.is_away(root / folder, disks.get(folder)):
                leave(folder, "its disk is not mounted")
                continue
            inodes.add((here.st_dev, here.st_ino))
            found.seen[folder] = (
                here.st_mtime_ns if time.time_ns() - here.st_mtime_ns > YOUNG else -1
            )
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
    return (
        dot + extension.casefold() in extensions.MEDIA
        and not name.startswith(".")
        and not _SAMPLE.search(stem)
    )
