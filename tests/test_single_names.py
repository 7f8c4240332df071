"""Names of real life, one by one: the table `single_names.txt`, and what releases add."""

import re
from pathlib import Path

import pytest

from store.names.folder_parser import parse_folder
from store.names.matching import judge
from store.names.parser import parse
from tests.rows import each_row

TABLE = Path(__file__).with_name("single_names.txt").read_text("utf-8")


def kinds():
    """The rows of each kind of name, by its heading."""
    found = {}
    for line in TABLE.splitlines():
        if line.startswith("# "):
            rows = found.setdefault(line[2:], [])
        elif line:
            rows.append([cell.strip() for cell in line.split("|")])
    return {heading: rows for heading, rows in found.items() if rows}


def numbers(text):
    low, dash, high = text.partition("-")
    if dash:
        return tuple(range(int(low), int(high) + 1))
    return tuple(float(number) if "." in number else int(number) for number in text.split())


@each_row("kind", kinds())
def test_each_single_name_is_read(kind):
    for path, title, season, episodes, what in kinds()[kind]:
        name = parse(path)
        read = name.title, name.season, name.episodes, name.kind
        told = title or name.title, int(season) if season else None, numbers(episodes)
        assert (path, *read) == (path, *told, what or name.kind)


@each_row("kind", kinds())
def test_names_among_their_neighbours(kind):
    """A name is read as it is alone where the files beside it differ in its number only."""
    for path, title, season, episodes, what in kinds()[kind]:
        folder, slash, base = path.rpartition("/")
        pieces = re.split(rf"(?<!\d)(0*{episodes})(?!\d)", base) if episodes.isdecimal() else ()
        if len(pieces) != 3:
            continue
        before, spelled, after = pieces
        neighbours = {
            number: f"{folder}{slash}{before}{number:0{len(spelled)}}{after}"
            for number in (1, 2, 3, 5, 12)
        }
        for number, name in zip(neighbours, parse_folder(list(neighbours.values()))):
            read = name.title, name.season, name.episodes, name.kind
            told = title or name.title, int(season) if season else None, (number,)
            assert (path, *read) == (path, *told, what or name.kind)


# The path, and what the name says beside its title and code.
BESIDE = """
    Nordlicht - 09 - S01E09 - Titel.mkv | absolute=(9,)
    Nordlicht - 07.5 - S00E03 - Titel.mkv | absolute=(7.5,)
    142.Nordlicht.S07E10.mkv | absolute=(142,)
    142. Nordlicht S02E10.mkv | absolute=(142,)
    911.Nordlicht.S03E04.mkv | absolute=(), title="911 Nordlicht"
    [Nachtsub] Abendmarkt 14 - 15 [1080p].mkv | also=((None, (14, 15)), (None, (14,)))
    Nordlicht 03-20.mkv | title="Nordlicht", season=3, episodes=(20,)
    Nordlicht - S01E03 - Titel WEBDL-1080p.mkv | group=None
    Nordlicht_Ep03_Titel_[1080p,BluRay]_-_XYZ.mkv | group="XYZ"
    Nordlicht S01E01 1080p WEB-DL H.264-XYZ (Multi-Subs).mkv | group="XYZ"
    Nordlicht S01E01 1080p WEB-DL H.264-Nacht-Sub.mkv | group="Nacht-Sub"
    Nordlicht - 03 [1080p][XYZ].mkv | group="XYZ"
    Nordlicht - 03 [1080p][Multi-Subs].mkv | group=None
    [Staffel 2] Nordlicht - 03 [1080p].mkv | group=None, title="Nordlicht", season=2
    【夜警】【第02話】【1080P】.mp4 | group=None
    Nordlicht S01 2019 1080p WEB-DL | group=None, episodes=()
    Nordlicht - 03 (1080p) v2.mkv | version=2
    [Nachtsub] Nordlicht - 03 [v2][1080p].mkv | version=2
    Nordlicht.S01E03.v2.1080p.mkv | version=2
    Nordlicht v1.5 - 03.mkv | version=None
    Nordlicht.VFQ.S01E03.mkv | title="Nordlicht", language="fr"
    Nordlicht S01E03 PL 1080p.mkv | language="pl"
    Nordlicht (2012) [1080p].mkv | year=2012, title="Nordlicht"
    World Series 2012 S01E02.mkv | year=2012
"""


