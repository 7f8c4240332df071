"""yt-dlp as a source: only hosts that the owner names, by our own network, and cancellable.

Tried with yt-dlp itself and its generic extractor, against a server here.
"""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec

import pytest

from providers import ytdlp as ytdlp_provider
from providers import ytdlp_calls, ytdlp_info
from providers.network import Network
from providers.ytdlp_calls import Calls
from store import sources
from store.errors import ConfigurationError, ProviderError
from store.preference import chosen
from store.sources import YtdlpProvider
from store.wish import Prefer
from tests.app import running
from tests.contract import Known, ProviderContract, opened
from tests.requirements import lack
from tests.rows import each_row
from tests.tree import Tree
from tests.upstream import Upstream

MP4 = b"\x00\x00\x00\x18ftypmp42"
CONTENTS = {(1, 1): MP4 + b" the first one", (1, 2): MP4 + b" the second one"}
PAGE = b"""<html><head><title>Show A</title></head><body>
<video src="/v/Show%20S01E01.mp4"></video>
<video src="/v/Show%20S01E02.mp4"></video></body></html>"""


@pytest.fixture
def ytdlp() -> None:
    """yt-dlp itself has to be there."""
    if not find_spec("yt_dlp"):
        lack("yt-dlp is not installed; the extra ytdlp has it")


def settings_for(base: str, *paths: str) -> YtdlpProvider:
    return YtdlpProvider("ytdlp", "home", ["127.0.0.1"], [f"{base}{path}" for path in paths])


@asynccontextmanager
async def site(page: bytes = PAGE):
    videos = {f"v/Show S{s:02}E{n:02}.mp4": content for (s, n), content in CONTENTS.items()}
    async with Tree(videos) as up:
        up.pages = {"show": ("text/html", page), "empty": ("text/html", b"<html></html>")}
        yield up


@pytest.mark.slow
@pytest.mark.usefixtures("ytdlp")
class TestYtdlp(ProviderContract):
    kind = YtdlpProvider
    known = Known("show a", "Show A", CONTENTS, has_sizes=False)
    series_count = 2

    @asynccontextmanager
    async def serve(self, tmp_path):
        async with site() as up:
            yield settings_for(up.base, "show", "v/Show%20S01E02.mp4")


# -- what it may not do ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("ytdlp")
@pytest.mark.parametrize("how", ["redirect", "frame", "video"])
async def test_no_host_is_asked_that_is_not_named(tmp_path, how):
    async with Upstream() as canary, site() as up:
        elsewhere = canary.base.replace("127.0.0.1", "localhost") + "a.mp4"
        up.pages["show"] = {
            "redirect": ("text/html", b"elsewhere"),
            "frame": ("text/html", b'<iframe src="%s"></iframe>' % elsewhere.encode()),
            "video": ("text/html", b"<video src='%s'></video>" % elsewhere.encode()),
        }[how]
        if how == "redirect":
            up.status, up.location = 302, elsewhere
        async with opened(settings_for(up.base, "show"), tmp_path / "db") as source:
            try:
                (hit,) = await source.provider.search("", 10)
                listing = await source.provider.listing(hit.key)
                with pytest.raises(ProviderError):
                    await source.provider.source(hit.key, listing.episodes[0])
            except ProviderError as failure:
                assert "not named" in str(failure) or how != "redirect"
        assert canary.requests == []
        assert up.requests


@pytest.mark.slow
@pytest.mark.usefixtures("ytdlp")
async def test_a_call_can_be_given_up():
    """While its thread waits for a server that says nothing."""
    async with site() as up, Network() as network:
        up.silent = True
        network.named[up.base] = frozenset(["127.0.0.1"])
        calls = Calls(network, up.base)
        asked = asyncio.create_task(calls.extract(up.base + "show"))
        async with asyncio.timeout(30):
            while not up.requests:
                await asyncio.sleep(0.05)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
        calls.close()


@pytest.mark.slow
@pytest.mark.usefixtures("ytdlp")
async def test_a_page_without_a_video_says_so(tmp_path):
    async with site() as up:
        async with opened(settings_for(up.base, "empty"), tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="finds no video"):
                await source.provider.search("", 10)
        async with opened(settings_for(up.base, "gone", "show"), tmp_path / "db2") as source:
            assert [hit.name for hit in await source.provider.search("", 10)] == ["Show A"]
        async with opened(settings_for(up.base, "gone"), tmp_path / "db3") as source:
            with pytest.raises(ProviderError, match="404"):
                await source.provider.search("", 10)


