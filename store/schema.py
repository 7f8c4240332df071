"""One dataclass, two readers: `read` checks what a client sent against it, `draw` describes it for OpenAPI.

The vocabulary is closed: `str int float bool Secret list[T] dict[str, T] Literal X|None Annotated[T, Rule(...)]`,
dataclasses (nested; generic in one type), unions of dataclasses told apart by a Literal field, `Update[T]` of a
dataclass T, and `list[T] | Page[T]`. Anything else is a TypeError when the application is built, not when a user posts. Every refusal is an `Invalid` with a path such
as `episodes[0]` or `providers[1].url`; what concerns the whole body has the field `body`.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cache, reduce
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NoReturn,
    TypeVar,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from store.errors import BadRequest, Invalid
from store.secret import Secret, to_jsonable

T = TypeVar("T")

# The largest whole number that every JSON reader keeps exact; sqlite holds it too.
LARGEST = 2**53 - 1
HALF = re.compile("[\ud800-\udfff]")  # a JSON escape can smuggle half a character past UTF-8
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=to_jsonable).encode


@dataclass_transform(eq_default=False)
def record(cls: type[T]) -> type[T]:
    """A dataclass that a call takes or answers: a constructor and nothing else.

    Comparison, repr and freezing would cost the start half a millisecond a class, and nobody uses
    them.
    """
    return dataclasses.dataclass(cls, eq=False, repr=False)


@dataclasses.dataclass(frozen=True)
class Rule:
    """What `Annotated[T, Rule(...)]` adds to T.

    `least` and `most` bound the length of text and lists and the value of numbers, both inclusive; `pattern` has to
    match the whole text; `issue` replaces the message of a broken rule. `secret` only tells readers of the document
    that the field is a password.
    """

    least: float = -math.inf
    most: float = math.inf
    pattern: str | None = None
    issue: str | None = None
    example: str | None = None
    secret: bool = False


@dataclasses.dataclass(frozen=True)
class Update(Generic[T]):
    """The settings to change; what is left out or null stays as it is."""

    changes: dict[str, Any]  # field of T -> its new value, checked as T's own


class CompiledType(NamedTuple):
    """A type, compiled once."""

    read: Callable[[Any, str], Any]  # (value, field) -> value, or raises Invalid
    kind: str  # its JSON type, null aside; "" where there are several
    drawn: dict  # its JSON Schema; a dataclass's is a reference into `named`
    named: tuple = ()  # (name, JSON Schema) of the dataclasses in it
    parts: dict[str, CompiledType] = {}  # a dataclass's fields


def read(type, value, field=""):
    """Check a JSON value against a type and make the dataclass of it; Invalid names the first thing that is wrong."""
    return compile_type(type).read(value, field)


def parse(type, text: str, field: str):
    """Read one value that came as text: a placeholder of the path or a query parameter."""
    form = compile_type(type)
    return form.read(_untext(form.kind, text), field)


def query(type, given):
    """Read a multidict of query parameters. Unknown ones are ignored; one that is given twice is Invalid."""
    found = {}
    for name, form in compile_type(type).parts.items():
        if len(texts := given.getall(name, ())) > 1:
            _refuse(name, "is given more than once")
        found |= {name: _untext(form.kind, text) for text in texts}
    return read(type, found)


def draw(type, components: dict) -> dict:
    """Draw a type as JSON Schema (OpenAPI 3.1). Dataclasses are added to `components` by name and referred to."""
    for name, drawn in compile_type(type).named:
        if components.setdefault(name, drawn) != drawn:
            raise TypeError(f"Two different types are called {name}")
    return compile_type(type).drawn


def dump(value) -> str:
    """An answer as JSON: dataclasses become objects, tuples lists; None stays null. TypeError for strangers."""
    return _encode(value)


def loads(body: bytes):
    """Read JSON. What is no UTF-8 or no JSON is BadRequest; JSON that we refuse is Invalid (fault row I2).

    Numbers that are not finite and halves of characters are `read`'s to refuse: it knows in which field they are.
    """
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique)
    except (UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise BadRequest(f"The body is not JSON in UTF-8: {exc}") from None
    except (RecursionError, ValueError):  # int() has a limit of its own, 4,300 digits
        raise Invalid(
            "body", "is nested too deeply or holds a number with too many digits"
        ) from None


def present(hint):
    """The hint without its `| None`."""
    return (
        Union[tuple(arg for arg in get_args(hint) if arg is not NoneType)]
        if NoneType in get_args(hint)
        else hint
    )


@cache
def compile_type(hint) -> CompiledType:
    """Compile a type. Every type of the vocabulary is one of these eight cases; TypeError for any other."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if origin is Annotated:
        return reduce(_ruled, args[1:], compile_type(args[0]))
    if origin is Literal:
        return _literal(args)
    if origin is list:
        return _list(compile_type(args[0]))
    if origin is dict and args[0] is str:
        return _dict(compile_type(args[1]))
    if origin in (Union, UnionType):
        return (
            _nullable(compile_type(present(hint)))
            if NoneType in args
            else _union([compile_type(arg) for arg in args])
        )
    if origin is Update:
        return _update(compile_type(args[0]))
    if dataclasses.is_dataclass(origin or hint):
        return _object(origin or hint, args)
    raise TypeError(f"{hint!r} is not in the vocabulary of {__name__}")


