"""One URL into one file, whatever the server does. The ids are rows of docs/faults.md."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import random
import threading
import time
import zlib
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest

from downloads import part_file, scheduler, transfer
from downloads.part_file import Checkpoint, Journal, Part, join
from downloads.progress import Gauge, Progress
from downloads.receiver import Limits
from downloads.throttle import Throttle
from downloads.transfer import fetch
from downloads.validators import sniff
from providers.network import Network
from store.errors import DownloadError, ProviderError
from store.models import Source
from tests.app import PATIENCE_SECONDS, until
from tests.rows import each_row
from tests.upstream import Upstream, certificate, nginx

BODY = b"\x1aE\xdf\xa3" + random.Random(7).randbytes(1_500_000)
OTHER = b"\x1aE\xdf\xa3" + random.Random(8).randbytes(1_500_000)


class Run:
    """fetch with what its caller keeps: the newest checkpoint, the progress, the part file."""

    def __init__(self, web: Network, base: str, part: Path):
        self.web = web
        self.base = base
        self.part = part
        self.saved: Checkpoint | None = None
        self.saves: list[Checkpoint] = []
        self.progress = Progress()

    async def save(self, point: Checkpoint) -> None:
        self.saved = Checkpoint.loads(point.dumps())
        assert self.saved == point
        self.saves.append(point)

    async def __call__(self, source: Source | str = "e1.mkv", **more):
        if isinstance(source, str):
            source = Source(self.base + source, ".mkv")
        options = {"throttle": Throttle(), "progress": self.progress} | more
        return await fetch(
            self.web,
            source,
            self.part,
            base=self.base,
            resume=self.saved,
            save=self.save,
            **options,
        )


@pytest.fixture
async def web():
    async with Network() as web:
        yield web


@pytest.fixture
async def up():
    async with Upstream() as up:
        up.body = BODY
        yield up


@pytest.fixture
def run(web, up, tmp_path):
    return Run(web, up.base, tmp_path / "e1.part")


async def test_a_file_comes_whole_with_its_receipt(run, up):
    receipt = await run(reserve=(reserved := Calls()))
    assert run.part.read_bytes() == BODY
    assert (receipt.bytes, receipt.resumed, receipt.validator, receipt.proof) == (
        len(BODY),
        0,
        None,
        "length",
    )
    assert run.progress == Progress(len(BODY), len(BODY), len(BODY))
    assert run.saved == Checkpoint(
        up.url("e1.mkv"), '"v1"', up.modified, len(BODY), ((0, len(BODY)),), 0, run.saved.seconds
    )
    assert reserved.calls == [len(BODY)]
    assert (
        up.requests[0].headers["Accept-Encoding"] == "identity"
        and "Range" not in up.requests[0].headers
    )


class Calls:
    def __init__(self, failure: Exception | None = None):
        self.calls, self.failure = [], failure

    async def __call__(self, value):
        self.calls.append(value)
        if self.failure:
            raise self.failure


BEHAVIOURS = {
    "plain": {},
    "date only": {"etag": None},
    "weak etag": {"etag": 'W/"v1"'},
    "weak etag, new": {"etag": 'W/"v1"', "modified": "now"},
    "nothing": {"etag": None, "modified": None},
    "no ranges": {"ranges": False},
    "reset": {"reset": True},
    "chunked": {"chunked": True},
}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_n4_cut_anywhere(web, up, tmp_path, behaviour):
    """96 offsets over all behaviours, each resumed; the bytes are always the server's."""
    up.body = BODY[:300_000]
    knobs = BEHAVIOURS[behaviour]
    is_settled = knobs.get("modified") != "now"
    if not is_settled:
        knobs = knobs | {"modified": formatdate(usegmt=True)}
    edges = [0, 1, 511, 512, 65_535, 65_536, 65_537, 299_999]
    for cut in edges + random.Random(behaviour).sample(range(300_000), 4):
        run = Run(web, up.base, tmp_path / f"{cut}.part")
        vars(up).update(knobs)
        up.script = [{"drop_after": cut}]
        with pytest.raises(ProviderError) as failure:
            await run(must_settle=is_settled)
        assert not failure.value.final
        kept = run.saved.spans if run.saved else ()
        assert behaviour in ("reset", "chunked") or kept == (((0, cut),) if cut else ()), (
            "a cut keeps what came before"
        )
        up.script = [{"drop_after": 80_000}, {}]
        for _ in range(3):
            try:
                await run(must_settle=is_settled)
                break
            except ProviderError:
                assert up.script, "only a cut fails"
        assert run.part.read_bytes() == up.body
        asked = [request for request in up.requests if request.method == "GET"][-1].headers
        if kept and behaviour == "plain":
            assert asked["If-Range"] == '"v1"' and asked["Range"].endswith("-")
        assert "W/" not in asked.get("If-Range", "")


