"""The web page in a real browser, from setting up to a finished download.

With ANIWORLD_PICTURES=1 each view is kept as a picture in the test's folder, see pytest's
--basetemp.
"""

from __future__ import annotations

import dataclasses
import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from handlers import keys
from handlers import page as page_handler
from store.settings import Config
from tests.app import PASSWORD, ROOT, Process, running
from tests.browser import Chromium
from tests.rows import each_row
from tests.shows import Shows, add, completed, home, queue, video
from tests.test_renaming import tree
from tests.tree import Tree
from tests.upstream import nginx

STATIC = ROOT / "static"
MODULES = {path.name: path.read_text() for path in sorted(STATIC.glob("*.js"))}
del MODULES["docs.js"]  # of the documentation pages
HTML = (ROOT / "handlers" / "templates" / "page.html").read_text()
FIRST_VIEW_BYTES = 60_000  # transferred at most, headers included
# A folder may have such a name.
# I11: a title that would be a script.
HOSTILE = "<img src=x onerror=window.broken=1> " + "Rindfleischetikettierungsüberwachung" * 3
LOOKS = [(1280, False), (1280, True), (360, False), (360, True), (320, False), (1920, True)]

# -- scripts, for page.evaluate and page.wait_for ------------------------------------------------


def shown(selector: str) -> str:
    """Whether the element is there and can be seen."""
    return f"document.querySelector({selector!r})?.checkVisibility()"


def hidden(selector: str) -> str:
    return f"document.querySelector({selector!r}).hidden"


def count(selector: str) -> str:
    return f"document.querySelectorAll({selector!r}).length"


def text(selector: str) -> str:
    return f"document.querySelector({selector!r})?.textContent"


def inner_text(selector: str) -> str:
    return f"document.querySelector({selector!r})?.innerText"


def has_text(selector: str, part: str) -> str:
    return f"{text(selector)}?.includes({part!r})"


def set_value(selector: str, value: str = "") -> str:
    return f"document.querySelector({selector!r}).value = {value!r}"


def choose(selector: str, value: str) -> str:
    """Choose an option of a <select>, as its user does."""
    event = "new Event('change', {bubbles: true})"
    return (
        f"{set_value(selector, value)}; document.querySelector({selector!r}).dispatchEvent({event})"
    )


ROUTER = "/static/router.js"
ROOT_NODE = "document.documentElement"
FOCUSED_ID = "document.activeElement.id"
LANGUAGE = "localStorage.setItem('aniworld.language', {!r})"

# -- steps ---------------------------------------------------------------------------------------


async def log_in(page, password: str = PASSWORD) -> None:
    await page.wait_for(shown("#login"))
    await page.evaluate(set_value("#password"))
    await page.click("#password")
    await page.type(password)
    await page.press("Enter")


async def open_in(browser, url: str, language: str = "en"):
    """A tab on the page, in one language whatever the browser prefers."""
    page = await browser.open(url)
    await page.evaluate(LANGUAGE.format(language))
    await page.go(url)
    return page


@asynccontextmanager
async def demo_page(tmp_path, **config):
    """The server with the demo's two series, and the page on it, logged in."""
    async with Process(tmp_path, "--demo", **config) as server, Chromium() as browser:
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await page.wait_for(f"{count('#series-list li')} == 2 && {text('#deck-title')}")
        yield server, page


async def fits(page, name: str, folder: Path) -> None:
    """Nothing is wider than the window, in all widths and colours."""
    for width, dark in LOOKS:
        await page.emulate(width=width, height=900 if width > 1000 else 760, dark=dark)
        too_wide = await page.evaluate(f"{ROOT_NODE}.scrollWidth - {ROOT_NODE}.clientWidth")
        assert too_wide <= 0, (name, width)
        if os.environ.get("ANIWORLD_PICTURES"):
            look = f"{width}-{'dark' if dark else 'light'}"
            await page.screenshot(folder / f"{name}-{look}.png")
    await page.emulate()


async def go(page, path: str) -> None:
    """Follow a link of the page to one of its views, and wait for it."""
    await page.evaluate(f"import('{ROUTER}').then((router) => router.navigate({path!r}))")


async def open_series(page, title: str) -> None:
    """Open a series from the library."""
    links = "[...document.querySelectorAll('.tile-link')]"
    script = f"{links}.find((link) => link.textContent.includes({title!r}))"
    await page.wait_for(script)
    await page.evaluate(f"({script}).click()")
    await page.wait_for(f"{text('#series-title')} == {title!r}")


def cell(code: str) -> str:
    """The selector of an episode in the matrix of a series."""
    return f".cell[data-code={code}]"


def state_of(code: str) -> str:
    return f"document.querySelector({cell(code)!r})?.dataset.state"


def api_calls(page) -> list[str]:
    return [url for url in page.requests if "/api/" in url]


def asks_nobody_else(page, base: str) -> bool:
    own = (base, base.replace("http", "ws"))
    return all(url.startswith(own) for url in page.requests)


# -- the main job --------------------------------------------------------------------------------


