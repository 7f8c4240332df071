"""Disks that ignore case, as exFAT, NTFS and most shares do: how a path is spelled there.

Asked of the disk itself. Inode numbers do not tell: where a file system runs in user space, two
spellings of one file may have two.
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path


class Case:
    """The spellings of paths below `root`; what was read once is remembered.

    Paths are relative to `root`, which is "".
    """

    def __init__(self, root: Path):
        self.root = root
        self._names: dict[str, frozenset[str] | None] = {}
        self._ignores: dict[str, bool] = {}

    def names(self, folder: str) -> frozenset[str] | None:
        """The names in a folder; None where there is no such folder, or it cannot be read."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(self.root / folder))
            except OSError:
                self._names[folder] = None
        return self._names[folder]

    def is_ignored(self, folder: str) -> bool:
        """Whether two names in this folder that differ only in case are one.

        A folder that is empty, or not there yet, is taken to be as the one above it.
        """
        if folder not in self._ignores:
            self._ignores[folder] = self._ask(folder)
        return self._ignores[folder]

    def spell(self, path: str) -> str:
        """The path as the disk spells its folders: "season 01/x" where that folder is there."""
        spelled = ""
        *folders, name = path.split("/")
        for folder in folders:
            spelled = f"{spelled}/{self._spell(spelled, folder)}".lstrip("/")
        return f"{spelled}/{name}".lstrip("/")

    def key(self, path: str) -> str:
        """A key that is equal for all spellings of one path."""
        spelled, _, name = self.spell(path).rpartition("/")
        return f"{spelled}/{_fold(name) if self.is_ignored(spelled) else name}"

    def _ask(self, folder: str) -> bool:
        names = self.names(folder) or frozenset()
        for name in names:
            other = name.swapcase()
            if other != name and len(other) == len(name):
                return other not in names and os.path.lexists(self.root / folder / other)
        return self.is_ignored(folder.rpartition("/")[0]) if folder else False

    def _spell(self, folder: str, name: str) -> str:
        names = self.names(folder) or frozenset()
        if name in names or not self.is_ignored(folder):
            return name
        return next((other for other in names if _fold(other) == _fold(name)), name)


def _fold(name: str) -> str:
    """Fold a name as exFAT does: letter by letter, "ß" is not "SS"; macOS composes letters."""
    letters = unicodedata.normalize("NFC", name)
    return "".join([c.upper() if len(c.upper()) == 1 else c for c in letters])
