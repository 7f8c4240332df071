"""A list that takes episodes away is believed when it says so three times, or at a word."""

import contextlib
import random
from dataclasses import replace

import pytest

from store import calendars, episodes, known_episodes, list_changes, queue
from store.db import connect
from store.models import Episode, Listing
from store.names import codes
from tests.app import running
from tests.shows import SHOW, add, home
from tests.tree import Tree


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


def store(conn, refs: dict[int, str], **more) -> dict[int, str]:
    """Let the source list these, number -> file; what is known then."""
    listed = tuple(Episode(1, number, ref=ref) for number, ref in refs.items())
    episodes.store_listing(conn, "home", Listing("show", "Show", episodes=listed), **more)
    rows = conn.execute("select number, ref from episodes order by number")
    return {row["number"]: row["ref"] for row in rows}


FOUR = {1: "a", 2: "b", 3: "c", 4: "d"}


@pytest.mark.parametrize(
    "listed, kept, gone, moved",
    [
        ({1: "a", 2: "b"}, FOUR, ["S01E03", "S01E04"], []),
        ({}, FOUR, ["S01E01", "S01E02", "S01E03", "S01E04"], []),
        # Turned round, and shifted by one: no file stands at another episode.
        (
            {1: "d", 2: "c", 3: "b", 4: "a"},
            FOUR,
            [],
            ["S01E01 -> S01E04", "S01E02 -> S01E03", "S01E03 -> S01E02", "S01E04 -> S01E01"],
        ),
        (
            {1: "b", 2: "c", 3: "d"},
            FOUR,
            [],
            ["S01E02 -> S01E01", "S01E03 -> S01E02", "S01E04 -> S01E03"],
        ),
        # What is new comes all the same, and so does another file of a known number.
        ({1: "A", 2: "b", 4: "d", 5: "e"}, {**FOUR, 1: "A", 5: "e"}, ["S01E03"], []),
    ],
)  # fmt: skip
def test_what_was_known_stays_until_the_third_look(conn, listed, kept, gone, moved):
    store(conn, FOUR)
    for look in (1, 2):
        assert store(conn, listed) == kept
        change = list_changes.find(conn, SHOW)
        assert (change.gone, change.moved, change.looks) == (gone, moved, look)
    assert store(conn, listed) == listed
    assert list_changes.find(conn, SHOW) is None


def test_a_look_that_says_otherwise_begins_anew(conn):
    store(conn, FOUR)
    store(conn, {1: "a", 2: "b"})
    store(conn, {1: "a", 2: "b"})
    assert store(conn, {1: "a"}) == FOUR
    assert list_changes.find(conn, SHOW).looks == 1
    store(conn, FOUR)  # all is there again
    assert list_changes.find(conn, SHOW) is None
    assert store(conn, {1: "a", 2: "b"}, trusted=True) == {1: "a", 2: "b"}
    assert list_changes.find(conn, SHOW) is None


@pytest.mark.parametrize(
    "listed",
    [
        {**FOUR, 5: "e"},
        {1: "A", 2: "B", 3: "C", 4: "D"},  # all were renamed, or replaced
        {1: "a", 2: "a", 3: "c", 4: "d"},  # a file holds two now, and b is gone
    ],
)
def test_other_changes_are_believed_at_once(conn, listed):
    store(conn, FOUR)
    assert store(conn, listed) == listed


def test_no_file_ever_stands_at_another_episode_while_in_doubt(conn):
    draw = random.Random(7)
    for _ in range(300):
        conn.execute("delete from series")
        known = dict(zip(draw.sample(range(1, 9), 5), "abcde"))
        store(conn, known)
        listed = dict(zip(draw.sample(range(1, 9), 5), draw.sample("abcdefgh", 5)))
        kept = store(conn, listed)
        if list_changes.find(conn, SHOW):
            assert known.keys() <= kept.keys()
            for number, ref in kept.items():
                assert known.get(number, ref) == ref or ref not in known.values()


