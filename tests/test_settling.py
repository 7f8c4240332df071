"""A file that may still be being written is not taken for whole: docs/decisions.md, 36."""

import os
import time
from contextlib import asynccontextmanager
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from downloads import last_look, settling
from downloads.job import Job
from providers import lately
from providers.network import Network
from store import clock
from store.errors import ProviderError, Unsettled
from tests.app import running, until
from tests.shows import SHOW, completed, home, queue
from tests.test_transfer import BODY, OTHER, Run
from tests.tree import Tree
from tests.upstream import Upstream, nginx

SHORT = BODY[:900_000]  # of which BODY is the rest


@asynccontextmanager
async def source(tmp_path, **knobs):
    """(a server of SHORT, a run of fetch against it)"""
    async with Upstream() as up, Network() as web:
        vars(up).update({"body": SHORT} | knobs)
        yield up, Run(web, up.base, tmp_path / "e1.part")


def dated(seconds: float) -> str:
    """A time so many seconds ago, as a header says it."""
    return formatdate(time.time() - seconds, usegmt=True)


@pytest.mark.parametrize(
    "seconds, is_young", [(0, True), (50, True), (70, False), (-30, True), (-3600, False)]
)
async def test_a_file_that_was_changed_a_moment_ago_waits(tmp_path, seconds, is_young):
    """By the source's clock; a date far in the future is a wrong clock."""
    async with source(tmp_path, modified=dated(seconds)) as (up, run):
        if not is_young:
            assert (await run()).bytes == len(SHORT)
            assert up.requests[0].method == "GET"
            return
        with pytest.raises(Unsettled, match="may still be being written") as wait:
            await run()
        assert 0 < wait.value.seconds <= 60 - seconds
        assert run.part.read_bytes() == b""
        # A server whose files are always brand-new is believed in the end.
        assert (await run(must_settle=False)).bytes == len(SHORT)


async def test_the_clock_is_the_sources(tmp_path):
    """Its file is 30 seconds old there, whatever our clock says."""
    headers = {"Date": "Mon, 05 Oct 2020 10:00:30 GMT"}
    async with source(tmp_path, headers=headers) as (_, run):
        with pytest.raises(Unsettled, match="changed 30 seconds ago"):
            await run()


async def test_a_settled_file_that_comes_at_once_costs_one_request(tmp_path, monkeypatch):
    async with source(tmp_path) as (up, run):
        await run()
        assert [request.method for request in up.requests] == ["GET"]
    monkeypatch.setattr(last_look, "FRESH_SECONDS", 0.0)  # as if it had come slowly
    async with source(tmp_path / "..") as (up, run):
        run.part = tmp_path / "e2.part"
        await run()
        assert [request.method for request in up.requests] == ["GET", "HEAD"]


NO_DATE = {"modified": None}


@pytest.mark.parametrize(
    "knobs, then",
    [
        (NO_DATE, {"status": 405}),  # knows no HEAD, and then no range
        (NO_DATE, {"length": ""}),
        ({"modified": None, "etag": None}, {}),
    ],
)
async def test_a_source_that_tells_nothing_more_is_believed(tmp_path, knobs, then):
    async with source(tmp_path, **knobs) as (up, run):
        up.script = [{}, then, then]
        assert (await run()).bytes == len(SHORT)
        assert len(up.requests) > 1 and run.part.read_bytes() == SHORT


async def test_a_file_that_grew_waits_and_then_only_its_rest_is_fetched(tmp_path):
    async with source(tmp_path, **NO_DATE) as (up, run):
        up.script = [{}, *2 * [{"body": BODY, "etag": '"v2"'}]]
        with pytest.raises(Unsettled, match="its size has just changed"):
            await run()
        vars(up).update({"body": BODY, "etag": '"v2"'})
        before = len(up.requests)
        receipt = await run()
        assert run.part.read_bytes() == BODY and receipt.bytes == len(BODY)
        sent = sum(request.sent for request in up.requests[before:] if request.status == 206)
        assert sent < len(BODY) - len(SHORT) + 3 * 65_536


@pytest.mark.parametrize("place", [10, 899_000])
async def test_a_file_that_grew_and_changed_is_fetched_anew(tmp_path, place):
    """Programs that record write a file's head last."""
    body = BODY[:place] + b"\0\1\2\3" + BODY[place + 4 :]
    async with source(tmp_path, **NO_DATE) as (up, run):
        up.script = [{}, *2 * [{"body": body, "etag": '"v2"'}]]
        with pytest.raises(Unsettled):
            await run()
        vars(up).update({"body": body, "etag": '"v2"'})
        await run()
        assert run.part.read_bytes() == body


