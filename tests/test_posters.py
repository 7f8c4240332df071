"""Posters that are fetched from sources: once, when somebody looks, and from nobody who is away."""

import asyncio
import os
import random
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from downloads import posters as posters_module
from downloads.posters import Posters
from handlers import posters as handler
from handlers.keys import DB, ENGINE
from providers import Providers, pictures
from providers.body_version import Version
from providers.network import Network
from store import abouts
from store.abouts import Poster
from store.db import Database
from store.models import Picture
from store.pictures import MAX_FETCHED_BYTES
from tests.app import Process, running, until
from tests.contract import JPEG
from tests.jellyfin_server import KEY, JellyfinServer
from tests.shows import add, home, video
from tests.test_jellyfin import settings_for
from tests.tree import Tree
from tests.upstream import Upstream

PNG = b"\x89PNG\r\n\x1a\n not really a picture"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "


class House(NamedTuple):
    """Posters of the series of a Jellyfin; `make` makes others on the same state."""

    up: JellyfinServer
    offered: list[Poster]
    posters: Posters
    resting: set[str]
    make: object

    async def find(self, place: int = 0, seconds: float = 30):
        found = await self.posters.find([self.offered[place]], seconds)
        return found.picture and found.picture.content, found.is_final

    def asked(self) -> list[str]:
        return [each.path for each in self.up.requests if "/Images/" in each.path]


@asynccontextmanager
async def opened(tmp_path, *contents: bytes):
    async with JellyfinServer() as up, Network() as network:
        for number, content in enumerate(contents):
            up.set_poster(up.add_series(f"Show {number:03}"), content)
        db = Database(tmp_path / "db")
        await db.open()
        providers = Providers(network, db)
        await providers.configure([settings_for(up)])
        offered = []
        for hit in await providers.get("home").search("", 1_000):
            listing = await providers.get("home").listing(hit.key)
            offered.append(Poster("home", listing.key, listing.poster))
        resting: set[str] = set()

        def make() -> Posters:
            return Posters(tmp_path, providers, lambda: resting)

        house = House(up, offered, make(), resting, make)
        try:
            yield house
        finally:
            await house.posters.close()
            await providers.close()
            await db.close()


# -- what a source may send ------------------------------------------------------------------------


@pytest.mark.parametrize("content", [JPEG, PNG, WEBP, JPEG + bytes(MAX_FETCHED_BYTES - len(JPEG))])
async def test_a_picture_is_asked_for_once(tmp_path, content):
    async with opened(tmp_path, content) as house:
        assert await asyncio.gather(*(house.find() for _ in range(5))) == [(content, True)] * 5
        (asked,) = house.asked()
        assert "maxWidth=400" in asked
        assert KEY not in asked
        again = house.make()
        house.up.status = 500
        assert (await again.find(house.offered, 30)).picture.content == content
        assert len(house.asked()) == 1
        changed = house.offered[0]._replace(ref="another")
        assert (await again.find([changed], 30)).picture is None
        assert len(house.asked()) == 2


