"""The OpenAPI 3.1 document, folded from the routes: what the code reads and answers is what the document says."""

from __future__ import annotations

import inspect
import json
import re
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Callable, Sequence

from aiohttp import web

from handlers.signature import Signature, signature
from store import fields
from store.errors import Failure

if TYPE_CHECKING:
    from handlers.endpoint import Route

DOCUMENT = web.AppKey("openapi document", Callable)  # () -> bytes, see lazily()

VERSION = "1.0.0"  # of the API, which is not the program's

CHAPTERS = {  # module of a call -> chapter of the reference
    "auth": "Authentication",
    "keys": "API Keys",
    "config": "Configuration",
    "anime": "Anime",
    "queue": "Download Queue",
    "history": "History",
    "health": "Health",
}

ABOUT = """Download what is missing from your own library.

Send `Authorization: Bearer <token>` with every call that shows a lock; `POST /api/auth/login` gives the token. Every
error has the same five keys and one of the codes in the schema `Error`. Times are UTC, as in `2025-10-22T12:34:56Z`.
"""

SOCKET = """
## Live progress

`/ws/downloads` is a WebSocket that sends what happens in the queue, as the schema `SocketMessage` below. The first
message is a `snapshot`. Log in with the same bearer header or with the subprotocols `aniworld.v1, bearer.<token>`.
"""

HEADERS = {
    "X-Request-ID": ("string", "Names this request in the log; yours, if you sent a well-formed one."),
    "X-RateLimit-Remaining": ("integer", "Calls left at this moment."),
    "X-Total-Count": ("integer", "Entries on all pages together."),
    "Link": ("string", "The first, previous, next and last page (RFC 8288)."),
    "Retry-After": ("integer", "Seconds to wait, as in `details.retry_after`."),
}

REFUSALS = {  # status -> (component, what it says); any other error is the "default" of every call
    400: ("BadRequest", "The body cannot be read, or what it asks for cannot work."),
    401: ("Unauthorized", "There is no valid token, or the password is wrong. Before the first setup, `details.setup_required` is true."),
    403: ("Forbidden", "This token, key or caller may not do this."),
    404: ("NotFound", "There is nothing of this name."),
    422: ("Invalid", "`details.field` is not of the form the call takes; `details.issue` says why."),
    429: ("TooMany", "Too many calls; wait as long as `Retry-After` says."),
}


def lazily(routes: Sequence[Route], *, base_path: str = "", messages: dict[str, type] | None = None):
    """What app[DOCUMENT] holds: gives the document's bytes, folded at the first call."""
    return cache(lambda: json.dumps(document(routes, base_path=base_path, messages=messages)).encode() + b"\n")


def document(routes: Sequence[Route], *, base_path: str = "", messages: dict[str, type] | None = None) -> dict:
    """Fold the routes and the socket's messages (type -> dataclass) into one OpenAPI 3.1.0 document.

    A route whose function does not fit its path, a type outside the vocabulary and an operation listed twice are
    TypeErrors.
    """
    schemas = {"Error": _error()}
    paths: dict[str, dict] = {}
    operations = set()
    for route in routes:
        operation = _operation(route, schemas)
        here = paths.setdefault(_plain(route.path), {})
        if operation["operationId"] in operations or route.method.lower() in here:
            raise TypeError(f"{route.method} {route.path} ({operation['operationId']}) is listed twice")
        operations.add(operation["operationId"])
        here[route.method.lower()] = operation
    if messages:
        mapping = {name: fields.schema(message, schemas)["$ref"] for name, message in messages.items()}
        options = [{"$ref": target} for target in dict.fromkeys(mapping.values())]
        schemas["SocketMessage"] = {
            "oneOf": options,
            "discriminator": {"propertyName": "type", "mapping": mapping},
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aniworld API",
            "version": VERSION,
            "description": ABOUT + (SOCKET if messages else ""),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_path or "/"}],
        "security": [{"bearerAuth": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(_chapter(route.call) for route in routes)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": {
                name: {"description": about, "schema": {"type": kind}} for name, (kind, about) in HEADERS.items()
            },
            "responses": {name: _refusal(status, about) for status, (name, about) in REFUSALS.items()}
            | {"Failed": _refusal(500, "Anything else that went wrong; `error` says what.")},
            "securitySchemes": {
                "bearerAuth": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of `POST /api/auth/login`, or an API key.",
                }
            },
        },
    }


