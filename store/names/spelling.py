"""Spellings of a title: for an id, for comparing, and as a safe name of a file.

Pure: no disk, no network.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

# Letters that Unicode does not take apart, as they are spelled where a keyboard lacks them. Umlauts
# come first: German writes ae, not a.
LETTERS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ı": "i",
    }
)
# Latin, Greek and Cyrillic accents only: without its mark the Japanese "ga" would be "ka", and
# Hindi would lose its vowels.
ACCENTS = re.compile("[\u0300-\u036f]+")
YEAR = re.compile(r"(?<=\S)\s*[(\[]((?:19|20)\d\d)[)\]]\s*$", re.ASCII)
# What is left of ASCII when letters alone count, in lower case.
ASCII_LETTERS = {sign: None for sign in range(128) if not chr(sign).isalnum()} | {ord("&"): "and"}


def slug(text: str) -> str:
    """Spell a title for an id, of a-z, 0-9 and -: "Über-Ich!" is "ueber-ich".

    Empty when no letter is left; the caller then adds a hash.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(LETTERS)
    plain = ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def fold(text: str) -> str:
    """Spell a title so that two spellings of it are equal.

    Case, umlauts, accents, punctuation and a year at the end make no difference. A title of nothing
    but signs stays itself, so only an empty text is empty.
    """
    if text.isascii():
        return YEAR.sub("", text).lower().translate(ASCII_LETTERS) or text.strip()
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = YEAR.sub("", plain).replace("&", "and").translate(LETTERS)
    plain = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", plain)))
    return (
        "".join([c for c in plain if c.isalnum() or unicodedata.category(c)[0] == "M"])
        or text.strip()
    )


def year(title: str) -> int | None:
    """The year at the end of a title: 2010 of "Nacht (2010)"."""
    return int(match[1]) if (match := YEAR.search(title)) else None


# The nine signs that Windows and SMB refuse, and those that look like a slash.
SIGNS = str.maketrans({**dict.fromkeys("/\\|:／＼∕⁄", "-"), **dict.fromkeys("<>?*"), '"': "'"})
# Device names are taken on Windows with any extension, and with superscript digits too.
DEVICE = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)", re.IGNORECASE
)
UNSEEN = frozenset({"Cf", "Cs"})  # bidi and zero-width marks, lone surrogates: no name needs them
CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")


def safe(text: str, limit: int = 240, keep: str = "") -> str:
    """Spell a title as one component of a path, which every file system and SMB client takes.

    The name has at most `limit` bytes of UTF-8. A longer one is cut and gets a short hash of the
    whole, so that two long twins stay two; `keep` (" - S01E05.mkv") is its end and is never cut.
    Nothing in a name leads elsewhere: it is never empty, "." or "..". `safe(safe(x)) == safe(x)`.
    Raises ValueError where `keep` leaves no room. docs/faults.md, F1 and F2, has hostile names.
    """
    end = _plain(keep, edge=" " if keep[:1] == " " else "").rstrip(". ")
    room = limit - len(end.encode())
    if room < 32:
        raise ValueError("there is no room for a name")
    name = _plain(text).lstrip(". ").rstrip(". ")
    if name[:1] in ("-", "~"):  # an option or a home folder, to a careless script
        name = "_" + name[1:]
    if DEVICE.match(name):
        name = "_" + name
    if not name:
        name = "untitled-" + _hash(text) if text else "untitled"
    if len(name.encode()) > room:
        name = _cut(name, room - 7).rstrip(". ") + "~" + _hash(name)
    return name + end


def _plain(text: str, edge: str = "") -> str:
    """`edge`, then the text in NFC without refused signs, its words parted by single spaces."""
    seen = unicodedata.normalize("NFC", "".join([c for c in text if _is_seen(c)]))
    seen = re.sub(r" ?:(?= )", " -", seen.translate(CONTROL))  # a subtitle's colon
    has_slash = any(sign in seen for sign in "/\\|:")
    seen = seen.translate(SIGNS)
    if has_slash:
        seen = re.sub("-{2,}", "-", seen)
    # Letters and accents that a sign kept apart may now compose.
    return edge + " ".join(unicodedata.normalize("NFC", seen).split())


def _is_seen(character: str) -> bool:
    """Whether a name may hold a character: one that is seen, and that Unicode knows."""
    point = ord(character)
    is_noncharacter = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    return not is_noncharacter and unicodedata.category(character) not in UNSEEN


def _cut(text: str, size: int) -> str:
    """As much of a text as fits `size` bytes; a letter and its accents are not parted.

    A text of nothing but accents is cut among them.
    """
    short = text.encode()[:size].decode("utf-8", "ignore")
    end = len(short)
    while end and unicodedata.combining(text[end]):
        end -= 1
    return short[:end] or short


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
