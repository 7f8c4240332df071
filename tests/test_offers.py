"""What several sources say of one series, and at which of them an item is fetched next."""

import contextlib
import json
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from store import (
    choosing,
    item_sources,
    joining,
    joint_hits,
    known_episodes,
    links,
    offers,
    queue,
    series,
    source_order,
    waits,
)
from store import episodes as episode_store
from store.db import MIGRATIONS, connect
from store.links import OwnersWord
from store.models import Episode, Hit, Listing
from store.names import list_numbers, same_lists, same_series
from store.names.episode_facts import About
from store.wish import SeriesPrefer
from tests.rows import each_row
from tests.shows import SHOW


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


# -- whose numbers are whose -----------------------------------------------------------------------


def numbered(*seasons: tuple[int, int], **more) -> dict:
    """Lists of `(season, last number)`; `more` are facts of all their episodes."""
    return {
        (season, number): About(**more) for season, last in seasons for number in range(1, last + 1)
    }


@each_row(
    "series_seasons, listed, counting, moved, left_out",
    [
        ([(1, 12)], [(1, 12)], None, {}, []),
        ([(1, 12)], [(1, 13)], None, {}, []),  # one has more of the last season
        ([(1, 12), (2, 12)], [(1, 12), (2, 13)], None, {}, []),
        ([(1, 12), (2, 12)], [(1, 11), (2, 12)], None, {}, []),  # the end of a season is absent
        ([(1, 12)], [(2, 12)], None, {}, []),
        ([(1, 12), (2, 12)], [(1, 24)], "absolute", {(1, 13): (2, 1), (1, 24): (2, 12)}, []),
        ([(1, 24)], [(1, 12), (2, 12)], "joined", {(2, 1): (1, 13), (2, 12): (1, 24)}, []),
        # It may count through, or know an episode more of the first season.
        ([(1, 12), (2, 12)], [(1, 13)], None, {}, [(1, 13)]),
        ([(1, 12), (2, 12)], [(1, 23)], None, {}, [(1, n) for n in range(13, 24)]),
        ([(1, 12), (2, 2)], [(1, 13)], None, {}, [(1, 13)]),
        ([(1, 12), (2, 1)], [(1, 13)], None, {}, [(1, 13)]),
        ([(1, 12), (2, 4)], [(1, 16)], "absolute", {(1, 13): (2, 1)}, []),
        # The same the other way round: one of the two is an episode behind, or knows a recap.
        ([(1, 13)], [(1, 12), (2, 2)], None, {}, [(2, 1), (2, 2)]),
        ([(1, 14)], [(1, 12), (2, 1)], None, {}, [(2, 1)]),
        ([(1, 13)], [(1, 12), (2, 1)], None, {}, [(2, 1)]),
        ([(1, 13)], [(1, 12), (2, 12)], None, {}, [(2, n) for n in range(1, 13)]),
        ([(1, 25)], [(1, 12), (2, 12)], None, {}, [(2, n) for n in range(1, 13)]),
        ([(1, 16)], [(1, 12), (2, 4)], "joined", {(2, 1): (1, 13), (2, 4): (1, 16)}, []),
        ([(1, 5)], [(1, 12), (2, 12)], None, {}, []),  # one has less of the last season
        # The seasons end elsewhere.
        ([(1, 12), (2, 12)], [(1, 11), (2, 13)], None, {}, [(2, n) for n in range(1, 14)]),
        ([(1, 24), (2, 12)], [(1, 12), (2, 24)], None, {}, [(2, n) for n in range(1, 25)]),
        (
            [(1, 12), (2, 12), (3, 12)],
            [(1, 24), (2, 12)],
            None,
            {},
            [(1, n) for n in range(13, 25)] + [(2, n) for n in range(1, 13)],
        ),
    ],
)
def test_numbers_of_a_second_list(series_seasons, listed, counting, moved, left_out):
    own = numbered(*listed)
    found = list_numbers.match(numbered(*series_seasons), own)
    assert found.counting == counting
    assert sorted(own.keys() - found.of.keys()) == left_out
    changed = {key: of for key, of in found.of.items() if key != of}
    assert {key: changed.get(key) for key in moved} == moved and bool(changed) == bool(moved)


def test_the_owners_word_on_a_second_list_settles_what_is_left_out():
    series_list, own = numbered((1, 12), (2, 12)), numbered((1, 23))
    of = list_numbers.match(series_list, own, "absolute").of
    assert of[1, 13] == (2, 1) and of[1, 23] == (2, 11)
    of = list_numbers.match(series_list, own, "season").of
    assert of[1, 13] == (1, 13)
    beyond = list_numbers.match(series_list, numbered((1, 30)), "absolute").of
    assert (1, 25) not in beyond  # the third season, or more of the second


