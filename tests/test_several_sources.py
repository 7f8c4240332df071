"""One series at several sources: who has what, and where it is fetched from."""

import asyncio
import hashlib
from types import SimpleNamespace

import pytest

from downloads import carry_over
from downloads.source_calls import SourceCalls
from downloads.source_looks import SourceLooks
from handlers.keys import DB, PROVIDERS
from store import series
from tests.app import Process, running, until
from tests.shows import SHOW, Shows, add, completed, episodes, library_is_right
from tests.shows import queue as put_in_queue
from tests.tree import Tree
from tests.upstream import Knobs, Request

SIZE = 3_000_000


def setting(**servers) -> list[dict]:
    """The setting `providers`: each server under its name, in this order."""
    return [
        {"type": getattr(server, "type", "directory"), "name": name, "url": server.base}
        for name, server in servers.items()
    ]


async def sources_of(server, anime_id: str = SHOW) -> list[tuple[str, str, int]]:
    _, body, _ = await server.get(f"/api/v1/anime/{anime_id}")
    return [(each["name"], each["key"], each["episodes"]) for each in body["sources"]]


# -- a download that goes on at the next source ----------------------------------------------------


class Summed(Shows):
    """Shows behind WebDAV, with the checksums that a Nextcloud tells."""

    type = "webdav"

    def _answer(self, knobs: SimpleNamespace, request: Request) -> tuple[bytes, bytes]:
        if self.code(request):
            return super()._answer(knobs, request)
        rows = [self._row(request.path)]
        if request.path != "/Show/":
            rows.append(self._row("/Show/"))
        else:
            rows += [self._row(f"/Show/Show%20-%20{code}.mkv", code) for code in self.videos]
        listing = f'<D:multistatus xmlns:D="DAV:">{"".join(rows)}</D:multistatus>'.encode()
        plain = Knobs(body=listing, kind="application/xml", etag=None, modified=None, status=207)
        vars(knobs).update(vars(plain))
        return super(Shows, self)._answer(knobs, request)

    def _row(self, href: str, code: str | None = None) -> str:
        about = "<D:resourcetype><D:collection/></D:resourcetype>"
        if code:
            digest = hashlib.sha1(self.videos[code]).hexdigest()
            about = (
                f"<D:getcontentlength>{len(self.videos[code])}</D:getcontentlength>"
                '<o:checksums xmlns:o="http://owncloud.org/ns">'
                f"<o:checksum>SHA1:{digest}</o:checksum></o:checksums>"
            )
        return (
            f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{about}</D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )


@pytest.mark.parametrize("kind", [Shows, Summed])
async def test_the_third_source_brings_the_rest_where_two_fail_in_the_middle(
    tmp_path, short_pauses, kind
):
    """Nothing is fetched twice: the same checksum, or length and bytes, show the same file."""
    async with kind((SIZE,)) as one, kind((SIZE,)) as two, kind((SIZE,)) as three:
        one.drop_after = 1_200_000
        two.drop_after = 900_000
        for server, etag in ((one, '"a"'), (two, '"b"'), (three, None)):
            server.etag = etag
        config = setting(home=one, sister=two, friend=three)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            await put_in_queue(server, "S01E01")
            assert await sources_of(server) == [
                ("home", "show", 1),
                ("sister", "show", 1),
                ("friend", "show", 1),
            ]
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            assert library_is_right(server, three) == {"S01E01"}
            _, history, _ = await server.get("/api/queue/history")
            (fetched,) = history["data"]
            assert (fetched["provider"], fetched["resumed"]) == ("friend", 2)
            assert fetched["proof"] == ("sha1" if kind is Summed else "length")
    probes = 2 * (1 if kind is Summed else carry_over.PLACES)
    sent = one.sent("S01E01") + two.sent("S01E01") + three.sent("S01E01")
    assert sent <= SIZE + (probes + 4) * carry_over.OVERLAP_BYTES
    assert all(start > 0 or end < SIZE / 2 for start, end in three.fetched("S01E01"))


@pytest.mark.parametrize("difference", [100, pytest.param(600_000, marks=pytest.mark.slow)])
async def test_another_file_of_the_same_length_is_fetched_from_its_start(
    tmp_path, short_pauses, difference
):
    async with Shows((SIZE,)) as one, Shows((SIZE,)) as two:
        body = bytearray(two.videos["S01E01"])
        body[difference : difference + 65536 * 4] = bytes(65536 * 4)
        two.videos["S01E01"] = bytes(body)
        one.drop_after = 1_200_000
        async with running(tmp_path, providers=setting(home=one, sister=two)) as server:
            await server.login()
            await put_in_queue(server, "S01E01")
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            assert library_is_right(server, two) == {"S01E01"}


