"""Backups of the settings: made, listed, restored and deleted; A19, I8 of the table of faults."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import pytest

from store import backups
from tests.app import PASSWORD
from tests.rows import each_row
from tests.test_auth import authenticator_of, refused
from tests.test_config import data, fresh, on_disk, server

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["fresh", "server"]  # fixtures

NO_NAMES = [
    "..%2f..%2fconfig",
    "..%2f..%2fconfig.json",
    "%2fetc%2fpasswd",
    "..%5cconfig",
    "%00",
    "{name}%00",
    "{name}.json",
    "{name}.auto",
    "{name}%2f",
    "{name}%0a",
    "{name}_1",
    "{name}_2",
    "backup_2025-10-22_12-30-45",
    "backup_2001-01-01_00-00-00",
    ".",
    "config.json",
    "secrets",
    "%ff",
    "{name}%20",
    "BACKUP",
    "*",
    "backup_%D9%A2%D9%A0%D9%A2%D9%A5-10-22_12-30-45",
]


@each_row("name", NO_NAMES, ids="I8-{}".format)
async def test_names_of_backups(server, name):
    if not (server.state / "backups").exists():
        await data(server.post("/api/config/backups"))
        folder = server.state / "backups"
        (folder / "backup_2001-01-01_00-00-00.json").symlink_to(server.state / "secrets.json")
        (folder / "backup_2001-01-01_00-00-01.json").mkdir()
    (real,) = [backup["name"] for backup in await data(server.get("/api/config/backups"))]
    before = on_disk_of_files(server)
    for method, rest in (("POST", "/restore"), ("DELETE", ""), ("GET", "")):
        path = f"/api/config/backups/{name.format(name=real)}{rest}"
        if name == ".":  # aiohttp would tidy it away
            path = path.replace("/.", "/%2e")
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n"
        )
        answer = await server.raw(head.encode())
        assert answer[0] in (404, 405), answer  # a dot is the folder itself
        refused(answer, answer[0])
    assert on_disk_of_files(server) == before
    refused(await server.delete("/api/config/backups/" + "b" * 101), 422)


def on_disk_of_files(server):
    return [
        (path, path.read_bytes()) for path in sorted(server.state.rglob("*.json")) if path.is_file()
    ]


async def test_restore_and_delete(fresh):
    first = await data(fresh.get("/api/config"))
    made = await data(fresh.post("/api/config/backups"))
    assert made.keys() == {"name", "created_at"}
    await data(fresh.put("/api/config", json={"session_timeout_hours": 5}))
    inside = await data(fresh.get(f"/api/config/backups/{made['name']}"))
    assert inside == {name: value for name, value in first.items() if name != "forced"}
    assert (await fresh.post(f"/api/config/backups/{made['name']}/restore"))[:2] == (
        200,
        {"success": True, "message": "Configuration restored successfully"},
    )
    assert await data(fresh.get("/api/config")) == first
    listed = await data(fresh.get("/api/config/backups"))
    assert (
        len(listed) == 3 and [one["name"] for one in listed][-1] == made["name"]
    )  # each change, and the restore, backed up first
    for one in listed:
        assert (await fresh.delete(f"/api/config/backups/{one['name']}"))[:2] == (
            200,
            {"success": True, "message": "Backup deleted successfully"},
        )
        refused(await fresh.delete(f"/api/config/backups/{one['name']}"), 404)
        refused(await fresh.get(f"/api/config/backups/{one['name']}"), 404)
        refused(await fresh.post(f"/api/config/backups/{one['name']}/restore"), 404)
    assert await data(fresh.get("/api/config/backups")) == []


async def test_A19_a_restore_rolls_back_no_password(fresh):
    made = await data(fresh.post("/api/config/backups"))
    ended = fresh.token
    await fresh.post("/api/auth/logout")
    secrets = fresh.state / "secrets.json"
    authenticator_of(fresh).set_password("the new password")
    kept = secrets.read_bytes()
    await fresh.login("the new password")
    assert (await fresh.post(f"/api/config/backups/{made['name']}/restore"))[0] == 200
    assert secrets.read_bytes() == kept
    refused(await fresh.post("/api/auth/login", json={"password": PASSWORD}), 401)
    refused(await fresh.get("/api/config", token=ended), 401)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"log_level": 1}',
        b'{"unknown": 1}',
        b'{"anime_directory": "/etc"}',
        b'{"anime_directory": "/nothing/here"}',
        b"\xff",
        b'{"trusted_proxies": ["x"]}',
    ],
    ids=str,
)
async def test_a_backup_that_cannot_be_used(fresh, content):
    made = await data(fresh.post("/api/config/backups"))
    (fresh.state / "backups" / f"{made['name']}.json").write_bytes(content)
    before = on_disk(fresh)
    refused(await fresh.post(f"/api/config/backups/{made['name']}/restore"), 400)
    looked = await fresh.get(f"/api/config/backups/{made['name']}")
    assert looked[0] in (200, 400)  # settings that cannot work here can be looked at
    assert on_disk(fresh) == before


async def test_fifty_automatic_ones_stay_and_every_manual_one(fresh):
    manual = [(await data(fresh.post("/api/config/backups")))["name"] for _ in range(3)]
    for n in range(60):
        await data(fresh.put("/api/config", json={"session_timeout_hours": n + 1}))
    manual.append((await data(fresh.post("/api/config/backups")))["name"])
    listed = [one["name"] for one in await data(fresh.get("/api/config/backups"))]
    assert len(listed) == len(set(listed)) == 54 and set(manual) <= set(listed)
    kept = [
        json.loads(path.read_text())["session_timeout_hours"]
        for path in fresh.state.glob("backups/*.auto.json")
    ]
    assert sorted(kept) == list(range(10, 60))
    assert listed == sorted(listed, key=lambda name: (name[:26], int(name[27:] or 1)), reverse=True)
    assert (await fresh.post(f"/api/config/backups/{manual[0]}/restore"))[0] == 200


async def test_a_clock_set_back_costs_no_new_backup(fresh, monkeypatch):
    monkeypatch.setattr(backups, "KEPT_AUTOMATIC", 3)
    for year in (2026, 2026, 2026, 2026, 1970, 1970):

        class Clock(datetime):
            @classmethod
            def now(cls, zone, year=year):
                return datetime(year, 1, 1, tzinfo=zone)

        monkeypatch.setattr(backups, "datetime", Clock)
        await data(fresh.put("/api/config", json={"session_timeout_hours": 2}))
        assert any(
            one["name"].startswith(f"backup_{year}")
            for one in await data(fresh.get("/api/config/backups"))
        )
    assert len(await data(fresh.get("/api/config/backups"))) == 3


async def test_two_in_one_second(fresh, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, zone):
            return datetime(2025, 10, 22, 12, 30, 45, tzinfo=zone)

    monkeypatch.setattr(backups, "datetime", Clock)
    await data(fresh.put("/api/config", json={"session_timeout_hours": 2}))
    made = [await data(fresh.post("/api/config/backups")) for _ in range(11)]
    assert [one["name"] for one in made] == [
        f"backup_2025-10-22_12-30-45_{n}" for n in range(2, 13)
    ]
    listed = await data(fresh.get("/api/config/backups"))
    assert [one["name"] for one in listed] == [one["name"] for one in reversed(made)] + [
        "backup_2025-10-22_12-30-45"
    ]
    assert {one["created_at"] for one in listed} == {"2025-10-22T12:30:45Z"}


async def test_backups_listed_made_and_deleted_at_once(fresh):
    for _ in range(12):
        await data(fresh.post("/api/config/backups"))
    names = [one["name"] for one in await data(fresh.get("/api/config/backups"))]
    calls = []
    for name in names:
        calls.append(fresh.delete(f"/api/config/backups/{name}"))
        calls.append(fresh.get("/api/config/backups"))
        calls.append(fresh.post(f"/api/config/backups/{name}/restore"))
    assert {answer[0] for answer in await asyncio.gather(*calls)} <= {200, 404}
