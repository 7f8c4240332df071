"""JSON from whoever has written it: read in bounded memory, and taken apart without trust."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from providers.decoding import decode
from store.errors import ProviderError

MAX_TEXT = 50_000  # characters of one text


class Signs(NamedTuple):
    """The most signs of each kind in a document: they cost memory, however few its bytes are."""

    objects: int
    lists: int
    commas: int


MAX_SIGNS = Signs(objects=30_000, lists=60_000, commas=150_000)
Fields = dict[str, Any]  # an object of a document; any key may be absent or of any type


def parse(body: bytes) -> Any:
    """Belongs on a thread. Raises ProviderError for what is no JSON, or holds too much."""
    if holds_more(body, MAX_SIGNS):
        raise ProviderError("The source's answer holds too much")
    try:
        text = decode(body)
        del body  # a large one need not stay beside its text
        return json.loads(text)
    except (ValueError, RecursionError):
        raise not_expected() from None


def holds_more(body: bytes, most: Signs) -> bool:
    """Whether a document has more of these signs, those in its texts included."""
    return any(body.count(sign) > count for sign, count in zip((b"{", b"[", b","), most))


def not_expected() -> ProviderError:
    return ProviderError(
        "The source's answer does not have the expected form",
        cause="no listing",
        fix="Check the address and the type of the source",
    )


def objects(fields: object, key: str) -> list[Fields]:
    """The objects in the list under `key`; all else in it is left out."""
    found = fields.get(key) if isinstance(fields, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text(fields: Fields, key: str) -> str:
    """The text under `key` as `clean` makes it; empty where there is none."""
    found = fields.get(key)
    return clean(found) if isinstance(found, str) else ""


def clean(text: str) -> str:
    """A text without blanks at its ends, cut where nobody would read on. Half a character (a lone
    surrogate), which can be neither stored nor sent, becomes a question mark."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode().strip()


def whole(fields: Fields, key: str) -> int | None:
    """The whole number under `key` that is not negative; some servers write it as a text."""
    found = fields.get(key)
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) < 20:
        found = int(found)
    return found if type(found) is int and found >= 0 else None
