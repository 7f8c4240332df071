"""Copies of config.json, named by the second they were made in."""

import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from store import atomic
from store.errors import NotFound
from store.schema import record

KEPT_AUTOMATIC = 50  # manual backups are never pruned (docs/decisions.md, 20)
_FILE_NAME = re.compile(
    r"(?P<name>backup_(?P<second>\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)(?:_(?P<number>\d+))?)"
    r"(?P<automatic>\.auto)?\.json"
)


@record
class BackupMade:
    name: str
    created_at: str


@record
class Backup(BackupMade):
    size_bytes: int


class BackupFile(NamedTuple):
    """One file of the folder, by the parts of its name; they sort in the order they were made."""

    second: str  # 2025-10-22_12-30-45, UTC
    number: int  # its place among the backups of that second, from 1
    name: str  # without the ending
    automatic: bool
    path: Path

    @property
    def created_at(self) -> str:
        day, _, time = self.second.partition("_")
        return f"{day}T{time.replace('-', ':')}Z"


class Backups:
    """The folder of backups.

    Automatic ones end in `.auto.json`, manual ones in `.json`; their names look alike.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.RLock()

    def newest_first(self) -> list[Backup]:
        """All backups, newest first."""
        with self._lock:
            return [
                Backup(file.name, file.created_at, file.path.stat().st_size)
                for file in reversed(self._files())
            ]

    def make(self, data: bytes, *, automatic: bool = False) -> BackupMade:
        """Keep `data` under the name of this second; a further backup of that second gets `_2`.

        Automatic ones beyond KEPT_AUTOMATIC are dropped, the oldest first.
        """
        with self._lock:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            second = datetime.now(UTC).strftime("%Y-%m-%d_%H-%M-%S")
            numbers = [file.number for file in self._files() if file.second == second]
            number = max(numbers, default=0) + 1
            name = f"backup_{second}" + (f"_{number}" if number > 1 else "")
            path = self._folder / f"{name}{'.auto' if automatic else ''}.json"
            atomic.replace(path, data)
            made = BackupFile(second, number, name, automatic, path)
            if automatic:
                self._prune(made)
            return BackupMade(name, made.created_at)

    def read(self, name: str) -> bytes:
        """Raises NotFound."""
        with self._lock:
            return self._find(name).read_bytes()

    def delete(self, name: str) -> None:
        """Raises NotFound."""
        with self._lock:
            self._find(name).unlink()
            atomic.sync_folder(self._folder)

    def _prune(self, made: BackupFile) -> None:
        """Drop the oldest automatic ones.

        `made` stays, though a clock that was set back makes it look the oldest.
        """
        others = [file for file in self._files() if file.automatic and file != made]
        for file in others[: 1 - KEPT_AUTOMATIC]:
            file.path.unlink(missing_ok=True)

    def _find(self, name: str) -> Path:
        """Choose among the files that exist: a name from outside never becomes a path."""
        for file in self._files():
            if file.name == name:
                return file.path
        raise NotFound("Backup not found", backup_name=name[:100])

    def _files(self) -> list[BackupFile]:
        """All backups in the order they were made: `_10` comes after `_9`."""
        if not self._folder.is_dir():
            return []
        files = []
        for path in self._folder.iterdir():
            match = _FILE_NAME.fullmatch(path.name)
            if match and path.is_file() and not path.is_symlink():
                number = int(match["number"] or 1)
                automatic = match["automatic"] is not None
                files.append(BackupFile(match["second"], number, match["name"], automatic, path))
        return sorted(files)
