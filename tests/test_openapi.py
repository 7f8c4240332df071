"""The document that a small table of routes folds into; the real table has a test of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar
from urllib.parse import urljoin

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from downloads.events import message_types
from handlers import openapi
from handlers.endpoint import Route
from handlers.routes import API
from store.schema import Rule

T = TypeVar("T")


@dataclass(frozen=True)
class Password:
    password: Annotated[str, Rule(least=8, most=1024, secret=True)]


@dataclass(frozen=True)
class Token:
    token: str
    token_type: Literal["bearer"] = "bearer"


@dataclass(frozen=True)
class Series:
    id: str
    missing_episodes: int
    poster: str | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    data: list[T]
    total: int


@dataclass(frozen=True)
class Window:
    page: Annotated[int | None, Rule(least=1)] = None
    order: Literal["asc", "desc"] = "asc"


@dataclass(frozen=True)
class Pause:
    paused: bool | None = None


@dataclass(frozen=True)
class Started:
    type: Literal["download_started"]
    anime_title: str


@dataclass(frozen=True)
class Snapshot:
    type: Literal["snapshot"]
    items: list[Series]


async def login(request: web.Request, body: Password) -> Token:
    """Log in with the master password.

    The answer's token goes into the header
    `Authorization: Bearer <token>`.
    """


async def find(request: web.Request, query: Window) -> list[Series] | Page[Series]:
    """List the series with missing episodes."""


async def show(
    request: web.Request, anime_id: Annotated[str, Rule(pattern="[a-z]+_[a-z]+")]
) -> Series:
    """Show one series."""


async def pause(request: web.Request, body: Pause | None = None) -> Series:
    """Pause or resume."""


async def drop(request: web.Request, number: int) -> None:
    """Forget one item."""


async def health(request: web.Request) -> dict[str, str]:
    """Tell that it runs."""


async def export(request: web.Request) -> web.StreamResponse:
    """Send a file."""


for call, chapter in (
    (login, "auth"),
    (find, "anime"),
    (show, "anime"),
    (pause, "queue"),
    (drop, "queue"),
    (health, "health"),
    (export, "config"),
):
    # The document takes its chapters from the modules of the calls.
    call.__module__ = f"handlers.{chapter}"

TABLE = (
    Route("POST", "/api/auth/login", login, open=True, refusals=(401,)),
    Route("GET", "/api/v1/anime", find, alias="/api/anime"),
    Route("GET", "/api/v1/anime/{anime_id}", show),
    Route("POST", "/api/queue/pause", pause, wrap=True),
    Route("DELETE", r"/api/queue/{number:[0-9]{1,9}}", drop, status=204),
    Route("GET", "/health", health, open=True),
    Route("GET", "/api/config/file", export),
)
MESSAGES = {"download_started": Started, "snapshot": Snapshot}


@pytest.fixture(scope="module")
def document():
    return openapi.document(TABLE, messages=MESSAGES)


def test_the_document_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "1.0.0"


def test_lists_every_route_once(document):
    listed = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert listed == {
        ("POST", "/api/auth/login"),
        ("GET", "/api/v1/anime"),
        ("GET", "/api/v1/anime/{anime_id}"),
        ("POST", "/api/queue/pause"),
        ("DELETE", "/api/queue/{number}"),
        ("GET", "/health"),
        ("GET", "/api/config/file"),
    }
    assert [tag["name"] for tag in document["tags"]] == [
        "Authentication",
        "Anime",
        "Download Queue",
        "Health",
        "Configuration",
    ]


def test_an_operation_is_drawn_from_its_call(document):
    login = document["paths"]["/api/auth/login"]["post"]
    assert login["operationId"] == "auth_login"
    assert login["tags"] == ["Authentication"]
    assert login["summary"] == "Log in with the master password"
    assert login["description"].startswith("The answer's token")
    assert login["security"] == []
    assert login["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Password"}}},
    }
    assert set(login["responses"]) == {"200", "400", "401", "422", "429", "default"}


def test_locked_unless_open(document):
    assert document["security"] == [{"bearerAuth": []}]
    find = document["paths"]["/api/v1/anime"]["get"]
    assert "security" not in find
    assert set(find["responses"]) == {"200", "401", "403", "422", "429", "default"}
    assert "/api/anime" in find["description"]
    assert set(document["paths"]["/health"]["get"]["responses"]) == {"200", "default"}


def test_parameters_are_drawn_with_their_bounds(document):
    assert document["paths"]["/api/v1/anime"]["get"]["parameters"] == [
        {
            "name": "page",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1},
        },
        {
            "name": "order",
            "in": "query",
            "required": False,
            "schema": {"type": "string", "enum": ["asc", "desc"], "default": "asc"},
        },
    ]
    (number,) = document["paths"]["/api/queue/{number}"]["delete"]["parameters"]
    assert number == {
        "name": "number",
        "in": "path",
        "required": True,
        "schema": {"type": "integer"},
    }


def test_answers_are_drawn_with_their_headers(document):
    find = document["paths"]["/api/v1/anime"]["get"]["responses"]["200"]
    assert set(find["headers"]) == {
        "X-Request-ID",
        "X-RateLimit-Remaining",
        "X-Total-Count",
        "Link",
    }
    assert find["content"]["application/json"]["schema"]["anyOf"][1] == {
        "$ref": "#/components/schemas/SeriesPage"
    }
    pause = document["paths"]["/api/queue/pause"]["post"]
    assert pause["requestBody"]["required"] is False
    wrapped = pause["responses"]["200"]["content"]["application/json"]["schema"]
    assert wrapped["properties"]["data"] == {"$ref": "#/components/schemas/Series"}
    assert wrapped["required"] == ["success", "data"]
    assert document["paths"]["/health"]["get"]["responses"]["200"]["headers"].keys() == {
        "X-Request-ID"
    }
    assert "content" not in document["paths"]["/api/queue/{number}"]["delete"]["responses"]["204"]
    assert "content" not in document["paths"]["/api/config/file"]["get"]["responses"]["200"]


def test_errors_have_the_five_keys(document):
    error = document["components"]["schemas"]["Error"]
    assert error["required"] == ["success", "error", "message", "details", "request_id"]
    assert {"VALIDATION_ERROR", "DATABASE_ERROR", "BAD_REQUEST", "INTERNAL_SERVER_ERROR"} <= set(
        error["properties"]["error"]["enum"]
    )
    for response in document["components"]["responses"].values():
        assert response["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/Error"
        }
    assert "Retry-After" in document["components"]["responses"]["TooMany"]["headers"]


def test_socket_messages(document):
    message = document["components"]["schemas"]["SocketMessage"]
    assert message["discriminator"]["mapping"] == {
        "download_started": "#/components/schemas/Started",
        "snapshot": "#/components/schemas/Snapshot",
    }
    assert "/ws/downloads" in document["info"]["description"]
    assert "SocketMessage" not in openapi.document(TABLE)["components"]["schemas"]


def test_no_nullable_and_no_strange_reference(document):
    text = json.dumps(document)
    assert '"nullable"' not in text
    assert text.count('"$ref"') == text.count('"$ref": "#/components/')


@pytest.mark.parametrize("prefix", ["", "/aniworld", "/any/prefix"])
def test_the_server_is_found_from_the_document(prefix):
    """By RFC 3986, as OpenAPI says: a proxy's prefix needs no word of ours."""
    (server,) = openapi.document(TABLE)["servers"]
    address = f"http://nas.example{prefix}/api/openapi.json"
    assert urljoin(address, server["url"]) == f"http://nas.example{prefix}/"