def _plain(type_, issue, fault="", faulty=lambda value: False, **drawn):
    def read(value, field):
        if faulty(_exact(type_, issue, value, field)):
            _refuse(field, fault)
        return value

    return CompiledType(read, drawn["type"], drawn)


def _number(value, field):
    return _FLOAT.read(float(_INT.read(value, field)) if type(value) is int else value, field)


_STR = _plain(
    str, "must be text", "holds half a character (a lone surrogate)", HALF.search, type="string"
)
_INT = _plain(
    int,
    "must be a whole number",
    "is too large a number",
    lambda n: abs(n) > LARGEST,
    type="integer",
)
_FLOAT = _plain(
    float, "must be a number", "must be a number", lambda n: not math.isfinite(n), type="number"
)
_BOOL = _plain(bool, "must be true or false", type="boolean")
_SECRET = CompiledType(
    lambda value, field: Secret(_STR.read(value, field)),
    "string",
    {"type": "string", "format": "password"},
)
SCALARS = {
    str: _STR,
    int: _INT,
    float: _FLOAT._replace(read=_number),
    bool: _BOOL,
    Secret: _SECRET,
}
TEXTUAL = frozenset(form.kind for form in SCALARS.values())  # what may come as text


def _literal(choices):
    kind = type(choices[0])
    if kind not in SCALARS or any(type(choice) is not kind for choice in choices):
        raise TypeError(
            f"Literal{list(choices)}: its values are all text, all whole numbers or all true/false"
        )
    words = ", ".join(json.dumps(choice).strip('"') for choice in choices)
    issue = f"must be one of {words}" if len(choices) > 1 else f"must be {words}"
    return _plain(
        kind,
        issue,
        issue,
        lambda value: value not in choices,
        type=SCALARS[kind].kind,
        enum=[*choices],
    )


def _list(entry):
    def read(value, field):
        items = _exact(list, "must be a list", value, field)
        return [entry.read(item, f"{field}[{place}]") for place, item in enumerate(items)]

    return CompiledType(read, "array", {"type": "array", "items": entry.drawn}, entry.named)


def _dict(entry):
    def read(value, field):
        return {
            _STR.read(key, field): entry.read(item, _join(field, key))
            for key, item in _items(value, field)
        }

    return CompiledType(
        read, "object", {"type": "object", "additionalProperties": entry.drawn}, entry.named
    )


def _object(cls, args):
    """A dataclass, closed, with the defaults of its fields. A generic one comes with its type: `Page[Series]`."""
    title = "".join(arg.__name__ for arg in args) + cls.__name__  # SeriesPage
    hints = get_type_hints(cls, include_extras=True)
    fields = [field for field in dataclasses.fields(cls) if field.init]
    required = [
        field.name
        for field in fields
        if field.default is field.default_factory is dataclasses.MISSING
    ]
    forms, properties = {}, {}
    for field in fields:
        boxed = list[
            hints[field.name]
        ]  # a list puts a type in place of the type variable in whatever it holds
        form = forms[field.name] = compile_type(
            get_args(boxed[args] if boxed.__parameters__ else boxed)[0]
        )
        default = (
            field.default
            if field.default_factory is dataclasses.MISSING
            else field.default_factory()
        )
        told = (
            {} if default in (dataclasses.MISSING, None) else {"default": json.loads(dump(default))}
        )
        properties[field.name] = form.drawn | told
    read_fields = _fields_reader(forms)

    def read(value, field):
        found = read_fields(value, field)
        for key in required:
            if key not in found:
                _refuse(_join(field, key), "is required")
        return cls(**found)

    drawn = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    if not cls.__doc__.startswith(f"{cls.__name__}("):  # what dataclasses write themselves
        drawn["description"] = inspect.cleandoc(cls.__doc__)
    reference = {"$ref": f"#/components/schemas/{title}"}
    return CompiledType(
        read,
        "object",
        reference,
        sum((form.named for form in forms.values()), ((title, drawn),)),
        forms,
    )


def _fields_reader(forms):
    """A reader of an object that has no other fields than `forms`; any of them may be missing."""
    unknown = f"is not a field of this call; the fields here are: {', '.join(forms) or 'none'}"

    def read(value, field):
        found = {}
        for key, item in _items(value, field):
            if key not in forms:
                _refuse(_join(field, key), unknown)
            found[key] = forms[key].read(item, _join(field, key))
        return found

    return read


