"""The ways in which ambiguous files may be read, and the episodes that each way gives a series.

Each way is tried, its result told, and the trial taken back: nothing is kept. Plain functions of a
connection.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from store import files, links, series
from store.files import Numbering
from store.links import OwnersWord
from store.names import codes
from store.outbox import Notice
from store.schema import record

NAMED_FILES = 3  # that a choice tells as examples
TRIED_TITLES = 5


@record
class Example:
    """A file that is ambiguous now, and the episodes that it would surely hold."""

    path: str
    episodes: list[str]


@record
class Choice:
    """A way to read the files: `numbering` and `titles` are as Link takes them; null says nothing.

    The counts are those of the series with that choice.
    """

    numbering: Numbering | None
    titles: list[str] | None
    ambiguous_files: int
    missing_episodes: int
    downloaded_episodes: int
    examples: list[Example]


def ambiguous(conn: sqlite3.Connection) -> dict[str, Notice]:
    """Id of a series -> how many of its files are ambiguous."""
    rows = conn.execute(
        """
        select series.id, title, count(distinct path) as count
        from files join series on series.id = files.series
        where not sure and season >= 0 group by series.id order by title
        """
    )
    return {
        row["id"]: Notice(
            row["title"],
            f"{row['count']} {'file' if row['count'] == 1 else 'files'}: say on its page what"
            " they are",
            anime_id=row["id"],
        )
        for row in rows
    }


class _Outcome(NamedTuple):
    ambiguous: frozenset[str]
    held: dict[str, tuple[str, ...]]  # path -> codes
    missing: int
    downloaded: int


def of_series(conn: sqlite3.Connection, anime_id: str) -> list[Choice]:
    """The choices that leave fewer files ambiguous, each outcome once. Raises NotFound."""
    anime = series.get(conn, anime_id)
    now = _look(conn, anime.id)
    choices: list[Choice] = []
    seen = [now.held]
    for word in _words(conn, anime.id) if now.ambiguous else ():
        outcome = _try(conn, anime.id, word)
        if len(outcome.ambiguous) < len(now.ambiguous) and outcome.held not in seen:
            seen.append(outcome.held)
            choices.append(_choice(word, now, outcome))
    return choices


def _words(conn: sqlite3.Connection, series_id: str) -> Iterator[OwnersWord]:
    """The words about the series between which the owner may choose."""
    yield OwnersWord(numbering="season")
    yield OwnersWord(numbering="absolute")
    titles = json.loads(series.get(conn, series_id).titles)
    for title in files.second_titles_of(conn, series_id)[:TRIED_TITLES]:
        yield OwnersWord(titles=[*titles, title])


def _try(conn: sqlite3.Connection, series_id: str, word: OwnersWord) -> _Outcome:
    conn.execute("savepoint choice")
    try:
        links.link(conn, series_id, (), word)
        return _look(conn, series_id)
    finally:
        conn.execute("rollback to choice")
        conn.execute("release choice")


def _look(conn: sqlite3.Connection, series_id: str) -> _Outcome:
    anime = series.get(conn, series_id)
    ambiguous: set[str] = set()
    held: dict[str, tuple[str, ...]] = {}
    rows = conn.execute(
        """select path, season, number, sure from files where series = ?
        order by path, season, number""",
        (series_id,),
    )
    for path, season, number, sure in rows:
        if not sure:
            ambiguous.add(path)
        elif season != files.NO_EPISODE:
            held[path] = (*held.get(path, ()), codes.code(season, number))
    return _Outcome(frozenset(ambiguous), held, anime.missing, anime.downloaded)


def _choice(word: OwnersWord, now: _Outcome, outcome: _Outcome) -> Choice:
    decided = sorted(now.ambiguous - outcome.ambiguous)
    return Choice(
        numbering=word.numbering,
        titles=list(word.titles) if word.titles is not None else None,
        ambiguous_files=len(outcome.ambiguous),
        missing_episodes=outcome.missing,
        downloaded_episodes=outcome.downloaded,
        examples=[
            Example(path, list(outcome.held.get(path, ()))) for path in decided[:NAMED_FILES]
        ],
    )
