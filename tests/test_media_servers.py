"""Jellyfin, Emby and Plex are told of new files' folders, by servers that answer as they do.

Neither can be installed here: what they answer is as their documentation says.
"""

import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from downloads import media_servers, telling
from downloads.delivery import NotArrived, Sender
from handlers import keys
from store import outbox
from store.outbox import Batch, Notice
from store.secret import Secret
from store.targets import PLACED, MediaServer, PathMap
from tests.app import running, until
from tests.receiver import Receiver
from tests.rows import each_row
from tests.shows import Shows, completed, home, queue

FOLDERS = json.dumps([{"Name": "Anime", "ItemId": "1", "Locations": ["/media/anime"]}]).encode()
SECTIONS = {
    "MediaContainer": {
        "Directory": [
            {"key": "2", "type": "show", "Location": [{"id": 1, "path": "/media/anime"}]},
            {"key": "3", "type": "movie", "Location": [{"id": 2, "path": "/media/films"}]},
            {"key": "4", "type": "show", "Location": [{"id": 3, "path": "D:\\Shows"}]},
        ]
    }
}
XML = b"""<?xml version="1.0"?><MediaContainer size="1"><Directory key="2" type="show" title="A">
<Location id="1" path="/media/anime"/></Directory></MediaContainer>"""
MAP = PathMap("/srv/anime", "/media/anime")


@pytest.fixture
async def up():
    async with Receiver() as up:
        up.answers["/Library/VirtualFolders"] = [FOLDERS]
        up.answers["/Library/Media/Updated"] = [204]
        up.answers["/Library/Refresh"] = [204]
        up.answers["/library/sections"] = [json.dumps(SECTIONS).encode()]
        yield up


def server_at(up, kind: str, path_map: PathMap | None = MAP, path: str = "") -> MediaServer:
    return MediaServer(kind, up.base + path, Secret("a key/with signs"), path_map)


def batch(*paths: str) -> Batch:
    return Batch(1, PLACED, [Notice("Show", file_path=path) for path in paths])


async def told(target: MediaServer, *paths: str) -> None:
    async with Sender(target, None) as sender:
        await sender.send(batch(*paths), "/srv/anime")


def refreshed(up) -> list[tuple[str, str]]:
    """(section, folder) of each look that Plex is asked for."""
    found = []
    for each in up.received:
        parts = urlsplit(each.path)
        if parts.path.endswith("/refresh"):
            path = parse_qs(parts.query).get("path", [""])[0]
            found.append((parts.path.split("/")[3], path))
    return found


@pytest.mark.parametrize("path", ["", "/", "/web", "/web/index.html", "/sub", "/webs"])
async def test_jellyfin_is_told_each_folder_once(up, path):
    prefix = path if path in ("/sub", "/webs") else ""
    for name in list(up.answers):
        up.answers[prefix + name] = up.answers[name]
    await told(
        server_at(up, "jellyfin", path=path),
        "A/Season 01/1.mkv",
        "A/Season 01/2.mkv",
        "B/1.mkv",
    )
    first = up.received[0]
    assert (first.method, first.path) == ("POST", f"{prefix}/Library/Media/Updated")
    assert first.json == {
        "Updates": [
            {"Path": "/media/anime/A/Season 01", "UpdateType": "Created"},
            {"Path": "/media/anime/B", "UpdateType": "Created"},
        ]
    }
    assert 'Token="a%20key%2Fwith%20signs"' in first.headers["Authorization"]
    assert first.headers["X-Emby-Token"] == "a key/with signs"
    assert not up.at(f"{prefix}/Library/Refresh")


@pytest.mark.parametrize(
    "case", ["the path does nothing", "an old server", "the key may not see the folders"]
)
async def test_jellyfin_looks_through_all_where_the_path_does_nothing(up, case):
    path_map = None if case == "the path does nothing" else MAP
    if case == "an old server":
        up.answers["/Library/Media/Updated"] = [404]
    if case == "the key may not see the folders":
        up.answers["/Library/VirtualFolders"] = [403]
    await told(server_at(up, "jellyfin", path_map), "A/1.mkv")
    refreshes = up.at("/Library/Refresh")
    assert len(refreshes) == (0 if case == "the key may not see the folders" else 1)
    assert all((each.method, each.body) == ("POST", b"") for each in refreshes)


