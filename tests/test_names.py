"""How names are read: the families of hard names (docs/names.md), neighbours, and any text.

Every name here is our own invention.
"""

import io
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.names import component, folder_parser, lexer, parsed_name, parser, path_context
from store.names.folder_parser import parse_folder
from store.names.parser import parse
from store.names.spelling import YEAR, fold, safe
from store.names.templates import Templates, Wanted
from store.names.writer import episode_path
from tests.rows import each_row

NAMES_PAGE = (Path(__file__).parent.parent / "docs/names.md").read_text("utf-8")

# name | title | season | episodes | the rest as field=value
# An empty season is none; "1-3" are three episodes. A line that begins with | continues a row.
FAMILIES = {
    "1 all brackets": """
        [Nachtsub][夜警][Yakei no Kita][03][1080P].mp4 | Yakei no Kita | | 3 | group="Nachtsub"
        【雪組】★4月新番【夜警】【Yakei no Kita】【第07話】【720p】 | Yakei no Kita | | 7
        [Nachtsub][Yakei no Kita][01-12完][BDRip].mkv | Yakei no Kita | | 1-12
        [Nachtsub] 夜警 / Yakei no Kita [03][BIG5].mp4 | Yakei no Kita | | 3
        [Nachtsub] 夜警_Yakei no Kita_08 [1080p].mkv | Yakei no Kita | | 8
        [Nachtsub][Yakei][24(END)][720p].mkv | Yakei | | 24
        夜警第二季 第十一集.mkv | 夜警 | 2 | 11
        [Nachtsub] 夜警 第12話 [1080p].mkv | 夜警 | | 12
        """,
    "2 digits in the title": """
        [Nachtsub] Stufe 1 - 05 [1080p].mkv | Stufe 1 | | 5
        [Nachtsub] Nr. 6 - 02 [720p].mkv | Nr. 6 | | 2
        [Nachtsub] 86 - 11 [1080p].mkv | 86 | | 11
        [Nachtsub] Zone 88 04 (1080p).mkv | Zone 88 | | 4
        [Nachtsub] 100 Nordlichter S3 - 04.mkv | 100 Nordlichter | 3 | 4
        [Nachtsub] Zone 3.5 - 07 [BD].mkv | Zone 3.5 | | 7
        [Nachtsub] Rennen 2nd Stage - 12.mkv | Rennen 2nd Stage | | 12
        24 Lichter S02E03.mkv | 24 Lichter | 2 | 3
        7-7-7.S03E02.1080p.WEB.H264-XYZ.mkv | 7-7-7 | 3 | 2 | group="XYZ"
        91 Nächte - 05.mkv | 91 Nächte | | 5
        """,
    "3 three digits": """
        Nordlicht - 101.mkv | Nordlicht | | 101 | also=((1, (1,)),)
        Nordlicht 214.mkv | Nordlicht | | 214 | also=((2, (14,)),)
        Nordlicht.101.HDTV.x264-GRP.mkv | Nordlicht | 1 | 1 | also=((None, (101,)),)
        Nordlicht/Staffel 2/Nordlicht 203.mkv | Nordlicht | 2 | 3
        Nordlicht/Staffel 1/317.mkv | Nordlicht | 1 | 317
        """,
    "4 ranges and lists after a code": """
        Nordlicht S01E01-E03.mkv | Nordlicht | 1 | 1-3
        Nordlicht S01E01-03.mkv | Nordlicht | 1 | 1-3
        Nordlicht - S01E01-02-03 - Titel.mkv | Nordlicht | 1 | 1-3
        Nordlicht S01E01E02E04.mkv | Nordlicht | 1 | 1 2 4
        Nordlicht.S01E01.S01E02.mkv | Nordlicht | 1 | 1 2
        Nordlicht S01E01 & E02.mkv | Nordlicht | 1 | 1 2
        Nordlicht S01E01..E03.mkv | Nordlicht | 1 | 1-3
        Nordlicht 1x01-x03.mkv | Nordlicht | 1 | 1-3
        Nordlicht 1x01_1x02.mkv | Nordlicht | 1 | 1 2
        Nordlicht 5x44x45x46.mkv | Nordlicht | 5 | 44-46
        Nordlicht - S01E03 - 94 Fragen.mkv | Nordlicht | 1 | 3
        Nordlicht.S01E11.59.Minuten.mkv | Nordlicht | 1 | 11
        Nordlicht - S02E31 - Episode 55.mkv | Nordlicht | 2 | 31
        Nordlicht s19e09_s20e14.mkv | Nordlicht | 19 | 9
        """,
    "5 ranges of running numbers": """
        [Nachtsub] Nordlicht - 01 ~ 12 [1080p] | Nordlicht | | 1-12
        [Nachtsub] Nordlicht - 01v2-04 [1080p] | Nordlicht | | 1-4 | version=2
        [Nachtsub] Nordlicht 091-123 [720p] | Nordlicht | | 91-123
        [Nachtsub] Nordlicht (01-12) [1080p] | Nordlicht | | 1-12
        [Nachtsub] Nordlicht - 01+07 [720p] | Nordlicht | | 1 7
        [Nachtsub] Nordlicht 003-005 & 007-008.mkv | Nordlicht | | 3 4 5 7 8
        """,
    "6 a season in the title": """
        [Nachtsub] Nordlicht 2nd Season - 05 [1080p].mkv | Nordlicht | 2 | 5
        [Nachtsub] Nordlicht S2 - 05 [1080p].mkv | Nordlicht | 2 | 5
        [Nachtsub] Nordlicht Second Season - 05.mkv | Nordlicht | 2 | 5
        [Nachtsub] Nordlicht (Season 2) [05][1080p].mkv | Nordlicht | 2 | 5
        [Nachtsub] Nordlicht II - 05 [1080p].mkv | Nordlicht II | | 5
        [Nachtsub] Nordlicht Final Season - 05.mkv | Nordlicht Final Season | | 5
        [Nachtsub] Nordlicht Part 2 - 05.mkv | Nordlicht Part 2 | | 5
        Nordlicht.S01.Part.2.05.mkv | Nordlicht | 1 | 5
        """,
    "7 two numbers": """
        [Nachtsub] Nordlicht - 12 (S01E12) [1080p].mkv | Nordlicht | 1 | 12 | absolute=(12,)
        [Nachtsub] Nordlicht S10E14 214 [1080p].mkv | Nordlicht | 10 | 14 | absolute=(214,)
        [Nachtsub] Nordlicht 214 10x14.mkv | Nordlicht | 10 | 14 | absolute=(214,)
        [Nachtsub] Nordlicht - 5.5 (S00E01).mkv | Nordlicht | 0 | 1
            | absolute=(5.5,), kind="special"
        Nordlicht - S16E03-04 - 313-314.mkv | Nordlicht | 16 | 3 4 | absolute=(313, 314)
        Nordlicht 313-314 s16e03-04.mkv | Nordlicht | 16 | 3 4 | absolute=(313, 314)
        Nordlicht - 052 (227).mkv | Nordlicht | | 52 | absolute=(227,)
        Nordlicht - 101 (01) - Titel.avi | Nordlicht | 1 | 1
        """,
    "8 decimals": """
        [Nachtsub] Nordlicht - 12.5 [1080p].mkv | Nordlicht | | 12.5 | kind="special"
        [Nachtsub] Nordlicht ep07.5(bd.720p.aac).mkv | Nordlicht | | 7.5 | kind="special"
        Nordlicht - S00E06.5.mkv | Nordlicht | 0 | 6.5 | kind="special"
        Nordlicht.05.DD5.1.H.264.mkv | Nordlicht | | 5
        Nordlicht v1.5 - 05.mkv | Nordlicht v1.5 | | 5
        Nordlicht.S01E02.0.8.4.720p.mkv | Nordlicht | 1 | 2
        Nordlicht 2.0 S01E05.mkv | Nordlicht 2.0 | 1 | 5
        """,
    "9 specials and extras": """
        Nordlicht S00E03.mkv | Nordlicht | 0 | 3 | kind="special"
        [Nachtsub] Nordlicht OVA 2 [1080p].mkv | Nordlicht | | 2 | kind="special"
        [Nachtsub] Nordlicht - SP1 [1080p].mkv | Nordlicht | | 1 | kind="special"
        [Nachtsub] Nordlicht - 14 OAD [1080p].mkv | Nordlicht | | 14 | kind="special"
        [Nachtsub] Nordlicht OVA [1080p].mkv | Nordlicht OVA | | | kind="special"
        [Nachtsub] Nordlicht - NCOP1 [1080p].mkv | Nordlicht | | 1 | kind="extra"
        [Nachtsub] Nordlicht [NCED_EP12][1080p].mkv | Nordlicht | | 12 | kind="extra"
        Nordlicht - Trailer.mkv | Nordlicht - Trailer | | | kind="extra"
        Nordlicht - S01E05 - Opening Night.mkv | Nordlicht | 1 | 5 | kind="episode"
        Special Dienst - 05.mkv | Special Dienst | | 5 | kind="episode"
        Nordlicht/Specials/03 - Titel.mkv | Nordlicht | 0 | 3 | kind="special"
        Nordlicht/OVA/02.mkv | Nordlicht | | 2 | kind="special"
        Nordlicht/Extras/Interview.mkv | Nordlicht | | | kind="extra"
        """,
    "10 compressed codes": """
        Nordlicht.0102.HDTV.mkv | Nordlicht | 1 | 2
        Nordlicht.S0201.HDTV.mkv | Nordlicht | 2 | 1
        Nordlicht.2401.HDTV-GRP.mkv | Nordlicht | 24 | 1
        Nordlicht [2.10].mkv | Nordlicht | 2 | 10
        Nordlicht - Temporada 4 [HDTV][Cap.408].mkv | Nordlicht | 4 | 8
        Nordlicht.Temporada.1.[Cap.111_114].mkv | Nordlicht | 1 | 11-14
        Nordlicht - 6.01 - Titel.mkv | Nordlicht | 6 | 1
        Nordlicht - Episode 1.22 - Titel.avi | Nordlicht | 1 | 22
        """,
    "11 glued codes": """
        nordlichts01e11.mkv | nordlicht | 1 | 11
        nord.1x11m720p.mkv | nord | 1 | 11
        Nordlicht1x01.mkv | Nordlicht | 1 | 1
        Nordlicht S01E22c.mkv | Nordlicht | 1 | 22
        Nordlicht S01E02e01.mkv | Nordlicht | 1 | 1 2
        Nordlicht S03E02Titel.mkv | Nordlicht | 3 | 2
        """,
    "12 the folder knows": """
        Nordlicht/Season 2/02.mkv | Nordlicht | 2 | 2
        Nordlicht/1/01.mkv | Nordlicht | 1 | 1
        anime/24/01.mkv | 24 | | 1
        Nordlicht/Season 1/03 - Titel.mkv | Nordlicht | 1 | 3
        Nordlicht S2/01 - Titel.mkv | Nordlicht | 2 | 1
        S02 Nordlicht/E01-Titel.mkv | Nordlicht | 2 | 1
        Nordlicht.S02E05.1080p.WEB-GRP/abcdef0123456789abcdef.mkv | Nordlicht | 2 | 5
        Nordlicht S01/Nordlicht - S02E03.mkv | Nordlicht | 2 | 3
        Anderes/[Nachtsub] Nordlicht - 01.mkv | Nordlicht | | 1
        Zone 88/S01E01.mkv | Zone 88 | 1 | 1
        Nordlicht (2019) [tvdbid-1]/05.mkv | Nordlicht | | 5 | year=2019
        """,
    "13 years": """
        Nordlicht.S2017E368.mkv | Nordlicht | 2017 | 368
        Nordlicht 2016x231.mkv | Nordlicht | 2016 | 231
        Nordlicht (2012) - 05.mkv | Nordlicht | | 5 | year=2012
        Nordlicht.2012.S01E02.mkv | Nordlicht | 1 | 2 | year=2012
        Nordlicht 2199 (2012) Episode 18.mkv | Nordlicht 2199 | | 18 | year=2012
        1984.S01E02.mkv | 1984 | 1 | 2 | year=None
        Nordlicht.E02.2010.mkv | Nordlicht | | 2
        160305 Nordlicht - 12.mkv | Nordlicht | | 12
        Nordlicht (2012).mkv | Nordlicht | | | kind="movie", year=2012
        """,
    "14 other languages": """
        Nacht Saison 2 Épisode 5.mkv | Nacht | 2 | 5
        Nacht T01E04.mkv | Nacht | 1 | 4
        Nacht Temporada 1 Capitulo 4.mkv | Nacht | 1 | 4
        Nacht Stagione 2 Episodio 5.mkv | Nacht | 2 | 5
        Ночь. Сезон 2. Серия 5.mkv | Ночь | 2 | 5
        Ночь 5-й сезон 09-я серия.mkv | Ночь | 5 | 9
        Nacht 2.Sezon 5.Bölüm.2021.mkv | Nacht | 2 | 5
        Nacht seizoen 2 afl. 5.mkv | Nacht | 2 | 5
        Nacht sezon 2 odc. 5.mkv | Nacht | 2 | 5
        Nacht 2. évad 5. rész.mkv | Nacht | 2 | 5
        アニメ シーズン2 第3話.mkv | アニメ | 2 | 3
        Nacht 시즌 2 5화.mkv | Nacht | 2 | 5
        Nacht 5 из 12.mkv | Nacht | | 5
        """,
    "15 look-alikes": """
        [0x539] Nacht - 05 [1080p].mkv | Nacht | | 5
        [Nachtsub] Nacht - 05 [12345678].mkv | Nacht | | 5 | crc="12345678"
        [Nachtsub] Nacht - 07v3 [1080P10][AAC][0A1B2C3D].mkv | Nacht | | 7
            | version=3, crc="0A1B2C3D"
        Nacht - 09 [x264-103].mkv | Nacht | | 9
        [Nachtsub] Nacht - 10 [1920x1080].mkv | Nacht | | 10
        [Nachtsub] Nacht x365 - 03.mkv | Nacht x365 | | 3
        [Nachtsub] Nacht - 1080 [1080p].mkv | Nacht | | 1080
        Nacht - 04 - Part 1.mkv | Nacht | | 4
        [Nachtsub] 3x3 Lichter - 05 [720p].mkv | 3x3 Lichter | | 5
        """,
    "German": """
        Die Nachtwächter Staffel 1 Folge 3.mkv | Die Nachtwächter | 1 | 3
        Die.Nachtwächter.Staffel.1.Folge.3.German.DL.1080p.mkv | Die Nachtwächter | 1 | 3
            | language="de"
        Die Nachtwächter 1. Staffel Folge 3.mkv | Die Nachtwächter | 1 | 3
        Die Nachtwächter - 1. Staffel - 3. Folge.mkv | Die Nachtwächter | 1 | 3
        Die Nachtwächter - Zweite Staffel - Folge 8.mkv | Die Nachtwächter | 2 | 8
        Die Nachtwächter - Folge 12 - Der Anfang.mkv | Die Nachtwächter | | 12
        Die Nachtwächter S1 F3.mkv | Die Nachtwächter | 1 | 3
        Die Nachtwächter S01F03.mkv | Die Nachtwächter | 1 | 3
        Die Nachtwächter Staffel 2 - 05.mkv | Die Nachtwächter | 2 | 5
        Die Nachtwächter Folgen 1 bis 3.mkv | Die Nachtwächter | | 1-3
        Die Nachtwächter Folge 1 und 2.mkv | Die Nachtwächter | | 1 2
        Die Nachtwächter Teil 2.mkv | Die Nachtwächter | | 2
        Die Nachtwächter - Teil 2 von 3.mkv | Die Nachtwächter | | 2
        Die Nachtwächter - 3 von 12.mkv | Die Nachtwächter | | 3
        Die Nachtwächter Kapitel 7.mkv | Die Nachtwächter | | 7
        Die Nachtwächter - Sonderfolge 2.mkv | Die Nachtwächter | | 2 | kind="special"
        Die Nachtwächter Film 3.mkv | Die Nachtwächter | | 3 | kind="movie"
        Die Nachtwächter S01E05 - Staffel-Finale.mkv | Die Nachtwächter | 1 | 5
        Die.Nachtwaechter.S02E05.GERMAN.DUBBED.DL.720p.BluRay.x264-GRP.mkv | Die Nachtwaechter
            | 2 | 5
            | language="de", group="GRP"
        Die.Nachtwaechter.E05.German.Subbed.1080p.mkv | Die Nachtwaechter | | 5 | language=None
        Episode 5 Staffel 1 - Die Nachtwächter.mp4 | Die Nachtwächter | 1 | 5
        Die Nachtwächter/2. Staffel/05 - Titel.mkv | Die Nachtwächter | 2 | 5
        Die Nachtwächter/Staffel 03/Die Nachtwächter - Folge 4.mkv | Die Nachtwächter | 3 | 4
        Serien/Die Nachtwächter/Staffel 1/Folge 03.mkv | Die Nachtwächter | 1 | 3
        Staffel der Nacht - 05.mkv | Staffel der Nacht | | 5
        Folge der Spur S01E02.mkv | Folge der Spur | 1 | 2
        Das Größte Übel 2 - 07.mkv | Das Größte Übel 2 | | 7
        """,
}  # fmt: skip