def _operation(route: Route, schemas: dict) -> dict:
    taken = signature(route.call, route.path)
    summary, _, description = (inspect.getdoc(route.call) or "").partition("\n")
    if route.alias:
        description += f"\n\nAlso answers at `{route.alias}`."
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": fields.schema(hint, schemas)}
        for name, hint in taken.path.items()
    ] + _query(taken.query)
    operation = {
        "operationId": f"{_module(route.call)}_{route.call.__name__}",
        "tags": [_chapter(route.call)],
        "summary": summary.rstrip(".") or route.call.__name__,
        "description": description.strip(),
        "parameters": parameters,
        "responses": {str(route.status): _answer(route, taken, schemas)},
    }
    if taken.body is not None:
        content = {"application/json": {"schema": fields.schema(taken.body, schemas)}}
        operation["requestBody"] = {"required": not taken.optional, "content": content}
    if route.open:
        operation["security"] = []
    proof = route.open and taken.body is not None  # setup and login: the body itself is what may be refused
    for status, applies in {
        400: taken.body is not None,
        401: not route.open or proof,
        403: not route.open and route.method != "GET" or proof,
        404: bool(taken.path),
        422: taken.body is not None or bool(parameters),
        429: route.path.startswith("/api/"),
    }.items():
        if applies:
            operation["responses"][str(status)] = {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
    operation["responses"]["default"] = {"$ref": "#/components/responses/Failed"}
    return {key: value for key, value in operation.items() if value not in ("", []) or key == "security"}


def _query(query: type | None) -> list[dict]:
    if query is None:
        return []
    drawn: dict = {}
    fields.schema(query, drawn)
    (form,) = drawn.values()
    return [
        {"name": name, "in": "query", "required": name in form["required"], "schema": _never_null(schema)}
        for name, schema in form["properties"].items()
    ]


def _never_null(schema: dict) -> dict:
    """What is None for us when it is left out cannot be sent as null in an address."""
    if isinstance(schema["type"], list):
        schema = schema | {"type": schema["type"][0]}
    if None in schema.get("enum", ()):
        schema = schema | {"enum": schema["enum"][:-1]}
    return schema


def _answer(route: Route, taken: Signature, schemas: dict) -> dict:
    headers = ["X-Request-ID"]
    if route.path.startswith("/api/"):
        headers.append("X-RateLimit-Remaining")
    if "page" in getattr(taken.query, "__dataclass_fields__", ()):
        headers += ["X-Total-Count", "Link"]
    answer = {"description": HTTPStatus(route.status).phrase, "headers": _headers(*headers)}
    if taken.answer is not None and not _raw(taken.answer):
        schema = fields.schema(taken.answer, schemas)
        if route.wrap:
            schema = {
                "type": "object",
                "properties": {"success": {"type": "boolean", "enum": [True]}, "data": schema},
                "required": ["success", "data"],
                "additionalProperties": False,
            }
        answer["content"] = {"application/json": {"schema": schema}}
    return answer


def _raw(answer) -> bool:
    return isinstance(answer, type) and issubclass(answer, web.StreamResponse)


def _headers(*names: str) -> dict:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _refusal(status: int, about: str) -> dict:
    headers = _headers("X-Request-ID", *["Retry-After"] * (status == 429))
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": about, "headers": headers, "content": content}


def _error() -> dict:
    codes = sorted({Failure.code, *(kind.code for kind in Failure.__subclasses__())})
    properties = {
        "success": {"type": "boolean", "enum": [False]},
        "error": {"type": "string", "enum": codes},
        "message": {"type": "string", "description": "For people."},
        "details": {"type": "object", "description": "For programs.", "additionalProperties": True},
        "request_id": {"type": "string", "description": "Equals the header X-Request-ID."},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _plain(path: str) -> str:
    """A path without the patterns of its placeholders."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", path)


def _module(call) -> str:
    return call.__module__.rpartition(".")[2]


def _chapter(call) -> str:
    return CHAPTERS.get(_module(call), _module(call).capitalize())
