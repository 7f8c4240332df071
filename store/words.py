"""The vocabulary of file names: which word says what, and the one scan that cuts a name into labelled tokens.

`scan` gives each token one letter, so that a whole name becomes a short word, its shape: "Show S01E05 [720p]" is
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
from typing import NamedTuple

# Words of many languages; families 6, 9 and 14 of names.md. A word that is also common in titles is left out.
VOCABULARY = {
    "S": "s",
    "T": "t",
    "E": "e xe",
    "F": "f",
    "x": "x × х",
    "v": "v",
    "h": "nr № num #",
    "s": "season seasons saison saisons staffel staffeln series temporada temporadas temp tem stagione sezon sezonu sezona sezonul "
    "sezonas сезон сезона сезоны сез sez seizoen säsong sasong sesong sæson kausi évad evad série シーズン 시즌 季 期 기 シリーズ",
    "e": "ep eps epi episode episodes episodio episodios episodi episódio episódios épisode épisodes folge folgen cap caps capitulo "
    "capítulo capitulos capítulos kapitel chapter odc odcinek odcinki серия серии серий сер ser seria serija serya seriya эпизод эпизоды "
    "выпуск aflevering afl avsnitt afsnit jakso rész resz bölüm bolum episodul epizod epizoda epizodă epizód tập "
    "話 话 集 回 화 회 エピソード ตอน",
    "P": "part parts pt teil teile parte partie deel del часть",
    "V": "vol volume disc disk cd",
    "M": "movie film movies gekijouban 劇場版",
    "k": "ova ovas oad oads ona onas sp special specials spezial spéciale especial speciale omake bonus ex sonderfolge sonderfolgen спешл",
    "z": "ncop nced nc ncopv creditless textless pv cm promo preview vorschau trailer teaser menu op ed oped opening ending sample "
    "interview featurette extras trailers",
    "o": "of von van из iz de di din sur",
    "a": "and und et",
    "r": "to bis al thru до по",
    "i": "st nd rd th ª º й ый ой ая я го ter",
    "f": "end ende fin final finale 完 終 终 конец",
    "N": "first second third fourth fifth sixth erste ersten zweite zweiten dritte dritten vierte vierten fünfte fünften",
    "t": "dvd bluray bdrip brrip bdremux bdmv dvdrip dvdscr dvdiso webrip webdl webdlrip webhd webcap webuhd hdtv hdtvrip ahdtv pdtv sdtv "
    "dsr dsrip tvrip vhsrip hdrip uhdrip uhd fhd qhd ppv xvid divx hevc avc vvc vc mpeg hdr uhdtv mux dlmux hdtvmux ahdtvmux dlrip remux "
    "aac flac opus vorbis truehd atmos dts dd ddp eac ac lpcm hdma mkv mp mkvs avi ogm xvidhd hi proper repack rerip internal readnfo "
    "subbed dubbed dublado legendado legendas legenda subtitulado vostfr vostf subfrench fastsub hardsub softsub multisub multisubs "
    "esubs esub hebsubs swesub nlsubs subtitle subtitles untouched unrated remastered remaster amzn hulu dsnp nf crunchyroll funidub "
    "hidive netflixuhd itunes amazonhd complete batch kbps xpost obfuscated scrambled postbot castellano preair unaired",
    "u": "web hd sd tv bd dl cam ts blu ray rip raw raws sub subs dub dual multi audio uncut uncensored extended limited real "
    "read nfo ws ld hc int cr bs sat big5 gb chs cht rar encoded director cut version ver md ml",
    "l": "german deutsch ger deu english eng englisch french fra fre francais français japanese jap jpn japanisch italian ita "
    "spanish esp espanol español latino spa russian rus polish hindi korean kor chinese chi norwegian nordic swedish swe danish dan "
    "dutch flemish hun hungarian cze por ukr tam tel",
}  # fmt: skip
WORDS = {word: label for label, words in VOCABULARY.items() for word in words.split()}
ORDINALS = {word: n % 6 + 1 for n, word in enumerate(VOCABULARY["N"].split()[:6])}
ORDINALS |= {word: n // 2 + 1 for n, word in enumerate(VOCABULARY["N"].split()[6:])}
LANGUAGES = {
    word: code
    for code, words in {
        "de": "german deutsch ger deu de",
        "en": "english eng englisch en",
        "ja": "japanese jap jpn japanisch ja",
        "fr": "french fra fre francais français fr",
        "it": "italian ita it",
        "es": "spanish esp espanol español latino castellano spa es",
        "ru": "russian rus ru",
        "pl": "polish pl",
        "ko": "korean kor ko",
        "zh": "chinese chi zh",
        "sv": "swedish swe sv",
        "nl": "dutch flemish nl",
        "hu": "hungarian hun hu",
        "pt": "por dublado pt",
    }.items()
    for word in words.split()
}
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
NOISE = re.compile(r"^(?:from )?[\[ ]*\.?www\.[\w.-]+\.\w+\.?[\] ]*[-. ]*|★?\d+月新番★?", re.IGNORECASE)
YEARS = range(1920, 2040)


class Scan(NamedTuple):
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


def scan(text: str) -> Scan:
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
            label = {"open": "(", "close": ")", "t": "t", "crc": "t", "date": "t"}.get(kind) or WORDS.get(word, "!")
        shape.append(label)
        words.append(word)
        at.append(match.start() if kind != "kanji" else match.start("unit"))
        to.append(match.end())
    spaces = flat.count(" ")
    return Scan(flat, "".join(shape), words, at, to, not spaces or flat.count(".") > 2 * spaces)


def count(text: str) -> int:
    """A number of ours or a Chinese one below a hundred: "12", "十二", "二十三"."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (KANJI.get(tens, 1) * 10 if ten else 0) + (KANJI.get(ones, 0) if ones else 0)