@pytest.mark.slow
async def test_a_kill_between_two_sources_costs_no_byte_twice(tmp_path):
    """The second source goes on with the bytes of the first; the next life goes on with those."""
    async with Shows((SIZE,)) as one, Shows((SIZE,)) as two:
        one.drop_after = 1_500_000
        two.rate = 1_000_000
        config = setting(home=one, sister=two)
        async with Process(tmp_path, providers=config, max_connections_per_host=1) as server:
            await server.login()
            await put_in_queue(server, "S01E01")
            await server.post("/api/queue/start")
            await until(lambda: two.sent("S01E01") > carry_over.PLACES * 65536 + 300_000)
            await asyncio.sleep(0.5)  # some of it is on the disk for good
            server.kill9()
        two.rate = None
        before = two.sent("S01E01")
        async with Process(tmp_path, providers=config, max_connections_per_host=1) as server:
            await server.login()
            await completed(server, "S01E01")
            assert library_is_right(server, two) == {"S01E01"}
        more = (carry_over.PLACES + 4) * carry_over.OVERLAP_BYTES
        assert two.sent("S01E01") - before <= SIZE - one.sent("S01E01") + more


async def test_what_a_source_has_that_is_switched_off_comes_from_the_next(tmp_path):
    async with Shows((SIZE, SIZE)) as one, Shows((SIZE,)) as two:
        one.rate = 500_000
        config = setting(home=one, sister=two)
        async with running(tmp_path, providers=config, max_concurrent_downloads=2) as server:
            await server.login()
            await put_in_queue(server, "S01")
            await server.post("/api/queue/start")
            await until(lambda: one.sent("S01E01") and one.sent("S01E02"))
            config[0]["enabled"] = False
            assert (await server.put("/api/config", json={"providers": config}))[0] == 200
            await completed(server, "S01E01")
            _, page, _ = await server.get("/api/queue?status=pending")
            (waiting,) = page["data"]
            assert (waiting["episode"], waiting["reason"]) == (
                "S01E02",
                "The source is switched off",
            )
            _, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
            assert [source["absent"] for source in details["sources"]] == [True, False]
            assert (details["missing_episodes"], details["available_episodes"]) == (1, 0)
            one.rate = None
            config[0]["enabled"] = True
            await server.put("/api/config", json={"providers": config})
            await completed(server, "S01E02")
            assert library_is_right(server, one) == {"S01E01", "S01E02"}


async def test_one_source_may_be_named(tmp_path):
    async with Shows((SIZE, SIZE)) as one, Shows((SIZE,)) as two:
        async with running(tmp_path, providers=setting(home=one, sister=two)) as server:
            await server.login()
            await put_in_queue(server, "S01E01", source="sister")
            body = {"anime_id": SHOW, "episodes": ["S01E02"], "source": "sister"}
            status, answer, _ = await server.post("/api/queue/add", json=body)
            assert (status, answer["error"]) == (404, "NOT_FOUND")
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            assert two.sent("S01E01") == SIZE and not one.sent("S01E01")


# -- search, details and rescans -------------------------------------------------------------------

EBML = b"\x1aE\xdf\xa3"


def tree(*paths: str) -> Tree:
    """A source with these files; none is like another one."""
    return Tree({f"{path}.mkv": EBML + path.encode() for path in paths})


async def search(server, query: str) -> tuple[dict[str, tuple[str, list[str]]], list[str]]:
    """(key -> (name, sources) of each hit, the sources that failed)."""
    status, body, _ = await server.get("/api/v1/anime/search", params={"q": query})
    assert status == 200, body
    hits = {hit["key"]: (hit["name"], hit["sources"]) for hit in body["data"]}
    assert len(hits) == len(body["data"])
    return hits, body["unavailable"]


