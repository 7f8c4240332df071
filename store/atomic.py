"""Writes files on disk whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from store.errors import ConfigurationError
from store.secret import to_jsonable

log = logging.getLogger(__name__)

# The errors of file systems without a sync, such as CIFS and FUSE. An EIO is a failure.
_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}
_CANNOT_SYNC_FOLDERS = _CANNOT_SYNC | {errno.EBADF, errno.EACCES, errno.EPERM, errno.ENOTDIR}


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
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDERS:
            raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        os.close(descriptor)


def sync_file(descriptor: int, sync: Callable[[int], None] | None = None) -> None:
    """Make what is in a file survive a power cut, by fdatasync or another `sync`.

    The log tells once where that cannot be done.
    """
    try:
        (sync or os.fdatasync)(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
        _tell_once()


@functools.cache
def _tell_once() -> None:
    log.warning("A disk cannot sync files: what was written last may be lost in a power cut")


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


def damaged_name(path: Path) -> Path:
    """Where a damaged file is kept: `<name>.corrupt-<time>`, a name that nothing has yet."""
    moment = datetime.now(UTC).strftime("%Y-%m-%d_%H-%M-%S")
    name = f"{path.name}.corrupt-{moment}"
    kept, number = path.with_name(name), 1
    while os.path.lexists(kept):  # of an earlier damage in the same second
        number += 1
        kept = path.with_name(f"{name}-{number}")
    return kept


def keep_private(path: Path) -> None:
    """Take a file of ours from everybody but its owner, and tell it in the log."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077 or os.name != "posix":
        return
    try:
        path.chmod(mode & 0o700)
        log.warning("%s was open to other users of this machine (%o); now it is not", path, mode)
    except OSError as error:
        log.warning("%s is open to other users of this machine (%o): %s", path, mode, error)


def warn_if_writable_by_all(folder: Path) -> None:
    """Tell of a folder in which everybody may replace our files. It may hold others' files too."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX and os.name == "posix":
        log.warning("every user of this machine may write to %s (%o): chmod o-w it", folder, mode)


def to_json(value: object) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=to_jsonable) + "\n"
    return text.encode(errors="backslashreplace")  # half a character, as JSON writes it


def writable(folder: Path) -> bool:
    """Whether a file can be made in `folder`: tried, as network shares ignore permission bits."""
    try:
        with tempfile.TemporaryFile(prefix=".aniworld-", dir=folder):
            return True
    except OSError:
        return False
