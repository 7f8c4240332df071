"""Find the codes of a name: "S01E05", "1x05", "Staffel 2 Folge 5", a season or a part alone.

The grammar is one regular expression over the labels of `lexer`. Each of its rules is a named
group around the number that counts; a group of the same name with `_s` behind it is the season.
`lone_numbers` weighs the numbers that no rule explains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from store.names.codes import Number
from store.names.lexer import (
    CROSS,
    DOT_AND_SPACE,
    END,
    EXTRA,
    GLUE,
    MEANINGS,
    NUMBER,
    OF,
    PART,
    SPECIAL,
    VERSION,
    WORD,
    Tokens,
    hide_brackets,
)
from store.names.number_runs import BOUNDARY, Run, read_dotted_pair, read_run


class Candidate(NamedTuple):
    """One reading of the tokens from `first` up to `last`, which is left out."""

    score: int  # 100 is "S01E05"
    first: int
    last: int
    season: int | None
    episodes: tuple[Number, ...]
    rule: str
    version: int | None = None


# Fragments of the grammar.
D = "[ny]"  # a number
GAP = "[ .:;m]?h?"  # what may stand between a word and its number
ENDING = "(?:m?i[ .]?|:|[ .])?"  # of an ordinal: "2nd ", "2. ", "5-й "
NO = "(?![ .:;]?h?n)"  # no number follows
DI = "(?:d[ ]?)?"  # the 第 of "第5話"
EP = "[ec]"  # a word for episode
MORE = r"(?:\.n)?(?:[ .]?[m\-~+,][ ]?d?n(?:\.n)?){0,9}"  # the rest of 6.5 and 03-04
# "5. Folge", "5話", "5 Folge". An ordinal or a counter is the number's in front, whatever follows.
COUNTS = rf"(?:{ENDING}c(?!{GAP}n[ .]?(?:$|[(\-t]))|(?:m?i[ .]?|:)e|{ENDING}e{NO})"
GRAMMAR = re.compile(
    rf"""
    # Season and episode.
    (?:[ST][ .]?|s{GAP}) (?P<code_s>{D}) [ .:,;m(\-]{{0,3}}
        (?:x?(?:[EF]|{EP})|x|h){GAP} \(?(?P<code>{D})                     # S01E05
  | w (?P<glued_s>n) E (?P<glued>n)                                     # nachts01e05
  | (?:e[ .:]?)? (?P<cross_s>{D}) (?:x|[ ]x[ ]) (?P<cross>n)            # 1x05
  | \((?P<dot_s>n)\.(?P<dot>n)\)                                        # [1.05]
  | (?P<short_s>n) E (?P<short>n)                                       # 01E05
  | {DI}(?P<words_s>n) {ENDING} s [ .:,;m\-]{{0,2}}
        (?: {DI}(?P<words>n) {MORE} {COUNTS} | {EP}{GAP} (?P<words2>n) )    # 2. Staffel 5. Folge
  | s{GAP} (?P<turned_s>n) [ .:,;m\-]{{1,2}}
        {DI}(?P<turned>n) (?:{MORE} {COUNTS} | [ .]? o[ .]?n)             # Staffel 2, 5. Folge
  | S (?P<dash_s>n) m (?P<dash>n) (?=\)|$)                              # (S4-24)
  | (?:[VP][ .]?)? (?P<of>n) [ .]? (?:{EP}[ .]?)? o [ .]? n             # 5 von 12

    # A season alone.
  | {DI}(?P<season7>n) s                                                  # 第2季
  | s{GAP} (?P<season>{D}) (?!{ENDING} {EP} {NO})                       # Staffel 2
  | {DI}(?P<season2>{D}) (?:m?i[ .]?|:) s                                # 2nd Season, 2. Staffel
  | {DI}(?P<season3>n) [ .]? s {NO}                                      # 2 Season
  | (?P<season4>N) [ .] s                                               # Zweite Staffel
  | S (?P<season5>{D})                                                  # S2
  | u m (?P<season6>n)                                                  # TV-2

    # An episode alone.
  | {DI}(?P<episode2>n) {MORE} {COUNTS}                                  # 5. Folge, 03-04話
  | (?:{EP}[ .:;m]?h?|E[ ]?) (?P<episode>{D}) (?!x)                     # Folge 5, E05
  | h[ :]?(?P<hash>n)                                                    # #05
  | [kz][ .m:]? (?:e[ .:]?)? h? (?P<special>n)                             # OVA 2
  | M[ .m]? (?P<movie>n) | P[ .:]? (?P<part>n) | V[ .:]? (?P<volume>n)   # Film 2, Teil 2, Vol. 2
    """,
    re.VERBOSE,
)


class Rule(NamedTuple):
    """How much a reading by one rule is believed."""

    score: int
    reason: str = ""  # for people, with {} in the place of the text that was read


CODE, IN_WORDS = 'the code "{}"', 'season and episode in words, "{}"'
RULES = {
    "code": Rule(100, CODE),
    "cross": Rule(95, CODE),
    "dash": Rule(90, CODE),
    "dot": Rule(90, CODE),
    "glued": Rule(90, CODE),
    "short": Rule(85, CODE),
    "words": Rule(95, IN_WORDS),
    "words2": Rule(95, IN_WORDS),
    "turned": Rule(95, IN_WORDS),
    "episode": Rule(75, 'the word for episode in "{}"'),
    "episode2": Rule(72, 'the word for episode in "{}"'),
    "of": Rule(70, 'the count "{}"'),
    "special": Rule(65, 'the word for special in "{}"'),
    "hash": Rule(60, 'the number sign in "{}"'),
    "count": Rule(0),  # "12 Folgen"
    "movie": Rule(40, 'the word for movie in "{}"'),
    "part": Rule(12, 'the word for part in "{}"'),
    # These name no episode.
    **dict.fromkeys(("volume", "season", *(f"season{n}" for n in range(2, 8))), Rule(0)),
    # Of `lone_numbers`, where the score is weighed.
    "number": Rule(0, 'the number "{}"'),
    "compressed": Rule(0, 'the number "{}", read as season and episode'),
}
SEASON_GROUPS = {
    rule: group for rule in RULES if (group := rule.rstrip("2") + "_s") in GRAMMAR.groupindex
}
# What makes a word of a season's letter and number, or of an episode's.
GLUE_OF_SEASON = GLUE - {SPECIAL, EXTRA, PART}
GLUE_OF_EPISODE = GLUE - {END, VERSION, CROSS, OF}
GLUED_SCORE = 25  # a code that is glued to a number belongs to a random name
TITLE_SCORE = 40  # a code that stands in an episode's title
COUNTED_RULES = ("episode2", "words", "turned")
SHORT_SEASONS = ("se",)  # words of titles, unless an episode follows
BOOKS = frozenset("book buch livre libro книга".split())  # a title's, unless an episode follows
PLURALS = frozenset("episodes episoden folgen épisodes episodios episódios episodi серий".split())


def find_candidates(tokens: Tokens) -> Iterator[Candidate]:
    """Every code, season and volume that the grammar finds, from left to right."""
    position = 0
    while match := GRAMMAR.search(tokens.labels, position):
        rule = match.lastgroup or ""
        number = match.start(rule)
        if belongs_to_word(tokens, match, rule, number):
            position = number + 1
            continue
        if rule.startswith("season"):
            candidate = read_season(tokens, match, rule, number)
        else:
            candidate = read_code(tokens, match, rule, number)
        position = candidate.last
        yield candidate


def read_season(tokens: Tokens, match: re.Match[str], rule: str, number: int) -> Candidate:
    """Read a season alone, which names no episode, or the four digits of S0201."""
    digits = tokens.words[number]
    season = int(MEANINGS.get(digits) or digits)
    episodes: tuple[Number, ...] = ()
    if len(digits) == 4 and digits[0] == "0":
        rule = "short"
        season, episode = divmod(season, 100)
        episodes = (episode,)
    return Candidate(
        score=RULES[rule].score,
        first=match.start(),
        last=match.end(),
        season=season,
        episodes=episodes,
        rule=rule,
    )


def read_code(tokens: Tokens, match: re.Match[str], rule: str, number: int) -> Candidate:
    """Read an episode, with its season if the rule has one."""
    pair = read_dotted_pair(tokens, number) if rule == "episode" else None
    if pair:
        season, episode, last = pair
        return Candidate(
            score=RULES[rule].score,
            first=match.start(),
            last=max(last, match.end()),
            season=season,
            episodes=(episode,),
            rule=rule,
        )
    group = SEASON_GROUPS.get(rule)
    own_season = int(tokens.words[match.start(group)]) if group else None
    run = read_run(tokens, number, own_season)
    first = match.start()
    return Candidate(
        score=weigh_code(tokens, match, rule, run),
        first=first + (rule == "glued"),  # see `give_back_season_letters`
        last=max(run.last, match.end()),
        season=own_season,
        episodes=find_code_numbers(tokens, match, rule, run, own_season),
        rule=rule,
        version=run.version,
    )


def find_code_numbers(
    tokens: Tokens, match: re.Match[str], rule: str, run: Run, season: int | None
) -> tuple[Number, ...]:
    """The episodes of a code, of which `run` are the numbers; () where it names none."""
    if rule == "volume" or (rule == "episode2" and is_count(tokens, match, run)):
        return ()
    if rule == "code" and season is not None and repeats_season(tokens, match, season):
        return tuple([episode - 100 * season for episode in run.numbers])
    return run.numbers


def is_count(tokens: Tokens, match: re.Match[str], run: Run) -> bool:
    """Whether "12 Folgen" says how many there are."""
    return len(run.numbers) == 1 and tokens.words[match.end() - 1] in PLURALS


def weigh_code(tokens: Tokens, match: re.Match[str], rule: str, run: Run) -> int:
    """How much a code is believed where it stands."""
    labels = tokens.labels
    first = match.start()
    number = match.start(rule)
    if rule == "code" and labels[first - 1 : first] == NUMBER:
        return GLUED_SCORE
    if rule == "cross" and not is_cross(tokens, first, number):
        return GLUED_SCORE
    if rule == "episode" and labels[max(0, first - 2) : first] == "n-":
        is_bound = labels[max(0, first - 3)] in "-n" and len(tokens.words[first - 2]) > 1
        if is_bound or not BOUNDARY.match(labels, run.last):  # "- 05 - Folge 3 der Reise"
            return TITLE_SCORE
    if rule == "hash" and labels.startswith("n-"):  # "321 - Post #1"
        return TITLE_SCORE
    return RULES[rule].score


def repeats_season(tokens: Tokens, match: re.Match[str], season: int) -> bool:
    """Whether the episode's number begins with the season again, as in "Temporada 4 [Cap.408]"."""
    number = match.start("code")
    words = tokens.words[match.start() : number]
    return "cap" in words and int(tokens.words[number]) // 100 == season


def belongs_to_word(tokens: Tokens, found: re.Match[str], rule: str, number: int) -> bool:
    """Whether a seeming code belongs to a word: the S2 of "S2x", the E5 of "E5quality"."""
    labels, words = tokens.labels, tokens.words
    first = found.start()
    following = labels[number + 1 : number + 2]
    if rule in COUNTED_RULES:  # the number is not the one that is counted: "Zone 3 - 5. Folge"
        behind = labels[read_run(tokens, number, None).last : found.end()]
        return NUMBER in behind.partition(OF)[0]
    if rule == "hash" and labels[number - 1] == DOT_AND_SPACE:  # the title's, as in "Nr. 6 - 02"
        return not first or NUMBER in labels[found.end() :]
    if rule in ("episode", "hash", "short"):
        is_glued = following in GLUE_OF_EPISODE
        return is_glued and (rule == "short" or len(words[number + 1]) > 1)
    match rule:
        case "glued":
            return words[first][-1] != "s"
        case "dot":
            return len(words[number]) < 2
        case "season":
            return words[first] in SHORT_SEASONS
        case "season7":  # a counter's
            return words[number + 1].isascii()
        case "volume":
            return words[first] in BOOKS and NUMBER not in labels[found.end() :]
        case "season5":
            return following in GLUE_OF_SEASON
        case "season6":
            return words[first] not in ("tv", "тв") or not first or len(words[number]) > 1
    return False


def is_cross(tokens: Tokens, first: int, number: int) -> bool:
    """Whether "1x05" is a code, not the hexadecimal 0x539 nor the "3x3" of a title."""
    digits = len(tokens.words[number])
    if tokens.words[first] == "0" and digits != 2:
        return False
    return digits > 1 or WORD in hide_brackets(tokens.labels[:first])


def give_back_season_letters(tokens: Tokens, candidates: list[Candidate]) -> Tokens:
    """The tokens, with "nachts" of "nachts01e05" ending before its s, which is the code's."""
    glued = [candidate.first - 1 for candidate in candidates if candidate.rule == "glued"]
    if not glued:
        return tokens
    ends = [end - 1 if token in glued else end for token, end in enumerate(tokens.ends)]
    return tokens._replace(ends=ends)
