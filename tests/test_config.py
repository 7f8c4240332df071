"""Settings, their file, its backups, and the command line. I9 of the table of faults, A19, and INV-4, INV-5 and INV-7."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import re
import sqlite3
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from handlers import keys
from store import atomic, backups, config
from store.errors import ConfigurationError
from store.secrets import SecretsFile
from store.sources import DemoProvider
from tests.app import (
    PASSWORD,
    ROOT,
    Process,
    folders,
    free_port,
    running,
    set_password,
    spawn,
    until,
)
from tests.test_auth import authenticator_of, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "pässwort-of-the-NAS"
NAS = {
    "type": "directory",
    "name": "nas",
    "url": "http://127.0.0.1:9/shows/",
    "username": "me",
    "password": SECRET,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("config"), log_level="error") as server:
        await server.login()
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(tmp_path):
    async with running(tmp_path, log_level="error") as server:
        await server.login()
        yield server


def on_disk(server) -> tuple:
    """What a refused change leaves as it is: the files to the byte, their inodes, the backups."""
    return [
        (path, path.read_bytes(), path.stat().st_ino)
        for path in sorted(server.state.rglob("*.json"))
    ]


async def data(call):
    status, body, _ = await call
    assert status in (200, 201), body
    return body["data"]


# -- I9: what is refused -----------------------------------------------------------------------------------------------

WRONG = [
    {"session_timeout_hours": 0}, {"session_timeout_hours": 8761}, {"session_timeout_hours": 10**9}, {"session_timeout_hours": 1.5}, {"session_timeout_hours": True},
    {"log_level": "loud"}, {"log_level": "INFO"}, {"log_level": ""}, {"max_concurrent_downloads": 0}, {"max_concurrent_downloads": 17}, {"rate_limit_per_minute": -1},
    {"rate_limit_per_minute": 10**6}, {"local_owner": True}, {"local_owner": "on"}, {"anime_directory": ""}, {"anime_directory": "/" + "a" * 4096}, {"forced": {}},
    {"port": 1}, {"trusted_proxies": "10.0.0.1"}, {"trusted_proxies": [""]}, {"trusted_proxies": ["1" * 61]}, {"providers": [{}]}, {"providers": [{"type": "nothing"}]},
    {"providers": [{"type": "directory", "name": "nas"}]}, {"providers": [NAS | {"name": "local"}]}, {"providers": [NAS | {"name": "NAS"}]}, {"providers": [NAS | {"name": "a_b"}]},
    {"providers": [NAS | {"name": ""}]}, {"providers": [NAS, NAS]}, {"providers": [NAS | {"url": "ftp://nas/"}]}, {"providers": [NAS | {"url": "http://me:secret@nas/"}]},
    {"providers": [NAS | {"url": "file:///etc/"}]}, {"providers": [NAS | {"url": "http://nas/?a"}]}, {"providers": [NAS | {"url": "http://nas/ a"}]}, {"providers": [NAS | {"url": "http://"}]},
    {"providers": [NAS | {"url": "http://nas/\n"}]}, {"providers": [NAS | {"more": 1}]}, {"providers": [NAS | {"password": None}]}, {"providers": [NAS | {"name": f"n{n}"} for n in range(51)]},
    {"log_level": "info", "max_concurrent_downloads": "2"},
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG, ids=lambda body: f"I9-422-{str(body)[:60]}")
async def test_settings_of_the_wrong_form(server, body):
    before = on_disk(server)
    for method, path in (("PUT", "/api/config"), ("POST", "/api/config/validate")):
        details = refused(await server.request(method, path, json=body), 422)
        assert details["field"].partition("[")[0] in body
        assert SECRET not in str(details)
    assert on_disk(server) == before


DIRECTORIES = {
    "missing": "{tmp}/nothing", "file": "{tmp}/state/config.json", "state": "{tmp}/state", "in-state": "{tmp}/state/backups", "parent-of-state": "{tmp}", "root": "/",
    "dots-to-root": "/tmp/../", "system": "/etc", "in-system": "/usr/local/share", "proc": "/proc/self", "dev": "/dev/shm", "code": str(ROOT / "handlers"), "static": str(ROOT / "static"),
    "relative": "library", "dot": ".", "no-home": "~no-such-user/anime", "downloads": "{tmp}/downloads", "in-downloads": "{tmp}/downloads/x", "above-downloads": "{tmp}/above",
    "link-to-etc": "{tmp}/link", "link-to-state": "{tmp}/to-state", "dangling": "{tmp}/dangling", "loop": "{tmp}/loop", "NUL": "{tmp}/a\0b", "long-name": "{tmp}/" + "a" * 300,
    "blank": " ",
}  # fmt: skip


@pytest.mark.parametrize("name", DIRECTORIES, ids="I9-400-{}".format)
async def test_directories_that_cannot_work(server, name):
    tmp = server.state.parent
    if not (tmp / "loop").is_symlink():
        (tmp / "downloads" / "x").mkdir()
        for link, target in {
            "link": "/etc",
            "to-state": "state",
            "dangling": "gone",
            "loop": "loop",
        }.items():
            (tmp / link).symlink_to(target)
    before = on_disk(server)
    body = {"anime_directory": DIRECTORIES[name].format(tmp=tmp)}
    if name == "above-downloads":
        body = {"anime_directory": str(tmp / "library"), "download_directory": str(tmp / "library")}
    details = refused(await server.put("/api/config", json=body), 400)
    assert details["field"] in ("anime_directory", "download_directory") and details["fix"]
    status, verdict, _ = await server.post("/api/config/validate", json=body)
    assert (
        status == 200
        and verdict["success"] is True
        and verdict["valid"] is False
        and verdict["message"]
    )
    assert all(
        problem["field"] and problem["issue"] and problem["fix"] for problem in verdict["problems"]
    )
    assert on_disk(server) == before


async def test_I9_a_directory_that_cannot_be_written(server, tmp_path):
    """root writes past permission bits, so a mount has to say no."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(tmp_path)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        assert (
            "written"
            in (await server.put("/api/config", json={"anime_directory": str(tmp_path)}))[1][
                "message"
            ]
        )
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize(
    "network",
    [
        "nonsense",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "localhost",
        "10.0.0.1-10.0.0.9",
        "::1/129",
        "fe80::1%eth0/64",
    ],
    ids="I9-400-{}".format,
)
async def test_proxies_that_cannot_work(server, network):
    before = on_disk(server)
    assert (
        refused(
            await server.put("/api/config", json={"trusted_proxies": ["10.0.0.1", network]}), 400
        )["field"]
        == "trusted_proxies[1]"
    )
    assert on_disk(server) == before


