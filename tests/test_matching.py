"""Files against a series' list: which episode each is, what is ambiguous, what the owner says."""

import asyncio
import os
import threading
import time

import pytest

from handlers import keys
from providers import catalogue
from store import library_scan
from store.names.matching import EXTRA, judge
from store.names.parsed_name import SURE, ParsedName
from store.names.parser import parse
from tests.app import PATIENCE_SECONDS, running, until
from tests.rows import each_row
from tests.shows import add, episodes, home
from tests.upstream import nginx

TWO = [(1, n) for n in range(1, 13)] + [(2, n) for n in range(1, 14)] + [(0, 1)]
LONG = [(1, n) for n in range(1, 221)]

CASES = {
    "a code is what it says": ("Nacht - S02E03.mkv", TWO, [(2, 3)]),
    "a code that the source lacks stays": ("Nacht - S03E01.mkv", TWO, [(3, 1)]),
    "a number within the first season": ("[G] Nacht - 05.mkv", TWO, [(1, 5)]),
    "a number beyond it counts through": ("[G] Nacht - 14.mkv", TWO, [(2, 2)]),
    "a range over the seasons' border": ("[G] Nacht - 12-13.mkv", TWO, [(1, 12), (2, 1)]),
    "a decimal is a special": ("[G] Nacht - 06.5.mkv", TWO, [(0, 6.5)]),
    "a folder's season counts": ("Nacht/Season 2/05.mkv", TWO, [(2, 5)]),
    "an opening is no episode": ("[G] Nacht - NCOP1.mkv", TWO, [EXTRA]),
    "the only season may be another than 1": (
        "[G] Nacht - 05.mkv",
        [(3, n) for n in range(1, 8)],
        [(3, 5)],
    ),
    "beyond the only season": ("[G] Nacht - 30.mkv", [(1, n) for n in range(1, 13)], [(1, 30)]),
    "without a list": ("[G] Nacht - 05.mkv", [], [(1, 5)]),
    "three digits that only one reading allows": ("Nacht.102.mkv", TWO, [(1, 2)]),
}


@each_row("case", CASES)
def test_a_clear_name_is_surely_its_episode(case):
    path, known, episodes = CASES[case]
    verdict = judge(parse(path), known)
    assert verdict.sure and list(verdict.episodes) == episodes and verdict.why


@pytest.mark.parametrize(
    ("name", "known", "episodes"),
    [
        (
            ParsedName(episodes=(101,), score=SURE - 5, also=((1, (1,)),), why=("the number",)),
            LONG,
            {(1, 101), (1, 1)},
        ),
        (ParsedName(episodes=(40,), score=SURE, why=("the number",)), TWO, {EXTRA}),
    ],
)
def test_two_readings_or_none_are_ambiguous(name, known, episodes):
    verdict = judge(name, known)
    assert not verdict.sure and set(verdict.episodes) == episodes
    assert judge(ParsedName(episodes=(101,), score=SURE), LONG).episodes == ((1, 101),), (
        "the neighbours have said which"
    )


@pytest.mark.parametrize(
    ("name", "offset", "episodes"),
    [
        (ParsedName(episodes=(2,), score=30, also=((1, (88,)),)), -30, ((1, 88),)),
        (ParsedName(episodes=(7,), score=30, also=((2012, (9.5,)),)), 0, ((1, 7),)),
        (ParsedName(episodes=(2,), score=30), -30, ((1, -28),)),
    ],
)
def test_a_reading_that_no_episode_can_have_is_no_choice(name, offset, episodes):
    verdict = judge(name, [], None, offset)
    assert verdict.sure and verdict.episodes == episodes


@pytest.mark.parametrize(
    ("path", "numbering", "offset", "episodes"),
    [
        ("[G] Nacht - 02.mkv", "absolute", 12, [(2, 2)]),
        ("Nacht S02E02.mkv", "absolute", 12, [(2, 2)]),
        ("Nacht - 21x01.mkv", "season", -20, [(21, -19)]),
        ("[G] Nacht - 14.mkv", "season", 0, [(1, 14)]),
        ("[G] Nacht - 26.mkv", "absolute", 0, [EXTRA]),
        ("[G] Nacht - 02.mkv", None, 12, [(2, 2)]),
    ],
)
def test_what_the_owner_says(path, numbering, offset, episodes):
    assert list(judge(parse(path), TWO, numbering, offset).episodes) == episodes