@pytest.mark.slow
@pytest.mark.usefixtures("ytdlp")
async def test_the_latest_video_is_fetched_under_no_other_ones_number(tmp_path):
    """Each life of the server remembers which number each video has got."""
    listed = []
    async with site() as up:
        up.files |= {"v/monday.mp4": MP4 + b"monday", "v/tuesday.mp4": MP4 + b"tuesday"}
        for day in ("monday", "tuesday", "tuesday"):
            page = f"<title>News</title><video src='/v/{day}.mp4'></video>"
            up.pages["latest"] = ("text/html", page.encode())
            async with opened(settings_for(up.base, "latest"), tmp_path / "db") as source:
                (hit,) = await source.provider.search("", 10)
                (episode,) = (await source.provider.listing(hit.key)).episodes
                found = await source.provider.source(hit.key, episode)
                assert found.url.endswith(f"/v/{day}.mp4")
                listed.append(episode)
                if day == "tuesday":
                    with pytest.raises(ProviderError, match="no longer has"):
                        await source.provider.source(hit.key, listed[0])
    assert [(each.season, each.number) for each in listed] == [(1, 1), (1, 2), (1, 2)]


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"hosts": []}, "hosts"),
        ({"urls": []}, "urls"),
        ({"urls": ["http://media.example/a", "http://other.example/a"]}, "urls[1]"),
        ({}, None),
    ],
)
def test_what_the_settings_lack(monkeypatch, changes, field):
    monkeypatch.setattr(sources, "find_spec", lambda name: name)
    values = {"hosts": ["media.example"], "urls": ["http://media.example/a"]} | changes
    lacking = YtdlpProvider("ytdlp", "home", **values).lack()
    assert (lacking and lacking.field) == field


async def test_without_the_package_the_settings_say_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    entry = {"type": "ytdlp", "name": "yt", "hosts": ["a.example"], "urls": ["http://a.example/"]}
    async with running(tmp_path) as server:
        await server.login()
        status, body, _ = await server.put("/api/config", json={"providers": [entry]})
        assert (status, body["details"]["field"]) == (400, "providers[0].type")
        assert body["message"] == "yt-dlp is not installed"
        assert body["details"]["fix"] == "Install it: pip install 'aniworld-server[ytdlp]'"
        _, tried, _ = await server.post("/api/providers/test", json=entry)
        assert (tried["ok"], tried["message"]) == (False, "yt-dlp is not installed")
        for wrong in (
            {"hosts": ["A.example"]},
            {"hosts": ["a.example:80"]},
            {"urls": ["file:///x"]},
        ):
            changed = {"providers": [entry | wrong]}
            assert (await server.put("/api/config", json=changed))[0] == 422


