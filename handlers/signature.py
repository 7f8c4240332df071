"""The types that a route's function takes and answers, read once from its annotations."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import NoneType
from typing import Any, NamedTuple, get_args, get_type_hints

from aiohttp import web

from store import schema


class Signature(NamedTuple):
    """The types of a call. `body` is without its `| None`."""

    path: dict[str, Any]  # placeholder -> type
    query: type | None
    body: Any  # a type, or None
    body_is_optional: bool
    answer: Any  # a type; None for an answer that is no JSON: a 204, a file


def signature(call: Callable[..., Any], path: str) -> Signature:
    """Read `async def call(request, <placeholders of path>, body: T, query: T) -> R`.

    Raises TypeError when the placeholders and the path disagree, and for a type outside the
    vocabulary of store/schema.
    """
    hints = get_type_hints(call, include_extras=True)
    parameters = dict(list(inspect.signature(call).parameters.items())[1:])  # without the request
    placeholders = {name: hints.get(name) for name in parameters if name not in ("body", "query")}
    try:
        if placeholders.keys() != set(re.findall(r"\{([a-z_]+)[:}]", path)):
            raise TypeError(f"it does not take the placeholders of {path}")
        for name in parameters:
            _check_parameter(name, hints.get(name), comes_as_text=name in placeholders)
        answer = _answer(hints.get("return"))
    except TypeError as error:
        raise TypeError(f"{call.__module__}.{call.__qualname__}: {error}") from None
    body = parameters.get("body")
    return Signature(
        path=placeholders,
        query=hints.get("query"),
        body=schema.without_none(hints.get("body")),
        body_is_optional=body is not None and body.default is not inspect.Parameter.empty,
        answer=answer,
    )


def _check_parameter(name: str, hint: Any, *, comes_as_text: bool) -> None:
    """Raises TypeError for a type outside the vocabulary, or one that an address cannot carry."""
    compiled = schema.compile_type(hint)
    if comes_as_text:
        texts = [compiled]
    elif name == "query":
        texts = list(compiled.fields.values())
    else:
        texts = []
    if any(text.json_type not in schema.SCALAR_JSON_TYPES for text in texts):
        raise TypeError(f"{name}: an address carries text, a number or true/false")


def _answer(hint: Any) -> Any:
    """The type of a JSON answer, else None. Raises TypeError for one outside the vocabulary.

    Of a call that may also send a file (`Page[T] | web.StreamResponse`) the JSON counts.
    """
    alternatives = get_args(hint)
    if web.StreamResponse in alternatives:
        (hint,) = [each for each in alternatives if each is not web.StreamResponse]
    # By hand: issubclass() of a StreamResponse, an abstract class, asks all its subclasses.
    if isinstance(hint, type) and {NoneType, web.StreamResponse} & set(hint.__mro__):
        return None
    schema.compile_type(hint)
    return hint
