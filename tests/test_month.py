"""A month of a household that has asked for everything, in a minute: the clock is moved by hand.

nginx is the source, where episodes appear by a timetable; a phone is told by ntfy and a script by
a webhook, and a Jellyfin stands by. In the end exactly those episodes are here that the rules say,
and each was told once.
"""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from downloads import following, telling
from handlers import keys
from store import clock, outbox
from tests.app import running, until
from tests.receiver import Receiver
from tests.shows import home, statuses, video
from tests.upstream import nginx

pytestmark = pytest.mark.slow

DAYS, HOUR = 30, 3600.0
RESTARTS = (9, 17, 18)  # days on which the server is started anew
FOLLOWED = {"Alle": ("all", []), "Neue": ("new", []), "Zwei": ("all", [2])}
# Series -> what is there on which day: {day: codes}. Day 0 is before the owner asks for anything.
TIMETABLE = {
    "Alle": {
        0: ["S01E01", "S01E02"],
        **{day: [f"S01E{day // 3 + 2:02}"] for day in range(3, 30, 3)},
    },
    "Neue": {
        0: ["S01E01", "S01E02"],
        **{day: [f"S01E{day // 7 + 2:02}"] for day in range(7, 30, 7)},
    },
    "Zwei": {0: ["S01E01"], 5: ["S01E02", "S02E01"], 12: ["S02E02", "S02E03"], 26: ["S01E03"]},
    "Niemand": {0: ["S01E01"], 4: ["S01E02"], 20: ["S01E03"]},
}


def wanted(day: int) -> set[tuple[str, str]]:
    """(series, code) that the rules bring until the end of that day."""
    found = set()
    for title, (mode, seasons) in FOLLOWED.items():
        for appears, codes in TIMETABLE[title].items():
            if appears <= day and (mode == "all" or appears > 0):
                found |= {(title, code) for code in codes}
        if seasons:
            found = {
                (each, code) for each, code in found if each != title or int(code[1:3]) in seasons
            }
    return found


def appear(root: Path, day: int) -> None:
    for number, (title, days) in enumerate(TIMETABLE.items()):
        for code in days.get(day, ()):
            folder = root / title / f"Season {code[1:3]}"
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{title} - {code}.mkv"
            file.write_bytes(video(100 * number + int(code[1:3]) * 40 + int(code[4:]), 20_000))
            os.utime(file, (time.time() - HOUR, time.time() - HOUR))


def here(library: Path) -> set[tuple[str, str]]:
    files = library.rglob("*.mkv")
    return {(file.relative_to(library).parts[0], file.stem.rpartition(" - ")[2]) for file in files}


@pytest.fixture
def looks(monkeypatch) -> Counter[str]:
    """How often each series was looked at. What waits for seconds waits for none."""
    for name, value in (
        ("START_SECONDS", 0.0),
        ("LOOK_SECONDS", 0.02),
        ("LEAST_WAIT_SECONDS", 0.01),
        ("CATCH_UP_SECONDS", 0.01),
    ):
        monkeypatch.setattr(following, name, value)
    for name in ("GATHER_SECONDS", "SPACE_SECONDS", "CLOCK_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(telling, name, 0.05)
    counted: Counter[str] = Counter()
    ask = following.Following._ask_source

    async def ask_and_count(self, series_id, *source):
        is_done = await ask(self, series_id, *source)
        counted[series_id] += 1
        return is_done

    monkeypatch.setattr(following.Following, "_ask_source", ask_and_count)
    return counted


async def pass_day(server, looks: Counter[str], ahead: list[float], day: int) -> None:
    """Six hours at a time; each followed series is looked at each time."""
    for _ in range(4):
        before = looks.copy()
        ahead[0] += 6 * HOUR
        await until(lambda: all(looks[f"home_{each.lower()}"] > before[f"home_{each.lower()}"]
                                for each in FOLLOWED))  # fmt: skip
    await until(lambda: here(server.library) == wanted(day))
    assert set((await statuses(server)).values()) <= {"completed"}


async def test_a_month(tmp_path, looks, monkeypatch):
    ahead = [0.0]
    seconds = clock.seconds
    monkeypatch.setattr(clock, "seconds", lambda: seconds() + ahead[0])
    root = tmp_path / "root"
    appear(root, 0)
    (tmp_path / "nginx").mkdir()
    async with Receiver() as up, nginx(tmp_path / "nginx", root) as url:
        up.answers["/Library/VirtualFolders"] = [b"[]"]
        events = ["completed", "new_episode", "failed"]
        settings = {
            "providers": home(url),
            "notify": [
                {"type": "webhook", "url": f"{up.base}/hook", "events": events},
                {"type": "ntfy", "url": f"{up.base}/phone", "events": ["completed"]},
            ],
            "quiet_hours": {"from": "22:00", "to": "07:00"},
            "media_servers": [{"type": "jellyfin", "url": up.base, "key": "k"}],
        }
        day = 0
        while day <= DAYS:
            async with running(tmp_path, **settings, log_level="error") as server:
                await server.login()
                if day == 0:
                    for title, (mode, seasons) in FOLLOWED.items():
                        body = {"follow": mode, "seasons": seasons}
                        path = f"/api/v1/anime/home_{title.lower()}/follow"
                        assert (await server.put(path, json=body))[0] == 200
                    await server.post("/api/queue/start")
                while day <= DAYS:
                    appear(root, day)
                    await pass_day(server, looks, ahead, day)
                    day += 1
                    if day in RESTARTS:
                        break
                else:
                    await told_all(server, up, ahead)


async def told_all(server, up: Receiver, ahead: list[float]) -> None:
    """In the morning all is told: each episode in one message of each kind, to each target."""
    settings = server.app[keys.CONFIG].current
    targets = [*settings.notify, *settings.media_servers]

    async def is_told() -> bool:
        ahead[0] += HOUR  # the night passes
        waits = [await server.app[keys.DB].run(outbox.has_any, each.name) for each in targets]
        await asyncio.sleep(0.1)
        return not any(waits)

    await until(is_told)
    messages = {each.json["id"]: each.json for each in up.at("/hook")}
    assert len(messages) == len(up.at("/hook")), "none came twice"
    told = Counter(
        (message["event"], item["anime_title"], item["episode"])
        for message in messages.values()
        for item in message["items"]
    )
    assert set(told.values()) == {1}
    by_event = {
        event: {(title, code) for kind, title, code in told if kind == event}
        for event in ("completed", "new_episode", "failed")
    }
    everything = wanted(DAYS)
    at_once = {("Alle", code) for code in TIMETABLE["Alle"][0]}  # by the owner's own word
    assert by_event["completed"] == everything == here(server.library)
    assert by_event["new_episode"] == everything - at_once and not by_event["failed"]
    assert any(len(message["items"]) > 1 for message in messages.values()), "they are gathered"
    phone = [each.json for each in up.at("/")]
    assert phone and all(each["topic"] == "phone" for each in phone)
    placed = {
        update["Path"]
        for each in up.at("/Library/Media/Updated")
        for update in each.json["Updates"]
    }
    assert placed == {str(file.parent) for file in server.library.rglob("*.mkv")}
