"""The web page in a real browser: the whole main job by hand and eye, from setting up to a finished download.

With ANIWORLD_PICTURES=1 each view is kept as a picture in the test's folder, see pytest's --basetemp.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.app import PASSWORD, ROOT, Process, running
from tests.browser import Chromium
from tests.test_downloads import home
from tests.test_matching import add
from tests.test_renaming import tree
from tests.upstream import nginx

STATIC = ROOT / "static"
MODULES = ("app.js", "net.js", "queue.js", "reading.js", "series.js", "text.js")
HTML = (ROOT / "handlers" / "templates" / "page.html").read_text()
HOSTILE = (
    "<img src=x onerror=window.broken=1> " + "Rindfleischetikettierungsüberwachung" * 3
)  # a folder may have such a name
LOOKS = [(width, dark) for width in (1280, 360) for dark in (False, True)]


def shown(selector: str) -> str:
    """Script: the element is there and can be seen."""
    return f"document.querySelector({selector!r})?.checkVisibility()"


def apis(page) -> list[str]:
    return [url for url in page.requests if "/api/" in url]


async def fits(page, name: str = "", where: Path | None = None) -> None:
    """Nothing is wider than the window, at both widths, light and dark; the tab on a phone is opened as well."""
    for width, dark in LOOKS:
        await page.emulate(width=width, height=900 if width > 1000 else 760, dark=dark)
        for tab in ("", "#queue") if width == 360 else ("",):
            await page.evaluate(f"location.hash = {tab!r}")
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (name, width, tab)
            if where and os.environ.get("ANIWORLD_PICTURES"):
                await page.screenshot(
                    where
                    / f"{name}-{width}-{'dark' if dark else 'light'}{tab.replace('#', '-')}.png"
                )
    await page.emulate()
    await page.evaluate("location.hash = ''")


async def log_in(page, password: str = PASSWORD) -> None:
    await page.wait_for(shown("#door"))
    await page.click("#password")
    await page.type(password)
    await page.press("Enter")


def own(page, base: str) -> bool:
    return all(url.startswith((base, base.replace("http", "ws"))) for url in page.requests)


@pytest.mark.slow
async def test_the_main_job(tmp_path):
    """Set up, see what is missing, search, queue, start, watch it arrive, log out: no error, no stranger asked."""
    hostile = tmp_path / "state-demo" / "anime" / HOSTILE
    hostile.mkdir(parents=True)
    (hostile / "S01E01.mkv").write_bytes(b"x")
    async with (
        Process(
            tmp_path, "--demo", password=None, rate_limit_per_minute=60, max_concurrent_downloads=1
        ) as server,
        Chromium() as browser,
    ):
        page = await browser.open(server.base + "/")
        await page.evaluate("localStorage.setItem('aniworld.language', 'en')")
        await page.go(server.base + "/")
        assert await page.wait_for("document.title") == "Set up – Aniworld"
        await fits(page, "set up", tmp_path)
        await page.click("#password")
        await page.type("short")
        await page.press("Enter")
        assert "8 to 1,024" in await page.wait_for(
            "document.querySelector('#door-error').textContent"
        )
        assert apis(page) == []
        await page.evaluate("document.querySelector('#password').value = ''")
        await log_in(page)
        await page.wait_for(
            "document.querySelectorAll('#anime li').length == 2 && document.title == 'Aniworld'"
        )
        rows = await page.evaluate(
            "[...document.querySelectorAll('#anime li')].map((row) => row.innerText)"
        )
        assert (
            "Attack on Titan" in rows[0]
            and "95 of 100 episodes" in rows[0]
            and "5 missing" in rows[0]
        )
        assert "Demon Slayer" in rows[1] and "2 missing" in rows[1]
        await fits(page, "home", tmp_path)

        page.requests.clear()
        page.bytes = 0
        await page.send("Network.setCacheDisabled", cacheDisabled=True)
        await page.go(server.base + "/")
        await page.wait_for("document.querySelectorAll('#anime li').length == 2")
        assert await page.wait_for("document.querySelector('#state').textContent") == "Stopped"
        assert len(apis(page)) <= 5
        assert 5000 < page.bytes < 100_000

        await page.click("#all")
        await page.wait_for("document.querySelectorAll('#anime li').length == 3")
        assert await page.evaluate("document.querySelector('#anime .title').textContent") == HOSTILE
        assert await page.evaluate("document.querySelectorAll('#anime img').length") == 0

        await page.click("#q")
        await page.type("demon")
        await page.wait_for("document.querySelectorAll('#hits li').length == 2")
        await page.click("#hits li:last-child [data-do=get]")
        await page.wait_for("document.querySelectorAll('#work li').length == 12")
        await page.wait_for(
            "document.querySelectorAll('#anime li').length == 4"
        )  # now followed, hence listed
        await page.click("#hits-close")

        await page.evaluate("document.querySelectorAll('#anime .title')[1].click()")
        await page.wait_for(shown("#details"))
        await fits(page, "details", tmp_path)
        assert await page.evaluate("document.querySelectorAll('#episodes li').length") == 5
        await page.click("#episodes li:nth-child(5) button")  # S01E100
        await page.wait_for(
            "document.querySelector('#episodes li:nth-child(5) .badge').textContent == 'Queued'"
        )
        await page.press("Escape")
        await page.wait_for("!document.querySelector('#details').open")

        select = "[...document.querySelectorAll('#work li')].find((row) => row.innerText.includes('S01E100')).querySelector('select')"
        await page.evaluate(
            f"{select}.value = 'high', {select}.dispatchEvent(new Event('change', {{bubbles: true}}))"
        )
        await page.wait_for("document.querySelector('#work li').innerText.includes('S01E100')")
        await page.click("#work li:nth-child(4) [data-do=remove]")
        await page.wait_for("document.querySelectorAll('#work li').length == 12")

        await page.click("[data-queue=start]")
        await page.wait_for("document.querySelector('#work progress:not([hidden])')?.value > 5")
        await page.wait_for("document.querySelector('#work .soft').textContent.includes('Mbit/s')")
        await page.click("#rescan")
        await page.wait_for(
            "document.querySelector('#toasts').textContent.includes('Library scanned')"
        )
        await fits(page, "running", tmp_path)
        assert await page.wait_for("document.querySelector('#completed li')?.innerText", 30)
        await page.wait_for(
            "document.querySelectorAll('#anime li')[1].innerText.includes('4 missing')"
        )
        await page.click("[data-queue=pause]")
        await page.wait_for("document.querySelector('#state').textContent == 'Paused'")
        await page.wait_for(shown("[data-queue=resume]"))
        await page.click("[data-clear=completed]")
        await page.wait_for("document.querySelector('#completed').hidden")

        await page.click("#language")
        await page.wait_for(
            "document.documentElement?.lang == 'de' && document.querySelectorAll('#work li').length > 5"
        )
        await fits(page, "deutsch", tmp_path)
        await page.click("#logout")
        await page.wait_for(shown("#door"))
        assert await page.evaluate("localStorage.getItem('aniworld.token')") is None
        assert await page.evaluate("window.broken") is None
        assert page.console == [] and page.warnings == [] and own(page, server.base)
        assert "ERROR" not in server.log, server.log


@pytest.mark.slow
async def test_from_another_device(tmp_path):
    """On a LAN name: the setup code, the socket by its cookie or without, a server that is gone for a while, a token that ends."""
    async with (
        Process(tmp_path, "--demo", password=None) as server,
        Chromium(width=360, hosts=("nas.lan",)) as browser,
    ):
        page = await browser.open(f"http://nas.lan:{server.port}/")
        await log_in(page)
        await page.wait_for(shown("#code"))
        await page.type("0" * 32)
        await page.press("Enter")
        await page.wait_for(
            "/wrong|stimmt nicht/.test(document.querySelector('#door-error').textContent)"
        )
        await page.evaluate("document.querySelector('#code').value = ''")
        await page.click("#code")
        await page.type((server.state / "setup-code").read_text().strip())
        await page.press("Enter")
        await page.wait_for("document.querySelector('#state').textContent")
        assert await page.evaluate("isSecureContext") is False

        await page.send(
            "Network.clearBrowserCookies"
        )  # as where a proxy or another server on this host has taken it
        await page.go(f"http://nas.lan:{server.port}/")
        await page.wait_for("document.querySelector('#state').textContent")

        server.kill9()
        await page.wait_for(shown("#line"))
        await server.start()
        await server.login()
        await server.post(
            "/api/queue/add", json={"anime_id": "aniworld_456", "episodes": ["missing"]}
        )
        await page.wait_for(
            "document.querySelector('#line').hidden && document.querySelectorAll('#work li').length == 2",
            20,
        )

        token = await page.evaluate("localStorage.getItem('aniworld.token')")
        await server.post("/api/auth/logout", token=token)
        await page.wait_for(shown("#door"), 2)


async def test_wrong_passwords(tmp_path):
    """Said in words, and after too many of them the button waits."""
    async with running(tmp_path) as server, Chromium() as browser:
        page = await browser.open(server.base + "/")
        for _ in range(6):
            await page.wait_for(
                "!document.querySelector('#enter').ariaBusy && !document.querySelector('#enter').disabled"
            )
            await page.evaluate("document.querySelector('#password').value = ''")
            await log_in(page, "wrong")
            await page.wait_for(
                "document.querySelector('#enter').ariaBusy != 'true' && document.querySelector('#door-error').textContent"
            )
            if await page.evaluate("document.querySelector('#enter').disabled"):
                break
        else:
            pytest.fail("never told to wait")
        await page.wait_for("!document.querySelector('#enter').disabled")
        await page.evaluate("document.querySelector('#password').value = ''")
        await log_in(page)
        await page.wait_for(shown("#none"))
        assert await page.evaluate("!document.querySelector('#password').value")


@pytest.mark.slow
async def test_a_folder_is_linked_and_renamed(tmp_path):
    """What the names left open is asked and answered on the page: which series, how it counts, and what the files are called."""
    for season, last in ((1, 12), (2, 13)):
        for number in range(1, last + 1):
            file = tmp_path / "served" / "Nacht" / f"Nacht - S{season:02}E{number:02}.mkv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"x")
    tmp_path.chmod(0o755)
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
        Chromium() as browser,
    ):
        for name in ("01 [1080p]", "02 [1080p]", "13 [1080p]", "NCOP1"):
            add(server, f"Nachtwache/[G] Nachtwache - {name}.mkv")
        before = tree(server.library)
        await server.login()
        await server.post("/api/v1/anime/rescan")
        page = await browser.open(server.base + "/")
        await page.evaluate("localStorage.setItem('aniworld.language', 'en')")
        await page.go(server.base + "/")
        await log_in(page)
        await page.wait_for(shown("#none"))
        await page.click("#all")
        await page.wait_for("document.querySelector('#anime .title')?.textContent == 'Nachtwache'")
        await page.click("#anime .title")
        await page.wait_for(shown("#details"))
        await page.click("#reading summary")
        await page.wait_for("document.querySelector('#odd li')?.innerText.includes('NCOP1')")
        await page.click("#source")
        await page.type("nach")
        await page.wait_for("document.querySelector('#sources option')?.value == 'home_nacht'")
        await page.evaluate("document.querySelector('#source').value = 'home_nacht'")
        await page.click("#link button")
        await page.wait_for(
            "document.querySelector('#details-count').textContent == '3 of 25 episodes'"
        )
        await page.wait_for(
            "document.querySelector('#toasts').textContent.includes('22 missing, 0 files ambiguous')"
        )
        await page.wait_for("document.querySelector('#anime .title').textContent == 'Nacht'")
        await page.evaluate("document.querySelector('#numbering').value = 'season'")
        await page.click("#link button")
        await page.wait_for("document.querySelector('#toasts').textContent.includes('23 missing')")
        await page.evaluate("document.querySelector('#numbering').value = 'auto'")
        await page.click("#link button")
        await page.wait_for(
            "document.querySelector('#details-count').textContent == '3 of 25 episodes'"
        )
        await page.click("#preview")
        await page.wait_for("document.querySelector('#rename').textContent == 'Rename 3 files'")
        assert "Nachtwache/Season 02/Nacht - S02E01.mkv" in await page.evaluate(
            "document.querySelector('#moves').innerText"
        )
        await fits(page, "reading", tmp_path)
        assert tree(server.library) == before | {".aniworld": tree(server.library)[".aniworld"]}
        await page.click("#rename")
        await page.wait_for(
            "document.querySelector('#toasts').textContent.includes('3 files renamed')"
        )
        assert (server.library / "Nachtwache/Season 02/Nacht - S02E01.mkv").exists()
        await page.click(".toast .act")
        await page.wait_for(
            "document.querySelectorAll('.toast').length == 1 && !document.querySelector('.toast .act:not([hidden])')"
        )
        assert tree(server.library) == before | {".aniworld": tree(server.library)[".aniworld"]}
        assert page.console == [] and page.warnings == []


def test_words():
    """Every key in both languages with the same places, none without use, none used that is not there."""
    text = (STATIC / "text.js").read_text()
    table = dict(re.findall(r'^  "?([\w.]+)"?: (\[".*"\]),$', text.partition("};")[0], re.M))
    assert len(table) > 80
    for key, both in table.items():
        german, english = re.fullmatch(
            r'\["((?:[^"\\]|\\.)+)", "((?:[^"\\]|\\.)+)"\]', both
        ).groups()
        assert set(re.findall(r"\{\w+\}", german)) == set(re.findall(r"\{\w+\}", english)), key
    code = HTML + "".join(
        (STATIC / name).read_text().rpartition("\n};\n")[2]
        if name == "text.js"
        else (STATIC / name).read_text()
        for name in MODULES
    )
    marked = set(re.findall(r'data-t(?:-label|-placeholder)?="(\w+)"', HTML))
    asked = set(re.findall(r'\bt\("([\w.]+)"', code)) | {
        f"{key}.{form}" for key in re.findall(r'\btn\("(\w+)"', code) for form in ("one", "other")
    }
    assert marked | asked <= table.keys()
    built = set(re.findall(r"\bt\(`(\w+)\.\$", code))  # t(`state.${…}`)
    for key in table.keys() - marked - asked:
        assert key.partition(".")[0] in built or f'"{key}"' in code, key


def test_nothing_is_ever_markup():
    """Data goes into the page as text; the page has no script and no style of its own, and every path is relative."""
    scripts = "".join((STATIC / name).read_text() for name in MODULES)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser",
        scripts,
    )
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", HTML)
    for link in re.findall(r'(?:href|src)="([^"]*)"', HTML):
        assert not link.startswith(("/", "http")), link
    assert not re.search(r"""["'`](/|https?://)\w""", scripts)
    lines = sum(len((STATIC / name).read_text().splitlines()) for name in (*MODULES, "app.css"))
    assert lines <= 1500
