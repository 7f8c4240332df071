"""The page while things go wrong: lost connections, refused calls, a focus without its node."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.app import Process, running
from tests.browser import Chromium
from tests.shows import home
from tests.test_page import (
    choose,
    count,
    demo_page,
    go,
    has_text,
    hidden,
    log_in,
    open_in,
    shown,
    text,
)
from tests.test_reasons import WORDS
from tests.test_sentences import SAID, forms_of
from tests.tree import Tree

pytestmark = pytest.mark.slow
FOCUSED = "document.activeElement.textContent"
IS_FOCUS_LOST = "document.activeElement == document.body"
FOLLOW = "document.querySelector('#follow')?.value"
REASONS = [
    ("The disk is full", "Die Platte ist voll"),
    (
        "The download or library directory cannot be written: /mnt/tv",
        "In den Ordner für Downloads oder Bibliothek kann nicht geschrieben werden: /mnt/tv",
    ),
    ("Waits for the night, until 2026-01-16 01:00", "Wartet auf die Nacht, bis 2026-01-16 01:00"),
    (
        "Waits for another day, until 2026-01-16 00:00",
        "Wartet auf einen anderen Tag, bis 2026-01-16 00:00",
    ),
]


async def press(page, selector: str) -> None:
    """Press a button by the keyboard."""
    await page.wait_for(shown(selector))
    await page.evaluate(f"document.querySelector({selector!r}).focus()")
    await page.press("Enter")


def rename(server: Process, title: str) -> None:
    with closing(sqlite3.connect(server.state / "aniworld.db")) as conn, conn:
        assert conn.execute("update series set title = ?", (title,)).rowcount == 1


async def test_after_a_lost_connection_the_page_shows_what_has_changed(tmp_path):
    """The library and a series as they are now, though no message told of it."""
    async with (
        Tree({"Show/S01E01.mkv": b"x", "Show/S01E02.mkv": b"x"}) as up,
        Process(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        await server.login()
        await server.put("/api/v1/anime/home_show/follow", json={"follow": "new"})
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        for path, place in (("library", "#series-list"), ("series/home_show", "#series-title")):
            await go(page, path)
            await page.wait_for(f"{text(place)} && {text('#deck-title')}")
            server.kill9()
            rename(server, f"Renamed for {place}")
            await server.start()
            await page.wait_for(has_text(place, f"Renamed for {place}"))
            assert await page.evaluate(hidden("#connection"))


async def test_focus_and_order_by_keyboard_and_by_dragging(tmp_path):
    """The focus never falls to the body; a group is a place also where its items are not known."""
    async with demo_page(tmp_path) as (server, page):
        await server.login()
        for offer in ("[data-offer=undo]", "#toasts .icon"):
            await press(page, "#series-list [data-action=get]")
            await press(page, offer)
            await page.wait_for(f"!{shown(offer)} || {has_text('#toasts', 'taken back')}")
            assert await page.evaluate(IS_FOCUS_LOST) is False
        await server.post("/api/queue/missing")
        await go(page, "queue")
        await page.wait_for(f"{count('#open-items li')} == 2 && {text('#queue-count')} == '7'")
        drop = """import("/static/queue_state.js").then(({ queue }) => {
            queue.items.clear();
            const [first, last] = document.querySelectorAll("#open-items li");
            const dataTransfer = new DataTransfer();
            for (const [row, type] of [[last, "dragstart"], [first, "dragover"], [first, "drop"]])
                row.dispatchEvent(new DragEvent(type, { bubbles: true, dataTransfer }));
            return last.dataset.key;
        })"""
        moved = await page.evaluate(drop)
        await page.wait_for(f"document.querySelector('#open-items li').dataset.key == '{moved}'")
        for left in (1, 0):
            await press(page, "#open-items [data-action=remove-group]")
            await page.wait_for(f"{count('#open-items li')} == {left}")
            assert await page.evaluate(IS_FOCUS_LOST) is False
        assert await page.evaluate(FOCUSED) == "To download"
        assert page.console == []


async def test_a_hit_is_followed_and_a_refused_choice_is_taken_back(tmp_path):
    """What a search found can be followed; a choice that the server never heard of is not shown."""
    async with (
        Tree({f"Show/S01E0{number}.mkv": b"x" for number in (1, 2)}) as up,
        running(tmp_path, providers=home(up.base)) as server,
        Chromium() as browser,
    ):
        page = await open_in(browser, server.base + "/search?q=show", "de")
        await log_in(page)
        await page.click("#hits a")
        await page.wait_for(f"{FOLLOW} == 'off'")
        assert await page.evaluate(hidden("#forget"))
        await page.offline()
        await page.evaluate(choose("#follow", "new"))
        await page.wait_for(has_text("#toasts", "nicht erreichbar"))
        assert await page.evaluate(FOLLOW) == "off"
        await page.offline(cut=False)
        await page.evaluate(choose("#follow", "new"))
        await page.wait_for(f"{has_text('#toasts', 'Show')} && {shown('#forget')}")
        await server.login()
        _, library, _ = await server.get("/api/library")
        assert [series["follow"] for series in library["data"]] == ["new"]
        given = json.dumps([english for english, _ in REASONS])
        describe = f"""import("/static/reasons.js").then(async (reasons) => {{
            await reasons.loadReasons();
            return {given}.map((sentence) => reasons.describeReason(sentence, null).text);
        }})"""
        assert await page.evaluate(describe) == [german for _, german in REASONS]
        told = json.dumps([forms_of(sentence) for sentence in SAID if sentence not in WORDS])
        left = f"""import("/static/reasons.js").then(async (reasons) => {{
            await reasons.loadSentences();
            const isEnglish = (text) => reasons.describeReason(text, null).isEnglish;
            return {told}.filter((forms) => forms.every(isEnglish));
        }})"""
        assert await page.evaluate(left) == []


async def test_calls_that_failed_are_made_up_for(tmp_path):
    """The strip asks again with the next view, and no toast outlives the session it tells of."""
    async with demo_page(tmp_path) as (server, page):
        sources = count("#deck-sources li")
        await page.send("Network.setBlockedURLs", urls=["*/api/providers"])
        await page.go(server.base + "/library")
        await page.wait_for(f"{shown('#series-list li')} && {text('#deck-title')}")
        assert await page.evaluate(sources) == 0
        await page.send("Network.setBlockedURLs", urls=[])
        await go(page, "series/aniworld_456")
        await page.wait_for(f"{sources} == 1")

        code = "import('/static/api.js').then(({ Refusal }) => new Refusal(502, {}, 1).code)"
        assert await page.evaluate(code) == "NETWORK"  # a proxy's word for a server that is gone

        await page.send("Emulation.setTimezoneOverride", timezoneId="America/New_York")
        day = "import('/static/formats.js').then((formats) => formats.formatDay('2026-01-05'))"
        assert "Jan 5" in await page.evaluate(day)

        await page.evaluate(choose("#follow", "all"))
        await page.wait_for(shown("[data-offer=start]"))  # else nothing would come by itself
        await server.login()
        await server.post("/api/auth/logout", json={"everywhere": True})
        await page.wait_for(shown("#login"))
        assert await page.evaluate(count(".toast")) == 0


async def test_a_disk_that_is_away_is_told_of(tmp_path):
    """In the reader's language, to the last word; and its room is not said to be zero."""
    async with Process(tmp_path) as server, Chromium() as browser:
        server.library.rename(tmp_path / "away")
        await server.login()
        page = await open_in(browser, server.base + "/system", "de")
        await log_in(page)
        await page.wait_for(has_text("#tried", "ist nicht zu gebrauchen: Datei oder Ordner fehlt"))
        assert not await page.evaluate(has_text("#view", "0 Byte"))
        assert await page.evaluate(text("#deck-disk")) == ""
        turning = "t('didNotAnswer', { name: '\\u202eb\\u2066c' })"  # a name that turns the rest
        said = await page.evaluate(f"import('/static/i18n.js').then(({{ t }}) => {turning})")
        assert said == "bc hat nicht geantwortet"
        await server.post("/api/v1/anime/rescan")
        await page.wait_for(has_text("#toasts", "Die Bibliothek ist nicht lesbar: Datei oder"))
        assert page.console == []
