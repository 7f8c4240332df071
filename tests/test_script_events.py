"""GET /api/events: the socket's messages by calls that wait, and what is kept of them."""

import asyncio
import json
import time
import tracemalloc

import pytest
import pytest_asyncio

from downloads.events import (
    DownloadCompleted,
    DownloadProgress,
    DownloadStarted,
    QueueItem,
    QueueItems,
    QueueState,
)
from handlers import events, hub
from handlers.hub import HUB, Hub
from store import schema
from tests.app import PASSWORD, running, until
from tests.test_auth import claims, refused, signed

pytestmark = pytest.mark.asyncio(loop_scope="module")
TITLE = "Die Abenteuer der Familie Beispiel"
SERIES = "home_die-abenteuer-der-familie-beispiel"
RUNNING = QueueState("running", "")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("events"), log_level="error") as server:
        await server.login()
        yield server


async def asked(server, query: str = "", **options) -> dict:
    status, body, _ = await server.get(f"/api/events{query}", **options)
    assert status == 200, body
    assert [*body] == ["success", "data", "seq", "gap"] and body["success"] is True
    return body


async def waiting(server, count: int = 1) -> Hub:
    """The hub, as soon as so many calls wait."""
    everyone = server.app[HUB]
    await until(lambda: len(everyone._calls) == count)
    return everyone


def item(number: int) -> QueueItem:
    """A pending one; what a message has besides is null."""
    known = {
        "queue_item_id": f"queue_{number}",
        "episode": "S01E01",
        "anime_title": TITLE,
        "anime_id": SERIES,
        "status": "pending",
        "priority": "normal",
        "reason": "",
        "attempts": 0,
        "created_at": "2025-10-22T12:34:56Z",
        "total_bytes": 1_100_000_000,
        "replace": False,
    }
    return QueueItem(**dict.fromkeys(QueueItem.__dataclass_fields__) | known)


async def test_a_script_follows_the_messages(server):
    start = await asked(server)
    assert (start["data"], start["gap"]) == ([], False)
    for state in ("running", "paused"):
        server.app[HUB].publish(QueueState(state, ""))
    seen = await asked(server, f"?after={start['seq']}&wait=30")
    assert [message["data"]["state"] for message in seen["data"]] == ["running", "paused"]
    assert [message["seq"] - start["seq"] for message in seen["data"]] == [1, 2]
    assert (seen["seq"], seen["gap"]) == (start["seq"] + 2, False)
    for message in seen["data"]:
        schema.read(QueueState.message_type(), message)
    assert (await asked(server, f"?after={seen['seq']}"))["data"] == []
    since_the_start = await asked(server, "?after=0")
    assert not since_the_start["gap"] and since_the_start["data"][-2:] == seen["data"]


async def test_a_call_waits_for_the_next_message(server, monkeypatch):
    monkeypatch.setattr(events, "GATHER_SECONDS", 0.05)
    waits = asyncio.create_task(asked(server, "?wait=50"))
    everyone = await waiting(server)
    everyone.publish(RUNNING)
    everyone.publish(RUNNING)
    assert len((await waits)["data"]) == 2, "what comes right behind it is in the same answer"


async def test_a_wait_without_a_message_ends(server):
    assert (await asked(server, "?wait=0.05"))["data"] == []


async def test_progress_is_not_kept(server):
    before = (await asked(server))["seq"]
    progress = DownloadProgress("queue_1", "S01E01", None, 1, None, 0.0, None)
    server.app[HUB].publish(progress)
    assert (await asked(server, f"?after={before}"))["data"] == []


@pytest.mark.parametrize("query", ["?after=-1", "?after=x", "?wait=61", "?wait=-1", "?wait=nan"])
async def test_a_question_of_another_form_is_refused(server, query):
    refused(await server.get(f"/api/events{query}"), 422)


async def test_a_number_of_another_run_is_a_gap(server):
    """Also one that this run's numbers will have reached some day."""
    seq = (await asked(server))["seq"]
    for strange in (1, server.app[HUB].first_seq - 1, seq + 1, 2**53 - 1):
        body = await asked(server, f"?after={strange}&wait=50")
        assert body["gap"] and body["seq"] == seq, strange


@pytest.mark.parametrize("kind", ["logout", "everywhere", "key", "end"])
async def test_a_wait_ends_with_its_token(server, kind):
    own = server.token
    if kind == "key":
        made = await server.post("/api/auth/keys", json={"name": "script", "scope": "read"})
        token = made[1]["data"]["key"]
    elif kind == "end":
        token = signed(server, claims(server, exp=int(time.time()) + 1))
    else:
        token = (await server.post("/api/auth/login", json={"password": PASSWORD}))[1]["token"]
    waits = asyncio.create_task(server.get("/api/events?wait=60", token=token))
    if kind != "end":
        await waiting(server)
    if kind == "key":
        await server.delete(f"/api/auth/keys/{made[1]['data']['id']}")
    elif kind != "end":
        everywhere = {"everywhere": kind == "everywhere"}
        await server.post("/api/auth/logout", json=everywhere, token=token)
    refused(await waits, 401)
    if kind == "everywhere":
        await server.login()
        assert server.token != own


