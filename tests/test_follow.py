"""Following: which episodes a look at a series brings into the queue, and which it never does."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from downloads import following
from handlers.keys import FOLLOWING
from store import clock, counts, episodes, files, follows, links, looks, queue, series, source_order
from store import db as database
from store.files import File
from store.models import Episode, Listing
from store.names import codes
from tests.app import running, until
from tests.jellyfin_server import KEY, JellyfinServer
from tests.shows import SHOW, Shows, home, statuses, video
from tests.tree import Tree

TOMORROW = clock.in_seconds(86400)[:10]


@pytest.fixture
def conn():
    connection = database.connect(":memory:")
    yield connection
    connection.close()


def listed(*written: str, aired: str | None = None) -> Listing:
    """What the source has: `S01E01`, or `S01E01-` where it only knows of it."""
    found = [
        Episode(*codes.decode(code.rstrip("-")), available=not code.endswith("-"), aired=aired)
        for code in written
    ]
    return Listing("show", "Show", episodes=tuple(found))


def follow(conn, mode: str, *seasons: int, listing: Listing | None = None) -> list[str]:
    """The codes that the owner's word queues at once."""
    source = [("home", listing)] if listing else []
    return [item.code for item in looks.follow(conn, SHOW, mode, seasons, source)[1]]


def look(conn, *written: str, aired: str | None = None) -> list[str]:
    """The codes that a look queues when the source lists these."""
    kept = looks.keep(conn, SHOW, "home", listed(*written, aired=aired))
    return [item.code for item in kept.items]


def delete_file(conn: sqlite3.Connection, code: str) -> None:
    """The owner deletes a file, and a rescan notices it."""
    conn.execute("delete from files where path like ?", (f"%{code}%",))
    counts.recount(conn, SHOW)


def complete(conn: sqlite3.Connection, code: str) -> None:
    (row,) = conn.execute("select id from items where number = ?", (codes.decode(code)[1],))
    queue.finish(conn, row["id"], f"Show/{code}.mkv", 5)


def test_new_is_what_appears_from_then_on(conn):
    assert follow(conn, "new", listing=listed("S01E01", "S01E02")) == []
    assert look(conn, "S01E01", "S01E02") == []
    assert look(conn, "S01E01", "S01E02", "S01E03") == ["S01E03"]
    assert look(conn, "S01E01", "S01E02", "S01E03") == []


def test_all_is_what_is_missing_and_what_appears(conn):
    assert follow(conn, "all", listing=listed("S01E01", "S01E02")) == ["S01E01", "S01E02"]
    assert look(conn, "S01E01", "S01E02", "S01E03") == ["S01E03"]


def test_off_queues_nothing_and_what_came_meanwhile_is_not_new(conn):
    follow(conn, "new", listing=listed("S01E01"))
    assert follow(conn, "off") == []
    assert look(conn, "S01E01", "S01E02") == []
    assert follow(conn, "new") == []
    assert look(conn, "S01E01", "S01E02", "S01E03") == ["S01E03"]


def test_the_same_word_again_changes_nothing(conn):
    follow(conn, "new", 1, listing=listed("S01E01"))
    episodes.store_listing(conn, "home", listed("S01E01", "S01E02"))
    before = conn.total_changes
    series_id = follows.set_mode(conn, SHOW, "new", [1, 1])
    assert (series_id, conn.total_changes) == (SHOW, before)
    assert [item.code for item in follows.queue_wanted(conn, SHOW)] == ["S01E02"]


def test_what_exists_and_cannot_be_had_yet_appears_when_it_can(conn):
    follow(conn, "new", listing=listed("S01E01", "S01E02-"))
    assert look(conn, "S01E01", "S01E02") == ["S01E02"]


def test_a_hole_that_is_filled_appears(conn):
    follow(conn, "new", listing=listed("S01E01", "S01E03"))
    assert look(conn, "S01E01", "S01E02", "S01E03") == ["S01E02"]


def test_an_episode_appears_on_the_day_on_which_it_airs(conn, monkeypatch):
    """The rule is asked at each look: the source's list stays the same."""
    follow(conn, "new", listing=listed("S01E01", aired=TOMORROW))
    assert look(conn, "S01E01", aired=TOMORROW) == []
    for module in ("store.known_episodes", "store.counts"):
        monkeypatch.setattr(f"{module}.today", lambda: TOMORROW)
    assert look(conn, "S01E01", aired=TOMORROW) == ["S01E01"]


