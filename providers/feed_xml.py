"""Feeds in XML: RSS of all versions, Atom, and what podcasts and Media RSS add. Pure.

docs/formats.md tells what is read. Elements are told by the kind of their namespace, because feeds
write the same one in several ways.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from xml.etree.ElementTree import Element

from providers import xml_elements
from providers.decoding import decode
from providers.feed_items import (
    MAX_ITEMS,
    MAX_TEXT,
    FeedItem,
    FeedPage,
    NoFeed,
    address,
    choose_file,
    extension_of,
    subtitle_end,
)
from store.names.codes_of_languages import code_of

ATOM = "{http://www.w3.org/2005/Atom}"
# The namespaces of RSS: none in 0.9x and 2.0 as a rule.
RSS = (
    "",
    "{http://purl.org/rss/1.0/}",
    "{http://backend.userland.com/rss2}",
    "{http://my.netscape.com/rdf/simple/0.9/}",
)
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
# Those of Atom before it was called so.
OLD_ATOM = (
    "{http://purl.org/atom/ns#}",
    "{http://purl.org/echo/}",
    "{http://purl.org/pie/}",
    "{http://example.com/newformat#}",
    "{http://example.com/necho}",
)
ABOUT_RDF = RDF.removesuffix("RDF") + "about"
ROOTS = {f"{space}rss" for space in RSS} | {f"{space}feed" for space in (ATOM, *OLD_ATOM, "")}
ROOTS.add(RDF)
ABOUT = ("title", "description", "subtitle", "tagline", "ttl", "language", "generator")
# Elements that hold titles of their own, which must not be taken for the feed's.
OTHERS = ("image", "textinput", "textInput", "author", "skipHours", "logo")
WANTED = {f"{space}{name}" for space in (*RSS, ATOM, *OLD_ATOM)
          for name in ("item", "entry", *ABOUT, *OTHERS)}  # fmt: skip
# Pictures of the feed as a whole, as feeds write their names; the best one first.
PICTURES = ("itunes:image", "media:thumbnail", "image", "logo")
WANTED |= {
    "{http://www.itunes.com/dtds/podcast-1.0.dtd}image",
    "{http://www.itunes.com/DTDs/Podcast-1.0.dtd}image",
    "{http://www.itunes.com/DTDs/PodCast-1.0.dtd}image",
    "{http://search.yahoo.com/mrss/}thumbnail",
    "{http://search.yahoo.com/mrss}thumbnail",
}
_ITUNES = re.compile(r"\{http://www\.itunes\.com/dtds/podcast-1\.0\.dtd\}", re.IGNORECASE)
_MEDIA = re.compile(r"\{https?://(search\.yahoo\.com/mrss|www\.rssboard\.org/media-rss)/?\}")
_PODCAST = re.compile(
    r"\{https?://(podcastindex\.org/namespace/1\.0|github\.com/Podcastindex)[^}]*\}", re.I
)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_BARE_AMPERSAND = re.compile(r"&(?!#?\w{1,32};)")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}encoding=["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SCRIPT = re.compile(r"<script\b[^<>]{0,2000}>.{0,2000}?</script\s*>", re.IGNORECASE | re.DOTALL)
TITLES = ("title", "itunes:title", "media:title", "dc:title")
MOMENTS = (
    "pubdate published dc:date issued dc:issued dc:created updated modified dc:modified".split()
)
NUMBERS = ("itunes:season", "itunes:episode", "itunes:episodetype")
TEXTS = {"guid", "id", "category", "dc:creator", *TITLES, *MOMENTS, *NUMBERS}  # of an item
MAX_MENDED_BYTES, MAX_ENTITIES = 3_000_000, 100_000
MAX_PLAIN = 20_000  # characters of one text that are looked at
BASE64_TYPES = {"application/octet-stream": "base64"}  # of a text in Atom; 0.3 says it by a mode
MEDIATHEK = "MVW - "  # how MediathekViewWeb calls the feed of a search
UTF_8 = ("utf-8", "utf8")
EBCDIC = b"Lo\xa7\x94"  # "<?xm", as a document from a mainframe begins
XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def parse(body: bytes, url: str) -> FeedPage:
    """Read the feed that came from `url`. Takes part of a second. Raises NoFeed.

    What is no proper XML is mended once, where browsers would mend it too. Of what cannot be mended
    the items count that come before the fault.
    """
    read = _Read(body, url)
    if not read.is_whole:
        read = _Read(_mended(body), url)
    if not (read.is_whole or read.items):
        raise NoFeed
    about = read.about
    described = about.get("description") or about.get("subtitle") or about.get("tagline") or ""
    ttl = about.get("ttl", "")
    minutes = int(ttl) if re.fullmatch(r"[0-9]{1,6}", ttl) else 0
    language = code_of(about.get("language", "")) or ""
    is_mediathek = about.get("title", "").startswith(MEDIATHEK)
    for item in read.items:
        item.language = item.language or language or ("de" if is_mediathek else "")
        item.topic = item.topic if is_mediathek else ""
        for other in item.others:
            other.language = other.language or language
    picture = next((read.pictures[name] for name in PICTURES if name in read.pictures), "")
    title = about.get("title", "")[:MAX_TEXT]
    return FeedPage(title, described[:5_000], minutes, read.items, picture)


class _Read:
    """The words of a document about itself, its items, and whether it has a fault."""

    def __init__(self, body: bytes, url: str):
        self.about: dict[str, str] = {}
        self.pictures: dict[str, str] = {}  # kind -> address
        self.items: list[FeedItem] = []
        self.is_whole = True
        try:
            for element in xml_elements.read(body, WANTED, ROOTS):
                self._take(element, url)
        except xml_elements.NoXml:
            self.is_whole = False

    def _take(self, element: Element, url: str) -> None:
        name = element.tag.rpartition("}")[2]
        if name in ABOUT:
            self.about.setdefault(name, _plain(element))
        elif (kind := _name(element)) in PICTURES:
            if picture := _picture(element, url):
                self.pictures.setdefault(kind, picture)
        elif name in ("item", "entry") and (item := _item(element, url)):
            self.items.append(item)
            if len(self.items) > MAX_ITEMS:
                raise xml_elements.NoXml("it holds too much")


def _mended(body: bytes) -> bytes:
    """The document as UTF-8, HTML's entities written out, without characters unknown to XML."""
    if len(body) > MAX_MENDED_BYTES or body.count(b"&") > MAX_ENTITIES:  # each costs memory
        return b""
    text = _decoded(body)
    text = _without_comments(_DECLARATION.sub("", text[max(0, text.find("<")) :]))
    text = _ENTITY.sub(_written_out, _NO_XML.sub("", text)).replace("&#X", "&#x")
    return _BARE_AMPERSAND.sub("&amp;", text).encode("utf-8", "replace")


