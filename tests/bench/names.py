"""Names read a second, against guessit in the same process, from names of every shape.

The names are made up here and differ from each other, so that no cache of whole names helps;
folders repeat, as they do in a library. Medians of CPU time; the ratio stands beside its target.
Names in their folders are those of whole seasons, whose titles stand behind the code.

With a table of names in the folder that the variable NAMES_TABLE gives, it also tells how many are
read right, and how many of those that count are wrong (`_truth.py`).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

from store.names.folder_parser import parse_folder
from store.names.parser import parse
from tests.bench import _truth

T = TypeVar("T")

TARGET = 50  # times guessit's names a second
IN_FOLDERS = 200
AIM = 100  # microseconds a name
TITLES = (
    "Nordlicht",
    "Die Nachtwächter",
    "Zone 88",
    "Yakei no Kita",
    "91 Nächte",
    "Das Haus am Ende der Strasse",
)
SHAPES = (
    "[Nachtsub] {t} - {n:02d} [1080p][{c:08X}].mkv",
    "[Nachtsub]_{t}_-_{n:02d}v2_[1280x720_h264_AAC].mkv",
    "{t}.S02E{n:02d}.Der.Weg.German.DL.1080p.BluRay.x264-GRP.mkv",
    "/media/Anime/{t} (2019)/Season 01/{t} - S01E{n:02d} - Titel.mkv",
    "/media/Anime/{t}/Staffel 2/Folge {n:02d}.mkv",
    "{t} - S01E{n:02d}-E{m:02d} [720p].mp4",
    "[夜警][{t}][{n:02d}][1080P][简体].mp4",
    "{t} {n}.avi",
)


HOSTILE = (
    *("(", "[", "-", "~", " ", ".", "9", "1-", "1.", "+1", "1_", "x1", "1x", "S1E1", "E01-", "v2 "),
    *(
        "[1]",
        "n.",
        "a/",
        "05 - ",
        "12 mai ",
        "24.12.",
        "第1",
        "第",
        "夜1",
        "全1話",
        "2 話 ",
        "5.5 ",
    ),
)
HOSTILE_CHARACTERS = 4096
HOSTILE_AIM = 20  # milliseconds


def corpus(size: int) -> list[str]:
    """`size` names that all differ."""
    return [
        SHAPES[n % len(SHAPES)].format(
            t=TITLES[n % len(TITLES)], n=n // 24 + 1, m=n // 24 + 2, c=n * 2654435761 % 2**32
        )
        for n in range(size)
    ]


def rate(read: Callable[[T], object], names: Sequence[T], rounds: int) -> float:
    """Names a second, the median of `rounds`, after a warm-up."""
    for name in names[:50]:
        read(name)
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        for name in names:
            read(name)
        spent.append(time.process_time() - start)
    return len(names) / median(spent)


def read_hostile() -> float:
    """The longest time in milliseconds that a name of 4,096 characters takes."""
    longest = 0.0
    for piece in HOSTILE:
        name = (piece * HOSTILE_CHARACTERS)[:HOSTILE_CHARACTERS]
        spent = []
        for _ in range(3):
            start = time.process_time()
            parse(name)
            spent.append(time.process_time() - start)
        longest = max(longest, median(spent))
    return 1e3 * longest


FOLDERS = (
    "{t}/Season 01/{t} - S01E{n:02d} - {w} {v}.mkv",
    "{t}/[Nachtsub] {t} - {n:02d} [1080p][{c:08X}].mkv",
    "{t}/{t}.S01E{n:02d}.{w}.{v}.German.DL.1080p.BluRay.x264-GRP.mkv",
    "{t}/Staffel 1/{n:02d} - {w} {v}.mkv",
)
WORDS = ("Anfang", "Nacht", "Fremde", "Heimkehr", "Regen", "Wiedersehen", "Strasse")


def folders(count: int) -> list[list[str]]:
    """The names of `count` folders with 26 files each."""
    return [
        [
            FOLDERS[f % len(FOLDERS)].format(
                t=f"{TITLES[f % len(TITLES)]} {WORDS[f // 6 % len(WORDS)]}",
                n=n,
                c=(f * 26 + n) * 2654435761 % 2**32,
                w=WORDS[(f + n) % len(WORDS)],
                v=WORDS[f * n % len(WORDS)],
            )
            for n in range(1, 27)
        ]
        for f in range(count)
    ]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="names", description=__doc__)
    parser.add_argument("--size", type=int, default=4000, help="names for us")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    ours = rate(parse, corpus(options.size), options.rounds)
    print(f"aniworld  {ours:9,.0f} names/s  {1e6 / ours:7.1f} us a name   (aim: {AIM} us)")
    print(
        f"hostile   {read_hostile():9.1f} ms at most                     (target: {HOSTILE_AIM} ms)"
    )
    if table := os.environ.get("NAMES_TABLE"):
        _truth.tell(Path(table))
    whole = folders(40)
    beside = rate(parse_folder, whole, options.rounds) * 26
    print(f"in folders{beside:9,.0f} names/s  {1e6 / beside:7.1f} us a name")
    try:
        from guessit import guessit
    except ImportError:
        print("guessit   is not installed: pip install guessit to compare")
        return
    theirs = rate(guessit, corpus(150), 3)
    print(f"guessit   {theirs:9,.0f} names/s  {1e6 / theirs:7.1f} us a name")
    print(f"ratio     {ours / theirs:9.1f}                              (target: {TARGET})")
    print(f"in folders{beside / theirs:9.1f}                              (target: {IN_FOLDERS})")


if __name__ == "__main__":
    main()
