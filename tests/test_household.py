"""A library as households have it, against a source: it is read right, completed, and not touched.

Fansub names, season folders, specials, doubles, decimals, umlauts in either form, linked disks,
very long names, and folders that cannot be read.
"""

import ctypes
import hashlib
import os
import unicodedata
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from handlers import keys
from tests.app import Process, running, until
from tests.shows import home
from tests.upstream import nginx

pytestmark = pytest.mark.slow

LONG = "夜" * 70  # 210 bytes of UTF-8; with what follows, the file's name has 247
RELEASE = "Die.Nachtwaechter.S01E03.German.DL.1080p.WEB.x264-GRP"
SERVED = {  # series at the source -> its files: seasons with their episodes
    "Die Nachtwächter (2011)": {0: 2, 1: 6, 2: 6},
    "Yakei no Kita": {1: 12, 2: 12},
    "Haus am See": {1: 6},
    "24": {1: 4},
    "Gelinkt": {1: 3},
    LONG: {1: 3},
    "Dunkel": {1: 3, 2: 3},
    "Hundert": {1: 101},
}
# folder of the library -> series; its files, in the words of the household, and their episodes:
# "-" is none, "?" a question.
LIBRARY = {
    unicodedata.normalize("NFD", "Die Nachtwächter (2011)"): ("home_die-nachtwaechter-2011", {
        unicodedata.normalize("NFD", "Staffel 1/Folge 1.mkv"): "S01E01",
        "Staffel 1/Folge 2 - Das Ende der 7. Nacht.mkv": "S01E02",
        f"Staffel 1/{RELEASE}/die.nachtwaechter.s01e03.mkv": "S01E03",
        unicodedata.normalize("NFC", "Staffel 2/Die Nachtwächter 2x01.mkv"): "S02E01",
        unicodedata.normalize("NFD", "Staffel 2/Die Nachtwächter 2x01.mkv"): "S02E01",
        "Staffel 2/DIE NACHTWÄCHTER S2 F2.avi": "S02E02",
        "Specials/Folge 1.mkv": "S00E01",
        "Staffel 1/sample.mkv": "-",
        "Staffel 1/Folge 9.mkv.part": None,
        "Extras/Folge 5.mkv": "-",
        "@eaDir/Folge 6.mkv": None,
        "Staffel 1/Folge 1.de.srt": None,
    }),
    "[Nachtsub] Yakei no Kita [1080p]": ("home_yakei-no-kita", {
        **{
            f"[Nachtsub] Yakei no Kita - {n:02} [1080p][{n:02}C2D3E4].mkv": f"S01E{n:02}"
            for n in range(1, 12)
        },
        "[Nachtsub] Yakei no Kita - 05v2 [1080p][5AC2D3E4].mkv": "S01E05",
        "[Nachtsub] Yakei no Kita - 06.5 [1080p].mkv": "S00E06.5",
        "[Nachtsub] Yakei no Kita - 13 [1080p].mkv": "S02E01",
        "[Nachtsub] Yakei no Kita - 20-21 [1080p].mkv": "S02E08 S02E09",
        "[Nachtsub] Yakei no Kita - NCOP1 [1080p].mkv": "-",
        "[Nachtsub] Yakei no Kita - PV2 [1080p].mkv": "-",
    }),
    "Haus.am.See": ("home_haus-am-see", {
        "Haus.am.See.S01E01-E02.mkv": "S01E01 S01E02",
        "Haus.am.See.S01E03.mkv": "S01E03",
        "Haus.am.See.S01E03.mp4": "S01E03",
        "Haus.am.See.S01E05E06.mkv": "S01E05 S01E06",
    }),
    "24": ("home_24", {"24 - 1x02.mkv": "S01E02", "24 S01E03 1080p 24fps.mkv": "S01E03"}),
    "Gelinkt": ("home_gelinkt", {"Gelinkt - S01E02.mkv": "S01E02"}),
    LONG: ("", {f"{LONG} - S01E02 日本語日本語.mkv": "S01E02"}),
    "Dunkel": ("home_dunkel", {
        "Season 01/01.mkv": "S01E01",
        "Season 02/01.mkv": "S02E01",
        "Season 02/02.mkv": "S02E02",
    }),
    "Hundert": ("home_hundert", {
        "Hundert 101.mkv": "S01E01? S01E101?",
        "Hundert - S01E07.mkv": "S01E07",
    }),
    "Ferien": ("local_ferien", {"Ferien 2019/Am Strand.mkv": "-", "Ferien S01E01.mkv": "S01E01"}),
}  # fmt: skip
MISSING = {
    "Die Nachtwächter (2011)": 12 - 5, "Yakei no Kita": 24 - 14, "Haus am See": 1, "24": 2,
    "Gelinkt": 2, LONG: 2, "Dunkel": 3, "Hundert": 98, "Ferien": 0,
}  # fmt: skip


