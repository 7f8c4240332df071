"""The text of a document, in memory that its length bounds."""

from __future__ import annotations

import re

# A longer one loses its rare characters: a single one makes all others take four bytes in memory.
LARGE_BYTES = 1_500_000
# The first bytes of characters beyond the basic plane, such as emoji.
_RARE = bytes(range(0xF0, 0xF5))
_ANY_RARE = re.compile(b"[\xf0-\xf4]")


def decode(body: bytes) -> str:
    """Read UTF-8; each byte that is not UTF-8 becomes U+FFFD."""
    if len(body) > LARGE_BYTES and _ANY_RARE.search(body):
        body = body.translate(None, _RARE)
    return body.decode("utf-8", "replace")
