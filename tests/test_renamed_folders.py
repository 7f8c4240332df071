"""A folder that was renamed on disk is still its series: link, numbers and history stay."""

import os
from contextlib import asynccontextmanager

from tests.app import running
from tests.shows import add, completed, episodes, home
from tests.upstream import nginx


@asynccontextmanager
async def linked(tmp_path):
    """A server whose source has 12 episodes of Wache; its library has Nachtwache, linked to it.

    The numbers of Nachtwache begin 4 later, and one of its episodes was fetched.
    """
    tmp_path.chmod(0o755)
    for number in range(1, 13):
        file = tmp_path / "served" / "Wache" / f"Wache - S01E{number:02}.mkv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\x1aE\xdf\xa3" + bytes([number]) * 200)
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        for number in (1, 2):
            add(server, f"Nachtwache/Nachtwache - {number:02}.mkv")
        add(server, "Andere/Andere - 01.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        body = {"source": "home_wache", "offset": 4}
        await server.put("/api/v1/anime/local_nachtwache/link", json=body)
        await server.post(
            "/api/queue/add", json={"anime_id": "local_nachtwache", "episodes": ["S01E01"]}
        )
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        yield server


async def all_series(server) -> list[str]:
    _, page, _ = await server.get("/api/v1/anime?show=all&per_page=100")
    return sorted(entry["id"] for entry in page["data"])


def paths(found: dict[str, dict]) -> dict[str, str]:
    return {code: entry["path"] for code, entry in found.items() if entry["path"]}


async def test_it_keeps_its_link_and_all_that_is_known(tmp_path):
    async with linked(tmp_path) as server:
        before = await episodes(server, "local_nachtwache")
        series = await all_series(server)
        assert sorted(paths(before)) == ["S01E01", "S01E05", "S01E06"]
        os.rename(server.library / "Nachtwache", server.library / "Nachtwache (2010)")
        _, counted, _ = await server.post("/api/v1/anime/rescan")
        after = await episodes(server, "local_nachtwache")
        assert paths(after) == {
            code: path.replace("Nachtwache/", "Nachtwache (2010)/", 1)
            for code, path in paths(before).items()
        }
        assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
        assert await all_series(server) == series
        assert after["S01E01"]["why"] == "fetched as S01E01"
        _, details, _ = await server.get("/api/v1/anime/local_nachtwache")
        assert (details["source"], details["offset"]) == ("home_wache", 4)
        assert details["missing_episodes"] == 9


async def test_a_renaming_before_can_still_be_undone(tmp_path):
    async with linked(tmp_path) as server:
        call = "/api/v1/anime/local_nachtwache/rename"
        await server.post(call, json={"dry_run": False})
        names = paths(await episodes(server, "local_nachtwache"))
        os.rename(server.library / "Nachtwache", server.library / "Wache")
        await server.post("/api/v1/anime/rescan")
        _, undone, _ = await server.post(call, json={"undo": True, "dry_run": False})
        assert len(undone["data"]["moves"]) == len(names)
        assert not undone["data"]["left"]
        assert (server.library / "Wache" / "Nachtwache - 01.mkv").is_file()


async def test_a_folder_with_other_files_is_another_series(tmp_path):
    """The same names are not enough, nor is one of two copies."""
    async with linked(tmp_path) as server:
        folder = server.library / "Nachtwache"
        for name in ("Nachtwache - 01.mkv", "Nachtwache - 02.mkv"):
            file = add(server, f"Nachtwache II/{name}")
            file.write_bytes(b"another length")
        for copy in ("Kopie 1", "Kopie 2"):
            for file in folder.iterdir():
                if file.is_file():
                    add(server, f"{copy}/{file.name}").write_bytes(file.read_bytes())
        os.rename(folder, tmp_path / "away")
        await server.post("/api/v1/anime/rescan")
        assert not paths(await episodes(server, "local_nachtwache"))
        assert {"local_nachtwache-ii", "local_kopie-1", "local_kopie-2"} <= set(
            await all_series(server)
        )
