"""Folder trees behind WebDAV: real servers, and answers of every form that servers give."""

import asyncio
import tempfile
from base64 import b64decode
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from providers import dav_listing, xml_elements
from providers.folder_listing import Entry, NoListing
from store.errors import ProviderError
from store.secret import Secret
from store.sources import WebdavProvider
from tests.contract import ProviderContract, opened
from tests.rows import each_row
from tests.servers import DAV_SERVERS
from tests.test_directory import NO_NAMES, STRANGE_NAMES, ServedDirectory, make_tree
from tests.upstream import Upstream


def row(href: str, size: int | None = None, more: str = "") -> str:
    """A response as rclone writes it: a file of a size, or a folder."""
    kind = "<D:collection/>" if size is None else ""
    length = "" if size is None else f"<D:getcontentlength>{size}</D:getcontentlength>"
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:resourcetype>{kind}"
        f"</D:resourcetype>{length}{more}</D:prop><D:status>HTTP/1.1 200 OK</D:status>"
        "</D:propstat></D:response>"
    )


def multistatus(*rows: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?><D:multistatus xmlns:D="DAV:">'
    return f"{head}{''.join(rows)}</D:multistatus>".encode("utf-8", "replace")


HOSTILE_NAMES = [name.replace("<", "&lt;").replace("\0", "%00") for name in NO_NAMES]
HOSTILE_NAMES += ["%2e%2e%2f%2e%2e%2fetc", "%ff", *STRANGE_NAMES[2:3], "x" * 5000]
HOSTILE = multistatus(
    row("/"),
    *(row(f"/{name}/") for name in HOSTILE_NAMES),
    *(row(f"/{name}%20S01E01.mkv", 10**30) for name in HOSTILE_NAMES),
)
BOMB = b'<!DOCTYPE m [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


class ServedWebdav(ServedDirectory):
    kind = WebdavProvider
    known = ServedDirectory.known._replace(has_sizes=True)


class TestRclone(ServedWebdav, ProviderContract):
    hostile_answers = (
        ("application/xml", HOSTILE),
        ("application/xml", BOMB + multistatus(row("/"), row("/&b;/"))),
        ("text/xml", multistatus(row("http://[bad/"), row(":"), row("%"))),
        ("text/xml", b"<a>" * 100_000),
        ("text/xml", b"<?xml version='1.0' encoding='utf-7'?><a/>"),
    )

    @asynccontextmanager
    async def serve(self, tmp_path):
        make_tree(tmp_path / "root")
        (tmp_path / "server").mkdir()
        async with DAV_SERVERS["rclone"].running(tmp_path / "server", tmp_path / "root") as url:
            yield WebdavProvider("webdav", "home", url)


# -- what counts as a listing, and what in it ------------------------------------------------------


def parse(body: bytes, url: str = "http://nas/dav/", asked: str = "http://nas/dav/") -> list[Entry]:
    return dav_listing.parse(body, asked, url).entries


SHOW, FILE = Entry("Show ä", True), Entry("b.mkv", False, 7)
ONE_FOLDER_ONE_FILE = {
    "paths": multistatus(row("/dav/"), row("/dav/Show%20%C3%A4/"), row("/dav/b.mkv", 7)),
    "addresses": multistatus(
        row("http://nas/dav/"), row("http://nas/dav/Show%20%c3%a4/"), row("http://nas/dav/b.mkv", 7)
    ),
    "relative": multistatus(row("./"), row("Show%20%C3%A4/"), row("./b.mkv", 7)),
    "no slash behind folders": multistatus(
        row("/dav"), row("/dav/Show%20%C3%A4"), row("/dav/b.mkv", 7)
    ),
    "unescaped": multistatus(row("/dav/"), row("/dav/Show ä/"), row("/dav/b.mkv", 7)),
    "escaped more than needed": multistatus(
        row("/%64av/"), row("/d%61v/Show%20%C3%A4/"), row("/dav/b%2Emkv", 7)
    ),
    "slashes twice": multistatus(
        row("//dav//"), row("/dav//Show%20%C3%A4/"), row("/dav//b.mkv", 7)
    ),
    "not first": multistatus(row("/dav/Show%20%C3%A4/"), row("/dav/b.mkv", 7), row("/dav/")),
    "without itself": multistatus(row("/dav/Show%20%C3%A4/"), row("/dav/b.mkv", 7)),
    "behind a proxy": multistatus(
        row("http://10.0.0.2:81/remote.php/dav/"),
        row("http://10.0.0.2:81/remote.php/dav/Show%20%C3%A4/"),
        row("http://10.0.0.2:81/remote.php/dav/b.mkv", 7),
    ),
    "the whole tree": multistatus(
        row("/dav/"),
        row("/dav/Show%20%C3%A4/"),
        row("/dav/Show%20%C3%A4/deep.mkv", 9),
        row("/dav/b.mkv", 7),
    ),
    "strangers": multistatus(
        row("/dav/"),
        row("/dav/Show%20%C3%A4/"),
        row("/dav/b.mkv", 7),
        row("http://evil/dav/c.mkv", 7),
        row("/other/d.mkv", 7),
        row("/dav/a%2Fe.mkv", 7),
        row("/dav/..", 7),
        row("", 7),
    ),
    "no prefix": multistatus(
        row("/dav/"), row("/dav/Show%20%C3%A4/"), row("/dav/b.mkv", 7)
    ).replace(b"D:", b"").replace(b"xmlns:D", b"xmlns").replace(b'"AV:"', b'"DAV:"'),
    "UTF-16": multistatus(row("/dav/"), row("/dav/Show ä/"), row("/dav/b.mkv", 7))
    .decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "Apache": b"""<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:"><D:response xmlns:lp1="DAV:" xmlns:g0="DAV:">
<D:href>/dav/</D:href><D:propstat><D:prop><lp1:resourcetype><D:collection/></lp1:resourcetype>
</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop>
<g0:getcontentlength/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>
<D:response xmlns:lp1="DAV:" xmlns:g0="DAV:"><D:href>/dav/Show%20%c3%a4/</D:href><D:propstat>
<D:prop><g0:getcontentlength>4096</g0:getcontentlength></D:prop>
<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat><D:propstat><D:prop><lp1:resourcetype>
<D:collection/></lp1:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
</D:response><D:response xmlns:lp1="DAV:"><D:href>/dav/b.mkv</D:href><D:propstat><D:prop>
<lp1:resourcetype/><lp1:getcontentlength>7</lp1:getcontentlength></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>
<D:response><D:href>/dav/gone.mkv</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>
</D:multistatus>""",
}  # fmt: skip


@each_row("body", ONE_FOLDER_ONE_FILE.values(), ids=ONE_FOLDER_ONE_FILE)
def test_one_folder_and_one_file(body):
    assert parse(body) == [SHOW, FILE]


def test_the_base_of_a_server():
    body = multistatus(row("/"), row("/A/"), row("/b.mkv", 7))
    assert parse(body, "http://nas/", "http://nas/") == [Entry("A", True), FILE]
    assert parse(multistatus(row("/")), "http://nas/", "http://nas/") == []


def test_signs_in_names_arrive_once_decoded():
    names = {
        "100%25%20sure.mkv": "100% sure.mkv",
        "a%2520b.mkv": "a%20b.mkv",
        "who?.mkv": "who?.mkv",
        "a&amp;b#1.mkv": "a&b#1.mkv",
        "Re:%20Zero.mkv": "Re: Zero.mkv",
    }
    body = multistatus(row("/dav/"), *(row(f"/dav/{name}", 7) for name in names))
    assert [entry.name for entry in parse(body)] == list(names.values())


@pytest.mark.parametrize(
    "length, size", [("7", 7), (" 7\n", 7), ("", None), ("-1", None), ("7.0", None), ("x", None)]
)
def test_a_length_that_is_none_leaves_the_size_open(length, size):
    body = multistatus(row("/dav/"), row("/dav/b.mkv", 7).replace(">7<", f">{length}<"))
    assert parse(body) == [Entry("b.mkv", False, size)]


def test_the_checksums_that_a_nextcloud_keeps():
    digests = f"SHA1:{'A' * 40} MD5:{'b' * 32} ADLER32:0c0ffee0 SHA256:{'c' * 63}"
    checksum = f"<o:checksum>{digests}</o:checksum>"
    more = f'<o:checksums xmlns:o="http://owncloud.org/ns">{checksum}</o:checksums>'
    (entry,) = parse(multistatus(row("/dav/"), row("/dav/b.mkv", 7, more)))
    assert entry.checksums == {"sha1": "a" * 40, "md5": "b" * 32}


@each_row(
    "body",
    [b"", b"<", b"{}", b"<html><a href='A/'>A</a></html>", multistatus(),
     multistatus(row("/dav2/"), row("/x/y/")),
     BOMB + multistatus(row("/dav/"), row("/dav/A/")), multistatus(row("/dav/"))[:-5],
     b"<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x'>" + multistatus(row("/dav/"))],
)  # fmt: skip
def test_an_answer_that_is_no_listing(body):
    with pytest.raises(NoListing):
        parse(body)


def test_a_listing_stands_at_the_address_that_was_asked_for():
    body = multistatus(row("/dav/"), row("/dav/A/"))
    assert parse(body, "https://nas/d%61v") == [Entry("A", True)]
    with pytest.raises(NoListing, match="at another address"):
        parse(body, "http://nas/login/")


def test_a_listing_of_ten_thousand_entries_is_read_and_no_longer_one():
    rows = [row(f"/dav/Folder%20{number}/") for number in range(10_001)]
    assert len(parse(multistatus(row("/dav/"), *rows[1:]))) == 10_000
    with pytest.raises(ProviderError, match="more than 10000 entries"):
        parse(multistatus(row("/dav/"), *rows))


@pytest.mark.parametrize(
    "body", [b"<a>" * 61, b"<a>" + b"<b/>" * 400_001, b"<a>" + b"<r>" + b"<b/>" * 5_001,
             b"<a" + b" b='c'" * 200_001, b"<r x='" + b"y" * 12_000_000,
             b"<a><r>" + b"x" * 1_000_001 + b"</r></a>"]
)  # fmt: skip
def test_xml_that_holds_too_much(body):
    with pytest.raises(xml_elements.NoXml):
        list(xml_elements.read(body, {"r"}))


# -- how servers are asked -------------------------------------------------------------------------

LISTING = multistatus(row("/"), row("/Show/"))


async def test_every_folder_is_asked_for_its_children_alone(tmp_path):
    async with Upstream() as upstream:
        upstream.kind, upstream.body = "application/xml", LISTING
        settings = WebdavProvider("webdav", "home", upstream.base, "mia", Secret("secret"))
        async with opened(settings, tmp_path / "db") as source:
            assert [hit.name for hit in await source.provider.search("", 5)] == ["Show"]
        (asked,) = upstream.requests
        assert (asked.method, asked.path, asked.headers["Depth"]) == ("PROPFIND", "/", "1")
        assert b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"mia:secret"


@pytest.mark.parametrize("status", [405, 501])
async def test_a_server_that_knows_no_webdav(tmp_path, status):
    async with Upstream() as upstream:
        upstream.status = status
        settings = WebdavProvider("webdav", "home", upstream.base)
        async with opened(settings, tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="does not answer to WebDAV") as failure:
                await source.provider.search("", 5)
            assert failure.value.cause == "no listing" and failure.value.details["fix"]


class Cloud(Upstream):
    """A Nextcloud with a shared folder: `door` is the path at which it is found."""

    door = "/public.php/dav/files/abcDEF123/"
    user, password = "anonymous", ""

    def _answer(self, knobs, request):
        login = request.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, password = b64decode(login).decode().partition(":")
        is_open = (not self.password and not login) or (user, password) == (
            self.user,
            self.password,
        )
        knobs.status = 404
        if request.path.startswith(self.door) and "X-Requested-With" in request.headers:
            knobs.status = 207 if is_open else 401
            knobs.kind = "application/xml; charset=utf-8"
            base = request.path.removesuffix("Show/")
            knobs.body = multistatus(row(base), row(f"{base}Show/"), row(f"{base}Show/1.mkv", 7))
        return super()._answer(knobs, request)


@pytest.mark.parametrize("link", ["s/abcDEF123", "index.php/s/abcDEF123/"])
@pytest.mark.parametrize("password", ["", "secret"])
@pytest.mark.parametrize("is_old", [False, True])
async def test_a_link_that_shares_a_folder(tmp_path, link, password, is_old):
    async with Cloud() as cloud:
        cloud.password = password
        if is_old:
            cloud.door, cloud.user = "/public.php/webdav/", "abcDEF123"
        settings = WebdavProvider("webdav", "home", cloud.base + link, password=Secret(password))
        async with opened(settings, tmp_path / "db") as source:
            (hit,) = await source.provider.search("", 5)
            assert hit.name == "Show"
            asked = len(cloud.requests)
            (episode,) = (await source.provider.listing(hit.key)).episodes
            where = await source.provider.source(hit.key, episode)
            assert where.url == f"{cloud.base[:-1]}{cloud.door}Show/1.mkv"
            assert {request.status for request in cloud.requests[asked:]} == {207}
        cloud.password, cloud.requests = "other", []
        async with opened(settings, tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="wrong user or password"):
                await source.provider.search("", 5)


async def test_a_folder_whose_address_looks_like_a_link(tmp_path):
    with tempfile.TemporaryDirectory(prefix="aniworld-served-") as folder:
        root = Path(folder, "root")
        make_tree(root / "s" / "abcd")
        async with DAV_SERVERS["rclone"].running(Path(folder), root) as url:
            settings = WebdavProvider("webdav", "home", f"{url}s/abcd")
            async with opened(settings, tmp_path / "db") as source:
                hits = await source.provider.search("", 5)
                assert len(hits) == 3


async def test_many_searches_at_once_ask_once(tmp_path):
    async with Upstream() as upstream:
        upstream.kind, upstream.body = "application/xml", LISTING
        async with opened(
            WebdavProvider("webdav", "home", upstream.base), tmp_path / "db"
        ) as source:
            await asyncio.gather(*[source.provider.search("", 5) for _ in range(5)])
            assert len(upstream.requests) == 1
