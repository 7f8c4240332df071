"""The download queue: one item is one episode, and an episode is in it at most once.

Plain functions of a connection; each is (part of) one transaction. Callers are told of a change
when it is committed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from store import episodes, files, history, item_sources, known_episodes, selection, series
from store.clock import now
from store.episodes import Found
from store.errors import Conflict, NotFound
from store.files import File
from store.item_sources import Waiting
from store.models import Item, Priority, State, Status
from store.queue_items import ANEW, PRIORITIES, items, put, take_over
from store.schema import record
from store.waits import EVERYTHING, Allowed

NOTHING_NEW = "Everything asked for is queued or in the library already"
NOBODY_HAS = "No source has the episodes that are missing"


@record
class QueueStatus:
    """`state` is what was asked for; `reason` says why a running queue waits by itself."""

    total_items: int
    pending: int
    downloading: int
    completed: int
    failed: int
    total_size_bytes: int
    download_speed_mbps: float
    state: State
    reason: str


class Added(NamedTuple):
    items: list[Item]
    skipped: list[str]  # codes of what was queued or on disk already


def add(
    conn: sqlite3.Connection,
    anime_id: str,
    wanted: Sequence[str],
    priority: Priority,
    *,
    replace: bool = False,
    source: str | None = None,
    found: Sequence[Found] = (),
) -> Added:
    """Queue episodes; those named by their numbers wait for no better file. A failed item, or one
    whose file is gone again, is retried under its old id. `replace` queues those too that are in
    the library: their files go into the trash when the new ones take their places. They are fetched
    from `source` alone, where it is told. `found` is what sources have just said of the series, to
    be stored first. Raises NotFound (no such series or episode), Invalid (a range that runs
    backwards) and Conflict (nothing is new, or a file to be replaced holds others too); nothing is
    queued or stored then.
    """
    if found:
        episodes.store_found(conn, found)
    anime = series.get(conn, anime_id)
    known = known_episodes.of_series(conn, anime.id)
    selected = selection.select(wanted, known, anime, source)
    by_number = selection.by_number(wanted)
    new, skipped = [], []
    for episode in selected:
        replaces, named = replace and bool(episode.path), episode.key in by_number
        if replaces:
            _check_replaceable(conn, anime, episode)
        if episode.item and take_over(conn, episode.item, priority, named=named):
            if source:
                item_sources.begin_anew(conn, episode.item, source)
            new.append(episode.item)
        elif episode.status in ("pending", "downloading") or (episode.path and not replaces):
            skipped.append(episode.code)
        else:
            item_id = put(conn, anime.id, episode.key, priority, replaces=replaces, named=named)
            item_sources.begin_anew(conn, item_id, source)
            new.append(item_id)
    if not new:
        is_wanted = not skipped and any(episode.state == "wanted" for episode in known)
        raise Conflict(NOBODY_HAS if is_wanted else NOTHING_NEW, anime_id=anime.id, skipped=skipped)
    conn.execute("update series set listed = 1 where id = ?", (anime.id,))
    return Added([get(conn, item_id) for item_id in new], skipped)


def get(conn: sqlite3.Connection, item_id: int) -> Item:
    """Get one item. Raises NotFound."""
    found = items(conn, "items.id = ?", item_id)
    if not found:
        raise NotFound("Queue item not found", queue_item_id=f"queue_{item_id}")
    return found[0]


def status(
    conn: sqlite3.Connection, *, speed_mbps: float, state: State, reason: str
) -> QueueStatus:
    """How many items there are, and how large they are as far as that is known."""
    row = conn.execute(
        """
        select count(*) as total_items,
            count(case status when 'pending' then 1 end) as pending,
            count(case status when 'downloading' then 1 end) as downloading,
            count(case status when 'completed' then 1 end) as completed,
            count(case status when 'failed' then 1 end) as failed,
            coalesce(sum(total), 0) as total_size_bytes
        from items
        """
    ).fetchone()
    return QueueStatus(**row, download_speed_mbps=speed_mbps, state=state, reason=reason)


# -- the queue as a whole ------------------------------------------------------------------------


def state(conn: sqlite3.Connection) -> State:
    row = conn.execute("select value from meta where key = 'queue_state'").fetchone()
    return row["value"] if row else "stopped"


def set_state(conn: sqlite3.Connection, value: State) -> None:
    """Keep the state. In a queue that does not run no item is downloading any more."""
    conn.execute("insert or replace into meta (key, value) values ('queue_state', ?)", (value,))
    if value != "running":
        conn.execute(
            "update items set status = 'pending', reason = '' where status = 'downloading'"
        )


def recover(conn: sqlite3.Connection) -> list[Item]:
    """After a start: make downloading items pending, for nobody works on them.

    Returns the items that were about to get their final name.
    """
    conn.execute("update items set status = 'pending', reason = '' where status = 'downloading'")
    return items(conn, "items.target is not null and items.status = 'pending'")


def parts(conn: sqlite3.Connection) -> set[str]:
    """The names of the part files that belong to an item."""
    rows = conn.execute("select part from items where part is not null and status <> 'completed'")
    return {row["part"] for row in rows}


# -- one item's way ------------------------------------------------------------------------------


def claim(
    conn: sqlite3.Connection,
    waiting: Collection[Waiting],
    active: set[int],
    resting: Mapping[str, float],
    busy: Collection[str] = (),
    allowed: Allowed = EVERYTHING,
) -> Item | None:
    """Claim the next item in the order of work, at the first of its sources; None when there is
    nothing to do.

    Items in `waiting`, alone or with a source, and those that are not `allowed` are passed over,
    and so are `active` ones: an item may be pending again just before its worker has ended. One
    that is downloading but not `active` lost its worker to a database that failed: it is pending
    again. `resting` are the sources that rest, with the seconds for which they have; `busy` ones
    take no further item now.
    """
    for row in conn.execute("select id from items where status = 'downloading'").fetchall():
        if row["id"] not in active:
            release(conn, row["id"])
    choice = item_sources.choose_next(conn, {*waiting, *active}, resting, busy, allowed)
    if choice is None:
        return None
    conn.execute(
        """update items set status = 'downloading', reason = '',
        attempts = case when source is :source then attempts else :attempts end,
        source = :source, started_at = coalesce(started_at, :now) where id = :item_id""",
        {**choice._asdict(), "now": now()},
    )
    return get(conn, choice.item_id)


def set_part(conn: sqlite3.Connection, item_id: int, part: str, total: int | None) -> None:
    """Keep the name of the part file. A new name means that no bytes are there yet."""
    conn.execute(
        """update items set checkpoint = case when part = ? then checkpoint end, part = ?,
        total = coalesce(?, total) where id = ?""",
        (part, part, total, item_id),
    )


def set_checkpoint(
    conn: sqlite3.Connection, item_id: int, checkpoint: str, total: int | None
) -> None:
    """Keep the map of the bytes that are on the disk for good."""
    conn.execute(
        "update items set checkpoint = ?, total = coalesce(?, total) where id = ?",
        (checkpoint, total, item_id),
    )


def set_target(
    conn: sqlite3.Connection, item_id: int, target: str | None, receipt: str | None = None
) -> None:
    """Keep the library path that the verified file is about to get, and the history's receipt."""
    conn.execute(
        "update items set target = ?, receipt = ? where id = ?", (target, receipt, item_id)
    )