@pytest.mark.slow
async def test_the_main_job(tmp_path):
    """From setting up to a finished download: no error, and no stranger is asked."""
    hostile = tmp_path / "state-demo" / "anime" / HOSTILE
    hostile.mkdir(parents=True)
    (hostile / "S01E01.mkv").write_bytes(b"x")
    config = {"rate_limit_per_minute": 60, "max_concurrent_downloads": 1}
    async with (
        Process(tmp_path, "--demo", password=None, **config) as server,
        Chromium() as browser,
    ):
        page = await open_in(browser, server.base + "/")
        await set_up(page, tmp_path)
        await see_what_is_missing(page, tmp_path)
        await list_complete_series(page)
        await load_again(page, server.base)
        await search_and_follow(page)
        await queue_one_episode(page, tmp_path)
        await order_the_queue(page)
        await download(page, tmp_path)
        await switch_to_german(page, tmp_path)
        await log_out(page)
        assert await page.evaluate("window.broken") is None
        assert page.console == []
        assert page.warnings == []
        assert asks_nobody_else(page, server.base)
        assert "ERROR" not in server.log, server.log


async def set_up(page, folder):
    assert await page.wait_for(text("#login-title")) == "Set up"
    assert await page.evaluate("document.title") == "Set up – Aniworld"
    await fits(page, "set up", folder)
    await log_in(page, "short")
    assert "8 to 1,024" in await page.wait_for(text("#login-error"))
    assert api_calls(page) == []
    await log_in(page)


async def see_what_is_missing(page, folder):
    await page.wait_for(f"{count('#series-list li')} == 3")
    assert await page.evaluate("document.title") == "Library – Aniworld"
    assert await page.evaluate(FOCUSED_ID) == "library-title"
    titan, slayer, _ = await page.evaluate(
        "[...document.querySelectorAll('#series-list li')].map((row) => row.innerText)"
    )
    assert "Attack on Titan" in titan
    assert "95 of 100 episodes" in titan
    assert "5 missing" in titan
    assert "Demon Slayer" in slayer
    assert "2 missing" in slayer
    await fits(page, "home", folder)


async def load_again(page, base):
    """The first view of somebody who is logged in costs little."""
    page.requests.clear()
    page.bytes = 0
    await page.send("Network.setCacheDisabled", cacheDisabled=True)
    await page.go(base + "/")
    await page.wait_for(f"{count('#series-list li')} == 3")
    assert await page.wait_for(text("#deck-title")) == "Stopped"
    assert len(api_calls(page)) <= 5
    assert 5000 < page.bytes < FIRST_VIEW_BYTES


async def list_complete_series(page):
    """A folder of the library that is no source's is there, and its name stays a text."""
    await page.click("#rescan")
    await page.wait_for(f"{count('#series-list li')} == 3")
    await page.click("[data-filter=complete]")
    await page.wait_for(f"{count('#series-list li')} == 1")
    assert await page.evaluate(text("#series-list .title")) == HOSTILE
    assert await page.evaluate(count("#series-list img")) == 0
    await page.click("[data-filter=all]")
    await page.click("#filter")
    await page.type("TITÁN")
    await page.wait_for(f"{count('#series-list li')} == 1")
    assert await page.evaluate("location.search") == "?q=TIT%C3%81N"
    await page.evaluate("document.querySelector('#filter').select()")
    await page.press("Delete")
    await page.wait_for(f"{count('#series-list li')} == 3")


async def search_and_follow(page):
    await page.click("#search-text")
    await page.type("demon")
    await page.press("Enter")
    await page.wait_for(f"{count('#hits li')} == 2")
    assert await page.evaluate("location.pathname + location.search") == "/search?q=demon"
    assert await page.evaluate(text("h1[tabindex]:not(#login-title)")) == "Search results"
    assert await page.evaluate(text("#hits-state")) == "2 series found"
    assert await page.evaluate(has_text("#hits li:first-child", "In the library"))
    await page.click("#hits li:last-child [data-action=get]")
    await page.wait_for(f"{text('#queue-count')} == '12'")
    await page.evaluate("history.back()")
    await page.wait_for(f"{count('#series-list li')} == 4")  # followed now, hence listed


async def queue_one_episode(page, folder):
    await open_series(page, "Attack on Titan")
    assert await page.evaluate("document.title") == "(12) Attack on Titan – Aniworld"
    await fits(page, "series", folder)
    assert await page.evaluate(count(".cell[data-state=missing]")) == 5
    await page.click(cell("S01E100"))
    await page.click("#selection [data-action=add]")
    await page.wait_for(f"{state_of('S01E100')} == 'pending'")
    await fits(page, "selection", folder)
    await page.click(cell("S01E100"))
    await page.wait_for(f"{count('#selection')} == 0")
    assert await page.evaluate("document.activeElement.dataset.code") == "S01E100"
    await page.press("Home")
    assert await page.evaluate("document.activeElement.dataset.code") == "S01E01"


async def order_the_queue(page):
    await page.click("#nav a[data-path=queue]")
    titan = "#open-items li[data-key=aniworld_123]"
    await page.wait_for(has_text(f"{titan}", "1 waiting"))
    await page.click(f"{titan} [data-action=toggle]")
    await page.wait_for(has_text(f"{titan} + li", "S01E100"))
    await page.evaluate(choose(f"{titan} + li select", "high"))
    search_hit = "#open-items li[data-key=aniworld_789]"
    await page.click(f"{search_hit} [data-action=toggle]")
    await page.click(f"{search_hit} + li [data-action=remove]")
    await page.wait_for(f"{text('#queue-count')} == '12'")


