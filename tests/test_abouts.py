"""What is told of a series as a whole, by several who know it: who is believed, what is kept."""

import sqlite3
from contextlib import closing

import pytest

from store import abouts, calendars, db, episodes, folders, offers, series, source_order
from store.abouts import About, Poster, Short
from store.folders import Placed
from store.library_scan import Folder, Look
from store.models import Episode, Listing

EPISODES = (Episode(1, 1, ref="a", title="One"), Episode(1, 2, ref="b", title="Two"))


def listing(key: str = "show", **about) -> Listing:
    return Listing(key, "Show", episodes=EPISODES, **about)


def folder(about: About | None, videos=(("Show/Show - S01E01.mkv", 1),)) -> Folder:
    return Folder("Show", "Show", videos, Look({"Show": 1}, {}), [], about)


@pytest.fixture
def conn():
    with closing(db.connect(":memory:")) as connection:
        source_order.keep(connection, ["one", "two", "tv"], {"tv"})
        yield connection


def test_who_is_believed(conn):
    """The leading source, then the others as the owner prefers them, the library, calendars."""
    series_id = episodes.store_listing(conn, "two", listing(description="Of two."))
    assert episodes.join_listing(conn, series_id, "one", listing(year=2001, poster="p1"))
    folders.record_scan(conn, [Placed(folder(About("Of files.", 2002, "poster.jpg")), series_id)])
    calendars.keep(conn, series_id, "tv", listing(description="Of tv.", year=2003, poster="p3"))
    assert abouts.of_series(conn, series_id) == ("Of two.", 2001, "p1")
    assert abouts.in_short(conn, [series_id]) == {series_id: Short(2001, True)}
    posters = [Poster("one", "show", "p1"), Poster("tv", "show", "p3")]
    assert abouts.posters(conn, series_id) == posters
    episodes.store_listing(conn, "two", listing(poster="p2"))
    assert [each.ref for each in abouts.posters(conn, series_id)] == ["p2", "p1", "p3"]
    assert abouts.of_series(conn, series_id).description == "Of files."
    offers.unlink(conn, series_id, "one", "apart")
    assert abouts.of_series(conn, series_id) == ("Of files.", 2002, "p2")
    folders.record_scan(conn, [Placed(folder(None), series_id)])  # it could not be looked into
    assert abouts.of_series(conn, series_id).year == 2002
    folders.record_scan(conn, [Placed(folder(About()), series_id)])
    assert abouts.of_series(conn, series_id) == ("Of tv.", 2003, "p2")
    calendars.drop_others(conn, set())
    assert abouts.of_series(conn, series_id) == ("", None, "p2")
    series.forget(conn, series_id)
    assert abouts.of_series(conn, series_id) == About()
    assert abouts.in_short(conn, [series_id]) == {}


def test_a_source_that_is_away_keeps_its_poster_and_one_that_is_gone_does_not(conn):
    series_id = episodes.store_listing(conn, "one", listing(description="Of one.", poster="p"))
    for away in (True, False):
        source_order.set_away(conn, "one", away)
        assert abouts.in_short(conn, [series_id])[series_id].has_poster
    source_order.keep(conn, ["one", "two"], {"one"})  # switched off
    assert abouts.posters(conn, series_id)
    source_order.keep(conn, ["two"], set())
    assert abouts.posters(conn, series_id) == []
    assert abouts.of_series(conn, series_id) == ("Of one.", None, "")


def test_the_same_again_writes_nothing(conn):
    told = listing(description="Of it.", year=2001, poster="p")
    series_id = episodes.store_listing(conn, "one", told)
    calendars.keep(conn, series_id, "tv", told)
    before = conn.total_changes
    episodes.store_listing(conn, "one", told)
    calendars.keep(conn, series_id, "tv", told)
    calendars.drop_others(conn, {"tv"})
    assert conn.total_changes == before


def test_another_series_of_the_source_brings_its_own(conn):
    series_id = episodes.store_listing(conn, "one", listing(description="Of it.", poster="p"))
    other = listing("other", description="Of another.")
    series.link(conn, series_id, "one", "other")
    assert abouts.of_series(conn, series_id) == About()
    episodes.store_listing(conn, "one", other)
    assert abouts.of_series(conn, series_id) == ("Of another.", None, "")


def test_many_are_told_as_each_is(conn):
    for number in range(300):
        told = Listing(f"k{number}", f"Show {number} (19{number % 100:02})", poster="p" * number)
        episodes.store_listing(conn, "one", told)
    ids = [f"one_k{number}" for number in range(300)]
    assert len(ids) > abouts.FEW
    together = abouts.in_short(conn, ids)
    assert together == {each: abouts.in_short(conn, [each])[each] for each in ids}
    assert together["one_k0"] == Short(1900, False)
    assert together["one_k107"] == Short(1907, True)


def test_what_an_earlier_version_knew_is_known(tmp_path):
    path = tmp_path / "db"
    with closing(db.connect(path, 25)) as old:
        old.execute(
            """insert into series (id, provider, key, title, description, fold, updated_at, listed)
            values ('one_show', 'one', 'show', 'Show', 'Of a show.', 'show', '', 1),
                ('local_x', 'local', 'x', 'X', 'Of nobody.', 'x', '', 1)"""
        )
        old.execute("insert into offers (series, provider, key, standing) "
                    "values ('one_show', 'one', 'show', 'linked')")  # fmt: skip
        old.execute("insert into folders (path, top, mtime) values ('S', 'S', 9), ('S/1', 'S', 9)")
    with closing(db.connect(path)) as new:
        assert abouts.of_series(new, "one_show") == ("Of a show.", None, "")
        assert abouts.of_series(new, "local_x") == About()
        mtimes = dict(tuple(row) for row in new.execute("select path, mtime from folders"))
        assert mtimes == {"S": -1, "S/1": 9}  # the next rescan looks for what it says
        with pytest.raises(sqlite3.OperationalError):
            new.execute("select description from series")


def test_looks_into_tables_pass_no_long_texts(conn):
    """A table without rowids compares keys with all that stands beside them."""
    columns = {
        name: [row["name"] for row in conn.execute(f"pragma table_info({name})")]
        for (name,) in conn.execute("select name from sqlite_schema where type = 'table'")
    }
    with_texts = {name for name, found in columns.items() if "description" in found}
    assert with_texts == {"offers", "folders", "calendar_series"}
    for name in with_texts:
        conn.execute(f"select rowid from {name}")
        assert columns[name][-1] == "description", name