def cases():
    for family in FAMILIES:
        for path, title, season, episodes, *rest in rows(family):
            expected = {
                "title": title or None,
                "season": int(season) if season else None,
                "episodes": numbers(episodes),
            }
            expected |= eval(f"dict({''.join(rest)})")
            yield pytest.param(path, expected, id=f"{family}: {path}")


def rows(family):
    """The cells of each row of a family's table."""
    table = re.sub(r"\s*\n\s*\|", " |", FAMILIES[family])
    return [[cell.strip() for cell in row.split("|")] for row in table.strip().splitlines()]


def numbers(text):
    low, dash, high = text.partition("-")
    if dash:
        return tuple(range(int(low), int(high) + 1))
    return tuple(float(number) if "." in number else int(number) for number in text.split())


@each_row("path, expected", list(cases()))
def test_names_of_each_family_are_read(path, expected):
    name = parse(path)
    assert {field: getattr(name, field) for field in expected} == expected


@each_row("family", FAMILIES)
def test_every_family_is_described(family):
    number, _, _ = family.partition(" ")
    headings = [line for line in NAMES_PAGE.splitlines() if line.startswith("### ")]
    assert any(heading.startswith((f"### {number}.", f"### {family}")) for heading in headings)


def test_the_example_of_the_page_is_read_as_it_says():
    path = "Zone 88/Staffel 2/[Nachtsub] Zone 88 - 05v2 [1080p][1A2B3C4D].mkv"
    assert path in NAMES_PAGE
    _, base = path_context.split_path(path)
    tokens = lexer.tokenize(base)
    assert f"labels: {tokens.labels}\n" in NAMES_PAGE
    alone = component.read_component(base).name
    assert (alone.score, alone.also) == (95, ((None, (88,)),))
    name = parse(path)
    assert (name.title, name.season, name.episodes, name.version) == ("Zone 88", 2, (5,), 2)
    assert (name.group, name.crc) == ("Nachtsub", "1A2B3C4D")


