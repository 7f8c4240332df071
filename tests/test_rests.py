"""Sources that fail as a whole: they rest, their items wait, and all is fetched afterwards."""

import asyncio
import re
import time
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import get_args

import pytest

from downloads.crowds import Crowds
from downloads.engine import Engine
from downloads.judgement import CONSEQUENCES
from downloads.rests import Rests
from handlers import keys
from providers import Providers
from providers.network import Network
from store import clock, known_episodes, series, source_order
from store import episodes as episode_store
from store import queue as queue_store
from store.db import Database
from store.errors import Cause, ProviderError
from store.models import Episode, Listing
from tests.app import ROOT, running, until
from tests.shows import Shows, completed, home, library_is_right, queue, statuses
from tests.upstream import Knobs

ITEMS = 30
SIZE = 300_000
SICK_SECONDS = 1.0
PAUSE_SECONDS = 0.03  # in place of two


class SickShows(Shows):
    """All that it answers while it is `sick`, listings too, has those knobs."""

    sick: dict | None = None

    def _answer(self, knobs: SimpleNamespace, request) -> tuple[bytes, bytes]:
        head, body = super()._answer(knobs, request)
        if self.sick:
            vars(knobs).update(self.sick)
            if "status" in self.sick:
                plain = vars(Knobs(body=b"<h1>sorry</h1>", kind="text/html", etag=None))
                vars(knobs).update(plain | self.sick)
                head, body = super(Shows, self)._answer(knobs, request)
        return head, body


WAYS = {
    "reset": {"raw": b""},
    "502": {"status": 502},
    "503": {"status": 503},
    "503 with Retry-After": {"status": 503, "headers": {"Retry-After": "1"}},
    "503 with Retry-After: 0": {"status": 503, "headers": {"Retry-After": "0"}},
    "404": {"status": 404},
    "403": {"status": 403},
    "401": {"status": 401},
    "429": {"status": 429},
    "400": {"status": 400},
    "a proxy's 407": {"status": 407},
    "redirects": {"status": 302, "location": "/login/"},
    "a login page": {"status": 200, "body": b"<title>Sign in</title><input type=password>"},
    "cut": {"drop_after": 50_000},
    "silent": {"silent": True},
    "no HTTP": {"raw": b"SSH-2.0-OpenSSH_9.2\r\n\r\n"},
}


@asynccontextmanager
async def impatient(tmp_path, monkeypatch, **config):
    """The application, whose waits are shorter."""
    monkeypatch.setitem(Engine.__init__.__kwdefaults__, "pause", PAUSE_SECONDS)
    async with running(tmp_path, **config) as server:
        await server.login()
        yield server


QUICK = {"502"}


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=() if way in QUICK else pytest.mark.slow) for way in WAYS]
)
async def test_a_bad_night_costs_no_item(tmp_path, monkeypatch, way):
    """Thirty items, two at a time: none has failed, and each is completed after it."""
    monkeypatch.setattr("providers.connection.SILENCE_SECONDS", 0.3)
    async with SickShows((SIZE,) * ITEMS) as up:
        two = {"max_concurrent_downloads": 2}
        async with impatient(tmp_path, monkeypatch, providers=home(up.base), **two) as server:
            await queue(server, "S01")
            knobs = WAYS[way]
            up.sick = knobs
            for name, value in knobs.items():
                if name in ("raw", "drop_after", "silent"):
                    setattr(up, name, value)
            await server.post("/api/queue/start")
            until_well = asyncio.get_running_loop().time() + SICK_SECONDS
            while asyncio.get_running_loop().time() < until_well:
                assert "failed" not in (await statuses(server)).values()
                await asyncio.sleep(0.1)
            asked = len(up.requests)
            rests = server.app[keys.ENGINE].rests
            await until(lambda: rests.describe("home").state == "resting")
            up.sick = up.raw = up.drop_after = up.silent = None
            codes = [f"S01E{number:02}" for number in range(1, ITEMS + 1)]
            await completed(server, *codes)
            assert library_is_right(server, up) == set(codes)
            assert server.app[keys.ENGINE].rests.describe("home").state == "ok"
            requests = 2 if "location" in knobs else 1  # of each time that it is asked
            assert asked < 150 * requests, "it was left alone"


