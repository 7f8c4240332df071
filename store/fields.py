"""One dataclass, two readers: `read` checks what a client sent against it, `schema` draws it for OpenAPI.

Types are compiled into shapes once, see `handlers/shapes.py` for the vocabulary. Every refusal is an `Invalid` with a
path such as `episodes[0]` or `providers[1].url`; what concerns the whole body has the field `body`.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from functools import cache
from typing import get_type_hints

from store.rules import HALF, Rule
from store.shapes import dump, shape
from store.errors import BadRequest, Invalid

__all__ = ["Rule", "Signature", "check", "dump", "loads", "parse", "query", "read", "schema", "signature"]


def read(type, value, field=""):
    """Check a JSON value against a type and make the dataclass of it; Invalid names the first thing that is wrong."""
    return shape(type).read(value, field)


def parse(type, text: str, field: str):
    """Read one value that came as text: a placeholder of the path or a query parameter."""
    form = shape(type)
    return form.read(_untext(form.kind, text), field)


def query(type, given):
    """Read a multidict of query parameters. Unknown ones are ignored; one that is given twice is Invalid."""
    found = {}
    for name, kind in flat(type):
        texts = given.getall(name, ())
        if len(texts) > 1:
            raise Invalid(name, "is given more than once")
        if texts:
            found[name] = _untext(kind, texts[0])
    return read(type, found)


def schema(type, components: dict) -> dict:
    """Draw a type as JSON Schema (OpenAPI 3.1). Dataclasses are added to `components` by name and referred to."""
    return shape(type).draw(components)


def check(type) -> None:
    """Refuse, with a TypeError, a type outside the vocabulary."""
    try:
        shape(type)
    except RecursionError:
        raise TypeError(f"{type!r} contains itself") from None


def loads(body: bytes):
    """Read strict JSON. What is no UTF-8 or no JSON is BadRequest; legal JSON that we refuse is Invalid (fault row I2)."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
        if re.search(rb"\\u[dD]", body):  # only an escape can smuggle half a character past UTF-8
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8") from None
    except json.JSONDecodeError as exc:
        raise BadRequest(f"The body is not JSON: {exc.msg} (line {exc.lineno}, column {exc.colno})") from None
    except RecursionError:
        raise Invalid("body", "is nested too deeply") from None
    except UnicodeEncodeError:
        raise Invalid("body", HALF) from None
    except ValueError:  # int() has a limit of its own, 4,300 digits
        raise Invalid("body", "holds a number with too many digits") from None
    return value


TEXTUAL = {  # what may come as text, and how it has to look to be a JSON value
    "string": None,
    "integer": r"-?(0|[1-9][0-9]{0,15})",
    "number": r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?",
    "boolean": "true|false",
}


@cache
def flat(cls):
    """The (name, JSON type) of each query parameter."""
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"a query is a dataclass, not {cls!r}")
    kinds = [(name, shape(hint).kind) for name, hint in get_type_hints(cls, include_extras=True).items()]
    if nested := [name for name, kind in kinds if kind not in TEXTUAL]:
        raise TypeError(f"{cls.__name__}.{nested[0]}: a query parameter is text, a number or true/false")
    return kinds


def _untext(kind, text):
    """The JSON value that a text stands for; what stands for none stays text, and `read` says what is wrong."""
    form = TEXTUAL.get(kind)
    return json.loads(text) if form and re.fullmatch(form, text) else text


def _unique(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise Invalid(next(key for key in keys if keys.count(key) > 1), "is given more than once")
    return found


def _finite(text):
    if not math.isfinite(number := float(text)):
        raise Invalid("body", "holds a number that is not finite")
    return number