def test_a_season_that_has_lost_its_end_is_as_long_as_it_was():
    series_list, own = numbered((1, 12), (2, 11), (3, 2)), numbered((1, 26))
    before = {(1, n): (1 + (n > 12), n - 12 * (n > 12)) for n in range(1, 25)}
    of = list_numbers.match(series_list, own, "absolute", before).of
    assert (of[1, 24], of[1, 25], of[1, 26]) == ((2, 12), (3, 1), (3, 2))


def test_days_and_titles_tell_where_the_numbers_do_not():
    def days(*first: str) -> dict:
        return {
            (season, number): About(aired=f"{day[:8]}{int(day[8:]) + number:02}")
            for season, day in enumerate(first, 1)
            for number in range(1, 12)
        }

    same = days("2010-01-01", "2011-01-01")
    del same[1, 11], same[1, 10], same[1, 9], same[1, 8]
    of = list_numbers.match(days("2010-01-01", "2011-01-01"), same).of
    assert of.keys() == same.keys()  # the second season is that of the other list
    other = list_numbers.match(days("2010-01-01"), days("2019-05-01"))
    assert other.of == {}  # another show of the same name
    one = days("2010-01-01") | {(1, 3): About(aired="2015-01-01")}
    assert (1, 3) not in list_numbers.match(one, days("2010-01-01")).of


def test_a_list_that_is_a_week_ahead_is_of_other_numbers():
    """One begins with the pilot; or is it shown a week later there? Titles tell, else the owner."""

    def weeks(first: int, **about: str) -> dict:
        start = date(2010, 1, 1)
        days = {number: start + timedelta(7 * (first + number)) for number in range(1, 11)}
        return {(1, number): About(aired=day.isoformat(), **about) for number, day in days.items()}

    assert list_numbers.match(weeks(0), weeks(1)).of == {}
    assert list_numbers.match(weeks(0), weeks(-1)).of == {}
    assert len(list_numbers.match(weeks(0), weeks(1), "season").of) == 10
    titled = weeks(0, title="A night on the roof"), weeks(1, title="A night on the roof")
    assert len(list_numbers.match(*titled).of) == 10
    assert len(list_numbers.match(weeks(0), weeks(0) | {(1, 11): About()}).of) == 11


def days_of(*seasons: tuple[int, int], first: int = 0, step: int = 7, title: str = "") -> dict:
    """Lists as `numbered` makes them, whose episodes come every `step` days."""
    start = date(2010, 1, 1) + timedelta(first)
    return {
        key: About(title and f"{title} {place}", (start + timedelta(step * place)).isoformat())
        for place, key in enumerate(numbered(*seasons))
    }


@pytest.mark.parametrize(
    "listed, counting, of_first",
    [
        (days_of((1, 12), (2, 2)), "joined", (1, 13)),  # it knows one more
        (days_of((1, 12), (2, 2), first=1), "joined", (1, 13)),
        (days_of((1, 12)) | {(2, 1): About(aired="2019-01-01")}, None, None),
        (
            days_of((1, 12)) | {(2, n): About(aired=f"2019-01-0{n}") for n in (1, 2, 3)},
            "season",
            (2, 1),
        ),
    ],
)
def test_days_tell_what_a_second_season_is_beside_a_longer_first_one(listed, counting, of_first):
    found = list_numbers.match(days_of((1, 14)), listed)
    assert (found.counting, found.of.get((2, 1))) == (counting, of_first)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("first", [-1, 1])
def test_a_list_that_is_a_day_ahead_is_of_other_numbers(step, first):
    """Titles tell, else the owner; where there are days between, it is only shown a day later."""
    one, other = days_of((1, 20), step=step), days_of((1, 20), first=first * step, step=step)
    assert list_numbers.match(one, other).of == {}
    assert len(list_numbers.match(one, other, "season").of) == 20
    named = [
        days_of((1, 20), first=each, step=step, title="A night on the roof")
        for each in (0, first * step)
    ]
    assert len(list_numbers.match(*named).of) == 20
    later = days_of((1, 20), first=1, step=7), days_of((1, 20), step=7)
    assert len(list_numbers.match(*later).of) == 20


def test_two_episodes_on_days_in_a_row_are_shown_a_day_later_elsewhere():
    weekly = days_of((1, 12))
    one = weekly | {(1, 2): About(aired="2010-01-02")}
    other = days_of((1, 12), first=1) | {(1, 2): About(aired="2010-01-03")}
    assert len(list_numbers.match(one, other).of) == 12


