"""The two documentation pages, in a browser that reaches nothing but us, and their files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

import aniworld
from handlers import docs
from handlers.routes import API
from tests.browser import Chromium, Refused

LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"  # ReDoc asks for it, and its policy stops it
OFFAPI = {  # file -> what says its version, inside
    "swagger_bundle.js": b"5.33.1",
    "swagger_style.css": b".swagger-ui",
    "redoc.js": b"2.5.3",
}


@pytest.fixture
async def client(aiohttp_client, tmp_path):
    folders = {"anime_directory": tmp_path / "anime", "download_directory": tmp_path / "downloads"}
    for folder in folders.values():
        folder.mkdir()
    state = tmp_path / "state"
    state.mkdir()
    app = aniworld.build(
        state, forced={name: (str(folder), "the test") for name, folder in folders.items()}
    )
    return await aiohttp_client(app)


def strangers(page, client) -> list[str]:
    """The addresses asked for that are not ours; what a page holds itself is not asked for."""
    own = str(client.make_url("/"))
    return [url for url in page.requests if not url.startswith((own, "data:", f"blob:{own}"))]


@pytest.mark.slow
async def test_swagger_shows_and_calls_every_operation(client):
    async with Chromium() as browser:
        page = await browser.open(str(client.make_url("/api/docs")))
        await page.wait_for(f"document.querySelectorAll('.opblock').length == {len(API)}")
        await page.click("#operations-Health-health_check .opblock-summary-control")
        await page.wait_for("document.querySelector('.try-out__btn')")
        await page.click(".try-out__btn")
        await page.wait_for("document.querySelector('.execute')")
        await page.click(".execute")
        answer = await page.wait_for(
            "document.querySelector('.live-responses-table tbody .response-col_status')?.innerText"
        )
        assert answer.startswith("200")
        assert strangers(page, client) == []
        assert page.console == []


@pytest.mark.slow
async def test_a_viewer_that_is_missing_is_told(client, monkeypatch):
    monkeypatch.setattr(docs, "_offapi", lambda: ("missing", Path("/nowhere")))
    async with Chromium() as browser:
        page = await browser.open(str(client.make_url("/api/docs")))
        await page.wait_for(
            "document.querySelector('main').innerText.includes('pip install offapi')"
        )


@pytest.mark.slow
async def test_redoc_shows_every_operation(client):
    async with Chromium() as browser:
        page = await browser.open(str(client.make_url("/api/redoc")))
        await page.wait_for(
            f"document.querySelectorAll('[id^=\"operation/\"]').length == {len(API)}"
        )
        assert (await page.evaluate("document.querySelector('h1').innerText")).startswith(
            "Aniworld API"
        )
        assert strangers(page, client) in ([], [LOGO])
        assert page.blocked in ([], [LOGO])
        assert [line for line in page.console if LOGO not in line] == []


async def test_the_document_lists_every_call_and_is_valid(client):
    answer = await client.get("/api/openapi.json")
    assert answer.content_type == "application/json"
    document = await answer.json()
    OpenAPIV31SpecValidator(document).validate()
    listed = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert listed == {(route.method, route.path) for route in API}
    again = await client.get("/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
async def test_pages_have_relative_links_and_no_inline_script(client, path):
    answer = await client.get(path)
    text = await answer.text()
    assert answer.status == 200 and answer.content_type == "text/html"
    links = re.findall(r'(?:href|src)="([^"]*)"', text)
    assert links and not [link for link in links if link.startswith(("/", "http"))]
    assert "<script>" not in text
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    for link in links:
        if not link.startswith("data:"):
            assert (await client.get(f"/api/{link}")).status == 200


@pytest.mark.parametrize("name", OFFAPI)
async def test_asset_of_offapi(client, name):
    answer = await client.get(f"/api/docs/assets/{name}")
    assert answer.status == 200
    assert OFFAPI[name] in await answer.read()
    assert answer.headers["ETag"].startswith('"')
    assert answer.content_type in ("text/javascript", "text/css") and answer.charset == "utf-8"
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    again = await client.get(
        f"/api/docs/assets/{name}", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status, await again.read()) == (304, b"")


async def test_asset_of_ours(client):
    answer = await client.get("/api/docs/assets/docs.js")
    assert (answer.status, answer.content_type) == (200, "text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name",
    ["scalar.js", "__init__.py", "..%2f__init__.py", "%2fetc%2fpasswd", "redoc.js%00", "app.js"],
)
async def test_no_other_file(client, name):
    assert (await client.get(f"/api/docs/assets/{name}")).status == 404


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
async def test_without_the_package(client, monkeypatch, path):
    monkeypatch.setattr(docs, "_offapi", lambda: ("missing", Path("/nowhere")))
    answer = await client.get(path)
    assert answer.status == 200
    assert 'href="openapi.json"' in await answer.text()
    assert (await client.get("/api/docs/assets/redoc.js")).status == 404


def test_the_package_is_never_imported():
    """Its `__init__` reads all its megabytes."""
    code = """
import sys
from handlers import docs

assert (docs._offapi()[1] / "redoc.js").is_file()
print("offapi" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


PAGE = """<!doctype html><title>t</title><link rel="icon" href="data:,">
<input id="name"><button id="go">Go</button><p id="out"></p>
<script>
document.getElementById("go").onclick = () => {
  document.getElementById("out").textContent = document.getElementById("name").value;
};
</script>"""


@pytest.mark.slow
async def test_the_browser_itself(aiohttp_server, tmp_path):
    """The other tests lean on it: real input, the log of requests and errors, a network cut off."""

    async def show(request):
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    server = await aiohttp_server(app)
    async with Chromium(width=800, hosts=("nas.lan",)) as browser:
        page = await browser.open(str(server.make_url("/")))
        assert page.requests == [str(server.make_url("/"))] and page.console == []
        await page.click("#name")
        await page.type("ä")
        for key in ("b", "Tab", "Enter"):
            await page.press(key)
        assert await page.wait_for("out.textContent") == "äb"
        assert await page.evaluate("innerWidth") == 800
        await page.emulate(width=360, dark=True, still=True)
        assert await page.evaluate(
            "matchMedia('(prefers-color-scheme: dark) and (max-width: 360px)').matches"
        )
        await page.screenshot(tmp_path / "page.png")
        assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
        assert (
            await page.evaluate("fetch('http://example.org/').then(() => 'reached', () => 'cut')")
            == "cut"
        )
        assert "http://example.org/" in page.blocked
        await page.evaluate("console.error('oh', 1)")
        assert "oh 1" in page.console
        with pytest.raises(Refused, match="nonsense"):
            await page.evaluate("nonsense()")
        with pytest.raises(AssertionError, match="never true"):
            await page.wait_for("false", timeout=0.1)
        lan = await browser.open(f"http://nas.lan:{server.port}/")
        assert await lan.evaluate("isSecureContext") is False
    assert browser.process.returncode is not None and not browser.profile.exists()
