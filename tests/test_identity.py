"""Which folder is which series: by ids, by title and year, and by what an NFO file says."""

import logging
import time
from unittest import mock

import pytest

from store import nfo
from store.names import identity, season_tops
from store.names.claims import Claim, grant
from store.names.database_ids import bracketed
from store.names.database_ids import parse as ids
from store.names.identity import Candidates, compare, find_same, identify
from tests.app import running
from tests.rows import each_row
from tests.shows import add, home
from tests.upstream import nginx


def test_ids_are_read_from_names_and_written_back():
    assert ids("Nacht (2019) [tvdbid-12] [imdbid-tt3]") == {"tvdb": "12", "imdb": "tt3"}
    assert ids("Nacht {tvdb-12}") == {"tvdb": "12"} and ids("Nacht [1080p]") == {}
    assert bracketed({"tvdb": "12", "imdb": "tt3"}) == "[tvdbid-12] [imdbid-tt3]"
    assert bracketed({}) == ""


@each_row(
    "wanted, others, same",
    [
        ("Nacht", ["Nacht", "Nachtwache"], "Nacht"),
        ("Die Nächte!", ["die naechte"], "die naechte"),
        ("Nacht", ["Wache"], None),
        ("Nacht (2010)", ["Nacht (1999)", "Nacht (2010)"], "Nacht (2010)"),
        ("Nacht (2010)", ["Nacht (1999)"], None),
        ("Nacht (2010)", ["Nacht"], "Nacht"),
        ("Nacht", ["Nacht (1999)", "Nacht"], "Nacht"),
        ("Nacht", ["Nacht (1999)", "Nacht (2010)"], None),  # a choice
        ("Nacht [tvdbid-1]", ["Nacht [tvdbid-2]", "Yoru [tvdbid-1]"], "Yoru [tvdbid-1]"),
        ("Nacht [tvdbid-1]", ["Nacht [tvdbid-2]"], None),
        ("Nacht [tvdbid-1]", ["Nacht [imdbid-tt2]"], "Nacht [imdbid-tt2]"),
        ("Nacht [tvdbid-1] [imdbid-tt2]", ["Yoru {imdb-tt2}"], "Yoru {imdb-tt2}"),
        # An equal name wins, signs and all.
        ("K-ON!!", ["K-ON!", "K-ON!!"], "K-ON!!"),
        ("K-ON!! S01 [1080p]", ["K-ON!!!", "K-ON!!", "K-ON!"], "K-ON!!"),
        ("K-ON!!", ["K-ON!"], None),
        ("Gin'", ["Gin", "Gin°", "Gin'"], "Gin'"),
        ("Gin'", ["Gin°"], None),
        ("Free", ["Free!", "Free"], "Free"),
        ("Yuri♪♪", ["Yuri", "Yuri♪♪"], "Yuri♪♪"),
        ("Nacht?", ["Nacht", "Nacht?"], "Nacht?"),
        ("NACHT!", ["Nacht"], "Nacht"),
        ("Was ist das!", ["Was ist das?!"], "Was ist das?!"),  # some disks refuse a ?
        ("½ Mond", ["12 Mond", "½ Mond"], "½ Mond"),
        ("½ Mond", ["12 Mond"], None),
        ("nacht", ["Nacht", "nacht"], "nacht"),
        ("NACHT", ["Nacht", "nacht"], None),
        ("Nacht", ["Nacht [BD]", "Nacht"], "Nacht"),
        # Years, and what contradicts.
        ("Nacht [2010]", ["Nacht (1999)", "Nacht (2010)"], "Nacht (2010)"),
        ("Nacht 2010", ["Nacht", "Nacht (2010)"], "Nacht (2010)"),
        ("Zone 2010", ["Zone", "Zone 2010"], "Zone 2010"),
        ("Nacht [tvdb3-12]", ["Nacht [tvdbid-11]", "Yoru [tvdbid-12]"], "Yoru [tvdbid-12]"),
        ("Nacht (US)", ["Nacht"], None),
        ("Nacht (UK)", ["Nacht (US)"], None),
        # Seasons, and what is no season.
        ("Nacht S2", ["Nacht", "Nacht S2"], "Nacht S2"),
        ("Nacht Season 2", ["Nacht", "Nacht S02"], "Nacht S02"),
        ("Nacht S2", ["Nacht S1"], None),
        ("Nacht S2", ["Nacht S01-S03"], "Nacht S01-S03"),
        ("Nacht (2010) S2", ["Nacht S2", "Nacht (2010)"], None),  # each agrees in one point
        ("Nacht II", ["Nacht"], None),
        ("Nacht 2", ["Nacht"], None),
        ("Nacht Part 2", ["Nacht"], None),
        ("Nacht Final Season", ["Nacht"], None),
        ("Nacht (OVA)", ["Nacht"], None),
        ("[G] Nacht OVA [BD 1080p]", ["Nacht", "Nacht (OVA)"], "Nacht (OVA)"),
    ],
)
def test_only_the_one_series_that_surely_fits_is_found(wanted, others, same):
    candidates = [(identify(other), other) for other in others]
    assert find_same(identify(wanted), candidates) == same


