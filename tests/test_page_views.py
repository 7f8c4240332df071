"""The views of the page in a real browser: addresses, proxies, accessibility, and large numbers."""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from store import episodes, queue
from store.models import Episode, Listing
from tests.app import ROOT, running
from tests.browser import Chromium
from tests.requirements import lack
from tests.shows import Shows, add, home
from tests.test_page import (
    VIEWS,
    cell,
    choose,
    count,
    demo_page,
    fits,
    go,
    has_text,
    hidden,
    log_in,
    open_in,
    set_value,
    shown,
    text,
)
from tests.tree import Tree
from tests.upstream import nginx

pytestmark = pytest.mark.slow
AXE = ROOT / ".ci/parts/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
H1 = "document.querySelector('#view h1')"
# Below /aniworld/ all comes through, below /deaf/ the socket does not.
PROXY = """
    location /aniworld/ {{
        proxy_pass {base}/; proxy_http_version 1.1; proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
    }}
    location /deaf/ {{ proxy_pass {base}/; proxy_set_header Host $http_host; }}
"""


POSTER = base64.b64decode(  # one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


# -- addresses -----------------------------------------------------------------------------------


async def test_each_view_has_an_address(tmp_path):
    """It opens by itself, after a reload and in a new tab; Back goes back to where one was."""
    async with demo_page(tmp_path) as (server, page):
        titles = {}
        for path, there in VIEWS.items():
            await page.go(f"{server.base}/{path}")
            await page.wait_for(shown(there))
            titles[path] = await page.wait_for("document.title.includes('–') && document.title")
            assert await page.evaluate(f"{count('h1:not(#login-title)')}") == 1, path
        assert len(set(titles.values())) == len(VIEWS)
        for path in reversed(VIEWS):
            await page.wait_for(f"document.title == {titles[path]!r}")
            await page.evaluate("void setTimeout(() => history.back())")
        assert [line for line in page.console if "Back-Forward Cache" not in line] == []

        await page.go(f"{server.base}/series/nobody_here")
        await page.wait_for(f"{H1}?.textContent.includes('does not exist')")
        status, _, _ = await server.get("/nowhere")
        assert status == 404


async def test_links_and_back(tmp_path):
    """A plain click stays in the page and moves the focus; another click is the browser's."""
    async with demo_page(tmp_path) as (_, page):
        await page.evaluate("window.isSamePage = true")
        await page.click("#series-list li:nth-child(2) a")
        await page.wait_for(shown("#series-title"))
        assert await page.evaluate("document.activeElement.id") == "series-title"
        assert await page.evaluate("location.pathname") == "/series/aniworld_456"
        await page.evaluate("history.back()")
        await page.wait_for(
            "document.activeElement.closest('[data-key]')?.dataset.key == 'aniworld_456'"
        )
        assert await page.evaluate("window.isSamePage") is True
        prevented = """(() => {
            const options = { bubbles: true, cancelable: true, ctrlKey: true };
            const click = new MouseEvent("click", options);
            addEventListener("click", (event) => event.preventDefault(), { once: true });
            document.querySelector("#nav a").dispatchEvent(click);
            return location.pathname;
        })()"""
        assert await page.evaluate(prevented) == "/"
        await page.click("#filter")
        await page.type("demon")
        await page.wait_for(f"{count('#series-list li')} == 1")
        await page.click("#series-list a")
        await page.wait_for(shown("#series-title"))
        await page.evaluate("history.back()")
        await page.wait_for("document.querySelector('#filter')?.value == 'demon'")
        assert await page.evaluate(count("#series-list li")) == 1


@asynccontextmanager
async def behind_proxy(tmp_path: Path, server):
    tmp_path.chmod(0o755)
    (tmp_path / "nginx").mkdir()
    (tmp_path / "empty").mkdir()
    extra = PROXY.format(base=server.base)
    async with nginx(tmp_path / "nginx", tmp_path / "empty", extra=extra) as url:
        yield url


async def test_below_the_prefix_of_a_proxy(tmp_path):
    """All views open, the socket comes through at once, and nothing is asked outside of it."""
    async with running(tmp_path) as server, Chromium() as browser:
        add(server, "Show/Show - S01E01.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        async with behind_proxy(tmp_path, server) as url:
            page = await open_in(browser, f"{url}aniworld/settings/account")
            await log_in(page)
            await page.wait_for(shown("#keys"))
            page.console.clear()  # the icon of the browser's own
            await page.click("#nav a[data-path=library]")
            await page.wait_for(f"{count('#series-list li')} == 1 && {text('#deck-title')}")
            await page.click("#series-list a")
            await page.wait_for(shown(cell("S01E01")))
            assert await page.evaluate("location.pathname") == "/aniworld/series/local_show"
            await page.go(f"{url}aniworld/series/local_show")
            await page.wait_for(f"{shown(cell('S01E01'))} && {text('#deck-title')}")
            assert await page.evaluate(hidden("#connection"))
            assert page.console == []
            outside = [u for u in page.requests if "/aniworld/" not in u]
            assert outside == []


async def test_a_proxy_that_lets_no_socket_through(tmp_path):
    """It is said what is wrong, and the queue is shown as it was at that time."""
    async with (
        Shows((1000, 1000)) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        await server.login()
        body = {"anime_id": "home_show", "episodes": ["missing"]}
        await server.post("/api/queue/add", json=body)
        async with behind_proxy(tmp_path, server) as url:
            page = await open_in(browser, f"{url}deaf/queue")
            await log_in(page)
            await page.wait_for(has_text("#connection", "Does the proxy forward"))
            await page.wait_for(f"{text('#queue-count')} == '2'")
            assert await page.evaluate(has_text("#open-items li", "2 waiting"))


# -- accessibility -------------------------------------------------------------------------------


async def violations(page) -> list[str]:
    options = json.dumps({"runOnly": RULES, "resultTypes": ["violations"]})
    result = f"""axe.run({options}).then(({{ violations }}) => violations.flatMap(
        (rule) => rule.nodes.map((node) => `${{rule.id}}: ${{node.html.slice(0, 200)}}`)))"""
    return await page.evaluate(result)


async def is_accessible(page, name: str) -> None:
    """Nothing is found on a desktop and on a phone, light and dark; the focus is somewhere."""
    for width, dark in ((1280, False), (360, True)):
        await page.emulate(width=width, height=800, dark=dark)
        assert await violations(page) == [], (name, width)
    await page.emulate()
    assert await page.evaluate("document.activeElement != document.body"), name


# The buttons of a view that open a dialog.
DIALOGS = {
    "settings/messages": [
        "[data-list=notify] [data-action=add]",
        "[data-list=media_servers] [data-action=add]",
    ],
    "settings/backups": ["#backups [data-action=look]", "#backups [data-action=delete]"],
}
DAY = {"from": "08:00", "to": "22:00", "mbps": 10}


async def open_and_leave(page, opener: str, tmp_path: Path) -> None:
    """A dialog is opened, looked at, and left by the keyboard; its opener gets the focus back."""
    await page.evaluate(f"document.querySelector({opener!r}).focus()")
    await page.press("Enter")
    await page.wait_for(shown("dialog"))
    await is_accessible(page, opener)
    await fits(page, f"dialog {opener}", tmp_path)
    await page.press("Escape")
    await page.wait_for(f"!{count('dialog')}")
    assert await page.evaluate(f"document.activeElement.matches({opener!r})"), opener


async def test_axe_finds_nothing(tmp_path):
    """In no view and no dialog, light and dark, on a desktop and on a phone; but in a bad page."""
    if not AXE.exists():
        lack("axe-core is not installed; npm install --prefix .ci/parts axe-core@4.14.1 brings it")
    axe = await asyncio.to_thread(AXE.read_text)
    async with demo_page(tmp_path) as (server, page):
        await server.login()
        await server.put("/api/config", json={"max_concurrent_downloads": 5, "limits": [DAY]})
        await page.evaluate(axe)
        await go(page, "library")
        await page.evaluate("document.querySelector('#get-everything').click()")
        await page.wait_for(f"{shown('dialog')} && {has_text('dialog', '7 episodes')}")
        assert await violations(page) == []
        await page.click("[data-answer=yes]")
        await page.wait_for(f"{text('#queue-count')} == '7'")
        for path, there in VIEWS.items():
            await go(page, path)
            await page.wait_for(shown(there))
            if there == ".cell":
                await page.click(cell("S01E50"))
            if path == "queue":
                await page.click("#open-items .pick")
            await is_accessible(page, path)
            for opener in DIALOGS.get(path, ()):
                await open_and_leave(page, opener, tmp_path)
        (tmp_path / "fresh").mkdir()
        async with running(tmp_path / "fresh") as fresh:
            await page.go(f"{fresh.base}/welcome")
            await log_in(page)
            await page.wait_for(shown("#first-scan"))
            await page.evaluate(axe)
            await is_accessible(page, "welcome")
            await open_and_leave(page, "[data-list=providers] [data-action=add]", tmp_path)
        await page.evaluate("document.body.innerHTML = '<img src=x><button></button>'")
        found = {line.partition(":")[0] for line in await violations(page)}
        assert {"button-name", "image-alt", "page-has-heading-one"} <= found


# -- the queue -----------------------------------------------------------------------------------


async def test_the_queue_is_selected_ordered_and_taken_back(tmp_path):
    """By checkboxes and buttons, and by dragging; and with an undo where much was queued."""
    async with demo_page(tmp_path) as (_, page):
        await page.click("#get-everything")
        await page.click("[data-answer=yes]")
        await page.wait_for(has_text("#toasts", "7 episodes queued"))
        await page.click("[data-offer=undo]")
        await page.wait_for(f"{text('#queue-count')} == ''")
        await page.click("#get-everything")
        await page.click("[data-answer=yes]")
        await page.wait_for(f"{text('#queue-count')} == '7'")
        await go(page, "queue")
        first = f"{text('#open-items li .title')}"
        await page.wait_for(f"{first} == 'Attack on Titan'")
        await page.click("[data-key=aniworld_456] [data-action=first]")
        await page.wait_for(f"{first} == 'Demon Slayer'")
        drop = """(() => {
            const [from, to] = ["456", "123"].map((id) => document.querySelector(
                `#open-items [data-key=aniworld_${id}]`));
            const dataTransfer = new DataTransfer();
            for (const [row, type] of [[to, "dragstart"], [from, "dragover"], [from, "drop"]])
                row.dispatchEvent(new DragEvent(type, { bubbles: true, dataTransfer }));
        })()"""
        await page.evaluate(drop)
        await page.wait_for(f"{first} == 'Attack on Titan'")
        await page.click("[data-key=aniworld_123] [data-action=toggle]")
        await page.wait_for(f"{count('#open-items li')} == 7")
        await page.click("#open-items li:nth-child(3) .pick")
        await page.click("#open-items li:nth-child(7) .pick")
        assert await page.evaluate(text("#bulk span")) == "3 selected"
        await fits(page, "queue", tmp_path)
        await page.click("#bulk button:nth-of-type(3)")
        await page.wait_for(f"{text('#queue-count')} == '4'")
        await page.wait_for(hidden("#bulk"))
        assert page.console == []


# -- a series ------------------------------------------------------------------------------------


async def test_sources_wishes_and_following(tmp_path):
    """Which sources have a series, what is wished of its files, and whether it is followed."""
    files = {f"Show/Show - {code}.mkv": b"x" for code in ("S01E01", "S01E02", "S01E03", "S02E01")}
    async with (
        Tree(files) as up,
        Tree(files) as other,
        running(
            tmp_path,
            providers=[*home(up.base), {"type": "directory", "name": "attic", "url": other.base}],
        ) as server,
        Chromium() as browser,
    ):
        add(server, "Show/Show - S01E01.mkv")
        (server.library / "Show" / "poster.png").write_bytes(POSTER)
        await server.login()
        await server.post("/api/v1/anime/rescan")
        page = await open_in(browser, server.base + "/series/home_show")
        await log_in(page)
        await page.wait_for("document.querySelector('.series-head img')?.naturalWidth == 1")
        await page.wait_for(f"{count('#series-sources-list li')} == 2")
        await page.evaluate(choose("#follow", "new"))
        await page.wait_for(has_text("#toasts", "New episodes come by themselves: Show"))
        await page.click(".follow summary")
        await page.click("#follow-seasons [value='2']")
        await page.wait_for(has_text(".follow summary", "Seasons: 1"))
        await fits(page, "seasons", tmp_path)
        await page.click("#follow-seasons [value='1']")  # the last one stays
        await page.wait_for("document.querySelector('#follow-seasons [value=\"1\"]').checked")
        await page.click("#series-wishes summary")
        await page.click("#wish-languages")
        await page.type("DE, en-sub")
        await page.evaluate(set_value("#wish-most", "1080"))
        await page.click("#wishes button")
        await page.wait_for(has_text("#toasts", "wishes are kept"))
        await fits(page, "wishes", tmp_path)
        _, series, _ = await server.get("/api/v1/anime/home_show")
        assert series["follow"] == {"mode": "new", "seasons": [1]}
        assert series["prefer"]["languages"] == ["de", "en-sub"]
        assert series["prefer"]["max_resolution"] == 1080
        assert series["prefer"]["wait_days"] is None
        await page.click("#series-sources-list li:last-child button")
        await page.wait_for(f"{count('#series-sources-list li')} == 1")
        await page.click("#forget")
        await page.click("[data-answer=yes]")
        await page.wait_for(has_text("#toasts", "Show is forgotten"))
        assert await page.evaluate("location.pathname") == "/library"
        assert page.console == []


# -- large numbers -------------------------------------------------------------------------------

RECORDER = """
    window.WebSocket = class extends WebSocket {
        constructor(...options) {
            super(...options);
            window.socket = this;
            this.addEventListener("message", ({ data }) => (window.lastSeq = JSON.parse(data).seq));
        }
    };
    window.receive = (type, data) => {
        if (type !== "download_progress") window.lastSeq += 1;
        const timestamp = new Date().toISOString().slice(0, 19) + "Z";
        const text = JSON.stringify({ type, seq: lastSeq, timestamp, data });
        socket.dispatchEvent(new MessageEvent("message", { data: text }));
    };
"""
# 200 messages a second for some seconds: progress of four transfers, and an end now and then.
TRAFFIC = """(async () => {
    const { queue } = await import("/static/queue_state.js");
    const item = [...queue.items.values()].find(({ status }) => status === "pending");
    const { queue_item_id, episode, anime_title, anime_id } = item;
    const about = { queue_item_id, episode, anime_title, anime_id };
    for (let round = 0; round < ROUNDS; round += 1) {
        receive("download_started", about);
        for (let n = 0; n < 9; n += 1) {
            receive("download_progress", { ...about, progress_percent: n * 10,
                downloaded_bytes: n * 1e7, total_bytes: 1e8, speed_mbps: 20 + n, eta_seconds: 9 });
        }
        receive("queue_items", { items: [{ ...item, status: "pending" }] });
        await new Promise((resolve) => setTimeout(resolve, 55));
    }
})()"""


async def traffic(page, rounds: int) -> tuple[float, int]:
    """(milliseconds of processor time for a message, bytes by which the heap has grown)."""

    async def measure() -> tuple[float, int]:
        await page.send("HeapProfiler.collectGarbage")
        heap = (await page.send("Runtime.getHeapUsage"))["usedSize"]
        metrics = (await page.send("Performance.getMetrics"))["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration"), heap

    await page.send("Performance.setTimeDomain", timeDomain="threadTicks")
    await page.send("Performance.enable")
    seconds, heap = await measure()
    await page.evaluate(TRAFFIC.replace("ROUNDS", str(rounds)))
    seconds_after, heap_after = await measure()
    await page.send("Performance.disable")
    return (seconds_after - seconds) * 1000 / (rounds * 11), heap_after - heap


def fill(server, series_count: int, queued: int) -> None:
    """So many series in the library with two episodes each, of which the first ones are queued."""
    with closing(sqlite3.connect(server.state / "aniworld.db")) as conn:
        conn.row_factory = sqlite3.Row
        with conn:
            for number in range(series_count):
                listing = Listing(
                    f"s{number}",
                    f"Series {number:04}",
                    episodes=tuple(Episode(1, n, size=10**8) for n in range(1, 11)),
                )
                series_id = episodes.store_listing(conn, "home", listing)
                conn.execute("update series set listed = 1 where id = ?", (series_id,))
                if number * 10 < queued:
                    queue.add(conn, series_id, ["missing"], "normal")


async def test_thousands(tmp_path):
    """2,000 series and 5,000 items: few nodes, no long task under traffic, a heap that is flat."""
    async with running(tmp_path, providers=home("http://127.0.0.1:9/")) as server:
        await asyncio.to_thread(fill, server, 2000, 5000)
        async with Chromium() as browser:
            page = await open_in(browser, server.base + "/")
            await page.send("Page.addScriptToEvaluateOnNewDocument", source=RECORDER)
            await log_in(page)
            await page.wait_for(shown("#series-list li"))
            await page.go(server.base + "/")
            await page.wait_for(f"{shown('#series-list li')} && {text('#queue-count')} == '5,000'")
            nodes = "document.querySelectorAll('*').length"
            assert await page.evaluate(nodes) < 2000
            await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            await page.wait_for(has_text("#series-list li:last-child", "Series 1999"))
            assert await page.evaluate(nodes) < 2000
            await page.click("#nav a[data-path=queue]")
            await page.wait_for(f"{count('#open-items li')} > 5")
            await page.click("#open-items [data-action=toggle]")
            await page.wait_for(has_text("#open-items li:nth-child(2)", "S01E01"))
            assert await page.evaluate(nodes) < 2000
            assert await page.evaluate(has_text("#open .count", "5,000"))
            await traffic(page, rounds=20)
            cpu_ms, grown = await traffic(page, rounds=100)
            assert cpu_ms < 5, f"{cpu_ms} ms of processor time for a message"
            assert grown < 2_000_000, f"the heap has grown by {grown} bytes"
            assert page.console == []
