"""The Internet Archive, by a server that answers as it does: texts for numbers, lists for texts."""

import hashlib
import json
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from providers import archive, archive_items
from store.errors import NotFound
from store.preference import chosen
from store.sources import ArchiveProvider
from store.wish import Prefer
from tests.app import running
from tests.contract import JPEG, Known, ProviderContract, opened
from tests.upstream import Knobs, Upstream


class ArchiveServer(Upstream):
    """`items`: identifier -> (fields of its search result, its files, each with its content)."""

    def __init__(self):
        super().__init__()
        self.items: dict[str, tuple[dict, dict[str, bytes], list[dict]]] = {}
        self.images: dict[str, bytes] = {}  # below services/
        self.node: ArchiveServer | None = None  # to which downloads are redirected
        self.most = 500  # results in an answer

    def add(self, identifier: str, files: dict[str, bytes], **fields) -> list[dict]:
        """The rows of the item's files, to be changed at will."""
        rows = [
            {"name": name, "source": "original", "format": "Matroska", "size": str(len(body)),
             "mtime": "1479169618", "sha1": hashlib.sha1(body).hexdigest(), "md5": "0" * 32}
            for name, body in files.items()
        ]  # fmt: skip
        self.items[identifier] = ({"identifier": identifier, **fields}, files, rows)
        return rows

    def _answer(self, knobs, request):
        if knobs.status is None:
            url = urlsplit(request.path)
            kind, _, rest = url.path.lstrip("/").partition("/")
            if kind == "download":
                self._send_file(knobs, request, *rest.split("/", 1))
            elif kind == "metadata":
                self._send_json(knobs, self._metadata(unquote(rest)))
            elif kind == "services" and (image := self.images.get(unquote(rest))):
                knobs.body, knobs.kind = image, "image/jpeg"
            elif kind == "advancedsearch.php":
                self._send_json(knobs, self._found(parse_qs(url.query)))
            else:
                knobs.status = 404
        return super()._answer(knobs, request)

    def _send_json(self, knobs, answer: dict) -> None:
        plain = Knobs(body=json.dumps(answer).encode(), kind="application/json", etag=None)
        vars(knobs).update(vars(plain))

    def _send_file(self, knobs, request, identifier: str, name: str) -> None:
        if self.node:
            knobs.location = self.node.url(request.path)
        elif unquote(name) in self.items.get(identifier, ({}, {}, []))[1]:
            knobs.body = self.items[identifier][1][unquote(name)]
        else:
            knobs.status = 404

    def _metadata(self, identifier: str) -> dict:
        if identifier not in self.items:
            return {}
        fields, _, rows = self.items[identifier]
        return {"metadata": fields, "files": rows, "server": "ia1", "d1": "ia2"}

    def _found(self, query: dict[str, list[str]]) -> dict:
        start = (int(query["page"][0]) - 1) * int(query["rows"][0])
        docs = [fields for fields, *_ in self.items.values()]
        page = docs[start : start + int(query["rows"][0])]
        return {"responseHeader": {}, "response": {"numFound": len(docs), "docs": page}}


CONTENTS = {
    (1, number): b"\x1aE\xdf\xa3 not really: %d" % number for number in range(1, 4)
}  # fmt: skip


def furnish(up: ArchiveServer) -> list[dict]:
    up.images["img/show_a"] = JPEG
    files = {
        f"Season 1/Show & A - S01E0{number}.mkv": CONTENTS[1, number] for number in range(1, 4)
    }
    files |= {"cover.jpg": b"x", "Season 1/Show & A - S01E01.de.srt": b"1"}
    up.add("über-x", {}, title=["Other", "Zwei"])
    up.add("empty", {})
    return up.add("show_a", files, title="Show A", year="1961", description="<p>Of &amp; A</p>",
                  licenseurl="http://cc/by/")  # fmt: skip


class TestArchive(ProviderContract):
    kind = ArchiveProvider
    known = Known("show a", "Show A (1961)", CONTENTS)
    series_count = 3
    poster = JPEG
    hostile_answers = tuple(
        ("application/json", body)
        for body in (
            b'{"response": {"docs": [null, 7, {"identifier": 7}], "numFound": "x"}, "files": []}',
            b'{"response": {"docs": [{"identifier": "a"}], "numFound": 1e9}, "files": [{"name": 7},'
            b' {"name": "../../x.mkv"}, {"name": "/x.mkv"}, {"name": "a\\u0000.mkv"},'
            b' {"name": "a.mkv", "size": -1, "sha1": "zz"}]}',
            b'{"response": {"docs": [{"identifier": "\\ud800"}], "numFound": 1}}',
        )
    )

    def settings_for(self, base):
        return ArchiveProvider("archive", "home", base, collection="tv")

    @asynccontextmanager
    async def serve(self, tmp_path):
        async with ArchiveServer() as up, ArchiveServer() as node:
            furnish(up)
            furnish(node)
            up.node = node  # the files lie on other machines
            yield self.settings_for(up.base)