async def download(page, folder):
    await page.click("[data-command=start]")
    await page.wait_for("document.querySelector('.queue-row progress:not([hidden])')?.value > 5")
    await page.wait_for(has_text("#deck-speed", "Mbit/s"))
    assert await page.evaluate(has_text("#deck-title", "Attack on Titan"))
    await fits(page, "running", folder)
    await page.wait_for(inner_text("#completed li"))
    await page.click("[data-command=pause]")
    await page.wait_for(f"{text('#queue-state')} == 'Paused'")
    await page.wait_for(shown("[data-command=resume]"))
    assert await page.evaluate(FOCUSED_ID) == "queue-title"
    await page.click("[data-clear=completed]")
    await page.wait_for(hidden("#completed"))
    await page.click("#nav a[data-path=library]")
    await page.wait_for(has_text("#series-list li[data-key=aniworld_123]", "4 missing"))


async def switch_to_german(page, folder):
    await page.click("#nav a[data-path=settings]")
    await page.wait_for(shown(".settings-nav a"))
    await page.click(".settings-nav a[href$='settings/page']")
    await page.wait_for(shown("#language"))
    await page.evaluate(choose("#language", "de"))
    await page.wait_for(f"document.documentElement?.lang == 'de' && {shown('#theme')}")
    await fits(page, "deutsch", folder)
    await page.evaluate(choose("#theme", "dark"))
    assert await page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    await page.evaluate(choose("#theme", "auto"))
    for view in ("library", "queue", "series/aniworld_123", "search?q=demon"):
        await go(page, view)
        await fits(page, f"deutsch {view.partition('/')[0].partition('?')[0]}", folder)


async def log_out(page):
    await go(page, "settings/account")
    await page.click("#logout")
    await page.wait_for(shown("#login"))
    assert await page.evaluate("localStorage.getItem('aniworld.token')") is None
    assert await page.evaluate("location.pathname") == "/settings/account"


# -- the session and the connection --------------------------------------------------------------


@pytest.mark.slow
async def test_from_another_device(tmp_path):
    """On a LAN name: the setup code, the socket without its cookie, a server that is gone."""
    async with (
        Process(tmp_path, "--demo", password=None) as server,
        Chromium(width=360, hosts=("nas.lan",)) as browser,
    ):
        url = f"http://nas.lan:{server.port}/"
        page = await browser.open(url)
        await log_in(page)
        await page.wait_for(shown("#setup-code"))
        await page.type("0" * 32)
        await page.press("Enter")
        await page.wait_for(f"/wrong|stimmt nicht/.test({text('#login-error')})")
        await page.evaluate(set_value("#setup-code"))
        await page.click("#setup-code")
        await page.type((server.state / "setup-code").read_text().strip())
        await page.press("Enter")
        await page.wait_for(text("#deck-title"))
        assert await page.evaluate("isSecureContext") is False

        # A proxy, or another server on this host, may have taken the cookie.
        await page.send("Network.clearBrowserCookies")
        await page.go(url)
        await page.wait_for(text("#deck-title"))

        server.kill9()
        await page.wait_for(shown("#connection"))
        await server.start()
        await server.login()
        missing = {"anime_id": "aniworld_456", "episodes": ["missing"]}
        await server.post("/api/queue/add", json=missing)
        await page.wait_for(f"{hidden('#connection')} && {text('#queue-count')} == '2'")

        token = await page.evaluate("localStorage.getItem('aniworld.token')")
        await server.post("/api/auth/logout", token=token)
        await page.wait_for(shown("#login"))


async def fill(page, selector: str, value: str) -> None:
    await page.evaluate(set_value(selector))
    await page.click(selector)
    await page.type(value)


