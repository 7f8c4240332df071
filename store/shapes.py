"""What a type means, compiled once: a `Shape` reads a JSON value and draws its JSON Schema.

The vocabulary is closed: `str int float bool list[T] dict[str, T] Literal X|None Annotated[T, Rule(...)]`, dataclasses
(nested, generic), unions of dataclasses told apart by a Literal field, and `list[T] | Page[T]`. Anything else is a
TypeError when the application is built, not when a user posts.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import types
from functools import cache
from typing import Annotated, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from store.rules import HALF, Rule, Shape, bound, refuse

LARGEST = 2**53 - 1  # the largest whole number that every JSON reader keeps exact; sqlite holds it too
MISSING = dataclasses.MISSING


@cache
def shape(hint) -> Shape:
    """Compile a type. Every type of the vocabulary is one of these seven cases."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if origin is Annotated:
        return _ruled(args)
    if origin is Literal:
        return _literal(args)
    if origin is list:
        return _list(shape(args[0]))
    if origin is dict and args[0] is str:
        return _dict(shape(args[1]))
    if origin in (Union, types.UnionType):
        return _union(args)
    if dataclasses.is_dataclass(origin or hint):
        return _object(hint)
    raise TypeError(f"{hint!r} is not in the vocabulary of handlers/shapes.py")


