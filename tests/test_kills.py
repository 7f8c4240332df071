"""kill -9 of the real process at random moments: C1, C16 of the table of faults.

ANIWORLD_KILLS is how many kills there are in all (10; 30 in .ci/run; 1,000 before a release),
ANIWORLD_KILLS_SEED the first seed. A round is at most ten kills of one server and its state; its
seed is the test's parameter, so that `ANIWORLD_KILLS_SEED=7 ANIWORLD_KILLS=2` runs the seventh
round of both tests again.
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
from tests.app import PATIENCE_SECONDS, Process, running, until
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
FIRST_SEED = int(os.environ.get("ANIWORLD_KILLS_SEED") or 0)
ROUNDS = -(-KILLS // 20)  # of each of the two tests
SEEDS = range(FIRST_SEED, FIRST_SEED + ROUNDS)
KILLS_A_ROUND = -(-KILLS // (2 * ROUNDS))

RATES = (10_000_000, 25_000_000, 100_000_000)  # bytes a second of each connection, by the seed
SIZES = (5, 70_001, 1_048_576, 1_300_000, 4_000_000, 9_000_000, 17_000_003, 24_000_000)
MOST_AGAIN = 16 << 20  # bytes of a file that may be fetched again after a kill
OVERLAP = 65_536  # bytes of those that a resumed download compares


async def strike(server: Process, up: Shows, chance: random.Random) -> int:
    """Kill the server, one time in four once more while it starts. Returns how often."""
    server.kill9()
    up.kills.append(len(up.requests))
    count = 1
    while chance.random() < 0.25:
        count += 1
        server.spawn()
        await asyncio.sleep(chance.uniform(0, 0.6))
        server.kill9()
        up.kills.append(len(up.requests))
    library_is_right(server, up)
    await server.start()
    return count


async def all_completed(server: Process) -> None:
    async def are_completed() -> bool:
        now = await statuses(server)
        assert "failed" not in now.values(), (await server.get("/api/queue"))[1]
        return set(now.values()) <= {"completed"}

    await until(are_completed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_c1_kills_while_downloading(tmp_path, seed):
    """The queue goes on by itself and fetches little again; in the end all is there, once."""
    chance = random.Random(seed)
    async with Shows(chance.sample(SIZES, len(SIZES)), seed) as up:
        up.rate = rate = RATES[seed % len(RATES)]
        at_once = chance.randint(1, 4)
        seconds_in_all = 2 * sum(SIZES) / (rate * at_once)
        pause = min(max(seconds_in_all / KILLS_A_ROUND, 0.1), 0.8)  # so that most hit a download
        async with Process(
            tmp_path, providers=home(up.base), max_concurrent_downloads=at_once
        ) as server:
            await server.login()
            await queue(server, "S01")
            await server.post("/api/queue/start")
            kills = 0
            while kills < KILLS_A_ROUND:
                await asyncio.sleep(chance.uniform(0, pause))
                kills += await strike(server, up, chance)
                assert set(await statuses(server)) == set(up.videos), "an acknowledged item is lost"
            up.rate = None
            await all_completed(server)
            assert library_is_right(server, up) == set(up.videos)
            assert list(server.downloads.iterdir()) == []
            again = fetched_again(up)
            print(f"{kills} kills, {at_once} at once at {rate} bytes a second: {sum(again)} bytes")
            print(f"were fetched again, {max(again)} of one file in one life at most")
            assert max(again) <= MOST_AGAIN + (buffered() if rate > 50_000_000 else 0)
            assert sum(again) <= MOST_AGAIN * kills * (1 if at_once <= 2 else 2)
            await nothing_is_left_to_do(server)
            server.kill9()
            database_is_right(server)


async def nothing_is_left_to_do(server: Process) -> None:
    """A rescan agrees with what the downloads recorded."""
    _, counted, _ = await server.post("/api/v1/anime/rescan")
    assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
    assert (await server.get(f"/api/v1/anime/{SHOW}"))[1]["missing_episodes"] == 0


def fetched_again(up: Shows) -> list[int]:
    """Bytes that were sent once more, of each file in each life of the server."""
    amounts = []
    for code, body in up.videos.items():
        known: tuple = ()  # stretches that were sent at least once
        for life in up.lives(code):
            before = total(known)
            for start, end in life:
                known = join(known, start, end)
            new = total(known) - before
            amounts.append(max(0, total(life) - OVERLAP * len(life) - new))
        assert known == ((0, len(body)),)
    return amounts


def total(stretches) -> int:
    return sum(end - start for start, end in stretches)


def buffered() -> int:
    """Bytes that the kernel holds between two ends: sent, but perhaps never received."""
    limits = (Path(f"/proc/sys/net/ipv4/tcp_{way}mem").read_text().split() for way in "rw")
    return sum(int(most) for _, _, most in limits)


class Promises:
    """What the server acknowledged. The call that it died in may have had its effect, or not."""

    CALLS = ("add", "add", "add", "remove", "retry", "state", "state", "priority", "rescan")
    STATES = (
        ("start", "running"),
        ("start", "running"),
        ("stop", "stopped"),
        ("pause", "paused"),
    )

    def __init__(self, server: Process, up: Shows, chance: random.Random):
        self.server = server
        self.up = up
        self.chance = chance
        self.items: dict[str, str] = {}  # id -> code
        self.removed: set[str] = set()  # ids
        self.retried: set[str] = set()  # ids
        self.priority: dict[str, str] = {}  # id -> priority
        self.states = {"stopped"}  # of the queue, that are possible now
        self.open_call = ("", "")  # what has no answer yet: the call, the item's id or its code

    async def act(self) -> None:
        """One call, drawn at random."""
        of_the_queue = {"add": self.add, "state": self.set_state, "rescan": self.rescan}
        of_an_item = {"remove": self.remove, "retry": self.retry, "priority": self.set_priority}
        name = self.chance.choice(self.CALLS)
        if name in of_the_queue:
            await of_the_queue[name]()
        elif self.items:
            await of_an_item[name](self.chance.choice(sorted(self.items)))
        self.open_call = ("", "")

    async def add(self) -> None:
        code = self.chance.choice(sorted(self.up.videos))
        self.open_call = ("add", code)
        for item in [item for item in self.priority if self.items[item] == code]:
            del self.priority[item]  # the priority of a failed item is set anew
        body = {"anime_id": SHOW, "episodes": [code]}
        status, answer, _ = await self.server.post("/api/queue/add", json=body)
        assert status in (201, 409), answer
        if status == 201:
            (item,) = answer["data"]["items"]
            self.items[item] = code

    async def set_state(self) -> None:
        verb, state = self.chance.choice(self.STATES)
        before = self.states
        self.open_call = ("state", state)
        self.states = before | {state}
        body = {"paused": True} if verb == "pause" else None
        status, answer, _ = await self.server.post(f"/api/queue/{verb}", json=body)
        may_be_refused = verb == "pause" and "stopped" in before
        assert status == 200 or (status == 409 and may_be_refused), answer
        self.states = {state} if status == 200 else before

    async def rescan(self) -> None:
        status, answer, _ = await self.server.post("/api/v1/anime/rescan")
        assert status == 200, answer

    async def remove(self, item: str) -> None:
        self.open_call = ("remove", item)
        status, answer, _ = await self.server.delete(f"/api/queue/{item}")
        assert status == 200, answer
        del self.items[item]
        self.priority.pop(item, None)
        self.removed.add(item)

    async def set_priority(self, item: str) -> None:
        priority = self.chance.choice(("low", "normal", "high"))
        self.open_call = ("priority", item)
        self.priority.pop(item, None)
        status, answer, _ = await self.server.put(f"/api/queue/{item}", json={"priority": priority})
        assert status == 200, answer
        self.priority[item] = priority

    async def retry(self, item: str) -> None:
        self.up.gone.discard(self.items[item])
        status, answer, _ = await self.server.post(f"/api/queue/{item}/retry")
        assert status in (200, 409), answer
        if status == 200:
            self.retried.add(item)

    async def are_kept(self) -> None:
        """INV-3: after the restart all is as it was acknowledged."""
        _, page, _ = await self.server.get("/api/queue?per_page=100")
        rows = {row["queue_item_id"]: row for row in page["data"]}
        codes = {row["episode"] for row in rows.values()}
        assert len(codes) == len(rows) == page["pagination"]["total"], "queued twice"
        call, subject = self.open_call
        lost = self.items.keys() - rows.keys() - ({subject} if call == "remove" else set())
        assert not lost, f"acknowledged and lost: {lost}"
        assert not self.removed & rows.keys(), "a removed item returned"
        new = {rows[item]["episode"] for item in rows.keys() - self.items.keys()}
        assert new <= ({subject} if call == "add" else set()), f"nobody added {new}"
        for item in self.retried & rows.keys():
            assert rows[item]["status"] != "failed", "the retry was forgotten"
        for item in self.priority.keys() & rows.keys():
            assert rows[item]["priority"] == self.priority[item]
        self.states = {await until(self._state)}
        self.open_call = ("", "")
        self.removed |= self.items.keys() - rows.keys()
        self.items = {item: row["episode"] for item, row in rows.items()}
        self.priority = {item: self.priority[item] for item in self.priority.keys() & rows.keys()}

    async def _state(self) -> str | None:
        """The queue's state, if it is one of those that were acknowledged."""
        state = (await self.server.get("/api/queue/status"))[1]["data"]["state"]
        return state if state in self.states else None


