"""JSON text to values and back."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from store.errors import BadRequest, Invalid
from store.secret import to_jsonable

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=to_jsonable).encode


def dump(value: object) -> str:
    """Write an answer as JSON: a dataclass becomes an object, a tuple a list, a Secret its mask.

    Raises TypeError for any other object.
    """
    return _encode(value)


def loads(body: bytes) -> Any:
    """Read JSON.

    Raises BadRequest for bytes that are no UTF-8 or no JSON, and Invalid for JSON that we refuse
    (docs/faults.md, I2). `schema.read` refuses numbers that are not finite and halves of
    characters: it knows the field that holds them.
    """
    try:
        return json.loads(body.decode(), object_pairs_hook=_object_of_unique_keys)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadRequest(f"The body is not JSON in UTF-8: {error}") from None
    except (RecursionError, ValueError):  # int() has a limit of its own, 4,300 digits
        raise Invalid(
            "body", "is nested too deeply or holds a number with too many digits"
        ) from None


def _object_of_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = next(key for key, count in counts.items() if count > 1)
        raise Invalid(repeated, "is given more than once")
    return values
