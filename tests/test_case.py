"""Disks that ignore case: names are spelled as the disk has them, and what was fetched stays known.

The disk is an image of exFAT that root mounts, by the kernel or in user space (exfat-fuse).
"""

import os
import subprocess
from pathlib import Path

import pytest

from store.case import Case
from tests.app import running
from tests.house import house, write
from tests.requirements import need
from tests.shows import completed, episodes
from tests.shows import home as source_home
from tests.test_families import moves
from tests.upstream import nginx

IMAGE_BYTES = 48 << 20


def run(*command: object) -> str | None:
    """What went wrong with a command; None where nothing did."""
    arguments = [str(part) for part in command]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return None if result.returncode == 0 else result.stderr.strip()


def mount(device: str, folder: Path) -> str | None:
    """Mount a disk of exFAT by what this kernel has; why not, if it cannot."""
    why = run("mount", "-t", "exfat", device, folder)
    return why and run(need("mount.exfat-fuse", "exfat-fuse"), device, folder)


@pytest.fixture
def disk(tmp_path):
    """`tmp_path/library`, on a disk that ignores case."""
    if os.getuid():
        pytest.skip("only root mounts an image")
    image, library = tmp_path / "image", tmp_path / "library"
    with open(image, "wb") as file:
        file.truncate(IMAGE_BYTES)
    library.mkdir()
    assert not run(need("mkfs.exfat", "exfatprogs"), image)
    loop = ["losetup", "-f", "--show", str(image)]
    device = subprocess.run(loop, capture_output=True, text=True, check=False)
    if device.returncode:
        pytest.skip(f"there are no loop devices here: {device.stderr.strip()}")
    try:
        if why := mount(device.stdout.strip(), library):
            pytest.skip(f"exFAT cannot be mounted here: {why}")
        yield library
        assert not run("umount", library)
    finally:
        run("umount", library)
        run("losetup", "-d", device.stdout.strip())


def names(library: Path) -> set[str]:
    return {str(path.relative_to(library)) for path in library.rglob("[!.]*") if path.is_file()}


def test_a_disk_is_asked(tmp_path):
    (tmp_path / "Nacht" / "season 01").mkdir(parents=True)
    case = Case(tmp_path)
    assert case.key("Nacht/Season 01/x") != case.key("Nacht/season 01/x")
    assert case.spell("Nacht/Season 01/x") == "Nacht/Season 01/x"


async def test_only_the_case_differs(disk, tmp_path):
    """The files get the case of the templates; the folders keep theirs, and that is told."""
    async with house(tmp_path / "state", disk) as home:
        write(disk, "nacht/season 01/nacht - s01e01.mkv", "nacht/season 01/nacht - s01e01.de.srt")
        write(disk, "nacht/season 01/nacht - s01e02.mkv")
        assert Case(disk).is_ignored("nacht")
        await home.scan()
        before = names(disk)
        await home.db.run(lambda conn: conn.execute("update series set title = 'Nacht'"))
        done = await home.rename("local_nacht", dry_run=False)
        after = {
            "nacht/season 01/Nacht - S01E01.mkv",
            "nacht/season 01/Nacht - S01E01.de.srt",
            "nacht/season 01/Nacht - S01E02.mkv",
        }
        assert names(disk) == after == set(moves(done).values()) and not done.left
        content = (disk / "nacht/season 01/Nacht - S01E01.mkv").read_bytes()
        assert content == b"nacht/season 01/nacht - s01e01.mkv"
        again = await home.rename("local_nacht")
        assert not again.moves
        assert all(entry.why.startswith("only the case of its folder") for entry in again.left)
        await home.rename("local_nacht", undo=True, dry_run=False)
        assert names(disk) == before


async def test_chains_and_taken_names(disk, tmp_path):
    async with house(tmp_path / "state", disk) as home:
        season = "Nacht/season 01/nacht - s01e{:02}.mkv".format
        write(
            disk, season(1), season(2), "Nacht/Nacht - 04.mkv", "Nacht/season 01/NACHT - S01E04.nfo"
        )
        write(disk, "Nacht/Nacht - 04.nfo")
        await home.scan()
        await home.fetched_as(season(1), 1, 2)
        await home.fetched_as(season(2), 1, 1)
        done = await home.rename("local_nacht", dry_run=False)
        assert moves(done) == {
            season(1): "Nacht/season 01/Nacht - S01E02.mkv",
            season(2): "Nacht/season 01/Nacht - S01E01.mkv",
        }
        (stays,) = done.left
        assert stays.path == "Nacht/Nacht - 04.mkv" and "is there already" in stays.why
        new = disk / "Nacht/season 01/Nacht - S01E02.mkv"
        assert new.read_bytes() == season(1).encode()


async def test_what_was_fetched_stays_known(disk, tmp_path):
    """The folder is "season 01" on disk, the templates say "Season 01"."""
    tmp_path.chmod(0o755)
    for number in range(1, 13):
        file = tmp_path / "served" / "Nacht" / f"Nacht - S01E{number:02}.mkv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\x1aE\xdf\xa3" + bytes([number]) * 200)
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=source_home(url)) as server,
    ):
        write(disk, "Nacht/season 01/Nacht - S01E01.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        link = {"numbering": "absolute", "offset": 4}
        assert (await server.put("/api/v1/anime/home_nacht/link", json=link))[0] == 200
        body = {"anime_id": "home_nacht", "episodes": ["S01E02"]}
        assert (await server.post("/api/queue/add", json=body))[0] == 201
        await server.post("/api/queue/start")
        await completed(server, "S01E02")
        fetched = (await episodes(server, "home_nacht"))["S01E02"]
        assert fetched["path"] == "Nacht/season 01/Nacht - S01E02.mkv"
        await server.post("/api/v1/anime/rescan?full=true")
        assert (await episodes(server, "home_nacht"))["S01E02"] == fetched
        assert fetched["why"] == "fetched as S01E02"
        # Another computer spells it in its own way.
        os.rename(disk / "Nacht/season 01", disk / "Nacht/x")
        os.rename(disk / "Nacht/x", disk / "Nacht/SEASON 01")
        await server.post("/api/v1/anime/rescan?full=true")
        spelled = (await episodes(server, "home_nacht"))["S01E02"]
        assert spelled["path"] == "Nacht/SEASON 01/Nacht - S01E02.mkv"
        assert spelled["why"] == fetched["why"] and spelled["state"] == "present"


async def test_case_counts_elsewhere(tmp_path):
    """On a disk that tells case apart, names that differ in it are two, and a change is a move."""
    async with house(tmp_path / "state", tmp_path / "library") as home:
        write(
            home.library, "Nacht/Season 01/nacht - s01e01.mkv", "Nacht/season 01/Nacht - S01E02.mkv"
        )
        await home.scan()
        done = await home.rename("local_nacht", dry_run=False)
        assert sorted(moves(done).values()) == [
            "Nacht/Season 01/Nacht - S01E01.mkv",
            "Nacht/Season 01/Nacht - S01E02.mkv",
        ]
