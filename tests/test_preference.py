"""Which of several files of an episode is taken, by the owner's wishes: docs/decisions.md, 38."""

import contextlib
from unittest import mock

import pytest

from downloads import timetable
from store import choosing, clock, episodes, known_episodes, preference, selection, variants, waits
from store import queue as queue_store
from store.db import connect
from store.errors import Invalid
from store.models import Episode, Listing, Variant
from store.names import languages, versions
from store.names.codes_of_languages import code_of
from store.names.resolution import lines_of
from store.wish import Prefer, SeriesPrefer
from tests.app import running, until
from tests.rows import each_row
from tests.shows import completed, home, queue
from tests.tree import Tree

# What a name tells: languages of the sound, those of subtitles as de-sub, "several" and "original".
TOLD = {
    "Show.S01E01.German.DL.1080p.BluRay.x264-GRP": "de several",
    "Show.S01E01.GERMAN.DUBBED.DL.720p.WEB.h264-GRP": "de several",
    "Show.S01E01.German.1080p.WEB-DL.x264": "de",
    "Show.S01E01.German.ML.1080p": "de several",
    "Show S01E01 Deutsch": "de",
    "Show S01E01 (deutsch)": "de",
    "Show - S01E01 [GerDub][1080p]": "de",
    "Show - 01 (Ger Dub)": "de",
    "Show 01 german dubbed": "de",
    "Show - S01E01 [GerSub][1080p]": "de-sub",
    "Show - 01 (Ger Sub)": "de-sub",
    "[GerSub] Show - 01": "de-sub",
    "Show S01E01 German Subbed 1080p": "de-sub",
    "Show.S01E01.GER.SUB.1080p": "de-sub",
    "Show S01E01 mit deutschen Untertiteln": "de-sub",
    "Show S01E01 OmU": "de-sub original",
    "Show S01E01 (OmeU)": "en-sub original",
    "Show S01E01 (Originalversion mit Untertiteln)": "de-sub original",
    "Show S01E01 (OV)": "original",
    "Show S01E01 OV": "original",
    "Show S01E01 (Original Version)": "original",
    "Show S01E01 englische Fassung": "en",
    "[AniGer] Show - 01 [GerJapDub]": "de ja",
    "Show S01E01 Eng Dub 720p": "en",
    "Show S01E01 eng dub": "en",
    "Show 01 EngSub": "en-sub",
    "Show 01 [English Subbed]": "en-sub",
    "[Grp] Show - 05 [Dual Audio][1080p]": "several",
    "Show S01E01 Dual": "several",
    "Show S01E01 MULTi": "several",
    "Show.S01E01.MULTi.VOSTFR.1080p.WEB": "fr-sub several original",
    "Show - 01 VOSTFR": "fr-sub original",
    "Show.S01E01.SUBFRENCH.HDTV": "fr-sub original",
    "Show.S01E01.TRUEFRENCH.720p": "fr",
    "Show - 01 VF": "fr",
    "Show S01E01 ger-eng": "de en",
    "Show - 01 [GER,ENG,JAP]": "de en ja",
    "Show S01E01 [DE+JA]": "de ja",
    "Show - 01 [En]": "en",
    "Show - S01E01 - de": "de",
    "Show.S01E01.AC3.5.1.ITA.ENG": "en it",
    "Show 01 [Audio: Jap][Sub: Ger]": "ja de-sub",
    "Show 01 [Sub: Ger, Eng]": "de-sub en-sub",
    "Show.S01E01.Ger.Eng.Sub.1080p": "de en-sub",
    "Show (2010)/German/Show S01E01": "de",
    "Show (2010)/Staffel 1 German DL/Show S01E01": "de several",
    "Show.S01.German.DL.1080p/Show.S01E01.English": "en",
    # Words of titles, and letters that are other words.
    "Show S01E05 - The French Connection": "",
    "Show S01E05 - Pardon My French": "",
    "The English Show - 01": "",
    "Der deutsche Abend S01E01": "",
    "German/Show S01E01": "",
    "Show.S01E05.La.Fin.1080p": "",
    "It's Show - 01": "",
    "Show S01E01 No Sub 1080p": "",
    "Show S01E01 - The Dual": "",
    "Show.S01E01.1080p.WEB-DL": "",
    "Show.S01E01.1080p.WEB.DL": "",
    "Show S01E01 [1080p]": "",
}


@each_row("path", TOLD)
def test_the_languages_of_a_name(path):
    found = languages.read(path)
    told = [*found.codes, *(["several"] * found.several), *(["original"] * found.original)]
    assert " ".join(told) == TOLD[path]


