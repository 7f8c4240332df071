"""Cut a name into labelled tokens: the vocabulary of file names, and one scan over the text.

`tokenize` gives each token a label of one letter, so that the labels of a whole name are a short
text: "Show S01E05 [720p]" is `w SnEn (t)`. Regular expressions over labels are written in these
letters; a position in the labels is the number of a token. The table below explains every letter.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from store.names.forms import DATE, HAN
from store.names.forms import TECHNICAL as TECHNICAL_FORMS

# --- the labels ---

# Numbers.
NUMBER = "n"  # "05"
YEAR = "y"  # "2012", four digits that may be a year
ORDINAL = "N"  # "second", "zweite": a number in words, its value is in MEANINGS

# Words and letters that say what a number counts.
SEASON = "s"  # "Staffel"
SEASON_LETTER = "S"  # the S of "S01"
SEASON_LETTER_T = "T"  # the T of "T01", for temporada
EPISODE = "e"  # "Folge"
COUNTER = "c"  # "話", "серия": an episode's word that mostly stands behind its number
COUNTED = "d"  # the 第 in front of a number and its counter
EPISODE_LETTER = "E"  # the E of "E05"
EPISODE_LETTER_F = "F"  # the F of "F05", for Folge
CROSS = "x"  # the x of "1x05"
VERSION = "v"  # the v of "05v2"
NUMBER_SIGN = "h"  # "#", "No."
PART = "P"  # "Teil"
VOLUME = "V"  # "Vol.", "Disc"
FILM = "M"  # "Movie", "Film"
SPECIAL = "k"  # "OVA", "Sonderfolge"
EXTRA = "z"  # "NCOP", "Trailer": neither an episode nor missing

# Words between and behind numbers.
OF = "o"  # "5 von 12"
AND = "a"  # "1 und 2"
TO = "r"  # "1 bis 3"
ORDINAL_ENDING = "i"  # the "nd" of "2nd"
END = "f"  # "12 END"

# What releases add.
TECHNICAL = "t"  # "1080p", "x264", a checksum, a date
UNSURE_TECHNICAL = "u"  # "WEB", "Cut": technical beside other technical words, else a title's
LANGUAGE = "l"  # "German", its code is in MEANINGS

WORD = "w"  # any other word
OPEN, CLOSE = "(", ")"  # brackets of any kind
HIDDEN = "_"  # in brackets, see `hide_brackets`

# Separators. A space, a dot and a comma are their own labels.
WIDE_DASH = "-"  # a dash with room on both sides
DASH = "m"  # a dash without
TILDE = "~"  # or an ellipsis
PLUS = "+"  # or "&"
DOT_AND_SPACE = ":"
COLON = ";"
SIGN = "!"  # any other sign

# The labels that make one word with a number beside them.
GLUE = frozenset("wtluSTEFsecxPVMkzvoarifN")
GLUE_BUT_ENDINGS = GLUE - {VERSION, END}

# Where the technical tail begins: at a word that is surely technical, or at an unsure one that is
# followed by another or by the end.
TECHNICAL_TAIL = re.compile(r"t|[ul](?=[ .m\-]*(?:[tul)]|$))")
BRACKET = re.compile(r"\([^()]*\)")

# --- the vocabulary ---


def read_vocabulary() -> tuple[dict[str, str], dict[str, str]]:
    """Read words.txt: word -> label, and word -> meaning.

    The meaning of an ordinal is its number, the meaning of a language its code.
    """
    labels: dict[str, str] = {}
    meanings: dict[str, str] = {}
    text = (Path(__file__).parent / "words.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("# "):
            head, *words = line.split()
            label, _, meaning = head.partition(":")
            labels |= dict.fromkeys(words, label)
            meanings |= dict.fromkeys(words, meaning)
    return labels, meanings


WORDS, MEANINGS = read_vocabulary()
YEARS = range(1920, 2040)
KANJI_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九十")} | {"零": 0, "两": 2, "兩": 2}
PHRASES = "|".join([word.replace("_", "[ ._]") for word in WORDS if "_" in word])

# Full-width signs as the ASCII they look like, one for one, so that positions stay true.
NARROW = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: " "}

# --- the scan ---

# The forms come first, then the plain tokens.
TOKEN = re.compile(
    rf"""
    (?P<turn> (?<=[{HAN}])(?=[^\W_{HAN}]) )  # 夜警S2: another script begins another word
  | (?P<technical> {TECHNICAL_FORMS} )
  | (?P<checksum> (?<![^\W_])(?=[a-f]*\d)[0-9a-f]{{8}}(?![^\W_]) )
  | (?P<date> {DATE} )
  | (?P<counted> 第[ ]?(?P<count>[〇零一二三四五六七八九十两兩]+)[ ]?(?P<counter>[季期部话話集回]) )
  | (?P<number> \d+ )
  | (?P<behind> (?<=\d) (?: [话話集화회] | [季期部回](?![^\W\d_]) )
              | (?: (?<=第\d) | (?<=第\d\d) ) [季期部回] )
  | (?P<phrase> (?:{PHRASES})(?![^\W_]) )
  | (?P<word> [^\W\d_第×{HAN}]+(?:['’`][^\W\d_]+)* | [{HAN}]+ | × )
  | (?P<open> [\[({{【「『《〈] )
  | (?P<close> [\])}}】」』》〉] )
  | (?P<separator> (?:[^\w\[\](){{}}【】「」『』《》〈〉\#№]|_)+ )
  | (?P<other> . )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# The labels of the kinds of token that are not looked up.
KINDS = {
    "technical": TECHNICAL,
    "checksum": TECHNICAL,
    "date": TECHNICAL,
    "turn": " ",
    "open": OPEN,
    "close": CLOSE,
}
# The site or the programme month in front of a name.
NOISE = re.compile(
    r"^(?:from )?[\[ ]*\.?www\.[\w.-]+\.\w+\.?[\] ]*[-. ]*|★?\d+月新番★?", re.IGNORECASE
)
PHRASE_GAP = re.compile("[ .]")
MAX_CHARACTERS = 600  # no file system has longer names
MAX_DIGITS = 6  # no episode has more


class Tokens(NamedTuple):
    """A name in tokens: token i is `words[i]` with `labels[i]`, `text[starts[i]:ends[i]]`."""

    text: str
    labels: str
    words: list[str]  # those of letters are in lower case
    starts: list[int]
    ends: list[int]
    dotted: bool  # a dot or an underscore stands for the space

    def piece(self, first: int, last: int) -> str:
        """The text of the tokens from `first` up to `last`, without `last`."""
        return self.text[self.starts[first] : self.ends[last - 1]] if first < last else ""


def tokenize(text: str) -> Tokens:
    """Cut one component of a path, without its extension, into tokens."""
    if "www" in text.lower() or "新番" in text:
        text = NOISE.sub("", text)
    text = text[:MAX_CHARACTERS]
    if not text.isascii():
        text = text.translate(NARROW)
    labels: list[str] = []
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        word = match[0]
        start = match.start()
        if kind == "word":
            word = word.lower()
            label = WORDS.get(word, WORD)
        elif kind == "separator":
            label = label_separator(word)
        elif kind == "number":
            label = label_number(word)
        elif kind == "phrase":
            label = WORDS[PHRASE_GAP.sub("_", word.lower())]
        elif kind == "counted":  # three tokens, of which the last is the counter
            labels += COUNTED, NUMBER
            words += "第", str(read_count(match["count"]))
            starts += start, match.start("count")
            ends += match.start("count"), match.start("counter")
            word, start = match["counter"], match.start("counter")
            label = WORDS[word]
        else:
            label = KINDS.get(kind or "") or WORDS.get(word, SIGN)
        labels.append(label)
        words.append(word)
        starts.append(start)
        ends.append(match.end())
    spaces = text.count(" ")
    dotted = not spaces or text.count(".") > 2 * spaces
    return Tokens(
        text=text, labels="".join(labels), words=words, starts=starts, ends=ends, dotted=dotted
    )


def label_number(digits: str) -> str:
    """The label of a run of digits."""
    if len(digits) == 4:
        return YEAR if int(digits) in YEARS else NUMBER
    return NUMBER if len(digits) <= MAX_DIGITS else TECHNICAL


ANY_DASH = re.compile("[ _.]?[-–—‒―][ _.]?| [·•] ")


@lru_cache(1024)  # names use few different ones
def label_separator(run: str) -> str:
    """The label of a run of signs and spaces between two words."""
    if "~" in run:
        return TILDE
    dash = ANY_DASH.search(run)
    if "&" in run or "+" in (run.lstrip("+") if dash else run):  # not of "Yuri+ - 05"
        return PLUS
    if dash:
        return WIDE_DASH if dash[0][0] in " _." and dash[0][-1] in " _." else DASH
    if run.strip(" _") in ("..", "...", "…"):
        return TILDE
    if run == ".":
        return "."
    if not run.strip(" _\t."):
        return DOT_AND_SPACE if run[0] == "." and " " in run else " "
    if "," in run or ";" in run:
        return ","
    return COLON if run.strip(" _.") == ":" else SIGN


def read_count(text: str) -> int:
    """A number in digits, or a Chinese number below a hundred: "12", "十二" and "二十三"."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (KANJI_DIGITS.get(tens, 1) * 10 if ten else 0) + (
        KANJI_DIGITS.get(ones, 0) if ones else 0
    )


def hide_brackets(labels: str) -> str:
    """The labels with HIDDEN in place of all brackets and the labels inside."""
    while OPEN in labels:
        outside = BRACKET.sub(lambda match: HIDDEN * len(match[0]), labels)
        if outside == labels:
            break
        labels = outside
    return labels
