"""Files on disk, replaced whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from functools import partial
from pathlib import Path

from store.errors import ConfigurationError
from store.secret import to_jsonable


@contextlib.contextmanager
def lock(state: Path):
    """One server a data directory. Raises ConfigurationError for the second."""
    with open(state / "lock", "a", opener=partial(os.open, mode=0o600)) as held:
        try:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows
            pass
        except OSError:
            raise ConfigurationError(
                f"Another server runs on {state}",
                fix="Stop it, or choose another place with --data-dir",
            ) from None
        yield


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut. Some network file systems cannot; that is theirs to bear."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        with contextlib.suppress(PermissionError, NotADirectoryError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` in one atomic step: temp file in the same folder, fsync, rename, fsync the folder.

    Raises OSError; the old file is whole then and the temp file gone.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as new:
            os.fchmod(new.fileno(), mode)
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def to_json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, default=to_jsonable) + "\n").encode()


def writable(folder: Path) -> bool:
    """Whether a file can really be made here; permission bits do not tell on network shares."""
    try:
        with tempfile.TemporaryFile(prefix=".aniworld-", dir=folder):
            return True
    except OSError:
        return False
