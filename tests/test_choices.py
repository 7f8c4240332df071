"""Which of several files is taken, and which episode a day is: docs/decisions.md, 31 and 38."""

import contextlib

import pytest

from store import choices, episodes, files, known_episodes, links, series
from store.db import connect
from store.links import OwnersWord
from store.models import Episode, Listing
from store.names.dates import days_in
from store.names.resolution import lines_of
from store.sources import DirectoryProvider
from tests.app import running
from tests.contract import opened
from tests.rows import each_row
from tests.shows import add, home
from tests.tree import Tree


@each_row(
    "path, lines",
    [
        ("Show - 05 [1080p].mkv", 1080),
        ("Show - 05 (1920x1080 x264).mkv", 1080),
        ("Show.S01E05.2160p.WEB.mkv", 2160),
        ("Show - 05 [UHD].mkv", 2160),
        ("Show [BD 720p]/Show - 05.mkv", 720),
        ("Show [1080p]/Show - 05 [480p].mkv", 480),
        ("Show - 05.mkv", 0),
        ("Show 720 - 05p.mkv", 0),
        ("Show - 05 [4x3].mkv", 0),
    ],
)
def test_the_lines_of_a_picture(path, lines):
    assert lines_of(path) == lines


@each_row(
    "name, days",
    [
        ("Nacht 2019-12-01.mkv", {"2019-12-01"}),
        ("Nacht.2019.12.01.mkv", {"2019-12-01"}),
        ("Nacht 20191201.mkv", {"2019-12-01"}),
        ("Nacht 01.12.2019.mkv", {"2019-12-01"}),
        ("Nacht 5_12_1994.mkv", {"1994-12-05"}),
        ("Nacht_24.12.19_20-15_zdf_45_TVOON_DE.mpg.avi", {"2024-12-19", "2019-12-24"}),
        ("Nacht 12-05-94.mp4", {"1994-05-12"}),
        ("Nacht 2019-02-30.mkv", set()),
        ("Nacht S01E05.mkv", set()),
        ("Nacht 1920x1080.mkv", set()),
    ],
)
def test_the_days_in_a_name(name, days):
    assert days_in(name) >= days and (days or not days_in(name))


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


def present(conn, aired: dict[int, str], *names: str) -> dict[str, str]:
    """code -> name of what surely lies there, of a series that was aired on these days."""
    listed = tuple(Episode(1, number, aired=day) for number, day in aired.items())
    episodes.store_listing(conn, "home", Listing("nacht", "Nacht", episodes=listed))
    files.record_files(conn, "home_nacht", "Nacht", [(f"Nacht/{name}", 1) for name in names])
    known = known_episodes.of_series(conn, "home_nacht")
    return {episode.code: episode.path.rpartition("/")[2] for episode in known if episode.path}


DAYS = {1: "2019-11-24", 2: "2019-12-01", 3: "2019-12-08", 4: "2019-12-08"}


@pytest.mark.parametrize(
    "names, expected",
    [
        (["Nacht 2019-12-01.mkv"], {"S01E02": "Nacht 2019-12-01.mkv"}),
        (["Nacht 01.12.2019.mkv"], {"S01E02": "Nacht 01.12.2019.mkv"}),
        (["Nacht_19.12.01_20-15_zdf_45_TVOON_DE.mpg.avi"], {"S01E02": None}),
        (["Nacht 2019-12-08.mkv"], {}),  # two were aired that day
        (["Nacht 2018-12-01.mkv"], {}),  # none was
        (["Nacht 2019-12-01.mkv", "Nacht 2019-12-01 (2).mkv"], {}),  # two files of a day
        (["Nacht S01E02.mkv", "Nacht 2019-12-01.mkv"], {"S01E02": "Nacht S01E02.mkv"}),
        (["Extras/Nacht 2019-12-01.mkv"], {}),
    ],
)
def test_a_day_tells_the_episode_where_no_number_does(conn, names, expected):
    found = present(conn, DAYS, *names)
    assert {code: found.get(code) if name else None for code, name in expected.items()} == expected
    assert found.keys() == expected.keys()


def test_the_reason_names_the_day(conn):
    present(conn, DAYS, "Nacht 2019-12-01.mkv")
    (why,) = [e.why for e in known_episodes.of_series(conn, "home_nacht") if e.path]
    assert "S01E02 was aired on 2019-12-01, the day in the name" in why


