"""The OpenAPI 3.1 document, folded from the routes: what the code reads and answers is what the document says."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Union

from aiohttp import web

from downloads.events import message_types
from handlers.endpoint import Route
from handlers.signature import Signature, signature
from store import VERSION, schema
from store.errors import Failure

DOCUMENT = web.AppKey("openapi document", Callable)  # () -> bytes, folded at the first call

ABOUT = """Download what is missing from your own library.

Send `Authorization: Bearer <token>` with every call that shows a lock; `POST /api/auth/login` gives the token. Errors
are as the schema `Error`: `message` is for people, `error` and `details` are for programs, `request_id` equals the
header `X-Request-ID`. Times are UTC, as in `2025-10-22T12:34:56Z`.

`/ws/downloads` is a WebSocket; log in with the same header or the subprotocols `aniworld.v1, bearer.<token>`. It sends
the schema `SocketMessage`, first a `snapshot` with at most 200 items. `seq` rises with every message but progress."""
CHAPTERS = {
    "auth": "Authentication",
    "config": "Configuration",
    "queue": "Download Queue",
}  # others by their own name
HEADERS = {
    "X-Request-ID": (
        "string",
        "Names this request in the log; yours, if you sent a well-formed one.",
    ),
    "X-RateLimit-Remaining": ("integer", "Calls left at this moment."),
    "X-Total-Count": ("integer", "Entries on all pages together."),
    "Link": ("string", "The first, previous, next and last page (RFC 8288)."),
    "Retry-After": ("integer", "Seconds to wait, as in `details.retry_after`."),
}
REFUSALS = {  # status -> (component, what it says)
    "400": ("BadRequest", "The body cannot be read, or what is asked for cannot work."),
    "401": (
        "Unauthorized",
        "No valid token, or a wrong password; before the setup `details.setup_required` is true.",
    ),
    "403": ("Forbidden", "This caller may not do this."),
    "404": ("NotFound", "There is nothing of this name."),
    "409": ("Conflict", "What is there stands against it."),
    "422": (
        "Invalid",
        "`details.field` is not of the form the call takes; `details.issue` says why.",
    ),
    "429": ("TooMany", "Too many calls; wait as long as `Retry-After` says."),
    "default": ("Failed", "Anything else that went wrong; `error` says what."),
}
OWN = {  # operation -> the refusals that no annotation tells of, because only the call or the store knows them
    "auth_setup": {"403"},
    "auth_login": {"401"},
    "config_update": {"409"},
    "config_restore": {"400"},
    "queue_add": {"404", "409"},
    "queue_retry": {"409"},
    "queue_pause": {"409"},
}


def folded(routes: Sequence[Route]) -> bytes:
    """The document of `routes` and of the socket, as it is sent."""
    return json.dumps(document(routes, messages=message_types())).encode() + b"\n"


def document(
    routes: Sequence[Route], *, base_path: str = "", messages: dict[str, type] | None = None
) -> dict:
    """Fold the routes and the socket's messages (type -> dataclass) into one OpenAPI 3.1.0 document.

    A route whose function does not fit its path, a type outside the vocabulary and a call that is listed twice are
    TypeErrors.
    """
    codes = sorted({kind.code for kind in (Failure, *Failure.__subclasses__())})
    text, details = {"type": "string"}, {"type": "object"}
    schemas = {
        "Error": _envelope(
            False, error=text | {"enum": codes}, message=text, details=details, request_id=text
        )
    }
    if messages:
        schemas["SocketMessage"] = schema.draw(Union[tuple(messages.values())], schemas)
    paths: dict[str, dict] = {}
    for route in routes:
        path = re.sub(
            r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", route.path
        )  # a placeholder without its pattern
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schemas)
    operations = [operation for methods in paths.values() for operation in methods.values()]
    if len({operation["operationId"] for operation in operations}) < len(routes):
        raise TypeError("A call or a path is listed twice")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aniworld API",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "servers": [{"url": base_path or "/"}],
        "security": [{"bearerAuth": []}],
        "tags": [
            {"name": tag} for tag in dict.fromkeys(operation["tags"][0] for operation in operations)
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                name: _response(
                    about,
                    {"$ref": "#/components/schemas/Error"},
                    *["Retry-After"] * (name == "TooMany"),
                )
                for name, about in REFUSALS.values()
            },
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: dict) -> dict:
    taken = signature(route.call, route.path)
    chapter = route.call.__module__.rpartition(".")[2]
    name = f"{chapter}_{route.call.__name__}"
    summary, _, description = (inspect.getdoc(route.call) or name).partition("\n")
    if route.alias:
        description += f"\n\nAlso answers at `{route.alias}`."
    limited, paged = (
        route.path.startswith("/api/"),
        "page" in getattr(taken.query, "__dataclass_fields__", ()),
    )
    headers = ["X-RateLimit-Remaining"] * limited + ["X-Total-Count", "Link"] * paged
    answer = taken.answer and schema.draw(taken.answer, schemas)
    answer = _envelope(True, data=answer) if route.wrap else answer
    told = {
        "400": taken.body,
        "401": not route.open,
        "404": taken.path,
        "429": limited,
        "default": True,
    }
    told["422"] = taken.body or taken.path or taken.query
    refused = [status for status in REFUSALS if told.get(status) or status in OWN.get(name, ())]
    operation = {
        "operationId": name,
        "tags": [CHAPTERS.get(chapter, chapter.capitalize())],
        "summary": summary.rstrip("."),
        "description": description.strip(),
        "parameters": [*_parameters(taken)],
        "responses": {
            str(route.status): _response(HTTPStatus(route.status).phrase, answer, *headers)
        }
        | {status: {"$ref": f"#/components/responses/{REFUSALS[status][0]}"} for status in refused},
    }
    if taken.body:
        operation["requestBody"] = {"required": not taken.optional} | _json(
            schema.draw(taken.body, schemas)
        )
    return operation | ({"security": []} if route.open else {})


def _parameters(taken: Signature) -> Iterator[dict]:
    """What comes in the address, where what is null for us when it is left out cannot be sent as null."""
    for name, hint in taken.path.items():
        yield {"name": name, "in": "path", "required": True, "schema": schema.draw(hint, {})}
    query = schema.compile_type(taken.query) if taken.query else None
    for _, form in query.components if query else ():
        for name, drawn in form["properties"].items():
            drawn = drawn | {"type": query.fields[name].json_type}
            if "enum" in drawn:
                drawn["enum"] = [choice for choice in drawn["enum"] if choice is not None]
            yield {
                "name": name,
                "in": "query",
                "required": name in form["required"],
                "schema": drawn,
            }


def _response(about: str, schema: dict | None, *headers: str) -> dict:
    drawn = {
        name: {"schema": {"type": kind}, "description": text}
        for name, (kind, text) in HEADERS.items()
    }
    headers = {name: drawn[name] for name in ("X-Request-ID", *headers)}
    return {"description": about, "headers": headers} | (_json(schema) if schema else {})


def _envelope(success: bool, **properties: dict) -> dict:
    properties = {"success": {"type": "boolean", "enum": [success]}, **properties}
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _json(schema: dict) -> dict:
    return {"content": {"application/json": {"schema": schema}}}
