"""What exists, what a source has, and what a file holds are three facts: docs/decisions.md, 31."""

import contextlib
import random

import pytest

from store import counts, episodes, files, holes, known_episodes, series
from store.db import connect
from store.models import Episode, Listing
from tests.app import running
from tests.rows import each_row
from tests.shows import SHOW, add, completed, home, queue
from tests.shows import episodes as shown_episodes
from tests.tree import Tree

VIDEO = b"\x1aE\xdf\xa3" + bytes(range(256)) * 9


@each_row(
    "known, expected",
    [
        ([(1, n) for n in (*range(1, 8), *range(9, 13))], [(1, 8)]),
        ([(1, 3), (1, 4)], []),  # none before the first
        ([(1, 1), (2, 5)], []),  # seasons are runs of their own
        ([(1, 2), (1, 5), (2, 1), (2, 3)], [(1, 3), (1, 4), (2, 2)]),
        ([(0, 1), (0, 3)], []),  # nobody counts specials
        ([(1, 0), (1, 2)], [(1, 1)]),
        ([(1, 1), (1, 7)], [(1, n) for n in range(2, 7)]),
        ([(1, 1), (1, 8)], []),  # two numbers are no run
        ([(1, 1), (1, 2019)], []),  # nor is a year
        ([(1, n) for n in (*range(1, 13), 25)], [(1, n) for n in range(13, 25)]),
        ([(1, n) for n in (*range(1, 13), *range(101, 114))], []),  # two ways to count
        ([(1, 5), (1, 5), (1, 7)], [(1, 6)]),
        ([], []),
    ],
)
def test_numbers_between_known_ones_are_holes(known, expected):
    assert holes.find(known) == expected


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


def listing(*keys, aired=None) -> Listing:
    listed = tuple(Episode(season, number, aired=aired) for season, number in keys)
    return Listing("show", "Show", episodes=listed)


def states(conn) -> dict[str, str]:
    return {episode.code: episode.state for episode in known_episodes.of_series(conn, SHOW)}


def test_a_hole_is_wanted_and_counts_as_missing(conn):
    episodes.store_listing(conn, "home", listing((1, 1), (1, 2), (1, 4), (1, 7)))
    files.record_files(
        conn, SHOW, "Show", [("Show/Show - S01E01.mkv", 1), ("Show/Show - S01E04-E05.mkv", 1)]
    )
    assert states(conn) == {
        "S01E01": "present",
        "S01E02": "missing",
        "S01E03": "wanted",
        "S01E04": "present",
        "S01E05": "present",  # a double episode leaves no hole
        "S01E06": "wanted",
        "S01E07": "missing",
    }
    anime = series.get(conn, SHOW)
    assert (anime.total, anime.downloaded, anime.missing, anime.available) == (7, 3, 4, 2)


def test_a_series_without_a_source_has_holes_too(conn):
    series_id = series.add_local(conn, "Show", "Show")
    videos = [(f"Show/Show - S01E0{number}.mkv", 1) for number in (2, 3, 5)]
    files.record_files(conn, series_id, "Show", videos)
    anime = series.get(conn, series_id)
    assert (anime.total, anime.downloaded, anime.missing, anime.available) == (4, 3, 1, 0)


@pytest.mark.parametrize(
    "name, numbering",
    [
        ("Show 101.mkv", None),  # may be S01E01, or episode 101
        ("Show - S01E09.mkv", "absolute"),
        ("Show - 12.mkv", None),  # the twelfth of all: S02E02
    ],
)
def test_no_hole_where_numbers_are_in_doubt(conn, name, numbering):
    keys = [(1, n) for n in range(1, 102) if n != 50]
    if name == "Show - 12.mkv":
        keys = [(1, n) for n in range(1, 12) if n != 5] + [(2, n) for n in (1, 2, 3)]
    episodes.store_listing(conn, "home", listing(*keys))
    files.record_files(conn, SHOW, "Show", [("Show/Show - S01E02.mkv", 1)])
    assert "wanted" in states(conn).values()
    files.record_files(conn, SHOW, "Show", [(f"Show/{name}", 1)])
    files.set_numbering(conn, SHOW, numbering, None)
    assert "wanted" not in states(conn).values()
    anime = series.get(conn, SHOW)
    assert anime.missing == anime.available


def test_no_hole_between_the_last_aired_and_the_future(conn):
    future = tuple(Episode(1, number, aired="2999-01-01") for number in (6, 9))
    aired = tuple(Episode(1, number) for number in (1, 2, 3))
    episodes.store_listing(conn, "home", Listing("show", "Show", episodes=aired + future))
    assert "wanted" not in states(conn).values()


