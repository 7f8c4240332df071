"""Find the words of an episode's title behind its number: they tell nothing of the episode."""

from __future__ import annotations

import re

from store.names.lexer import MAX_CHARACTERS, PHRASES, WORDS

# The words stand behind the number, each behind a sign or a space. Only Latin ones are one token.
TITLE_BEHIND = re.compile(r"(?:[ ._]|(?: |_)-(?: |_))[A-Za-zÀ-ÖØ-öø-ʯ]+(?![^ ._])")
WORD_AT_END = re.compile(r"[^ ._-]+$")
FIRST_OF_PHRASES = frozenset([re.split(r"[\[ ]", phrase)[0] for phrase in PHRASES.split("|")])
HEX = frozenset("abcdef")
CHECKSUM_LENGTH = 8


def hide_title(behind: str) -> str | None:
    """The text behind a number with a sign in the place of each plain word; None without any.

    Texts that are equal then are cut into the same tokens, but for what the words say.
    """
    position = 0
    hidden: list[str] = []
    while match := TITLE_BEHIND.match(behind, position):
        gap_and_word = match[0]
        word = gap_and_word.lstrip(" ._-")
        if not is_plain(word.lower()):
            break
        hidden.append(gap_and_word[: -len(word)] + "\0")
        position = match.end()
    if not hidden or len(behind) > MAX_CHARACTERS // 2:
        return None
    return "".join(hidden) + behind[position:]


def is_plain(word: str) -> bool:
    """Whether a word in lower case is in no vocabulary, and looks like nothing technical."""
    if word in WORDS or word in FIRST_OF_PHRASES or word == "www":
        return False
    return len(word) != CHECKSUM_LENGTH or not HEX.issuperset(word)
