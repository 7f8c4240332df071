"""What new files are called: by the templates or like the files of the series, and read back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.keys import ENGINE
from store.names import folder_parser, matching
from store.names.codes import code
from store.names.template_check import find_problem
from store.names.templates import Wanted
from store.names.writer import File, choose_path, episode_path
from store.settings import Naming
from tests.app import running, until
from tests.rows import each_row
from tests.shows import add, episodes, home
from tests.test_spelling import anything, check
from tests.upstream import nginx

PLEX = Naming(
    "{title} ({year}) {ids}",
    "Staffel {season}",
    "{title} - {season}x{episode:02} ({absolute:03}) - {episode_title}",
)
FLAT = Naming("{title}", "", "{title}.{code}")


@each_row(
    "naming, wanted, written",
    [
        (Naming(), Wanted("Nacht", 1, [5]), "Nacht/Season 01/Nacht - S01E05.mkv"),
        (Naming(), Wanted("Nacht", 0, [6.5]), "Nacht/Season 00/Nacht - S00E06.5.mkv"),
        (Naming(), Wanted("Nacht", 2, [2, 1]), "Nacht/Season 02/Nacht - S02E01-E02.mkv"),
        (Naming(), Wanted("Nacht", 2, [1, 2, 3]), "Nacht/Season 02/Nacht - S02E01-E03.mkv"),
        (Naming(), Wanted("Nacht", 2, [1, 3]), "Nacht/Season 02/Nacht - S02E01E03.mkv"),
        (Naming(), Wanted("Nacht", 0, [1, 1.5]), "Nacht/Season 00/Nacht - S00E01E01.5.mkv"),
        (
            Naming(),
            Wanted("Nacht (2010)", 1, [5], {"tvdb": "1", "imdb": "tt2"}),
            "Nacht (2010) [tvdbid-1] [imdbid-tt2]/Season 01/Nacht - S01E05.mkv",
        ),
        (Naming(), Wanted("Re: Nacht?", 1, [5]), "Re - Nacht/Season 01/Re - Nacht - S01E05.mkv"),
        (
            PLEX,
            Wanted("Nacht", 2, [2], name="Der Morgen", absolute=[14]),
            "Nacht/Staffel 2/Nacht - 2x02 (014) - Der Morgen.mkv",
        ),
        (
            PLEX,
            Wanted("Nacht", 2, [2, 3], absolute=[14, 15]),
            "Nacht/Staffel 2/Nacht - 2x02-03 (014-015).mkv",
        ),
        (PLEX, Wanted("Nacht", 0, [6.5], name="a/b"), "Nacht/Staffel 0/Nacht - 0x06.5 - a-b.mkv"),
        (FLAT, Wanted("Nacht (2010)", 1, [5]), "Nacht/Nacht.S01E05.mkv"),
        (Naming(season="", episode="{code}"), Wanted("Nacht", 1, [5]), "Nacht/S01E05.mkv"),
        (
            Naming(episode="[{year}] {title} - {code}"),
            Wanted("Nacht", 1, [5]),
            "Nacht/Season 01/Nacht - S01E05.mkv",
        ),
    ],
)
def test_a_path_is_written_by_its_templates(naming, wanted, written):
    assert episode_path(naming, wanted, ".mkv") == written


@given(
    anything,
    anything,
    anything,
    st.integers(0, 30),
    st.lists(st.integers(0, 200), min_size=1, max_size=4, unique=True),
    st.sampled_from([Naming(), PLEX, FLAT]),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_every_part_of_a_path_is_safe(series, title, name, season, numbers, naming):
    parts = episode_path(naming, Wanted(title, season, numbers, name=name), ".mkv").split("/")
    assert len(parts) == (2 if naming is FLAT else 3)
    for part in parts:
        check(part)
    assert parts[-1].endswith(".mkv") and (
        naming is PLEX or code(season, min(numbers)) in parts[-1]
    )


@pytest.mark.parametrize(
    "naming",
    [
        Naming(),
        PLEX,
        FLAT,
        Naming(season="", episode="{code}"),
        Naming(episode="{title} - {code} - {absolute:03} - {episode_title}"),
        Naming("{title} {ids}", "S{season:02}", "S{season:02}E{episode:02} {title}"),
    ],
)
def test_templates_that_are_read_back(naming):
    assert find_problem(naming) == ""


@pytest.mark.parametrize(
    "naming, issue",
    [
        (Naming(season="", episode="{title} - {episode:02}"), "would not be read as S"),
        (Naming(episode="{title} {episode}{season}"), "would not be read as S"),
        (Naming(episode="{code}" + "夜" * 90), "too long"),
    ],
)
def test_templates_that_are_not(naming, issue):
    assert issue in find_problem(naming)


NACHT = {
    (season, number): 12 * (season - 1) + number for season in (1, 2) for number in range(1, 13)
}
# The files of season 1 and 2 of a series, and below the arrow the path of its S02E03.
FILES = {
    "a group's running numbers": """
        [G] Nacht - 01 [1080p].mkv
        [G] Nacht - 14 [1080p].mkv
        [G] Nacht - 11 [720p].mkv
        -> Nacht - 15.mkv
        """,
    "German folders and words": """
        Staffel 2/Folge 1.mkv
        Staffel 2/Folge 2.mkv
        -> Staffel 2/Folge 3.mkv
        """,
    "a season that is new": """
        Staffel 1/Nacht 1x01 Der Anfang.mkv
        Staffel 1/Nacht 1x02 Das Ende.mkv
        -> Staffel 2/Nacht 2x03.mkv
        """,
    "dots": """
        Season 2/nacht.s02e01.german.dl.1080p.mkv
        Season 2/nacht.s02e02.german.dl.1080p.mkv
        -> Season 2/nacht.s02e03.mkv
        """,
    "a number in the title": """
        Season 2/Level 2 - 01.mkv
        Season 2/Level 2 - 02.mkv
        -> Season 2/Level 2 - 03.mkv
        """,
    "a release's folders": """
        Nacht.S02E01.1080p-G/nacht.mkv
        Nacht.S02E02.1080p-G/nacht.mkv
        -> Season 02/Nacht - S02E03.mkv
        """,
    "one of each": """
        Season 2/Nacht - S02E01.mkv
        Season 2/nacht 2x02.mkv
        -> Season 2/Nacht - S02E03.mkv
        """,
    "what would not be read, but loose": """
        01.mkv
        02.mkv
        -> Nacht - S02E03.mkv
        """,
    "our own": """
        Season 02/Nacht - S02E01.mkv
        -> Season 02/Nacht - S02E03.mkv
        """,
    "none": """
        -> Season 02/Nacht - S02E03.mkv
        """,
}


@each_row("case", FILES)
def test_a_series_keeps_its_naming(case):
    before, _, expected = FILES[case].partition("-> ")
    paths = [f"Nacht/{line.strip()}" for line in before.strip().splitlines()]
    files = []
    for path, name in zip(paths, folder_parser.parse_folder(paths)):
        verdict = matching.judge(name, NACHT)
        if verdict.sure:
            season, number = verdict.episodes[0]
            files.append(File(path, season, (number, NACHT[season, number])))

    def readable(path):
        verdict = matching.judge(folder_parser.parse_folder([*paths, path])[-1], NACHT)
        return verdict.sure and verdict.episodes == ((2, 3),)

    path = choose_path(
        Naming(),
        Wanted("Nacht", 2, [3]),
        new=File("Nacht", 2, (3, 15)),
        files=files,
        extension=".mkv",
        readable=readable,
    )
    assert path == f"Nacht/{expected.strip()}"


@pytest.fixture
async def server(tmp_path):
    """A source of two series: one has a year and an id, one has names of its own in the library."""
    tmp_path.chmod(0o755)
    for name in ("Nacht (2010) [tvdbid-7]", "Wache"):
        for number in range(1, 7):
            file = tmp_path / "served" / name / f"{name[:5]} - S01E{number:02}.mkv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"\x1aE\xdf\xa3" + bytes([number]) * 200)
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        for number in (1, 2, 3):
            add(server, f"Wache/[G] Wache - {number:02} [1080p].mkv")
        await server.login()
        yield server


async def fetch(server, anime: str, code: str, count: int = 1) -> str:
    """The path of an episode, once it is there with all that comes along; `count` were queued."""
    body = {"anime_id": anime, "episodes": [code]}
    status, answer, _ = await server.post("/api/queue/add", json=body)
    assert status == 201, answer
    await server.post("/api/queue/start")

    async def is_completed() -> bool:
        return (await server.get("/api/queue/status"))[1]["data"]["completed"] == count

    await until(is_completed)
    await until(lambda: not server.app[ENGINE]._slots)  # subtitles and the like come after it
    return (await episodes(server, anime))[code]["path"]


async def test_downloads_are_named(server):
    await server.post("/api/v1/anime/rescan")
    assert await fetch(server, "home_wache", "S01E04") == "Wache/Wache - 04.mkv"
    _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
    assert counted["new_episodes"] == 0
    assert (
        await fetch(server, "home_nacht-2010", "S01E01", 2)
        == "Nacht (2010) [tvdbid-7]/Season 01/Nacht - S01E01.mkv"
    )
    templates = {"season": "", "episode": "{title} {season}x{episode:02}"}
    status, _, _ = await server.put("/api/config", json={"naming": templates})
    assert (
        status == 200
        and (await server.get("/api/config"))[1]["data"]["naming"]
        == {"series": "{title} ({year}) {ids}"} | templates
    )
    _, plan, _ = await server.post("/api/v1/anime/home_wache/rename")
    assert [move["new"] for move in plan["data"]["moves"]] == [
        f"Wache/Wache 1x{number:02}.mkv" for number in (4, 1, 2, 3)
    ] or plan["data"]["moves"]
    assert {move["new"] for move in plan["data"]["moves"]} == {
        f"Wache/Wache 1x{number:02}.mkv" for number in (1, 2, 3, 4)
    }


@pytest.mark.parametrize(
    "naming, status, field",
    [
        ({"episode": "{title}"}, 422, "naming.episode"),
        ({"episode": "{title} {quality} {code}"}, 422, "naming.episode"),
        ({"episode": "a/{code}"}, 422, "naming.episode"),
        ({"series": "{year}"}, 422, "naming.series"),
        ({"season": "{title}"}, 422, "naming.season"),
        ({"seasons": ""}, 422, "naming.seasons"),
        ({"season": "", "episode": "{title} {episode:02}"}, 400, "naming"),
    ],
)
async def test_templates_are_checked(tmp_path, naming, status, field):
    async with running(tmp_path) as server:
        await server.login()
        answered, body, _ = await server.put("/api/config", json={"naming": naming})
        assert (answered, body["details"]["field"]) == (status, field), body
        if status == 400:
            assert "would not be read as" in body["message"] and "{code}" in body["details"]["fix"]


async def test_subtitles_come_along(server):
    served, own = (
        server.library.parent / "served" / "Wache",
        server.library / "Wache" / "Wache - 05.de.srt",
    )
    for name in (
        "Wache - S01E04.de.srt",
        "Wache - S01E04.en.forced.ass",
        "Wache - S01E04.nfo",
        "Wache - S01E04.1.srt",
        "Wache - S01E04.5.srt",  # of an episode 4.5
        "Wache - S01E05.de.srt",
    ):
        (served / name).write_text(name)
    (served / "Wache - S01E04.sup").write_bytes(bytes(5_000_001))
    own.write_text("mine")
    await server.post("/api/v1/anime/rescan")
    assert await fetch(server, "home_wache", "S01E04") == "Wache/Wache - 04.mkv"
    await fetch(server, "home_wache", "S01E05", 2)
    assert own.read_text() == "mine"
    assert {
        path.name for path in (server.library / "Wache").glob("Wache*") if path.suffix != ".mkv"
    } == {"Wache - 04.de.srt", "Wache - 04.en.forced.ass", "Wache - 04.1.srt", own.name}
    assert (server.library / "Wache" / "Wache - 04.de.srt").read_text() == "Wache - S01E04.de.srt"


async def test_nfo_files_are_written_when_asked_for_and_never_over_the_owners(server):
    await server.post("/api/v1/anime/rescan")
    own = server.library / "Wache" / "tvshow.nfo"
    own.write_text("<tvshow><title>Mine</title></tvshow>")
    await fetch(server, "home_wache", "S01E04")
    assert not list(server.library.rglob("Nacht*/*.nfo"))
    await server.put("/api/config", json={"write_nfo": True})
    path = await fetch(server, "home_nacht-2010", "S01E01", 2)
    told = (server.library / path.partition("/")[0] / "tvshow.nfo").read_text()
    assert (
        "<title>Nacht</title>" in told
        and "<year>2010</year>" in told
        and '<uniqueid type="tvdb" default="true">7</uniqueid>' in told
    )
    await fetch(server, "home_wache", "S01E05", 3)
    assert own.read_text() == "<tvshow><title>Mine</title></tvshow>"
    assert {path.name for path in server.library.rglob("*.nfo")} == {"tvshow.nfo"}, (
        "an episode of which only the number is known needs none"
    )
    assert not any((server.library / ".aniworld-incoming").iterdir())
