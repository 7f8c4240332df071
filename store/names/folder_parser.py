"""What the files of one folder say together: which number differs, and whether 101 is season 1, episode 1. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from store.names.grammar import EDGE, blank
from store.names.parser import SURE, Name, Part, above, in_context, ours, parts, read


def parse_folder(paths: Sequence[str]) -> list[Name]:
    """Read paths that belong together, in their order: in each folder the numbers that never change are the title's.

    Settles what one name cannot: "Level 1 05" among its kind, and whether 101 is season 1, episode 1.
    """
    names, alike, known = [], defaultdict(list), {}
    for at, path in enumerate(paths):
        folders, base = parts(path)
        if not (name := ours(folders, base)):
            said = above(tuple(folders))
            part = read_like(known, base, said.season)
            name = in_context(part, said)
            if name.score < SURE:
                tokens = part.tokens
                if columns := counting(tokens.shape):
                    alike[*folders, tokens.text[: tokens.at[columns[0]]]].append(
                        (at, base, said, tokens.words, columns)
                    )
        names.append(name)
    for files in alike.values():
        column = varying([[words[n] for n in columns] for *_, words, columns in files])
        if column is not None:
            for at, base, said, _, columns in files:
                name = in_context(read_like(known, base, said.season, columns[column]), said)
                names[at] = name._replace(
                    score=max(name.score, SURE), why=(*name.why, "it differs from file to file")
                )
            settle(names, [at for at, *_ in files])
    return names


@lru_cache(1024)
def counting(shape: str) -> list[int]:
    """The tokens that are numbers, before the technical tail."""
    edge = EDGE.search(blank(shape), 1)
    return [n for n, label in enumerate(shape[: edge.start() if edge else None]) if label == "n"]


# --- names that differ in their number alone ---

# Two digits between signs, or as in S01E05 and 1x05; a bracket or nothing follows. So they are no year, date or size. The
# digits come first, for a search skips to them.
COUNTED = re.compile(
    r"[0-9]{2}(?<!00)(?<![0-9][-._ ]..)(?:(?<![^\W_]..)|(?<=[Ee]..)|(?<=[0-9][Xx]..))(?=(?:v[0-9])?(?:\Z|[\])]|[ _]?[\[(]))"
)
CHECKSUM = re.compile(r"\[(?=[A-Fa-f]*[0-9])([0-9A-Fa-f]{8})\]\Z")
# What may stand before it, as a shape: a range or a pair cannot begin there.
APART = re.compile(r"(?:(?:^|[wtlukz()])[ .:\-m]*(?:[eE][ .:]*)?|[STs][ .]?nE|(?:^|[( .\-])nx)\Z")


def read_like(known: dict, base: str, season: int | None, chosen: int | None = None) -> Part:
    """As `read`, from what is `known` of a name that is the same but for the digits of its episode and its checksum.

    The grammar compares numbers with their neighbours, so only one that stands apart is believed to be like another.
    """
    if not (match := COUNTED.search(base)):
        return read(base, season, chosen)
    number, tag = match[0], CHECKSUM.search(base, match.end())
    crc = tag[1].upper() if tag else None
    # A zero in front has its weight.
    key = (
        base[: match.start()],
        number[0] == "0",
        base[match.end() : tag.start() if tag else None],
        tag is None,
        season,
        chosen,
    )
    if key in known:
        (name, sure, tokens), other, at = known[key]
        why = (name.why[0].replace(other, number), *name.why[1:])
        name = name._replace(episodes=(int(number),), crc=crc or name.crc, why=why)
        return Part(
            name, sure, tokens._replace(words=[*tokens.words[:at], number, *tokens.words[at + 1 :]])
        )
    part = read(base, season, chosen)
    if (at := counts(part, number, len(base) - match.start(), crc)) is not None:
        known[key] = part, number, at
    return part


def counts(part: Part, number: str, rest: int, crc: str | None) -> int | None:
    """The token of `number`, if it is the episode and nothing else, and `crc` the checksum and nothing else.

    `rest` is how much of the name begins with it: the E89 at the end of a checksum is no token.
    """
    (name, sure, tokens), same = (
        part,
        [
            at
            for at, word in enumerate(part.tokens.words)
            if word.isdecimal() and int(word) == int(number)
        ],
    )
    if (
        len(same) != 1
        or name.episodes != (int(number),)
        or name.why[0].count(number) != 1
        or number in (name.group or "")
    ):
        return None
    if len(tokens.text) - tokens.at[same[0]] != rest or (
        crc and (not sure or name.crc != crc or tokens.text.upper().count(crc) != 1)
    ):
        return None
    before = tokens.shape[: same[0]]
    long = before[-2:] in ("n-", "y-") and len(tokens.words[same[0] - 2]) > 2
    return same[0] if long or APART.search(before) else None


# --- what differs from file to file ---


def varying(rows: list[list[str]]) -> int | None:
    """The first column of numbers in which (nearly) every file has its own."""
    for column in range(min(map(len, rows))):
        different = len({row[column] for row in rows})
        if different >= max(3, len(rows) * 0.8):
            return column
    return None


def settle(names: list[Name], files: Sequence[int]) -> None:
    """101 among its neighbours: 101-113 with 201-210 are two seasons, 98-104 count through, 101-113 alone stay unsure."""
    found = []
    for at in files:
        readings = ((names[at].season, names[at].episodes), *names[at].also)
        whole = next(
            (numbers for season, numbers in readings if season is None and len(numbers) == 1), (0,)
        )
        split = (int(whole[0] // 100), (whole[0] % 100,))
        found.append((at, (None, whole), split if split in readings else None))
    splits = [split for *_, split in found if split]
    apart = len({season for season, _ in splits}) > 1 and all(
        numbers[0] <= 40 for _, numbers in splits
    )
    for at, whole, split in found if splits else ():
        if len(splits) == len(found) and not apart:
            names[at] = names[at]._replace(score=min(names[at].score, SURE - 5))
        else:
            season, numbers = split if split and len(splits) == len(found) else whole
            names[at] = names[at]._replace(
                season=season, episodes=numbers, also=(whole if season else split,) if split else ()
            )
