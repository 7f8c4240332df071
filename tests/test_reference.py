"""Every call of the API reference, in order, against the running server with a real nginx as the source.

`PRINTED` holds what the reference prints: the answer has to have its status, its keys, their types, and its messages.
Values that depend on the world (paths, times, sizes, counts) are free.
"""

import json

import pytest

from handlers.routes import API
from handlers.signature import signature
from store import schema
from tests.app import PASSWORD, running
from tests.upstream import nginx

VIDEO = b"\x1aE\xdf\xa3" + bytes(range(256)) * 200  # what a Matroska file begins with

TITAN = "aniworld_attack-on-titan"
STAMP = "2025-10-22T12:30:45Z"
OK = {"success": True}

# (method, path, body, status, what the reference prints); {backup} and {item} are filled with what came before.
PRINTED = [
    ("POST", "/api/auth/setup", {"master_password": "secure_pass"}, 400, "BAD_REQUEST"),  # the fixture has set it up
    ("POST", "/api/auth/login", {"password": PASSWORD}, 200, {"token": "eyJ", "token_type": "bearer"}),
    ("POST", "/api/auth/login", {"password": "wrong_pass"}, 401, "AUTHENTICATION_ERROR"),
    ("GET", "/api/auth/status", None, 200, {"authenticated": True, "token_valid": True}),
    ("GET", "/api/config", None, 200, {**OK, "data": {"anime_directory": "", "download_directory": "", "session_timeout_hours": 24, "log_level": "info"}}),
    ("PUT", "/api/config", {"session_timeout_hours": 12}, 200, {**OK, "data": {"anime_directory": "", "download_directory": ""}}),
    ("PUT", "/api/config", {"anime_directory": "/"}, 400, "BAD_REQUEST"),
    ("PUT", "/api/config", {"session_timeout_hours": True}, 422, "VALIDATION_ERROR"),
    ("POST", "/api/config/validate", {"session_timeout_hours": 24}, 200, {**OK, "valid": True, "message": "Configuration is valid"}),
    ("POST", "/api/config/backups", None, 201, {**OK, "data": {"name": "backup_", "created_at": STAMP}}),
    ("GET", "/api/config/backups", None, 200, {**OK, "data": [{"name": "backup_", "created_at": STAMP, "size_bytes": 1024}]}),
    ("POST", "/api/config/backups/{backup}/restore", None, 200, {**OK, "message": "Configuration restored successfully"}),
    ("POST", "/api/config/backups/backup_2025-10-22_12-30-45/restore", None, 404, "NOT_FOUND"),
    ("DELETE", "/api/config/backups/{backup}", None, 200, {**OK, "message": "Backup deleted successfully"}),
    ("POST", "/api/v1/anime/rescan", None, 200, {**OK, "message": "Rescan started", "new_series": 2, "new_episodes": 15}),
    ("GET", "/api/v1/anime", None, 200, [{"id": TITAN, "title": "Attack on Titan", "missing_episodes": 5}]),
    ("GET", "/api/anime", None, 200, [{"id": TITAN, "title": "Attack on Titan", "missing_episodes": 5}]),
    ("GET", "/api/v1/anime?page=1&per_page=1&sort_by=name&sort_order=desc", None, 200,
     {**OK, "data": [{"id": "", "title": "", "missing_episodes": 2}], "pagination": {"total": 150, "page": 1, "per_page": 20, "pages": 8}}),
    ("GET", f"/api/v1/anime/{TITAN}", None, 200,
     {"id": TITAN, "title": "Attack on Titan", "episodes": ["Season 1 Episode 1"], "description": "", "total_episodes": 100, "downloaded_episodes": 95}),
    ("GET", "/api/v1/anime/aniworld_nothing", None, 404, "NOT_FOUND"),
    ("GET", "/api/v1/anime/Nothing", None, 422, "VALIDATION_ERROR"),
    ("GET", "/api/v1/anime/search?q=demon&limit=5", None, 200, {**OK, "data": [{"key": "", "name": "", "site": "http"}]}),
    ("GET", "/api/v1/anime/search?q=", None, 422, "VALIDATION_ERROR"),
    ("GET", "/api/queue/status", None, 200,
     {**OK, "data": {"total_items": 15, "pending": 5, "downloading": 2, "completed": 8, "failed": 0, "total_size_bytes": 1, "download_speed_mbps": 5.5}}),
    ("POST", "/api/queue/add", {"anime_id": TITAN, "episodes": ["S01E01", "S01E02"], "priority": "normal"}, 201,
     {**OK, "data": {"queue_item_id": "queue_", "anime_id": TITAN, "status": "pending"}}),
    ("POST", "/api/queue/add", {"anime_id": TITAN, "episodes": ["S01E01"]}, 409, "CONFLICT"),
    ("POST", "/api/queue/add", {"anime_id": TITAN, "episodes": ["S09E01"]}, 404, "NOT_FOUND"),
    ("GET", "/api/queue?status=pending&per_page=5", None, 200, {**OK, "data": [{"queue_item_id": "queue_", "episode": "S01E01"}], "pagination": {"total": 1, "page": 1, "per_page": 5, "pages": 1}}),
    ("PUT", "/api/queue/{item}", {"priority": "high"}, 200, {**OK, "data": {"queue_item_id": "queue_", "priority": "high"}}),
    ("POST", "/api/queue/{item}/retry", None, 409, "CONFLICT"),
    ("DELETE", "/api/queue/{item}", None, 200, {**OK, "message": "Item removed from queue"}),
    ("DELETE", "/api/queue/{item}", None, 404, "NOT_FOUND"),
    ("POST", "/api/queue/pause", None, 409, "CONFLICT"),
    ("POST", "/api/queue/start", None, 200, {**OK, "message": "Queue processing started"}),
    ("POST", "/api/queue/pause", None, 200, {**OK, "message": "Queue paused"}),
    ("POST", "/api/queue/pause", {"paused": False}, 200, {**OK, "message": "Queue resumed"}),
    ("POST", "/api/queue/stop", None, 200, {**OK, "message": "Queue processing stopped"}),
    ("DELETE", "/api/queue?status=completed", None, 200, {**OK, "message": ""}),
    ("DELETE", "/api/v1/anime/aniworld_demon-slayer", None, 200, {**OK, "message": ""}),
    ("GET", "/health", None, 200, {"status": "healthy", "version": "1.0.0"}),
    ("GET", "/health/detailed", None, 200, {
        "status": "healthy", "version": "1.0.0", "uptime_seconds": 3600, "database": {"status": "connected", "response_time_ms": 2},
        "filesystem": {"status": "accessible", "disk_free_gb": 500}, "services": {"anime_service": "ready", "download_service": "ready"}}),
    ("POST", "/api/auth/logout", None, 200, {**OK, "message": "Logged out successfully"}),
    ("GET", "/api/auth/status", None, 401, "AUTHENTICATION_ERROR"),
]  # fmt: skip


