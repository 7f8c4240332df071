"""The languages that names and servers tell of, as codes of ISO 639-1."""

from __future__ import annotations

import re

_LANGUAGES = """
    de ger deu germ german deutsch
    en eng english englisch inglés ingles anglais inglese
    fr fre fra french français francais französisch franzoesisch
    ja jap jpn japanese japanisch japonais japonés
    es spa esp spanish español espanol spanisch espagnol
    it ita italian italiano italienisch
    pt por portuguese português portugues portugiesisch
    ru rus russian russisch
    pl pol polish polski polnisch
    nl nld dut dutch flemish niederländisch nederlands
    sv swe swedish schwedisch svenska
    da dan danish dänisch dansk
    no nor norwegian norwegisch norsk
    fi fin finnish finnisch suomi
    is ice isl icelandic isländisch
    cs cze ces czech tschechisch
    sk slo slk slovak slowakisch
    sl slv slovenian slowenisch
    hu hun hungarian ungarisch magyar
    ro rum ron romanian rumänisch
    bg bul bulgarian bulgarisch
    hr hrv croatian kroatisch
    sr srp serbian serbisch
    el gre ell greek griechisch
    tr tur turkish türkisch
    uk ukr ukrainian ukrainisch
    ar ara arabic arabisch
    he heb hebrew hebräisch
    fa per fas persian persisch
    hi hin hindi
    ta tam tamil
    te tel telugu
    th tha thai thailändisch
    vi vie vietnamese vietnamesisch
    id ind indonesian indonesisch
    ms may msa malay
    ko kor korean koreanisch
    zh chi zho chinese chinesisch mandarin cantonese
    ca cat catalan katalanisch català
    eu baq eus basque baskisch euskara
    et est estonian estnisch
    lv lav latvian lettisch
    lt lit lithuanian litauisch
    la lat latin latein
"""
_ROWS = [row.split() for row in _LANGUAGES.split("\n") if row.strip()]

SHORT = frozenset(code for code, *_ in _ROWS)
CODES = {word: code for code, *words in _ROWS for word in words}

# Letters that are words of names as well, and count only beside other tags.
_LETTERS = "de en fr ja es it pt ru pl nl sv da fi cs hu tr ko zh".split()
_WORDS_TOO = (
    "may est lit cat per ind pol dan ice slo lat tam tel fin chi por hun nor ron spa ara tha vie"
    " isl ell lav fas heb rus bul"
).split()
LETTERS = (
    dict(zip(_LETTERS, _LETTERS))
    | {"jp": "ja", "kr": "ko", "cn": "zh"}
    | {word: CODES[word] for word in _WORDS_TOO}
)


def code_of(text: str) -> str | None:
    """The code of a language as servers and feeds write it: "ger", "de-DE", "German"."""
    word = re.split(r"[-_ ]", text.strip().casefold())[0]
    return word if word in SHORT else CODES.get(word)
