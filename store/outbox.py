"""The events that are still to be told, written in the transaction of what has happened.

Plain functions of a connection; each is (part of) one transaction. A message is a batch of rows of
one event. Its rows are chosen and marked before it is sent, and go once it has arrived: a power cut
in between sends the very same message again, and no row is ever in two of them.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from store.clock import in_seconds, now
from store.schema import record

log = logging.getLogger(__name__)

MOST_ROWS = 2000  # rows that wait, for all targets together
BATCH_ROWS = 200
LASTING_SECONDS = 24 * 3600  # after which a row that cannot be told is given up
LEAST_FAILURES = 12  # before that, as the clock may have jumped
MOST_FAILURES = 200  # after which it is given up, whatever the clock says


@record
class Notice:
    """An event of one subject: a series' title, a source, a directory."""

    subject: str
    message: str = ""
    anime_id: str | None = None
    episode: str | None = None
    file_path: str | None = None
    timestamp: str = ""


class Batch(NamedTuple):
    """One message for one target; `batch` is its number, the same each time that it is sent."""

    batch: int
    event: str
    notices: list[Notice]


def set_targets(conn: sqlite3.Connection, events: Mapping[str, Sequence[str]]) -> None:
    """Tell these targets these events (name -> events) from now on; others are forgotten.

    Writes nothing where nothing changes.
    """
    wanted = {name: f" {' '.join(sorted(set(each)))} " for name, each in events.items()}
    known = dict(conn.execute("select name, events from targets").fetchall())
    if wanted == known:
        return
    for name in known.keys() - wanted.keys():
        conn.execute("delete from targets where name = ?", (name,))
    for name, words in wanted.items():
        conn.execute(
            """insert into targets (name, events) values (?, ?)
            on conflict (name) do update set events = excluded.events""",
            (name, words),
        )
    _forget_conditions(conn)


def add(conn: sqlite3.Connection, event: str, notice: Notice) -> None:
    """Note an event for each target that wants it."""
    if not _is_wanted(conn, event):
        return
    notice.timestamp = notice.timestamp or now()
    conn.execute(
        """insert into outbox (target, event, notice)
        select name, :event, :notice from targets where instr(events, :word)""",
        {"event": event, "word": f" {event} ", "notice": json.dumps(vars(notice))},
    )
    dropped = conn.execute(
        "delete from outbox where id <= (select max(id) from outbox) - ?", (MOST_ROWS,)
    )
    if dropped.rowcount > 0:
        log.warning("%d messages that could not be told are given up", dropped.rowcount)


def hold(conn: sqlite3.Connection, event: str, notices: Mapping[str, Notice]) -> None:
    """Note the subjects for which a state holds and was not told; forget those that ended."""
    if not _is_wanted(conn, event):
        return
    told = held(conn, event)
    for subject in told - notices.keys():
        conn.execute("delete from told where event = ? and subject = ?", (event, subject))
    for subject in notices.keys() - told:
        conn.execute("insert into told (event, subject) values (?, ?)", (event, subject))
        add(conn, event, notices[subject])


def held(conn: sqlite3.Connection, event: str) -> set[str]:
    """The subjects for which the state held at the last look, and was told."""
    rows = conn.execute("select subject from told where event = ?", (event,))
    return {row["subject"] for row in rows}


def has_any(conn: sqlite3.Connection, target: str) -> bool:
    """Whether something waits for this target."""
    row = conn.execute("select 1 from outbox where target = ? limit 1", (target,)).fetchone()
    return row is not None


def take(conn: sqlite3.Connection, target: str) -> Batch | None:
    """The next message for a target, its rows marked: the one that was not finished, or a new one.

    A new one has all that waits of the event of the oldest row, BATCH_ROWS at most.
    """
    first = conn.execute(
        """select event, batch from outbox where target = ?
        order by batch is null, id limit 1""",
        (target,),
    ).fetchone()
    if first is None:
        return None
    batch = first["batch"]
    if batch is None:
        rows = conn.execute(
            "select id from outbox where target = ? and event = ? order by id limit ?",
            (target, first["event"], BATCH_ROWS),
        ).fetchall()
        batch = rows[-1]["id"]
        conn.execute(
            """update outbox set batch = :batch
            where target = :target and event = :event and id <= :batch""",
            {"target": target, "event": first["event"], "batch": batch},
        )
    notices = conn.execute(
        "select notice from outbox where target = ? and batch = ? order by id", (target, batch)
    )
    return Batch(batch, first["event"], [Notice(**json.loads(row["notice"])) for row in notices])


def finish(conn: sqlite3.Connection, target: str, batch: int) -> None:
    """Remove the rows of a message that has arrived, or is given up."""
    conn.execute("delete from outbox where target = ? and batch = ?", (target, batch))
    conn.execute(
        """update targets set failures = 0, failing_since = null
        where name = ? and failures > 0""",
        (target,),
    )


def failures(conn: sqlite3.Connection, target: str) -> int:
    """How often the target could not be reached, in a row."""
    row = conn.execute("select failures from targets where name = ?", (target,)).fetchone()
    return int(row["failures"]) if row else 0


class Failed(NamedTuple):
    """How often in a row a target was not reached, since when, and how many rows are given up."""

    in_a_row: int
    since: str
    given_up: int


def fail(conn: sqlite3.Connection, target: str) -> Failed:
    """Note that the message has not arrived. Give up what could not be told for a day."""
    conn.execute(
        """update targets set failures = failures + 1,
        failing_since = coalesce(failing_since, ?) where name = ?""",
        (now(), target),
    )
    row = conn.execute(
        "select failures, failing_since from targets where name = ?", (target,)
    ).fetchone()
    if row is None:  # this target is gone
        return Failed(0, now(), 0)
    count, since = row
    if count < LEAST_FAILURES:
        return Failed(count, since, 0)
    last = "9" if count >= MOST_FAILURES else in_seconds(-LASTING_SECONDS)
    given_up = conn.execute(
        """delete from outbox where target = ? and json_extract(notice, '$.timestamp') < ?""",
        (target, last),
    ).rowcount
    if given_up:
        conn.execute(
            "update targets set failures = 0, failing_since = null where name = ?", (target,)
        )
    return Failed(count, since, given_up)


def _is_wanted(conn: sqlite3.Connection, event: str) -> bool:
    row = conn.execute(
        "select 1 from targets where instr(events, ?) limit 1", (f" {event} ",)
    ).fetchone()
    return row is not None


def _forget_conditions(conn: sqlite3.Connection) -> None:
    """Forget the states of which nobody is told any more: they begin anew later."""
    for row in conn.execute("select distinct event from told").fetchall():
        if not _is_wanted(conn, row["event"]):
            conn.execute("delete from told where event = ?", (row["event"],))
