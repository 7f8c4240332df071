"""What /health tells of a background task that a bug has ended."""

from __future__ import annotations

import pytest

from downloads.engine import Engine
from handlers import keys
from store import library_scan
from tests.app import running, until
from tests.shows import Shows, home, queue


def bug(*_args, **_named):
    raise RuntimeError("a bug")


async def health(server) -> tuple[str, str, dict]:
    """The status of both calls, and the services."""
    _, brief, _ = await server.get("/health")
    _, detailed, _ = await server.get("/health/detailed")
    return brief["status"], detailed["status"], detailed["services"]


async def test_a_rescan_that_crashed_is_told_until_one_works(tmp_path, monkeypatch, caplog):
    well = ("healthy", "healthy", {"anime_service": "ready", "download_service": "ready"})
    failed = ("degraded", "degraded", {"anime_service": "failed", "download_service": "ready"})
    async with running(tmp_path) as server:
        await server.login()
        assert await health(server) == well
        with monkeypatch.context() as patched:
            patched.setattr(library_scan, "scan", bug)
            status, answer, _ = await server.post("/api/v1/anime/rescan")
            assert (status, answer["error"]) == (500, "INTERNAL_SERVER_ERROR")
            assert await health(server) == failed
        assert "rescan ended by a bug" in caplog.text
        assert (await server.post("/api/v1/anime/rescan"))[0] == 200
        assert await health(server) == well


async def test_a_library_that_is_away_is_no_crash(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        server.library.rmdir()
        status, answer, _ = await server.post("/api/v1/anime/rescan")
        assert (status, answer["error"]) == (500, "CONFIGURATION_ERROR")
        brief, detailed, services = await health(server)
        assert (brief, detailed, services["anime_service"]) == ("healthy", "degraded", "ready")


async def test_a_queue_that_crashed_is_told(tmp_path, monkeypatch, caplog):
    async def run(engine):
        bug()

    monkeypatch.setattr(Engine, "run", run)
    async with running(tmp_path) as server:
        services = {"anime_service": "ready", "download_service": "failed"}
        assert await health(server) == ("degraded", "degraded", services)
    assert "engine ended by a bug" in caplog.text


async def test_where_the_state_cannot_be_written_stop_and_logout_still_work(tmp_path):
    """A full or read-only state disk (C7): what can be done in memory is done, and health tells."""
    async with Shows((3_000_000,)) as up, running(tmp_path, providers=home(up.base)) as server:
        ended = await server.login()
        await server.login()
        await queue(server, "S01E01")
        up.rate = 300_000
        await server.post("/api/queue/start")
        engine = server.app[keys.ENGINE]
        await until(engine._slots.jobs)
        database = server.app[keys.DB]
        await database._on_thread(database._connection.execute, "pragma query_only = on")
        assert (await server.post("/api/queue/stop"))[1]["error"] == "DATABASE_ERROR"
        assert engine.state == "stopped" and not engine._slots.jobs()
        status, answer, _ = await server.post("/api/auth/logout", token=ended)
        assert (status, answer["error"]) == (500, "DATABASE_ERROR")
        assert (await server.get("/api/auth/status", token=ended))[0] == 401
        detailed = (await server.get("/health/detailed"))[1]
        assert (detailed["status"], detailed["database"]["status"]) == ("degraded", "failed")
        await database._on_thread(database._connection.execute, "pragma query_only = off")
        assert (await server.post("/api/queue/stop"))[0] == 200
        assert (await server.get("/health/detailed"))[1]["status"] == "healthy"
    async with running(tmp_path) as server:
        assert (await server.get("/api/auth/status", token=ended))[0] == 401, "stored at the end"


@pytest.mark.parametrize("call", ["/health", "/health/detailed"])
async def test_a_stranger_learns_no_path(tmp_path, call):
    async with running(tmp_path) as server:
        status, answer, _ = await server.get(call)
        assert status == 200
        assert str(tmp_path) not in str(answer)