LATER = "Tue, 06 Oct 2020 10:00:00 GMT"
CHANGES = {  # the server until the cut, and what changes then
    "N6 etag": ({}, {"etag": '"v2"', "body": OTHER}),
    "N6 etag, If-Range ignored": ({"if_range": False}, {"etag": '"v2"', "body": OTHER}),
    "N6 date": ({"etag": None}, {"modified": LATER, "body": OTHER}),
    "N6 date, If-Range ignored": (
        {"etag": None, "if_range": False},
        {"modified": LATER, "body": OTHER},
    ),
    "N6 no validator, other bytes": ({"etag": None, "modified": None}, {"body": OTHER}),
    "N6 no validator, longer": ({"etag": None, "modified": None}, {"body": BODY + b"more"}),
    "N6 etag stays, shorter": ({}, {"body": OTHER[:500_000]}),
    "N5 200": ({"ranges": False}, {}),
    "N5 other start": ({"shift": 1}, {}),
    "N5 other total": ({"content_range": "bytes 634464-1500003/1500009"}, {}),
    "N5 total unknown": ({"content_range": "bytes 634464-1500003/*"}, {}),
    "N5 no Content-Range": ({"content_range": ""}, {}),
    "N5 nonsense": ({"content_range": "bytes 5-1/0"}, {}),
    "N5 multipart": ({"multipart": True}, {}),
    "N9 416 for all": ({"script": [{"status": 416}]}, {}),
    "N9 416, bare": ({"bare_416": True, "if_range": False}, {"body": OTHER[:100_000]}),
}


@pytest.mark.parametrize("row", CHANGES)
async def test_n5_n6_never_spliced(run, up, row):
    before, after = CHANGES[row]
    vars(up).update(before)
    up.script = [{"drop_after": 700_000}]
    with pytest.raises(ProviderError):
        await run()
    vars(up).update({"body": up.body} | after)
    up.script = before.get("script", [])
    receipt = await run()
    assert run.part.read_bytes() == up.body and receipt.bytes == len(up.body)
    assert len(up.requests) <= 4 and run.progress.done == len(up.body)


async def test_a_resumed_download_compares_the_end_of_what_is_here(run, up):
    up.script = [{"drop_after": 700_000}]
    with pytest.raises(ProviderError):
        await run()
    with open(run.part, "r+b") as file:
        # As a power cut may leave it: the right length, the wrong bytes.
        file.seek(699_000)
        file.write(b"\0" * 100)
    await run()
    assert run.part.read_bytes() == BODY
    assert "Range" not in up.requests[-1].headers


@pytest.mark.parametrize("damage", ["gone", "short", "other url", "no map"])
async def test_only_bytes_that_are_in_the_map_and_on_the_disk_are_kept(run, up, damage):
    up.script = [{"drop_after": 700_000}]
    with pytest.raises(ProviderError):
        await run()
    if damage == "gone":
        run.part.unlink()
    elif damage == "short":
        os.truncate(run.part, 699_999)
    elif damage == "other url":
        run.saved.url += "?"
    else:
        run.saved = None
    receipt = await run()
    assert run.part.read_bytes() == BODY and receipt.resumed == 0 and receipt.validator is None


async def test_a_complete_file_is_compared_and_not_fetched_again(run, up):
    await run()
    receipt = await run()
    assert receipt.resumed == 1 and receipt.validator == "etag"
    assert up.requests[-1].sent <= 65_536
    run.part.write_bytes(OTHER)
    await run()
    assert run.part.read_bytes() == BODY