BATCHES = """\
Nacht + OVA|[G] Nacht S1 + S2 + OVA [BD]|Nacht [01-12 + OVA]|Nacht TV + OVA|Nacht (01-12+SP)
Nacht - The Complete First Season|Nacht The Complete Series|Nacht Collection|Nacht (Anime)
Nacht [12 von 12]|Nacht (Airing)|Nacht [Completed]|Nacht 1. Staffel|Nacht Saison 1|Nacht S1,S2
Nacht S01|Nacht - Staffel 1|Nacht.Staffel.3|Nacht_S2|Nacht (Season 2)|Nacht 2nd Season
Nacht [S2]|Nacht Complete|Nacht (Komplett)|Nacht - Die komplette Serie|Nacht Complete Series
Nacht (TV Series)|Nacht (TV)|[HS] Nacht (01-12) [1080p] (Batch)|[HS] Nacht - 01-12 [1080p]
[HS] Nacht (01 ~ 12)|Nacht [12 Episodes]|Nacht 2010
Nacht.S01.COMPLETE.German.DL.1080p.BluRay.x264-GRP|Nacht.S01.1080p.WEB-GRP|【G】Nacht【1080p】
Nacht [BD 1080p]|Nacht [2010]|Nacht {2010}|Nacht_(2010)|Nacht （2010）|Ｎａｃｈｔ|Nacht (1080p)
Nacht DVDRip|Nacht S01-S03|Nacht S01+S02|Nacht Season 1-3
[G] Nacht - Season 2 [BD 1080p][HEVC][AAC]|Nacht 第2季|Nacht Temporada 2
Nacht (2010) (1080p BluRay)|Nacht {edition-Langfassung}|Nacht [Multi-Sub]|Nacht [tvdb4-7]|nacht
NACHT!"""


@each_row("name", BATCHES.replace("\n", "|").split("|"))
def test_words_of_batch_season_quality_and_year_are_read(name):
    others = [(identify(other), other) for other in ("Nachtwache", "Nacht", "Yoru", "Nacht Zwei")]
    assert find_same(identify(name), others) == "Nacht"


@each_row(
    ("folders", "owned", "granted"),
    [
        ("Nacht|Nacht S2|Nacht - Staffel 3", "", "Nacht|Nacht S2|Nacht - Staffel 3"),
        ("Nacht S01|[G] Nacht Season 2 [BD]", "", "Nacht S01|[G] Nacht Season 2 [BD]"),
        ("Nacht|[G] Nacht [BD]|nacht|Nacht (2010)", "", "Nacht"),
        ("[A] Nacht|[B] Nacht", "", ""),
        ("[A] Nacht S1|[B] Nacht S1|Nacht S2", "", "Nacht S2"),
        ("[HS] Nacht (01-12)|[HS] Nacht (13-24)", "", "[HS] Nacht (01-12)|[HS] Nacht (13-24)"),
        ("[A] Nacht (01-12)|[B] Nacht (12-24)", "", ""),
        ("Nacht Vol.1|Nacht Vol.2|Nacht Vol.3", "", "Nacht Vol.1|Nacht Vol.2|Nacht Vol.3"),
        (
            "Nacht.S01E01-G|Nacht.S01E02-G|Nacht.S02E01-G",
            "",
            "Nacht.S01E01-G|Nacht.S01E02-G|Nacht.S02E01-G",
        ),
        ("Nacht.S01E01.720p-A|Nacht.S01E01.1080p-B", "", ""),
        ("Nacht.S01E03-G|Nacht.S01E01-B", "Nacht.S01E01-G", "Nacht.S01E03-G"),
        ("Nacht S01|Nacht S01 Extras", "", "Nacht S01"),
        ("Nacht (1999)|Nacht (2010)", "", ""),
        ("Nacht (1999)|Nacht (2010)|Nacht", "", "Nacht"),
        ("Nacht (2010)|Nacht S2", "", "Nacht (2010)|Nacht S2"),
        ("NACHT!|Nacht?|Nacht?? S2", "", ""),
        ("Nacht!|Nacht S2", "", "Nacht S2"),
        ("Nacht S2|Nacht", "Wache", "Nacht S2"),  # by the owner's hand
        ("Nacht|Nacht S2|Nacht S3", "Nacht S2", "Nacht|Nacht S3"),
        ("Nacht!! S3", "Nacht", ""),
        ("Anders [tvdb-7]|Yoru {tvdb-7}|Nacht", "", "Anders [tvdb-7]|Yoru {tvdb-7}"),
        ("Anders [tvdb-7]|Nacht (1080p)|Yoru", "Nacht [tvdb-7]", "Anders [tvdb-7]"),
    ],
)
def test_several_folders_of_one_series(folders, owned, granted):
    """Whatever their order."""
    series = identify("Nacht [tvdbid-7]")
    claims = []
    for folder in folders.split("|"):
        if evidence := compare(identify(folder), series):
            claims.append(Claim(folder, identify(folder), evidence))
    had = [identify(folder) for folder in filter(None, owned.split("|"))]
    expected = set(filter(None, granted.split("|")))
    assert grant(claims, had) == grant(claims[::-1], had) == expected