@each_row(
    "written, code",
    [("ger", "de"), ("de-DE", "de"), ("English", "en"), ("jpn", "ja"), ("fr_FR", "fr"),
     ("und", None), ("", None), ("xx", None)],
)  # fmt: skip
def test_languages_as_servers_write_them(written, code):
    assert code_of(written) == code


@each_row(
    "path, version",
    [
        ("Show S01E01 (Audiodeskription)", "audio-description"),
        ("Show S01E01 (AD)", "audio-description"),
        ("Show S01E01 Hörfassung", "audio-description"),
        ("Show S01E01 Audio Description", "audio-description"),
        ("Show S01E01 mit Gebärdensprache", "sign-language"),
        ("Show S01E01 (DGS)", "sign-language"),
        ("Show S01E01 Klare Sprache", "plain-language"),
        ("Show S01E01 in Einfacher Sprache", "plain-language"),
        ("Leichte Sprache/Show S01E01", "plain-language"),
        ("Show S01E01 Adam", None),
        ("Shad S01E01", None),
    ],
)
def test_the_version_of_a_name(path, version):
    assert versions.find(path) == version


def variant(name: str, size: int = 100, **more) -> Variant:
    """As a source with folders makes it of a file's name."""
    return Variant(
        f"{name}.mkv", size=size, lines=lines_of(name), languages=languages.read(name),
        version=versions.find(name), **more,
    )  # fmt: skip


def wish(**values) -> Prefer:
    return Prefer(**values)


DE = "S01E01 German 720p"
EN = "S01E01 EngDub 1080p"
SUB = "S01E01 GerSub"
OV = "S01E01 OV 1080p"
CASES = [
    # Without a wish: the picture, then the size; a plain one before those for a few.
    (["S01E01 480p", "S01E01 1080p", "S01E01 720p"], {}, "S01E01 1080p"),
    ([DE, EN], {}, EN),
    (["S01E01 2160p (Audiodeskription)", "S01E01 480p"], {}, "S01E01 480p"),
    (["S01E01 DGS 1080p", "S01E01 AD 720p"], {}, "S01E01 AD 720p"),
    # Languages, in order.
    ([EN, DE], {"languages": ["de"]}, DE),
    ([EN, DE, SUB], {"languages": ["de", "en"]}, DE),
    ([EN, SUB], {"languages": ["de", "en"]}, EN),
    ([EN, SUB], {"languages": ["de", "de-sub", "en"]}, SUB),
    ([DE, SUB], {"languages": ["de-sub", "de"]}, SUB),
    ([DE, EN, "S01E01 OmU"], {"languages": ["de-sub"]}, "S01E01 OmU"),
    # Behind those that are wished comes what may be one, then what is none.
    ([DE, "S01E01 Dual 480p"], {"languages": ["ja"]}, "S01E01 Dual 480p"),
    ([DE, "S01E01 480p"], {"languages": ["en"]}, "S01E01 480p"),
    ([EN, OV], {"languages": ["de"]}, OV),
    ([OV, "S01E01 480p"], {"languages": ["de"]}, "S01E01 480p"),
    ([DE, "S01E01 GerSub"], {"languages": ["ja"]}, "S01E01 GerSub"),
    (["S01E01 EngSub", "S01E01 GerSub 480p"], {"languages": ["de"]}, "S01E01 GerSub 480p"),
    ([DE, "S01E01 German 1080p"], {"languages": ["de"]}, "S01E01 German 1080p"),
    # Bounds go before all; a picture of which nobody tells is within.
    (["S01E01 2160p", "S01E01 1080p", "S01E01 480p"], {"max_resolution": 1080}, "S01E01 1080p"),
    (["S01E01 360p", "S01E01"], {"min_resolution": 480}, "S01E01"),
    (["S01E01 2160p", "S01E01 4320p"], {"max_resolution": 1080}, "S01E01 2160p"),
    (["S01E01 German 2160p", EN], {"languages": ["de"], "max_resolution": 1080}, EN),
    ([DE, EN], {"max_resolution": 0, "min_resolution": 0}, EN),
    # Versions, where they are asked for.
    ([DE, "S01E01 AD German", "S01E01 DGS"], {"versions": ["sign-language"]}, "S01E01 DGS"),
    ([DE, "S01E01 (AD) German"], {"versions": ["audio-description"], "languages": ["de"]},
     "S01E01 (AD) German"),
    ([DE, "S01E01 (AD)"], {"versions": ["plain-language"]}, DE),
]  # fmt: skip


