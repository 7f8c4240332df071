"""Stop, pause, retry, removal and the end of the server at any moment of a download: N19 and C11 of the table of faults."""

import asyncio
import random
import time

import aiohttp

from tests.app import Process, running, until
from tests.shows import Shows, completed, database_is_right, home, library_is_right, queue

STATES = {"pending", "downloading", "completed", "failed"}


async def test_n19_verbs_at_any_moment(tmp_path):
    """Each answers 200 or 409 and leaves a legal state; each item ends once for each time that it was queued."""
    chance = random.Random(19)
    async with Shows((900_000, 1_500_000, 2_500_000)) as up:
        up.rate = 6_000_000
        async with running(tmp_path, providers=home(up.base), max_concurrent_downloads=2) as server:
            await server.login()
            items = (await queue(server, "S01"))["items"]
            ended: list[str] = []

            async def listen(socket) -> None:
                async for message in socket:
                    if message.json()["type"] in ("download_completed", "download_error"):
                        ended.append(message.json()["data"]["queue_item_id"])

            async with server.socket() as socket:
                listening = asyncio.create_task(listen(socket))
                for _ in range(90):
                    await asyncio.sleep(chance.random() * 0.05)
                    item, verb = (
                        chance.choice(items),
                        chance.choice(
                            ("start", "start", "stop", "pause", "retry", "priority", "remove")
                        ),
                    )
                    before = time.monotonic()
                    if verb == "priority":
                        status = (
                            await server.put(
                                f"/api/queue/{item}",
                                json={"priority": chance.choice(("low", "high"))},
                            )
                        )[0]
                    elif verb == "retry":
                        status = (await server.post(f"/api/queue/{item}/retry"))[0]
                    elif verb == "remove":
                        status, *_ = await server.delete(f"/api/queue/{item}")
                        again = await server.post(
                            "/api/queue/add", json={"anime_id": "home_show", "episodes": ["S01"]}
                        )
                        assert again[0] in (201, 409), again
                        items = [
                            one["queue_item_id"]
                            for one in (await server.get("/api/queue"))[1]["data"]
                        ]
                    else:
                        status = (await server.post(f"/api/queue/{verb}"))[0]
                    assert status in (200, 409), (verb, status)
                    assert time.monotonic() - before < 2, verb
                    now = [one["status"] for one in (await server.get("/api/queue"))[1]["data"]]
                    assert set(now) <= STATES and now.count("downloading") <= 2
                    library_is_right(server, up)
                    if not items:
                        break
                await server.post("/api/queue/start")
                _, page, _ = await server.get("/api/queue?per_page=100")
                await completed(server, *[one["episode"] for one in page["data"]])
                await asyncio.sleep(0.1)
                listening.cancel()
            assert library_is_right(server, up) == set(up.videos)
            assert len(ended) == len(set(ended)) == 3, "one final event an item"
            assert list(server.downloads.iterdir()) == []


async def test_c11_sigterm_with_downloads_and_sockets(tmp_path):
    """It ends with 0 within 10 seconds, tells its listeners, and goes on where it was."""
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

            async def under_way():
                _, page, _ = await server.get("/api/queue")
                return all((item["downloaded_bytes"] or 0) > 2_000_000 for item in page["data"])

            await until(under_way)
            began = time.monotonic()
            assert await server.stop() == 0
            assert time.monotonic() - began < 10
            for socket in sockets:
                while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass
                assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
            database_is_right(server)
            up.kills.append(len(up.requests))
            up.rate = None
            await server.start()
            await completed(server, *up.videos)
            assert library_is_right(server, up) == set(up.videos)
            assert all(
                start >= 2_000_000 - 65_536 for code in up.videos for start, _ in up.lives(code)[1]
            )
