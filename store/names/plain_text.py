"""Descriptions of series, which anybody may have written, as plain text. Pure."""

from __future__ import annotations

import re

MAX_CHARACTERS = 2_000
_READ_CHARACTERS = 20_000  # of a text, at most
_BREAK = re.compile(r"<br\s*/?>\n?", re.IGNORECASE)  # which many catalogues write for a line
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
# Control characters but the end of a line, and halves of characters.
_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def shorten(text: str) -> str:
    """The text without blanks that are too many, cut behind a word; paragraphs stay."""
    text = text[:_READ_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")
    text = _BREAK.sub("\n", text)
    text = _LINES.sub("\n", _BLANKS.sub(" ", _UNSEEN.sub("", text))).strip()
    if len(text) <= MAX_CHARACTERS:
        return text
    cut = text[: MAX_CHARACTERS - 1]
    head, blank, _ = cut.rpartition(" ")
    return f"{(head if blank and len(head) > MAX_CHARACTERS // 2 else cut).rstrip()}…"
