"""The rule that `Annotated[T, Rule(...)]` puts on top of a type."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from store.schema.scalars import CompiledType, refuse


class Rule(NamedTuple):
    """A bound on the values of T in `Annotated[T, Rule(...)]`.

    `least` and `most` bound the length of text and lists and the value of numbers, both inclusive;
    `pattern` has to match the whole text, and `fits` to be true of it where no pattern can say what
    is meant; `issue` replaces the message of a broken rule. `secret` only tells readers of the
    document that the field is a password.
    """

    least: float = -math.inf
    most: float = math.inf
    pattern: str | None = None
    issue: str | None = None
    example: str | None = None
    secret: bool = False
    fits: Callable[[str], bool] | None = None


class Bound(NamedTuple):
    """How `Rule.least` and `Rule.most` apply to a JSON type."""

    keyword: str  # the end of the keywords in JSON Schema: minLength, maxLength
    measure: Callable[[Any], float]
    must: str  # the beginning of the refusal
    singular: str = ""
    plural: str = ""


BOUNDS = {  # by JSON type
    "string": Bound("Length", len, "must be at", "character", "characters"),
    "array": Bound("Items", len, "must have at", "entry", "entries"),
    "integer": Bound("imum", float, "must be at"),
    "number": Bound("imum", float, "must be at"),
}


def apply_rule(inner: CompiledType, rule: Any) -> CompiledType:
    """The type with a rule on top. None, where the type allows it, passes."""
    is_rule = type(rule) is Rule and inner.json_type in BOUNDS
    is_of_text = is_rule and (rule.pattern or rule.fits)
    if not is_rule or (is_of_text and inner.json_type != "string"):
        raise TypeError(f"{rule!r} is no Rule that fits its type")
    bound = BOUNDS[inner.json_type]
    wrong_form = "has the wrong form"
    if rule.example:
        wrong_form = f"has the wrong form; an example: {rule.example}"

    def read(value: Any, field: str) -> Any:
        value = inner.read(value, field)
        if value is None:
            return None
        if not rule.least <= bound.measure(value) <= rule.most:
            refuse(field, rule.issue or _bound_issue(rule, bound, value))
        if rule.pattern and not re.fullmatch(rule.pattern, value):
            refuse(field, rule.issue or wrong_form)
        if rule.fits and not rule.fits(value):
            refuse(field, rule.issue or wrong_form)
        return value

    keywords = {
        f"min{bound.keyword}": rule.least,
        f"max{bound.keyword}": rule.most,
        "pattern": rule.pattern and f"^(?:{rule.pattern})$",
        "format": "password" if rule.secret else None,
        "examples": rule.example and [rule.example],
    }
    given = {key: word for key, word in keywords.items() if word not in (None, -math.inf, math.inf)}
    return inner._replace(read=read, json_schema=inner.json_schema | given)


def _bound_issue(rule: Rule, bound: Bound, value: Any) -> str:
    if bound.measure(value) < rule.least:
        word, limit = "least", rule.least
    else:
        word, limit = "most", rule.most
    unit = bound.singular if limit == 1 else bound.plural
    return f"{bound.must} {word} {limit} {unit}".rstrip()