def test_the_real_api():
    document = openapi.document(API, messages=message_types())
    assert json.loads(openapi.folded(API)) == document
    OpenAPIV31SpecValidator(document).validate()
    schemas = document["components"]["schemas"]
    assert len(schemas["SocketMessage"]["oneOf"]) == len(message_types())
    progress = schemas["DownloadProgressMessage"]
    assert progress["required"] == ["type", "timestamp", "seq", "data"]
    assert progress["properties"]["data"] == {"$ref": "#/components/schemas/DownloadProgress"}
    given = {
        o["operationId"]: set(o["responses"])
        for path in document["paths"].values()
        for o in path.values()
    }
    assert given["auth_setup"] == {"201", "400", "403", "422", "429", "default"}
    assert given["queue_add"] == {
        *("201", "400", "401", "403", "404", "409", "422", "429", "default"),
    }
    assert given["queue_status"] == {"200", "401", "403", "429", "default"}


@pytest.mark.parametrize(
    "table",
    [
        (*TABLE, TABLE[0]),
        (*TABLE, TABLE[0]._replace(path="/api/auth/again")),
        (*TABLE, TABLE[0]._replace(call=export)),
        (TABLE[2]._replace(path="/api/v1/anime/{id}"),),
    ],
)
def test_refuses_to_draw_nonsense(table):
    with pytest.raises(TypeError):
        openapi.document(table)
