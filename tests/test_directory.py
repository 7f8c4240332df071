"""Folder trees that real servers list, in each form that their listings have."""

import asyncio
import json
import os
from contextlib import asynccontextmanager

import pytest

from providers import folder_listing
from providers.folder_listing import Entry, NoListing
from store.errors import ProviderError
from store.models import Episode
from store.secret import Secret
from store.sources import DirectoryProvider
from tests.contract import JPEG, Known, ProviderContract, ServedContract, opened
from tests.rows import each_row
from tests.upstream import Upstream, nginx

SHOW = "Show A (2010)"
FILES = {  # path below the top folder -> the episodes that are in it
    "Season 01/Show A S01E01 & täst #1 [x] (y).mkv": [(1, 1)],
    "Season 01/Show A - S01E02 - a name of far more than fifty characters, which listings"
    " cut off.mkv": [(1, 2)],
    "Season 01/Show A - S01E03 - 100%20 literal.mkv": [(1, 3)],
    "Season 01/Show A - S01E04 - why?.mkv": [(1, 4)],
    "Season 02/Show A - S02E01-E02.mkv": [(2, 1), (2, 2)],
    "Specials/Show A - S00E01.mkv": [(0, 1)],
    "Show A - 06.5.mkv": [(0, 6.5)],
}
NOISE = [  # no episodes of that series; a folder ends in a slash
    f"{SHOW}/.hidden.mkv",
    f"{SHOW}/notes.txt",
    f"{SHOW}/poster.jpg",
    ".dot/x - S01E01.mkv",
    "loose - S01E01.mkv",
    "über Ich/über Ich - 01.mkv",
    "Empty/",
]
# Names that are no component of a path, then strange ones that are.
NO_NAMES = ["../../etc", "..", ".", "", "a/b", "\0", "\ud800", "\ufffd"]
STRANGE_NAMES = ["Nacht_1", "x" * 5000, "😀", "<script>", "%2e%2e%2f", "con", "-rf", "{title}"]


def content(path: str) -> bytes:
    if path == "poster.jpg":
        return JPEG
    return b"\x1aE\xdf\xa3 not really: " + path.encode()


def make_tree(root) -> None:
    for name in [*(f"{SHOW}/{path}" for path in FILES), *NOISE]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(content(name.removeprefix(f"{SHOW}/")))


def hostile_rows() -> bytes:
    names = NO_NAMES + STRANGE_NAMES
    rows = [{"name": name, "type": "directory"} for name in names]
    rows += [{"name": f"{name} S01E01.mkv", "size": 10**30} for name in names]
    rows += [{"name": "Twice S01E02.mkv", "size": size} for size in (1, None)]
    return json.dumps(rows).encode()


class ServedDirectory(ServedContract):
    kind = DirectoryProvider
    known = Known(
        query="show a",
        title=SHOW,
        contents={episode: content(path) for path, held in FILES.items() for episode in held},
        has_sizes=False,
    )
    series_count = 3
    poster = JPEG


class DirectoryContract(ServedDirectory, ProviderContract):
    hostile_answers = (
        ("application/json", hostile_rows()),
        ("application/json", b'[{"name": 7, "type": "directory"}]'),
        ("application/json", b'[{"type": "directory"}]'),
        ("text/html", b"".join(b'<a href="%s">x</a>' % name.encode("utf-8", "replace")
                               for name in NO_NAMES + STRANGE_NAMES)),
    )  # fmt: skip

    def serve_tree(self, folder, root):
        """The URL of a server over `root`, as a context; `folder` is for the server's own files."""
        raise NotImplementedError

    @asynccontextmanager
    async def serve(self, tmp_path):
        make_tree(tmp_path / "root")
        (tmp_path / "server").mkdir()
        async with self.serve_tree(tmp_path / "server", tmp_path / "root") as url:
            yield DirectoryProvider("directory", "home", url)


class TestNginxJson(DirectoryContract):
    known = DirectoryContract.known._replace(has_sizes=True)

    def serve_tree(self, folder, root):
        return nginx(folder, root)


