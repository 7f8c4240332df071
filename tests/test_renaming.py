"""Files get the library's names and their old ones back: the tree is the same, hash for hash."""

import hashlib
import os

import pytest

from store import placing
from tests.app import running
from tests.shows import add, episodes, home
from tests.upstream import nginx

CALL = "/api/v1/anime/home_nacht/rename"
BEFORE = (
    "Nacht/[G] Nacht - 01 [1080p].mkv",
    "Nacht/[G] Nacht - 01 [1080p].de.srt",
    "Nacht/[G] Nacht - 01 [1080p]-thumb.jpg",
    "Nacht/Staffel 2/Nächtliche Häuser 2x03-04.mkv",
    "Nacht/Staffel 2/Nächtliche Häuser 2x03-04.ass",
    "Nacht/Season 01/Nacht - S01E05.mkv",
    "Nacht/Season 01/Nacht - S01E05.nfo",
    "Nacht/[G] Nacht - 06.5.mkv",
    "Nacht/[G] Nacht - 07.mkv",
    "Nacht/[H] Nacht - 07.mkv",
    "Nacht/[G] Nacht - NCOP1.mkv",
    "Nacht/notes.txt",
)
AFTER = {
    BEFORE[0]: "Nacht/Season 01/Nacht - S01E01.mkv",
    BEFORE[1]: "Nacht/Season 01/Nacht - S01E01.de.srt",
    BEFORE[2]: "Nacht/Season 01/Nacht - S01E01-thumb.jpg",
    BEFORE[3]: "Nacht/Season 02/Nacht - S02E03-E04.mkv",
    BEFORE[4]: "Nacht/Season 02/Nacht - S02E03-E04.ass",
    BEFORE[7]: "Nacht/Season 00/Nacht - S00E06.5.mkv",
}


def tree(root) -> dict[str, str]:
    """Every path below `root` with the hash of its contents; folders too."""
    found = {}
    for path in sorted(root.rglob("*")):
        if placing.INCOMING not in path.parts:
            found[str(path.relative_to(root))] = (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            )
    return found


@pytest.fixture
async def server(tmp_path):
    tmp_path.chmod(0o755)
    for season in (1, 2):
        for number in range(1, 13):
            file = tmp_path / "served" / "Nacht" / f"Nacht - S{season:02}E{number:02}.mkv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"\x1aE\xdf\xa3" + bytes([season, number]) * 200)
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        for path in BEFORE:
            add(server, path)
        await server.login()
        await server.post("/api/v1/anime/rescan")
        yield server


def moves(answer) -> dict[str, str]:
    return {move["old"]: move["new"] for move in answer["data"]["moves"]}


async def test_there_and_back(server):
    before = tree(server.library)
    status, plan, _ = await server.post(CALL)
    assert status == 200 and moves(plan) == AFTER
    assert {left["path"]: left["why"] for left in plan["data"]["left"]} == dict.fromkeys(
        BEFORE[8:10], "2 files are this episode"
    )
    assert tree(server.library) == before, "the plan alone changes nothing"
    shown = await episodes(server, "home_nacht")
    status, done, _ = await server.post(CALL, json={"dry_run": False})
    assert status == 200 and moves(done) == AFTER
    now = tree(server.library)
    assert all(now[new] == before[old] and old not in now for old, new in AFTER.items())
    assert {path for path in now if now[path] != "folder"} == {
        AFTER.get(path, path) for path in before if before[path] != "folder"
    }
    assert "Nacht/Staffel 2" not in now, "what is empty goes"
    renamed = await episodes(server, "home_nacht")
    assert {code: entry["state"] for code, entry in renamed.items()} == {
        code: entry["state"] for code, entry in shown.items()
    }
    assert renamed["S02E04"]["path"] == AFTER[BEFORE[3]]
    _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
    assert counted["new_episodes"] == 0, "a scan reads the new names as it read the old ones"
    assert moves((await server.post(CALL))[1]) == {}
    _, back, _ = await server.post(CALL, json={"undo": True})
    assert moves(back) == {new: old for old, new in AFTER.items()} and tree(server.library) == now
    await server.post(CALL, json={"undo": True, "dry_run": False})
    assert tree(server.library) == before
    assert {
        code: entry["path"] for code, entry in (await episodes(server, "home_nacht")).items()
    } == {code: entry["path"] for code, entry in shown.items()}
    assert (await server.post(CALL, json={"undo": True}))[0] == 409


async def test_nothing_is_put_over_another_file(server):
    taken = AFTER[BEFORE[0]]
    add(server, taken)
    _, plan, _ = await server.post(CALL, json={"dry_run": False})
    assert (
        BEFORE[0] not in moves(plan)
        and {"path": BEFORE[0], "why": f"{taken} is there already"} in plan["data"]["left"]
    )
    assert (server.library / taken).read_bytes() == taken.encode() and (
        server.library / BEFORE[0]
    ).exists()


async def test_a_move_that_fails_is_told_and_the_others_go_on(server, monkeypatch):
    real = placing.move

    def move(root, old, new):
        if "2x03" in old:
            raise OSError(13, "Permission denied")
        real(root, old, new)

    before = tree(server.library)
    monkeypatch.setattr(placing, "move", move)
    _, done, _ = await server.post(CALL, json={"dry_run": False})
    assert moves(done) == {old: new for old, new in AFTER.items() if "2x03" not in old}
    assert {"path": BEFORE[3], "why": "Permission denied"} in done["data"]["left"]
    monkeypatch.undo()
    await server.post(CALL, json={"undo": True, "dry_run": False})
    assert tree(server.library) == before


async def test_what_a_crash_cut_short_can_be_undone(server, monkeypatch):
    """The journal is there, some files have moved, one has both names, nothing is recorded."""
    before = tree(server.library)
    real = placing.move
    count = 0

    def move(root, old, new):
        nonlocal count
        count += 1
        if count == 3:
            (root / new).parent.mkdir(exist_ok=True)
            os.link(root / old, root / new)
            raise SystemError("the power is gone")
        real(root, old, new)

    monkeypatch.setattr(placing, "move", move)
    assert (await server.post(CALL, json={"dry_run": False}))[0] == 500
    monkeypatch.undo()
    assert tree(server.library) != before
    status, _, _ = await server.post(CALL, json={"undo": True, "dry_run": False})
    assert status == 200 and tree(server.library) == before


async def test_a_new_name_is_not_counted_anew(server):
    """The owner said that 12 is to be added to each number; the new names hold what came of it."""
    await server.put("/api/v1/anime/home_nacht/link", json={"numbering": "absolute", "offset": 12})
    before = await episodes(server, "home_nacht")
    assert before["S02E01"]["path"] == BEFORE[0]
    await server.post(CALL, json={"dry_run": False})
    renamed = await episodes(server, "home_nacht")
    assert renamed["S02E01"]["path"] == "Nacht/Season 02/Nacht - S02E01.mkv"
    _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
    again = await episodes(server, "home_nacht")
    assert counted["new_episodes"] == 0 and {code: one["path"] for code, one in again.items()} == {
        code: one["path"] for code, one in renamed.items()
    }
    assert again["S02E01"]["why"] == "renamed as S02E01"
    await server.post(CALL, json={"undo": True, "dry_run": False})
    _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
    assert counted["new_episodes"] == 0 and await episodes(server, "home_nacht") == before
