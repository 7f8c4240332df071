"""Taking back on the page: items out of the queue and again into it; and the log of the system."""

from __future__ import annotations

import pytest

from tests.app import running
from tests.browser import Chromium
from tests.shows import add, completed, home, queue, video
from tests.test_page import (
    cell,
    choose,
    count,
    demo_page,
    fits,
    go,
    has_text,
    log_in,
    open_in,
    shown,
    state_of,
    text,
)
from tests.tree import Tree

pytestmark = pytest.mark.slow
ORDER = "[...document.querySelectorAll('#open-items .code')].map((code) => code.textContent)"
LINES = "#log-lines li"


async def test_an_item_comes_back_at_its_place(tmp_path):
    """What waited is as it was; what had failed is queued again, and what is done is history."""
    served = {f"Show/Show - S01E0{number}.mkv": b"\x1aE\xdf\xa3" * 99 for number in range(1, 5)}
    async with (
        Tree(served) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        add(server, "Show/Other.nfo")
        await server.login()
        body = {"anime_id": "home_show", "episodes": ["S01"]}
        assert (await server.post("/api/queue/add", json=body))[0] == 201
        page = await open_in(browser, server.base + "/queue")
        await log_in(page)
        await page.wait_for(shown("#open-items [data-action=toggle]"))
        await page.click("#open-items [data-action=toggle]")
        await page.wait_for(f"{count('#open-items .code')} == 4")
        codes = [f"S01E0{number}" for number in range(1, 5)]
        assert await page.evaluate(ORDER) == codes
        await page.click("#open-items li:nth-child(3) [data-action=remove]")
        await page.wait_for(has_text("#toasts", "Show S01E02 is out of the queue."))
        await page.wait_for(f"{count('#open-items .code')} == 3")
        await page.click("[data-offer=undo]")
        await page.wait_for(has_text("#toasts", "1 episode queued again."))
        await page.wait_for(f"{ORDER}.join() == {','.join(codes)!r}")

        await page.click("#open-items [data-action=remove-group]")
        await page.wait_for(has_text("#toasts", "4 episodes taken back"))
        await page.wait_for(shown("#queue-empty"))
        await page.click("[data-offer=queueAgain]")
        await page.wait_for(has_text("#toasts", "4 episodes queued again."))
        await page.wait_for(f"{text('#queue-count')} == '4'")

        del up.files["Show/Show - S01E01.mkv"]
        await server.post("/api/queue/start")
        await page.wait_for(f"{text('#completed .count')} == '3'")
        await page.wait_for(f"{text('#failed .count')} == '1'")
        await page.click("[data-clear=failed]")
        await page.wait_for(has_text("#toasts", "1 failed episode is off the list"))
        await page.click("[data-offer=queueAgain]")
        await page.wait_for(f"{text('#failed .count')} == '1'")
        await page.click("[data-clear=completed]")
        await page.wait_for(has_text("#toasts", "3 completed episodes are off the list."))
        await page.click("[data-offer=history]")
        await page.wait_for("location.pathname == '/history'")
        await page.wait_for(has_text("#view", "S01E04"))
        assert page.console == []


async def test_an_item_that_replaces_a_file_comes_back_as_one(tmp_path):
    """Taken back, it leaves the file in the library as it was; undone, it replaces it after all."""
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
        await server.post("/api/queue/stop")
        up.files[name] = video(2, 2000)
        await server.post("/api/v1/anime/rescan")
        page = await open_in(browser, server.base + "/series/home_show")
        await log_in(page)
        await page.wait_for(f"{state_of('S01E01')} == 'changed'")
        await page.click(cell("S01E01"))
        await page.click("#selection [data-action=replace]")
        await page.wait_for(f"{state_of('S01E01')} == 'pending'")
        await page.click("[data-offer=undo]")
        await page.wait_for(f"{state_of('S01E01')} == 'changed'")
        await page.click("#selection [data-action=replace]")
        await page.wait_for(f"{state_of('S01E01')} == 'pending'")
        await go(page, "queue")
        await page.click("#open-items [data-action=toggle]")
        await page.click("#open-items [data-action=remove]")
        await page.wait_for(has_text("#toasts", "Show S01E01 is out of the queue."))
        await page.click("[data-offer=undo]")
        await page.wait_for(f"{text('#queue-count')} == '1'")
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        (new,) = server.library.glob("Show/**/*.mkv")
        assert new.read_bytes() == video(2, 2000)
        assert page.console == []


async def test_the_log_of_the_last_hours(tmp_path):
    """It is asked for when it is opened and by its button alone, and filtered by level."""
    async with demo_page(tmp_path) as (_, page):
        await go(page, "system")
        await page.wait_for(shown("#checks li"))
        asked = "performance.getEntriesByType('resource').filter((e) => /system.log$/.test(e.name))"
        assert await page.evaluate(f"{asked}.length") == 0
        await page.click("#log summary")
        await page.wait_for(has_text(LINES, "from 127.0.0.1"))
        assert await page.evaluate(shown("#log-copy"))  # here is a clipboard
        await fits(page, "log", tmp_path)
        lines = await page.evaluate(count(LINES))
        await page.evaluate(choose("#log-level", "error"))
        await page.wait_for(f"{count(LINES)} == 0")
        assert await page.evaluate(text("#log .soft[role=status]")) == (
            "Nothing of that in the last 24 hours."
        )
        assert await page.evaluate("document.querySelector('#log-save').disabled")
        await page.evaluate(choose("#log-level", "debug"))
        assert await page.evaluate(f"{count(LINES)} == {lines}")
        assert await page.evaluate(f"{asked}.length") == 1
        await page.click("#log-refresh")
        await page.wait_for(f"{asked}.length == 2")
        assert page.console == []
