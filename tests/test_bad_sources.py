"""What sources do that is not in the book: a file is fetched wherever one can be had, whole or not
at all."""

from __future__ import annotations

import asyncio
import random

import pytest

from downloads import part_file, scheduler, transfer
from downloads.part_file import Checkpoint
from downloads.progress import Progress
from downloads.validators import sniff
from providers.http_head import parse_head
from providers.network import Network
from store.errors import ProviderError
from store.models import Source
from tests.app import running, until
from tests.shows import Shows, completed, home, library_is_right, queue, statuses
from tests.test_rests import impatient
from tests.test_transfer import Run
from tests.upstream import Knobs, Upstream, nginx

BODY = b"\x1aE\xdf\xa3" + random.Random(7).randbytes(1_500_000)
HTML = b"<!DOCTYPE html><html><body>Please log in.</body></html>" + b" " * 3000


@pytest.fixture
async def up():
    async with Upstream() as up:
        up.body = BODY
        yield up


@pytest.fixture
async def run(up, tmp_path):
    async with Network() as web:
        yield Run(web, up.base, tmp_path / "e1.part")


async def cut_once(run, up, **knobs):
    """The first answer breaks off at 700,000 bytes."""
    up.script = [{"drop_after": 700_000} | knobs]
    with pytest.raises(ProviderError):
        await run()
    assert run.saved.spans == ((0, 700_000),)
    up.requests.clear()


def ranged(up) -> list[bool]:
    return ["Range" in request.headers for request in up.requests]


# --- types -------------------------------------------------------------------------------------

TYPES = [
    "text/vnd.trolltech.linguist",
    "text/x-matroska",
    "text/html",
    "application/json",
    "application/xhtml+xml; charset=utf-8",
    "text/plain",
    "image/png",
    "",
]


@pytest.mark.parametrize("kind", TYPES)
async def test_the_first_bytes_decide(run, up, kind):
    up.kind = kind
    await cut_once(run, up)
    await run()
    assert run.part.read_bytes() == BODY
    assert ranged(up) == [True]


@pytest.mark.parametrize(
    "kind, head, what",
    [
        ("text/html", b"Nothing", "text"),
        ("application/json", b'["nothing"]', "text"),
        ("application/json", b"[1]", "text"),
        ("video/mp4", b"x" * 600, None),
        ("text/html", b"\0\0\0\x20ftypisom", None),
        ("text/html", b"<p>", "a document"),
        ("video/mp4", b"<p>", "a document"),
    ],
)
def test_a_type_is_believed_where_the_bytes_agree(kind, head, what):
    assert sniff(head, kind) == what


@pytest.mark.parametrize("coding", ["none", "binary", "UTF-8", "", "identity", "aws-chunked"])
async def test_what_is_no_packing(run, up, coding):
    up.headers = {"Content-Encoding": coding}
    await run()
    assert run.part.read_bytes() == BODY


@pytest.mark.parametrize(
    "coding", ["gzip", "X-GZIP", "deflate", "br", "zstd", "compress", "utf-8, gzip"]
)
async def test_what_is_packing(run, up, coding):
    up.headers = {"Content-Encoding": coding}
    with pytest.raises(ProviderError, match="packed") as failure:
        await run()
    assert failure.value.final


# --- the end of a file -------------------------------------------------------------------------

OPEN = {"length": ""}  # only the end of the connection ends the body


@pytest.mark.parametrize("cut", [1, 511, 512, 700_000, len(BODY) - 1])
@pytest.mark.parametrize("told_by", ["HEAD", "range", "listing"])
async def test_a_cut_without_a_length_is_seen(run, up, cut, told_by):
    source = Source(up.url("e1.mkv"), ".mkv", size=len(BODY) if told_by == "listing" else None)
    refuses = [{"status": 405}] if told_by == "range" else []
    up.script = [OPEN | {"drop_after": cut}, *refuses]
    with pytest.raises(ProviderError, match="less than it promised") as failure:
        await run(source)
    assert not failure.value.final
    assert run.saved.spans == ((0, cut),)
    receipt = await run(source)
    assert run.part.read_bytes() == BODY
    assert receipt.proof == "length"