@each_row("names, values, taken", CASES)
def test_the_file_that_is_taken(names, values, taken):
    for order in (names, names[::-1]):  # the order of a source is no reason
        choice = preference.choose([variant(f"Show {name}") for name in order], wish(**values))
        assert choice.variant.ref == f"Show {taken}.mkv", choice


def test_the_larger_of_two_equal_pictures_and_the_one_with_few_episodes():
    small, large = variant("Show S01E01", 5), variant("Show 1", 500)
    many = variant("Show S01E01-E03 2160p", 900, holds=3)
    assert preference.choose([many, small, large]).variant is large
    derived = variant("Show 2 1080p", aside=1)
    assert preference.choose([derived, small]).variant is small
    assert preference.choose([derived, small], wish(min_resolution=720)).variant is small
    assert (
        preference.choose([variant("b 480p"), derived], wish(min_resolution=720)).variant is derived
    )


def test_the_reason_tells_what_is_left_aside_and_what_is_lacking():
    files = [variant(f"S01E01 {name}") for name in ("1080p", "720p EngDub", "a", "b", "c")]
    assert preference.choose(files[:1]).why == ""
    assert preference.choose(files).why == (
        "S01E01 1080p.mkv is taken; left aside: S01E01 720p EngDub.mkv, S01E01 a.mkv,"
        " S01E01 b.mkv and 1 more"
    )
    choice = preference.choose(files[1:2], wish(languages=["de"], versions=["sign-language"]))
    assert choice.lacks == "one in de and with sign-language"
    assert choice.why == (
        "S01E01 720p EngDub.mkv is taken; wished is one in de and with sign-language"
    )
    assert not choice.refused
    choice = preference.choose(files[:1], wish(max_resolution=720))
    assert (choice.lacks, choice.refused) == ("one of at most 720 lines", True)


def test_variants_come_back_from_their_text():
    files = (variant(f"S01E01 {EN}", modified=7, checksums={"md5": "0" * 32}, aside=2, holds=2),
             Variant("x", name="für Menschen", languages=languages.read("S01E01 OmU")))  # fmt: skip
    assert variants.unpack(variants.pack(files)) == files
    assert variants.pack([Variant("a", size=5, modified=2)]) == ""
    assert variants.unpack("") == ()


# -- what is kept ----------------------------------------------------------------------------------


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


def list_files(conn, *names: str, modified: int | None = None, aired: str | None = None) -> None:
    files = tuple([variant(name, modified=modified) for name in names])
    found = (Episode(1, 1, aired=aired, variants=files),)
    episodes.store_listing(conn, "home", Listing("show", "Show", episodes=found))


def taken(conn) -> tuple[str, str, str | None]:
    """The file that S01E01 gets, what it waits for, and until when."""
    row = conn.execute("select ref, waits, waits_until from episodes").fetchone()
    return row["ref"].removesuffix(".mkv"), row["waits"], row["waits_until"]


@contextlib.contextmanager
def at(moment: str):
    """The clock stands at this second."""
    with mock.patch.object(choosing, "now", lambda: moment):
        yield


NOON = "2026-11-20T12:00:00Z"
LATER = "2026-11-23T12:00:00Z"


def test_a_wish_chooses_anew_and_what_is_taken_back_too(conn):
    list_files(conn, DE, EN)
    assert taken(conn)[0] == EN
    choosing.set_general(conn, wish(languages=["de"]))
    assert taken(conn)[0] == DE
    choosing.set_of_series(conn, "home_show", SeriesPrefer(languages=["en"]))
    assert taken(conn)[0] == EN
    assert choosing.in_force(conn, "home_show") == wish(languages=["en"])
    list_files(conn, DE, EN, SUB)  # the next look keeps to the wish
    assert taken(conn)[0] == EN
    choosing.set_of_series(conn, "home_show", SeriesPrefer(languages=[]))  # none, whatever all have
    assert taken(conn)[0] == EN
    choosing.set_of_series(conn, "home_show", SeriesPrefer())
    assert taken(conn)[0] == DE
    assert choosing.of_series(conn, "home_show") == SeriesPrefer()
    choosing.set_general(conn, Prefer())
    assert taken(conn)[0] == EN


def test_nothing_is_written_while_nothing_changes(conn):
    choosing.set_general(conn, wish(languages=["de"], wait_days=3))
    list_files(conn, DE, EN)
    changes = conn.total_changes
    choosing.set_general(conn, wish(languages=["de"], wait_days=3))
    choosing.choose_again(conn, "home_show")
    assert conn.total_changes == changes


