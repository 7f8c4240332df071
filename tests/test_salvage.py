"""A damaged database: set aside, what can be read carried over, and the deny list (C9, INV-5)."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from store import salvage
from store.db import Database, connect
from store.errors import DatabaseError
from tests.app import ROOT, Process, running
from tests.shows import Shows, home, queue, statuses
from tests.test_auth import authenticator_of, refused

PAGE_BYTES = 4096


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A database with some thousand rows, wholly in its file."""
    path = tmp_path_factory.mktemp("sound") / "aniworld.db"
    with closing(connect(path)) as db:
        db.execute("begin")
        for number in range(60):
            name = f"home_show-{number}"
            db.execute(
                "insert into series (id, provider, key, title, fold, updated_at)"
                " values (?, 'home', ?, 'Show', 'show', '')",
                (name, name),
            )
            for episode in range(1, 51):
                db.execute(
                    "insert into episodes (series, season, number, title) values (?, 1, ?, ?)",
                    (name, episode, "a title " * 9),
                )
        db.execute("insert into revoked (jti) values ('ended')")
        db.execute(
            "insert into items (series, season, number, priority, status, created_at)"
            " values ('home_show-7', 1, 2, 1, 'pending', '')"
        )
        db.execute("commit")
        db.execute("pragma wal_checkpoint(truncate)")
    return path


def pages_of(path: Path, table: str) -> list[int]:
    """The offsets of the pages of a table."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("select pageno from dbstat where name = ?", (table,)).fetchall()
    return [(row[0] - 1) * PAGE_BYTES for row in rows]


def has_dbstat() -> bool:
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute("select * from dbstat")
        except sqlite3.Error:
            return False
    return True


def carried(path: Path) -> tuple[salvage.Salvage, sqlite3.Connection]:
    successor = salvage.successor_of(path)
    with closing(connect(successor, salvage.version_of(path))) as new:
        incomplete = salvage.carry_over(path, new)
    kept = salvage.set_aside(path, successor)
    return salvage.Salvage(kept, tuple(incomplete)), connect(path)


def count(db: sqlite3.Connection, table: str) -> int:
    return db.execute(f"select count(*) from {table}").fetchone()[0]


def test_of_a_sound_one_everything_is_carried_over(sound, tmp_path):
    path = tmp_path / "aniworld.db"
    path.write_bytes(sound.read_bytes())
    found, db = carried(path)
    with closing(db):
        assert found.incomplete == () and found.has_deny_list
        assert (count(db, "series"), count(db, "episodes"), count(db, "items")) == (60, 3000, 1)
        assert db.execute("select jti from revoked").fetchone()[0] == "ended"
    assert found.kept.read_bytes()[:15] == b"SQLite format 3"


def test_a_page_in_the_middle_costs_little(sound, tmp_path):
    if not has_dbstat():
        pytest.skip("this SQLite has no table of its pages (dbstat)")
    path = tmp_path / "aniworld.db"
    content = bytearray(sound.read_bytes())
    offsets = pages_of(sound, "episodes")
    middle = offsets[len(offsets) // 2]
    content[middle : middle + PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(content)
    found, db = carried(path)
    with closing(db):
        assert found.incomplete == ("episodes",) and found.has_deny_list
        assert 2800 <= count(db, "episodes") < 3000, "both ends were read"
        assert count(db, "series") == 60
        assert db.execute("pragma foreign_key_check").fetchall() == []


@pytest.mark.parametrize("table", ["follow_passed", "ignored", "revoked"])
def test_what_following_passes_over_is_lost(sound, tmp_path, table):
    """Else it would fetch by itself what the owner has deleted, removed or ignored."""
    if not has_dbstat():
        pytest.skip("this SQLite has no table of its pages (dbstat)")
    path = tmp_path / "aniworld.db"
    path.write_bytes(sound.read_bytes())
    with closing(connect(path)) as db:
        for number, mode in enumerate(("all", "new", "off"), 7):
            db.execute(
                "insert into follows (series, mode, seasons, since, based)"
                " values (?, ?, '[]', '', 1)",
                (f"home_show-{number}", mode),
            )
        db.execute("pragma wal_checkpoint(truncate)")
    (offset,) = pages_of(path, table)
    content = bytearray(path.read_bytes())
    content[offset : offset + PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(content)
    found, db = carried(path)
    with closing(db):
        assert found.incomplete == (table,)
        rows = db.execute("select mode, based from follows order by id").fetchall()
        kept = [("all", 1), ("new", 1), ("off", 1)]
        changed = [("new", 0), ("new", 0), ("off", 1)]
        assert [tuple(row) for row in rows] == (kept if table == "revoked" else changed)


def test_rows_without_their_series_are_left_out(sound, tmp_path):
    path = tmp_path / "aniworld.db"
    path.write_bytes(sound.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        db.execute("delete from series where id = 'home_show-7'")
        db.commit()
    found, db = carried(path)
    with closing(db):
        assert set(found.incomplete) == {"episodes", "items"}
        assert (count(db, "series"), count(db, "episodes"), count(db, "items")) == (59, 2950, 0)


def test_each_one_that_is_set_aside_is_kept(tmp_path):
    path = tmp_path / "aniworld.db"
    path.write_bytes(b"0")
    for number in range(1, 4):
        successor = salvage.successor_of(path)
        successor.write_bytes(b"%d" % number)
        salvage.set_aside(path, successor)
    assert path.read_bytes() == b"3"
    kept = {each.read_bytes() for each in tmp_path.glob("*.corrupt-*")}
    assert kept == {b"0", b"1", b"2"}


def limited(folder: Path) -> subprocess.CompletedProcess:
    """Open the folder's database where no file may become larger than 40 pages."""
    program = (
        "import asyncio, resource, signal, sys\n"
        "from pathlib import Path\n"
        "from store.db import Database\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({40 * PAGE_BYTES},) * 2)\n"
        "asyncio.run(Database(Path(sys.argv[1])).open())\n"
    )
    command = [sys.executable, "-c", program, str(folder / "aniworld.db")]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