@each_row(
    "one, other, are_one",
    [
        (About(), About(), False),
        (About("A night on the roof"), About("A night on the roof!"), True),
        (About("Episode 1"), About("Episode 1"), False),
        (About(size=7), About(size=7), True),
        (About(size=7), About(size=8), False),
        (About(aired="2010-01-01"), About(aired="2010-01-02"), True),
        (About("OVA: the bath", "2010-01-01"), About("OVA: the bath", "2012-01-01"), False),
        (About(checksums='{"sha1": "ab"}'), About(checksums='{"sha1": "ab"}'), True),
    ],
)
def test_specials_of_one_number_are_seldom_one(one, other, are_one):
    of = list_numbers.match({(0, 1): one}, {(0, 1): other, (0, 2): About()}).of
    assert ((0, 1) in of, (0, 2) in of) == (are_one, True)


@each_row(
    "one, other, ids, likeness",
    [
        ("Nacht", "Nacht", ({}, {}), "alike"),
        ("Nacht", "NACHT", ({}, {}), "alike"),
        ("Nacht (2010)", "nacht (2010)", ({}, {}), "sure"),
        ("Nacht (2010)", "Nacht", ({}, {}), "perhaps"),
        ("Nacht (2010)", "Nacht (2011)", ({}, {}), None),
        ("Nacht", "Night", ({"tvdb": "1"}, {"tvdb": "1"}), "sure"),
        ("Nacht", "Nacht", ({"tvdb": "1"}, {"tvdb": "2"}), None),
        ("Nacht", "Nacht", ({"tvdb": "1"}, {"tmdb": "1"}), "alike"),
        ("Nacht", "Nacht S2", ({}, {}), "perhaps"),
        ("Nacht S1", "Nacht S2", ({"tvdb": "1"}, {"tvdb": "1"}), "perhaps"),
        ("Nacht!", "Nacht?", ({}, {}), "perhaps"),
        ("Nacht", "Tag", ({}, {}), None),
    ],
)
def test_series_that_are_one_by_name(one, other, ids, likeness):
    """None: they are two."""
    others = [(same_series.of_source(other, ids[1]), "other")]
    found = same_series.find(same_series.of_source(one, ids[0]), others)
    assert found == (None if likeness is None else ("other", likeness))


def told(**facts: list) -> dict:
    """The first season, by what is told of its episodes in order."""
    length = max(map(len, facts.values()))
    columns = {name: [*values, *[None] * (length - len(values))] for name, values in facts.items()}
    return {
        (1, number): About(
            **{
                name: column[number - 1] or About._field_defaults[name]
                for name, column in columns.items()
            }
        )
        for number in range(1, length + 1)
    }


def each_day(first: int, step: int = 1, count: int = 8) -> list[str]:
    start = date(2020, 1, 1)
    return [(start + timedelta(first + step * number)).isoformat() for number in range(count)]


SUM, OTHER_SUM = json.dumps({"sha256": "ab", "crc32": "1"}), json.dumps({"sha256": "cd"})


@pytest.mark.parametrize(
    "one, other, is_proven",
    [
        (numbered((1, 12), (2, 12)), numbered((1, 12), (2, 12)), False),  # a dozen is no sign
        (told(title=["Pilot", "Dusk"]), told(title=["Pilot", "Dawn"]), False),
        (told(title=["Pilot", "Dusk falls"]), told(title=["Pilot", "Dusk falls!"]), False),
        (
            told(title=["The arrival", "Dusk falls"]),
            told(title=["The arrival", "dusk falls"]),
            True,
        ),
        (told(title=["Episode 1", "Episode 2"]), told(title=["Episode 1", "Episode 2"]), False),
        (told(title=["The recap"] * 9), told(title=["The recap"] * 9), False),
        (told(aired=each_day(0, 7)), told(aired=each_day(1, 7)), True),
        (told(aired=each_day(0, 7)), told(aired=each_day(7, 7)), False),
        (told(aired=each_day(0)), told(aired=each_day(0)), True),
        (told(aired=each_day(0)), told(aired=each_day(1)), False),
        (told(aired=each_day(0, 7, 1)), told(aired=each_day(0, 7, 1)), False),
        (told(aired=["2010-01-01"] * 9), told(aired=["2010-01-02"] * 9), False),
        (told(size=[700, 800]), told(size=[700, 800, 900]), True),
        (told(size=[700]), told(size=[700]), True),
        (told(size=[700, 700]), told(size=[700, 700]), False),  # each of their files is as long
        (told(size=[700, 800]), told(size=[700, 801]), False),
        (told(size=[700, None]), told(size=[None, 700]), False),
        (told(checksums=[SUM]), told(checksums=[SUM]), True),
        (told(checksums=[SUM]), told(checksums=[OTHER_SUM]), False),
        ({(2026, 5): About(aired="2026-01-05"), (2026, 6): About(aired="2026-01-06")},) * 2
        + (False,),  # two stations' news
        ({}, {}, False),
    ],
)
def test_lists_that_show_of_two_series_of_one_title_that_they_are_one(one, other, is_proven):
    assert same_lists.prove(one, other) == same_lists.prove(other, one) == is_proven


