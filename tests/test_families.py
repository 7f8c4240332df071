"""Renaming moves a video with all that bears its name, or nothing of it; names pass on and change
places; links lead where they led; a kill at any change leaves what can be finished and undone."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from store import placing
from tests.app import ROOT, running, until
from tests.house import house, tree, write

SIDECARS = (
    ".de.srt .1.srt .1.de.srt .2.de.srt .de.1.srt .de.forced.ass .idx .sub .nfo .mka .mks .bif .edl"
    " .chapters.xml .lrc .tbn .txt .md5 .jpg -thumb.jpg -thumb.webp -mediainfo.xml"
).split()
FOLDERS = ("Nacht/{}.trickplay/320 - 10x10/", "Nacht/Subs/{}/")


@pytest.fixture
async def home(tmp_path):
    async with house(tmp_path / "state", tmp_path / "library") as home:
        yield home


def moves(renamed) -> dict[str, str]:
    return {move.old: move.new for move in renamed.moves}


def left(renamed) -> dict[str, str]:
    return {entry.path: entry.why for entry in renamed.left}


async def rename(home) -> tuple[dict[str, str], dict[str, str]]:
    """Rename Nacht: (moves, left). The plan says the same before, and undoing it restores all."""
    before = tree(home.library)
    plan = await home.rename("local_nacht")
    assert tree(home.library) == before
    done = await home.rename("local_nacht", dry_run=False)
    assert (moves(done), left(done)) == (moves(plan), left(plan)), "the plan is what happens"
    renamed = tree(home.library)
    assert not [path for path in renamed if ".aniworld-renaming" in path]
    back = await home.rename("local_nacht", undo=True)
    assert moves(back) == {new: old for old, new in moves(done).items()}
    await home.rename("local_nacht", undo=True, dry_run=False)
    assert tree(home.library) == before
    await home.rename("local_nacht", dry_run=False)
    assert tree(home.library) == renamed
    return moves(done), left(done)


async def test_the_whole_family_moves(home):
    stem = "Nacht - 01 [1080p]"
    family = [f"Nacht/{stem}{end}" for end in SIDECARS] + [f.format(stem) for f in FOLDERS]
    others = ("Nacht/Nacht - 01.srt", "Nacht/poster.jpg", "Nacht/Subs/other.srt")
    write(home.library, f"Nacht/{stem}.mkv", *family, *others)
    before = tree(home.library)
    await home.scan()
    moved, stays = await rename(home)
    new = "Nacht/Season 01/Nacht - S01E01"
    assert moved == {
        **{f"Nacht/{stem}{end}": new + end for end in (".mkv", ".trickplay", *SIDECARS)},
        f"Nacht/Subs/{stem}": "Nacht/Season 01/Subs/Nacht - S01E01",
    }
    assert not stays
    now = tree(home.library)
    assert all(path in now for path in others)
    assert not [path for path in now if stem in path]
    assert sorted(now.values()) == sorted([*before.values(), "folder", "folder"])


async def test_the_files_of_a_longer_stem_stay_with_it(home):
    write(home.library, "Nacht/Nacht - 06.mkv", "Nacht/Nacht - 06.de.srt", "Nacht/Nacht - 06.5.mkv")
    write(home.library, "Nacht/Nacht - 06.5.de.srt", "Nacht/Nacht - 06.5-thumb.jpg")
    write(home.library, "Nacht/Nacht - 07.mkv", "Nacht/Nacht - 07.5.de.srt")
    await home.scan()
    moved, _ = await rename(home)
    assert moved == {
        "Nacht/Nacht - 06.mkv": "Nacht/Season 01/Nacht - S01E06.mkv",
        "Nacht/Nacht - 06.de.srt": "Nacht/Season 01/Nacht - S01E06.de.srt",
        "Nacht/Nacht - 06.5.mkv": "Nacht/Season 00/Nacht - S00E06.5.mkv",
        "Nacht/Nacht - 06.5.de.srt": "Nacht/Season 00/Nacht - S00E06.5.de.srt",
        "Nacht/Nacht - 06.5-thumb.jpg": "Nacht/Season 00/Nacht - S00E06.5-thumb.jpg",
        "Nacht/Nacht - 07.mkv": "Nacht/Season 01/Nacht - S01E07.mkv",
    }


async def test_a_taken_name_keeps_the_whole_family(home):
    taken = "Nacht/Season 01/Nacht - S01E01.de.srt"
    write(home.library, "Nacht/Nacht - 01.mkv", "Nacht/Nacht - 01.de.srt", "Nacht/Nacht - 02.mkv")
    write(home.library, "Nacht/Nacht - 01.nfo", taken)
    await home.scan()
    moved, stays = await rename(home)
    assert moved == {"Nacht/Nacht - 02.mkv": "Nacht/Season 01/Nacht - S01E02.mkv"}
    assert stays == {"Nacht/Nacht - 01.mkv": f"{taken} is there already"}


async def test_a_file_in_the_place_of_a_folder_is_told(home):
    write(home.library, "Nacht/Nacht - 01.mkv", "Nacht/Season 01")
    await home.scan()
    stays = await rename_nothing(home)
    assert stays == {"Nacht/Nacht - 01.mkv": "Nacht/Season 01 is no folder"}


async def rename_nothing(home) -> dict[str, str]:
    """Rename Nacht, of which nothing may move: path -> why."""
    before = tree(home.library)
    done = await home.rename("local_nacht", dry_run=False)
    assert tree(home.library) == before
    assert not done.moves
    return left(done)


# -- links ---------------------------------------------------------------------------------------


async def test_links_lead_where_they_led(home, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    for number in range(1, 5):
        (store / f"x{number}.mkv").write_bytes(bytes([number]))
    write(
        home.library,
        "Nacht/Nacht - 01.mkv -> ../../store/x1.mkv",
        f"Nacht/Nacht - 02.mkv -> {store}/x2.mkv",
        "Nacht/Season 01/[G] Nacht - 03.mkv -> ../../../store/x3.mkv",
        "Nacht/Nacht - 04.mkv",
        "Nacht/Nacht - 04.de.srt -> .././../store/x4.mkv",
    )
    await home.scan()
    moved, stays = await rename(home)
    assert len(moved) == 5 and not stays
    season = home.library / "Nacht" / "Season 01"
    texts = {path.name: os.readlink(path) for path in season.iterdir() if path.is_symlink()}
    assert texts == {
        "Nacht - S01E01.mkv": "../../../store/x1.mkv",
        "Nacht - S01E02.mkv": f"{store}/x2.mkv",
        "Nacht - S01E03.mkv": "../../../store/x3.mkv",
        "Nacht - S01E04.de.srt": "../../../store/x4.mkv",
    }
    assert (season / "Nacht - S01E01.mkv").read_bytes() == b"\1"


async def test_a_linked_season_folder(home, tmp_path):
    """What a relative link says is read from the real folder in which it lies."""
    real = tmp_path / "disk" / "deep" / "S1"
    real.mkdir(parents=True)
    (tmp_path / "disk" / "x.mkv").write_bytes(b"x")
    (real / "Folge 1.mkv").symlink_to("../../x.mkv")
    write(home.library, f"Nacht/Staffel 1 -> {real}", "Nacht/Nacht - 02.mkv")
    await home.scan()
    moved, _ = await rename(home)
    new = home.library / moved["Nacht/Staffel 1/Folge 1.mkv"]
    assert os.readlink(new) == "../../../disk/x.mkv" and new.read_bytes() == b"x"


async def test_nothing_is_moved_away_from_under_a_link(home):
    write(home.library, "Nacht/Nacht - 01.mkv", "Nacht/Nacht - 02.mkv -> Nacht - 01.mkv")
    write(home.library, "Nacht/Nacht - 03.mkv", "Nacht/Clips/x.mkv -> ../Nacht - 03.mkv")
    write(home.library, "Nacht/Nacht - 04.mkv", "Nacht/Nacht - 04.trickplay/x -> ../poster.jpg")
    await home.scan()
    moved, stays = await rename(home)
    assert moved == {"Nacht/Nacht - 02.mkv": "Nacht/Season 01/Nacht - S01E02.mkv"}
    assert stays == {
        "Nacht/Nacht - 01.mkv": "the link Nacht/Nacht - 02.mkv leads to Nacht/Nacht - 01.mkv",
        "Nacht/Nacht - 03.mkv": "the link Nacht/Clips/x.mkv leads to Nacht/Nacht - 03.mkv",
        "Nacht/Nacht - 04.mkv": "a link in Nacht/Nacht - 04.trickplay would lead elsewhere",
    }
    assert (home.library / "Nacht/Season 01/Nacht - S01E02.mkv").samefile(
        home.library / "Nacht/Nacht - 01.mkv"
    )


async def test_a_folder_does_not_move_to_another_disk(home, elsewhere):
    (elsewhere / "S1").mkdir()
    write(home.library, f"Nacht/Season 01 -> {elsewhere}/S1", "Nacht/Nacht - 01.mkv")
    write(home.library, "Nacht/Nacht - 01.trickplay/", "Nacht/Nacht - 02.mkv")
    await home.scan()
    moved, stays = await rename(home)
    assert list(moved) == ["Nacht/Nacht - 02.mkv"]
    assert "lies on another disk" in stays["Nacht/Nacht - 01.mkv"]


# -- chains and circles --------------------------------------------------------------------------


def season(*numbers: int, end: str = ".mkv") -> list[str]:
    return [f"Nacht/Season 01/Nacht - S01E{number:02}{end}" for number in numbers]


async def test_a_chain_shifts_in_one_call(home):
    write(home.library, *season(1, 2, 3, 4, 5), *season(1, 2, 5, end=".de.srt"))
    await home.scan()
    before = tree(home.library)
    await home.shift(1)
    moved, stays = await rename(home)
    olds = season(1, 2, 3, 4, 5) + season(1, 2, 5, end=".de.srt")
    news = season(2, 3, 4, 5, 6) + season(2, 3, 6, end=".de.srt")
    assert moved == dict(zip(olds, news)) and not stays
    now = tree(home.library)
    assert {new: now[new] for new in news} == {n: before[o] for o, n in zip(olds, news)}
    assert list(await home.present()) == ["S01E02", "S01E03", "S01E04", "S01E05", "S01E06"]
    await home.scan()
    assert list(await home.present()) == ["S01E02", "S01E03", "S01E04", "S01E05", "S01E06"]


async def test_a_blocked_end_keeps_the_whole_chain(home):
    write(home.library, *season(1, 2, 3), *season(4, end=".de.srt"), *season(3, end=".de.srt"))
    await home.scan()
    await home.shift(1)
    stays = await rename_nothing(home)
    assert stays == {
        season(3)[0]: f"{season(4, end='.de.srt')[0]} is there already",
        season(2)[0]: f"{season(3)[0]} is there already",
        season(1)[0]: f"{season(2)[0]} is there already",
    }


@pytest.mark.parametrize("circle", [(2, 1), (2, 3, 1), (3, 4, 1, 2), (2, 3, 4, 5, 1)])
async def test_names_change_places(home, circle):
    numbers = range(1, len(circle) + 1)
    write(home.library, *season(*numbers), *season(1, 2, end=".nfo"), "Nacht/Nacht - 09.mkv")
    await home.scan()
    before = tree(home.library)
    for number, other in zip(numbers, circle):
        await home.fetched_as(season(number)[0], 1, other)
    moved, stays = await rename(home)
    for number, other in zip(numbers, circle):
        assert moved[season(number)[0]] == season(other)[0]
        assert tree(home.library)[season(other)[0]] == before[season(number)[0]]
    assert len(moved) == len(circle) + 3 and not stays
    present = await home.present()
    await home.scan()
    assert await home.present() == present


async def test_a_part_that_fails_goes_back_as_a_whole(home, monkeypatch):
    """A sidecar that cannot move takes its family back, and all that waited for these names."""
    write(home.library, *season(1, 2, 3), *season(2, end=".nfo"), "Nacht/Nacht - 09.mkv")
    await home.scan()
    for number, other in ((1, 2), (2, 3), (3, 1)):
        await home.fetched_as(season(number)[0], 1, other)
    before = tree(home.library)
    known = await home.present()
    real = placing.move

    def move(root, old, new):
        if old.endswith("S01E02.nfo"):
            raise PermissionError(13, "Permission denied")
        real(root, old, new)

    monkeypatch.setattr(placing, "move", move)
    done = await home.rename("local_nacht", dry_run=False)
    assert moves(done) == {"Nacht/Nacht - 09.mkv": season(9)[0]}
    nfo = season(2, end=".nfo")[0]
    assert left(done) == {
        nfo: "Permission denied",
        **dict.fromkeys(season(1, 2, 3), f"{nfo} keeps its name"),
    }
    monkeypatch.undo()
    assert (await home.present()) == known | {"S01E09": season(9)[0]}
    await home.rename("local_nacht", undo=True, dry_run=False)
    assert tree(home.library) == before


# -- kills, and many trees -----------------------------------------------------------------------

STYLES = (
    "Nacht/[G] Nacht - {n:02} [1080p]",
    "Nacht/Nacht.S{s:02}E{n:02}.720p.WEB-G",
    "Nacht/Staffel {s}/Folge {n}",
    "Nacht/Nacht {s}x{n:02}",
    "Nacht/Season {s:02}/Nacht - S{s:02}E{n:02}",
    "Nacht/Season {s}/{n:02} - Titel",
    "Nacht/Nacht S{s:02}E{n:02}/Nacht S{s:02}E{n:02}",
)


def make_tree(library: Path, seed: int) -> None:
    """Two seasons in one style or two, with families, links, doubles, extras and holes."""
    chance = random.Random(seed)
    styles = chance.sample(STYLES, 2)
    (library.parent / "store").mkdir(exist_ok=True)
    for place in [(s, n) for s in (1, 2) for n in range(1, 7) if chance.random() < 0.8]:
        stem = styles[chance.random() < 0.3].format(s=place[0], n=place[1])
        if os.path.lexists(library / f"{stem}.mkv"):
            continue  # the style tells no season
        if chance.random() < 0.25:
            target = library.parent / "store" / f"{place}.mkv"
            target.write_bytes(repr(place).encode())
            text = os.path.relpath(target, (library / stem).parent)
            write(library, f"{stem}.mkv -> {text}")
        else:
            write(library, f"{stem}.mkv")
        write(library, *[f"{stem}{end}" for end in chance.sample(SIDECARS, chance.randrange(4))])
        if chance.random() < 0.2:
            write(library, f"{stem}.trickplay/")
    write(library, "Nacht/Extras/x.mkv", "Nacht/tvshow.nfo", "Nacht/Season 01/Nacht - S01E03.1.srt")
    if chance.random() < 0.5:
        write(library, "Nacht/Season 01/Nacht - S01E02.de.srt")


@pytest.mark.parametrize("seed", range(40 if "ANIWORLD_KILLS" in os.environ else 8))
async def test_every_tree_comes_back(home, seed):
    make_tree(home.library, seed)
    await home.scan()
    await home.list_episodes(12, seasons=2)
    if seed % 3 == 0:
        await home.shift(1)
    before = sorted(content for content in tree(home.library).values() if content[:2] != "->")
    moved, _ = await rename(home)
    assert moved
    assert sorted(c for c in tree(home.library).values() if c[:2] not in ("->", "fo")) == [
        content for content in before if content != "folder"
    ], "no byte is lost"
    for path in home.library.rglob("*"):
        assert path.exists(), f"{path} leads nowhere"


def run_house(tmp_path, call: str, last: int = 0) -> subprocess.CompletedProcess:
    arguments = [tmp_path / "state", tmp_path / "library", "local_nacht", call, str(last)]
    command = [sys.executable, "-m", "tests.house", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


async def prepare_kill(tmp_path, seed: int) -> None:
    """A tree with a chain, a circle, families and links."""
    async with house(tmp_path / "state", tmp_path / "library") as home:
        write(home.library, *season(1, 2, 3, 5), *season(1, 2, end=".de.srt"))
        write(home.library, "Nacht/Nacht - 06.mkv", "Nacht/Nacht - 06.trickplay/")
        write(home.library, "Nacht/Nacht - 07.mkv -> ../../store/x.mkv", "../store/x.mkv")
        write(home.library, *season(8, 9))
        await home.scan()
        for number, other in ((1, 2), (2, 1), (3, 4), (8, 9), (9, 10)):
            await home.fetched_as(season(number)[0], 1, other)


ALL = "ANIWORLD_KILLS" in os.environ  # every change and more trees; else samples


@pytest.mark.parametrize("call", ["do", pytest.param("undo", marks=pytest.mark.slow)])
async def test_a_kill_at_any_change_is_finished_and_undone(tmp_path_factory, call):
    whole = tmp_path_factory.mktemp("whole")
    await prepare_kill(whole, 0)
    before = tree(whole / "library")
    if call == "undo":
        run_house(whole, "do")
    count = int(run_house(whole, call).stdout)
    after = tree(whole / "library")
    assert count > 15 and (after == before) == (call == "undo")
    numbers = range(1, count + 1)
    for last in numbers if ALL else {count // 2, random.Random(call).choice(numbers)}:
        folder = tmp_path_factory.mktemp(f"kill{last}")
        await prepare_kill(folder, 0)
        if call == "undo":
            run_house(folder, "do")
        assert run_house(folder, call, last).returncode == -9, last
        if last == count // 2:  # a server finishes it as it starts
            async with running(folder) as server:
                await until(lambda server=server: tree(server.library) == after)
        async with house(folder / "state", folder / "library") as home:
            await home.rename.finish()
            assert tree(home.library) == after, f"change {last} of {count}"
            known = await home.present()
            await home.scan()
            assert await home.present() == known
            if call == "do":
                await home.rename("local_nacht", undo=True, dry_run=False)
                assert tree(home.library) == before
