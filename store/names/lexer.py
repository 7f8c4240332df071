"""The vocabulary of file names: which word says what, and the one scan that cuts a name into labelled tokens.

`tokenize` gives each token one letter, so that a whole name becomes a short word, its shape: "Show S01E05 [720p]" is
`w SnEn (t)`. The grammar in `store/marks.py` is written in these letters:

    n y N   a number, one that may be a year, a number in words ("second")
    S T s   the letters s and t, a word for season          E F e   the letters e and f, a word for episode
    P V M   part, volume, movie                             k z     special (OVA), extra (NCOP, trailer)
    x v h   x, v, number sign                               o a r i f   of, and, to, ordinal ending, the end
    t u l   technical, technical in company, a language     w       any other word
    ( )     brackets of any kind; and the separators of `separator`
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


def _vocabulary() -> tuple[dict[str, str], dict[str, str]]:
    """word -> label, and word -> what it means: the number that an ordinal is, the code of a language."""
    labels, meanings = {}, {}
    for line in (Path(__file__).parent / "words.txt").read_text("utf-8").splitlines():
        if not line.startswith("# "):
            head, *words = line.split()
            label, _, meaning = head.partition(":")
            labels |= dict.fromkeys(words, label)
            meanings |= dict.fromkeys(words, meaning)
    return labels, meanings


WORDS, MEANINGS = _vocabulary()
KANJI = {c: n for n, c in enumerate("〇一二三四五六七八九十")} | {"零": 0, "两": 2, "兩": 2}

# Full-width signs as the ASCII they look like, one for one, so that positions stay true.
NARROW = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: " "}

# By form rather than by word: picture, sound, size, checksum and date, then the plain tokens.
TOKEN = re.compile(
    r"""
    (?P<t> (?<!\d)(?: (?!(?:19[5-9]|20[0-3])\d[x×]\d{3}(?!\d))\d{3,4}[x×*]\d{3,4}[pi]? | (?:240|360|400|480|540|576|720|1080|1440|2160|4320)(?:[pi]\d*|p?\.hi10p?) )(?![^\W_])
      | (?<![^\W_])(?: [xh][ .]?26[3-6] | x?vid\d? | (?:8|10|12)[ -]?bits? | [48]k | hi(?:10|422|444)p? | hdr10\w* | (?:vc|av)1
        | (?:dd[p+]?|e?ac3?|aac|dts|flac|opus|truehd|ogg)[ .+]?[1-7][ .][0-2](?:ch)? | (?:e?ac|mp|mpeg)-?\d | [57]\.1(?:ch)?
        | \d+(?:\.\d+)?[ ]?(?:fps|[kmg]bps|[kmgt]i?b|mbits|kbit|hz|ch) | divx[\d.]+ | web-?dl(?:mux|rip)? | blu-?ray )(?![^\W_]) )
  | (?P<crc> (?<![^\W_])(?=[a-f]*\d)[0-9a-f]{8}(?![^\W_]) )
  | (?P<date> (?<!\d)(?:(?:19|20)\d\d(?P<gap>[-._ ])(?:0\d|1[0-2])(?P=gap)[0-3]\d|(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d|[0-3]?\d-[01]?\d-(?:19|20)\d\d|\d-[01]\d-\d\d|\d{6}(?!\w))(?!\d) )
  | (?P<kanji> 第\s*(?P<count>[〇零一二三四五六七八九十两兩]+|\d{1,5})\s*(?P<unit>[季期部話话集回]) )
  | (?P<n> \d+ )
  | (?P<w> [^\W\d_第×]+(?:['’`][^\W\d_]+)* | × )
  | (?P<open> [\[({【「『《〈] )
  | (?P<close> [\])}】」』》〉] )
  | (?P<sep> (?:[^\w\[\](){}【】「」『』《》〈〉\#№]|_)+ )
  | (?P<other> . )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# The site or the programme month in front of a name.
NOISE = re.compile(
    r"^(?:from )?[\[ ]*\.?www\.[\w.-]+\.\w+\.?[\] ]*[-. ]*|★?\d+月新番★?", re.IGNORECASE
)
YEARS = range(1920, 2040)


class Tokens(NamedTuple):
    """A name in tokens: `shape` has one letter for each, `at[i]` and `to[i]` are its borders in `text`."""

    text: str
    shape: str
    words: list[str]
    at: list[int]
    to: list[int]
    dotted: bool  # a dot or an underscore stands for the space


DASH = re.compile("[ _.]?[-–—‒―][ _.]?")


@lru_cache(1024)  # names use few different ones
def separator(run: str) -> str:
    """The letter of a run of separators: `-` a dash with room on both sides, `m` one without, `:` a dot and a space."""
    for sign, label in (("~", "~"), ("+", "+"), ("&", "+")):
        if sign in run:
            return label
    if dash := DASH.search(run):
        return "-" if dash[0][0] in " _." and dash[0][-1] in " _." else "m"
    if run.strip(" _") in ("..", "...", "…"):
        return "~"
    if run == ".":
        return "."
    if not run.strip(" _\t."):
        return ":" if run[0] == "." and " " in run else " "
    return "," if "," in run or ";" in run else ";" if run.strip(" _.") == ":" else "!"


def tokenize(text: str) -> Tokens:
    """One pass over one component of a path, without its extension. Longer than any file system's names it need not be."""
    text = (NOISE.sub("", text) if "www" in text.lower() or "新番" in text else text)[:600]
    flat = text if text.isascii() else text.translate(NARROW)
    shape, words, at, to = [], [], [], []
    for match in TOKEN.finditer(flat):
        kind, word = match.lastgroup, match[0]
        if kind == "w":
            word = word.lower()
            label = WORDS.get(word, "w")
        elif kind == "sep":
            label = separator(word)
        elif kind == "n":
            label = "n" if len(word) != 4 else "y" if int(word) in YEARS else "n"
            if len(word) > 6:  # no episode has so many digits
                label = "t"
        elif kind == "kanji":
            shape.append("n")
            words.append(str(count(match["count"])))
            at.append(match.start())
            to.append(match.start("unit"))
            label, word = ("s" if match["unit"] in "季期部" else "e"), match["unit"]
        else:
            label = {"open": "(", "close": ")", "t": "t", "crc": "t", "date": "t"}.get(
                kind
            ) or WORDS.get(word, "!")
        shape.append(label)
        words.append(word)
        at.append(match.start() if kind != "kanji" else match.start("unit"))
        to.append(match.end())
    spaces = flat.count(" ")
    return Tokens(flat, "".join(shape), words, at, to, not spaces or flat.count(".") > 2 * spaces)


def count(text: str) -> int:
    """A number of ours or a Chinese one below a hundred: "12", "十二", "二十三"."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (KANJI.get(tens, 1) * 10 if ten else 0) + (KANJI.get(ones, 0) if ones else 0)
