"""The vocabulary: each type of it is compiled once, to a reader and a JSON Schema."""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
from collections.abc import Callable, Mapping
from functools import cache, reduce
from operator import or_
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from store.schema.json_text import dump
from store.schema.rules import apply_rule
from store.schema.scalars import (
    SCALARS,
    STRING,
    CompiledType,
    JsonSchema,
    Reader,
    compile_literal,
    refuse,
)
from store.secret import json_name

T = TypeVar("T")


@dataclasses.dataclass(repr=False)
class Update(Generic[T]):
    """The settings to change; what is left out or null stays as it is."""

    changes: dict[str, Any]  # field of T -> its new value, checked as T's own


@cache
def compile_type(hint: Any) -> CompiledType:
    """Compile a type: a scalar, or one of seven forms. Raises TypeError for any other type."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if origin is Annotated:
        return reduce(apply_rule, args[1:], compile_type(args[0]))
    if origin is Literal:
        return compile_literal(args)
    if origin is list:
        return _compile_list(compile_type(args[0]))
    if origin is dict and args[0] is str:
        return _compile_dict(compile_type(args[1]))
    if origin in (Union, types.UnionType):
        if types.NoneType in args:
            return _compile_optional(compile_type(without_none(hint)))
        return _compile_union([compile_type(arg) for arg in args])
    if origin is Update:
        return _compile_update(compile_type(args[0]))
    if dataclasses.is_dataclass(origin or hint):
        return _compile_dataclass(origin or hint, args)
    raise TypeError(f"{hint!r} is not in the vocabulary of store/schema")


def without_none(hint: Any) -> Any:
    """The type without its `| None`."""
    args = get_args(hint)
    if types.NoneType not in args:
        return hint
    return reduce(or_, [arg for arg in args if arg is not types.NoneType])


# -- lists, objects and dataclasses --------------------------------------------------------------


def _compile_list(entry: CompiledType) -> CompiledType:
    def read(value: Any, field: str) -> list[Any]:
        if type(value) is not list:
            refuse(field, "must be a list")
        return [entry.read(item, f"{field}[{index}]") for index, item in enumerate(value)]

    return CompiledType(
        read, "array", {"type": "array", "items": entry.json_schema}, entry.components
    )


def _compile_dict(entry: CompiledType) -> CompiledType:
    def read(value: Any, field: str) -> dict[str, Any]:
        return {
            STRING.read(key, field): entry.read(item, _path(field, key))
            for key, item in _require_object(value, field).items()
        }

    json_schema = {"type": "object", "additionalProperties": entry.json_schema}
    return CompiledType(read, "object", json_schema, entry.components)


def _compile_dataclass(cls: Any, args: tuple[Any, ...]) -> CompiledType:
    """A dataclass; unknown fields are refused. `args`: the types in a generic, `Page[Series]`."""
    hints = get_type_hints(cls, include_extras=True)
    init_fields = [field for field in dataclasses.fields(cls) if field.init]
    compiled = {
        json_name(field.name): compile_type(_with_arguments(hints[field.name], args))
        for field in init_fields
    }
    required = [
        json_name(field.name) for field in init_fields if _default(field) is dataclasses.MISSING
    ]
    json_schema: JsonSchema = {
        "type": "object",
        "properties": {
            name: compiled[name].json_schema | _drawn_default(field)
            for name, field in zip(compiled, init_fields)
        },
        "required": required,
        "additionalProperties": False,
    }
    made_text = cls.__doc__ == cls.__name__ or cls.__doc__.startswith(f"{cls.__name__}(")
    if not made_text:  # of `record` or of dataclasses
        json_schema["description"] = inspect.cleandoc(cls.__doc__)
    title = "".join(arg.__name__ for arg in args) + cls.__name__  # Page[Series]: SeriesPage
    nested = [component for field in compiled.values() for component in field.components]
    return CompiledType(
        _dataclass_reader(cls, compiled, required),
        "object",
        {"$ref": f"#/components/schemas/{title}"},
        ((title, json_schema), *nested),
        compiled,
    )


def _compile_update(whole: CompiledType) -> CompiledType:
    """Some fields of the dataclass `whole`, each of which may be null."""
    if not whole.fields:
        raise TypeError("Update is of a dataclass")
    fields = {name: _compile_optional(field) for name, field in whole.fields.items()}
    read_fields = _fields_reader(fields)

    def read(value: Any, field: str) -> Update[Any]:
        values = read_fields(value, field)
        return Update({name: value for name, value in values.items() if value is not None})

    (name, _), *nested = whole.components
    title = f"{name}Update"
    json_schema = {
        "type": "object",
        "properties": {name: field.json_schema for name, field in fields.items()},
        "required": [],
        "additionalProperties": False,
        "description": inspect.cleandoc(Update.__doc__ or ""),
    }
    reference = {"$ref": f"#/components/schemas/{title}"}
    return CompiledType(read, "object", reference, ((title, json_schema), *nested), fields)


def _fields_reader(fields: Mapping[str, CompiledType]) -> Callable[[Any, str], dict[str, Any]]:
    """A reader of an object that has no other fields; any of `fields` may be missing."""
    unknown = f"is not a field of this call; the fields here are: {', '.join(fields) or 'none'}"

    def read(value: Any, field: str) -> dict[str, Any]:
        values = {}
        for key, item in _require_object(value, field).items():
            if key not in fields:
                refuse(_path(field, key), unknown)
            values[key] = fields[key].read(item, _path(field, key))
        return values

    return read


def _dataclass_reader(cls: Any, fields: Mapping[str, CompiledType], required: list[str]) -> Reader:
    read_fields = _fields_reader(fields)

    def read(value: Any, field: str) -> Any:
        values = read_fields(value, field)
        for key in required:
            if key not in values:
                refuse(_path(field, key), "is required")
        if "from" in values:
            values["from_"] = values.pop("from")
        return cls(**values)

    return read


def _with_arguments(hint: Any, args: tuple[Any, ...]) -> Any:
    """The type of a field with `args` in place of its type variables."""
    # A list substitutes in whatever it holds, also in a type variable that stands alone.
    boxed: Any = types.GenericAlias(list, (hint,))
    return get_args(boxed[args] if boxed.__parameters__ else boxed)[0]


def _default(field: dataclasses.Field[Any]) -> Any:
    """The field's default value, or dataclasses.MISSING."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _drawn_default(field: dataclasses.Field[Any]) -> JsonSchema:
    default = _default(field)
    if default is dataclasses.MISSING or default is None:
        return {}
    return {"default": json.loads(dump(default))}