@pytest.mark.parametrize(
    ("seasons", "queued"),
    [
        ((), ["S01E01", "S02E01"]),
        ((2,), ["S02E01"]),
        ((0,), ["S00E01"]),
        ((0, 1), ["S01E01", "S00E01"]),
        ((7,), []),
    ],
)
def test_only_the_seasons_that_are_named_are_followed(conn, seasons, queued):
    listing = listed("S00E01", "S01E01", "S02E01")
    assert follow(conn, "all", *seasons, listing=listing) == queued
    assert follows.find(conn, SHOW).seasons == list(seasons)


def test_further_seasons_bring_theirs_alone(conn):
    listing = listed("S01E01", "S02E01")
    assert follow(conn, "all", 1, listing=listing) == ["S01E01"]
    queue.remove(conn, 1)
    assert follow(conn, "all", 1, 2) == ["S02E01"]


class TestNeverAgain:
    """What the owner took away does not come back by itself."""

    @pytest.fixture(autouse=True)
    def followed(self, conn):
        assert follow(conn, "all", listing=listed("S01E01", "S01E02")) == ["S01E01", "S01E02"]

    def looks_find_nothing(self, conn) -> None:
        assert look(conn, "S01E01", "S01E02") == []
        follow(conn, "off")
        assert follow(conn, "all") == []
        assert follow(conn, "new") == []
        assert follow(conn, "all") == []

    def test_removed_from_the_queue(self, conn):
        queue.remove(conn, 1)
        self.looks_find_nothing(conn)

    def test_completed_cleared_and_deleted(self, conn):
        complete(conn, "S01E01")
        queue.remove_all(conn, "completed")
        delete_file(conn, "S01E01")
        assert series.get(conn, SHOW).missing == 2
        self.looks_find_nothing(conn)

    def test_failed_for_good_and_cleared(self, conn):
        queue.fail(conn, 1, "PROVIDER_ERROR", "gone")
        assert look(conn, "S01E01", "S01E02") == []
        queue.remove_all(conn, "failed")
        self.looks_find_nothing(conn)

    def test_a_file_of_the_owners_own(self, conn):
        look(conn, "S01E01", "S01E02", "S01E03-")
        files.add_fetched(conn, SHOW, File(1, 3, "Show/S01E03.mkv", 5))
        assert look(conn, "S01E01", "S01E02", "S01E03") == []
        delete_file(conn, "S01E03")
        assert look(conn, "S01E01", "S01E02", "S01E03") == []

    def test_queued_by_hand_and_removed(self, conn):
        look(conn, "S01E01", "S01E02", "S01E03-")
        episodes.store_listing(conn, "home", listed("S01E01", "S01E02", "S01E03"))
        (item,) = queue.add(conn, SHOW, ["S01E03"], "normal").items
        queue.remove(conn, item.id)
        assert look(conn, "S01E01", "S01E02", "S01E03") == []

    def test_the_owner_brings_it_back(self, conn):
        queue.remove(conn, 1)
        assert [item.code for item in queue.add(conn, SHOW, ["missing"], "normal").items] == [
            "S01E01",
            "S01E02",  # which waited for the night, perhaps, and is the owner's now
        ]


def test_what_is_ignored_is_never_fetched(conn):
    follow(conn, "new", listing=listed("S01E01", "S01E02-"))
    episodes.set_ignored(conn, SHOW, (1, 2), ignored=True)
    assert look(conn, "S01E01", "S01E02") == []
    episodes.set_ignored(conn, SHOW, (1, 2), ignored=False)
    assert look(conn, "S01E01", "S01E02") == ["S01E02"]


def test_while_a_file_is_ambiguous_nothing_is_fetched(conn):
    follow(conn, "all", listing=listed("S01E01-"))
    row = (SHOW, 1, 7, "Show/Show - S01E07.mkv", 0, 0, "")  # empty
    conn.execute("insert into files values (?, ?, ?, ?, ?, ?, ?)", row)
    assert look(conn, "S01E01", "S01E02") == []
    conn.execute("delete from files")
    assert look(conn, "S01E01", "S01E02") == ["S01E01", "S01E02"]


