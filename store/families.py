"""A video and all that bears its name: what lies beside it, and which links would break.

A family moves as a whole or not at all. Paths are relative to the library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from store.case import Case
from store.models import Move
from store.names import extensions

Families = dict[str, dict[str, str]]  # stem of a video -> suffix -> name

SUBTITLE_FOLDERS = {"subs", "sub", "subtitles"}  # Subs/Show - 01/2_German.srt


class Family(NamedTuple):
    """The moves of a video, first, and of its family.

    `texts` are what symbolic links say, by their old paths, once they have moved.
    """

    moves: tuple[Move, ...]
    texts: dict[str, str]

    @property
    def video(self) -> str:
        """The path that the video has now."""
        return self.moves[0].old


class Neighbours:
    """What lies beside videos and bears their names; each folder is read once."""

    def __init__(self, case: Case):
        self._case = case
        self._folders: dict[str, dict[str, Families]] = {}

    def moves(self, old: str, new: str) -> list[Move]:
        """The move of a video from `old` to `new`, and of all that bears its name."""
        folder, _, video = old.rpartition("/")
        new_folder, _, new_name = new.rpartition("/")
        stem, new_stem = extensions.stem(video), extensions.stem(new_name)
        found = [Move(old, new)]
        for beside, families in self._read(folder).items():
            for suffix, name in families.get(stem, {}).items():
                new_path = f"{new_folder}/{beside}{new_stem}{suffix}"
                found.append(Move(f"{folder}/{beside}{name}", new_path))
        return found

    def _read(self, folder: str) -> dict[str, Families]:
        """ "" for the folder itself, or "Subs/" -> the families there, by the videos' stems."""
        if folder not in self._folders:
            names = sorted(self._case.names(folder) or ())
            videos = [name for name in names if extensions.of(name) in extensions.MEDIA]
            found = {"": extensions.families(names, videos)}
            for subs in names:
                if subs.casefold() in SUBTITLE_FOLDERS:
                    inside = sorted(self._case.names(f"{folder}/{subs}") or ())
                    found[f"{subs}/"] = extensions.families(inside, videos)
                    for stem in set(inside) & set(map(extensions.stem, videos)):
                        found[f"{subs}/"][stem][""] = stem
            self._folders[folder] = found
        return self._folders[folder]


def texts(root: Path, moves: tuple[Move, ...], earlier: Mapping[str, str]) -> dict[str, str]:
    """old path -> what each symbolic link among these says at its new path, to lead where it does.

    `earlier` are texts that a link had before; one is taken again where it leads to the same.
    """
    found = {}
    for move in moves:
        if (root / move.old).is_symlink():
            text = os.readlink(root / move.old)
            target = _target(root, move.old, text)
            relative = os.path.relpath(target, _folder(root, move.new))
            choices = [earlier.get(move.old, text), text, relative]
            found[move.old] = next(
                choice for choice in choices if _target(root, move.new, choice) == target
            )
    return found


def why_stays(root: Path, family: Family, led_to: dict[str, str]) -> str | None:
    """Why a family cannot move as a whole, by what lies there; None where it can.

    `led_to` are the links of the series, by the path that each leads to.
    """
    for move in family.moves:
        old = root / move.old
        for link in {_real(root, move.old), *_paths_below(old)} & led_to.keys():
            if not led_to[link].startswith(f"{move.old}/"):
                return f"the link {led_to[link]} leads to {move.old}"
        if (why := _why_blocked(root, move)) or (why := _why_folder_stays(root, move)):
            return why
    return None


def links(root: Path, top: str) -> dict[str, str]:
    """The symbolic links below a folder: where each leads, as an absolute path -> its path."""
    found = {}
    for parent, folders, names in os.walk(root / top):
        for name in (*folders, *names):
            path = os.path.join(parent, name)
            if os.path.islink(path):
                link = os.path.relpath(path, root)
                found[_target(root, link, os.readlink(path))] = link
    return found


# -- inside --------------------------------------------------------------------------------------


def _folder(root: Path, path: str) -> str:
    """The real folder in which `path` lies, or will lie."""
    return os.path.realpath((root / path).parent)


def _real(root: Path, path: str) -> str:
    """The absolute path without links, but for the last component."""
    return os.path.join(_folder(root, path), os.path.basename(path))


def _target(root: Path, link: str, text: str) -> str:
    """Where a link at this path leads that says `text`: one step, for what it leads to may be one.

    The folders on the way are followed, as the kernel does.
    """
    head, name = os.path.split(text.rstrip("/"))
    if name in ("", ".", ".."):
        return os.path.realpath(os.path.join(_folder(root, link), text))
    return os.path.join(os.path.realpath(os.path.join(_folder(root, link), head)), name)


def _paths_below(folder: Path) -> Iterator[str]:
    """The real paths of all that lies in a folder; nothing for a file or a link."""
    if folder.is_dir() and not folder.is_symlink():
        for parent, folders, names in os.walk(os.path.realpath(folder)):
            yield from (os.path.join(parent, name) for name in (*folders, *names))


def _why_blocked(root: Path, move: Move) -> str | None:
    """Why there can be no folder for the new path."""
    parent = (root / move.new).parent
    while not os.path.lexists(parent):
        parent = parent.parent
    return None if parent.is_dir() else f"{parent.relative_to(root)} is no folder"


def _why_folder_stays(root: Path, move: Move) -> str | None:
    """Why a folder of a family cannot move, though a file could."""
    old = root / move.old
    if old.is_symlink() or not old.is_dir():
        return None
    target = (root / move.new).parent
    while not target.exists():
        target = target.parent
    if target.stat().st_dev != old.stat().st_dev:
        return f"{move.old} is a folder, and {move.new} lies on another disk"
    real, new = _real(root, move.old), _real(root, move.new)
    for path in map(Path, _paths_below(old)):
        if extensions.of(path.name) in extensions.MEDIA and not path.is_symlink():
            return f"a video lies in {move.old}"
        if path.is_symlink() and not os.path.isabs(text := os.readlink(path)):
            there = os.path.join(new, os.path.relpath(path.parent, real), text)
            here = os.path.normpath(os.path.join(path.parent, text))
            if os.path.normpath(there) != here and not here.startswith(f"{real}/"):
                return f"a link in {move.old} would lead elsewhere"
    return None