HTTP_OK = b"HTTP/1.1 200 OK\r\n"
BAD = {  # what the server does, the words that tell of it, whether that is final
    "N7 too long": ({"length": len(BODY) + 1}, "less than it promised|broke", False),
    "N7 negative": ({"length": "-1"}, "not proper HTTP", False),
    "N7 2^63": ({"length": str(1 << 63)}, "larger than", True),
    "N7 word": ({"length": "x"}, "not proper HTTP", False),
    "N7 chunked, no clean end": ({"chunked": True, "clean": False}, "broke", False),
    "N9 404": ({"status": 404}, r"404 \(not found\)", True),
    "N9 403": ({"status": 403}, "403", True),
    "N9 410": ({"status": 410}, "410", True),
    "N9 401": ({"status": 401}, "wrong user or password", True),
    "N9 416": ({"status": 416}, "does not fit", False),
    "N11 429": ({"status": 429, "headers": {"Retry-After": "2"}}, "429", False),
    "N12 500": ({"status": 500}, "500", False),
    "N10 loop": ({"location": "/again"}, "more than 5", False),
    "N15 gzip": ({"headers": {"Content-Encoding": "gzip"}}, "packed", True),
    "F8 html type": ({"kind": "text/html;charset=utf-8", "body": b"No"}, "text in place", True),
    "F8 html": ({"body": b"  <!DOCTYPE html>" + BODY}, "document in place", True),
    "F8 text": ({"body": b"This video is not available.\n" * 99}, "text in place", True),
    "F8 short text": ({"body": "Nicht verfügbar, später.".encode()}, "text in place", True),
    "F8 desktop": ({"body": b"[Desktop Entry]\n" + BODY}, "document in place", True),
    "F8 exe": ({"body": b"MZ" + BODY}, "program in place", True),
    "F8 elf": ({"body": b"\x7fELF" + BODY}, "program in place", True),
    "F8 empty": ({"body": b""}, "empty", True),
    "F8 empty, chunked": ({"body": b"", "chunked": True}, "empty", True),
    "N18 not HTTP": ({"raw": b"\0\1\2\3" * 100}, "not proper HTTP", False),
    "N18 bare CR": ({"raw": b"HTTP/1.1 200 OK\rContent-Length: 1\r\n\r\nx"}, "", False),
    "N18 10,000 headers": ({"raw": HTTP_OK + b"A: b\r\n" * 10_000 + b"\r\n"}, "", False),
    "N18 1 MiB header": ({"raw": HTTP_OK + b"A: " + b"x" * (1 << 20) + b"\r\n\r\n"}, "", False),
    "N18 NUL": ({"raw": HTTP_OK + b"Content-Length: 1\0\r\n\r\nx"}, "", False),
    "N18 two status lines": ({"raw": HTTP_OK + HTTP_OK + b"\r\nx"}, "", False),
    "N18 nothing": ({"raw": b""}, "broke", False),
}


@pytest.mark.parametrize("row", BAD)
async def test_an_answer_that_is_no_file_is_refused_with_its_reason(run, up, row):
    knobs, message, final = BAD[row]
    vars(up).update(knobs)
    with pytest.raises(ProviderError, match=message or None) as failure:
        await run()
    assert failure.value.final is final
    assert failure.value.retry_after == (2 if "N11" in row else None)
    if row.startswith(("F8", "N15")):
        assert not run.part.read_bytes() and (run.saved is None or not run.saved.spans)


HEADS = [  # first bytes, what they are in place of a video
    (b"\x1aE\xdf\xa3" + b"matroska " * 60, None),
    (b"RIFF\x00\x10\x00\x00AVI LIST", None),
    (b"\x00\x00\x00\x20ftypisom mp4 ", None),
    (b"G@\x00\x10" + b"\xff" * 500, None),
    (b"\0" * 512, None),
    (b"x" * 512, None),
    (random.Random(1).randbytes(512), None),
    (("日本語 です\n" * 40).encode()[:511], "text"),  # cut within a character
    (b'\xef\xbb\xbf{"error": 1}', "a document"),
    (b"#!/bin/sh\n", "a program"),
]


@each_row("head, what", HEADS)
def test_f8_first_bytes(head, what):
    assert sniff(head) == what


