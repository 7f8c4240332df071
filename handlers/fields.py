"""One dataclass, two readers: `read` checks what a client sent against it, `schema` draws it for OpenAPI.

The vocabulary is closed: `str int float bool list[T] dict[str, T] Literal X|None Annotated[T, Rule(...)]`, dataclasses
(nested, generic), unions of dataclasses told apart by a Literal field, and `list[T] | Page[T]`. Anything else is a
TypeError when the application is built. Each type is compiled once into a `Shape`; a request only runs it.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re
import types
from functools import cache
from typing import Annotated, Any, Callable, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from aiohttp import web

from store.errors import BadRequest, Invalid

LARGEST = 2**53 - 1  # the largest whole number that every JSON reader keeps exact; sqlite holds it too


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
    for name, kind in _flat(type):
        texts = given.getall(name, ())
        if len(texts) > 1:
            raise Invalid(name, "is given more than once")
        if texts:
            found[name] = _untext(kind, texts[0])
    return read(type, found)


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
    body, answer = hints.get("body"), hints["return"]
    if type(None) in get_args(body):
        body = Union[tuple(arg for arg in get_args(body) if arg is not type(None))]
    silent = answer is type(None) or (isinstance(answer, type) and issubclass(answer, web.StreamResponse))
    try:
        for type_ in [hints[name] for name in places] + [body] * (body is not None) + [answer] * (not silent):
            check(type_)
        if any(shape(hints[name]).kind not in TEXTUAL for name in places):
            raise TypeError("a placeholder is text, a number or true/false")
        if "query" in hints:
            _flat(hints["query"])
    except TypeError as exc:
        raise TypeError(f"{where}: {exc}") from None
    return Signature(
        {name: hints[name] for name in parameters if name in places},
        hints.get("query"),
        body,
        "body" in parameters and parameters["body"].default is not inspect.Parameter.empty,
        None if answer is type(None) else answer,
    )


@cache
def shape(hint) -> Shape:
    """Compile a type. Every type of the vocabulary is one of these seven cases."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if origin is Annotated:
        return _ruled(shape(args[0]), args[1:], hint)
    if origin is Literal:
        return _literal(args)
    if origin is list:
        return _list(shape(args[0]))
    if origin is dict and args[0] is str:
        return _dict(shape(args[1]))
    if origin in (Union, types.UnionType):
        return _union(args)
    if dataclasses.is_dataclass(origin or hint):
        return _object(origin or hint, args, hint)
    raise TypeError(f"{hint!r} is not in the vocabulary of handlers/fields.py")


def _text(value, field):
    if type(value) is not str:
        raise Invalid(field or "body", "must be text")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Invalid(field or "body", HALF) from None
    return value


def _integer(value, field):
    if type(value) is not int:  # a bool is an int to Python, and to nobody else
        raise Invalid(field or "body", "must be a whole number")
    if abs(value) > LARGEST:
        raise Invalid(field or "body", "is too large a number")
    return value


def _number(value, field):
    if type(value) is int:
        return float(_integer(value, field))
    if type(value) is not float or not math.isfinite(value):
        raise Invalid(field or "body", "must be a number")
    return value


def _boolean(value, field):
    if type(value) is not bool:
        raise Invalid(field or "body", "must be true or false")
    return value


def _literal(choices):
    kinds = {type(choice) for choice in choices}
    if len(kinds) != 1 or not kinds <= {str, int, bool}:
        raise TypeError(f"Literal{list(choices)} mixes types; write `| None` for null")
    (kind,) = kinds
    names = ", ".join(json.dumps(choice).strip('"') for choice in choices)
    issue = f"must be one of {names}" if len(choices) > 1 else f"must be {names}"

    def read(value, field):
        if type(value) is not kind or value not in choices:
            raise Invalid(field or "body", issue)
        return value

    name = SCALARS[kind].kind
    return Shape(read, lambda components: {"type": name, "enum": list(choices)}, name)


def _list(item):
    def read(value, field):
        if type(value) is not list:
            raise Invalid(field or "body", "must be a list")
        return [item.read(entry, f"{field}[{place}]") for place, entry in enumerate(value)]

    return Shape(read, lambda components: {"type": "array", "items": item.draw(components)}, "array")


