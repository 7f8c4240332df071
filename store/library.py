"""Whether the library is there: its marker file, and the folders of it that lie on disks which may be away."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from store import atomic
from store.errors import ConfigurationError

MARKER = ".aniworld"  # tells a library that was emptied from a disk that is not mounted (decisions.md 29)


def is_online(root: Path, known: Iterable[str]) -> bool:
    """Whether the library is really there: its marker is, or any of the files we know, or there are none to miss."""
    known = list(known)
    return root.is_dir() and (
        not known or (root / MARKER).exists() or any((root / path).exists() for path in known)
    )


def check(root: Path, known: Iterable[str]) -> None:
    """Raises ConfigurationError when the library is not `is_online`."""
    if not is_online(root, known):
        raise ConfigurationError(
            "The library is offline: its files and its marker are not there. Nothing was changed",
            fix="Mount the disk; if the library was emptied on purpose, set anime_directory again",
        )


def is_away(folder: Path, device: int | None = None) -> bool:
    """Whether a folder that was linked to another disk, or was the mount point of that `device`, is empty without it."""
    if device is None and not folder.is_symlink():
        return False
    try:
        return not os.listdir(folder) and (folder.is_symlink() or folder.stat().st_dev != device)
    except OSError:
        return True


def write_marker(root: Path) -> None:
    """Leave the marker; a library that we may not write needs none, nothing of it is ever missed without its files."""
    if not (root / MARKER).exists():
        with contextlib.suppress(OSError):
            atomic.replace(
                root / MARKER,
                b"This file tells Aniworld that the library is mounted. Leave it here.\n",
                0o644,
            )
