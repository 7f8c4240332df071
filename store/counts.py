"""How many episodes of a series are here, missing, and to be had: derived counts, never edited.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from store import holes
from store.clock import now, today
from store.existing import EXISTING
from store.names.codes import EpisodeKey


class _Facts(NamedTuple):
    """The sets of regular episodes from which the counts of a series follow."""

    known: set[EpisodeKey]  # whoever says so, and even if it is yet to be aired
    exists: set[EpisodeKey]  # whoever says so, and it was aired
    listed: set[EpisodeKey]  # its source has it, and it was aired
    held: set[EpisodeKey]  # surely
    unsure: set[EpisodeKey]
    ignored: set[EpisodeKey]


def recount(conn: sqlite3.Connection, series_id: str) -> None:
    """Derive how many episodes a series has, has here, misses, and can get.

    Specials, what is yet to be aired and what the owner ignores do not count (docs/decisions.md, 5
    and 32). An episode that an ambiguous file may hold is neither present nor missing.
    """
    facts = _read_facts(conn, series_id)
    here = facts.held | facts.unsure
    available = len(facts.listed - here - facts.ignored)
    wanted = len(facts.exists - facts.listed - here - facts.ignored)
    found = _count_holes(facts) if may_have_holes(conn, series_id) else 0
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
            "id": series_id,
            "today": today(),
            "total": len((facts.exists | facts.held) - facts.ignored) + found,
            "downloaded": len(facts.held - facts.ignored),
            "missing": available + wanted + found,
            "available": available,
            "now": now(),
        },
    )


def may_have_holes(conn: sqlite3.Connection, series_id: str) -> bool:
    """Whether a number that is absent between two others is an episode. It is not while files are
    ambiguous, for one of them may be that episode. It is not where the numbers of files count
    through all seasons either, for they would count past it."""
    row = conn.execute(
        """
        select 1 from series where id = :id and not counted
            and coalesce(numbering, '') <> 'absolute'
            and not exists (select 1 from files where series = :id and not sure)
        """,
        {"id": series_id},
    ).fetchone()
    return row is not None


def _read_facts(conn: sqlite3.Connection, series_id: str) -> _Facts:
    facts = _Facts(set(), set(), set(), set(), set(), set())
    last_day = today()
    for season, number, available, aired in conn.execute(
        f"with {EXISTING} select season, number, available, aired from existing where season > 0",
        {"id": series_id},
    ):
        key = season, number
        facts.known.add(key)
        if (aired or "") <= last_day:
            facts.exists.add(key)
            if available:
                facts.listed.add(key)
    for season, number, sure in conn.execute(
        "select season, number, sure from files where series = ? and season > 0", (series_id,)
    ):
        (facts.held if sure else facts.unsure).add((season, number))
    facts.ignored.update(
        (season, number)
        for season, number in conn.execute(
            "select season, number from ignored where series = ? and season > 0", (series_id,)
        )
    )
    facts.known.update(facts.held, facts.unsure, facts.ignored)
    return facts


def _count_holes(facts: _Facts) -> int:
    return sum(key not in facts.known for key in holes.find(facts.listed | facts.held))