@pytest.mark.parametrize("answer", [json.dumps(SECTIONS).encode(), XML])
async def test_plex_is_told_the_folder_in_its_section(up, answer):
    up.answers["/library/sections"] = [answer]
    await told(
        server_at(up, "plex"),
        "Ä & B/Season 01/1.mkv",
        "Ä & B/Season 01/2.mkv",
    )
    assert refreshed(up) == [("2", "/media/anime/Ä & B/Season 01")]
    assert all(each.headers["X-Plex-Token"] == "a key/with signs" for each in up.received)
    assert all("Token" not in each.path for each in up.received), "no key in an address"


async def test_plex_looks_through_all_series_where_it_knows_no_such_folder(up):
    await told(server_at(up, "plex", None), "A/1.mkv", "B/1.mkv")
    assert refreshed(up) == [("2", ""), ("4", "")]


@each_row(
    "path_map, folder, mapped",
    [
        (None, "/srv/anime/A", "/srv/anime/A"),
        (MAP, "/srv/anime/A", "/media/anime/A"),
        (MAP, "/srv/anime", "/media/anime"),
        (MAP, "/srv/anime2/A", "/srv/anime2/A"),
        (PathMap("/srv/anime/", "/media/anime/"), "/srv/anime/A", "/media/anime/A"),
        (PathMap("/srv", "D:\\Shows"), "/srv/A/Season 01", "D:\\Shows\\A\\Season 01"),
        (PathMap("/srv", "D:\\"), "/srv/A", "D:\\A"),
        (PathMap("/srv", "//nas/shows"), "/srv/A", "//nas/shows/A"),
        (PathMap("", ""), "/srv/A", "/srv/A"),
        (PathMap("/", "/host"), "/srv/A", "/host/srv/A"),
    ],
)
def test_the_map_of_paths(path_map, folder, mapped):
    server = MediaServer("plex", "http://x/", Secret("k"), path_map)
    assert media_servers.mapped(server, folder) == mapped


async def test_windows_paths_are_found_whatever_their_case(up):
    await told(server_at(up, "plex", PathMap("/srv/anime", "d:\\shows")), "A/1.mkv")
    assert refreshed(up) == [("4", "d:\\shows\\A")]


@pytest.mark.parametrize("kind", ["jellyfin", "plex"])
@pytest.mark.parametrize("body", [b"{}", b"[", b"<html>", b'{"MediaContainer": {"Directory": 5}}'])
async def test_strange_answers_are_faults_not_crashes(up, kind, body):
    for path in ("/Library/VirtualFolders", "/library/sections"):
        up.answers[path] = [body]
    try:
        await told(server_at(up, kind), "A/1.mkv")
    except NotArrived as failure:
        assert failure.outcome.fix


async def test_a_trial_says_whether_the_library_is_known(tmp_path, up):
    async with running(tmp_path, log_level="error") as server:
        await server.login()

        async def tried(**entry) -> dict:
            entry = {"url": up.base, "key": "k"} | entry
            status, answer, _ = await server.post("/api/media_servers/test", json=entry)
            assert status == 200 and bool(answer["fix"]) != answer["ok"], answer
            return answer

        path_map = {"from": str(server.library), "to": "/media/anime"}
        for kind in ("jellyfin", "plex"):
            assert (await tried(type=kind, path_map=path_map))["ok"]
            unknown = await tried(type=kind)
            assert "/media/anime" in unknown["message"] and "path_map" in unknown["fix"]
        up.answers["/Library/VirtualFolders"] = [401]
        assert "dashboard" in (await tried(type="jellyfin"))["fix"]
        assert "missing" in (await tried(type="plex", key=""))["message"]


async def test_a_download_is_told(tmp_path, up, monkeypatch):
    monkeypatch.setattr(telling, "GATHER_SECONDS", 0.05)
    async with Shows([50_000]) as source:
        entry = {"type": "jellyfin", "url": up.base, "key": "k"}
        settings = {"providers": home(source.base), "media_servers": [entry]}
        async with running(tmp_path, **settings, log_level="error") as server:
            await server.login()
            await queue(server, "S01")
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            await until(lambda: up.at("/Library/Media/Updated"))
            (update,) = up.at("/Library/Media/Updated")[0].json["Updates"]
            assert update["Path"] == str(server.library / "Show" / "Season 01")
            target = server.app[keys.CONFIG].current.media_servers[0]

            async def is_told() -> bool:
                return not await server.app[keys.DB].run(outbox.has_any, target.name)

            await until(is_told)
            assert unquote(update["Path"]) == update["Path"]
