"""Read which languages a name tells: those that are spoken, and those of the subtitles. Pure.

Names of languages are words of titles too ("The French Connection"). So one counts beside a word
for sound or subtitles, in brackets of nothing but tags, and among the tags with which a name ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from store.names.codes_of_languages import CODES, LETTERS
from store.names.lexer import CLOSE, OPEN, TECHNICAL, UNSURE_TECHNICAL, Tokens, tokenize
from store.names.spoken import UNKNOWN, Languages

FOLDERS = 3  # above a file that may tell
TAGS = (TECHNICAL, UNSURE_TECHNICAL)
NUMBERS = "nNy"
SEPARATORS = " .,m-~+:;!"
BRACKETS = frozenset("()[]{}")

SUBTITLES = frozenset(
    "sub subs subbed subtitle subtitles subtitled softsub softsubs hardsub hardsubs fansub fansubs"
    " untertitel untertiteln untertitelt ut legendas napisy sottotitoli subtitulado subtitulos"
    " subtítulos legendado".split()
)
SOUND = frozenset(
    "dub dubs dubbed dubbing audio synchro synchronisiert synchronfassung sync synced ton tonspur"
    " fassung sprache sprachfassung lektor doublage doppiato doblado dublado spoken".split()
)
SEVERAL = frozenset("dual multi multilang multilanguage multiaudio dualaudio triaudio".split())
SEVERAL_SHORT = frozenset(("dl", "ml"))  # "German DL": a further language beside it
# Words that tell by themselves: sound, subtitles, and whether the sound is the original one.
OWN_WORDS = {
    "omu": ("", "de", True),
    "omdu": ("", "de", True),
    "omeu": ("", "en", True),
    "omenglu": ("", "en", True),
    "omfu": ("", "fr", True),
    "vost": ("", "", True),
    "vostfr": ("", "fr", True),
    "vostf": ("", "fr", True),
    "stfr": ("", "fr", True),
    "subfrench": ("", "fr", True),
    "vosta": ("", "en", True),
    "vosten": ("", "en", True),
    "vose": ("", "es", True),
    "vosi": ("", "it", True),
    "vosub": ("", "", True),
    "originalversion": ("", "", True),
    "originalfassung": ("", "", True),
    "originalton": ("", "", True),
    "truefrench": ("fr", "", False),
    "vff": ("fr", "", False),
    "vfq": ("fr", "", False),
    "vfi": ("fr", "", False),
    "dublado": ("pt", "", False),
    "legendado": ("", "pt", False),
    "esub": ("", "en", False),
    "esubs": ("", "en", False),
    "chs": ("", "zh", False),
    "cht": ("", "zh", False),
}
# Those that count only where tags stand.
SHORT_OWN_WORDS = {
    "ov": ("", "", True),
    "vo": ("", "", True),
    "vf": ("fr", "", False),
    "castellano": ("es", "", False),
    "latino": ("es", "", False),
}
_ADJECTIVE = re.compile(r"(\w+?isch|deutsch)e[nrms]?")
_CODES = LETTERS | CODES  # a word that may be a language -> its code
_WORD = "|".join(sorted(_CODES, key=len, reverse=True))
_LONG_WORD = "|".join(sorted((word for word in _CODES if len(word) > 2), key=len, reverse=True))
_JOINED = re.compile(
    rf"(?P<languages>(?:{_LONG_WORD})+|{_WORD})"
    r"(?:(?P<subtitles>(?:soft|hard|fan)?sub(?:s|bed|titles?)?)|(?P<sound>dub(?:s|bed)?|audio))"
    rf"|subs?(?P<others>{_WORD})"
)
_ONE_WORD = re.compile(_WORD)
# Any sign of a language: most names have none.
_HINTS = frozenset([*SEVERAL, *SEVERAL_SHORT, *OWN_WORDS, *SHORT_OWN_WORDS, *_CODES, "original"])
_PARTS = ("sub", "dub", "isch", "untertit", "deutsch")
_WORDS = re.compile(r"[^\W\d_]+")


def read(path: str) -> Languages:
    """The languages that the nearest part of a path tells: the file's name, else a folder's.

    The file's name has no extension here.
    """
    *folders, name = path.split("/")
    found = _read_part(name, False)
    for folder in reversed(folders[-FOLDERS:]):
        if found != UNKNOWN:
            break
        found = _read_part(folder, folder is not folders[0])
    return found


@lru_cache(4096)
def _read_part(text: str, is_inner_folder: bool) -> Languages:
    """`is_inner_folder`: the part is a folder below the series' own, and may be called "German"."""
    folded = text.casefold()
    if _HINTS.isdisjoint(_WORDS.findall(folded)) and not any(part in folded for part in _PARTS):
        return UNKNOWN
    return _Reader(tokenize(text), is_inner_folder).read()