def _decoded(body: bytes) -> str:
    """Decode as the document declares; where that fails, as UTF-8 or else as Windows does."""
    head = body[:300]
    if body.startswith(EBCDIC):
        head = head.decode("cp037").encode("ascii", "replace")
    declared = _ENCODING.search(head)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if encoding not in UTF_8:
        with suppress(LookupError):
            return body.decode(encoding, "replace")
    text = decode(body)
    # A few wrong bytes are a few wrong bytes; where most signs are wrong, it is no UTF-8.
    wrong = text.count("\ufffd")
    is_other = wrong > 0 and wrong > sum(1 for sign in text if sign > "\x7f") / 2
    return body.decode("cp1252", "replace") if is_other else text


def _without_comments(text: str) -> str:
    first, *others = text.split("<!--")
    return first + "".join([other.partition("-->")[2] for other in others])


def _written_out(entity: re.Match[str]) -> str:
    if entity[1] in XML_ENTITIES:
        return entity[0]
    written = html.unescape(entity[0])
    return f"&amp;{entity[1]};" if written == entity[0] else written


# -- one item --------------------------------------------------------------------------------------


def _item(element: Element, base: str) -> FeedItem | None:
    """Read one video; None for an item without a video."""
    file = choose_file(_files(element, base))
    if file is None:
        return None
    named = [(_name(child), child) for child in reversed(element)]
    texts = {name: _plain(child) for name, child in named if name in TEXTS}
    guid = texts.get("guid") or texts.get("id") or element.get(ABOUT_RDF) or file.url
    kind = texts.get("itunes:episodetype", "").casefold()
    if kind == "trailer":
        return None
    file.guid = guid[:MAX_TEXT]
    file.title = next(filter(None, (texts.get(name) for name in TITLES)), "")[:MAX_TEXT]
    file.topic = texts.get("category", "")[:MAX_TEXT]  # which only some feeds mean so
    if texts.get("dc:creator", "").upper().endswith(".FR"):  # the channel ARTE.FR
        file.language = file.language or "fr"
    file.number = _whole(texts.get("itunes:episode", ""))
    file.season = 0 if kind == "bonus" else _whole(texts.get("itunes:season", ""))
    file.aired = next(filter(None, (day_of(texts.get(name, "")) for name in MOMENTS)), None)
    file.subtitles = _subtitles(element, base)
    return file