@pytest.fixture
async def up():
    async with ArchiveServer() as server:
        yield server


async def test_checksums_subtitles_and_the_licence(up, tmp_path):
    furnish(up)
    async with opened(ArchiveProvider("archive", "home", up.base, "tv"), tmp_path / "db") as source:
        (hit,) = await source.provider.search("show", 5)
        listing = await source.provider.listing(hit.key)
        assert (listing.description, listing.year) == ("Of & A http://cc/by/", 1961)
        where = await source.provider.source(hit.key, listing.episodes[0])
        stem = f"{up.base}download/show_a/Season%201/Show%20%26%20A%20-%20S01E01"
        assert (where.url, where.beside) == (f"{stem}.mkv", {".de.srt": f"{stem}.de.srt"})
        assert where.checksums == {"sha1": hashlib.sha1(CONTENTS[1, 1]).hexdigest()}
    asked = parse_qs(urlsplit(up.requests[0].path).query)
    assert asked["q"] == ["mediatype:movies AND collection:tv"]


async def test_many_items_come_page_by_page(up, tmp_path):
    for number in range(1_001):
        up.add(f"item{number}", {}, title=f"Title {number}")
    async with opened(ArchiveProvider("archive", "home", up.base, "tv"), tmp_path / "db") as source:
        assert len(await source.provider.search("", 2_000)) == 1_001
        assert len(up.requests) == 3
        await source.provider.search("title 7", 5)
    async with opened(ArchiveProvider("archive", "home", up.base, "tv"), tmp_path / "db") as source:
        assert len(await source.provider.search("", 2_000)) == 1_001
        assert len(up.requests) == 3, "a restart asks nobody anew"

        def age(conn):
            conn.execute("update remembered set modified = '2020-01-01T00:00:00Z'")

        await source.provider._db.run(age)
    async with opened(ArchiveProvider("archive", "home", up.base, "tv"), tmp_path / "db") as source:
        await source.provider.search("", 5)
        assert len(up.requests) == 6


async def test_what_was_withdrawn_and_what_has_another_name(up, tmp_path):
    rows = furnish(up)
    async with opened(ArchiveProvider("archive", "home", up.base, "tv"), tmp_path / "db") as source:
        (hit,) = await source.provider.search("show", 5)
        episode = (await source.provider.listing(hit.key)).episodes[0]
        rows[0]["name"] = "Show - S01E01 v2.mp4"
        where = await source.provider.source(hit.key, episode)
        assert where.url.endswith("/Show%20-%20S01E01%20v2.mp4")
        for item in ({}, {"files": [], "is_dark": True}):
            up._metadata = lambda identifier, item=item: item
            with pytest.raises(NotFound):
                await source.provider.listing(hit.key)


def row(name: str, **more) -> dict:
    return {"name": name, "source": "original", "size": "7"} | more


@pytest.mark.parametrize(
    "rows, names",
    [
        ([row("a.mkv"), row("a.mp4", source="derivative", original="a.mkv")], ["a.mkv"]),
        ([row("a.iso"), row("a.ogv", source="derivative", original="a.iso", height="240"),
          row("a.mp4", source="derivative", original="a.iso", height="480")], ["a.mp4"]),
        ([row("a.mkv", private="true"), row("b.mkv")], ["b.mkv"]),
        ([row("../a.mkv"), row("/a.mkv"), row("a//b.mkv"), row("x/b.mkv")], ["x/b.mkv"]),
        ([row("a.mp3"), row("a_meta.xml", source="metadata"), {}], []),
    ],
)  # fmt: skip
def test_the_videos_of_an_item(rows, names):
    assert [file.name for file in archive_items.find_files({"files": rows})] == names


