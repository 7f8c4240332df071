"""A month of following in under a minute: a clock that is moved, real servers, and power cuts.

Each day has an hour outside of the night and one in it. What the sources bring, what the owner does
and when the power fails is written down here; in the end exactly the episodes are there that the
rules say, and each was told once.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.app import Process, free_port, until
from tests.receiver import Receiver
from tests.shows import database_is_right, video
from tests.upstream import nginx

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 30
KILLED_STEPS = 0.35
SIZE = 20_000
NO_VIDEO = b"this is no video at all\n" * 900

# Series -> (day, episode) of what its source brings; day 0 is there before.
BROUGHT: dict[str, list[tuple[int, str]]] = {
    "Alpha": [(0, "S01E01"), (0, "S01E02"), (0, "S01E03"), (3, "S01E04"), (10, "S01E05"),
              (14, "S01E06"), (24, "S01E07")],
    "Beta": [(0, "S01E01"), (0, "S01E02"), (5, "S01E03"), (12, "S01E04"), (19, "S01E05"),
             (21, "S01E06"), (26, "S01E07")],
    "Gamma": [(0, "S01E01"), (6, "S01E02")],
    "Delta": [(0, "S01E01"), (7, "S01E02"), (9, "S02E01"), (16, "S02E02"), (23, "S02E03")],
    "Epsilon": [(0, "S01E01"), (13, "S01E03"), (18, "S01E02")],
    "Pod": [(0, "S01E01"), (4, "S01E02"), (20, "S01E03")],
}  # fmt: skip
FOLLOWED = {
    "Alpha": {"follow": "all"},
    "Beta": {"follow": "new"},
    "Delta": {"follow": "new", "seasons": [2]},
    "Epsilon": {"follow": "all"},
    "Pod": {"follow": "new"},
}
# What the rules say: the day from which on an episode is in the queue.
WANTED = {
    "Alpha": {"S01E01": 0, "S01E02": 0, "S01E03": 0, "S01E04": 3, "S01E05": 10, "S01E06": 14,
              "S01E07": 24},
    "Beta": {"S01E03": 5, "S01E04": 12, "S01E05": 19, "S01E07": 26},
    "Delta": {"S02E01": 9, "S02E02": 16, "S02E03": 23},
    "Epsilon": {"S01E01": 0, "S01E03": 13},
    "Pod": {"S01E02": 4, "S01E03": 22},  # which airs two days after it was listed
}  # fmt: skip
AWAY = 14  # the day on which the sources are away for a while, as their turn comes
# Of those that were wanted: what never arrived, or did not stay.
REMOVED = ("Beta", "S01E05")
FAILED = ("Delta", "S02E03")
DELETED = ("Alpha", "S01E01")
TOLD_BY_THE_CALL = {("Alpha", code) for code in ("S01E01", "S01E02", "S01E03")} | {
    ("Epsilon", "S01E01")
}

Key = tuple[str, str]


def wanted_until(day: int) -> set[Key]:
    return {
        (title, code)
        for title, codes in WANTED.items()
        for code, since in codes.items()
        if since <= day
    }


class Month:
    """The sources, the server and its clock."""

    def __init__(self, tmp_path: Path, hook: str):
        self.served = tmp_path / "served"
        self.served.mkdir()
        self.nginx_folder = tmp_path / "nginx"
        self.nginx_folder.mkdir()
        self.access_log = self.nginx_folder / "access.log"
        self.clock = tmp_path / "clock"
        self.port = free_port()
        self.random = random.Random(15)
        self.feed: list[str] = []
        self.followed = set(FOLLOWED)
        self.nginx = AsyncExitStack()
        self.move_to(0, 12)
        base = f"http://127.0.0.1:{self.port}/"
        self.process = Process(
            tmp_path,
            env={"TZ": "UTC"},
            providers=[
                {"type": "directory", "name": "home", "url": f"{base}home/"},
                {"type": "feed", "name": "pod", "url": f"{base}feed/pod.xml"},
            ],
            night={"from": "01:00", "to": "07:00"},
            notify=[{"type": "webhook", "url": hook, "events": ["new_episode"]}],
            session_timeout_hours=8760,
        )

    # -- sources ---------------------------------------------------------------------------------

    async def start_sources(self) -> None:
        extra = f"access_log {self.access_log};"
        started = nginx(self.nginx_folder, self.served, extra=extra, port=self.port)
        await self.nginx.enter_async_context(started)

    def bring(self, day: int) -> None:
        for title, brought in BROUGHT.items():
            for on, code in brought:
                if on == day:
                    self._put(title, code, day)

    def _put(self, title: str, code: str, day: int) -> None:
        is_pod = title == "Pod"
        folder = self.served / ("feed" if is_pod else f"home/{title}")
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{title} - {code}.mkv"
        put_whole(folder / name, content(title, code))
        if not is_pod:
            return
        airs = FIRST_DAY + timedelta(days=day + (2 if code == "S01E03" else 0), hours=1)
        self.feed.append(
            f"<item><title>Pod {code}</title><guid>{code}</guid>"
            f"<pubDate>{format_datetime(airs)}</pubDate>"
            f"<itunes:season>1</itunes:season><itunes:episode>{int(code[4:])}</itunes:episode>"
            f'<enclosure url="http://127.0.0.1:{self.port}/feed/{name.replace(" ", "%20")}" '
            'type="video/x-matroska" length="1"/></item>'
        )
        text = (
            '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
            f"<channel><title>Pod</title>{''.join(self.feed)}</channel></rss>"
        )
        put_whole(folder / "pod.xml", text.encode(), age=3600 - day)

    def lists_asked(self) -> Counter[str]:
        """How often each list was asked for until now."""
        lines = self.access_log.read_text().splitlines() if self.access_log.exists() else []
        return Counter(line.split('"')[1].split()[1] for line in lines)

    # -- time ------------------------------------------------------------------------------------

    def move_to(self, day: int, hour: int) -> None:
        """Move the clock there. A file that is replaced is never read half."""
        there = FIRST_DAY + timedelta(days=day, hours=hour)
        put_whole(self.clock, str(there.timestamp() - time.time()).encode())

    async def step(self, day: int, hour: int, *, are_there: bool = True) -> None:
        """Go on to this hour; all lists are asked for, and perhaps the power fails meanwhile."""
        before = self.lists_asked()
        self.move_to(day, hour)
        if self.random.random() < KILLED_STEPS:
            await asyncio.sleep(self.random.uniform(0, 0.3))
            self.process.kill9()
            await self.process.start()

        def have_been_asked() -> bool:
            new = self.lists_asked() - before
            folders = [f"/home/{title}/" for title in self.followed - {"Pod"}]
            return all(new[path] for path in ["/feed/pod.xml", *folders])

        if are_there:
            await until(have_been_asked)

    # -- what there is ---------------------------------------------------------------------------

    async def items(self) -> dict[Key, str]:
        """(series, code) -> status."""
        _, page, _ = await self.process.get("/api/queue?per_page=100")
        found = [(item["anime_title"], item["episode"]) for item in page["data"]]
        assert len(found) == len(set(found))
        return dict(zip(found, [item["status"] for item in page["data"]]))

    def library(self) -> set[Key]:
        """The episodes in the library, each of them whole."""
        found = set()
        for path in self.process.library.rglob("*.mkv"):
            title, _, code = path.stem.partition(" - ")
            assert path.read_bytes() == content(title, code)
            assert (title, code) not in found
            found.add((title, code))
        return found

    async def path(self, title: str, rest: str) -> str:
        """The address of a call about a series."""
        _, found, _ = await self.process.get(f"/api/v1/anime/search?q={title}")
        (hit,) = [hit for hit in found["data"] if hit["name"] == title]
        return f"/api/v1/anime/{hit['key']}/{rest}"

    async def sources_rest(self) -> bool:
        _, answer, _ = await self.process.get("/api/providers")
        return all(source["state"] == "resting" for source in answer["data"])

    async def settled(self, check: Callable[[dict[Key, str]], bool]) -> None:
        async def is_so() -> bool:
            return check(await self.items())

        await until(is_so)


def content(title: str, code: str) -> bytes:
    return NO_VIDEO if (title, code) == FAILED else video(hash_of(title, code), SIZE)


def hash_of(title: str, code: str) -> int:
    return sum(ord(letter) * 31**place for place, letter in enumerate(title + code)) % 10**6


def put_whole(path: Path, data: bytes, age: int = 3600) -> None:
    """In one step, and of a file that nobody writes to any more."""
    new = path.with_name(f".{path.name}")
    new.write_bytes(data)
    os.utime(new, (time.time() - age, time.time() - age))
    new.rename(path)


async def owner_acts(month: Month, day: int) -> None:
    """What the owner does in the first hour of some days, when the looks have been made."""
    server = month.process
    if day == 8:
        (file,) = server.library.rglob("Alpha - S01E01.mkv")
        file.unlink()
        assert (await server.post("/api/v1/anime/rescan"))[0] == 200
    if day == 14:
        path = await month.path("Epsilon", "episodes/S01E02")
        assert (await server.put(path, json={"ignored": True}))[0] == 200
    if day == 19:
        _, page, _ = await server.get("/api/queue?status=pending")
        (item,) = [each for each in page["data"] if each["anime_title"] == "Beta"]
        assert (await server.delete(f"/api/queue/{item['queue_item_id']}"))[0] == 200
    if day in (20, 22):
        word = {"follow": "off" if day == 20 else "new"}
        month.followed ^= {"Beta"}
        path = await month.path("Beta", "follow")
        assert (await server.put(path, json=word))[0] == 200
    if day == 25:
        assert (await server.delete("/api/queue?status=failed"))[0] == 200


def expected_items(day: int) -> set[Key]:
    """Those that are in the queue at the end of a day's first hour."""
    gone = {REMOVED} if day >= 19 else set()
    return wanted_until(day) - gone - ({FAILED} if day >= 25 else set())


