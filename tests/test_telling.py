"""What is told to whom: nothing lost, nothing twice, and nothing in the way.

Downloads are real, and so is the server that takes the messages.
"""

import asyncio
import datetime
import json
import sqlite3
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from downloads import delivery, telling
from handlers import keys
from handlers.tellers import TELLERS
from store import clock, looks, outbox, queue
from store.db import Database, connect
from store.models import Episode, Listing
from store.outbox import Notice
from store.settings import Config, Hours
from store.targets import PLACED, Notify, events_of, name_of
from tests.app import running, until
from tests.receiver import Receiver
from tests.shows import Shows, completed, home
from tests.shows import queue as queue_up

TARGET = "notify:webhook:x"


def today_at(text: str) -> float:
    hour, minute = map(int, text.split(":"))
    return datetime.datetime.now().replace(hour=hour, minute=minute).timestamp()


def notice(number: int = 1, title: str = "Nacht", **more) -> Notice:
    return Notice(title, anime_id="home_nacht", episode=f"S01E{number:02}", **more)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Messages go out at once, and failures are repaired soon."""
    monkeypatch.setattr(telling, "GATHER_SECONDS", 0.05)
    monkeypatch.setattr(telling, "SPACE_SECONDS", 0.05)
    monkeypatch.setattr(telling, "FIRST_PAUSE_SECONDS", 0.02)


# -- the outbox ------------------------------------------------------------------------------------


@pytest.fixture
def conn():
    connection = connect(":memory:")
    outbox.set_targets(connection, {TARGET: ["completed", "failed", "source_away"]})
    yield connection
    connection.close()


def rows(conn) -> int:
    return conn.execute("select count(*) from outbox").fetchone()[0]


def test_nothing_is_written_for_nobody(conn):
    outbox.set_targets(conn, {})
    before = conn.total_changes
    for event in ("completed", PLACED):
        outbox.add(conn, event, notice())
    outbox.hold(conn, "disk", {"full": Notice("disk")})
    outbox.set_targets(conn, {})
    assert conn.total_changes == before


def test_a_message_stays_the_same_until_it_has_arrived(conn):
    """What comes meanwhile is in the next one; another event has one of its own."""
    for number in (1, 2):
        outbox.add(conn, "completed", notice(number))
    outbox.add(conn, "failed", notice(9))
    first = outbox.take(conn, TARGET)
    outbox.add(conn, "completed", notice(3))
    again = outbox.take(conn, TARGET)
    assert (first.batch, first.event) == (again.batch, again.event) == (2, "completed")
    assert [each.episode for each in again.notices] == ["S01E01", "S01E02"]
    outbox.finish(conn, TARGET, first.batch)
    events = []
    while batch := outbox.take(conn, TARGET):
        events.append((batch.event, [each.episode for each in batch.notices]))
        outbox.finish(conn, TARGET, batch.batch)
    assert events == [("failed", ["S01E09"]), ("completed", ["S01E03"])]
    assert rows(conn) == 0


def test_each_target_has_its_own(conn):
    outbox.set_targets(conn, {TARGET: ["completed"], "other": ["completed", "failed"]})
    outbox.add(conn, "completed", notice())
    outbox.add(conn, "failed", notice())
    outbox.finish(conn, TARGET, outbox.take(conn, TARGET).batch)
    assert outbox.take(conn, TARGET) is None and rows(conn) == 2
    outbox.set_targets(conn, {TARGET: ["completed"]})
    assert rows(conn) == 0, "nobody waits for those any more"


def test_the_outbox_is_bounded(conn, caplog):
    for number in range(outbox.MOST_ROWS + 5):
        outbox.add(conn, "completed", notice(number))
    assert rows(conn) == outbox.MOST_ROWS
    assert "given up" in caplog.text
    assert len(outbox.take(conn, TARGET).notices) == outbox.BATCH_ROWS


def test_what_cannot_be_told_for_a_day_is_given_up(conn, monkeypatch):
    outbox.add(conn, "completed", notice(1))
    outbox.take(conn, TARGET)
    for _ in range(30):
        assert outbox.fail(conn, TARGET).given_up == 0, "the day is not over"
    tomorrow = clock.in_seconds(2 * outbox.LASTING_SECONDS)
    monkeypatch.setattr(outbox, "now", lambda: tomorrow)
    outbox.add(conn, "completed", notice(2))
    day_before = clock.in_seconds(outbox.LASTING_SECONDS)
    monkeypatch.setattr(outbox, "in_seconds", lambda seconds: day_before)
    failed = outbox.fail(conn, TARGET)
    assert (failed.in_a_row, failed.given_up) == (31, 1) and failed.since < tomorrow
    assert [each.episode for each in outbox.take(conn, TARGET).notices] == ["S01E02"]
    assert outbox.failures(conn, TARGET) == 0


def test_a_clock_that_jumps_gives_nothing_up_at_once(conn, monkeypatch):
    outbox.add(conn, "completed", notice())
    monkeypatch.setattr(outbox, "in_seconds", lambda seconds: "2999-01-01T00:00:00Z")
    for count in range(1, outbox.LEAST_FAILURES):
        assert outbox.fail(conn, TARGET)[::2] == (count, 0)


def test_a_clock_that_goes_back_keeps_nothing_for_ever(conn, monkeypatch):
    outbox.add(conn, "completed", notice())
    monkeypatch.setattr(outbox, "in_seconds", lambda seconds: "1970-01-01T00:00:00Z")
    given_up = [outbox.fail(conn, TARGET).given_up for _ in range(outbox.MOST_FAILURES)]
    assert given_up == [0] * (outbox.MOST_FAILURES - 1) + [1]


def test_what_holds_is_told_once_until_it_has_ended(conn):
    away = {"home": Notice("home", "refused")}
    for _ in range(3):
        outbox.hold(conn, "source_away", away)
    assert rows(conn) == 1
    outbox.hold(conn, "source_away", {})
    outbox.hold(conn, "source_away", away)
    assert rows(conn) == 2
    outbox.set_targets(conn, {TARGET: ["completed"]})
    outbox.set_targets(conn, {TARGET: ["source_away"]})
    outbox.hold(conn, "source_away", away)
    assert rows(conn) == 3, "who asks to be told is told what holds"


def test_what_is_undone_is_not_told(conn):
    listing = ("home", Listing("nacht", "Nacht", episodes=(Episode(1, 1),)))
    item = queue.add(conn, "home_nacht", ["S01E01"], "normal", found=[listing]).items[0]
    conn.execute("begin")
    queue.fail(conn, item.id, "PROVIDER_ERROR", "gone")
    assert rows(conn) == 1
    conn.execute("rollback")
    assert rows(conn) == 0


def test_new_episodes_are_told_where_they_are_found(conn):
    """The owner's own word that a series is followed is no news to him."""
    outbox.set_targets(conn, {TARGET: ["new_episode"]})
    listings = [
        Listing("nacht", "Nacht", episodes=tuple(Episode(1, n) for n in range(1, last + 1)))
        for last in (2, 3)
    ]
    queue.add(conn, "home_nacht", ["S01E01"], "normal", found=[("home", listings[0])])
    series_id, items = looks.follow(conn, "home_nacht", "all", [], [])
    assert [item.code for item in items] == ["S01E02"] and rows(conn) == 0
    kept = looks.keep(conn, series_id, "home", listings[1])
    assert [item.code for item in kept.items] == ["S01E03"]
    (found,) = outbox.take(conn, TARGET).notices
    assert (found.subject, found.episode) == ("Nacht", "S01E03")