@pytest.fixture
def household(tmp_path):
    """(library, served); "Gelinkt" lies on another disk, and one folder's name is no UTF-8."""
    tmp_path.chmod(0o755)
    for name, seasons in SERVED.items():
        for season, last in seasons.items():
            for number in range(1, last + 1):
                file = (
                    tmp_path
                    / "served"
                    / name
                    / f"Season {season:02}"
                    / f"S{season:02}E{number:02}.mkv"
                )
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"\x1aE\xdf\xa3" + f"{name} {season} {number}".encode() * 9)
    (tmp_path / "disk" / "Gelinkt").mkdir(parents=True)
    (tmp_path / "library").mkdir(mode=0o700)
    (tmp_path / "library" / "Gelinkt").symlink_to(tmp_path / "disk" / "Gelinkt")
    for folder, (_, files) in LIBRARY.items():
        for path in files:
            file = tmp_path / "library" / folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(path.encode())
    os.mkdir(os.fsencode(tmp_path / "library") + b"/\xff\xfe")
    (tmp_path / "nginx").mkdir()
    return tmp_path / "library", tmp_path / "served"


def hashes(library) -> dict[str, str]:
    found = {}
    for folder, _, files in os.walk(library, followlinks=True):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                found[os.path.join(folder, name)] = hashlib.sha256(file.read()).hexdigest()
    return found


async def listed(server) -> dict[str, dict]:
    _, page, _ = await server.get("/api/v1/anime?show=all&per_page=100")
    return {entry["title"]: entry for entry in page["data"]}


def told(folder: str) -> dict[str, set[str]]:
    """LIBRARY of a folder: episode, or the path of a file that is none -> the files it may have."""
    found: dict[str, set[str]] = {}
    for path, codes in LIBRARY[folder][1].items():
        for code in (codes or "").split():
            found.setdefault(f"{folder}/{path}" if code == "-" else code, set()).add(
                f"{folder}/{path}"
            )
    return found


def said(entry: dict) -> str:
    if entry["state"] == "extra":
        return entry["path"]
    return entry["code"] + ("?" if entry["state"] == "ambiguous" else "")


async def whole(server, anime: str) -> list[dict]:
    """All pages of a series' episodes."""
    found, page = [], 1
    while True:
        _, body, _ = await server.get(f"/api/v1/anime/{anime}/episodes?per_page=100&page={page}")
        found += body["data"]
        if page >= body["pagination"]["pages"]:
            return found
        page += 1


async def test_a_household(tmp_path, household):
    library, served = household
    before = hashes(library)
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url), max_concurrent_downloads=8) as server,
    ):
        await server.login()
        status, _, _ = await server.post("/api/v1/anime/rescan")
        assert status == 200
        shown = await listed(server)
        for folder, title in zip(LIBRARY, MISSING):
            assert LIBRARY[folder][0] in ("", shown[title]["id"])
            entries = [entry for entry in await whole(server, shown[title]["id"]) if entry["path"]]
            assert {
                said(entry): entry["path"] in told(folder)[said(entry)] for entry in entries
            } == dict.fromkeys(told(folder), True)
        assert {title: entry["missing_episodes"] for title, entry in shown.items()} == MISSING
        # All that is missing, and not one file more.
        for title, entry in shown.items():
            if MISSING[title]:
                status, body, _ = await server.post(
                    "/api/queue/add", json={"anime_id": entry["id"], "episodes": ["missing"]}
                )
                assert status == 201 and len(body["data"]["items"]) == MISSING[title]
        await server.post("/api/queue/start")

        async def done():
            counts = (await server.get("/api/queue/status"))[1]["data"]
            assert counts["failed"] == 0, (await server.get("/api/queue?status=failed"))[1]
            return counts["completed"] == sum(MISSING.values())

        await until(done, 60)
        after = hashes(library)
        assert {path: after[path] for path in before} == before and len(after) == len(before) + sum(
            MISSING.values()
        ) + 1, "the marker"
        assert {entry["missing_episodes"] for entry in (await listed(server)).values()} == {0}
        # Whatever is forgotten of who fetched what, the names alone tell the same.
        await server.app[keys.DB].run(lambda conn: conn.execute("delete from history"))
        _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
        assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
        assert {entry["missing_episodes"] for entry in (await listed(server)).values()} == {0}
        new = {os.path.relpath(path, library) for path in after.keys() - before.keys()}
        assert (
            "[Nachtsub] Yakei no Kita [1080p]/Yakei no Kita - 12.mkv" in new
            and "[Nachtsub] Yakei no Kita [1080p]/Yakei no Kita - 24.mkv" in new
        )
        assert "Haus.am.See/Haus.am.See.S01E04.mkv" in new
        assert f"{next(iter(LIBRARY))}/Staffel 1/Folge 4.mkv" in new


