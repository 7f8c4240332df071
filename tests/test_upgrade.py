"""An upgrade keeps everything: a state of the first release, through every migration since.

`first_release.sql` is the database that the first release's own program has written: its demo was
killed in the middle of two downloads, with one that was done and five that waited.
"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import jwt
import pytest

from store import db
from tests.app import ROOT, Process, folders, until

DUMP = (ROOT / "tests/first_release.sql").read_text()
SECRETS = {  # of the same run
    "jwt_key": "n5qEh3SDjJuIL498s6YdhGD+kWCJJvIhjYOjRf1b1Xo=",
    "password_hash": "$2b$12$w3/PtGvjJbEACyitYVyQoOkZloEVHYMgy/3wHJA6XLQVFswwdrsTK",
    "epoch": 1,
    "providers": {},
}
LOGGED_OUT = "KI8csn0MVQCGDPXpgSkX4w"
NEWEST = len(list((ROOT / "store/migrations").glob("*.sql")))


@pytest.fixture
def old(tmp_path) -> Iterator[Path]:
    """The first release's database."""
    state, _, _ = folders(tmp_path)
    path = state / "aniworld.db"
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.executescript(DUMP)
    return path


def shape(connection: sqlite3.Connection) -> dict[str, object]:
    """Tables with their columns, and indexes with theirs."""
    found: dict[str, object] = {}
    for kind, name in connection.execute("select type, name from sqlite_schema"):
        pragma = {"table": "table_xinfo", "index": "index_xinfo"}.get(kind)
        rows = connection.execute(f"pragma {pragma}({name})").fetchall() if pragma else []
        columns = [tuple(row) for row in rows]
        # A column that was added later stands at the end of its table.
        found[f"{kind} {name}"] = sorted((row[1:] for row in columns), key=str)
    return found


def test_every_step_keeps_the_database_whole(old):
    """One migration after the other, each with the data of the first release."""
    for version in range(1, NEWEST + 1):
        with closing(db.connect(old, version)) as connection:
            assert connection.execute("pragma user_version").fetchone()[0] == version
            assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"
            assert connection.execute("pragma foreign_key_check").fetchall() == []
    with closing(db.connect(old)) as upgraded, closing(db.connect(":memory:")) as new:
        assert shape(upgraded) == shape(new)
        assert upgraded.execute("pragma foreign_key_check").fetchall() == []


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_every_version_is_upgraded_at_once(old, version):
    """An owner may skip any number of versions."""
    with closing(db.connect(old, version)):
        pass
    with closing(db.connect(old)) as connection:
        counts = {
            table: connection.execute(f"select count(*) from {table}").fetchone()[0]
            for table in ("series", "episodes", "files", "items", "revoked")
        }
    assert counts == {"series": 3, "episodes": 138, "files": 120, "items": 8, "revoked": 1}


@pytest.mark.parametrize("version", [NEWEST + 1, NEWEST + 50])
def test_a_downgrade_refuses_in_words(old, version):
    with closing(sqlite3.connect(old)) as connection:
        connection.execute(f"pragma user_version = {version}")
    before = old.read_bytes()
    with pytest.raises(db.DatabaseError, match=rf"version {version}.*knows {NEWEST}.*update"):
        db.connect(old)
    assert old.read_bytes() == before


@pytest.mark.slow
async def test_the_server_goes_on_where_the_first_release_was(tmp_path, old):
    """Password, logged out token, series with their counts, queue and its state, parts."""
    (old.parent / "secrets.json").write_text(json.dumps(SECRETS))
    (old.parent / "secrets.json").chmod(0o600)
    async with Process(tmp_path, password=None) as process:
        await process.login("secure_pass")
        claims = jwt.decode(process.token, options={"verify_signature": False})
        key = base64.b64decode(SECRETS["jwt_key"])
        assert jwt.decode(process.token, key, algorithms=["HS256"], audience="api") == claims
        revoked = jwt.encode(claims | {"jti": LOGGED_OUT}, key, algorithm="HS256")
        assert (await process.get("/api/auth/status", token=revoked))[0] == 401
        _, series, _ = await process.get("/api/v1/anime?show=all")
        counts = {each["id"]: each["missing_episodes"] for each in series}
        assert counts == {"aniworld_123": 4, "aniworld_456": 2, "aniworld_789": 12}
        _, queue, _ = await process.get("/api/queue")
        items = {item["queue_item_id"]: item for item in queue["data"]}
        assert sorted(items) == [f"queue_{number}" for number in range(1, 9)]
        assert items["queue_1"]["status"] == "completed"
        waiting = [item["status"] for name, item in items.items() if name != "queue_1"]
        assert set(waiting) <= {"pending", "failed"}, "nobody works on them any more"
        _, status, _ = await process.get("/api/queue/status")
        assert status["data"]["state"] == "running"
        assert await process.stop() == 0
        assert "Traceback" not in process.log
        await process.start()
        await until(lambda: process.get("/health"))


def test_the_version_is_told():
    from store import VERSION

    assert re.search(rf"^version = {re.escape(VERSION)}$", (ROOT / "setup.cfg").read_text(), re.M)
