"""Words for series and episodes: folder keys, comparison keys, codes, and the one safe-name function.

Pure: no disk, no network. `store/names.py` reads file names, this file writes them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from store.models import Number

# conventions.md, chapter 1
MEDIA = frozenset(
    ".mkv .mp4 .m4v .avi .mov .webm .ts .m2ts .mts .mpg .mpeg .wmv .flv .ogm .ogv .divx .rm .rmvb .3gp .vob .asf .f4v".split()
)
SUBTITLES = frozenset(".srt .ass .ssa .vtt .sub .idx .sup .smi .sami .mks".split())

# Letters that Unicode does not take apart, as they are spelled where a keyboard lacks them. Umlauts first: German
# writes ae, not a.
LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
# Only Latin, Greek and Cyrillic accents: without its mark the Japanese "ga" would be "ka", and Hindi loses its vowels.
ACCENTS = re.compile("[\u0300-\u036f]+")
YEAR = re.compile(r"(?<=\S)\s*[(\[]((?:19|20)\d\d)[)\]]\s*$", re.ASCII)
DATABASES = ("tvdb", "tmdb", "imdb", "anidb", "anilist", "myanimelist", "mal")
# In the names of folders, as Jellyfin writes them or as Plex does: [tvdbid-1], {tvdb-1}.
IDS = re.compile(rf"\s*[\[{{]({'|'.join(DATABASES)})(?:id)?[-=](tt\d{{1,12}}|\d{{1,12}})[\]}}]", re.ASCII | re.IGNORECASE)


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
    return "".join([c for c in plain if c.isalnum() or unicodedata.category(c)[0] == "M"]) or text.strip()


def year(title: str) -> int | None:
    """The year at the end of a title: 2010 of "Nacht (2010)"."""
    return int(match[1]) if (match := YEAR.search(title)) else None


def ids(text: str) -> dict[str, str]:
    """The databases' ids in a folder's name: "Nacht [tvdbid-1]" is {"tvdb": "1"}."""
    return {kind.lower(): number for kind, number in IDS.findall(text)}


def bracketed(ids: Mapping[str, str]) -> str:
    """The inverse of `ids`, in Jellyfin's spelling: "[tvdbid-1] [imdbid-tt2]"."""
    return " ".join([f"[{kind}id-{number}]" for kind, number in ids.items()])


# --- file names ---

# The nine that Windows and SMB refuse, and slashes that only look like others. A colon before a space is a subtitle's.
SIGNS = str.maketrans({**dict.fromkeys("/\\|:／＼∕⁄", "-"), **dict.fromkeys("<>?*"), '"': "'"})
# Device names are taken on Windows with any extension, and with superscript digits too.
DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)", re.IGNORECASE)
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
        [c for c in text if unicodedata.category(c) not in UNSEEN and ord(c) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(c) <= 0xFDEF]
    )
    seen = unicodedata.normalize("NFC", seen)
    seen = "".join([" " if c < " " or "\x7f" <= c <= "\x9f" else c for c in seen])
    seen = re.sub(r" ?:(?= )", " -", seen)
    seen = re.sub("-{2,}", "-", seen.translate(SIGNS)) if re.search(r"[/\\|:]", seen) else seen.translate(SIGNS)
    return edge + " ".join(unicodedata.normalize("NFC", seen).split())  # what a sign kept apart may now compose


def _cut(text: str, size: int) -> str:
    """As much of `text` as fits `size` bytes, not between a letter and its accents unless there is nothing but accents."""
    short = text.encode()[:size].decode("utf-8", "ignore")
    end = len(short)
    while end and unicodedata.combining(text[end]):
        end -= 1
    return short[:end] or short


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def beside(video: str, names: Iterable[str], kinds: Collection[str]) -> dict[str, str]:
    """Of a folder's `names` those that belong to `video`, by what follows its stem: {".de.srt": "Show - 01.de.srt"}.

    `kinds` are their extensions. Where two videos begin alike, a file is the longer one's.
    """
    names = list(names)
    stem = video.rpartition(".")[0]
    longer = [name.rpartition(".")[0] for name in names if name.startswith(stem) and name != video and _kind(name) in MEDIA]
    longer = tuple(other for other in longer if other != stem)
    found = {}
    for name in names:
        more = name.removeprefix(stem)
        if more != name and more[0] in ".-" and not more[1:2].isdigit() and _kind(name) in kinds and not name.startswith(longer):
            found[more] = name
    return found


def _kind(name: str) -> str:
    return "." + name.rpartition(".")[2].casefold()


# --- episodes ---

CODE = re.compile(r"S(\d{1,5})E(\d{1,7}(?:\.\d{1,6})?)", re.ASCII | re.IGNORECASE)


def code(season: int, number: Number) -> str:
    """`S01E05`; a decimal episode is a special: `code(0, 6.5)` is `S00E06.5`. The inverse of `decode`."""
    if season < 0 or not 0 <= number < 10**7 or (number % 1 and season):
        raise ValueError(f"no such episode: season {season}, number {number}")
    return f"S{season:02d}E{digits(number)}"


def decode(text: str) -> tuple[int, Number]:
    """("S01E05") -> (1, 5), in either case; ValueError for anything else."""
    match = CODE.fullmatch(text)
    if not match:
        raise ValueError("an episode is written S01E05")
    season, number = int(match[1]), as_number(match[2])
    if number % 1 and season:
        raise ValueError("a decimal episode belongs to season 0")
    return season, number


def phrase(season: int, number: Number) -> str:
    """`Season 1 Episode 5`."""
    return f"Season {season} Episode {as_number(digits(number))}"


def digits(number: Number) -> str:
    """Two digits at least, and never an exponent: 5 is "05", 6.5 is "06.5"."""
    text = repr(number)
    if "e" in text:
        from decimal import Decimal  # late: such a number is a joke, and its module costs every start a millisecond

        text = format(Decimal(text), "f")
    whole, dot, part = text.partition(".")
    part = part.rstrip("0")
    return whole.zfill(2) + (dot + part if part else "")


def as_number(text: str) -> Number:
    """"05" -> 5, "06.5" -> 6.5, "6.0" -> 6: only a true decimal is a float."""
    value = float(text) if "." in text else int(text)
    return int(value) if value == int(value) else value


def codes(season: int, numbers: Sequence[Number]) -> str:
    """The code of a file: several numbers in a row are `S01E01-E02`, others `S01E01E03`."""
    first, *rest = sorted(numbers)
    if rest and [first, *rest] == list(range(int(first), int(first) + len(rest) + 1)):
        return f"{code(season, first)}-E{digits(rest[-1])}"
    return code(season, first) + "".join([f"E{digits(number)}" for number in rest])
