"""Keys of scripts and dashboards: named, with a scope, stored as hashes."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import unicodedata
from typing import Literal, NamedTuple

from store.clock import now
from store.errors import Conflict, Invalid, NotFound

Scope = Literal["read", "write", "share"]

PREFIX = "aw_"
RANDOM_BYTES = 32
MAX_KEYS = 100
# Control and format characters (bidi among them), line and paragraph ends, halves of characters.
UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Cs")


class ApiKey(NamedTuple):
    """A key without its text, which nobody keeps."""

    id: int
    name: str
    scope: Scope
    digest: str
    created_at: str
    last_used_at: str | None


def new_text() -> str:
    """The text of a new key, to be shown once."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def digest(text: str) -> str:
    """The hash that is stored of a key. A plain SHA-256 does: nobody guesses 256 random bits."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def add(conn: sqlite3.Connection, name: str, scope: Scope, text: str) -> ApiKey:
    """Store a key.

    Raises Invalid for a name that does not show what it is, and Conflict when there are MAX_KEYS.
    """
    _check_name(name)
    if conn.execute("select count(*) from api_keys").fetchone()[0] >= MAX_KEYS:
        raise Conflict(f"There are {MAX_KEYS} keys already: delete one that is not used")
    row = conn.execute(
        "insert into api_keys (name, scope, digest, created_at) values (?, ?, ?, ?) returning *",
        (name, scope, digest(text), now()),
    ).fetchone()
    return ApiKey(*row)


def _check_name(name: str) -> None:
    """Raises Invalid for invisible characters, and for those that turn the text beside them."""
    if not name.strip():
        raise Invalid("name", "must not be blank")
    for character in name:
        if unicodedata.category(character) in UNSEEN:
            code = f"U+{ord(character):04X}"
            raise Invalid("name", f"must not hold the character {code}, which is not shown")


def all_keys(conn: sqlite3.Connection) -> list[ApiKey]:
    """All keys, the oldest first."""
    return [ApiKey(*row) for row in conn.execute("select * from api_keys order by id")]


def remove(conn: sqlite3.Connection, key_id: int) -> None:
    """Raises NotFound."""
    if not conn.execute("delete from api_keys where id = ?", (key_id,)).rowcount:
        raise NotFound("Key not found", key_id=f"key_{key_id}")


def set_last_used(conn: sqlite3.Connection, key_id: int, at: str) -> None:
    conn.execute(
        "update api_keys set last_used_at = ? where id = ? and last_used_at is not ?",
        (at, key_id, at),
    )