async def test_one_series_is_one_hit_and_one_list(tmp_path):
    """What is only called alike is a hit of its own."""
    one = tree("Nacht (2010)/Nacht - S01E01", "Nacht/Nacht - S01E01", "Nachtwache/01")
    two = tree("nacht (2010)/S01E01", "nacht (2010)/S01E02", "Nacht (2019)/S01E01")
    async with one as home, two as sister:
        config = setting(home=home, sister=sister)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            hits, failed = await search(server, "nacht")
            assert failed == [] and hits == {
                "home_nacht": ("Nacht", ["home"]),
                "home_nacht-2010": ("Nacht (2010)", ["home", "sister"]),
                "home_nachtwache": ("Nachtwache", ["home"]),
                "sister_nacht-2019": ("Nacht (2019)", ["sister"]),
            }
            _, details, _ = await server.get("/api/v1/anime/home_nacht-2010")
            assert [(each["code"], each["sources"]) for each in details["episode_list"]] == [
                ("S01E01", ["home", "sister"]),
                ("S01E02", ["sister"]),
            ]
            assert (await server.get("/api/v1/anime?show=all"))[1] == []
            body = {"anime_id": "sister_nacht-2010", "episodes": ["missing"]}
            _, answer, _ = await server.post("/api/queue/add", json=body)
            assert answer["data"]["anime_id"] == "sister_nacht-2010"
            assert len(answer["data"]["items"]) == 2
            hits, _ = await search(server, "nacht (2010)")
            assert hits["sister_nacht-2010"][1] == ["home", "sister"] and len(hits) == 4
            sources = await sources_of(server, "home_nacht-2010")
            assert sources == [("home", "nacht-2010", 1), ("sister", "nacht-2010", 2)]


async def test_a_source_that_is_silent_costs_its_time_once(tmp_path, monkeypatch):
    monkeypatch.setattr("providers.connection.SILENCE_SECONDS", 0.3)
    monkeypatch.setattr("providers.SHORT_SECONDS", 0.1)
    async with tree("Nacht/01") as home, tree("Nacht/01") as sister, tree("Tag/01") as friend:
        config = setting(home=home, sister=sister, friend=friend)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            sister.silent = friend.silent = True
            for _ in range(2):
                assert await search(server, "nacht") == (
                    {"home_nacht": ("Nacht", ["home"])},
                    ["sister", "friend"],
                )
            sister.silent = friend.silent = False
            monkeypatch.setattr("providers.SHORT_SECONDS", 10)
            hits, failed = await search(server, "nacht")
            assert (hits, failed) == ({"home_nacht": ("Nacht", ["home", "sister"])}, [])


async def test_a_rescan_asks_each_source_once_a_series_and_finds_it_elsewhere(tmp_path):
    """What is only alike is asked about, and the owner's word is kept."""
    series_count = 6
    files = [f"Nacht {number} (2010)/S01E0{e}" for number in range(series_count) for e in (1, 2)]
    one = tree(*files, "Tag (2012)/S01E01")
    two = tree(*files, *[f"{path.partition('/')[0]}/S01E03" for path in files[::2]], "Tag/S01E01")
    async with one as home, two as sister:
        config = setting(home=home)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            for path in ["Tag (2012)/S01E01", *files[::2]]:
                add(server, f"{path}.mkv")
            await server.post("/api/v1/anime/rescan")
            config = setting(home=home, sister=sister)
            await server.put("/api/config", json={"providers": config})
            for _ in range(2):
                home.requests.clear()
                sister.requests.clear()
                await server.post("/api/v1/anime/rescan")
                for source in (home, sister):
                    asked = [path for path in source.asked() if path]
                    assert len(asked) == len(set(asked)), "no folder was listed twice"
            assert "Tag/" not in sister.asked(), "what is asked about is not looked at again"
            _, listed, _ = await server.get("/api/v1/anime?show=all&per_page=100")
            wanted = [each for each in listed["data"] if each["id"] != "home_tag-2012"]
            assert {each["missing_episodes"] for each in wanted} == {2}
            assert len(wanted) == series_count
            link = "/api/v1/anime/home_tag-2012/link"
            _, details, _ = await server.get("/api/v1/anime/home_tag-2012")
            assert [each["id"] for each in details["possible_sources"]] == ["sister_tag"]
            no = {"sources": [{"source": "home_tag-2012"}]}
            both = {"sources": [*no["sources"], {"source": "sister_tag"}]}
            for word, sources in ((no, ["home"]), (both, ["home", "sister"]), (no, ["home"])):
                status, _, _ = await server.put(link, json=word)
                assert status == 200
                await server.post("/api/v1/anime/rescan")
                _, details, _ = await server.get("/api/v1/anime/home_tag-2012")
                assert [source["name"] for source in details["sources"]] == sources
                assert details["possible_sources"] == []
            twice = {"sources": [{"source": "home_tag-2012"}, {"source": "home_nacht-1-2010"}]}
            assert (await server.put(link, json=twice))[0] == 422