def test_every_label_of_the_vocabulary_is_explained():
    named = [value for name, value in vars(lexer).items() if name.isupper()]
    assert all(label in named for label in lexer.WORDS.values())


def test_umlauts_in_either_form():
    composed = "Die Nachtwächter/Staffel 1/Die Nachtwächter - Folge 3.mkv"
    assert parse(unicodedata.normalize("NFD", composed)) == parse(composed)


# --- there and back ---

NASTY = (
    "86", "Level 1", "No. 6", "Area 88", "24", "S01E01", "2x05 - Nacht", "Nacht - S01E01",
    "[Oshi] no Ko", "Staffel 2", "1080p", "Nacht (2019)", "Nacht - 05", "3.5", "100 Nächte",
    "Folge 7", "OVA", "~", "...", "日" * 90, "ä" * 150, "Re: Nacht/Tag?", "2012",
)  # fmt: skip
titles = (
    st.sampled_from(NASTY)
    | st.text(max_size=30)
    | st.text(st.sampled_from("S0E12 -[]().~x日aB"), max_size=20)
)
one = st.lists(st.integers(0, 2000), min_size=1, max_size=4, unique=True)
special = st.lists(
    st.integers(0, 99) | st.integers(1, 999).map(lambda n: n + 0.5),
    min_size=1,
    max_size=3,
    unique=True,
)


