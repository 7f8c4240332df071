"""Files on disk, replaced whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from store.errors import ConfigurationError
from store.secret import to_jsonable


@contextlib.contextmanager
def lock(state: Path) -> Iterator[None]:
    """Let one server use the state directory. Raises ConfigurationError for a second one."""
    with open(state / "lock", "a", opener=partial(os.open, mode=0o600)) as lock_file:
        try:
            import fcntl

            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows
            pass
        except OSError:
            raise ConfigurationError(
                f"Another server runs on {state}",
                fix="Stop it, or choose another place with --data-dir",
            ) from None
        yield


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut, where its file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        with contextlib.suppress(PermissionError, NotADirectoryError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace the file in one atomic step, by a temporary one in the same folder.

    Raises OSError, with the old file whole and the temporary one gone.
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
    """Whether a file can be made in `folder`: tried, as network shares ignore permission bits."""
    try:
        with tempfile.TemporaryFile(prefix=".aniworld-", dir=folder):
            return True
    except OSError:
        return False
