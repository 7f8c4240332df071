"""The history: one row for each fetched file, with the proof of it.

Beside it one row for each time that an item was given up.
"""

import json
import sqlite3

from store import history_search, outbox
from store.history_search import HistoryState, Search
from store.models import Item
from store.names import codes
from store.outbox import Notice
from store.schema import record
from store.targets import PLACED
from store.trash import Replaced

MOST_FAILURES = 10_000  # rows that are kept, the newest

UNPROVEN = "Unproven: the source does not tell the file's length, so its end may be missing"


@record
class Fetched:
    """`source` is the address without its query and its secrets. Null is what a crash kept from
    being noted.

    `replaced` is where the file lies now whose place this one took: its path in the trash. A failed
    one has no file: it has `error_code` and `error_message`, and both are null for the others.
    """

    history_id: int
    state: HistoryState
    queue_item_id: str
    anime_id: str
    anime_title: str
    episode: str
    provider: str
    file_path: str
    finished_at: str
    total_bytes: int
    resumed: int | None
    validator: str | None
    proof: str | None
    seconds: float | None
    average_mbps: float | None
    source: str | None
    replaced: str | None
    error_code: str | None = None
    error_message: str | None = None


def replacing(replaced: Replaced | None) -> dict[str, object]:
    """The facts for a receipt about the file that was replaced."""
    return {"replaced": vars(replaced)} if replaced else {}


def replaced_of(receipt: str | None) -> Replaced | None:
    """The replaced file, as the item's receipt has it."""
    replaced = json.loads(receipt or "{}").get("replaced")
    return Replaced(**replaced) if replaced else None


def note_of(receipt: str | None) -> str:
    """The note on a completed item whose file was not proven; else empty."""
    proof = json.loads(receipt or "{}").get("proof")
    return UNPROVEN if proof == "unproven" else ""


def add(conn: sqlite3.Connection, item: Item, path: str, size: int) -> None:
    """Note that `item` became the file at `path` in the library, with the receipt it was given.

    Whoever wants to be told will be.
    """
    receipt = json.dumps({"bytes": size} | json.loads(item.receipt or "{}"))
    conn.execute(
        """
        insert into history
            (item, series, title, season, number, provider, path, receipt, finished_at)
        values
            (:item, :series, :title, :season, :number, :provider, :path, :receipt, :finished_at)
        """,
        _names(item) | {"path": path, "receipt": receipt, "finished_at": item.finished_at},
    )
    for event in ("completed", PLACED):
        outbox.add(conn, event, _notice(item, note_of(item.receipt), path))


def _names(item: Item) -> dict[str, object]:
    """The columns that tell the episode of an item, and its source."""
    return {
        "item": item.id,
        "series": item.series_id,
        "title": item.title,
        "season": item.season,
        "number": item.number,
        "provider": item.provider,
    }


def add_failure(conn: sqlite3.Connection, item: Item, code: str, message: str) -> None:
    """Note that `item` was given up; whoever wants to be told will be.

    The newest MOST_FAILURES stay.
    """
    conn.execute(
        """
        insert into failures
            (item, series, title, season, number, provider, error_code, error_message, failed_at)
        values
            (:item, :series, :title, :season, :number, :provider, :code, :message, :failed_at)
        """,
        _names(item) | {"code": code, "message": message, "failed_at": item.finished_at},
    )
    conn.execute(
        "delete from failures where id <= (select max(id) from failures) - ?", (MOST_FAILURES,)
    )
    outbox.add(conn, "failed", _notice(item, message))


def _notice(item: Item, message: str, path: str | None = None) -> Notice:
    return Notice(
        item.title,
        message,
        anime_id=item.series_id,
        episode=item.code,
        file_path=path,
    )


def page(
    conn: sqlite3.Connection, search: Search, limit: int, offset: int
) -> tuple[list[Fetched], int]:
    """(files, total), the newest first, of those that the search finds.

    Rows outlive their series: one that is not known any more is found by the id that it had.
    """
    where, order, values = history_search.condition(conn, search)
    found = f"from ({_ROWS[search.state]}) where {where}"
    total = conn.execute(f"select count(*) {found}", values).fetchone()[0]
    rows = conn.execute(
        f"select * {found} order by {order} limit :limit offset :offset",
        {**values, "limit": limit, "offset": offset},
    )
    return [_fetched(row, search.state) for row in rows], total


def before(
    conn: sqlite3.Connection, search: Search, history_id: int | None, limit: int
) -> list[Fetched]:
    """The next files behind the one with this id, the newest first; None: from the first one on."""
    where, order, values = history_search.condition(conn, search)
    rows = conn.execute(
        f"""select * from ({_ROWS[search.state]})
        where {where} and (:before is null or id < :before) order by {order} limit :limit""",
        {**values, "before": history_id, "limit": limit},
    )
    return [_fetched(row, search.state) for row in rows]


_ROWS = {
    "completed": """select id, item, series, title, season, number, provider, path, receipt,
        finished_at, null as error_code, null as error_message from history""",
    "failed": """select id, item, series, title, season, number, provider, '' as path,
        '{"bytes": 0}' as receipt, failed_at as finished_at, error_code, error_message
        from failures""",
}


def _fetched(row: sqlite3.Row, state: HistoryState) -> Fetched:
    receipt = json.loads(row["receipt"])
    size, seconds = receipt["bytes"], receipt.get("seconds")
    return Fetched(
        history_id=row["id"],
        state=state,
        queue_item_id=f"queue_{row['item']}",
        anime_id=row["series"],
        anime_title=row["title"],
        episode=codes.code(row["season"], row["number"]),
        provider=row["provider"],
        file_path=row["path"],
        finished_at=row["finished_at"],
        total_bytes=size,
        resumed=receipt.get("resumed"),
        validator=receipt.get("validator"),
        proof=receipt.get("proof"),
        seconds=seconds and round(seconds, 3),
        average_mbps=round(size * 8e-6 / seconds, 2) if seconds else None,
        source=receipt.get("source"),
        replaced=receipt.get("replaced", {}).get("trash"),
        error_code=row["error_code"],
        error_message=row["error_message"],
    )
