"""What following a thousand series costs: writes, CPU, and how evenly it asks."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from downloads import following
from handlers.keys import DB, FOLLOWING, PROVIDERS
from store import clock, follows, looks
from store.models import Episode, Listing
from tests.app import Process, running, until
from tests.shows import SHOW, Shows, completed, home

SERIES = 1000
EPISODES = 12
HOUR = 3600


def listing(key: str) -> Listing:
    found = tuple(
        Episode(1, n, f"Title {n}", f"{key}/S01E{n:02}.mkv", 1_000_000 + n, "2025-01-01")
        for n in range(1, EPISODES + 1)
    )
    return Listing(key, f"Show {key}", episodes=found)


class Instant:
    """A source without a network, so that the looks alone are measured; see Provider."""

    base = "http://127.0.0.1:9/"

    def __init__(self) -> None:
        self.listings = {f"s{n}": listing(f"s{n}") for n in range(SERIES)}
        self.asked: list[tuple[float, str]] = []  # when by the clock on the wall, and for what

    async def search(self, query: str, limit: int) -> list:
        return []

    async def listing(self, key: str) -> Listing:
        self.asked.append((clock.seconds(), key))
        return self.listings[key]

    async def look(self) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.slow
async def test_a_thousand_series_and_nothing_new(tmp_path, monkeypatch):
    """A round: at most 2 writes and 0.2 s of CPU, asked evenly; between looks nothing at all."""
    wall = [1_800_000_000.0]
    monkeypatch.setattr(clock, "seconds", lambda: wall[0])
    monkeypatch.setattr(following, "START_SECONDS", 0.0)
    monkeypatch.setattr(following, "LEAST_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(following, "CATCH_UP_SECONDS", 0.0)
    async with running(tmp_path, providers=home("http://127.0.0.1:9/")) as server:
        db, follower = server.app[DB], server.app[FOLLOWING]
        source = Instant()
        checked = server.app[PROVIDERS].get("home")
        checked._provider = source
        checked._remember({key: key for key in source.listings})

        def follow_all(conn) -> None:
            for number, (key, found) in enumerate(source.listings.items()):
                mode: follows.FollowMode = "new" if number % 2 else "all"
                conn.execute("update series set listed = 1")
                looks.follow(conn, f"home_{key}", mode, [], [("home", found)])
            conn.execute("delete from items")

        await db.run(follow_all)
        follower.changed()
        await asyncio.sleep(0.1)

        def changes(conn) -> int:
            return conn.total_changes

        def are_done() -> bool:
            rounds = follower._rounds
            return rounds.looked_until == wall[0] and not (rounds.waiting or follower._looks)

        async def go_round() -> None:
            for _ in range(100):
                wall[0] += 6 * HOUR / 100
                follower._wakeup.set()
                await until(are_done)

        async def ask_all() -> None:
            for key in source.listings:
                await checked.listing(key)

        await go_round()
        before = await db.run(changes)
        asked = await cpu_of(ask_all)
        source.asked.clear()
        cpu = await cpu_of(go_round)
        assert len(source.asked) == SERIES
        assert cpu - asked <= 0.2
        assert await db.run(changes) - before <= 2
        parts = Counter(moment for moment, _ in source.asked)
        assert len(parts) == 100 and max(parts.values()) <= 12


async def cpu_of(work: Callable[[], Awaitable[None]]) -> float:
    began = time.process_time()
    await work()
    return time.process_time() - began


@pytest.mark.slow
async def test_between_looks_it_sleeps_and_writes_nothing(tmp_path):
    """With all on: at most two wake-ups a second, and no byte to the disk."""
    settings = {
        "night": {"from": "01:00", "to": "00:59"},
        "limits": [{"from": "01:00", "to": "00:59", "mbps": 100}],
        "daily_cap_gb": 100,
    }
    async with (
        Shows([1000]) as up,
        Process(tmp_path, providers=home(up.base), **settings) as process,
    ):
        await process.login()
        word = {"follow": "all"}
        assert (await process.put(f"/api/v1/anime/{SHOW}/follow", json=word))[0] == 200
        await process.post("/api/queue/start")
        await completed(process, "S01E01")
        await asyncio.sleep(3)
        before = wake_ups(process.process.pid), bytes_written(process.process.pid)
        await asyncio.sleep(10)
        after = wake_ups(process.process.pid), bytes_written(process.process.pid)
        assert after[0] - before[0] <= 20
        assert after[1] == before[1]


def wake_ups(pid: int) -> int:
    """How often a process has gone to sleep until now, all its threads together."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return sum(
        int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M)[0]) for text in texts
    )


def bytes_written(pid: int) -> int:
    return int(re.findall(r"^wchar: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.M)[0])