async def test_a_disk_that_fills_up_meanwhile_costs_nothing(sound, tmp_path):
    path = tmp_path / "aniworld.db"
    path.write_bytes(sound.read_bytes())
    salvage.mark(path)
    ended = limited(tmp_path)
    assert ended.returncode == 1 and "cannot be opened" in ended.stderr
    assert path.read_bytes() == sound.read_bytes(), "the old file is in its place"
    database = Database(path)
    await database.open()
    assert await database.run(count, "episodes") == 3000
    assert database.salvage and database.salvage.incomplete == ()
    await database.close()
    kept = database.salvage.kept.name
    assert sorted(each.name for each in tmp_path.iterdir()) == ["aniworld.db", kept]


async def test_a_database_of_a_newer_program_stays_where_it_is(sound, tmp_path):
    path = tmp_path / "aniworld.db"
    path.write_bytes(sound.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma user_version = 1000")
    salvage.mark(path)
    for _ in range(2):
        with pytest.raises(DatabaseError, match="of version 1000"):
            await Database(path).open()
    assert not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.parametrize("version", [1, 2, 3, 8])
async def test_a_database_of_an_older_program(tmp_path, version):
    path = tmp_path / "aniworld.db"
    with closing(connect(path, version)) as db:
        db.execute("insert into revoked (jti) values ('ended')")
    salvage.mark(path)
    database = Database(path)
    await database.open()
    assert await database.run(count, "revoked") == 1
    assert await database.run(count, "api_keys") == 0
    await database.close()


# -- whole starts ----------------------------------------------------------------------------------


def half(content: bytes) -> bytes:
    return content[: len(content) // 2 // PAGE_BYTES * PAGE_BYTES]


def negative(content: bytes) -> bytes:
    return content[:60] + b"\xff\xff\xff\xfc" + content[64:]


# What happens to the file: how, and whether what was logged out is known afterwards.
DAMAGE = {
    "garbage": lambda content: b"no database " * 1000,
    "100 bytes": lambda content: content[:100],
    "half": half,
    "a trashed header": lambda content: b"\0" * 100 + content[100:],
    "a negative version": negative,
    "emptied": lambda content: b"",
    "deleted": None,
}
KNOWS_DENY_LIST = {"a negative version"}


@pytest.mark.parametrize("way", DAMAGE)
async def test_C9_a_damaged_database_does_not_keep_the_server_down(tmp_path, caplog, way):
    async with Shows((1000,)) as up, running(tmp_path, providers=home(up.base)) as server:
        token = await server.login()
        await queue(server, "S01E01")
        ended = (await server.login(), await server.post("/api/auth/logout"))[0]
        path = server.state / "aniworld.db"
    content = path.read_bytes()
    for end in salvage.COMPANIONS:
        Path(f"{path}{end}").unlink(missing_ok=True)
    if DAMAGE[way] is None:
        path.unlink()
    else:
        path.write_bytes(DAMAGE[way](content))
    async with running(tmp_path) as server:
        assert (await server.get("/health"))[0] == 200
        refused(await server.get("/api/auth/status", token=ended), 401)
        status = (await server.get("/api/auth/status", token=token))[0]
        assert status == (200 if way in KNOWS_DENY_LIST else 401)
        await server.login()
        assert (await server.get("/api/v1/anime"))[0] == 200
        if way in KNOWS_DENY_LIST:
            assert await statuses(server) == {"S01E01": "pending"}
    kept = list(server.state.glob("aniworld.db.corrupt-*"))
    is_set_aside = way not in ("emptied", "deleted")
    assert bool(kept) == is_set_aside
    assert (str(path) in caplog.text and "was damaged" in caplog.text) == is_set_aside


async def test_C9_a_folder_in_its_place_is_told(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "aniworld.db").mkdir()
    process = Process(tmp_path, password=None)
    process.spawn()
    assert process.process.wait(60) == 1
    assert f"{tmp_path}/state/aniworld.db is a folder. Move it away" in process.log
    assert "Traceback" not in process.log


async def test_C9_damage_that_shows_in_use_is_told_and_mended_by_a_start(tmp_path, sound, caplog):
    if not has_dbstat():
        pytest.skip("this SQLite has no table of its pages (dbstat)")
    (tmp_path / "state").mkdir(mode=0o700)
    path = tmp_path / "state" / "aniworld.db"
    content = bytearray(sound.read_bytes())
    for offset in pages_of(sound, "episodes")[1:]:
        content[offset : offset + PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(content)
    async with running(tmp_path) as server:
        await server.login()
        refused(await server.get("/api/v1/anime/home_show-7"), 500, "DATABASE_ERROR")
        health = (await server.get("/health/detailed"))[1]
        assert health["status"] == "degraded" and health["database"]["status"] == "failed"
        assert caplog.text.count("stop the server and start it again") == 1
    async with running(tmp_path) as server:
        await server.login()
        assert (await server.get("/api/v1/anime/home_show-7"))[0] == 200
        assert (await server.get("/health/detailed"))[1]["database"]["status"] == "connected"
        assert authenticator_of(server).revoked == {"ended"}
