"""What a route's function takes and gives, read once from its annotations."""

from __future__ import annotations

import inspect
import re
from types import NoneType
from typing import Any, NamedTuple, get_type_hints

from aiohttp import web

from store import schema


class Signature(NamedTuple):
    path: dict[str, Any]  # placeholder -> type
    query: type | None
    body: Any  # type or None; without its `| None`
    optional: bool  # the body may be missing: its parameter has a default
    answer: Any  # type; None where it is no JSON: a 204, a file


def signature(call, path: str) -> Signature:
    """Read `async def call(request, <placeholders of path>, body: T, query: T) -> R`; TypeError where they disagree."""
    hints = get_type_hints(call, include_extras=True)
    taken = dict([*inspect.signature(call).parameters.items()][1:])  # the first one is the request
    places = {name: hints.get(name) for name in taken if name not in ("body", "query")}
    body, answer = schema.without_none(hints.get("body")), hints.get("return")
    try:
        if places.keys() != set(re.findall(r"\{([a-z_]+)[:}]", path)):
            raise TypeError(f"it does not take the placeholders of {path}")
        for name in taken:
            form = schema.compile_type(hints.get(name))
            texts = form.fields.values() if name == "query" else [form] if name in places else []
            if any(text.json_type not in schema.SCALAR_JSON_TYPES for text in texts):
                raise TypeError(f"{name}: what comes in an address is text, a number or true/false")
        if isinstance(answer, type) and issubclass(answer, (NoneType, web.StreamResponse)):
            answer = None
        else:
            schema.compile_type(answer)
    except TypeError as exc:
        raise TypeError(f"{call.__module__}.{call.__qualname__}: {exc}") from None
    optional = "body" in taken and taken["body"].default is not inspect.Parameter.empty
    return Signature(places, hints.get("query"), body, optional, answer)