def release(
    conn: sqlite3.Connection,
    item_id: int,
    reason: str = "",
    attempts: int | None = None,
    durable: int = 0,
) -> Item | None:
    """Make the item pending again with its bytes kept, after `attempts` failed tries; None leaves
    their number. `durable` are the bytes that the try left on the disk: the most of all tries is
    kept. Returns None when the item is gone or done."""
    conn.execute(
        """update items set status = 'pending', reason = ?, attempts = coalesce(?, attempts),
        durable = max(durable, ?) where id = ? and status = 'downloading'""",
        (reason, attempts, durable, item_id),
    )
    return next(iter(items(conn, "items.id = ? and items.status = 'pending'", item_id)), None)


def finish(conn: sqlite3.Connection, item_id: int, path: str, size: int) -> int:
    """The item's file has its name: `path` in the library, `size` bytes.

    The item is completed, the history has a row more and the missing count falls, all in one
    transaction. Returns that count.
    """
    reason = history.note_of(get(conn, item_id).receipt)
    conn.execute(
        """update items set status = 'completed', reason = ?, error_code = null,
        error_message = null, total = ?, part = null, checkpoint = null, target = null,
        finished_at = ?, durable = 0, replaces = 0 where id = ?""",
        (reason, size, now(), item_id),
    )
    item_sources.forget_tries(conn, item_id)
    item = get(conn, item_id)
    history.add(conn, item, path, size)
    if replaced := history.replaced_of(item.receipt):
        files.drop(conn, item.series_id, replaced.path)
    files.add_fetched(conn, item.series_id, File(item.season, item.number, path, size))
    return series.get(conn, item.series_id).missing


