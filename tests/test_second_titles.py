"""Files that bear the title of another series: in a library they are asked about."""

from store.names import second_titles
from store.names.folder_parser import parse_folder
from tests.app import running
from tests.rows import each_row
from tests.shows import add, episodes, home
from tests.tree import Tree

CASES = {  # folder -> files, "|" between those that are its own and those that are not
    "Himo": "[G] Himo! - 01, [G] Himo! - 02 | [G] Himo! R - 01, [G] Himo! R - 02",
    "Himo 1": "Himo 1 - 01 | Himo 1 R - 01",
    "Himo!": " | Himo! R - 01, Himo! R - 02",
    "Alpha": "Alpha/EP01, Alpha/EP02 | Alpha Zwei/EP01, Alpha Drei/EP03",
    "K-ON!": "K-ON! - 01, K-ON - 02 | K-ON!! - 02",
    "Nacht": "Nacht - 01, Nacht S01E02, nacht.s01e03, 04, Folge 5 | Nacht Final Season - 01",
    "Nacht (2010) [tvdbid-1]": "Nacht - 01, Nacht (2010) - 02, [G] Nacht (TV) - 03, NACHT - 04 | ",
    "Nacht und Tag": "Nacht und Tag - 01, Nacht - 02 | ",
    # The same series in another language, and the titles of episodes.
    "Yakei": "Nacht - 01, Nacht - 02, Nacht - 03 | ",
    "Yakei 2010": "Nacht - 01, Nacht - 02, Nacht - 03, Yakei - 04 | Nacht Zwei - 01",
    "Yakei [G]": "Yakei - 01, Yakei - 02, Yakei - 03 | Nacht - 04, Nacht - 05",
    "Yakei [H]": "Yakei - 01, Yakei - 02, Nacht S02E04 | ",
    "Yakei [I]": "Yakei - 01, Yakei - 02 | Nacht - 02",
    "Yakei [J]": "Yakei - 01, Yakei - 02, Yakei - 04 | Nacht - 03",
    "Zone": "Zone - Anfang - 01, Zone - Flucht - 02, Zone - Ende - 03 | ",
    "Zone [G]": "Zone - Anfang - S01E01 | ",
    "Zone (2010)": "Anfang - 01, Flucht - 02, Ende - 03 | ",
    "Specials": "Specials - 01 | ",
    "Haus": "Haus - 01, Haus OVA - 01, Haus NCOP1 | ",
    "Anime": " | Eins - 01, Eins - 02, Zwei - 01, Zwei - 02",
}


@each_row("folder", CASES)
def test_a_second_title(folder):
    own, second = [
        [f"{folder}/{file.strip()}.mkv" for file in part.split(",") if file.strip()]
        for part in CASES[folder].split("|")
    ]
    paths = [*own, *second]
    found = second_titles.find(parse_folder(paths), [folder])
    assert [paths[place] for place in sorted(found)] == second


def test_what_the_owner_says():
    paths = [f"Himo/Himo{more} - 01.mkv" for more in ("", " R")]
    assert second_titles.find(parse_folder(paths), ["Himo", "Himo R"]) == {}


async def test_it_is_asked_about_until_the_owner_says(tmp_path):
    source = Tree({f"Himo!/Season {s}/{n:02}.mkv": b"" for s in (1, 2) for n in (1, 2, 3)})
    async with source as up, running(tmp_path, providers=home(up.base)) as server:
        for name in ("Himo! - 01", "Himo! R - 01", "Himo! R - 02"):
            add(server, f"Himo/{name}.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        found = await episodes(server, "home_himo")
        assert found["S01E01"]["path"] == "Himo/Himo! - 01.mkv"
        for key in ("S01E02", "Himo/Himo! R - 01.mkv"):
            assert found[key]["state"] == "ambiguous"
            assert '"Himo! R" may be another series' in found[key]["why"]
        _, details, _ = await server.get("/api/v1/anime/home_himo")
        assert (details["downloaded_episodes"], details["missing_episodes"]) == (1, 4)
        link = "/api/v1/anime/home_himo/link"
        _, linked, _ = await server.put(link, json={"titles": ["Himo! R", "Himo! R"]})
        assert linked["data"]["ambiguous_files"] == 0
        _, details, _ = await server.get("/api/v1/anime/home_himo")
        assert (details["downloaded_episodes"], details["titles"]) == (2, ["Himo! R"])
        _, linked, _ = await server.put(link, json={"titles": []})
        assert linked["data"]["ambiguous_files"] == 2


async def test_a_source_offers_no_second_title(tmp_path):
    """Unless all files in its folder bear it."""
    files = ["Himo!/Himo! - 01", "Himo!/Himo! R - 01", "Himo!/Himo! R - 02", "Gin/Gin Rot - 01"]
    source = Tree({f"{path}.mkv": b"" for path in files})
    async with source as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for series_id, count in (("home_himo", 1), ("home_gin", 1)):
            _, details, _ = await server.get(f"/api/v1/anime/{series_id}")
            assert details["total_episodes"] == count