@pytest.mark.parametrize(
    "one, other, are_two",
    [
        (numbered((1, 62)), numbered((1, 148)), True),
        (numbered((1, 12)), numbered((1, 24)), True),
        (numbered((1, 12)), numbered((1, 12)), False),
        (numbered((1, 12)), numbered((1, 15)), False),
        (numbered((1, 3)), numbered((1, 148)), False),  # a source that has only the beginning
        (numbered((1, 24)), numbered((1, 12), (2, 12)), False),  # it counts through
        (numbered((1, 12)), numbered((1, 12), (2, 12)), False),
        (numbered((1, 12)), numbered((2, 24)), False),
        (numbered((1, 12)), {}, False),
        (
            told(checksums=[SUM]) | numbered((2, 10)),
            told(checksums=[SUM]) | numbered((2, 30)),
            False,
        ),
    ],
)
def test_lists_that_look_like_those_of_two_shows(one, other, are_two):
    assert same_lists.contradict(one, other) == same_lists.contradict(other, one) == are_two


def test_a_file_that_both_lists_may_have_is_compared():
    one, other = told(size=[700, 800, None]), told(size=[701, 800, 900])
    assert same_lists.find_comparable(one, other) == (1, 2)
    assert same_lists.find_comparable(told(size=[700]), told(size=[701])) is None


def test_of_two_that_fit_equally_well_none_is_taken():
    others = [(same_series.of_source("Nacht", {}), key) for key in "ab"]
    assert same_series.find(same_series.of_source("Nacht", {}), others) is None


# -- what is kept ----------------------------------------------------------------------------------


def listing(*seasons: tuple[int, int], title: str = "Show", key: str = "show", **facts) -> Listing:
    return Listing(
        key,
        title,
        episodes=tuple(
            Episode(season, number, ref=f"{season}-{number}", **facts)
            for season, last in seasons
            for number in range(1, last + 1)
        ),
    )


def states(conn, anime_id: str = SHOW) -> dict[str, tuple[str, ...]]:
    """code -> the sources of each episode that can be fetched."""
    known = known_episodes.of_series(conn, anime_id)
    return {each.code: each.sources for each in known if each.state == "missing"}


def counts(conn) -> tuple[int, int]:
    anime = series.get(conn, SHOW)
    return anime.missing, anime.available


def test_the_lists_of_all_sources_are_one(conn):
    source_order.keep(conn, ["home", "sister"], set())
    both = [("home", listing((1, 2))), ("sister", listing((1, 3), title="SHOW"))]
    assert episode_store.store_found(conn, both) == SHOW
    assert states(conn) == {
        "S01E01": ("home", "sister"),
        "S01E02": ("home", "sister"),
        "S01E03": ("sister",),
    }
    assert series.get(conn, SHOW).title == "Show"
    assert series.find(conn, "sister_show").id == SHOW
    assert series.count_by_provider(conn) == {"home": 1, "sister": 1}
    # Each list that shrinks is doubted by itself.
    episode_store.store_listing(conn, "sister", listing((1, 1)))
    assert len(states(conn)) == 3
    (item,) = queue.add(conn, "sister_show", ["S01E03"], "normal").items
    assert item.series_id == SHOW
    episode_store.store_listing(conn, "home", listing((1, 2), (2, 1)))
    details = episode_store.details(conn, SHOW)
    assert details.list_change.source == "sister"
    assert [(s.name, s.episodes) for s in details.sources] == [("home", 3), ("sister", 3)]


def test_a_list_that_counts_through_keeps_its_own_numbers_for_its_source(conn):
    found = [("home", listing((1, 12), (2, 12))), ("sister", listing((1, 24)))]
    episode_store.store_found(conn, found)
    assert set(states(conn).values()) == {("home", "sister")} and len(states(conn)) == 24
    (item,) = queue.add(conn, SHOW, ["S02E01"], "normal", source="sister").items
    claimed = queue.claim(conn, set(), set(), {})
    assert (claimed.id, claimed.source, claimed.code) == (item.id, "sister", "S02E01")
    assert claimed.episode == Episode(1, 13, ref="1-13")


