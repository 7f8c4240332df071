"""A household to be looked at: a library of made-up series with posters, and a queue at work.

`python -m tests.showcase` makes the pictures of the README anew, in docs/. The posters are drawn
by the browser itself; the source is a real server, whose files are as large as it lists them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from store import counts
from tests.app import ROOT, Server, free_port, running, until
from tests.browser import Chromium
from tests.small_png import encode
from tests.test_page import go, log_in, open_in, shown

BEGIN = b"\x1aE\xdf\xa3"  # of a Matroska file
BYTES_PER_SECOND = 2_600_000
EPISODE_BYTES = 385_000_000
WIDTH, HEIGHT = 1280, 860  # of a picture


class Show(NamedTuple):
    """A series: how many episodes its seasons have, and how many of all are in the library."""

    title: str
    seasons: tuple[int, ...]
    have: int
    scene: str = ""  # of its poster; without one it has none


SHOWS = (
    Show("The Lighthouse Keepers", (12, 12, 12), 31, "sea"),
    Show("Nachtwache", (13, 13), 22, "city"),
    Show("A Cartographer of Small Islands", (24,), 24, "islands"),
    Show("Paper Comets", (12,), 9, "comet"),
    Show("Der Kranich im Schnee", (26,), 26, "snow"),
    Show("Salt & Thunder", (10, 10), 17, "storm"),
    Show("Summer of the Tin Robots", (12, 12), 24, "robot"),
    Show("夜の図書館", (12,), 11, "moon"),
    Show("Under Copper Trees", (25,), 25, "forest"),
    Show("Drei Haselnüsse für Bruno", (52,), 40, "hills"),
    Show("The Long Way to Vega", (13, 13, 10), 36, "planet"),
    Show("Marlene and the Fog", (8,), 8, "fog"),
    Show("Night Train Sonata", (12,), 4, "train"),
    Show("Wüstenblumen", (24,), 24, "dunes"),
    Show("Low Tide Detectives", (12, 12, 12, 12), 48, "city"),
    Show("مدينة القمر", (30,), 30, "moon"),
    Show("Harvest of Lanterns", (12,), 12, "lanterns"),
    Show("Ein Haus aus Wind", (16,), 16),
    Show("The Beekeeper's Orbit", (12,), 12, "planet"),
    Show("Kettles and Kings", (20,), 20, "hills"),
    Show("雪国の灯台", (13,), 13, "snow"),
    Show("Whale Song Relay", (11,), 11, "islands"),
    Show("Grandmother's Submarine", (26, 26), 52, "islands"),
    Show("The Quiet Volcano", (12,), 12, "storm"),
    Show("Zur Rindfleischetikettierungsüberwachungsbeamtin", (6,), 6),
)
DESCRIPTION = (
    "Three people keep a light that no ship has needed for thirty years. Then a ship comes. "
    "A quiet series about weather, patience and what one owes to strangers."
)
NAMES = (
    "First light",
    "A letter from the harbour",
    "What the tide left",
    "The glass",
    "Fog, and more fog",
    "Sixteen steps",
    "Visitors",
    "The winter oil",
    "An honest storm",
    "Logbook",
    "The other island",
    "Home",
)

# -- the source ----------------------------------------------------------------------------------


class Shelf:
    """A server that lists `files`: path -> size, and sends them at a steady pace.

    A path in `gone` is listed, and denied.
    """

    def __init__(self, files: dict[str, int]):
        self.files = files
        self.gone: set[str] = set()
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> Shelf:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(self, *_) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if path.endswith("/") or not path:
            return web.json_response(self._listing(path))
        size = self.files.get(path)
        if size is None or path in self.gone:
            raise web.HTTPNotFound
        wanted = request.http_range
        first, last = wanted.start or 0, min(wanted.stop or size, size)
        answer = web.StreamResponse(status=206 if "Range" in request.headers else 200)
        answer.headers.update({"Accept-Ranges": "bytes", "ETag": f'"{size}"'})
        answer.content_type = "video/x-matroska"
        if answer.status == 206:
            answer.headers["Content-Range"] = f"bytes {first}-{last - 1}/{size}"
        answer.content_length = last - first
        await answer.prepare(request)
        piece = bytes(BYTES_PER_SECOND // 10)
        with contextlib.suppress(ConnectionError):
            while first < last:
                part = piece[: last - first]
                await answer.write(BEGIN + part[4:] if first == 0 else part)
                first += len(part)
                await asyncio.sleep(0.1)
        return answer

    def _listing(self, folder: str) -> list[dict]:
        rows = {}
        for path, size in self.files.items():
            if path.startswith(folder):
                name, slash, _ = path.removeprefix(folder).partition("/")
                row = {"type": "directory"} if slash else {"type": "file", "size": size}
                rows[name] = {"name": name} | row
        return list(rows.values())


def codes_of(show: Show) -> list[tuple[int, int]]:
    return [(s, n) for s, most in enumerate(show.seasons, 1) for n in range(1, most + 1)]


def path_of(title: str, season: int, number: int) -> str:
    return f"{title}/Season {season:02}/{title} - S{season:02}E{number:02}.mkv"


# -- the household -------------------------------------------------------------------------------


@asynccontextmanager
async def household(folder: Path, browser: Chromium) -> AsyncIterator[tuple[Server, Shelf]]:
    """The server with all of SHOWS read in, and a source of what lacks; `attic` does not answer."""
    files = {path_of(show.title, *code): EPISODE_BYTES for show in SHOWS for code in codes_of(show)}
    providers = [
        {"type": "directory", "name": "nas", "url": ""},
        {"type": "directory", "name": "attic", "url": f"http://127.0.0.1:{free_port()}/"},
    ]
    async with Shelf(files) as shelf:
        providers[0]["url"] = shelf.base
        async with running(folder, providers=providers, max_connections_per_host=4) as server:
            await furnish(server.library, browser)
            await server.login()
            await server.post("/api/v1/anime/rescan")
            await asyncio.to_thread(tell_of_episodes, server.state / "aniworld.db")
            yield server, shelf


async def furnish(library: Path, browser: Chromium) -> None:
    """Lay out the files that are in the library, each only as long as its beginning."""
    page = await browser.open("about:blank")
    draw = await asyncio.to_thread((ROOT / "tests" / "posters.js").read_text)
    for number, show in enumerate(SHOWS):
        for code in gapped(show):
            path = library / path_of(show.title, *code)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(BEGIN)
        nfo = f"<tvshow><plot>{DESCRIPTION}</plot><year>{2006 + number % 19}</year></tvshow>"
        (library / show.title / "tvshow.nfo").write_text(nfo)
        if show.scene:
            arguments = f"{number}, {json.dumps(show.scene)}, {json.dumps(show.title)}"
            poster = await page.evaluate(f"{draw.strip()}({arguments})")
            (library / show.title / "poster.jpg").write_bytes(base64.b64decode(poster))


async def busy(server: Server, shelf: Shelf, *, fails: bool = True) -> None:
    """Let something be fetched, something fail if it `fails`, and the rest be under way."""
    small = [path for path in shelf.files if path.startswith(("Paper Comets", "Salt & Thunder"))]
    shelf.files.update(dict.fromkeys(small, 400_000))
    if fails:
        shelf.gone = {path for path in small if path.endswith(("S01E12.mkv", "S02E10.mkv"))}
    for series in ("nas_paper-comets", "nas_salt-thunder"):
        await queue(server, series)
    await server.post("/api/queue/start")
    await until(lambda: fetched(server, 4))
    await queue(server, "nas_the-lighthouse-keepers", "S03E09", "S03E10")
    for series in ("nas_nachtwache", "nas_night-train-sonata"):
        await queue(server, series)


async def queue(server: Server, series: str, *episodes: str) -> None:
    body = {"anime_id": series, "episodes": episodes or ["missing"]}
    await server.post("/api/queue/add", json=body)


async def fetched(server: Server, many: int) -> bool:
    _, summary, _ = await server.get("/api/summary")
    return summary["completed"] >= many


def gapped(show: Show) -> list[tuple[int, int]]:
    """The episodes that are here: all but some in the midst, and the last ones."""
    every = codes_of(show)
    lacking = len(every) - show.have
    holes = set(random.Random(show.title).sample(every[:-1], lacking // 3))
    here = [code for code in every if code not in holes]
    return here[: show.have]


def tell_of_episodes(database: Path) -> None:
    """What no listing of folders tells: titles, days, and what is yet to come."""
    with closing(sqlite3.connect(database)) as conn, conn:
        conn.row_factory = sqlite3.Row
        for number, name in enumerate(NAMES, 1):
            conn.execute("update episodes set title = ? where number = ?", (name, number))
        rows = conn.execute("select id from series where missing > 0 order by id").fetchall()
        for place, row in enumerate(rows):
            last = conn.execute(
                "select max(season), max(number) from episodes where series = ?", (row["id"],)
            ).fetchone()
            for week in range(3):
                aired = date.today() + timedelta(days=7 * week + place % 7 - 3)
                what = (row["id"], "nas", last[0], last[1] + 1 + week, NAMES[week], str(aired))
                conn.execute("insert or ignore into calendar values (?, ?, ?, ?, ?, ?)", what)
            counts.recount(conn, row["id"])


# -- the pictures of the README ------------------------------------------------------------------

PICTURES = {
    "page-library": ("library", "#series-list li"),
    "page-series": ("series/nas_the-lighthouse-keepers", ".cell"),
    "page-queue": ("queue", "#open-items li"),
}
# Lazy ones too; a series may have none, whose place then shows its title.
ALL_PICTURES = """[...document.images].map((image) => {
    image.loading = "eager";
    return image.complete;
}).every(Boolean)"""
PIXELS = """(async (png) => {
    const picture = new Image();
    picture.src = `data:image/png;base64,${png}`;
    await picture.decode();
    const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    pen.drawImage(picture, 0, 0);
    const { data } = pen.getImageData(0, 0, picture.width, picture.height);
    let text = "";
    for (let at = 0; at < data.length; at += 8192)
        text += String.fromCharCode(...data.subarray(at, at + 8192));
    return btoa(text);
})"""


async def take_pictures(docs: Path) -> None:
    """Make the pictures of the README anew."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Chromium(width=WIDTH, height=HEIGHT) as browser,
            household(Path(folder), browser) as (server, shelf),
        ):
            await busy(server, shelf, fails=False)
            page = await open_in(browser, f"{server.base}/library")
            await log_in(page)
            await page.wait_for(shown("#series-list li"))
            canvas = await browser.open("about:blank")
            await asyncio.sleep(20)  # seconds, so that speed and progress can be seen
            for name, (path, there) in PICTURES.items():
                await page.emulate(width=WIDTH, height=HEIGHT, dark=name != "page-series")
                await go(page, path)
                await page.wait_for(shown(there))
                await page.wait_for(ALL_PICTURES)
                await page.screenshot(Path(folder) / "picture.png")
                png = base64.b64encode((Path(folder) / "picture.png").read_bytes()).decode()
                pixels = base64.b64decode(await canvas.evaluate(f"{PIXELS}({json.dumps(png)})"))
                picture = await asyncio.to_thread(encode, pixels, WIDTH)
                (docs / f"{name}.png").write_bytes(picture)
                print(f"{name}: {len(picture):,} bytes")


if __name__ == "__main__":
    asyncio.run(take_pictures(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"))
