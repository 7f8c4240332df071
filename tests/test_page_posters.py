"""Posters, years and descriptions on the page, in a real browser."""

from __future__ import annotations

import base64
from contextlib import asynccontextmanager

import pytest

from handlers import posters
from tests.app import running
from tests.browser import Chromium
from tests.jellyfin_server import KEY, JellyfinServer
from tests.shows import add, video
from tests.test_page import count, fits, log_in, open_in, shown, text

pytestmark = pytest.mark.slow
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
HOSTILE = "\u202e<img src=x onerror='window.bad=1'><script>window.bad=1</script> " + "word " * 300
DESCRIPTION = "document.querySelector('#series-description')"
# Script: hold the first list of the library, and hear the socket.
HOLD = """(() => {
    const [get, Socket] = [fetch, WebSocket];
    window.fetch = async (address, ...rest) => {
        const answer = await get(address, ...rest);
        if (!window.letGo && String(address).endsWith("/api/library"))
            await new Promise((done) => (window.letGo = done));
        return answer;
    };
    window.WebSocket = class extends Socket {
        constructor(...given) {
            super(...given);
            this.addEventListener("message", ({ data }) => {
                if (data.includes("library_changed")) window.heard = true;
            });
        }
    };
})()"""
CUT_OFF = f"{DESCRIPTION}.scrollHeight > {DESCRIPTION}.clientHeight + 1"


@asynccontextmanager
async def served(tmp_path, names: list[str], **about):
    """A server whose library has these series, and the Jellyfin that tells of them."""
    async with JellyfinServer() as up:
        for name in names:
            series_id = up.add_series(name, **about)
            up.add_episode(series_id, 1, 1, video(1, 5_000))
            up.set_poster(series_id, PIXEL)
        jellyfin = {"type": "jellyfin", "name": "tv", "url": up.address, "key": KEY}
        async with running(tmp_path, providers=[jellyfin]) as server:
            for name in names:
                add(server, f"{name}/{name} - S01E01.mkv")
            await server.login()
            await server.post("/api/v1/anime/rescan")
            yield server, up


def pictures_asked(up: JellyfinServer) -> int:
    return sum("/Images/" in each.path for each in up.requests)


async def test_what_a_series_is_about(tmp_path):
    """A few lines of it, and all of it for who asks; nothing in it is more than text."""
    async with (
        served(tmp_path, ["Show"], year=2010, Overview=HOSTILE) as (server, _),
        Chromium() as browser,
    ):
        series = (await server.get("/api/library"))[1]["data"][0]
        page = await open_in(browser, f"{server.base}/series/{series['id']}")
        await log_in(page)
        await page.wait_for("document.querySelector('.series-head img')?.naturalWidth == 1")
        assert series["title"] == "Show (2010)"
        assert await page.evaluate(text("#series-year")) == ""  # it stands in the title
        assert (await page.evaluate(text("#series-description"))).startswith(HOSTILE[:60])
        assert await page.evaluate("window.bad") is None
        assert await page.evaluate(CUT_OFF)
        await fits(page, "description", tmp_path)
        more = "document.querySelector('#series-more')"
        for label, expanded in (("More", "false"), ("Less", "true"), ("More", "false")):
            assert await page.evaluate(text("#series-more")) == label
            assert await page.evaluate(f"{more}.ariaExpanded") == expanded
            assert await page.evaluate(CUT_OFF) == (expanded == "false")
            await page.evaluate(f"{more}.focus()")
            await page.press("Enter")
        assert await page.evaluate(f"document.activeElement == {more}")
        await fits(page, "description-open", tmp_path)
        assert page.console == []


async def test_a_short_description_has_no_button(tmp_path):
    async with (
        served(tmp_path, ["Show 2010 Kids"], year=1999, Overview="Of a show.") as (server, up),
        Chromium() as browser,
    ):
        up.series[0]["Name"] = "Show 2010 Kids (1998)"
        series = (await server.get("/api/library"))[1]["data"][0]
        page = await open_in(browser, f"{server.base}/series/{series['id']}")
        await log_in(page)
        await page.wait_for(f"{text('#series-description')} == 'Of a show.'")
        assert not await page.evaluate(shown("#series-more"))


async def test_a_poster_that_comes_late_is_shown(tmp_path, monkeypatch):
    """The page has its letters meanwhile, and asks again."""
    monkeypatch.setattr(posters, "PAGE_SECONDS", 0.05)
    async with served(tmp_path, ["Show"]) as (server, up), Chromium() as browser:
        up.delay = 1.0
        page = await open_in(browser, server.base + "/library")
        await log_in(page)
        await page.wait_for(f"{count('#series-list .art')} == 1")
        await page.wait_for("document.querySelector('#series-list img')?.naturalWidth == 1")
        assert pictures_asked(up) == 1


async def test_only_what_is_seen_is_asked_for(tmp_path):
    names = [f"Series {number:03}" for number in range(150)]
    async with served(tmp_path, names) as (server, up), Chromium() as browser:
        page = await open_in(browser, server.base + "/library")
        await log_in(page)
        await page.wait_for(f"{count('#series-list img.loaded')} > 5")
        await page.go(server.base + "/library")
        await page.wait_for(f"{count('#series-list img.loaded')} > 5")
        asked = [each.path for each in up.requests if "/Images/" in each.path]
        assert 5 < len(asked) == len(set(asked)) < 100
        assert page.console == []


async def test_a_change_while_the_list_is_on_its_way_is_shown(tmp_path):
    """The list may tell of the time before it."""
    badge = text("#series-list .badge")
    async with served(tmp_path, ["Show"]) as (server, up), Chromium() as browser:
        up.add_episode(up.series[0]["Id"], 1, 2, video(2, 5_000))
        await server.post("/api/v1/anime/rescan")
        series = (await server.get("/api/library"))[1]["data"][0]
        assert series["missing_episodes"] == 1
        page = await open_in(browser, server.base + "/library")
        await log_in(page)
        await page.wait_for(f"{badge} == '1 missing'")
        await page.send("Page.addScriptToEvaluateOnNewDocument", source=HOLD)
        await page.go(server.base + "/library")
        await page.wait_for("!!window.letGo")
        await server.put(f"/api/v1/anime/{series['id']}/episodes/S01E02", json={"ignored": True})
        await page.wait_for("window.heard")
        await page.evaluate("window.letGo()")
        await page.wait_for(f"{badge} == 'Complete'")
