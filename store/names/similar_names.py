"""Take what a name says from a similar one, as most files in a folder have.

Similar names differ in the episode's number and the checksum alone. So one is read in a fifth of
the time.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from store.names.chosen_numbers import Chosen
from store.names.component import Component, read_component

# Two digits between signs, or as in S01E05 and 1x05; a bracket or nothing follows. So they are no
# year, date or size. The digits come first in the pattern, for a search skips to them.
EPISODE_DIGITS = re.compile(
    r"[0-9]{2}(?<!00)(?<![0-9][-._ ]..)"
    r"(?:(?<![^\W_]..)|(?<=[Ee]..)|(?<=[0-9][Xx]..))"
    r"(?=(?:v[0-9])?(?:\Z|[\])]|[ _]?[\[(]))"
)
CHECKSUM_AT_END = re.compile(r"\[(?=[A-Fa-f]*[0-9])([0-9A-Fa-f]{8})\]\Z")
# The labels that may stand in front of the number: a range or a pair cannot begin there.
APART = re.compile(r"(?:(?:^|[wtlukz()])[ .:\-m]*(?:[eE][ .:]*)?|[STs][ .]?nE|(?:^|[( .\-])nx)\Z")

# The text in front of the number, whether the number begins with 0 (which has its weight), the text
# behind it, whether there is a checksum, and the arguments of `read_component`.
Key = tuple[str, bool, str, bool, int | None, Chosen | None]


class Model(NamedTuple):
    """A name that was read, the digits of its episode, and their token."""

    component: Component
    digits: str
    token: int


def read_similar(
    models: dict[Key, Model], base: str, season: int | None, chosen: Chosen | None = None
) -> Component:
    """Read a component as `read_component` does, from a similar one in `models` where there is one.

    The grammar compares numbers with their neighbours, so a name is a model only if its number
    stands apart.
    """
    match = EPISODE_DIGITS.search(base)
    if not match:
        return read_component(base, season, chosen)
    digits = match[0]
    tag = CHECKSUM_AT_END.search(base, match.end())
    checksum = tag[1].upper() if tag else None
    behind = base[match.end() : tag.start() if tag else None]
    key = (base[: match.start()], digits[0] == "0", behind, tag is None, season, chosen)
    model = models.get(key)
    if model:
        return adapt(model, digits, checksum)
    component = read_component(base, season, chosen)
    token = find_episode_token(component, digits, len(base) - match.start(), checksum)
    if token is not None:
        models[key] = Model(component, digits, token)
    return component


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
    if name.why[0].count(digits) != 1 or digits in (name.group or ""):
        return None
    if len(tokens.text) - tokens.starts[token] != length:
        return None
    if checksum:
        is_checksum = name.crc == checksum and tokens.text.upper().count(checksum) == 1
        if not has_title_in_front or not is_checksum:
            return None
    in_front = tokens.labels[:token]
    follows_long_number = in_front[-2:] in ("n-", "y-") and len(tokens.words[token - 2]) > 2
    return token if follows_long_number or APART.search(in_front) else None