async def test_n7_no_length(run, up):
    """A clean end is all there is; the receipt says so."""
    up.chunked = True
    receipt = await run()
    assert (
        run.part.read_bytes() == BODY
        and receipt.proof == "clean end"
        and run.progress.total == len(BODY)
    )
    run.part.unlink()
    receipt = await run(Source(up.url("e1.mkv"), ".mkv", size=len(BODY)))
    assert receipt.proof == "length"
    run.part.unlink()
    with pytest.raises(ProviderError, match="another length"):
        await run(Source(up.url("e1.mkv"), ".mkv", size=len(BODY) + 1))


@pytest.mark.parametrize("clean", [False, None])
async def test_n7_all_is_here_and_nothing_ends_it(run, up, clean):
    """A chunked body without its last chunk, or one that is silent then: the listed size shows that
    it is whole, and so does a listed checksum."""
    up.chunked, up.clean = True, False
    if clean is None:
        up.silent_after = len(BODY)
    silence = Limits(silence=0.3)
    known = Source(up.url("e1.mkv"), ".mkv", size=len(BODY))
    receipt = await run(known, limits=silence)
    assert run.part.read_bytes() == BODY and receipt.proof == "length"
    run.part.unlink()
    summed = Source(
        up.url("e1.mkv"), ".mkv", checksums={"sha256": hashlib.sha256(BODY).hexdigest()}
    )
    receipt = await run(summed, limits=silence)
    assert run.part.read_bytes() == BODY and receipt.proof == "sha256"
    for more, checksums in ((1, {}), (-1, {}), (None, {"md5": "0" * 32})):
        run.part.unlink()
        size = None if more is None else len(BODY) + more
        with pytest.raises(ProviderError):
            await run(
                Source(up.url("e1.mkv"), ".mkv", size=size, checksums=checksums), limits=silence
            )


async def test_n7_too_short_a_length(run, up):
    """The promise holds: what goes beyond it is not read. Only a checksum could tell."""
    up.length = len(BODY) - 1
    assert (await run()).bytes == len(BODY) - 1
    assert run.part.read_bytes() == BODY[:-1]


STALLS = {  # knobs, the one limit that is short, what is said
    "N8 drip": ({"drip": 0.02}, Limits(slow=200, window=0.3, silence=PATIENCE_SECONDS), "too slow"),
    "N3 silence in the body": (
        {"silent_after": 90_000},
        Limits(slow=200, window=PATIENCE_SECONDS, silence=0.3),
        "silent",
    ),
}


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("row", STALLS)
async def test_n8_a_source_that_is_too_slow_is_given_up(run, up, row, chunked, monkeypatch):
    knobs, limits, message = STALLS[row]
    monkeypatch.setattr("providers.connection.SILENCE_SECONDS", limits.silence)
    await run.web.close()
    await run.web.start()
    vars(up).update(knobs, chunked=chunked)
    async with asyncio.timeout(PATIENCE_SECONDS):  # the file itself would take hours
        with pytest.raises(ProviderError, match=message):
            await run(limits=limits)
    assert run.saved.spans


async def test_n3_silent_from_the_start(run, up, monkeypatch):
    monkeypatch.setattr("providers.connection.SILENCE_SECONDS", 0.3)
    await run.web.close()
    await run.web.start()
    up.silent = True
    with pytest.raises(ProviderError, match="silent for"):
        await run()


async def test_n8_a_body_without_end_is_given_up(run, up):
    up.chunked = up.endless = True
    with pytest.raises(ProviderError, match="larger than") as failure:
        await run(limits=Limits(cap=5_000_000))
    assert failure.value.final and run.part.stat().st_size == 5_000_001


async def test_n1_refused_connection(run, up):
    run.base = "http://127.0.0.1:1/"
    with pytest.raises(ProviderError, match="refused the connection") as failure:
        await run()
    assert not failure.value.final


def _sums(body: bytes) -> dict[str, str]:
    digests = {name: hashlib.new(name, body).hexdigest() for name in ("sha256", "sha1", "md5")}
    return digests | {"crc32": f"{zlib.crc32(body):08X}"}


@pytest.mark.parametrize("name", ["sha256", "sha1", "md5", "crc32"])
async def test_n14_checksums(run, up, name):
    sums = _sums(BODY)
    source = Source(up.url("e1.mkv"), ".mkv", checksums={name: sums[name], "odd": "1"})
    assert (await run(source)).proof == name
    run.part.unlink()
    up.script = [{"flip": 1_000_000}]  # wrong, then right
    assert (await run(source)).proof == name
    assert run.part.read_bytes() == BODY
    run.part.unlink()
    count, up.flip = len(up.requests), 1_000_000
    with pytest.raises(ProviderError, match=f"{name} checksum is wrong, twice") as failure:
        await run(source)
    assert failure.value.final and len(up.requests) == count + 2 and not run.saved.spans


