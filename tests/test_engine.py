"""What the engine does when something fails that is nobody's source and nobody's disk."""

import asyncio
import sqlite3
import threading
import time
from types import SimpleNamespace

import pytest

from downloads import engine, job
from downloads.completion import Completion
from downloads.slots import Slots
from handlers import keys
from store import queue as queue_store
from tests.app import PATIENCE_SECONDS, running, until
from tests.shows import Shows, completed, home, queue, statuses


@pytest.fixture
async def up():
    async with Shows((20_000, 20_000)) as up:
        yield up


async def test_a_bug_fails_its_item_and_no_other(tmp_path, up, monkeypatch):
    """The item says nothing of the bug to strangers; the log has it all."""
    real = job.part_name

    def part_name(item, source):
        if item.number == 1:
            raise RuntimeError("the secret of the house")
        return real(item, source)

    monkeypatch.setattr(job, "part_name", part_name)
    async with running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01", "S01E02")
        await server.post("/api/queue/start")

        async def ended():
            return await statuses(server) == {"S01E01": "failed", "S01E02": "completed"}

        await until(ended)
        _, page, _ = await server.get("/api/queue?status=failed")
        (failed,) = page["data"]
        assert failed["error_code"] == "DOWNLOAD_ERROR"
        assert "only the log tells" in failed["error_message"]
        assert (await server.get("/health/detailed"))[1]["status"] == "healthy"


async def test_a_job_that_is_cancelled_before_it_has_begun_frees_its_slot():
    """As when its item is removed in the moment in which it is claimed."""
    slots = Slots()

    async def work(job) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            slots.free(job.item.id)

    slots.start(SimpleNamespace(item=SimpleNamespace(id=1, name="queue_1")), work)
    await slots.cancel([1])
    assert len(slots) == 0


async def test_a_job_is_beside_those_that_got_bytes_while_it_ran():
    """Also where they have ended meanwhile, or just before: a source sees an end late."""
    slots = Slots()

    def job(number: int, began: float, fetched: int = 0) -> SimpleNamespace:
        item = SimpleNamespace(id=number, name=f"queue_{number}", provider="home")
        progress = SimpleNamespace(fetched=fetched)
        return SimpleNamespace(item=item, began=began, progress=progress, has_failed=False)

    async def work(_: object) -> None:
        """It has ended."""

    now = time.monotonic()
    refused = job(1, now)
    slots.start(refused, work)
    assert not await slots.is_beside(refused)
    slots.start(job(2, now), work)
    slots.free(2)
    assert not await slots.is_beside(refused), "the other got nothing"
    slots.start(job(3, now, fetched=9), work)
    slots.free(3)
    assert await slots.is_beside(refused)
    assert not await slots.is_beside(job(4, now + 60)), "that was long ago"


async def test_a_stop_in_the_moment_of_a_wake_up(tmp_path, monkeypatch):
    """It ends the engine, however many turns of the loop lie between the two."""
    claim, claims = queue_store.claim, []
    monkeypatch.setattr(queue_store, "claim", lambda *args: claims.append(claim(*args)))
    async with running(tmp_path, providers=home("http://127.0.0.1:9/")) as server:
        engine = server.app[keys.ENGINE]
        await engine.set_state("running")
        await engine.rests.rest("home", "busy", 600.0)  # so that the engine waits for a time, too
        (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "engine")
        for turns in range(8):
            claims.clear()
            engine.wake()
            await until(lambda: claims)
            engine.wake()
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task}, timeout=PATIENCE_SECONDS / 2)
            assert task.cancelled(), turns
            task = asyncio.create_task(engine.run())
        task.cancel()


@pytest.mark.parametrize("step", ["claim", "set_part", "finish"])
async def test_a_database_that_fails_for_a_while(tmp_path, up, monkeypatch, step):
    """The queue says why it waits, looks again, and ends with the file in the library."""
    real, failures = getattr(queue_store, step), []

    def failing(*args, **options):
        if len(failures) < 2:
            failures.append(step)
            raise sqlite3.OperationalError("disk I/O error")
        return real(*args, **options)

    monkeypatch.setattr(engine, "LOOK_AGAIN_SECONDS", 0.3)
    async with running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01")
        monkeypatch.setattr(queue_store, step, failing)
        async with server.socket() as socket:
            await server.post("/api/queue/start")
            while True:
                message = await socket.receive_json(timeout=PATIENCE_SECONDS)
                if message["type"] == "queue_state" and message["data"]["reason"]:
                    break
        assert message["data"] == {"state": "running", "reason": "The database cannot be written"}
        await completed(server, "S01E01")
        path = server.library / "Show" / "Season 01" / "Show - S01E01.mkv"
        assert path.read_bytes() == up.videos["S01E01"]
        assert len(failures) == 2
        assert (await server.get("/api/queue/status"))[1]["data"]["reason"] == ""


async def test_an_item_that_is_asked_for_again_waits_for_its_own_job(tmp_path, up, monkeypatch):
    """A job writes small files after the item is completed. Two jobs of one item would share a
    slot: the end of the first would free it, and nobody could stop the second."""
    real = Completion._place_beside
    is_here, may_end = asyncio.Event(), asyncio.Event()

    async def place_beside(*arguments):
        is_here.set()
        await may_end.wait()
        await real(*arguments)

    monkeypatch.setattr(Completion, "_place_beside", place_beside)
    async with running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await is_here.wait()
        await queue(server, "S01E01", replace=True)
        await queue(server, "S01E02")
        started = len(up.fetched("S01E01"))
        await until(lambda: up.fetched("S01E02"))
        assert (await statuses(server))["S01E01"] == "pending"
        assert len(up.fetched("S01E01")) == started == 1
        may_end.set()
        await completed(server, "S01E01", "S01E02")
        assert len(up.fetched("S01E01")) == 2


async def test_an_item_whose_job_is_cancelled_while_it_fails_says_so(tmp_path, up, monkeypatch):
    """Just when its failure is written down, as when its source is switched off."""
    is_here, may_end = threading.Event(), threading.Event()
    real = queue_store.fail

    def fail(*arguments):
        is_here.set()
        may_end.wait(PATIENCE_SECONDS)
        return real(*arguments)

    def part_name(*_):
        raise RuntimeError

    monkeypatch.setattr(queue_store, "fail", fail)
    monkeypatch.setattr(job, "part_name", part_name)
    async with running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01")
        async with server.socket() as socket:
            await server.post("/api/queue/start")
            await until(is_here.is_set)
            slots = server.app[keys.ENGINE]._slots
            ending = asyncio.create_task(slots.cancel(slots.item_ids()))
            await asyncio.sleep(0.1)
            may_end.set()
            await ending
            while (await socket.receive_json(timeout=5))["type"] != "download_error":
                pass
        assert await statuses(server) == {"S01E01": "failed"}