async def kill_after(server: Process, seconds: float) -> None:
    await asyncio.sleep(seconds)
    server.kill9()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
async def test_c1_kills_between_calls(tmp_path, seed):
    """What was acknowledged holds after the restart, whatever else was going on."""
    chance = random.Random(seed)
    async with Shows(chance.sample(SIZES[:6], 6), seed) as up:
        up.rate = 6_000_000
        up.gone = set(chance.sample(sorted(up.videos), 2))
        async with Process(tmp_path, providers=home(up.base), max_concurrent_downloads=2) as server:
            await server.login()
            promises = Promises(server, up, chance)
            kills = 0
            while kills < KILLS_A_ROUND:
                killing = asyncio.create_task(kill_after(server, chance.uniform(0.05, 0.6)))
                try:
                    while not killing.done():
                        await promises.act()
                        await asyncio.sleep(chance.uniform(0, 0.02))
                except aiohttp.ClientError:
                    pass  # it was killed meanwhile
                await killing
                kills += await strike(server, up, chance)
                await promises.are_kept()
            print(f"{kills} kills")
            up.rate = None
            up.gone = set()
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


async def test_the_state_is_right_from_the_first_answer(tmp_path, monkeypatch):
    """INV-3: a slow recovery does not make a running queue look stopped."""
    async with running(tmp_path) as server:
        await server.login()
        await server.post("/api/queue/start")
    recovered = threading.Event()
    monkeypatch.setattr(disk, "sweep", lambda *_: recovered.wait(PATIENCE_SECONDS))
    async with running(tmp_path) as server:
        await server.login()
        try:
            _, body, _ = await server.get("/api/queue/status")
            assert body["data"]["state"] == "running"
        finally:
            recovered.set()
