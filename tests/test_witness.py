"""The library tells what a source's files are, where these leave it open."""

import contextlib
import json

import pytest

from store import episodes, files, list_changes
from store.db import connect
from store.models import Episode, Listing
from store.names import source_files

ID = "home_nacht"


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        episodes.store_listing(conn, "home", Listing("nacht", "Nacht"))
        yield conn


def lists(conn, *names):
    """Let the source list these files; the code of each episode that is known then."""
    paths = [f"Nacht/{name}.mkv" for name in names]
    listed = tuple(
        Episode(*file.episodes[0], ref=path, split=file.split, is_seasonless=file.is_seasonless)
        for path, file in zip(paths, source_files.read_files(paths))
    )
    episodes.store_listing(conn, "home", Listing("nacht", "Nacht", episodes=listed))
    rows = conn.execute("select season, number, ref from episodes order by season, number")
    return [(row["season"], row["number"], row["ref"][6:-4]) for row in rows]


def holds(conn, *names):
    files.record_files(conn, ID, "Nacht", [(f"Nacht/{name}.mkv", 9) for name in names])


def fetched(conn, season, number, path, source):
    receipt = json.dumps({"bytes": 9, "source": f"http://nas.lan/tv/{source}"})
    conn.execute(
        """insert into history
            (item, series, title, season, number, provider, path, receipt, finished_at)
        values (1, ?, 'Nacht', ?, ?, 'home', ?, ?, '2026-01-01T00:00:00Z')""",
        (ID, season, number, path, receipt),
    )


def test_the_library_breaks_a_tie(conn):
    holds(conn, "Nacht - S01E01", "Nacht - S01E02", "Nacht - S01E03")
    expected = [(1, 1, "101"), (1, 2, "102"), (1, 3, "103"), (1, 4, "104")]
    for _ in range(2):
        assert lists(conn, "101", "102", "103", "104") == expected
        assert list_changes.find(conn, ID) is None


def test_what_nobody_tells_is_offered_once_it_is_told(conn):
    holds(conn, "Nacht - S01E01")
    assert lists(conn, "101", "102", "103") == []
    holds(conn, "Nacht - S01E01", "Nacht - S01E02", "Nacht - S01E03")
    assert len(lists(conn, "101", "102", "103")) == 3
    assert list_changes.find(conn, ID) is None


def test_files_that_are_not_clear_are_no_witness(conn):
    """How they are read depends on the source's list itself."""
    holds(conn, "Nacht - 01", "Nacht - 02", "Nacht - 03")
    assert lists(conn, "101", "102") == [(1, 101, "101"), (1, 102, "102")]


@pytest.mark.parametrize("number", [1, 101])
def test_a_file_that_was_fetched_binds_its_neighbours(conn, number):
    fetched(conn, 1, number, "Nacht/Folge A.mkv", "Nacht/101.mkv")
    holds(conn, "Folge A", "Nacht - S01E05")
    assert lists(conn, "101", "102") == [(1, number, "101"), (1, number + 1, "102")]


def test_a_file_that_was_fetched_from_another_folder_binds_nothing(conn):
    fetched(conn, 1, 1, "Nacht/Folge A.mkv", "Yakei/101.mkv")
    holds(conn, "Folge A")
    assert lists(conn, "101", "102") == []


def test_numbers_that_may_count_on_into_a_second_season_are_not_offered(conn):
    holds(conn, *[f"Nacht - S01E{number:02}" for number in range(1, 10)], "Nacht - S02E01")
    fetched(conn, 1, 12, "Nacht/gone.mkv", "Nacht/12.mkv")
    assert [key[1] for key in lists(conn, "08", "09", "10", "11", "12")] == [8, 9, 12]
