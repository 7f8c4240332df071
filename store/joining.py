"""Series that turn out to be one, at several sources or in the library; the owner's word on that.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from store import known_lists, offers, series, series_folders
from store.models import Listing
from store.names import database_ids, same_series
from store.names.identity import identify


def find_same(conn: sqlite3.Connection, provider: str, listing: Listing) -> str | None:
    """The id of the series, of other sources, that a source's surely is."""
    wanted = identify(listing.title, ids=listing.ids)
    keys = {key for name in wanted.names for key in name.keys}
    tags = [database_ids.bracketed({database: id_}) for database, id_ in listing.ids.items()]
    rows = conn.execute(
        f"""select id, title, ids from series where provider not in (?, ?) and (
            fold in ({", ".join("?" * len(keys))}) {" or instr(ids, ?)" * len(tags)})""",
        (provider, series.LOCAL, *keys, *tags),
    )
    others = [(identify(f"{row['title']} {row['ids']}"), str(row["id"])) for row in rows]
    found = same_series.find(wanted, others)
    if found is None:
        return None
    series_id, likeness = found
    is_same = likeness == "sure" or (
        likeness == "alike" and known_lists.may_be_same(conn, series_id, provider, listing)
    )
    return series_id if is_same else None


def find_owner(conn: sqlite3.Connection, provider: str, listing: Listing) -> str:
    """The id of the series that a source's is, or surely is as others have it; its own if none."""
    source_id = f"{provider}_{listing.key}"
    known = series.find(conn, source_id)
    return known.id if known else find_same(conn, provider, listing) or source_id


def join(conn: sqlite3.Connection, series_id: str, provider: str, key: str, title: str) -> bool:
    """Let a source's series surely be this one, too. Returns whether that can be.

    Where that is another series of the library, the two become one, unless both have folders, or a
    source in common: then the owner is asked.
    """
    known = offers.of_series(conn, series_id)
    if offers.is_apart(conn, series_id, provider, key):
        return False
    other_id = offers.owner(conn, provider, key)
    if other_id == series_id:
        return True
    has_another = any(o.provider == provider and o.standing == "linked" for o in known)
    if has_another or (other_id and not may_be_one(conn, other_id, series_id)):
        offers.ask(conn, series_id, provider, key, title)
        return False
    if other_id:
        absorb(conn, other_id, series_id)
    else:
        offers.link(conn, series_id, provider, key, title)
    return True


def absorb(conn: sqlite3.Connection, other_id: str, series_id: str) -> None:
    """Make a series, which has sources, one with another; its id goes on to name that one."""
    offers.forget_numbering(conn, other_id)
    for table in ("offers", "episodes", "list_changes", "items"):
        conn.execute(
            f"update or ignore {table} set series = ? where series = ?", (series_id, other_id)
        )
    series_folders.absorb(conn, other_id, series_id)
    # What either brings to the other is not what appears from now on.
    conn.execute("update follows set based = 0 where series = ?", (series_id,))
    conn.execute(
        """update series set listed = 1 where id = :id
            and exists (select 1 from items where items.series = :id)""",
        {"id": series_id},
    )


def set_linked(conn: sqlite3.Connection, series_id: str, wanted: Collection[str]) -> None:
    """The owner's word: the sources of a series are those with these ids, which are linked already.

    All others that it has, or that he is asked about, are other series.
    """
    for offer in offers.of_series(conn, series_id):
        if offer.id in wanted:
            continue
        conn.execute("delete from aliases where id = ?", (offer.id,))
        if offer.standing == "linked":
            offers.unlink(conn, series_id, offer.provider, "apart")
        elif offer.standing == "asked":
            conn.execute(
                """update offers set standing = 'apart'
                where series = ? and provider = ? and key = ?""",
                (series_id, offer.provider, offer.key),
            )


def may_be_one(conn: sqlite3.Connection, other_id: str, series_id: str) -> bool:
    """Whether two series may become one without the owner's word."""
    both = {offer.provider for offer in offers.linked(conn, other_id)} & {
        offer.provider for offer in offers.linked(conn, series_id)
    }
    is_being_fetched = conn.execute(
        """select 1 from items as theirs join items as ours on ours.season = theirs.season
            and ours.number = theirs.number
        where theirs.series = ? and ours.series = ? and theirs.status <> 'completed'""",
        (other_id, series_id),
    ).fetchone()
    has_folder = bool(series.get(conn, other_id).folder)
    return not (both or is_being_fetched or has_folder)