def test_a_series_wish_that_nothing_can_fulfil_is_refused(conn):
    list_files(conn, DE)
    choosing.set_general(conn, wish(max_resolution=720))
    with pytest.raises(Invalid):
        choosing.set_of_series(conn, "home_show", SeriesPrefer(min_resolution=1080))
    choosing.set_of_series(conn, "home_show", SeriesPrefer(min_resolution=1080, max_resolution=0))


def test_an_episode_waits_for_some_days_since_it_was_seen(conn):
    choosing.set_general(conn, wish(languages=["de"], wait_days=3))
    with at(NOON):
        list_files(conn, EN)
        assert taken(conn) == (EN, "one in de", LATER)
        (known,) = known_episodes.of_series(conn, "home_show")
        assert known.why.endswith("wished is one in de, which is waited for until 2026-11-23")
    with at("2026-11-22T12:00:00Z"):
        list_files(conn, EN)  # a later look does not begin the wait anew
        assert taken(conn) == (EN, "one in de", LATER)
        list_files(conn, EN, DE)
        assert taken(conn) == (DE, "", None)
        list_files(conn, EN)
        assert taken(conn) == (EN, "one in de", LATER)
    with at(LATER):
        list_files(conn, EN)
        assert taken(conn) == (EN, "", None)


@pytest.mark.parametrize(
    "about, waits",
    [
        ({"modified": 1_700_000_000}, False),  # the file has been there for years
        ({"aired": "2020-01-01"}, False),
        ({"modified": 1_795_176_000 + 86_400 * 400}, True),  # the source's clock is ahead
        ({"modified": 1_795_000_000, "aired": "2020-01-01"}, True),  # a new file of an old episode
        ({"aired": "2030-01-01"}, True),
    ],
)
def test_an_older_date_of_the_file_counts(conn, about, waits):
    choosing.set_general(conn, wish(languages=["de"], wait_days=3))
    with at(NOON):
        list_files(conn, EN, **about)
        assert bool(taken(conn)[1]) is waits


def test_a_clock_that_was_ahead_makes_nobody_wait_for_years(conn):
    choosing.set_general(conn, wish(languages=["de"], wait_days=3))
    with at("2040-01-01T00:00:00Z"):
        list_files(conn, EN)
    with at(NOON):
        list_files(conn, EN)
        assert taken(conn)[2] == LATER
    with at("1970-01-01T00:00:00Z"):  # and one that has no battery
        list_files(conn, EN)
    with at("2026-11-24T00:00:00Z"):
        list_files(conn, EN)
        assert taken(conn)[1] == ""


def test_a_picture_out_of_bounds_waits_for_good(conn):
    choosing.set_general(conn, wish(max_resolution=720, wait_days=3))
    list_files(conn, EN, modified=1)
    assert taken(conn) == (EN, "one of at most 720 lines", None)
    choosing.set_of_series(conn, "home_show", SeriesPrefer(max_resolution=1080))
    assert taken(conn) == (EN, "", None)


def test_days_and_moments():
    assert clock.days_later(NOON, 3) == LATER
    assert clock.days_later("9999-12-31T00:00:00Z", 3) == "9999-12-31T00:00:00Z"
    assert clock.at(0) == clock.at(10**18) == "1970-01-01T00:00:00Z"


# -- over the API ----------------------------------------------------------------------------------


async def test_the_owner_says_which_file_he_wants(tmp_path):
    """For all series, for one, and taken back; what is fetched is that file."""
    names = {"[720p German]": 300, "[1080p English]": 500, "[2160p] (Audiodeskription)": 900}
    files = {
        f"Show/Show - S01E01 {name}.mkv": b"\x1aE\xdf\xa3" + b"x" * size
        for name, size in names.items()
    }
    async with Tree(files) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        status, body, _ = await server.put(
            "/api/config", json={"prefer": {"languages": ["de", "en"], "wait_days": 2}}
        )
        assert (status, body["data"]["prefer"]["languages"]) == (200, ["de", "en"])
        await queue(server, "S01E01")
        path = "/api/v1/anime/home_show"
        status, body, _ = await server.get(path)
        assert "German].mkv is taken; left aside: " in body["episode_list"][0]["why"]
        assert body["prefer"]["languages"] is None
        own = {"languages": ["en"], "versions": []}
        status, body, _ = await server.put(f"{path}/prefer", json=own)
        assert status == 200 and body["data"]["languages"] == ["en"]
        status, body, _ = await server.get(path)
        assert "English].mkv is taken" in body["episode_list"][0]["why"]
        assert body["prefer"]["languages"] == ["en"] and body["prefer"]["wait_days"] is None
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        (file,) = server.library.rglob("*.mkv")
        assert file.stat().st_size == 504
        for wrong, field in [
            ({"languages": ["deutsch"]}, "languages[0]"),
            ({"max_resolution": -1}, "max_resolution"),
            ({"versions": ["loud"]}, "versions[0]"),
            ({"language": ["de"]}, "language"),
            ({"max_resolution": 480, "min_resolution": 720}, "min_resolution"),
        ]:
            status, body, _ = await server.put(f"{path}/prefer", json=wrong)
            assert (status, body["details"]["field"]) == (422, field)
        status, body, _ = await server.put(
            "/api/config", json={"prefer": {"max_resolution": 480, "min_resolution": 720}}
        )
        assert (status, body["details"]["field"]) == (400, "prefer.min_resolution")
        assert (await server.put("/api/v1/anime/home_none/prefer", json={}))[0] == 404


