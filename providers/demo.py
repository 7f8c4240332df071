"""A small world of its own: three series whose episodes are test pictures, made as they are sent.

An episode is uncompressed AVI, so every byte follows from its position and a transfer can resume anywhere. A server on
the loopback of this process sends it, slowly enough that progress is seen; the real transfer fetches it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import struct
from functools import partial
from pathlib import Path

from aiohttp import web

from store.settings import Naming
from store.errors import NotFound
from store.models import Episode, Hit, Listing, Source
from store.names import spelling, writer

WIDTH, HEIGHT, RATE, FRAMES = (
    320,
    180,
    10,
    40,
)  # pixels, pixels, frames a second, frames: 6.9 MB in four seconds
SPEED = (
    400_000  # bytes a second and connection: with four of them an episode takes about five seconds
)

# The figures are those of the API reference's examples.
SERIES = {
    "123": (
        "Attack on Titan",
        "Humanity lives behind walls, and something is knocking.",
        100,
        {1, 2, 3, 50, 100},
    ),
    "456": (
        "Demon Slayer",
        "A boy sells charcoal until the night everything changes.",
        26,
        {25, 26},
    ),
    "789": ("Search Result 1", "What every search of this demo finds.", 12, set(range(1, 13))),
}


class Demo:
    """See the Provider protocol."""

    def __init__(self, name: str = "aniworld"):
        self.name = name
        self.base = "http://127.0.0.1/"
        self._runner: web.AppRunner | None = None
        self._starting = asyncio.Lock()

    async def search(self, query: str, limit: int) -> list[Hit]:
        """The series whose titles match, and always the last one: whatever is tried in a demo should find something."""
        wanted = spelling.fold(query)
        found = [
            key
            for key, (title, *_) in SERIES.items()
            if wanted in spelling.fold(title) or key == "789"
        ]
        number = {key: n for n, key in enumerate(reversed(SERIES), 1)}
        return [
            Hit(key, SERIES[key][0], f"https://provider.com/anime/{number[key]}") for key in found
        ][:limit]

    async def listing(self, key: str) -> Listing:
        if key not in SERIES:
            raise NotFound("Anime not found", anime_id=f"{self.name}_{key}")
        title, description, count, _ = SERIES[key]
        episodes = tuple(
            Episode(1, n, title=f"Picture {n}", ref=f"{key}/{n}", size=_size())
            for n in range(1, count + 1)
        )
        return Listing(key, title, description, episodes=episodes)

    async def source(self, key: str, episode: Episode) -> Source:
        await self._serve()
        return Source(f"{self.base}{episode.ref}", ".avi", size=episode.size)

    async def close(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self) -> None:
        async with self._starting:
            if self._runner is None:
                app = web.Application()
                app.router.add_get(r"/{key:\d+}/{number:\d+}", _send)
                self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
                await self._runner.setup()
                await web.TCPSite(self._runner, "127.0.0.1", 0).start()
                self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"


def furnish(library: Path) -> None:
    """Lay out the library of the demo: every episode but those that are missing, each a single picture."""
    for key in ("123", "456"):
        title, _, count, missing = SERIES[key]
        for number in sorted(set(range(1, count + 1)) - missing):
            path = library / writer.path(Naming(), writer.Wanted(title, 1, [number]), ".avi")
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_header(1) + _frame(number, 0) + _index(1))


async def _send(request: web.Request) -> web.StreamResponse:
    """One episode, from any byte on, at SPEED. A picture is made when its turn comes."""
    number = int(request.match_info["number"])
    size, picture = _size(), len(_frame(number, 0))
    pieces = [
        (len(_header()), _header),
        *((picture, partial(_frame, number, n)) for n in range(FRAMES)),
        (len(_index()), _index),
    ]
    tag = f'"demo-{request.path}-{size}"'
    start, status, headers = (
        0,
        200,
        {"ETag": tag, "Accept-Ranges": "bytes", "Content-Type": "video/x-msvideo"},
    )
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    stop = size
    if wanted and request.headers.get("If-Range", tag) == tag:
        start, stop = int(wanted[1]), min(int(wanted[2] or size - 1) + 1, size)
        if start >= stop:
            return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
        status, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{size}"
    answer = web.StreamResponse(status=status, headers=headers)
    answer.content_length = stop - start
    await answer.prepare(request)
    position = 0
    with contextlib.suppress(
        ConnectionError
    ):  # whoever has all of a piece that was shared out hangs up
        for length, make in pieces:
            if position + length > start and position < stop:
                piece = make()[max(start - position, 0) : stop - position]
                await answer.write(piece)
                await asyncio.sleep(len(piece) / SPEED)
            position += length
    return answer


# -- a test picture as AVI: RIFF, two header lists, one chunk a frame, an index ---------------------------------------

_FONT = {  # 3 x 5 points a digit, one octal digit a row
    "0": "75557",
    "1": "26227",
    "2": "71747",
    "3": "71717",
    "4": "55711",
    "5": "74717",
    "6": "74757",
    "7": "71111",
    "8": "75757",
    "9": "75717",
}


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _size() -> int:
    return len(_header()) + FRAMES * (8 + WIDTH * HEIGHT * 3) + len(_index())


def _header(frames: int = FRAMES) -> bytes:
    """Everything before the first frame."""
    picture = WIDTH * HEIGHT * 3
    main = struct.pack(
        "<14I",
        1_000_000 // RATE,
        picture * RATE,
        0,
        0x10,
        frames,
        0,
        1,
        picture,
        WIDTH,
        HEIGHT,
        0,
        0,
        0,
        0,
    )
    stream = struct.pack(
        "<4s4sIHHIIIIIIII4H",
        b"vids",
        b"DIB ",
        0,
        0,
        0,
        0,
        1,
        RATE,
        0,
        frames,
        picture,
        0,
        0,
        0,
        0,
        WIDTH,
        HEIGHT,
    )
    bitmap = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 24, 0, picture, 0, 0, 0, 0)
    lists = (
        b"hdrl"
        + _chunk(b"avih", main)
        + _chunk(b"LIST", b"strl" + _chunk(b"strh", stream) + _chunk(b"strf", bitmap))
    )
    head = _chunk(b"LIST", lists)
    movie = 4 + frames * (8 + picture)
    total = 4 + len(head) + 8 + movie + len(_index(frames))
    return (
        b"RIFF"
        + struct.pack("<I", total)
        + b"AVI "
        + head
        + b"LIST"
        + struct.pack("<I", movie)
        + b"movi"
    )


def _index(frames: int = FRAMES) -> bytes:
    """Where each frame lies: what makes the film seekable."""
    size = WIDTH * HEIGHT * 3
    return _chunk(
        b"idx1",
        b"".join(
            struct.pack("<4sIII", b"00db", 0x10, 4 + n * (8 + size), size) for n in range(frames)
        ),
    )


def _frame(number: int, n: int) -> bytes:
    """One picture, bottom row first: a gradient of the episode's own colour, its number, and a bar that moves."""
    hue = (number * 47) % 256
    bar = WIDTH * n // FRAMES
    text = f"{number:03d}"
    rows = []
    for y in reversed(range(HEIGHT)):
        shade = y * 160 // HEIGHT
        row = bytearray(bytes((hue, shade, 255 - hue)) * WIDTH)
        if 50 <= y < 130:
            for place, digit in enumerate(text):
                bits = int(_FONT[digit][(y - 50) // 16])
                for column in range(3):
                    if bits & (4 >> column):
                        x = 76 + place * 60 + column * 16
                        row[x * 3 : (x + 16) * 3] = b"\xff" * 48
        if y >= HEIGHT - 8:
            row[: bar * 3] = b"\xff" * (bar * 3)
        rows.append(bytes(row))
    return _chunk(b"00db", b"".join(rows))