def test_a_list_that_shrinks_and_grows_again_brings_nothing(conn):
    follow(conn, "new", listing=listed("S01E01", "S01E02"))
    for _ in range(4):
        assert look(conn) == []
    assert series.get(conn, SHOW).total == 0  # by now that is believed
    assert look(conn, "S01E01", "S01E02") == []
    assert look(conn, "S01E01", "S01E02", "S01E03") == ["S01E03"]


@pytest.mark.parametrize("mode", ["new", "all"])
def test_a_source_that_counts_in_another_way_brings_nothing_again(conn, mode):
    """Its files are the same under other numbers."""

    def turned(*pairs: tuple[int, int]) -> Listing:
        found = tuple(Episode(*key, ref=f"file {n}") for n, key in enumerate(pairs))
        return Listing("show", "Show", episodes=found)

    follow(conn, mode, listing=turned((1, 1), (1, 2), (1, 3)))
    for _ in range(4):
        assert looks.keep(conn, SHOW, "home", turned((1, 1), (2, 1), (2, 2))).items == []
    kept = looks.keep(conn, SHOW, "home", turned((1, 1), (2, 1), (2, 2), (2, 3)))
    assert [item.code for item in kept.items] == ["S02E03"]


def test_what_its_source_numbers_anew_is_not_new_and_stays_ignored(conn):
    def look_at(*written: str) -> list[str]:
        """The files a, b and c under these numbers."""
        found = tuple(Episode(*codes.decode(code), ref=ref) for code, ref in zip(written, "abc"))
        kept = looks.keep(conn, SHOW, "home", Listing("show", "Show", episodes=found))
        return [item.code for item in kept.items]

    for mode in ("new", "all"):
        follow(conn, mode, listing=listed("S01E01", "S01E02", "S01E03"))
        queue.remove_all(conn, "pending")
    episodes.store_listing(conn, "home", listed(), trusted=True)
    assert look_at("S01E01", "S01E02", "S01E03") == []
    episodes.set_ignored(conn, SHOW, (1, 3), ignored=True)
    assert [look_at("S02E01", "S02E02", "S02E03") for _ in range(4)] == [[]] * 4
    known = {each.code: each.state for each in episodes.of_series(conn, SHOW)}
    assert known == {"S02E01": "missing", "S02E02": "missing", "S02E03": "ignored"}
    assert [look_at("S02E03", "S02E02", "S02E01") for _ in range(4)] == [[]] * 4
    ignored = [each.code for each in episodes.of_series(conn, SHOW) if each.ignored]
    assert ignored == ["S02E01"]


def test_the_first_list_of_a_series_that_nobody_has_listed_is_what_was_there(conn):
    local = series.add_local(conn, "Show", "Show")
    assert looks.follow(conn, local, "new", [], [])[1] == []
    links.link(conn, local, [("home", listed("S01E01", "S01E02"))], links.OwnersWord())
    assert not follows.queue_wanted(conn, local)
    found = looks.keep(conn, local, "home", listed("S01E01", "S01E02", "S01E03"))
    assert [item.code for item in found.items] == ["S01E03"]


def test_what_a_source_that_did_not_answer_then_has_at_its_first_look_is_not_new(conn):
    """Its list may be some months old."""
    episodes.store_listing(conn, "home", listed("S01E01"))
    assert looks.follow(conn, SHOW, "new", [], [], is_old=True)[1] == []
    assert look(conn, "S01E01", "S01E02", "S01E03") == []
    assert look(conn, "S01E01", "S01E02", "S01E03", "S01E04") == ["S01E04"]


def test_what_was_there_by_a_clock_in_1970_is_not_new_by_the_right_one(conn, monkeypatch):
    """A small computer has no clock of its own, and asks for the time some minutes later."""
    before = listed("S01E01", "S01E02", aired="2020-05-05")
    with monkeypatch.context() as wrong:
        wrong.setattr(clock, "today", lambda: "1970-01-01")
        assert follow(conn, "new", listing=before) == []
        assert look(conn, "S01E01", "S01E02", aired="2020-05-05") == []
    assert look(conn, "S01E01", "S01E02", aired="2020-05-05") == []
    assert look(conn, "S01E01", "S01E02", "S01E03", aired="2020-05-05") == ["S01E03"]