@pytest.mark.slow
async def test_the_account(tmp_path):
    """Another password in two tabs, a key made and deleted, and all sessions ended."""
    async with running(tmp_path) as server, Chromium() as browser:
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await page.wait_for(shown("#series-empty"))
        other = await browser.open(server.base + "/")
        await other.wait_for(shown("#series-empty"))
        await go(page, "settings/account")

        async def change(old: str, new: str) -> None:
            await fill(page, "#old-password", old)
            await fill(page, "#new-password", new)
            await page.press("Enter")

        await change(PASSWORD, "short")
        await page.wait_for(has_text("#password-error", "8 to 1,024"))
        await change("not the password", "another password")
        await page.wait_for(has_text("#password-error", "wrong"))
        await change(PASSWORD, "another password")
        await page.wait_for(has_text("#toasts", "password is changed"))
        assert (await page.evaluate(text("#password-error"))) == ""
        for tab in (page, other):
            await tab.wait_for(shown("#view"))
            assert await tab.evaluate(hidden("#login"))

        await fill(page, "#key-name", HOSTILE[:100])
        await page.press("Enter")
        await page.wait_for(f"{shown('#new-key')} && {count('#keys li')} == 1")
        key = await page.evaluate("document.querySelector('#key-text').value")
        assert (await server.get("/api/queue", token=key))[0] == 200
        assert (await server.post("/api/queue/start", token=key))[0] == 403
        await fits(page, "account", tmp_path)
        await page.click("#keys [data-action=delete]")
        await page.wait_for(f"{count('#keys li')} == 0 && {shown('#no-keys')}")
        assert (await server.get("/api/queue", token=key))[0] == 401

        await fill(page, "#old-password", "another password")
        await page.click("#end-sessions")
        for tab in (page, other):
            await tab.wait_for(shown("#login"))
        assert await page.evaluate(count("#key-text, #old-password")) == 0  # nothing secret stays
        assert await other.evaluate(has_text("#login-hint", "session has ended"))
        await log_in(page, "another password")
        await page.wait_for(shown("#old-password"))
        await other.wait_for(shown("#series-empty"))
        assert await page.evaluate("window.broken") is None
        assert [line for line in page.console if "401" not in line and "422" not in line] == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_phone_has_its_navigation_below(tmp_path, language):
    """The views stand side by side under the thumb, the deck right above, and nothing is cut."""
    async with running(tmp_path) as server, Chromium(width=320) as browser:
        page = await open_in(browser, server.base + "/", language)
        await log_in(page)
        await page.wait_for(shown("#series-empty"))
        await page.emulate(width=320, height=760)
        box = "document.querySelector({!r}).getBoundingClientRect()"
        nav, deck = box.format("#nav"), box.format("#deck")
        assert await page.evaluate(f"{nav}.bottom") == 760
        assert await page.evaluate(f"{deck}.bottom - {nav}.top") == 0
        links = "[...document.querySelectorAll('#nav a')]"
        texts = "[...document.querySelectorAll('#nav a span')]"
        assert await page.evaluate(f"new Set({links}.map((link) => link.offsetTop)).size") == 1
        cut = f"{texts}.filter((text) => text.scrollWidth > text.clientWidth).length"
        assert await page.evaluate(cut) == 0
        assert await page.evaluate(f"Math.min(...{links}.map((link) => link.offsetHeight))") >= 44
        await go(page, "settings/page")
        await page.wait_for(shown(".settings-nav > button"))
        assert not await page.evaluate(shown(".settings-nav a"))
        await page.click(".settings-nav > button")
        await page.click(".settings-nav a[href$='settings/share']")
        await page.wait_for(shown("[name=share]"))
        assert not await page.evaluate(shown(".settings-nav a"))


async def test_wrong_passwords(tmp_path):
    """Said in words, and after too many of them the button waits."""
    is_answered = (
        f"document.querySelector('#login-submit').ariaBusy != 'true' && {text('#login-error')}"
    )
    is_blocked = "document.querySelector('#login-submit').disabled"
    async with running(tmp_path) as server, Chromium() as browser:
        page = await browser.open(server.base + "/")
        for _ in range(6):
            await log_in(page, "wrong")
            await page.wait_for(is_answered)
            if await page.evaluate(is_blocked):
                break
        else:
            pytest.fail("never told to wait")
        await page.wait_for(f"!{is_blocked}")
        await log_in(page)
        await page.wait_for(shown("#series-empty"))
        assert await page.evaluate("!document.querySelector('#password').value")


@pytest.mark.slow
async def test_the_order_of_messages(tmp_path):
    """A number that is neither the last one nor the next asks for a snapshot."""
    recorder = """
        window.sockets = [];
        window.WebSocket = class extends WebSocket {
            constructor(...options) {
                super(...options);
                sockets.push(this);
                window.lastSeq = null; // until the snapshot tells it
                this.addEventListener("message", ({ data }) => (lastSeq = JSON.parse(data).seq));
            }
        };
        window.receive = (step) => {
            const data = JSON.stringify({ type: "news", seq: lastSeq + step, data: {} });
            sockets.at(-1).dispatchEvent(new MessageEvent("message", { data }));
            return sockets.length;
        };
    """
    async with demo_page(tmp_path) as (server, page):
        await page.send("Page.addScriptToEvaluateOnNewDocument", source=recorder)
        await page.go(server.base + "/")
        for sockets, jump in ((1, 2), (2, 3), (3, -1)):
            await page.wait_for(f"sockets.length == {sockets} && lastSeq !== null")
            for step in (0, 1, 0, 0, 1):
                assert await page.evaluate(f"receive({step})") == sockets, step
            assert await page.evaluate(f"receive({jump})") == sockets + 1
        await page.wait_for(f"lastSeq !== null && {hidden('#connection')}")
        assert page.console == []


# A view, and what tells that it is there.
VIEWS = {
    "library": "#series-list li",
    "search?q=demon": "#hits li",
    "series/aniworld_123": ".cell",
    "queue": "#queue-state",
    "history": "#history-list",
    "system": "#sources",
    "welcome": "#first-scan",
    "settings/sources": "[data-list=providers]",
    "settings/folders": "[data-field='naming.series']",
    "settings/downloads": "[data-field=limits]",
    "settings/follow": "[data-field=night]",
    "settings/messages": "[data-list=media_servers]",
    "settings/share": "[name=share]",
    "settings/account": "#keys",
    "settings/server": "[data-field=log_level]",
    "settings/backups": "#backups",
    "settings/page": "#theme",
}


