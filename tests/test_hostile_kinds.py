"""Hostile answers of each kind of source: what they cost the whole program, and where they lead."""

import json
import time
from contextlib import AsyncExitStack

import pytest

from store.secret import Secret
from store.sources import DirectoryProvider, JellyfinProvider
from tests.app import Process
from tests.contract import opened
from tests.jellyfin_server import KEY
from tests.test_listings import HOSTILE, watched
from tests.upstream import Upstream

DEEP = b"[" * 59_000
MANY = b'{"Items":[' + b'{"Id":"a"},' * 29_000 + b'{"Id":"b"}],"files":[],"response":{"docs":[]}}'
STRINGS = b'{"Items":[' + b",".join(b'"%d"' % number for number in range(149_000)) + b"]}"
# A character of four bytes makes all take four in memory, one of two or three makes them take two.
WIDE = '{"Items":[{"Id":"😀Ж'.encode() + b"x" * 2_900_000 + b'"}]}'
JSON = {"deep": DEEP, "many": MANY, "strings": STRINGS, "wide": WIDE}
DAV = b"<d:multistatus xmlns:d='DAV:'>"
XML = {
    "rows": DAV + b"<d:response><d:href>/a</d:href></d:response>" * 80_000,
    "parts": DAV + b"<d:response>" + b"<d:a/>" * 399_000,
    "attributes": DAV + b"<d:response" + b"".join(b" a%d=''" % n for n in range(199_000)) + b"/>",
    "wide": DAV + b"<d:response><d:href>" + "😀".encode() + b"x" * 7_900_000,
    "open": DAV + b"<d:response x='" + b"y" * 7_900_000,
    "names": DAV
    + b"".join(
        f"<d:response><d:href>/{n:05}😀{'x' * 760}</d:href></d:response>".encode()
        for n in range(9_700)
    )
    + b"</d:multistatus>",
}
RSS = b"<rss><channel>"
FEEDS = {
    "items": RSS + b"<item><enclosure url='/a.mp4'/></item>" * 120_000,
    "titles": RSS + b"<item><title>" + b"&lt;a" * 900_000 + b"</title></item>",
    "comments": b"<!--" * 700_000,
    "wide": RSS + "<item><title>😀Ж".encode() + b"x&y" * 90_000 + b"x" * 2_700_000,
    "entities": RSS + b"&eacute;" * 600_000,
    "numbers": RSS
    + b"".join(
        b"<item><title>%d S%dE%d 1x%d</title><enclosure url='/%d.mp4'/></item>" % ((n,) * 5)
        for n in range(4_900)
    )
    + b"</channel></rss>",
}
LIST = b'{"aniworld":1,"version":"1","next":"?%d","data":['
SHARED = {
    "deep": DEEP,
    "many": LIST % 1
    + b",".join(b'{"id":"%d","title":"a","url":"b"}' % number for number in range(29_000))
    + b"]}",
    "titles": LIST % 2
    + b",".join(
        b'{"id":"%d","title":"t","url":"u","titles":["%s"]}' % (n, b'","'.join([b"x" * 300] * 20))
        for n in range(220)
    )
    + b"]}",
    "wide": LIST % 3 + '{"id":"😀Ж'.encode() + b"x" * 1_450_000 + b'"}]}',
    "circle": LIST % 4 + b'{"id":"a","title":"Show","url":"c"}]}',
}
KINDS = {
    "aniworld": (SHARED, {"key": KEY}),
    "webdav": (XML, {}),
    "jellyfin": (JSON, {"key": KEY}),
    "feed": (FEEDS, {}),
    "archive": (JSON, {"collection": "tv"}),
}


DIRECTORY = {name: body for name, (_, body) in HOSTILE.items()}
ALL = {**KINDS, "directory": (DIRECTORY, {})}
SETS = [*KINDS, "all"]  # those of directories alone: tests/test_listings.py


@pytest.mark.slow
@pytest.mark.parametrize("kinds", SETS)
async def test_hostile_answers_cost_little(tmp_path, kinds):
    """All of a kind, and all of all kinds, at once: CPU and memory are counted, as no load changes
    them."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Process(tmp_path, rate_limit_per_minute=0))
        await server.login()
        sources = []
        for kind in ALL if kinds == "all" else [kinds]:
            pages, settings = ALL[kind]
            for name, body in pages.items():
                upstream = await stack.enter_async_context(Upstream())
                upstream.kind = "application/json" if body[:1] in b"[{" else "application/xml"
                upstream.body = body
                source = {"type": kind, "name": f"{kind}{name}", "url": upstream.base}
                sources.append(source | settings)
        assert (await server.put("/api/config", json={"providers": sources}))[0] == 200

        async def search() -> None:
            for _ in range(2):
                status, _, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
                assert status in (200, 500)

        cpu, memory, _ = await watched(server, search())
        assert cpu < 15 and memory < 60


@pytest.mark.slow
async def test_thousands_of_files_with_many_episodes_each_leave_the_loop_alone(tmp_path):
    """The CPU of the loop's own thread is counted, as no load changes it."""
    rows = [{"name": f"S01E{n % 9 + 1:02}-E{n % 9 + 90}x{n:05}.mkv"} for n in range(9_900)]
    async with Upstream() as up:
        up.kind = "application/json"
        settings = DirectoryProvider("directory", "home", up.base)
        async with opened(settings, tmp_path / "db") as source:
            up.body = json.dumps([{"name": "Show", "type": "directory"}]).encode()
            (hit,) = await source.provider.search("show", 5)
            up.body = json.dumps(rows).encode()
            began_at = time.thread_time()
            listing = await source.provider.listing(hit.key)
            assert len(listing.episodes) == 98
            assert time.thread_time() - began_at < 1


@pytest.mark.slow
async def test_thousands_of_subtitles_leave_the_loop_alone(tmp_path):
    streams = [
        {"Type": "Subtitle", "Index": n, "IsExternal": True, "Codec": "srt", "Path": f"A.{n}.srt"}
        for n in range(18_000)
    ]
    media = {"Id": "a", "Path": "A.mkv", "MediaStreams": streams}
    item = {"Id": "a", "Name": "A", "IndexNumber": 1, "MediaSources": [media]}
    async with Upstream() as up:
        up.kind, up.body = "application/json", json.dumps({"Items": [item]}).encode()
        settings = JellyfinProvider("jellyfin", "home", up.base, Secret(KEY))
        async with opened(settings, tmp_path / "db") as source:
            (hit,) = await source.provider.search("", 5)
            (episode,) = (await source.provider.listing(hit.key)).episodes
            began_at = time.thread_time()
            await source.provider.source(hit.key, episode)
            assert time.thread_time() - began_at < 0.3
