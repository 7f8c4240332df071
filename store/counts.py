"""How much of a series is here, missing, and to be had: counts that are derived, never edited.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from store import holes
from store.clock import now, today
from store.existing import EXISTING


class _Facts(NamedTuple):
    """What the counts follow from, of one regular episode; all but the key are 0 or 1."""

    season: int
    number: int
    exists: int  # whoever says so, and it was aired
    listed: int  # its source has it, and it was aired
    held: int  # surely
    unsure: int
    ignored: int


def recount(conn: sqlite3.Connection, series_id: str) -> None:
    """Derive how many episodes a series has, has here, misses, and can get.

    Specials, what is yet to be aired and what the owner ignores do not count (docs/decisions.md, 5
    and 32). An episode that an ambiguous file may hold is neither present nor missing.
    """
    values = {"id": series_id, "today": today()}
    rows = conn.execute(
        f"""
        with {EXISTING}
        select season, number, max(was_aired), max(listed), max(held), max(unsure), max(ignored)
        from (
            select season, number, 1 as was_aired, available as listed, 0 as held, 0 as unsure,
                0 as ignored
            from existing where season > 0 and (aired is null or aired <= :today)
            union all
            select season, number, 0, 0, sure, not sure, 0 from files
            where series = :id and season > 0
            union all
            select season, number, 0, 0, 0, 0, 1 from ignored where series = :id and season > 0
        ) group by season, number
        """,
        values,
    )
    facts = list(map(_Facts._make, rows))
    counted = [fact for fact in facts if not fact.ignored]
    downloaded = sum(fact.held for fact in counted)
    available = sum(fact.listed and not (fact.held or fact.unsure) for fact in counted)
    total = sum(fact.exists or fact.held for fact in counted)
    wanted = sum(fact.exists and not (fact.listed or fact.held or fact.unsure) for fact in counted)
    found = _count_holes(conn, series_id, facts) if may_have_holes(conn, series_id) else 0
    conn.execute(
        """
        update series set total = :total, downloaded = :downloaded, missing = :missing,
            available = :available, updated_at = :now,
            next_air = (select min(aired) from (
                select season, aired from episodes where series = :id
                union all select season, aired from calendar where series = :id
            ) where season > 0 and aired > :today)
        where id = :id
        """,
        {
            **values,
            "total": total + found,
            "downloaded": downloaded,
            "missing": available + wanted + found,
            "available": available,
            "now": now(),
        },
    )


def may_have_holes(conn: sqlite3.Connection, series_id: str) -> bool:
    """Whether a number that is absent between two others is an episode.

    It is none while files are ambiguous, for one of them may be it, nor where the numbers of files
    count through all seasons, for they would count past it.
    """
    row = conn.execute(
        """
        select 1 from series where id = :id and not counted
            and coalesce(numbering, '') <> 'absolute'
            and not exists (select 1 from files where series = :id and not sure)
        """,
        {"id": series_id},
    ).fetchone()
    return row is not None


def _count_holes(conn: sqlite3.Connection, series_id: str, facts: list[_Facts]) -> int:
    run = {(fact.season, fact.number) for fact in facts if fact.listed or fact.held}
    found = holes.find(run)
    if not found:
        return 0
    known = {(fact.season, fact.number) for fact in facts}
    upcoming = conn.execute(
        f"with {EXISTING} select season, number from existing", {"id": series_id}
    )
    known |= {(row["season"], row["number"]) for row in upcoming}
    return sum(key not in known for key in found)
