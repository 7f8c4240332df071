"""The OpenAPI 3.1 document, made from the routes, so that it describes the code itself."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from http import HTTPStatus
from operator import or_
from typing import Any

from aiohttp import web

from downloads.events import message_types
from handlers.endpoint import Route
from handlers.signature import Signature, signature
from store import VERSION, schema
from store.errors import Failure

JsonObject = dict[str, Any]

# Gives the document's bytes, folded at the first call.
DOCUMENT: web.AppKey[Callable[[], bytes]] = web.AppKey("openapi document")

ABOUT = """Download what is missing from your own library.

Send `Authorization: Bearer <token>` with every call that shows a lock; `POST /api/auth/login` gives
the token. A key of `POST /api/auth/keys` goes into the same header: scope `read` opens what only
shows, `write` what changes as well, `share` the calls of sharing and nothing else, which no other
key opens; the calls of accounts take the owner's token alone.

Errors are as the schema `Error`: `message` is for people, `error` and `details` are for
programs, `request_id` equals the header `X-Request-ID`. Times are UTC, as in
`2025-10-22T12:34:56Z`.

`/ws/downloads` is a WebSocket; log in with the same header or the subprotocols
`aniworld.v1, bearer.<token>`. It sends the schema `SocketMessage`, first a `snapshot` with at most
300 items. `seq` rises with every message but progress. `GET /api/events` answers the same messages,
but progress, to scripts that cannot open a socket."""
# Chapters of the reference whose file in handlers/ has another name.
CHAPTERS = {
    "auth": "Authentication",
    "auth_keys": "Authentication",
    "config": "Configuration",
    "follow": "Anime",
    "queue": "Download Queue",
    "queue_groups": "Download Queue",
}
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
REFUSALS = {  # status -> (name of the component, its description)
    "400": ("BadRequest", "The body cannot be read, or what is asked for cannot work."),
    "401": (
        "Unauthorized",
        "No valid token, or a wrong password; before the setup `details.setup_required` is true.",
    ),
    "403": ("Forbidden", "This caller may not do this, or this key's scope does not reach so far."),
    "404": ("NotFound", "There is nothing of this name."),
    "409": ("Conflict", "What is there stands against it."),
    "422": (
        "Invalid",
        "`details.field` is not of the form the call takes; `details.issue` says why.",
    ),
    "429": ("TooMany", "Too many calls; wait as long as `Retry-After` says."),
    "default": ("Failed", "Anything else that went wrong; `error` says what."),
}
# Where the calls are, seen from /api/openapi.json: the folder above, also below a proxy's prefix.
SERVER = ".."
# A placeholder with a pattern, as in `{number:[0-9]{1,9}}`.
_PLACEHOLDER = r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}"


def folded(routes: Sequence[Route]) -> bytes:
    """The document of `routes` and of the socket, as it is sent."""
    return json.dumps(document(routes, messages=message_types())).encode() + b"\n"


def document(routes: Sequence[Route], *, messages: Mapping[str, type] | None = None) -> JsonObject:
    """Fold the routes and the socket's messages (type -> dataclass) into one document.

    Raises TypeError for a route whose function does not fit its path, for a type outside the
    vocabulary of store/schema, and for a call or a path that is listed twice.
    """
    schemas = {"Error": _error_schema()}
    if messages:
        schemas["SocketMessage"] = schema.draw(reduce(or_, messages.values()), schemas)
    paths: JsonObject = {}
    operations = []
    for route in routes:
        operation = _operation(route, schemas)
        operations.append(operation)
        path = re.sub(_PLACEHOLDER, r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = operation
    names = {operation["operationId"] for operation in operations}
    if len(names) < len(routes) or sum(map(len, paths.values())) < len(routes):
        raise TypeError("A call or a path is listed twice")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aniworld API",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "servers": [{"url": SERVER}],
        "security": [{"bearerAuth": []}],
        "tags": [
            {"name": tag} for tag in dict.fromkeys(operation["tags"][0] for operation in operations)
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": dict(_refusals()),
            "securitySchemes": {
                "bearerAuth": {"type": "http", "scheme": "bearer"},
                "keyInAddress": {"type": "apiKey", "in": "query", "name": "key"},
            },
        },
    }


def _error_schema() -> JsonObject:
    kinds: list[type[Failure]] = [Failure, *Failure.__subclasses__()]
    codes = sorted({kind.code for kind in kinds})
    text = {"type": "string"}
    return _envelope(
        success=False,
        error=text | {"enum": codes},
        message=text,
        details={"type": "object"},
        request_id=text,
    )


def _refusals() -> Iterator[tuple[str, JsonObject]]:
    error = {"$ref": "#/components/schemas/Error"}
    for name, description in REFUSALS.values():
        headers = ["Retry-After"] if name == "TooMany" else []
        yield name, _response(description, error, headers)


def _operation(route: Route, schemas: JsonObject) -> JsonObject:
    """One call; the dataclasses that it takes and answers are added to `schemas`."""
    taken = signature(route.call, route.path)
    chapter = route.call.__module__.rpartition(".")[2]
    name = f"{chapter}_{route.call.__name__}"
    summary, _, description = (inspect.getdoc(route.call) or name).partition("\n")
    if route.alias:
        description += f"\n\nAlso answers at `{route.alias}`."
    headers = ["X-RateLimit-Remaining"] if _is_limited(route) else []
    if "page" in getattr(taken.query, "__dataclass_fields__", ()):
        headers += ["X-Total-Count", "Link"]
    answer = taken.answer and schema.draw(taken.answer, schemas)
    if route.wrap:
        answer = _envelope(success=True, data=answer)
    responses = {
        str(route.status): _response(HTTPStatus(route.status).phrase, answer, headers, route.sends),
        **{
            status: {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
            for status in _refused_statuses(route, taken)
        },
    }
    operation: JsonObject = {
        "operationId": name,
        "tags": [CHAPTERS.get(chapter, chapter.capitalize())],
        "summary": summary.rstrip("."),
        "description": description.strip(),
        "parameters": list(_parameters(taken)),
        "responses": responses,
    }
    if taken.body:
        body = _json_content(schema.draw(taken.body, schemas))
        operation["requestBody"] = {"required": not taken.body_is_optional} | body
    if route.open:
        operation["security"] = []
    elif route.key_in_address:
        operation["security"] = [{"bearerAuth": []}, {"keyInAddress": []}]
    return operation


def _is_limited(route: Route) -> bool:
    """Whether the token bucket guards the route."""
    return route.path.startswith("/api/")


def _refused_statuses(route: Route, taken: Signature) -> list[str]:
    """The statuses of refusals: those that follow from the signature, and the route's own."""
    follows = {
        "400": taken.body,
        "401": not route.open,
        "403": not route.open,
        "404": taken.path,
        "422": taken.body or taken.path or taken.query,
        "429": _is_limited(route),
        "default": True,
    }
    own = [str(status) for status in route.refusals]
    return [status for status in REFUSALS if follows.get(status) or status in own]


