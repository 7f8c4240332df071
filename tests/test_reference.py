"""Every call of the API reference, in order, against the running server; nginx is its source.

`PRINTED` holds what the reference prints: the answer has to have its status, its keys, their types,
and its messages. Values that depend on the world (paths, times, sizes, counts) are free.
"""

import json
from typing import Any, NamedTuple

import pytest

from handlers.routes import API
from handlers.signature import signature
from store import schema
from tests.app import PASSWORD, running
from tests.upstream import nginx

VIDEO = b"\x1aE\xdf\xa3" + bytes(range(256)) * 200  # what a Matroska file begins with

# The calls that the reference promises. It is a finished text: a new call of ours is not in it.
REFERENCE = """
POST   /api/auth/setup
POST   /api/auth/login
POST   /api/auth/logout
GET    /api/auth/status
GET    /api/config
PUT    /api/config
POST   /api/config/validate
GET    /api/config/backups
POST   /api/config/backups
POST   /api/config/backups/{backup_name}/restore
DELETE /api/config/backups/{backup_name}
GET    /api/v1/anime
GET    /api/v1/anime/{anime_id}
POST   /api/v1/anime/rescan
GET    /api/v1/anime/search
GET    /api/queue/status
POST   /api/queue/add
DELETE /api/queue/{queue_item_id}
POST   /api/queue/start
POST   /api/queue/stop
POST   /api/queue/pause
GET    /health
GET    /health/detailed
"""

TITAN = "aniworld_attack-on-titan"
STAMP = "2025-10-22T12:30:45Z"
PAGE = {"total": 150, "page": 1, "per_page": 20, "pages": 8}
ENVELOPE = {"success", "error", "message", "details", "request_id"}


class Printed(NamedTuple):
    """A call, and what the reference prints of its answer: a body, or the code of an error."""

    method: str
    path: str  # {backup} and {item} are filled with what came before
    body: dict | None
    status: int
    answer: Any


def answers(call: str, answer: Any, *, status: int = 200, body: dict | None = None) -> Printed:
    method, path = call.split()
    return Printed(method, path, body, status, answer)


def refuses(call: str, status: int, code: str, body: dict | None = None) -> Printed:
    return answers(call, code, status=status, body=body)


def done(call: str, message: str) -> Printed:
    return answers(call, {"success": True, "message": message})


def data(call: str, content: Any, *, status: int = 200, body: dict | None = None) -> Printed:
    return answers(call, {"success": True, "data": content}, status=status, body=body)