async def test_what_works_is_said_so(server):
    before = on_disk(server)
    for body in (
        {},
        {"log_level": "debug"},
        {"anime_directory": str(server.library)},
        {"providers": [NAS]},
        {"trusted_proxies": ["10.0.0.0/8", "::1"]},
        {"log_level": None},
    ):
        assert (await server.post("/api/config/validate", json=body))[1] == {
            "success": True,
            "valid": True,
            "message": "Configuration is valid",
            "problems": [],
        }
    assert on_disk(server) == before
    assert (await server.get("/api/config"))[1]["data"]["log_level"] == "error"


# -- what is accepted --------------------------------------------------------------------------------------------------


async def test_a_change_names_what_it_changes(fresh):
    before = await data(fresh.get("/api/config"))
    text = (fresh.state / "config.json").read_text()
    assert await data(
        fresh.put("/api/config", json={"session_timeout_hours": 1, "log_level": None})
    ) == before | {"session_timeout_hours": 1}
    assert await data(fresh.get("/api/config")) == before | {"session_timeout_hours": 1}
    stored = json.loads((fresh.state / "config.json").read_text())
    assert stored["session_timeout_hours"] == 1 and stored["anime_directory"] == str(fresh.library)
    (backup,) = await data(fresh.get("/api/config/backups"))
    kept = json.loads(next(fresh.state.glob("backups/*.auto.json")).read_text())
    assert kept["session_timeout_hours"] == 24 and kept.items() >= json.loads(text).items()
    assert backup["size_bytes"] > 0 and re.fullmatch(
        r"backup_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", backup["name"]
    )
    assert abs(datetime.now(UTC) - datetime.fromisoformat(backup["created_at"])).seconds < 60
    assert {stat.S_IMODE(path.stat().st_mode) for path in fresh.state.rglob("*.json")} == {0o600}
    assert stat.S_IMODE((fresh.state / "backups").stat().st_mode) == 0o700


