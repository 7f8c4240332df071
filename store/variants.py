"""The files that a source has for an episode, as the database keeps them: one text of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from store.models import Variant
from store.names.spoken import Languages

_PLAIN = Variant("")
_FIELDS = ("name", "size", "modified", "checksums", "lines", "version", "holds", "aside")


def pack(variants: Sequence[Variant]) -> str:
    """The files as text.

    Empty where the row itself tells all: one file without further facts.
    """
    kept = [_pack(variant) for variant in variants]
    if len(kept) < 2 and all(values.keys() <= {"ref", "size", "modified"} for values in kept):
        return ""
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def unpack(text: str) -> tuple[Variant, ...]:
    """The inverse of `pack`."""
    return tuple([_unpack(values) for values in json.loads(text)]) if text else ()


def _pack(variant: Variant) -> dict[str, Any]:
    """The fields that say more than nothing."""
    values = {name: getattr(variant, name) for name in _FIELDS}
    told = {name: value for name, value in values.items() if value != getattr(_PLAIN, name)}
    sound, subtitles, several, original = variant.languages
    languages = {
        "sound": sorted(sound),
        "subtitles": sorted(subtitles),
        "several": several,
        "original": original,
    }
    return {
        "ref": variant.ref,
        **told,
        **{name: value for name, value in languages.items() if value},
    }


def _unpack(values: dict[str, Any]) -> Variant:
    languages = Languages(
        frozenset(values.pop("sound", ())),
        frozenset(values.pop("subtitles", ())),
        values.pop("several", False),
        values.pop("original", False),
    )
    return Variant(**values, languages=languages)
