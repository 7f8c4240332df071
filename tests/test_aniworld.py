"""Another instance as a source: a real one in a process of its own, and the catalogue that it has
written, behind a real nginx."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import hypothesis
import pytest
from hypothesis import strategies as st

from handlers import keys
from providers import aniworld, aniworld_listing
from store import static_catalogue
from store.errors import ProviderError
from store.models import Listing
from store.pictures import MAX_FETCHED_BYTES
from store.preference import chosen
from store.secret import Secret
from store.sources import AniworldProvider
from store.wish import Prefer
from tests import sharing_instance
from tests.app import free_port, running, until
from tests.contract import Known, ProviderContract, ServedContract, opened
from tests.rows import each_row
from tests.sharing_instance import CONTENTS, KNOWN, POSTER, make_key
from tests.shows import completed, video
from tests.tree import Tree
from tests.upstream import Upstream, nginx


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with sharing_instance.process(tmp_path_factory.mktemp("instance")) as shared:
        yield shared


@pytest.fixture(scope="module")
def catalogue(instance, tmp_path_factory):
    """(root, port): a folder for a web server with the library and its catalogue."""
    root = tmp_path_factory.mktemp("www")
    root.chmod(0o755)
    (root / "anime").symlink_to(instance.library)
    port = free_port()
    base_url = f"http://127.0.0.1:{port}/anime/"
    static_catalogue.run(instance.state, None, {}, root / "list", base_url)
    return root, port


def document(*files: dict, **about) -> dict:
    return {"aniworld": 1, "data": {"id": "a", "title": "A", "files": [*files]} | about}


def entry(**more) -> dict:
    return {"id": "a", "title": "A", "url": "a.json"} | more


def listed(*entries: object, **more) -> dict:
    return {"aniworld": 1, "version": "1", "data": [*entries], "next": None} | more


def file(**more) -> dict:
    return {"code": "S01E01", "url": "a.mkv"} | more


HOSTILE = (
    listed(None, 7, [], {}, entry(id=7), entry(title=None), entry(url=""), entry(id="")),
    listed(entry(titles=7, ids=[1]), entry(titles=[None, {}, "x" * 10**5], ids={"tvdb": 7})),
    listed(entry(id="../../etc/passwd\0", url="http://[bad"), next="http://[bad"),
    listed(entry(id="\ud800", title="\ud800"), next=7),
    listed(entry(url="http://169.254.169.254/x"), next="http://169.254.169.254/"),
    listed(entry(id="x" * 10**6), next="?"),
    {"aniworld": 1, "data": {}},
    {"aniworld": True, "data": []},
    {"aniworld": 1e400, "data": []},
    {"aniworld": 2, "data": []},
    {**listed(entry()), **document(file()), "data": [entry()]},
)


class TestAniworld(ProviderContract):
    kind = AniworldProvider
    known = Known("show a", "Show A (2010)", KNOWN)
    series_count = 2
    poster = POSTER
    hostile_answers = tuple(
        ("application/json", json.dumps(answer).encode(errors="surrogatepass"))
        for answer in HOSTILE
    )

    @pytest.fixture(autouse=True)
    def use(self, instance):
        self.instance = instance

    @asynccontextmanager
    async def serve(self, tmp_path):
        yield AniworldProvider("aniworld", "friend", self.instance.base, Secret(self.instance.key))


class TestCatalogue(ServedContract):
    """The files of `catalogue`, behind a web server that knows nothing of them."""

    known = TestAniworld.known
    series_count = 2
    poster = POSTER

    @pytest.fixture(autouse=True)
    def use(self, catalogue):
        self.root, self.port = catalogue

    @asynccontextmanager
    async def serve(self, tmp_path):
        async with nginx(tmp_path, self.root, port=self.port) as base:
            yield AniworldProvider("aniworld", "list", f"{base}list/catalogue.json")


@pytest.mark.parametrize(
    "poster, ref",
    [
        ({"url": "p.jpg", "modified": "1970-01-01T00:00:09Z"}, "p.jpg 9"),
        ({"url": "a b.jpg"}, "a b.jpg 0"),
        ({"url": "p.jpg", "size": MAX_FETCHED_BYTES}, "p.jpg 0"),
        ({"url": "p.jpg", "size": MAX_FETCHED_BYTES + 1}, ""),  # it would not be taken
        ({"url": ""}, ""),
        ({"url": 7}, ""),
        ({"url": "http://[bad"}, ""),
        ({"url": "x" * 10_000}, ""),
        ({"modified": "never"}, ""),
        ("p.jpg", ""),
        (None, ""),
    ],
)
def test_the_poster_that_a_document_names(poster, ref):
    page = document(file()) | {}
    page["data"] |= {"poster": poster, "year": 2010, "description": "Of A."}
    found = aniworld_listing.read_series(page, "http://x/a.json")
    assert (found.poster, found.year, found.description) == (ref, 2010, "Of A.")
    assert not ref or aniworld_listing.poster_address(ref) == poster["url"]


async def test_the_key_goes_to_no_other_host_for_a_poster(tmp_path):
    async with Upstream() as up:
        page = document(file(), title="A")
        page["data"]["poster"] = {"url": "http://elsewhere.example/p.jpg"}
        answering(up, (aniworld.LIST, listed(entry())), ("api/share/a.json", page))
        async with opened(settings_for(up), tmp_path / "db") as source:
            (hit,) = await source.provider.search("", 9)
            listing = await source.provider.listing(hit.key)
            picture = await source.provider.picture(hit.key, listing.poster)
            assert (picture.url, picture.headers) == ("http://elsewhere.example/p.jpg", {})


# -- what comes over -------------------------------------------------------------------------------


async def test_all_that_is_told_of_a_series(instance, tmp_path):
    settings = AniworldProvider("aniworld", "friend", instance.base, Secret(instance.key))
    async with opened(settings, tmp_path / "db") as source:
        (hit,) = await source.provider.search("[tvdbid-12]", 5)
        assert (hit.name, hit.ids) == ("Show A (2010)", {"tvdb": "12"})
        listing = await source.provider.listing(hit.key)
        episodes = {(each.season, each.number): each for each in listing.episodes}
        assert episodes[2, 2].ref == episodes[2, 3].ref
        where = await source.provider.source(hit.key, episodes[1, 1])
        digest = hashlib.sha256(CONTENTS[1, 1]).hexdigest()
        assert (where.checksums, where.extension) == ({"sha256": digest}, ".mkv")
        assert where.headers == {"Authorization": f"Bearer {instance.key}"}
        assert list(where.beside) == [".de.forced.srt"]
        assert where.modified == episodes[1, 1].modified > 1_000_000_000


async def test_a_checksum_that_was_compared_is_not_computed_again(instance, tmp_path):
    """The whole way, and then on: what was fetched is shared with its checksum at once."""
    source = {"type": "aniworld", "name": "friend", "url": instance.base, "key": instance.key}
    async with running(tmp_path, providers=[source]) as server:
        await server.login()
        body = {"anime_id": "friend_local-show-a-2010", "episodes": ["S01E01"]}
        assert (await server.post("/api/queue/add", json=body))[0] == 201
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        (history,) = (await server.get("/api/queue/history"))[1]["data"]
        assert history["proof"] == "sha256"
        (subtitles,) = server.library.rglob("*.srt")
        assert subtitles.name.endswith("S01E01.de.forced.srt")
        row = await server.app[keys.DB].run(
            lambda conn: tuple(conn.execute("select path, sha256 from checksums").fetchone())
        )
        (video,) = server.library.rglob("*.mkv")
        assert row == (
            str(video.relative_to(server.library)),
            hashlib.sha256(CONTENTS[1, 1]).hexdigest(),
        )


async def test_behind_a_prefix_of_a_proxy(instance, tmp_path):
    """All addresses are relative: nobody there knows of the prefix."""
    tmp_path.chmod(0o755)
    (tmp_path / "root").mkdir()
    proxy = f"location /any/prefix/ {{ proxy_pass {instance.base}; }}"
    async with nginx(tmp_path, tmp_path / "root", extra=proxy) as base:
        url = f"{base}any/prefix/"
        settings = AniworldProvider("aniworld", "friend", url, Secret(instance.key))
        async with opened(settings, tmp_path / "db") as source:
            (hit,) = await source.provider.search("show", 5)
            first = (await source.provider.listing(hit.key)).episodes[0]
            where = await source.provider.source(hit.key, first)
            assert where.url.startswith(f"{url}api/share/files/")
            async with source.network.get(
                where.url, base=settings.url, headers=where.headers
            ) as answer:
                assert await asyncio.to_thread(answer.read, max_bytes=999) == CONTENTS[0, 1]


# -- a key is for its own server -------------------------------------------------------------------


def answering(up: Upstream, *answers: tuple[str, object]) -> None:
    """Let the server answer these paths in JSON."""
    up.kind, up.body = "application/json", b"{}"
    up.etag = up.modified = None
    up.files = {path: json.dumps(answer).encode() for path, answer in answers}


def settings_for(up: Upstream, key: str = "k") -> AniworldProvider:
    return AniworldProvider("aniworld", "friend", up.base, Secret(key))


async def test_the_key_goes_to_its_own_server_alone(tmp_path):
    """Whatever that one names: pages, series, files, subtitles."""
    async with Upstream() as up, Upstream() as other:
        answering(other, ("p2", listed(entry(id="b", title="B", url="b.json"))),
                  ("b.json", document(file())))  # fmt: skip
        far = file(
            url=other.url("a.mkv"),
            subtitles=[
                {"suffix": ".de.srt", "url": up.url("s")},
                {"suffix": ".en.srt", "url": other.url("s")},
            ],
        )
        near = file(
            code="S01E02",
            url="/b.mkv",
            subtitles=[
                {"suffix": ".de.srt", "url": other.url("s")},
                {"language": "en", "url": "s.vtt"},
            ],
        )
        answering(up, (aniworld.LIST, listed(entry(url="/a.json"), next=other.url("p2"))),
                  ("a.json", document(far, near)))  # fmt: skip
        async with opened(settings_for(up), tmp_path / "db") as source:
            assert [hit.name for hit in await source.provider.search("", 9)] == ["A", "B"]
            first, second = (await source.provider.listing("a")).episodes
            where = await source.provider.source("a", first)
            assert (where.url, where.headers) == (other.url("a.mkv"), {})
            assert where.beside == {".en.srt": other.url("s")}
            where = await source.provider.source("a", second)
            assert where.headers == {"Authorization": "Bearer k"}
            assert where.beside == {".en.vtt": up.url("s.vtt")}
            await source.provider.listing("b")
        assert [request.headers["Authorization"] for request in up.requests] == ["Bearer k"] * 3
        assert [request.path for request in other.requests] == ["/p2", "/b.json"]
        assert not any("Authorization" in request.headers for request in other.requests)


@pytest.mark.parametrize("where", ["list", "next", "series", "file", "subtitles"])
async def test_no_address_leads_into_the_network_of_the_household(tmp_path, where):
    """Whatever an instance names or redirects to: a canary there hears nothing."""
    async with Upstream() as up, Upstream(host="127.0.0.2") as canary:
        there = {where: canary.url("x.mkv")}
        subtitles = [{"suffix": ".srt", "url": there.get("subtitles", "s")}]
        answering(
            up,
            (
                aniworld.LIST,
                listed(entry(url=there.get("series", "/a.json")), next=there.get("next")),
            ),
            ("a.json", document(file(url=there.get("file", "/a.mkv"), subtitles=subtitles))),
        )
        if where == "list":
            up.location = canary.base
        canary.kind, canary.body = "application/json", json.dumps(listed(entry())).encode()
        async with opened(settings_for(up), tmp_path / "db") as opened_source:
            provider = opened_source.provider
            try:
                await provider.search("", 9)
                (episode,) = (await provider.listing("a")).episodes
                found = await provider.source("a", episode)
                assert where != "subtitles" or found.beside == {}
                async with opened_source.network.get(found.url, base=provider.base):
                    assert where == "subtitles"
            except ProviderError as failure:
                assert "private address" in str(failure) and where != "subtitles"
        assert canary.requests == []


# -- what is asked for -----------------------------------------------------------------------------


async def test_an_unchanged_list_is_one_request_over_a_restart_too(tmp_path):
    async with Upstream() as up:
        answering(
            up,
            (aniworld.LIST, listed(entry(titles=["Alpha"]), next="series?page=2")),
            (f"{aniworld.LIST[:-6]}series?page=2", listed(entry(id="b", title="B"))),
        )
        up.etag = '"1"'
        async with opened(settings_for(up), tmp_path / "db") as source:
            assert len(await source.provider.search("", 9)) == 2
            assert len(up.requests) == 2
        up.status = 304
        async with opened(settings_for(up), tmp_path / "db") as source:
            for query, titles in {"": ["A", "B"], "alpha": ["A"]}.items():
                assert [hit.name for hit in await source.provider.search(query, 9)] == titles
            assert len(up.requests) == 3
            assert up.requests[-1].headers["If-None-Match"] == '"1"'
            source.provider._provider._catalogue._fresh_seconds = -1.0
            assert len(await source.provider.search("", 9)) == 2
            assert len(up.requests) == 4


async def test_a_list_that_broke_off_is_read_again_from_its_start(tmp_path):
    async with Upstream() as up:
        answering(up, (aniworld.LIST, listed(entry(), next="p2")))
        up.etag = '"1"'
        up.script = [{}, {"status": 503}]
        async with opened(settings_for(up), tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="503"):
                await source.provider.search("", 9)
            answering(up, (aniworld.LIST, listed(entry())))
            assert len(await source.provider.search("", 9)) == 1
            assert "If-None-Match" not in up.requests[-1].headers


@pytest.mark.parametrize("following", ["series", "series?page=1", "#", "?", "/api/share/series"])
async def test_pages_that_lead_in_a_circle_end(tmp_path, following):
    async with Upstream() as up:
        answering(up, (aniworld.LIST, listed(entry(), next=following)))
        up.body = json.dumps(listed(entry(id="b"), next=following)).encode()
        async with opened(settings_for(up), tmp_path / "db") as source:
            assert 1 <= len(await source.provider.search("", 9)) <= 2
        assert len(up.requests) <= 3


async def test_pages_without_end_end(tmp_path, monkeypatch):
    monkeypatch.setattr(aniworld, "MAX_PAGES", 5)

    class Endless(Upstream):
        def _answer(self, knobs, request):
            number = len(self.requests)
            knobs.body = json.dumps(listed(entry(id=f"a{number}"), next=f"?{number}")).encode()
            return super()._answer(knobs, request)

    async with Endless() as up:
        up.kind = "application/json"
        async with opened(settings_for(up), tmp_path / "db") as source:
            assert len(await source.provider.search("", 9)) == 5
        assert len(up.requests) == 5
        monkeypatch.setattr(aniworld_listing, "MAX_SERIES", 3)
        async with opened(settings_for(up), tmp_path / "other.db") as source:
            with pytest.raises(ProviderError, match="more than 3 series"):
                await source.provider.search("", 9)


@pytest.mark.slow
async def test_ten_thousand_series(tmp_path):
    """CPU is counted, as no load changes it."""
    every = [
        entry(id=f"local_{n}", title=f"Title {n} of Things (20{n % 100:02})", url=f"series/{n}",
              titles=[f"Second {n}"], ids={"tvdb": str(n)})
        for n in range(10_000)
    ]  # fmt: skip
    pages = [listed(*every[start : start + 1_000]) for start in range(0, 10_000, 1_000)]
    for number, page in enumerate(pages[:-1], 2):
        page["next"] = f"series?page={number}"
    async with Upstream() as up:
        paths = [aniworld.LIST, *(f"{aniworld.LIST}?page={n}" for n in range(2, 11))]
        answering(up, *zip(paths, pages))
        up.etag = '"1"'
        async with opened(settings_for(up), tmp_path / "db") as source:
            began = time.process_time()
            assert len(await source.provider.search("", 1)) == 1
            assert time.process_time() - began < 2
            began = time.process_time()
            for query in ("second 77", "things"):
                assert len(await source.provider.search(query, 1)) == 1
            assert time.process_time() - began < 0.1
            assert len(up.requests) == 10
            source.provider._provider._catalogue._fresh_seconds = -1.0
            up.status = 304
            await source.provider.search("title 5", 1)
            assert len(up.requests) == 11


# -- what a document may hold ----------------------------------------------------------------------


@each_row(
    "row, episodes",
    [
        (file(), [(1, 1)]),
        (file(code="S00E06.5"), [(0, 6.5)]),
        (file(code="s01e02"), [(1, 2)]),
        (file(code="S01E01-E02"), []),
        (file(code=7), []),
        (file(url=None), []),
        (file(url="a.exe"), []),
        (file(url="a", extension=".MKV"), [(1, 1)]),
        (file(url="x" * 5_000 + ".mkv"), []),
        (file(url="http://[bad/a.mkv"), []),
        (file(size=-1, sha256="zz", aired="never", modified="x", resolution="y"), [(1, 1)]),
        (file(modified="9999-12-31T23:59:59Z", size=2**80), [(1, 1)]),
    ],
)
def test_the_files_of_a_document(row, episodes):
    found = aniworld_listing.read_series(document(row, None, 7, {}), "").files
    assert [(each.season, each.number) for each in found] == episodes
    assert all(each.checksums == {} for each in found)


@each_row(
    "subtitles, suffixes",
    [
        ([{"suffix": ".de.srt", "url": "s"}], [".de.srt"]),
        ([{"language": "de", "url": "s.ass"}], [".de.ass"]),
        ([{"url": "s.srt"}], [".srt"]),
        ([{"language": "../x", "url": "s.srt"}], [".x.srt"]),
        ([{"suffix": "/../x.srt", "url": "s"}, {"suffix": ".de.exe", "url": "s"}], []),
        ([{"suffix": ".\u202ede.srt", "url": "s"}, {"suffix": ".de.srt"}, None, 7], []),
        (
            [{"suffix": f".{n}.srt", "url": "s"} for n in range(50)],
            [f".{n}.srt" for n in range(20)],
        ),
        (7, []),
    ],
)
def test_the_subtitles_of_a_file(subtitles, suffixes):
    (found,) = aniworld_listing.read_series(document(file(subtitles=subtitles)), "").files
    assert list(found.subtitles) == suffixes


def test_of_several_files_the_best_counts():
    rows = [
        file(url="double.mkv", resolution=2160), file(url="double.mkv", code="S01E02"),
        file(url="small.mkv", resolution=480, size=9),
        file(url="large.mkv", resolution=1080, size=5),
        file(url="larger.mkv", resolution=1080, size=6),
    ]  # fmt: skip
    episodes = aniworld_listing.read_episodes(
        aniworld_listing.read_series(document(*rows), "").files
    )
    assert {each.number: each.ref for each in episodes} == {1: "larger.mkv", 2: "double.mkv"}


def test_languages_and_versions_are_told_by_the_document():
    rows = [
        file(url="de.mkv", languages=["de", "ja"], resolution=720),
        file(url="en.mkv", languages=["en", "de-sub", "x", 7, None], resolution=1080),
        file(url="ad.mkv", languages=["de"], version="audio-description", resolution=2160),
        file(url="odd.mkv", languages="de", version="loud"),
    ]
    (episode,) = aniworld_listing.read_episodes(
        aniworld_listing.read_series(document(*rows), "").files
    )
    told = {each.ref: (each.languages.codes, each.version) for each in episode.variants}
    assert told == {
        "de.mkv": (["de", "ja"], None),
        "en.mkv": (["en", "de-sub"], None),
        "ad.mkv": (["de"], "audio-description"),
        "odd.mkv": ([], None),
    }
    assert episode.ref == "en.mkv"
    for wish, ref in [
        (Prefer(languages=["de"]), "de.mkv"),
        (Prefer(languages=["de-sub"]), "en.mkv"),
        (Prefer(versions=["audio-description"]), "ad.mkv"),
    ]:
        assert chosen(episode, wish)[0].ref == ref


async def test_a_file_that_has_moved_is_looked_for(tmp_path):
    async with Upstream() as up:
        answering(up, (aniworld.LIST, listed(entry(url="/a"))), ("a", document(file())))
        async with opened(settings_for(up), tmp_path / "db") as source:
            (episode,) = (await source.provider.listing("a")).episodes
            answering(up, ("a", document(file(url="/moved.mkv", size=7))))
            source.provider._provider._documents._values.clear()
            where = await source.provider.source("a", episode)
            assert (where.url, where.size) == (up.url("moved.mkv"), 7)
            # Its owner has found out what the file is.
            moved = replace(episode, ref="/moved.mkv")
            source.provider._provider._late._listed = Listing("", ""), 0.0
            answering(up, ("a", document(file(url="/moved.mkv", code="S02E01"))))
            source.provider._provider._documents._values.clear()
            with pytest.raises(ProviderError, match="no longer has"):
                await source.provider.source("a", moved)
            answering(up, ("a", document()))
            source.provider._provider._documents._values.clear()
            with pytest.raises(ProviderError, match="no longer has"):
                await source.provider.source("a", episode)


async def test_a_broken_document_costs_one_series_and_no_further_request(tmp_path):
    async with Upstream() as up:
        answering(up, (aniworld.LIST, listed(entry(url="/a"), entry(id="b", title="B", url="/b"))),
                  ("b", document(file())))  # fmt: skip
        async with opened(settings_for(up), tmp_path / "db") as source:
            await source.provider.search("", 9)
            up.requests.clear()
            with pytest.raises(ProviderError, match="no Aniworld"):
                await source.provider.listing("a")
            assert [request.path for request in up.requests] == ["/a"]
            assert (await source.provider.listing("b")).episodes


async def test_addresses_are_relative_to_where_a_document_was_found(tmp_path):
    """Also behind a redirect."""
    async with Upstream() as up:
        answering(up, (aniworld.LIST, listed(entry(url="/old/a"))), ("new/a", document(file())))
        up.script = [{}, {"location": up.url("new/a")}, {}, {"location": up.url("new/a")}, {}]
        async with opened(settings_for(up), tmp_path / "db") as source:
            (episode,) = (await source.provider.listing("a")).episodes
            assert (await source.provider.source("a", episode)).url == up.url("new/a.mkv")


async def test_a_lying_length_or_checksum_costs_that_episode(tmp_path):
    """The list promises other bytes than come: nothing of them gets into the library."""
    async with Upstream() as up:
        body = b"\x1aE\xdf\xa3" + bytes(1000)
        rows = [file(url="/a.mkv", size=7), file(url="/b.mkv", code="S01E02", sha256="0" * 64),
                file(url="/c.mkv", code="S01E03", size=len(body))]  # fmt: skip
        answering(up, (aniworld.LIST, listed(entry(url="/a"))), ("a", document(*rows)))
        up.files |= dict.fromkeys(("a.mkv", "b.mkv", "c.mkv"), body)
        up.modified = "Mon, 05 Oct 2020 10:00:00 GMT"
        source = {"type": "aniworld", "name": "friend", "url": up.base}
        async with running(tmp_path, providers=[source]) as server:
            await server.login()
            adding = {"anime_id": "friend_a", "episodes": ["S01"]}
            assert (await server.post("/api/queue/add", json=adding))[0] == 201
            await server.post("/api/queue/start")
            await completed_beside_failures(server, "S01E03")
            (video,) = server.library.rglob("*.mkv")
            assert video.read_bytes() == body and "S01E03" in video.name


async def completed_beside_failures(server, code: str) -> None:
    async def is_completed() -> bool:
        items = (await server.get("/api/queue"))[1]["data"]
        return any(each["status"] == "completed" and each["episode"] == code for each in items)

    await until(is_completed)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["S01E01", "a.mkv", "http://[", "//", ".de.srt", "2020-01-01", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["id", "title", "titles", "ids", "url", "data", "files", "code", "size", "sha256", "aired",
         "languages", "version", "resolution", "modified", "extension", "subtitles", "suffix",
         "language", "next", "aniworld", "description"]), inner, max_size=8),
    max_leaves=30,
)  # fmt: skip


@pytest.mark.slow
@hypothesis.settings(derandomize=True, max_examples=150, deadline=None)
@hypothesis.given(JSON_VALUES, JSON_VALUES)
def test_no_answer_breaks_the_reader(data, row):
    """Whatever types an instance answers: entries are left out, and nothing else happens."""
    page = {"aniworld": 1, "data": data, "next": row}
    for entry in aniworld_listing.read_entries(page, "http://x/y"):
        assert entry.key and entry.title and entry.url
    aniworld_listing.read_next(page, "http://x/y")
    try:
        found = aniworld_listing.read_series(
            {"aniworld": 1, "data": {"files": [row, data]}}, "http://x/y"
        )
        aniworld_listing.read_episodes(found.files)
        aniworld_listing.read_series(page, "http://x/y")
    except ProviderError as failure:
        assert "no Aniworld" in str(failure)


# -- a trial ---------------------------------------------------------------------------------------


async def tried(server, url: str, key: str = "") -> tuple[str, str]:
    """(message, cure) of a trial that fails."""
    body = {"type": "aniworld", "name": "friend", "url": url, "key": key}
    status, answer, _ = await server.post("/api/providers/test", json=body)
    assert (status, answer["ok"]) == (200, False), answer
    return answer["message"], answer["fix"]


async def test_a_trial_says_what_is_wrong(instance, tmp_path):
    (tmp_path / "other").mkdir()
    async with running(tmp_path) as server, running(tmp_path / "other") as closed:
        await server.login()
        await closed.login()
        base, key = instance.base, instance.key
        message, fix = await tried(server, base, "aw_wrong")
        assert "share key is wrong" in message and "scope 'share'" in fix
        assert "share key is missing" in (await tried(server, base))[0]
        message, fix = await tried(server, base, instance.read_key)
        assert "of another scope" in message and "scope 'share'" in fix
        for path in ("nothing/", "nothing/here", "anime/123/"):
            message, fix = await tried(server, base + path, key)
            assert message == "The Aniworld there has another address"
            assert fix == f"Put {base} into the settings"
        for path in ("api/docs", "api/redoc/", "api", "api/share/series", "index.html"):
            body = {"type": "aniworld", "name": "x", "url": base + path, "key": key}
            assert (await server.post("/api/providers/test", json=body))[1]["ok"], path
        closed_key = await make_key(closed, "share")
        message, fix = await tried(server, closed.base, closed_key)
        assert "shares nothing" in message and "'share'" in fix
        assert (await closed.put("/api/config", json={"share": {"series": "all"}}))[0] == 200
        message, fix = await tried(server, closed.base, closed_key)
        assert "lists no series" in message and "share some series" in fix


async def test_a_trial_of_what_is_no_aniworld(tmp_path):
    refusal = {"success": False, "error": "NOT_FOUND", "details": {}, "request_id": "x"}
    async with running(tmp_path) as server, Tree({"Show/a.mkv": b"x"}) as tree, Upstream() as up:
        await server.login()
        for url in (tree.base, f"{tree.base}Show/"):
            message, fix = await tried(server, url, "k")
            assert "is no Aniworld" in message and "address of its page" in fix
        up.kind, up.body = "text/html", b"<title>Sign in</title>"
        assert "is no Aniworld" in (await tried(server, up.base, "k"))[0]
        answering(up, (aniworld.LIST, {"aniworld": 2, "data": []}))
        message, fix = await tried(server, up.base, "k")
        assert "newer" in message and "Update Aniworld here" in fix

        class Older(Upstream):
            def _answer(self, knobs, request):
                body = json.dumps(refusal).encode()
                return b"HTTP/1.1 404 No\r\nContent-Length: %d\r\n\r\n" % len(body), body

        async with Older() as older:
            message, fix = await tried(server, older.base, "k")
            assert "older" in message and "update" in fix
        up.status, up.headers = 401, {"WWW-Authenticate": 'Basic realm="x"'}
        assert "401" in (await tried(server, up.base, "k"))[0]


@pytest.mark.slow
async def test_a_broken_download_goes_on_where_it_was(instance, tmp_path):
    """From a real instance, by its ETag: the whole is proven by its SHA-256, and came once."""
    body = video(7, 24_000_000)
    season = instance.library / "Show A (2010) [tvdbid-12]" / "Season 03"
    season.mkdir()
    (season / "Show A - S03E01.mkv").write_bytes(body)
    os.utime(season / "Show A - S03E01.mkv", (1_600_000_000, 1_600_000_000))
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {instance.token}"}) as own:
        async with own.post(f"{instance.base}api/v1/anime/rescan") as answer:
            assert answer.status == 200
    source = {"type": "aniworld", "name": "friend", "url": instance.base, "key": instance.key}
    async with running(tmp_path, providers=[source], bandwidth_limit_mbps=80) as server:
        await server.login()
        queued = {"anime_id": "friend_local-show-a-2010", "episodes": ["S03E01"]}
        assert (await server.post("/api/queue/add", json=queued))[0] == 201
        await server.post("/api/queue/start")

        async def has_begun() -> bool:
            (item,) = (await server.get("/api/queue"))[1]["data"]
            return (item["downloaded_bytes"] or 0) > 4_000_000

        await until(has_begun)
        await server.post("/api/queue/stop")
        await server.put("/api/config", json={"bandwidth_limit_mbps": 0})
        await server.post("/api/queue/start")
        await completed(server, "S03E01")
        (row,) = (await server.get("/api/queue/history"))[1]["data"]
        assert row["resumed"] == 1
        (found,) = server.library.rglob("*.mkv")
        assert found.read_bytes() == body
