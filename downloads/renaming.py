"""The files of a series get the names that new ones get, and their old ones back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from store import files, layout, library, placing, renames
from store.db import Database
from store.errors import Conflict
from store.layout import Layout
from store.models import Left, Move, Renamed
from store.names import extensions
from store.settings import Config

log = logging.getLogger(__name__)

SIDECARS = extensions.SUBTITLES | {".nfo", ".jpg", ".jpeg", ".png", ".txt"}


class Renaming:
    """`await renaming(anime_id)` is a plan; `dry_run=False` carries it out, `undo=True` goes back.

    The journal is on disk before the first file moves, so that a renaming which a crash cut short
    can be taken back too.
    """

    def __init__(self, db: Database, config: Callable[[], Config]):
        self._db = db
        self._config = config
        self._lock = asyncio.Lock()  # one renaming at a time

    async def __call__(self, anime_id: str, *, undo: bool = False, dry_run: bool = True) -> Renamed:
        """Rename, or only plan it: the moves, and the files that keep their names.

        Raises NotFound, Conflict when there is nothing to take back, and ConfigurationError while
        the library is offline.
        """
        config = self._config()
        root = config.library
        async with self._lock:
            current = await self._db.run(layout.read, anime_id, config.naming)
            series_id = current.anime.id
            last_moves = await self._db.run(renames.last, series_id)
            known_paths = await self._db.run(files.some_paths)
            await asyncio.to_thread(library.check, root, known_paths)
            await asyncio.to_thread(_drop_second_names, root, last_moves)
            if undo and not last_moves:
                raise Conflict(
                    "No renaming of this series is left to be undone", anime_id=series_id
                )
            if undo:
                plan = await asyncio.to_thread(_plan_back, root, last_moves)
            else:
                plan = await asyncio.to_thread(_plan, root, current)
            if dry_run or not (plan.moves or (undo and not plan.left)):
                return plan
            if not undo:
                await self._db.run(renames.begin, series_id, plan.moves)
            renamed = await asyncio.to_thread(_carry_out, root, plan)
            await self._db.run(renames.end, series_id, renamed.moves, undone=undo)
            return renamed


def _drop_second_names(root: Path, moves: Sequence[Move]) -> None:
    """A crash in the middle of a move leaves one file with two names: the old one goes."""
    for move in moves:
        old = root / move.old
        with contextlib.suppress(OSError):
            if os.path.samefile(old, root / move.new) and old.lstat().st_nlink > 1:
                old.unlink()


def _plan(root: Path, current: Layout) -> Renamed:
    """Each video of the series to the path that the templates give it."""
    moves, left = [], []
    old_paths: dict[str, list[str]] = defaultdict(list)  # by the new path that they would get
    for path, keys in current.holds.items():
        if len({season for season, _ in keys}) > 1:
            left.append(Left(path, "it holds episodes of several seasons"))
            continue
        extension = path[path.rindex(".") :]
        try:
            old_paths[current.path_by_templates(keys, extension)].append(path)
        except ValueError:
            left.append(Left(path, "its name would be too long"))
    for new, paths in old_paths.items():
        if paths == [new]:
            continue
        if len(paths) > 1:
            left += [Left(path, f"{len(paths)} files are this episode") for path in paths]
        elif os.path.lexists(root / new):
            left.append(Left(paths[0], f"{new} is there already"))
        else:
            moves += [Move(paths[0], new), *_sidecar_moves(root, paths[0], new)]
    return Renamed(moves, left)


def _sidecar_moves(root: Path, old: str, new: str) -> Iterator[Move]:
    """The moves of what lies beside a video under its name: `Show - 05.de.srt`, its pictures."""
    folder, _, name = old.rpartition("/")
    new_stem = new[: new.rindex(".")]
    sidecars = extensions.sidecars(name, sorted(os.listdir(root / folder)), SIDECARS)
    for suffix, entry in sidecars.items():
        yield Move(f"{folder}/{entry}", new_stem + suffix)


def _plan_back(root: Path, moves: Sequence[Move]) -> Renamed:
    """The way back of these moves. A file that a crash left where it was need not move."""
    back, left = [], []
    for move in reversed(moves):
        has_old, has_new = os.path.lexists(root / move.old), os.path.lexists(root / move.new)
        if has_old and has_new:
            left.append(Left(move.new, f"{move.old} is there already"))
        elif has_new:
            back.append(Move(move.new, move.old))
        elif not has_old:
            left.append(Left(move.new, "it is gone"))
    return Renamed(back, left)


def _carry_out(root: Path, plan: Renamed) -> Renamed:
    """Move one file after the other; one that cannot be moved keeps its name, and is told."""
    moved, left = [], list(plan.left)
    for move in plan.moves:
        try:
            placing.move(root, move.old, move.new)
            moved.append(move)
        except OSError as error:
            log.warning("%s keeps its name: %s", move.old, error)
            left.append(Left(move.old, error.strerror or "it cannot be renamed"))
    return Renamed(moved, left)