@each_row(
    ("season", "folders", "held", "expected"),
    [
        (2, "Nacht|Nacht S2", {}, "Nacht S2"),
        (3, "Nacht|Nacht S2", {}, "Nacht"),
        (2, "Nacht|Nacht S2", {"Nacht": 3}, "Nacht"),
        (2, "Nacht S01-S02|Nacht S3", {}, "Nacht S01-S02"),
        (0, "Nacht S1|Nacht S2", {}, "Nacht S1"),
        (1, "Nacht (1-12)|Nacht (13-24)", {"Nacht (1-12)": 9, "Nacht (13-24)": 1}, "Nacht (13-24)"),
        (1, "Nacht.S01E01.1080p-G|Nacht.S01E02.1080p-G", {"Nacht.S01E01.1080p-G": 1}, "new: None"),
        (3, "[G] Nacht S01 [1080p]|Nacht 2nd Season", {}, "new: Nacht S03"),
        (2, "Nacht.S01.1080p.WEB-GRP", {}, "new: Nacht.S02"),
        (10, "Nacht - Staffel 9", {}, "new: Nacht - Staffel 10"),
        (2, "Nacht (Season 1)", {}, "new: Nacht (Season 2)"),
        (2, "Nacht S01E01-E12 [1080p]", {}, "new: None"),
        (3, "Nacht 2nd Season", {}, "new: None"),
    ],
)
def test_the_folder_of_a_season(season, folders, held, expected):
    own = folders.split("|")
    chosen = season_tops.choose(season, [14], own, held)
    assert (chosen or f"new: {season_tops.name_like(own, season)}") == expected


def test_thousands_are_found_in_linear_time():
    """Each is compared with those that are called alike, and with no others."""
    names = [f"{first} {second}" for first in WORDS for second in WORDS]
    candidates = Candidates([(identify(name), name) for name in names])
    compared = []
    with mock.patch.object(identity, "compare", lambda *pair: compared.append(pair) or None):
        for name in names:
            candidates.find(identify(f"[G] {name} S01 [1080p]"))
    assert len(names) == len(compared) == 1600


HOSTILE = (
    "Nacht| ",
    "Nacht |- ",
    "|(",
    "|(1-2)",
    "|1",
    "a |1-2 ",
    "|s1-",
    "a |complete ",
    "|!",
    "|[a]",
)


def test_names_of_4096_characters_take_no_time():
    """Of the processor: one of many blanks took seconds."""
    began = time.process_time()
    for case in HOSTILE:
        front, again = case.split("|")
        for text in (front + again * 4096, front + again * 4096 + "x"):
            name = text[:4096]
            assert compare(identify(name), identify(name))
    assert time.process_time() - began < 3


WORDS = [a + b + c for a in "bmfk" for b in "aeiou" for c in "lr"]

FILE = b"""\xef\xbb\xbf<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<tvshow>
  <title>N\xc3\xa4chte &amp; Tage</title><originaltitle>Yoru</originaltitle><year>2010</year>
  <uniqueid type="tvdb" default="true">12</uniqueid>
  <uniqueid type="tvdb">x/../y</uniqueid><uniqueid type="own">1</uniqueid>
  <imdbid>tt3</imdbid>
</tvshow>
"""


def test_nfo_is_read(tmp_path):
    (tmp_path / "tvshow.nfo").write_bytes(FILE)
    assert nfo.read(tmp_path) == (("Nächte & Tage", "Yoru"), 2010, {"imdb": "tt3", "tvdb": "12"})
    assert nfo.read(tmp_path / "nothing") == nfo.Series()
    (tmp_path / "tvshow.nfo").write_text(
        "<tvshow><title>A</title></tvshow>"
        "<tvshow><premiered>2011-02-03</premiered></tvshow>https://example.org/1"
    )
    assert nfo.read(tmp_path) == (("A",), 2011, {})