async def test_a_package_that_is_gone_is_told_by_the_source(monkeypatch):
    def fail(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(ytdlp_calls, "import_module", fail)
    async with Network() as network:
        with pytest.raises(ConfigurationError, match="not installed"):
            await Calls(network, "http://a.example/").extract("http://a.example/")


# -- what it says ----------------------------------------------------------------------------------


def row(url: str, **more) -> dict:
    return {"url": url, "ext": "mp4", "protocol": "https", "vcodec": "h264", "acodec": "aac"} | more


def test_the_files_of_a_video():
    formats = [
        row("https://a.example/1080.mp4", height=1080, filesize=9, language="de"),
        row("https://a.example/480.mp4", height=480, language="eng"),
        row("https://a.example/silent.mp4", acodec="none"),
        row("https://a.example/sound.m4a", vcodec="none"),
        row("https://a.example/stream.m3u8", protocol="m3u8_native"),
        row("https://a.example/locked.mp4", has_drm=True),
        row("https://cdn.example/elsewhere.mp4"),
        row("https://a.example/a.exe", ext="exe"),
        row("https://[bad/a.mp4"),
        row("https://[bad/a.mp4", protocol=None),
        {},
        7,
    ]
    files = ytdlp_info.find_files({"title": "Folge 1", "formats": formats}, ["a.example"])
    assert [file.url for file in files] == [formats[0]["url"], formats[1]["url"]]
    variants = tuple(file.variant for file in files)
    assert variants[0].languages.codes == ["de"]
    (episode,) = ytdlp_info.read_episodes({"title": "Film", "id": "x"}, "https://a.example/x")
    for wish, lines in [(Prefer(), 1080), (Prefer(max_resolution=720), 480)]:
        choice = chosen(replace(episode, variants=variants), wish)[1]
        assert choice.variant.lines == lines


@each_row(
    "entries, numbers",
    [
        ([{"episode_number": 3, "season_number": 2}, {"title": "x"}], [(2, 3)]),
        ([{"title": "S01E02 Anfang"}, {"title": "S01E01 Ende"}], [(1, 1), (1, 2)]),
        ([{"url": "http://a/S02E05.mp4"}, {"url": "http://a/S02E06.mp4"}], [(2, 5), (2, 6)]),
        ([{"title": "a"}, {"title": "b"}], [(1, 1), (1, 2)]),
        ([{"episode_number": 10**9}, {"episode_number": "x"}], [(1, 1), (1, 2)]),
        ([{"_type": "playlist", "entries": [{"id": "1"}, {"id": "2"}, 7]}], [(1, 1), (1, 2)]),
        ([{"extractor_key": "Generic", "url": "http://[a"}, {"title": "b"}], [(1, 1), (1, 2)]),
        ([], []),
        ([None, 7], []),
    ],
)
def test_the_numbers_of_a_playlist(entries, numbers):
    info = {"_type": "playlist", "title": "Show", "entries": entries}
    found = ytdlp_info.read_episodes(info, "https://a.example/list")
    assert sorted((episode.season, episode.number) for episode in found) == numbers


def test_a_video_is_found_again_by_its_id():
    entries = [{"id": "a b", "title": "1"}, {"id": "c", "_type": "url", "url": "https://a/c"}]
    info = {"_type": "playlist", "entries": entries}
    first, second = (ytdlp_info.ref_of(entry, "https://a/list") for entry in entries)
    assert (first, second) == ("https://a/list a b", "https://a/c c")
    assert ytdlp_info.find(info, first) == entries[0]
    assert ytdlp_info.find(info, "https://a/list gone") is None
    assert ytdlp_info.find(entries[0], "https://a/list other") == entries[0]


def test_an_address_that_shows_another_video_no_longer_has_the_one_before():
    """As one for the latest video does: each new one gets a number of its own."""
    counted: dict[str, int] = {}
    latest, refs = "https://a.example/latest", []
    for video_id, number in [("a", 1), ("a", 1), ("b", 2), ("c", 3), ("b", 2)]:
        info = {"id": video_id, "title": "News", "webpage_url": latest}
        (episode,) = ytdlp_info.read_episodes(info, latest, counted)
        assert (episode.season, episode.number) == (1, number)
        refs.append(episode.ref)
        found = [ytdlp_info.find(info, ref, shows_another=True) for ref in refs]
        assert [each is info for each in found] == [ref == episode.ref for ref in refs]
    assert ytdlp_info.find(info, latest, shows_another=True) is info  # it had no id then


def test_an_id_made_of_the_address_tells_nothing_and_the_name_of_the_file_does():
    def page(name: str) -> dict:
        file = {"url": f"https://a.example/v/{name}.mp4?token=1"}
        return {"id": "latest", "extractor_key": "Generic", "formats": [file]}

    ref = ytdlp_info.ref_of(page("monday"), "https://a.example/latest")
    assert ytdlp_info.find(page("monday"), ref, shows_another=True)
    assert ytdlp_info.find(page("tuesday"), ref, shows_another=True) is None
    assert ytdlp_info.find(page("tuesday"), "https://a.example/latest latest", shows_another=True)


def test_a_playlist_that_begins_with_the_newest_video_moves_no_number():
    counted: dict[str, int] = {}

    def read(*ids: str) -> dict[str, int]:
        entries = [{"id": each, "title": "x"} for each in ids]
        info = {"_type": "playlist", "title": "Show", "entries": entries}
        found = ytdlp_info.read_episodes(info, "https://a.example/list", counted)
        return {episode.ref.rpartition(" ")[2]: episode.number for episode in found}

    assert read("b", "a") == {"b": 1, "a": 2}
    assert read("d", "c", "b", "a", "a") == {"d": 3, "c": 4, "b": 1, "a": 2}
    assert read("e") == {"e": 5} and read("a") == {"a": 2}
    read(*map(str, range(ytdlp_info.MAX_COUNTED)))
    assert len(counted) == ytdlp_info.MAX_COUNTED and "a" not in counted
    assert read("f") == {"f": 5 + ytdlp_info.MAX_COUNTED + 1}


@pytest.mark.parametrize("content", ["", "x", "[1]", '{"a": "b"}', "{}"])
def test_numbers_that_somebody_has_damaged_are_counted_anew(content):
    assert ytdlp_provider._counted(content) == {}