# -- None and unions -----------------------------------------------------------------------------


def _compile_optional(inner: CompiledType) -> CompiledType:
    def read(value: Any, field: str) -> Any:
        return None if value is None else inner.read(value, field)

    json_schema: JsonSchema
    if "type" in inner.json_schema:
        json_schema = inner.json_schema | {"type": [inner.json_type, "null"]}
        if "enum" in json_schema:
            json_schema["enum"] = [*json_schema["enum"], None]
    else:
        json_schema = {"anyOf": [inner.json_schema, {"type": "null"}]}
    return inner._replace(read=read, json_schema=json_schema)


def _compile_union(members: list[CompiledType]) -> CompiledType:
    if [member.json_type for member in members] in (["array", "object"], ["string", "array"]):
        return _compile_either(*members)
    return _compile_tagged_union(members)


def _compile_either(first: CompiledType, second: CompiledType) -> CompiledType:
    """A list or a dataclass; a text or a list."""
    python_type = {"array": list, "string": str}[first.json_type]

    def read(value: Any, field: str) -> Any:
        return (first if type(value) is python_type else second).read(value, field)

    json_schema = {"anyOf": [first.json_schema, second.json_schema]}
    return CompiledType(read, "", json_schema, first.components + second.components)


def _compile_tagged_union(members: list[CompiledType]) -> CompiledType:
    """Dataclasses told apart by the first field that is a Literal in each of them."""
    tag, member_of = _choices_by_tag(members)
    issue = f"must be one of {', '.join(member_of)}"

    def read(value: Any, field: str) -> Any:
        choice = _require_object(value, field).get(tag)
        if type(choice) is not str or choice not in member_of:
            refuse(_path(field, tag), issue)
        return member_of[choice].read(value, field)

    mapping = {choice: member.json_schema["$ref"] for choice, member in member_of.items()}
    json_schema = {
        "oneOf": [member.json_schema for member in members],
        "discriminator": {"propertyName": tag, "mapping": mapping},
    }
    components = [component for member in members for component in member.components]
    return CompiledType(read, "object", json_schema, tuple(components))


def _choices_by_tag(members: list[CompiledType]) -> tuple[str, dict[str, CompiledType]]:
    """Find the field that tells `members` apart: (its name, each of its values -> the member).

    Raises TypeError when there is none, or when two members have a value in common.
    """
    literals = [
        {
            name: field.json_schema["enum"]
            for name, field in member.fields.items()
            if "enum" in field.json_schema
        }
        for member in members
    ]
    tag = next((name for name in literals[0] if all(name in enums for enums in literals)), "")
    choices = [
        (choice, member)
        for member, enums in zip(members, literals)
        for choice in enums.get(tag, ())
    ]
    member_of = dict(choices)
    if not member_of or len(member_of) < len(choices):
        raise TypeError(
            "a union is `X | None`, a list or a dataclass, a text or a list, "
            "or dataclasses that a Literal tells apart"
        )
    return tag, member_of


def _require_object(value: Any, field: str) -> dict[str, Any]:
    if type(value) is not dict:
        refuse(field, "must be an object")
    return value


def _path(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key
