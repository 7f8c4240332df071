"""Behind real proxies: the examples of deploy/, below a prefix and on a host of their own."""

from __future__ import annotations

import asyncio
import json
import os
import re
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

import aiohttp
import pytest

from downloads import address_trial
from handlers import keys, peer
from handlers.authenticator import AUTHENTICATOR
from handlers.hub import HUB
from store.findings import Finding
from tests.app import PASSWORD, ROOT, free_port, running, until
from tests.browser import Chromium
from tests.requirements import need
from tests.rows import each_row
from tests.upstream import TEMPORARY, listens

PREFIX = "/aniworld"


def nginx_files(folder: Path, example: str) -> list[object]:
    """The example as one of nginx's own files; returns the command that runs it."""
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;"
        f"events {{}} http {{ access_log off; {temporary} {example} }}"
    )
    return ["nginx", "-p", folder, "-c", folder / "nginx.conf"]


def caddy_files(folder: Path, example: str) -> list[object]:
    """As `nginx_files`, of Caddy."""
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n}}\n{example}")
    return ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]


def nginx_example(port: int, own_port: int, prefix: str) -> str:
    text = (ROOT / "deploy/nginx.conf").read_text()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{own_port}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{port};")
    if not prefix:  # as its comment says
        text = text.replace(f"location {PREFIX}/ {{", "location / {")
        text = re.sub(r"^.*X-Forwarded-Prefix.*\n", "", text, flags=re.M)
        text = re.sub(rf" *location = {PREFIX} \{{[^}}]*\}}\n", "", text)
        assert PREFIX not in text
    return text


def caddy_example(port: int, own_port: int, prefix: str) -> str:
    text = (ROOT / "deploy/Caddyfile").read_text()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{own_port}")
    if not prefix:
        text = f"http://nas.example {{\n\treverse_proxy 127.0.0.1:{own_port}\n}}\n"
    return text.replace("http://nas.example {", f"http://:{port} {{")


PROXIES = {
    "nginx": (nginx_example, nginx_files, "nginx-light"),
    "caddy": (caddy_example, caddy_files, "caddy"),
}


@asynccontextmanager
async def behind(tmp_path: Path, proxy: str, prefix: str = PREFIX, trusted: str = "127.0.0.1"):
    """(our own server, the address of our page at the proxy)."""
    example, files, package = PROXIES[proxy]
    need(proxy, package)
    folder = tmp_path / "proxy"
    folder.mkdir()
    port = free_port()
    async with running(tmp_path, trusted_proxies=[trusted] if trusted else []) as server:
        command = files(folder, example(port, server.port, prefix))
        with open(folder / "log", "wb") as log:
            child = await asyncio.create_subprocess_exec(
                *map(str, command), stdout=log, stderr=log, env=os.environ | {"HOME": str(folder)}
            )
        try:

            def is_ready() -> bool:
                assert child.returncode is None, (folder / "log").read_text()
                return listens(port)

            await until(is_ready)
            yield server, f"http://127.0.0.1:{port}{prefix}/"
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


def links(document: str) -> list[str]:
    """What a page leads to; a `data:` leads nowhere."""
    return re.findall(r'(?:href|src)="(?!#|data:)([^"]+)"', document)


@pytest.mark.parametrize("prefix", [PREFIX, ""], ids=["below a prefix", "on its own host"])
@pytest.mark.parametrize("proxy", PROXIES)
async def test_everything_works_through_a_proxy(tmp_path, proxy, prefix):
    """The page and all it links, the documents, calls, the socket, files in parts, refusals."""
    async with (
        behind(tmp_path, proxy, prefix) as (server, base),
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
    ):
        for page in ("", "api/docs", "api/redoc"):
            async with client.get(base + page) as answer:
                assert answer.status == 200 and answer.content_type == "text/html"
                found = [
                    link for link in links(await answer.text()) if not link.startswith("data:")
                ]
            assert found
            for link in found:
                address = urljoin(base + page, link)
                assert address.startswith(base), f"{page} leads out of its prefix: {link}"
                async with client.get(address) as answer:
                    assert answer.status == 200, link
        manifest = urljoin(base, "static/manifest.webmanifest")
        async with client.get(manifest) as answer:
            content = json.loads(await answer.text())
            assert urljoin(manifest, content["start_url"]) == base
        async with client.get(base + "api/openapi.json") as answer:
            (there,) = (await answer.json())["servers"]
            assert urljoin(base + "api/openapi.json", there["url"]) == base
        asset = base + "api/docs/assets/redoc.js"
        async with client.get(asset, headers={"Range": "bytes=5-99"}) as answer:
            assert answer.status == 206 and len(await answer.read()) == 95
        if prefix:
            async with client.get(base.rstrip("/"), allow_redirects=False) as answer:
                assert answer.status == 308
                assert urljoin(base.rstrip("/"), answer.headers["Location"]) == base
        await session_through(client, server, base, prefix)