async def test_a_missing_library_stops_no_other_change(fresh):
    fresh.library.rename(fresh.library.with_name("elsewhere"))
    assert (await fresh.put("/api/config", json={"max_concurrent_downloads": 3}))[0] == 200
    refused(await fresh.put("/api/config", json={"anime_directory": str(fresh.library)}), 400)
    assert (await fresh.get("/health/detailed"))[1]["filesystem"]["status"] == "inaccessible"


async def test_changes_at_once_are_all_whole(fresh):
    answers = await asyncio.gather(
        *(
            fresh.put(
                "/api/config",
                json={"rate_limit_per_minute": 1000 + n, "session_timeout_hours": 1 + n},
            )
            for n in range(20)
        )
    )
    assert {answer[0] for answer in answers} == {200}
    for shown in [answer[1]["data"] for answer in answers] + [
        json.loads((fresh.state / "config.json").read_text())
    ]:
        assert shown["rate_limit_per_minute"] - 1000 == shown["session_timeout_hours"] - 1
    assert len(await data(fresh.get("/api/config/backups"))) == 20


async def test_what_a_variable_forces(tmp_path):
    forced = {
        "log_level": ("error", "--log-level"),
        "providers": ([DemoProvider("demo")], "--demo"),
    }
    async with running(tmp_path, forced=forced, log_level="warning") as server:
        await server.login()
        shown = await data(server.get("/api/config"))
        assert (
            shown["forced"] == {"log_level": "--log-level", "providers": "--demo"}
            and shown["log_level"] == "error"
        )
        before = on_disk(server)
        details = refused(
            await server.put("/api/config", json={"log_level": "info", "session_timeout_hours": 2}),
            409,
        )
        assert details == {"field": "log_level", "variable": "--log-level"}
        verdict = (await server.post("/api/config/validate", json={"log_level": "info"}))[1]
        assert (
            verdict["valid"] is False
            and verdict["problems"][0]["field"] == "log_level"
            and "--log-level" in verdict["problems"][0]["fix"]
        )
        assert on_disk(server) == before
        assert (
            await server.put(
                "/api/config",
                json={
                    "log_level": "error",
                    "session_timeout_hours": 2,
                    "providers": shown["providers"],
                },
            )
        )[0] == 200
        stored = json.loads((server.state / "config.json").read_text())
        assert (stored["log_level"], stored["session_timeout_hours"], stored["providers"]) == (
            "warning",
            2,
            [],
        )


async def test_a_disk_that_refuses_changes_nothing(fresh, monkeypatch):
    before, whole = await data(fresh.get("/api/config")), (fresh.state / "config.json").read_bytes()
    for name in ("config.json", "backup_"):

        def refusing(path, data, mode=0o600, name=name, replace=atomic.replace):
            if path.name.startswith(name):
                raise OSError(errno.ENOSPC, "No space left on device")
            replace(path, data, mode)

        monkeypatch.setattr(atomic, "replace", refusing)
        details = refused(
            await fresh.put("/api/config", json={"session_timeout_hours": 2, "providers": [NAS]}),
            500,
            "CONFIGURATION_ERROR",
        )
        assert str(fresh.state) not in str(details)
        monkeypatch.undo()
        assert (
            await data(fresh.get("/api/config")) == before
            and (fresh.state / "config.json").read_bytes() == whole
        )
        assert not list(fresh.state.rglob(".*"))


