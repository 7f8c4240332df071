"""Where a name says which episode it is: the grammar of codes, and the weighing of numbers that stand alone.

Both work on the shape of `store/words.py`, one letter a token, so a position in the shape is the number of a token.
The families of hard names, and the weights that the scores began with, are those of names.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from store.models import Number
from store.words import ORDINALS, Scan


class Mark(NamedTuple):
    """One reading of tokens `first` to `last`: how sure it is (100 is `S01E05`), and what it says."""

    score: int
    first: int
    last: int
    season: int | None
    episodes: tuple[Number, ...]
    rule: str
    version: int | None = None


# Fragments: a number, a gap after a word, an ordinal's tail ("2nd ", "2. ", "5-й "), "no number follows".
D, G, I, NO = "[ny]", "[ .:;]?h?", "(?:m?i[ .]?|:|[ .])?", "(?![ .:;]?h?n)"
GRAMMAR = re.compile(
    rf"""
    (?:[ST][ .]?|s{G}) (?P<code_s>{D}) [ .:,;m(\-]{{0,3}} (?:x?[EeF]|x|h){G} \(?(?P<code>{D})   # S01E05, Season 1 - Episode 5
  | w (?P<glued_s>n) E (?P<glued>n)                                                          # nachts01e05
  | (?:e[ .:]?)? (?P<cross_s>{D}) (?:x|[ ]x[ ]) (?P<cross>n)                                 # 1x05
  | \((?P<dot_s>n)\.(?P<dot>n)\)                                                             # [1.05]
  | (?P<short_s>n) E (?P<short>n)                                                            # 01E05
  | (?P<words_s>n) {I} s [ .:,;m\-]{{0,2}} (?: (?P<words>n) {I} e {NO} | e{G} (?P<words2>n) )  # 2. Staffel 5. Folge
  | s{G} (?P<turned_s>n) [ .:,;m\-]{{1,2}} (?P<turned>n) {I} (?:e {NO} | o[ .]?n)            # Staffel 2, 5. Folge; 2.1of4
  | S (?P<dash_s>n) m (?P<dash>n) (?=\)|$)                                                   # (S4-24)
  | (?:[VP][ .]?)? (?P<of>n) [ .]? (?:e[ .]?)? o [ .]? n                                     # 5 von 12
  | s{G} (?P<season>{D}) (?!{I} e {NO}) | (?P<season2>{D}) (?:m?i[ .]?|:) s | (?P<season3>n) [ .]? s {NO}
  | (?P<season4>N) [ .] s | S (?P<season5>{D})
  | (?:e[ .:;m]?h?|E[ ]?) (?P<episode>{D}) (?!x) | h[ ]?(?P<hash>n) | (?P<episode2>n) {I} e {NO}
  | [kz][ .m:]? (?:e[ .:]?)? (?P<special>n) | M[ .m]? (?P<movie>n) | P[ .]? (?P<part>n) | V[ .:]? (?P<volume>n)
    """,
    re.VERBOSE,
)
SCORES = {
    **dict(code=100, cross=95, words=95, words2=95, turned=95, dash=90, dot=90, glued=90, short=85, episode=75, episode2=72, of=70),
    **dict(special=65, hash=60, movie=40, part=12, volume=0, season=0, season2=0, season3=0, season4=0, season5=0),
}
# What may follow the first number: a dash, a sign, a repeated code; then the next number.
LINK = re.compile(r"([ .:]?[m\-~+,r]?[ .]?(?:[ar][ .])?)((?:[STs][ .]?[ny][ .m\-]?|n(?=x))?[EexFPh][ .:]?h?)?(n)")
SPAN = 200  # the longest range that is believed


def marks(scan: Scan) -> Iterator[Mark]:
    """Every code, season and volume that the grammar finds, from left to right."""
    shape, words, at = scan.shape, scan.words, 0
    while match := GRAMMAR.search(shape, at):
        rule = match.lastgroup
        first, number = match.start(), match.start(rule)
        at, score, value, season = number + 1, SCORES[rule], words[number], None
        if rule.startswith("season"):
            season = ORDINALS.get(value) or int(value)
            at = max(at, match.end())
            if len(value) == 4 and value[0] == "0":  # S0201
                yield Mark(90, first, at, season // 100, (season % 100,), "code")
            elif not (shape[at : at + 1] in GLUE and shape[at : at + 1] not in "kPz" and rule == "season5"):
                yield Mark(0, first, at, season, (), rule)
            continue
        if rule == "glued":
            if words[first][-1] != "s":
                continue
            scan.to[first] -= 1  # the s is not the title's
            first += 1
        if rule in ("episode", "hash", "short") and number_goes_on(scan, at, rule):
            continue
        if rule == "dot" and len(value) < 2:
            continue
        if (group := rule.rstrip("2") + "_s") in GRAMMAR.groupindex:
            season = int(words[match.start(group)])
        if rule == "cross" and not crosses(scan, first, number) or rule == "code" and first and shape[first - 1] == "n":
            score = 25  # a code glued to a number is a random name's
        episodes, at, version = chain(scan, number, season)
        if rule == "episode" and (split := season_dot(scan, number)):  # Episode 1.22
            season, episodes, at = split
        if rule == "code" and "cap" in words[first:number] and int(value) // 100 == season:  # Temporada 4 [Cap.408]
            episodes = tuple(episode - 100 * season for episode in episodes)
        at = max(at, match.end())
        if score:
            yield Mark(score, first, at, season, episodes, rule, version)
        else:
            yield Mark(0, first, at, None, (), rule)


def number_goes_on(scan: Scan, at: int, rule: str) -> bool:
    """Whether a word is glued to the number that ends before token `at`: the E of "E5quality" starts no episode."""
    return scan.shape[at : at + 1] in GLUE and (len(scan.words[at]) > 1 or rule == "short") and scan.shape[at] not in "fxov"


def crosses(scan: Scan, first: int, number: int) -> bool:
    """Whether "1x05" can be a code: not the hexadecimal 0x539, nor the "3x3" that a title begins with."""
    return scan.words[first] != "0" and (len(scan.words[number]) > 1 or "w" in re.sub(r"\([^)]*\)", "", scan.shape[:first]))


def chain(scan: Scan, number: int, season: int | None) -> tuple[tuple[Number, ...], int, int | None]:
    """The numbers from token `number` on, "01v2-03" or "01E02", the token after them, and the first version."""
    shape, words = scan.shape, scan.words
    value, at = decimal(scan, number, season)
    numbers, text = [value], words[number]
    version, at = tail(scan, at)
    marker = shape[max(0, number - 2) : number].strip(" .:h")[-1:]
    while link := LINK.match(shape, at):
        join, again, number = link[1].strip(" .:"), link[2], link.start(3)
        value, width = int(words[number]), (len(text), len(words[number]))
        text, ahead = words[number], numbers[-1] < value <= numbers[-1] + SPAN
        ranged = ahead and (join[:1] in ("m", "-", "~") and join != "" or "r" in join)
        if again:
            if not repeats(scan, link, again, marker, season):
                break
        elif not ahead or shape[number + 1 : number + 2] in GLUE - {"v", "f"}:
            break
        elif join == "-" and not (width[0] == width[1] and CLOSE.match(shape, number + 1)):
            break  # "S01E03 - 94 Meetings"
        elif not join:
            if link[1] == "" or width[0] != width[1]:
                break
            if ranged := min(width) > 2 and words[number - 1] == "_" and shape[number + 1 : number + 2] in (")", "."):
                pass  # [Cap.111_120]
            elif value != numbers[-1] + 1 or width[0] < 2 or shape[number + 1 : number + 3] == ".n":
                break  # "E01 02" goes on, "S01E10.24" and "S01E01.1.23" do not
        following, at = decimal(scan, number, season)
        numbers += range(int(numbers[-1]) + 1, value + 1) if ranged else [following]
        _, at = tail(scan, at)
    return tuple(sorted(set(numbers))), at, version


def repeats(scan: Scan, link: re.Match, again: str, marker: str, season: int | None) -> bool:
    """Whether a second code goes on with the first: the same season, or the same word as before ("Part 1 to Part 3")."""
    if again[0] in "STsn" and len(again) > 1:
        return season is not None and int(scan.words[link.start(2) + (again[0] != "n")]) == season
    return again[0] == marker or again[0] in "Ee" and marker in "Ee" and len(link[1]) < 2 and again[0] != "e" or marker == "x"


def tail(scan: Scan, at: int) -> tuple[int | None, int]:
    """What is glued to a number without changing it: a version (v2), the letter of a half (12a), an END."""
    shape, words, version = scan.shape, scan.words, None
    if shape[at : at + 1] == "w" and words[at] in "abcd" or shape[at : at + 1] == "f":
        at += 1
    if shape[at : at + 2] == "vn":
        version, at = int(words[at + 1]), at + 2
    elif shape[at : at + 3] == " vn":
        version, at = int(words[at + 2]), at + 3
    return version, at


def decimal(scan: Scan, number: int, season: int | None) -> tuple[Number, int]:
    """6.5 at token `number`, or its whole number; and the token after it.

    Where dots are spaces "E05.5.Freunde" is no decimal, but for specials, which are written so.
    """
    shape, words = scan.shape, scan.words
    if shape[number + 1 : number + 3] == ".n" and not shape.startswith(".n", number + 3) and not (scan.dotted and season):
        part, after = words[number + 2], shape[number + 3 : number + 4]
        if len(part) == 1 and part != "0" and (after not in GLUE or after == "v"):
            return float(f"{words[number]}.{part}"), number + 3
    return int(words[number]), number + 1


def season_dot(scan: Scan, number: int) -> tuple[int, tuple[Number, ...], int] | None:
    """1.22 as season 1, episode 22: two digits behind the dot."""
    if scan.shape[number : number + 3] == "n.n" and scan.shape[number + 3 : number + 5] != ".n" and len(scan.words[number + 2]) in (2, 3):
        return int(scan.words[number]), (int(scan.words[number + 2]),), number + 3
    return None


# --- numbers that stand alone ---

GLUE = frozenset("wtluSTEFsexPVMkzvoarifN")
CLOSE = re.compile(r"[ .:]?(?:$|[()~]|t|f(?=[ .]?(?:$|[()t-]))|[ul](?=[ .m\-+]?(?:[tul)]|$)))|-[t(]")
EDGE = re.compile(r"t|[ul](?=[ .m\-]*(?:[tul)]|$))")
PAIR = re.compile(r"n[ .]n(?![ .]?[nwe])")
LINES = ("480", "576", "720", "1080", "2160")


def lonely(scan: Scan, number: int, outer: str, start: int) -> Mark | None:
    """Weigh one number without a word beside it. `outer` is the shape with all brackets blanked out."""
    shape, words, text = scan.shape, scan.words, scan.words[number]
    left = shape[number - 1] if number > start else "^"
    if left in GLUE or len(text) > 4:
        return None
    episodes, last, version = chain(scan, number, None)
    right, season, rule = shape[last : last + 1], None, "number"
    if right and right in GLUE:
        return None
    score = {"-": 40, "^": 25, "(": 0, "m": 12, "+": 0}.get(left, 10)
    closed = bool(CLOSE.match(shape, last)) or last == len(shape)
    score += 20 * (closed or right == "-")
    if outer[number] == "_":
        inside = shape[shape.rfind("(", 0, number) + 1 : (shape.find(")", number) + 1 or len(shape) + 1) - 1]
        if set(inside) & GLUE - {"v", "f"}:
            score -= 60 if "t" in inside else 35
        else:
            score += 20 if scan.text[scan.at[shape.rfind("(", 0, number)]] in "[【" else 0
            score -= 40 * (shape[max(0, shape.rfind("(", 0, number) - 2)] == "n")  # 10 (1): a copy, or a running number
        if number < start:
            score -= 40
    if edge := EDGE.search(outer, start):
        score -= 50 * (edge.start() < number)
    score += 5 * (len(text) > 1) + 5 * (text[0] == "0" and len(text) > 1) + 25 * (version is not None) + 15 * (len(episodes) > 1)
    score += 20 * (shape[last - 1] == "f")
    if shape[number] == "y":
        score -= 35 if outer[number] != "_" else 80
    elif text in LINES:
        score -= 30
    if (left in "(^-" or left == "^") and (split := season_dot(scan, number)) and shape[split[2] : split[2] + 1] in ("", "-", ")", ":"):
        season, episodes, last = split
        score, rule = 80, "dot"
    elif left == "^" and shape[number + 1 : number + 3] == "mn" and len(text) == 1 and len(words[number + 2]) == 2:
        season, episodes, last, score, rule = int(text), (int(words[number + 2]),), number + 3, 80, "dot"
    elif text[0] == "0" and len(text) == 2 and PAIR.match(shape, number) and len(words[number + 2]) == 2 and len(episodes) == 1:
        season, episodes, last, score, rule = int(text), (int(words[number + 2]),), number + 3, 45, "dot"  # Nacht.02.09
    elif (left == "m" or right == "m") and len(episodes) == 1 and len(text) < 2:
        score -= 15
    return Mark(score, number, last, season, episodes, rule, version)


def compressed(mark: Mark, scan: Scan) -> tuple[int, tuple[Number, ...]] | None:
    """102 as season 1, episode 2, and 2401 as 24x01, for every number of the mark; None where that cannot be."""
    seasons = {int(number // 100) for number in mark.episodes}
    if len(scan.words[mark.first]) > 4 or len(seasons) != 1 or seasons == {0} or any(number % 1 for number in mark.episodes):
        return None
    return seasons.pop(), tuple(number % 100 for number in mark.episodes)


AFTER = re.compile(r"[ .\-]{0,2}(\()?[ ]?(n)")
BEFORE = re.compile(r"(^|.)(n)(?:\.n)?(?:[m~]n)?([ .\-]{1,2}\(?)$")


def running(scan: Scan, best: Mark) -> tuple[tuple[Number, ...], int]:
    """A second number beside the first that counts through all seasons: "12 (S01E12)", "S16E03-04 313-314", "52 (227)".

    Returns it and the first token of both. Family 7.
    """
    shape, end = scan.shape, best.first
    if after := AFTER.match(shape, best.last):
        episodes, last, _ = chain(scan, after.start(2), None)
        closed = shape.startswith(")", last) if after[1] else shape[last : last + 1] in ("", "m", "-", "(") or shape.startswith(" (", last)
        alike = len(episodes) == len(best.episodes) > 1 or best.season is not None and len(scan.words[after.start(2)]) == 3
        if closed and (after[1] or alike) and shape[last - 1] == "n":
            return episodes, end
    if best.season is not None and (before := BEFORE.search(shape, 0, end)):
        number = before.start(2)
        episodes, _, _ = chain(scan, number, None)
        long = len(scan.words[number]) == 3 and (before[1] == before[3] == "-" or shape[0] == "(")
        if len(episodes) == len(best.episodes) and (before[3][-1] == "(" or len(episodes) > 1 or long):
            return episodes, number
    return (), end