MKV = b"\x1aE\xdf\xa3"


async def item_of(server, code: str) -> dict:
    _, page, _ = await server.get("/api/queue?per_page=100")
    return {each["episode"]: each for each in page["data"]}[code]


async def test_what_is_missing_waits_for_a_better_file_and_what_is_named_does_not(
    tmp_path, monkeypatch
):
    """Until the better one comes, or the owner asks for the episode by its number."""
    monkeypatch.setattr(timetable, "LOOK_SECONDS", 0.2)
    names = [f"Show/Show - S01E0{number} EngDub.mkv" for number in (1, 2, 3, 4)]
    wishes = {"languages": ["de"], "wait_days": 3}
    async with (
        Tree(dict.fromkeys(names, MKV + b"english")) as up,
        running(tmp_path, providers=home(up.base), prefer=wishes) as server,
    ):
        await server.login()
        await server.post("/api/queue/start")
        await queue(server, "S01E03")
        await completed(server, "S01E03")
        assert set((await queue(server, "missing"))["skipped"]) == set()

        async def reasons() -> list[str]:
            return [(await item_of(server, f"S01E0{number}"))["reason"] for number in (1, 2, 4)]

        await until(lambda: all_begin(reasons, "Waits for a better file, one in de, until "))
        # By its number one of them is fetched at once.
        answer = await queue(server, "Season 1 Episode 1")
        assert answer["items"] == [(await item_of(server, "S01E01"))["queue_item_id"]]
        await completed(server, "S01E01")
        assert (await item_of(server, "S01E02"))["status"] == "pending"
        # The better file of another one has come, and a look at the source finds it.
        up.files["Show/Show - S01E02 GerDub.mkv"] = MKV + b"deutsch"
        await server.post("/api/v1/anime/rescan")
        await completed(server, "S01E02")
        (file,) = server.library.rglob("*S01E02*.mkv")
        assert file.read_bytes() == MKV + b"deutsch"
        assert (await item_of(server, "S01E04"))["status"] == "pending"
        # The wish is taken back: nothing waits any more.
        await server.put("/api/config", json={"prefer": {}})
        await completed(server, "S01E04")


async def all_begin(reasons, text: str) -> bool:
    return all(reason.startswith(text) for reason in await reasons())


def test_the_reason_goes_when_nothing_is_waited_for(conn):
    """A wait that has ended by the clock alone, and one of an item that was named meanwhile."""
    choosing.set_general(conn, wish(languages=["de"], wait_days=3))
    with at(NOON):
        list_files(conn, EN)
    queue_store.add(conn, "home_show", ["missing"], "normal")
    allowed = waits.EVERYTHING._replace(moment=NOON)
    (item,) = waits.tell(conn, allowed, "", "")
    assert item.reason == "Waits for a better file, one in de, until 2026-11-23"
    assert waits.count_waiting(conn) == 1
    assert queue_store.claim(conn, set(), set(), set(), allowed) is None
    assert waits.tell(conn, allowed, "", "") == []
    later = allowed._replace(moment=LATER)
    (item,) = waits.tell(conn, later, "", "")
    assert item.reason == ""
    waits.tell(conn, allowed, "", "")
    assert queue_store.add(conn, "home_show", ["S01E01"], "high").items[0].reason == ""
    assert waits.count_waiting(conn) == 0
    assert queue_store.claim(conn, set(), set(), set(), allowed) is not None


@pytest.mark.parametrize(
    "texts, named",
    [
        (["S01E01", "Season 1 Episode 2"], {(1, 1), (1, 2)}),
        (["s01e02-e04"], {(1, 2), (1, 3), (1, 4)}),
        (["S01", "missing", "Missing"], set()),
        (["missing", "S00E06.5"], {(0, 6.5)}),
    ],
)
def test_which_episodes_are_named_by_their_numbers(texts, named):
    assert selection.by_number(texts) == named