async def test_the_strongest_proof_is_told(run, up):
    source = Source(up.url("e1.mkv"), ".mkv", checksums=dict(reversed(_sums(BODY).items())))
    assert (await run(source)).proof == "sha256"


@pytest.mark.parametrize("kind", ["symlink", "fifo", "hard link", "folder", "dangling"])
async def test_f5_planted(run, up, tmp_path, kind):
    outside = tmp_path / "outside"
    outside.write_bytes(b"the owner's")
    match kind:
        case "symlink":
            run.part.symlink_to(outside)
        case "dangling":
            run.part.symlink_to(tmp_path / "nowhere")
        case "fifo":
            os.mkfifo(run.part)
        case "hard link":
            os.link(outside, run.part)
        case "folder":
            run.part.mkdir()
    with pytest.raises(DownloadError):
        await run()
    assert (
        outside.read_bytes() == b"the owner's"
        and not up.requests
        and not (tmp_path / "nowhere").exists()
    )


async def test_a_missing_folder_is_an_error_of_the_disk(run, up, tmp_path):
    run.part = tmp_path / "none" / "e1.part"
    with pytest.raises(FileNotFoundError):
        await run()


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_c5_disk_full(run, up, monkeypatch, after):
    """The failure is our disk's, and the bytes before it are kept."""
    up.rate = 1_500_000
    real, left = os.pwrite, [after]

    def full(fd, data, position):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data, position)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError) as failure:
        await run()
    assert failure.value.errno == errno.ENOSPC
    monkeypatch.undo()
    kept = run.saved.spans if run.saved else ()
    assert bool(kept) == bool(after)
    up.rate = None
    receipt = await run()
    assert run.part.read_bytes() == BODY and receipt.resumed == bool(after)


async def test_a_refused_reserve_ends_the_download(run, up):
    with pytest.raises(OSError) as failure:
        await run(reserve=Calls(OSError(errno.ENOSPC, "reserve")))
    assert failure.value.errno == errno.ENOSPC and run.progress.done == 0


async def test_c4_failed_sync_is_not_believed(run, up, monkeypatch):
    def broken(fd):
        calls.append(fd)
        if len(calls) == 1:
            raise OSError(errno.EIO, "Input/output error")

    calls: list[int] = []
    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError) as failure:
        await run()
    assert failure.value.errno == errno.EIO and len(calls) == 1 and run.saved is None


async def test_data_before_its_map(run, up, monkeypatch):
    """Each saved span was written, then synced, then saved."""
    monkeypatch.setattr(part_file, "STEP_BYTES", 200_000)
    monkeypatch.setattr(part_file, "FIRST_STEP_BYTES", 100_000)
    monkeypatch.setattr("downloads.receiver.MAX_BUFFER_BYTES", 50_000)
    up.rate = 4_000_000
    synced: list[int] = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(os.fstat(fd).st_size), real(fd)))
    check = run.save

    async def save(point):
        assert not point.spans or point.spans[-1][1] <= synced[-1]
        await check(point)

    run.save = save
    await run()
    assert len(run.saves) >= 5
    ends = [point.spans[-1][1] for point in run.saves]
    assert ends == sorted(ends) and ends[0] <= 160_000
    assert max(b - a for a, b in pairwise(ends)) <= 460_000