async def test_what_becomes_due_while_the_queue_is_read_is_tried(tmp_path, monkeypatch):
    """Reading the queue takes longer than an item's wait: it is not forgotten."""
    claim = queue_store.claim

    def slow_claim(*args):
        item = claim(*args)
        time.sleep(3 * PAUSE_SECONDS)
        return item

    monkeypatch.setattr(queue_store, "claim", slow_claim)
    async with (
        SickShows((3 * SIZE,)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        await queue(server, "S01E01")
        up.drop_after = SIZE
        await server.post("/api/queue/start")
        await completed(server, "S01E01")


async def test_what_is_one_files_costs_its_item(tmp_path, monkeypatch):
    """A file is gone, the source is fine: that item fails, the others come."""
    async with (
        SickShows((SIZE, SIZE, SIZE)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        await queue(server, "S01")
        up.gone = {"S01E01", "S01E02"}
        await server.post("/api/queue/start")

        async def ended() -> bool:
            now = await statuses(server)
            return now == {"S01E01": "failed", "S01E02": "failed", "S01E03": "completed"}

        await until(ended)
        assert server.app[keys.ENGINE].rests.describe("home").state == "ok"


@pytest.mark.slow
async def test_files_that_stay_broken_fail_in_the_end(tmp_path, monkeypatch):
    """Two in a row may mean the source, but not for ever: it answers, and those two never do."""
    monkeypatch.setattr("downloads.rests.PATIENT_FAILURES", 3)
    async with (
        SickShows((SIZE, SIZE)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        await queue(server, "S01")
        monkeypatch.setattr(up, "_answer", lambda knobs, request: _broken_file(up, knobs, request))
        await server.post("/api/queue/start")

        async def failed() -> bool:
            return set((await statuses(server)).values()) == {"failed"}

        await until(failed)


def _broken_file(up: SickShows, knobs: SimpleNamespace, request) -> tuple[bytes, bytes]:
    if up.code(request):
        knobs.status = 500
    return SickShows._answer(up, knobs, request)


async def test_a_try_counts_unless_it_left_more_on_the_disk(tmp_path, monkeypatch):
    """A source that cuts each 700 KB moves on each time; one that starts anew does not."""
    for ranges, outcome in ((True, "completed"), (False, "failed")):
        folder = tmp_path / outcome
        folder.mkdir()
        async with (
            SickShows((6_000_000,)) as up,
            impatient(folder, monkeypatch, providers=home(up.base)) as server,
        ):
            await queue(server, "S01E01")
            up.drop_after, up.ranges = 700_000, ranges
            await server.post("/api/queue/start")

            async def ended(outcome=outcome, server=server) -> bool:
                now = await statuses(server)
                assert set(now.values()) <= {"pending", "downloading", outcome}
                return now == {"S01E01": outcome}

            await until(ended)
            if outcome == "failed":
                assert len(up.fetched("S01E01")) <= 20, "it is not fetched for ever"
        monkeypatch.undo()


@pytest.fixture
async def resting(tmp_path):
    """(rests, what they published, source) of a source that nobody answers for."""
    async with Network() as network:
        db = Database(tmp_path / "aniworld.db")
        await db.open()
        providers = Providers(network, db)
        await providers.configure(_settings("http://127.0.0.1:9/"))
        told: list = []
        yield Rests(db, providers, told.append, 2.0), told, providers, db
        await providers.close()
        await db.close()


def _settings(url: str):
    from store import schema
    from store.settings import Config

    return schema.read(Config, {"providers": home(url)}).providers


async def test_a_rest_grows_and_outlives_the_process(resting):
    """Each one is twice as long, up to 15 minutes; it is told with since, until and why."""
    rests, told, providers, db = resting
    seconds = []
    for _ in range(12):
        seconds.append(await rests.rest("home", "The source refused the connection"))
        again = await rests.rest("home", "The source refused the connection")
        assert again == pytest.approx(seconds[-1], abs=1), "two that find out at once count once"
        assert len(told) == len(seconds), "and tell it once"
        rests._due["home"] = 0.0
    for number, rested in enumerate(seconds, 1):
        longest = min(900, 2 * 2**number)
        assert longest / 2 <= rested <= longest
    await rests.rest("home", "The source refused the connection")
    later = Rests(db, providers, told.append, 2.0)
    await later.load()
    assert later.resting() == {"home"}
    state = later.describe("home")
    assert (state.state, state.reason) == ("resting", "The source refused the connection")
    assert state.since < state.until
    await later.answered("home")
    assert later.resting() == set() and told[-1].state == "ok"
    once_more = Rests(db, providers, told.append, 2.0)
    await once_more.load()
    assert once_more.resting() == set()


async def test_what_a_source_has_that_rests_for_days_cannot_be_had(resting):
    """Its episodes are nobody's until it answers, also after *Try now*; they stay known."""
    rests, _, _, db = resting
    listed = Listing("show", "Show", episodes=(Episode(1, 1),))
    await db.run(source_order.keep, ["home"], set())
    await db.run(episode_store.store_listing, "home", listed)
    await rests.rest("home", "The source refused the connection")

    async def state() -> str:
        (episode,) = await db.run(known_episodes.of_series, "home_show")
        anime = await db.run(series.get, "home_show")
        assert anime.available == (episode.state == "missing") and anime.missing == 1
        return episode.state

    assert await state() == "missing"
    two_days = rests._rests["home"]._replace(since=clock.in_seconds(-48 * 3600))
    rests._rests["home"] = two_days
    rests._due["home"] = 0.0
    await rests.rest("home", "The source refused the connection")
    assert await state() == "wanted"
    await rests.retry("home")
    assert await state() == "wanted"
    assert await rests.heard("home") and await state() == "missing"


@pytest.mark.parametrize("asked, least", [(0.0, 2), (None, 2), (600.0, 600), (9.0, 9)])
async def test_retry_after_only_lengthens_a_wait(resting, asked, least):
    rests = resting[0]
    assert await rests.rest("home", "busy", asked) >= least


async def test_a_rest_ends_with_other_settings(resting):
    rests, _, providers, _ = resting
    await rests.rest("home", "wrong password")
    await rests.end_replaced()
    assert rests.resting() == {"home"}
    await providers.configure(_settings("http://127.0.0.1:10/"))
    await rests.end_replaced()
    assert rests.resting() == set()


async def test_a_look_tells_whose_a_404_is(resting):
    """The base answers: the file's. It does not: the source's."""
    rests, _, providers, _ = resting
    missing = ProviderError("The source answered 404", final=True, cause="missing")
    item = SimpleNamespace(id=1, provider="home")
    verdict = await rests.judge(item, missing)
    assert verdict == ("The source refused the connection", False)
    async with Shows((SIZE,)) as up:
        await providers.configure(_settings(up.base))
        assert await rests.judge(item, missing) == ("", True)


@pytest.mark.parametrize("answers", [False, True])
async def test_the_consequences_are_as_in_the_table(resting, answers):
    """Two items in a row that fail for each cause, of a source that is dead and of one that lists
    its files: whether it rests, and whether they lose a try."""
    rests, _, providers, _ = resting
    async with Shows((SIZE,)) as up:
        if answers:
            await providers.configure(_settings(up.base))
        for cause in get_args(Cause):
            await rests.answered("home")
            failure = ProviderError("It failed", cause=cause)
            verdicts = [
                await rests.judge(SimpleNamespace(id=number, provider="home"), failure)
                for number in (1, 2)
            ]
            have_rested = [bool(verdict.why) for verdict in verdicts]
            match CONSEQUENCES[cause].whose:
                case "file":
                    expected = [False, False]
                case "source or file" if answers:
                    expected = [False, cause not in ("missing", "refusal")]
                case _:
                    expected = [True, True]
            assert have_rested == expected, cause
            assert [verdict.costs_try for verdict in verdicts] == [not one for one in expected]


def test_the_table_of_consequences_is_the_documents():
    """docs/sources.md tells for each cause whose it is, and what follows."""
    text = (ROOT / "docs/sources.md").read_text()
    rows = re.findall(r"^\| `([a-zA-Z ]+)` \|[^|]*\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    told = {cause: (whose, then) for cause, whose, then in rows}
    for cause, (whose, then) in told.items():
        print(f"{cause:14} {whose:16} {then}")
    assert told == {cause: tuple(row) for cause, row in CONSEQUENCES.items()}


async def test_the_calls_tell_of_a_source_and_try_it_again(tmp_path, monkeypatch):
    """Since, until and why while it rests; asked again, it works, and failed items come too."""
    async with (
        SickShows((SIZE, SIZE)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        await queue(server, "S01")
        monkeypatch.setattr(server.app[keys.ENGINE].rests, "_pause", 60.0)
        up.sick = {"status": 502}
        async with server.socket() as socket:
            assert (await socket.receive_json())["data"]["sources"] == []
            await server.post("/api/queue/start")
            while (message := await socket.receive_json(timeout=20))["type"] != "source_state":
                pass
        assert message["data"]["state"] == "resting"
        _, body, _ = await server.get("/api/providers")
        (source,) = body["data"]
        told = {name: source.pop(name) for name in ("since", "until", "last_success")}
        assert source == {
            "name": "home",
            "type": "directory",
            "url": up.base,
            "state": "resting",
            "reason": "The source answered 502",
            "series": 1,
        }
        assert all(told.values()) and told["since"] < told["until"]
        async with server.socket() as socket:
            (listed,) = (await socket.receive_json())["data"]["sources"]
            assert listed == message["data"]

        _, body, _ = await server.post("/api/providers/home/retry")
        assert body["data"]["state"] == "resting", "it still fails"
        up.sick = None
        status, body, _ = await server.post("/api/providers/home/retry")
        assert (status, body["data"]["state"], body["data"]["until"]) == (200, "ok", None)
        await completed(server, "S01E01", "S01E02")
        assert (await server.post("/api/providers/other/retry"))[0] == 404


async def test_all_failed_items_are_tried_again(tmp_path, monkeypatch):
    async with (
        SickShows((SIZE, SIZE, SIZE)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        assert (await server.post("/api/queue/retry"))[1]["data"] == {"count": 0}
        await queue(server, "S01")
        up.gone = {"S01E01", "S01E02"}
        await server.post("/api/queue/start")

        async def ended() -> bool:
            return sorted((await statuses(server)).values()) == ["completed", "failed", "failed"]

        await until(ended)
        up.gone = set()
        assert (await server.post("/api/queue/retry"))[1]["data"] == {"count": 2}
        await completed(server, "S01E01", "S01E02", "S01E03")


async def test_a_source_that_is_switched_off_is_asked_for_nothing(tmp_path, monkeypatch):
    """Its items wait and say why; on again, they come."""
    async with (
        SickShows((SIZE, SIZE)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        await queue(server, "S01")
        off = [home(up.base)[0] | {"enabled": False}]
        assert (await server.put("/api/config", json={"providers": off}))[0] == 200
        up.requests.clear()
        await server.post("/api/queue/start")

        async def reasons() -> set[str]:
            return {item["reason"] for item in (await server.get("/api/queue"))[1]["data"]}

        async def say_why() -> bool:
            return await reasons() == {"The source is switched off"}

        await until(say_why)
        (source,) = (await server.get("/api/providers"))[1]["data"]
        assert (source["state"], source["url"], source["series"]) == ("off", up.base, 1)
        assert (await server.post("/api/providers/home/retry"))[1]["data"]["state"] == "off"
        assert (await server.post("/api/v1/anime/rescan"))[1]["unavailable"] == []
        assert up.requests == []
        assert (await server.put("/api/config", json={"providers": home(up.base)}))[0] == 200
        await completed(server, "S01E01", "S01E02")
        assert await reasons() == {""}


@pytest.mark.parametrize("call", ["search", "rescan"])
async def test_a_rest_ends_with_a_good_answer(tmp_path, monkeypatch, call):
    """Whoever asks for a list and gets it ends the rest: items go on. A list in memory does not."""
    async with (
        SickShows((SIZE, SIZE)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        await queue(server, "S01")
        rests = server.app[keys.ENGINE].rests
        monkeypatch.setattr(rests, "_pause", 600.0)
        up.sick = {"status": 502}
        await server.post("/api/queue/start")
        await until(lambda: rests.describe("home").state == "resting")
        await server.post("/api/queue/pause")
        await server.get("/api/v1/anime/search", params={"q": "show"})
        assert rests.describe("home").state == "resting"
        up.sick = None
        if call == "search":
            tree = server.app[keys.PROVIDERS].get("home")._provider
            monkeypatch.setattr(tree._catalogue, "_fresh_seconds", -1)
            await server.get("/api/v1/anime/search", params={"q": "show"})
        else:
            await server.post("/api/v1/anime/rescan")
        assert rests.describe("home").state == "ok"
        reasons = {item["reason"] for item in (await server.get("/api/queue"))[1]["data"]}
        assert reasons == {""}
        await server.post("/api/queue/start")
        await completed(server, "S01E01", "S01E02")


async def test_a_list_is_no_news_of_a_source_that_fails_with_its_files(resting):
    rests, _, providers, _ = resting
    async with Shows((SIZE,)) as up:
        await providers.configure(_settings(up.base))
        broken = ProviderError("broken", cause="broken off")
        for number in (1, 2):
            verdict = await rests.judge(SimpleNamespace(id=number, provider="home"), broken)
        await rests.rest("home", verdict.why)
        assert not await rests.heard("home")
        assert rests.describe("home").state == "resting"


async def test_a_search_that_fails_is_told(tmp_path):
    """No download has asked since, so nobody knows how the source is; a good answer ends that."""
    async with SickShows((SIZE,)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for sick, state, reason in [
            (None, "ok", ""),
            ({"status": 502}, "unknown", "The source answered 502"),
            (None, "ok", ""),
        ]:
            up.sick = sick
            tree = server.app[keys.PROVIDERS].get("home")._provider
            tree._catalogue._fresh_seconds = -1
            await server.get("/api/v1/anime/search", params={"q": "show"})
            (source,) = (await server.get("/api/providers"))[1]["data"]
            assert (source["state"], source["reason"]) == (state, reason)
            assert (source["since"] is None) == (state == "ok") and source["last_success"]


async def test_the_last_answer_outlives_the_process(tmp_path):
    """It belongs to one address: a source that never answered at another is unknown there."""
    async with Shows((SIZE,)) as up:
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            (source,) = (await server.get("/api/providers"))[1]["data"]
            assert (source["state"], source["last_success"]) == ("unknown", None)
            await server.get("/api/v1/anime/search", params={"q": "show"})
            (before,) = (await server.get("/api/providers"))[1]["data"]
            assert before["state"] == "ok"
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            (after,) = (await server.get("/api/providers"))[1]["data"]
            assert after == before
            other = home(up.base + "other/")
            await server.put("/api/config", json={"providers": other})
            (source,) = (await server.get("/api/providers"))[1]["data"]
            assert (source["state"], source["last_success"]) == ("unknown", None)


class NarrowShows(SickShows):
    """It bears one request for a file at a time, and sees its end late; its listings are free."""

    crowded_requests = 0

    async def _answer_by(self, knobs: SimpleNamespace, request, reader, writer) -> bool:
        if not self.code(request):
            return await super()._answer_by(knobs, request, reader, writer)
        if self._busy:
            self.crowded_requests += 1
            vars(knobs).update(self.crowded)
            return await super()._answer_by(knobs, request, reader, writer)
        self._busy += 1
        try:
            return await super()._answer_by(knobs, request, reader, writer)
        finally:
            asyncio.get_running_loop().call_later(self.late, self._leave)

    def _answer(self, knobs: SimpleNamespace, request) -> tuple[bytes, bytes]:
        if knobs.kind == PAGE["kind"]:  # in place of the file
            return super(Shows, self)._answer(knobs, request)
        return super()._answer(knobs, request)


PAGE = {"kind": "text/html", "body": b"<html>busy</html>" * 60, "etag": None, "ranges": False}
CROWDED = {
    "403": {"status": 403},
    "404": {"status": 404},
    "429": {"status": 429},
    "503": {"status": 503},
    "page": PAGE,
    "reset": {"raw": b""},
}


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=() if row == "404" else pytest.mark.slow) for row in CROWDED]
)
async def test_two_items_at_a_source_that_bears_one_connection(tmp_path, monkeypatch, row):
    """The second one loses no try, and the source is soon asked for one at a time."""
    monkeypatch.setattr("downloads.crowds.CALM_SECONDS", 0.1)
    async with NarrowShows((SIZE,) * 8) as up:
        up.rate, up.late = 3 * SIZE, 0.02
        up.crowded = CROWDED[row]
        two = {"max_concurrent_downloads": 3}
        async with impatient(tmp_path, monkeypatch, providers=home(up.base), **two) as server:
            lost = _lost_tries(server, monkeypatch)
            await queue(server, "S01")
            await server.post("/api/queue/start")
            await completed(server, *up.videos)
            assert lost == []
            assert 2 <= up.crowded_requests <= 6
            page = (0, len(PAGE["body"]))
            for code in up.videos:
                assert [sent for sent in up.fetched(code) if sent != page] == [(0, SIZE)]


def _lost_tries(server, monkeypatch) -> list[int]:
    """The counts of tries that items are left with, as far as they are not 0."""
    lost: list[int] = []
    release = queue_store.release

    def note(conn, item_id, reason="", attempts=None, durable=0):
        if attempts:
            lost.append(attempts)
        return release(conn, item_id, reason, attempts, durable)

    monkeypatch.setattr(queue_store, "release", note)
    return lost


async def test_an_item_that_fails_alone_too_is_to_blame(tmp_path, monkeypatch):
    """Beside others that go on it is tried again, then it is judged; the others are not held up."""
    monkeypatch.setattr("downloads.crowds.CALM_SECONDS", 0.1)
    async with SickShows((SIZE,) * 6) as up:
        up.rate = 4 * SIZE
        up.gone = {"S01E02"}
        two = {"max_concurrent_downloads": 2}
        async with impatient(tmp_path, monkeypatch, providers=home(up.base), **two) as server:
            await queue(server, "S01")
            await server.post("/api/queue/start")

            async def ended() -> bool:
                now = await statuses(server)
                others = set(now.values()) - {now["S01E02"]}
                return now["S01E02"] == "failed" and others == {"completed"}

            await until(ended)
            assert len([r for r in up.requests if up.code(r) == "S01E02"]) <= 9


def test_a_crowd_is_not_to_blame_for_what_an_item_does_alone():
    crowds = Crowds()
    assert crowds.may_excuse(1, "404")
    crowds.failed("home", 1, "502", is_beside=False)
    assert not crowds.may_excuse(1, "502")
    assert crowds.may_excuse(1, "404") and crowds.may_excuse(2, "502")
    crowds.failed("home", 1, "404", is_beside=True)
    assert crowds.limit("home", 4) == 4 and crowds.may_excuse(1, "404")
    crowds.failed("home", 1, "404", is_beside=True)
    assert crowds.limit("home", 4) == 1
    crowds.failed("home", 1, "404", is_beside=False)
    assert not crowds.may_excuse(1, "404")
    crowds.forget(1)
    assert crowds.may_excuse(1, "404")
