"""Stop, pause, retry, removal and the server's end at any moment of a download.

N19 and C11 of docs/faults.md.
"""

import asyncio
import random

import aiohttp
import pytest

from tests.app import Process, running, until
from tests.shows import SHOW, Shows, completed, database_is_right, home, library_is_right, queue

STATES = {"pending", "downloading", "completed", "failed"}
VERBS = ("start", "start", "stop", "pause", "retry", "priority", "remove")
VERB_SECONDS = 20  # more than any needs on a busy machine, less than a silent source is given
OVERLAP = 65_536  # bytes that a resumed download compares


async def test_n19_verbs_at_any_moment(tmp_path):
    """Each call answers 200 or 409 and leaves a legal state; a queued item ends exactly once."""
    chance = random.Random(19)
    async with Shows((900_000, 1_500_000, 2_500_000)) as up:
        up.rate = 6_000_000
        async with running(tmp_path, providers=home(up.base), max_concurrent_downloads=2) as server:
            await server.login()
            items = (await queue(server, "S01"))["items"]
            ended: list[str] = []

            async def listen(socket) -> None:
                async for message in socket:
                    event = message.json()
                    if event["type"] in ("download_completed", "download_error"):
                        ended.append(event["data"]["queue_item_id"])

            async with server.socket() as socket:
                listening = asyncio.create_task(listen(socket))
                for _ in range(90):
                    await asyncio.sleep(chance.random() * 0.02)
                    async with asyncio.timeout(VERB_SECONDS):
                        await call(server, chance.choice(VERBS), chance.choice(items), chance)
                    now = await all_items(server)
                    items = [item["queue_item_id"] for item in now]
                    states = [item["status"] for item in now]
                    assert set(states) <= STATES and states.count("downloading") <= 2
                    library_is_right(server, up)
                    if not items:
                        break
                await server.post("/api/queue/start")
                await completed(server, *[item["episode"] for item in await all_items(server)])
                await until(lambda: len(ended) >= 3)
                await asyncio.sleep(0.1)  # and no more come
                listening.cancel()
            assert library_is_right(server, up) == set(up.videos)
            assert len(ended) == len(set(ended)) == 3, "one final event an item"
            assert list(server.downloads.iterdir()) == []


async def all_items(server) -> list[dict]:
    return (await server.get("/api/queue?per_page=100"))[1]["data"]


async def call(server, verb: str, item: str, chance: random.Random) -> None:
    """One verb, of the queue or of an item. What is removed is queued again, unless it is there."""
    if verb == "priority":
        priority = chance.choice(("low", "high"))
        status, *_ = await server.put(f"/api/queue/{item}", json={"priority": priority})
    elif verb == "retry":
        status, *_ = await server.post(f"/api/queue/{item}/retry")
    elif verb == "remove":
        status, *_ = await server.delete(f"/api/queue/{item}")
        body = {"anime_id": SHOW, "episodes": ["S01"]}
        again, *_ = await server.post("/api/queue/add", json=body)
        assert again in (201, 409), again
    else:
        status, *_ = await server.post(f"/api/queue/{verb}")
    assert status in (200, 409), (verb, status)


async def end_of(socket: aiohttp.ClientWebSocketResponse) -> tuple:
    """(type, data) of the first message that is no text."""
    while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    return message.type, message.data


@pytest.mark.slow
async def test_c11_sigterm_with_downloads_and_sockets(tmp_path):
    """It ends with 0 within 10 seconds, tells its listeners, and goes on where it was."""
    fetched = 1_200_000  # bytes of each episode when the signal comes
    async with Shows((9_000_000,) * 4) as up:
        up.rate = 2_000_000
        async with Process(
            tmp_path,
            providers=home(up.base),
            max_concurrent_downloads=4,
            max_connections_per_host=4,
        ) as server:
            await server.login()
            sockets = [await server.socket() for _ in range(50)]
            await queue(server, "S01")
            await server.post("/api/queue/start")

            async def under_way() -> bool:
                items = await all_items(server)
                return all((item["downloaded_bytes"] or 0) > fetched for item in items)

            await until(under_way)
            async with asyncio.timeout(10):
                code, *ends = await asyncio.gather(server.stop(), *map(end_of, sockets))
            assert (code, set(ends)) == (0, {(aiohttp.WSMsgType.CLOSE, 1001)})
            database_is_right(server)
            up.kills.append(len(up.requests))
            up.rate = None
            await server.start()
            await completed(server, *up.videos)
            assert library_is_right(server, up) == set(up.videos)
            resumed = [start for code in up.videos for start, _ in up.lives(code)[1]]
            assert min(resumed) >= fetched - OVERLAP
