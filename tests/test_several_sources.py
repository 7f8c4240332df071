"""One series at several sources: who has what, and where it is fetched from."""

import contextlib
import hashlib
from types import SimpleNamespace

import pytest

from downloads import carry_over
from store.db import connect
from tests.app import running
from tests.shows import SHOW, Shows, completed, library_is_right
from tests.shows import queue as put_in_queue
from tests.upstream import Knobs, Request

SIZE = 3_000_000


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


def setting(**servers) -> list[dict]:
    """The setting `providers`: each server under its name, in this order."""
    return [
        {"type": getattr(server, "type", "directory"), "name": name, "url": server.base}
        for name, server in servers.items()
    ]


async def sources_of(server, anime_id: str = SHOW) -> list[tuple[str, str, int]]:
    _, body, _ = await server.get(f"/api/v1/anime/{anime_id}")
    return [(each["name"], each["key"], each["episodes"]) for each in body["sources"]]


# -- a download that goes on at the next source ----------------------------------------------------


class Summed(Shows):
    """Shows behind WebDAV, with the checksums that a Nextcloud tells."""

    type = "webdav"

    def _answer(self, knobs: SimpleNamespace, request: Request) -> tuple[bytes, bytes]:
        if self.code(request):
            return super()._answer(knobs, request)
        rows = [self._row(request.path)]
        if request.path != "/Show/":
            rows.append(self._row("/Show/"))
        else:
            rows += [self._row(f"/Show/Show%20-%20{code}.mkv", code) for code in self.videos]
        listing = f'<D:multistatus xmlns:D="DAV:">{"".join(rows)}</D:multistatus>'.encode()
        plain = Knobs(body=listing, kind="application/xml", etag=None, modified=None, status=207)
        vars(knobs).update(vars(plain))
        return super(Shows, self)._answer(knobs, request)

    def _row(self, href: str, code: str | None = None) -> str:
        about = "<D:resourcetype><D:collection/></D:resourcetype>"
        if code:
            digest = hashlib.sha1(self.videos[code]).hexdigest()
            about = (
                f"<D:getcontentlength>{len(self.videos[code])}</D:getcontentlength>"
                '<o:checksums xmlns:o="http://owncloud.org/ns">'
                f"<o:checksum>SHA1:{digest}</o:checksum></o:checksums>"
            )
        return (
            f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{about}</D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )


@pytest.mark.parametrize("kind", [Shows, Summed])
async def test_the_third_source_brings_the_rest_where_two_fail_in_the_middle(
    tmp_path, short_pauses, kind
):
    """Nothing is fetched twice: the same checksum, or length and bytes, show the same file."""
    async with kind((SIZE,)) as one, kind((SIZE,)) as two, kind((SIZE,)) as three:
        one.drop_after = 1_200_000
        two.drop_after = 900_000
        for server, etag in ((one, '"a"'), (two, '"b"'), (three, None)):
            server.etag = etag
        config = setting(home=one, sister=two, friend=three)
        async with running(tmp_path, providers=config) as server:
            await server.login()
            await put_in_queue(server, "S01E01")
            assert await sources_of(server) == [
                ("home", "show", 1),
                ("sister", "show", 1),
                ("friend", "show", 1),
            ]
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            assert library_is_right(server, three) == {"S01E01"}
            _, history, _ = await server.get("/api/queue/history")
            (fetched,) = history["data"]
            assert (fetched["provider"], fetched["resumed"]) == ("friend", 2)
            assert fetched["proof"] == ("sha1" if kind is Summed else "length")
    probes = 2 * (1 if kind is Summed else carry_over.PLACES)
    sent = one.sent("S01E01") + two.sent("S01E01") + three.sent("S01E01")
    assert sent <= SIZE + (probes + 4) * carry_over.OVERLAP_BYTES
    assert all(start > 0 or end < SIZE / 2 for start, end in three.fetched("S01E01"))


@pytest.mark.parametrize("difference", [100, 600_000])
async def test_another_file_of_the_same_length_is_fetched_from_its_start(
    tmp_path, short_pauses, difference
):
    async with Shows((SIZE,)) as one, Shows((SIZE,)) as two:
        body = bytearray(two.videos["S01E01"])
        body[difference : difference + 65536 * 4] = bytes(65536 * 4)
        two.videos["S01E01"] = bytes(body)
        one.drop_after = 1_200_000
        async with running(tmp_path, providers=setting(home=one, sister=two)) as server:
            await server.login()
            await put_in_queue(server, "S01E01")
            await server.post("/api/queue/start")
            await completed(server, "S01E01")
            assert library_is_right(server, two) == {"S01E01"}
