"""Which file of a source each episode gets, by the owner's wishes, and which episodes wait.

An episode waits while its best file lacks what the owner wishes: for some days, or for good where
the picture is larger or smaller than he wants it. The days are counted from when the episode was
first seen at its source, or from the date of its file there, if that one is older. The clock may be
wrong: a day that is yet to come counts as today.

Plain functions of a connection; each is (part of) one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, NamedTuple

from store import preference, schema, series, variants
from store.clock import at, days_later, now
from store.errors import Failure, Invalid
from store.models import Episode
from store.names.codes import EpisodeKey
from store.wish import Prefer, SeriesPrefer

SETTING = "prefer"  # under which the table meta has the wish for all series
# Of the table episodes: what a choice follows from, and what follows from it.
COLUMNS = (
    "season, number, title, ref, size, aired, checksums, available, modified, why, variants,"
    " seen_at, waits, waits_until, fit"
)

Row = tuple[Any, ...]


class Waiting(NamedTuple):
    """`lacks` what the episode waits for, until then; for good where that is None."""

    lacks: str = ""
    until: str | None = None


# -- wishes ----------------------------------------------------------------------------------------


def set_general(conn: sqlite3.Connection, wish: Prefer) -> None:
    """Keep the wish for all series where the choice is made, and choose anew if it is another."""
    text = json.dumps(asdict(wish))
    row = conn.execute("select value from meta where key = ?", (SETTING,)).fetchone()
    if (row["value"] if row else json.dumps(asdict(Prefer()))) == text:
        return
    conn.execute("insert or replace into meta (key, value) values (?, ?)", (SETTING, text))
    for each in conn.execute("select id from series order by id").fetchall():
        choose_again(conn, each["id"])


def set_of_series(conn: sqlite3.Connection, anime_id: str, wish: SeriesPrefer) -> SeriesPrefer:
    """Keep the wish for one series, and choose anew. Raises NotFound, and Invalid for a wish that
    nothing can fulfil."""
    series_id = series.get(conn, anime_id).id
    if wish.over(_general(conn)).is_contradiction:
        raise Invalid("min_resolution", "is more than max_resolution")
    told = {name: value for name, value in asdict(wish).items() if value is not None}
    text = json.dumps(told) if told else ""
    conn.execute("update series set prefer = ? where id = ?", (text, series_id))
    choose_again(conn, series_id)
    return wish


def of_series(conn: sqlite3.Connection, series_id: str) -> SeriesPrefer:
    """The wish for this one series."""
    row = conn.execute("select prefer from series where id = ?", (series_id,)).fetchone()
    text = row["prefer"] if row else ""
    with suppress(Failure):  # a newer version may wish for more
        return schema.read(SeriesPrefer, json.loads(text or "{}"))
    return SeriesPrefer()


def in_force(conn: sqlite3.Connection, series_id: str) -> Prefer:
    """The wish that holds for a series."""
    return of_series(conn, series_id).over(_general(conn))


def _general(conn: sqlite3.Connection) -> Prefer:
    row = conn.execute("select value from meta where key = ?", (SETTING,)).fetchone()
    with suppress(Failure):
        return schema.read(Prefer, json.loads(row["value"] if row else "{}"))
    return Prefer()


# -- choices ---------------------------------------------------------------------------------------


def rows(
    conn: sqlite3.Connection,
    series_id: str,
    episodes: Iterable[Episode],
    known: Iterable[Row],
) -> list[Row]:
    """The rows, in COLUMNS, of the episodes that a source lists, each with the file it gets.

    `known` are the rows before: they tell when an episode was seen first.
    """
    wish = in_force(conn, series_id)
    moment = now()
    seen: dict[EpisodeKey, str] = {(row[0], row[1]): row[11] for row in known}
    found = []
    for episode in episodes:
        seen_at = seen.get((episode.season, episode.number), moment)
        found.append(_row(episode, wish, min(seen_at, moment)))
    return found


def choose_again(conn: sqlite3.Connection, series_id: str) -> None:
    """Choose anew among the files that are known of a series; only what changes is written."""
    wish = in_force(conn, series_id)
    since = days_later(now(), -wish.wait_days)
    found = conn.execute(
        f"""select {COLUMNS}, provider from episodes
        where series = ? and (variants <> '' or waits <> '' or seen_at > ?)""",
        (series_id, since),
    ).fetchall()
    for row in found:
        *columns, provider = row
        before = tuple(columns)
        after = _row(episode(row), wish, before[11])
        if before != after:
            conn.execute(
                """update episodes set ref = ?, size = ?, checksums = ?, modified = ?, why = ?,
                waits = ?, waits_until = ?, fit = ?
                where series = ? and season = ? and number = ? and provider = ?""",
                (*after[3:5], after[6], *after[8:10], *after[12:], series_id, *after[:2], provider),
            )


def _row(episode: Episode, wish: Prefer, seen_at: str) -> Row:
    best, choice = preference.chosen(episode, wish)
    waiting = _wait(best, choice, wish, seen_at)
    why, fit = best.why, preference.fit(choice.variant, wish)
    if waiting.lacks:
        until = f" until {waiting.until[:10]}" if waiting.until else ""
        why = f"{why}, which is waited for{until}"
    checksums = json.dumps(dict(best.checksums)) if best.checksums else "{}"
    return (
        *(best.season, best.number, best.title, best.ref, best.size, best.aired),
        *(checksums, int(best.available), best.modified, why),
        *(variants.pack(episode.variants), seen_at, *waiting, fit),
    )


def episode(row: sqlite3.Row) -> Episode:
    """The episode of a row, without the choice of its file."""
    return Episode(
        row["season"],
        row["number"],
        title=row["title"],
        ref=row["ref"],
        size=row["size"],
        aired=row["aired"],
        checksums=json.loads(row["checksums"]),
        available=bool(row["available"]),
        modified=row["modified"],
        variants=variants.unpack(row["variants"]),
    )


def _wait(episode: Episode, choice: preference.Choice, wish: Prefer, seen_at: str) -> Waiting:
    if not (choice.lacks and episode.available):
        return Waiting()
    if choice.refused:
        return Waiting(choice.lacks)
    until = days_later(_first_seen(episode, seen_at), wish.wait_days)
    return Waiting(choice.lacks, until) if until > now() else Waiting()


def _first_seen(episode: Episode, seen_at: str) -> str:
    """The moment since which the source is known to have the episode."""
    moment = now()
    told = [seen_at or at(0)]
    if episode.modified:
        told.append(at(episode.modified))
    elif episode.aired:
        told.append(f"{episode.aired}T00:00:00Z")
    return min([each for each in told if each <= moment], default=moment)
