"""Pictures that were fetched from sources, on the disk, and what sources have none of.

A file has a line of JSON and then the picture; nothing where the source has none. Its time of
change is when the source said so. A view writes nothing: which pictures were seen last is kept in
memory, and after a restart the older ones go first. All of it blocks, and may be used by several
threads. A damaged or torn file counts as none.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

from store import pictures
from store.pictures import Picture

log = logging.getLogger(__name__)

MAX_FILES, MAX_BYTES = 4_000, 200_000_000
DAY_SECONDS = 86_400.0
NONE_SECONDS = DAY_SECONDS  # for which a source that has no picture is believed
FRESH_SECONDS = 30 * DAY_SECONDS  # for which a picture is, when its handle stays the same
MAX_VALIDATORS = 500  # characters; longer ones are not kept
MAX_HEAD_BYTES = 12 * MAX_VALIDATORS
DIGEST_DIGITS = 20
NEW = ".new"  # what is being written


class Kept(NamedTuple):
    """A picture, or None where the source has none. One that is not fresh is to be asked for again,
    with the source's validators."""

    picture: Picture | None
    etag: str
    modified: str
    is_fresh: bool


class PictureCache:
    """`folder` is made when the first picture comes. Names are ours, without a slash."""

    def __init__(
        self, folder: Path, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._folder = folder
        self._max_files = max_files
        self._max_bytes = max_bytes
        self._sizes: dict[str, int] | None = None  # the one that was seen longest ago first
        self._bytes = 0
        self._numbers = count()
        self._lock = threading.Lock()

    def find(self, name: str) -> Kept | None:
        """The picture under a name; None where none is kept, or none that is still believed."""
        with self._lock:
            sizes = self._load()
            if name not in sizes:
                return None
            sizes[name] = sizes.pop(name)
        try:
            with open(self._folder / name, "rb") as file:
                age = time.time() - os.fstat(file.fileno()).st_mtime
                kept = _read(file.read(pictures.MAX_FETCHED_BYTES + MAX_HEAD_BYTES))
        except (OSError, ValueError):
            self._forget(name)
            return None
        if kept.picture is None and not 0 <= age < NONE_SECONDS:
            return None
        return kept._replace(is_fresh=0 <= age < FRESH_SECONDS)

    def keep(self, name: str, content: bytes, *, etag: str = "", modified: str = "") -> None:
        """Keep a picture, or that the source has none (b""), in place of what was kept. What was
        seen longest ago goes. Raises OSError."""
        if len(etag) + len(modified) > MAX_VALIDATORS:
            etag = modified = ""
        head = {"etag": etag, "modified": modified, "digest": _digest(content)}
        data = json.dumps(head).encode() + b"\n" + content
        with self._lock:
            self._load()
            self._folder.mkdir(mode=0o700, exist_ok=True)
            number = next(self._numbers)
        new = self._folder / f"{number}{NEW}"
        try:
            new.write_bytes(data)
            os.replace(new, self._folder / name)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        with self._lock:
            self._note(name, len(data))
            self._drop_what_is_too_much()

    def renew(self, name: str) -> None:
        """Note that the source still has the same picture."""
        with suppress(OSError):
            os.utime(self._folder / name)

    def _load(self) -> dict[str, int]:
        """Find the pictures that an earlier run has kept, once."""
        if self._sizes is None:
            self._sizes = {}
            found = []
            with suppress(OSError), os.scandir(self._folder) as entries:
                for entry in entries:
                    if not entry.is_file(follow_symlinks=False):
                        continue
                    with suppress(OSError):  # it may be gone by now, or not be ours
                        status = entry.stat(follow_symlinks=False)
                        if entry.name.endswith(NEW):
                            os.unlink(entry.path)  # it was cut short
                        else:
                            found.append((status.st_mtime, entry.name, status.st_size))
            for _, name, size in sorted(found):
                self._note(name, size)
        return self._sizes

    def _note(self, name: str, size: int) -> None:
        assert self._sizes is not None
        self._bytes += size - self._sizes.pop(name, 0)
        self._sizes[name] = size

    def _drop_what_is_too_much(self) -> None:
        assert self._sizes is not None
        while len(self._sizes) > self._max_files or self._bytes > self._max_bytes:
            oldest = next(iter(self._sizes))
            self._bytes -= self._sizes.pop(oldest)
            with suppress(OSError):
                os.unlink(self._folder / oldest)

    def _forget(self, name: str) -> None:
        with self._lock:
            if self._sizes:
                self._bytes -= self._sizes.pop(name, 0)


def picture_of(content: bytes) -> Picture | None:
    """Recognise a picture by its bytes; None for anything else."""
    content_type = pictures.type_of(content)
    return Picture(content, content_type, _digest(content)) if content_type else None


def _read(data: bytes) -> Kept:
    """Read a file of the cache. Raises ValueError for one that is damaged or of another form."""
    line, end, content = data.partition(b"\n")
    head = json.loads(line)
    if not end or not isinstance(head, dict) or head.get("digest") != _digest(content):
        raise ValueError("it is damaged")
    picture = picture_of(content)
    if content and picture is None:
        raise ValueError("it is no picture")
    return Kept(picture, str(head.get("etag", "")), str(head.get("modified", "")), True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST_DIGITS]
