"""One dataclass, two uses: `read` checks a client's JSON, `draw` describes it for OpenAPI.

The vocabulary of types is closed: `str int float bool Secret list[T] dict[str, T] Literal X|None
Annotated[T, Rule(...)]`, dataclasses (nested; generic in one type), unions of dataclasses told
apart by a Literal field, `Update[T]` of a dataclass T, `list[T] | Page[T]` and `Literal | list[T]`.
Any other type is a TypeError when the document is drawn, which a test does for all calls.

A module that declares such types does without `from __future__ import annotations`, which would
make texts of them that the start has to compile again: a fortieth of its time.

Every refusal is an `Invalid` that names the field by its path, such as `episodes[0]` or
`providers[1].url`; a refusal of the whole body names the field `body`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, Protocol, TypeVar, dataclass_transform, overload

from store.schema.json_text import dump, loads
from store.schema.rules import Rule
from store.schema.scalars import SCALAR_JSON_TYPES, JsonSchema, refuse
from store.schema.types import Update, compile_type, without_none

__all__ = [
    "SCALAR_JSON_TYPES",
    "JsonSchema",
    "Rule",
    "Update",
    "compile_type",
    "draw",
    "dump",
    "loads",
    "parse_text",
    "read",
    "read_query",
    "record",
    "without_none",
]

T = TypeVar("T")

# A text in an address that stands for a JSON value other than text. The digits are bounded, so that
# int() is never asked for a number too long for it.
_SCALAR_TEXT = r"true|false|-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?"


class Multidict(Protocol):
    """The query parameters of a request: a name may come several times."""

    def getall(self, name: str, default: list[str], /) -> list[str]: ...


@dataclass_transform(eq_default=False, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """Make `cls` a dataclass that a call takes or answers: a constructor and nothing else.

    Comparison, repr and freezing would add 0.3 ms a class to the start, and nobody uses them; so
    does the text that a dataclass makes for a class without a docstring, which is its name here.
    """
    cls.__doc__ = cls.__doc__ or cls.__name__
    return dataclasses.dataclass(cls, eq=False, repr=False)


@overload
def read(hint: type[T], value: object, field: str = "") -> T: ...
@overload
def read(hint: object, value: object, field: str = "") -> Any: ...
def read(hint: Any, value: object, field: str = "") -> Any:
    """Check a JSON value against a type and convert it: an object becomes the dataclass.

    `field` is the path of the value, for the refusal. Raises Invalid for the first wrong field.
    """
    return compile_type(hint).read(value, field)


def parse_text(hint: Any, text: str, field: str) -> Any:
    """Read one value that came as text: a placeholder of the path. Raises Invalid."""
    compiled = compile_type(hint)
    return compiled.read(_json_value(compiled.json_type, text), field)


def read_query(hint: Any, parameters: Multidict) -> Any:
    """Read the query parameters of a request into a dataclass; unknown ones are ignored.

    Raises Invalid, also for a parameter that is given twice.
    """
    values = {}
    for name, compiled in compile_type(hint).fields.items():
        texts = parameters.getall(name, [])
        if len(texts) > 1:
            refuse(name, "is given more than once")
        if texts:
            values[name] = _json_value(compiled.json_type, texts[0])
    return read(hint, values)


def draw(hint: Any, components: dict[str, JsonSchema]) -> JsonSchema:
    """Draw a type as JSON Schema (OpenAPI 3.1).

    Each dataclass in it is added to `components` by name, and the drawing refers to it there.
    Raises TypeError when two different dataclasses have the same name.
    """
    compiled = compile_type(hint)
    for name, drawn in compiled.components:
        if components.setdefault(name, drawn) != drawn:
            raise TypeError(f"Two different types are called {name}")
    return compiled.json_schema


def _json_value(json_type: str, text: str) -> Any:
    """Convert text to the JSON value it stands for; `read` refuses text that stands for none."""
    if json_type != "string" and re.fullmatch(_SCALAR_TEXT, text):
        return json.loads(text)
    return text