@pytest.mark.slow
async def test_a_month(tmp_path, monkeypatch):
    program = Path(__file__).parent / "month_server.py"
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {program} {tmp_path / "clock"} "$@"\n')
    script.chmod(0o755)
    async with Receiver() as hook:
        month = Month(tmp_path, f"{hook.base}/hook")
        month.bring(0)
        await month.start_sources()
        monkeypatch.setattr(sys, "executable", str(script))
        try:
            async with month.process as server:
                await live_through(month)
                assert await month.items() == dict.fromkeys(expected_items(DAYS), "completed")
                assert month.library() == expected_items(DAYS) - {DELETED}
                new = wanted_until(DAYS) - TOLD_BY_THE_CALL
                await until(lambda: Counter(told(hook)) == Counter(new))
                assert list((server.state / "copies").glob("aniworld-*.db"))
            database_is_right(month.process)
        finally:
            await month.nginx.aclose()


async def live_through(month: Month) -> None:
    server = month.process
    await server.login()
    await server.post("/api/queue/start")
    for title, word in FOLLOWED.items():
        assert (await server.put(await month.path(title, "follow"), json=word))[0] == 200
    for day in range(1, DAYS + 1):
        is_away = day == AWAY
        if is_away:
            await month.nginx.aclose()
        month.bring(day)
        await month.step(day, 15, are_there=not is_away)
        if is_away:
            await until(month.sources_rest)
            await month.start_sources()
        await month.settled(lambda items: items.keys() >= expected_before_acts(day))
        assert not [key for key, status in (await month.items()).items() if status == "downloading"]
        await owner_acts(month, day)
        assert (await month.items()).keys() == expected_items(day)
        in_library = month.library()
        await month.step(day + 1, 3)
        await month.settled(lambda items: set(items.values()) <= {"completed", "failed"})
        assert month.library() >= in_library


def expected_before_acts(day: int) -> set[Key]:
    return (
        wanted_until(day) - ({REMOVED} if day > 19 else set()) - ({FAILED} if day > 25 else set())
    )


def told(hook: Receiver) -> list[Key]:
    """The episodes of which messages have told; a message that came twice has one id."""
    messages = {each.json["id"]: each.json for each in hook.received}
    return [
        (item["anime_title"], item["episode"])
        for each in messages.values()
        for item in each["items"]
    ]
