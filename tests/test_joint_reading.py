"""What the files of one folder, its name, and the source's list tell together."""

import pytest

from store.names import folder_parser, season_folders, source_files
from store.names.matching import EXTRA


def lists(*counts):
    return [
        (season, number) for season, count in enumerate(counts, 1) for number in range(1, count + 1)
    ]


def judged(paths, known):
    names = folder_parser.parse_folder(paths)
    return season_folders.judge_together(paths, names, known)


def numbered(form, numbers):
    return [form.format(number) for number in numbers]


S1 = [(1, number) for number in range(1, 200)]
LONG = lists(120)
HOLES = [key for key in lists(12, 12) if key not in ((1, 5), (1, 7))]

# what is known | the files | the episode of each, which is sure
KNOWN = {
    "a title's number that never changes": (
        LONG,
        numbered("Nacht/[G] Wolkenauge 21 - {} [720p].mkv", (45, 46, 47)),
        [(1, 45), (1, 46), (1, 47)],
    ),
    "the folder's title ends in it": (
        lists(8),
        numbered("Digi 02/Digi 02 - {:02}.mkv", (5,)),
        [(1, 5)],
    ),
    "the folder's title, and nothing but spaces": (
        lists(8),
        numbered("Digi 02/Digi 02 {:02}.mkv", (5,)),
        [(1, 5)],
    ),
    "episode titles with numbers": (
        lists(12),
        ["Nacht/3 - 100 Tage.mkv", "Nacht/4 - 14 Tage.mkv", "Nacht/5 - Der 3. Mann.mkv"],
        [(1, 3), (1, 4), (1, 5)],
    ),
    "a season's word behind the number": (
        lists(12),
        ["Nacht/Nacht 03 Staffel-Finale.mkv", "Nacht/Nacht 04 A.mkv", "Nacht/Nacht 05 B.mkv"],
        [(1, 3), (1, 4), (1, 5)],
    ),
    "two episodes in each file": (
        lists(12),
        numbered("Nacht/Nacht {}.mkv", ("01-02", "03-04", "05-06")),
        [((1, 1), (1, 2)), ((1, 3), (1, 4)), ((1, 5), (1, 6))],
    ),
    "the folder's season stands in front": (
        lists(3, 4),
        ["Nacht/Season 2/2.01 D.mkv", "Nacht/Season 2/2.04 Ende.mkv"],
        [(2, 1), (2, 4)],
    ),
    "numbers that begin anew behind a season": (
        lists(3, 3),
        [
            *numbered("Nacht/1-{:02} A.mkv", (1, 2, 3)),
            *numbered("Nacht/2-{:02} B.mkv", (1, 3)),
        ],
        [*lists(3), (2, 1), (2, 3)],
    ),
    "a folder of two seasons": (
        lists(4, 4),
        numbered("Nacht/[G] Nacht S01-S02 [1080p]/[G] Nacht - {:02}.mkv", range(1, 9)),
        lists(4, 4),
    ),
    "an opening beside a double": (
        lists(12),
        ["Nacht/Nacht - 05.mkv", "Nacht/Nacht - 05 [720p].mkv", "Nacht/Nacht - NCOP1.mkv"],
        [(1, 5), (1, 5), EXTRA],
    ),
    "a list with holes": (
        HOLES,
        numbered("Nacht/[G] Nacht - {:02}.mkv", (5, 6, 14, 15)),
        [(1, 5), (1, 6), (2, 2), (2, 3)],
    ),
    "a list that counts through itself": (
        [*lists(12), *[(2, number) for number in range(13, 25)]],
        numbered("Nacht/[G] Nacht - {:02}.mkv", (5, 14, 15)),
        [(1, 5), (2, 14), (2, 15)],
    ),
    "running numbers behind codes": (
        lists(12, 14),
        [f"Nacht/Nacht - S02E{number:02} - {12 + number}.mkv" for number in (1, 2, 5)],
        [(2, 1), (2, 2), (2, 5)],
    ),
    "a running number behind one code": (
        lists(12, 12),
        ["Nacht/Season 2/Nacht - S02E05 - 17.mkv"],
        [(2, 5)],
    ),
    "a part that goes on": (
        lists(24),
        [
            *numbered("Nacht/Cour 1/{:02}.mkv", (1, 2)),
            *numbered("Nacht/Cour 2/{:02}.mkv", (13, 14)),
        ],
        [(1, 1), (1, 2), (1, 13), (1, 14)],
    ),
}


