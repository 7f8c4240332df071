"""Trees of libraries and sources as households have them, each with its right outcome.

One application and one source serve all of them: in each tree the titles get letters of its own, so
that no folder is another tree's. A file's content is its path, so the bytes tell where it is from.
"""

import re
from typing import NamedTuple

from tests.app import running, until
from tests.shows import add, home
from tests.tree import Tree as Source

EBML = b"\x1aE\xdf\xa3"
TITLES = re.compile(
    "(?<![A-Za-z])(Nacht|nacht|NACHT|Yakei|K-ON|Gin|Free|Mond|Alpha|Himo|Digi|夜警)"
)
LETTERS = "bdfgklmnprtw"


class Tree(NamedTuple):
    """`source` and `library` are paths without their ".mkv"; "{1-12}" stands for twelve of them.

    `outcome` tells by path what is in the library: the episode, "?" behind an ambiguous one, "-"
    for none. Whatever is missing is queued: `fetched` has the path of each new file, and that of
    the file at the source whose bytes are expected in it.
    """

    name: str
    source: str
    library: str
    outcome: str
    fetched: str = ""


TREES = [
    Tree(
        "T1, a folder that names a range is a frame",
        "Nacht/Season 1/{1-12}",
        "Nacht/[G] Nacht S01E01-E12 [1080p]/[G] Nacht - {1-3} [1080p]",
        "S01E01; S01E02; S01E03",
        "Nacht/Season 01/Nacht - S01E{4-12} = Nacht/Season 1/{4-12}",
    ),
    Tree(
        "T1, with other words, and one level deeper",
        "Nacht/Season 1/{1-6}",
        """Nacht/Nacht/Nacht Staffel 1 Folge 1-6/Nacht 02; Nacht/S01E01-E06/NCOP1;
        Nacht/Nacht.S01E01-E06.German.1080p-GRP/e01; Nacht/Nacht 1x01-06/Nacht 05""",
        "S01E02; -; S01E01; S01E05",
        """Nacht/Season 01/Nacht - S01E{3-4} = Nacht/Season 1/{3-4};
        Nacht/Season 01/Nacht - S01E06 = Nacht/Season 1/06""",
    ),
    Tree(
        "T2, the source names a range",
        "Nacht/[G] Nacht S01E01-E06 [1080p]/[G] Nacht - {1-6} [1080p]",
        "Nacht/Nacht - S01E01",
        "S01E01",
        """Nacht/Nacht - S01E{2-6} =
        Nacht/[G] Nacht S01E01-E06 [1080p]/[G] Nacht - {2-6} [1080p]""",
    ),
    Tree(
        "T3, an OVA at the source is no episode",
        "Yakei/[G] Yakei - {1-4}; Yakei/[G] Yakei (OVA) - {1-2}",
        "Yakei/Yakei - 03",
        "S01E03",
        """Yakei/Yakei - {1-2} = Yakei/[G] Yakei - {1-2};
        Yakei/Yakei - 04 = Yakei/[G] Yakei - 04""",
    ),
    Tree(
        "T3, in folders",
        "Yakei/Yakei TV/Yakei - {1-3}; Yakei/Yakei OVA/Yakei - {1-2}",
        "Yakei/Yakei - 03",
        "S01E03",
        "Yakei/Yakei - {1-2} = Yakei/Yakei TV/Yakei - {1-2}",
    ),
    Tree(
        "T4, half an episode in front of its word",
        """Yakei/Yakei 第{1-4}話; Yakei/Yakei 5. Folge 14 Tage; Yakei/Yakei 第06集 2人の夜;
        Yakei/Yakei 第07.5話; Yakei/Yakei 第07話""",
        "Yakei/Yakei 第01話; Yakei/Yakei 第07.5話; Yakei/Yakei 7. Folge",
        "S01E01; S00E07.5; S01E07",
        """Yakei/Yakei - S01E{2-4} = Yakei/Yakei 第{2-4}話;
        Yakei/Yakei - S01E05 = Yakei/Yakei 5. Folge 14 Tage;
        Yakei/Yakei - S01E06 = Yakei/Yakei 第06集 2人の夜""",
    ),
    Tree(
        "T14, decimals that are season and episode",
        "Nacht/Season 1/{1-3}; Nacht/Season 2/{1-4}",
        """Nacht/Season 1/1.01 A; Nacht/Season 1/1.02 B;
        Nacht/Season 2/2.01 D; Nacht/Season 2/2.04 Ende""",
        "S01E01; S01E02; S02E01; S02E04",
        """Nacht/Season 1/Nacht - S01E03 = Nacht/Season 1/03;
        Nacht/Season 2/Nacht - S02E{2-3} = Nacht/Season 2/{2-3}""",
    ),
    Tree(
        "T14, at the source",
        "Nacht/Season 1/1.01 A; Nacht/Season 1/1.02 B; Nacht/Season 2/2.01 D; Nacht/Season 2/2.02",
        "Nacht/Nacht - S01E01",
        "S01E01",
        """Nacht/Nacht - S01E02 = Nacht/Season 1/1.02 B;
        Nacht/Nacht - S02E01 = Nacht/Season 2/2.01 D;
        Nacht/Nacht - S02E02 = Nacht/Season 2/2.02""",
    ),
    Tree(
        "T15, a title that ends in digits",
        "Digi 02/Digi 02 - S01E{1-8}",
        "Digi 02/Digi 02 - {5-8}",
        "S01E{5-8}",
        "Digi 02/Digi 02 - {1-4} = Digi 02/Digi 02 - S01E{1-4}",
    ),
    Tree(
        "T5, clips at the source",
        "Yakei/Yakei - {1-4}; Yakei/Clips/02",
        "Yakei/Yakei - 01",
        "S01E01",
        "Yakei/Yakei - {2-4} = Yakei/Yakei - {2-4}",
    ),
    Tree(
        "T6, running numbers in season folders",
        "Nacht/Season 1/{1-12}; Nacht/Season 2/{1-12}",
        "Nacht/Season 1/Nacht - {1-12}; Nacht/Season 2/Nacht - {13-23}",
        "S01E{1-12}; S02E{1-11}",
        "Nacht/Season 2/Nacht - 24 = Nacht/Season 2/12",
    ),
    Tree(
        "T6, in German, one of three seasons",
        "Nacht/Season 1/{1-4}; Nacht/Season 2/{1-4}; Nacht/Season 3/{1-4}",
        "Nacht/Season 1/{1-4}; Nacht/Season 2/{1-4}; Nacht/Staffel 3/Folge {9-11}",
        "S01E{1-4}; S02E{1-4}; S03E{1-3}",
        "Nacht/Staffel 3/Folge 12 = Nacht/Season 3/04",
    ),
    Tree(
        "T7, a folder of several seasons that counts through",
        "Nacht/Season 1/{1-4}; Nacht/Season 2/{1-4}; Yakei/Season 1/{1-4}; Yakei/Season 2/{1-4}",
        "Nacht/[G] Nacht S01-S02 [1080p]/[G] Nacht - {1-7}; Yakei Season 1+2/Yakei - {1-8}",
        "S01E{1-4}; S02E{1-3}; S01E{1-4}; S02E{1-4}",
        "Nacht/[G] Nacht S01-S02 [1080p]/Nacht - S02E04 = Nacht/Season 2/04",
    ),
    Tree(
        "T8, a source that counts through",
        "Nacht/Season 1/Nacht - {1-4}; Nacht/Season 2/Nacht - {5-8}",
        "Nacht/Season 1/Nacht - S01E{1-4}; Nacht/Season 2/Nacht - S02E{1-3}",
        "S01E{1-4}; S02E{1-3}",
        "Nacht/Season 2/Nacht - S02E04 = Nacht/Season 2/Nacht - 08",
    ),
    Tree(
        "101 at the source, and the library tells that it is the season's first",
        "Nacht/Nacht {101-106}",
        "Nacht/Nacht - S01E{1-3}",
        "S01E{1-3}",
        """Nacht/Nacht - S01E04 = Nacht/Nacht 104; Nacht/Nacht - S01E05 = Nacht/Nacht 105;
        Nacht/Nacht - S01E06 = Nacht/Nacht 106""",
    ),
    Tree(
        "101 at the source, and the library does not tell what it is",
        "Nacht/Nacht {101-106}",
        "Nacht/Nacht - S01E01",
        "S01E01",
    ),
    Tree(
        "101 at the source, where the library's season goes on",
        "Nacht/Nacht {101-103}",
        "Nacht/Nacht - S01E{99-101}",
        "S01E{99-101}",
        "Nacht/Nacht - S01E{102-103} = Nacht/Nacht {102-103}",
    ),
    Tree(
        "numbers without a season at the source, and two seasons in the library",
        "Nacht/Nacht - {1-24}",
        "Nacht/Nacht - S01E{1-11}; Nacht/Nacht - S02E01",
        "S01E{1-11}; S02E01",
    ),
    Tree(
        "T11 and T12, dates",
        "Nacht (1994)/Season 12/{1-3}",
        """Nacht (1994)/12/Nacht 12-05-94; Nacht (1994)/12/Nacht 12-12-94;
        Nacht (1994)/Nacht 05.12.1994; Nacht (1994)/Nacht_24.12.19_20-15_zdf_45_TVOON_DE""",
        "-; -; -; -",
        "Nacht (1994)/Season 12/Nacht - S12E{1-3} = Nacht (1994)/Season 12/{1-3}",
    ),
    Tree(
        "T16, folders of other shows in a show's folder",
        "Alpha/Alpha - {1-3}; Alpha Zwei/Alpha Zwei - 01",
        "Alpha/Alpha/EP01; Alpha/Alpha Zwei/EP01; Alpha/Alpha Drei/EP03",
        "S01E01; -?; S01E03?",
        "Alpha/Alpha/EP02 = Alpha/Alpha - 02",
    ),
    Tree(
        "T17, a second title beside the first",
        "Himo/Season 1/{1-4}; Himo/Season 2/{1-2}",
        "Himo/[HS] Himo! - {1-4}; Himo/[HS] Himo! R - {1-4}",
        "S01E{1-4}; -?; -?; -?; -?",
        "Himo/Himo - S02E{1-2} = Himo/Season 2/{1-2}",
    ),
    Tree(
        "T17, the second title alone",
        "Himo/Season 1/{1-2}; Himo/Season 2/{1-2}",
        "Himo/[HS] Himo! R - {1-2}",
        "S01E01?; S01E02?",
        "Himo/Season 02/Himo - S02E{1-2} = Himo/Season 2/{1-2}",
    ),
    Tree(
        "T17, at the source",
        "Himo!/Himo! - {1-2}; Himo!/Himo! R - {1-3}",
        "Himo!/Himo! - 01",
        "S01E01",
        "Himo!/Himo! - 02 = Himo!/Himo! - 02",
    ),
    Tree(
        "T29, extras by their folders and endings",
        "Nacht/Nacht - {1-9}",
        """Nacht/Nacht - {1-2}; Nacht/Shorts/03; Nacht/Clips/Nacht 04; Nacht/Other/05;
        Nacht/Scenes/05; Nacht/backdrops/05; Nacht/theme-music/06; Nacht/Making of/09;
        Nacht/Nacht S01E07-behindthescenes; Nacht/Nacht S01E08-deleted""",
        "S01E{1-2}; -; -; -; -; -; -; -; -; -",
        "Nacht/Nacht - {3-9} = Nacht/Nacht - {3-9}",
    ),
    Tree(
        "T31, bins and snapshots",
        "Nacht/Nacht - {1-4}",
        """Nacht/Nacht - 01; Nacht/$RECYCLE.BIN/Nacht - 02; Nacht/@Recycle/Nacht - 03;
        Nacht/#snapshot/Nacht - 04; $RECYCLE.BIN/Nacht/01; #snapshot/Nacht/01""",
        "S01E01; left out; left out; left out; left out; left out",
        "Nacht/Nacht - {2-4} = Nacht/Nacht - {2-4}",
    ),
    Tree(
        "T9, an equal name wins, signs and all",
        "K-ON!/K-ON! - {1-3}; K-ON!!/K-ON!! - {1-3}",
        "K-ON!/K-ON! - 01; K-ON!!/K-ON!! - 02; K-ON!!/K-ON!! - 03",
        "S01E01; S01E02; S01E03",
        """K-ON!/K-ON! - {2-3} = K-ON!/K-ON! - {2-3}; K-ON!!/K-ON!! - 01 = K-ON!!/K-ON!! - 01""",
    ),
    Tree(
        "T9, more signs",
        "Gin/{1-2}; Gin'/{1-2}; Gin°/{1-2}; Free/{1-2}; Free!/{1-2}; ½ Mond/{1-2}; 12 Mond/{1-2}",
        "Gin/01; Gin'/02; Gin°/01; Free/01; Free!/02; ½ Mond/01; 12 Mond/02",
        "S01E01; S01E02; S01E01; S01E01; S01E02; S01E01; S01E02",
        """Gin/02 = Gin/02; Gin'/01 = Gin'/01; Gin°/02 = Gin°/02; Free/02 = Free/02;
        Free!/01 = Free!/01; ½ Mond/02 = ½ Mond/02; 12 Mond/01 = 12 Mond/01""",
    ),
    Tree(
        "T10, only one of two has the source's name",
        "K-ON!/K-ON! - {1-3}",
        "K-ON!/K-ON! - 02; K-ON!!/x - 02",
        "S01E02; S01E02",
        "K-ON!/K-ON! - 01 = K-ON!/K-ON! - 01; K-ON!/K-ON! - 03 = K-ON!/K-ON! - 03",
    ),
    Tree(
        "T10, one of them has a year, another tags, a third another case",
        "Nacht/{1-3}",
        "Nacht (2010)/01; Nacht/02; [G] Nacht [BD]/03; nacht/03",
        "S01E01; S01E02; S01E03; S01E03",
        "Nacht/01 = Nacht/01; Nacht/03 = Nacht/03",
    ),
    Tree(
        "T10, two that fit equally well",
        "Nacht/{1-3}",
        "Nacht (1999)/01; Nacht (2010)/02",
        "S01E01; S01E02",
    ),
    Tree(
        "T18, a season has a folder of its own",
        "Nacht/Season 1/{1-3}; Nacht/Season 2/{1-3}",
        "Nacht/Nacht - 01; Nacht S2/Nacht - {1-2}",
        "S01E01; S02E01; S02E02",
        """Nacht/Nacht - {2-3} = Nacht/Season 1/{2-3}; Nacht S2/Nacht - 03 = Nacht/Season 2/03""",
    ),
    Tree(
        "T18, all seasons have, and one is new",
        "Nacht/Season 1/{1-2}; Nacht/Season 2/{1-2}; Nacht/Season 3/{1-2}; Nacht/Season 4/01",
        "[G] Nacht S01 [BD]/[G] Nacht - 01; Nacht S02/Nacht - 01; Nacht - Season 3/Nacht - 02",
        "S01E01; S02E01; S03E02",
        """[G] Nacht S01 [BD]/Nacht - 02 = Nacht/Season 1/02;
        Nacht S02/Nacht - 02 = Nacht/Season 2/02;
        Nacht - Season 3/Nacht - 01 = Nacht/Season 3/01;
        Nacht - Season 4/Nacht - 01 = Nacht/Season 4/01""",
    ),
    Tree(
        "T18, the other show has seasons too",
        "K-ON!/Season 1/{1-2}; K-ON!/Season 2/{1-2}; K-ON!!/Season 1/{1-2}; K-ON!!/Season 2/{1-2}",
        "K-ON! S01/01; K-ON! S02/01; K-ON!! S01/02; K-ON!! S02/02",
        "S01E01; S02E01; S01E02; S02E02",
        """K-ON! S01/02 = K-ON!/Season 1/02; K-ON! S02/02 = K-ON!/Season 2/02;
        K-ON!! S01/01 = K-ON!!/Season 1/01; K-ON!! S02/01 = K-ON!!/Season 2/01""",
    ),
    Tree(
        "T18, a folder for each half of a season, and for each episode",
        "Nacht/S01E{1-6}; Yakei/S01E{1-3}",
        """[HS] Nacht (01-03) (Batch)/{1-3}; [HS] Nacht (04-06) (Batch)/{4-5};
        Yakei.S01E01.1080p-G/yakei.s01e01; Yakei.S01E02.1080p-G/yakei.s01e02""",
        "S01E{1-5}; S01E01; S01E02",
        """[HS] Nacht (04-06) (Batch)/06 = Nacht/S01E06; Yakei/yakei.s01e03 = Yakei/S01E03""",
    ),
    Tree(
        "T18, the source has the season as a series of its own",
        "Nacht/{1-2}; Nacht S2/{1-2}",
        "Nacht/01; Nacht S2/01",
        "S01E01; S02E01",
        "Nacht/02 = Nacht/02; Nacht S2/02 = Nacht S2/02",
    ),
    Tree(
        "T20, which of two Nachts",
        "Nacht (1999) [tvdbid-11]/{1-2}; Nacht (2010) [tvdbid-12]/{1-2}",
        "Nacht [2010]/01; Nacht/01",
        "S01E01; S01E01",
        "Nacht [2010]/02 = Nacht (2010) [tvdbid-12]/02",
    ),
    Tree(
        "T20, an id as Plex's agents write it",
        "Nacht (1999) [tvdbid-21]/{1-2}; Nacht (2010) [tvdbid-22]/{1-2}",
        "Nacht [tvdb3-22]/01",
        "S01E01",
        "Nacht [tvdb3-22]/02 = Nacht (2010) [tvdbid-22]/02",
    ),
    *[
        Tree(
            f"T19, {folder}",
            "Nacht/S01E{1-2}",
            f"{folder}/S01E01",
            "S01E01",
            f"{folder}/S01E02 = Nacht/S01E02",
        )
        for folder in (
            "Nacht S01",
            "Nacht - Staffel 1",
            "Nacht (1080p)",
            "Nacht (TV)",
            "[HS] Nacht (01-12) [1080p] (Batch)",
            "Nacht.S01.1080p.WEB-GRP",
            "Nacht 2010",
            "【G】Nacht【1080p】",
            "Nacht Complete",
            "Nacht {edition-Lang}",
        )
    ],
]