@pytest.mark.slow
async def test_a_rescan_waits_for_a_silent_source_a_few_times_only(tmp_path, monkeypatch):
    monkeypatch.setattr("providers.connection.SILENCE_SECONDS", 0.2)
    files = [f"Nacht {number} (2010)/S01E01" for number in range(30)]
    async with tree(*files) as home, tree(*files) as sister:
        config = setting(home=home)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            for path in files:
                add(server, f"{path}.mkv")
            await server.post("/api/v1/anime/rescan")
            config = setting(home=home, sister=sister)
            await server.put("/api/config", json={"providers": config})
            home.silent = sister.silent = True
            home.requests.clear()
            _, body, _ = await server.post("/api/v1/anime/rescan")
            assert body["unavailable"] == ["home", "sister"]
            assert len(home.requests) < 10 and len(sister.requests) < 10


async def test_a_source_that_is_gone_or_has_another_name_loses_nothing(tmp_path):
    async with tree("Show/S01E01", "Show/S01E02", "Show/S01E03") as home:
        async with running(tmp_path, providers=setting(home=home)) as server:
            await server.login()
            add(server, "Show/S01E01.mkv")
            await server.post("/api/v1/anime/rescan")

            async def seen() -> tuple[int, int, list[str]]:
                _, body, _ = await server.get(f"/api/v1/anime/{SHOW}")
                names = [source["name"] for source in body["sources"] if not source["absent"]]
                return body["missing_episodes"], body["available_episodes"], names

            assert await seen() == (2, 2, ["home"])
            await server.put("/api/config", json={"providers": []})
            assert await seen() == (2, 0, [])
            entries = await episodes(server, SHOW)
            assert [entries[code]["state"] for code in ("S01E02", "S01E03")] == ["wanted"] * 2
            body = {"anime_id": SHOW, "episodes": ["missing"]}
            status, answer, _ = await server.post("/api/queue/add", json=body)
            assert status in (404, 409), answer
            await server.put("/api/config", json={"providers": setting(nas=home)})
            assert await seen() == (2, 0, [])
            await server.post("/api/v1/anime/rescan")
            assert await seen() == (2, 2, ["nas"])
            await put_in_queue(server, "missing")
            await server.post("/api/queue/start")
            await completed(server, "S01E02", "S01E03")
            await server.put("/api/config", json={"providers": setting(home=home, nas=home)})
            assert await seen() == (0, 0, ["home", "nas"])


async def test_two_series_of_one_title_get_folders_of_their_own(tmp_path):
    """They are two, as their ids say, and their first files come at the same time."""
    one, two = tree("Show [tvdbid-1]/S01E01"), tree("Show [tvdbid-2]/S01E01")
    async with one as home, two as sister:
        config = setting(home=home, sister=sister)
        async with running(tmp_path, providers=config, max_concurrent_downloads=2) as server:
            await server.login()
            for name in ("home", "sister"):
                hits, _ = await search(server, "show")
                key = next(key for key, hit in hits.items() if hit[1] == [name])
                body = {"anime_id": key, "episodes": ["S01E01"]}
                assert (await server.post("/api/queue/add", json=body))[0] == 201
            await server.post("/api/queue/start")

            async def are_completed() -> bool:
                _, page, _ = await server.get("/api/queue")
                assert all(item["status"] != "failed" for item in page["data"]), page
                return {item["status"] for item in page["data"]} == {"completed"}

            await until(are_completed)
            found = {path.read_bytes() for path in server.library.rglob("*.mkv")}
            assert found == {*one.files.values(), *two.files.values()}
            assert len({path.parts[-3] for path in server.library.rglob("*.mkv")}) == 2


@pytest.mark.slow
async def test_a_file_of_another_kind_leaves_nothing_behind(tmp_path, short_pauses):
    """The first source is given up after its tries, where bytes came, or at once without any."""
    body, other = EBML + bytes(400_000), bytes([0, 0, 0, 24]) + b"ftypmp42" + bytes(300_000)
    one = Tree({"Show/S01E01.mkv": body, "Show/S01E02.mkv": body})
    two = Tree({"Show/S01E01.mp4": other, "Show/S01E02.mp4": other})
    async with one as home, two as sister:
        home.drop_after = 150_000
        home.ranges = False
        async with running(tmp_path, providers=setting(home=home, sister=sister)) as server:
            await server.login()
            await put_in_queue(server, "S01")
            home.pages["Show/S01E02.mkv"] = 404
            await server.post("/api/queue/start")
            await completed(server, "S01E01", "S01E02")
            assert {path.suffix for path in server.library.rglob("Show*")} == {"", ".mp4"}
            assert list(server.downloads.iterdir()) == []
            _, page, _ = await server.get("/api/queue")
            assert [item["source"] for item in page["data"]] == ["sister", "sister"]