class TestNginxHtml(DirectoryContract):
    def serve_tree(self, folder, root):
        return nginx(folder, root, extra="location / { autoindex_format html; }")


# -- of this kind alone ----------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path):
    """(a folder for nginx's own files, the tree that it serves)"""
    tmp_path.chmod(0o755)
    (tmp_path / "server").mkdir()
    make_tree(tmp_path / "root")
    return tmp_path / "server", tmp_path / "root"


async def test_umlauts_and_empty_folders(tmp_path, folders):
    async with nginx(*folders) as url:
        settings = DirectoryProvider("directory", "home", url)
        async with opened(settings, tmp_path / "db") as source:
            hits = await source.provider.search("ueber ICH", 10)
            assert [hit.key for hit in hits] == ["ueber-ich"]
            assert (await source.provider.listing("empty")).episodes == ()


@pytest.mark.parametrize("form", ["json", "html"])
async def test_names_in_latin_1_cost_themselves_alone(tmp_path, folders, form, caplog):
    folder, root = folders
    for name in (b"caf\xe9/caf\xe9 - 01.mkv", f"{SHOW}/Caf".encode() + b"\xe9 - S01E09.mkv"):
        path = os.path.join(os.fsencode(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"x")
    async with nginx(folder, root, extra=f"location / {{ autoindex_format {form}; }}") as url:
        async with opened(DirectoryProvider("directory", "home", url), tmp_path / "db") as source:
            assert len(await source.provider.search("", 10)) == 3
            (hit,) = await source.provider.search("show", 10)
            listing = await source.provider.listing(hit.key)
            assert len(listing.episodes) == sum(map(len, FILES.values()))
    assert "left out: 'caf\ufffd'" in caplog.text
    assert "left out: 'Caf\ufffd - S01E09.mkv'" in caplog.text


async def test_a_login_and_its_refusal(tmp_path, folders):
    folder, root = folders
    (folder / "users").write_text("mia:{PLAIN}secret\n")
    guard = f'auth_basic "home"; auth_basic_user_file {folder}/users;'
    async with nginx(folder, root, extra=guard) as url:
        right, wrong = (
            DirectoryProvider("directory", "home", url, "mia", Secret(password))
            for password in ("secret", "wrong")
        )
        async with opened(right, tmp_path / "right.db") as source:
            assert await source.provider.search("show", 5)
        async with opened(wrong, tmp_path / "wrong.db") as source:
            with pytest.raises(ProviderError, match="wrong user or password") as failure:
                await source.provider.search("show", 5)
            assert failure.value.final


async def test_a_login_that_cannot_be_given(tmp_path):
    """Not every kind is known; a redirect to another server does not get the login."""
    async with Upstream() as upstream, Upstream() as other:
        settings = DirectoryProvider("directory", "home", upstream.base, "mia", Secret("secret"))
        async with opened(settings, tmp_path / "db") as source:
            for asked, words in [
                ('Digest realm="x", nonce="y", algorithm=MD4', "login of a kind that is not known"),
                (
                    'Digest realm="x", nonce="y", qop="auth-int"',
                    "login of a kind that is not known",
                ),
                ("Negotiate", "login of a kind that is not known"),
                ('Basic realm="x", Digest realm="x"', "wrong user or password"),
                ('Basic realm="digest"', "wrong user or password"),
            ]:
                upstream.script = [{"status": 401, "headers": {"WWW-Authenticate": asked}}]
                with pytest.raises(ProviderError, match=words) as failure:
                    await source.provider.search("show", 5)
                assert failure.value.final and failure.value.cause == "login"
            upstream.location, other.status = other.base, 401
            with pytest.raises(ProviderError, match=f"redirects to {other.base[:-1]}, and a login"):
                await source.provider.search("show", 5)
            assert "Authorization" not in other.requests[-1].headers


async def test_many_searches_at_once_ask_once(tmp_path):
    async with Upstream() as upstream:
        upstream.kind, upstream.body = "application/json", b'[{"name":"A","type":"directory"}]'
        settings = DirectoryProvider("directory", "home", upstream.base)
        async with opened(settings, tmp_path / "db") as source:
            answers = await asyncio.gather(*[source.provider.search("", 5) for _ in range(5)])
            assert [len(hits) for hits in answers] == [1] * 5
            assert len(upstream.requests) == 1


async def test_a_series_without_end_is_refused(tmp_path):
    """Each folder holds the same folder; then one holds more entries than anybody has."""
    async with Upstream() as upstream:
        upstream.kind, upstream.body = "application/json", b'[{"name":"A","type":"directory"}]'
        settings = DirectoryProvider("directory", "home", upstream.base)
        async with opened(settings, tmp_path / "db") as source:
            assert (await source.provider.listing("a")).episodes == ()
            assert len(upstream.requests) == 1 + 8
            rows = [{"name": f"{n}.mkv"} for n in range(10_001)]
            upstream.body = json.dumps(rows).encode()
            with pytest.raises(ProviderError, match="more than 10000 entries"):
                await source.provider.listing("a")


async def test_the_checksum_and_the_subtitles_beside_a_file(tmp_path):
    name = "Nacht - 01 [0A1B2C3D]"
    rows = [{"name": f"{name}{end}"} for end in (".mkv", ".de.srt", ".1.de.srt", ".nfo")]
    async with Upstream() as upstream:
        upstream.kind, upstream.body = "application/json", json.dumps(rows).encode()
        upstream.script = [{"body": b'[{"name":"Nacht","type":"directory"}]'}]
        settings = DirectoryProvider("directory", "home", upstream.base)
        async with opened(settings, tmp_path / "db") as source:
            (episode,) = (await source.provider.listing("nacht")).episodes
            where = await source.provider.source("nacht", episode)
            assert where.checksums == {"crc32": "0a1b2c3d"}
            url = f"{upstream.base}Nacht/Nacht%20-%2001%20%5B0A1B2C3D%5D"
            ends = (".de.srt", ".1.de.srt")
            assert where.beside == {end: f"{url}{end}" for end in ends}
            upstream.status = 500  # the episode is no worse without its subtitles
            alone = Episode(1, 2, ref="Nacht/Other/Nacht%20-%2002.mkv")
            assert (await source.provider.source("nacht", alone)).beside == {}


# -- what counts as a listing, and what in it ------------------------------------------------------


def parse(body: bytes, kind: str = "text/html", url: str = "http://nas/shows/") -> list[Entry]:
    return folder_listing.parse(body, kind, "http://nas/shows/", url).entries


def parse_json(rows) -> list[Entry]:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return parse(body, "application/json; charset=utf-8")


def test_only_plain_names_of_a_json_listing_count():
    folders = [entry.name for entry in parse_json(hostile_rows()) if entry.is_folder]
    assert folders == [name for name in STRANGE_NAMES if len(name) <= 1024]
    caddy = b'[{"name":"A/","is_dir":true,"size":4096},{"name":"b.mkv","is_dir":false,"size":7}]'
    assert parse_json(caddy) == [Entry("A", True), Entry("b.mkv", False, 7)]
    assert parse_json(b'[{"name":"link","type":"other"}]') == parse_json(b"[]") == []
    serve = [{"base": "A.B/", "name": "A.B", "type": "folder"}, {"base": "..", "type": "directory"},
             {"base": "c.mkv", "name": "c", "type": "file", "size": "7 B"}]  # fmt: skip
    assert parse_json({"files": serve}) == [Entry("A.B", True), Entry("c.mkv", False)]
    assert parse_json(["..", "A", "b.mkv"]) == [Entry("A", None), Entry("b.mkv", False)]


def test_an_odd_entry_of_a_json_listing_costs_that_entry():
    rows = [1, None, {"type": "directory"}, {"name": 7}, {"name": "\ud800x"},
            {"name": "Good", "type": "directory"}, {"name": "huge.mkv", "size": 2**63},
            {"name": "x" * 1025}]  # fmt: skip
    listing = folder_listing.parse(
        json.dumps(rows).encode()[:-1] + b',{"name":"caf\xe9.mkv"}]', "application/json", "/", "/"
    )
    assert [entry.name for entry in listing.entries] == ["Good"]
    assert listing.left_out == ["\\ud800x", "huge.mkv", "x" * 80, "caf\ufffd.mkv"]


@pytest.mark.parametrize(
    "body", [b"[1]", b"nonsense", b'[{"type":"directory"}]', b'{"a":1}', b"{}", b'{"files":7}', b""]
)
def test_json_that_is_no_listing(body):
    with pytest.raises(NoListing):
        parse_json(body)


LISTED = b'[{"name":"A","type":"directory"},{"name":"b.mkv","type":"file","size":3}]'
PAGE = b"<title>Index of /</title><a href='A/'>A</a><a href='b.mkv'>b</a>"


@each_row("kind", ["text/plain", "text/html", "application/octet-stream", "text/json", ""])
@each_row("start", [b"", b"\xef\xbb\xbf", b" \r\n\t"])
def test_the_first_byte_tells_json_from_a_page(kind, start):
    """Whatever a server calls it."""
    assert parse(start + LISTED, kind) == [Entry("A", True), Entry("b.mkv", False, 3)]
    assert parse(start + PAGE, kind) == [Entry("A", True), Entry("b.mkv", False)]


@pytest.mark.parametrize(
    "row",
    ['"type":"dir"', '"isDir":true', '"isDirectory":true', '"is_dir":true', '"type":"folder"'],
)
def test_how_others_call_a_folder(row):
    assert parse_json([{"name": "A", **json.loads(f"{{{row}}}")}]) == [Entry("A", True)]


def test_rows_that_nobody_understands_are_no_empty_folder():
    with pytest.raises(NoListing):
        parse_json([{"name": "A", "type": "thing"}])
    entries = parse_json(
        [{"name": "A", "type": "thing"}, {"name": "B/"}, {"name": "c.mkv", "size": "7"}]
    )
    assert entries == [Entry("B", True), Entry("c.mkv", False, 7)]


LOGIN = b"""<!doctype html><title>Sign in</title><a href="/">Home</a> <a href="https://sso/x">SSO</a>
<form action="/login"><input name=user><input name=pw type='password'></form>
<a href="forgotten">Forgotten?</a>"""
XML = b"<?xml version='1.0'?><list><directory mtime='2026-11-23T18:22:55Z'>Show</directory></list>"
MAINTENANCE = b"<h1>Back soon</h1><a href='mailto:me@nas'>me</a><a href='javascript:x()'>again</a>"


@each_row(
    "body", [LOGIN, XML, MAINTENANCE, b"", b"hello", b"<a href='../", b"<a href='/'>up</a>",
             b"<script><a href='A/'>", b"<!-- <a href='A/'>", b"<a " * 9000, b"<a" + b" a" * 9000]
)  # fmt: skip
def test_a_page_that_is_no_listing(body):
    with pytest.raises(NoListing, match="a page that is no folder listing"):
        parse(body)


@pytest.mark.parametrize(
    "body", [b"<a href='../'>..</a>", b"<a href=..>..</a>", b"<TITLE>Index of /shows</TITLE>",
             b"<h1>Directory listing for /shows/</h1>", b"<A HREF='/'>[To Parent Directory]</A>",
             b"<h1><img src=x> Index of /shows/", b"<th name='href'><span>File Name</span></th>"]
)  # fmt: skip
def test_an_empty_folder_is_one(body):
    assert parse(body) == []


def test_a_listing_stands_at_the_address_that_was_asked_for():
    body = b"<h1>Index of /</h1><a href='A/'>A</a>"
    for url in ("http://nas/shows/", "http://nas/shows", "https://other/sh%6Fws/?x=1"):
        assert parse(body, url=url) == [Entry("A", True)]
    for url in ("http://nas/login/", "http://nas/shows/index.html", "http://nas/"):
        for kind in ("text/html", "application/json"):
            with pytest.raises(NoListing, match="at another address"):
                parse(b"[]" if "json" in kind else body, kind, url)


def test_only_direct_children_of_an_html_listing_count():
    links = [
        "../",
        "/shows/",
        "?C=N;O=D",
        "#top",
        "",
        "http://elsewhere/shows/x.mkv",
        "/other/x.mkv",
        "deep/er.mkv",
        "A%20%26%20B/",
        "./c.mkv?token=1#t",
        "http://nas/shows/d.mkv",
        "//nas/shows/e.mkv",
        "/sh%6fws/f.mkv",
        "c.mkv",
        "http://[bad",
        "%ff.mkv",
        "a%2fb.mkv",
        "a%2f",
        "Re:%20Zero/",
        "data:x/",
        ".../",
        "..a/",
        "x&amp;y &#49;.mkv",
    ]
    body = "".join(f'<a href="{link}">x</a>' for link in links).encode()
    assert parse(body) == [
        Entry("A & B", True),
        Entry("c.mkv", False),
        Entry("d.mkv", False),
        Entry("e.mkv", False),
        Entry("f.mkv", False),
        Entry("Re: Zero", True),
        Entry("...", True),
        Entry("..a", True),
        Entry("x&y 1.mkv", False),
    ]


def test_links_are_found_however_they_are_written():
    body = b"""<A class="x>y" HREF='a.mkv'>1</A><a
      href = "b.mkv" href="no.mkv">2</a><a data-href="no/" href=c.mkv>3</a><abbr href="no/">
      <!-- <a href="no/">--><script>"<a href='no/'>"</script><a/href="d.mkv"/><a title=">"
      href=e.mkv>
      <a href=>7</a><a>8</a><a href="f\xff.mkv">"""
    assert [entry.name for entry in parse(body)] == [f"{letter}.mkv" for letter in "abcde"]


def test_a_listing_without_slashes_leaves_open_what_is_a_folder():
    links = ["..", "Show A", "b.mkv", "b.de.srt", "Dr. Who"]
    body = "".join(f'<a href="{link}">x</a>' for link in links).encode()
    untold = [Entry("Show A", None), Entry("b.mkv", False), Entry("b.de.srt", False)]
    assert parse(body) == [*untold, Entry("Dr. Who", None)]
    assert parse(body + b"<a href='C/'>")[0] == Entry("Show A", False)


NESTING = b"<a " + b"a=b " * 4_000 + b"href='A/'>"


@pytest.mark.parametrize(
    "body", [NESTING * 240, b"<th>" * 900_000, b"<a href='n/'>" * 50_000], ids=["a", "th", "links"]
)
def test_a_page_of_too_much_is_refused_soon(body):
    """Its time is counted by what is looked at, not by a clock."""
    with pytest.raises(ProviderError, match="more than 10000 entries"):
        parse(body)


async def test_names_of_too_much_are_refused_before_they_are_read(tmp_path, monkeypatch):
    """A name like `6.5 6.5 6.5 …` takes milliseconds; no series has millions of letters."""
    rows = [{"name": f"{'6.5 ' * 60}{n}.mkv", "type": "file"} for n in range(2_500)]
    monkeypatch.setattr("providers.library_tree._read", None)
    async with Upstream() as upstream:
        upstream.kind, upstream.body = "application/json", json.dumps(rows).encode()
        upstream.script = [{"body": b'[{"name":"A","type":"directory"}]'}]
        settings = DirectoryProvider("directory", "home", upstream.base)
        async with opened(settings, tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="500,000 characters together"):
                await source.provider.listing("a")


async def test_a_series_that_is_listed_without_end(tmp_path, monkeypatch):
    """Thousands of folders, each of them slow: the whole has a deadline."""
    monkeypatch.setattr("providers.checked.LISTING_SECONDS", 0.5)
    rows = [{"name": f"{n}", "type": "directory"} for n in range(5_000)]
    async with Upstream() as upstream:
        upstream.kind, upstream.body = "application/json", b"[]"
        top = b'[{"name":"A","type":"directory"}]'
        upstream.script = [{"body": top}, {"body": json.dumps(rows).encode()}]
        upstream.delay = 0.05
        settings = DirectoryProvider("directory", "home", upstream.base)
        async with opened(settings, tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="within 0.5 seconds") as failure:
                await source.provider.listing("a")
            assert failure.value.cause == "silent"
