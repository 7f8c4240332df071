"""The links of an HTML page, found in one pass whose time and memory grow with the page's length.

Written for pages that nobody can be trusted to have written: the html.parser of the standard
library takes seconds and hundreds of megabytes for some of four megabytes.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

MAX_TAG_BYTES = 16_384  # a longer tag is none
MAX_TAGS = 45_000  # that are looked at: some listings link each entry from its icon and size too
MAX_ATTRIBUTES = 180_000  # of them
MAX_LINK_BYTES = 4_096
WORDS_BYTES = 300  # behind a tag are looked at

_TAG = re.compile(rb"<(a(?=[\s/])|!--|(?:script|style|title|h[1-6]|th|input)(?=[\s/>]))", re.I)
# No part gives back what it took, so no text is looked at twice.
_ATTRIBUTE = re.compile(
    rb"""[\s/=]*+([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)))?+"""
)
_NESTED = re.compile(rb"<[^<>]*+>")
_TAG_END = re.compile(rb"[\s/=]*+>")
# What a listing says of itself in its headings, in the link to the folder above (Apache, IIS), and
# above the column of names (copyparty, whose empty folders say nothing else).
_HEADINGS = re.compile(rb"index of|directory listing", re.I)
_WORDS = {b"a": re.compile(rb"parent directory", re.I), b"th": re.compile(rb"file ?name", re.I)}
# Elements whose content is no HTML.
_OTHER_TEXT = {
    b"!--": re.compile(rb"-->"),
    b"script": re.compile(rb"</script", re.I),
    b"style": re.compile(rb"</style", re.I),
}


class NoHtml(ValueError):
    """The page has a tag without end."""


class TooLong(ValueError):
    """The page has more than MAX_TAGS or MAX_ATTRIBUTES."""


@dataclass
class Page:
    """`links` as they are written. `is_titled`: it says of itself that it lists a folder."""

    links: list[str] = field(default_factory=list)
    is_titled: bool = False
    asks_for_password: bool = False


def read(body: bytes) -> Page:
    """Raises NoHtml and TooLong."""
    page = Page()
    position = attribute_count = 0
    for _ in range(MAX_TAGS):
        found = _TAG.search(body, position)
        if found is None:
            return page
        tag, position = found[1].lower(), found.end()
        if tag in _OTHER_TEXT:
            end = _OTHER_TEXT[tag].search(body, position)
            if end is None:
                return page
            position = end.end()
            continue
        attributes, position, count = _attributes(body, position)
        attribute_count += count
        if attribute_count > MAX_ATTRIBUTES:
            raise TooLong
        text = body[position : position + WORDS_BYTES].partition(b"</")[0]
        if tag == b"a":
            link = attributes.get(b"href", b"")
            if 0 < len(link) <= MAX_LINK_BYTES:
                page.links.append(html.unescape(link.decode("utf-8", "replace")).strip())
        if tag == b"input":
            page.asks_for_password |= attributes.get(b"type", b"").lower() == b"password"
        elif not page.is_titled:
            wanted = _WORDS.get(tag, _HEADINGS)
            page.is_titled = wanted.search(_NESTED.sub(b"", text)) is not None
    raise TooLong


def _attributes(body: bytes, position: int) -> tuple[dict[bytes, bytes], int, int]:
    """(attributes, where their tag ends, how many they are) of the attributes that begin at
    `position`. Of two of one name the first counts, as in browsers."""
    attributes: dict[bytes, bytes] = {}
    limit, count = position + MAX_TAG_BYTES, 0
    while found := _ATTRIBUTE.match(body, position, limit):
        name, *values = found.groups()
        attributes.setdefault(name.lower(), next((value for value in values if value), b""))
        position = found.end()
        count += 1
    end = _TAG_END.match(body, position, limit)
    if end is None:
        raise NoHtml
    return attributes, end.end(), count
