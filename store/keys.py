"""The public keys of series: `[a-z0-9-]+` for whatever a source, or the library, calls them.

A key is given once and stays for ever (docs/decisions.md, 4). The table `keys` is the truth; a
folder of the library is there as a series of the provider "local". Plain functions of a connection.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

from store.names import database_ids, spelling

MAX_SLUG = 80  # characters


def public_keys(conn: sqlite3.Connection, provider: str, names: Iterable[str]) -> dict[str, str]:
    """name -> public key, for each of the names by which `provider` knows its series.

    A name that has no key yet gets one.
    """
    return {
        name: _find(conn, provider, name) or _give(conn, provider, name)
        for name in sorted(set(names))
    }


def native_key(conn: sqlite3.Connection, provider: str, key: str) -> str | None:
    """The name by which `provider` knows the series with this public key; None if never given."""
    row = conn.execute(
        "select name from keys where provider = ? and key = ?", (provider, key)
    ).fetchone()
    return row["name"] if row else None


def rivals(names: Iterable[str], key: str) -> list[str]:
    """The `names` without a key that compete for `key`: the first of them gets it."""
    candidates = {name: _candidates(name) for name in set(names)}
    taken = {first for name, (first, *others) in candidates.items() if key in (first, *others)}
    return [name for name, (first, *_) in candidates.items() if first in taken]


def alike(names: Iterable[str], name: str) -> list[str]:
    """The `names` that would get the same key as `name`, if they were the first."""
    slug, *_ = _candidates(name)
    return [other for other in names if _candidates(other)[0] == slug]


def _find(conn: sqlite3.Connection, provider: str, name: str) -> str | None:
    row = conn.execute(
        "select key from keys where provider = ? and name = ?", (provider, name)
    ).fetchone()
    return row["key"] if row else None


def _give(conn: sqlite3.Connection, provider: str, name: str) -> str:
    """Give `name` the first of its candidates that is free."""
    key = next(key for key in _candidates(name) if native_key(conn, provider, key) is None)
    conn.execute("insert into keys (provider, name, key) values (?, ?, ?)", (provider, name, key))
    return key


def _candidates(name: str) -> list[str]:
    """The keys that `name` may get, in order.

    Its slug is the first; an empty, long or taken one is told apart by a hash.
    """
    slug = spelling.slug(database_ids.PATTERN.sub("", name))
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    candidates = [f"{slug[:MAX_SLUG] or 'series'}-{digest[:length]}" for length in (6, 64)]
    return [slug, *candidates] if 0 < len(slug) <= MAX_SLUG else candidates
