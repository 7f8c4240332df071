"""Reads numbers in letters, "Episode VII" and "Teil Zwei", as if they were written in digits."""

from __future__ import annotations

import re

from store.names.lexer import MEANINGS, NUMBER, Tokens

# Behind a word for season, episode or part; a further one may follow, "Teil I und II".
NUMERAL = re.compile(r"(?<=[scePV])[ .:]{1,2}(?P<first>[wvx])(?:[ .]?[am+][ .]?(?P<second>[wvx]))?")


def respell_numerals(tokens: Tokens) -> Tokens:
    """The tokens, with a number in place of each such numeral."""
    found = [
        token
        for match in NUMERAL.finditer(tokens.labels)
        for token in match.span("first")[:1] + match.span("second")[:1]
        if token >= 0 and is_numeral(tokens, token)
    ]
    if not found:
        return tokens
    words, labels = tokens.words.copy(), list(tokens.labels)
    for token in found:
        words[token], labels[token] = MEANINGS[words[token]], NUMBER
    return tokens._replace(words=words, labels="".join(labels))


def is_numeral(tokens: Tokens, token: int) -> bool:
    """Whether a word is a number: VII, "seven", and I where no further word follows."""
    word = tokens.words[token]
    if not MEANINGS.get(word, "").isdecimal():
        return False
    return len(word) > 1 or not tokens.labels.startswith((" w", ".w"), token + 1)