def _files(element: Element, base: str) -> Iterator[FeedItem]:
    """The videos of an item, each as an item without a name."""
    for child in _with_groups(element):
        attributes = child.attrib
        name = _name(child)
        is_link = name == "link" and attributes.get("rel") == "enclosure"
        if name in ("enclosure", "media:content") or is_link:
            found = address(base, attributes.get("url") or attributes.get("href"))
            yield from _file(found, attributes)
        elif name == "podcast:alternateenclosure":
            for source in child:
                found = address(base, source.get("uri"))
                yield from _file(found, attributes)


def _file(url: str, attributes: Mapping[str, str]) -> Iterator[FeedItem]:
    extension = extension_of(url, attributes.get("type", "")) if url else ""
    if extension:
        height = _whole(attributes.get("height", "")) or 0
        language = code_of(attributes.get("lang", "")) or ""
        yield FeedItem("", "", url, extension, height=height, language=language)


def _picture(element: Element, base: str) -> str:
    """The address of a picture, as the several kinds of elements write it."""
    inside = next((child.text for child in element if _name(child) == "url"), None)
    told = element.get("href") or element.get("url") or inside or element.text or ""
    return address(base, told) if told.strip() else ""


def _subtitles(element: Element, base: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in _with_groups(element):
        if _name(child) in ("podcast:transcript", "media:subtitle"):
            url = address(base, child.get("url") or child.get("href"))
            language = child.get("language") or child.get("lang") or ""
            end = subtitle_end(url, child.get("type", ""), language) if url else ""
            if end:
                found.setdefault(end, url)
    return found


def _with_groups(element: Element) -> Iterator[Element]:
    """The children, and those of `media:group`."""
    for child in element:
        yield from chain((child,), child if _name(child) == "media:group" else ())


def _name(element: Element) -> str:
    """The name of an element without case, with the prefix that is usual for its namespace."""
    tag = element.tag
    name = tag.rpartition("}")[2].casefold()
    for prefix, pattern in (("itunes", _ITUNES), ("media", _MEDIA), ("podcast", _PODCAST)):
        if pattern.match(tag):
            return f"{prefix}:{name}"
    if tag.startswith("{http://purl.org/dc/"):
        return f"dc:{name}"
    return name if tag.startswith((ATOM, *OLD_ATOM, *RSS[1:])) or "}" not in tag else f"?:{name}"


def _texts(element: Element) -> Iterator[str]:
    """The pieces of text in an element, those of scripts left out."""
    if element.tag.rpartition("}")[2] != "script":
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""


def _plain(element: Element) -> str:
    """The text of an element without tags, however many times those are escaped."""
    text = "".join(_texts(element)).strip()[:MAX_PLAIN]
    if "base64" in (element.get("mode"), BASE64_TYPES.get(element.get("type", ""))):
        with suppress(ValueError):
            text = base64.b64decode(text).decode("utf-8", "replace")
    if "<" in text or "&" in text:
        text = html.unescape(_TAG.sub(" ", _SCRIPT.sub(" ", html.unescape(text))))
    return " ".join(text.split())


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None


def day_of(moment: str) -> str | None:
    """The day in UTC of a time in a feed (RFC 822 or ISO 8601); None if it is no time."""
    moment = moment.strip()
    try:
        if DAY.match(moment):
            found = datetime.fromisoformat(moment if len(moment) > 10 else f"{moment}T12:00:00")
        else:
            found = parsedate_to_datetime(moment)
        return (found.astimezone(UTC) if found.tzinfo else found).date().isoformat()
    except (ValueError, TypeError, OverflowError, IndexError):
        return moment[:10] if DAY.match(moment) and _is_day(moment[:10]) else None


def _is_day(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False
