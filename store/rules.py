"""Shapes and rules: what a compiled type is, and what a `Rule` adds to it."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, NamedTuple, NoReturn

from store.errors import Invalid

HALF = "holds half a character (a lone surrogate)"


@dataclasses.dataclass(frozen=True)
class Rule:
    """What `Annotated[T, Rule(...)]` adds to T.

    `least` and `most` bound the length of text, lists and dicts and the value of numbers, both inclusive; `pattern`
    has to match the whole text; `issue` replaces the message of a broken rule. `secret` only tells readers of the
    document that the field is a password.
    """

    least: float | None = None
    most: float | None = None
    pattern: str | None = None
    issue: str | None = None
    example: object = dataclasses.field(default=None, hash=False)
    secret: bool = False


class Shape(NamedTuple):
    read: Callable[[Any, str], Any]  # (value, field) -> value, or raises Invalid
    draw: Callable[[dict], dict]  # (components) -> JSON Schema; named types are added to the components
    kind: str  # its JSON type; "" where there are several


def refuse(field: str, issue: str) -> NoReturn:
    raise Invalid(field or "body", issue)


SIZES = {  # JSON type -> what bounds it in a schema, and what it is counted in
    "string": ("minLength", "maxLength", "character", "characters"),
    "array": ("minItems", "maxItems", "entry", "entries"),
    "object": ("minProperties", "maxProperties", "entry", "entries"),
    "integer": ("minimum", "maximum", "", ""),
    "number": ("minimum", "maximum", "", ""),
}


def bound(inner, rule):
    """A shape with a rule on top. Null, where the type allows it, passes."""
    if (rule.least, rule.most) != (None, None) and inner.kind not in SIZES:
        raise TypeError("a bound needs text, a list, a dict or a number")
    if rule.pattern is not None and inner.kind != "string":
        raise TypeError("a pattern needs text")
    lowest, highest, unit, units = SIZES.get(inner.kind, ("", "", "", ""))
    size = len if unit else float
    must = "must have" if unit == "entry" else "must be"
    pattern = re.compile(rule.pattern) if rule.pattern is not None else None
    wrong = "has the wrong form" + (f"; an example: {rule.example}" if rule.example is not None else "")

    def read(value, field):
        value = inner.read(value, field)
        if value is None:
            return None
        if rule.least is not None and size(value) < rule.least:
            refuse(field, rule.issue or f"{must} at least {rule.least} {unit if rule.least == 1 else units}".rstrip())
        if rule.most is not None and size(value) > rule.most:
            refuse(field, rule.issue or f"{must} at most {rule.most} {unit if rule.most == 1 else units}".rstrip())
        if pattern is not None and not pattern.fullmatch(value):
            refuse(field, rule.issue or wrong)
        return value

    drawn = {
        lowest: rule.least,
        highest: rule.most,
        "pattern": rule.pattern and f"^(?:{rule.pattern})$",
        "format": "password" if rule.secret else None,
        "examples": None if rule.example is None else [rule.example],
    }
    drawn = {key: value for key, value in drawn.items() if value is not None}
    return Shape(read, lambda components: inner.draw(components) | drawn, inner.kind)
