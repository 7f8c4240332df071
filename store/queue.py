"""The download queue: one item is one episode, and an episode is in it at most once.

Plain functions of a connection; each is (part of) one transaction. What a caller was told is committed before.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple, get_args

from store import history
from store import series as series_store
from store.errors import Conflict, Invalid, NotFound
from store.models import Episode, Item, Listing, Priority, State, Status
from store.names import codes
from store.names.codes import Number
from store.series import File, now

PRIORITIES = get_args(Priority)  # stored as their index, so that ascending is the order of work

# What `episodes` of an add takes (decisions.md 5), as a pattern that JavaScript reads too.
EPISODES = r"[Ss]\d{1,4}[Ee]\d{1,5}(\.\d{1,2})?|[Ss]\d{1,4}[Ee]\d{1,5}-[Ee]?\d{1,5}|[Ss]\d{1,4}|[Ss]eason \d{1,4} [Ee]pisode \d{1,5}|[Mm]issing"
_RANGE = re.compile(r"s(\d+)e(\d+)-e?(\d+)")
_WORDS = re.compile(r"season (\d+) episode (\d+)")

_ITEM = """
    select items.*, series.title, series.provider, series.key, series.folder, series.ids,
        episodes.title as episode_title, episodes.ref, episodes.size, episodes.aired, episodes.checksums
    from items join series on series.id = items.series
    left join episodes on episodes.series = items.series and episodes.season = items.season and episodes.number = items.number