@given(
    titles,
    st.one_of(st.tuples(st.integers(1, 2030), one), st.tuples(st.just(0), special)),
    st.integers(0, 1500),
    st.sampled_from(["", " (2019)", " [tvdbid-1]"]),
)
@settings(max_examples=300, deadline=None, derandomize=True)
@example("Nacht", (1, [1, 2]), 0, "")
@example("日" * 200, (0, [6.5, 1]), 0, "")
@example("\0", (1, [0]), 1000, "")
def test_what_we_write_we_read(title, code, running, ids):
    season, episodes = code
    absolute = range(running, running + len(episodes)) if running else ()
    templates = Templates(episode="{title} - {code} - {absolute:03}")
    wanted = Wanted(title, season, episodes, absolute=absolute)
    name = parse("Anime/" + episode_path(templates, wanted, ".mkv", safe(title) + ids))
    assert (name.season, name.episodes) == (season, tuple(sorted(episodes)))
    assert name.absolute == tuple(absolute)
    assert name.kind == ("episode" if season else "special") and name.score == 100
    if len(safe(title).encode()) < 180:
        assert name.title == safe(YEAR.sub("", title) or title)


@each_row(
    "title",
    "86|Level 1|No. 6|Area 88|24|100 Nächte|7 Tage|9-1-1|Nacht 2|Nacht II|2.0|Ü".split("|"),
)
def test_our_names_without_their_folder(title):
    for season, episodes in ((1, [5]), (2, [1, 2]), (0, [6.5]), (12, [3, 7])):
        path = episode_path(Templates(), Wanted(title, season, episodes), ".mkv")
        name = parse(path.rpartition("/")[2])
        assert (name.season, name.episodes) == (season, tuple(episodes))
        assert fold(name.title) == fold(title)


