"""Copies of config.json, named by the second they were made in."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from store import atomic
from store.errors import NotFound

KEPT = 50  # automatic ones; manual ones are never pruned (decisions.md 20)
_FILE = re.compile(
    r"(backup_(\d{4}-\d\d-\d\d)_(\d\d-\d\d-\d\d)(?:_(\d+))?)(\.auto)?\.json"
)  # 1 name, 2 day, 3 time, 4 number


@dataclass(frozen=True)
class BackupMade:
    name: str
    created_at: str


@dataclass(frozen=True)
class Backup(BackupMade):
    size_bytes: int


class Backups:
    """The folder of backups. Automatic ones end in `.auto.json`, manual ones in `.json`; their names look alike."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.RLock()

    def list(self) -> list[Backup]:
        """All of them, newest first."""
        with self._lock:
            return [
                Backup(name, _created(path), path.stat().st_size)
                for name, path in reversed(self._files().items())
            ]

    def make(self, data: bytes, *, automatic: bool = False) -> BackupMade:
        """Keep `data` under the name of this second (a further one gets `_2`), then drop automatic ones beyond KEPT."""
        with self._lock:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            stamp = datetime.now(UTC).strftime("backup_%Y-%m-%d_%H-%M-%S")
            count = (
                max(
                    (
                        _number(path)
                        for name, path in self._files().items()
                        if name.startswith(stamp)
                    ),
                    default=0,
                )
                + 1
            )
            name = f"{stamp}_{count}" if count > 1 else stamp
            path = self._folder / f"{name}{'.auto' if automatic else ''}.json"
            atomic.replace(path, data)
            if (
                automatic
            ):  # this one stays, though a clock that was set back makes it look the oldest
                others = [
                    p for p in self._files().values() if p.name.endswith(".auto.json") and p != path
                ]
                for old in others[: 1 - KEPT]:
                    old.unlink(missing_ok=True)
            return BackupMade(name, _created(path))

    def read(self, name: str) -> bytes:
        """Raises NotFound."""
        with self._lock:
            return self._find(name).read_bytes()

    def delete(self, name: str) -> None:
        """Raises NotFound."""
        with self._lock:
            self._find(name).unlink()
            atomic.sync_folder(self._folder)

    def _find(self, name: str) -> Path:
        """Names from outside never become paths: choose among what exists."""
        path = self._files().get(name)
        if path is None:
            raise NotFound("Backup not found", backup_name=name[:100])
        return path

    def _files(self) -> dict[str, Path]:
        """Name -> file in the order they were made: `_10` comes after `_9`."""
        if not self._folder.is_dir():
            return {}
        found = [
            (m, p)
            for p in self._folder.iterdir()
            if (m := _FILE.fullmatch(p.name)) and p.is_file() and not p.is_symlink()
        ]
        found.sort(key=lambda entry: (entry[0].group(2, 3), _number(entry[1])))
        return {match[1]: path for match, path in found}


def _number(path: Path) -> int:
    """Which one of its second it is."""
    return int(_FILE.fullmatch(path.name)[4] or 1)


def _created(path: Path) -> str:
    day, time = _FILE.fullmatch(path.name).group(2, 3)
    return f"{day}T{time.replace('-', ':')}Z"