async def test_three_sources_with_other_titles_and_numbers_are_one_series(tmp_path):
    """The best name leads, whoever is preferred; its numbers count; what is unsure is asked."""
    alike = tree(*[f"Show/S01E{number:02}" for number in range(1, 13)])
    through = tree(*[f"show (2010)/Show - {number:02}" for number in range(1, 25)])
    seasons = tree(*[f"Show (2010)/Season {s}/S0{s}E{n:02}" for s in (1, 2) for n in range(1, 13)])
    async with alike as home, through as sister, seasons as friend:
        config = setting(home=home, sister=sister, friend=friend)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            add(server, "Show (2010)/Season 1/Show - S01E01.mkv")
            await server.post("/api/v1/anime/rescan")
            _, listed, _ = await server.get("/api/v1/anime?show=all")
            assert [(each["id"], each["total_episodes"]) for each in listed] == [
                ("sister_show-2010", 24)
            ]
            _, details, _ = await server.get("/api/v1/anime/sister_show-2010")
            assert [
                (source["name"], source["episodes"], source["numbering"])
                for source in details["sources"]
            ] == [("sister", 24, None), ("friend", 24, "joined")]
            assert [each["id"] for each in details["possible_sources"]] == ["home_show"]
            word = {"source": "friend_show-2010"}
            await server.put("/api/v1/anime/sister_show-2010/link", json=word)
            _, details, _ = await server.get("/api/v1/anime/sister_show-2010")
            codes = [each["code"] for each in details["episode_list"]]
            assert codes == [f"S0{s}E{n:02}" for s in (1, 2) for n in range(1, 13)]
            assert {tuple(each["sources"]) for each in details["episode_list"]} == {
                ("sister", "friend")
            }


# -- two shows of one title ------------------------------------------------------------------------


def shows_of_one_title(*seeds: int) -> list[Shows]:
    """Sources with a show of one title; each has ten episodes more than the one before. Those of
    one seed have the same files, and all are as long, so that sizes tell nothing."""
    return [
        Shows((100_000,) * (10 * place), seed=seed) for place, seed in enumerate(seeds, start=1)
    ]


async def test_two_shows_of_one_title_are_two_series_until_the_owner_says_otherwise(tmp_path):
    one, two = shows_of_one_title(1, 2)
    async with one as home, two as sister:
        async with running(tmp_path, providers=setting(home=home, sister=sister)) as server:
            await server.login()
            apart = {"home_show": ("Show", ["home"]), "sister_show": ("Show", ["sister"])}
            assert await search(server, "show") == (apart, [])
            assert await sources_of(server) == [("home", "show", 10)]
            await put_in_queue(server, "missing")
            await server.post("/api/queue/start")
            codes = {f"S01E{number:02}" for number in range(1, 11)}
            await completed(server, *codes)
            assert library_is_right(server, home) == codes
            for _ in range(2):
                asked = len(home.requests)
                await server.post("/api/v1/anime/rescan")
                _, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
                assert [each["name"] for each in details["sources"]] == ["home"]
                assert [each["id"] for each in details["possible_sources"]] == ["sister_show"]
                assert details["missing_episodes"] == 0
            assert not any(home.code(request) for request in home.requests[asked:])
            body = {"anime_id": "sister_show", "episodes": ["S01E14"]}
            _, answer, _ = await server.post("/api/queue/add", json=body)
            assert answer["data"]["anime_id"] == "sister_show"
            assert await search(server, "show") == (apart, [])


async def test_three_sources_with_one_title_and_no_year_are_one_hit(tmp_path):
    """Of the third one's hit it is asked when the first two are one."""
    one, two, three = (tree(*[f"Nacht/0{n}" for n in range(1, last)]) for last in (3, 4, 5))
    async with one as home, two as sister, three as friend:
        config = setting(home=home, sister=sister, friend=friend)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            for _ in range(2):
                found = {"home_nacht": ("Nacht", ["home", "sister", "friend"])}
                assert await search(server, "nacht") == (found, [])
            assert home.asked("Nacht/") == ["Nacht/"]


