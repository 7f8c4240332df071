"""Several tabs and devices: what one changes, the others show, and ask for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from handlers.keys import DB
from store import episodes
from store.models import Episode, Listing
from tests.app import running
from tests.browser import Chromium
from tests.shows import add, home
from tests.test_page import (
    api_calls,
    cell,
    choose,
    count,
    go,
    has_text,
    hidden,
    log_in,
    open_in,
    set_value,
    shown,
    state_of,
    text,
)
from tests.tree import Tree

pytestmark = pytest.mark.slow
FOLLOW = "document.querySelector('#follow').value"
TITLES = "[...document.querySelectorAll('.tile-link')].map((link) => link.textContent)"
LINES = "document.querySelector('#wish-most').value"


async def test_two_tabs_agree(tmp_path):
    """The library, a series and what is typed there, while another tab changes and forgets it."""
    served = {
        f"{show}/{show} - S01E0{n}.mkv": b"x" for show in ("Alpha", "Beta") for n in (1, 2, 3)
    }
    async with (
        Tree(served) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        for show in ("Alpha", "Beta"):
            add(server, f"{show}/{show} - S01E01.mkv")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        one = await open_in(browser, server.base + "/library")
        await log_in(one)
        # A tab draws the strip below only while it is in sight, before the next one is opened.
        await one.wait_for(f"{count('#series-list li')} == 2 && {text('#deck-title')}")
        other = await open_in(browser, server.base + "/series/home_alpha")
        await other.wait_for(f"{shown('#series-title')} && {text('#deck-title')}")
        library = await open_in(browser, server.base + "/library")
        await library.wait_for(f"{count('#series-list li')} == 2 && {text('#deck-title')}")
        library.requests.clear()

        await go(one, "series/home_alpha")
        await one.wait_for(f"{state_of('S01E02')} == 'missing'")
        await other.evaluate("document.querySelector('#series-files').open = true")
        await other.evaluate(set_value("#titles", "half a tit"))
        for code in ("S01E02", "S01E03"):
            await one.click(cell(code))
        await one.click("#selection [data-action=ignore-selected]")
        for page in (one, other):
            await page.wait_for(f"{state_of('S01E02')} == 'ignored'")
            await page.wait_for(f"{state_of('S01E03')} == 'ignored'")
        assert len([url for url in api_calls(one) if url.endswith("/episodes")]) == 1
        await library.wait_for(has_text("[data-key=home_alpha]", "Complete"))
        asked = {call.partition("?")[0].rpartition("/api/")[2] for call in api_calls(library)}
        assert asked == {"library"}
        assert all("series=home_alpha" in call for call in api_calls(library))

        await one.evaluate(choose("#follow", "new"))
        await other.wait_for(f"{FOLLOW} == 'new'")
        await server.put("/api/v1/anime/home_alpha/prefer", json={"max_resolution": 720})
        await other.wait_for(f"{LINES} == '720'")
        assert await other.evaluate("document.querySelector('#titles').value") == "half a tit"

        add(server, "Gamma/Gamma - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")
        await library.wait_for(f"{count('#series-list li')} == 3")
        await server.delete("/api/v1/anime/home_alpha")
        await library.wait_for(f"{count('#series-list li')} == 2")
        assert "Alpha" not in await library.evaluate(TITLES)
        assert await other.evaluate(hidden("#connection"))
        assert one.console == other.console == library.console == []


async def test_the_calendar_follows(tmp_path):
    """What is queued, fetched, ignored or told of elsewhere changes in a calendar that is open."""
    today = datetime.now(UTC).date().isoformat()
    known = [
        Episode(1, number, aired=day, ref=f"e{number}", available=True)
        for number, day in ((1, today), (2, f"{today}T12:00:00Z"))
    ]
    async with running(tmp_path) as server, Chromium() as browser:
        await server.login()
        store = server.app[DB]
        listing = Listing("show", "Show", episodes=tuple(known))
        await store.run(episodes.store_listing, "home", listing)
        await store.run(lambda conn: conn.execute("update series set listed = 1"))
        page = await open_in(browser, server.base + "/calendar")
        await log_in(page)
        await page.wait_for(f"{count('.days li')} == 2")
        assert await page.evaluate(count(".days section")) == 1
        assert await page.evaluate(text(".days h2")) != "Invalid Date"
        await page.evaluate("document.querySelector('.days li:last-child a').focus()")
        page.requests.clear()
        body = {"anime_id": "home_show", "episodes": ["S01E02"]}
        assert (await server.post("/api/queue/add", json=body))[0] == 201
        await page.wait_for(f"{text('.days li:last-child .badge')} == 'Queued'")
        assert api_calls(page) == []
        assert await page.evaluate("document.activeElement.localName") == "a"
        ignored = {"episodes": ["S01E01"], "ignored": True}
        assert (await server.put("/api/v1/anime/home_show/episodes", json=ignored))[0] == 200
        await page.wait_for(f"{count('.days li')} == 1")
        assert page.console == []