@pytest.mark.parametrize(
    "leading, further, later",
    [
        ("home", [(1, 12), (2, 12)], [(1, 13), (2, 12)]),  # the leading list gets a recap
        ("home", [(1, 12), (2, 12)], [(1, 11), (2, 12)]),  # or loses the end of a season
        ("sister", [(1, 12), (2, 12)], [(1, 13), (2, 12)]),  # so does the further one
        ("sister", [(1, 12), (2, 12)], [(1, 11), (2, 12)]),
    ],
)
def test_a_season_of_another_length_moves_no_file(conn, leading, further, later):
    """Of two lists one counts through all seasons. However often the change is seen."""
    in_seasons = "home" if leading == "home" else "sister"
    lists = {"home": listing((1, 24)), "sister": listing((1, 24))}
    lists[in_seasons] = listing(*further)
    episode_store.store_found(conn, list(lists.items()))

    def files() -> dict:
        rows = conn.execute("select season, number, ref from episodes where provider = 'sister'")
        return {(row["season"], row["number"]): row["ref"] for row in rows}

    before = files()
    lists[in_seasons] = listing(*later)
    for _ in range(5):
        for name, each in lists.items():
            episode_store.store_listing(conn, name, each)
    assert len(before) == 24 and {key: before[key] for key in files()} == files()
    assert len(files()) >= 23


def test_a_series_of_the_same_title_and_other_days_is_asked_about(conn):
    found = [
        ("home", listing((1, 3), aired="2010-01-01")),
        ("sister", listing((1, 3), aired="2019-01-01")),
    ]
    special = Episode(0, 1, ref="special")  # of which nothing tells whose it is
    found[1] = ("sister", replace(found[1][1], episodes=(special, *found[1][1].episodes)))
    episode_store.store_found(conn, found)
    details = episode_store.details(conn, SHOW)
    assert [source.name for source in details.sources] == ["home"]
    assert "S00E01" not in states(conn)
    assert [each.id for each in details.possible_sources] == ["sister_show"]


def test_what_an_absent_source_has_is_wanted_and_comes_back(conn):
    source_order.keep(conn, ["home", "sister"], set())
    both = [("home", listing((1, 2))), ("sister", listing((1, 3)))]
    episode_store.store_found(conn, both)
    assert counts(conn) == (3, 3)
    for off in ({"sister"}, set(), None):
        if off is None:
            source_order.keep(conn, ["home"], set())  # it is no longer configured
        else:
            source_order.keep(conn, ["home", "sister"], off)
        while source_order.count_some(conn):
            pass
        assert counts(conn) == (3, 3 if off == set() else 2)
        known = {each.code: each.state for each in known_episodes.of_series(conn, SHOW)}
        assert known["S01E03"] == ("missing" if off == set() else "wanted")
    before = conn.total_changes
    source_order.keep(conn, ["home"], set())
    assert conn.total_changes == before, "nothing is written where nothing changes"
    source_order.keep(conn, ["home", "sister"], set())
    for away, available in ((True, 2), (False, 3)):
        assert source_order.set_away(conn, "sister", away)
        assert not source_order.set_away(conn, "sister", away)
        source_order.count_some(conn)
        assert counts(conn) == (3, available)


def test_two_series_become_one_with_their_items(conn):
    """Both were followed before anybody saw that they are one."""
    episode_store.store_listing(conn, "home", listing((1, 2)))
    episode_store.store_listing(conn, "sister", listing((1, 4)))
    queue.add(conn, SHOW, ["S01E01"], "normal")
    (item,) = queue.add(conn, "sister_show", ["S01E04"], "normal").items
    choosing.set_of_series(conn, "sister_show", SeriesPrefer(languages=["de"]))
    assert episode_store.join_listing(conn, SHOW, "sister", listing((1, 4)))
    assert queue.get(conn, item.id).series_id == SHOW
    assert choosing.of_series(conn, SHOW).languages == ["de"]
    assert series.get(conn, "sister_show").id == SHOW
    assert states(conn) == {"S01E02": ("home", "sister"), "S01E03": ("sister",)}


def test_two_series_with_the_same_episode_in_the_queue_become_one_by_the_owners_word_only(conn):
    for name in ("home", "sister"):
        episode_store.store_listing(conn, name, listing((1, 2)))
        queue.add(conn, f"{name}_show", ["S01E01"], "normal")
    assert not episode_store.join_listing(conn, SHOW, "sister", listing((1, 2)))
    assert [each.id for each in episode_store.details(conn, SHOW).possible_sources] == [
        "sister_show"
    ]