# -- secrets -----------------------------------------------------------------------------------------------------------


async def test_secrets_are_masked_and_kept(tmp_path, caplog):
    masked = NAS | {"password": "********"}
    async with running(tmp_path, log_level="debug") as server:
        await server.login()
        provider = lambda: server.app[keys.CONFIG].current.providers[0].password.reveal()  # noqa: E731
        assert (await data(server.put("/api/config", json={"providers": [NAS]})))["providers"] == [
            masked
        ]
        assert provider() == SECRET
        assert (
            await data(
                server.put("/api/config", json={"providers": [masked | {"username": "you"}]})
            )
        )["providers"] == [masked | {"username": "you"}]
        assert provider() == SECRET
        await data(server.post("/api/config/backups"))
        assert (
            await data(
                server.put("/api/config", json={"providers": [NAS | {"password": "another"}]})
            )
        )["providers"] == [masked]
        assert provider() == "another"
        name = (await data(server.get("/api/config/backups")))[-1]["name"]
        assert (
            await data(server.put("/api/config", json={"providers": [NAS | {"password": ""}]}))
        )["providers"] == [NAS | {"password": ""}]
        refused(
            await server.put("/api/config", json={"providers": [NAS | {"password": "p" * 201}]}),
            422,
        )
        assert (await data(server.put("/api/config", json={"providers": [NAS]})))["providers"] == [
            masked
        ]
        assert (await server.post(f"/api/config/backups/{name}/restore"))[0] == 200
    async with running(tmp_path, providers=[masked]) as server:
        assert server.app[keys.CONFIG].current.providers[0].password.reveal() == SECRET
    for path in tmp_path.rglob("*"):
        assert (
            path.name == "secrets.json"
            or not path.is_file()
            or SECRET.encode() not in path.read_bytes()
        ), path
    assert SECRET not in caplog.text and PASSWORD not in caplog.text


async def test_a_secret_found_in_the_file_moves(tmp_path):
    async with running(tmp_path, providers=[NAS]) as server:
        assert (
            SECRET not in (server.state / "config.json").read_text()
            and SECRET in (server.state / "secrets.json").read_text()
        )
        assert server.app[keys.CONFIG].current.providers[0].password.reveal() == SECRET
        await server.login()
        assert SECRET not in str(await server.get("/api/config"))


# -- backups -----------------------------------------------------------------------------------------------------------

NAMES = ["..%2f..%2fconfig", "..%2f..%2fconfig.json", "%2fetc%2fpasswd", "..%5cconfig", "%00", "{name}%00", "{name}.json", "{name}.auto", "{name}%2f", "{name}%0a", "{name}_1", "{name}_2",
         "backup_2025-10-22_12-30-45", "backup_2001-01-01_00-00-00", ".", "config.json", "secrets", "%ff", "{name}%20", "BACKUP", "*", "backup_%D9%A2%D9%A0%D9%A2%D9%A5-10-22_12-30-45"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids="I8-{}".format)
async def test_names_of_backups(server, name):
    if not (server.state / "backups").exists():
        await data(server.post("/api/config/backups"))
        (server.state / "backups" / "backup_2001-01-01_00-00-00.json").symlink_to(
            server.state / "secrets.json"
        )
        (server.state / "backups" / "backup_2001-01-01_00-00-01.json").mkdir()
    (real,) = [backup["name"] for backup in await data(server.get("/api/config/backups"))]
    before = on_disk_of_files(server)
    for method, rest in (("POST", "/restore"), ("DELETE", "")):
        path = f"/api/config/backups/{name.format(name=real)}{rest}"
        if name == ".":  # aiohttp would tidy it away
            path = path.replace("/.", "/%2e")
        answer = await server.raw(
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()
        )
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
    for n in range(12):
        await data(fresh.post("/api/config/backups"))
    names = [one["name"] for one in await data(fresh.get("/api/config/backups"))]
    calls = [
        call
        for name in names
        for call in (
            fresh.delete(f"/api/config/backups/{name}"),
            fresh.get("/api/config/backups"),
            fresh.post(f"/api/config/backups/{name}/restore"),
        )
    ]
    assert {answer[0] for answer in await asyncio.gather(*calls)} <= {200, 404}


