"""The journal of renamings, by which the last one of a series can be taken back.

While a renaming is under way, its steps stand in the journal too, so that a crash anywhere leaves a
renaming that can be finished. Plain functions of a connection; each is (part of) one transaction.
Paths are relative to the library.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from store.models import Move
from store.steps import NetMove, Step, net_moves

_LAST = "series = :id and batch = (select max(batch) from renames where series = :id)"


class Noted(NamedTuple):
    """A step in the journal, and whether it has been taken."""

    id: int
    step: Step
    done: bool


def last(conn: sqlite3.Connection, series_id: str) -> list[NetMove]:
    """The moves of a series' last renaming, in their order."""
    rows = conn.execute(
        f"select family, old, new, text from renames where {_LAST} order by id", {"id": series_id}
    )
    return [NetMove(row["family"], Move(row["old"], row["new"]), row["text"]) for row in rows]


def drop(conn: sqlite3.Connection, series_id: str, moves: Sequence[Move]) -> None:
    """Forget these moves of the last renaming: they can no longer be taken back."""
    for move in moves:
        conn.execute(
            f"delete from renames where {_LAST} and old = :old and new = :new",
            {"id": series_id, "old": move.old, "new": move.new},
        )


# -- a renaming that is under way ----------------------------------------------------------------


def begin(conn: sqlite3.Connection, series_id: str, steps: Sequence[Step], *, undo: bool) -> None:
    """Write down the steps of a renaming before the first of them is taken."""
    conn.executemany(
        """insert into rename_steps (series, undo, part, family, old, new, text, old_text)
        values (?, ?, ?, ?, ?, ?, ?, ?)""",
        [(series_id, undo, *step) for step in steps],
    )


def unfinished(conn: sqlite3.Connection) -> list[str]:
    """The series of which a renaming was cut short."""
    return [row["series"] for row in conn.execute("select distinct series from rename_steps")]


def noted(conn: sqlite3.Connection, series_id: str) -> list[Noted]:
    """The steps of the renaming that is under way, in their order."""
    rows = conn.execute(
        f"""select id, {", ".join(Step._fields)}, done from rename_steps
        where series = ? order by id""",
        (series_id,),
    )
    return [Noted(row[0], Step(*tuple(row)[1:-1]), bool(row["done"])) for row in rows]


def record(conn: sqlite3.Connection, series_id: str, noted: Noted, *, done: bool) -> None:
    """Record that a step was taken or taken back; the facts about the file follow it. No file was
    at its new path: rows of that path in the database are of a file that is gone."""
    old, new = noted.step.old, noted.step.new
    if not done:
        old, new = new, old
    for table in ("files", "checksums"):
        conn.execute(f"delete from {table} where series = ? and path = ?", (series_id, new))
    for table in ("files", "history", "checksums"):
        conn.execute(
            f"update {table} set path = ? where series = ? and path = ?", (new, series_id, old)
        )
    conn.execute("update rename_steps set done = ? where id = ?", (done, noted.id))


def end(conn: sqlite3.Connection, series_id: str) -> list[Move]:
    """Close the renaming that is under way, but for parts of which only some steps were taken.

    Returns what moved in all; the journal keeps it, or drops it where the last renaming was undone.
    """
    undo = conn.execute(
        "select max(undo) from rename_steps where series = ?", (series_id,)
    ).fetchone()[0]
    steps = noted(conn, series_id)
    begun = {entry.step.part for entry in steps if entry.done}
    not_done = {entry.step.part for entry in steps if not entry.done}
    moved = net_moves([entry.step for entry in steps if entry.step.part not in not_done])
    if undo:
        drop(conn, series_id, [Move(net.move.new, net.move.old) for net in moved])
    else:
        _keep(conn, series_id, moved)
    for part in {entry.step.part for entry in steps} - (begun & not_done):
        conn.execute("delete from rename_steps where series = ? and part = ?", (series_id, part))
    return [net.move for net in moved]


def _keep(conn: sqlite3.Connection, series_id: str, moved: Sequence[NetMove]) -> None:
    batch = conn.execute("select coalesce(max(batch), 0) + 1 from renames").fetchone()[0]
    conn.executemany(
        "insert into renames (series, batch, family, old, new, text) values (?, ?, ?, ?, ?, ?)",
        [(series_id, batch, net.family, net.move.old, net.move.new, net.old_text) for net in moved],
    )
