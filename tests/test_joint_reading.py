"""What the files of one folder, its name, and the source's list tell together."""

import pytest

from store.names import folder_parser, library_witness, season_folders, source_files
from store.names.matching import EXTRA
from tests.rows import each_row


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


@each_row("case", KNOWN)
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


@each_row("case", AMBIGUOUS)
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


def decided(paths, held):
    """What a source offers where the library's clear files hold `held`."""
    readings = [
        library_witness.OpenReading(file.episodes[0], file.split, file.is_seasonless)
        for file in source_files.read_files(paths)
    ]
    return library_witness.decide_open(readings, held)


HUNDREDS = ("Nacht/Nacht {}.mkv", "Nacht/Nacht - {} [720p].mkv", "Nacht/{} - Titel.mkv")
AS_NUMBERS = [(1, number) for number in range(101, 113)]
NOBODY = [None] * 12
# what the library holds clearly | what 101 to 112 at the source are then
SETTLED_HUNDREDS = {
    "nothing": ([], AS_NUMBERS),
    "the season's first": (lists(3), lists(12)),
    "the season, and others": (lists(12, 5), lists(12)),
    "one file, which may be chance": (lists(1), NOBODY),
    "another season": ([(2, 1), (2, 2), (2, 3)], NOBODY),
    "a long season": (lists(60), NOBODY),
    "a season that ends in front of them": (lists(100), AS_NUMBERS),
    "some of them": ([(1, 103), (1, 104)], AS_NUMBERS),
    "what contradicts itself": ([*lists(3), (1, 103)], NOBODY),
}


@each_row("form", HUNDREDS)
@each_row("case", SETTLED_HUNDREDS)
def test_the_library_tells_what_101_is(case, form):
    held, expected = SETTLED_HUNDREDS[case]
    assert decided(numbered(form, range(101, 113)), held) == expected


def test_a_slice_that_does_not_begin_with_an_episode_1_stays_open():
    assert decided(numbered("Nacht/Nacht {}.mkv", range(104, 110)), lists(12)) == [None] * 6


def test_the_library_tells_a_later_season():
    paths = numbered("Nacht/Nacht {}.mkv", range(201, 207))
    assert decided(paths, lists(4, 3)) == [(2, number) for number in range(1, 7)]
    assert decided(paths, lists(4)) == [None] * 6


# the numbers at the source | what the library holds clearly | what is offered
SETTLED_NUMBERS = {
    "no second season": (range(13, 25), lists(3), [(1, number) for number in range(13, 25)]),
    "a second season": (range(13, 25), [(2, 1)], NOBODY),
    "two seasons": (range(1, 25), lists(12, 3), [*lists(12), *NOBODY]),
    "a first season that is longer": (range(11, 15), lists(14, 1), lists(14)[10:]),
    "numbers that each season has": (range(1, 9), lists(2, 1), lists(8)),
}


@each_row("form", ["Nacht/Nacht - {:02}.mkv", "Nacht/[G] Nacht [{:02}][720p].mkv"])
@each_row("case", SETTLED_NUMBERS)
def test_a_second_season_in_the_library_opens_numbers_without_one(case, form):
    numbers, held, expected = SETTLED_NUMBERS[case]
    assert decided(numbered(form, numbers), held) == expected


@pytest.mark.parametrize(
    "paths",
    [
        numbered("Nacht/Nacht {}.mkv", (99, 100, 101, 102)),
        numbered("Nacht/Nacht {}.mkv", (101, 102, 201, 202)),
        numbered("Nacht/Nacht {}.mkv", range(101, 150)),
        numbered("Nacht/Nacht - S01E{}.mkv", (101, 102, 103)),
        numbered("Nacht/Nacht {}.mkv", (1001, 1002, 1003)),
    ],
    ids=lambda paths: paths[-1],
)
def test_the_library_changes_nothing_that_the_source_tells(paths):
    offered = [keys[0] for keys in source_files.read_source(paths)]
    assert decided(paths, lists(3)) == offered


def test_a_file_of_the_source_that_tells_it_itself_is_taken():
    paths = [*numbered("Nacht/Nacht {}.mkv", (101, 102, 103)), "Nacht/Nacht - S01E02.mkv"]
    assert decided(paths, lists(3)) == [(1, 1), None, (1, 3), (1, 2)]


@pytest.mark.parametrize("fetched", [(1, 1), (1, 101)])
def test_a_file_that_was_fetched_binds_the_others(fetched):
    first = library_witness.OpenReading((1, 101), (1, 1), fetched=fetched)
    second = library_witness.OpenReading((1, 102), (1, 2))
    both = library_witness.decide_open([first, second], [(1, 7)])
    assert both == [fetched, (1, fetched[1] + 1)]


def test_clear_names_of_the_library():
    paths = [
        *("Nacht/Nacht - S01E01.mkv", "Nacht/Nacht - 05.mkv", "Nacht/Season 1/Folge 2.mkv"),
        *("Nacht/Season 2/Folge 13.mkv", "Nacht/Season 3/Folge 1.mkv", "Nacht/Nacht - 101.mkv"),
        "Nacht/nacht.102.hdtv-grp.mkv",
    ]
    names = folder_parser.parse_folder(paths)
    assert library_witness.find_clear(names) == [True, False, True, False, True, False, False]
