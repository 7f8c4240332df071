"""The settings on the page, in a real browser: the first run, each section, backups, history.

With ANIWORLD_PICTURES=1 each view is kept as a picture in the test's folder, see pytest's
--basetemp.
"""

from __future__ import annotations

import pytest

from tests.app import Process
from tests.browser import Chromium
from tests.shows import video
from tests.test_page import (
    choose,
    count,
    demo_page,
    fill,
    fits,
    go,
    has_text,
    log_in,
    open_in,
    shown,
    text,
)
from tests.upstream import nginx

pytestmark = pytest.mark.slow
DIALOG = "dialog[open]"
SECTIONS = (
    "sources",
    "folders",
    "downloads",
    "follow",
    "messages",
    "share",
    "account",
    "server",
    "backups",
    "page",
)


def field(name: str, within: str = "") -> str:
    return f'{within} [data-field="{name}"]'.strip()


def faults(page) -> list[str]:
    """The page's own errors: a refusal of a setting is what the test asked for."""
    return [line for line in page.console if not line.startswith("Failed to load resource")]


async def press_in(page, label: str, within: str = "body") -> None:
    """Click the button that has this text."""
    buttons = f"[...document.querySelectorAll({f'{within} button'!r})]"
    script = f"{buttons}.find((button) => button.textContent.trim() == {label!r})"
    await page.wait_for(f"{script}?.checkVisibility() && !{script}.disabled")
    await page.evaluate(f"({script}).click()")


async def write(page, selector: str, value: str) -> None:
    """Put a value into a field, as typing would."""
    script = f"document.querySelector({selector!r})"
    await page.wait_for(script)
    await page.evaluate(
        f"{script}.value = {value!r};{script}.dispatchEvent(new Event('input', {{bubbles: true}}))"
    )


async def test_the_first_run(tmp_path):
    """From no password to the first series: folders that are checked, a source that is tried."""
    episode = tmp_path / "served" / "Nacht (2012)" / "Season 1" / "Nacht - S01E01.mkv"
    episode.parent.mkdir(parents=True)
    episode.write_bytes(video(1))
    async with (
        Process(tmp_path, password=None) as server,
        nginx(tmp_path, tmp_path / "served") as address,
        Chromium() as browser,
    ):
        page = await open_in(browser, server.base + "/")
        await log_in(page)
        await page.wait_for(shown("#first-scan"))
        assert await page.evaluate("location.pathname") == "/welcome"
        await fits(page, "welcome", tmp_path)

        await write(page, field("anime_directory"), "/nowhere/at/all")
        error = f"{field('anime_directory')} ~ .bad"
        await page.wait_for(has_text(error, "does not exist"))
        assert await page.evaluate(has_text(error, "sudo install -d"))
        assert await page.evaluate(
            f"document.querySelector('{field('anime_directory')}').ariaInvalid"
        )
        await page.wait_for(f"{count('.steps [data-state=done]')} == 1")
        offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        await page.send("Network.emulateNetworkConditions", offline=True, **offline)
        await press_in(page, "Save", "form")
        await page.wait_for(has_text("#toasts", "cannot be reached"))
        await page.send("Network.emulateNetworkConditions", offline=False, **offline)
        typed = f"document.querySelector('{field('anime_directory')}').value"
        assert await page.evaluate(typed) == "/nowhere/at/all"
        await write(page, field("anime_directory"), str(tmp_path / "library"))
        await page.wait_for(f"{text(error)} == ''")
        await page.wait_for(f"{count('.steps [data-state=done]')} == 2")

        await press_in(page, "Add a source")
        await page.wait_for(shown(DIALOG))
        await write(page, field("url", DIALOG), "http://127.0.0.1:9/")
        await page.evaluate(choose(field("type", DIALOG), "ytdlp"))
        await page.wait_for(shown(field("hosts", DIALOG)))
        await write(
            page, field("urls", DIALOG), "https://media.example/a,b\nhttps://media.example/c"
        )
        await press_in(page, "Save", DIALOG)
        await page.wait_for(count(f"{DIALOG} .field .bad:not(:empty)"))
        await page.evaluate(choose(field("type", DIALOG), "directory"))
        typed = f"document.querySelector({field('name', DIALOG)!r}).value"
        assert await page.evaluate(typed) == ""
        await write(page, field("url", DIALOG), "http://127.0.0.1:9/")
        await press_in(page, "Test", DIALOG)
        await page.wait_for(has_text(f"{DIALOG} .outcome", "refused the connection"))
        await fits(page, "source that fails", tmp_path)
        await write(page, field("url", DIALOG), "no address")
        await press_in(page, "Save", DIALOG)
        await page.wait_for(has_text(f"{field('url', DIALOG)} ~ .bad", "http://"))
        await write(page, field("url", DIALOG), address)
        await press_in(page, "Test", DIALOG)
        await page.wait_for(has_text(f"{DIALOG} .outcome", "Nacht"))
        await fits(page, "source that works", tmp_path)
        await press_in(page, "Save", DIALOG)
        await page.wait_for(f"{count('[data-list=providers] li')} == 1 && !{count(DIALOG)}")
        assert "127" in await page.evaluate(text("[data-list=providers] li b"))

        await page.click("#first-scan")
        await page.wait_for(f"location.pathname == '/library' && {count('#toasts .toast')}")
        assert page.warnings == []


