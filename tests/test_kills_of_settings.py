"""kill -9 while the password and the settings are written. ANIWORLD_KILLS says how often."""

from __future__ import annotations

import asyncio
import json
import os
import random
from contextlib import suppress

import aiohttp
import pytest

from tests.app import PASSWORD, Process

KILLS = max(3, int(os.environ.get("ANIWORLD_KILLS", "0")) // 10)
GONE = (aiohttp.ClientError, ConnectionError, TimeoutError)


@pytest.mark.slow
async def test_a4_kills_during_the_setup(tmp_path):
    """The password is set or not; one that was answered stays, and it is never half set."""
    chance = random.Random(4)
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with Process(folder, password=None) as server:
            setup = asyncio.create_task(
                server.post("/api/auth/setup", json={"master_password": PASSWORD})
            )
            await asyncio.sleep(chance.uniform(0, 0.6))
            server.kill9()
            answered = False
            with suppress(*GONE):
                answered = (await setup)[0] == 201
            await server.start()
            status, body, _ = await server.post("/api/auth/login", json={"password": PASSWORD})
            assert status in (200, 401), body
            if status == 401:
                assert not answered
                assert body["details"]["setup_required"], "not set at all"
                again = await server.post("/api/auth/setup", json={"master_password": PASSWORD})
                assert again[0] == 201


def stored_hours(server: Process) -> int:
    return json.loads((server.state / "config.json").read_text()).get("session_timeout_hours", 24)


async def change_settings(server: Process, chance: random.Random) -> tuple[int, int]:
    """Change, back up, restore and delete until the server is gone.

    (the hours that were answered last, those that were asked for last)
    """
    acknowledged = asked = stored_hours(server)
    with suppress(*GONE):
        while True:
            asked = acknowledged % 8000 + 1
            answer = await server.put("/api/config", json={"session_timeout_hours": asked})
            assert answer[0] == 200
            acknowledged = asked
            assert (await server.post("/api/config/backups"))[0] == 201
            _, listed, _ = await server.get("/api/config/backups")
            name = chance.choice(listed["data"])["name"]
            if chance.random() < 0.5:
                assert (await server.delete(f"/api/config/backups/{name}"))[0] == 200
            else:
                asked = -1  # whatever the backup holds
                assert (await server.post(f"/api/config/backups/{name}/restore"))[0] == 200
                _, shown, _ = await server.get("/api/config")
                acknowledged = shown["data"]["session_timeout_hours"]
    return acknowledged, asked


@pytest.mark.slow
async def test_c13_kills_while_settings_change(tmp_path):
    """config.json is whole: what was answered last, or what was asked for last."""
    chance = random.Random(13)
    async with Process(tmp_path) as server:
        for _ in range(KILLS):
            await server.login()
            change = asyncio.create_task(change_settings(server, chance))
            await asyncio.sleep(chance.uniform(0.05, 0.6))
            server.kill9()
            acknowledged, asked = await change
            assert asked == -1 or stored_hours(server) in (acknowledged, asked)
            for path in (server.state / "backups").iterdir():
                assert path.name.startswith(".") or json.loads(path.read_text())
            await server.start()
            _, health, _ = await server.get("/health")
            assert health["status"] == "healthy"
            assert not list(server.state.glob("*.corrupt-*"))