def test_a_database_with_one_source_a_series(tmp_path):
    """Series, episodes, changes and items are those of their source afterwards."""
    old = connect(":memory:", 22)
    old.executescript(
        """
        insert into series (id, provider, key, title, fold, updated_at, listed, folder) values
            ('home_show', 'home', 'show', 'Show', 'show', '', 1, 'Show'),
            ('local_own', 'local', 'own', 'Own', 'own', '', 1, 'Own');
        insert into episodes (series, season, number, ref, size) values
            ('home_show', 1, 1, 'a', 7), ('home_show', 1, 2, 'b', 8);
        insert into list_changes values ('home_show', '{"gone": [], "moved": {}}', 1, '');
        insert into items (series, season, number, priority, status, created_at, part, attempts)
            values ('home_show', 1, 1, 1, 'pending', '', 'x.part', 2),
                   ('home_show', 1, 2, 1, 'failed', '', null, 5);
        """
    )
    for number in range(23, len(list(MIGRATIONS.glob("*.sql"))) + 1):
        old.executescript((MIGRATIONS / f"{number}.sql").read_text())
    assert [offer.id for offer in offers.of_series(old, SHOW)] == [SHOW]
    assert offers.of_series(old, "local_own") == []
    assert {known.sources for known in known_episodes.of_series(old, SHOW)} == {("home",)}
    item = queue.claim(old, set(), set(), {})
    assert (item.source, item.attempts, item.episode.ref) == ("home", 2, "a")
    assert episode_store.details(old, SHOW).list_change.source == "home"
    old.close()


# -- which source is next --------------------------------------------------------------------------


def in_queue(conn, **sizes: int | None) -> int:
    """An item whose episode these sources have, each with its size; the item's id."""
    source_order.keep(conn, list(sizes), set())
    episode_store.store_found(
        conn, [(name, listing((1, 1), size=size)) for name, size in sizes.items()]
    )
    (item,) = queue.add(conn, f"{next(iter(sizes))}_show", ["S01E01"], "normal").items
    return item.id


def with_bytes(conn, item_id: int, total: int, seconds: float = 5.0) -> None:
    point = {"url": "http://x/", "spans": [[0, 5]], "total": total, "seconds": seconds}
    queue.set_checkpoint(conn, item_id, json.dumps(point), total)


def claimed(conn, waiting=(), resting=None, busy=()) -> str | None:
    """The source at which the item is claimed; it is pending again afterwards."""
    item = queue.claim(conn, set(waiting), set(), resting or {}, set(busy))
    if item:
        queue.release(conn, item.id)
    return item and item.source


def test_the_preferred_source_is_the_first(conn):
    item_id = in_queue(conn, home=7, sister=7, friend=8)
    assert claimed(conn) == "home"
    assert claimed(conn, resting={"home": 1.0}) == "sister"
    assert claimed(conn, resting={"home": 1.0, "sister": 1.0}) == "friend"
    assert claimed(conn, resting={"home": 1.0, "sister": 1.0, "friend": 1.0}) is None
    assert claimed(conn, waiting=[(item_id, "home")]) == "sister"
    assert claimed(conn, waiting=[item_id]) is None
    assert claimed(conn, busy=["home"]) is None  # it works, and is waited for
    source_order.keep(conn, ["friend", "sister", "home"], set())
    assert claimed(conn) == "friend"


def test_bytes_stay_with_their_source_or_go_where_the_same_file_seems_to_be(conn):
    item_id = in_queue(conn, home=7, sister=7, friend=8)
    assert claimed(conn, resting={"home": 0.0, "sister": 0.0}) == "friend"
    with_bytes(conn, item_id, 8)
    assert claimed(conn) == "friend"  # another file is no reason to drop its bytes
    assert claimed(conn, resting={"friend": 59.0}) is None
    assert claimed(conn, resting={"friend": 61.0}) == "home"
    with_bytes(conn, item_id, 7, seconds=600.0)
    assert claimed(conn, resting={"home": 0.0}) == "sister"
    assert claimed(conn, resting={"sister": 500.0, "home": 500.0}) is None
    assert claimed(conn, resting={"sister": 601.0, "home": 601.0}) == "friend"


