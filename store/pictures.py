"""The poster that lies in a series' folder, as media servers and their owners put it there."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

NAMES = [
    f"{name}.{extension}"
    for name in ("poster", "folder", "cover")
    for extension in ("jpg", "jpeg", "png", "webp")
]
MAX_BYTES = 5_000_000  # a larger one is no poster
MAX_FETCHED_BYTES = 1 << 20  # of one that a source has


class Picture(NamedTuple):
    """A picture and its type; `version` changes with it."""

    content: bytes
    content_type: str
    version: str  # an ETag without its quotes


def type_of(content: bytes) -> str | None:
    """The type of a picture, as its first bytes tell; None for anything else."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def find(root: Path, folders: Sequence[str]) -> Picture | None:
    """The poster of a series with these folders in the library, if there is one. Reads the disk.

    Links are not followed: they could lead to any file of the server.
    """
    for folder in folders:
        try:
            directory = os.open(root / folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            for name in NAMES:
                if picture := _read(directory, name):
                    return picture
        finally:
            os.close(directory)
    return None


def _read(directory: int, name: str) -> Picture | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # nor does a pipe hold anybody up
    try:
        descriptor = os.open(name, flags, dir_fd=directory)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_BYTES)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    content_type = type_of(content)
    version = f"{status.st_mtime_ns:x}-{status.st_size:x}"
    return Picture(content, content_type, version) if content_type else None
