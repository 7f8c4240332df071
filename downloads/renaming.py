"""The files of a series get the names that new ones get, and their old ones back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from store import library, placing, series
from store.db import Database
from store.errors import Conflict
from store.models import Left, Move, Renamed
from store.names import extensions, writer
from store.names.codes import Number
from store.names.templates import Wanted
from store.settings import Config, Naming

log = logging.getLogger(__name__)

SIDECARS = extensions.SUBTITLES | {".nfo", ".jpg", ".jpeg", ".png", ".txt"}


class Held(NamedTuple):
    """An episode that a file holds, with its number counted through all seasons."""

    season: int
    number: Number
    title: str
    running: int | None


class Renaming:
    """`await renaming(series)` is a plan; with `dry_run=False` it is carried out, `undo=True` takes the last one back.

    The journal is on disk before the first file moves, so that also what a crash cut short can be taken back.
    """

    def __init__(self, db: Database, config: Callable[[], Config]):
        self._db = db
        self._config = config
        self._turn = asyncio.Lock()

    async def __call__(self, anime_id: str, *, undo: bool = False, dry_run: bool = True) -> Renamed:
        """Raises NotFound, Conflict when there is nothing to take back, and ConfigurationError while the library is offline."""
        config = self._config()
        root = config.library
        async with self._turn:
            row, files, batch = await self._db.run(_facts, anime_id)
            await asyncio.to_thread(library.check, root, await self._db.run(series.some_paths))
            await asyncio.to_thread(_mend, root, batch)
            if undo and not batch:
                raise Conflict(
                    "No renaming of this series is left to be undone", anime_id=row["id"]
                )
            plan = (
                await asyncio.to_thread(_back, root, batch)
                if undo
                else await asyncio.to_thread(_plan, root, config.naming, row, files)
            )
            if dry_run or not (plan.moves or (undo and not plan.left)):
                return plan
            if not undo:
                await self._db.run(_begin, row["id"], plan.moves)
            moved, left = await asyncio.to_thread(_carry_out, root, plan)
            await self._db.run(_end, row["id"], moved, undo)
            return Renamed(moved, left)


def _facts(
    conn: sqlite3.Connection, anime_id: str
) -> tuple[sqlite3.Row, dict[str, list[Held]], list[Move]]:
    """The series, its files that are surely episodes with what they hold, and the moves of its last renaming."""
    row = series.get(conn, anime_id)
    running, files = series.running(conn, row["id"]), defaultdict(list)
    for path, season, number, title in conn.execute(
        """select path, season, number, title from files left join episodes using (series, season, number)
        where series = ? and season >= 0 and sure order by path, number""",
        (row["id"],),
    ):
        files[path].append(Held(season, number, title or "", running.get((season, number))))
    moves = conn.execute(
        "select old, new from renames where series = :id and batch = (select max(batch) from renames where series = :id) order by id",
        {"id": row["id"]},
    )
    return row, files, [Move(*move) for move in moves]


def _mend(root: Path, batch: list[Move]) -> None:
    """A crash in the middle of a move leaves one file with two names: the old one goes."""
    for move in batch:
        with contextlib.suppress(OSError):
            if (
                os.path.samefile(root / move.old, root / move.new)
                and (root / move.old).lstat().st_nlink > 1
            ):
                (root / move.old).unlink()


def _plan(root: Path, templates: Naming, row: sqlite3.Row, files: dict[str, list[Held]]) -> Renamed:
    wanted, moves, left = defaultdict(list), [], []
    for path, held in files.items():
        if len({one.season for one in held}) > 1:
            left.append(Left(path, "it holds episodes of several seasons"))
            continue
        name = held[0].title if len(held) == 1 else ""
        running = [one.running for one in held] if all(one.running for one in held) else []
        facts = Wanted(
            row["title"], held[0].season, [one.number for one in held], name=name, absolute=running
        )
        try:
            wanted[
                writer.episode_path(templates, facts, path[path.rindex(".") :], row["folder"])
            ].append(path)
        except ValueError:
            left.append(Left(path, "its name would be too long"))
    for new, paths in wanted.items():
        if paths == [new]:
            continue
        if len(paths) > 1:
            left += [Left(path, f"{len(paths)} files are this episode") for path in paths]
        elif os.path.lexists(root / new):
            left += [Left(paths[0], f"{new} is there already")]
        else:
            moves += [Move(paths[0], new), *_beside(root, paths[0], new)]
    return Renamed(moves, left)


def _beside(root: Path, old: str, new: str) -> Iterable[Move]:
    """The sidecars of a video: subtitles and pictures of the same name, with whatever follows it (".de.srt")."""
    folder, _, name = old.rpartition("/")
    for more, entry in extensions.sidecars(
        name, sorted(os.listdir(root / folder)), SIDECARS
    ).items():
        yield Move(f"{folder}/{entry}", new[: new.rindex(".")] + more)


def _back(root: Path, batch: list[Move]) -> Renamed:
    """The way back of what was moved; what a crash left where it was need not move."""
    moves, left = [], []
    for move in reversed(batch):
        if os.path.lexists(root / move.old):
            left += (
                [Left(move.new, f"{move.old} is there already")]
                if os.path.lexists(root / move.new)
                else []
            )
        elif os.path.lexists(root / move.new):
            moves.append(Move(move.new, move.old))
        else:
            left.append(Left(move.new, "it is gone"))
    return Renamed(moves, left)


def _carry_out(root: Path, plan: Renamed) -> tuple[list[Move], list[Left]]:
    moved, left = [], list(plan.left)
    for move in plan.moves:
        try:
            placing.move(root, move.old, move.new)
            moved.append(move)
        except OSError as error:
            log.warning("%s keeps its name: %s", move.old, error)
            left.append(Left(move.old, error.strerror or "it cannot be renamed"))
    return moved, left


def _begin(conn: sqlite3.Connection, one: str, moves: list[Move]) -> None:
    batch = conn.execute("select coalesce(max(batch), 0) + 1 from renames").fetchone()[0]
    conn.executemany(
        "insert into renames (series, batch, old, new) values (?, ?, ?, ?)",
        [(one, batch, m.old, m.new) for m in moves],
    )


def _end(conn: sqlite3.Connection, one: str, moved: list[Move], undone: bool) -> None:
    """Record the new names. Of the journal stays what can be undone."""
    for move in moved:
        for table in ("files", "history"):
            conn.execute(
                f"update {table} set path = ? where series = ? and path = ?",
                (move.new, one, move.old),
            )
    last = "series = :id and batch = (select max(batch) from renames where series = :id)"
    if undone:
        conn.execute(f"delete from renames where {last}", {"id": one})
    else:
        kept = {(move.old, move.new) for move in moved}
        for row in conn.execute(
            f"select id, old, new from renames where {last}", {"id": one}
        ).fetchall():
            if (row["old"], row["new"]) not in kept:
                conn.execute("delete from renames where id = ?", (row["id"],))