def _text(value, field):
    if type(value) is not str:
        refuse(field, "must be text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            refuse(field, HALF)
    return value


def _integer(value, field):
    if type(value) is not int:  # a bool is an int to Python, and to nobody else
        refuse(field, "must be a whole number")
    if abs(value) > LARGEST:
        refuse(field, "is too large a number")
    return value


def _number(value, field):
    if type(value) is int:
        return float(_integer(value, field))
    if type(value) is not float or not math.isfinite(value):
        refuse(field, "must be a number")
    return value


def _boolean(value, field):
    if type(value) is not bool:
        refuse(field, "must be true or false")
    return value


SCALARS = {
    str: Shape(_text, lambda components: {"type": "string"}, "string"),
    int: Shape(_integer, lambda components: {"type": "integer"}, "integer"),
    float: Shape(_number, lambda components: {"type": "number"}, "number"),
    bool: Shape(_boolean, lambda components: {"type": "boolean"}, "boolean"),
}


def _literal(choices):
    kind = type(choices[0])
    if kind not in (str, int, bool) or any(type(choice) is not kind for choice in choices):
        raise TypeError(f"Literal{list(choices)}: its values are all text, whole numbers or true/false; null is `| None`")
    issue = f"must be {'one of ' * (len(choices) > 1)}{', '.join(json.dumps(choice).strip(chr(34)) for choice in choices)}"

    def read(value, field):
        if type(value) is not kind or value not in choices:
            refuse(field, issue)
        return value

    name = SCALARS[kind].kind
    return Shape(read, lambda components: {"type": name, "enum": list(choices)}, name)


def _list(item):
    def read(value, field):
        if type(value) is not list:
            refuse(field, "must be a list")
        return [item.read(entry, f"{field}[{place}]") for place, entry in enumerate(value)]

    return Shape(read, lambda components: {"type": "array", "items": item.draw(components)}, "array")


def _dict(item):
    def read(value, field):
        return {_text(key, field): item.read(entry, _join(field, key)) for key, entry in _entries(value, field)}

    def draw(components):
        return {"type": "object", "additionalProperties": item.draw(components)}

    return Shape(read, draw, "object")


def _object(hint):
    """A dataclass, closed, with the defaults of its fields. A generic one comes with its types: `Page[Series]`."""
    cls = get_origin(hint) or hint
    filling = dict(zip(getattr(cls, "__parameters__", ()), get_args(hint)))
    hints = get_type_hints(cls, include_extras=True)
    fields = [field for field in dataclasses.fields(cls) if field.init]
    forms = {}
    for field in fields:
        try:
            forms[field.name] = shape(_fill(hints[field.name], filling))
        except TypeError as exc:
            raise TypeError(f"{cls.__name__}.{field.name}: {exc}") from None
    required = [field.name for field in fields if field.default is field.default_factory is MISSING]
    unknown = f"is not a field of this call; the fields here are: {', '.join(forms) or 'none'}"

    def read(value, field):
        found = {}
        for key, entry in _entries(value, field):
            if key not in forms:
                refuse(_join(field, key), unknown)
            found[key] = forms[key].read(entry, _join(field, key))
        for key in required:
            if key not in found:
                refuse(_join(field, key), "is required")
        return cls(**found)

    def draw(components):
        properties = {field.name: forms[field.name].draw(components) | _default(field) for field in fields}
        drawn = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}("):  # what dataclasses write themselves
            drawn["description"] = inspect.cleandoc(cls.__doc__)
        if components.setdefault(_title(hint), drawn) != drawn:
            raise TypeError(f"Two different types are called {_title(hint)}")
        return {"$ref": f"#/components/schemas/{_title(hint)}"}

    return Shape(read, draw, "object")


def _union(members):
    """`X | None`, dataclasses with a tag, or a list beside dataclasses. Which member is meant is never guessed."""
    forms = {member: shape(member) for member in members if member is not type(None)}
    many = [form for form in forms.values() if form.kind == "array"]
    objects = {member: form for member, form in forms.items() if form.kind == "object"}
    if len(forms) == 1:
        (one,) = forms.values()
    elif len(many) + len(objects) < len(forms) or len(many) > 1:
        raise TypeError(f"{_titles(forms)} cannot be told apart; a union is `X | None` or of dataclasses with a tag")
    else:
        one = _tagged(objects) if len(objects) > 1 else next(iter(objects.values()))
        one = _either(many[0], one) if many else one
    return _nullable(one) if len(forms) < len(members) else one


def _nullable(inner):
    def read(value, field):
        return None if value is None else inner.read(value, field)

    def draw(components):
        drawn = inner.draw(components)
        if "type" not in drawn:
            return {"anyOf": [drawn, {"type": "null"}]}
        return drawn | {"type": [drawn["type"], "null"]} | ({"enum": [*drawn["enum"], None]} if "enum" in drawn else {})

    return Shape(read, draw, inner.kind)


def _either(many, one):
    def read(value, field):
        return (many if type(value) is list else one).read(value, field)

    return Shape(read, lambda components: {"anyOf": [many.draw(components), one.draw(components)]}, "")


def _tagged(objects):
    """Dataclasses told apart by the first field that is, in each of them, a Literal of its own."""
    hints = [get_type_hints(get_origin(member) or member, include_extras=True) for member in objects]
    for tag in hints[0]:
        choices = [get_args(own[tag]) if get_origin(own.get(tag)) is Literal else () for own in hints]
        if all(choices) and len({*sum(choices, ())}) == len(sum(choices, ())):
            break
    else:
        raise TypeError(f"{_titles(objects)} have no Literal field to tell them apart")
    forms = {choice: form for own, form in zip(choices, objects.values()) for choice in own}

    def read(value, field):
        choice = dict(_entries(value, field)).get(tag)
        if type(choice) is not str or choice not in forms:
            refuse(_join(field, tag), f"must be one of {', '.join(forms)}")
        return forms[choice].read(value, field)

    def draw(components):
        mapping = {choice: form.draw(components)["$ref"] for choice, form in forms.items()}
        options = [{"$ref": target} for target in dict.fromkeys(mapping.values())]
        return {"oneOf": options, "discriminator": {"propertyName": tag, "mapping": mapping}}

    return Shape(read, draw, "object")


def _ruled(args):
    inner, *rules = args
    inner = shape(inner)
    for rule in rules:
        if type(rule) is not Rule:
            raise TypeError(f"{rule!r} is no Rule, and only a Rule may annotate a field")
        inner = bound(inner, rule)
    return inner


PLAIN = frozenset({str, int, float, bool, type(None)})


def dump(value):
    """Make an answer JSON-ready: dataclasses become dicts, tuples lists; None stays null. TypeError for strangers."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is list or kind is tuple:
        return [dump(item) for item in value]
    if kind is dict:
        return {key: dump(item) for key, item in value.items()}
    return {name: dump(getattr(value, name)) for name in _names(kind)}


@cache
def _names(cls):
    return tuple(field.name for field in dataclasses.fields(cls))


def _entries(value, field):
    if type(value) is not dict:
        refuse(field, "must be an object")
    return value.items()


def _join(field, key):
    return f"{field}.{key}" if field else key


def _default(field):
    value = field.default if field.default_factory is MISSING else field.default_factory()
    return {} if value is MISSING or value is None else {"default": dump(value)}


def _fill(hint, filling):
    """Put types in place of the type variables in a hint."""
    if isinstance(hint, TypeVar):
        return filling.get(hint, hint)
    names = getattr(hint, "__parameters__", ())
    return hint[tuple(filling.get(name, name) for name in names)] if names and get_origin(hint) else hint


def _title(hint):
    """A component's name: `Page[Series]` is SeriesPage, `Page[list[Series]]` SeriesListPage."""
    name = getattr(get_origin(hint) or hint, "__name__", str(hint))
    return "".join(_title(arg) for arg in get_args(hint)) + name[:1].upper() + name[1:]


def _titles(hints):
    return ", ".join(_title(hint) for hint in hints)