async def test_every_section(tmp_path):
    """Each section holds its settings, fits every width, and saves what was typed."""
    async with demo_page(tmp_path) as (server, page):
        await server.login()
        for section in SECTIONS:
            await go(page, f"settings/{section}")
            await page.wait_for(f"location.pathname.endsWith({section!r})")
            await page.wait_for(f"{count('[data-view=settings] .card')} && !{count('.failure')}")
            await fits(page, f"settings {section}", tmp_path)
        await go(page, "system")
        await page.wait_for(count("#checks li"))
        await fits(page, "system", tmp_path)

        await go(page, "settings/downloads")
        name = field("max_concurrent_downloads")
        await write(page, name, "99")
        await page.wait_for(has_text(f"{name} ~ .bad", "at most 16"))
        await write(page, name, "3")
        await press_in(page, "Add hours")
        await press_in(page, "Save")
        await page.wait_for(has_text("#toasts", "Saved"))
        config = (await server.get("/api/config"))[1]["data"]
        assert config["max_concurrent_downloads"] == 3
        assert config["limits"] == [{"from": "08:00", "to": "22:00", "mbps": 10}]

        await write(page, field("prefer.languages"), "de, en de-sub")
        await press_in(page, "Save", "form:has([data-field='prefer.languages'])")
        await page.wait_for(f"{count('form button.main:disabled')} == 2")
        prefer = (await server.get("/api/config"))[1]["data"]["prefer"]
        assert prefer["languages"] == ["de", "en", "de-sub"]
        assert prefer["max_resolution"] is None

        await go(page, "settings/follow")
        await write(page, field("night") + " input", "01:00")
        await press_in(page, "Save")
        await page.wait_for(f"{count('form button.main:disabled')} == 1")
        night = (await server.get("/api/config"))[1]["data"]["night"]
        assert night == {"from": "01:00", "to": "00:00"}
        assert faults(page) == page.warnings == []


async def test_notifications_and_sharing(tmp_path):
    """A receiver is added, keeps its token when it is edited, and goes; series are shared."""
    async with demo_page(tmp_path) as (server, page):
        await server.login()
        await go(page, "settings/messages")
        await press_in(page, "Add a receiver")
        await page.wait_for(shown(DIALOG))
        await fits(page, "receiver", tmp_path)
        await page.evaluate(choose(field("type", DIALOG), "gotify"))
        await write(page, field("url", DIALOG), "http://127.0.0.1:9/")
        await press_in(page, "Save", DIALOG)
        await page.wait_for(has_text(f"{field('token', DIALOG)} ~ .bad", "token"))
        await write(page, field("token", DIALOG), "secret")
        await press_in(page, "Save", DIALOG)
        await page.wait_for(f"{count('[data-list=notify] li')} == 1 && !{count(DIALOG)}")

        await press_in(page, "Edit", "[data-list=notify]")
        await page.wait_for(shown(DIALOG))
        await page.click(f"{DIALOG} [value=disk]")
        await press_in(page, "Save", DIALOG)
        await page.wait_for(f"!{count(DIALOG)}")
        (entry,) = (await server.get("/api/config"))[1]["data"]["notify"]
        assert "disk" not in entry["events"]
        assert entry["token"] not in ("", "secret")

        await press_in(page, "Edit", "[data-list=notify]")
        await press_in(page, "Remove", DIALOG)
        await page.wait_for(f"{count(DIALOG)} == 2")
        await press_in(page, "Remove", f"{DIALOG}:last-of-type")
        await page.wait_for(f"!{count('[data-list=notify] li')} && !{count(DIALOG)}")

        await go(page, "settings/share")
        await page.wait_for(shown("[name=share]"))
        await page.click("[name=share][value=some]")
        await page.click(".shared-series input")
        await press_in(page, "Save")
        await page.wait_for("!document.querySelector('[aria-busy=true]')")
        (shared,) = (await server.get("/api/config"))[1]["data"]["share"]["series"]
        assert shared.startswith("aniworld_")
        assert page.warnings == []


async def test_backups_and_history(tmp_path):
    """A backup tells what it would change before it is restored; the history is searched."""
    async with demo_page(tmp_path) as (server, page):
        await server.login()
        await server.put("/api/config", json={"max_concurrent_downloads": 5})
        await go(page, "settings/backups")
        await page.wait_for(count("#backups li"))
        await press_in(page, "Compare", "#backups")
        await page.wait_for(has_text(f"{DIALOG} .differences", "Downloads at a time"))
        await fits(page, "backup", tmp_path)
        await press_in(page, "Restore", DIALOG)
        await page.wait_for(f"{count('#backups li')} == 2 && !{count(DIALOG)}")
        assert (await server.get("/api/config"))[1]["data"]["max_concurrent_downloads"] == 2

        await go(page, "history")
        await page.wait_for(has_text(".empty", "Nothing has been fetched yet"))
        await fill(page, "#history-filter", "nacht")
        await page.wait_for("location.search == '?q=nacht'")
        await page.wait_for(has_text(".empty", "Nothing found"))
        await page.click("[data-show=failed]")
        await page.wait_for("location.search == '?q=nacht&show=failed'")
        await fits(page, "history", tmp_path)
        assert faults(page) == page.warnings == []
