"""The number of lines in a video's picture, as its name or its folders tell it. Pure."""

from __future__ import annotations

import re

_LINES = re.compile(
    r"(?<![a-z0-9])(?:\d{3,4}x(?P<of>\d{3,4})|(?P<lines>\d{3,4})[pi]|(?P<word>4k|uhd|8k))(?![a-z0-9])"
)
_WORDS = {"4k": 2160, "uhd": 2160, "8k": 4320}


def lines_of(path: str) -> int:
    """1080 of "Show [BD 1080p]/Show - 05.mkv"; 0 where nothing tells. The nearest word counts."""
    for name in reversed(path.casefold().split("/")):
        for match in _LINES.finditer(name):
            if match["word"]:
                return _WORDS[match["word"]]
            lines = int(match["of"] or match["lines"])
            if 144 <= lines <= 4320:
                return lines
    return 0