# -- the file at start -------------------------------------------------------------------------------------------------

TORN = [
    b"",
    b"\0" * 40,
    b'{"log_level": "in',
    b"[]",
    b'{"log_level": "loud"}',
    b'{"unknown": 1}',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"[" * 50_000,
    b'{"anime_directory": "a", "anime_directory": "b"}',
    b"9" * 5000,
]


@pytest.mark.parametrize("torn", TORN, ids=lambda torn: f"INV-4-{torn[:20]}")
async def test_a_torn_file_falls_back_to_the_newest_backup(tmp_path, torn, caplog):
    async with running(tmp_path) as server:
        await server.login()
        for hours in (2, 3, 4):
            await data(server.put("/api/config", json={"session_timeout_hours": hours}))
        newest = server.app[keys.CONFIG].backups.newest_first()[0].name
        (server.state / "backups" / f"{newest}.auto.json").write_bytes(b'{"cut')
    path = tmp_path / "state" / "config.json"
    path.write_bytes(torn)
    again = config.Configuration(tmp_path / "state", authenticator_of(server)._secrets)
    assert (
        again.current.session_timeout_hours == 2
    )  # the one before the newest, which is damaged too
    (bad,) = path.parent.glob("config.json.corrupt-*")
    assert bad.read_bytes() == torn and json.loads(path.read_text())["session_timeout_hours"] == 2
    assert "Went back to" in caplog.text and bad.name in caplog.text


@pytest.mark.parametrize("torn", TORN, ids=lambda torn: f"INV-4-{torn[:20]}")
async def test_without_a_backup_it_is_left_alone_and_named(tmp_path, torn):
    state, *_ = folders(tmp_path)
    path = state / "config.json"
    path.write_bytes(torn)
    set_password(state)
    secrets_file = SecretsFile(state / "secrets.json")
    with pytest.raises(ConfigurationError, match="config.json"):
        config.Configuration(state, secrets_file)
    assert path.read_bytes() == torn


VAULTS = [b"", b"{", b"[]", b"null", b"{}", b'{"jwt_key": ""}', b'{"jwt_key": "x"}', b'{"jwt_key": 1}', b'{"jwt_key": "%s", "password_hash": 1}', b'{"jwt_key": "%s", "epoch": "1"}', b'{"jwt_key": "%s", "epoch": true}',
          b'{"jwt_key": "%s", "providers": []}', b'{"jwt_key": "%s", "providers": {"a": 1}}', b'{"jwt_key": "%s", "more": 1}', b'{"jwt_key": "\xff"}', b'{"jwt_key": "\\ud800"}', b"[" * 50_000]  # fmt: skip


@pytest.mark.parametrize("damaged", VAULTS, ids=lambda one: f"INV-5-{one[:50]}")
async def test_damaged_secrets_are_never_not_set_up(tmp_path, damaged):
    path = tmp_path / "secrets.json"
    path.write_bytes(damaged.replace(b"%s", b"A" * 43 + b"="))
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="is damaged"):
        SecretsFile(tmp_path / "secrets.json")
    assert path.read_bytes() == before


