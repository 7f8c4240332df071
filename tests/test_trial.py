"""POST /api/providers/test: what is there, or what is wrong with its cure; nothing is stored."""

import asyncio
import socket

import pytest

from handlers import keys
from providers import trial
from store.sources import DirectoryProvider
from tests.app import free_port, running
from tests.contract import opened
from tests.shows import home
from tests.tree import Tree
from tests.upstream import Upstream, certificate

LOGIN_PAGE = b"<title>Sign in</title><form><input type=password></form>"
SERIES = {f"Show {number}/Show {number} - S01E01.mkv": b"x" for number in range(1, 6)}
BASIC = {"WWW-Authenticate": 'Basic realm="x"'}

# What the server at that address does -> what is said, and a word of how to mend it.
TROUBLE = {
    "login": ({"status": 401, "headers": BASIC}, "wrong user or password", "username"),
    "refused access": ({"status": 403}, "403 (access refused)", "path"),
    "no such path": ({"status": 404}, "404 (not found)", "path"),
    "broken": ({"status": 502}, "answered 502", "log"),
    "busy": ({"status": 503}, "503 (busy)", "later"),
    "a page": ({"kind": "text/html", "body": LOGIN_PAGE}, "no folder listing", "listing on"),
    "other JSON": ({"kind": "application/json", "body": b"{}"}, "no folder listing", "listing on"),
    "empty": (
        {"kind": "application/json", "body": b"[]"},
        "lists no series",
        "one folder for each",
    ),
    "files alone": (
        {"kind": "application/json", "body": b'[{"name":"a.mkv"}]'},
        "lists no series",
        "one folder for each",
    ),
    "no HTTP": ({"raw": b"SSH-2.0-OpenSSH_9.2\r\n\r\n"}, "not proper HTTP", "web server"),
    "hangs up": ({"raw": b""}, "broke the connection off", "web server"),
    "silent": ({"silent": True}, "did not finish its answer", "firewall"),
    "too long": ({"kind": "text/html", "body": b"x" * 4_000_001}, "more than 4,000,000", "address"),
    "leads away": (
        {"location": "http://10.1.2.3/"},
        "private address that is not its own",
        "which it leads",
    ),
    "metadata": ({"location": "http://169.254.169.254/"}, "never called", "address"),
}


@pytest.fixture
async def server(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        yield server


async def tried(server, entry: dict) -> dict:
    status, answer, _ = await server.post("/api/providers/test", json=entry)
    assert (status, answer.pop("success")) == (200, True), answer
    if not answer["ok"]:
        assert answer["fix"] and (answer["series"], answer["examples"]) == (0, [])
    return answer


async def test_what_is_there(server):
    async with Tree(SERIES) as up:
        assert await tried(server, home(up.base)[0]) == {
            "ok": True,
            "message": "The source works and has 5 series",
            "series": 5,
            "examples": ["Show 1", "Show 2", "Show 3"],
            "fix": "",
        }
        assert (await server.get("/api/providers"))[1]["data"] == []
        stored = await server.app[keys.DB].run(
            lambda conn: [
                conn.execute(f"select count(*) from {table}").fetchone()[0]
                for table in ("keys", "series", "rests", "last_answers")
            ]
        )
        assert stored == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "entry, message",
    [
        ({"type": "archive"}, "Neither collection nor query is set"),
        ({"type": "jellyfin"}, "The API key is missing"),
        ({"type": "feed", "path": "api/query"}, "The query is missing"),
    ],
)
async def test_what_lacks_something_asks_nobody(server, entry, message):
    async with Upstream() as up:
        entry = {"name": "home", "url": up.base + entry.pop("path", "")} | entry
        assert (await tried(server, entry))["message"] == message
        assert up.requests == []


async def test_what_is_wrong(server, monkeypatch):
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 0.5)
    async with Upstream() as up:
        plain = vars(up).copy()
        for name, (knobs, message, fix) in TROUBLE.items():
            vars(up).update(plain | knobs)
            answer = await tried(server, home(up.base)[0])
            assert not answer["ok"], name
            assert message in answer["message"], name
            assert fix in answer["fix"], name


