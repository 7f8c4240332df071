"""JSON from whoever has written it: read in bounded memory, and taken apart without trust."""

from __future__ import annotations

import json
from typing import Any

from store.errors import ProviderError

# Of one document: each costs memory, however few bytes it has.
MAX_BRACKETS, MAX_COMMAS = 150_000, 500_000

Fields = dict[str, Any]  # an object of a document; any key may be absent or of any type


def parse(body: bytes) -> Any:
    """Belongs on a thread. Raises ProviderError for what is no JSON, or holds too much."""
    if body.count(b"{") + body.count(b"[") > MAX_BRACKETS or body.count(b",") > MAX_COMMAS:
        raise ProviderError("The source's answer holds too much")
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise not_expected() from None


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
    """A text without blanks at its ends. Half a character (a lone surrogate), which can be neither
    stored nor sent, becomes a question mark."""
    return text.encode("utf-8", "replace").decode().strip()


def whole(fields: Fields, key: str) -> int | None:
    """The whole number under `key` that is not negative; some servers write it as a text."""
    found = fields.get(key)
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) < 20:
        found = int(found)
    return found if type(found) is int and found >= 0 else None