def without_rights_of_root() -> None:
    """In the child: root too is refused where the permission bits say so.

    The two are CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
    """
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


async def test_a_folder_that_cannot_be_read_loses_nothing(tmp_path, household):
    """A plain rescan notices it too, though its permissions change no mtime."""
    library, served = household
    for folder, _, _ in os.walk(library):
        os.utime(folder, (10**9, 10**9))  # nothing is read again for being young
    dark = library / "Dunkel" / "Season 02"
    async with (
        nginx(tmp_path / "nginx", served) as url,
        Process(
            tmp_path, providers=home(url), popen={"preexec_fn": without_rights_of_root}
        ) as server,
    ):
        await server.login()
        await server.post("/api/v1/anime/rescan")
        before = await listed(server)
        known = await whole(server, "home_dunkel")
        try:
            for folder in (dark, dark.parent, library / "24"):
                folder.chmod(0)
                for query in ("", "?full=true"):
                    status, counted, _ = await server.post(f"/api/v1/anime/rescan{query}")
                    assert status == 200 and (counted["new_series"], counted["new_episodes"]) == (
                        0,
                        0,
                    )
                    assert os.path.relpath(folder, library) in counted["unread_folders"]
                    assert await whole(server, "home_dunkel") == known
                    assert {
                        title: entry["missing_episodes"]
                        for title, entry in (await listed(server)).items()
                    } == MISSING
        finally:
            for folder in (library / "24", dark.parent, dark):
                folder.chmod(0o755)
        assert (
            "Dunkel/Season 02 cannot be read, what was known of it stays: Permission denied"
            in server.log
        )
        await server.post("/api/v1/anime/rescan?full=true")
        assert {
            title: entry["missing_episodes"] for title, entry in (await listed(server)).items()
        } == {title: entry["missing_episodes"] for title, entry in before.items()}


@asynccontextmanager
async def source_of_long_names(title: str):
    """As nginx lists them, but no file system could hold them."""
    body = b"\x1aE\xdf\xa3" + b"x" * 1000

    async def listing(request: web.Request) -> web.Response:
        inside = [
            {"name": f"{title} - S01E{n:02} {'ü' * 130}.mkv", "type": "file", "size": len(body)}
            for n in (1, 2)
        ]
        return web.json_response(
            inside if request.path.count("/") > 1 else [{"name": title, "type": "directory"}]
        )

    async def file(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="video/x-matroska")

    source = web.Application()
    source.router.add_get("/{folder:([^/]*/)?}", listing)
    source.router.add_get("/{folder}/{file}.mkv", file)
    async with TestServer(source) as there:
        yield str(there.make_url("/"))


@pytest.mark.parametrize("title", ["N" * 300, "ä" * 150 + "!", "夜" * 100])
async def test_names_of_300_bytes(tmp_path, title):
    """They are cut where they must be, and read back as what they were."""
    async with source_of_long_names(title) as url, running(tmp_path, providers=home(url)) as server:
        await server.login()
        _, hits, _ = await server.get("/api/v1/anime/search", params={"q": title[:40]})
        anime = hits["data"][0]["key"]
        status, body, _ = await server.post(
            "/api/queue/add", json={"anime_id": anime, "episodes": ["S01E01"]}
        )
        assert status == 201, body
        await server.post("/api/queue/start")

        async def done():
            return (await server.get("/api/queue/status"))[1]["data"]["completed"]

        await until(done)
        (path,) = server.library.rglob("*.mkv")
        assert all(len(part.encode()) <= 240 for part in path.relative_to(server.library).parts)
        await server.app[keys.DB].run(lambda conn: conn.execute("delete from history"))
        _, counted, _ = await server.post("/api/v1/anime/rescan?full=true")
        assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
        assert (await server.get(f"/api/v1/anime/{anime}"))[1]["missing_episodes"] == 1