# -- controls ------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_busy_control(tmp_path):
    """A second click on a busy button is the same again; a second choice follows the first."""
    slow_calls = """
        window.changes = [];
        const held = new Promise((resolve) => (window.release = resolve));
        window.fetch = ((fetch) => (url, options) => {
            if (options.method !== "GET") changes.push(options.body);
            return held.then(() => fetch(url, options));
        })(window.fetch);
    """
    last_item = "#open-items li:last-child"
    async with demo_page(tmp_path) as (_, page):
        await page.click("#series-list li [data-action=get]")
        await page.wait_for(f"{text('#queue-count')} == '5'")
        await go(page, "queue")
        await page.click("#open-items [data-action=toggle]")
        await page.wait_for(f"{count('#open-items li')} == 6")
        await page.wait_for(has_text(last_item, "S01E100"))
        await page.evaluate(slow_calls)
        await page.evaluate(choose(f"{last_item} select", "low"))
        await page.evaluate(choose(f"{last_item} select", "high"))
        for _ in range(2):
            await page.click("#open-items li:nth-child(2) [data-action=remove]")
        low, remove = '{"priority":"low"}', None
        assert await page.evaluate("changes") == [low, remove]
        await page.evaluate("release()")
        await page.wait_for(f"{count('#open-items li')} == 5")
        await page.wait_for(has_text("#open-items li:nth-child(2)", "S01E100"))
        assert await page.evaluate("changes") == [low, remove, '{"priority":"high"}']
        assert await page.evaluate(count(".toast.error")) == 0


@pytest.mark.slow
async def test_the_focus_is_never_lost(tmp_path):
    """What had the focus and vanishes leaves it to a neighbour; old toasts offer nothing."""
    slayer = "document.activeElement.closest('[data-key=aniworld_456]') != null"
    async with demo_page(tmp_path) as (_, page):
        assert await page.evaluate(FOCUSED_ID) == "library-title"

        await page.evaluate("document.querySelector('#series-list li .get').focus()")
        await page.press("Enter")
        await page.wait_for(hidden("#series-list li .get"))
        assert await page.evaluate("document.activeElement.matches('a.tile-link')")

        await page.evaluate("document.querySelector('[data-key=aniworld_456] a').focus()")
        await page.press("Enter")
        await page.wait_for(shown("#series-title"))
        assert await page.evaluate(FOCUSED_ID) == "series-title"
        await page.click(".cell[data-state=missing]")
        await page.evaluate("document.querySelector('#selection [data-action=add]').focus()")
        await page.press("Enter")
        await page.wait_for(f"{count('.cell[data-state=pending]')} == 1")
        assert await page.evaluate("document.activeElement != document.body")
        await page.click("#get-all")
        await page.wait_for(hidden("#get-all"))
        assert await page.evaluate(FOCUSED_ID) == "series-title"
        await page.evaluate("history.back()")
        await page.wait_for(slayer)

        await page.wait_for(shown("[data-offer=start]"))
        await page.evaluate("document.querySelector('[data-offer=start]').focus()")
        await page.click("#deck-command")
        await page.wait_for(hidden("[data-offer=start]"))
        assert await page.evaluate(has_text(".toast", "1 episode queued"))