async def session_through(client, server, base: str, prefix: str) -> None:
    """Login, a call, the socket by subprotocol and by cookie, logout, through a proxy."""
    body = {"password": PASSWORD}
    async with client.post(base + "api/auth/login", json=body) as answer:
        assert answer.status == 200
        token = (await answer.json())["token"]
        (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert cookie["path"] == f"{prefix}/ws", "no neighbour of this host gets the cookie"
    bearer = {"Authorization": f"Bearer {token}"}
    async with client.get(base + "api/queue/status", headers=bearer) as answer:
        assert answer.status == 200
    origin = base.removesuffix("/").removesuffix(prefix)
    proofs = (
        {"protocols": ("aniworld.v1", f"bearer.{token}")},
        {"headers": {"Cookie": f"{cookie.key}={cookie.value}", "Origin": origin}},
    )
    for proof in proofs:
        async with client.ws_connect(base + "ws/downloads", **proof) as socket:
            assert (await socket.receive_json())["type"] == "snapshot"
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await client.ws_connect(base + "ws/downloads")  # the proxy is no local owner
    async with client.get(base + "api/nothing", headers=bearer) as answer:
        assert answer.status == 404 and (await answer.json())["error"] == "NOT_FOUND"
    async with client.post(base + "api/auth/logout", headers=bearer) as answer:
        assert answer.status == 200
        (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
        assert cookie["path"] == f"{prefix}/ws" and cookie["max-age"] == "0"


BROKEN = {  # a mistake in nginx's file: (what is written, in place of what, a word of the finding)
    "no upgrade": ("", "proxy_set_header Upgrade $http_upgrade;", "no live updates"),
    "prefix stays": ("8000;", "8000/;", "answers 404 in place of"),
    "another host": ("proxy_set_header Host localhost;", "proxy_set_header Host $http_host;", ""),
    "no caller": ("", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "who calls"),
    "no token": ("proxy_set_header Authorization '';", "proxy_buffering off;", "good token"),
}


@pytest.mark.parametrize("mistake", BROKEN)
async def test_doctor_tries_the_address_of_a_proxy(tmp_path, monkeypatch, mistake):
    """It says what the proxy does not send on, and is content with the example."""
    written, place, word = BROKEN[mistake]

    def broken(port: int, own_port: int, prefix: str) -> str:
        text = nginx_example(port, own_port, prefix)
        place_here = place.replace("8000", str(own_port))
        assert place_here in text
        return text.replace(place_here, written.replace("8000", str(own_port)))

    async def nothing() -> list[Finding]:
        return []

    monkeypatch.setitem(PROXIES, "nginx", (broken, nginx_files, "nginx-light"))
    async with behind(tmp_path, "nginx") as (server, base):
        server.app[keys.CHECKUP].look = nothing
        token = server.app[AUTHENTICATOR].issue().bearer
        findings = await address_trial.run(base, token)
    found = [each for each in findings if each.state in ("warning", "problem")]
    if word:
        assert any(word in each.message and each.fix for each in found), findings
    else:
        assert not found, "a caller without Origin has nothing to compare"


@pytest.mark.parametrize("proxy", PROXIES)
async def test_doctor_is_content_with_the_examples(tmp_path, proxy):
    async def nothing() -> list[Finding]:
        return []

    async with behind(tmp_path, proxy) as (server, base):
        server.app[keys.CHECKUP].look = nothing
        token = server.app[AUTHENTICATOR].issue().bearer
        for address in (base, base.rstrip("/")):
            findings = await address_trial.run(address, token)
            assert [each.state for each in findings] == ["ok", "ok"], findings
        (before_setup,) = await address_trial.run(base, None)
        assert before_setup.state == "note"
    for address in (base, "http://nas.invalid/", "nonsense", "https://127.0.0.1:1/"):
        (wrong,) = await address_trial.run(address, token)
        assert wrong.state == "problem" and wrong.fix


@each_row(
    "trusted, named, path",
    [
        ("127.0.0.1", "/aniworld", "/aniworld/ws"),
        ("127.0.0.1", "/aniworld/", "/aniworld/ws"),
        ("127.0.0.1", "/a/b.c/d-e_f~g", "/a/b.c/d-e_f~g/ws"),
        ("127.0.0.1", "/", "/ws"),
        ("127.0.0.1", "aniworld", "/ws"),
        ("127.0.0.1", "//evil.example", "/ws"),
        ("127.0.0.1", "/a; Domain=evil.example", "/ws"),
        ("127.0.0.1", "/a, /b", "/ws"),
        ("127.0.0.1", "/%2e", "/ws"),
        ("127.0.0.1", "/a" * 9, "/ws"),
        ("", "/aniworld", "/ws"),
        ("192.0.2.1", "/aniworld", "/ws"),
    ],
)
def test_a_prefix_counts_from_a_trusted_proxy_alone(trusted, named, path):
    request = SimpleNamespace(remote="127.0.0.1", headers={"X-Forwarded-Prefix": named})
    found = peer.prefix(request, [trusted] if trusted else [])
    assert f"{found}/ws" == path


@pytest.mark.parametrize("proxy", PROXIES)
async def test_a25_a_stranger_is_known_by_his_address_behind_a_proxy(tmp_path, proxy):
    """Whatever he says of himself: nobody else waits for his wrong passwords."""
    elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
    async with (
        behind(tmp_path, proxy) as (server, base),
        aiohttp.ClientSession(connector=elsewhere) as stranger,
    ):
        authenticator = server.app[AUTHENTICATOR]
        seen = []
        find = authenticator.caller
        authenticator.caller = lambda request: seen.append(find(request)) or seen[-1]
        for claim in ({}, {"X-Forwarded-For": "192.0.2.7"}, {"X-Real-IP": "192.0.2.7"}):
            body = {"password": "wrong password"}
            async with stranger.post(base + "api/auth/login", json=body, headers=claim) as answer:
                assert answer.status == 401
        assert set(seen) == {"127.0.0.2"}


async def test_a26_a_proxy_of_another_user_is_no_local_owner(tmp_path):
    """nginx with the three lines for sockets alone: each header that arrives looks local."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")

    def bare(port: int, own_port: int, prefix: str) -> str:
        return (
            f"server {{ listen 127.0.0.1:{port}; location {prefix}/ {{"
            f"proxy_pass http://127.0.0.1:{own_port}/; proxy_http_version 1.1;"
            "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}"
        )

    need("nginx", "nginx-light")
    port = free_port()
    folder = tmp_path / "proxy"
    folder.mkdir()
    async with running(tmp_path) as server, aiohttp.ClientSession() as client:
        async with client.ws_connect(f"{server.base}/ws/downloads") as socket:
            assert (await socket.receive_json())["type"] == "snapshot", "the local owner"
        command = nginx_files(folder, bare(port, server.port, PREFIX))
        text = (folder / "nginx.conf").read_text()
        (folder / "nginx.conf").write_text(f"user nobody nogroup; {text}")
        child = await asyncio.create_subprocess_exec(*map(str, command))
        try:
            await until(lambda: listens(port))
            with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
                await client.ws_connect(f"http://127.0.0.1:{port}{PREFIX}/ws/downloads")
        finally:
            child.terminate()
            await child.wait()


@pytest.mark.slow
@pytest.mark.parametrize("proxy", PROXIES)
async def test_the_page_and_the_documents_work_below_a_prefix(tmp_path, proxy):
    """In Chromium: log in, hear of the queue by the socket, and call /health from the documents."""
    async with behind(tmp_path, proxy) as (server, base), Chromium() as browser:
        page = await browser.open(base)
        await page.wait_for("document.querySelector('input[type=password]')")
        await page.click("input[type=password]")
        await page.type(PASSWORD)
        await page.press("Enter")
        await page.wait_for("document.body.classList.contains('signed-in')")
        await until(lambda: any("/ws/downloads" in url for url in page.requests))
        await until(lambda: server.app[HUB]._inboxes)
        documents = await browser.open(base + "api/docs")
        await documents.click("#operations-Health-health_check .opblock-summary-control")
        await documents.click(".try-out__btn")
        await documents.click(".execute")
        status = ".live-responses-table tbody .response-col_status"
        answer = await documents.wait_for(f"document.querySelector('{status}')?.innerText")
        assert answer.startswith("200")
        assert base + "health" in documents.requests
