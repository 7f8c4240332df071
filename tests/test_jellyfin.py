"""Jellyfin and Emby as sources, by a server that answers as they do."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from providers import jellyfin, jellyfin_items
from store.errors import NotFound, ProviderError
from store.models import Listing
from store.preference import chosen
from store.secret import Secret
from store.sources import JellyfinProvider
from store.wish import Prefer
from tests.app import running
from tests.contract import JPEG, Known, ProviderContract, opened
from tests.jellyfin_server import KEY, JellyfinServer
from tests.rows import each_row
from tests.shows import add, completed, home, video
from tests.tree import Tree
from tests.upstream import Upstream

CONTENTS = {
    (season, number): b"\x1aE\xdf\xa3 not really: %d %d" % (season, number)
    for season, number in [(0, 1), (1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
}


def furnish(up: JellyfinServer) -> str:
    """The id of a series with all that CONTENTS has, and (2, 2) in one file with (2, 1)."""
    show = up.add_series("Show A", year=2010, ids={"Tvdb": "12", "Imdb": "tt7", "Odd": "1"})
    up.set_poster(show, JPEG)
    for season, number in [(0, 1), (1, 1), (1, 2), (1, 3)]:
        up.add_episode(show, season, number, CONTENTS[season, number])
    up.add_episode(show, 2, 1, CONTENTS[2, 1], IndexNumberEnd=2)
    up.add_series("Über Ich")
    up.add_series("Empty")
    return show


def settings_for(up: JellyfinServer, **more) -> JellyfinProvider:
    return JellyfinProvider("jellyfin", "home", up.address, Secret(KEY), **more)


class TestJellyfin(ProviderContract):
    kind = JellyfinProvider
    known = Known("show a", "Show A (2010)", CONTENTS | {(2, 2): CONTENTS[2, 1]})
    series_count = 3
    poster = JPEG
    path = ""
    hostile_answers = tuple(
        ("application/json", body)
        for body in (
            b'{"Items": null}',
            b'{"Items": [null, 7, {}, {"Id": 7}, {"Id": "", "Name": ""}], "TotalRecordCount": "x"}',
            b'{"Items": [{"Id": "a", "Name": "\\ud800", "ProviderIds": 7}]}',
            b'{"Items": [{"Id": "a", "Name": "A", "IndexNumber": 1e400, "MediaSources": [7]}]}',
            b'{"Items": [{"Id": "a", "Name": "A", "IndexNumber": 1, "IndexNumberEnd": 99999999,'
            b' "PremiereDate": "never", "MediaSources": [{"Size": -1, "Path": "a.mkv"}]}]}',
            b'{"Items": [{"Id": "../../etc", "Name": "A", "IndexNumber": 1,'
            b' "MediaSources": [{"Path": "a.mkv"}]}], "TotalRecordCount": 99999999}',
        )
    )

    @asynccontextmanager
    async def serve(self, tmp_path):
        async with JellyfinServer(self.path) as up:
            furnish(up)
            yield settings_for(up)


class TestBehindAPrefixInSmallPages(TestJellyfin):
    path = "/media/jf"

    @asynccontextmanager
    async def serve(self, tmp_path):
        async with JellyfinServer(self.path) as up:
            furnish(up)
            up.most = 2
            yield settings_for(up)


@pytest.fixture
async def up():
    async with JellyfinServer() as server:
        yield server


async def test_titles_dates_ids_and_what_the_server_lacks(up, tmp_path):
    show = furnish(up)
    up.series[0]["Overview"] = "Of a show."
    up.add_episode(show, 2, 3, Name="Coming", PremiereDate="2099-01-02T00:00:00.0000000Z")
    async with opened(settings_for(up), tmp_path / "db") as source:
        (hit,) = await source.provider.search("[tvdbid-12]", 5)
        assert (hit.name, hit.ids) == ("Show A (2010)", {"tvdb": "12", "imdb": "tt7"})
        assert [each.name for each in await source.provider.search("ueber ICH", 5)] == ["Über Ich"]
        listing = await source.provider.listing(hit.key)
        assert (listing.description, listing.ids) == ("Of a show.", hit.ids)
        assert listing.year == 2010
        *_, last = listing.episodes
        assert (last.title, last.aired, last.available) == ("Coming", "2099-01-02", False)
        assert [episode.available for episode in listing.episodes[:-1]] == [True] * 6
        assert listing.episodes[0].aired == "2010-04-03"
        with pytest.raises(ProviderError, match="no longer has this episode"):
            await source.provider.source(hit.key, last)


def item(**more):
    base = {"Id": "x", "Name": "N", "Type": "Episode", "IndexNumber": 1, "ParentIndexNumber": 1}
    return base | {"MediaSources": [{"Path": "/m/a.mkv", "Size": 7}]} | more


@each_row(
    "found, numbers",
    [
        (item(), [(1, 1)]),
        (item(IndexNumberEnd=3), [(1, 1), (1, 2), (1, 3)]),
        (item(IndexNumberEnd=1), [(1, 1)]),
        (item(IndexNumberEnd=0), [(1, 1)]),
        (item(IndexNumberEnd=10**6), [(1, 1)]),
        (item(ParentIndexNumber=None), [(1, 1)]),
        (item(ParentIndexNumber=0), [(0, 1)]),
        (item(IndexNumber="4"), [(1, 4)]),
        (item(IndexNumber=None, Path="/m/Show/Season 02/Show - S02E05.mkv", MediaSources=[]),
         [(2, 5)]),
        (item(IndexNumber=None, Path="D:\\m\\Show\\Show - 06.5.mkv", MediaSources=[]), [(0, 6.5)]),
        (item(IndexNumber=None, Path=None, MediaSources=None), []),
        (item(Type="Season"), []),
        (item(Id=None), []),
    ],
)  # fmt: skip
def test_the_numbers_of_an_item(found, numbers):
    episodes = jellyfin_items.read_episodes([found], has_files=True)
    assert [(episode.season, episode.number) for episode in episodes] == numbers


@each_row(
    "found, extension",
    [
        (item(), ".mkv"),
        (item(MediaSources=[{"Container": "mov,mp4,m4a,3gp,3g2,mj2"}]), ".mp4"),
        (item(MediaSources=[{"Container": "matroska,webm"}]), ".mkv"),
        (item(MediaSources=[{"Container": "mpegts"}]), ".ts"),
        (item(MediaSources=None, Container="avi"), ".avi"),
        (item(MediaSources=[{"Path": "/m/a.MP4", "Container": "mkv"}]), ".mp4"),
        (item(MediaSources=[{"Id": "y", "Path": "/m/b.avi"}, {"Id": "x", "Path": "/m/a.mkv"}]),
         ".mkv"),
        (item(LocationType="Virtual"), None),
        (item(LocationType="Remote"), None),
        (item(CanDownload=False), None),
        (item(CanDownload=None), ".mkv"),
        (item(IsFolder=True), None),
        (item(VideoType="Dvd"), None),
        (item(MediaSources=[{"Path": "/m/a.strm", "Container": "strm"}]), None),
        (item(MediaSources=[{"Path": "http://x/a.mkv", "Protocol": "Http"}]), None),
        (item(MediaSources=[]), None),
    ],
)  # fmt: skip
def test_the_file_of_an_item(found, extension):
    held = jellyfin_items.find_file(found)
    assert (held.extension if held else None) == extension


def test_an_episode_that_is_there_twice_is_the_one_with_a_file():
    lacking, there = item(Id="a", LocationType="Virtual"), item(Id="b")
    for items in ([lacking, there], [there, lacking]):
        (episode,) = jellyfin_items.read_episodes(items, has_files=True)
        assert (episode.ref, episode.available, episode.size) == ("b", True, 7)
    (episode,) = jellyfin_items.read_episodes([there], has_files=False)
    assert not episode.available


def stream(index: int, codec: str, **more):
    return {"Type": "Subtitle", "Index": index, "Codec": codec, "IsExternal": True} | more


async def test_subtitles_that_lie_beside_a_file_come_along(up, tmp_path):
    show = up.add_series("Show")
    one = up.add_episode(show, 1, 1, b"\x1aE\xdf\xa3 video")
    (version,) = up.episodes[show][0]["MediaSources"]
    version["MediaStreams"] = [
        {"Type": "Video", "Index": 0},
        stream(2, "subrip", Path="/media/Show/Season 01/Show - S01E01.de.srt", Language="ger"),
        stream(3, "ass", Language="eng", IsForced=True),
        stream(4, "subrip", IsExternal=False, Language="fre"),
        stream(5, "hdmv_pgs_subtitle", Language="ita"),
    ]
    async with opened(settings_for(up), tmp_path / "db") as source:
        (episode,) = (await source.provider.listing("0" * 31 + "1")).episodes
        where = await source.provider.source("0" * 31 + "1", episode)
    address = f"{up.address}/Videos/{one}/{one}/Subtitles"
    assert where.beside == {
        ".de.srt": f"{address}/2/Stream.srt",
        ".eng.forced.ass": f"{address}/3/Stream.ass",
    }


async def test_a_file_that_moved_has_another_id(up, tmp_path):
    """The ids are made of paths; the size is what the server tells now."""
    show = up.add_series("Show")
    old = up.add_episode(show, 1, 1, b"\x1aE\xdf\xa3 old")
    async with opened(settings_for(up), tmp_path / "db") as source:
        (hit,) = await source.provider.search("", 5)
        (episode,) = (await source.provider.listing(hit.key)).episodes
        up.episodes[show].clear()
        with pytest.raises(ProviderError, match="no longer has this episode"):
            await source.provider.source(hit.key, episode)
    async with opened(settings_for(up), tmp_path / "db") as source:
        new = up.add_episode(show, 1, 1, b"\x1aE\xdf\xa3 new one")
        where = await source.provider.source(hit.key, episode)
        assert (where.url, where.size) == (f"{up.address}/Items/{new}/Download", 12)
    assert old != new


async def test_a_file_that_has_another_number_by_now_is_not_taken(up, tmp_path):
    """Its owner has found out what it is; the id, and the path, stay the same."""
    show = up.add_series("Show")
    up.add_episode(show, 1, 1, b"\x1aE\xdf\xa3 one")
    async with opened(settings_for(up), tmp_path / "db") as source:
        (hit,) = await source.provider.search("", 5)
        (episode,) = (await source.provider.listing(hit.key)).episodes
        up.episodes[show][0]["IndexNumber"] = 2
        with pytest.raises(ProviderError, match="no longer has this episode"):
            await source.provider.source(hit.key, episode)
        right = up.add_episode(show, 1, 1, b"\x1aE\xdf\xa3 the first")
        source.provider._provider._late._listed = Listing("", ""), 0.0
        where = await source.provider.source(hit.key, episode)
        assert where.url == f"{up.address}/Items/{right}/Download"


async def test_a_redirect_elsewhere_is_no_wrong_key(up, tmp_path):
    async with Upstream() as gate:
        gate.status, gate.location = 302, up.address
        settings = JellyfinProvider("jellyfin", "home", gate.base, Secret(KEY))
        async with opened(settings, tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="redirects to") as failure:
                await source.provider.search("", 5)
            assert failure.value.details["fix"]
    assert [KEY in str(request.headers) for request in up.requests] == [False]


async def test_a_key_that_is_wrong(up, tmp_path):
    settings = JellyfinProvider("jellyfin", "home", up.address, Secret("other"))
    async with opened(settings, tmp_path / "db") as source:
        for _ in range(2):
            with pytest.raises(ProviderError, match="the API key is wrong") as failure:
                await source.provider.look()
            assert failure.value.cause == "login" and failure.value.details["fix"]


async def test_an_emby_that_takes_the_key_from_its_own_header(up, tmp_path):
    furnish(up)
    up.key_header = "X-Emby-Token"
    async with opened(settings_for(up), tmp_path / "db") as source:
        (hit,) = await source.provider.search("show a", 5)
        listing = await source.provider.listing(hit.key)
        assert len([request for request in up.requests if request.status == 401]) == 1
        where = await source.provider.source(hit.key, listing.episodes[0])
        assert where.headers["X-Emby-Token"] == KEY


async def test_the_key_is_in_no_address(up, tmp_path):
    furnish(up)
    async with opened(settings_for(up), tmp_path / "db") as source:
        (hit,) = await source.provider.search("show a", 5)
        for episode in (await source.provider.listing(hit.key)).episodes:
            assert "key" not in (await source.provider.source(hit.key, episode)).url
    assert all("key" not in request.path.lower() for request in up.requests)
    assert all("X-Emby-Token" not in request.headers for request in up.requests)


@pytest.mark.parametrize("end", ["", "/", "/web", "/web/", "/web/index.html"])
def test_the_address_of_the_page_will_do(end):
    settings = JellyfinProvider("jellyfin", "home", f"http://nas:8096/jf{end}", Secret(KEY))
    assert jellyfin.open_source(settings, None, None).base == "http://nas:8096/jf/"


async def test_a_series_that_is_gone(up, tmp_path):
    show = furnish(up)
    async with opened(settings_for(up), tmp_path / "db") as source:
        (hit,) = await source.provider.search("show a", 5)
        del up.episodes[show]
        with pytest.raises(NotFound):
            await source.provider.listing(hit.key)


async def test_what_the_server_lacks_is_wanted_and_upcoming(up, tmp_path):
    """The whole program: states, counts, and the word `missing`, which takes what is there."""

    show = up.add_series("Show")
    up.add_episode(show, 1, 1, CONTENTS[1, 1])
    up.add_episode(show, 1, 2)
    up.add_episode(show, 1, 3, PremiereDate="2099-01-01T00:00:00.0000000Z")
    sources = [{"type": "jellyfin", "name": "home", "url": up.address, "key": KEY}]
    async with running(tmp_path, providers=sources) as server:
        await server.login()
        _, found, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
        anime_id = found["data"][0]["key"]
        wanted = {"anime_id": anime_id, "episodes": ["missing"]}
        status, added, _ = await server.post("/api/queue/add", json=wanted)
        assert status == 201 and len(added["data"]["items"]) == 1
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        _, anime, _ = await server.get(f"/api/v1/anime/{anime_id}")
        states = {each["code"]: each["state"] for each in anime["episode_list"]}
        assert states == {"S01E01": "present", "S01E02": "wanted", "S01E03": "upcoming"}
        assert (anime["missing_episodes"], anime["available_episodes"]) == (1, 0)
        assert (anime["total_episodes"], anime["sources"][0]["episodes"]) == (2, 1)
        wanted["episodes"] = ["S01E02"]
        assert (await server.post("/api/queue/add", json=wanted))[0] == 404


# -- as a calendar ---------------------------------------------------------------------------------


async def look_at(server, anime_id: str) -> tuple[dict[str, str], tuple[int, int, int]]:
    """code -> state; (total, missing, available)."""
    _, anime, _ = await server.get(f"/api/v1/anime/{anime_id}")
    states = {each["code"]: each["state"] for each in anime["episode_list"]}
    names = ("total_episodes", "missing_episodes", "available_episodes")
    return states, tuple(anime[name] for name in names)


async def test_a_calendar_says_what_exists_and_others_have_the_files(up, tmp_path):
    show = up.add_series("Show", year=2010, ids={"Tvdb": "12"})
    for number in range(1, 5):
        up.add_episode(show, 1, number, b"not to be fetched from here")
    up.add_episode(show, 1, 5, Name="Coming", PremiereDate="2099-01-01T00:00:00.0000000Z")
    other = up.add_series("Other")
    up.add_episode(other, 1, 1)
    up.add_episode(other, 1, 2)
    calendar = {"type": "jellyfin", "name": "tv", "url": up.address, "key": KEY, "use": "calendar"}
    files = {
        f"Show [tvdbid-12]/Show - S01E0{number}.mkv": video(number, 9_000) for number in (1, 2)
    }
    async with (
        Tree(files) as tree,
        running(tmp_path, providers=[*home(tree.base), calendar]) as server,
    ):
        await server.login()
        add(server, "Show [tvdbid-12]/Season 01/Show - S01E01.mkv")
        add(server, "Other/Season 01/Other - S01E01.mkv")
        for _ in range(2):
            _, answer, _ = await server.post("/api/v1/anime/rescan")
            assert answer["unavailable"] == []
        states, counts = await look_at(server, "home_show")
        assert list(states.values()) == ["present", "missing", "wanted", "wanted", "upcoming"]
        assert counts == (4, 3, 1)
        states, counts = await look_at(server, "local_other")
        assert list(states.values()) == ["present", "wanted"] and counts == (2, 1, 0)
        _, found, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
        assert [hit["key"] for hit in found["data"]] == ["home_show"]
        await queue_missing(server)
        up.status = 500  # what was known stays
        _, answer, _ = await server.post("/api/v1/anime/rescan")
        assert answer["unavailable"] == ["tv"]
        assert (await look_at(server, "home_show"))[1] == (4, 2, 0)
        off = calendar | {"enabled": False}  # and then, too
        await server.put("/api/config", json={"providers": [*home(tree.base), off]})
        await server.post("/api/v1/anime/rescan")
        assert (await look_at(server, "home_show"))[1] == (4, 2, 0)
        await server.put("/api/config", json={"providers": home(tree.base)})
        await server.post("/api/v1/anime/rescan")
        assert (await look_at(server, "home_show"))[1] == (2, 0, 0)
        assert (await look_at(server, "local_other"))[1] == (1, 0, 0)


async def queue_missing(server) -> None:
    wanted = {"anime_id": "home_show", "episodes": ["missing"]}
    status, added, _ = await server.post("/api/queue/add", json=wanted)
    assert status == 201 and len(added["data"]["items"]) == 1
    await server.post("/api/queue/start")
    await completed(server, "S01E02")


async def test_a_source_without_a_key_is_refused(up, tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        source = {"type": "jellyfin", "name": "tv", "url": up.address}
        status, refusal, _ = await server.put("/api/config", json={"providers": [source]})
        assert (status, refusal["details"]["field"]) == (400, "providers[0].key")
        status, _, _ = await server.put("/api/config", json={"providers": [source | {"key": KEY}]})
        assert status == 200
        status, shown, _ = await server.put(
            "/api/config", json={"providers": [source | {"key": "********"}]}
        )
        assert status == 200 and KEY not in str(shown)


# -- several versions ----------------------------------------------------------------------------


def version(version_id: str, size: int, *streams: dict, name: str = "Show - S01E01.mkv") -> dict:
    more = {"Protocol": "File", "Path": f"/m/Show/Season 01/{name}", "Container": "mkv"}
    return {"Id": version_id, "Size": size, "MediaStreams": list(streams), **more}


def picture(height: int, width: int = 0) -> dict:
    return {"Type": "Video", "Height": height, "Width": width}


def sound(language: str | None, **more) -> dict:
    return {"Type": "Audio", "Language": language, **more}


def test_each_version_of_an_item_is_a_file_of_the_episode():
    german = version("1" * 32, 5, picture(720), sound("ger"), sound("jpn"))
    described = version("2" * 32, 9, picture(1080), sound("ger", Title="Audiodeskription"))
    forced = {"Type": "Subtitle", "Language": "eng", "IsForced": True}
    own = version(
        "a", 7, picture(800, 1920), sound("und"), {"Type": "Subtitle", "Language": "ger"}, forced
    )
    by_name = version("mediasource_9", 3, name="Show - S01E01 [480p] EngDub.mkv")
    remote = version("3" * 32, 3) | {"IsRemote": True}
    many = item(Id="a", MediaSources=[german, described, own, by_name, remote, 5, {}])
    (episode,) = jellyfin_items.read_episodes([many], has_files=True)
    told = {
        variant.ref: (
            variant.size,
            variant.lines,
            " ".join(variant.languages.codes),
            variant.version,
        )
        for variant in episode.variants
    }
    assert told == {
        "a": (7, 1080, "de-sub", None),
        f"a/{'1' * 32}": (5, 720, "de ja", None),
        f"a/{'2' * 32}": (9, 1080, "de", "audio-description"),
        "a/mediasource_9": (3, 480, "en", None),
    }
    assert (episode.ref, episode.size) == ("a", 7)
    assert chosen(episode, Prefer(languages=["de"]))[0].ref == f"a/{'1' * 32}"
    assert not jellyfin_items.read_episodes([many], has_files=False)[0].variants


def test_two_items_of_one_episode_are_two_files_of_it():
    items = [
        item(Id=each, MediaSources=[version(each, size, picture(lines))])
        for each, size, lines in (("a", 5, 480), ("b", 4, 1080), ("c", 9, 1080))
    ]
    (episode,) = jellyfin_items.read_episodes(items, has_files=True)
    assert (episode.ref, len(episode.variants)) == ("c", 3)


async def test_the_version_that_is_wished_is_fetched(up, tmp_path):
    """Also where the list has moved on: the item has another id, and the wish is the same."""
    show = up.add_series("Show")
    up.add_episode(show, 1, 1, b"\x1aE\xdf\xa3 plain")
    (listed,) = up.episodes[show]
    versions = {"d" * 32: b"\x1aE\xdf\xa3 German", "mediasource_7": b"\x1aE\xdf\xa3 Francais"}
    up.files |= versions
    for language, (key, content) in zip(("ger", "fre"), versions.items()):
        listed["MediaSources"].append(version(key, len(content), sound(language)))
    async with opened(settings_for(up), tmp_path / "db") as source:
        listing = await source.provider.listing(show)
        for language, (key, content) in zip(("de", "fr"), versions.items()):
            wish = Prefer(languages=[language])
            episode = replace(chosen(listing.episodes[0], wish)[0], wish=wish)
            found = await source.provider.source(show, episode)
            own = key == "d" * 32
            end = f"{key}/Download" if own else f"Download?mediaSourceId={key}"
            assert found.url.endswith(end) and found.size == len(content)
            gone = replace(episode, ref="gone")
            assert (await source.provider.source(show, gone)).url == found.url