async def test_INV_4_kill_while_it_is_changed(tmp_path):
    """Two settings that are always changed together are never torn apart, and no change that was acknowledged is lost."""
    async with Process(tmp_path) as process:
        for round_ in range(5):
            token, acknowledged = await process.login(), 0

            async def change():
                nonlocal acknowledged
                for hours in itertools.count(1):
                    both = {
                        "session_timeout_hours": hours,
                        "rate_limit_per_minute": 100_000 - hours,
                    }
                    status, body, _ = await process.put("/api/config", json=both, token=token)
                    assert status == 200
                    acknowledged = body["data"]["session_timeout_hours"]

            changing = asyncio.create_task(change())
            await until(lambda: acknowledged)
            await asyncio.sleep(0.017 * round_)
            process.kill9()
            await asyncio.gather(changing, return_exceptions=True)
            stored = json.loads((process.state / "config.json").read_text())
            assert stored["session_timeout_hours"] + stored["rate_limit_per_minute"] == 100_000
            assert stored["session_timeout_hours"] in (acknowledged, acknowledged + 1)
            await process.start()
        assert not list(process.state.glob("*.corrupt-*"))


# -- the command line --------------------------------------------------------------------------------------------------


async def ended(state: Path, *arguments: str, **how) -> tuple[int, str]:
    """(exit code, what it wrote) of a command that ends by itself."""
    process = spawn(state, *arguments, **how)
    try:
        text, _ = await asyncio.to_thread(process.communicate, timeout=20)
    finally:
        process.kill()
    return process.returncode, text.decode()


def one_line(text: str) -> str:
    assert text.count("\n") == 1 and text.startswith("aniworld: ") and "Traceback" not in text, text
    return text


async def test_version_and_check(tmp_path):
    state, library, downloads = folders(tmp_path)
    found = {"anime_directory": str(library), "download_directory": str(downloads)}
    (state / "config.json").write_text(json.dumps(found))
    (tmp_path / "other.json").write_text(json.dumps(found | {"anime_directory": "/nothing"}))
    (tmp_path / "broken.json").write_text("{")
    answers = [await ended(state, *call) for call in (
        ["--version"], ["--check"], ["--check", "--config", str(tmp_path / "other.json")], ["--check", "--config", str(tmp_path / "broken.json")],
    )]  # fmt: skip
    assert answers[0] == (0, "aniworld-server 1.0.0\n")
    assert answers[1] == (0, "The configuration is fine\n")
    assert answers[2][0] == 1 and "anime_directory: /nothing does not exist" in answers[2][1]
    assert answers[3][0] == 1 and "broken.json" in one_line(answers[3][1])


async def test_two_servers_on_one_directory_and_on_one_port(tmp_path):
    (tmp_path / "one").mkdir()
    async with Process(tmp_path / "one") as process:
        second, port = await asyncio.gather(
            ended(process.state, "--port", str(free_port())),
            ended(tmp_path / "two", "--port", str(process.port), env={"HOME": str(tmp_path)}),
        )
        assert second[0] == 1 and str(process.state) in one_line(second[1])
        assert port[0] == 1 and str(process.port) in one_line(port[1])
        assert (await process.get("/health"))[0] == 200
        process.kill9()
        await process.start()  # a lock dies with its owner


STARTS = {
    "port": ({"ANIWORLD_PORT": "x"}, 2, "invalid int value"),
    "port-too-large": ({"ANIWORLD_PORT": "70000"}, 2, "--port"),
    "log-level": ({"ANIWORLD_LOG_LEVEL": "loud"}, 2, "log-level"),
    "host": ({"ANIWORLD_HOST": "no such host"}, 1, "aniworld: "),
    "foreign-host": ({"ANIWORLD_HOST": "203.0.113.1"}, 1, "aniworld: "),
    "short-password": ({"ANIWORLD_MASTER_PASSWORD": "short"}, 1, "ANIWORLD_MASTER_PASSWORD"),
    "no-password-file": ({"ANIWORLD_MASTER_PASSWORD_FILE": "/nothing/here"}, 1, "/nothing/here"),
    "binary-password-file": (
        {"ANIWORLD_MASTER_PASSWORD_FILE": "{tmp}/binary"},
        1,
        "ANIWORLD_MASTER_PASSWORD",
    ),
    "binary-password": ({"ANIWORLD_MASTER_PASSWORD": "\udcff" * 9}, 1, "ANIWORLD_MASTER_PASSWORD"),
    "config-is-a-folder": ({"ANIWORLD_CONFIG": "{tmp}"}, 1, "{tmp}"),
    "state-is-a-file": ({"ANIWORLD_DATA_DIR": "{tmp}/binary"}, 1, "{tmp}/binary"),
    "damaged-database": ({}, 1, "database"),
    "newer-database": ({}, 1, "update Aniworld"),
    "damaged-secrets": ({}, 1, "secrets.json"),
}