@pytest.mark.slow
async def test_a_source_that_rests(tmp_path):
    """A line says who rests, until when and why; it goes once the source works."""
    async with Shows((300_000,)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01")
        server.app[keys.ENGINE].rests._pause = 600.0
        up.raw = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
        async with Chromium() as browser:
            page = await open_in(browser, server.base + "/")
            await log_in(page)
            await go(page, "queue")
            await page.wait_for(f"{text('#queue-state')}")
            assert await page.evaluate(count("#resting li")) == 0
            await server.post("/api/queue/start")
            line = "#resting li span"
            await page.wait_for(has_text(line, "home rests, next try "))
            assert await page.evaluate(has_text(line, "(The source answered 502)"))
            await page.wait_for(has_text("#deck-title", "Waiting for home, next try "))
            await fits(page, "resting", tmp_path)
            up.raw = None
            await page.click("#resting button")
            await page.wait_for(f"{count('#resting li')} == 0")
            await page.wait_for(f"{count('#completed li')} == 1")
            assert page.console == []


@pytest.mark.slow
async def test_a_source_that_is_silent(tmp_path):
    """It is called so wherever sources are shown, as long as it does not answer."""
    async with (
        Tree({"Show/S01E01.mkv": b"x"}) as up,
        Process(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        up.pages[""] = 502
        page = await open_in(browser, server.base + "/search?q=show")
        await log_in(page)
        await page.wait_for(has_text("#deck-sources", "home did not answer"))
        for path, row in (("settings/sources", "[data-list=providers]"), ("system", "#sources")):
            await go(page, path)
            await page.wait_for(has_text(row, "Does not answer"))
            assert await page.evaluate(has_text(row, "The source answered 502"))
        del up.pages[""]
        await go(page, "search?q=show")
        await page.wait_for(f"{text('#deck-sources')} == 'home'")

        server.kill9()
        await page.wait_for(f"!{hidden('#connection')}")
        await page.evaluate("import('/static/api.js').then((api) => api.endSession('ended'))")
        await page.wait_for(shown("#login"))
        assert await page.evaluate(hidden("#connection"))


@pytest.mark.slow
async def test_names_contain_what_is_seen(tmp_path):
    """Who speaks to the page says what is to be seen on a button (WCAG 2.5.3)."""
    misfits = """
        [...document.querySelectorAll("button, a")]
            .map((node) => [node.textContent.trim(), node.ariaLabel])
            .filter(([seen, name]) => name && !name.toLowerCase().includes(seen.toLowerCase()))
    """
    async with demo_page(tmp_path) as (server, page):
        for language in ("en", "de"):
            await page.evaluate(LANGUAGE.format(language))
            await page.go(server.base + "/")
            await page.wait_for(f"{count('#series-list li')} == 2")
            for path, there in VIEWS.items():
                await go(page, path)
                await page.wait_for(shown(there))
                assert await page.evaluate(misfits) == [], path
                await fits(page, f"{language}-{path.replace('/', '-')}", tmp_path)


@pytest.mark.slow
async def test_sizes(tmp_path):
    sizes = {0: "0 byte", 512: "512 byte", 51_200: "51.2 kB", 4_100_000: "4.1 MB", 7e9: "7 GB"}
    async with demo_page(tmp_path) as (_, page):
        for size, shown_size in sizes.items():
            script = f"import('./static/formats.js').then((formats) => formats.formatSize({size}))"
            assert await page.evaluate(script) == shown_size


# -- source and names ----------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_folder_is_linked_and_renamed(tmp_path):
    """What the names left open is settled on the page: which series, its numbers, new names."""
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
        add(server, "Nachtwache/[G] Nachtwache - 05 [1080p].mkv")
        add(server, "Nachtwache/[G] Nachtwache - 05 [1080p].de.srt")
        add(server, "Nachtwache/Season 01/Nacht - S01E05.de.srt")  # the name is taken
        before = tree(server.library)
        await server.login()
        await server.post("/api/v1/anime/rescan")
        before[".aniworld"] = tree(server.library)[".aniworld"]
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await link_to_source(page)
        await change_numbering(page)
        await preview_names(page)
        await page.wait_for(has_text("#new-names", "Stays: Nachtwache/Season 01/Nacht - S01E05"))
        await fits(page, "reading", tmp_path)
        assert tree(server.library) == before
        await page.click("#rename-files")
        await page.wait_for(has_text("#toasts", "3 files renamed"))
        assert await page.evaluate(FOCUSED_ID) == "preview-names"
        assert (server.library / "Nachtwache/Season 02/Nacht - S02E01.mkv").exists()
        await page.click("[data-offer=undo]")
        is_undone = "!document.querySelector('[data-offer=undo]')"
        await page.wait_for(f"{count('.toast')} == 1 && {is_undone}")
        assert tree(server.library) == before
        assert page.console == []
        assert page.warnings == []


@pytest.mark.slow
async def test_a_second_title_is_accepted_and_a_folder_separated(tmp_path):
    """The box opens by itself where there is a question."""
    served = {f"Nacht!/Season {s}/{n:02}.mkv": b"" for s in (1, 2) for n in (1, 2, 3)}
    async with (
        Tree(served) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        for path in ("Nacht!/Nacht! - 01", "Nacht!/Nacht! Rot - 02", "Nacht! S2/01"):
            add(server, f"{path}.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await page.wait_for(f"{text('#series-list .badge')} == '3 missing'")
        await page.click("#series-list a")
        await page.wait_for(has_text("#other-files li", '"Nacht! Rot" may be another series'))
        await page.click("#titles")
        await page.type("Nacht! Rot")
        await page.click("#source-form button")
        await page.wait_for(has_text("#toasts", "3 missing, 0 files ambiguous"))
        assert await page.evaluate(text("#series-count")) == "3 of 6 episodes"
        await fits(page, "folders", tmp_path)
        assert await page.evaluate(inner_text("#folders li:nth-child(2) b")) == "Nacht! S2"
        await page.click("#folders li:nth-child(2) button")
        await page.wait_for(has_text("#toasts", "Nacht! S2 is a series of its own now."))
        await page.wait_for(f"{hidden('#folders')} && {text('#series-count')} == '2 of 6 episodes'")
        assert page.console == []
        assert page.warnings == []


@pytest.mark.slow
async def test_an_episode_that_nobody_has_is_ignored(tmp_path):
    """It counts as missing without a button to fetch it, until its owner says otherwise."""
    served = {f"Show/Show - S01E0{number}.mkv": b"\x1aE\xdf\xa3" for number in (1, 2, 4)}
    async with (
        Tree(served) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        for number in (1, 2, 4):
            add(server, f"Show/Show - S01E0{number}.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await page.wait_for(f"{text('#series-list .badge')} == '1 missing'")
        assert not await page.evaluate(shown("#series-list .get"))
        await page.click("#series-list a")
        await page.wait_for(f"{state_of('S01E03')} == 'wanted'")
        assert not await page.evaluate(shown("#get-all"))
        await page.click("[data-layout=list]")
        await page.wait_for(f"{count('.season li')} == 4")
        await page.click("#only-missing")
        await page.wait_for(f"{count('.season li')} == 1")
        assert await page.evaluate(text(".season li .badge")) == "Missing, no source has it"
        assert not await page.evaluate(shown(".season li [data-action=add]"))
        await page.click("#only-missing")
        button = ".season li:nth-child(3) [data-action=ignore]"
        await page.click(button)
        await page.wait_for(f'{text(button)} == "Don\'t ignore"')
        assert await page.evaluate(text("#series-count")) == "3 of 3 episodes"
        await fits(page, "ignored", tmp_path)
        await page.click(button)
        await page.wait_for(f"{text('#series-count')} == '3 of 4 episodes'")
        await page.click("[data-layout=matrix]")
        # A list that shrinks is told, and taken at a click.
        del up.files["Show/Show - S01E02.mkv"]
        await server.post("/api/v1/anime/rescan")
        await page.wait_for(has_text("#toasts", "what was known stays for now"))
        await page.go(server.base + "/")
        await page.wait_for(f"{text('#series-list .badge')} == '1 missing'")
        await page.click("#series-list a")
        await page.wait_for(shown("#list-change"))
        await fits(page, "list-change", tmp_path)
        await page.click("#list-change button")
        await page.wait_for(hidden("#list-change"))
        assert await page.evaluate(FOCUSED_ID) == "series-title"
        assert page.console == []


@pytest.mark.slow
async def test_a_file_that_changed_at_its_source_is_replaced(tmp_path):
    name = "Show/Show - S01E01.mkv"
    async with (
        Tree({name: video(1, 1000)}) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        await server.login()
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        up.files[name] = video(2, 2000)
        await server.post("/api/v1/anime/rescan")
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await page.wait_for(f"{text('#series-list .title')} == 'Show'")
        await page.click("#series-list a")
        await page.wait_for(f"{state_of('S01E01')} == 'changed'")
        await page.click(cell("S01E01"))
        await page.wait_for(f"{text('#selection .badge')} == 'Changed at the source'")
        await fits(page, "changed", tmp_path)
        await page.click("#selection [data-action=replace]")
        await page.wait_for(f"{text('#selection .badge')} == 'In the library'")
        assert not await page.evaluate(shown("#selection [data-action=replace]"))
        (kept,) = (server.library / ".aniworld-trash").rglob("*.mkv")
        assert kept.read_bytes() == video(1, 1000)
        assert page.console == []


@pytest.mark.slow
async def test_ambiguous_files_are_asked_about_once(tmp_path):
    keys = [(season, number) for season in (1, 2) for number in range(1, 7)]
    served = {f"Nacht/Season {s}/Nacht - S{s:02}E{n:02}.mkv": b"x" for s, n in keys}
    served["Abend/Abend - S01E05.mkv"] = b"x"
    async with (
        Tree(served) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        for number in (5, 6, 7, 8):
            add(server, f"Nacht/Season 2/Nacht - {number:02}.mkv")
        add(server, "Abend/Abend - S01E05 OVA.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await page.wait_for(f"{text('#series-list .title')} == 'Nacht'")
        assert await page.evaluate(has_text("#series-list li", "0 of 12 episodes"))
        assert await page.evaluate(text("[data-key=home_abend] .badge")) == "Ambiguous"
        await page.click("#series-list a")
        await page.wait_for(shown("#ask"))
        assert await page.evaluate(text("#series-count")) == "0 of 12 episodes"
        box = "getComputedStyle(document.querySelector('#question-notice'))"
        assert await page.evaluate(f"parseFloat({box}.paddingLeft)") > 8
        await page.click("#ask")
        await page.wait_for(f"{shown('#question')} && {count('#question > li')} == 2")
        assert await page.evaluate(has_text("#question > li:last-child", "Nacht - 05.mkv: S01E05"))
        await fits(page, "question", tmp_path)
        await page.click("#question > li:last-child button")
        await page.wait_for(has_text("#toasts", "8 missing, 0 files ambiguous"))
        await page.wait_for(f"{count('#question')} == 0 && {hidden('#question-notice')}")
        assert await page.evaluate("document.activeElement != document.body")
        assert await page.evaluate("document.querySelector('#numbering').value") == "absolute"
        assert page.console == []


async def link_to_source(page):
    # Between 02 and 05 two are absent; whoever lacks them, nobody has them.
    await page.wait_for(f"{text('#series-list .badge')} == '2 missing'")
    assert await page.evaluate(text("#series-list .title")) == "Nachtwache"
    await page.click("#series-list a")
    await page.click("#series-files summary")
    await page.wait_for(has_text("#other-files li", "NCOP1"))
    await page.click("#source")
    await page.type("nach")
    await page.wait_for("document.querySelector('#source-hits option')?.value == 'home_nacht'")
    await page.evaluate(set_value("#source", "home_nacht"))
    await page.click("#source-form button")
    await page.wait_for(has_text("#toasts", "21 missing, 0 files ambiguous"))
    # The toast comes last: by then the view shows what it tells of.
    assert await page.evaluate(text("#series-count")) == "4 of 25 episodes"
    await page.wait_for(f"{text('#series-title')} == 'Nacht'")


async def change_numbering(page):
    """Choose another way to count and the former again: one after the other, then both at once."""
    for numbering, result in (("season", "22 missing"), ("auto", "21 missing")):
        await page.evaluate(set_value("#numbering", numbering))
        await page.click("#source-form button")
        await page.wait_for(has_text("#toasts", result))
    form = "document.querySelector('#source-form')"
    choices = [set_value("#numbering", numbering) for numbering in ("season", "auto")]
    await page.evaluate("; ".join(f"{choice}; {form}.requestSubmit()" for choice in choices))
    await page.wait_for(f"{form}.ariaBusy != 'true'")
    assert await page.evaluate(text("#series-count")) == "4 of 25 episodes"


async def preview_names(page):
    await page.click("#preview-names")
    await page.wait_for(f"{text('#rename-files')} == 'Rename 3 files'")
    new_names = await page.evaluate(inner_text("#new-names"))
    assert "Nachtwache/Season 02/Nacht - S02E01.mkv" in new_names


# -- the files, without a browser ----------------------------------------------------------------


def test_texts():
    """Each key is in both languages with the same {places}; none is unused, and none is missing."""
    table, _, code = MODULES["i18n.js"].partition("\n};\n")
    own = {name: script for name, script in MODULES.items() if name.endswith("_texts.js")}
    table += "".join(own.values())
    string = r'"((?:[^"\\]|\\.)+)"'
    entry = rf'^  "?([\w.]+)"?: \[\s*{string},\s*{string},?\s*\],$'
    entries = re.findall(entry, table, re.M)
    texts = {key: both for key, *both in entries}
    assert len(entries) == len(texts) > 80, "a key has two texts"
    for key, (german, english) in texts.items():
        assert set(re.findall(r"\{\w+\}", german)) == set(re.findall(r"\{\w+\}", english)), key

    others = MODULES.keys() - own.keys() - {"i18n.js"}
    code += HTML + "".join(MODULES[name] for name in others)
    in_html = set(re.findall(r'data-t(?:-label|-placeholder)?="([\w.]+)"', HTML))
    counted = re.findall(r'\btn\("(\w+)"', code)
    in_code = set(re.findall(r'\bt\("([\w.]+)"', code))
    in_code |= {f"{key}.{form}" for key in counted for form in ("one", "other")}
    assert in_html | in_code <= texts.keys()
    prefixes = set(re.findall(r"\bt\(`(\w+)\.\$", code))  # t(`status.${...}`)
    for key in texts.keys() - in_html - in_code:
        assert key.partition(".")[0] in prefixes or f'"{key}"' in code, key


def test_each_setting_has_a_name():
    """What a backup would change is told by the names that the settings have on the page."""
    names = {field.name for field in dataclasses.fields(Config)}
    groups = re.findall(r"^  (\w+): \"", MODULES["settings_backups.js"], re.M)
    assert names >= set(groups)
    texts = "".join(script for name, script in MODULES.items() if name.endswith("_texts.js"))
    for name in names - set(groups):
        assert f'"field.{name}": [' in texts, name


def test_nothing_is_ever_markup():
    """Data goes into the page as text, which has no script or style of its own.

    Every path is relative, so that a proxy may serve the page below a path.
    """
    scripts = "".join(MODULES.values())
    makes_markup = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    )
    assert not re.search(makes_markup, scripts)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", HTML)
    for link in re.findall(r'(?:href|src)="([^"]*)"', HTML):
        assert link.startswith(("{{ root }}", "#")), link
    addresses = re.sub(r'example: "[^"]*"', "", scripts)  # what a field shows while it is empty
    assert not re.search(r"""["'`](/|https?://)\w""", addresses)


def test_every_module_is_preloaded():
    """But for those that are imported when somebody wants them, as the views are."""
    preloaded = set(re.findall(r'rel="modulepreload" href="{{ root }}static/([^"]+)"', HTML))
    needed = {"app.js"}
    while new := {name for module in needed for name in imported(module)} - needed:
        needed |= new
    assert preloaded == needed - {"app.js"}
    late = set(re.findall(r'import\("./([\w.]+)"\)', "".join(MODULES.values())))
    views = re.findall(r"^  \[/.*/, \"(\w+)\"\],$", MODULES["router.js"], re.M)
    assert len(views) == 9
    late |= {f"{view}.js" for view in views}
    while new := {name for module in late for name in imported(module)} - late:
        late |= new
    assert MODULES.keys() - needed - late == set(), "a module that nobody imports"


def test_each_view_has_an_address():
    """The server sends the page's document for each of its views."""
    views = set(re.findall(r"^  \[/.*/, \"(\w+)\"\],$", MODULES["router.js"], re.M))
    assert {path.split("/")[1] for path in page_handler.VIEWS} == views


def imported(module: str) -> set[str]:
    """The modules that one cannot start without."""
    return set(re.findall(r'^import (?:.* from )?"\./([\w.]+)";$', MODULES[module], re.M))


@each_row("path", [*STATIC.glob("*.js"), *STATIC.glob("*.css")], ids=lambda p: p.name)
def test_files_are_short(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 350
    # A text of the page stands on one line, where a search finds it.
    long = [line for line in lines if len(line) > 100 and not re.fullmatch(r' +".*",', line)]
    assert long == []


@each_row("name", MODULES)
def test_scripts_are_sent_without_comments(name):
    source = MODULES[name].splitlines()
    sent = page_handler.without_comments((STATIC / name).read_bytes()).decode().splitlines()
    assert len(sent) == len(source)
    for line, sent_line in zip(source, sent, strict=True):
        is_comment = line.strip().startswith(("//", "/*", "*"))
        assert sent_line == ("" if is_comment else line)