# -- one target ------------------------------------------------------------------------------------


@asynccontextmanager
async def told_by(db: Database, target: Notify, config=Config):
    teller = telling.Teller(target, db, None, config)
    task = asyncio.create_task(teller.run())
    try:
        yield teller
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def up():
    async with Receiver() as up:
        yield up


@pytest.fixture
def hook(up) -> Notify:
    return Notify("webhook", f"{up.base}/hook")


@pytest.fixture
async def db(tmp_path, hook):
    db = Database(tmp_path / "aniworld.db")
    await db.open()
    await db.run(outbox.set_targets, events_of([hook], []))
    yield db
    await db.close()


def episodes(up: Receiver) -> list[list[str]]:
    """Those of each message, in order."""
    return [[item["episode"] for item in each.json["items"]] for each in up.received]


async def is_empty(db: Database, hook: Notify) -> bool:
    return not await db.run(outbox.has_any, hook.name)


async def test_five_episodes_are_one_message(db, up, hook):
    for number in range(1, 6):
        await db.run(outbox.add, "completed", notice(number))
    async with told_by(db, hook):
        await until(lambda: is_empty(db, hook))
    (message,) = [each.json for each in up.received]
    assert message["title"] == "5 episodes of Nacht in the library"
    assert message["message"] == "Nacht: S01E01, S01E02, S01E03, S01E04, S01E05"
    assert message.keys() == {"event", "timestamp", "title", "message", "items", "id"}
    assert message["event"] == "completed" and len(message["items"]) == 5


