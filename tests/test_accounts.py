"""Passwords that change, keys, floods of guesses, and the log's lines. Ids: docs/faults.md.

A13 to A15 floods and restarts, A16 another password.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
from contextlib import closing

import aiohttp
import pytest

from handlers import logins
from handlers.keys import DB
from handlers.logins import LOGINS
from store import api_keys, login_callers
from store.db import connect
from store.errors import Invalid
from store.login_callers import LoginCaller
from store.secrets import SecretsFile
from tests.app import PASSWORD, PATIENCE_SECONDS, ROOT, Process, running, until
from tests.test_auth import authenticator_of, clock, guess, refused

ANOTHER = "another password"


async def make_key(server, scope: str = "read", name: str = "dashboard") -> dict:
    status, body, _ = await server.post("/api/auth/keys", json={"name": name, "scope": scope})
    assert status == 201, body
    return body["data"]


async def closes(socket) -> int | None:
    """The code with which the server closes the socket."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for _ in socket:
            pass
    return socket.close_code


# -- A16: another password -------------------------------------------------------------------------


async def test_another_password_ends_all_other_tokens(tmp_path):
    async with running(tmp_path) as server:
        before = await server.login()
        key = (await make_key(server))["key"]
        async with (
            server.socket(headers={"Authorization": f"Bearer {before}"}) as socket,
            server.socket(headers={"Authorization": f"Bearer {key}"}) as socket_of_key,
        ):
            body = {"password": PASSWORD, "new_password": ANOTHER}
            status, answer, headers = await server.put("/api/auth/password", json=body)
            assert status == 200 and answer["data"]["token_type"] == "bearer"
            fresh = answer["data"]["token"]
            assert "aniworld_socket=" in headers["Set-Cookie"]
            assert await closes(socket) == 1008
            refused(await server.get("/api/auth/status", token=before), 401)
            assert (await server.get("/api/auth/status", token=fresh))[0] == 200
            assert (await server.get("/api/config", token=key))[0] == 200
            assert not socket_of_key.closed
        refused(await server.post("/api/auth/login", json={"password": PASSWORD}), 401)
    async with running(tmp_path) as server:
        refused(await server.get("/api/auth/status", token=before), 401)
        assert (await server.get("/api/auth/status", token=fresh))[0] == 200
        await server.login(ANOTHER)