def _update(whole):
    """Some fields of the dataclass `whole`, each of which may be null."""
    if not whole.parts:
        raise TypeError("Update is of a dataclass")
    forms = {name: _nullable(part) for name, part in whole.parts.items()}
    read_fields = _fields_reader(forms)

    def read(value, field):
        found = read_fields(value, field)
        return Update({name: item for name, item in found.items() if item is not None})

    (name, _), *named = whole.named
    title = f"{name}Update"
    drawn = {
        "type": "object",
        "properties": {name: part.drawn for name, part in forms.items()},
        "required": [],
        "additionalProperties": False,
        "description": inspect.cleandoc(Update.__doc__),
    }
    reference = {"$ref": f"#/components/schemas/{title}"}
    return CompiledType(read, "object", reference, ((title, drawn), *named), forms)


def _nullable(inner):
    drawn = {"anyOf": [inner.drawn, {"type": "null"}]}
    if "type" in inner.drawn:
        choices = {"enum": [*inner.drawn["enum"], None]} if "enum" in inner.drawn else {}
        drawn = inner.drawn | choices | {"type": [inner.kind, "null"]}
    return inner._replace(
        read=lambda value, field: None if value is None else inner.read(value, field), drawn=drawn
    )


def _union(forms):
    """A list or a dataclass, or dataclasses told apart by the first field that is a Literal in each of them."""
    named = sum((form.named for form in forms), ())
    if [form.kind for form in forms] == ["array", "object"]:
        many, one = forms
        drawn = {"anyOf": [many.drawn, one.drawn]}
        return CompiledType(
            lambda *given: (many if type(given[0]) is list else one).read(*given), "", drawn, named
        )
    enums = [
        {name: part.drawn["enum"] for name, part in form.parts.items() if "enum" in part.drawn}
        for form in forms
    ]
    tag = next((name for name in enums[0] if all(name in own for own in enums)), None)
    claims = [(choice, form) for form, own in zip(forms, enums) for choice in own.get(tag, ())]
    cases = dict(claims)
    if not cases or len(cases) < len(claims):
        raise TypeError(
            "a union is `X | None`, a list or a dataclass, or dataclasses that a Literal tells apart"
        )
    issue = f"must be one of {', '.join(cases)}"

    def read(value, field):
        choice = dict(_items(value, field)).get(tag)
        if type(choice) is not str or choice not in cases:
            _refuse(_join(field, tag), issue)
        return cases[choice].read(value, field)

    mapping = {choice: form.drawn["$ref"] for choice, form in cases.items()}
    drawn = {
        "oneOf": [form.drawn for form in forms],
        "discriminator": {"propertyName": tag, "mapping": mapping},
    }
    return CompiledType(read, "object", drawn, named)


BOUNDS = {  # JSON type -> the end of its keywords in a schema, how it is measured, and how a broken bound is told
    "string": ("Length", len, "must be at", "character", "characters"),
    "array": ("Items", len, "must have at", "entry", "entries"),
    "integer": ("imum", float, "must be at", "", ""),
    "number": ("imum", float, "must be at", "", ""),
}


def _ruled(inner, rule):
    """A shape with a rule on top. Null, where the type allows it, passes."""
    if (
        type(rule) is not Rule
        or inner.kind not in BOUNDS
        or (rule.pattern and inner.kind != "string")
    ):
        raise TypeError(f"{rule!r} is no Rule that fits its type")
    end, measure, must, one, many = BOUNDS[inner.kind]
    fits = re.compile(rule.pattern or "").fullmatch
    wrong = "has the wrong form" + (f"; an example: {rule.example}" if rule.example else "")

    def read(value, field):
        if (value := inner.read(value, field)) is None:
            return None
        if not rule.least <= (size := measure(value)) <= rule.most:
            word, bound = ("least", rule.least) if size < rule.least else ("most", rule.most)
            _refuse(
                field, rule.issue or f"{must} {word} {bound} {one if bound == 1 else many}".rstrip()
            )
        if rule.pattern and not fits(value):
            _refuse(field, rule.issue or wrong)
        return value

    drawn = {
        f"min{end}": rule.least,
        f"max{end}": rule.most,
        "pattern": rule.pattern and f"^(?:{rule.pattern})$",
    }
    drawn |= {
        "format": "password" if rule.secret else None,
        "examples": rule.example and [rule.example],
    }
    drawn = {key: value for key, value in drawn.items() if value not in (None, -math.inf, math.inf)}
    return inner._replace(read=read, drawn=inner.drawn | drawn)


def _untext(kind, text):
    """The JSON value that a text stands for; what stands for none stays text, and `read` says what is wrong."""
    plain = kind != "string" and re.fullmatch(
        r"true|false|-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?", text
    )
    return json.loads(text) if plain else text


def _unique(pairs):
    if twice := [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]:
        raise Invalid(twice[0], "is given more than once")
    return dict(pairs)


def _exact(type_, issue, value, field):
    if type(value) is not type_:  # a bool is an int to Python, and to nobody else
        _refuse(field, issue)
    return value


def _items(value, field):
    return _exact(dict, "must be an object", value, field).items()


def _join(field, key):
    return f"{field}.{key}" if field else key


def _refuse(field, issue) -> NoReturn:
    raise Invalid(field or "body", issue)
