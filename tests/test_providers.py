"""The sources that the owner configured, and how an episode goes from a listing to its source."""

import sqlite3

import pytest

from store import queue, series
from store.db import MIGRATIONS, connect
from store.models import Episode, Listing

WHOLE = Episode(
    season=1,
    number=2,
    title="The second",
    ref="a/b.mkv",
    size=1234,
    aired="2020-01-02",
    checksums={"sha256": "ab" * 32, "md5": "cd" * 16},
)


@pytest.fixture
def conn():
    connection = connect(":memory:")
    yield connection
    connection.close()


def test_an_episode_reaches_its_source_whole(conn):
    series.store_listing(conn, "home", Listing("show", "Show", episodes=(WHOLE,)))
    (item,) = queue.add(conn, "home_show", ["S01E02"], "normal").items
    assert item.episode == WHOLE
    series.store_listing(conn, "home", Listing("show", "Show"))
    assert queue.get(conn, item.id).episode is None


def test_other_checksums_are_a_change(conn):
    series.store_listing(conn, "home", Listing("show", "Show", episodes=(WHOLE,)))
    (item,) = queue.add(conn, "home_show", ["S01E02"], "normal").items
    changed = Episode(**vars(WHOLE) | {"checksums": {"sha256": "00" * 32}})
    series.store_listing(conn, "home", Listing("show", "Show", episodes=(changed,)))
    assert queue.get(conn, item.id).episode == changed


def test_a_database_from_before_checksums(tmp_path):
    with sqlite3.connect(tmp_path / "db") as old:
        for version in range(1, 6):
            old.executescript((MIGRATIONS / f"{version}.sql").read_text())
        old.executescript(
            """insert into series (id, provider, key, title, fold, updated_at)
               values ('home_show', 'home', 'show', 'Show', 'show', '');
               insert into episodes (series, season, number, ref) values ('home_show', 1, 1, 'x');
               pragma user_version = 5"""
        )
    old.close()
    conn = connect(tmp_path / "db")
    (item,) = queue.add(conn, "home_show", ["S01E01"], "normal").items
    assert item.episode == Episode(1, 1, ref="x")
    conn.close()
