"""Where a name says which episode it is: the grammar of codes, and the weighing of numbers that stand alone.

Both work on the shape of `store/words.py`, one letter a token, so a position in the shape is the number of a token.
The families of hard names, and the weights that the scores began with, are those of names.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from store.names.codes import Number
from store.names.lexer import MEANINGS, Tokens


class Candidate(NamedTuple):
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
    **dict(
        code=100,
        cross=95,
        words=95,
        words2=95,
        turned=95,
        dash=90,
        dot=90,
        glued=90,
        short=85,
        episode=75,
        episode2=72,
        of=70,
    ),
    **dict(
        special=65,
        hash=60,
        movie=40,
        part=12,
        volume=0,
        season=0,
        season2=0,
        season3=0,
        season4=0,
        season5=0,
    ),
}
REASONS = {
    **dict.fromkeys(("code", "cross", "dash", "dot", "glued", "short"), 'the code "{}"'),
    **dict.fromkeys(("words", "words2", "turned"), 'season and episode in words, "{}"'),
    **dict.fromkeys(("episode", "episode2"), 'the word for episode in "{}"'),
    **{word: f'the word for {word} in "{{}}"' for word in ("special", "movie", "part")},
    **dict(of='the count "{}"', hash='the number sign in "{}"', number='the number "{}"'),
    "compressed": 'the number "{}", read as season and episode',
}
# What may follow the first number: a dash, a sign, a repeated code; then the next number.
LINK = re.compile(
    r"([ .:]?[m\-~+,r]?[ .]?(?:[ar][ .])?)((?:[STs][ .]?[ny][ .m\-]?|n(?=x))?[EexFPh][ .:]?h?)?(n)"
)
SPAN = 200  # the longest range that is believed


def marks(scan: Tokens) -> Iterator[Candidate]:
    """Every code, season and volume that the grammar finds, from left to right."""
    shape, words, at = scan.shape, scan.words, 0
    while match := GRAMMAR.search(shape, at):
        rule, first, season, version = match.lastgroup, match.start(), None, None
        number = match.start(rule)
        at, value, episodes = number + 1, words[number], ()
        if deceives(scan, rule, first, number):
            continue
        if rule.startswith("season"):
            season, at = int(MEANINGS.get(value) or value), max(at, match.end())
            if len(value) == 4 and value[0] == "0":  # S0201
                rule, season, episodes = "short", season // 100, (season % 100,)
        elif rule == "episode" and (split := season_dot(scan, number)):
            season, episodes, at = split
        else:
            if (group := rule.rstrip("2") + "_s") in GRAMMAR.groupindex:
                season = int(words[match.start(group)])
            episodes, at, version = chain(scan, number, season)
            if (
                rule == "code" and "cap" in words[first:number] and int(value) // 100 == season
            ):  # Temporada 4 [Cap.408]
                episodes = tuple(episode - 100 * season for episode in episodes)
        score = SCORES[rule]
        if (rule == "cross" and not crosses(scan, first, number)) or (
            rule == "code" and first and shape[first - 1] == "n"
        ):
            score = 25  # what is glued to a number belongs to a random name
        if rule == "glued":
            scan.to[first] -= 1  # the s is not the title's
            first += 1
        at = max(at, match.end())
        yield Candidate(score, first, at, season, episodes if score else (), rule, version)


def deceives(scan: Tokens, rule: str, first: int, number: int) -> bool:
    """Whether letters and numbers that look like a code are a word: the S2 of "S2x", the E5 of "E5quality", "n01e05"."""
    following = scan.shape[number + 1 : number + 2]
    if rule == "glued":
        return scan.words[first][-1] != "s"
    if rule == "dot":
        return len(scan.words[number]) < 2
    if rule == "season5":
        return following in GLUE and following not in "kPz"
    if rule in ("episode", "hash", "short"):
        return (
            following in GLUE
            and following not in "fxov"
            and (len(scan.words[number + 1]) > 1 or rule == "short")
        )
    return False


def crosses(scan: Tokens, first: int, number: int) -> bool:
    """Whether "1x05" can be a code: not the hexadecimal 0x539, nor the "3x3" that a title begins with."""
    digits = len(scan.words[number])
    return (scan.words[first] != "0" or digits == 2) and (
        digits > 1 or "w" in blank(scan.shape[:first])
    )


def chain(
    scan: Tokens, number: int, season: int | None
) -> tuple[tuple[Number, ...], int, int | None]:
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
        ranged = ahead and ((join[:1] in ("m", "-", "~") and join != "") or "r" in join)
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
            if (
                ranged := min(width) > 2
                and words[number - 1] == "_"
                and shape[number + 1 : number + 2] in (")", ".")
            ):
                pass  # [Cap.111_120]
            elif value != numbers[-1] + 1 or width[0] < 2 or shape[number + 1 : number + 3] == ".n":
                break  # "E01 02" goes on, "S01E10.24" and "S01E01.1.23" do not
        following, at = decimal(scan, number, season)
        numbers += range(int(numbers[-1]) + 1, value + 1) if ranged else [following]
        _, at = tail(scan, at)
    return tuple(sorted(set(numbers))), at, version


def repeats(scan: Tokens, link: re.Match, again: str, marker: str, season: int | None) -> bool:
    """Whether a second code goes on with the first: the same season, or the same word as before ("Part 1 to Part 3")."""
    if again[0] in "STsn" and len(again) > 1:
        return (
            season is not None
            and int(scan.words[link.start(2) + re.search("[ny]", again).start()]) == season
        )
    return (
        again[0] == marker
        or (again[0] in "Ee" and marker in "Ee" and len(link[1]) < 2 and again[0] != "e")
        or marker == "x"
    )


def tail(scan: Tokens, at: int) -> tuple[int | None, int]:
    """What is glued to a number without changing it: a version (v2), the letter of a half (12a), an END."""
    shape, words, version = scan.shape, scan.words, None
    if (shape[at : at + 1] == "w" and words[at] in "abcd") or shape[at : at + 1] == "f":
        at += 1
    if shape[at : at + 2] == "vn":
        version, at = int(words[at + 1]), at + 2
    elif shape[at : at + 3] == " vn":
        version, at = int(words[at + 2]), at + 3
    return version, at


def decimal(scan: Tokens, number: int, season: int | None) -> tuple[Number, int]:
    """6.5 at token `number`, or its whole number; and the token after it.

    Where dots are spaces "E05.5.Freunde" is no decimal, but for specials, which are written so.
    """
    shape, words = scan.shape, scan.words
    if (
        shape[number + 1 : number + 3] == ".n"
        and not shape.startswith(".n", number + 3)
        and not (scan.dotted and season)
    ):
        part, after = words[number + 2], shape[number + 3 : number + 4]
        if len(part) == 1 and part != "0" and (after not in GLUE or after == "v"):
            return float(f"{words[number]}.{part}"), number + 3
    return int(words[number]), number + 1


def season_dot(scan: Tokens, number: int) -> tuple[int, tuple[Number, ...], int] | None:
    """1.22 as season 1, episode 22: two digits behind the dot."""
    shape, words = scan.shape, scan.words
    if (
        shape.startswith("n.n", number)
        and not shape.startswith(".n", number + 3)
        and len(words[number + 2]) in (2, 3)
    ):
        return int(words[number]), (int(words[number + 2]),), number + 3
    return None


# --- numbers that stand alone ---

GLUE = frozenset("wtluSTEFsexPVMkzvoarifN")  # what is part of a word
CLOSE = re.compile(
    r"[ .:]?(?:$|[()~]|t|f(?=[ .]?(?:$|[()t-]))|[ul](?=[ .m\-+]?(?:[tul)]|$)))|-[t(]"
)
EDGE = re.compile(r"t|[ul](?=[ .m\-]*(?:[tul)]|$))")  # where the technical tail begins
LEFT = {
    "-": 40,
    "^": 25,
    "m": 12,
    "(": 0,
    "+": 0,
}  # what a number gains by what stands before it; else 10
LINES = ("480", "576", "720", "1080", "2160")
BRACKET = re.compile(r"\([^()]*\)")


def blank(shape: str) -> str:
    """The shape with `_` for all that stands in brackets."""
    while (
        "(" in shape and (outer := BRACKET.sub(lambda match: "_" * len(match[0]), shape)) != shape
    ):
        shape = outer
    return shape


def singles(
    scan: Tokens,
    outer: str,
    start: int,
    found: Sequence[Candidate],
    season: int | None,
    chosen: int | None,
) -> list[Candidate]:
    """The numbers that no word explains, weighed; 102 also as season 1, episode 2.

    `outer` is the shape without brackets, `start` the token where the title begins, `found` what the grammar explains,
    `season` what the folders say, `chosen` the token that the neighbours say is the episode.
    """
    taken = {token for mark in found for token in range(mark.first, mark.last)}
    behind = {mark.last + gap for mark in found if mark.season is not None for gap in (0, 1, 2)}
    out: list[Candidate] = []
    for number, label in enumerate(scan.shape):
        if label not in "ny" or number in taken or not (mark := lonely(scan, number, outer, start)):
            continue
        taken.update(range(number, mark.last))
        score = mark.score + 35 * (number in behind) + 100 * (number == chosen)
        out.append(mark._replace(score=score))
        if mark.rule == "number" and (split := compressed(mark, scan)):
            plain = (
                season is None
                and scan.shape[0] != "("
                and scan.dotted
                and scene(scan, outer, number, mark.last)
            )
            score += 60 if split[0] == season else 15 if plain else -5
            out.append(
                mark._replace(score=score, season=split[0], episodes=split[1], rule="compressed")
            )
    return out


def lonely(scan: Tokens, number: int, outer: str, start: int) -> Candidate | None:
    """Weigh one number without a word beside it; None where it is part of a word."""
    shape, text = scan.shape, scan.words[number]
    left = shape[number - 1] if number > start else "^"
    episodes, last, version = chain(scan, number, None)
    right = shape[last : last + 1]
    if left in GLUE or (right and right in GLUE) or len(text) > 4:
        return None
    if pair := paired(scan, number, left):
        return pair
    bracket = shape.rfind("(", 0, number) if outer[number] == "_" else -1
    inside = shape[bracket : shape.find(")", number)] if bracket >= 0 else ""
    words = set(inside) & GLUE - {"v", "f"}
    edge = EDGE.search(outer, start)
    reasons = (
        (20, right in ("", "-") or CLOSE.match(shape, last)),
        (5, len(text) > 1),
        (5, len(text) > 1 and text[0] == "0"),
        (25, version is not None),
        (15, len(episodes) > 1),
        (20, shape[last - 1] == "f"),
        (20, inside and not words and scan.text[scan.at[bracket]] in "[【"),
        (
            -40,
            inside and not words and shape[max(0, bracket - 2)] == "n",
        ),  # "10 (1)": a copy, or a running number
        (-35, words),
        (-25, "t" in words),
        (-40, number < start),
        (-50, edge and edge.start() < number),
        (-80 if inside else -35, shape[number] == "y"),
        (-30, text in LINES),
        (-15, "m" in (left, right) and len(episodes) == len(text) == 1),
    )
    score = LEFT.get(left, 10) + sum([weight for weight, holds in reasons if holds])
    return Candidate(score, number, last, None, episodes, "number", version)


def paired(scan: Tokens, number: int, left: str) -> Candidate | None:
    """Two numbers that are season and episode: "- 6.01 -", "4-13 Titel" in front, "Nacht.02.09"."""
    shape, words, score = scan.shape, scan.words, 0
    if (
        left in "(^-"
        and (split := season_dot(scan, number))
        and shape[split[2] : split[2] + 1] in ("", "-", ")", ":")
    ):
        return Candidate(80, number, split[2], split[0], split[1], "dot")
    if shape[number + 2 : number + 3] != "n" or len(words[number + 2]) != 2:
        return None
    season, episode, gap = words[number], words[number + 2], shape[number + 1]
    if left == "^" and gap == "m" and len(season) == 1:
        score = 80
    elif (
        gap in " ." and len(season) == 2 and season[0] == "0" and not NEXT.match(shape, number + 3)
    ):
        score = 45 if int(episode) != int(season) + 1 else 0
    return (
        Candidate(score, number, number + 3, int(season), (int(episode),), "dot") if score else None
    )


NEXT = re.compile("[ .]?[nwe]")


def scene(scan: Tokens, outer: str, number: int, last: int) -> bool:
    """Whether 102 stands where old scene releases wrote it: among dots, and four digits only before technical words."""
    if scan.shape[number] != "n" or not number or scan.shape[number - 1] not in ". ":
        return False
    return (
        len(scan.words[number]) == 3
        or scan.words[number][0] == "0"
        or bool(EDGE.match(outer, last + 1))
    )


def compressed(mark: Candidate, scan: Tokens) -> tuple[int, tuple[Number, ...]] | None:
    """102 as season 1, episode 2, and 2401 as 24x01, for every number of the mark; None where that cannot be."""
    seasons = {int(number // 100) for number in mark.episodes}
    if (
        len(scan.words[mark.first]) > 4
        or len(seasons) != 1
        or seasons == {0}
        or any(number % 1 for number in mark.episodes)
    ):
        return None
    return seasons.pop(), tuple(number % 100 for number in mark.episodes)


FREE = re.compile(r"$|[m\-(]| \(")
AFTER = re.compile(r"[ .\-]{0,2}(\()?[ ]?(n)")
BEFORE = re.compile(r"(^|.)(n)(?:\.n)?(?:[m~]n)?([ .\-]{1,2}\(?)$")


def running(scan: Tokens, best: Candidate) -> tuple[tuple[Number, ...], int]:
    """A second number beside the first that counts through all seasons: "12 (S01E12)", "S16E03-04 313-314", "52 (227)".

    Returns it and the first token of both. Family 7.
    """
    shape, end = scan.shape, best.first
    if after := AFTER.match(shape, best.last):
        episodes, last, _ = chain(scan, after.start(2), None)
        closed = (
            (shape[last : last + 1] or "$") in ")" if after[1] else bool(FREE.match(shape, last))
        )
        alike = len(episodes) == len(best.episodes) > 1 or (
            best.season is not None and len(scan.words[after.start(2)]) == 3
        )
        if closed and (after[1] or alike) and shape[last - 1] == "n":
            return episodes, end
    if best.season is not None and (before := BEFORE.search(shape, 0, end)):
        number = before.start(2)
        episodes, _, _ = chain(scan, number, None)
        long = len(scan.words[number]) == 3 and (before[1] == before[3] == "-" or shape[0] == "(")
        if len(episodes) == len(best.episodes) and (
            before[3][-1] == "(" or len(episodes) > 1 or long
        ):
            return episodes, number
    return (), end
