"""Setup, login, tokens, logout, and who counts as the local owner. The ids are of docs/faults.md.

A1 parallel setups, A2/A3 setup by strangers, A5 setup again, A6 passwords, A7 a damaged hash,
A8 tokens, A9 every route with every credential, A10 logout, A12 guessing, A18 the clock,
A20 foreign tokens, A23 to A25 headers of a local owner.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import stat
import subprocess
import sys
import time
import unicodedata
from contextlib import contextmanager
from types import SimpleNamespace

import jwt
import pytest
import pytest_asyncio

from handlers import authenticator, logins, page
from handlers.authenticator import COOKIE
from handlers.routes import API
from tests.app import PASSWORD, PATIENCE_SECONDS, Process, running
from tests.rows import each_row

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODE = {
    "400": "BAD_REQUEST",
    "401": "AUTHENTICATION_ERROR",
    "403": "AUTHORIZATION_ERROR",
    "404": "NOT_FOUND",
    "405": "BAD_REQUEST",
    "408": "BAD_REQUEST",
    "409": "CONFLICT",
    "413": "BAD_REQUEST",
    "415": "BAD_REQUEST",
    "422": "VALIDATION_ERROR",
    "429": "RATE_LIMIT_EXCEEDED",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("auth")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(tmp_path):
    """A server without a password."""
    async with running(tmp_path, password=None) as server:
        yield server


def refused(answer, status: int, code: str | None = None) -> dict:
    """The answer is this error, in the five keys of the reference; its details."""
    found, body, headers = answer
    assert found == status, body
    assert list(body) == ["success", "error", "message", "details", "request_id"], body
    assert body["success"] is False and body["error"] == (code or CODE[str(status)]), body
    assert body["request_id"] == headers["X-Request-ID"]
    assert (
        isinstance(body["message"], str) and body["message"] and isinstance(body["details"], dict)
    )
    return body["details"]


def authenticator_of(server) -> authenticator.Authenticator:
    return server.app[authenticator.AUTHENTICATOR]


def claims(server, **changes) -> dict:
    """What a good token says, with changes; None takes one away."""
    now = int(time.time())
    found = {
        "iss": "aniworld",
        "sub": "owner",
        "jti": "j",
        "iat": now,
        "exp": now + 3600,
        "ver": authenticator_of(server)._secrets.current.epoch,
        "aud": "api",
    } | changes
    return {name: value for name, value in found.items() if value is not None}


def key(server) -> bytes:
    return authenticator_of(server)._secrets.current.signing_key


def signed(
    server,
    payload: dict,
    algorithm: str = "HS256",
    secret: bytes | None = None,
    headers: dict | None = None,
) -> str:
    """A token by hand: a library would refuse to make the bad ones."""
    head = {"alg": algorithm, "typ": "JWT"} | (headers or {})
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, payload)
    ]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        b".".join(parts), key(server) if secret is None else secret
    )
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


# -- A9: every route with every credential ---------------------------------------------------------

ROUTES = [(route, path) for route in API for path in (route.path, route.alias) if path]
OPEN = {
    ("POST", "/api/auth/setup"),
    ("POST", "/api/auth/login"),
    ("GET", "/health"),
    ("GET", "/health/detailed"),
}
OWNERS = {"/api/system/log"}  # beside those of accounts: no key opens them
CREDENTIALS = ("none", "bad", "expired", "revoked", "cookie", "good")
SCOPES = ("read", "write", "share")


PLACEHOLDERS = {
    "anime_id": "aniworld_123",
    "queue_item_id": "queue_456",
    "key_id": "key_0",
    "file_id": "aniworld_123.0123456789abcdef",
}


def filled(path: str) -> str:
    return re.sub(
        r"\{(\w+)\}",
        lambda m: PLACEHOLDERS.get(m[1], "nothing"),
        path,
    )


async def credential(server, kind: str) -> str | None:
    bearer, cookie, _ = authenticator_of(server).issue()
    if kind == "revoked":
        assert (await server.post("/api/auth/logout", token=bearer))[0] == 200
    return {
        "none": None,
        "bad": "nonsense",
        "expired": signed(server, claims(server, exp=1)),
        "cookie": cookie,
    }.get(kind, bearer)


@pytest.mark.parametrize("kind", CREDENTIALS, ids="A9-{}".format)
@each_row("route, path", ROUTES, ids=lambda one: one if isinstance(one, str) else one.method)
async def test_every_route_with_every_credential(server, route, path, kind):
    answer = await server.request(route.method, filled(path), token=await credential(server, kind))
    assert route.open == ((route.method, path) in OPEN), "a public route that nobody decided on"
    if kind == "good" and path.startswith("/api/share/"):  # nothing is shared here
        assert answer[1]["details"] == {"sharing": "none"}
    elif route.open or kind == "good":
        assert (answer[0] not in (401, 403) and answer[0] < 500) or "/search" in path, answer[1]
    else:
        refused(answer, 401)
        assert answer[2]["WWW-Authenticate"] == "Bearer"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api_keys(server) -> dict[str, str]:
    """A key of each scope, and one that was deleted."""
    token = await credential(server, "good")
    texts = {}
    for name, scope in (*zip(SCOPES, SCOPES), ("deleted", "write")):
        made = await server.post("/api/auth/keys", json={"name": name, "scope": scope}, token=token)
        assert made[0] == 201, made[1]
        texts[name] = made[1]["data"]["key"]
    assert (await server.delete("/api/auth/keys/key_4", token=token))[0] == 200
    return texts


@pytest.mark.parametrize("kind", (*SCOPES, "deleted"), ids="A9-{}".format)
@each_row("route, path", ROUTES, ids=lambda one: one if isinstance(one, str) else one.method)
async def test_every_route_with_every_key(server, api_keys, route, path, kind):
    answer = await server.request(route.method, filled(path), token=api_keys[kind])
    is_of_sharing = path.startswith("/api/share/")
    allowed = {
        "read": route.method == "GET" and not is_of_sharing,
        "write": not is_of_sharing,
        "share": is_of_sharing,
        "deleted": False,
    }[kind] and not (path.startswith("/api/auth/") or path in OWNERS)
    if route.open:
        assert answer[0] != 403 or path.endswith("/setup"), answer[1]
    elif allowed and is_of_sharing:  # nothing is shared here
        assert answer[1]["details"] == {"sharing": "none"}
    elif allowed:
        assert (answer[0] not in (401, 403) and answer[0] < 500) or "/search" in path, answer[1]
    else:
        refused(answer, 401 if kind == "deleted" else 403)


async def test_A9_nothing_else_is_served(server):
    """The router holds the table, the docs, the page and the socket, and nothing else."""
    others = {
        "/api/docs",
        "/api/redoc",
        "/api/openapi.json",
        "/api/docs/assets/{name}",
        "/",
        *page.VIEWS,
        "/static/{name}",
        "/posters/{seal}/{anime_id}",
        "/ws/downloads",
        "/{path}",
    }  # the last one is 404
    assert {resource.canonical for resource in server.app.router.resources()} == {
        path for _, path in ROUTES
    } | others


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OFFERED: dict[str, set[str]] = {}
for _route, _path in ROUTES:
    OFFERED.setdefault(_path, set()).update({_route.method, *["HEAD"] * (_route.method == "GET")})


@each_row("path", OFFERED, ids="I16-405-{}".format)
async def test_a_wrong_method_is_refused(server, path):
    token = (await credential(server, "good")) if path else None
    for method in set(METHODS) - OFFERED[path]:
        answer = await server.request(method, filled(path), token=token)
        refused(answer, 405)
        assert set(re.split(", ?", answer[2]["Allow"])) == OFFERED[path], method


# -- A8: tokens ------------------------------------------------------------------------------------

TOKENS = {
    "alg-none": lambda s: jwt.encode(claims(s), None, "none"),
    "alg-HS384": lambda s: jwt.encode(claims(s), key(s) * 2, "HS384"),
    "alg-HS512": lambda s: jwt.encode(claims(s), key(s) * 2, "HS512"),
    "alg-RS256": lambda s: signed(s, claims(s), "RS256"),
    "alg-absent": lambda s: signed(s, claims(s), None),
    "empty-key": lambda s: signed(s, claims(s), secret=b""),
    "other-key": lambda s: signed(s, claims(s), secret=b"k" * 32),
    **{
        f"without-{name}": lambda s, name=name: signed(s, claims(s, **{name: None}))
        for name in ("iss", "sub", "jti", "iat", "exp", "ver", "aud")
    },
    "exp-past": lambda s: signed(s, claims(s, exp=int(time.time()) - 1)),
    "exp-now": lambda s: signed(s, claims(s, exp=int(time.time()))),
    "exp-infinite": lambda s: signed(s, claims(s, exp=float("inf"))),
    "exp-nan": lambda s: signed(s, claims(s, exp=float("nan"))),
    "exp-huge": lambda s: signed(s, claims(s, exp=10**400)),
    "exp-text": lambda s: signed(s, claims(s, exp="tomorrow")),
    "exp-list": lambda s: signed(s, claims(s, exp=[9999999999])),
    "sub-number": lambda s: signed(s, claims(s, sub=1)),
    "jti-number": lambda s: signed(s, claims(s, jti=1)),
    "jti-list": lambda s: signed(s, claims(s, jti=["j"])),
    "iss-prefix": lambda s: signed(s, claims(s, iss="aniworl")),
    "iss-list": lambda s: signed(s, claims(s, iss=["aniworld"])),
    "aud-list": lambda s: signed(s, claims(s, aud=["api"])),
    "aud-socket": lambda s: signed(s, claims(s, aud="socket")),
    "ver-old": lambda s: signed(s, claims(s, ver=claims(s)["ver"] - 1)),
    "ver-text": lambda s: signed(s, claims(s, ver=str(claims(s)["ver"]))),
    "crit": lambda s: signed(s, claims(s), headers={"crit": ["b64"], "b64": False}),
    "crit-unknown": lambda s: signed(s, claims(s), headers={"crit": ["x"], "x": 1}),
    "payload-list": lambda s: signed(s, [1]),
    "two-parts": lambda s: ".".join(authenticator_of(s).issue()[0].split(".")[:2]),
    "four-parts": lambda s: authenticator_of(s).issue()[0] + ".x",
    "5-KiB": lambda s: signed(s, claims(s, x="a" * 5000)),
    "other-instance": lambda s: jwt.encode(claims(s), b"\1" * 32, "HS256"),
    "half-character": lambda s: "\udcff",
}


@each_row("name", TOKENS, ids="A8-{}".format)
async def test_a_bad_token_opens_nothing(server, name):
    token = TOKENS[name](server).encode("utf-8", "surrogateescape")
    answer = await server.raw(
        b"GET /api/config HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        + token
        + b"\r\n\r\n"
    )
    refused(answer, 401)


async def test_A8_a_good_token_opens_what_bad_ones_do_not(server):
    """The tokens that the bad ones are made from are good, also with a strange `kid` or `iat`."""
    for token in (
        signed(server, claims(server)),
        signed(
            server,
            claims(server),
            headers={"kid": "../../etc/passwd", "jku": "http://127.0.0.1:1/", "jwk": {}},
        ),
        signed(server, claims(server, iat=int(time.time()) + 86400)),
    ):
        assert (await server.get("/api/auth/status", token=token))[:2] == (
            200,
            {"authenticated": True, "token_valid": True},
        )


@pytest.mark.parametrize(
    "lines, status",
    [
        pytest.param(["Bearer {}", "Bearer {}"], 401, id="A8-two-headers"),
        pytest.param(["Bearer {}", "Bearer x"], 401, id="A8-a-good-and-a-bad-header"),
        pytest.param(["Basic {}"], 401, id="A8-basic"),
        pytest.param(["{}"], 401, id="A8-no-scheme"),
        pytest.param([""], 401, id="A8-empty"),
        pytest.param(["bearer {}"], 200, id="A8-scheme-in-lower-case"),
        pytest.param(["Bearer {}" + "a" * 9000], 400, id="A8-over-the-parsers-limit"),
    ],
)
async def test_only_one_well_formed_authorization_header_counts(server, lines, status):
    token = await credential(server, "good")
    head = "".join(f"Authorization: {line.format(token)}\r\n" for line in lines)
    assert (
        await server.raw(f"GET /api/auth/status HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
    )[0] == status


async def test_A20_the_sockets_cookie_is_no_bearer_token(server):
    status, _, headers = await server.post("/api/auth/login", json={"password": PASSWORD})
    assert status == 200
    name, _, rest = headers["Set-Cookie"].partition("=")
    value, *attributes = rest.split("; ")
    assert name == COOKIE and {"HttpOnly", "Path=/ws", "SameSite=Strict", "Max-Age=86400"} <= set(
        attributes
    )
    refused(await server.get("/api/auth/status", token=value), 401)
    refused(
        await server.get("/api/auth/status", token=None, headers={"Cookie": f"{COOKIE}={value}"}),
        401,
    )


# -- A10: logout -----------------------------------------------------------------------------------


async def test_A10_logout_survives_kill_and_restart(tmp_path):
    async with Process(tmp_path) as process:
        other, ended = await process.login(), await process.login()
        assert (await process.post("/api/auth/logout"))[:2] == (
            200,
            {"success": True, "message": "Logged out successfully"},
        )
        refused(await process.get("/api/auth/status", token=ended), 401)
        process.kill9()
        await process.start()
        refused(await process.get("/api/auth/status", token=ended), 401)
        assert (await process.get("/api/auth/status", token=other))[0] == 200
        for secret in (PASSWORD, other, ended):
            assert secret not in process.log
        for path in process.state.rglob("*"):
            if path.name not in ("config.json",):  # the owner's own file, until the first change
                assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), (
                    path
                )
        assert stat.S_IMODE(process.state.stat().st_mode) == 0o700


async def test_A18_a_clock_set_back_revives_no_token(server, monkeypatch):
    token = await credential(server, "revoked")
    now = time.time()
    for moment in (now - 40 * 365 * 86400, now):
        monkeypatch.setattr(authenticator.time, "time", lambda moment=moment: moment)
        refused(await server.get("/api/auth/status", token=token), 401)
    monkeypatch.undo()


# -- A1, A2, A3, A5: setup -------------------------------------------------------------------------


async def test_A1_of_fifty_setups_at_once_one_wins(fresh, monkeypatch):
    passwords = [f"password {n:02}" for n in range(50)]
    answers = await asyncio.gather(
        *(fresh.post("/api/auth/setup", json={"master_password": one}) for one in passwords)
    )
    won = [one for one, answer in zip(passwords, answers) if answer[0] == 201]
    assert len(won) == 1
    assert [refused(answer, 400) for answer in answers if answer[0] != 201] == [{}] * 49
    await fresh.login(won[0])
    refused(
        await fresh.post("/api/auth/login", json={"password": passwords[won[0] == passwords[0]]}),
        401,
    )
    assert not (fresh.state / "setup-code").exists()


async def test_before_setup_every_call_says_so(fresh):
    assert refused(await fresh.get("/api/config"), 401) == {"setup_required": True}
    assert refused(await fresh.post("/api/auth/login", json={"password": PASSWORD}), 401) == {
        "setup_required": True
    }


STRANGERS = {
    "A3-foreign-Origin": {"Origin": "http://evil.example"},
    "A3-null-Origin": {"Origin": "null"},
    "A3-https-Origin": {"Origin": "https://127.0.0.1:{port}"},
    "A3-Origin-of-another-port": {"Origin": "http://127.0.0.1:1"},
    "A3-rebound-Host": {"Host": "evil.example:{port}"},
    "A24-Host-attacker": {"Host": "127.attacker.example"},
    "A24-Host-with-dot": {"Host": "localhost.:{port}"},
    "A24-Host-without-port": {"Host": "localhost"},
    "A24-Host-port-1": {"Host": "localhost:1"},
    "A24-Host-user": {"Host": "user@localhost:{port}"},
    "A24-Host-mapped": {"Host": "[::ffff:127.0.0.1]:{port}"},
    **{
        f"A25-{name}": {name: value}
        for name, value in {
            "Forwarded": "for=1.2.3.4",
            "Via": "1.1 proxy",
            "X-Real-IP": "",
            "x-forwarded-for": "127.0.0.1",
            "X-FORWARDED-PROTO": "http",
            "X-Forwarded-Anything": "",
            "CF-Connecting-IP": "1.2.3.4",
            "True-Client-IP": "",
            "X-Client-IP": "1.2.3.4",
            "X-Original-Forwarded-For": "1.2.3.4",
            "Fly-Client-IP": "1.2.3.4",
            "X-Envoy-External-Address": "1.2.3.4",
            "CDN-Loop": "cloudflare",
            "Tailscale-User-Login": "somebody@example.org",
            "Remote-User": "somebody",
        }.items()
    },
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
async def test_setup_by_a_stranger(fresh, headers):
    headers = {name: value.format(port=fresh.port) for name, value in headers.items()}
    body = {"master_password": PASSWORD}

    async def call(**more: str):
        return await fresh.post("/api/auth/setup", json=body, headers=headers | more)

    refused(await call(), 403)
    code = authenticator_of(fresh).setup_code()  # what the server prints when it starts
    assert (fresh.state / "setup-code").read_text().strip() == code
    assert stat.S_IMODE((fresh.state / "setup-code").stat().st_mode) == 0o600
    for wrong in (
        "",
        code[:-1],
        code[:-1] + "ä",
        code + "0",
        code.upper() if code.upper() != code else "x",
    ):
        refused(await call(**{"X-Setup-Code": wrong}), 403)
    answer = await call(**{"X-Setup-Code": code})
    assert answer[:2] == (201, {"status": "ok"})
    refused(await call(**{"X-Setup-Code": code}), 400)
    assert code not in str(answer)
    await fresh.login()


@pytest.mark.parametrize(
    "value",
    [b"\xff\xfe", "ä".encode(), b"\x80" * 32],
    ids=["A2-not-UTF-8", "A2-umlaut", "A2-bytes"],
)
async def test_a_setup_code_of_strange_bytes(fresh, value):
    body = b'{"master_password": "correct horse"}'
    head = (
        b"POST /api/auth/setup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nX-Setup-Code: " % len(body)
    )
    refused(await fresh.raw(head + value + b"\r\n\r\n" + body), 403)


async def test_A2_an_empty_code_file_lets_nobody_in(fresh):
    (fresh.state / "setup-code").write_text("\n")
    for headers in ({}, {"X-Setup-Code": ""}):
        refused(
            await fresh.post(
                "/api/auth/setup",
                json={"master_password": PASSWORD},
                headers={"Via": "x"} | headers,
            ),
            403,
        )


async def test_setup_by_the_local_owner_and_again(fresh):
    setup = {"master_password": PASSWORD}
    answers = [
        await fresh.post("/api/auth/setup", json=setup, headers=headers)
        for headers in ({"Origin": fresh.base}, {"Host": f"LOCALHOST:{fresh.port}"})
    ]
    assert [status for status, _, _ in answers] == [201, 400]
    refused(await fresh.post("/api/auth/setup", json={"master_password": "another password"}), 400)
    await fresh.login()


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
    ids="A3-{}".format,
)
async def test_a_form_of_another_page_cannot_set_up(fresh, kind):
    refused(
        await fresh.post(
            "/api/auth/setup",
            data=b'{"master_password": "correct horse"}',
            headers={"Content-Type": kind},
        ),
        415,
    )
    assert not authenticator_of(fresh).is_set_up


# Another user of the same machine, on the loopback: the kernel knows who owns the other end while
# it is open.
STRANGER = """
import encodings.idna, json, os, socket, sys
port, gone = int(sys.argv[1]), sys.argv[2] == "gone"
body = json.dumps({"master_password": "the stranger's"}).encode()
os.setgroups([]), os.setgid(65534), os.setuid(65534)
head = "POST /api/auth/setup HTTP/1.1\\r\\nHost: localhost:%d\\r\\n"
head += "Content-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"
for _ in range(20 if gone else 1):
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall((head % (port, len(body))).encode() + body)
    if not gone:
        print(one.recv(9999).split(b" ")[1].decode())
    one.close()
