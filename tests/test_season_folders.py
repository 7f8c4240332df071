"""Numbers in season folders and in folders that name a range, in a library and at a source."""

import pytest

from store.names import folder_parser, matching, season_folders
from store.names.parser import parse
from tests.app import running
from tests.rows import each_row
from tests.shows import add, completed, home
from tests.upstream import nginx

EBML = b"\x1aE\xdf\xa3"


def lists(*counts):
    """The episodes of a source whose seasons have so many."""
    return [
        (season, number) for season, count in enumerate(counts, 1) for number in range(1, count + 1)
    ]


def judged(paths, known):
    """path -> its verdict, read and judged together with the others."""
    names = folder_parser.parse_folder(paths)
    return dict(zip(paths, season_folders.judge_together(paths, names, known)))


RANGES = [
    "[G] Nacht S01E01-E12 [1080p]/[G] Nacht - {:02} [1080p].mkv",
    "Nacht.S01E01-E12.1080p.WEB-GRP/{:02}.mkv",
    "Nacht 1x01-12/Nacht {:02}.mkv",
    "Nacht Staffel 1 Folge 1-12/Nacht {:02}.mkv",
    "Nacht.S01E01-S01E12.1080p/Nacht {:02}.mkv",
    "Nacht/Nacht S01E01-E12 Complete/{:02} - Titel.mkv",
    "Nacht.S01E01-E12.German.1080p/e{:02}.mkv",
]


@each_row("form", RANGES)
@each_row("numbers", [(1, 2, 3, 5), (5,), (13,)], ids=str)
def test_a_range_is_a_frame_and_no_files_episodes(form, numbers):
    verdicts = judged([form.format(number) for number in numbers], lists(12))
    assert [verdict.episodes for verdict in verdicts.values()] == [
        ((1, number),) for number in numbers
    ]


def test_an_opening_in_a_range_is_an_extra():
    path = "[G] Nacht S01E01-E12/[G] Nacht - NCOP1.mkv"
    assert judged([path], lists(12))[path].episodes == (matching.EXTRA,)


DATES = """
Nacht 05.12.1994.mp4
Nacht 5.12.1994.mp4
Nacht 12-05-94.mp4
Nacht (12-05-94).mp4
Nacht 12.05.94.mp4
Nacht vom 24.12.2019.mp4
Nacht 05_12_2019.mp4
Nacht_24.12.19_20-15_zdf_45_TVOON_DE.mpg.avi
"""


@each_row("name", DATES.strip().splitlines())
def test_a_date_is_no_code(name):
    assert parse(name).episodes == ()


def test_a_number_beside_a_date_is_the_episode():
    assert parse("Nacht 12 (05.03.2021) 720p.mkv").episodes == (12,)
    assert parse("[G][2019-4-16][夜警][412-413][1080P].mp4").episodes == (412, 413)
    assert parse("Nacht - S01E01-02-03.mkv").episodes == (1, 2, 3)


@each_row("word", ["(OVA)", "[OVA]", "(OAD)", "(Special)", "[Specials]"])
@each_row("form", ["[G] Yakei {} - 03 [1080p].mkv", "[G] Yakei {} [03].mkv"])
def test_a_word_in_brackets_makes_a_special(word, form):
    name = parse(form.format(word))
    assert (name.kind, name.episodes) == ("special", (3,))


def test_a_name_without_a_number_has_the_code_of_its_folder():
    assert parse("Nacht/Nacht S01E05/abc.mkv").episodes == (5,)
    alone = "Nacht/Nacht S01E01-E03/film.mkv"
    assert judged([alone], lists(3))[alone].episodes == ((1, 1), (1, 2), (1, 3))
    beside = ["Nacht/Nacht S01E01-E03/film.mkv", "Nacht/Nacht S01E01-E03/anderes.mkv"]
    assert all(v.episodes == (matching.EXTRA,) for v in judged(beside, lists(3)).values())


