"""kill -9 of the real process at random moments: C1, C16 of the table of faults.

ANIWORLD_KILLS is how many kills there are in all (10; 30 in .ci/run; 1,000 before a release), ANIWORLD_KILLS_SEED the
first seed. A round is at most ten kills of one server and its state; its seed is the test's parameter, so that
`ANIWORLD_KILLS_SEED=7 ANIWORLD_KILLS=2` runs the seventh round of both tests again.
"""

import asyncio
import os
import random
import threading
from pathlib import Path

import aiohttp
import pytest

from downloads import disk
from downloads.part_file import join
from tests.app import Process, running, spawn, until
from tests.shows import (
    SHOW,
    Shows,
    database_is_right,
    home,
    library_is_right,
    queue,
    statuses,
)

KILLS = int(os.environ.get("ANIWORLD_KILLS") or 10)
FIRST = int(os.environ.get("ANIWORLD_KILLS_SEED") or 0)
ROUNDS = -(-KILLS // 20)  # of each of the two tests
SEEDS = range(FIRST, FIRST + ROUNDS)
EACH = -(-KILLS // (2 * ROUNDS))
AGAIN = 16 << 20  # bytes of a file that may be fetched again after a kill
OVERLAP = 65_536  # those that a resumed download compares
SIZES = (5, 70_001, 1_048_576, 1_300_000, 4_000_000, 9_000_000, 17_000_003, 24_000_000)


async def strike(server: Process, up: Shows, chance: random.Random) -> int:
    """Kill it, and one time in four once more while it starts. Returns how often."""
    server.kill9()
    up.kills.append(len(up.requests))
    count = 1
    while chance.random() < 0.25:
        count += 1
        server.process = spawn(server.state, "--port", str(server.port), log=server.log_file)
        await asyncio.sleep(chance.uniform(0, 0.6))
        server.kill9()
        up.kills.append(len(up.requests))
    library_is_right(server, up)
    await server.start()
    return count


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_c1_kills_while_downloading(tmp_path, seed):
    """The queue goes on by itself after each kill, and little is fetched again; in the end all is there, once."""
    chance = random.Random(seed)
    async with Shows(chance.sample(SIZES, len(SIZES)), seed) as up:
        rate, at_once, kills = (
            (10_000_000, 25_000_000, 100_000_000)[seed % 3],
            chance.randint(1, 4),
            0,
        )
        up.rate, span = (
            rate,
            2 * sum(SIZES) / (rate * at_once) / EACH,
        )  # so that most kills hit a download
        async with Process(
            tmp_path, providers=home(up.base), max_concurrent_downloads=at_once
        ) as server:
            await server.login()
            await queue(server, "S01")
            await server.post("/api/queue/start")
            while kills < EACH:
                await asyncio.sleep(chance.uniform(0, min(max(span, 0.1), 0.8)))
                kills += await strike(server, up, chance)
                assert set(await statuses(server)) == set(up.videos), "an acknowledged item is lost"
            up.rate = None
            await all_completed(server)
            assert library_is_right(server, up) == set(up.videos)
            assert list(server.downloads.iterdir()) == []
            slack = between() if rate > 50_000_000 else 0
            again = fetched_again(up)
            print(
                f"{kills} kills, {at_once} at once at {rate}: {sum(again)} bytes again, {max(again)} of one file in one life at most"
            )
            assert max(again) <= AGAIN + slack
            assert sum(again) <= AGAIN * kills * (1 if at_once <= 2 else 2)
            # A rescan agrees, and there is nothing left to do.
            _, counted, _ = await server.post("/api/v1/anime/rescan")
            assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
            assert (await server.get(f"/api/v1/anime/{SHOW}"))[1]["missing_episodes"] == 0
            server.kill9()
            database_is_right(server)


async def all_completed(server) -> None:
    async def look() -> bool:
        now = await statuses(server)
        assert "failed" not in now.values(), (await server.get("/api/queue"))[1]
        return set(now.values()) <= {"completed"}

    await until(look, 60)


def fetched_again(up: Shows) -> list[int]:
    """Bytes that were sent though they had been before: of each file, in each life of the server."""
    found = []
    for code, body in up.videos.items():
        have = ()
        for life in up.lives(code):
            before = sum(end - start for start, end in have)
            for start, end in life:
                have = join(have, start, end)
            news = sum(end - start for start, end in have) - before
            found.append(max(0, sum(end - start - OVERLAP for start, end in life) - news))
        assert have == ((0, len(body)),)
    return found


def between() -> int:
    """Bytes that the kernel holds between two ends: sent, but perhaps never received."""
    return sum(int(Path(f"/proc/sys/net/ipv4/tcp_{way}mem").read_text().split()[2]) for way in "rw")


class Promises:
    """What the server acknowledged. What was under way when it died may have happened, or not."""

    def __init__(self):
        self.items: dict[str, str] = {}  # id -> code
        self.removed: set[str] = set()
        self.retried: set[str] = set()
        self.priority: dict[str, str] = {}
        self.states = {"stopped"}
        self.open: tuple = ()  # the call that has no answer yet

    async def act(self, server, up: Shows, chance: random.Random) -> None:
        """One call, drawn at random."""
        kind = chance.choice(
            ("add", "add", "add", "remove", "retry", "state", "state", "priority", "rescan")
        )
        item = chance.choice(sorted(self.items)) if self.items else None
        if kind == "add":
            code = chance.choice(sorted(up.videos))
            self.open = kind, code
            self.priority = {
                name: held for name, held in self.priority.items() if self.items[name] != code
            }  # of a failed one it is set anew
            status, body, _ = await server.post(
                "/api/queue/add", json={"anime_id": SHOW, "episodes": [code]}
            )
            assert status in (201, 409), body
            if status == 201:
                (one,) = body["data"]["items"]
                self.items[one] = code
        elif kind == "state":
            verb, state = chance.choice(
                (
                    ("start", "running"),
                    ("start", "running"),
                    ("stop", "stopped"),
                    ("pause", "paused"),
                )
            )
            self.open, before = (kind, state), self.states
            self.states = self.states | {state}
            status, body, _ = await server.post(
                f"/api/queue/{verb}", json={"paused": True} if verb == "pause" else None
            )
            assert status == 200 or (verb == "pause" and status == 409 and "stopped" in before), (
                body
            )
            self.states = {state} if status == 200 else before
        elif kind == "rescan":
            status, body, _ = await server.post("/api/v1/anime/rescan")
            assert status == 200, body
        elif item and kind == "remove":
            self.open = kind, item
            status, body, _ = await server.delete(f"/api/queue/{item}")
            assert status == 200, body
            del self.items[item]
            self.priority.pop(item, None)
            self.removed.add(item)
        elif item and kind == "priority":
            wanted = chance.choice(("low", "normal", "high"))
            self.open = kind, item
            self.priority.pop(item, None)
            status, body, _ = await server.put(f"/api/queue/{item}", json={"priority": wanted})
            assert status == 200, body
            self.priority[item] = wanted
        elif item and kind == "retry":
            up.gone.discard(self.items[item])
            status, body, _ = await server.post(f"/api/queue/{item}/retry")
            assert status in (200, 409), body
            if status == 200:
                self.retried.add(item)
        self.open = ()

    async def hold(self, server) -> None:
        """INV-3: after the restart it is as it was acknowledged."""
        _, page, _ = await server.get("/api/queue?per_page=100")
        found = {item["queue_item_id"]: item for item in page["data"]}
        kind, what = self.open or (None, None)
        assert (
            len({item["episode"] for item in found.values()})
            == len(found)
            == page["pagination"]["total"]
        )
        lost = set(self.items) - set(found) - ({what} if kind == "remove" else set())
        assert not lost, f"acknowledged and lost: {lost}"
        assert not self.removed & set(found), "a removed item returned"
        new = {item["episode"] for name, item in found.items() if name not in self.items}
        assert new <= ({what} if kind == "add" else set()), f"nobody added {new}"
        for item in self.retried & set(found):
            assert found[item]["status"] != "failed", "the retry was forgotten"
        for item, priority in self.priority.items():
            assert item not in found or found[item]["priority"] == priority

        async def state() -> str | None:
            found = (await server.get("/api/queue/status"))[1]["data"]["state"]
            return found if found in self.states else None

        self.states, self.open = {await until(state, 5)}, ()
        self.removed |= set(self.items) - set(found)
        self.items = {name: item["episode"] for name, item in found.items()}
        self.priority = {name: held for name, held in self.priority.items() if name in found}


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_c1_kills_between_calls(tmp_path, seed):
    """What was acknowledged holds after the restart, whatever else was going on."""
    chance, promises, kills = random.Random(seed), Promises(), 0
    async with Shows(chance.sample(SIZES[:6], 6), seed) as up:
        up.rate, up.gone = 6_000_000, set(chance.sample(sorted(up.videos), 2))
        async with Process(tmp_path, providers=home(up.base), max_concurrent_downloads=2) as server:
            await server.login()
            while kills < EACH:
                kill_at = asyncio.get_running_loop().time() + chance.uniform(0.05, 0.6)
                killing = asyncio.create_task(_kill(server, kill_at))
                try:
                    while not killing.done():
                        await promises.act(server, up, chance)
                        await asyncio.sleep(chance.uniform(0, 0.02))
                except aiohttp.ClientError:
                    pass
                await killing
                kills += await strike(server, up, chance)
                await promises.hold(server)
            print(f"{kills} kills")
            up.rate, up.gone = None, set()
            await server.post("/api/queue/stop")
            for item, code in promises.items.items():
                if (await statuses(server))[code] == "failed":
                    assert (await server.post(f"/api/queue/{item}/retry"))[0] == 200
            await server.post("/api/queue/start")
            await all_completed(server)
            assert library_is_right(server, up) >= set(promises.items.values())
            assert list(server.downloads.iterdir()) == []
            server.kill9()
            database_is_right(server)


async def _kill(server: Process, at: float) -> None:
    await asyncio.sleep(at - asyncio.get_running_loop().time())
    server.kill9()


async def test_the_state_is_right_from_the_first_answer(tmp_path, monkeypatch):
    """INV-3: a slow recovery does not make a running queue look stopped."""
    async with running(tmp_path) as server:
        await server.login()
        await server.post("/api/queue/start")
    recovered = threading.Event()
    monkeypatch.setattr(disk, "sweep", lambda *_: recovered.wait(5))
    async with running(tmp_path) as server:
        await server.login()
        try:
            _, body, _ = await server.get("/api/queue/status")
            assert body["data"]["state"] == "running"
        finally:
            recovered.set()
