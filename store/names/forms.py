"""What is known by its form, without a vocabulary: dates, and what releases say of their quality.

Fragments of the regular expression by which `lexer` cuts a name, in verbose syntax.
"""

from __future__ import annotations

# The letters of scripts without spaces, as ranges of a character class. The 第 in front of a
# number is left out.
HAN = "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u7b2b\u7b2d-\u9fff\uac00-\ud7af"
APART = rf"(?<![^\W_{HAN}])"  # neither a letter nor a digit in front; a Chinese one is no matter
ALONE = rf"(?![^\W_{HAN}])"  # nor behind

# Picture and sound.
TECHNICAL = rf"""
    (?=\d) (?<!\d) (?:
        (?!(?:19[5-9]|20[0-3])\d[x×]\d{{3}}(?!\d))                              # not 2016x231
        \d{{3,4}}[x×*]\d{{3,4}}[pi]?                                            # 1920x1080
      | (?:240|360|400|480|540|576|720|1080|1440|2160|4320)(?:[pi]\d*|p?\.hi10p?)
      | (?<=[\[(])(?:4x3|16x9|16x10|21x9)(?=[\])])                           # the picture's shape
    ) {ALONE}
  | {APART} (?:
        [xh][ .]?26[3-6] | x?vid\d? | divx[\d.]+ | (?:vc|av)1
      | (?:8|10|12)[ -]?bits? | [48]k | hi(?:10|422|444)p? | hdr10\w*
      | (?:dd[p+]?|e?ac3?|aac|dts|flac|opus|truehd|ogg) (?:[ .+]?[1-7][ .][0-2](?:ch|x\d)? | x\d)
      | (?:e?ac|mp|mpeg)-?\d | [57]\.1(?:ch)? | [1-7]\.[0-2](?:ch|x\d)
      | \d+(?:\.\d+)?[ ]?(?:fps|[kmg]bps|[kmgt]i?b|mbits|kbit|hz|ch)
      | 23\.9(?:76|8) | 29\.97 | 59\.94
      | web-?dl(?:mux|rip)? | blu-?ray
    ) {ALONE}
  | [全共총][ ]?\d{{1,4}}[ ]?[话話集回화]                                       # 全26話: how many
"""

# In a date; abbreviated ones in English and German only, for the others are words of titles.
MONTHS = """
    january jan february feb march mar april apr may june jun july jul august aug september sept
    sep october oct november nov december dec januar jänner februar märz mai juni juli oktober okt
    dezember dez janvier février mars avril juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
""".split()
MONTH = f"(?:{'|'.join(MONTHS)})"
ENGLISH_MONTH = f"(?:{'|'.join(MONTHS[:23])})"
# Three numbers of two digits that count up are episodes: 01-02-03.
COUNTING = "|".join([f"{n:02}.{n + 1:02}.{n + 2:02}" for n in range(1, 12)])
DATE = rf"""
    (?=\d{{1,2}}[-._ a-z]|\d{{4}}) {APART} (?:
        (?:19|20)\d\d (?P<gap>[-._ ]) (?:0\d|1[0-2]) (?P=gap) [0-3]\d           # 2012-05-03
      | (?:19|20)\d\d (?:0\d|1[0-2]) [0-3]\d                                    # 20120503
      | (?:19|20)\d\d - (?:0?[1-9]|1[0-2]) - (?:0?[1-9]|[12]\d|3[01])           # 2012-5-3
      | (?:19|20)\d\d \. 1?\d \. (?![0-2](?!\d)) [0-3]?\d                       # 2012.5.3
      | (?:19|20)\d\d 年[ ]? 1?\d 月[ ]? (?:[0-3]?\d[日号])?                    # 2012年5月3日
      | [0-3]?\d (?P<sign>[-._]) [0-3]?\d (?P=sign) (?:19|20)\d\d               # 3.5.2012
      | [0-3]\d[ ] [0-3]\d[ ] (?:19|20)\d\d                                     # 03 05 2012
      | (?!{COUNTING})
        [0-3]\d (?P<short>[-._]) (?:0[1-9]|1[0-2]) (?P=short) \d\d              # 24.12.19
      | \d-[01]\d-\d\d                                                          # 3-05-12
      | \d{{6}}(?!\w)                                                           # 120503
      | [0-3]?\d (?:st|nd|rd|th|er|\.)? (?:[ ._-]de)? [ ._-]{{0,2}} (?=[^\W\d_]) {MONTH}
        (?:[ ._-]de|\.)? [ ._,-]{{1,2}} (?:19|20)\d\d                           # 3. Mai 2012
    ) (?!\d) (?:[ _T-][0-2]\d[-.:][0-5][05](?:[-.:][0-5]\d)?(?!\d))?           # a time, 20-15
  | {APART} (?:19|20)\d\d [ ._-] {MONTH} [ ._-] [0-3]?\d (?!\d)                  # 2012.May.03
  | (?=[a-z]{{3,9}}[ ._][0-3]?\d) {APART} {ENGLISH_MONTH}
    [ ._] [0-3]?\d (?:st|nd|rd|th)? [ ._,]{{1,2}} (?:19|20)\d\d (?!\d)          # May 3, 2012
"""