def test_sidecars_are_their_episode():
    for end in (".de.srt", ".ger.forced.ass", "-thumb.jpg", ".nfo"):
        name = parse("Nacht/Season 01/Nacht - S01E02" + end)
        assert (name.title, name.season, name.episodes, name.score) == ("Nacht", 1, (2,), 100)


# --- neighbours ---


def read(*paths):
    return [(name.title, name.season, name.episodes) for name in parse_folder(paths)]


def test_a_number_that_never_changes_is_the_title():
    numbers = (1, 2, 3)
    stages = read(*(f"[Sub] Stufe 7 {n:02d} Zu zweit.mkv" for n in numbers))
    assert stages == [("Stufe 7", None, (n,)) for n in numbers]
    zones = read(*(f"Zone 88 {n} von Anfang.mkv" for n in numbers))
    assert zones == [("Zone 88", None, (n,)) for n in numbers]


def test_neighbours_tell_seasons_from_running_numbers():
    two_seasons = (101, 102, 201, 202)
    names = read(*(f"Nacht {n}.mkv" for n in two_seasons))
    assert names == [("Nacht", n // 100, (n % 100,)) for n in two_seasons]
    running = (98, 99, 100, 101)
    names = read(*(f"Nacht {n}.mkv" for n in running))
    assert names == [("Nacht", None, (n,)) for n in running]
    names = read(*(f"nacht.{n}.hdtv.mkv" for n in running))
    assert names == [("nacht", None, (n,)) for n in running]
    alone = parse_folder([f"Nacht {n}.mkv" for n in (101, 102, 103)])
    assert all(name.score < parsed_name.SURE and name.also for name in alone)


def test_clear_codes_need_no_neighbours():
    paths = ["Nacht S01E01.mkv", "Nacht S01E02.mkv", "Nacht - 03.mkv"]
    assert parse_folder(paths) == [parse(path) for path in paths] and parse_folder([]) == []


# --- any text ---


@given(st.text(max_size=80) | st.text(st.sampled_from("S0E1x-~. ([]第話&+v_２"), max_size=80))
@settings(max_examples=300, deadline=None, derandomize=True)
@example("(" * 5000 + ")" * 5000)
@example("1-" * 5000)
@example("S1E1" * 3000)
@example("9" * 5000)
@example(" " * 5000 + "x")
@example("\ud800/\0")
@example("")
def test_every_text_is_read(text):
    name = parse(text)
    assert name == parse(text) and all(number >= 0 for number in name.episodes)
    assert len(parse_folder([text, "a 1", "a 2", "a 3"])) == 4


def test_the_command():
    out = io.StringIO()
    parser.main(["Nacht/Staffel 1/Folge 03.mkv\n", "\n"], out)
    first, second = map(json.loads, out.getvalue().splitlines())
    assert list(first) == ["path", "title", "season", "episodes", "absolute", "kind", "why"]
    assert first["title"] == "Nacht" and first["episodes"] == [3] and second["path"] == ""
    assert first["why"] == [
        'the word for episode in "Folge 03"',
        "season 1 from the folder",
        "title from the folder",
    ]


# --- what is taken from a neighbour is what would be read ---

PIECES = [
    "Nacht", " ", "-", " - ", "_", ".", "[", "]", "(", ")", "S01E", "1x", "E", "Folge ", "OVA ",
    "24", "100", "2019", "7", "v2", "[G] ", "10bit", "x264", "1080p", "720p", "5.1", "日本", "第",
    "話", "END", "[1A2B3C4D]", "[12345678]", "& ", "~", "Staffel 2 ", "00",
]  # fmt: skip


def afresh(paths, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            folder_parser,
            "read_similar",
            lambda _, *asked, has_title: component.read_component(*asked),
        )
        return parse_folder(paths)


def numbered(before: str, after: str) -> list[str]:
    return [
        f"Nacht/{before}{number:02}{after}.mkv"
        for number in (5, 1, 2, 10, 11, 12, 24, 26, 48, 64, 72, 99)
    ]


TITLES = (
    *(
        "Der Anfang",
        "Die Nacht",
        "A Name",
        "Ein Ende",
        "Special Agent",
        "German Nights",
        "Art en Nu",
    ),
    *("Teil 2", "100 Tage", "und 05", "The Trailer", "Deadbeef", "Picture Drama"),
)


@pytest.mark.parametrize(
    "form",
    [
        "Nacht/Season 01/Nacht - S01E{:02} - {}",
        "Nacht/Nacht.S01E{:02}.{}.German.DL.1080p.BluRay.x264-GRP",
        "Nacht/{:02} - {}",
        "{:02} - {} [1080p]",
        "Nacht/[G] Nacht - {:02} - {} [1080p][1A2B3C4D]",
        "Nacht/Nacht 1x{:02} {}",
        "Nacht/Nacht {:02} {}-GRP",
        "Nacht 2/Nacht 2 - {:02} {}",
        "Nacht/Folge {:02} {} 05",
    ],
)
def test_titles_among_their_neighbours(form, monkeypatch):
    paths = [
        form.format(number, title.replace(" ", "." if " " not in form else " ")) + ".mkv"
        for title in TITLES
        for number in (1, 2, 7, 10, 11, 24)
    ]
    assert parse_folder(paths) == afresh(paths, monkeypatch)


def test_a_number_within_a_checksum_is_no_neighbours(monkeypatch):
    paths = [f"Nacht/[G] 10 - Nacht [01494E{number}].mkv" for number in (10, 11, 12)]
    assert parse_folder(paths) == afresh(paths, monkeypatch)


@pytest.mark.parametrize("family", FAMILIES)
def test_families_among_their_neighbours(family, monkeypatch):
    for path, *_ in rows(family):
        stem = path.rpartition(".")[0].rpartition("/")[2]
        for match in re.finditer(r"(?<!\d)\d\d(?!\d)", stem):
            paths = numbered(stem[: match.start()], stem[match.end() :])
            assert parse_folder(paths) == afresh(paths, monkeypatch)


@given(
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=5).map("".join),
)
@settings(max_examples=300, deadline=None, derandomize=True)
@example("[G] Nacht - ", " [1080p][1A2B3C4D]")
@example("Nacht S01E", "")
@example("S01E", "Staffel 2 E00")
def test_any_names_among_their_neighbours(before, after):
    paths = numbered(before, after)
    assert parse_folder(paths) == afresh(paths, pytest.MonkeyPatch)
