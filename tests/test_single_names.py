"""Names of real life, one by one: the table `single_names.txt`, and what releases add."""

from pathlib import Path

import pytest

from store.names.folder_parser import parse_folder
from store.names.matching import judge
from store.names.parser import parse

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


@pytest.mark.parametrize("kind", kinds())
def test_names(kind):
    for path, title, season, episodes, what in kinds()[kind]:
        name = parse(path)
        read = name.title, name.season, name.episodes, name.kind
        told = title or name.title, int(season) if season else None, numbers(episodes)
        assert (path, *read) == (path, *told, what or name.kind)


# The path, and what the name says beside its title and code.
BESIDE = """
    Nordlicht - 09 - S01E09 - Titel.mkv | absolute=(9,)
    Nordlicht - 07.5 - S00E03 - Titel.mkv | absolute=(7.5,)
    142.Nordlicht.S07E10.mkv | absolute=(142,)
    142. Nordlicht S02E10.mkv | absolute=(142,)
    911.Nordlicht.S03E04.mkv | absolute=(), title="911 Nordlicht"
    [Nachtsub] Abendmarkt 14 - 15 [1080p].mkv | also=((None, (14, 15)), (None, (14,)))
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


@pytest.mark.parametrize("row", BESIDE.strip().splitlines())
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
