"""Read the title of a name, and what releases add: group, checksum, language.

The title stands in front of the first code, as a rule.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from store.names.lexer import (
    CLOSE,
    GLUE,
    LANGUAGE,
    MEANINGS,
    NUMBER,
    OPEN,
    TECHNICAL,
    TECHNICAL_TAIL,
    UNSURE_TECHNICAL,
    YEAR,
    Tokens,
    tokenize,
)


class Title(NamedTuple):
    """A title as people write it, with the year and the country behind it taken off."""

    text: str | None
    year: int | None
    country: str | None  # "US", as in "Nachtdienst (US)"
    is_in_front: bool  # where titles stand, rather than behind the number


def read_title(tokens: Tokens, outside: str, *, start: int, end: int, behind: int) -> Title:
    """Read the title between the tokens `start` and `end`, or from `behind` on where there is none.

    `outside` are the labels with brackets hidden. `start` is the first token behind the release
    group, `end` the first of a code, `behind` the first behind all codes, or 0 without any.
    """
    if tail := TECHNICAL_TAIL.search(outside, start + 1):
        end = min(end, tail.start())
    text = ""
    if start < end and WORDS_AND_NUMBERS.isdisjoint(outside[start:end]):
        text = find_bracketed_title(tokens, end)
    text = text or tokens.piece(start, end)
    is_in_front = has_letter_or_digit(text)
    if not is_in_front and behind:
        text = tokens.piece(behind, guess_title_end(tokens, outside, behind))
    return polish(text, tokens.dotted, is_in_front)


WORDS_AND_NUMBERS = GLUE | {NUMBER, YEAR}
BRACKETED = re.compile(r"\(([^()]+)")
TITLE_WORDS = GLUE - {TECHNICAL, UNSURE_TECHNICAL, LANGUAGE}
LATIN = re.compile("[A-Za-z]{2}")


def find_bracketed_title(tokens: Tokens, end: int) -> str:
    """The title of a name that is all brackets (docs/names.md, family 1).

    The first bracket is the group's; of several others the last with Latin letters counts.
    Returns "" where there is none.
    """
    titles = []
    for bracket in BRACKETED.finditer(tokens.labels[:end]):
        labels, first = bracket[1], bracket.start(1)
        tail = TECHNICAL_TAIL.search(labels)
        length = tail.start() if tail else len(labels)
        if not TITLE_WORDS.isdisjoint(labels) and not (tail and length < 2):
            titles.append(tokens.piece(first, first + length))
    titles = titles[1:] or titles
    latin = [title for title in titles if LATIN.search(title)]
    return (latin or titles or [""])[-1]


def guess_title_end(tokens: Tokens, outside: str, start: int) -> int:
    """Guess where a title ends that follows its number: "[Group] 06 Title"."""
    ends = [tokens.labels.find(sign, start + 2) for sign in "-("]
    if tail := TECHNICAL_TAIL.search(outside, start):
        ends.append(tail.start())
    return min([end for end in ends if end >= 0], default=len(outside))


# --- the text of a title ---

EDGES = " -–—~,:;+|/\t"
EDGES_AND_BRACKETS = EDGES + "([{"
THREE_LETTERS = re.compile(r"[A-Za-z]{3}")
DOT = re.compile(r"(?<!\b\w)\.|\.(?!\w\b)")  # not the dots of an abbreviation, "S.O.S"
FULL_STOP = re.compile(r"(?<=[^\W\d_]{4})\.$")  # a sentence's, not the dot of "Mr."
YEAR_AT_END = re.compile(r"\s*[\[({]((?:19|20)\d\d)[\])}]\s*$|(?<=\S)[ .]((?:19|20)\d\d)$")
COUNTRY_AT_END = re.compile(r"(?<=\S)\s*(?:\((US|UK|AU|NZ|CA|JP|KR|DE|FR)\)|\b(US|UK))\s*$")
BRACKET_AT_END = re.compile(r"(?<=\S)\s*(?:\[[^\[\]]*\]|\([^()]*\))$")
SLASH = re.compile(r"\s*[/|]\s*")
HAN = "[\u2e80-\u9fff\uac00-\ud7af，：！？、・]+"
HAN_BESIDE_LATIN = re.compile(rf"^{HAN}[ .]+(?=.*[A-Za-z]{{3}})|(?<=[A-Za-z]{{3}}) {HAN}$")


def polish(text: str, dotted: bool, is_in_front: bool) -> Title:
    """Write a title as people do: spaces for signs, without tags, year and country at its end.

    Of two titles the Latin one counts.
    """
    text = text.replace("_", " ")
    if dotted:
        text = DOT.sub(" ", text)
    text = text.lstrip(EDGES).rstrip(EDGES_AND_BRACKETS)
    year = country = None
    while True:
        if match := YEAR_AT_END.search(text):
            year = int(match[1] or match[2])
        elif match := COUNTRY_AT_END.search(text):
            country = match[1] or match[2]
        elif not (match := BRACKET_AT_END.search(text)) or is_of_title(match[0]):
            break
        text = text[: match.start()].rstrip(EDGES_AND_BRACKETS)
    if "/" in text or "|" in text:
        names = SLASH.split(text)
        text = next((name for name in names if THREE_LETTERS.search(name)), names[0])
    text = FULL_STOP.sub("", HAN_BESIDE_LATIN.sub("", text))
    if text.endswith(", The"):
        text = "The " + text.removesuffix(", The")
    text = " ".join(text.split())
    return Title(text if has_letter_or_digit(text) else None, year, country, is_in_front)


def is_of_title(bracket: str) -> bool:
    """Whether a bracket at the end belongs to a title: it is round, without technical words."""
    return bracket.lstrip()[0] == "(" and not TECHNICAL_TAIL.search(tokenize(bracket).labels)


def has_letter_or_digit(text: str) -> bool:
    return any(map(str.isalnum, text))


# --- what releases add ---

CHECKSUM = re.compile(r"[\[( _]([0-9A-Fa-f]{8})(?=[\]) _.]|$)")
GROUP_AT_END = re.compile(r"-([A-Za-z0-9]{2,20})(?:\[[^\]]*\])?$")


def find_checksum(tokens: Tokens) -> str | None:
    """The CRC-32 that fansub groups put into names, in upper case."""
    match = CHECKSUM.search(tokens.text)
    return match[1].upper() if match else None


def find_release_group(tokens: Tokens, start: int) -> str | None:
    """The release group: the first bracket, or what follows the last dash behind technical words.

    `start` is the token where the title can begin.
    """
    close = tokens.labels.find(CLOSE)
    is_bracketed = tokens.text[:1] in ("[", "【") and close > 0
    if is_bracketed and (start or tokens.labels.startswith(OPEN, close + 1)):
        return tokens.text[1 : tokens.starts[close]].strip() or None
    match = GROUP_AT_END.search(tokens.text) if TECHNICAL in tokens.labels else None
    return match[1] if match else None


def find_audio_language(tokens: Tokens) -> str | None:
    """The code of the first language that is not the subtitles'.

    "German DL" is German, "German Subbed" says nothing of the sound.
    """
    last = len(tokens.words) - 1
    for token, label in enumerate(tokens.labels):
        if label == LANGUAGE and "sub" not in tokens.words[min(token + 2, last)]:
            return MEANINGS.get(tokens.words[token]) or None
    return None