@pytest.mark.parametrize(
    "names, numbers",
    [
        (["Film.mkv"], [(1, 1)]),
        (["Part B.mkv", "Part A.mkv"], [(1, 1), (1, 2)]),
        (["Show S02E03.mkv", "Trailer.mkv"], [(2, 3)]),
    ],
)
def test_the_numbers_of_an_items_videos(names, numbers):
    files = archive_items.find_files({"files": [row(name) for name in names]})
    episodes = archive_items.read_episodes("Show", files)
    assert [(episode.season, episode.number) for episode in episodes] == numbers


@pytest.mark.parametrize(
    "row, checksums",
    [
        ({"sha1": "A" * 40, "md5": "b" * 32}, {"sha1": "a" * 40}),
        ({"sha1": "x" * 40, "md5": "b" * 32}, {"md5": "b" * 32}),
        ({"crc32": "0a1b2c3d", "md5": None}, {"crc32": "0a1b2c3d"}),
        ({}, {}),
    ],
)
def test_the_strongest_checksum_counts(row, checksums):
    (file,) = archive_items.find_files({"files": [{"name": "a.mkv", "size": "7", **row}]})
    assert (file.size, file.checksums) == (7, checksums)


def test_what_the_archive_is_asked_for():
    settings = ArchiveProvider("archive", "home", collection="tv", query='title:"Show"')
    asked = 'mediatype:movies AND collection:tv AND (title:"Show")'
    assert archive.question(settings) == asked
    assert archive.open_source(settings, None, None).base == "https://archive.org/"


async def test_a_source_without_a_collection_is_refused(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        source = {"type": "archive", "name": "ia"}
        status, refusal, _ = await server.put("/api/config", json={"providers": [source]})
        assert (status, refusal["details"]["field"]) == (400, "providers[0].collection")
        source["collection"] = "a b"
        assert (await server.put("/api/config", json={"providers": [source]}))[0] == 422
        source["collection"] = "classic_tv"
        assert (await server.put("/api/config", json={"providers": [source]}))[0] == 200


def test_thousands_of_files_with_their_subtitles():
    """Each is looked at once: a look at all others for each one would take minutes."""
    names = [f"Show - {n:04}{end}" for n in range(2_500) for end in (".mkv", ".de.srt")]
    names += [f"a.b/{name}" for name in names]
    files = archive_items.find_files({"files": [row(name) for name in names]})
    assert len(files) == 5_000
    assert files[7].subtitles == {".de.srt": files[7].name.replace(".mkv", ".de.srt")}
    assert files[-1].subtitles == {".de.srt": "a.b/Show - 2499.de.srt"}


def test_a_long_description_is_cut_before_it_is_read():
    item = {"metadata": {"description": "&lt;" * 1_000_000, "rights": "x" * 9_000_000}}
    assert len(archive_items.describe(item)) == archive_items.MAX_TEXT


async def test_half_a_character_costs_no_other_item(up, tmp_path):
    up.add("a\ud800", {}, title=["Odd \ud800"])
    up.add("show_a", {}, title="Show A")
    async with opened(ArchiveProvider("archive", "home", up.base, "tv"), tmp_path / "db") as source:
        hits = await source.provider.search("", 5)
        assert [hit.name for hit in hits] == ["Odd ?", "Show A"]


def test_what_was_made_of_an_original_is_a_file_of_the_same_episode():
    """And is taken where the original breaks the owner's bounds."""
    rows = [
        row("Show S01E01.mkv", height="1080", size="900"),
        row("Show S01E01_512kb.mp4", source="derivative", original="Show S01E01.mkv", height="480"),
        row("Show S01E01.ogv", source="derivative", original="Show S01E01.mkv", height="360"),
        row("Show S01E01 EngDub.avi", size="5"),
    ]
    item = {"files": rows, "metadata": {"language": ["ger", "eng"]}}
    files = archive_items.find_files(item)
    spoken = archive_items.language(item)
    (episode,) = archive_items.read_episodes("Show", files, spoken)
    told = {variant.ref: (variant.lines, variant.languages.codes) for variant in episode.variants}
    assert told == {
        "Show S01E01.mkv": (1080, ["de"]),
        "Show S01E01_512kb.mp4": (480, ["de"]),
        "Show S01E01.ogv": (360, ["de"]),
        "Show S01E01 EngDub.avi": (0, ["en"]),
    }
    assert episode.ref == "Show S01E01.mkv"
    for wish, ref in [
        (Prefer(max_resolution=480, languages=["de"]), "Show S01E01_512kb.mp4"),
        (Prefer(languages=["en"]), "Show S01E01 EngDub.avi"),
    ]:
        assert chosen(episode, wish)[0].ref == ref
        assert archive_items.find(files, ref).name == ref
