"""Spellings of a title: the key for an id, the key under which two spellings are equal, and a safe file name."""

from __future__ import annotations

import hashlib
import re
import unicodedata

# Letters that Unicode does not take apart, as they are spelled where a keyboard lacks them. Umlauts first: German
# writes ae, not a.
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
# Only Latin, Greek and Cyrillic accents: without its mark the Japanese "ga" would be "ka", and Hindi loses its vowels.
ACCENTS = re.compile("[\u0300-\u036f]+")
YEAR = re.compile(r"(?<=\S)\s*[(\[]((?:19|20)\d\d)[)\]]\s*$", re.ASCII)


def slug(text: str) -> str:
    """`text` as `[a-z0-9-]+`: "Über-Ich!" is "ueber-ich". Empty when no letter is left; the caller then adds a hash."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(LETTERS)
    plain = ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def fold(text: str) -> str:
    """The key under which two spellings of one title are equal: case, umlauts, accents, punctuation, a year at the end.

    Never empty for a text that is not: a title of nothing but signs stays itself.
    """
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


# The nine that Windows and SMB refuse, and slashes that only look like others. A colon before a space is a subtitle's.
SIGNS = str.maketrans({**dict.fromkeys("/\\|:／＼∕⁄", "-"), **dict.fromkeys("<>?*"), '"': "'"})
# Device names are taken on Windows with any extension, and with superscript digits too.
DEVICE = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)", re.IGNORECASE
)
UNSEEN = frozenset({"Cf", "Cs"})  # bidi and zero-width marks, lone surrogates: no name needs them


def safe(text: str, limit: int = 240, keep: str = "") -> str:
    """`text` as one component of a path: nothing in it leads elsewhere, and every file system and SMB client takes it.

    At most `limit` bytes of UTF-8, cut at a character with a short hash of the whole, so that two long twins stay two.
    `keep` (" - S01E05.mkv") is the end that survives the cut. Never empty, "." or ".."; `safe(safe(x)) == safe(x)`.
    The source of the rule is faults.md ("Hostile names").
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
    """NFC, no sign that some file system refuses, single spaces, none at the ends but `edge` in front."""
    seen = "".join(
        [
            c
            for c in text
            if unicodedata.category(c) not in UNSEEN
            and ord(c) & 0xFFFE != 0xFFFE
            and not 0xFDD0 <= ord(c) <= 0xFDEF
        ]
    )
    seen = unicodedata.normalize("NFC", seen)
    seen = "".join([" " if c < " " or "\x7f" <= c <= "\x9f" else c for c in seen])
    seen = re.sub(r" ?:(?= )", " -", seen)
    seen = (
        re.sub("-{2,}", "-", seen.translate(SIGNS))
        if re.search(r"[/\\|:]", seen)
        else seen.translate(SIGNS)
    )
    return edge + " ".join(
        unicodedata.normalize("NFC", seen).split()
    )  # what a sign kept apart may now compose


def _cut(text: str, size: int) -> str:
    """As much of `text` as fits `size` bytes, not between a letter and its accents unless there is nothing but accents."""
    short = text.encode()[:size].decode("utf-8", "ignore")
    end = len(short)
    while end and unicodedata.combining(text[end]):
        end -= 1
    return short[:end] or short


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