def test_each_source_has_its_tries(conn):
    item_id = in_queue(conn, home=7, sister=None)
    assert claimed(conn) == "home"
    assert item_sources.lose_try(conn, item_id, 1, "cut", is_spent=False)
    assert claimed(conn) == "sister"
    assert item_sources.lose_try(conn, item_id, 1, "gone", is_spent=True)
    assert claimed(conn) == "home" and queue.get(conn, item_id).attempts == 1
    assert not item_sources.lose_try(conn, item_id, 5, "cut", is_spent=True)
    assert item_sources.failures(conn, item_id) == [("home", "cut"), ("sister", "gone")]
    queue.fail(conn, item_id, "PROVIDER_ERROR", "cut")
    queue.retry(conn, item_id)
    assert item_sources.failures(conn, item_id) == []


def test_one_source_that_is_named_is_the_only_one(conn):
    item_id = in_queue(conn, home=7, sister=7)
    queue.remove(conn, item_id)
    queue.add(conn, SHOW, ["S01E01"], "normal", source="sister")
    assert claimed(conn) == "sister"
    assert claimed(conn, resting={"sister": 9999.0}) is None
    conn.execute("update items set only_source = null, followed = 1")  # as following queues it
    queue.add(conn, SHOW, ["S01E01"], "normal", source="sister")
    assert claimed(conn) == "sister"


def test_a_source_that_is_no_longer_configured_is_the_last_resort(conn):
    in_queue(conn, home=7, sister=7)
    source_order.keep(conn, ["sister"], set())
    assert claimed(conn) == "sister"
    assert claimed(conn, resting={"sister": 1.0}) is None
    source_order.keep(conn, [], set())
    assert claimed(conn) == "home"  # which tells the owner what is wrong


def test_another_leading_source_gives_the_numbers(conn):
    """All lists are brought to its numbers at once, by the owner's word."""
    counted_through, seasons = listing((1, 24)), listing((1, 12), (2, 12))
    episode_store.store_found(conn, [("home", counted_through), ("sister", seasons)])
    assert set(states(conn)) == {f"S01E{number:02}" for number in range(1, 25)}
    links.link(conn, SHOW, [("sister", seasons), ("home", counted_through)], OwnersWord())
    assert set(states(conn)) == {f"S0{s}E{number:02}" for s in (1, 2) for number in range(1, 13)}
    details = episode_store.details(conn, SHOW)
    assert (details.source, details.list_change) == ("sister_show", None)
    assert {source.name: source.numbering for source in details.sources} == {
        "home": "absolute",
        "sister": None,
    }


def test_what_the_owner_has_told_apart_stays_apart(conn):
    """Also where its id is the one that the series was shown under first."""
    episode_store.store_listing(conn, "home", listing((1, 2)))
    found = [("sister", listing((1, 3)))]
    links.link(conn, SHOW, found, OwnersWord(sources={"sister_show": "auto"}))
    for _ in range(2):
        assert set(states(conn).values()) == {("sister",)}
        assert not episode_store.join_listing(conn, SHOW, "home", listing((1, 9)))
        episode_store.store_listing(conn, "home", listing((1, 9)))
    assert [source.name for source in episode_store.details(conn, SHOW).sources] == ["sister"]


def test_nothing_is_written_where_two_lists_say_the_same(conn):
    found = [("home", listing((1, 12), (2, 12))), ("sister", listing((1, 23)))]
    episode_store.store_found(conn, found)
    before = conn.total_changes
    for name, same in found:
        episode_store.store_listing(conn, name, same)
    assert conn.total_changes == before


def test_hits_that_the_owner_has_told_apart_are_two(conn):
    hits = [("home", Hit("show", "Show (2010)")), ("sister", Hit("show", "Show (2010)"))]
    assert [each.sources for each in joint_hits.join(conn, hits).hits] == [["home", "sister"]]
    episode_store.store_found(
        conn, [("home", listing((1, 2))), ("sister", listing((1, 2), title="Other"))]
    )
    other = [("home", Hit("show", "Show")), ("sister", Hit("show", "Other"))]
    assert [each.id for each in joint_hits.join(conn, other).hits] == [SHOW]
    joining.set_linked(conn, SHOW, [SHOW])
    assert [each.sources for each in joint_hits.join(conn, hits).hits] == [["home"], ["sister"]]
    tags = [("friend", Hit("a", "Tag")), ("nas", Hit("b", "Tag")), ("nas", Hit("c", "tag"))]
    tags = [(name, replace(hit, ids={"tvdb": "1"})) for name, hit in tags]
    found = {each.id: each.sources for each in joint_hits.join(conn, [*hits, *tags]).hits}
    assert found["friend_a"] == ["friend"] and len(found) == 5  # of two that fit none is taken


