"""What a program is still writing is no episode, in the library or at a source."""

import pytest

from store import library_scan
from store.names.unfinished import is_unfinished, named_beside
from tests.app import running
from tests.shows import add, episodes, home
from tests.tree import Tree

UNFINISHED = (
    "Nacht - 05.mkv.part",
    "Nacht - 05.mkv.!qB",
    "Nacht - 05.mkv.crdownload",
    "Nacht - 05.mkv.tmp",
    ".syncthing.Nacht - 05.mkv.tmp",
    "~syncthing~Nacht - 05.mkv.tmp",
    ".Nacht - 05.mkv.X3fGd2",
    "Nacht - 05.temp.mkv",
    "Nacht - 05.tmp.mkv",
    "Nacht - 05.PARTIAL.mkv",
    ".syncthing.Nacht - 05.mkv",
    "~syncthing~Nacht - 05.mkv",
)


@pytest.mark.parametrize("name", UNFINISHED)
def test_names_that_say_so(tmp_path, name):
    for path in (name, "Nacht - 04.mkv"):
        (tmp_path / "Nacht" / path).parent.mkdir(exist_ok=True)
        (tmp_path / "Nacht" / path).write_bytes(b"x")
    (folder,) = library_scan.scan(tmp_path)
    assert folder.videos == (("Nacht/Nacht - 04.mkv", 1),)


@pytest.mark.parametrize("name", ["The Last Part.mkv", "Der.letzte.Part.mkv", "Temp - 05.mkv"])
def test_titles_that_only_sound_so(name):
    assert not is_unfinished(name)


def test_a_file_beside_a_video_may_call_it_unfinished():
    names = ["A - 01.mkv", "A - 01.mkv.aria2", "A - 02.mkv", "A - 03.mkv", "A - 03.mkv.PART"]
    assert named_beside(names) == {"A - 01.mkv", "A - 03.mkv"}


async def test_they_never_count(tmp_path):
    whole = {f"Nacht/Nacht - S01E0{number}.mkv": b"\x1aE\xdf\xa3" for number in (1, 2, 3)}
    marks = {"Nacht/Nacht - S01E03.mkv.aria2": b"x", "Nacht/Nacht - S01E04.temp.mkv": b"x"}
    async with Tree(whole | marks) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for name in ("S01E01.mkv", "S01E02.mkv", "S01E02.mkv.!qB"):
            add(server, f"Nacht/Nacht - {name}")
        await server.post("/api/v1/anime/rescan")
        states = {
            code: entry["state"] for code, entry in (await episodes(server, "home_nacht")).items()
        }
        assert states == {"S01E01": "present", "S01E02": "missing"}
        (server.library / "Nacht/Nacht - S01E02.mkv.!qB").unlink()
        await server.post("/api/v1/anime/rescan")
        assert (await episodes(server, "home_nacht"))["S01E02"]["state"] == "present"