HOSTILE = {
    "a page": {"body": b"<html><script>alert(1)</script>"},
    "a drawing": {"body": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"},
    "nothing": {"body": b""},
    "a bomb": {"body": PNG[:8] + b"\0\0\0\rIHDR" + b"\0\0\xff\xff" * 2},
    "50 MB": {"body": JPEG + bytes(50_000_000)},
    "one byte too much": {"body": JPEG + bytes(MAX_FETCHED_BYTES + 1 - len(JPEG))},
    "without an end": {"endless": True},
    "not found": {"status": 404},
    "gone": {"status": 410},
    "forbidden": {"status": 403},
    "packed": {"body": JPEG, "headers": {"Content-Encoding": "gzip"}},
    "metadata of a cloud": {"location": "http://169.254.169.254/latest/"},
    "a file": {"location": "file:///etc/passwd"},
}
LATER = {
    "a wrong key": {"status": 401},
    "busy": {"status": 503},
    "an error": {"status": 500},
    "cut off": {"body": JPEG, "length": 5000},
    "silent": {"silent": True},
    "slow": {"body": JPEG + bytes(1000), "drip": 0.05},
    "in circles": {"location": "/again", "status": 302},
}


@pytest.mark.parametrize("what", [*HOSTILE, *LATER])
async def test_what_is_no_picture_is_shown_to_nobody_and_not_asked_for_again(
    tmp_path, monkeypatch, what
):
    """A day long where the source has none, a while where it has failed."""
    monkeypatch.setattr(pictures, "SECONDS", 0.3 if what in ("silent", "slow") else 20.0)
    async with opened(tmp_path, JPEG) as house:
        knobs = (HOSTILE | LATER)[what]
        house.up.script = [{"status": 200 if "body" in knobs else None} | knobs] * 20
        assert await house.find() == (None, what in HOSTILE)
        count = len(house.up.requests)
        house.up.script = []
        assert await house.find() == (None, what in HOSTILE)
        assert len(house.up.requests) == count
        sent = house.up.requests[-1].sent
        assert sent < 10_000_000  # the rest of a large one is not fetched
        again = await house.make().find(house.offered, 30)  # after a restart
        assert (again.picture is None) == (what in HOSTILE)


async def test_a_redirect_to_another_private_machine_is_refused(tmp_path):
    async with opened(tmp_path, JPEG) as house, Upstream(host="127.0.0.2") as other:
        other.body = JPEG
        house.up.script = [{"location": other.url("x")}]
        assert await house.find() == (None, True)
        assert other.requests == []


async def test_a_source_that_rests_or_is_away_is_left_alone(tmp_path):
    async with opened(tmp_path, JPEG, PNG) as house:
        house.resting.add("home")
        assert await house.find() == (None, False)
        assert house.asked() == []
        house.resting.clear()
        assert await house.find() == (JPEG, True)
        house.resting.add("home")
        assert await house.find() == (JPEG, True)  # it is known
        house.resting.clear()
        house.up.status = 401
        assert await house.find(1) == (None, False)
        house.up.status = None
        count = len(house.asked())
        house.offered[1] = house.offered[1]._replace(ref="another")
        assert await house.find(1) == (None, False)  # a login that fails is the whole source's
        assert len(house.asked()) == count


async def test_a_source_that_fails_with_one_picture_after_the_other_is_left_alone(tmp_path):
    """A good one in between begins the count anew."""
    async with opened(tmp_path, *[JPEG] * 8) as house:
        house.up.script = [{"status": 500}] * 2 + [{}] + [{"status": 500}] * 5
        found = [(await house.find(place))[0] for place in range(8)]
        assert found == [None, None, JPEG, *[None] * 5]
        assert len(house.asked()) == 6


async def test_nobody_waits_long_and_the_picture_comes_all_the_same(tmp_path):
    async with opened(tmp_path, JPEG) as house:
        house.up.script = [{"delay": 0.4, "body": JPEG}]
        assert await house.find(seconds=0.01) == (None, False)
        assert await house.find() == (JPEG, True)
        assert len(house.asked()) == 1


async def test_no_list_waits_for_a_picture():
    """Two of them hang in the middle; what an episode needs to be found comes all the same."""
    async with Upstream() as up, Network() as network:
        up.body = JPEG + bytes(900_000)
        up.script = [{"silent_after": 300_000}] * 2
        where = Picture(up.url("p.jpg"))
        hanging = [
            asyncio.create_task(pictures.fetch(network, up.base, where, Version()))
            for _ in range(2)
        ]
        await until(lambda: [each.sent for each in up.requests] == [300_000] * 2)
        async with asyncio.timeout(30):
            for _ in range(3):
                assert await network.parse(
                    lambda document: len(document.body), up.url("list"), base=up.base
                ) == len(up.body)
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_an_old_picture_is_shown_and_asked_for_again(tmp_path, monkeypatch):
    async with opened(tmp_path, JPEG) as house:
        house.up.script = [{"etag": '"1"', "body": JPEG, "kind": "image/jpeg", "status": 200}]
        assert await house.find() == (JPEG, True)
        monkeypatch.setattr(posters_module.PictureCache, "find", _old(PictureCacheFind))
        house.up.set_poster(house.up.series[0]["Id"], PNG)
        assert await house.find() == (JPEG, True)
        await until(lambda: len(house.asked()) == 2)
        monkeypatch.undo()
        await until(lambda: not house.posters._fetches)
        assert await house.find() == (PNG, True)


PictureCacheFind = posters_module.PictureCache.find


def _old(find):
    def found(self, name):
        kept = find(self, name)
        return kept and kept._replace(is_fresh=False)

    return found


async def test_two_at_a_time_the_last_one_first_and_no_more_than_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(posters_module, "MOST_WAITING", 10)
    count = 20
    contents = [JPEG + b"%d" % number for number in range(count)]
    async with opened(tmp_path, *contents) as house:
        gate = asyncio.Event()
        most = busy = 0
        begun = []
        answer_by, fetch = house.up._answer_by, house.posters._fetch

        async def gated(*arguments):
            await gate.wait()
            return await answer_by(*arguments)

        async def noted(name):
            """Where a fetch begins and ends: two that are under way reach the source in any order,
            and one has ended for us before it has for the source."""
            nonlocal most, busy
            busy += 1
            most = max(most, busy)
            begun.append(name)
            try:
                await fetch(name)
            finally:
                busy -= 1

        house.up._answer_by = gated
        house.posters._fetch = noted
        finds = []
        for place, poster in enumerate(house.offered):
            finds.append(asyncio.create_task(house.find(place, 60)))
            name = house.posters._name(poster)
            await until(lambda name=name: name in house.posters._tasks)
        await until(lambda: busy == 2)
        gate.set()
        found = await asyncio.gather(*finds)
        assert most == 2
        shown = {0, 1, *range(10, count)}
        for place in range(count):
            assert found[place] == ((contents[place], True) if place in shown else (None, False))
        names = [house.posters._name(poster) for poster in house.offered]
        assert [names.index(name) for name in begun[2:]] == list(range(count - 1, 9, -1))
        numbers = [path.split("/")[2] for path in house.asked()]
        keys = [each["Id"] for each in house.up.series]
        assert sorted(keys.index(number) for number in numbers) == sorted(shown)


async def test_a_full_disk_shows_it_all_the_same(tmp_path, caplog):
    """And says so once: a line for each picture would push all others out of the log."""
    async with opened(tmp_path, *[JPEG] * 3) as house:
        in_the_way = tmp_path / posters_module.FOLDER
        in_the_way.write_bytes(b"in the way")
        for place in range(3):
            assert await house.find(place) == (JPEG, True)
        assert caplog.text.count("cannot be kept") == 1
        in_the_way.unlink()
        assert await house.find(0) == (JPEG, True)
        assert len(list(in_the_way.iterdir())) == 1


# -- the whole way ---------------------------------------------------------------------------------


async def seal_of(server) -> str:
    async with server.socket() as socket:
        return (await socket.receive_json())["data"]["pictures"]


async def library_of(server) -> dict[str, dict]:
    return {each["title"]: each for each in (await server.get("/api/library"))[1]["data"]}


async def test_from_a_jellyfin_to_the_page(tmp_path):
    """The list tells who has a poster; it is fetched when the page asks, and only then."""
    async with JellyfinServer() as up:
        for name in ("Show", "Bare"):
            series_id = up.add_series(name, Overview=f"Of {name}.\u202e<b>x</b>", year=2010)
            up.add_episode(series_id, 1, 1, video(1, 5_000))
        up.set_poster(up.series[0]["Id"], JPEG)
        jellyfin = {"type": "jellyfin", "name": "tv", "url": up.address, "key": KEY}
        async with running(tmp_path, providers=[jellyfin]) as server:
            for name in ("Show (2010)", "Bare (2010)"):
                add(server, f"{name}/{name} - S01E01.mkv")
            await server.login()
            await server.post("/api/v1/anime/rescan")
            seal = await seal_of(server)
            library = await library_of(server)
            assert [library[f"{name} (2010)"]["poster"] for name in ("Show", "Bare")] == [
                True,
                False,
            ]
            assert library["Show (2010)"]["year"] == 2010
            assert not any("/Images/" in each.path for each in up.requests)
            ids = {title: each["id"] for title, each in library.items()}
            show, bare = ids["Show (2010)"], ids["Bare (2010)"]
            details = (await server.get(f"/api/v1/anime/{show}"))[1]
            assert [details[name] for name in ("year", "poster")] == [2010, True]
            assert details["description"] == "Of Show.\u202e<b>x</b>"
            path = f"/posters/{seal}/{show}"
            for each in (path, f"/api/v1/anime/{show}/poster"):
                async with server.client.get(server.base + each) as answer:
                    assert (answer.status, await answer.read()) == (200, JPEG)
                    headers = answer.headers
                assert headers["Content-Type"] == "image/jpeg"
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Content-Security-Policy"].startswith("default-src 'none'")
                assert headers["Cache-Control"].startswith("private")
                known = {"If-None-Match": headers["ETag"]}
                assert (await server.get(each, headers=known))[0] == 304
            assert sum("/Images/" in each.path for each in up.requests) == 1
            assert (await server.get(f"/posters/{seal}/{bare}"))[0] == 204
            status, answer, _ = await server.get(f"/api/v1/anime/{bare}/poster")
            assert (status, answer["error"]) == (404, "NOT_FOUND")
            assert (await server.get(f"/api/v1/anime/{show}/poster", token=None))[0] == 401
            assert (await server.get(f"/posters/{'0' * 32}/{show}", token=None))[0] == 204

            for folder in server.library.iterdir():
                if folder.is_dir():
                    os.utime(folder, (1, 1))  # else it may be changing still
            await server.post("/api/v1/anime/rescan")
            before = server.app[DB].changes
            await server.post("/api/v1/anime/rescan")
            assert server.app[DB].changes == before

            (server.library / "Show (2010)" / "poster.png").write_bytes(PNG)  # the owner's own
            async with server.client.get(server.base + path) as answer:
                assert await answer.read() == PNG


async def test_a_source_that_is_slow_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(handler, "PAGE_SECONDS", 0.05)
    monkeypatch.setattr(handler, "CALL_SECONDS", 0.05)
    async with JellyfinServer() as up:
        series_id = up.add_series("Show")
        up.add_episode(series_id, 1, 1, video(1, 5_000))
        up.set_poster(series_id, JPEG)
        jellyfin = {"type": "jellyfin", "name": "tv", "url": up.address, "key": KEY}
        async with running(tmp_path, providers=[jellyfin]) as server:
            add(server, "Show/Show - S01E01.mkv")
            await server.login()
            await server.post("/api/v1/anime/rescan")
            anime_id = (await library_of(server))["Show"]["id"]
            path = f"/posters/{await seal_of(server)}/{anime_id}"
            up.script = [{"silent": True}]
            status, _, headers = await server.get(path)
            assert (status, headers["Cache-Control"]) == (204, "no-store")
            status, answer, _ = await server.get(f"/api/v1/anime/{anime_id}/poster")
            assert (status, answer["error"]) == (500, "PROVIDER_ERROR")
            assert server.app[ENGINE].rests.resting() == set()


async def test_a_calendar_has_what_a_folder_lacks(tmp_path):
    """The household's own Jellyfin tells the year and the rest of what others have the files of."""
    async with JellyfinServer() as up, Tree({"Show/Show - S01E01.mkv": b"x"}) as tree:
        series_id = up.add_series("Show", year=1999, Overview="Of Show.")
        up.add_episode(series_id, 1, 1)
        up.set_poster(series_id, JPEG)
        calendar = {"type": "jellyfin", "name": "tv", "url": up.address, "key": KEY}
        calendar |= {"use": "calendar"}
        async with running(tmp_path, providers=[*home(tree.base), calendar]) as server:
            add(server, "Show/Show - S01E01.mkv")
            await server.login()
            await server.post("/api/v1/anime/rescan")
            show = (await server.get("/api/v1/anime/home_show"))[1]
            told = [show[name] for name in ("year", "description", "poster")]
            assert told == [1999, "Of Show.", True]
            async with server.client.get(f"{server.base}/api/v1/anime/home_show/poster") as answer:
                assert await answer.read() == JPEG
            await server.put("/api/config", json={"providers": home(tree.base)})
            await server.post("/api/v1/anime/rescan")
            show = (await server.get("/api/v1/anime/home_show"))[1]
            told = [show[name] for name in ("year", "description", "poster")]
            assert told == [None, "", False]


NFO = "<tvshow><title>Show</title><plot>Of\n  a show. &lt;b&gt;</plot><year>2001</year></tvshow>"


async def test_what_the_files_of_the_library_tell(tmp_path):
    """Its NFO file and its picture; both are gone with the next look once they are."""
    async with running(tmp_path) as server:
        add(server, "Show/Show - S01E01.mkv")
        add(server, "Bare/Bare - S01E01.mkv")
        folder = server.library / "Show"
        (folder / "tvshow.nfo").write_text(NFO)
        (folder / "folder.jpg").write_bytes(JPEG)
        await server.login()
        await server.post("/api/v1/anime/rescan")

        async def told(anime_id: str) -> list:
            show = (await server.get(f"/api/v1/anime/{anime_id}"))[1]
            return [show[name] for name in ("year", "description", "poster")]

        assert await told("local_show") == [2001, "Of\na show. <b>", True]
        assert await told("local_bare") == [None, "", False]
        library = await library_of(server)
        assert [library["Show"][name] for name in ("year", "poster")] == [2001, True]
        assert [library["Bare"][name] for name in ("year", "poster")] == [None, False]
        await server.post("/api/v1/anime/rescan")
        assert (await told("local_show"))[0] == 2001
        for name in ("tvshow.nfo", "folder.jpg"):
            (folder / name).unlink()
        await server.post("/api/v1/anime/rescan")
        assert await told("local_show") == [None, "", False]
        posters = await server.app[DB].run(abouts.posters, "local_show")
        assert posters == []


# -- kills -----------------------------------------------------------------------------------------

KILLS = max(3, int(os.environ.get("ANIWORLD_KILLS", "0")) // 50)


@pytest.mark.slow
async def test_kills_while_posters_come(tmp_path):
    """What is shown is whole, whenever the server was killed, and nothing is left behind."""
    chance = random.Random(5)
    count = 12
    contents = [JPEG + chance.randbytes(150_000) for _ in range(count)]
    async with JellyfinServer() as up:
        for number, content in enumerate(contents):
            series_id = up.add_series(f"Show {number:02}")
            up.add_episode(series_id, 1, 1, video(1, 5_000))
            up.set_poster(series_id, content)
        jellyfin = {"type": "jellyfin", "name": "tv", "url": up.address, "key": KEY}
        async with Process(tmp_path, providers=[jellyfin]) as server:
            for number in range(count):
                add(server, f"Show {number:02}/Show {number:02} - S01E01.mkv")
            await server.login()
            await server.post("/api/v1/anime/rescan")
            paths = [
                f"/api/v1/anime/{(await library_of(server))[f'Show {number:02}']['id']}/poster"
                for number in range(count)
            ]

            async def look(path: str) -> bytes:
                async with server.client.get(server.base + path) as answer:
                    assert answer.status == 200, await answer.text()
                    return await answer.read()

            up.rate = 2_000_000
            for _ in range(KILLS):
                looks = [asyncio.create_task(look(path)) for path in paths]
                await asyncio.sleep(chance.uniform(0.05, 0.5))
                server.kill9()
                for seen, content in zip(
                    await asyncio.gather(*looks, return_exceptions=True), contents
                ):
                    assert isinstance(seen, Exception) or seen == content
                await server.start()
                await server.login()
            up.rate = None
            assert [await look(path) for path in paths] == contents
            names = [path.name for path in (server.state / "posters").iterdir()]
            assert len(names) == count and not any("." in name for name in names)
