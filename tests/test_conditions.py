"""What holds and is told once: sources that are away, disks, the library, ambiguous files."""

import shutil
from collections import namedtuple

import pytest

from downloads import conditions
from downloads.conditions import Conditions
from store import clock, outbox, rests
from store.rests import Rest
from store.settings import Config
from store.targets import Notify, events_of
from tests.house import house, write

HOOK = Notify("webhook", "http://x/")
Usage = namedtuple("Usage", "total used free")
TB = 10**12


@pytest.fixture
async def home(tmp_path):
    async with house(tmp_path / "state", tmp_path / "library") as home:
        await home.db.run(outbox.set_targets, events_of([HOOK], []))
        yield home


async def looked(home, tmp_path, is_full=lambda: False) -> Conditions:
    (tmp_path / "downloads").mkdir(exist_ok=True)
    config = Config(str(tmp_path / "library"), str(tmp_path / "downloads"))
    found = Conditions(home.db, lambda: config, is_full)
    await found.look()
    return found


async def told(home) -> list[tuple[str, str, str]]:
    """(event, subject, message) of what is new, which is then told."""
    found = []
    while batch := await home.db.run(outbox.take, HOOK.name):
        found += [(batch.event, each.subject, each.message) for each in batch.notices]
        await home.db.run(outbox.finish, HOOK.name, batch.batch)
    return found


@pytest.fixture(autouse=True)
def disks(monkeypatch) -> list[Usage]:
    """What every disk says; a roomy one at first."""
    usage = [Usage(TB, 0, TB)]
    monkeypatch.setattr(conditions.shutil, "disk_usage", lambda folder: usage[0])
    return usage


async def test_a_source_that_is_away_for_hours(home, tmp_path):
    for source, hours in (("home", 3), ("other", 1)):
        since = clock.in_seconds(-hours * 3600)
        await home.db.run(rests.keep, Rest(source, since, clock.now(), "refused", 9))
    found = await looked(home, tmp_path)
    ((event, subject, message),) = await told(home)
    assert (event, subject) == ("source_away", "home") and message.startswith("refused, since ")
    await found.look()
    assert await told(home) == []
    await home.db.run(rests.end, "home")
    await found.look()
    assert await told(home) == []


async def test_a_disk_that_runs_full(home, tmp_path, disks):
    found = await looked(home, tmp_path)
    disks[0] = Usage(TB, TB - 9 * 10**9, 9 * 10**9)
    await found.look()
    messages = await told(home)
    assert [event for event, *_ in messages] == ["disk"], "both directories lie on it"
    assert "9.0 GB" in messages[0][2]
    for free in (12 * 10**9, 9 * 10**9):  # it goes up and down around the line
        disks[0] = Usage(TB, TB - free, free)
        await found.look()
        found = await looked(home, tmp_path)  # after a restart
    assert await told(home) == []
    disks[0] = Usage(TB, 0, TB)
    await found.look()
    disks[0] = Usage(TB, TB, 0)
    await found.look()
    assert len(await told(home)) == 1


async def test_a_small_disk_is_low_with_a_tenth(home, tmp_path, disks):
    disks[0] = Usage(20 * 10**9, 0, 3 * 10**9)
    await looked(home, tmp_path)
    assert await told(home) == []


async def test_downloads_that_wait_for_room(home, tmp_path):
    await looked(home, tmp_path, lambda: True)
    assert [message[:2] for message in await told(home)] == [("disk", "The disk")]


async def test_a_library_that_is_offline(home, tmp_path):
    write(home.library, "Nacht/Nacht - 01.mkv")
    await home.scan()
    found = await looked(home, tmp_path)
    assert await told(home) == []
    shutil.rmtree(home.library / "Nacht")
    for marker in home.library.glob(".aniworld"):
        marker.unlink()
    await found.look()
    assert [event for event, *_ in await told(home)] == ["library_offline"]
    write(home.library, "Nacht/Nacht - 01.mkv")
    await found.look()
    assert await told(home) == []


async def test_files_that_are_ambiguous(home, tmp_path):
    write(home.library, *(f"Nacht/Nacht - {number:02}.mkv" for number in (1, 2, 103, 104)))
    await home.scan()
    await home.db.run(
        lambda conn: conn.execute("update files set sure = 0 where path like '%10_.mkv'")
    )
    found = await looked(home, tmp_path)
    ((event, subject, message),) = await told(home)
    assert (event, subject) == ("ambiguous", "Nacht") and message.startswith("2 files")
    await found.look()
    assert await told(home) == []