def test_a_rescan_of_silent_sources_tells_not_what_was_there(conn):
    """Their lists may be some months old."""
    episodes.store_listing(conn, "home", listed("S01E01"))
    assert looks.follow(conn, SHOW, "new", [], [], is_old=True)[1] == []
    assert looks.queue_wanted(conn, [SHOW], ["home", "other"]) == []
    assert look(conn, "S01E01", "S01E02") == []
    assert look(conn, "S01E01", "S01E02", "S01E03") == ["S01E03"]


def test_a_series_that_has_no_episode_yet(conn):
    assert follow(conn, "new", listing=listed()) == []
    assert look(conn, "S01E01") == ["S01E01"]


def test_what_a_further_source_has_at_first_is_not_new(conn):
    """It may be the whole series, of which the first source has the last season alone."""
    follow(conn, "new", listing=listed("S02E01"))
    both = listed("S01E01", "S01E02", "S02E01")
    assert episodes.join_listing(conn, SHOW, "other", both)
    assert not follows.queue_wanted(conn, SHOW)
    kept = looks.keep(conn, SHOW, "other", listed("S01E01", "S01E02", "S02E01", "S02E02"))
    assert [item.code for item in kept.items] == ["S02E02"]


def test_what_was_deleted_stays_so_where_two_series_become_one(conn):
    """One of them has only seen it, the other one had it."""
    for source in ("home", "other"):
        episodes.store_listing(conn, source, listed("S01E01"))
    assert looks.follow(conn, "other_show", "all", [], [])[1]
    queue.remove_all(conn, "pending")
    follow(conn, "new")
    assert episodes.join_listing(conn, SHOW, "other", listed("S01E01"))
    assert series.find(conn, "other_show").id == SHOW
    assert follow(conn, "all") == []


@pytest.mark.parametrize("is_followed", [SHOW, "other_show"])
def test_what_a_series_brings_that_becomes_one_with_a_followed_one_is_not_new(conn, is_followed):
    lists = {"home": listed("S02E01"), "other": listed("S01E01", "S01E02", "S02E01")}
    if is_followed != SHOW:
        lists = {"home": lists["other"], "other": lists["home"]}
    for source, listing in lists.items():
        episodes.store_listing(conn, source, listing)
    follows.set_mode(conn, is_followed, "new", [], is_listed=True)
    assert episodes.join_listing(conn, SHOW, "other", lists["other"])
    assert (series.find(conn, "other_show").id, follows.find(conn, SHOW).mode) == (SHOW, "new")
    assert not follows.queue_wanted(conn, SHOW)
    for source, listing in lists.items():
        assert looks.keep(conn, SHOW, source, listing).items == []
    kept = looks.keep(conn, SHOW, "home", listed("S01E01", "S01E02", "S02E01", "S02E02"))
    assert "S02E02" in [item.code for item in kept.items]


def test_what_a_source_has_that_is_away_meanwhile_is_not_new(conn):
    episodes.store_listing(conn, "home", listed("S02E01"))
    assert episodes.join_listing(conn, SHOW, "other", listed("S01E01", "S01E02", "S02E01"))
    source_order.keep(conn, ["home", "other"], {"other"})
    assert follow(conn, "new", listing=listed("S02E01")) == []
    source_order.keep(conn, ["home", "other"], set())
    assert not follows.queue_wanted(conn, SHOW)
    kept = looks.keep(conn, SHOW, "other", listed("S01E01", "S01E02", "S02E01", "S02E02"))
    assert [item.code for item in kept.items] == ["S02E02"]


def test_the_word_goes_along_when_two_series_become_one(conn):
    episodes.store_listing(conn, "home", listed("S01E01"))
    follow(conn, "new")
    local = series.add_local(conn, "Other", "Other")
    links.link(conn, local, [("home", listed("S01E01"))], links.OwnersWord())
    assert series.find(conn, SHOW).id == local
    assert follows.find(conn, local).mode == "new"
    assert not follows.queue_wanted(conn, local)
    kept = looks.keep(conn, local, "home", listed("S01E01", "S01E02"))
    assert [item.code for item in kept.items] == ["S01E02"]


def test_a_look_that_finds_nothing_new_writes_nothing(conn):
    for mode in ("all", "new"):
        follow(conn, mode, listing=listed("S01E01", "S01E02", "S00E01"))
        look(conn, "S01E01", "S01E02", "S00E01")
        before = conn.total_changes
        assert look(conn, "S01E01", "S01E02", "S00E01") == []
        assert conn.total_changes == before


