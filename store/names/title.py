"""Reads the title of a name, and the additions of releases: group, checksum, language.

The title stands in front of the first code, as a rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from store.names.forms import HAN
from store.names.lexer import (
    CLOSE,
    GLUE,
    NUMBER,
    TECHNICAL_TAIL,
    YEAR,
    Tokens,
    tokenize,
)


class Title(NamedTuple):
    """A title as people write it, with the year and the country behind it taken off."""

    text: str | None
    year: int | None
    country: str | None  # "US", as in "Nachtdienst (US)"
    is_in_front: bool  # in the place of a title, not behind the number


class Place(NamedTuple):
    """Where in the tokens of a name its title may stand."""

    start: int  # behind the release group
    end: int  # the first of a code, or of a season alone
    behind: int  # behind all codes, or 0 without any
    seasons: Sequence[tuple[int, int]]  # those that stand alone
    episode: int  # the first of a code that names an episode
    is_folder: bool


def read_title(tokens: Tokens, outside: str, place: Place) -> Title:
    """Read the title in front of the first code, or from behind all codes where there is none.

    `outside` are the labels with brackets hidden.
    """
    start, behind = place.start, place.behind
    tail = TECHNICAL_TAIL.search(outside, start + 1)
    bound = tail.start() if tail else len(outside)
    end = min(place.end, bound)
    limit = min(place.episode, bound)
    text = ""
    if start < end and WORDS_AND_NUMBERS.isdisjoint(outside[start:end]):
        text = find_bracketed_title(tokens, limit, place.seasons)
    elif end < limit and has_second_title(tokens, start, end, limit):
        text = leave_out(tokens, start, limit, place.seasons)
    if not text:
        if not tokens.dotted and tokens.labels[end - 1 : end] == ".":
            end -= 1
        text = tokens.piece(start, end)
    is_in_front = has_letter_or_digit(text)
    if not is_in_front and behind:
        is_empty = place.is_folder and TITLE_WORDS.isdisjoint(outside[behind:])  # "S15 (Sub)"
        text = "" if is_empty else tokens.piece(behind, guess_title_end(tokens, outside, behind))
    return polish(text, tokens.dotted, is_in_front, place.is_folder)


def has_second_title(tokens: Tokens, start: int, end: int, limit: int) -> bool:
    """Whether a title between `end` and `limit` is in another script than the one in front."""
    first, second = tokens.piece(start, end), tokens.piece(end, limit)
    if "/" in second or "|" in second:
        return True
    return bool(HAN_LETTER.search(first) and not LATIN.search(first) and LATIN_WORD.search(second))


def leave_out(tokens: Tokens, start: int, end: int, seasons: Sequence[tuple[int, int]]) -> str:
    """The text from `start` to `end` without the seasons in it: "夜警 第二季 / Yakei S2"."""
    pieces = []
    for first, last in seasons:
        if start <= first < end:
            pieces.append(tokens.piece(start, first))
            start = last
    return " ".join([*pieces, tokens.piece(start, end)])


WORDS_AND_NUMBERS = GLUE | {NUMBER, YEAR}
BRACKETED = re.compile(r"\(([^()]+)")
TITLE_WORDS = frozenset("wNPVaorixfvh")  # no tag, nor a word for season, episode or kind
LATIN_WORD = re.compile("[A-Za-z]{4}")
LATIN = re.compile("[A-Za-z]{2}")


def find_bracketed_title(tokens: Tokens, end: int, seasons: Sequence[tuple[int, int]]) -> str:
    """The title of a name that is all brackets (docs/names.md, family 1).

    The first bracket is the group's; of several others the last with Latin letters counts.
    Returns "" where there is none.
    """
    titles = []
    for bracket in BRACKETED.finditer(tokens.labels[:end]):
        labels, first = bracket[1], bracket.start(1)
        tail = TECHNICAL_TAIL.search(labels)
        last = first + (tail.start() if tail else len(labels))
        last = min([last, *(season for season, _ in seasons if season >= first)])
        if not TITLE_WORDS.isdisjoint(labels) and not (tail and last - first < 2):
            titles.append(tokens.piece(first, last))
    close = tokens.labels.find(CLOSE)
    if tokens.labels.startswith(")m(", close) and tokens.text[tokens.starts[close + 2]] == "(":
        return titles[0] if titles else ""  # "[Nacht]-(Night)-[05]"
    is_group_first = not TITLE_WORDS.isdisjoint(tokens.labels[: close + 1])  # not "[Subs]"
    titles = (titles[1:] if is_group_first else titles) or titles
    latin = [title for title in titles if LATIN.search(title)]
    return (latin or titles or [""])[-1]


def guess_title_end(tokens: Tokens, outside: str, start: int) -> int:
    """Guess where a title ends that follows its number: "[Group] 06 Title"."""
    ends = [tokens.labels.find(sign, start + 2) for sign in "-("]
    if tail := TECHNICAL_TAIL.search(outside, start):
        ends.append(tail.start())
    return min([end for end in ends if end >= 0], default=len(outside))


# --- the text of a title ---

EDGES = " -–—~,:;+|/·•\t"
EDGES_AND_CLOSINGS = EDGES + ")]}】"
EDGES_AND_BRACKETS = EDGES + "([{"
THREE_LETTERS = re.compile(r"[A-Za-z]{3}")
DOT = re.compile(r"(?<!\b\w)\.|\.(?!\w\b)")  # not the dots of an abbreviation, "S.O.S"
FULL_STOP = re.compile(r"(?<=[^\W\d_]{4})\.$")  # a sentence's, not the dot of "Mr."
YEAR_AT_END = re.compile(r"\s*[\[({]((?:19|20)\d\d)[\])}]\s*$|(?<=\S)[ .]((?:19|20)\d\d)$")
COUNTRY_AT_END = re.compile(r"(?<=\S)\s*(?:\((US|UK|AU|NZ|CA|JP|KR|DE|FR)\)|\b(US|UK))\s*$")
BRACKET_AT_END = re.compile(r"(?<=\S)\s*(?:\[[^\[\]]*\]|\([^()]*\))$")
KIND_ALONE = re.compile(r"\([kz]\)")  # "(OVA)"
SLASH = re.compile(r"\s+[/|]\s*|[/|]\s+")  # between two titles
SLASHES = frozenset("/|·_")
ANY_SLASH = re.compile(r"[/|·]|\s_\s")
HAN_LETTER = re.compile(f"[{HAN}]")
HAN_WORD = f"[第{HAN}，：！？、・「」]+"
HAN_BESIDE_LATIN = re.compile(
    rf"^(?:{HAN_WORD}(?<![のと的之])[ .]+)+(?=.*[A-Za-z]{{3}})|(?<=[A-Za-z]{{3}})(?: {HAN_WORD})+$"
)


def polish(text: str, dotted: bool, is_in_front: bool, is_folder: bool) -> Title:
    """Write a title as people do: spaces for signs, without tags, year and country at its end.

    Of two titles the Latin one counts.
    """
    if not SLASHES.isdisjoint(text):
        text = choose_name(text)
    text = text.replace("_", " ")
    if dotted:
        text = DOT.sub(" ", text)
    text = text.lstrip(EDGES_AND_CLOSINGS).removeprefix(". ").rstrip(EDGES_AND_BRACKETS)
    year = country = None
    while True:
        if year is None and (match := YEAR_AT_END.search(text)):
            year = int(match[1] or match[2])
        elif match := COUNTRY_AT_END.search(text):
            country = match[1] or match[2]
        elif not (match := BRACKET_AT_END.search(text)) or is_of_title(match[0], is_folder):
            break
        text = text[: match.start()].rstrip(EDGES_AND_BRACKETS)
    if not text.isascii():
        text = choose_script(text)
    text = FULL_STOP.sub("", text)
    if text.endswith(", The"):
        text = "The " + text.removesuffix(", The")
    text = " ".join(text.split())
    return Title(text if has_letter_or_digit(text) else None, year, country, is_in_front)


def choose_name(text: str) -> str:
    """The Latin one of several titles beside each other: "夜警 / Yakei", "夜警·Yakei". Without room
    around it a sign parts only titles of different scripts, not "22/7"."""
    names = [name for name in SLASH.split(text) if has_letter_or_digit(name)]
    if len(names) < 2:
        names = [name for name in ANY_SLASH.split(text) if has_letter_or_digit(name)]
        if len(names) < 2 or len({HAN_LETTER.search(name) is None for name in names}) < 2:
            return text
        names.sort(key=lambda name: HAN_LETTER.search(name) is not None)
    return next((name for name in names if THREE_LETTERS.search(name)), names[0])


def choose_script(text: str) -> str:
    """Of titles in two scripts the Latin one, "夜警 Yakei"; but "我的 Star 日記" is one title."""
    match = HAN_BESIDE_LATIN.search(text)
    rest = text[: match.start()] + text[match.end() :] if match else text
    return text if HAN_LETTER.search(rest) else rest


def is_of_title(bracket: str, is_folder: bool) -> bool:
    """Whether a bracket at the end belongs to a title: it is round, without technical words.

    "(OVA)" tells what a file is, but a series' folder is called so.
    """
    labels = tokenize(bracket).labels
    is_tag = TECHNICAL_TAIL.search(labels) or (not is_folder and KIND_ALONE.search(labels))
    return bracket.lstrip()[0] == "(" and not is_tag


def has_letter_or_digit(text: str) -> bool:
    return any(map(str.isalnum, text))
