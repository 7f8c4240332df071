"""Takes the reading of a name from a similar one, as most files in a folder have one.

Similar names differ in the episode's number and the checksum alone. So one is read in a fifth of
the time.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from store.names.chosen_numbers import Chosen
from store.names.component import Component, read_component
from store.names.lexer import NUMBER, TECHNICAL, WORD, YEAR
from store.names.plain_words import hide_title

# Two digits between signs, or as in S01E05 and 1x05. So they are no year, date or size. The digits
# come first in the pattern, for a search skips to them.
DIGITS = r"[0-9]{2}(?<!00)(?<![0-9][-._ ]..)(?:(?<![^\W_]..)|(?<=[Ee]..)|(?<=[0-9][Xx]..))"
# A bracket or nothing follows; or a sign, and words of a title.
EPISODE_DIGITS = re.compile(DIGITS + r"(?=(?:v[0-9])?(?:\Z|[\])]|[ _]?[\[(]))")
DIGITS_WITH_TITLE = re.compile(DIGITS + r"(?=[ ._])")
CHECKSUM_AT_END = re.compile(r"\[(?=[A-Fa-f]*[0-9])([0-9A-Fa-f]{8})\]\Z")
# The labels that may stand in front of the number: a range or a pair cannot begin there.
APART = re.compile(r"(?:(?:^|[wtlukz()])[ .:\-m]*(?:[eE][ .:]*)?|[STs][ .]?nE|(?:^|[( .\-])nx)\Z")

NUMERALS = re.compile("[0-9]+")
NUMBERS = frozenset({NUMBER, YEAR})

# The text in front of the number, whether the number begins with 0 (which has its weight), the text
# behind it, whether there is a checksum, and the arguments of `read_component`.
Key = tuple[str, bool, str, bool, int | None, Chosen | None]


class Model(NamedTuple):
    """A name that was read, the digits of its episode, and their token."""

    component: Component
    digits: str
    token: int


def read_similar(
    models: dict[Key, Model],
    base: str,
    season: int | None,
    chosen: Chosen | None = None,
    *,
    has_title: bool = False,
) -> Component:
    """Read a component as `read_component` does, from a similar one in `models` where there is one.

    The grammar compares numbers with their neighbours, so a name is a model only if its number
    stands apart. `has_title` says that the folders have a title: that of the file does not count
    then where it stands behind the number.
    """
    match = EPISODE_DIGITS.search(base)
    titled = match is None
    behind = base[match.end() :] if match else ""
    for following in DIGITS_WITH_TITLE.finditer(base) if titled else ():
        hidden = hide_title(base[following.end() :])
        if hidden is not None:
            match, behind = following, hidden
    if match is None:
        return read_component(base, season, chosen)
    digits = match[0]
    tag = CHECKSUM_AT_END.search(behind)
    checksum = tag[1].upper() if tag else None
    if tag:
        behind = behind[: tag.start()]
    key = (base[: match.start()], digits[0] == "0", behind, tag is None, season, chosen)
    model = models.get(key)
    if model and (has_title or not titled or model.component.has_title_in_front):
        return adapt(model, digits, checksum)
    component = read_component(base, season, chosen)
    token = find_episode_token(component, digits, len(base) - match.start(), checksum)
    if token is not None and not (titled and may_follow(component, token)):
        models[key] = Model(component, digits, token)
    return component


def may_follow(component: Component, token: int) -> bool:
    """Whether a number or a group stands behind the words of a title, on which they may act."""
    tokens = component.tokens
    is_group = bool(component.name.group) and tokens.text.endswith(component.name.group or "")
    if is_group and tokens.labels[-1] == WORD:
        return tokens.labels.rfind(TECHNICAL) < token
    return not NUMBERS.isdisjoint(tokens.labels[token + 1 :])


def adapt(model: Model, digits: str, checksum: str | None) -> Component:
    """The model with another number and checksum."""
    name, has_title_in_front, tokens, found = model.component
    reason, *others = name.why
    name = name._replace(
        episodes=(int(digits),),
        crc=checksum or name.crc,
        why=(reason.replace(model.digits, digits), *others),
    )
    words = tokens.words.copy()
    words[model.token] = digits
    return Component(name, has_title_in_front, tokens._replace(words=words), found)


def find_episode_token(
    component: Component, digits: str, length: int, checksum: str | None
) -> int | None:
    """The token of `digits`, if they are the episode and nothing else; likewise `checksum`.

    `length` is the number of characters from the digits on: the E89 at the end of a checksum is no
    token.
    """
    name, has_title_in_front, tokens, _ = component
    number = int(digits)
    same = [
        token for token, word in enumerate(tokens.words) if word.isdecimal() and int(word) == number
    ]
    if len(same) != 1 or name.episodes != (number,):
        return None
    (token,) = same
    if NUMERALS.findall(name.why[0]).count(digits) != 1 or name.why[0].count(digits) != 1:
        return None  # 101 was read as season 1, episode 1
    if digits in (name.group or ""):
        return None
    if len(tokens.text) - tokens.starts[token] != length:
        return None
    if checksum:
        is_checksum = name.crc == checksum and tokens.text.upper().count(checksum) == 1
        if not has_title_in_front or not is_checksum:
            return None
    in_front = tokens.labels[:token]
    if in_front[-2:] in ("n-", "y-"):  # a range has as many digits on both sides
        before = tokens.words[token - 2]
        return token if len(before) != len(digits) else None
    return token if APART.search(in_front) else None
