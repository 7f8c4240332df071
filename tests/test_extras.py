"""Which paths tell alone that a video is no episode: folders, endings and discs."""

import pytest

from store.names import folder_parser, matching, parser
from store.names.extras import EXTRAS_FOLDERS
from store.names.system_folders import is_system_folder
from tests.app import running, until
from tests.rows import each_row
from tests.shows import completed, home, statuses
from tests.upstream import nginx

ENDINGS = (
    "-behindthescenes -deleted -deletedscene -featurette -interview -scene -short -trailer -clip "
    "-other -extra -sample .sample _sample .trailer _trailer"
).split()


def is_extra(path: str) -> bool:
    """As the path alone says, and beside its neighbours; the two must agree."""
    alone = parser.parse(path).kind == "extra"
    beside = ["Nacht/Nacht - 01.mkv", "Nacht/Nacht - 02.mkv", path]
    assert (folder_parser.parse_folder(beside)[-1].kind == "extra") == alone
    return alone


@each_row("folder", [*sorted(EXTRAS_FOLDERS), "Making-Of", "Behind.The.Scenes"])
def test_a_folder_below_a_series_holds_extras(folder):
    for path in ("Nacht/{}/02.mkv", "Nacht/Season 01/{}/x - S01E09.mkv", "Nacht/{}/x/04.mkv"):
        assert is_extra(path.format(folder.title()))


@pytest.mark.parametrize("title", ["Clips", "Other", "Extras", "Shorts", "Trailer Park", "Scenes"])
def test_a_series_may_be_called_so(title):
    for name in ("Season 01/{} - S01E05.mkv", "{} - 05.mkv", "Staffel 1/Folge 5.mkv"):
        assert not is_extra(f"{title}/{name.format(title)}")


@each_row("ending", ENDINGS)
def test_the_end_of_a_name(ending):
    for stem in ("Season 01/Nacht - S01E07", "Nacht - 07", "Season 01/Nacht.S01E07.1080p.x264-GRP"):
        assert is_extra(f"Nacht/{stem}{ending}.mkv")


@pytest.mark.parametrize(
    "path",
    [
        "Nacht/Nacht - S01E05 - The Trailer.mkv",
        "Nacht/Nacht.S01E05.Der.Trailer.mkv",
        "Nacht/nacht-s01e07-the-other.mkv",
        "Nacht/Nacht.S01E05.1080p.WEB.x264-OTHER.mkv",
        "Nacht/Nacht - S01E05 - The Short.mkv",
        "Sample/Sample - S01E05.mkv",
        "Nacht/Other Nacht/05.mkv",
    ],
)
def test_a_title_that_looks_so_is_none(path):
    assert not is_extra(path)


@pytest.mark.parametrize(
    "path",
    [
        "Nacht/VIDEO_TS/VTS_01_1.VOB",
        "Nacht/Nacht.S01E05/VIDEO_TS/VTS_03_2.VOB",
        "Nacht/Disc 1/BDMV/STREAM/00001.m2ts",
        "Nacht/S01E05/VTS_01_1.VOB",
        "Nacht/VIDEO_TS",
    ],
)
def test_a_disc_is_no_episode(path):
    assert is_extra(path)
    name = parser.parse(path)
    assert not name.episodes
    verdict = matching.judge(name, ())
    assert verdict.episodes == (matching.EXTRA,) and "disc" in verdict.why


def test_the_reason_names_what_tells_it():
    assert parser.parse("Nacht/Clips/02.mkv").why[-1] == 'in the folder "Clips"'
    assert parser.parse("Nacht/S01E07-deleted.mkv").why[-1] == 'it ends in "-deleted"'


@each_row(
    "name",
    [
        "$RECYCLE.BIN",
        "$Recycle.Bin",
        "RECYCLER",
        "System Volume Information",
        "found.000",
        "@Recycle",
        "@Recently-Snapshot",
        ".@__thumb",
        "#snapshot",
        "#recycle",
        "@eaDir",
        "@tmp",
        "Trash",
        ".Trash-1000",
        ".Trashes",
        "lost+found",
        ".Spotlight-V100",
        ".AppleDouble",
        "Network Trash Folder",
        "Temporary Items",
        "__MACOSX",
        ".snapshots",
    ],
)
def test_folders_that_no_household_made(name):
    assert is_system_folder(name)


@pytest.mark.parametrize("name", ["Trash Talk", "#Nacht", "@Home", "Recycling", "Found", "$9.99"])
def test_series_that_are_called_nearly_so(name):
    assert not is_system_folder(name)


async def test_extras_and_bins_of_a_source_are_none_of_its_episodes(tmp_path):
    """Clips/02.mkv and a snapshot's files come first in the listing, and are not fetched."""
    tmp_path.chmod(0o755)
    wrong = (
        "Clips/02.mkv",
        "#snapshot/Yakei - 02.mkv",
        "$RECYCLE.BIN/Yakei - 03.mkv",
        "Disc/VIDEO_TS/VTS_01_1.VOB",
        "A - S01E02-clip.mkv",
        "Yakei - S01E05-deleted.mkv",
    )
    right = [f"Yakei - {number:02}.mkv" for number in (1, 2, 3)]
    for name in (*wrong, *right, "Yakei - 02.1.de.srt"):
        file = tmp_path / "served" / "Yakei" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\x1aE\xdf\xa3" + name.encode() * 40)
    (tmp_path / "served" / "#recycle" / "Yakei").mkdir(parents=True)
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        _, hits, _ = await server.get("/api/v1/anime/search?q=e")
        assert [hit["name"] for hit in hits["data"]] == ["Yakei"]
        body = {"anime_id": "home_yakei", "episodes": ["missing"]}
        await server.post("/api/queue/add", json=body)
        assert sorted(await statuses(server)) == ["S01E01", "S01E02", "S01E03"]
        await server.post("/api/queue/start")
        await completed(server, "S01E01", "S01E02", "S01E03")
        for number, name in enumerate(right, 1):
            path = server.library / "Yakei" / "Season 01" / f"Yakei - S01E{number:02}.mkv"
            assert path.read_bytes() == b"\x1aE\xdf\xa3" + name.encode() * 40

        def subtitle():
            return list(server.library.rglob("*.1.de.srt"))

        (found,) = await until(subtitle)
        assert found.name == "Yakei - S01E02.1.de.srt"
