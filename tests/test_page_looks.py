"""How the page looks and is used in a household with much in it: each view, in a real browser.

ANIWORLD_PICTURES=1 keeps a picture of each view and look in the test's folder.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from contextlib import asynccontextmanager

import pytest

from handlers.page import CONTENT_TYPES, STATIC
from tests.browser import Chromium
from tests.requirements import lack
from tests.showcase import busy, household
from tests.small_png import encode
from tests.test_page import VIEWS, count, fits, go, has_text, log_in, open_in, shown
from tests.test_page_views import AXE, violations

SERIES = "series/nas_the-lighthouse-keepers"
LOOKED_AT = {
    **VIEWS,
    "series/aniworld_123": None,
    "search?q=demon": None,
    "queue": "#open",
    SERIES: ".cell",
    "search?q=the": "#hits li",
    "calendar": ".days li",
    "history?show=failed": "#history-list",
    "library?q=xyzzy": "#series-empty a",
    "series/nobody_here": ".failure",
}
LOOKED_AT = {path: there for path, there in LOOKED_AT.items() if there}  # those of the demo less
# WCAG 1.4.12: whoever needs more space between lines, letters and words.
SPACED = """(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets = [sheet];
})()"""
# What has the focus: a name for it, whether it is seen, and whether a ring shows it.
FOCUSED = """(() => {
    const node = document.activeElement;
    if (node === document.body) return ["body", false, false];
    const box = node.getBoundingClientRect();
    const at = document.elementFromPoint(
        Math.min(innerWidth - 2, Math.max(1, box.x + box.width / 2)),
        box.y + Math.min(box.height, innerHeight) / 2);
    const ringed = [node, node.querySelector(".art") ?? node];
    const hasRing = ringed.some((each) => getComputedStyle(each).outlineStyle !== "none");
    const said = node.id || node.ariaLabel || node.textContent.slice(0, 40) || node.name;
    const name = node.closest("#deck") ? "deck" : said;
    return [`${node.localName} ${name}`, node.contains(at) || at?.contains(node), hasRing];
})()"""


@asynccontextmanager
async def looking(tmp_path, language: str = "en"):
    """The household at work, and the page on it."""
    async with (
        Chromium() as browser,
        household(tmp_path, browser) as (server, shelf),
    ):
        await busy(server, shelf)
        page = await open_in(browser, f"{server.base}/library", language)
        await log_in(page)
        await page.wait_for(shown("#series-list li"))
        yield server, page


async def visit(page, path: str) -> None:
    await go(page, path)
    await page.wait_for(shown(LOOKED_AT[path]))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["de", "en"])
async def test_each_view_fits_with_much_in_it(tmp_path, language):
    """At all widths and in both colours, and with the spacing of WCAG 1.4.12."""
    async with looking(tmp_path, language) as (_, page):
        for path in LOOKED_AT:
            await visit(page, path)
            await fits(page, f"{path.replace('/', ' ')} {language}", tmp_path)
        await page.evaluate(SPACED)
        for path in LOOKED_AT:
            await visit(page, path)
            for width in (320, 1280):
                await page.emulate(width=width)
                wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert await page.evaluate(wide) <= 0, (path, width)
        assert [line for line in page.console if "404" not in line] == []


@pytest.mark.slow
async def test_the_keyboard_alone_is_enough(tmp_path):
    """Tab goes through each view: the focus is always somewhere, seen and ringed."""
    async with looking(tmp_path) as (_, page):
        for path in LOOKED_AT:
            for width in (1280, 360):
                await page.emulate(width=width, height=760, still=True)
                await visit(page, path)
                await page.evaluate("document.querySelector('#view h1').focus()")
                name = ""
                for _ in range(50):
                    last = name
                    await page.press("Tab")
                    name, is_seen, has_ring = await page.evaluate(FOCUSED)
                    if name == "body":  # behind the last stop, which is in the deck
                        assert last.endswith(" deck"), (path, width, last)
                        break
                    assert is_seen, (path, width, name)
                    assert has_ring, (path, width, name)


@pytest.mark.slow
async def test_axe_finds_nothing_in_a_full_house(tmp_path):
    """On a large screen in light colours, on a phone in dark ones."""
    if not AXE.exists():
        lack("axe-core is not installed; npm install --prefix .ci/parts axe-core@4.14.1 brings it")
    axe = await asyncio.to_thread(AXE.read_text)
    async with looking(tmp_path) as (_, page):
        await page.evaluate(axe)
        for path in LOOKED_AT:
            await visit(page, path)
            for width, dark in ((1920, False), (360, True)):
                await page.emulate(width=width, height=800, dark=dark)
                assert await violations(page) == [], (path, width)


@pytest.mark.slow
async def test_states_are_told_apart(tmp_path):
    """By a legend, by badges, and in colours that the system forces; each row keeps its order."""
    async with looking(tmp_path) as (_, page):
        await visit(page, SERIES)
        await page.wait_for(has_text(".legend", "3 Missing"))
        legend = "[...document.querySelectorAll('.legend b')].map((b) => Number(b.textContent))"
        assert sum(await page.evaluate(legend)) == await page.evaluate(count(".cell"))
        ground = "getComputedStyle(document.querySelector('.cell[data-state={}]')).backgroundColor"
        await page.emulate(forced=True)
        present, missing = [await page.evaluate(ground.format(s)) for s in ("present", "missing")]
        assert present != missing
        await visit(page, "library")
        await page.wait_for(has_text("[data-key=nas_nachtwache] .badge", "4 queued"))
        await page.wait_for(has_text("[data-key=nas_the-lighthouse-keepers] .badge", "5 missing"))
        await visit(page, "queue")
        left = "document.querySelector('#completed li {}').getBoundingClientRect().left"
        for width in (360, 1280, 1920):
            await page.emulate(width=width)
            parts = [
                await page.evaluate(left.format(part)) for part in (".text", "button:not([hidden])")
            ]
            assert parts == sorted(parts), width


def test_the_page_can_be_installed():
    """The manifest has a name, and icons in the sizes that phones ask for."""
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text())
    assert {"name", "short_name", "start_url", "scope", "display", "theme_color"} <= manifest.keys()
    purposes = {icon["purpose"] for icon in manifest["icons"]}
    assert purposes == {"any", "maskable"}
    sizes = set()
    for icon in manifest["icons"]:
        path = STATIC / icon["src"]
        assert CONTENT_TYPES[path.suffix] == icon["type"]
        if path.suffix == ".png":
            head = path.read_bytes()[:24]
            width, height = (int.from_bytes(head[at : at + 4]) for at in (16, 20))
            assert icon["sizes"] == f"{width}x{height}"
            sizes.add(width)
    assert {192, 512} <= sizes


def test_a_small_png_is_read_by_a_decoder():
    """Its pixels come back: as they were where the colours suffice, else as their nearest."""
    pixels = bytes((200, 10, 30, 255)) * 3 + bytes((0, 0, 255, 255)) * 3
    picture = encode(pixels, 3)
    assert picture[16:24] == (3).to_bytes(4) + (2).to_bytes(4)
    at = picture.index(b"IDAT")
    data = zlib.decompress(picture[at + 4 : at + 4 + int.from_bytes(picture[at - 4 : at])])
    at = picture.index(b"PLTE") + 4
    palette = [picture[at : at + 3], picture[at + 3 : at + 6]]
    lines = [data[:4], data[4:]]
    assert [[palette[index] for index in line[1:]] for line in lines] == [
        [bytes((200, 10, 30))] * 3,
        [bytes((0, 0, 255))] * 3,
    ]
    many = b"".join(bytes((n % 256, n * 7 % 256, n * 31 % 256, 255)) for n in range(4096))
    assert encode(many, 64).count(b"PLTE") == 1