@pytest.mark.parametrize("told_by", ["HEAD", "206", "416"])
async def test_a_length_is_asked_for(run, up, told_by):
    refused = {"status": 405}
    beyond = {"status": 416, "headers": {"Content-Range": f"bytes */{len(BODY)}"}}
    up.script = {"HEAD": [OPEN], "206": [OPEN, refused], "416": [OPEN, refused, beyond]}[told_by]
    receipt = await run()
    assert receipt.proof == "length"
    assert run.part.read_bytes() == BODY
    assert up.requests[1].method == "HEAD"


async def test_a_length_by_head_of_less_than_has_come_is_not_believed(run, up):
    up.length = ""
    up.head = {"headers": {"Content-Length": "17"}}
    receipt = await run()
    assert run.part.read_bytes() == BODY
    assert receipt.proof == "length"
    assert len(up.requests) == 3


@pytest.mark.parametrize("status", [200, 400, 403, 404, 500, 501])
async def test_a_length_that_nobody_tells(run, up, status):
    up.script = [OPEN, OPEN, OPEN | {"status": status, "ranges": False}]
    receipt = await run()
    assert receipt.proof == "unproven"
    assert run.part.read_bytes() == BODY


@pytest.mark.parametrize("knobs", [{"raw": b""}, {"status": 503}, {"status": 429}])
async def test_nobody_is_there_to_tell_the_length(run, up, knobs):
    up.script = [OPEN | {"drop_after": 700_000}, *[knobs] * 4]
    with pytest.raises(ProviderError) as failure:
        await run()
    assert not failure.value.final
    up.script = []
    await run()
    assert run.part.read_bytes() == BODY


async def test_more_came_than_the_source_tells(run, up):
    up.script = [OPEN, {"headers": {"Content-Length": "1000"}}]
    await run()
    assert run.part.read_bytes() == BODY
    assert len(up.requests) == 3


async def test_an_open_end_before_the_first_byte(run, up):
    up.script = [OPEN | {"drop_after": 0}]
    with pytest.raises(ProviderError) as failure:
        await run()
    assert not failure.value.final


class ShowsWithoutSizes(Shows):
    def _listing(self, folder: str) -> list[dict]:
        listing = super()._listing(folder)
        return [{key: row[key] for key in ("name", "type")} for row in listing]


async def test_the_owner_is_told_what_is_unproven(tmp_path):
    """In the item, on the socket and in the history; a file whose length is told is proven."""
    async with ShowsWithoutSizes([300_000, 300_000]) as up:
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            async with server.socket() as ws:
                await queue(server, "S01E01")
                up.length = ""
                up.ranged = {"status": 400}
                await server.post("/api/queue/start")
                await completed(server, "S01E01")
                while (message := await ws.receive_json())["type"] != "download_completed":
                    pass
            up.length = None
            up.ranged = {}
            await queue(server, "S01E02")
            await completed(server, "S01E02")
            _, page, _ = await server.get("/api/queue")
            reasons = {item["episode"]: item["reason"] for item in page["data"]}
            _, page, _ = await server.get("/api/queue/history")
            proofs = {row["episode"]: row["proof"] for row in page["data"]}
    assert reasons["S01E01"].startswith("Unproven: ")
    assert message["data"]["reason"] == reasons["S01E01"]
    assert reasons["S01E02"] == ""
    assert proofs == {"S01E01": "unproven", "S01E02": "length"}


# --- going on ----------------------------------------------------------------------------------


async def test_if_range_that_is_never_honoured(run, up):
    up.conditional = {"ranges": False}
    await cut_once(run, up)
    receipt = await run()
    assert run.part.read_bytes() == BODY
    assert (receipt.resumed, receipt.validator) == (1, "etag")
    assert sum(request.sent for request in up.requests[1:]) < 900_000


@pytest.mark.parametrize("etag", ['"v2"', None])
async def test_a_range_alone_has_to_name_the_validator(run, up, etag):
    up.conditional = {"ranges": False}
    await cut_once(run, up)
    up.body = BODY[::-1]
    up.body = BODY[:4] + up.body[4:]
    up.ranged = {"etag": etag}
    up.conditional = {"ranges": False, "etag": '"v1"'}
    await run()
    assert run.part.read_bytes() == up.body