def test_the_list_of_series_tells_and_filters(conn):
    follow(conn, "new", listing=listed("S01E01"))
    conn.execute("insert into series (id, provider, key, title, listed, fold, updated_at, missing)"
                 " values ('home_b', 'home', 'b', 'B', 1, 'b', '', 1)")  # fmt: skip

    def ids(*modes: str, everything: bool = True) -> list[str]:
        found, total = series.page(
            conn,
            sort_by="name",
            descending=False,
            everything=everything,
            modes=modes,
            limit=9,
            offset=0,
        )
        assert total == len(found)
        return [anime.id for anime in found]

    assert ids() == ["home_b", SHOW]
    assert (ids("new"), ids("off"), ids("all"), ids("new", "all")) == (
        [SHOW], ["home_b"], [], [SHOW])  # fmt: skip
    assert follows.count(conn) == 1


# -- the calls, and looks by the clock -------------------------------------------------------------


@pytest.fixture
def looks_begin_at_once(monkeypatch):
    monkeypatch.setattr(following, "START_SECONDS", 0.0)
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(following, "LEAST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(following, "CATCH_UP_SECONDS", 0.01)


async def put(server, anime_id: str, body: dict) -> tuple[int, dict]:
    status, answer, _ = await server.put(f"/api/v1/anime/{anime_id}/follow", json=body)
    return status, answer


async def test_by_the_clock_by_a_rescan_and_by_the_calls(
    tmp_path, looks_begin_at_once, monkeypatch
):
    """A queue that is stopped stays stopped; what is wrong is refused; a socket hears of it."""
    ahead = [0.0]
    seconds = clock.seconds
    monkeypatch.setattr(clock, "seconds", lambda: seconds() + ahead[0])
    async with Shows([1000, 1000]) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        assert await put(server, SHOW, {"follow": "new"}) == (
            200,
            {"success": True, "data": {"mode": "new", "seasons": [], "items": []}},
        )
        _, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
        assert details["follow"] == {"mode": "new", "seasons": []}
        _, found, _ = await server.get("/api/v1/anime?follow=on")
        assert [(anime["id"], anime["follow"]) for anime in found] == [(SHOW, "new")]
        assert (await server.get("/api/v1/anime?follow=all"))[1] == []
        async with server.socket() as socket:
            up.videos["S01E03"] = video(3, 1000)
            ahead[0] += 6 * 3600 + 60
            told = [await socket.receive_json() for _ in range(3)]
            assert [message["type"] for message in told] == [
                "snapshot", "queue_items", "episodes_found"]  # fmt: skip
            assert told[-1]["data"]["episodes"] == ["S01E03"]
        up.videos["S01E04"] = video(4, 1000)
        assert (await server.post("/api/v1/anime/rescan"))[0] == 200
        assert await statuses(server) == {"S01E03": "pending", "S01E04": "pending"}
        _, state, _ = await server.get("/api/queue/status")
        assert state["data"]["state"] == "stopped"
        asked = len(up.requests)
        await server.put("/api/config", json={"check_every_hours": 0})
        ahead[0] += 86400
        await asyncio.sleep(0.1)  # in which it would look five times
        for wrong in ({}, {"follow": "yes"}, {"follow": "all", "seasons": [-1]},
                      {"follow": "all", "seasons": "1"}, {"follow": "all", "x": 1}):  # fmt: skip
            assert (await put(server, SHOW, wrong))[0] == 422
        assert (await put(server, "home_nobody", {"follow": "all"}))[0] == 404
        assert (await put(server, "home_nobody", {"follow": "off"}))[0] == 404
        assert all(request.path == "/" for request in up.requests[asked:])


async def test_a_word_that_comes_while_the_others_are_read_is_not_lost(
    tmp_path, looks_begin_at_once, monkeypatch
):
    read = follows.all_followed
    said: list[str] = []
    loop = asyncio.get_running_loop()

    def read_and_hear(conn: sqlite3.Connection) -> list[follows.Followed]:
        rows = read(conn)
        if not said:
            said.append(looks.follow(conn, SHOW, "new", [], [("home", listed("S01E01"))])[0])
            loop.call_soon_threadsafe(follower.changed)
        return rows

    async with running(tmp_path) as server:
        follower = server.app[FOLLOWING]
        monkeypatch.setattr(follows, "all_followed", read_and_hear)
        follower.changed()
        await until(lambda: SHOW in follower._followed)


async def test_a_further_source_is_found_without_a_rescan(
    tmp_path, looks_begin_at_once, monkeypatch
):
    """What it has at first is not new, and what it gets later is. It is asked once a day."""
    ahead = [0.0]
    seconds = clock.seconds
    monkeypatch.setattr(clock, "seconds", lambda: seconds() + ahead[0])
    async with Shows([1000]) as up, Shows([1000, 1001]) as other:
        both = [*home(up.base), {"type": "directory", "name": "other", "url": other.base}]
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            await put(server, SHOW, {"follow": "new"})
            await server.put("/api/config", json={"providers": both})
            ahead[0] += 6 * 3600 + 60

            async def sources() -> list[str]:
                _, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
                return [source["name"] for source in details["sources"]]

            await until(lambda: other.requests)
            await until(sources_are(sources, ["home", "other"]))
            other.videos["S01E03"] = video(3, 1002)
            ahead[0] += 6 * 3600 + 60
            await until(lambda: queued(server))
            assert await statuses(server) == {"S01E03": "pending"}


async def queued(server) -> bool:
    return bool(await statuses(server))


def sources_are(ask, wanted: list[str]):
    async def check() -> bool:
        return await ask() == wanted

    return check


async def test_calendars_are_asked_about_what_is_followed(
    tmp_path, looks_begin_at_once, monkeypatch
):
    """Once a day, without a rescan. A series that is forgotten is asked for no more."""
    ahead = [0.0]
    seconds = clock.seconds
    monkeypatch.setattr(clock, "seconds", lambda: seconds() + ahead[0])
    async with JellyfinServer() as tv, Shows([1000]) as up:
        show = tv.add_series("Show")
        tv.add_episode(show, 1, 1, b"not to be fetched from here")
        tv.add_episode(show, 1, 2, Name="Coming", PremiereDate=f"{TOMORROW}T00:00:00.0000000Z")
        calendar = {
            "type": "jellyfin",
            "name": "tv",
            "url": tv.address,
            "key": KEY,
            "use": "calendar",
        }
        async with running(tmp_path, providers=[*home(up.base), calendar]) as server:
            await server.login()
            await put(server, SHOW, {"follow": "new"})
            ahead[0] += 6 * 3600 + 60

            async def is_told() -> list:
                return (await server.get("/api/v1/calendar"))[1]["data"]

            (airing,) = await until(is_told)
            assert (airing["code"], airing["state"]) == ("S01E02", "upcoming")
            asked = len(tv.requests)
            lists = len(up.requests)
            ahead[0] += 6 * 3600
            await until(lambda: len(up.requests) > lists)
            await until(lambda: not server.app[FOLLOWING]._looks)
            assert len(tv.requests) == asked
            assert (await server.delete(f"/api/v1/anime/{SHOW}"))[0] == 200
            lists = len(up.requests)
            ahead[0] += 6 * 3600
            await asyncio.sleep(0.2)
            assert len(up.requests) == lists


async def test_a_further_source_that_is_down_is_not_asked_for_each_series(
    tmp_path, looks_begin_at_once, monkeypatch
):
    ahead = [0.0]
    seconds = clock.seconds
    monkeypatch.setattr(clock, "seconds", lambda: seconds() + ahead[0])
    async with (
        Tree({f"Show {each}/S01E01.mkv": b"x" for each in range(9)}) as up,
        Tree({"B/1.mkv": b"x"}) as other,
    ):
        both = [*home(up.base), {"type": "directory", "name": "other", "url": other.base}]
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            for each in range(9):
                assert (await put(server, f"home_show-{each}", {"follow": "new"}))[0] == 200
            other.pages[""] = 500
            await server.put("/api/config", json={"providers": both})
            up.requests.clear()
            ahead[0] += 6 * 3600 + 60
            await until(lambda: len({r.path for r in up.requests} - {"/"}) == 9)
            await until(lambda: other.requests and not server.app[FOLLOWING]._looks)
            assert 1 <= len(other.requests) <= 4  # as many as are looked at side by side