def test_the_counts_are_those_of_the_states(conn):
    """Whatever is listed, held, ambiguous, ignored or yet to come."""
    draw = random.Random(31)
    for _ in range(200):
        conn.execute("delete from series")
        few = [
            (season, draw.randint(0, 12)) for season in (0, 1, 2) for _ in range(draw.randint(0, 7))
        ]
        listed = {key: draw.choice([None, "2020-01-01", "2999-01-01"]) for key in few}
        made = tuple(Episode(*key, aired=aired) for key, aired in listed.items())
        episodes.store_listing(conn, "home", Listing("show", "Show", episodes=made))
        held = [
            f"Show/Show - S0{draw.randint(0, 2)}E{draw.randint(0, 12):02}.mkv" for _ in range(4)
        ]
        sizes = {path: draw.choice([1, 1, 1, 0]) for path in held}  # an empty one is ambiguous
        files.record_files(conn, SHOW, "Show", sizes.items())
        known = known_episodes.of_series(conn, SHOW)
        for episode in draw.sample(known, min(3, len(known))):
            episodes.set_ignored(conn, SHOW, episode.key, ignored=True)
        counted = [
            episode.state
            for episode in known_episodes.of_series(conn, SHOW)
            if episode.season > 0 and not episode.ignored
        ]
        anime = series.get(conn, SHOW)
        assert anime.downloaded == counted.count("present")
        assert anime.available == counted.count("missing")
        assert anime.missing == counted.count("missing") + counted.count("wanted")
        assert anime.total >= anime.downloaded + anime.missing
        before = (anime.total, anime.downloaded, anime.missing)
        counts.recount(conn, SHOW)
        anime = series.get(conn, SHOW)
        assert (anime.total, anime.downloaded, anime.missing) == before


def test_counts_of_an_older_database_are_derived_anew(conn):
    """The next list, and the details, tell them."""
    episodes.store_listing(conn, "home", listing((1, 1), (1, 3)))
    conn.execute("update series set listed = 1, missing = 2, available = 0, next_air = ''")
    details = episodes.details(conn, SHOW)
    assert (details.missing_episodes, details.available_episodes) == (3, 2)


async def test_what_can_be_fetched_is_and_the_owner_has_the_last_word(tmp_path):
    """`missing` takes what a source has; an ignored episode is counted nowhere."""
    served = {f"Show/Show - S01E{number:02}.mkv": VIDEO for number in (1, 2, 3, 5, 6)}
    async with Tree(served) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        add(server, "Show/Show - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")

        async def listed() -> list[tuple[int, int, int]]:
            _, shown, _ = await server.get("/api/v1/anime")
            names = ("total_episodes", "missing_episodes", "available_episodes")
            return [tuple(anime[name] for name in names) for anime in shown]

        async def ignore(code: str, ignored: bool = True) -> tuple[int, dict]:
            path = f"/api/v1/anime/{SHOW}/episodes/{code}"
            status, body, _ = await server.put(path, json={"ignored": ignored})
            return status, body

        assert await listed() == [(6, 5, 4)]
        entry = (await shown_episodes(server, SHOW))["S01E04"]
        assert (entry["state"], entry["sources"], entry["ignored"]) == ("wanted", [], False)
        body = {"anime_id": SHOW, "episodes": ["S01E04"]}
        assert (await server.post("/api/queue/add", json=body))[0] == 404
        status, answer = await ignore("s01e02")
        assert status == 200 and answer["data"]["state"] == "ignored"
        assert await listed() == [(5, 4, 3)]
        assert (await ignore("S01E04"))[1]["data"]["ignored"] is True
        assert await listed() == [(4, 3, 3)]
        assert (await ignore("S01E04", False))[1]["data"]["state"] == "wanted"
        assert (await ignore("S01E77"))[0] == 404
        assert (await ignore("S01E06.5"))[0] == (await ignore("nonsense"))[0] == 422
        added = await queue(server, "missing")
        assert len(added["items"]) == 3 and added["skipped"] == []
        await server.post("/api/queue/start")
        await completed(server, "S01E03", "S01E05", "S01E06")
        assert await listed() == [(5, 1, 0)]
        status, refusal, _ = await server.post(
            "/api/queue/add", json={"anime_id": SHOW, "episodes": ["missing"]}
        )
        assert (status, refusal["message"]) == (409, "No source has the episodes that are missing")
        await queue(server, "S01E02")  # asked for by its code
        await completed(server, "S01E02")
        entry = (await shown_episodes(server, SHOW))["S01E02"]
        assert (entry["state"], entry["ignored"]) == ("present", True)
        assert await listed() == [(5, 1, 0)]
        # A hole that is filled in by hand is an episode as any other.
        add(server, "Show/Show - S01E04.mkv")
        await server.post("/api/v1/anime/rescan")
        assert await listed() == []
