"""The files of a series get the names that new ones get, and their old ones back."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from store import files, library, placing, renames, steps
from store.case import Case
from store.db import Database
from store.errors import Conflict, Failure
from store.models import Left, Move, Renamed
from store.renames import Noted
from store.settings import Config
from store.steps import NetMove, Step

if TYPE_CHECKING:
    from store.layout import Layout
    from store.move_plan import Plan

log = logging.getLogger(__name__)


class Renaming:
    """`await renaming(anime_id)` is a plan; `dry_run=False` carries it out, `undo=True` goes back.

    The steps are in the journal before the first file moves, and each is recorded once it was
    taken. So a renaming that a crash cut short is finished first, and can be taken back.
    """

    def __init__(self, db: Database, config: Callable[[], Config]):
        self._db = db
        self._config = config
        self._lock = asyncio.Lock()  # one renaming at a time

    async def __call__(self, anime_id: str, *, undo: bool = False, dry_run: bool = True) -> Renamed:
        """What is moved, or would be, and what keeps its name.

        Raises NotFound, Conflict when there is nothing to take back, and ConfigurationError while
        the library is offline.
        """
        from store import layout  # late: few rename

        config = self._config()
        async with self._lock:
            current = await self._db.run(layout.read, anime_id, config.naming)
            series_id = current.anime.id
            if await self._finish_cut_short(series_id):
                current = await self._db.run(layout.read, anime_id, config.naming)
            if undo:
                return await self._take_back(series_id, dry_run)
            plan = await asyncio.to_thread(_plan, config.library, current)
            if dry_run or not plan.steps:
                return Renamed(plan.moves, plan.left)
            return await self._carry_out(series_id, plan, undo=False)

    async def finish(self) -> None:
        """Finish every renaming that was cut short; one that cannot be finished is logged."""
        async with self._lock:
            for series_id in await self._db.run(renames.unfinished):
                try:
                    await self._finish_cut_short(series_id)
                except Failure as failure:
                    log.warning("%s: its renaming is not finished: %s", series_id, failure)

    # -- inside ----------------------------------------------------------------------------------

    async def _finish_cut_short(self, series_id: str) -> bool:
        """Finish the renaming of a series that a crash cut short; whether there was one.

        Raises ConfigurationError while the library is offline, and Conflict when a file can neither
        go on nor back.
        """
        known_paths = await self._db.run(files.some_paths)
        await asyncio.to_thread(library.check, self._config().library, known_paths)
        if not await self._db.run(renames.noted, series_id):
            return False
        left = await self._take_steps(series_id)
        await self._db.run(renames.end, series_id)
        if await self._db.run(renames.noted, series_id):
            raise Conflict(
                f"A renaming that was cut short cannot be finished: {left[0].path}: {left[0].why}",
                anime_id=series_id,
            )
        return True

    async def _take_back(self, series_id: str, dry_run: bool) -> Renamed:
        """The way back of the last renaming."""
        last_moves = await self._db.run(renames.last, series_id)
        if not last_moves:
            raise Conflict("No renaming of this series is left to be undone", anime_id=series_id)
        plan, gone = await asyncio.to_thread(_plan_back, self._config().library, last_moves)
        gone_files = [Left(move.new, "it is gone") for move in gone]
        if dry_run:
            return Renamed(plan.moves, [*gone_files, *plan.left])
        if plan.steps:
            await self._db.run(renames.drop, series_id, gone)
            renamed = await self._carry_out(series_id, plan, undo=True)
            return Renamed(renamed.moves, [*gone_files, *renamed.left])
        if not plan.left and not gone:  # all of it is back already
            await self._db.run(renames.drop, series_id, [net.move for net in last_moves])
        return Renamed([], [*gone_files, *plan.left])

    async def _carry_out(self, series_id: str, plan: Plan, *, undo: bool) -> Renamed:
        """Take the steps of a plan; what cannot be moved keeps its name, and is told."""
        await self._db.run(renames.begin, series_id, plan.steps, undo=undo)
        left = await self._take_steps(series_id)
        moved = await self._db.run(renames.end, series_id)
        return Renamed(moved, [*plan.left, *left])

    async def _take_steps(self, series_id: str) -> list[Left]:
        """Take the steps that the journal has, part by part. Returns what keeps its name."""
        left: list[Left] = []
        noted = await self._db.run(renames.noted, series_id)
        for _, group in groupby(noted, key=lambda entry: entry.step.part):
            part = await self._compare_with_disk(series_id, list(group))
            taken = [entry for entry in part if entry.done]
            for entry in part[len(taken) :]:
                try:
                    await self._take(series_id, entry)
                except OSError as error:
                    left += _why_part_stays(part, entry, error)
                    await self._retreat(series_id, taken)
                    break
                taken.append(entry)
        return left

    async def _compare_with_disk(self, series_id: str, part: Sequence[Noted]) -> list[Noted]:
        """The steps of a part as the disk has them: a crash may come between disk and journal."""
        root = self._config().library
        for entry in [entry for entry in part if not entry.done][:1]:
            if await asyncio.to_thread(_is_taken, root, entry.step):
                await self._db.run(renames.record, series_id, entry, done=True)
                return [other._replace(done=other.done or other is entry) for other in part]
        for entry in [entry for entry in part if entry.done][-1:]:
            if await asyncio.to_thread(_is_taken_back, root, entry.step):
                await self._db.run(renames.record, series_id, entry, done=False)
                return [other._replace(done=other.done and other is not entry) for other in part]
        return list(part)

    async def _take(self, series_id: str, entry: Noted) -> None:
        step = entry.step
        await asyncio.to_thread(_move, self._config().library, step.old, step.new, step.text)
        await self._db.run(renames.record, series_id, entry, done=True)

    async def _retreat(self, series_id: str, taken: Sequence[Noted]) -> None:
        """Take steps back, the last one first; one that cannot go back stays in the journal."""
        root = self._config().library
        for entry in reversed(taken):
            step = entry.step
            try:
                await asyncio.to_thread(_move, root, step.new, step.old, step.old_text)
            except FileNotFoundError:
                log.warning("%s is gone", step.new)
            except OSError as error:
                log.warning("%s cannot go back to %s: %s", step.new, step.old, error)
                return
            await self._db.run(renames.record, series_id, entry, done=False)


def _plan(root: Path, current: Layout) -> Plan:
    """Each video of the series to the path that the templates give it, with its family."""
    from store import move_plan  # late, as above
    from store.families import Neighbours

    case = Case(root)
    neighbours = Neighbours(case)
    left: list[Left] = []
    old_paths: dict[str, list[str]] = defaultdict(list)  # by the new path that they would get
    for path, keys in current.holds.items():
        if len({season for season, _ in keys}) > 1:
            left.append(Left(path, "it holds episodes of several seasons"))
            continue
        try:
            old_paths[current.path_by_templates(path, keys)].append(path)
        except ValueError:
            left.append(Left(path, "its name would be too long"))
    wanted = []
    for new, paths in old_paths.items():
        if len(paths) > 1:
            left += [Left(path, f"{len(paths)} files are this episode") for path in paths]
        elif paths != [new] and os.path.lexists(root / paths[0]):
            wanted.append(neighbours.moves(paths[0], new))
        elif paths != [new]:
            left.append(Left(paths[0], "it is gone"))
    plan = move_plan.make(case, wanted)
    return plan._replace(left=left + plan.left)


def _plan_back(root: Path, last_moves: Sequence[NetMove]) -> tuple[Plan, list[Move]]:
    """The way back of these moves, and those of files that are gone.

    A file that lies at its old path needs no move.
    """
    from store import move_plan  # late, as above

    gone: list[Move] = []
    wanted: dict[int, list[Move]] = defaultdict(list)
    texts = {}
    for family, move, old_text in last_moves:
        if os.path.lexists(root / move.new):
            wanted[family].append(Move(move.new, move.old))
            if old_text is not None:
                texts[move.new] = old_text
        elif not os.path.lexists(root / move.old):
            gone.append(move)
    return move_plan.make(Case(root), list(wanted.values()), texts), gone


def _move(root: Path, old: str, new: str, text: str | None) -> None:
    if text is None:
        placing.move(root, old, new)
    else:
        placing.move_link(root, old, new, text)


def _is_taken(root: Path, step: Step) -> bool:
    return placing.is_moved(root, step.old, step.new, step.text)


def _is_taken_back(root: Path, step: Step) -> bool:
    return placing.is_moved(root, step.new, step.old, step.old_text)


def _why_part_stays(part: Sequence[Noted], failed: Noted, error: OSError) -> list[Left]:
    """Why each family of a part keeps its names: one of its files cannot be moved."""
    aside = {entry.step.new: entry.step.old for entry in part if steps.is_temporary(entry.step.new)}
    path = aside.get(failed.step.old, failed.step.old)
    log.warning("%s keeps its name: %s", path, error)
    moves = steps.net_moves([entry.step for entry in part])
    videos = {net.family: net.move.old for net in reversed(moves)}
    others = [Left(video, f"{path} keeps its name") for video in videos.values() if video != path]
    return [Left(path, error.strerror or "it cannot be renamed"), *others]