def _parameters(taken: Signature) -> Iterator[JsonObject]:
    """Draw the placeholders and the query parameters.

    A query parameter whose default is None is drawn without null: an address cannot carry one.
    """
    for name, hint in taken.path.items():
        yield {"name": name, "in": "path", "required": True, "schema": schema.draw(hint, {})}
    if taken.query is None:
        return
    query = schema.compile_type(taken.query)
    for _, drawn in query.components:
        for name, drawn_field in drawn["properties"].items():
            parameter = drawn_field | {"type": query.fields[name].json_type}
            if "enum" in parameter:
                parameter["enum"] = [word for word in parameter["enum"] if word is not None]
            yield {
                "name": name,
                "in": "query",
                "required": name in drawn["required"],
                "schema": parameter,
            }


def _response(
    description: str,
    content: JsonObject | None,
    headers: Sequence[str],
    others: Mapping[str, JsonObject] = {},
) -> JsonObject:
    """A response with X-Request-ID and the `headers`; `content` None: without JSON.

    `others` are content types and their schemas.
    """
    drawn_headers = {}
    for name in ("X-Request-ID", *headers):
        json_type, meaning = HEADERS[name]
        drawn_headers[name] = {"schema": {"type": json_type}, "description": meaning}
    response: JsonObject = {"description": description, "headers": drawn_headers}
    schemas = {"application/json": content} if content else {}
    drawn = {kind: {"schema": schema} for kind, schema in {**schemas, **others}.items()}
    return response | ({"content": drawn} if drawn else {})


def _envelope(*, success: bool, **properties: JsonObject | None) -> JsonObject:
    properties = {"success": {"type": "boolean", "enum": [success]}, **properties}
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _json_content(content: JsonObject) -> JsonObject:
    return {"content": {"application/json": {"schema": content}}}
