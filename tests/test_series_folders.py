"""A series that has several folders: by the owner's hand, and what becomes of ids and files."""

import os
import shutil
from contextlib import asynccontextmanager

from tests.app import running
from tests.shows import add, completed, episodes, home
from tests.tree import Tree

EBML = b"\x1aE\xdf\xa3"
SERVED = [f"Nacht/Season {s}/Nacht - {n:02}.mkv" for s in (1, 2) for n in (1, 2, 3)]


@asynccontextmanager
async def library(tmp_path, *paths: str):
    """A server whose library has these videos, beside a source with two seasons of Nacht."""
    source = Tree({path: EBML + path.encode() for path in SERVED})
    async with source as up, running(tmp_path, providers=home(up.base)) as server:
        for path in paths:
            add(server, f"{path}.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        yield server


async def details(server, anime_id: str = "home_nacht") -> tuple[str, list[str], int]:
    """(id, folders, missing episodes)."""
    status, found, _ = await server.get(f"/api/v1/anime/{anime_id}")
    assert status == 200, found
    return found["id"], found["folders"], found["missing_episodes"]


async def link(server, anime_id: str, **body) -> tuple[int, dict]:
    status, answer, _ = await server.put(f"/api/v1/anime/{anime_id}/link", json=body)
    return status, answer


async def test_a_folder_is_linked_to_a_series_that_has_one(tmp_path):
    """The two are one then; both ids name it, and what is fetched lands in its season's folder."""
    async with library(
        tmp_path, "Nacht/Nacht - 01", "Anders 2/S02E01", "Anders 2/S02E02"
    ) as server:
        assert await details(server) == ("home_nacht", ["Nacht"], 5)
        status, linked = await link(server, "local_anders-2", source="home_nacht")
        assert status == 200 and linked["data"]["id"] == "home_nacht"
        both = ("home_nacht", ["Nacht", "Anders 2"], 3)
        assert await details(server) == await details(server, "local_anders-2") == both
        for query in ("", "?full=true"):
            _, counted, _ = await server.post(f"/api/v1/anime/rescan{query}")
            assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
            assert await details(server) == both
        call = {"anime_id": "local_anders-2", "episodes": ["S02E03", "S01E02"]}
        await server.post("/api/queue/add", json=call)
        await server.post("/api/queue/start")
        await completed(server, "S02E03", "S01E02")
        for path, at_source in (("Anders 2/S02E03", 5), ("Nacht/Nacht - 02", 1)):
            content = (server.library / f"{path}.mkv").read_bytes()
            assert content == EBML + SERVED[at_source].encode()


async def test_a_folder_is_separated(tmp_path):
    """No rescan takes it back; the owner may."""
    async with library(tmp_path, "Nacht/Nacht - 01", "Nacht S2/Nacht - 01") as server:
        assert await details(server) == ("home_nacht", ["Nacht", "Nacht S2"], 4)
        assert (await link(server, "home_nacht", folders=["Nacht"]))[0] == 200
        for _ in range(2):
            assert await details(server) == ("home_nacht", ["Nacht"], 5)
            assert await details(server, "local_nacht-s2") == ("local_nacht-s2", ["Nacht S2"], 0)
            await server.post("/api/v1/anime/rescan?full=true")
        assert (await link(server, "home_nacht", folders=["Nacht", "Nacht S2"]))[0] == 200
        both = ("home_nacht", ["Nacht", "Nacht S2"], 4)
        assert await details(server, "local_nacht-s2") == both
        await server.post("/api/v1/anime/rescan?full=true")
        assert await details(server) == both


async def test_the_owners_word_goes_with_the_folder(tmp_path):
    async with library(tmp_path, "Nacht/Nacht - 01", "Nacht S2/Nacht - 01") as server:
        await link(server, "home_nacht", folders=["Nacht"])
        shutil.rmtree(server.library / "Nacht S2")
        await server.post("/api/v1/anime/rescan")
        assert await details(server) == ("home_nacht", ["Nacht"], 5)
        add(server, "Nacht S2/Nacht - 02.mkv")
        await server.post("/api/v1/anime/rescan")
        assert await details(server) == ("home_nacht", ["Nacht", "Nacht S2"], 4)


async def test_folders_that_cannot_be_taken(tmp_path):
    async with library(tmp_path, "Nacht/Nacht - 01", "Anders/01") as server:
        await link(server, "local_anders", folders=["Anders"])
        for folders, status in (([], 422), (["Nacht", "nowhere"], 422), (["../x"], 422)):
            assert (await link(server, "home_nacht", folders=folders))[0] == status
        status, answer = await link(server, "local_anders", folders=["Anders", "Nacht"])
        assert (status, answer["details"]) == (409, {"anime_id": "home_nacht"})
        assert await details(server) == ("home_nacht", ["Nacht"], 5)


async def test_one_of_the_folders_is_deleted_or_renamed_on_disk(tmp_path):
    async with library(tmp_path, "Nacht/Nacht - 01", "Nacht S2/Nacht - 01") as server:
        os.rename(server.library / "Nacht S2", server.library / "Zweite Nacht S2")
        await server.post("/api/v1/anime/rescan")
        assert await details(server) == ("home_nacht", ["Nacht", "Zweite Nacht S2"], 4)
        shutil.rmtree(server.library / "Nacht")
        await server.post("/api/v1/anime/rescan")
        _, folders, _ = await details(server)
        assert folders == ["Zweite Nacht S2"]


async def test_a_series_that_is_forgotten_is_found_with_all_its_folders(tmp_path):
    async with library(tmp_path, "Nacht/Nacht - 01", "Nacht S2/Nacht - 01") as server:
        await server.delete("/api/v1/anime/home_nacht")
        await server.post("/api/v1/anime/rescan")
        assert await details(server) == ("home_nacht", ["Nacht", "Nacht S2"], 4)


async def test_new_folders_join_and_local_ids_stay(tmp_path):
    """They were series of their own until the source had them."""
    async with library(tmp_path, "Wacht S01/01", "Wacht S02/01") as server:
        assert (await details(server, "local_wacht-s02"))[1] == ["Wacht S02"]
        assert (await link(server, "local_wacht-s01", source="home_nacht"))[0] == 200
        await server.post("/api/v1/anime/rescan")
        joined = ("local_wacht-s01", ["Wacht S01", "Wacht S02"], 4)
        assert await details(server, "local_wacht-s02") == joined, "its first folder is called so"
        assert await details(server, "home_nacht") == joined
        add(server, "Nacht S3/01.mkv")
        await server.post("/api/v1/anime/rescan")
        assert (await details(server))[1] == ["Wacht S01", "Nacht S3", "Wacht S02"]


async def test_folders_that_were_series_of_their_own_are_counted_together(tmp_path):
    source = Tree({})
    async with source as up, running(tmp_path, providers=home(up.base)) as server:
        for path in SERVED:
            season, number = path[len("Nacht/Season ")], path[-6:-4]
            add(server, f"Nacht Staffel {season}/{number}.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        source.files.update(dict.fromkeys(SERVED, EBML))
        await server.post("/api/v1/anime/rescan")
        folders = ["Nacht Staffel 1", "Nacht Staffel 2"]
        assert await details(server, "home_nacht") == ("local_nacht-staffel-1", folders, 0)


async def test_a_folder_takes_the_place_of_one_that_is_gone(tmp_path):
    """At once, rather than in the rescan after."""
    async with library(tmp_path, "Nacht/Nacht - 01", "nacht/Nacht - S01E02") as server:
        assert await details(server) == ("home_nacht", ["Nacht"], 5)
        shutil.rmtree(server.library / "Nacht")
        await server.post("/api/v1/anime/rescan")
        assert await details(server) == ("home_nacht", ["nacht"], 5)


async def test_ids_of_titles_that_are_alike_do_not_depend_on_who_is_asked_for_first(tmp_path):
    source = Tree({f"Gin{signs}/{n:02}.mkv": b"" for signs in ("", "!", "!!") for n in (1, 2)})
    async with source as up, running(tmp_path, providers=home(up.base)) as server:
        for signs in ("!!", "", "!"):
            add(server, f"Gin{signs}/01.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        assert await details(server, "home_gin") == ("home_gin", ["Gin"], 1)


async def test_a_renaming_leaves_each_file_in_its_folder(tmp_path):
    async with library(tmp_path, "Nacht/x 01", "Nacht S2/x 01") as server:
        call = "/api/v1/anime/home_nacht/rename"
        await server.post(call, json={"dry_run": False})
        found = await episodes(server, "home_nacht")
        assert {code: entry["path"] for code, entry in found.items() if entry["path"]} == {
            "S01E01": "Nacht/Season 01/Nacht - S01E01.mkv",
            "S02E01": "Nacht S2/Season 02/Nacht - S02E01.mkv",
        }