def _dict(item):
    def read(value, field):
        if type(value) is not dict:
            raise Invalid(field or "body", "must be an object")
        return {_text(key, field): item.read(entry, _join(field, key)) for key, entry in value.items()}

    return Shape(
        read, lambda components: {"type": "object", "additionalProperties": item.draw(components)}, "object"
    )


def _object(cls, args, hint):
    """A dataclass: closed, with the defaults of its fields; `args` fill the type variables of a generic one."""
    filling = dict(zip(getattr(cls, "__parameters__", ()), args))
    hints = get_type_hints(cls, include_extras=True)
    fields, forms = [field for field in dataclasses.fields(cls) if field.init], {}
    for field in fields:
        try:
            forms[field.name] = shape(_fill(hints[field.name], filling))
        except TypeError as exc:
            raise TypeError(f"{cls.__name__}.{field.name}: {exc}") from None
    required = [field.name for field in fields if _default(field) is dataclasses.MISSING]
    unknown = f"is not a field of this call; its fields here are: {', '.join(forms) or 'none'}"
    name, about = _title(hint), inspect.getdoc(cls) or ""

    def read(value, field):
        if type(value) is not dict:
            raise Invalid(field or "body", "must be an object")
        found = {}
        for key, entry in value.items():
            if key not in forms:
                raise Invalid(_join(field, key), unknown)
            found[key] = forms[key].read(entry, _join(field, key))
        for key in required:
            if key not in found:
                raise Invalid(_join(field, key), "is required")
        return cls(**found)

    def draw(components):
        properties = {field.name: forms[field.name].draw(components) for field in fields}
        for field in fields:
            if (default := _default(field)) is not dataclasses.MISSING and default is not None:
                properties[field.name]["default"] = dump(default)
        drawn = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        if not about.startswith(f"{cls.__name__}("):  # what dataclasses write themselves
            drawn["description"] = about
        if components.setdefault(name, drawn) != drawn:
            raise TypeError(f"Two different types are called {name}")
        return {"$ref": f"#/components/schemas/{name}"}

    return Shape(read, draw, "object")


def _union(members):
    """`X | None`, dataclasses with a tag, or a list beside dataclasses. Which member is meant is never guessed."""
    forms = {member: shape(member) for member in members if member is not type(None)}
    lists = [form for form in forms.values() if form.kind == "array"]
    objects = {member: form for member, form in forms.items() if form.kind == "object"}
    if len(forms) == 1:
        (inner,) = forms.values()
    elif len(lists) + len(objects) == len(forms) and len(lists) <= 1:
        inner = _tagged(objects) if len(objects) > 1 else next(iter(objects.values()))
        inner = _either(lists[0], inner) if lists else inner
    else:
        raise TypeError(f"{members!r} cannot be told apart; unions are `X | None` or tagged dataclasses")
    return _nullable(inner) if len(forms) < len(members) else inner


def _nullable(inner):
    def draw(components):
        drawn = inner.draw(components)
        if "type" not in drawn:
            return {"anyOf": [drawn, {"type": "null"}]}
        more = {"enum": drawn["enum"] + [None]} if "enum" in drawn else {}
        return drawn | {"type": [drawn["type"], "null"]} | more

    return Shape(lambda value, field: None if value is None else inner.read(value, field), draw, inner.kind)


def _either(many, one):
    return Shape(
        lambda value, field: (many if type(value) is list else one).read(value, field),
        lambda components: {"anyOf": [many.draw(components), one.draw(components)]},
        "",
    )


def _tagged(objects):
    """Dataclasses told apart by the first field that is, in each of them, a Literal of its own."""
    hints = [get_type_hints(get_origin(member) or member, include_extras=True) for member in objects]
    for tag in hints[0]:
        choices = [get_args(own[tag]) if get_origin(own.get(tag)) is Literal else () for own in hints]
        flat = [choice for own in choices for choice in own]
        if all(choices) and len(flat) == len(set(flat)) and all(type(choice) is str for choice in flat):
            break
    else:
        raise TypeError(f"{', '.join(map(_title, objects))} have no Literal field to tell them apart")
    forms = {choice: form for own, form in zip(choices, objects.values()) for choice in own}

    def read(value, field):
        if type(value) is not dict:
            raise Invalid(field or "body", "must be an object")
        choice = value.get(tag)
        if type(choice) is not str or choice not in forms:
            raise Invalid(_join(field, tag), f"must be one of {', '.join(forms)}")
        return forms[choice].read(value, field)

    def draw(components):
        references = {choice: form.draw(components) for choice, form in forms.items()}
        mapping = {choice: reference["$ref"] for choice, reference in references.items()}
        options = [{"$ref": target} for target in dict.fromkeys(mapping.values())]
        return {"oneOf": options, "discriminator": {"propertyName": tag, "mapping": mapping}}

    return Shape(read, draw, "object")


