"""A change of the library is told to every socket: which series, at once, and gathered."""

from __future__ import annotations

import asyncio
import json

from downloads.events import MOST_SERIES, LibraryChanged
from handlers.hub import HUB, Hub
from handlers.routes import API
from tests.app import PATIENCE_SECONDS, running
from tests.shows import SHOW, add, home
from tests.shows import episodes as shown_episodes
from tests.tree import Tree

CHANGES = {  # the calls that change a series -> what they are sent
    ("PUT", "/episodes/{code}"): {"ignored": True},
    ("PUT", "/episodes"): {"episodes": ["S01E01"], "ignored": False},
    ("PUT", "/follow"): {"follow": "new"},
    ("PUT", "/link"): {"numbering": "season"},
    ("PUT", "/prefer"): {"languages": ["de"]},
    ("POST", "/rename"): {"dry_run": False},
    ("DELETE", ""): None,
}
SERIES = "/api/v1/anime/{anime_id}"


def libraries(inbox) -> list[dict]:
    """The messages about the library that wait."""
    messages = [json.loads(text) for text in inbox._messages]
    return [message["data"] for message in messages if message["type"] == "library_changed"]


async def test_each_change_of_a_series_is_told(tmp_path):
    changing = {
        (route.method, route.path.removeprefix(SERIES))
        for route in API
        if route.path.startswith(SERIES) and route.method != "GET"
    }
    assert changing == CHANGES.keys()
    served = {f"Show/Show - S01E0{number}.mkv": b"x" for number in (1, 2)}
    async with Tree(served) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        add(server, "Show/Show - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")
        for (method, rest), body in CHANGES.items():
            hub = server.app[HUB]
            hub._gathered.clear()  # as if a second had passed
            inbox = hub.join(None)
            path = SERIES.format(anime_id=SHOW) + rest.format(code="S01E02")
            status, answer, _ = await server.request(method, path, json=body)
            assert status == 200, answer
            assert {"series": [SHOW]} in libraries(inbox), rest
            hub.leave(inbox)
        hub._gathered.clear()
        inbox = hub.join(None)
        await server.put("/api/config", json={"providers": []})
        assert libraries(inbox) == [{"series": None}]


async def test_a_change_is_told_of_the_series_that_is_listed(tmp_path):
    """Whatever id it is called by; and of all where others may come or go with it."""
    served = {"Show/Show - S01E01.mkv": b"x"}
    async with Tree(served) as up, running(tmp_path) as server:
        await server.login()
        for folder in ("Odd one", "Beside"):
            add(server, f"{folder}/{folder} - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")
        await server.put("/api/config", json={"providers": home(up.base)})

        async def told(method: str, rest: str, body: dict | None) -> list[dict]:
            hub = server.app[HUB]
            hub._gathered.clear()
            inbox = hub.join(None)
            status, answer, _ = await server.request(method, f"/api/v1/anime/{rest}", json=body)
            assert status == 200, answer
            hub.leave(inbox)
            return libraries(inbox)

        folders = {"folders": ["Odd one", "Beside"]}
        assert await told("PUT", "local_odd-one/link", folders) == [{"series": None}]
        _, listed, _ = await server.get("/api/library")
        assert [each["id"] for each in listed["data"]] == ["local_odd-one"]
        assert await told("PUT", "local_odd-one/link", {"source": SHOW}) == [{"series": None}]
        own = [{"series": ["local_odd-one"]}]
        assert await told("PUT", f"{SHOW}/follow", {"follow": "new"}) == own
        assert await told("PUT", f"{SHOW}/episodes/S01E01", {"ignored": True}) == own
        assert await told("DELETE", SHOW, None) == own


async def test_changes_are_gathered():
    """The first is told at once, those that follow within a second together."""
    hub = Hub()
    inbox = hub.join(None)
    for number in (1, 2, 3, 2):
        hub.publish(LibraryChanged([f"home_{number}"]))
    assert libraries(inbox) == [{"series": ["home_1"]}]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(libraries(inbox)) < 2:
            await asyncio.sleep(0.05)
    assert libraries(inbox)[1] == {"series": ["home_2", "home_3"]}
    assert hub.seq == 2
    many = LibraryChanged([str(number) for number in range(MOST_SERIES)])
    assert many.joined(LibraryChanged(["one more"])).series is None
    assert many.joined(LibraryChanged(["7"])).series == many.series
    assert LibraryChanged(None).joined(many).series is None


async def test_several_episodes_are_ignored_by_one_call(tmp_path):
    """Episodes, ranges and seasons; one that does not exist changes nothing."""
    served = {f"Show/Show - S0{s}E0{n}.mkv": b"x" for s in (1, 2) for n in (1, 2, 3)}
    async with Tree(served) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        add(server, "Show/Show - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")

        async def ignore(*wanted: str, ignored: bool = True) -> tuple[int, dict]:
            body = {"episodes": wanted, "ignored": ignored}
            status, answer, _ = await server.put(f"/api/v1/anime/{SHOW}/episodes", json=body)
            return status, answer

        async def ignored() -> list[str]:
            known = await shown_episodes(server, SHOW)
            return [code for code, episode in known.items() if episode["ignored"]]

        status, answer = await ignore("S01E02-E03", "S01E03", "s02")
        codes = ["S01E02", "S01E03", "S02E01", "S02E02", "S02E03"]
        assert (status, [each["code"] for each in answer["data"]]) == (200, codes)
        assert {each["state"] for each in answer["data"]} == {"ignored"}
        assert await ignored() == codes
        _, listed, _ = await server.get(f"/api/library?series={SHOW},home_nobody")
        assert [(each["id"], each["missing_episodes"]) for each in listed["data"]] == [(SHOW, 0)]
        assert (await ignore("S02", "S01E09", ignored=False))[0] == 404
        assert await ignored() == codes
        await ignore("S02", ignored=False)
        assert await ignored() == codes[:2]
        for wrong in (["missing"], [], ["S01E05-E02"], ["nonsense"]):
            assert (await ignore(*wrong))[0] == 422, wrong
        _, listed, _ = await server.get("/api/library")
        assert [each["missing_episodes"] for each in listed["data"]] == [3]
        for wrong in ("", "a b", "home_1,,home_2", ",".join(["home_1"] * 201)):
            assert (await server.get(f"/api/library?series={wrong}"))[0] == 422, wrong