@pytest.mark.parametrize("name", STARTS)
async def test_starts_that_fail_say_why_in_a_line(tmp_path, name):
    env, code, said = STARTS[name]
    state, *_ = folders(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00binary")
    if name == "damaged-database":
        (state / "aniworld.db").write_bytes(b"no database " * 1000)
    if name == "newer-database":
        with sqlite3.connect(state / "aniworld.db") as connection:
            connection.execute("pragma user_version = 99")
        connection.close()
    if name == "damaged-secrets":
        (state / "secrets.json").write_bytes(b"{")
    env = {key: value.format(tmp=tmp_path) for key, value in env.items()} | {"HOME": str(tmp_path)}
    where = Path(env.pop("ANIWORLD_DATA_DIR", state))
    found, text = await ended(
        where, *([] if "ANIWORLD_PORT" in env else ["--port", str(free_port())]), env=env
    )
    assert found == code and said.format(tmp=tmp_path) in text, text
    assert "Traceback" not in text and (code == 2 or one_line(text))
    assert "short" not in text.replace("characters", "")


async def test_variables(tmp_path):
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    (tmp_path / "forced").mkdir()
    env = {"ANIWORLD_MASTER_PASSWORD_FILE": str(secret), "ANIWORLD_ANIME_DIRECTORY": str(tmp_path / "forced"), "ANIWORLD_LOG_LEVEL": "debug", "ANIWORLD_HOST": "", "ANIWORLD_CONFIG": "",
           "ANIWORLD_TRUSTED_PROXIES": "10.0.0.1, nonsense"}  # fmt: skip
    async with Process(tmp_path, password=None, env=env) as process:
        await process.login()
        shown = await data(process.get("/api/config"))
        assert shown["anime_directory"] == str(tmp_path / "forced") and shown[
            "trusted_proxies"
        ] == ["10.0.0.1", "nonsense"]
        assert shown["forced"].keys() == {"anime_directory", "log_level", "trusted_proxies"}
        assert (
            refused(
                await process.put("/api/config", json={"anime_directory": str(process.library)}),
                409,
            )["variable"]
            == "ANIWORLD_ANIME_DIRECTORY"
        )
        assert (await process.put("/api/config", json={"session_timeout_hours": 3}))[0] == 200
        secret.write_text("another password")
        assert await process.stop() == 0
        await process.start()  # set once, the variable no longer counts
        await process.login()
        assert (
            "trusted_proxies[1]" in process.log
            and PASSWORD not in process.log
            and process.token not in process.log
        )


async def test_the_setup_code_is_told_once_and_burnt(tmp_path):
    async with Process(tmp_path, password=None) as process:
        (code,) = re.findall(r"the setup code is (\w{32})\n", process.log)
        assert (process.state / "setup-code").read_text().strip() == code
        process.kill9()
        await process.start()
        assert process.log.count(code) == 2  # the same, until it is used
        refused(
            await process.post(
                "/api/auth/setup", json={"master_password": PASSWORD}, headers={"Via": "x"}
            ),
            403,
        )
        assert (
            await process.post(
                "/api/auth/setup",
                json={"master_password": PASSWORD},
                headers={"Via": "x", "X-Setup-Code": code},
            )
        )[0] == 201
        assert not (process.state / "setup-code").exists()
        await process.login()
        await process.raw(
            f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {process.token}\0\r\n\r\n".encode()
        )
        process.kill9()
        await process.start()
        assert (
            process.log.count(code) == 2
            and process.token not in process.log
            and PASSWORD not in process.log
            and "Traceback" not in process.log
        )