def _ruled(inner, rules, hint):
    for rule in rules:
        if type(rule) is not Rule:
            raise TypeError(f"{hint!r}: only a Rule may annotate a field")
        inner = _bound(inner, rule)
    return inner


def _bound(inner, rule):
    """A shape with a rule on top. Null, where the type allows it, passes."""
    if inner.kind not in BOUNDS and (rule.least is not None or rule.most is not None):
        raise TypeError(f"a bound needs text, a list, a dict or a number, not {inner.kind or 'a union'}")
    if inner.kind != "string" and rule.pattern is not None:
        raise TypeError("a pattern needs text")
    lowest, highest, unit, units = BOUNDS.get(inner.kind, ("", "", "", ""))
    size = len if unit else float
    pattern = re.compile(rule.pattern) if rule.pattern is not None else None
    sample = f"; an example: {rule.example}" if rule.example is not None else ""

    def read(value, field):
        value = inner.read(value, field)
        if value is None:
            return value
        issue = None
        if rule.least is not None and size(value) < rule.least:
            issue = f"must be at least {rule.least} {unit if rule.least == 1 else units}"
        elif rule.most is not None and size(value) > rule.most:
            issue = f"must be at most {rule.most} {unit if rule.most == 1 else units}"
        elif pattern is not None and not pattern.fullmatch(value):
            issue = f"has the wrong form{sample}"
        if issue:
            raise Invalid(field or "body", rule.issue or issue.strip())
        return value

    drawn = {
        lowest: rule.least,
        highest: rule.most,
        "pattern": f"^(?:{rule.pattern})$" if rule.pattern else None,
        "format": "password" if rule.secret else None,
        "examples": [rule.example] if rule.example is not None else None,
    }
    extra = {key: value for key, value in drawn.items() if value is not None}
    return Shape(read, lambda components: inner.draw(components) | extra, inner.kind)


@cache
def _flat(cls):
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


def _join(field, key):
    return f"{field}.{key}" if field else key


def _default(field):
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _fill(hint, filling):
    """Put types in place of the type variables in a hint."""
    if isinstance(hint, TypeVar):
        return filling.get(hint, hint)
    names = getattr(hint, "__parameters__", ())
    return hint[tuple(filling.get(name, name) for name in names)] if names and get_origin(hint) else hint


def _title(hint):
    """A component's name: `Page[Series]` is SeriesPage, `Page[list[Series]]` SeriesListPage."""
    name = (get_origin(hint) or hint).__name__
    return "".join(_title(arg) for arg in get_args(hint)) + name[:1].upper() + name[1:]


@cache
def _names(cls):
    return tuple(field.name for field in dataclasses.fields(cls))


HALF = "holds half a character (a lone surrogate)"
PLAIN = frozenset({str, int, float, bool, type(None)})
SCALARS = {
    str: Shape(_text, lambda components: {"type": "string"}, "string"),
    int: Shape(_integer, lambda components: {"type": "integer"}, "integer"),
    float: Shape(_number, lambda components: {"type": "number"}, "number"),
    bool: Shape(_boolean, lambda components: {"type": "boolean"}, "boolean"),
}
TEXTUAL = {"string": None, "integer": r"-?(0|[1-9][0-9]{0,15})", "number": r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?"}
TEXTUAL["boolean"] = "true|false"
BOUNDS = {
    "string": ("minLength", "maxLength", "character", "characters"),
    "array": ("minItems", "maxItems", "entry", "entries"),
    "object": ("minProperties", "maxProperties", "entry", "entries"),
    "integer": ("minimum", "maximum", "", ""),
    "number": ("minimum", "maximum", "", ""),
}