UTF_16 = """<?xml version="1.0" encoding="utf-16"?>
<!DOCTYPE tvshow [<!ENTITY a "b">]><tvshow><title>&a;</title></tvshow>"""
BROKEN = {
    "not closed": b"<tvshow><title>A</tvshow>",
    "entities": b"""<!DOCTYPE tvshow [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
        <tvshow><title>&b;</title></tvshow>""",
    "entities in UTF-16": UTF_16.encode("utf-16"),
    "too long": b"<tvshow><title>" + b"A" * nfo.MAX_BYTES + b"</title></tvshow>",
    "half a character": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_nfo_that_is_broken_is_told_and_left_out(tmp_path, caplog, content):
    (tmp_path / "tvshow.nfo").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert nfo.read(tmp_path) == nfo.Series()
    assert len(caplog.records) == 1 and "tvshow.nfo" in caplog.text


def test_nfo_is_written_as_it_is_read(tmp_path):
    (tmp_path / "tvshow.nfo").write_bytes(
        nfo.of_series(
            "Nächte <&> (2010)", "Lang\x00\x1b und \ud800 breit", {"tvdb": "12", "imdb": "tt3"}
        )
    )
    assert nfo.read(tmp_path) == (("Nächte <&>",), 2010, {"tvdb": "12", "imdb": "tt3"})
    told = nfo.of_episode("Der Anfang", 1, 5, "2010-01-05").decode()
    assert (
        "<episodedetails>" in told
        and "<season>1</season>" in told
        and "<episode>5</episode>" in told
        and "<aired>2010-01-05</aired>" in told
    )
    assert nfo.of_episode("", 1, 5, None) is None and nfo.of_episode("Recap", 0, 6.5, None) is None


SERVED = (
    "Nacht (1999)",
    "Nacht (2010)",
    "Yoru [tvdbid-7]",
    "Tag",
    "Wache {tmdb-5}",
    "Nach dem Ende",
    "Haus (2001)",
)
LIBRARY = {  # folder -> the series at the source, or nothing
    "Nacht (2010)": "home_nacht-2010",
    "Nacht": None,  # which of the two?
    "Der Abend [tvdbid-7]": "home_yoru",
    "Tag (2020) [tvdbid-1]": "home_tag",
    "Hüter": "home_wache",  # its NFO file tells
    "After the End": "home_nach-dem-ende",  # the original title is in its NFO file
    "Haus (1987)": None,
}


async def test_folders_are_recognised(tmp_path):
    tmp_path.chmod(0o755)
    for name in SERVED:
        (tmp_path / "served" / name).mkdir(parents=True)
        for number in (1, 2, 3):
            (tmp_path / "served" / name / f"E{number:02}.mkv").write_bytes(b"\x1aE\xdf\xa3")
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        for folder in LIBRARY:
            add(server, f"{folder}/Season 01/{folder} - S01E01.mkv")
        (server.library / "Hüter" / "tvshow.nfo").write_text(
            '<tvshow><title>Hüter</title><uniqueid type="tmdb">5</uniqueid></tvshow>'
        )
        (server.library / "After the End" / "tvshow.nfo").write_text(
            "<tvshow><title>After the End</title>"
            "<originaltitle>Nach dem Ende</originaltitle></tvshow>"
        )
        await server.login()
        await server.post("/api/v1/anime/rescan")
        _, listed, _ = await server.get("/api/v1/anime?show=all&per_page=100")
        missing = {entry["id"]: entry["missing_episodes"] for entry in listed["data"]}
        assert missing == {key: 2 for key in LIBRARY.values() if key} | {
            "local_nacht": 0,
            "local_haus-1987": 0,
        }
        titles = {entry["id"]: entry["title"] for entry in listed["data"]}
        assert titles["home_yoru"] == "Yoru" and titles["home_wache"] == "Wache"
        await server.post("/api/v1/anime/rescan")
        _, again, _ = await server.get("/api/v1/anime?show=all&per_page=100")
        assert [entry["id"] for entry in again["data"]] == [entry["id"] for entry in listed["data"]]


async def test_what_is_queued_finds_its_folder(tmp_path):
    """A series that is followed without a folder, and a folder that turns up."""
    tmp_path.chmod(0o755)
    (tmp_path / "served" / "Nacht (2010)").mkdir(parents=True)
    (tmp_path / "served" / "Nacht (2010)" / "E01.mkv").write_bytes(b"\x1aE\xdf\xa3")
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        assert (
            await server.post(
                "/api/queue/add", json={"anime_id": "home_nacht-2010", "episodes": ["S01E01"]}
            )
        )[0] == 201
        add(server, "Nacht (1999)/Nacht - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")
        assert (await server.get("/api/v1/anime/home_nacht-2010"))[1]["missing_episodes"] == 1
        for folder in ("Nacht", "Nacht (2010)"):
            add(server, f"{folder}/Nacht - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")
        (episode,) = (await server.get("/api/v1/anime/home_nacht-2010"))[1]["episode_list"]
        assert episode["path"] == "Nacht (2010)/Nacht - S01E01.mkv", (
            "of two it is the one with the year"
        )