async def test_another_password_has_to_be_one_and_the_old_one_right(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        for new in ("short", "", "a" * 1025):
            body = {"password": PASSWORD, "new_password": new}
            answer = await server.put("/api/auth/password", json=body)
            assert refused(answer, 422)["field"] == "new_password"
        for _ in range(logins.FREE_FAILURES):
            body = {"password": "wrong", "new_password": ANOTHER}
            refused(await server.put("/api/auth/password", json=body), 401)
        body["password"] = PASSWORD
        refused(await server.put("/api/auth/password", json=body), 429)
        assert (await server.get("/api/auth/status"))[0] == 200


async def test_of_two_changes_at_once_one_wins(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        answers = await asyncio.gather(
            *(
                server.put("/api/auth/password", json={"password": PASSWORD, "new_password": new})
                for new in ("the first of two", "the second of two")
            )
        )
        assert sorted(answer[0] for answer in answers) == [200, 401]


async def test_a_login_with_a_password_that_changes_meanwhile_opens_nothing(tmp_path, monkeypatch):
    async with running(tmp_path) as server:
        await server.login()
        authenticator, lanes = authenticator_of(server), server.app[LOGINS]
        matches = authenticator.matches
        is_judged, goes_on = threading.Event(), threading.Event()

        def held_up(password: str) -> bool:
            found = matches(password)
            is_judged.set()
            assert goes_on.wait(PATIENCE_SECONDS)
            return found

        monkeypatch.setattr(authenticator, "matches", held_up)
        login = asyncio.create_task(guess(server, PASSWORD))
        await until(is_judged.is_set)
        monkeypatch.setattr(authenticator, "matches", matches)
        # As for a change from elsewhere, which has another lane.
        lanes.local_lane = logins.Lane(running=1, waiting=1)
        body = {"password": PASSWORD, "new_password": ANOTHER}
        assert (await server.put("/api/auth/password", json=body))[0] == 200
        goes_on.set()
        refused(await login, 401)


async def test_the_owner_gets_in_where_the_disk_is_full(tmp_path, caplog):
    async with running(tmp_path) as server:
        connection = server.app[DB]._connection
        await server.app[DB].run(lambda _: None)  # the pragma is none of a transaction
        await server.app[DB]._on_thread(connection.execute, "pragma query_only = on")
        refused(await guess(server, "wrong"), 401)
        await server.login()
        await server.app[DB]._on_thread(connection.execute, "pragma query_only = off")
    assert caplog.text.count("a try of the password cannot be stored") == 2


async def test_all_logins_end_at_once(tmp_path):
    async with running(tmp_path) as server:
        other = await server.login()
        key = (await make_key(server))["key"]
        await server.login()
        async with server.socket(headers={"Authorization": f"Bearer {other}"}) as socket:
            answer = await server.post("/api/auth/logout", json={"everywhere": True})
            assert answer[:2] == (200, {"success": True, "message": "Logged out successfully"})
            assert await closes(socket) == 1008
        for token in (other, server.token):
            refused(await server.get("/api/auth/status", token=token), 401)
        assert (await server.get("/api/queue", token=key))[0] == 200
        await server.login()
        assert (await server.post("/api/auth/logout", json={"everywhere": False}))[0] == 200
        assert refused(await server.post("/api/auth/logout", json={"here": 1}), 401) == {}


def reset(state, given: str) -> subprocess.CompletedProcess:
    """`given` may hold any bytes, escaped as surrogates."""
    command = [sys.executable, ROOT / "aniworld.py", "reset-password", "--data-dir", state]
    return subprocess.run(
        command,
        input=given,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=60,
        check=False,
    )


def test_a_password_that_is_not_UTF_8_is_refused_in_words(tmp_path):
    done = reset(tmp_path, "p\udce4sswort of latin-1\n")
    assert done.returncode == 1
    assert "The password is not UTF-8" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
async def test_the_password_is_reset_on_the_machine(tmp_path):
    async with Process(tmp_path) as process:
        token = await process.login()
        key = (await make_key(process))["key"]
        source = {
            "type": "directory",
            "name": "nas",
            "url": "http://192.0.2.1/",
            "password": "hush",
        }
        assert (await process.put("/api/config", json={"providers": [source]}))[0] == 200
        refusal = await asyncio.to_thread(reset, process.state, f"{ANOTHER}\n")
        assert refusal.returncode == 1 and "Traceback" not in refusal.stderr
        assert (await process.get("/api/auth/status"))[0] == 200, "the server runs on"
        await process.stop()
        short = await asyncio.to_thread(reset, process.state, "short\n")
        assert short.returncode == 1 and "8 to 1,024" in short.stderr
        done = await asyncio.to_thread(reset, process.state, f"{ANOTHER}\n")
        assert done.returncode == 0, done.stderr
        assert SecretsFile(process.state / "secrets.json").current.providers == {
            "nas.password": "hush"
        }
        await process.start()
        refused(await process.get("/api/auth/status", token=token), 401)
        assert (await process.get("/api/config", token=key))[0] == 200
        await process.login(ANOTHER)


# -- 46: keys --------------------------------------------------------------------------------------


async def test_a_key_is_shown_once_and_kept_as_a_hash(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        made = await make_key(server, "write", "backup script")
        assert set(made) == {"id", "name", "scope", "key", "created_at"}
        assert re.fullmatch(r"aw_[\w-]{43}", made["key"])
        (listed,) = (await server.get("/api/auth/keys"))[1]["data"]
        assert listed == {
            **{name: made[name] for name in ("id", "name", "scope", "created_at")},
            "last_used_at": None,
        }
        assert (await server.get("/api/queue", token=made["key"]))[0] == 200
    async with running(tmp_path) as server:
        assert (await server.post("/api/queue/start", token=made["key"]))[0] == 200
        await server.login()
        (listed,) = (await server.get("/api/auth/keys"))[1]["data"]
        assert listed["last_used_at"], "noted when the server stopped"
    for path in server.state.rglob("*"):
        assert path.is_dir() or made["key"].encode() not in path.read_bytes()


async def test_a_deleted_key_opens_nothing_and_its_socket_closes(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        made = await make_key(server)
        async with server.socket(headers={"Authorization": f"Bearer {made['key']}"}) as socket:
            assert (await server.delete(f"/api/auth/keys/{made['id']}"))[0] == 200
            assert await closes(socket) == 1008
        refused(await server.get("/api/queue", token=made["key"]), 401)
        refused(await server.delete(f"/api/auth/keys/{made['id']}"), 404)
        refused(await server.delete("/api/auth/keys/dashboard"), 422)
        again = await make_key(server)
        assert again["id"] != made["id"]


@pytest.mark.parametrize(
    "body, field",
    [
        ({"name": "x"}, "scope"),
        ({"name": "x", "scope": "owner"}, "scope"),
        ({"name": "", "scope": "read"}, "name"),
        ({"name": "x" * 101, "scope": "read"}, "name"),
        ({"name": "  ", "scope": "read"}, "name"),
        ({"scope": "read"}, "name"),
        ({"name": "x", "scope": "read", "key": "aw_mine"}, "key"),
    ],
)
async def test_a_key_without_a_good_name_and_scope_is_refused(tmp_path, body, field):
    async with running(tmp_path) as server:
        await server.login()
        assert refused(await server.post("/api/auth/keys", json=body), 422)["field"] == field


UNSEEN = ["\u202e", "\u2066", "\u200b", "\u200d", "\u00ad", "\ufeff", "\u061c", "\U000e0041"]
CONTROLS = ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"]


def test_a_key_is_called_by_what_is_seen():
    """A name that turns the line round, or has ends of lines in it, says what it is not."""
    with closing(connect(":memory:")) as connection:
        for character in UNSEEN + CONTROLS:
            with pytest.raises(Invalid) as refused_name:
                api_keys.add(connection, f"widget{character}", "read", api_keys.new_text())
            issue = refused_name.value.details["issue"]
            assert refused_name.value.details["field"] == "name"
            assert f"U+{ord(character):04X}" in issue and character not in issue
        for name in ("Küche", "台所 ウィジェット", "لوحة", "🏠 home", "a b", "e\u0301"):
            assert api_keys.add(connection, name, "read", api_keys.new_text()).name == name


async def test_there_are_at_most_a_hundred_keys(tmp_path, monkeypatch):
    monkeypatch.setattr("store.api_keys.MAX_KEYS", 2)
    async with running(tmp_path) as server:
        await server.login()
        await make_key(server)
        await make_key(server)
        refused(await server.post("/api/auth/keys", json={"name": "x", "scope": "read"}), 409)


@pytest.mark.parametrize("scope, opens", [("read", True), ("write", True), ("share", False)])
async def test_a_key_at_the_socket(tmp_path, scope, opens):
    async with running(tmp_path, local_owner="off") as server:
        await server.login()
        key = (await make_key(server, scope))["key"]
        server.client.headers.popall("Authorization")
        for options in (
            {"headers": {"Authorization": f"Bearer {key}"}},
            {"protocols": ["aniworld.v1", f"bearer.{key}"]},
        ):
            if opens:
                async with server.socket(**options) as socket:
                    assert json.loads((await socket.receive()).data)["type"] == "snapshot"
            else:
                with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                    await server.socket(**options)
                assert refusal.value.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            cookie = {"Cookie": f"aniworld_socket={key}", "Origin": server.base}
            await server.socket(headers=cookie)
        assert refusal.value.status == 401


# -- A13 to A15: floods ----------------------------------------------------------------------------


def from_network(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"2001:db8:0:{number:x}::1"}


async def test_A13_A14_a_flood_does_not_lock_the_owner_out(tmp_path, monkeypatch):
    """200 networks guess; the owner, who has logged in from his address before, is let in."""
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        owner = {"X-Forwarded-For": "192.168.1.20"}
        assert (await guess(server, PASSWORD, **owner))[0] == 200
        tried = []
        matches = authenticator_of(server).matches

        def count(password):
            tried.append(password)
            return matches(password)

        monkeypatch.setattr(authenticator_of(server), "matches", count)
        flood = [
            asyncio.create_task(guess(server, **from_network(number % 200)))
            for number in range(400)
        ]
        await until(lambda: tried)
        assert (await guess(server, PASSWORD, **owner))[0] == 200
        answers = await asyncio.gather(*flood)
        assert {answer[0] for answer in answers} == {401, 429}
        guesses = tried.count("wrong password")
        assert 1 <= guesses <= 30, "the ceiling of a minute"
        for answer in answers:
            if answer[0] == 429:
                assert int(answer[2]["Retry-After"]) >= 1


async def test_A15_a_restart_forgets_no_delay_and_no_owner(tmp_path):
    attacker, owner = from_network(1), {"X-Forwarded-For": "192.168.1.20"}
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        assert (await guess(server, PASSWORD, **owner))[0] == 200
        with clock(server.app[LOGINS].delay) as time:
            for _ in range(logins.FREE_FAILURES + 9):
                refused(await guess(server, **attacker), 401)
                time.now += 600
            time.now -= 599
            refused(await guess(server, **attacker), 429)
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        wait = refused(await guess(server, PASSWORD, **attacker), 429)["retry_after"]
        assert 1 < wait <= 512
        assert (await guess(server, PASSWORD, **owner))[0] == 200


async def test_A15_a_clock_set_back_makes_no_delay_endless(tmp_path):
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        row = LoginCaller("2001:db8:0:1::/64", failures=9, due="2199-01-01T00:00:00Z", known=False)
        await server.app[DB].run(login_callers.keep, row)
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        answer = await guess(server, PASSWORD, **from_network(1))
        assert refused(answer, 429)["retry_after"] <= logins.MAX_DELAY_SECONDS


def test_a_flood_pushes_no_known_caller_out():
    conn = connect(":memory:")
    login_callers.keep(conn, LoginCaller("owner", failures=0, due=None, known=True))
    for number in range(login_callers.KEPT_CALLERS + 5):
        login_callers.keep(conn, LoginCaller(str(number), failures=1, due=None, known=False))
    rows = login_callers.read(conn)
    assert len(rows) == login_callers.KEPT_CALLERS
    assert LoginCaller("owner", failures=0, due=None, known=True) in rows
    conn.close()


async def test_a_caller_that_was_right_before_has_a_lane(tmp_path):
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        assert (await guess(server, PASSWORD, **from_network(7)))[0] == 200
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        found = server.app[LOGINS]
        assert found.lane("2001:db8:0:7::/64", is_trusted=False) is found.known_lane
        assert found.lane("2001:db8:0:8::/64", is_trusted=False) is found.strangers_lane
        assert found.lane("2001:db8:0:8::/64", is_trusted=True) is found.known_lane


async def test_a_key_opens_no_better_lane(tmp_path):
    async with running(tmp_path, trusted_proxies=["127.0.0.1"]) as server:
        await server.login()
        key = (await make_key(server))["key"]
        server.app[LOGINS].strangers_lane = logins.Lane(running=1, waiting=0, per_minute=1)
        for token, statuses in ((key, (401, 429)), (server.token, (401, 401))):
            for status in statuses:
                headers = from_network(7) | {"Authorization": f"Bearer {token}"}
                refused(await guess(server, **headers), status)


# -- the log ---------------------------------------------------------------------------------------


async def test_the_log_tells_who_came_to_the_door(tmp_path, caplog):
    caplog.set_level("INFO")
    async with running(tmp_path, password=None, trusted_proxies=["127.0.0.1"]) as server:
        code = authenticator_of(server).setup_code()
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Setup-Code": code}
        server.client.headers.update(headers)
        await server.post("/api/auth/setup", json={"master_password": PASSWORD})
        refused(await guess(server), 401)
        await server.login()
        key = await make_key(server, name="x from 1.2.3.4")
        assert (await server.put("/api/config", json={"log_level": "info"}))[0] == 200
        await server.delete(f"/api/auth/keys/{key['id']}")
        body = {"password": PASSWORD, "new_password": ANOTHER}
        assert (await server.put("/api/auth/password", json=body))[0] == 200
        await server.login(ANOTHER)
        await server.post("/api/auth/logout")
    lines = [record for record in caplog.records if record.name == "aniworld.access"]
    assert [(record.levelname, record.getMessage()) for record in lines] == [
        ("INFO", "setup from 203.0.113.7"),
        ("WARNING", "wrong password from 203.0.113.7"),
        ("INFO", "login from 203.0.113.7"),
        ("INFO", "new key key_1 of scope read from 203.0.113.7"),
        ("INFO", "change of log_level from 203.0.113.7"),
        ("INFO", "deletion of key_1 from 203.0.113.7"),
        ("INFO", "change of the password from 203.0.113.7"),
        ("INFO", "login from 203.0.113.7"),
        ("INFO", "logout from 203.0.113.7"),
    ]
    for secret in (PASSWORD, ANOTHER, code, key["key"]):
        assert secret not in caplog.text


def test_the_filter_of_the_documents_finds_the_line():
    text = (ROOT / "docs/installation.md").read_text()
    pattern = re.search(r"failregex = (.+)", text)[1].replace("<HOST>", r"(?P<host>[\da-f.:]+)")
    line = "2026-01-02 03:04:05,678 WARNING aniworld.access: wrong password from 2001:db8::1"
    assert re.search(pattern, line)["host"] == "2001:db8::1"
    assert not re.search(pattern, line.replace("wrong password", "login"))
