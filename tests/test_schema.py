"""What the vocabulary reads, what it refuses and with which words, and how it draws itself."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from aiohttp import web
from multidict import MultiDict
from openapi_schema_validator import OAS31Validator

from handlers.signature import signature
from store import atomic, schema, sources
from store.errors import BadRequest, Invalid
from store.schema import Rule, Update
from store.secret import MASK, Secret
from tests.rows import each_row

T = TypeVar("T")
Code = Annotated[str, Rule(pattern=r"S\d{2}E\d{2}", example="S01E01")]
HALF = "\ud800"


@dataclass(frozen=True)
class Add:
    """Episodes to fetch."""

    anime_id: Annotated[str, Rule(pattern="[a-z0-9-]+_[a-z0-9-]+", issue="Invalid anime ID format")]
    episodes: Annotated[list[Code], Rule(least=1, most=3)]
    priority: Literal["high", "normal", "low"] = "normal"
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Provider:
    url: str
    retries: Annotated[int, Rule(least=0, most=5)] = 2


@dataclass(frozen=True)
class Change:
    """A partial update: None leaves alone."""

    hours: Annotated[int | None, Rule(least=1, most=720)] = None
    level: Literal["debug", "info"] | None = None
    providers: list[Provider] | None = None
    speed: float | None = None
    headers: dict[str, str] | None = None
    auto: bool | None = None
    password: Annotated[str | None, Rule(least=8, most=1024, secret=True)] = None


@dataclass(frozen=True)
class Page(Generic[T]):
    data: list[T]
    total: int
    last: T | None = None


@dataclass(frozen=True)
class Started:
    type: Literal["started", "resumed"]
    title: str


@dataclass(frozen=True)
class Failed:
    type: Literal["failed"]
    code: str


@dataclass(frozen=True)
class Search:
    q: Annotated[str, Rule(least=1)]
    limit: Annotated[int, Rule(least=1, most=100)] = 20
    ratio: float = 1.0
    all: bool = False
    order: Literal["asc", "desc"] | None = None


GOOD = {"anime_id": "aniworld_123", "episodes": ["S01E01"]}


@each_row(
    "type, value, expected",
    [
        (Add, GOOD, Add("aniworld_123", ["S01E01"])),
        (
            Add,
            GOOD | {"priority": "high", "tags": ["ä"]},
            Add("aniworld_123", ["S01E01"], "high", ["ä"]),
        ),
        (Change, {}, Change()),
        (Change, {"hours": None, "level": None, "auto": False}, Change(auto=False)),
        (
            Change,
            {"hours": 24, "speed": 2, "headers": {"X-A": "1"}},
            Change(24, speed=2.0, headers={"X-A": "1"}),
        ),
        (Change, {"providers": [{"url": "u"}]}, Change(providers=[Provider("u")])),
        (Page[Provider], {"data": [{"url": "u"}], "total": 1}, Page([Provider("u")], 1)),
        (Page[int], {"data": [1], "total": 1, "last": 1}, Page([1], 1, 1)),
        (list[Provider] | Page[Provider], [{"url": "u"}], [Provider("u")]),
        (list[Provider] | Page[Provider], {"data": [], "total": 0}, Page([], 0)),
        (Started | Failed, {"type": "resumed", "title": "t"}, Started("resumed", "t")),
        (Started | Failed, {"type": "failed", "code": "c"}, Failed("failed", "c")),
        (Started | Failed | None, None, None),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
        (Literal[1, 2], 2, 2),
        (Literal[True], True, True),
        (int, 2**53 - 1, 2**53 - 1),
        (str, "😀", "😀"),
    ],
)
def test_a_value_of_the_type_is_read(type, value, expected):
    assert schema.read(type, value) == expected


@each_row(
    "type, value, where, issue",
    [
        (Add, [], "body", "must be an object"),
        (Add, None, "body", "must be an object"),
        (Add, {}, "anime_id", "is required"),
        (Add, GOOD | {"anime_id": "nope"}, "anime_id", "Invalid anime ID format"),
        (Add, GOOD | {"anime_id": "a_b\n"}, "anime_id", "Invalid anime ID format"),
        (Add, GOOD | {"anime_id": 7}, "anime_id", "must be text"),
        (
            Add,
            GOOD | {"anime_id": "a_b" + HALF},
            "anime_id",
            "holds half a character (a lone surrogate)",
        ),
        (Add, GOOD | {"episodes": "S01E01"}, "episodes", "must be a list"),
        (Add, GOOD | {"episodes": []}, "episodes", "must have at least 1 entry"),
        (Add, GOOD | {"episodes": ["S01E01"] * 4}, "episodes", "must have at most 3 entries"),
        (
            Add,
            GOOD | {"episodes": ["S01E01", "x"]},
            "episodes[1]",
            "has the wrong form; an example: S01E01",
        ),
        (Add, GOOD | {"priority": "urgent"}, "priority", "must be one of high, normal, low"),
        (Add, GOOD | {"priority": ["low"]}, "priority", "must be one of high, normal, low"),
        (Add, GOOD | {"priority": None}, "priority", "must be one of high, normal, low"),
        (
            Provider,
            {"uri": "x"},
            "uri",
            "is not a field of this call; the fields here are: url, retries",
        ),
        (Change, {"hours": 0}, "hours", "must be at least 1"),
        (Change, {"hours": 721}, "hours", "must be at most 720"),
        (Change, {"hours": True}, "hours", "must be a whole number"),
        (Change, {"hours": 1.0}, "hours", "must be a whole number"),
        (Change, {"hours": "24"}, "hours", "must be a whole number"),
        (Change, {"speed": True}, "speed", "must be a number"),
        (Change, {"speed": float("nan")}, "speed", "must be a number"),
        (Change, {"speed": float("-inf")}, "speed", "must be a number"),
        (Change, {"speed": 10**400}, "speed", "is too large a number"),
        (Change, {"auto": 1}, "auto", "must be true or false"),
        (Change, {"password": "1234567"}, "password", "must be at least 8 characters"),
        (Change, {"providers": [{"url": "u"}, {"url": 1}]}, "providers[1].url", "must be text"),
        (
            Change,
            {"providers": [{"url": "u", "retries": 9}]},
            "providers[0].retries",
            "must be at most 5",
        ),
        (Change, {"headers": {"a": None}}, "headers.a", "must be text"),
        (Change, {"headers": {HALF: "a"}}, "headers", "holds half a character (a lone surrogate)"),
        (Change, {"headers": []}, "headers", "must be an object"),
        (Started | Failed, {"type": "x"}, "type", "must be one of started, resumed, failed"),
        (Started | Failed, {"type": ["failed"]}, "type", "must be one of started, resumed, failed"),
        (Started | Failed, {}, "type", "must be one of started, resumed, failed"),
        (Started | Failed, "started", "body", "must be an object"),
        (Started | Failed, {"type": "failed", "title": "t"}, "title", None),
        (Literal[1], True, "body", "must be 1"),
        (Literal[True], 1, "body", "must be true"),
        (int, 2**53, "body", "is too large a number"),
    ],
)
def test_a_value_of_another_form_is_refused_with_its_place(type, value, where, issue):
    with pytest.raises(Invalid) as caught:
        schema.read(type, value)
    assert caught.value.details["field"] == where
    assert issue is None or caught.value.details["issue"] == issue


@dataclass
class Loose:
    anything: Any


@dataclass
class Knot:
    inside: Knot | None = None


@dataclass
class Hidden:
    deep: list[dict[str, object]]


@each_row(
    "type",
    [
        Any,
        object,
        bytes,
        list,
        dict,
        dict[int, str],
        tuple[int, ...],
        set[str],
        str | int,
        int | float,
        Loose,
        Hidden,
        Page,
        T,
        Started | Provider,
        list[int] | list[str],
        list[int] | str,
        Literal["a", 1],
        Literal["a", None],
        Literal[b"a"],
        Annotated[str, "note"],
        Annotated[bool, Rule(least=1)],
        Annotated[int, Rule(pattern="x")],
        type(None),
        None,
        web.Response,
        Annotated[str, {}],
    ],
)
def test_a_type_outside_the_vocabulary_is_refused(type):
    with pytest.raises(TypeError):
        schema.compile_type(type)


def test_no_type_contains_itself():
    with pytest.raises(RecursionError):
        schema.compile_type(Knot)


def test_the_refusal_names_the_strange_type():
    with pytest.raises(TypeError, match="object.* is not in the vocabulary"):
        schema.compile_type(Hidden)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("q=a", Search("a")),
        ("q=1", Search("1")),
        ("q=true&limit=5&ratio=0.5&all=true&order=desc", Search("true", 5, 0.5, True, "desc")),
        ("q=a&ratio=2&more=1&more=2", Search("a", ratio=2.0)),
    ],
)
def test_a_query_is_read_by_its_types(text, expected):
    assert (
        schema.read_query(Search, MultiDict(pair.split("=") for pair in text.split("&")))
        == expected
    )


@each_row(
    "text, where, issue",
    [
        ("limit=1", "q", "is required"),
        ("q=", "q", "must be at least 1 character"),
        ("q=a&q=b", "q", "is given more than once"),
        ("q=a&limit=", "limit", "must be a whole number"),
        ("q=a&limit=1.5", "limit", "must be a whole number"),
        ("q=a&limit=x", "limit", "must be a whole number"),
        ("q=a&limit=1_0", "limit", "must be a whole number"),
        ("q=a&limit=١", "limit", "must be a whole number"),
        ("q=a&limit= 1", "limit", "must be a whole number"),
        ("q=a&limit=0", "limit", "must be at least 1"),
        ("q=a&limit=" + "9" * 5000, "limit", "must be a whole number"),
        ("q=a&ratio=nan", "ratio", "must be a number"),
        ("q=a&ratio=1e999", "ratio", "must be a number"),
        ("q=a&all=yes", "all", "must be true or false"),
        ("q=a&order=name;drop", "order", "must be one of asc, desc"),
    ],
)
def test_a_query_of_another_form_is_refused(text, where, issue):
    with pytest.raises(Invalid) as caught:
        schema.read_query(Search, MultiDict(pair.split("=") for pair in text.split("&")))
    assert caught.value.details == {"field": where, "issue": issue}


@each_row(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        b"\xff",
        b'{"a": "\xed\xa0\x80"}',
        b"{} {}",
        b'"\n"',
        b"01",
        b"undefined",
    ],
)
def test_a_body_that_is_no_json_is_refused(body):
    with pytest.raises(BadRequest):
        schema.loads(body)


@pytest.mark.parametrize(
    "body, where",
    [
        (b"[" * 100_000 + b"]" * 100_000, "body"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "body"),
        (b"9" * 5000, "body"),
        (b'{"a": 1, "b": 2, "a": 1}', "a"),
        (b'{"x": {"b": 1, "b": 1}}', "b"),
    ],
)
def test_refused_json_is_told_with_its_place(body, where):
    with pytest.raises(Invalid) as caught:
        schema.loads(body)
    assert caught.value.details["field"] == where


@each_row("kind", [int, float, str, bool, Literal["a"], list[int], Change])
@each_row(
    "item",
    [
        b"NaN",
        b"-Infinity",
        b"1e999",
        b'"\\ud800"',
        b'{"\\uDFFF": 1}',
        b'{"hours": NaN}',
        b'["\\udc00"]',
        b"[1e999]",
    ],
)
def test_what_loads_lets_pass_is_refused_by_every_type(kind, item):
    for hint, body, where in (
        (list[kind], b"[%s]", "[0]"),
        (dict[str, kind | None], b'{"n": %s}', "n"),
    ):
        with pytest.raises(Invalid) as caught:
            schema.read(hint, schema.loads(body % item))
        assert caught.value.details["field"].startswith(where)


def test_half_a_key_is_refused():
    with pytest.raises(Invalid) as caught:
        schema.read(dict[str, int], schema.loads(b'{"\\uDFFF": 1}'))
    assert caught.value.details["field"] == "body"


def test_json_is_read():
    text = '{"a": ["\\ud83d\\ude00", "😀", 1.5, -2, true, null], "\\\\ud800": {}}'
    assert schema.loads(text.encode()) == json.loads(text)


def test_an_answer_is_written_as_json():
    answer = Page([Change(speed=1.5, providers=[Provider("u")])], 1)
    assert json.loads(schema.dump(answer)) == {
        "data": [
            {
                "hours": None,
                "level": None,
                "providers": [{"url": "u", "retries": 2}],
                "speed": 1.5,
                "headers": None,
                "auto": None,
                "password": None,
            }
        ],
        "total": 1,
        "last": None,
    }
    assert schema.dump((1, (2,), None)) == "[1, [2], null]"
    assert schema.read(Page[Change], schema.loads(schema.dump(answer).encode())) == answer
    with pytest.raises(TypeError):
        schema.dump({"when": object()})


@dataclass(frozen=True)
class Window:
    from_: str
    to: str = "07:00"


def test_a_field_called_from():
    """Python takes the word for itself; JSON and the document have it."""
    window = schema.read(Window, {"from": "01:00"})
    assert window == Window("01:00")
    assert schema.dump([window]) == '[{"from": "01:00", "to": "07:00"}]'
    components = {}
    schema.draw(Window, components)
    assert [*components["Window"]["properties"]] == ["from", "to"]
    assert components["Window"]["required"] == ["from"]
    for value, where in (({}, "from"), ({"from_": "01:00"}, "from_"), ({"from": 1}, "from")):
        with pytest.raises(Invalid) as caught:
            schema.read(Window, value)
        assert caught.value.details["field"] == where
    query = MultiDict({"from": "02:00"})
    assert schema.read_query(Window, query) == Window("02:00")


def test_each_type_draws_its_schema():
    components: dict = {}
    assert schema.draw(list[Add] | Page[Add], components) == {
        "anyOf": [
            {"type": "array", "items": {"$ref": "#/components/schemas/Add"}},
            {"$ref": "#/components/schemas/AddPage"},
        ]
    }
    assert components["Add"] == {
        "type": "object",
        "description": "Episodes to fetch.",
        "properties": {
            "anime_id": {"type": "string", "pattern": "^(?:[a-z0-9-]+_[a-z0-9-]+)$"},
            "episodes": {
                "type": "array",
                "items": {
                    "type": "string",
                    "pattern": r"^(?:S\d{2}E\d{2})$",
                    "examples": ["S01E01"],
                },
                "minItems": 1,
                "maxItems": 3,
            },
            "priority": {"type": "string", "enum": ["high", "normal", "low"], "default": "normal"},
            "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        },
        "required": ["anime_id", "episodes"],
        "additionalProperties": False,
    }
    assert components["AddPage"]["properties"]["last"] == {
        "anyOf": [{"$ref": "#/components/schemas/Add"}, {"type": "null"}]
    }
    schema.draw(Change, components)
    assert components["Change"]["properties"]["hours"] == {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 720,
    }
    assert components["Change"]["properties"]["level"] == {
        "type": ["string", "null"],
        "enum": ["debug", "info", None],
    }
    assert components["Change"]["properties"]["password"]["format"] == "password"
    assert components["Change"]["required"] == []


def test_two_types_of_one_name_are_refused():
    components = {"Add": {"type": "string"}}
    with pytest.raises(TypeError, match="called Add"):
        schema.draw(Add, components)


@each_row(
    "type, value",
    [
        (Add, GOOD),
        (Add, {}),
        (Add, GOOD | {"episodes": []}),
        (Add, GOOD | {"episodes": ["x"]}),
        (Add, GOOD | {"extra": 1}),
        (Change, {"hours": 0}),
        (Change, {"hours": None, "level": None, "headers": {"a": "b"}}),
        (Change, {"level": "loud"}),
        (Change, {"headers": {"a": 1}}),
        (Change, {"auto": 1}),
        (Started | Failed, {"type": "resumed", "title": "t"}),
        (Started | Failed, {"type": "failed", "title": "t"}),
        (Started | Failed | None, None),
        (list[int] | Page[int], [1]),
        (list[int] | Page[int], {"data": [1]}),
    ],
)
def test_both_readers_agree(type, value):
    """A JSON Schema validator takes exactly what `read` takes."""
    components: dict = {}
    drawn = schema.draw(type, components) | {"components": {"schemas": components}}
    try:
        schema.read(type, value)
        taken = True
    except Invalid:
        taken = False
    assert OAS31Validator(drawn).is_valid(value) == taken


async def fetch(
    request: web.Request, anime_id: Code, body: Add | None = None, query: Search = None
) -> Page[Add]: ...


async def nothing(request: web.Request, number: int, body: Provider) -> None: ...


async def stream(request) -> web.StreamResponse: ...


async def silent(request, anime_id) -> None: ...


async def openended(request, body: Add): ...


async def strange(request, body: object) -> None: ...


async def spread(request, ids: list[str]) -> None: ...


async def nested(request, query: Add) -> None: ...


def test_a_signature_is_read_from_the_annotations():
    assert signature(fetch, "/a/{anime_id}") == ({"anime_id": Code}, Search, Add, True, Page[Add])
    assert signature(nothing, r"/a/{number:\d{1,3}}") == (
        {"number": int},
        None,
        Provider,
        False,
        None,
    )
    assert signature(stream, "/") == ({}, None, None, False, None)


@pytest.mark.parametrize(
    "call, path",
    [
        (fetch, "/a"),
        (fetch, "/a/{anime_id}/{more}"),
        (silent, "/{anime_id}"),
        (openended, "/"),
        (strange, "/"),
        (spread, "/{ids}"),
        (nested, "/"),
    ],
)
def test_a_call_that_does_not_fit_its_path_is_refused(call, path):
    with pytest.raises(TypeError, match=call.__name__):
        signature(call, path)


def test_a_text_of_an_address_is_read_by_its_type():
    assert schema.parse_text(int, "12", "n") == 12
    assert schema.parse_text(Code, "S01E01", "code") == "S01E01"
    with pytest.raises(Invalid) as caught:
        schema.parse_text(int, "x", "n")
    assert caught.value.details == {"field": "n", "issue": "must be a whole number"}


def test_a_long_list_is_read_quickly():
    value = {"data": [GOOD] * 500, "total": 500}
    schema.read(Page[Add], value)
    seconds = []
    for _ in range(5):
        began = time.thread_time()
        schema.read(Page[Add], value)
        seconds.append(time.thread_time() - began)
    # A few milliseconds; a type compiled anew for each entry takes far more.
    assert min(seconds) < 0.1


# -- secrets, and updates of some fields -----------------------------------------------------------


NO_SECRET = Secret()


@dataclass(frozen=True)
class Account:
    """Where to log in."""

    name: Annotated[str, Rule(most=10)]
    token: Annotated[Secret, Rule(most=20)] = NO_SECRET
    tries: int = 3


def test_a_secret_is_masked_wherever_it_appears():
    account = schema.read(Account, {"name": "nas", "token": "hush-hush"})
    assert account.token.reveal() == "hush-hush"
    shown = [
        f"{account} {account!r} {account.token} {account.token!r}",
        schema.dump(account),
        schema.dump({"deep": [account]}),
        atomic.to_json(asdict(account)).decode(),
    ]
    assert all(MASK in text and "hush" not in text for text in shown)
    with pytest.raises(TypeError):
        vars(account.token)
    assert schema.dump(Account("nas")) == '{"name": "nas", "token": "", "tries": 3}'


def test_secrets_compare_by_their_text():
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret()}) == 2
    assert Secret("a") != "a"
    assert Secret(MASK).is_mask and not Secret("a").is_mask
    assert Secret("a") and not Secret()


@pytest.mark.parametrize("token", [None, 1, HALF, "x" * 21, ["a"]])
def test_a_secret_of_the_wrong_form_is_not_told(token):
    with pytest.raises(Invalid) as refusal:
        schema.read(Account, {"name": "nas", "token": token})
    assert refusal.value.details["field"] == "token"
    assert "x" * 21 not in str(refusal.value.details)


def test_a_secret_is_drawn_as_a_password():
    components = {}
    schema.draw(Account, components)
    assert components["Account"]["properties"]["token"] == {
        "type": "string",
        "format": "password",
        "maxLength": 20,
        "default": "",
    }


def test_an_update_holds_the_fields_that_are_named():
    found = schema.read(Update[Account], {"name": "nas", "tries": None})
    assert found.changes == {"name": "nas"}
    assert schema.read(Update[Account], {}).changes == {}
    for wrong, where in (({"name": "x" * 11}, "name"), ({"more": 1}, "more"), ([], "body")):
        with pytest.raises(Invalid) as refusal:
            schema.read(Update[Account], wrong)
        assert refusal.value.details["field"] == where
    with pytest.raises(TypeError):
        schema.compile_type(Update[int])


def test_an_update_is_drawn_with_all_fields_nullable():
    components = {}
    assert schema.draw(Update[Account], components) == {
        "$ref": "#/components/schemas/AccountUpdate"
    }
    drawn = components["AccountUpdate"]
    assert drawn["required"] == [] and drawn["properties"]["name"] == {
        "type": ["string", "null"],
        "maxLength": 10,
    }
    OAS31Validator(drawn).validate({"name": None, "tries": 4})


BAD_ADDRESSES = [
    "http://[",
    "http://[1:2]",
    "http://[::zz]/",
    "http://a]b/",
    "http://:80/",
    "http://ａ／b",
]


@each_row("address", [*BAD_ADDRESSES, "http://a\u2100b/"])
@each_row("kind", [sources.Address, sources.FeedAddress])
def test_an_address_that_cannot_be_taken_apart(kind, address):
    with pytest.raises(Invalid) as refusal:
        schema.parse_text(kind, address, "url")
    assert refusal.value.details["issue"].startswith("must be an http:// or https:// address")


@pytest.mark.parametrize("address", ["http://[::1]:80/", "http://nas", "https://größe.example/a/"])
def test_addresses_with_a_host(address):
    assert schema.parse_text(sources.Address, address, "url") == address
