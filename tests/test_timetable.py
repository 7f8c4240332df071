"""The night, the daily cap and the limits by hours, on a server with a clock of its own."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from downloads import following
from handlers.keys import DB, ENGINE
from store import clock, traffic, waits
from tests.app import running, until
from tests.shows import SHOW, Shows, completed, home, queue, statuses, video

DAY = "2026-01-15"


@pytest.fixture
def wall(monkeypatch):
    """`wall("12:00")`, `wall("12:00", "2026-01-16")`: the clock on the wall jumps there."""
    monkeypatch.setattr(following, "START_SECONDS", 3600.0)
    moment = [0.0]
    monkeypatch.setattr(clock, "seconds", lambda: moment[0])

    def put(text: str, day: str = DAY) -> None:
        moment[0] = datetime.fromisoformat(f"{day}T{text}").timestamp()

    put("12:00")
    return put


async def reasons(server) -> dict[str, str]:
    _, page, _ = await server.get("/api/queue?status=pending")
    return {item["episode"]: item["reason"] for item in page["data"]}


async def test_following_downloads_at_night_and_the_owner_at_once(tmp_path, wall):
    night = {"from": "01:00", "to": "07:00"}
    async with (
        Shows([1000, 1000, 1000]) as up,
        running(tmp_path, providers=home(up.base), night=night) as server,
    ):
        await server.login()
        await server.post("/api/queue/start")
        del up.videos["S01E03"]
        follow = f"/api/v1/anime/{SHOW}/follow"
        _, answer, _ = await server.put(follow, json={"follow": "all"})
        assert len(answer["data"]["items"]) == 2
        waiting = f"{waits.NIGHT}2026-01-16 01:00"
        both = {"S01E01": waiting, "S01E02": waiting}
        await until(lambda: _are(server, both))
        await queue(server, "S01E01")  # the owner does not want to wait
        await completed(server, "S01E01")
        assert await reasons(server) == {"S01E02": waiting}
        wall("01:00", "2026-01-16")
        server.app[ENGINE].wake()  # as a timer does within a minute
        await completed(server, "S01E02")
        up.videos["S01E03"] = video(3, 1000)
        wall("12:00", "2026-01-16")
        assert (await server.post("/api/v1/anime/rescan"))[0] == 200
        await until(lambda: _are(server, {"S01E03": f"{waits.NIGHT}2026-01-17 01:00"}))
        await server.put("/api/config", json={"night": {"from": "00:00", "to": "00:00"}})
        await completed(server, "S01E03")


async def _are(server, expected: dict[str, str]) -> bool:
    return await reasons(server) == expected


async def test_a_daily_cap_is_counted_over_restarts(tmp_path, wall):
    """What fits goes on; the day's first item may be larger than the cap."""
    settings = {"daily_cap_gb": 0.000_002, "max_concurrent_downloads": 1}
    async with Shows([1500, 1500, 400, 3000]) as up:
        settings["providers"] = home(up.base)
        until_midnight = f"{waits.DAY}2026-01-16 00:00"
        async with running(tmp_path, **settings) as server:
            await server.login()
            await queue(server, "S01E01-E02")
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            await until(lambda: _are(server, {"S01E02": until_midnight}))
            assert await server.app[DB].run(traffic.of_day, DAY) == 1500
        async with running(tmp_path, **settings) as server:
            await server.login()
            await queue(server, "S01E03")
            await completed(server, "S01E03")
            assert await reasons(server) == {"S01E02": until_midnight}
            wall("00:00", "2026-01-16")
            server.app[ENGINE].wake()
            await completed(server, "S01E02")
            await queue(server, "S01E04")
            await until(lambda: _are(server, {"S01E04": f"{waits.DAY}2026-01-17 00:00"}))
            wall("00:01", "2026-01-17")
            server.app[ENGINE].wake()
            await completed(server, "S01E04")
            assert await server.app[DB].run(traffic.of_day, "2026-01-17") == 3000
            await server.put("/api/config", json={"daily_cap_gb": 0})
            assert set((await statuses(server)).values()) == {"completed"}


async def test_the_bandwidth_changes_with_the_hour(tmp_path, wall):
    limits = [{"from": "12:00", "to": "13:00", "mbps": 8}]
    async with running(tmp_path, limits=limits, bandwidth_limit_mbps=50) as server:
        await server.login()
        engine = server.app[ENGINE]
        await server.post("/api/queue/start")
        assert engine._throttle.mbps == 8
        began = time.monotonic()
        await until(lambda: engine._timetable.times(0.0))
        assert min(engine._timetable.times(0.0)) <= began + 61
        wall("13:00")
        engine.wake()
        assert engine._throttle.mbps == 50
        overlapping = [*limits, {"from": "12:59", "to": "14:00", "mbps": 1}]
        status, answer, _ = await server.put("/api/config", json={"limits": overlapping})
        assert (status, answer["details"]["field"]) == (400, "limits[1]")
        _, answer, _ = await server.post("/api/config/validate", json={"limits": overlapping})
        assert not answer["valid"] and answer["problems"][0]["field"] == "limits[1]"
        bad = {"night": {"from": "25:00", "to": "07:00"}}
        status, answer, _ = await server.put("/api/config", json=bad)
        assert (status, answer["details"]["field"]) == (422, "night.from")
