"""Starts of the command: what it says, what it refuses, and what variables do."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import sqlite3
from pathlib import Path

import pytest

from store import atomic, environment
from store.errors import ConfigurationError
from tests.app import PASSWORD, PATIENCE_SECONDS, Process, folders, free_port, spawn
from tests.test_auth import refused
from tests.test_config import change, data, refusal


async def ended(state: Path, *arguments: str, **how) -> tuple[int, str]:
    """(exit code, what it wrote) of a command that ends by itself."""
    process = spawn(state, *arguments, **how)
    try:
        text, _ = await asyncio.to_thread(process.communicate, timeout=PATIENCE_SECONDS)
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
    version, check, other, broken = await asyncio.gather(
        ended(state, "--version"),
        ended(state, "--check"),
        ended(state, "--check", "--config", str(tmp_path / "other.json")),
        ended(state, "--check", "--config", str(tmp_path / "broken.json")),
    )
    assert version == (0, "aniworld-server 1.0.0\n")
    assert check == (0, "The configuration is fine\n")
    assert other[0] == 1 and "anime_directory: /nothing does not exist" in other[1]
    assert broken[0] == 1 and "broken.json" in one_line(broken[1])


@pytest.mark.slow
async def test_two_servers_on_one_directory_and_on_one_port(tmp_path):
    """C10: the second one says why it does not start, and the first one goes on."""
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
    "newer-database": ({}, 1, "update Aniworld"),
    "damaged-secrets": ({}, 1, "secrets.json"),
}


@pytest.mark.parametrize(
    "content, words",
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("one password\nanother one\n", "holds 2 lines"),
        ("\ngood password\n", "holds 2 lines"),
        ("# a remark\r\n\r\ngood password", "holds 3 lines"),
        ("x" * 9000, "holds more than 8,192 bytes"),
    ],
)
def test_a_file_that_holds_more_or_less_than_a_password(tmp_path, monkeypatch, content, words):
    path = tmp_path / "password"
    monkeypatch.setenv("ANIWORLD_MASTER_PASSWORD_FILE", str(path))
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=words) as failure:
        environment.master_password()
    assert str(path) in str(failure.value) and "in one line" in failure.value.details["fix"]
    assert "good password" not in str(failure.value)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n", "\n  \n"])
def test_a_file_that_holds_a_password_and_what_editors_add(tmp_path, monkeypatch, end):
    path = tmp_path / "password"
    monkeypatch.setenv("ANIWORLD_MASTER_PASSWORD_FILE", str(path))
    path.write_text(f"\ufeff pass word \u00fc{end}")
    assert environment.master_password() == " pass word \u00fc"


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_state_that_cannot_be_written_is_told_with_what_to_do(code):
    error = OSError(code, os.strerror(code), "/state/lock")
    text = environment.explain(error, 8000)
    assert text.startswith("/state cannot be written: ") and "--data-dir" in text


def test_what_is_open_to_others_is_closed_or_told(tmp_path, caplog):
    path = tmp_path / "secrets.json"
    path.touch()
    path.chmod(0o644)
    atomic.keep_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"{path} was open to other users" in caplog.text
    for mode, is_told in ((0o755, False), (0o777, True), (0o1777, False)):
        caplog.clear()
        tmp_path.chmod(mode)
        atomic.keep_private(path)
        atomic.warn_if_writable_by_all(tmp_path)
        assert (f"write to {tmp_path}" in caplog.text) == is_told
        assert tmp_path.stat().st_mode & 0o7777 == mode, "the library may be in it"


# One of each kind of cause runs by default.
QUICK = {"port", "short-password", "config-is-a-folder", "newer-database"}
CAUSES = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow, id=name) for name in STARTS
]


@pytest.mark.parametrize("name", CAUSES)
async def test_starts_that_fail_say_why_in_a_line(tmp_path, name):
    env, code, words = STARTS[name]
    state, *_ = folders(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00binary")
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
    assert found == code and words.format(tmp=tmp_path) in text, text
    assert "Traceback" not in text and (code == 2 or one_line(text))
    assert "short" not in text.replace("characters", "")


@pytest.mark.slow
async def test_variables_force_settings_and_bring_the_password(tmp_path):
    secret = tmp_path / "password"
    secret.write_text(f"\ufeff{PASSWORD}\r\n")  # as editors of Windows write it
    (tmp_path / "forced").mkdir()
    env = {
        "ANIWORLD_MASTER_PASSWORD_FILE": str(secret),
        "ANIWORLD_ANIME_DIRECTORY": str(tmp_path / "forced"),
        "ANIWORLD_LOG_LEVEL": "debug",
        "ANIWORLD_HOST": "",
        "ANIWORLD_CONFIG": "",
        "ANIWORLD_TRUSTED_PROXIES": "10.0.0.1, nonsense",
    }
    async with Process(tmp_path, password=None, env=env) as process:
        await process.login()
        shown = await data(process.get("/api/config"))
        assert shown["anime_directory"] == str(tmp_path / "forced")
        assert shown["trusted_proxies"] == ["10.0.0.1", "nonsense"]
        assert shown["forced"].keys() == {"anime_directory", "log_level", "trusted_proxies"}
        details = await refusal(process, 409, anime_directory=str(process.library))
        assert details["variable"] == "ANIWORLD_ANIME_DIRECTORY"
        await change(process, session_timeout_hours=3)
        secret.write_text("another password")
        assert await process.stop() == 0
        await process.start()  # set once, the variable no longer counts
        await process.login()
        assert "trusted_proxies[1]" in process.log
        assert PASSWORD not in process.log and process.token not in process.log


@pytest.mark.slow
async def test_l7_what_is_no_http_fills_no_log(tmp_path):
    async with Process(tmp_path) as process:
        before = len(process.log)
        for rubbish in (
            b"\x16\x03\x01\x02",
            b"GET / HTTP/1.1\r\nHost: \0\r\n\r\n",
            b"\r\n\r\nx y z\r\n",
        ):
            for _ in range(300):
                reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
                writer.write(rubbish)
                writer.write_eof()
                await reader.read()
                writer.close()
        assert (await process.get("/health"))[0] == 200
        assert len(process.log) - before < 2_000


@pytest.mark.slow
async def test_the_setup_code_is_told_once_and_burnt(tmp_path):
    async with Process(tmp_path, password=None) as process:
        (code,) = re.findall(r"the setup code is (\w{32})\n", process.log)
        assert (process.state / "setup-code").read_text().strip() == code
        process.kill9()
        await process.start()
        assert process.log.count(code) == 2  # the same, until it is used
        body = {"master_password": PASSWORD}
        stranger = {"Via": "x"}
        refused(await process.post("/api/auth/setup", json=body, headers=stranger), 403)
        headers = stranger | {"X-Setup-Code": code}
        assert (await process.post("/api/auth/setup", json=body, headers=headers))[0] == 201
        assert not (process.state / "setup-code").exists()
        await process.login()
        head = f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {process.token}\0\r\n\r\n"
        await process.raw(head.encode())
        process.kill9()
        await process.start()
        assert process.log.count(code) == 2 and "Traceback" not in process.log
        assert process.token not in process.log and PASSWORD not in process.log
