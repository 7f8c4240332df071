"""What /health tells of a background task that a bug has ended."""

from __future__ import annotations

import pytest

from downloads.engine import Engine
from store import library_scan
from tests.app import running


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


@pytest.mark.parametrize("call", ["/health", "/health/detailed"])
async def test_a_stranger_learns_no_path(tmp_path, call):
    async with running(tmp_path) as server:
        status, answer, _ = await server.get(call)
        assert status == 200
        assert str(tmp_path) not in str(answer)