def fail(conn: sqlite3.Connection, item_id: int, code: str, message: str) -> Item:
    """Give the item up, until somebody retries it. Its bytes stay."""
    conn.execute(
        """update items set status = 'failed', reason = '', error_code = ?, error_message = ?,
        attempts = attempts + 1, target = null, finished_at = ? where id = ?""",
        (code, message, now(), item_id),
    )
    item = get(conn, item_id)
    history.add_failure(conn, item, code, message)
    return item


def retry(conn: sqlite3.Connection, item_id: int) -> Item:
    """Make a failed item pending. Raises NotFound, and Conflict for one that has not failed."""
    item = get(conn, item_id)
    if item.status != "failed":
        raise Conflict(
            f"Only a failed item can be retried; this one is {item.status}",
            queue_item_id=item.name,
        )
    conn.execute(f"update items set {ANEW}, followed = 0 where id = ?", (item_id,))
    item_sources.forget_tries(conn, item_id)
    return get(conn, item_id)


def retry_all(conn: sqlite3.Connection) -> list[Item]:
    """Make all failed items pending; returns them."""
    failed = items(conn, "items.status = 'failed'")
    conn.execute(f"update items set {ANEW}, followed = 0 where status = 'failed'")
    for item in failed:
        item_sources.forget_tries(conn, item.id)
    return [get(conn, item.id) for item in failed]


def set_priority(conn: sqlite3.Connection, item_id: int, priority: Priority) -> Item:
    """Set the priority; `high` makes an item of following the owner's. Raises NotFound."""
    if priority == "high":
        take_over(conn, item_id, priority)
    conn.execute(
        "update items set priority = ? where id = ?", (PRIORITIES.index(priority), item_id)
    )
    return get(conn, item_id)


def remove(conn: sqlite3.Connection, *item_ids: int) -> list[Item]:
    """Remove items; returns those that were there."""
    ids = json.dumps(item_ids)
    removed = items(conn, "items.id in (select value from json_each(?))", ids)
    conn.execute("delete from items where id in (select value from json_each(?))", (ids,))
    return removed


def remove_all(conn: sqlite3.Connection, status: Status) -> list[Item]:
    """Remove all items of this status; returns them."""
    removed = items(conn, "items.status = ?", status)
    conn.execute("delete from items where status = ?", (status,))
    return removed


def of_series(conn: sqlite3.Connection, anime_id: str) -> list[Item]:
    """The items of a series. Raises NotFound for a series that is not known."""
    return items(conn, "items.series = ?", series.get(conn, anime_id).id)


# -- inside --------------------------------------------------------------------------------------


def _check_replaceable(
    conn: sqlite3.Connection, anime: series.Series, episode: known_episodes.KnownEpisode
) -> None:
    """Raises NotFound where nobody has the episode, Conflict where its file holds further ones."""
    if not episode.sources:
        raise NotFound(
            f"No source has {episode.code} of {anime.title}",
            anime_id=anime.id,
            episode=episode.code,
        )
    files.replaceable(conn, anime.id, episode.key)