@pytest.mark.parametrize("step", ["take", "send", "arrive", "finish"])
async def test_a_power_cut_loses_nothing_and_mixes_nothing(db, up, hook, step, monkeypatch):
    """The program ends before that step; what happens meanwhile is in another message."""
    await db.run(outbox.add, "completed", notice(1))
    reached = asyncio.Event()
    stuck = asyncio.Event()

    async def cut(*_) -> None:
        reached.set()
        await stuck.wait()

    with monkeypatch.context() as patch:
        send = delivery.Sender.send

        async def arrive(self, *what) -> None:
            await send(self, *what)
            await cut()

        if step == "take":
            patch.setattr(telling.Teller, "_step", cut)
        elif step == "send":
            patch.setattr(delivery.Sender, "send", cut)
        elif step == "arrive":
            patch.setattr(delivery.Sender, "send", arrive)
        async with told_by(db, hook):
            await (until(lambda: is_empty(db, hook)) if step == "finish" else reached.wait())
    await db.run(outbox.add, "completed", notice(2))
    async with told_by(db, hook):
        await until(lambda: is_empty(db, hook))
    messages = {each.json["id"]: [item["episode"] for item in each.json["items"]]
                for each in up.received}  # fmt: skip
    told = [episode for message in messages.values() for episode in message]
    assert sorted(told) == ["S01E01", "S01E02"], "each is in one message, however often it came"
    assert len(up.received) == (3 if step == "arrive" else 1 if step == "take" else 2)


async def test_a_server_that_fails_is_asked_again(db, up, hook, caplog):
    up.answers["/hook"] = [503, 500, 401, 200]
    await db.run(outbox.add, "completed", notice())
    async with told_by(db, hook):
        await until(lambda: is_empty(db, hook))
    assert len({each.json["id"] for each in up.received}) == 1 and len(up.received) == 4
    lines = [each for each in caplog.messages if "was not told" in each]
    assert len(lines) == 1 and "503" in lines[0]
    assert await db.run(outbox.failures, hook.name) == 0


async def test_a_message_that_is_refused_holds_up_no_other(db, up, hook, caplog):
    up.answers["/hook"] = [400] * telling.REFUSALS + [200]
    await db.run(outbox.add, "completed", notice(1))
    await db.run(outbox.add, "failed", notice(2, message="gone"))
    async with told_by(db, hook):
        await until(lambda: is_empty(db, hook))
    assert episodes(up)[-1] == ["S01E02"]
    assert "takes no message of completed" in caplog.text


async def test_one_message_a_minute(db, up, hook, monkeypatch):
    """A wake-up between two does not hurry the second one."""
    monkeypatch.setattr(telling, "SPACE_SECONDS", 3600)
    await db.run(outbox.add, "completed", notice(1))
    async with told_by(db, hook) as teller:
        await until(lambda: is_empty(db, hook))
        await db.run(outbox.add, "completed", notice(2))
        for _ in range(5):
            teller.wake()
            await asyncio.sleep(0.02)
        assert len(up.received) == 1
        teller._not_before = 0.0
        teller.wake()
        await until(lambda: is_empty(db, hook))
    assert episodes(up) == [["S01E01"], ["S01E02"]]


async def test_a_disk_that_is_full_lets_nothing_be_told_again(db, up, hook, monkeypatch):
    """The message has arrived, and its rows cannot be removed for a while."""
    finish = outbox.finish
    refusals = [sqlite3.OperationalError("disk full")] * 2

    def refuse(*arguments) -> None:
        if refusals:
            raise refusals.pop()
        finish(*arguments)

    monkeypatch.setattr(outbox, "finish", refuse)
    await db.run(outbox.add, "completed", notice(1))
    async with told_by(db, hook):
        await until(lambda: is_empty(db, hook))
    assert episodes(up) == [["S01E01"]]


async def test_what_is_mended_at_the_start_is_told(db, up, hook, monkeypatch):
    """It wakes nobody."""
    monkeypatch.setattr(telling, "IDLE_SECONDS", 0.02)
    async with told_by(db, hook):
        await asyncio.sleep(0.1)
        await db.run(outbox.add, "completed", notice(1))
        await until(lambda: up.received)


async def test_retry_after_is_obeyed(db, up, hook):
    up.answers["/hook"] = [web.Response(status=429, headers={"Retry-After": "300"})]
    await db.run(outbox.add, "completed", notice())
    async with told_by(db, hook) as teller:
        await until(lambda: teller._not_before > asyncio.get_running_loop().time() + 250)
    assert len(up.received) == 1


async def test_quiet_hours_gather(db, up, hook, monkeypatch):
    monkeypatch.setattr(telling, "CLOCK_SECONDS", 0.02)
    monkeypatch.setattr(clock, "seconds", lambda: today_at("12:00"))
    config = [Config(quiet_hours=Hours("11:00", "13:00"))]
    await db.run(outbox.add, "completed", notice(1))
    async with told_by(db, hook, lambda: config[0]) as teller:
        await asyncio.sleep(0.1)
        await db.run(outbox.add, "completed", notice(2))
        teller.wake()
        await asyncio.sleep(0.1)
        assert up.received == []
        config[0] = Config()
        await until(lambda: is_empty(db, hook))
    assert episodes(up) == [["S01E01", "S01E02"]]