def spread(text: str) -> list[str]:
    """ "Nacht/{1-2}; Nacht/x" -> the paths, with numbers of two digits."""
    paths = []
    for pattern in filter(None, map(str.strip, text.split(";"))):
        ranges = re.search(r"\{(\d+)-(\d+)\}", pattern)
        numbers = range(int(ranges[1]), int(ranges[2]) + 1) if ranges else [0]
        paths += [re.sub(r"\{\d+-\d+\}", f"{number:02}", pattern) for number in numbers]
    return paths


def with_own_titles(number: int, text: str) -> str:
    """A tree's text, its titles being those of no other tree: Nacht -> Nachtobu."""
    first, second = divmod(number, len(LETTERS))
    return TITLES.sub(rf"\g<1>o{LETTERS[first]}u{LETTERS[second]}", text)


async def test_every_tree(tmp_path):
    trees = [
        Tree(tree.name, *[with_own_titles(n, text) for text in tree[1:]])
        for n, tree in enumerate(TREES)
    ]
    served = {f"{path}.mkv" for tree in trees for path in spread(tree.source)}
    source = Source({path: EBML + path.encode() for path in served})
    async with (
        source as up,
        running(tmp_path, providers=home(up.base), max_concurrent_downloads=8) as server,
    ):
        for path in [path for tree in trees for path in spread(tree.library)]:
            add(server, f"{path}.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        series = await listed(server)
        found = await outcomes(server, series)
        wrong = {}
        for tree in trees:
            expected = dict(zip(spread(tree.library), spread(tree.outcome), strict=True))
            read = {path: found.get(f"{path}.mkv", "left out") for path in expected}
            if read != expected:
                wrong[tree.name] = read
        assert wrong == {}
        before = set(server.library.rglob("*.mkv"))
        await fetch_missing(server, series)
        fetched = {
            str(path.relative_to(server.library)): path.read_bytes().removeprefix(EBML).decode()
            for path in server.library.rglob("*.mkv")
            if path not in before
        }
        for tree in trees:
            expected = dict([re.split(r" =\s+", pair) for pair in spread(tree.fetched)])
            tops = {path.partition("/")[0] for path in (*spread(tree.source), *expected)}
            tops |= {path.partition("/")[0] for path in spread(tree.library)}
            new = {path: bytes_of for path, bytes_of in fetched.items() if top_of(path) in tops}
            wanted = {f"{path}.mkv": f"{at_source}.mkv" for path, at_source in expected.items()}
            if new != wanted:
                wrong[tree.name] = new
        assert wrong == {}
        await server.post("/api/v1/anime/rescan?full=true")
        assert set((await listed(server)).values()) == {0}


def top_of(path: str) -> str:
    return path.partition("/")[0]


async def listed(server) -> dict[str, int]:
    """id -> missing episodes of every series."""
    found, page = {}, 1
    while True:
        _, body, _ = await server.get(f"/api/v1/anime?show=all&per_page=100&page={page}")
        found |= {entry["id"]: entry["missing_episodes"] for entry in body["data"]}
        if page >= body["pagination"]["pages"]:
            return found
        page += 1


async def outcomes(server, series) -> dict[str, str]:
    """path -> what it is, as Tree has it."""
    found = {}
    for series_id in series:
        _, body, _ = await server.get(f"/api/v1/anime/{series_id}/episodes?per_page=100")
        for entry in body["data"]:
            if entry["path"]:
                sign = "?" if entry["state"] == "ambiguous" else ""
                found[entry["path"]] = (entry["code"] or "-") + sign
    return found


async def fetch_missing(server, series) -> None:
    count = 0
    for series_id, missing in series.items():
        if missing:
            call = {"anime_id": series_id, "episodes": ["missing"]}
            _, added, _ = await server.post("/api/queue/add", json=call)
            count += len(added["data"]["items"])
    await server.post("/api/queue/start")

    async def are_completed() -> bool:
        counts = (await server.get("/api/queue/status"))[1]["data"]
        assert counts["failed"] == 0, (await server.get("/api/queue?status=failed"))[1]
        return counts["completed"] == count

    await until(are_completed)