@pytest.fixture
async def server(tmp_path):
    """A source with two seasons of Nacht, and a library that counts through them as Nachtwache."""
    tmp_path.chmod(0o755)
    for season, count in ((1, 12), (2, 13)):
        for number in range(1, count + 1):
            file = (
                tmp_path
                / "served"
                / "Nacht"
                / f"Season {season:02}"
                / f"Nacht - S{season:02}E{number:02}.mkv"
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"\x1aE\xdf\xa3" + bytes([season, number]) * 200)
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        for number in (1, 2, 13, 25):
            add(server, f"Nachtwache/[G] Nachtwache - {number:02}.mkv")
        add(server, "Nachtwache/[G] Nachtwache - NCOP1.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        yield server


async def test_a_folder_is_linked_by_hand(server):
    before = await episodes(server, "local_nachtwache")
    assert [code for code, entry in before.items() if entry["state"] == "present"] == [
        "S01E01",
        "S01E02",
        "S01E13",
        "S01E25",
    ]
    status, body, _ = await server.put(
        "/api/v1/anime/local_nachtwache/link", json={"source": "home_nacht"}
    )
    assert status == 200
    assert body["data"] == {
        "id": "local_nachtwache",
        "source": "home_nacht",
        "sources": ["home_nacht"],
        "numbering": "auto",
        "offset": 0,
        "missing_episodes": 21,
        "ambiguous_files": 0,
    }
    found = await episodes(server, "local_nachtwache")
    there = {code: entry for code, entry in found.items() if entry["state"] == "present"}
    assert list(there) == ["S01E01", "S01E02", "S02E01", "S02E13"]
    assert (
        there["S02E01"]["path"] == "Nachtwache/[G] Nachtwache - 13.mkv"
        and "counted through all seasons" in there["S02E01"]["why"]
    )
    assert found["Nachtwache/[G] Nachtwache - NCOP1.mkv"]["state"] == "extra"
    assert found["S01E03"]["state"] == "missing"
    assert (await server.get("/api/v1/anime/home_nacht"))[1]["id"] == "local_nachtwache"
    # Within their season, two of them are episodes that the source lacks, and between the two are
    # eleven that nobody has; with an offset they move.
    _, body, _ = await server.put(
        "/api/v1/anime/local_nachtwache/link", json={"numbering": "season"}
    )
    assert body["data"]["missing_episodes"] == 23 + 11
    _, body, _ = await server.put(
        "/api/v1/anime/local_nachtwache/link", json={"numbering": "absolute", "offset": 12}
    )
    moved = await episodes(server, "local_nachtwache")
    assert [code for code, entry in moved.items() if entry["state"] == "present"] == [
        "S02E01",
        "S02E02",
        "S02E13",
    ]
    assert (
        moved["Nachtwache/[G] Nachtwache - 25.mkv"]["state"] == "ambiguous"
        and body["data"]["ambiguous_files"] == 1
    )
    _, body, _ = await server.put(
        "/api/v1/anime/local_nachtwache/link", json={"numbering": "auto", "offset": 0}
    )
    assert body["data"]["missing_episodes"] == 21


async def test_what_was_fetched_is_known_whatever_the_owner_says(server):
    await server.put(
        "/api/v1/anime/local_nachtwache/link",
        json={"source": "home_nacht", "numbering": "absolute", "offset": 12},
    )
    await server.post(
        "/api/queue/add", json={"anime_id": "local_nachtwache", "episodes": ["S01E05"]}
    )
    await server.post("/api/queue/start")

    async def done():
        return (await server.get("/api/queue/status"))[1]["data"]["completed"] == 1

    await until(done)
    add(server, "Nachtwache/[G] Nachtwache - 03.mkv")
    _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
    assert counted["new_episodes"] == 1
    found = await episodes(server, "local_nachtwache")
    assert found["S01E05"]["state"] == "present" and found["S01E05"]["why"] == "fetched as S01E05"
    assert found["S01E05"]["path"] == "Nachtwache/Nacht - S01E05.mkv", (
        "as its neighbours count it would be -7"
    )
    assert found["S02E03"]["state"] == "present"
    await server.post(
        "/api/queue/add", json={"anime_id": "local_nachtwache", "episodes": ["S02E04"]}
    )

    async def both():
        return (await server.get("/api/queue/status"))[1]["data"]["completed"] == 2

    await until(both)
    assert (await episodes(server, "local_nachtwache"))["S02E04"][
        "path"
    ] == "Nachtwache/Nachtwache - 04.mkv"


async def test_an_ambiguous_file_is_counted_nowhere_and_not_fetched_twice(server):
    for number in range(1, 14):
        (
            server.library.parent
            / "served"
            / "Nacht"
            / "Season 01"
            / f"Nacht - S01E1{number:02}.mkv"
        ).write_bytes(b"\x1aE\xdf\xa3")
    add(server, "Nacht/Nacht - 101.mkv")
    await server.post("/api/v1/anime/rescan")
    found = await episodes(server, "home_nacht")
    assert {code for code, entry in found.items() if entry["state"] == "ambiguous"} == {
        "S01E01",
        "S01E101",
    }
    assert (
        "S01E101 or S01E01" in found["S01E01"]["why"]
        or "S01E01 or S01E101" in found["S01E01"]["why"]
    )
    _, details, _ = await server.get("/api/v1/anime/home_nacht")
    assert details["downloaded_episodes"] == 0 and details["missing_episodes"] == 25 + 13 - 2
    _, body, _ = await server.post(
        "/api/queue/add", json={"anime_id": "home_nacht", "episodes": ["missing"]}
    )
    assert len(body["data"]["items"]) == 36
    _, body, _ = await server.put("/api/v1/anime/home_nacht/link", json={"numbering": "season"})
    assert body["data"]["ambiguous_files"] == 0
    assert (await episodes(server, "home_nacht"))["S01E101"]["state"] == "present"


async def test_a_link_that_cannot_be(server):
    link = "/api/v1/anime/local_nachtwache/link"
    assert (await server.put("/api/v1/anime/local_nothing/link", json={"offset": 1}))[0] == 404
    assert (await server.put(link, json={"source": "home_nothing"}))[0] == 404
    assert (await server.put(link, json={"numbering": "odd"}))[0] == 422
    assert (await server.put(link, json={"offset": 10**6}))[0] == 422
    await server.post("/api/queue/add", json={"anime_id": "home_nacht", "episodes": ["S01E01"]})
    status, body, _ = await server.put(link, json={"source": "home_nacht"})
    assert status == 409 and body["details"] == {"anime_id": "home_nacht"}


async def test_one_name_is_explained(server):
    status, body, _ = await server.get(
        "/api/v1/anime/parse",
        params={"name": "Die Häuser/Staffel 2/[Gruppe] Die Häuser - 05v2 [1A2B3C4D].mkv"},
    )
    assert status == 200
    told = body["data"]
    assert (
        told["title"],
        told["season"],
        told["episodes"],
        told["group"],
        told["version"],
        told["crc"],
    ) == ("Die Häuser", 2, [5], "Gruppe", 2, "1A2B3C4D")
    assert "season 2 from the folder" in told["why"]
    assert (await server.get("/api/v1/anime/parse"))[0] == 422


async def test_an_unchanged_library_is_not_read_again(server, monkeypatch):
    """Only the folder that changed is; `full=true` reads all."""
    await server.post("/api/v1/anime/rescan")
    for folder in (server.library / "Nachtwache", server.library):
        os.utime(folder, (time.time() - 60, time.time() - 60))
    add(server, "Other/Other - 01.mkv")
    os.utime(server.library / "Other", (time.time() - 60, time.time() - 60))
    await server.post("/api/v1/anime/rescan")
    walked, real = [], library_scan._read

    def read(root, device, top, *rest):
        walked.append(top)
        return real(root, device, top, *rest)

    monkeypatch.setattr(library_scan, "_read", read)
    await server.post("/api/v1/anime/rescan")
    assert walked == []
    add(server, "Other/Other - 02.mkv")
    _, counted, _ = await server.post("/api/v1/anime/rescan")
    assert walked == ["Other"] and counted["new_episodes"] == 1
    (server.library / "Nachtwache" / "[G] Nachtwache - 02.mkv").unlink()
    await server.post("/api/v1/anime/rescan")
    assert walked[1:] == ["Nachtwache", "Other"] and (
        await episodes(server, "local_nachtwache")
    ).keys().isdisjoint({"S01E02"})
    await server.post("/api/v1/anime/rescan?full=true")
    assert walked[3:] == ["Nachtwache", "Other"]


async def test_a_folder_that_has_not_changed_keeps_its_files(server, monkeypatch):
    """Neither when its series is forgotten, nor when the series is found at a source later."""
    old = time.time() - 60
    os.utime(server.library / "Nachtwache", (old, old))
    await server.post("/api/v1/anime/rescan")
    before = await episodes(server, "local_nachtwache")
    await server.delete("/api/v1/anime/local_nachtwache")
    await server.post("/api/v1/anime/rescan")
    assert await episodes(server, "local_nachtwache") == before
    served = server.library.parent / "served"
    (served / "Nacht").rename(served / "Nachtwache")
    monkeypatch.setattr(catalogue, "FRESH_SECONDS", 0)
    await server.post("/api/v1/anime/rescan")
    found = await episodes(server, "local_nachtwache")
    assert [code for code, entry in found.items() if entry["state"] == "present"] == [
        "S01E01",
        "S01E02",
        "S02E01",
        "S02E13",
    ]


async def test_a_stop_ends_a_scan_of_a_slow_disk(tmp_path, monkeypatch):
    """The thread that walks is told; what was read so far changes nothing."""
    real = os.scandir
    seen: list[str] = []
    closing = threading.Event()

    def scandir(path):
        seen.append(path)
        if len(seen) == 10:
            closing.wait(PATIENCE_SECONDS)
        return real(path)

    async with running(tmp_path) as server:
        for number in range(100):
            add(server, f"Show {number}/Season 01/Show - 01.mkv")
        await server.login()
        monkeypatch.setattr(os, "scandir", scandir)
        call = asyncio.create_task(server.post("/api/v1/anime/rescan"))
        await until(lambda: len(seen) == 10)
        asyncio.get_running_loop().call_later(0.05, closing.set)
        await server.app[keys.RESCAN].close()
        await asyncio.get_running_loop().shutdown_default_executor()
        assert len(seen) < 20, "it has read on"
        await asyncio.gather(call, return_exceptions=True)
        assert (
            await server.app[keys.DB].run(
                lambda conn: conn.execute("select count(*) from series").fetchone()[0]
            )
        ) == 0