@pytest.mark.parametrize("count", [1, 4])
async def test_little_is_unsaved_beside_a_slow_disk(tmp_path, monkeypatch, count):
    """However many connections write: they wait for the disk after two steps, and save in steps."""
    step, size = 80_000, 1_000_000
    piece = 1_000
    monkeypatch.setattr(part_file, "FIRST_STEP_BYTES", step)
    monkeypatch.setattr(part_file, "STEP_BYTES", step)
    durable = [0]  # bytes, after each save
    unsaved = 0
    free = asyncio.Event()

    async def save(point):
        await free.wait()
        durable.append(sum(end - start for start, end in point.spans))

    async def write(start, end):
        nonlocal unsaved
        at = start
        while at < end:
            part = min(end - at, max(piece, journal.share(count)))
            journal.lent_bytes += part
            await asyncio.sleep(0)
            journal.lent_bytes -= part
            at += part
            file.spans = join(file.spans, at - part, at)
            unsaved = max(unsaved, journal.done - durable[-1])
            await journal.advance()

    async with Part(tmp_path / "part") as file:
        journal = Journal(file, "http://a/b", save)
        starts = range(0, size, size // count)
        writers = [asyncio.create_task(write(at, at + size // count)) for at in starts]
        await until(lambda: journal.done > step)
        done, _ = await asyncio.wait(writers, timeout=0.1)
        assert not done and journal.done < size, "they wait for the disk"
        free.set()
        await asyncio.gather(*writers)
        await journal.flush()
    assert durable[-1] == size and unsaved <= 2 * step + count * piece
    assert len(durable) <= 2 * size / step + 3


async def test_n19_cancel_anywhere(web, up, tmp_path):
    """Stopped at many moments: its bytes are kept, no descriptor is left, and then it goes on."""
    up.rate, up.body = 6_000_000, BODY[:900_000]
    chance = random.Random(19)
    before = len(os.listdir("/proc/self/fd"))
    run, resumed = Run(web, up.base, tmp_path / "e1.part"), 0
    for _ in range(40):
        run.progress = Progress()
        task = asyncio.create_task(run())
        if chance.random() < 0.3:  # while it connects, or asks
            await asyncio.sleep(chance.random() * 0.01)
        else:
            wanted = chance.randrange(1, 150_000)
            while run.progress.fetched < wanted and not task.done():
                await asyncio.sleep(0.001)
        task.cancel()
        async with asyncio.timeout(
            PATIENCE_SECONDS / 2
        ):  # a silent source is given up after PATIENCE_SECONDS
            with pytest.raises(asyncio.CancelledError):
                await task
                run.part.unlink()  # it was done before; once more from the start
                run.saved = None
                raise asyncio.CancelledError
        resumed += bool(run.saved and run.saved.resumed)
        if run.saved and run.saved.spans and run.part.exists():
            assert (
                run.part.read_bytes()[: run.saved.spans[0][1]] == up.body[: run.saved.spans[0][1]]
            )
    up.rate = None
    await run()
    assert run.part.read_bytes() == up.body and resumed > 5
    await web.close()
    # Ours are closed now; the test's server may still have to see that.
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)


async def test_a_download_that_is_cancelled_twice_keeps_its_map(run, up):
    up.rate, up.body = 1_000_000, BODY[:1_150_000]
    task = asyncio.create_task(run())
    await until(lambda: run.progress.done)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.saved.spans


@pytest.mark.parametrize("mbps", [8, 40])
async def test_one_download_keeps_to_the_limit(run, up, mbps):
    """Never faster than the rate, and not slower by more than a busy machine makes it."""
    up.body = BODY[: int(mbps * 125_000 * 0.4)]
    receipt = await run(throttle=Throttle(mbps))
    due = len(up.body) / (mbps * 125_000)
    assert 0.97 * due < receipt.seconds < due + 3


async def test_throttle_is_shared_and_live(web, up, tmp_path):
    throttle, rate = Throttle(4), 500_000
    runs = [Run(web, up.base, tmp_path / f"{n}.part") for n in range(3)]
    tasks = [asyncio.create_task(run(throttle=throttle)) for run in runs]
    await until(lambda: all(run.progress.done for run in runs))
    began, before = time.monotonic(), sum(run.progress.done for run in runs)
    await asyncio.sleep(0.5)
    done, took = sum(run.progress.done for run in runs) - before, time.monotonic() - began
    ahead = 0.3 * rate  # three may just have been given their next step, and there is some credit
    assert 0.1 * rate < done < rate * took + ahead
    left = sum(len(BODY) - run.progress.done for run in runs) / rate
    throttle.mbps = 0
    async with asyncio.timeout(0.75 * left):
        await asyncio.gather(*tasks)
    assert all(run.part.read_bytes() == BODY for run in runs)


async def test_n17_slow_line(run, up):
    up.rate, up.delay = 500_000, 0.1
    up.body = BODY[:150_000]
    task, seen = asyncio.create_task(run()), []
    while not task.done():
        seen.append(run.progress.done)
        await asyncio.sleep(0.005)
    await task
    assert seen == sorted(seen) and len(set(seen)) >= 3, "a slow line shows its bytes too"


def test_the_speed_of_a_line(monkeypatch):
    """The time before the answer is no slowness of the line, and its first gush no speed."""
    now, count = 100.0, 5_000_000
    monkeypatch.setattr("downloads.progress.monotonic", lambda: now)
    gauge = Gauge()
    now += 5
    assert gauge.speed() is None, "nobody has answered"
    gauge.begin(lambda: count)
    now += 0.01
    assert gauge.speed() is None, "too short a time"
    count += 3_000_000
    now += 0.09
    assert gauge.speed() == pytest.approx(30_000_000)
    gauge.begin(lambda: 0)  # another connection's
    count += 100_000
    now += 0.05
    assert gauge.speed() == pytest.approx(2_000_000)
    now += 0.05
    assert gauge.speed() == 0, "it stands still"


async def test_a_slow_line_gets_further_connections(run, up, monkeypatch):
    monkeypatch.setattr(transfer, "FEW_BYTES", 1_000_000)
    up.rate, up.body = 1_000_000, BODY * 2
    receipt = await run(spare=lambda: 3)
    assert run.part.read_bytes() == up.body
    assert max(request.sent for request in up.requests) < len(up.body) / 2
    assert receipt.seconds < len(up.body) / up.rate, "faster than one connection"
    assert receipt.validator == "etag" and receipt.resumed == 0
    assert up.connections <= 4 + 6 and run.progress.done == len(up.body)


LIMITED = {
    "no ranges": {"ranges": False},
    "no validator": {"etag": None, "modified": None},
    "the others refused": {"others": {"status": 503}},
    "the others changed": {"others": {"etag": '"v2"', "if_range": False}},
    "the others cut": {"others": {"drop_after": 100_000}},
    "the others wrong": {"others": {"shift": 5}},
}


@pytest.mark.parametrize("row", LIMITED)
async def test_further_connections_that_do_not_work_harm_no_file(run, up, row, monkeypatch):
    monkeypatch.setattr(transfer, "FEW_BYTES", 100_000)
    monkeypatch.setattr(transfer, "CALM_SECONDS", (0.1, 0.2, 0.4))
    monkeypatch.setattr(scheduler, "MIN_SPLIT_BYTES", 100_000)
    knobs = dict(LIMITED[row])
    others = knobs.pop("others", None)
    vars(up).update(knobs)
    # Slow enough that the further connections are asked for beside a load too.
    up.rate, up.body = 500_000 if others else 1_000_000, BODY[:1_150_000]
    up.script = [{}, *[others] * 3] if others else []
    task = asyncio.create_task(run(spare=lambda: 3))
    if row == "no validator":
        await asyncio.sleep(0.3)  # it has looked whether the line is slow
    else:
        await until(lambda: task.done() or (len(up.requests) > 3 and not up.script))
    up.rushed = True
    receipt = await task
    assert run.part.read_bytes() == up.body and receipt.bytes == len(up.body)
    bodies = [request for request in up.requests if request.method == "GET"]
    assert (len(bodies) > 1) is (row != "no validator")


async def test_workers_are_cancelled_in_any_turn():
    """Also in the last one, in which all work has ended: nobody goes on who was cancelled."""

    async def work() -> None:
        await asyncio.sleep(0)

    for turns in range(12):
        task = asyncio.create_task(scheduler.Workers(work, Progress()).run())
        for _ in range(turns):
            await asyncio.sleep(0)
        was_running = task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() is was_running, turns


async def test_connections_cancelled_and_resumed(run, up):
    up.rate, up.body = 1_000_000, BODY * 4
    task = asyncio.create_task(run(spare=lambda: 3))
    await until(lambda: len([request for request in up.requests if request.sent > 100_000]) > 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(run.saved.spans) > 1
    up.rate = None
    receipt = await run()
    assert run.part.read_bytes() == up.body and receipt.resumed == 1


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    "extra",
    [
        pytest.param("", id="plain"),
        pytest.param("keepalive_timeout 0;", id="closing"),
        pytest.param("limit_rate 20m;", id="limited", marks=pytest.mark.slow),
    ],
)
async def test_nginx_byte_for_byte(tmp_path, tls, extra):
    """Files of every size, and a resumed one, from a real server."""
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if not os.stat(parent).st_mode & 1:
            parent.chmod(0o711)
    trust = certificate(tmp_path)[1] if tls else None
    served = tmp_path / "served"
    served.mkdir()
    body = random.Random(3).randbytes(9_000_001)
    sizes = [1, 511, 16_384, 65_536, 131_073, 262_144, 1_048_577, len(body)]
    for size in sizes:
        (served / f"{size}.mkv").write_bytes(body[:size])
    async with nginx(tmp_path, served, tls=tls, extra=extra) as base, Network(tls=trust) as web:
        for size in sizes:
            run = Run(web, base, tmp_path / f"{size}.part")
            receipt = await run(f"{size}.mkv")
            assert run.part.read_bytes() == body[:size] and receipt.proof == "length"
        run = Run(web, base, tmp_path / "resumed.part")
        throttle = Throttle(160)
        task = asyncio.create_task(run(f"{len(body)}.mkv", throttle=throttle))
        await until(lambda: run.progress.done)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert 0 < run.progress.done < len(body)
        receipt = await run(f"{len(body)}.mkv")
        assert (
            run.part.read_bytes() == body and receipt.validator == "etag" and receipt.resumed == 1
        )


async def test_n13_tls_cut(tmp_path):
    server, trust = certificate(tmp_path)
    async with Upstream(tls=server) as up, Network(tls=trust) as web:
        up.body = BODY
        for cut in (0, 1, 70_000, 700_000, 1_400_000):
            run = Run(web, up.base, tmp_path / f"{cut}.part")
            up.script = [{"drop_after": cut}]
            with pytest.raises(ProviderError):
                await run()
            await run()
            assert run.part.read_bytes() == BODY


async def test_a_transfer_leaves_the_event_loop_free(run, up, monkeypatch):
    """A slow disk holds nobody up: each write and sync lasts until the loop has turned."""
    turned, held_up = threading.Event(), []

    def slowly(call):
        def wait_for_the_loop(*arguments):
            turned.clear()
            if not turned.wait(PATIENCE_SECONDS):
                held_up.append(call)
            return call(*arguments)

        return wait_for_the_loop

    monkeypatch.setattr(os, "pwrite", slowly(os.pwrite))
    monkeypatch.setattr(os, "fdatasync", slowly(os.fdatasync))
    task = asyncio.create_task(run())
    while not task.done():
        turned.set()
        await asyncio.sleep(0.001)
    await task
    assert run.part.read_bytes() == BODY and not held_up


NO_CHECKPOINTS = [
    "",
    "{}",
    "[]",
    "null",
    "1",
    '{"url": "u"}',
    '{"url": "u", "spans": 5}',
    '{"url": "u", "spans": [[5, 1]]}',
    '{"url": "u", "spans": [[0, 5], [3, 9]]}',
    '{"url": "u", "spans": [[-1, 5]]}',
    '{"url": "u", "spans": [[0, 1.5]]}',
    '{"url": 5, "spans": []}',
    '{"url": "u", "spans": [], "more": 1}',
    '{"url": "u", "spans": [[0, 9]], "total": 5}',
    '{"url": "u", "spans": [], "etag": 7}',
    "[" * 100_000,
    '{"url": "u", "spans": [[0, true]]}',
]


@each_row("text", NO_CHECKPOINTS)
def test_a_text_that_is_no_checkpoint_is_refused(text):
    assert Checkpoint.loads(text) is None


def test_a_checkpoint_is_read_as_it_was_written():
    point = Checkpoint("http://x/ü", '"a\\"', None, 10, ((0, 3), (5, 10)))
    assert Checkpoint.loads(point.dumps()) == point
    assert Checkpoint.loads(None) is None


def test_spans_that_touch_become_one():
    assert join((), 0, 0) == ()
    assert join(((0, 5),), 5, 9) == ((0, 9),)
    assert join(((0, 5), (8, 9)), 6, 7) == ((0, 5), (6, 7), (8, 9))
    assert join(((0, 5), (8, 9)), 4, 8) == ((0, 9),)