async def test_calls_that_wait_are_bounded(server, monkeypatch):
    """A caller who has hung up makes room."""
    monkeypatch.setattr(hub, "WAITING_CALLS", 2)
    calls = [asyncio.create_task(asked(server, "?wait=60")) for _ in range(2)]
    await waiting(server, 2)
    assert refused(await server.get("/api/events?wait=60"), 429)["retry_after"] > 0
    assert (await server.get("/api/events"))[0] == 200, "who does not wait needs no place"
    calls[0].cancel()
    await until(lambda: any(call.is_gone() for call in server.app[HUB]._calls))
    late = asyncio.create_task(asked(server, "?wait=60"))
    await until(lambda: sum(not call.is_gone() for call in server.app[HUB]._calls) == 2)
    server.app[HUB].publish(RUNNING)
    assert len((await calls[1])["data"]) == len((await late)["data"]) == 1


async def test_a_stop_ends_the_waits_and_a_restart_is_told(tmp_path):
    async with running(tmp_path, log_level="error") as server:
        await server.login()
        await server.post("/api/queue/start")
        before = await asked(server, "?after=0")
        assert before["data"] and not before["gap"]
        waits = asyncio.create_task(asked(server, f"?after={before['seq']}&wait=60"))
        await waiting(server)
        server.app[HUB].close()
        assert (await waits)["data"] == []
        assert (await asked(server, "?wait=60"))["data"] == [], "nobody waits for a stop"
    async with running(tmp_path, log_level="error") as server:
        await server.login()
        await server.post("/api/queue/pause")
        after = await asked(server, f"?after={before['seq']}&wait=60")
        assert after["gap"] and after["data"][-1]["data"]["state"] == "paused"
        assert not (await asked(server, f"?after={after['seq']}"))["gap"]


async def test_the_newest_are_kept():
    everyone = Hub(7)
    for _ in range(hub.KEPT_MESSAGES):
        everyone.publish(RUNNING)
    assert len(everyone.since(0)[0]) == hub.KEPT_MESSAGES and not everyone.since(0)[1]
    everyone.publish(RUNNING)
    texts, gap = everyone.since(0)
    assert gap and len(texts) == hub.KEPT_MESSAGES
    assert json.loads(texts[-1])["seq"] == everyone.seq == 7 + hub.KEPT_MESSAGES + 1
    assert everyone.since(8) == (texts, False) and everyone.since(9) == (texts[1:], False)
    assert everyone.since(everyone.seq) == ([], False)


async def test_large_messages_are_kept_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(hub, "MAX_KEPT_BYTES", 100_000)
    everyone = Hub()
    for _ in range(10):
        everyone.publish(QueueItems([item(number) for number in range(50)]))
    assert sum(map(len, everyone._kept)) <= hub.MAX_KEPT_BYTES
    assert everyone.since(0)[1] and not everyone.since(everyone.seq - 1)[1]


@pytest.mark.slow
async def test_ten_thousand_messages_take_five_mebibytes(monkeypatch):
    monkeypatch.setattr(hub, "KEPT_MESSAGES", 10_000)
    monkeypatch.setattr(hub, "MAX_KEPT_BYTES", 1 << 30)
    everyone = Hub()
    tracemalloc.start()
    for number in range(3334):  # the way of an item
        everyone.publish(QueueItems([item(number)]))
        everyone.publish(DownloadStarted(f"queue_{number}", "S01E01", TITLE, SERIES))
        completed = DownloadCompleted(
            queue_item_id=f"queue_{number}",
            episode="S01E01",
            anime_id=SERIES,
            total_time_seconds=300,
            file_path=f"/srv/media/anime/{TITLE}/Season 01/{TITLE} - S01E01.mkv",
            total_bytes=1_100_000_000,
            missing_episodes=3,
            reason="",
        )
        everyone.publish(completed)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(everyone._kept) == 10_000
    assert taken <= 5 << 20, f"{taken / 2**20:.2f} MiB"


async def test_runs_have_numbers_of_their_own(monkeypatch):
    """Also where the clock stands still, or goes back."""
    monkeypatch.setattr(hub.time, "time", lambda: 1_000_000_000.0)
    assert len({hub.new_first_seq() for _ in range(8)}) > 1
    assert hub.new_first_seq() + 10**6 < 2**53