@pytest.mark.parametrize("row", ["other", "shorter", "other each time"])
async def test_a_file_that_is_another_one_by_then(tmp_path, row):
    """It is fetched anew; but a server that makes up an ETag for each answer has told nothing."""
    async with source(tmp_path, **NO_DATE) as (up, run):
        if row == "other each time":
            up.script = [{"etag": f'"{number}"'} for number in range(9)]
            await run()
            assert run.part.read_bytes() == SHORT
            assert [request.sent > 1 for request in up.requests].count(True) == 1
            return
        body = OTHER[: len(SHORT)] if row == "other" else OTHER[:1000]
        up.script = [{}]
        vars(up).update({"body": body, "etag": '"v2"'})
        up.script = [{"body": SHORT, "etag": '"v1"'}]
        await run()
        assert run.part.read_bytes() == body


@pytest.mark.parametrize(
    "head", [{"length": 26}, {"length": 2_000_000}, {"etag": '"other"'}, {"status": 500}]
)
@pytest.mark.parametrize("ranges", [True, False])
async def test_a_head_that_tells_of_another_file_is_not_believed(tmp_path, head, ranges):
    """Some servers answer HEAD by a program of its own. The bytes that came by GET count."""
    async with source(tmp_path, **NO_DATE, head=head, ranges=ranges) as (up, run):
        assert (await run()).bytes == len(SHORT)
        assert run.part.read_bytes() == SHORT
        assert sum(request.sent > 1 for request in up.requests) <= (1 if ranges else 2)


async def test_nobody_is_there_to_be_asked_again(tmp_path):
    """The bytes stay, and the next try asks for the end alone."""
    async with source(tmp_path, **NO_DATE) as (up, run):
        up.script = [{"raw": None}]
        up.raw = b""  # an answer without a word
        with pytest.raises(ProviderError) as failure:
            await run()
        assert not failure.value.final
        up.raw = None
        await run()
        assert run.part.read_bytes() == SHORT and up.requests[-1].sent <= 65_536


def test_a_clock_that_was_ahead_lets_no_item_wait_for_years():
    """Our own: the item began at a time that is yet to come."""
    for seconds, must_settle in ((-60, True), (-4000, False), (86_400, False), (60, True)):
        item = SimpleNamespace(total=None, started_at=clock.in_seconds(seconds))
        parts = dict.fromkeys(("config", "db", "web", "providers", "throttle", "reserve", "spare"))
        assert Job(item, **parts)._must_settle is must_settle, seconds


# -- through the queue ---------------------------------------------------------------------------


async def reason(server) -> str:
    _, page, _ = await server.get("/api/queue")
    (item,) = page["data"]
    assert item["status"] in ("pending", "downloading", "completed"), item
    return item["reason"] if item["status"] == "pending" else ""


async def test_an_item_waits_for_its_file_and_loses_no_try(tmp_path):
    """Real nginx, a file that was written half a minute and more ago."""
    tmp_path.chmod(0o755)
    (tmp_path / "nginx").mkdir()
    file = tmp_path / "served" / "Show" / "Show - S01E01.mkv"
    file.parent.mkdir(parents=True)
    file.write_bytes(SHORT)
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        await queue(server, "S01E01")
        os.utime(file, (time.time() - 57, time.time() - 57))
        await server.post("/api/queue/start")
        assert "may still be being written" in await until(lambda: reason(server))
        await completed(server, "S01E01")
        (path,) = server.library.rglob("*.mkv")
        assert path.read_bytes() == SHORT


async def test_a_size_that_differs_between_two_looks_is_looked_at_again(tmp_path, monkeypatch):
    """Whatever its date says: many programs keep the date of what they copy."""
    monkeypatch.setattr(settling, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(lately, "LATELY_SECONDS", 0.0)
    name = "Show/Show - S01E01.mkv"
    async with Tree({name: SHORT}) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01")
        up.files[name] = BODY[:1_000_000]
        await server.post("/api/queue/start")
        assert "its size has just changed" in await until(lambda: reason(server))
        up.files[name] = BODY
        await completed(server, "S01E01")
        (path,) = server.library.rglob("*.mkv")
        assert path.read_bytes() == BODY
        _, history, _ = await server.get(f"/api/queue/history?anime_id={SHOW}")
        assert history["data"][0]["total_bytes"] == len(BODY)