@pytest.mark.parametrize("has_sizes", [True, False])
async def test_one_file_that_both_have_shows_that_the_show_is_one(tmp_path, has_sizes, monkeypatch):
    one, two = shows_of_one_title(1, 1)
    if not has_sizes:
        monkeypatch.setattr(
            Shows,
            "_listing",
            lambda self, folder: (
                [{"name": "Show", "type": "directory"}]
                if folder != "/Show/"
                else [{"name": f"Show - {code}.mkv", "type": "file"} for code in self.videos]
            ),
        )
        two.ranges = False
    async with one as home, two as sister:
        async with running(tmp_path, providers=setting(home=home, sister=sister)) as server:
            await server.login()
            found = {"home_show": ("Show", ["home", "sister"])}
            assert await search(server, "show") == (found, [])
            asked = len(home.requests), len(sister.requests)
            assert await search(server, "show") == (found, [])
            assert sum(map(bool, map(home.code, home.requests[asked[0] :]))) == 0
            assert await sources_of(server) == [("home", "show", 10), ("sister", "show", 20)]
            add(server, "Show/Show - S01E01.mkv")
            await server.post("/api/v1/anime/rescan")
            assert await sources_of(server) == [("home", "show", 10), ("sister", "show", 20)]
        assert sister.sent("S01E01") <= 4 * 100_000


async def test_a_source_that_does_not_answer_now_is_asked_at_the_next_rescan(tmp_path):
    one, two = shows_of_one_title(1, 1)
    async with one as home, two as sister:
        async with running(tmp_path, providers=setting(home=home)) as server:
            await server.login()
            add(server, "Show/Show - S01E01.mkv")
            await server.post("/api/v1/anime/rescan")
            await server.put("/api/config", json={"providers": setting(home=home, sister=sister)})
            for sources in (["home"], ["home", "sister"]):
                home.ranged = {"status": 503} if len(sources) == 1 else {}
                await server.post("/api/v1/anime/rescan")
                _, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
                assert [each["name"] for each in details["sources"]] == sources
                assert details["possible_sources"] == []


async def test_one_page_in_place_of_two_files_shows_nothing(tmp_path):
    one, two = shows_of_one_title(1, 2)
    one.videos["S01E01"] = two.videos["S01E01"] = b"<html>Log in".ljust(100_000)
    async with one as home, two as sister:
        async with running(tmp_path, providers=setting(home=home, sister=sister)) as server:
            await server.login()
            assert set((await search(server, "show"))[0]) == {"home_show", "sister_show"}


async def test_a_source_that_is_gone_meanwhile_is_not_sought_at(tmp_path):
    async with tree("Show/S01E01") as home:
        async with running(tmp_path, providers=setting(home=home)) as server:
            await server.login()
            add(server, "Show/S01E01.mkv")
            await server.post("/api/v1/anime/rescan")
            db, providers = server.app[DB], server.app[PROVIDERS]
            show = await db.run(series.get, SHOW)
            looks = SourceLooks(db, providers, SourceCalls(), ())
            assert not await looks.seek(show, {"home", "gone"})


async def test_a_length_that_no_file_has_shows_nothing(tmp_path):
    one, two = shows_of_one_title(1, 1)
    two.ranged = {"content_range": f"bytes 0-65535/{'9' * 5000}"}
    async with one as home, two as sister:
        async with running(tmp_path, providers=setting(home=home, sister=sister)) as server:
            await server.login()
            hits, failed = await search(server, "show")
            assert failed == [] and set(hits) == {"home_show", "sister_show"}
            assert await sources_of(server) == [("home", "show", 10)]


@pytest.mark.parametrize("seed, slow", [(1, "sister"), (2, "sister"), (1, "home")])
async def test_a_series_may_be_forgotten_while_its_sources_are_asked(tmp_path, seed, slow):
    """Whether it would become one with another source's, or the owner would be asked."""
    one, two = shows_of_one_title(1, seed)
    async with one as home, two as sister:
        async with running(tmp_path, providers=setting(home=home)) as server:
            await server.login()
            add(server, "Show/Show - S01E01.mkv")
            await server.post("/api/v1/anime/rescan")
            await server.put("/api/config", json={"providers": setting(home=home, sister=sister)})
            up = sister if slow == "sister" else home
            up.delay, before = 0.2, len(up.requests)
            rescan = asyncio.create_task(server.post("/api/v1/anime/rescan"))
            await until(lambda: any(each.path == "/Show/" for each in up.requests[before:]))
            assert (await server.delete(f"/api/v1/anime/{SHOW}"))[0] == 200
            assert (await rescan)[0] == 200
            assert await server.app[DB].run(series.find, SHOW) is None