"""
# What a failed item forgets when it is tried again; its bytes stay.
_ANEW = """status = 'pending', reason = '', attempts = 0, error_code = null, error_message = null, target = null, receipt = null,
    finished_at = null"""


class Added(NamedTuple):
    items: list[Item]
    skipped: list[str]  # codes of what was queued or on disk already


def add(
    conn: sqlite3.Connection,
    series: str,
    wanted: Sequence[str],
    priority: str,
    *,
    news: tuple[str, Listing] | None = None,
) -> Added:
    """Queue episodes. A failed one, or one whose file is gone again, is retried under its old id.

    `news`: (provider, listing) just asked for, stored first; refused with the rest when an episode is not in it. Raises NotFound (no such series or episode), Invalid (a range that runs backwards), Conflict (nothing new): nothing
    is queued then.
    """
    if news:
        series_store.store_listing(conn, *news)
    row = series_store.get(conn, series)
    series = row["id"]
    known = {(e["season"], e["number"]): e for e in series_store.episodes(conn, series)}
    new, skipped = [], []
    for episode in _expand(wanted, known, row):
        present, status = known[episode]["path"], known[episode]["status"]
        if present or status in ("pending", "downloading"):
            skipped.append(codes.code(*episode))
            continue
        new.append(
            conn.execute(
                f"""insert into items (series, season, number, priority, status, created_at) values (?, ?, ?, ?, 'pending', ?)
                on conflict (series, season, number) do update set priority = excluded.priority, {_ANEW} returning id""",
                (series, *episode, PRIORITIES.index(priority), now()),
            ).fetchone()["id"]
        )
    if not new:
        raise Conflict(
            "Everything asked for is queued or in the library already",
            anime_id=series,
            skipped=skipped,
        )
    conn.execute("update series set listed = 1 where id = ?", (series,))
    return Added([get(conn, item) for item in new], skipped)


def get(conn: sqlite3.Connection, item: int) -> Item:
    """One item. Raises NotFound."""
    if not (found := _items(conn, "items.id = ?", item)):
        raise NotFound("Queue item not found", queue_item_id=f"queue_{item}")
    return found[0]


def page(
    conn: sqlite3.Connection, status: str | None, limit: int, offset: int
) -> tuple[list[Item], int]:
    """(items, total), what is being worked on first, then in the order of work."""
    where, values = ("items.status = ?", [status]) if status else ("1", [])
    total = conn.execute(f"select count(*) from items where {where}", values).fetchone()[0]
    order = """case items.status when 'downloading' then 0 when 'pending' then 1 when 'failed' then 2 else 3 end,
        case when items.status = 'completed' then items.finished_at end desc, priority, items.id"""
    return _items(conn, f"{where} order by {order} limit ? offset ?", *values, limit, offset), total


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """Items by status, and under `size` the bytes of all of them as far as known."""
    found = dict.fromkeys(get_args(Status), 0) | {"size": 0}
    for row in conn.execute(
        "select status, count(*) as n, sum(total) as size from items group by status"
    ):
        found[row["status"]] = row["n"]
        found["size"] += row["size"] or 0
    return found


# -- the queue as a whole ------------------------------------------------------------------------------------------


def state(conn: sqlite3.Connection) -> State:
    row = conn.execute("select value from meta where key = 'queue_state'").fetchone()
    return row["value"] if row else "stopped"


def set_state(conn: sqlite3.Connection, value: State) -> None:
    """Whatever happens next: in a queue that does not run, nothing is downloading."""
    conn.execute("insert or replace into meta (key, value) values ('queue_state', ?)", (value,))
    if value != "running":
        conn.execute(
            "update items set status = 'pending', reason = '' where status = 'downloading'"
        )


def recover(conn: sqlite3.Connection) -> list[Item]:
    """After a start nobody works on anything: back to pending. Returns the items that were about to get their final name."""
    conn.execute("update items set status = 'pending', reason = '' where status = 'downloading'")
    return _items(conn, "items.target is not null and items.status = 'pending'")


def parts(conn: sqlite3.Connection) -> set[str]:
    """The part files that belong to an item."""
    return {
        row["part"]
        for row in conn.execute(
            "select part from items where part is not null and status <> 'completed'"
        )
    }


# -- one item's way ------------------------------------------------------------------------------------------------


def claim(
    conn: sqlite3.Connection, held: set[int], active: set[int], resting: set[str]
) -> Item | None:
    """The next item, now downloading; those in `held` and those of the providers `resting` wait. None: nothing to do.

    An item that is downloading but not `active` lost its worker to a database that failed: it is pending again.
    """
    for row in conn.execute("select id from items where status = 'downloading'").fetchall():
        if row["id"] not in active:
            release(conn, row["id"])
    row = conn.execute(
        f"""select items.id from items cross join series on series.id = items.series where status = 'pending'
        and items.id not in ({", ".join("?" * len(held))}) and provider not in ({", ".join("?" * len(resting))})
        order by priority, items.id limit 1""",
        (*held, *resting),
    ).fetchone()
    if row is None:
        return None
    conn.execute(
        "update items set status = 'downloading', reason = '', started_at = coalesce(started_at, ?) where id = ?",
        (now(), row["id"]),
    )
    return get(conn, row["id"])


def set_part(conn: sqlite3.Connection, item: int, part: str, total: int | None) -> None:
    """Where the bytes gather. Another name than before means that none are there yet."""
    conn.execute(
        "update items set checkpoint = case when part = ? then checkpoint end, part = ?, total = coalesce(?, total) where id = ?",
        (part, part, total, item),
    )


def set_checkpoint(conn: sqlite3.Connection, item: int, checkpoint: str, total: int | None) -> None:
    """These bytes are on the disk for good."""
    conn.execute(
        "update items set checkpoint = ?, total = coalesce(?, total) where id = ?",
        (checkpoint, total, item),
    )


def set_target(
    conn: sqlite3.Connection, item: int, target: str | None, receipt: str | None = None
) -> None:
    """The name that the verified file is about to get in the library, and what is known of it for the history."""
    conn.execute("update items set target = ?, receipt = ? where id = ?", (target, receipt, item))


def release(
    conn: sqlite3.Connection, item: int, reason: str = "", attempts: int | None = None
) -> Item | None:
    """Back to pending with its bytes kept; so many tries have failed. None when the item is gone or done."""
    conn.execute(
        "update items set status = 'pending', reason = ?, attempts = coalesce(?, attempts) where id = ? and status = 'downloading'",
        (reason, attempts, item),
    )
    return next(iter(_items(conn, "items.id = ? and items.status = 'pending'", item)), None)


def finish(conn: sqlite3.Connection, item: int, folder: str, file: File) -> Item:
    """The file has its name: the item is completed and the missing count falls, in one transaction."""
    conn.execute(
        """update items set status = 'completed', reason = '', error_code = null, error_message = null, total = ?, part = null,
        checkpoint = null, target = null, finished_at = ? where id = ?""",
        (file.size, now(), item),
    )
    done = get(conn, item)
    history.add(conn, done, file.path, file.size)
    series_store.add_file(conn, done.series, folder, file)
    return done


def fail(conn: sqlite3.Connection, item: int, code: str, message: str) -> Item:
    """Given up, until somebody retries it. Its bytes stay."""
    conn.execute(
        """update items set status = 'failed', reason = '', error_code = ?, error_message = ?, attempts = attempts + 1, target = null,
        finished_at = ? where id = ?""",
        (code, message, now(), item),
    )
    return get(conn, item)


def retry(conn: sqlite3.Connection, item: int) -> Item:
    """A failed item is pending again. Raises Conflict for one that has not failed."""
    found = get(conn, item)
    if found.status != "failed":
        raise Conflict(
            f"Only a failed item can be retried; this one is {found.status}",
            queue_item_id=found.name,
        )
    conn.execute(f"update items set {_ANEW} where id = ?", (item,))
    return get(conn, item)


def set_priority(conn: sqlite3.Connection, item: int, priority: str) -> Item:
    get(conn, item)
    conn.execute("update items set priority = ? where id = ?", (PRIORITIES.index(priority), item))
    return get(conn, item)


def remove(conn: sqlite3.Connection, item: int) -> Item:
    found = get(conn, item)
    conn.execute("delete from items where id = ?", (item,))
    return found


def remove_all(conn: sqlite3.Connection, status: str) -> list[Item]:
    """Remove all that are completed, or all that have failed."""
    removed = _items(conn, "items.status = ?", status)
    conn.execute("delete from items where status = ?", (status,))
    return removed


def of_series(conn: sqlite3.Connection, series: str) -> list[Item]:
    return _items(conn, "items.series = ?", series_store.get(conn, series)["id"])


# -- inside --------------------------------------------------------------------------------------------------------


def _expand(wanted: Sequence[str], known: dict, row: sqlite3.Row) -> list[tuple[int, Number]]:
    """Codes, ranges, seasons and the word `missing` as episodes that exist, each once, in the order asked for."""
    found: dict[tuple[int, Number], None] = {}
    for index, text in enumerate(wanted):
        plain = text.casefold()
        if plain == "missing":
            today = now()[:10]
            some = [
                e
                for e, r in known.items()
                if e[0] > 0 and not r["path"] and not r["unsure"] and (r["aired"] or "") <= today
            ]
        elif match := _RANGE.fullmatch(plain):
            season, first, last = map(int, match.groups())
            if last < first or last - first > 2000:
                raise Invalid(
                    f"episodes[{index}]", f"'{text}' is no range from a lower to a higher number"
                )
            some = [(season, number) for number in range(first, last + 1)]
        elif plain[1:].isdigit():
            some = [e for e in known if e[0] == int(plain[1:])] or [(int(plain[1:]), 0)]
        elif match := _WORDS.fullmatch(plain):
            some = [(int(match[1]), int(match[2]))]
        else:
            try:
                some = [codes.decode(plain)]
            except ValueError as error:
                raise Invalid(
                    f"episodes[{index}]", f"'{text}' is no episode: write it as S01E05"
                ) from error
        if absent := [e for e in some if e not in known]:
            raise NotFound(
                f"{row['title']} has no {text}", anime_id=row["id"], episode=codes.code(*absent[0])
            )
        found.update(dict.fromkeys(some))
    return list(found)


def _items(conn: sqlite3.Connection, where: str, *values) -> list[Item]:
    rows = conn.execute(f"{_ITEM} where {where}", values)
    return [_item(dict(row)) for row in rows]


def _item(row: dict) -> Item:
    """The item of a row of _ITEM."""
    title, checksums = row.pop("episode_title"), row.pop("checksums")
    facts = {name: row.pop(name) for name in ("ref", "size", "aired")}
    episode = None
    if checksums is not None:  # the left join has found the episode
        episode = Episode(
            row["season"], row["number"], title=title, checksums=json.loads(checksums), **facts
        )
    return Item(**row | {"priority": PRIORITIES[row["priority"]], "episode": episode})