def test_an_item_keeps_its_source_meanwhile(conn):
    store(conn, FOUR)
    (item,) = queue.add(conn, SHOW, ["S01E04"], "normal").items
    store(conn, {1: "a"})
    assert queue.get(conn, item.id).episode.ref == "d"
    states = {episode.code: episode.state for episode in known_episodes.of_series(conn, SHOW)}
    assert (states["S01E03"], states["S01E04"]) == ("missing", "pending")


async def test_a_change_is_told_and_the_owner_may_agree(tmp_path):
    served = {f"Show/Show - S01E0{number}.mkv": b"\x1aE\xdf\xa3" for number in range(1, 6)}
    async with Tree(served) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        add(server, "Show/Show - S01E01.mkv")
        assert (await server.post("/api/v1/anime/rescan"))[1]["changed_lists"] == []
        for number in (3, 4, 5):
            del up.files[f"Show/Show - S01E0{number}.mkv"]
        assert (await server.post("/api/v1/anime/rescan"))[1]["changed_lists"] == [SHOW]
        _, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
        assert details["missing_episodes"] == 4
        assert details["list_change"]["gone"] == ["S01E03", "S01E04", "S01E05"]
        link = {"accept_list": True}
        status, body, _ = await server.put(f"/api/v1/anime/{SHOW}/link", json=link)
        assert (status, body["data"]["missing_episodes"]) == (200, 1)
        _, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
        assert (details["missing_episodes"], details["list_change"]) == (1, None)
        assert (await server.put("/api/v1/anime/local_no/link", json=link))[0] == 404


# -- calendars -------------------------------------------------------------------------------------


def in_calendar(conn) -> list[str]:
    rows = conn.execute("select season, number from calendar order by season, number")
    return [codes.code(*row) for row in rows]


def test_a_calendar_that_shrinks_is_not_believed_at_once(conn):
    """A library that is not mounted there would else take the household's calendar away."""
    store(conn, {1: "a"})
    full = Listing(
        "x", "Show", episodes=tuple(Episode(1, n, aired="2020-01-01") for n in (1, 2, 3))
    )
    calendars.keep(conn, SHOW, "tv", full)
    fewer = replace(full, episodes=(Episode(1, 1, aired="2020-02-02"), Episode(1, 4)))
    for _ in range(2):
        calendars.keep(conn, SHOW, "tv", fewer)
        # What is new or has another date counts at once.
        assert in_calendar(conn) == ["S01E01", "S01E02", "S01E03", "S01E04"]
        (aired,) = conn.execute("select aired from calendar where number = 1").fetchone()
        assert aired == "2020-02-02"
    change = list_changes.find(conn, SHOW)
    assert (change.gone, change.moved, change.source) == (["S01E02", "S01E03"], [], "tv")
    assert list_changes.all_ids(conn) == [SHOW]
    calendars.keep(conn, SHOW, "tv", fewer)
    assert in_calendar(conn) == ["S01E01", "S01E04"]
    assert list_changes.find(conn, SHOW) is None


def test_a_calendar_that_is_whole_again_begins_anew_and_the_owner_may_agree(conn):
    store(conn, {1: "a"})
    full = Listing("x", "Show", episodes=(Episode(1, 1), Episode(1, 2)))
    fewer = replace(full, episodes=full.episodes[:1])
    for listing in (full, fewer, fewer, full, fewer, fewer, Listing("x", "Show")):
        calendars.keep(conn, SHOW, "tv", listing)
        assert in_calendar(conn) == ["S01E01", "S01E02"]
    calendars.accept(conn, SHOW)
    assert in_calendar(conn) == ["S01E01"]
    assert list_changes.find(conn, SHOW) is None
    calendars.keep(conn, SHOW, "tv", full)
    calendars.keep(conn, SHOW, "tv", fewer)
    calendars.drop_others(conn, [])
    assert list_changes.find(conn, SHOW) is None
