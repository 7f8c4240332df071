"""Compiled types, and the scalars among them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

from store.errors import Invalid
from store.secret import Secret

JsonSchema = dict[str, Any]
Reader = Callable[[Any, str], Any]  # (JSON value, path of its field) -> value, or raises Invalid

# The largest whole number that every JSON reader keeps exact; sqlite holds it too.
LARGESTINTEGER = 2**53 - 1
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # a JSON escape can smuggle one past UTF-8


class CompiledType(NamedTuple):
    """A type of the vocabulary, compiled once."""

    read: Reader
    json_type: str  # "" where there are several; null is not counted
    json_schema: JsonSchema  # of a dataclass: a reference into `components`
    components: tuple[tuple[str, JsonSchema], ...] = ()  # name and schema of each dataclass in it
    fields: Mapping[str, CompiledType] = {}  # of a dataclass


def refuse(field: str, issue: str) -> NoReturn:
    raise Invalid(field or "body", issue)


def _compile_scalar(
    python_type: type,
    json_schema: JsonSchema,
    *,
    type_issue: str,
    is_wrong: Callable[[Any], object] = lambda value: False,
    value_issue: str = "",
) -> CompiledType:
    """A type whose JSON value stays as it is.

    It refuses every value of another type, and those for which `is_wrong` is true.
    """

    def read(value: Any, field: str) -> Any:
        if type(value) is not python_type:  # a bool is an int to Python, and to nobody else
            refuse(field, type_issue)
        if is_wrong(value):
            refuse(field, value_issue)
        return value

    return CompiledType(read, json_schema["type"], json_schema)


STRING = _compile_scalar(
    str,
    {"type": "string"},
    type_issue="must be text",
    is_wrong=HALF_CHARACTER.search,
    value_issue="holds half a character (a lone surrogate)",
)
INTEGER = _compile_scalar(
    int,
    {"type": "integer"},
    type_issue="must be a whole number",
    is_wrong=lambda number: abs(number) > LARGESTINTEGER,
    value_issue="is too large a number",
)
FINITE = _compile_scalar(
    float,
    {"type": "number"},
    type_issue="must be a number",
    is_wrong=lambda number: not math.isfinite(number),
    value_issue="must be a number",
)
BOOLEAN = _compile_scalar(bool, {"type": "boolean"}, type_issue="must be true or false")


def _read_number(value: Any, field: str) -> float:
    """Read a float, for which JSON may have a whole number."""
    if type(value) is int:
        return float(INTEGER.read(value, field))
    number: float = FINITE.read(value, field)
    return number


def _read_secret(value: Any, field: str) -> Secret:
    return Secret(STRING.read(value, field))


SCALARS: dict[Any, CompiledType] = {
    str: STRING,
    int: INTEGER,
    float: FINITE._replace(read=_read_number),
    bool: BOOLEAN,
    Secret: CompiledType(_read_secret, "string", {"type": "string", "format": "password"}),
}
SCALAR_JSON_TYPES = frozenset(scalar.json_type for scalar in SCALARS.values())


def compile_literal(choices: tuple[Any, ...]) -> CompiledType:
    python_type = type(choices[0])
    if python_type not in SCALARS or any(type(choice) is not python_type for choice in choices):
        raise TypeError(
            f"Literal{list(choices)}: its values are all text, all whole numbers or all true/false"
        )
    words = ", ".join(json.dumps(choice).strip('"') for choice in choices)
    issue = f"must be one of {words}" if len(choices) > 1 else f"must be {words}"
    return _compile_scalar(
        python_type,
        {"type": SCALARS[python_type].json_type, "enum": [*choices]},
        type_issue=issue,
        is_wrong=lambda value: value not in choices,
        value_issue=issue,
    )