async def test_without_a_date_of_the_answer_our_clock_tells_its_age(run, up):
    up.etag = None
    up.headers = {"Date": None}
    await cut_once(run, up)
    receipt = await run()
    assert run.part.read_bytes() == BODY
    assert (receipt.resumed, receipt.validator) == (1, "date")


@pytest.mark.parametrize(
    "knobs",
    [{"ranges": False}, {"etag": 'W/"v1"', "modified": None}, {"ranges": False, "chunked": True}],
    ids=["no ranges", "weak", "chunked"],
)
async def test_a_source_that_cannot_go_on(run, up, knobs):
    vars(up).update(knobs, drop_after=700_000)
    for _ in range(4):
        with pytest.raises(ProviderError) as failure:
            await run()
        assert not failure.value.final
    with pytest.raises(ProviderError, match="cannot go on where it broke off") as failure:
        await run()
    assert failure.value.final
    assert run.progress.fetched == 5 * 700_000
    assert len(up.requests) <= 6
    up.drop_after = None  # by hand
    await run()
    assert run.part.read_bytes() == BODY


@pytest.mark.parametrize(
    "cut, validator",
    [
        (100_000, "etag"),
        (40_000, "etag"),
        (40_000, "date"),
        (40_000, "none"),
        pytest.param(9_000, "etag", marks=pytest.mark.slow),
    ],
)
async def test_moving_on_never_fails(run, up, cut, validator):
    """Each answer is cut, also where it brings less than is compared in general."""
    up.drop_after = cut
    up.etag = up.etag if validator == "etag" else None
    up.modified = None if validator == "none" else up.modified
    for _ in range(4 * len(BODY) // cut):
        try:
            await run()
            break
        except ProviderError as failure:
            assert not failure.final
    assert run.part.read_bytes() == BODY


@pytest.mark.parametrize(
    "way, status",
    [
        ({"ranges": False}, "failed"),
        ({"conditional": {"ranges": False}}, "completed"),
        ({"headers": {"Date": None}, "etag": None}, "completed"),
        ({"ranged": {"status": 403}}, "failed"),
    ],
    ids=["no ranges", "If-Range ignored", "no date", "ranges refused"],
)
async def test_a_queue_of_files_that_are_always_cut(tmp_path, monkeypatch, way, status):
    """Each item ends: whole where the source goes on somehow, else after five fetches of each."""
    size = 900_000
    async with Shows([size, size]) as up:
        vars(up).update(way, drop_after=300_000)
        async with impatient(tmp_path, monkeypatch, providers=home(up.base)) as server:
            await queue(server, "S01E01", "S01E02")
            await server.post("/api/queue/start")

            async def have_ended() -> bool:
                return set((await statuses(server)).values()) == {status}

            await until(have_ended)
            _, page, _ = await server.get("/api/queue")
            errors = {item["error_message"] for item in page["data"]}
            library_is_right(server, up)
            for code in up.videos:
                stretches = up.fetched(code)
                from_start = [stretch for stretch in stretches if stretch[0] == 0]
                assert len(from_start) <= 6, "five, and one that showed that ranges do not work"
                if status == "completed":
                    on = [end - start for start, end in stretches if start]
                    assert sum(on) <= size
            if status == "failed":
                assert errors == {"The source cannot go on where it broke off"}


def test_restarts_are_kept():
    point = Checkpoint("http://x/", restarts=3)
    assert Checkpoint.loads(point.dumps()) == point
    assert Checkpoint.loads('{"url":"http://x/","spans":[]}').restarts == 0
    assert Checkpoint.loads('{"url":"http://x/","spans":[],"restarts":-1}') is None


# --- refused ranges ----------------------------------------------------------------------------


ACCIDENTS = {
    **{str(status): {"status": status} for status in (400, 403, 404, 412, 416, 500, 501)},
    "ranges ignored": {"ranges": False},
    "another place": {"shift": 100},
    "no place": {"content_range": ""},
    "nonsense": {"content_range": "bytes 5-6/7, or so"},
    "several parts": {"multipart": True},
    "packed": {"headers": {"Content-Encoding": "gzip"}},
}


@pytest.mark.parametrize("row", ACCIDENTS)
async def test_an_odd_answer_once_costs_no_bytes(run, up, row):
    await cut_once(run, up)
    up.script = [ACCIDENTS[row], {}]
    await run()
    assert run.part.read_bytes() == BODY
    assert len(up.requests) <= 3
    assert run.progress.fetched < len(BODY) + 2 * part_file.OVERLAP_BYTES


@pytest.mark.parametrize("status", [400, 403, 404, 405, 412, 500, 501])
async def test_a_status_that_only_ranged_requests_get(run, up, status):
    await cut_once(run, up)
    up.ranged = {"status": status}
    await run()
    assert run.part.read_bytes() == BODY
    assert ranged(up)[0]
    assert not ranged(up)[-1]


async def test_a_packing_that_only_ranged_requests_get(run, up):
    await cut_once(run, up)
    up.ranged = {"headers": {"Content-Encoding": "gzip"}}
    await run()
    assert run.part.read_bytes() == BODY
    assert ranged(up) == [True, True, False]


async def test_a_file_that_is_packed_from_now_on_keeps_its_bytes(run, up):
    await cut_once(run, up)
    up.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(ProviderError, match="packed"):
        await run()
    assert run.saved.spans == ((0, 700_000),)
    assert run.part.stat().st_size == 700_000


ONLY_RANGES = {
    **{str(status): {"status": status} for status in (202, 302, 304, 429, 502, 503, 504, 599)},
    "redirects": {"location": "/e1.mkv"},
    "reset": {"drop_after": 0, "reset": True, "raw": b""},
    "no HTTP": {"raw": b"SSH-2.0-OpenSSH_9.2\r\n\r\n"},
}


@pytest.mark.parametrize("row", ONLY_RANGES)
async def test_what_only_ranged_requests_get_is_overcome_in_the_end(run, up, row):
    """Not at once: it may be an outage, and the bytes so far are worth something."""
    await cut_once(run, up)
    up.ranged = ONLY_RANGES[row]
    for _ in range(4):
        run.progress = Progress()
        try:
            await run()
        except ProviderError:
            assert run.saved.spans == ((0, 700_000),)
        else:
            break
    assert run.part.read_bytes() == BODY
    assert not ranged(up)[-1]


@pytest.mark.parametrize("row", ["502", "reset", "redirects"])
async def test_an_outage_of_many_tries_costs_no_bytes(run, up, row):
    await cut_once(run, up)
    vars(up).update(ONLY_RANGES[row])
    for _ in range(4):
        run.progress = Progress()
        with pytest.raises(ProviderError):
            await run()
    vars(up).update(vars(Knobs()) | {"body": BODY})
    receipt = await run()
    assert receipt.resumed == 1 and up.requests[-1].sent < len(BODY) - 600_000


RANGES = [
    "bytes {s}-{e}/*", "Bytes {s}-{e}/{n}", "bytes={s}-{e}/{n}", "bytes: {s}-{e}/{n}",
    "bytes  {s} - {e} / {n}", "{s}-{e}/{n}",
]  # fmt: skip


@pytest.mark.parametrize("form", RANGES)
async def test_a_place_that_is_written_otherwise(run, up, form):
    await cut_once(run, up)
    up.content_range = form
    assert (await run()).resumed == 1
    assert run.part.read_bytes() == BODY


@pytest.mark.parametrize("is_dated", [True, False])
async def test_a_weak_etag_that_is_another_one_each_time(run, up, is_dated):
    """The date proves what such a tag does not; without one nothing does."""
    date = {} if is_dated else {"modified": None}
    await cut_once(run, up, etag='W/"1"', **date)
    up.script = [{"etag": 'W/"2"', **date}]
    assert (await run()).resumed == is_dated
    assert run.part.read_bytes() == BODY


async def test_a_whole_of_another_length_under_the_same_name(run, up):
    """What a range gets contradicts what is known: what the whole file's request gets is true."""
    await cut_once(run, up)
    up.ranged = {"ranges": False, "body": BODY[:-1000]}
    await run()
    assert run.part.read_bytes() == BODY


@pytest.mark.parametrize("is_listed", [True, False])
async def test_a_proxy_that_appends_to_each_body(run, up, is_listed):
    """The length is believed where the listing tells the same."""
    up.appended = b"<script>" * 1000
    size = len(BODY) if is_listed else None
    source = Source(up.url("e1.mkv"), ".mkv", size=size)
    if is_listed:
        await cut_once(run, up)
        await run(source)
        assert run.part.read_bytes() == BODY
    else:
        with pytest.raises(ProviderError, match="not proper HTTP"):
            await run(source)


@pytest.mark.parametrize("status, cause", [(202, "busy"), (204, "refusal"), (226, "refusal")])
async def test_a_success_that_brings_nothing(run, up, status, cause):
    up.script = [{"status": status}]
    with pytest.raises(ProviderError, match=f"answered {status}") as failure:
        await run()
    assert (failure.value.cause, failure.value.final) == (cause, False)


async def test_a_proxy_that_says_that_it_is_one(run, up):
    up.status = 203
    await run()
    assert run.part.read_bytes() == BODY


async def test_a_status_that_only_if_range_gets(run, up):
    await cut_once(run, up)
    up.conditional = {"status": 412}
    receipt = await run()
    assert run.part.read_bytes() == BODY
    assert receipt.resumed == 1
    assert len(up.requests) == 2


@pytest.mark.parametrize("status, count", [(403, 2), (404, 2), (401, 1), (410, 1), (503, 1)])
async def test_a_refusal_of_all_keeps_the_bytes(run, up, status, count):
    await cut_once(run, up)
    up.status = status
    with pytest.raises(ProviderError, match=str(status)):
        await run()
    assert len(up.requests) == count
    assert run.saved.spans == ((0, 700_000),)
    assert run.part.stat().st_size == 700_000


async def test_a_page_in_place_of_the_rest_keeps_the_bytes(run, up):
    await cut_once(run, up)
    up.script = [{"kind": "text/html", "body": HTML, "etag": None, "ranges": False}]
    with pytest.raises(ProviderError, match="document in place") as failure:
        await run()
    assert not failure.value.final
    assert run.saved.spans == ((0, 700_000),)
    await run()
    assert run.part.read_bytes() == BODY
    assert up.requests[-1].sent < 900_000


@pytest.mark.parametrize("body", [HTML, b"busy, come again", b'{"error": "limit"}'])
@pytest.mark.parametrize("is_resumed", [False, True])
async def test_a_page_of_another_length_than_the_listed_one_is_a_page(run, up, body, is_resumed):
    """Whose it is, is not known: it says nothing of the file's length."""
    if is_resumed:
        await cut_once(run, up)
    up.script = [{"kind": "text/html", "body": body, "etag": None, "ranges": False}]
    with pytest.raises(ProviderError, match="in place of a video") as failure:
        await run(Source(up.url("e1.mkv"), ".mkv", size=len(BODY)))
    assert (failure.value.cause, failure.value.final) == ("no video", False)


# --- more connections than a source bears ---------------------------------------------------------

REFUSALS = {
    "403": {"status": 403},
    "404": {"status": 404},
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "503": {"status": 503},
    "page": {"kind": "text/html", "body": HTML, "etag": None, "ranges": False},
    "reset": {"drop_after": 0, "reset": True},
}
SAMPLE = [pytest.param(row, marks=() if row == "503" else pytest.mark.slow) for row in REFUSALS]


@pytest.mark.parametrize("row", SAMPLE)
async def test_more_connections_than_a_source_bears(run, up, row, monkeypatch):
    monkeypatch.setattr(transfer, "FEW_BYTES", 100_000)
    monkeypatch.setattr(transfer, "CALM_SECONDS", (0.2, 0.4, 0.8))
    monkeypatch.setattr(scheduler, "MIN_SPLIT_BYTES", 100_000)
    up.rate = 200_000  # until the others have their refusals, however busy the machine is
    up.bears = 1
    up.late = 0.05
    up.crowded = REFUSALS[row]
    task = asyncio.create_task(run(spare=lambda: 3))
    await until(lambda: run.progress.were_several and run.progress.connections == 1)
    up.rushed = True
    await task
    assert run.part.read_bytes() == BODY
    assert len(up.requests) > 1
    assert len(up.requests) < 12
    if row != "reset":  # there the others had an answer for a moment
        assert up.requests[0].sent == len(BODY), "the first gets the others' stretches back"


async def test_a_source_that_gives_no_stretches_is_asked_for_none(run, up, monkeypatch):
    monkeypatch.setattr(transfer, "FEW_BYTES", 100_000)
    up.ranges = False
    await cut_once(run, up)
    up.rate = 500_000
    task = asyncio.create_task(run(spare=lambda: 3))
    await until(lambda: run.progress.fetched > 1_000_000)  # it knows how slow the line is
    up.rushed = True
    await task
    assert run.part.read_bytes() == BODY
    assert len(up.requests) == 2, "with If-Range and without"


@pytest.mark.parametrize("row", SAMPLE)
async def test_a_source_that_is_late_to_see_an_end(run, up, row, monkeypatch):
    """Two connections are fine at first. Then one is, and what was cut off still counts a while."""
    monkeypatch.setattr(transfer, "FEW_BYTES", 100_000)
    monkeypatch.setattr(transfer, "CALM_SECONDS", (0.2, 0.4, 0.8))
    monkeypatch.setattr(scheduler, "MIN_SPLIT_BYTES", 100_000)
    up.rate = 1_000_000
    up.script = [{}, {"drop_after": 50_000}, {"drop_after": 50_000}, {"drop_after": 50_000}]
    up.late = 0.1
    up.bears = 4
    up.crowded = REFUSALS[row]

    async def save(point):
        if len(up.requests) >= 4:
            up.bears = 1
        await keep(point)

    keep, run.save = run.save, save
    await run(spare=lambda: 3)
    assert run.part.read_bytes() == BODY


async def test_a_verdict_after_a_calm_is_left_to_the_next_try(run, up, monkeypatch):
    monkeypatch.setattr(transfer, "FEW_BYTES", 100_000)
    monkeypatch.setattr(transfer, "CALM_SECONDS", (0.1, 0.1))
    up.rate = 1_000_000
    up.script = [{"drop_after": 400_000, "status": None}]
    up.status = 404
    with pytest.raises(ProviderError, match="404") as failure:
        await run(spare=lambda: 1)
    assert not failure.value.final
    assert run.saved.spans
    with pytest.raises(ProviderError, match="404") as failure:
        await run()
    assert failure.value.final


@pytest.mark.parametrize(
    "status", [*(pytest.param(status, marks=pytest.mark.slow) for status in (403, 404, 429)), 503]
)
async def test_a_real_server_that_bears_one_connection(tmp_path, status, monkeypatch):
    monkeypatch.setattr(transfer, "FEW_BYTES", 100_000)
    asked = []

    def spare() -> int:
        asked.append(3)
        return 3

    for parent in (tmp_path, *tmp_path.parents):
        if not parent.stat().st_mode & 1:
            parent.chmod(0o711)
    served = tmp_path / "served"
    served.mkdir()
    body = BODY * 2
    (served / "e1.mkv").write_bytes(body)
    zone = "limit_conn_zone $server_port zone=all:1m;"
    extra = f"limit_conn all 1; limit_conn_status {status}; limit_rate 1m;"
    async with nginx(tmp_path, served, extra=extra, http=zone) as base, Network() as web:
        run = Run(web, base, tmp_path / "e1.part")
        await run(spare=spare)
    assert run.part.read_bytes() == body
    assert asked
    assert run.progress.fetched == len(body), "nothing was fetched twice"


# --- odd heads ---------------------------------------------------------------------------------


async def test_a_length_beside_chunks(run, up):
    up.chunked = True
    up.headers = {"Content-Length": "17"}
    receipt = await run()
    assert run.part.read_bytes() == BODY
    assert receipt.proof == "clean end"
    head = parse_head(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", "GET")
    assert (head.length, head.chunked, head.kept) == (None, True, False)


async def test_the_whole_as_a_part_that_nobody_asked_for(run, up):
    whole = f"bytes 0-{len(BODY) - 1}/{len(BODY)}"
    up.script = [{"status": 206, "headers": {"Content-Range": whole}, "drop_after": 700_000}]
    up.script[0]["body"] = BODY
    with pytest.raises(ProviderError):
        await run()
    receipt = await run()
    assert run.part.read_bytes() == BODY
    assert (receipt.resumed, receipt.proof) == (1, "length")


@pytest.mark.parametrize(
    "given", ["bytes 1-9/10", "bytes 0-8/10", "bytes 0-9/*", "", "bytes 0-0/1"]
)
async def test_a_part_that_nobody_asked_for(run, up, given):
    up.status = 206
    up.headers = {"Content-Range": given}
    with pytest.raises(ProviderError, match="does not fit"):
        await run()