"""


@pytest.mark.parametrize("how", ["there", "gone"], ids="A2-another-user-{}".format)
async def test_another_user_of_the_machine_needs_the_code(fresh, how):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    script = [sys.executable, "-c", STRANGER, str(fresh.port), how]
    done = await asyncio.to_thread(subprocess.run, script, capture_output=True, text=True)
    assert done.stderr == "" and done.stdout in ("403\n", "")
    await asyncio.sleep(0.3)
    assert not authenticator_of(fresh).is_set_up


# -- A6, A7: passwords -----------------------------------------------------------------------------

COMPOSED, APART = (
    unicodedata.normalize("NFC", "pässwörter"),
    unicodedata.normalize("NFD", "pässwörter"),
)
PASSWORDS = [
    ("0", "", 422),
    ("1", "a", 422),
    ("7", "a" * 7, 422),
    ("8", "a" * 8, 201),
    ("72", "a" * 72, 201),
    ("73", "a" * 73, 201),
    ("1024", "b" * 1024, 201),
    ("1025", "b" * 1025, 422),
    ("7-in-NFC", unicodedata.normalize("NFD", "äääääää"), 422),
    ("1024-in-NFC", unicodedata.normalize("NFD", "ä" * 1024), 201),
    ("emoji", "🔑" * 8, 201),
    ("7-emoji", "🔑" * 7, 422),
    ("NUL", "\0" * 8, 201),
    ("spaces", " " * 8, 201),
    ("number", 12345678, 422),
    ("null", None, 422),
    ("list", ["a" * 8], 422),
]


@pytest.mark.parametrize(
    "password, status", [pytest.param(p, s, id=f"A6-{name}") for name, p, s in PASSWORDS]
)
async def test_only_passwords_of_a_good_length_are_taken(fresh, password, status):
    answer = await fresh.post("/api/auth/setup", json={"master_password": password})
    if status == 422:
        assert refused(answer, 422)["field"] == "master_password"
        assert not authenticator_of(fresh).is_set_up
    else:
        assert answer[0] == 201
        await fresh.login(password)
        for other in (password[:-1], password + "a"):
            refused(
                await fresh.post("/api/auth/login", json={"password": other}),
                *([401] if other else [422]),
            )


async def test_A6_half_a_character(fresh):
    for path, name in (("setup", "master_password"), ("login", "password")):
        data = b'{"%s": "\\ud800aaaaaaaa"}' % name.encode()
        refused(
            await fresh.post(
                f"/api/auth/{path}", data=data, headers={"Content-Type": "application/json"}
            ),
            422,
        )


@pytest.mark.parametrize(
    "one, other", [(COMPOSED, APART), (APART, COMPOSED)], ids=["A6-NFC-then-NFD", "A6-NFD-then-NFC"]
)
async def test_both_spellings_are_one_password(fresh, one, other):
    assert (await fresh.post("/api/auth/setup", json={"master_password": one}))[0] == 201
    await fresh.login(other)


async def test_A6_a_prefix_of_72_bytes_does_not_do(fresh):
    await fresh.post("/api/auth/setup", json={"master_password": "x" * 72 + "tail"})
    for wrong in ("x" * 72, "x" * 72 + "tale"):
        refused(await fresh.post("/api/auth/login", json={"password": wrong}), 401)


DAMAGE = [
    "",
    "x",
    "$2b$04$",
    "cut",
    "$2b$99$" + "a" * 53,
    "ä" * 60,
    "\0" * 60,
    "$2b$04$" + "!" * 53,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=[f"A7-{n}" for n in range(len(DAMAGE))])
async def test_a_damaged_hash_is_not_a_missing_one(tmp_path, damage, caplog):
    async with running(tmp_path) as server:
        secrets_file = authenticator_of(server)._secrets
        secrets_file.change(
            password_hash=secrets_file.current.password_hash[:40] if damage == "cut" else damage
        )
    async with running(tmp_path) as server:
        refused(
            await server.post("/api/auth/login", json={"password": PASSWORD}),
            500,
            "CONFIGURATION_ERROR",
        )
        refused(await server.post("/api/auth/setup", json={"master_password": PASSWORD}), 400)
        assert "The stored password is damaged" in caplog.text
        assert (await server.get("/health"))[0] == 200


# -- A12: guessing ---------------------------------------------------------------------------------


@contextmanager
def clock(part):
    """The clock of a limit, set by hand."""
    time = SimpleNamespace(now=1000.0)
    part._clock, kept = lambda: time.now, part._clock
    yield time
    part._clock = kept


async def guess(server, password="wrong password", **headers):
    return await server.post("/api/auth/login", json={"password": password}, headers=headers)


async def test_A12_guesses_have_to_wait_longer_and_longer(fresh):
    authenticator_of(fresh).set_password(PASSWORD)
    with clock(fresh.app[logins.LOGINS].delay) as time:
        for n in range(5):
            refused(await guess(fresh, **{"X-Forwarded-For": f"10.0.0.{n}"}), 401)
        waits = []
        for n in range(11):
            answer = await guess(
                fresh, PASSWORD if n % 2 else "wrong", **{"X-Forwarded-For": f"10.0.1.{n}"}
            )
            wait = refused(answer, 429)["retry_after"]
            assert answer[2]["Retry-After"] == str(wait)
            waits.append(wait)
            time.now += wait
            refused(await guess(fresh, **{"X-Forwarded-For": f"10.0.2.{n}"}), 401)
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]
        # The owner on this machine has a slot of his own; being right forgets what was wrong.
        assert (await guess(fresh, PASSWORD))[0] == 200
        time.now += 900
        assert (await guess(fresh, PASSWORD, **{"X-Forwarded-For": "10.0.3.1"}))[0] == 200
        refused(await guess(fresh, **{"X-Forwarded-For": "10.0.3.1"}), 401)


async def test_A12_a_flood_from_one_address_costs_five_guesses(fresh, monkeypatch):
    authenticator_of(fresh).set_password(PASSWORD)
    tried = []
    monkeypatch.setattr(authenticator_of(fresh), "matches", tried.append)
    answers = await asyncio.gather(*(guess(fresh, Via="x") for _ in range(60)))
    assert {answer[0] for answer in answers} == {401, 429}
    assert 5 <= len(tried) <= 6  # two may be judged at once


async def test_A14_the_owner_does_not_queue_behind_strangers(fresh):
    authenticator_of(fresh).set_password(PASSWORD)
    others = fresh.app[logins.LOGINS].strangers_lane._slots
    for _ in range(2):  # as many strangers as there are slots, and one that waits
        await others.acquire()
    waiting = asyncio.create_task(guess(fresh, PASSWORD, Via="x"))
    await asyncio.wait_for(fresh.login(), PATIENCE_SECONDS)
    assert not waiting.done()
    others.release()
    others.release()
    assert (await waiting)[0] == 200


async def test_a_trusted_proxy_names_the_caller(tmp_path):
    async with running(tmp_path, trusted_proxies=["127.0.0.0/8", "10.9.0.0/16"]) as server:
        for _ in range(5):
            refused(
                await guess(server, **{"X-Forwarded-For": "203.0.113.9, 198.51.100.7, 10.9.1.1"}),
                401,
            )
        refused(
            await guess(server, PASSWORD, **{"X-Forwarded-For": "203.0.113.10, 198.51.100.7"}), 429
        )
        assert (await guess(server, PASSWORD, **{"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}))[
            0
        ] == 200
        for nonsense in (
            "",
            "unknown",
            "1.2.3.4:80",
            "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
            ",,",
        ):
            assert (await guess(server, PASSWORD, **{"X-Forwarded-For": nonsense}))[0] == 200


async def test_A25_with_a_trusted_proxy_nobody_is_the_local_owner(tmp_path):
    async with running(tmp_path, password=None, trusted_proxies=["203.0.113.1"]) as server:
        refused(await server.post("/api/auth/setup", json={"master_password": PASSWORD}), 403)


async def test_A25_local_owner_off(tmp_path):
    async with running(tmp_path, password=None, local_owner="off") as server:
        refused(await server.post("/api/auth/setup", json={"master_password": PASSWORD}), 403)


async def test_a_proxy_written_wrong_trusts_nobody(tmp_path):
    """By hand, where no call checks it: it must not bring every answer down."""
    async with running(
        tmp_path, trusted_proxies=["nonsense", "127.0.0.1/8"], rate_limit_per_minute=60
    ) as server:
        await server.login()
        assert (await server.get("/api/config"))[0] == 200
        assert (await server.put("/api/config", json={"log_level": "warning"}))[0] == 200
        refused(await server.put("/api/config", json={"trusted_proxies": ["nonsense"]}), 400)
        assert (await server.put("/api/config", json={"trusted_proxies": []}))[0] == 200
