"""Whether the library is there: its marker file, and whether disks below it are mounted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from store import atomic
from store.errors import ConfigurationError

# Tells a library that was emptied from a disk that is not mounted (docs/decisions.md, 29).
MARKER = ".aniworld"


def is_online(root: Path, known_paths: Iterable[str], *, was_mounted: bool = False) -> bool:
    """Whether the library is really there.

    The marker, or one of the known videos, has to be there; unless no video is known, because none
    can be missed then. A root that `was_mounted` has to be a mount point then.
    """
    paths = list(known_paths)
    if not os.path.isdir(root):  # unlike pathlib's, these answer no where a disk fails
        return False
    if any(os.path.exists(root / path) for path in (MARKER, *paths)):
        return True
    return not paths and (not was_mounted or os.path.ismount(f"{root}/."))


@contextlib.contextmanager
def held(root: Path) -> Iterator[Path]:
    """A path that leads to the folder which is at `root` now, also where its disk is taken away
    meanwhile: nothing that is written by this path lands in a bare mount point. An OSError that
    comes out names `root`."""
    descriptor = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        path = Path(f"/proc/self/fd/{descriptor}")
        with _named(path, root):
            yield path if path.exists() else root  # other systems have no such path
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _named(path: Path, root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        for name in ("filename", "filename2"):
            if text := getattr(error, name):
                setattr(error, name, os.fspath(text).replace(str(path), str(root), 1))
        raise


def check(root: Path, known_paths: Iterable[str]) -> None:
    """Raises ConfigurationError unless the library is there, as `is_online` judges it."""
    if not is_online(root, known_paths):
        raise ConfigurationError(
            "The library is offline: its files and its marker are not there. Nothing was changed",
            fix="Mount the disk; if the library was emptied on purpose, set anime_directory again",
        )


def is_unmounted(folder: Path | str, device: int | None = None) -> bool:
    """Whether the disk of a folder is away: the folder is empty, or cannot be read, without it.

    Asked of a link to another disk, and of the mount point of the disk with this device number; any
    other folder is never unmounted.
    """
    is_link = os.path.islink(folder)
    if device is None and not is_link:
        return False
    try:
        if os.listdir(folder):
            return False
        return is_link or os.stat(folder).st_dev != device
    except OSError:
        return True


def write_marker(root: Path) -> None:
    """Leave the marker in the library, unless it is there already.

    A library that we may not write gets none: it is online while one of the known videos is there.
    """
    if not (root / MARKER).exists():
        with contextlib.suppress(OSError):
            atomic.replace(
                root / MARKER,
                b"This file tells Aniworld that the library is mounted. Leave it here.\n",
                0o644,
            )