@each_row("row", BESIDE.strip().splitlines())
def test_what_stands_beside(row):
    path, _, expected = row.partition("|")
    wanted = eval(f"dict({expected})")
    name = parse(path.strip())
    assert {field: getattr(name, field) for field in wanted} == wanted


@pytest.mark.parametrize("title", ["Yoru 2", "Yoru! 2", "Yoru II", "[Nachtsub] Yoru no Kita 2"])
def test_the_number_of_a_sequel_may_be_the_season(title):
    paths = [f"Yoru/{title} - {number:02}.mkv" for number in range(1, 13)]
    one = {(1, number) for number in range(1, 13)}
    two = one | {(2, number) for number in range(1, 13)}
    for number, name in enumerate(parse_folder(paths), 1):
        assert judge(name, one)[:2] == (((1, number),), True)
        assert judge(name, two)[:2] == (((1, number), (2, number)), False)


@pytest.mark.parametrize(
    "pattern, season",
    [
        ("Night/3.{:02} Title.mkv", 3),
        ("Night/Night - 3.{:02} - Title.mkv", 3),
        ("Night/Season 3/3.{:02}.mkv", 3),
        ("Night/Folge {:02}_14 Tage.mkv", None),
    ],
)
def test_what_one_name_says_its_neighbours_keep(pattern, season):
    numbers = (1, 2, 3, 5, 8, 12, 13, 24)
    names = parse_folder([pattern.format(number) for number in numbers])
    assert [(name.season, name.episodes) for name in names] == [(season, (n,)) for n in numbers]


@pytest.mark.parametrize("path", ["Nordlicht 11-13.mkv", "Nordlicht 03-20.mkv", "Kind_2-05.mkv"])
def test_a_name_that_cannot_tell_is_not_sure(path):
    known = {(season, number) for season in range(1, 13) for number in range(1, 25)}
    assert not judge(parse(path), known).sure


PATTERNS = """
    86 - {:02} Titel.mkv
    {:02} - 86 Titel.mkv
    Nordlicht 27 Titel {}.mkv
    Nordlicht {} Titel 2.mkv
    Nordlicht {:02} Titel 15.mkv
    Nordlicht - {:02} - Titel 15.mkv
    Nordlicht - {:02} - 12 Uhr.mkv
    Nordlicht - E{:02}-30 Stunden.mkv
    {} - 100 Tage.mkv
    Yoru 2 - {}.mkv
    Yoru 2-{:02}.mkv
    Yoru no Kita{:02}.mkv
    Yoru 1080p {:02}.mkv
    夜警{:02}.mkv
    夜警第{}話 14歳.mkv
    {}. Folge 14 Tage.mkv
    {} серия 14 дней.mkv
    [G] 22／7 - {:02}.mkv
    Zone 88 {}.mkv
    Zone 12 - {:02} - Titel.mkv
"""


@each_row("pattern", PATTERNS.strip().splitlines())
@each_row("beside", [0, 1])
def test_a_lone_name_or_two_are_never_sure_and_wrong(pattern, beside):
    known = {(1, number) for number in range(1, 200)}
    for number in (1, 2, 5, 10, 12, 15, 24):
        paths = [
            f"Nacht/{pattern.strip().format(other)}" for other in range(number, number + beside + 1)
        ]
        verdict = judge(parse_folder(paths)[0], known)
        assert not verdict.sure or verdict.episodes == ((1, number),), (paths[0], verdict)