PRINTED = [
    # Authentication
    answers(
        "POST /api/auth/setup",
        {"status": "ok"},
        status=201,
        body={"master_password": PASSWORD},
    ),
    refuses("POST /api/auth/setup", 400, "BAD_REQUEST", {"master_password": "secure_pass"}),
    refuses("POST /api/auth/login", 401, "AUTHENTICATION_ERROR", {"password": "wrong_pass"}),
    answers(
        "POST /api/auth/login",
        {"token": "eyJ", "token_type": "bearer"},
        body={"password": PASSWORD},
    ),
    answers("GET /api/auth/status", {"authenticated": True, "token_valid": True}),
    # Configuration
    data(
        "GET /api/config",
        {
            "anime_directory": "",
            "download_directory": "",
            "session_timeout_hours": 24,
            "log_level": "info",
        },
    ),
    data(
        "PUT /api/config",
        {"anime_directory": "", "download_directory": ""},
        body={"session_timeout_hours": 12},
    ),
    refuses("PUT /api/config", 400, "BAD_REQUEST", {"anime_directory": "/"}),
    refuses("PUT /api/config", 422, "VALIDATION_ERROR", {"session_timeout_hours": True}),
    answers(
        "POST /api/config/validate",
        {"success": True, "valid": True, "message": "Configuration is valid"},
        body={"session_timeout_hours": 24},
    ),
    data("POST /api/config/backups", {"name": "backup_", "created_at": STAMP}, status=201),
    data(
        "GET /api/config/backups",
        [{"name": "backup_", "created_at": STAMP, "size_bytes": 1024}],
    ),
    done("POST /api/config/backups/{backup}/restore", "Configuration restored successfully"),
    refuses("POST /api/config/backups/backup_2025-10-22_12-30-45/restore", 404, "NOT_FOUND"),
    done("DELETE /api/config/backups/{backup}", "Backup deleted successfully"),
    # Anime
    answers(
        "POST /api/v1/anime/rescan",
        {"success": True, "message": "Rescan started", "new_series": 2, "new_episodes": 15},
    ),
    answers(
        "GET /api/v1/anime",
        [{"id": TITAN, "title": "Attack on Titan", "missing_episodes": 5}],
    ),
    answers(
        "GET /api/anime",
        [{"id": TITAN, "title": "Attack on Titan", "missing_episodes": 5}],
    ),
    answers(
        "GET /api/v1/anime?page=1&per_page=1&sort_by=name&sort_order=desc",
        {
            "success": True,
            "data": [{"id": "", "title": "", "missing_episodes": 2}],
            "pagination": PAGE,
        },
    ),
    answers(
        f"GET /api/v1/anime/{TITAN}",
        {
            "id": TITAN,
            "title": "Attack on Titan",
            "episodes": ["Season 1 Episode 1"],
            "description": "",
            "total_episodes": 100,
            "downloaded_episodes": 95,
        },
    ),
    refuses("GET /api/v1/anime/aniworld_nothing", 404, "NOT_FOUND"),
    refuses("GET /api/v1/anime/Nothing", 422, "VALIDATION_ERROR"),
    data(
        "GET /api/v1/anime/search?q=demon&limit=5",
        [{"key": "", "name": "", "site": "http"}],
    ),
    refuses("GET /api/v1/anime/search?q=", 422, "VALIDATION_ERROR"),
    # Download queue
    data(
        "GET /api/queue/status",
        {
            "total_items": 15,
            "pending": 5,
            "downloading": 2,
            "completed": 8,
            "failed": 0,
            "total_size_bytes": 1,
            "download_speed_mbps": 5.5,
        },
    ),
    data(
        "POST /api/queue/add",
        {"queue_item_id": "queue_", "anime_id": TITAN, "status": "pending"},
        status=201,
        body={"anime_id": TITAN, "episodes": ["S01E01", "S01E02"], "priority": "normal"},
    ),
    refuses("POST /api/queue/add", 409, "CONFLICT", {"anime_id": TITAN, "episodes": ["S01E01"]}),
    refuses("POST /api/queue/add", 404, "NOT_FOUND", {"anime_id": TITAN, "episodes": ["S09E01"]}),
    answers(
        "GET /api/queue?status=pending&per_page=5",
        {
            "success": True,
            "data": [{"queue_item_id": "queue_", "episode": "S01E01"}],
            "pagination": PAGE,
        },
    ),
    data(
        "PUT /api/queue/{item}",
        {"queue_item_id": "queue_", "priority": "high"},
        body={"priority": "high"},
    ),
    refuses("POST /api/queue/{item}/retry", 409, "CONFLICT"),
    done("DELETE /api/queue/{item}", "Item removed from queue"),
    refuses("DELETE /api/queue/{item}", 404, "NOT_FOUND"),
    refuses("POST /api/queue/pause", 409, "CONFLICT"),
    done("POST /api/queue/start", "Queue processing started"),
    done("POST /api/queue/pause", "Queue paused"),
    answers(
        "POST /api/queue/pause",
        {"success": True, "message": "Queue resumed"},
        body={"paused": False},
    ),
    done("POST /api/queue/stop", "Queue processing stopped"),
    done("DELETE /api/queue?status=completed", ""),
    done("DELETE /api/v1/anime/aniworld_demon-slayer", ""),
    # Health
    answers("GET /health", {"status": "healthy", "version": "1.0.0"}),
    answers(
        "GET /health/detailed",
        {
            "status": "healthy",
            "version": "1.0.0",
            "uptime_seconds": 3600,
            "database": {"status": "connected", "response_time_ms": 2},
            "filesystem": {"status": "accessible", "disk_free_gb": 500},
            "services": {"anime_service": "ready", "download_service": "ready"},
        },
    ),
    done("POST /api/auth/logout", "Logged out successfully"),
    refuses("GET /api/auth/status", 401, "AUTHENTICATION_ERROR"),
]


def agrees(answer, printed, where="answer"):
    """The answer has the printed keys with the printed types; messages and words are the same.

    Other values may differ.
    """
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
    answered = set()
    filled: dict[str, str] = {}
    async with running(
        tmp_path, password=None, providers=[world], rate_limit_per_minute=100_000
    ) as server:
        for printed in PRINTED:
            path = printed.path
            for name, value in filled.items():
                path = path.replace(f"{{{name}}}", value)
            status, answer, headers = await server.request(printed.method, path, json=printed.body)
            where = f"{printed.method} {path}"
            assert status == printed.status, (where, answer)
            assert headers["X-Request-ID"]
            assert ("X-RateLimit-Remaining" in headers) == path.startswith("/api/"), where
            if isinstance(printed.answer, str):
                assert set(answer) == ENVELOPE, where
                assert answer["error"] == printed.answer and answer["success"] is False, where
                assert answer["request_id"] == headers["X-Request-ID"]
                continue
            agrees(answer, printed.answer, where)
            route = route_of(printed.method, path)
            content = answer["data"] if route.wrap else answer
            schema.read(signature(route.call, route.path).answer, json.loads(json.dumps(content)))
            answered.add(f"{route.method} {route.path}")
            match where:
                case "POST /api/auth/login":
                    server.client.headers["Authorization"] = f"Bearer {answer['token']}"
                case "POST /api/config/backups":
                    filled["backup"] = content["name"]
                case "POST /api/queue/add":
                    filled["item"] = content["queue_item_id"]
    promised = {" ".join(line.split()) for line in REFERENCE.strip().splitlines()}
    assert promised <= answered


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
