"""Changes of a source's list that take something away are not believed at the first look.

A disk that is not mounted at the source, or a server that sorts its files anew, would otherwise
cost the household its list (docs/decisions.md, 31). Plain functions of a connection; each is (part
of) one transaction.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from store.clock import now
from store.names import codes
from store.names.codes import EpisodeKey
from store.schema import record

log = logging.getLogger(__name__)

LOOKS = 3  # that say the same: the first, and the next two

Row = tuple[Any, ...]  # of the table episodes, from the season on
REF = 3  # its place in a row


@record
class ListChange:
    """Episodes that `source` lacks now (`gone`), or has under another number (`moved`, as
    `S01E05 -> S02E01`).

    So many `looks` in a row have said so. What was known stays until the third, or until the owner
    agrees.
    """

    gone: list[str]
    moved: list[str]
    looks: int
    since: str
    source: str


def find(conn: sqlite3.Connection, series_id: str) -> ListChange | None:
    """The change of a series' list that is not believed yet; the first of several."""
    row = conn.execute(
        """select change, looks, since, provider from list_changes where series = ?
        order by since, provider limit 1""",
        (series_id,),
    ).fetchone()
    if row is None:
        return None
    change = json.loads(row["change"])
    moved = [f"{old} -> {new}" for old, new in change["moved"].items()]
    return ListChange(
        gone=change["gone"],
        moved=moved,
        looks=row["looks"],
        since=row["since"],
        source=row["provider"],
    )


def all_ids(conn: sqlite3.Connection) -> list[str]:
    """The series of which a change is not believed yet."""
    return [
        row["series"]
        for row in conn.execute("select distinct series from list_changes order by series")
    ]


def believe(
    conn: sqlite3.Connection,
    offer: tuple[str, str],
    known: Sequence[Row],
    listed: Sequence[Row],
    *,
    trusted: bool,
) -> list[Row]:
    """The rows to keep of an `offer`, (series, source), that had `known` and lists `listed` now.

    `trusted` says that the owner agrees with the list as it is.
    """
    known_by_key = {(row[0], row[1]): row for row in known}
    listed_by_key = {(row[0], row[1]): row for row in listed}
    moved = moves(known, listed)
    gone = [key for key in known_by_key if key not in listed_by_key and key not in moved]
    if trusted or not (gone or moved):
        _forget(conn, offer)
        return list(listed)
    change = {
        "gone": [codes.code(*key) for key in gone],
        "moved": {codes.code(*old): codes.code(*new) for old, new in moved.items()},
    }
    if _count_look(conn, offer, json.dumps(change)) >= LOOKS:
        _forget(conn, offer)
        return list(listed)
    _tell(offer, len(gone), len(moved), is_empty=not listed)
    return _merge(known_by_key, listed_by_key, moved)


def moves(known: Sequence[Row], listed: Sequence[Row]) -> dict[EpisodeKey, EpisodeKey]:
    """The known episodes whose file the source lists as another episode now, and that one."""
    keys_of_ref: dict[str, list[EpisodeKey]] = defaultdict(list)
    for row in listed:
        keys_of_ref[row[REF]].append((row[0], row[1]))
    found = {}
    for row in known:
        keys = keys_of_ref.get(row[REF], []) if row[REF] else []
        if keys and (row[0], row[1]) not in keys:
            found[row[0], row[1]] = keys[0]
    return found


def accept(conn: sqlite3.Connection, offer: tuple[str, str]) -> list[EpisodeKey]:
    """Believe the change of an `offer` now. Returns the episodes that it takes away."""
    row = conn.execute(
        "select change from list_changes where series = ? and provider = ?", offer
    ).fetchone()
    if row is None:
        return []
    _forget(conn, offer)
    return [codes.decode(code) for code in json.loads(row["change"])["gone"]]


def _forget(conn: sqlite3.Connection, offer: tuple[str, str]) -> None:
    where = "where series = ? and provider = ?"
    if conn.execute(f"select 1 from list_changes {where}", offer).fetchone():
        conn.execute(f"delete from list_changes {where}", offer)


def _tell(offer: tuple[str, str], gone: int, moved: int, *, is_empty: bool) -> None:
    what = "lists no episodes"
    if not is_empty:
        what = f"lacks {gone} episodes that it had, and has {moved} under another number"
    log.warning("%s: the source %s %s; what was known of it stays for now", *offer, what)


def _merge(
    known: Mapping[EpisodeKey, Row],
    listed: Mapping[EpisodeKey, Row],
    moved: Mapping[EpisodeKey, EpisodeKey],
) -> list[Row]:
    """All that was known, and what is new: no file stands at another episode than before."""
    key_of_ref = {row[REF]: key for key, row in known.items() if row[REF]}
    kept = dict(known)
    for key, row in listed.items():
        if key not in moved and key_of_ref.get(row[REF], key) == key:
            kept[key] = row
    return sorted(kept.values())


def _count_look(conn: sqlite3.Connection, offer: tuple[str, str], change: str) -> int:
    """How many looks in a row have told this change."""
    row = conn.execute(
        """
        insert into list_changes (series, provider, change, looks, since)
        values (:series, :source, :change, 1, :now)
        on conflict (series, provider) do update set
            looks = case when change = excluded.change then looks + 1 else 1 end,
            since = case when change = excluded.change then since else excluded.since end,
            change = excluded.change
        returning looks
        """,
        {"series": offer[0], "source": offer[1], "change": change, "now": now()},
    ).fetchone()
    return int(row["looks"])