class _Reader:
    """The words of one part of a path, each with what it tells and where it stands."""

    def __init__(self, tokens: Tokens, is_inner_folder: bool):
        labels = tokens.labels
        places = [place for place, label in enumerate(labels) if label not in SEPARATORS]
        self._words = [tokens.words[place].casefold() for place in places]
        self._labels = [labels[place] for place in places]
        self._is_tag = [_is_tag(word, label) for word, label in zip(self._words, self._labels)]
        self._dashed = {
            number for number, place in enumerate(places) if place and labels[place - 1] == "m"
        }
        self._in_tags = self._find_brackets() | self._find_tail(is_inner_folder)

    def read(self) -> Languages:
        sound: set[str] = set()
        subtitles: set[str] = set()
        several = original = False
        for number, word in enumerate(self._words):
            if own := self._own_word(number):
                sound.add(own[0])
                subtitles.add(own[1])
                original = original or own[2]
            elif joined := _JOINED.fullmatch(word):
                found = _ONE_WORD.findall(joined["languages"] or joined["others"])
                of_subtitles = joined["subtitles"] or joined["others"]
                (subtitles if of_subtitles else sound).update(_CODES[each] for each in found)
            elif language := self._language(number):
                (subtitles if self._is_of_subtitles(number) else sound).add(language)
            elif self._is_several(number, word):
                several = True
        if original and not subtitles - {""} and _says_subtitles(self._words):
            subtitles.add("de")  # "Originalversion mit Untertiteln"
        return Languages(frozenset(sound - {""}), frozenset(subtitles - {""}), several, original)

    # -- where tags stand ------------------------------------------------------------------------

    def _find_brackets(self) -> set[int]:
        """The words in brackets that hold nothing but tags."""
        found: set[int] = set()
        inside: list[int] = []
        for number, label in enumerate(self._labels):
            if label == OPEN:
                inside = []
            elif label == CLOSE:
                if all(self._is_tag[place] for place in inside):
                    found.update(inside)
                inside = []
            else:
                inside.append(number)
        return found

    def _find_tail(self, is_inner_folder: bool) -> set[int]:
        """The words among the tags with which a name ends, the group and brackets left out."""
        end = len(self._words)
        is_group = end - 1 in self._dashed and not self._is_tag[end - 1]
        first = end - 1 if is_group else end
        depth = 0
        while first > 0:
            label = self._labels[first - 1]
            depth += (label == CLOSE) - (label == OPEN)
            is_bracket = depth > 0 or label == OPEN
            if not (is_bracket or self._is_tag[first - 1]):
                break
            first -= 1
        tail = set(range(first, end))
        is_technical = any(self._labels[number] == TECHNICAL for number in tail)
        if first == 0:
            return tail if is_inner_folder or is_technical else set()
        before = self._labels[first - 1]
        has_number = any(label in NUMBERS for label in self._labels[:first])
        # "S01E05 - Pardon My French" tells nothing, "S01E05 German" does.
        is_clear = is_technical or before in NUMBERS or len(tail) > 1
        return tail if is_clear and (has_number or is_technical) else set()

    # -- what a word tells -----------------------------------------------------------------------

    def _own_word(self, number: int) -> tuple[str, str, bool] | None:
        word = self._words[number]
        if word in OWN_WORDS:
            return OWN_WORDS[word]
        if word in SHORT_OWN_WORDS and number in self._in_tags:
            return SHORT_OWN_WORDS[word]
        if word == "original" and self._near(number, 1) in ("version", "fassung", "ton", "audio"):
            return "", "", True
        return None

    def _language(self, number: int) -> str | None:
        """The language of a word, where the word counts."""
        word = self._words[number]
        if word in LETTERS:
            return LETTERS[word] if self._is_beside_tags(number) else None
        adjective = _ADJECTIVE.fullmatch(word)
        code = CODES.get(adjective[1] if adjective else word)
        is_beside = self._near(number, 1) in SUBTITLES | SOUND
        return code if is_beside or number in self._in_tags else None

    def _is_beside_tags(self, number: int) -> bool:
        """Whether letters such as "de" and "it" are a language: they are words of many others."""
        if number not in self._in_tags:
            return False
        before, after = self._near(number, -1), self._near(number, 1)
        if not after and self._labels[number - 1] in NUMBERS:
            return True
        is_bracketed = before in BRACKETS and after in BRACKETS
        return is_bracketed or any(
            word in _CODES or word in SUBTITLES | SOUND for word in (before, after)
        )

    def _is_of_subtitles(self, number: int) -> bool:
        """ "Ger Sub" and "Sub Ger Eng"; of "Ita Eng Sub Ita" the word belongs to what follows."""
        after = number + 1
        if self._near(number, 1) in SUBTITLES:
            has_another = _is_language(self._near(number, -1))
            return not (has_another and _is_language(self._near(after, 1)))
        before = number - 1
        while before >= 0 and _is_language(self._words[before]):
            before -= 1
        if before < 0 or self._words[before] not in SUBTITLES:
            return False
        in_front = self._words[before - 1] if before else ""
        has_another = before > 1 and _is_language(self._words[before - 2])
        return not _is_language(in_front) or has_another

    def _is_several(self, number: int, word: str) -> bool:
        if word in SEVERAL:
            is_beside = self._near(number, 1) in ("audio", "language", "lang", "sprachig")
            return is_beside or number in self._in_tags
        return word in SEVERAL_SHORT and number in self._in_tags and self._near(number, -1) != "web"

    def _near(self, number: int, distance: int) -> str:
        place = number + distance
        return self._words[place] if 0 <= place < len(self._words) else ""


def _is_tag(word: str, label: str) -> bool:
    is_own = word in OWN_WORDS or word in SHORT_OWN_WORDS or word in SUBTITLES or word in SOUND
    is_several = word in SEVERAL or word in SEVERAL_SHORT
    return label in TAGS or word in _CODES or is_own or is_several or bool(_JOINED.fullmatch(word))


def _is_language(word: str) -> bool:
    return word in _CODES


def _says_subtitles(words: Sequence[str]) -> bool:
    return any(word.startswith("untertitel") for word in words)
