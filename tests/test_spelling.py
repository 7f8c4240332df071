"""F1 to F3 of docs/faults.md, and that codes and keys keep their promises."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.names import extensions
from store.names.codes import code, decode, phrase
from store.names.spelling import fold, safe, slug
from tests.rows import each_row

HOSTILE = (
    "../x", "..\\x", "/etc/passwd", "a\0b", "C:", "C:\\x", "\\\\srv\\x", "%2e%2e", "a／b",
    "x" * 2000, "CON", "nul.mkv", "COM1", "a.", ".hidden", "", ".", "..", "~", "-rf",
    "a\u202egpj.exe", "aux .txt", "LPT¹", "\ud800", "e\u200d\u0301", "a?\u0301", "?*<>", "\n",
    "...", ". .", "日" * 100, "𝒜" * 90, "a" + "\u0301" * 400, "\u0301" * 400, "<\u0338", "\ufffe",
    "CONIN$",
)  # fmt: skip
DEVICES = ("CON", "PRN", "AUX", "NUL", "COM1", "LPT¹", "CONIN$")
anything = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(), max_size=60),
    st.text(st.sampled_from("./\\:. aCON-~\u0301日\0"), max_size=400),
)


def check(name: str) -> None:
    """One harmless component on every system that we know of."""
    assert name and name not in (".", "..") and len(name.encode()) <= 240
    assert not set(name) & set('<>:"/\\|?*／＼') and name == unicodedata.normalize("NFC", name)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in name)
    assert name[0] not in "-~. " and name[-1] not in ". "
    assert PurePosixPath(name).parts == PureWindowsPath(name).parts == (name,)
    assert name.split(".")[0].rstrip().upper() not in DEVICES
    assert safe(name) == name


@given(anything)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_name_is_safe_and_stays_so(text):
    check(safe(text))
    assert safe(text) == safe(text)
    check(safe(text, keep=" - S01E05.mkv"))
    assert safe(text, keep=" - S01E05.mkv").endswith(" - S01E05.mkv")


@each_row("text", HOSTILE)
def test_hostile_names(text):
    check(safe(text))


def test_names_that_differ_stay_different():
    names = ["CON", "nul.mkv", "COM1", "a.", ".hidden", "", ".", "..", "~", "-rf"]
    assert len({safe(name).casefold() for name in names}) == len(names)


@pytest.mark.parametrize("letter", ["x", "ü", "日", "𝒜", "e\u0327\u0323"])
def test_two_long_twins_stay_two(letter):
    one, two = (safe(letter * 300 + tail, keep=" - S01E05.mkv") for tail in "ab")
    assert one != two and one.endswith(" - S01E05.mkv") and 200 < len(one.encode()) <= 240


@each_row(
    "text, name",
    [
        ("Das Mädchen: Ein Anfang", "Das Mädchen - Ein Anfang"),
        ("Ein/Aus", "Ein-Aus"),
        ("Warum? Darum!", "Warum Darum!"),
        ("Ende...", "Ende"),
        ('Der "Graf"', "Der 'Graf'"),
        ("  viel   Platz ", "viel Platz"),
        ("con.mkv", "_con.mkv"),
        ("Console", "Console"),
        ("U\u0308ber", "Über"),
        ("東京", "東京"),
        ("A -- B", "A -- B"),
    ],
)
def test_names_stay_readable(text, name):
    assert safe(text) == name


def test_no_room_is_a_bug_of_the_caller():
    with pytest.raises(ValueError):
        safe("x", keep="y" * 230)


@pytest.mark.parametrize(
    "text, key",
    [
        ("Über-Ich!", "ueber-ich"),
        ("U\u0308ber", "ueber"),
        ("Straße 9", "strasse-9"),
        ("Łódź", "lodz"),
        ("日本", ""),
        ("", ""),
    ],
)
def test_a_title_becomes_a_key(text, key):
    assert slug(text) == key


@each_row(
    "one, two",
    [
        ("Das Mädchen", "das maedchen"),
        ("Straße", "STRASSE"),
        ("Fate/Zero", "fate zero"),
        ("Salz & Brot", "Salz and Brot"),
        ("Nachtzug (2019)", "Nachtzug"),
        ("Nachtzug [2019]", "nachtzug"),
        ("Pokémon", "Pokemon"),
        ("Ｎａｃｈｔ", "nacht"),
    ],
)
def test_fold_sees_one_title(one, two):
    assert fold(one) == fold(two)


@pytest.mark.parametrize(
    "one, two",
    [
        ("Nacht 2", "Nacht"),
        ("が", "か"),
        ("!!", "??"),
        ("2019", "2020"),
        ("(2019)", "(2020)"),
        ("Die Nacht", "Nacht"),
    ],
)
def test_fold_keeps_two_titles_apart(one, two):
    assert fold(one) != fold(two)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_fold_does_not_see_the_form(text):
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))
    assert bool(fold(text)) == bool(text.strip())


numbers = st.integers(0, 9999) | st.decimals("0.1", "999", places=1).map(float).filter(
    lambda n: n % 1
)


@given(st.integers(0, 9999), numbers)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_codes_come_back(season, number):
    season = 0 if number % 1 else season
    assert decode(code(season, number)) == decode(code(season, number).lower()) == (season, number)
    assert isinstance(decode(code(season, number))[1], float) == bool(number % 1)


def test_codes_and_phrases():
    assert code(1, 5) == "S01E05" and code(0, 6.5) == "S00E06.5"
    assert code(12, 1000) == "S12E1000" and code(0, 6.0) == "S00E06"
    assert phrase(1, 5) == "Season 1 Episode 5" and phrase(0, 6.5) == "Season 0 Episode 6.5"
    assert decode("s1e5") == (1, 5)


@each_row(
    "text",
    [
        "",
        "S01",
        "E05",
        "S01E",
        "S01E05 ",
        "S01E05\n",
        "S01E05-E06",
        "S٠١E٠٥",
        "ſ01E05",
        "S01E06.5",
        "S1E5.",
        "S-1E5",
    ],
)
def test_what_is_no_code(text):
    with pytest.raises(ValueError):
        decode(text)


@pytest.mark.parametrize(
    "season, number", [(1, 6.5), (-1, 1), (1, -1), (0, float("nan")), (0, float("inf"))]
)
def test_what_has_no_code(season, number):
    with pytest.raises(ValueError):
        code(season, number)


def test_what_lies_beside_a_video():
    names = [
        "Nacht - 06.mkv",
        "Nacht - 06.de.srt",
        "Nacht - 06.5.mkv",
        "Nacht - 06.5.de.srt",
        "Nacht - 06-thumb.jpg",
        "Nacht - 06b.srt",
        "Nacht - 07.srt",
        "Nacht.mkv",
        "Nacht.en.forced.ASS",
        "Nacht.txt",
    ]
    videos = [name for name in names if name.endswith(".mkv")]
    found = extensions.families(names, videos)["Nacht - 06"]
    assert found == {".de.srt": "Nacht - 06.de.srt", "-thumb.jpg": "Nacht - 06-thumb.jpg"}
    found = extensions.sidecars("Nacht - 06.5.mkv", names, extensions.SUBTITLES)
    assert found == {".de.srt": "Nacht - 06.5.de.srt"}
    found = extensions.sidecars("Nacht.mkv", names, extensions.SUBTITLES)
    assert found == {".en.forced.ASS": "Nacht.en.forced.ASS"}


def test_a_name_without_an_ending_is_of_no_family():
    assert extensions.families(["Nacht", "Nacht.mkv"], ["Nacht.mkv"]) == {"Nacht": {}}


def test_numbers_behind_a_stem_count_subtitles_or_are_decimals():
    """Sonarr counts a second subtitle as ".1.de.srt"; a lone .5 is of an episode that is away."""
    names = ["06.1.de.srt", "06.2.srt", "06.de.1.srt", "06.5.srt", "06.5 [1080p].srt"]
    assert list(extensions.families(names, ["06.mkv"])["06"].values()) == names[:3]
    assert extensions.families(["06 e.5.srt"], ["06 e.mkv"]) == {"06 e": {".5.srt": "06 e.5.srt"}}


def test_case_and_accents_tell_families_apart_only_where_nothing_else_does():
    names = ["nacht - 01.srt", "Na\u0308chte - 02.srt"]
    found = extensions.families(names, ["Nacht - 01.mkv", "N\u00e4chte - 02.mkv"])
    assert [list(family.values()) for family in found.values()] == [[name] for name in names]
    found = extensions.families(names, ["Nacht - 01.mkv", "nacht - 01.mkv"])
    assert found == {"Nacht - 01": {}, "nacht - 01": {".srt": "nacht - 01.srt"}}


def test_no_subtitles_count_as_videos():
    assert ".mkv" in extensions.MEDIA and ".srt" in extensions.SUBTITLES
    assert not extensions.MEDIA & extensions.SUBTITLES