# -- the whole -------------------------------------------------------------------------------------


async def test_downloads_are_told(tmp_path, up):
    """Also one that failed; a server that is silent holds up no download and no stop."""
    silent = {"type": "gotify", "url": f"{up.base}/silent", "token": "app"}
    notify = [{"type": "webhook", "url": f"{up.base}/hook", "token": "word"}, silent]
    up.answers["/silent/message"] = [503]
    async with Shows([50_000, 50_000, 50_000]) as source:
        source.gone = {"S01E03"}
        settings = {"providers": home(source.base), "notify": notify}
        async with running(tmp_path, **settings, log_level="error") as server:
            await server.login()
            server.app[keys.ENGINE]._backoff._pause = 0.01
            await queue_up(server, "S01")
            await server.post("/api/queue/start")
            await completed(server, "S01E01", "S01E02")

            def events() -> list[str]:
                return [each.json["event"] for each in up.at("/hook")]

            await until(lambda: "failed" in events())
            told = [item for each in up.at("/hook") for item in each.json["items"]]
            assert sorted(item["episode"] for item in told) == ["S01E01", "S01E02", "S01E03"]
            assert {item["anime_title"] for item in told} == {"Show"}
            assert all(each.headers["Authorization"] == "Bearer word" for each in up.at("/hook"))
            failed = next(item for item in told if item["episode"] == "S01E03")
            assert "404" in failed["message"]
            await until(lambda: up.at("/silent/message"))


async def test_settings_begin_and_end_it(tmp_path, up, hook):
    async with running(tmp_path, log_level="error") as server:
        await server.login()
        assert server.app[TELLERS].telling is None
        add = server.app[keys.DB].run
        await add(outbox.add, "completed", notice(1))
        body = {"notify": [{"type": "webhook", "url": f"{up.base}/hook", "events": ["completed"]}]}
        assert (await server.put("/api/config", json=body))[0] == 200
        await add(outbox.add, "completed", notice(2))
        await add(outbox.add, "failed", notice(3))
        server.app[TELLERS].telling.heard("download_completed")
        await until(lambda: up.received)
        assert episodes(up) == [["S01E02"]], "what was before, and other events, are not told"
        assert (await server.put("/api/config", json={"notify": []}))[0] == 200
        await add(outbox.add, "completed", notice(4))
        assert await add(rows) == 0
        assert not server.app[TELLERS].telling._tasks


async def test_what_waits_is_told_after_a_restart(tmp_path, up):
    notify = [{"type": "webhook", "url": f"{up.base}/hook"}]
    up.answers["/hook"] = [503]
    async with running(tmp_path, notify=notify, log_level="error") as server:
        await server.app[keys.DB].run(outbox.add, "completed", notice())
        server.app[TELLERS].telling.heard("download_completed")
        await until(lambda: up.received)
    up.answers["/hook"] = [200]
    async with running(tmp_path, notify=notify, log_level="error") as server:
        hook = server.app[keys.CONFIG].current.notify[0]
        await until(lambda: is_empty(server.app[keys.DB], hook))
    assert len({each.json["id"] for each in up.received}) == 1


async def test_entries_of_a_newer_version_are_kept(tmp_path, caplog):
    """Of an unknown type, with an unknown event or field: without effect, and with their tokens."""
    newer = [
        {"type": "matrix", "url": "http://10.0.0.9/", "events": ["completed"], "room": "x"},
        {"type": "webhook", "url": "http://10.0.0.9/", "events": ["completed", "born"]},
    ]
    ours = {"type": "gotify", "url": "http://10.0.0.8/", "token": "hush"}
    media = [{"type": "kodi", "url": "http://10.0.0.9/"}]
    async with running(tmp_path, notify=[*newer, ours], media_servers=media) as server:
        assert "matrix of notify" in caplog.text and "kodi of media_servers" in caplog.text
        await server.login()
        (kept,) = server.app[keys.CONFIG].current.notify
        assert kept.token.reveal() == "hush"
        secrets_file = server.app[keys.CONFIG]._secrets
        theirs = {f"{name_of('notify', 'matrix', 'http://10.0.0.9/')}.key": "theirs"}
        secrets_file.change(providers=secrets_file.current.providers | theirs)
        assert (await server.put("/api/config", json={"log_level": "warning"}))[0] == 200
        written = json.loads((server.state / "config.json").read_text())
        assert [each["type"] for each in written["notify"]] == ["gotify", "matrix", "webhook"]
        assert written["notify"][1:] == newer and written["media_servers"] == media
        assert sorted(secrets_file.current.providers.values()) == ["hush", "theirs"]
