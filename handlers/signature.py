"""What a route's function takes and gives, read once from its annotations."""

from __future__ import annotations

import inspect
import re
from typing import Any, NamedTuple, Union, get_args, get_type_hints

from aiohttp import web

from store import fields


class Signature(NamedTuple):
    """What a route's function takes and gives, from its annotations."""

    path: dict[str, Any]  # placeholder -> type
    query: type | None
    body: Any  # type or None; without its `| None`
    optional: bool  # the body may be missing: its parameter has a default
    answer: Any  # type; None (204) or a StreamResponse, which answers for itself


def signature(call, path: str) -> Signature:
    """Read `async def call(request, <placeholders of path>, body: T, query: T) -> R`; TypeError where they disagree."""
    where = f"{call.__module__}.{call.__qualname__}"
    hints = get_type_hints(call, include_extras=True)
    parameters = dict(list(inspect.signature(call).parameters.items())[1:])  # the first one is the request
    places = set(re.findall(r"\{(\w+)[:}]", path))
    if unhinted := parameters.keys() - hints.keys() | {"return"} - hints.keys():
        raise TypeError(f"{where} has no annotation for: {', '.join(sorted(unhinted))}")
    if wrong := (parameters.keys() - {"body", "query"}) ^ places:
        raise TypeError(f"{where} and its path {path} disagree about: {', '.join(sorted(wrong))}")
    body, query, answer = hints.get("body"), hints.get("query"), hints["return"]
    if type(None) in get_args(body):
        body = Union[tuple(arg for arg in get_args(body) if arg is not type(None))]
    path_types = {name: hints[name] for name in parameters if name in places}
    try:
        for hint in path_types.values():
            if fields.shape(hint).kind not in fields.TEXTUAL:
                raise TypeError("a placeholder is text, a number or true/false")
        if query is not None:
            fields.flat(query)
        if body is not None:
            fields.check(body)
        if answer is not type(None) and not (isinstance(answer, type) and issubclass(answer, web.StreamResponse)):
            fields.check(answer)
    except TypeError as exc:
        raise TypeError(f"{where}: {exc}") from None
    optional = body is not None and parameters["body"].default is not inspect.Parameter.empty
    return Signature(path_types, query, body, optional, None if answer is type(None) else answer)