def test_hits_of_one_title_are_one_where_their_lists_show_it(conn):
    hits = [("home", Hit("show", "Show")), ("sister", Hit("show", "show"))]
    joined = joint_hits.join(conn, hits)
    assert [each.sources for each in joined.hits] == [["home"], ["sister"]]
    assert joined.alike == [(SHOW, "sister_show")]
    joined = joint_hits.join(conn, hits, joined.alike)
    assert [each.sources for each in joined.hits] == [["home", "sister"]] and not joined.alike


def test_a_list_that_contradicts_itself_harms_nobody(conn):
    """Any two lists are matched without an error, and each number of the series is given once."""
    draw = random.Random(5)
    days = [None, "", "x", "2019-02-30", "2019-01-01", "2019-01-02T20:15:00Z"]

    def some() -> dict:
        return {
            (
                draw.choice([0, 1, 1, 2, 3, 2019]),
                draw.choice([1, 2, 3, 6.5, 12, 24, 99_999]),
            ): About(draw.choice(["", "A"]), draw.choice(days))
            for _ in range(draw.randrange(8))
        }

    for _ in range(300):
        one, two = some(), some()
        for counting in (None, "absolute", "season", "joined"):
            of = list_numbers.match(one, two, counting).of
            assert len(set(of.values())) == len(of) and of.keys() <= two.keys()
            assert all(season >= 0 and number >= 0 for season, number in of.values())


def test_lists_are_taken_as_they_are_and_the_leading_source_stays(conn):
    source_order.keep(conn, ["sister", "home"], set())
    episode_store.store_listing(conn, "home", listing((1, 4)))
    episode_store.join_listing(conn, SHOW, "sister", listing((1, 4)))
    shorter = [("sister", listing((1, 2))), ("home", listing((1, 3)))]
    linked = links.link(conn, SHOW, (), OwnersWord(), shorter)
    assert (linked.source, linked.sources) == ("home_show", ["sister_show", "home_show"])
    assert states(conn) == {
        "S01E01": ("sister", "home"),
        "S01E02": ("sister", "home"),
        "S01E03": ("home",),
    }


def test_bytes_are_those_of_the_source_that_the_map_names(conn):
    """The next source was claimed, and failed before it had anything of its own."""
    item_id = in_queue(conn, home=None, sister=None)
    point = {"url": "", "spans": [[0, 5]], "total": 7, "seconds": 9.0, "source": "home"}
    queue.set_checkpoint(conn, item_id, json.dumps(point), 7)
    assert claimed(conn, resting={"home": 99.0}) == "sister"
    assert claimed(conn) == "home"


def test_the_file_that_fits_the_wishes_goes_before_the_preferred_source(conn):
    """It is tried again in a moment; where its source rests, the next best is taken."""
    item_id = in_queue(conn, home=7, sister=7)
    conn.execute("update episodes set fit = 3 where provider = 'home'")
    assert claimed(conn) == "sister"
    assert claimed(conn, waiting=[(item_id, "sister")]) is None
    assert claimed(conn, resting={"sister": 1.0}) == "home"
    conn.execute("update items set named = 0")
    conn.execute("update episodes set waits = 'one in de' where provider = 'home'")
    assert claimed(conn, resting={"sister": 1.0}) is None  # no worse file is taken
    conn.execute("update episodes set waits = 'one in de', waits_until = '2999'")
    assert claimed(conn) is None
    conn.execute("update items set named = 1")
    assert claimed(conn) == "sister"


def test_a_better_file_that_will_not_be_fetched_is_not_waited_for(conn):
    """Its source is gone from the settings, or what is here is of another file."""
    item_id = in_queue(conn, home=7, sister=8)
    conn.execute("update episodes set fit = 3 where provider = 'home'")
    source_order.keep(conn, ["home"], set())
    assert claimed(conn) == "home"
    source_order.keep(conn, ["home", "sister"], set())
    assert claimed(conn, resting={"sister": 1.0}) == "home"
    with_bytes(conn, item_id, 7)
    assert claimed(conn) == "home"
    assert claimed(conn, resting={"home": 61.0}) == "sister"


def test_what_a_source_had_that_is_gone_keeps_no_item_from_waiting_nor_hides_why_it_fails(conn):
    item_id = in_queue(conn, home=7, sister=8)
    conn.execute("update items set named = 0")
    conn.execute("update episodes set waits = 'one in de' where provider = 'home'")
    source_order.keep(conn, ["home"], set())
    assert claimed(conn) is None
    (told,) = waits.tell(conn, waits.EVERYTHING, "", "")
    assert told.reason == "Waits for a better file, one in de"
    conn.execute("update episodes set waits = ''")
    assert claimed(conn) == "home"
    assert not item_sources.lose_try(conn, item_id, 5, "no such file", is_spent=True)
    assert claimed(conn) == "home"