@pytest.mark.parametrize("case", KNOWN)
def test_what_is_known_together(case):
    known, paths, expected = KNOWN[case]
    verdicts = judged(paths, known)
    episodes = [key if isinstance(key[0], tuple) else (key,) for key in expected]
    assert [(verdict.episodes, verdict.sure) for verdict in verdicts] == [
        (keys, True) for keys in episodes
    ]


AMBIGUOUS = {
    "a lone title or range": (LONG, ["Nacht/[G] Wolkenauge 21 - 45 [720p].mkv"]),
    "two lone numbers": (LONG, ["Nacht/Nordlicht 27 Titel 2.mkv"]),
    "102 within a long season": (LONG, numbered("Nacht/Nacht - {}.mkv", (101, 102, 103))),
    "202 in a folder whose season has as many": (
        lists(12, 220),
        numbered("Nacht/Season 2/Nacht - {}.mkv", (201, 202, 203)),
    ),
    "a part that begins anew": (lists(24), numbered("Nacht/Cour 2/{:02}.mkv", (1, 2, 3))),
    "two parts that begin anew": (lists(24), numbered("Nacht/Part 2/{:02}.mkv", (1, 2, 3))),
    "a part in the names that begins anew": (
        lists(12, 24),
        numbered("Nacht/Nacht Season 2 Part 2 - {:02}.mkv", (1, 2, 3)),
    ),
    "a code and a special": (lists(12), ["Nacht/Nacht - S01E05 OVA.mkv"]),
    "the same number in front of different words": (
        lists(12),
        ["Nacht/Nacht 7 Anfang.mkv", "Nacht/Nacht 7 Mitte.mkv", "Nacht/Nacht 7 Ende.mkv"],
    ),
    "a list without the first season": (
        [key for key in lists(12, 12, 12) if key[0] > 1],
        numbered("Nacht/[G] Nacht - {:02}.mkv", (5, 14)),
    ),
    "many episodes in one file": (LONG, ["Nacht/Nacht 03-60.mkv"]),
    "a code with a range or a running number": (lists(12, 14), ["Nacht/Nacht - S02E01 - 13.mkv"]),
    "a number that nothing explains": (lists(12), ["Nacht/abc-5.mkv", "Nacht/x7y.mkv"]),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_what_has_two_readings_is_ambiguous(case):
    known, paths = AMBIGUOUS[case]
    assert not any(
        verdict.sure and verdict.episodes != (EXTRA,) for verdict in judged(paths, known)
    )


def test_the_reason_names_the_witness():
    (first, *_) = judged(numbered("Nacht/[G] Wolkenauge 21 - {}.mkv", (45, 46, 47)), LONG)
    assert "21 is the same in all names of this folder" in first.why
    (special,) = judged(["Nacht/[G] Nacht - 07.5.mkv"], lists(12))
    assert "7.5 is a special" in special.why
    (counted,) = judged(["Nacht/Season 2/Nacht - 13.mkv"], lists(12, 12))
    assert "number 13 of all 24 is S02E01" in counted.why
    (framed,) = judged(["Nacht/[G] Nacht S01E01-E12/[G] Nacht - 05.mkv"], lists(12))
    assert "the folder says 1-12" in framed.why
    (open_,) = judged(AMBIGUOUS["a lone title or range"][1], LONG)
    assert "S01E21-E45" in open_.why and "S01E22" not in open_.why


def test_a_source_offers_what_is_sure():
    paths = ["Nacht/Nordlicht 27 Titel 2.mkv", "Nacht/abc123.mkv", "Nacht/Nacht - S01E03.mkv"]
    assert source_files.read_source(paths) == [(), (), ((1, 3),)]
