"""What sources with thousands of series cost: the first search, the next ones, and memory.

Servers of ours answer as Jellyfin, the Internet Archive, MediathekViewWeb and nginx do; the last
one has WebDAV's figures too, as all folders are read alike.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from tests.app import Process
from tests.bench.queue import resident
from tests.jellyfin_server import KEY, JellyfinServer
from tests.test_archive import ArchiveServer
from tests.test_feed import FeedServer
from tests.tree import Tree

SERIES = 10_000
TOPICS = 3_000  # as many results as a search of MediathekViewWeb may have
SEARCHES = 20
IDLE = [
    {"type": "directory", "name": "directory", "url": "http://127.0.0.1:9/"},
    {"type": "webdav", "name": "webdav", "url": "http://127.0.0.1:9/"},
    {"type": "jellyfin", "name": "jellyfin", "url": "http://127.0.0.1:9/", "key": "k"},
    {"type": "aniworld", "name": "other", "url": "http://127.0.0.1:9/", "key": "k"},
    {"type": "feed", "name": "feed", "url": "http://127.0.0.1:9/"},
    {"type": "archive", "name": "archive", "url": "http://127.0.0.1:9/", "collection": "c"},
]


def title(number: int) -> str:
    return f"Ein recht langer Titel {number:05} von vielen"


class Mediathek(FeedServer):
    """Answers pages of 500 results, one after another, each of a topic of its own."""

    asked = 0

    def _answer(self, knobs, request):
        offset = self.asked * 500 % TOPICS
        self.asked += 1
        rows = [
            {"id": str(n), "channel": "ZDF", "topic": title(n), "title": "Folge 1",
             "url_video": f"http://127.0.0.1:9/{n}.mp4"}
            for n in range(offset, min(offset + 500, TOPICS))
        ]  # fmt: skip
        answer = {"result": {"queryInfo": {"totalResults": TOPICS}, "results": rows}}
        self.page, self.page_kind = json.dumps(answer).encode(), "application/json"
        return super()._answer(knobs, request)


@asynccontextmanager
async def jellyfin() -> AsyncIterator[dict]:
    async with JellyfinServer() as up:
        for number in range(SERIES):
            up.add_series(title(number), year=2010, ids={"Tvdb": str(number)})
        yield {"type": "jellyfin", "url": up.address, "key": KEY}


@asynccontextmanager
async def archive() -> AsyncIterator[dict]:
    async with ArchiveServer() as up:
        for number in range(SERIES):
            up.add(f"item{number}", {}, title=title(number), year="2010")
        yield {"type": "archive", "url": up.base, "collection": "classic"}


@asynccontextmanager
async def mediathek() -> AsyncIterator[dict]:
    async with Mediathek() as up:
        yield {"type": "feed", "url": f"{up.base}api/query", "query": "Titel"}


@asynccontextmanager
async def directory() -> AsyncIterator[dict]:
    async with Tree({}) as up:
        rows = [{"name": title(number), "type": "directory"} for number in range(SERIES - 1)]
        up.pages[""] = ("application/json", json.dumps(rows).encode())
        yield {"type": "directory", "url": up.base}


def cpu(pid: int) -> float:
    """Seconds of all threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def search(server: Process, query: str) -> float:
    began = time.monotonic()
    status, body, _ = await server.get("/api/v1/anime/search", params={"q": query, "limit": 20})
    assert (status, bool(body["data"])) == (200, True), body
    return time.monotonic() - began


async def measure(kind) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with kind() as entry:
            sources = [entry | {"name": "big"}]
            more = {"providers": sources, "rate_limit_per_minute": 0}
            async with Process(Path(folder), **more) as server:
                await server.login()
                pid = server.process.pid
                memory, used = resident(pid), cpu(pid)
                first = await search(server, title(7))
                used = cpu(pid) - used
                nexts = [await search(server, title(number)) for number in range(SEARCHES)]
                print(
                    f"{kind.__name__:10} first search {first:5.2f} s ({used:.2f} s CPU; target 2)"
                    f"  next {1000 * median(nexts):4.0f} ms (target 100)"
                    f"  memory {resident(pid) - memory:+5.1f} MiB (target +60)"
                )


async def idle(sources: list[dict]) -> float:
    """MiB of a server that has been asked for nothing, its own pages alone."""
    with tempfile.TemporaryDirectory() as folder:
        async with Process(Path(folder), providers=sources) as server:
            await server.get("/health")
            await asyncio.sleep(1)
            rollup = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
            return int(rollup.partition("Pss:")[2].split()[0]) / 1024


async def run() -> None:
    for kind in (jellyfin, archive, mediathek, directory):
        await measure(kind)
    without = [await idle([]) for _ in range(3)]
    with_all = [await idle(IDLE) for _ in range(3)]
    more = median(with_all) - median(without)
    print(f"memory with {len(IDLE)} kinds configured and idle: {more:+.1f} MiB (target +3)")


def main() -> None:
    asyncio.run(run())