SEASONS = {
    "counted through": ((12, 12), 2, range(13, 25), lambda n: (2, n - 12)),
    "counted through, one file": ((12, 12), 2, [17], lambda n: (2, n - 12)),
    "counted through, a shorter season": ((4, 4), 2, range(5, 9), lambda n: (2, n - 4)),
    "counted through three": ((4, 4, 4), 3, range(9, 13), lambda n: (3, n - 8)),
    "within": ((12, 12), 2, range(1, 13), lambda n: (2, n)),
    "within, and as many in both": ((12, 13), 2, range(1, 14), lambda n: (2, n)),
    "beyond the list": ((12, 12), 2, [1, 2, 13, 14], lambda n: (2, n)),
    "a season that the source lacks": ((12,), 2, [1, 2], lambda n: (2, n)),
}


@each_row("case", SEASONS)
@each_row("form", ["Season {0}/Nacht - {1:02}.mkv", "Staffel {0}/Folge {1}.mkv"])
def test_numbers_in_a_season_folder(case, form):
    counts, season, numbers, expected = SEASONS[case]
    paths = {number: "Nacht/" + form.format(season, number) for number in numbers}
    verdicts = judged(list(paths.values()), lists(*counts))
    if case == "beyond the list":  # 1 and 2 are within, 13 and 14 may be both
        assert not all(verdict.sure for verdict in verdicts.values())
        return
    for number, path in paths.items():
        assert verdicts[path].sure and verdicts[path].episodes == (expected(number),), path


@pytest.mark.parametrize(
    ("counts", "numbers"),
    [((12, 13), [13]), ((6, 6), [5, 6, 7, 8])],
    ids=["both readings fit", "each fits half"],
)
def test_two_readings_are_ambiguous(counts, numbers):
    paths = [f"Nacht/Season 2/Nacht - {number:02}.mkv" for number in numbers]
    assert not any(verdict.sure for verdict in judged(paths, lists(*counts)).values())


def test_the_reason_names_the_count():
    path = "Nacht/Season 2/Nacht - 13.mkv"
    assert "number 13 of all 24 is S02E01" in judged([path], lists(12, 12))[path].why


def at_source(paths):
    names = folder_parser.parse_folder(paths)
    episodes = [matching.judge(name, (), "season").episodes for name in names]
    return [keys[0] for keys in season_folders.renumber_running(episodes, names)]


def test_a_source_whose_season_folders_count_through():
    first = [f"Nacht/Season 1/{number:02}.mkv" for number in range(1, 5)]
    second = [f"Nacht/Season 2/{number:02}.mkv" for number in range(5, 9)]
    third = [f"Nacht/Season 3/{number:02}.mkv" for number in (9, 11)]
    assert at_source([*first, *second, *third]) == [*lists(4, 4), (3, 1), (3, 3)]
    assert at_source(second) == [(2, number) for number in range(5, 9)], "nothing goes before"
    gap = [f"Nacht/Season 2/{number:02}.mkv" for number in (6, 7)]
    assert at_source([*first, *gap])[-1] == (2, 7), "the numbers do not go on"


@pytest.fixture
async def served(tmp_path):
    """A source whose folder names a range, beside a library that has the first episode."""
    tmp_path.chmod(0o755)
    folder = tmp_path / "served" / "Nacht" / "[G] Nacht S01E01-E06 [1080p]"
    folder.mkdir(parents=True)
    for number in range(1, 7):
        (folder / f"[G] Nacht - {number:02} [1080p].mkv").write_bytes(EBML + bytes([number]) * 999)
    (tmp_path / "web").mkdir()
    async with (
        nginx(tmp_path / "web", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        yield server


async def test_each_episode_of_a_range_is_fetched_as_itself(served):
    add(served, "Nacht/Season 01/Nacht - S01E01.mkv")
    await served.post("/api/v1/anime/rescan")
    await served.post("/api/queue/start")
    body = {"anime_id": "home_nacht", "episodes": ["missing"]}
    status, added, _ = await served.post("/api/queue/add", json=body)
    assert status == 201 and len(added["data"]["items"]) == 5
    await completed(served, *(f"S01E{number:02}" for number in range(2, 7)))
    for number in range(2, 7):
        (fetched,) = served.library.glob(f"Nacht/Season 01/*S01E{number:02}.mkv")
        assert fetched.read_bytes() == EBML + bytes([number]) * 999