def agrees(answer, printed, where="answer"):
    """The answer has the printed keys with the printed types; messages and words are the same, other values may differ."""
    if isinstance(printed, dict):
        assert isinstance(answer, dict), where
        for key, value in printed.items():
            assert key in answer, f"{where} lacks {key}"
            agrees(answer[key], value, f"{where}.{key}")
    elif isinstance(printed, list):
        assert isinstance(answer, list) and answer, where
        for row in answer:
            agrees(row, printed[0], f"{where}[]")
    elif isinstance(printed, bool) or (
        where.endswith((".message", ".status", ".version", ".token_type")) and printed
    ):
        assert answer == printed, where
    elif isinstance(printed, (int, float)):
        assert type(answer) in (int, float), where
    elif printed in ("eyJ", "backup_", "queue_", "http"):
        assert answer.startswith(printed), where
    elif printed == STAMP:
        assert len(answer) == len(STAMP) and answer[10] == "T" and answer.endswith("Z"), where
    else:
        assert isinstance(answer, str), where


def route_of(method: str, path: str):
    parts = path.partition("?")[0].split("/")
    for route in sorted(API, key=lambda route: route.path.count("{")):
        for template in filter(None, (route.path, route.alias)):
            names = template.split("/")
            if (
                route.method == method
                and len(names) == len(parts)
                and all(n == p or n[:1] == "{" for n, p in zip(names, parts))
            ):
                return route
    raise LookupError(path)


@pytest.fixture
async def world(tmp_path):
    """A library with a few episodes, and nginx with all of them."""
    served = tmp_path / "served"
    library = tmp_path / "library"
    for title, count, here in (("Attack on Titan", 7, 2), ("Demon Slayer", 4, 2)):
        for number in range(1, count + 1):
            file = served / title / "Season 01" / f"{title} - S01E{number:02}.mkv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(VIDEO)
            if number > count - here:
                mine = library / title / "Season 01" / file.name
                mine.parent.mkdir(parents=True, exist_ok=True)
                mine.write_bytes(VIDEO)
    (tmp_path / "nginx").mkdir()
    tmp_path.chmod(0o755)
    async with nginx(tmp_path / "nginx", served) as url:
        yield {"type": "directory", "name": "aniworld", "url": url}


