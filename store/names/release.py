"""Reads the additions of releases to a name: group, version, checksum, language of the sound."""

from __future__ import annotations

import re

from store.names.grammar import Candidate
from store.names.lexer import CLOSE, MEANINGS, OPEN, TECHNICAL, WORD, Tokens

CHECKSUM = re.compile(r"[\[( _]([0-9A-Fa-f]{8})(?=[\]) _.]|$)")
# Behind technical words and a dash, "x264-XYZ" and "[1080p]_-_XYZ", with a bracket at the end.
GROUP_AT_END = re.compile(r"(?:[tu]m|(?<=t\))-)(?P<group>[^()t .\-,~!]+)(?P<more>[ ]?\([^()]*\))*$")
GROUP_BEHIND_DASH = re.compile(r"m(?P<group>[wn][^()t .\-,~!m]*)(?:[ ]?\([^()]*\))*$")
GROUP_IN_BRACKET = re.compile(r"t\)[ ]?\((?P<group>[wn]+(?:[m ][wn]+)*)\)$")
OF_A_CODE = re.compile(r"^[sSn. ]+$|n[cs]")  # "Staffel 2", "01", "第02話"
VERSION = re.compile(r"[ .(]v(?P<number>n)(?=[ .)]|$)(?!\.n)")


def find_checksum(tokens: Tokens) -> str | None:
    """The CRC-32 that fansub groups put into names, in upper case."""
    match = CHECKSUM.search(tokens.text)
    return match[1].upper() if match else None


def find_release_group(tokens: Tokens, start: int, title: str | None) -> str | None:
    """The release group: the first bracket, or what stands behind the technical words.

    `start` is the token where the title can begin, `title` the title.
    """
    labels = tokens.labels
    close = labels.find(CLOSE)
    is_bracketed = tokens.text[:1] in ("[", "【") and close > 0
    if is_bracketed and (start or labels.startswith(OPEN, close + 1)):
        group = tokens.text[1 : tokens.starts[close]].strip()
        if group and group != title and not OF_A_CODE.search(labels[1:close]):
            return group
    if TECHNICAL not in labels:
        return None
    match = (
        GROUP_AT_END.search(labels)
        or GROUP_BEHIND_DASH.search(labels)
        or GROUP_IN_BRACKET.search(labels)
    )
    if not match or WORD not in match["group"]:
        return None
    return tokens.piece(*match.span("group"))


def find_version(tokens: Tokens, best: Candidate) -> int | None:
    """The version that is glued to the number, 05v2, or that stands behind it as a word."""
    if best.version is not None or not best.episodes:
        return best.version
    match = VERSION.search(tokens.labels, best.last)
    return int(tokens.words[match.start("number")]) if match else None


def find_audio_language(tokens: Tokens) -> str | None:
    """The code of the first language that is not the subtitles'.

    "German DL" is German, "German Subbed" says nothing of the sound.
    """
    last = len(tokens.words) - 1
    for token, label in enumerate(tokens.labels):
        language = MEANINGS.get(tokens.words[token]) if label in "ltu" else None
        if language and "sub" not in tokens.words[min(token + 2, last)]:
            return language
    return None
