"""Settings and their file: I9 of the table of faults, INV-4, INV-5 and INV-7."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import re
import stat
import subprocess
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from handlers import keys
from store import atomic, config
from store.errors import ConfigurationError
from store.secrets import SecretsFile
from store.sources import DemoProvider
from tests.app import (
    PASSWORD,
    ROOT,
    Process,
    folders,
    running,
    set_password,
    until,
)
from tests.requirements import lack
from tests.rows import each_row
from tests.test_auth import authenticator_of, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROUNDS = int(os.environ.get("ANIWORLD_KILLS") or 4) // 2  # of killing it while it is changed
SECRET = "pässwort-of-the-NAS"
NAS = {
    "type": "directory",
    "name": "nas",
    "url": "http://127.0.0.1:9/shows/",
    "username": "me",
    "password": SECRET,
    "ca_file": "",
    "enabled": True,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("config"), log_level="warning") as server:
        await server.login()
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(tmp_path):
    async with running(tmp_path, log_level="warning") as server:
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


async def change(server, **settings) -> dict:
    """All settings as the server shows them after a change that it accepts."""
    return await data(server.put("/api/config", json=settings))


async def refusal(server, status: int, **settings) -> dict:
    """The details of a change that the server refuses."""
    return refused(await server.put("/api/config", json=settings), status)


# -- I9: what is refused ---------------------------------------------------------------------------

WRONG = [
    {"session_timeout_hours": 0},
    {"session_timeout_hours": 8761},
    {"session_timeout_hours": 10**9},
    {"session_timeout_hours": 1.5},
    {"session_timeout_hours": True},
    {"log_level": "loud"},
    {"log_level": "INFO"},
    {"log_level": ""},
    {"max_concurrent_downloads": 0},
    {"max_concurrent_downloads": 17},
    {"rate_limit_per_minute": -1},
    {"rate_limit_per_minute": 10**6},
    {"local_owner": True},
    {"local_owner": "on"},
    {"anime_directory": ""},
    {"anime_directory": "/" + "a" * 4096},
    {"forced": {}},
    {"port": 1},
    {"trusted_proxies": "10.0.0.1"},
    {"trusted_proxies": [""]},
    {"trusted_proxies": ["1" * 61]},
    {"providers": [{}]},
    {"providers": [{"type": "nothing"}]},
    {"providers": [{"type": "directory", "name": "nas"}]},
    {"providers": [NAS | {"name": "local"}]},
    {"providers": [NAS | {"name": "NAS"}]},
    {"providers": [NAS | {"name": "a_b"}]},
    {"providers": [NAS | {"name": ""}]},
    {"providers": [NAS, NAS]},
    {"providers": [NAS | {"url": "ftp://nas/"}]},
    {"providers": [NAS | {"url": "http://me:secret@nas/"}]},
    {"providers": [NAS | {"url": "file:///etc/"}]},
    {"providers": [NAS | {"url": "http://nas/?a"}]},
    {"providers": [NAS | {"url": "http://nas/ a"}]},
    {"providers": [NAS | {"url": "http://"}]},
    {"providers": [NAS | {"url": "http://nas/\n"}]},
    {"providers": [NAS | {"more": 1}]},
    {"providers": [NAS | {"password": None}]},
    {"providers": [NAS | {"name": f"n{n}"} for n in range(51)]},
    {"log_level": "info", "max_concurrent_downloads": "2"},
]


@each_row("body", WRONG, ids=lambda body: f"I9-422-{str(body)[:60]}")
async def test_settings_of_the_wrong_form(server, body):
    before = on_disk(server)
    for method, path in (("PUT", "/api/config"), ("POST", "/api/config/validate")):
        details = refused(await server.request(method, path, json=body), 422)
        assert details["field"].partition("[")[0] in body
        assert SECRET not in str(details)
    assert on_disk(server) == before


DIRECTORIES = {
    "missing": "{tmp}/nothing",
    "file": "{tmp}/state/config.json",
    "state": "{tmp}/state",
    "in-state": "{tmp}/state/backups",
    "parent-of-state": "{tmp}",
    "root": "/",
    "dots-to-root": "/tmp/../",
    "system": "/etc",
    "in-system": "/usr/local/share",
    "proc": "/proc/self",
    "dev": "/dev/shm",
    "code": str(ROOT / "handlers"),
    "static": str(ROOT / "static"),
    "relative": "library",
    "dot": ".",
    "no-home": "~no-such-user/anime",
    "downloads": "{tmp}/downloads",
    "in-downloads": "{tmp}/downloads/x",
    "above-downloads": "{tmp}/above",
    "link-to-etc": "{tmp}/link",
    "link-to-state": "{tmp}/to-state",
    "dangling": "{tmp}/dangling",
    "loop": "{tmp}/loop",
    "NUL": "{tmp}/a\0b",
    "long-name": "{tmp}/" + "a" * 300,
    "blank": " ",
}


@each_row("name", DIRECTORIES, ids="I9-400-{}".format)
async def test_directories_that_cannot_work(server, name):
    tmp = server.state.parent
    if not (tmp / "loop").is_symlink():
        (tmp / "downloads" / "x").mkdir()
        (tmp / "link").symlink_to("/etc")
        (tmp / "to-state").symlink_to("state")
        (tmp / "dangling").symlink_to("gone")
        (tmp / "loop").symlink_to("loop")
    before = on_disk(server)
    body = {"anime_directory": DIRECTORIES[name].format(tmp=tmp)}
    if name == "above-downloads":
        body = {"anime_directory": str(tmp / "library"), "download_directory": str(tmp / "library")}
    details = await refusal(server, 400, **body)
    assert details["field"] in ("anime_directory", "download_directory") and details["fix"]
    status, verdict, _ = await server.post("/api/config/validate", json=body)
    assert status == 200 and verdict["success"] is True
    assert verdict["valid"] is False and verdict["message"]
    for problem in verdict["problems"]:
        assert problem["field"] and problem["issue"] and problem["fix"]
    assert on_disk(server) == before


async def test_I9_a_directory_that_cannot_be_written(server, tmp_path):
    """root writes past permission bits, so a mount has to say no."""
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        lack("nothing can be mounted here")
    try:
        answer = await server.put("/api/config", json={"anime_directory": str(tmp_path)})
        assert "written" in answer[1]["message"]
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
    details = await refusal(server, 400, trusted_proxies=["10.0.0.1", network])
    assert details["field"] == "trusted_proxies[1]"
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
    assert (await server.get("/api/config"))[1]["data"]["log_level"] == "warning"


# -- what is accepted ------------------------------------------------------------------------------


async def test_a_change_names_what_it_changes(fresh):
    before = await data(fresh.get("/api/config"))
    stored_before = json.loads((fresh.state / "config.json").read_text())
    after = before | {"session_timeout_hours": 1}
    assert await change(fresh, session_timeout_hours=1, log_level=None) == after
    assert await data(fresh.get("/api/config")) == after
    stored = json.loads((fresh.state / "config.json").read_text())
    assert stored["session_timeout_hours"] == 1
    assert stored["anime_directory"] == str(fresh.library)
    (backup,) = await data(fresh.get("/api/config/backups"))
    kept = json.loads(next(fresh.state.glob("backups/*.auto.json")).read_text())
    assert kept["session_timeout_hours"] == 24 and kept.items() >= stored_before.items()
    assert re.fullmatch(r"backup_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", backup["name"])
    assert backup["size_bytes"] > 0
    assert abs(datetime.now(UTC) - datetime.fromisoformat(backup["created_at"])).seconds < 60
    assert {stat.S_IMODE(path.stat().st_mode) for path in fresh.state.rglob("*.json")} == {0o600}
    assert stat.S_IMODE((fresh.state / "backups").stat().st_mode) == 0o700


async def test_a_missing_library_stops_no_other_change(fresh):
    fresh.library.rename(fresh.library.with_name("elsewhere"))
    assert (await fresh.put("/api/config", json={"max_concurrent_downloads": 3}))[0] == 200
    refused(await fresh.put("/api/config", json={"anime_directory": str(fresh.library)}), 400)
    assert (await fresh.get("/health/detailed"))[1]["filesystem"]["status"] == "inaccessible"


async def test_changes_at_once_are_all_whole(fresh):
    changes = [
        {"rate_limit_per_minute": 1000 + n, "session_timeout_hours": 1 + n} for n in range(20)
    ]
    seen = list(await asyncio.gather(*[change(fresh, **both) for both in changes]))
    seen.append(json.loads((fresh.state / "config.json").read_text()))
    for shown in seen:
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
        assert shown["forced"] == {"log_level": "--log-level", "providers": "--demo"}
        assert shown["log_level"] == "error"
        before = on_disk(server)
        details = await refusal(server, 409, log_level="info", session_timeout_hours=2)
        assert details == {"field": "log_level", "variable": "--log-level"}
        verdict = (await server.post("/api/config/validate", json={"log_level": "info"}))[1]
        assert verdict["valid"] is False and verdict["problems"][0]["field"] == "log_level"
        assert "--log-level" in verdict["problems"][0]["fix"]
        assert on_disk(server) == before
        same = {"log_level": "error", "providers": shown["providers"]}
        await change(server, session_timeout_hours=2, **same)
        stored = json.loads((server.state / "config.json").read_text())
        assert stored["log_level"] == "warning" and stored["providers"] == []
        assert stored["session_timeout_hours"] == 2


async def test_a_disk_that_refuses_changes_nothing(fresh, monkeypatch):
    path = fresh.state / "config.json"
    shown, stored = await data(fresh.get("/api/config")), path.read_bytes()
    for name in ("config.json", "backup_"):

        def refusing(path, data, mode=0o600, name=name, replace=atomic.replace):
            if path.name.startswith(name):
                raise OSError(errno.ENOSPC, "No space left on device")
            replace(path, data, mode)

        monkeypatch.setattr(atomic, "replace", refusing)
        body = {"session_timeout_hours": 2, "providers": [NAS]}
        answer = await fresh.put("/api/config", json=body)
        details = refused(answer, 500, "CONFIGURATION_ERROR")
        assert str(fresh.state) not in str(details)
        monkeypatch.undo()
        assert await data(fresh.get("/api/config")) == shown and path.read_bytes() == stored
        assert not list(fresh.state.rglob(".*"))


# -- secrets ---------------------------------------------------------------------------------------


async def test_secrets_are_masked_and_kept(tmp_path, caplog):
    masked = NAS | {"password": "********"}
    async with running(tmp_path, log_level="debug") as server:
        await server.login()

        async def sources_after(**changes) -> list[dict]:
            """The sources as they are shown after this change of the only one."""
            return (await change(server, providers=[NAS | changes]))["providers"]

        assert await sources_after() == [masked]
        assert password_of(server) == SECRET
        # It stays with its user: else a stolen token could have it tried for another account.
        renamed_user = masked | {"username": "you"}
        await refusal(server, 422, providers=[renamed_user])
        assert await sources_after(password="********") == [masked]
        assert password_of(server) == SECRET
        await data(server.post("/api/config/backups"))
        assert await sources_after(password="another") == [masked]
        assert password_of(server) == "another"
        name = (await data(server.get("/api/config/backups")))[-1]["name"]
        assert await sources_after(password="") == [NAS | {"password": ""}]
        await refusal(server, 422, providers=[NAS | {"password": "p" * 201}])
        assert await sources_after() == [masked]
        assert (await server.post(f"/api/config/backups/{name}/restore"))[0] == 200
    async with running(tmp_path, providers=[masked]) as server:
        assert password_of(server) == SECRET
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "secrets.json":
            assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in caplog.text and PASSWORD not in caplog.text


async def test_a_key_that_reads_sees_no_address_that_is_a_secret_itself(fresh):
    """Who knows the path of a webhook may call it, and such a key stands in calendar programs."""
    hook = {"type": "webhook", "url": "https://hooks.example/services/T0/B0/s3cr3t?sig=s3cr3t"}
    await change(fresh, notify=[hook])
    await change(fresh, notify=[])
    _, made, _ = await fresh.post("/api/auth/keys", json={"name": "calendar", "scope": "read"})
    key = made["data"]["key"]
    name = (await data(fresh.get("/api/config/backups", token=key)))[0]["name"]
    backup = await data(fresh.get(f"/api/config/backups/{name}", token=key))
    await change(fresh, notify=[hook])
    shown = await data(fresh.get("/api/config", token=key))
    assert [each["notify"][0]["url"] for each in (backup, shown)] == [
        "https://hooks.example/********"
    ] * 2
    assert (await data(fresh.get("/api/config")))["notify"][0]["url"] == hook["url"]


def password_of(server) -> str:
    """The password of the only source, as it is in force."""
    (source,) = server.app[keys.CONFIG].current.providers
    return source.password.reveal()


async def test_a_secret_found_in_the_file_moves(tmp_path):
    async with running(tmp_path, providers=[NAS]) as server:
        assert SECRET not in (server.state / "config.json").read_text()
        assert SECRET in (server.state / "secrets.json").read_text()
        assert password_of(server) == SECRET
        await server.login()
        assert SECRET not in str(await server.get("/api/config"))


# -- the file at start -----------------------------------------------------------------------------

TORN = [
    b"",
    b"\0" * 40,
    b'{"log_level": "in',
    b"[]",
    b'{"log_level": "loud"}',
    b'{"log_level": "info" // a comment\n}',
    b'{"unknown": 1}',
    b"\xff\xfe",
    b"\xef\xbb\xbf{",
    b"[" * 50_000,
    b'{"anime_directory": "a", "anime_directory": "b"}',
    b"9" * 5000,
]


@pytest.mark.parametrize("torn", TORN, ids=lambda torn: f"INV-4-{torn[:20]}")
async def test_a_torn_file_falls_back_to_the_newest_backup(tmp_path, torn, caplog):
    """C8"""
    async with running(tmp_path) as server:
        await server.login()
        for hours in (2, 3, 4):
            changes = {"session_timeout_hours": hours, "share": {"series": "all"}}
            await data(server.put("/api/config", json=changes))
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
    assert again.current.local_owner == "off", "the bad file may have said so"
    assert again.current.share.series == "none", "and this"


async def test_two_damages_in_a_second_are_both_kept(tmp_path):
    path = tmp_path / "config.json"
    kept = []
    for number in range(5):
        path.write_text(f"damage {number}")
        kept.append(atomic.damaged_name(path))
        path.rename(kept[-1])
    assert [each.read_text() for each in kept] == [f"damage {number}" for number in range(5)]


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


NEWER = {
    "log_level": "warning",
    "local_owner": "off",
    "follow": {"every_hours": 6, "half a character": "\ud800"},
    "naming": {"season": "S{season}", "music": "{artist}"},
    "providers": [
        {"type": "directory", "name": "nas", "url": "http://192.0.2.1/", "colour": "blue"},
        {"type": "gopher", "name": "hole", "url": "gopher://192.0.2.2/"},
    ],
}


async def test_settings_of_a_newer_version_are_kept_and_told(tmp_path, caplog):
    state, *_ = folders(tmp_path)
    path = state / "config.json"
    secrets_file = SecretsFile(state / "secrets.json")
    secrets_file.change(providers={"hole.password": "hush", "nas.password": "hush", "x.key": "no"})
    path.write_bytes(config.BYTE_ORDER_MARK + json.dumps(NEWER).encode())
    found = config.Configuration(state, secrets_file)
    assert (found.current.log_level, found.current.local_owner) == ("warning", "off")
    assert found.current.naming.season == "S{season}"
    assert [source.name for source in found.current.providers] == ["nas"]
    for name in ("follow", "naming.music", "'hole' (gopher)", "colour of the source 'nas'"):
        assert name in caplog.text
    place = {"anime_directory": str(tmp_path / "library")}
    found.update(place | {"download_directory": str(tmp_path / "downloads"), "log_level": "error"})
    stored = json.loads(path.read_text())
    assert stored["log_level"] == "error" and stored["follow"] == NEWER["follow"]
    assert stored["naming"]["music"] == "{artist}"
    assert stored["providers"][0]["colour"] == "blue" and stored["providers"][1:] == [
        NEWER["providers"][1]
    ]
    assert secrets_file.current.providers == {"hole.password": "hush", "nas.password": "hush"}
    made = found.back_up().name
    found.update({"providers": []})
    assert json.loads(path.read_text())["providers"] == NEWER["providers"][1:]
    found.restore(made)
    assert len(json.loads(path.read_text())["providers"]) == 2
    assert not list(state.glob("*.corrupt-*"))


async def test_secrets_of_a_newer_version_are_kept(tmp_path):
    path = tmp_path / "secrets.json"
    SecretsFile(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"passkeys": ["x"]}))
    secrets_file = SecretsFile(path)
    secrets_file.change(epoch=7)
    stored = json.loads(path.read_text())
    assert (stored["passkeys"], stored["epoch"]) == (["x"], 7)


DAMAGED_SECRETS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b'{"jwt_key": ""}',
    b'{"jwt_key": "x"}',
    b'{"jwt_key": 1}',
    b'{"jwt_key": "%s", "password_hash": 1}',
    b'{"jwt_key": "%s", "epoch": "1"}',
    b'{"jwt_key": "%s", "epoch": true}',
    b'{"jwt_key": "%s", "providers": []}',
    b'{"jwt_key": "%s", "providers": {"a": 1}}',
    b'{"more": 1}',
    b'{"jwt_key": "\xff"}',
    b'{"jwt_key": "\\ud800"}',
    b"[" * 50_000,
]


@pytest.mark.parametrize("damaged", DAMAGED_SECRETS, ids=lambda one: f"INV-5-{one[:50]}")
async def test_damaged_secrets_are_never_not_set_up(tmp_path, damaged):
    path = tmp_path / "secrets.json"
    path.write_bytes(damaged.replace(b"%s", b"A" * 43 + b"="))
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="is damaged"):
        SecretsFile(tmp_path / "secrets.json")
    assert path.read_bytes() == before


async def test_INV_4_kill_while_it_is_changed(tmp_path):
    """Two settings that change together stay together; no acknowledged change is lost."""
    async with Process(tmp_path) as process:
        for round_ in range(ROUNDS):
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