async def test_every_call_of_the_reference(tmp_path, world):
    used = set()
    async with running(tmp_path, providers=[world], rate_limit_per_minute=100_000) as server:
        await server.login()
        filled = {}
        for method, path, body, status, printed in PRINTED:
            for name, value in filled.items():
                path = path.replace(f"{{{name}}}", value)
            got, answer, headers = await server.request(method, path, json=body)
            where = f"{method} {path}"
            assert got == status, (where, answer)
            assert headers["X-Request-ID"]
            assert ("X-RateLimit-Remaining" in headers) == path.startswith("/api/"), where
            if isinstance(printed, str):
                assert set(answer) == {"success", "error", "message", "details", "request_id"}, (
                    where
                )
                assert answer["error"] == printed and answer["success"] is False, where
                assert answer["request_id"] == headers["X-Request-ID"]
                continue
            agrees(answer, printed, where)
            route = route_of(method, path)
            used.add(route)
            content = answer["data"] if route.wrap else answer
            schema.read(signature(route.call, route.path).answer, json.loads(json.dumps(content)))
            if path.endswith("/backups") and method == "POST":
                filled["backup"] = content["name"]
            if path.endswith("/queue/add"):
                filled["item"] = content["queue_item_id"]
    untested = {f"{route.method} {route.path}" for route in set(API) - used}
    assert untested == {
        "POST /api/auth/setup",
        "POST /api/queue/{queue_item_id}/retry",
        "GET /api/queue/history",
        "GET /api/v1/anime/parse",
        "GET /api/v1/anime/{anime_id}/episodes",
        "PUT /api/v1/anime/{anime_id}/link",
        "POST /api/v1/anime/{anime_id}/rename",
    }, "tested by test_auth and test_downloads"


async def test_lists_and_details_tell_what_is_missing(tmp_path, world):
    async with running(tmp_path, providers=[world]) as server:
        await server.login()
        _, counted, _ = await server.request("POST", "/api/v1/anime/rescan")
        assert (counted["new_series"], counted["new_episodes"]) == (2, 4)
        _, counted, _ = await server.request("POST", "/api/v1/anime/rescan")
        assert (counted["new_series"], counted["new_episodes"]) == (0, 0)
        _, missing, headers = await server.request("GET", "/api/v1/anime")
        assert [(row["id"], row["missing_episodes"]) for row in missing] == [
            (TITAN, 5),
            ("aniworld_demon-slayer", 2),
        ]
        assert headers["X-Total-Count"] == "2"
        _, page, headers = await server.request("GET", "/api/v1/anime?page=2&per_page=1")
        assert [row["id"] for row in page["data"]] == ["aniworld_demon-slayer"]
        assert page["pagination"] == {"total": 2, "page": 2, "per_page": 1, "pages": 2}
        assert 'rel="prev"' in headers["Link"] and 'rel="next"' not in headers["Link"]
        _, details, _ = await server.request("GET", f"/api/v1/anime/{TITAN}")
        assert (details["total_episodes"], details["downloaded_episodes"]) == (7, 2)
        assert [e["state"] for e in details["episode_list"]] == ["missing"] * 5 + ["present"] * 2


async def test_a_provider_that_is_down(tmp_path, world):
    """500 PROVIDER_ERROR on search; the list, the queue and a rescan live on."""
    async with running(tmp_path, providers=[world]) as server:
        await server.login()
        await server.request("POST", "/api/v1/anime/rescan")
        down = {**world, "url": "http://127.0.0.1:9/"}
        status, answer, _ = await server.request("PUT", "/api/config", json={"providers": [down]})
        assert status == 200, answer
        status, answer, _ = await server.request("GET", "/api/v1/anime/search?q=titan")
        assert (status, answer["error"]) == (500, "PROVIDER_ERROR")
        assert "127.0.0.1" not in answer["message"]
        status, answer, _ = await server.request("POST", "/api/v1/anime/rescan")
        assert (status, answer["new_series"]) == (200, 0)
        assert len((await server.request("GET", "/api/v1/anime"))[1]) == 2
        assert (
            await server.request(
                "POST", "/api/queue/add", json={"anime_id": TITAN, "episodes": ["missing"]}
            )
        )[0] == 201
        await server.request("PUT", "/api/config", json={"providers": []})
        status, answer, _ = await server.request("GET", "/api/v1/anime/search?q=titan")
        assert (status, answer["error"]) == (500, "CONFIGURATION_ERROR")
