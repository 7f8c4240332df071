"""Addresses that hold a secret, as those of private podcasts do, and their masked form. Pure."""

from __future__ import annotations

import re

from store.secret import MASK

# Parameters that are no secret, whatever they hold.
HARMLESS = frozenset(
    "q query search s title topic feed format type lang language channel channelid channelname"
    " channel_id videochannelid videochannelname accountid accountname playlist playlistid"
    " playlist_id sort order limit count page size start offset islocal nsfw scope future"
    " everywhere cat category tag season".split()
)
SHORT = 5  # characters of a value that is no secret
# Texts: few servers have such an address, and all would compile them at the start.
_RANDOM = r"[A-Za-z0-9]{16,}"
_UUID = r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def masked(address: str) -> str:
    """The address with MASK in place of each part that may be a secret; else the same text.

    Values of parameters are secrets unless their names or their lengths say that they are none,
    parts of the path where they look as if nobody had thought them up.
    """
    path, question, query = address.partition("?")
    scheme, separator, rest = path.partition("://")
    host, *parts = rest.split("/")
    shown = "/".join([host, *[MASK if _looks_random(part) else part for part in parts]])
    pairs = [_masked_pair(pair) for pair in query.split("&")] if question else []
    return f"{scheme}{separator}{shown}{question}{'&'.join(pairs)}"


def _masked_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    is_told = name.casefold() in HARMLESS or len(value) <= SHORT
    if not equals:  # "?abcdef0123456789", which is all value
        return MASK if _looks_random(pair) else pair
    return pair if is_told else f"{name}={MASK}"


def _looks_random(part: str) -> bool:
    """Whether a part of a path is a key rather than a word."""
    if re.search(_UUID, part):
        return True
    runs: list[str] = re.findall(_RANDOM, part)
    return any(_is_mixed(run) for run in runs)


def _is_mixed(run: str) -> bool:
    digits = sum(sign.isdigit() for sign in run)
    has_both_cases = run != run.lower() and run != run.upper()
    return 0 < digits < len(run) and (digits > 2 or has_both_cases)
