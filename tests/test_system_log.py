"""The log of the last hours: what is kept of it, who sees it, and what is never in it."""

from __future__ import annotations

import logging
import time

from handlers import keys
from store.log_lines import (
    KEPT_OTHERS,
    KEPT_SECONDS,
    KEPT_SEVERE,
    MOST_CHARACTERS,
    RecentLines,
)
from tests.app import running


def record(level: int, message: str, *, at: float | None = None) -> logging.LogRecord:
    made = logging.LogRecord("downloads.engine", level, "", 0, message, None, None)
    made.created = time.time() if at is None else at
    return made


def test_warnings_are_not_pushed_out_by_what_is_usual():
    now = [1000.0]
    lines = RecentLines(lambda: now[0])
    lines.handle(record(logging.ERROR, "the disk is gone"))
    for number in range(5000):
        lines.handle(record(logging.INFO, f"login {number}"))
    kept = lines.newest()
    assert len(kept) == KEPT_OTHERS + 1
    assert (kept[0].message, kept[-1].message) == ("login 4999", "the disk is gone")
    for number in range(5000):
        lines.handle(record(logging.WARNING, f"source {number}"))
    assert len(lines.newest()) == KEPT_SEVERE + KEPT_OTHERS
    now[0] += KEPT_SECONDS
    assert lines.newest() == []


def test_a_clock_that_jumps_neither_hides_nor_turns_round_what_was_said():
    """As that of a machine without a battery, which is set when the network is there."""
    lines = RecentLines()
    years = {"in 1970": 60.0, "in 2026": time.time(), "a year too late": time.time() + 4e7}
    for message, at in [*years.items(), ("set back", time.time())]:
        lines.handle(record(logging.WARNING, message, at=at))
    said = [line.message for line in lines.newest()]
    assert said == ["set back", "a year too late", "in 2026", "in 1970"]


def test_a_line_is_one_line_and_not_longer_than_one():
    lines = RecentLines()
    lines.handle(record(logging.INFO, "two\nlines\x1b[31m\u202e"))
    lines.handle(record(logging.INFO, "begin" + "x" * 100_000 + "end"))
    broken = record(logging.WARNING, "%d items")
    broken.args = ("no number",)
    lines.handle(broken)
    long, short = lines.newest()
    assert short.message == r"two\nlines\x1b[31m\u202e"
    assert len(long.message) < MOST_CHARACTERS + 10
    assert long.message.startswith("begin") and long.message.endswith("end")


async def test_the_owner_sees_it_without_secrets(tmp_path):
    secret = "s3cret-of-the-nas"
    source = {"type": "directory", "name": "nas", "url": "http://127.0.0.1:9/"}
    async with running(tmp_path, providers=[{**source, "password": secret}]) as server:
        token = await server.login()
        log = logging.getLogger("downloads.test")
        log.info("usual")
        log.warning("asked http://user:%s@nas.lan/", secret)
        log.error("failed", exc_info=ValueError("broken"))

        async def lines(query: str = "") -> list[dict]:
            status, answer, _ = await server.get(f"/api/system/log{query}")
            assert status == 200
            return [line for line in answer["data"] if line["source"] == "downloads.test"]

        error, warning, usual = await lines()
        assert error["level"] == "error" and "ValueError: broken" in error["message"]
        assert warning["message"].startswith("asked http://user:**") and usual["level"] == "info"
        assert await lines("?level=error") == [error]
        assert await lines("?level=warning") == [error, warning]
        assert (await server.get("/api/system/log?level=loud"))[0] == 422
        await server.put("/api/config", json={"log_level": "error"})
        log.warning("not said")
        assert await lines("?level=error") == [error]
        _, answer, _ = await server.get("/api/system/log")
        everything = str(answer)
        assert secret not in everything and token not in everything
        assert "login from 127.0.0.1" in everything
        assert "not said" not in everything
        handler = server.app[keys.LOG]
        assert handler.newest()
    assert handler not in logging.getLogger().handlers


async def test_a_secret_is_known_in_an_address_and_by_its_parts(tmp_path):
    feed = "https://pods.lan/rss/aB3dE5fG7hI9jK1lM3?token=hidden%2Fword&page=2"
    password = "p w/ü&x"
    providers = [
        {"type": "feed", "name": "pod", "url": feed},
        {"type": "directory", "name": "nas", "url": "http://nas.lan/", "password": password},
    ]
    async with running(tmp_path, providers=providers) as server:
        await server.login()
        log = logging.getLogger("downloads.test")
        log.warning("%s and %s", feed, password)
        log.warning("no /rss/aB3dE5fG7hI9jK1lM3 with token=hidden%2Fword at pods.lan, page=2")
        log.warning("http://u:p%20w%2F%C3%BC%26x@nas.lan/ p%20w/%C3%BC%26x")
        _, answer, _ = await server.get("/api/system/log?level=warning")
        said = [line["message"] for line in reversed(answer["data"])]
        mask = "*" * 8
        assert said == [
            f"{mask} and {mask}",
            f"no /rss/{mask} with token={mask} at pods.lan, page=2",
            f"http://u:{mask}@nas.lan/ {mask}",
        ]
