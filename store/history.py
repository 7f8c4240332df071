"""The history: one row for each file that was fetched, with the proof that it is right."""

import json
import sqlite3

from store import series
from store.models import Item
from store.names import codes
from store.schema import record
from store.trash import Replaced

UNPROVEN = "Unproven: the source does not tell the file's length, so its end may be missing"


@record
class Fetched:
    """`source` is the address without its query. Null is what a crash kept from being noted.

    `replaced` is where the file lies now whose place this one took: its path in the trash.
    """

    history_id: int
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


def replacing(replaced: Replaced | None) -> dict[str, object]:
    """What a receipt says of the file that was replaced."""
    return {"replaced": vars(replaced)} if replaced else {}


def replaced_of(receipt: str | None) -> Replaced | None:
    """The file that is replaced, as its item's receipt says."""
    replaced = json.loads(receipt or "{}").get("replaced")
    return Replaced(**replaced) if replaced else None


def note_of(receipt: str | None) -> str:
    """What is to be said of a completed item whose file nothing has proven; else empty."""
    proof = json.loads(receipt or "{}").get("proof")
    return UNPROVEN if proof == "unproven" else ""


def add(conn: sqlite3.Connection, item: Item, path: str, size: int) -> None:
    """Note that `item` became the file at `path` in the library, with the receipt it was given."""
    receipt = json.dumps({"bytes": size} | json.loads(item.receipt or "{}"))
    conn.execute(
        """
        insert into history
            (item, series, title, season, number, provider, path, receipt, finished_at)
        values
            (:item, :series, :title, :season, :number, :provider, :path, :receipt, :finished_at)
        """,
        {
            "item": item.id,
            "series": item.series_id,
            "title": item.title,
            "season": item.season,
            "number": item.number,
            "provider": item.provider,
            "path": path,
            "receipt": receipt,
            "finished_at": item.finished_at,
        },
    )


def page(
    conn: sqlite3.Connection, anime_id: str | None, limit: int, offset: int
) -> tuple[list[Fetched], int]:
    """(files, total), the newest first; of one series, or of all.

    Rows outlive their series: one that is not known any more is found by the id that it had.
    """
    where, values = "1", []
    if anime_id:
        where, values = "series = ?", [series.own_id(conn, anime_id)]
    total = conn.execute(f"select count(*) from history where {where}", values).fetchone()[0]
    rows = conn.execute(
        f"select * from history where {where} order by id desc limit ? offset ?",
        (*values, limit, offset),
    )
    return [_fetched(row) for row in rows], total


def _fetched(row: sqlite3.Row) -> Fetched:
    receipt = json.loads(row["receipt"])
    size, seconds = receipt["bytes"], receipt.get("seconds")
    return Fetched(
        history_id=row["id"],
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
    )
