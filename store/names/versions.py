"""Read whether a video is a version for those who cannot hear, see or read as others do. Pure."""

from __future__ import annotations

import re

from store.names.spoken import Version

# The words of names and titles for these versions, in German first.
PATTERNS: dict[Version, str] = {
    "audio-description": (
        r"audio[ ._-]?des[ck]ri(?:ption|bed)|audiodescri\w+|hör(?:fassung|film)|descriptive audio"
        r"|[(\[]AD[)\]]"
    ),
    "sign-language": (
        r"gebärden(?:sprache)?|gebaerdensprache|\b[DÖ]GS\b|sign[ ._-]?language"
        r"|langue[ ._-]des[ ._-]signes"
        r"|[(\[][BA]SL[)\]]"
    ),
    "plain-language": r"(?:klare|einfache|leichte)[rn]?[ ._-]sprache|plain[ ._-]language",
}
_ANY = re.compile(
    "|".join([f"(?P<{kind.partition('-')[0]}>{text})" for kind, text in PATTERNS.items()]),
    re.IGNORECASE,
)
# One of these is in every match: most names have none.
_HINTS = (
    *("escri", "eskri", "hörf", "gebärd", "gebaerd", "dgs", "ögs", "sign", "sprache", "language"),
    *("ad)", "ad]", "sl)", "sl]"),
)
_BY_GROUP: dict[str, Version] = {kind.partition("-")[0]: kind for kind in PATTERNS}


def find(text: str) -> Version | None:
    """The kind of version that a path or a title tells; None for a plain video."""
    folded = text.casefold()
    if not any(hint in folded for hint in _HINTS):
        return None
    match = _ANY.search(text)
    return _BY_GROUP[match.lastgroup] if match and match.lastgroup else None
