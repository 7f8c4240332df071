"""The title in a file name, what stands before the first mark; and what releases add: group, checksum, language."""

from __future__ import annotations

import re

from store.names.grammar import EDGE, GLUE
from store.names.lexer import MEANINGS, Tokens, tokenize

ENDS = " -–—~,:;+|/\t"
OPEN = ENDS + "([{"
LETTERS = re.compile(r"[A-Za-z]{3}")
DOT = re.compile(r"(?<!\b\w)\.|\.(?!\w\b)")  # not the dots of an abbreviation, "S.O.S"
STOP = re.compile(r"(?<=[^\W\d_]{4})\.$")  # a sentence's, not the dot of "Mr."
YEAR = re.compile(r"\s*[\[({]((?:19|20)\d\d)[\])}]\s*$|(?<=\S)[ .]((?:19|20)\d\d)$")
COUNTRY = re.compile(r"(?<=\S)\s*(?:\((US|UK|AU|NZ|CA|JP|KR|DE|FR)\)|\b(US|UK))\s*$")
SLASH = re.compile(r"\s*[/|]\s*")
TAGS = re.compile(r"(?<=\S)\s*(?:\[[^\[\]]*\]|\([^()]*\))$")
HAN = "[\u2e80-\u9fff\uac00-\ud7af，：！？、・]+"
BESIDE_HAN = re.compile(rf"^{HAN}[ .]+(?=.*[A-Za-z]{{3}})|(?<=[A-Za-z]{{3}}) {HAN}$")


def heading(
    tokens: Tokens, outer: str, start: int, end: int, last: int
) -> tuple[str | None, int | None, str | None, bool]:
    """Title, year, country, and whether the title stood in front, where titles stand.

    `outer` is the shape without brackets, `start` the first token behind the release group, `end` the first mark,
    `last` the token behind all of them.
    """
    if edge := EDGE.search(outer, start + 1):
        end = min(end, edge.start())
    if (
        start < end
        and not set(outer[start:end]) & GLUE
        and "n" not in outer[start:end]
        and "y" not in outer[start:end]
    ):
        text = bracketed(tokens, end) or piece(tokens, start, end)
    else:
        text = piece(tokens, start, end)
    front = any(c.isalnum() for c in text)
    if not front and last:
        text = piece(tokens, last, behind(tokens, outer, last))
    return *polish(text, tokens.dotted), front


def piece(tokens: Tokens, start: int, end: int) -> str:
    return tokens.text[tokens.at[start] : tokens.to[end - 1]] if start < end else ""


def bracketed(tokens: Tokens, end: int) -> str:
    """The title of a name that is all brackets (family 1): not the first, the group's; of several the Latin one."""
    segments = []
    for match in re.finditer(r"\(([^()]+)", tokens.shape[:end]):
        edge = EDGE.search(match[1])
        if set(match[1]) & GLUE - set("utl") and not (edge and edge.start() < 2):
            segments.append(
                piece(
                    tokens,
                    match.start(1),
                    match.start(1) + (edge.start() if edge else len(match[1])),
                )
            )
    segments = segments[1:] or segments
    return ([text for text in segments if re.search("[A-Za-z]{2}", text)] or segments or [""])[-1]


def behind(tokens: Tokens, outer: str, start: int) -> int:
    """Where a title ends that follows its number, "[Group] 06 Title", "003. Title - Episode": a guess."""
    ends = [found for sign in "-(" if (found := tokens.shape.find(sign, start + 2)) > 0]
    if edge := EDGE.search(outer, start):
        ends.append(edge.start())
    return min(ends, default=len(outer))


def polish(text: str, dotted: bool) -> tuple[str | None, int | None, str | None]:
    """Signs to spaces; brackets with tags, the year and the country off; of two titles the Latin one."""
    text = text.replace("_", " ")
    if dotted:
        text = DOT.sub(" ", text)
    text = text.lstrip(ENDS).rstrip(OPEN)
    year = country = None
    while True:
        if match := YEAR.search(text):
            year = int(match[1] or match[2])
        elif match := COUNTRY.search(text):
            country = match[1] or match[2]
        elif not (match := TAGS.search(text)) or (
            match[0].lstrip()[0] == "(" and not EDGE.search(tokenize(match[0]).shape)
        ):
            break
        text = text[: match.start()].rstrip(OPEN)
    if "/" in text or "|" in text:
        names = SLASH.split(text)
        text = next((name for name in names if LETTERS.search(name)), names[0])
    text = STOP.sub("", BESIDE_HAN.sub("", text))
    if text.endswith(", The"):
        text = "The " + text[:-5]
    text = " ".join(text.split())
    return text if any(c.isalnum() for c in text) else None, year, country


# --- what releases add ---

CRC = re.compile(r"[\[( _]([0-9A-Fa-f]{8})(?=[\]) _.]|$)")
RELEASE = re.compile(r"-([A-Za-z0-9]{2,20})(?:\[[^\]]*\])?$")


def checksum(tokens: Tokens) -> str | None:
    """The CRC-32 that fansub groups put into names, in upper case."""
    found = CRC.search(tokens.text)
    return found[1].upper() if found else None


def release(tokens: Tokens, start: int) -> str | None:
    """The release group: the first bracket, or what follows the last dash behind technical words."""
    close = tokens.shape.find(")")
    if (
        tokens.text[:1] in ("[", "【")
        and close > 0
        and (start or tokens.shape[close + 1 : close + 2] == "(")
    ):
        return tokens.text[1 : tokens.at[close]].strip() or None
    tail = RELEASE.search(tokens.text) if "t" in tokens.shape else None
    return tail[1] if tail else None


def spoken(tokens: Tokens) -> str | None:
    """The first language that is not the subtitles': "German DL" is German, "German Subbed" says nothing of the sound."""
    for at, label in enumerate(tokens.shape):
        if label == "l" and "sub" not in tokens.words[min(at + 2, len(tokens.words) - 1)]:
            return MEANINGS.get(tokens.words[at]) or None
    return None