async def test_of_several_files_at_a_source_the_better_one_is_taken(tmp_path):
    """The larger picture, then the larger file; but none that holds other episodes as well."""
    sizes = {
        "Nacht/Nacht - S01E01 [480p].mkv": 900,
        "Nacht/Nacht - S01E01 [1080p].mkv": 500,
        "Nacht/Nacht - S01E01 [720p].mkv": 800,
        "Nacht/Nacht - S01E02 a.mkv": 100,
        "Nacht/Nacht - S01E02 b.mkv": 200,
        "Nacht/Nacht - S01E03-E04 [2160p].mkv": 5000,
        "Nacht/Nacht - S01E03 [480p].mkv": 100,
        "Nacht/Nacht - S01E05.mkv": 100,
    }
    async with Tree({path: b"x" * size for path, size in sizes.items()}) as up:
        settings = DirectoryProvider("directory", "home", up.base)
        async with opened(settings, tmp_path / "db") as source:
            listing = await source.provider.listing("nacht")
    taken = {episode.number: episode for episode in listing.episodes}
    assert {number: episode.size for number, episode in taken.items()} == {
        1: 500,
        2: 200,
        3: 100,
        4: 5000,
        5: 100,
    }
    assert taken[1].why == (
        "Nacht - S01E01 [1080p].mkv is taken; left aside: Nacht - S01E01 [720p].mkv,"
        " Nacht - S01E01 [480p].mkv"
    )
    assert taken[5].why == ""


# -- what the owner is asked ---------------------------------------------------------------------


def test_the_owner_is_asked_once_for_all_files_that_one_answer_settles(conn):
    """Both ways to count fit half of a season's folder; each is told with what it makes."""
    keys = [(season, number) for season in (1, 2) for number in range(1, 7)]
    listed = tuple(Episode(*key) for key in keys)
    episodes.store_listing(conn, "home", Listing("nacht", "Nacht", episodes=listed))
    names = [f"Nacht/Season 2/Nacht - {number:02}.mkv" for number in (5, 6, 7, 8)]
    files.record_files(conn, "home_nacht", "Nacht", [(name, 1) for name in names])
    before = conn.execute("select * from files").fetchall()
    anime = vars(series.get(conn, "home_nacht"))
    found = choices.of_series(conn, "home_nacht")
    assert {choice.numbering for choice in found} == {"season", "absolute"}
    for choice in found:
        assert choice.ambiguous_files == 0 and choice.titles is None
        assert choice.examples[0].path == names[0]
    examples = {choice.numbering: choice.examples[0].episodes for choice in found}
    assert examples == {"season": ["S02E05"], "absolute": ["S01E05"]}
    assert conn.execute("select * from files").fetchall() == before
    assert vars(series.get(conn, "home_nacht")) == anime
    links.link(conn, "home_nacht", None, OwnersWord(numbering="season"))
    assert choices.of_series(conn, "home_nacht") == []


def test_a_second_title_is_asked_about(conn):
    listed = tuple(Episode(season, n) for season in (1, 2) for n in range(1, 5))
    episodes.store_listing(conn, "home", Listing("himo", "Himo", episodes=listed))
    names = [f"Himo/[HS] Himo! - {n:02}.mkv" for n in (1, 2, 3, 4)]
    names += [f"Himo/[HS] Himo! R - {n:02}.mkv" for n in (1, 2, 3, 4)]
    files.record_files(conn, "home_himo", "Himo", [(name, 1) for name in names])
    ambiguous = [
        e for e in known_episodes.of_series(conn, "home_himo", with_extras=True) if e.unsure_path
    ]
    assert ambiguous
    found = choices.of_series(conn, "home_himo")
    assert [choice.titles for choice in found if choice.titles] == [["Himo! R"]]


async def test_the_choices_are_offered_and_the_answer_is_kept(tmp_path):
    served = {
        f"Nacht/Season {s}/Nacht - S{s:02}E{n:02}.mkv": b"x" for s in (1, 2) for n in range(1, 7)
    }
    async with Tree(served) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for number in (5, 6, 7, 8):
            add(server, f"Nacht/Season 2/Nacht - {number:02}.mkv")
        await server.post("/api/v1/anime/rescan")
        _, body, _ = await server.get("/api/v1/anime/home_nacht/choices")
        offered = {choice["numbering"]: choice for choice in body["data"]}
        answer = {"numbering": "absolute"}
        _, linked, _ = await server.put("/api/v1/anime/home_nacht/link", json=answer)
        for name in ("missing_episodes", "ambiguous_files"):
            assert linked["data"][name] == offered["absolute"][name]
        await server.post("/api/v1/anime/rescan?full=true")
        assert (await server.get("/api/v1/anime/home_nacht/choices"))[1]["data"] == []
        assert (await server.get("/api/v1/anime/home_no/choices"))[0] == 404