async def test_trials_at_once_end_in_time(server, monkeypatch):
    """One at a time, as a hostile list takes memory; who waits for too long is told so."""
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 0.4)
    async with Upstream() as up, Tree(SERIES) as good:
        up.silent = True
        calls = [tried(server, home(up.base)[0]) for _ in range(4)]
        messages = [answer["message"] for answer in await asyncio.gather(*calls)]
        silent = "The source did not finish its answer within 0.4 seconds"
        assert set(messages) == {silent, "Another trial has not ended yet"}
        monkeypatch.setattr(trial, "TRIAL_SECONDS", 15.0)
        assert (await tried(server, home(good.base)[0]))["ok"]


async def test_a_source_at_an_address_of_ipv6(server):
    up = Tree(SERIES)
    up._host = "::1"
    async with up:
        assert (await tried(server, home(f"http://[::1]:{up.port}/")[0]))["series"] == 5


async def test_an_address_that_does_not_work(server, tmp_path, monkeypatch):
    def look_up(host, *more):
        if host.endswith(".invalid"):
            raise socket.gaierror(-2, "Name or service not known")
        return really(host, *more)

    really = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    async def answer_plainly(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    plain = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
    plain_port = plain.sockets[0].getsockname()[1]
    context, _ = certificate(tmp_path)
    async with plain, Upstream(tls=context) as secure:
        for url, message, fix in [
            ("http://nas.invalid/", "name is unknown", "IP address"),
            (f"http://127.0.0.1:{free_port()}/", "refused the connection", "port"),
            (f"https://127.0.0.1:{plain_port}/", "No secure connection", "http://"),
            (secure.base, "certificate is not valid", "ca_file"),
            (f"http://127.0.0.1:{server.port}/", "this server itself", "address"),
            ("http://169.254.169.254/", "never called", "address"),
            ("http://[fe80::1]/", "never called", "address"),
        ]:
            answer = await tried(server, home(url)[0])
            assert (answer["ok"], message in answer["message"]) == (False, True), answer
            assert fix in answer["fix"], answer


async def test_a_mask_stands_for_the_stored_secret(server, caplog):
    async with Upstream() as up:
        up.kind, up.body = "application/json", b'[{"name":"A","type":"directory"}]'
        entry = home(up.base)[0] | {"username": "mia", "password": "hush-hush"}
        assert (await server.put("/api/config", json={"providers": [entry]}))[0] == 200
        masked = entry | {"password": "********"}
        before = (server.state / "secrets.json").read_bytes()
        assert (await tried(server, masked))["ok"]
        assert up.requests[-1].headers["Authorization"] == "Basic bWlhOmh1c2gtaHVzaA=="
        assert (await tried(server, masked | {"name": "other"}))["ok"]
        assert up.requests[-1].headers["Authorization"] == "Basic bWlhOg=="
        async with Upstream() as other:
            moved = masked | {"url": other.base}
            status, answer, _ = await server.post("/api/providers/test", json=moved)
            assert (status, answer["details"]["field"]) == (422, "password")
            assert other.requests == []
        up.status = 401
        answer = await tried(server, entry | {"password": "hush-hush-2"})
        assert "hush" not in str(answer) + caplog.text
        assert (server.state / "secrets.json").read_bytes() == before


async def test_an_entry_of_the_wrong_form(server):
    for entry in ({}, {"type": "directory", "name": "x"}, {"type": "ftp"}, home("ftp://x/")[0]):
        assert (await server.post("/api/providers/test", json=entry))[0] == 422


async def test_each_cause_has_its_cure(tmp_path):
    from typing import get_args

    from store.errors import Cause

    assert trial.FIXES.keys() == set(get_args(Cause))
    async with Tree(SERIES) as up:
        async with opened(DirectoryProvider("directory", "home", up.base), tmp_path / "db") as made:
            assert await made.provider.titles() == [f"Show {number}" for number in range(1, 6)]
