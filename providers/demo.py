"""A small world of its own: three series whose episodes are test pictures, made as they are sent.

An episode is uncompressed AVI, so every byte follows from its position and a transfer can resume
anywhere. A server on the loopback of this process sends it, slowly enough that progress is seen;
the real transfer fetches it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from providers.memory import Memory
from providers.network import Network
from store.errors import NotFound
from store.models import Episode, Hit, Listing, Picture, Source
from store.names import spelling, writer
from store.names.templates import Wanted
from store.settings import Naming
from store.sources import DemoProvider

WIDTH, HEIGHT = 320, 180  # pixels
FRAMES_PER_SECOND = 10
FRAMES = 40  # of an episode: 6.9 MB in four seconds
# Of each connection: with four of them an episode takes about five seconds.
BYTES_PER_SECOND = 400_000


class DemoSeries(NamedTuple):
    title: str
    description: str
    episodes: int
    missing: frozenset[int]  # numbers of the episodes that the demo's library lacks


# The figures are those of the API reference's examples.
SERIES = {
    "123": DemoSeries(
        "Attack on Titan",
        "Humanity lives behind walls, and something is knocking.",
        episodes=100,
        missing=frozenset({1, 2, 3, 50, 100}),
    ),
    "456": DemoSeries(
        "Demon Slayer",
        "A boy sells charcoal until the night everything changes.",
        episodes=26,
        missing=frozenset({25, 26}),
    ),
    "789": DemoSeries(
        "Search Result 1",
        "What every search of this demo finds.",
        episodes=12,
        missing=frozenset(range(1, 13)),
    ),
}
IN_LIBRARY = ("123", "456")
ALWAYS_FOUND = "789"  # by every search: whatever is tried in a demo should find something


def open_source(settings: DemoProvider, network: Network, memory: Memory) -> Demo:
    return Demo(network)


class Demo:
    """See the Provider protocol."""

    def __init__(self, network: Network) -> None:
        self.base = "http://127.0.0.1/"
        self._network = network
        self._runner: web.AppRunner | None = None
        self._starting = asyncio.Lock()

    async def search(self, query: str, limit: int) -> list[Hit]:
        """The series whose titles match, and always ALWAYS_FOUND."""
        self._network.hear(self.base)
        wanted = spelling.fold(query)
        hits = [
            Hit(key, series.title, f"https://provider.com/anime/{len(SERIES) - place}")
            for place, (key, series) in enumerate(SERIES.items())
            if wanted in spelling.fold(series.title) or key == ALWAYS_FOUND
        ]
        return hits[:limit]

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol."""
        if key not in SERIES:
            raise NotFound("The demo has no such series")
        series = SERIES[key]
        episodes = tuple(
            Episode(1, number, title=f"Picture {number}", ref=f"{key}/{number}", size=film_size())
            for number in range(1, series.episodes + 1)
        )
        return Listing(key, series.title, series.description, episodes=episodes)

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol; the server starts with the first episode."""
        async with self._starting:
            if self._runner is None:
                self._runner = await _serve()
                port = self._runner.addresses[0][1]
                self.base = f"http://127.0.0.1:{port}/"
        return Source(f"{self.base}{episode.ref}", ".avi", size=episode.size)

    async def picture(self, key: str, ref: str) -> Picture:
        """See the Provider protocol."""
        raise NotFound("The source has no picture of this series")

    async def close(self) -> None:
        """End the server."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None


def furnish(library: Path) -> None:
    """Lay out the demo's library: every episode but the missing ones, each a single picture."""
    for key in IN_LIBRARY:
        series = SERIES[key]
        for number in range(1, series.episodes + 1):
            wanted = Wanted(series.title, 1, [number])
            path = library / writer.episode_path(Naming(), wanted, ".avi")
            if number not in series.missing and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"".join(film(number, frames=1)))


async def _serve() -> web.AppRunner:
    """A server of all episodes, on a free port of the loopback."""
    app = web.Application()
    app.router.add_get(r"/{key:\d+}/{number:\d+}", _send)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


async def _send(request: web.Request) -> web.StreamResponse:
    """Send one episode, or a range of it, at BYTES_PER_SECOND."""
    size = film_size()
    tag = f'"demo-{request.path}-{size}"'
    part = _range(request, tag, size)
    start, stop = part or (0, size)
    if start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {"ETag": tag, "Accept-Ranges": "bytes", "Content-Type": "video/x-msvideo"}
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    answer = web.StreamResponse(status=206 if part else 200, headers=headers)
    answer.content_length = stop - start
    await answer.prepare(request)
    position = 0
    # A client hangs up (ConnectionError) when it has all of a range that was shared out.
    with contextlib.suppress(ConnectionError):
        for chunk in film(int(request.match_info["number"])):
            wanted = chunk[max(start - position, 0) : max(stop - position, 0)]
            position += len(chunk)
            if wanted:
                await answer.write(wanted)
                await asyncio.sleep(len(wanted) / BYTES_PER_SECOND)
    return answer


def _range(request: web.Request, tag: str, size: int) -> tuple[int, int] | None:
    """The bytes that are asked for, from the first up to but not with the last; None for all."""
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if not wanted or request.headers.get("If-Range", tag) != tag:
        return None
    last = int(wanted[2] or size - 1)
    return int(wanted[1]), min(last + 1, size)


# -- a test picture as AVI: RIFF, two lists of headers, one chunk a frame, an index ----------------

PICTURE = WIDTH * HEIGHT * 3  # bytes


def film(number: int, frames: int = FRAMES) -> Iterator[bytes]:
    """The bytes of episode `number`, a frame at a time."""
    yield _header(frames)
    for frame in range(frames):
        yield _chunk(b"00db", _picture(number, frame))
    yield _index(frames)


def film_size() -> int:
    return len(_header(FRAMES)) + FRAMES * (8 + PICTURE) + len(_index(FRAMES))


def _picture(number: int, frame: int) -> bytes:
    """A gradient of the episode's own colour that wanders upwards; the bottom row comes first."""
    hue = number * 47 % 256
    shades = [(row + 4 * frame) % HEIGHT * 160 // HEIGHT for row in range(HEIGHT)]
    return b"".join(bytes((hue, shade, 255 - hue)) * WIDTH for shade in shades)


def _header(frames: int) -> bytes:
    """Everything before the first frame."""
    stream = _chunk(b"strh", _stream_header(frames)) + _chunk(b"strf", _bitmap_header())
    headers = _chunk(b"avih", _main_header(frames)) + _chunk(b"LIST", b"strl" + stream)
    before = b"AVI " + _chunk(b"LIST", b"hdrl" + headers)
    movie_size = 4 + frames * (8 + PICTURE)
    total = len(before) + 8 + movie_size + len(_index(frames))
    return b"RIFF" + _uint(total) + before + b"LIST" + _uint(movie_size) + b"movi"


def _main_header(frames: int) -> bytes:
    microseconds = 1_000_000 // FRAMES_PER_SECOND
    bytes_per_second = PICTURE * FRAMES_PER_SECOND
    has_index, streams = 0x10, 1
    return struct.pack(
        "<10I16x",
        *(microseconds, bytes_per_second, 0, has_index, frames, 0, streams, PICTURE),
        *(WIDTH, HEIGHT),
    )


def _stream_header(frames: int) -> bytes:
    rate = struct.pack("<2I", 1, FRAMES_PER_SECOND)
    length = struct.pack("<4I", 0, frames, PICTURE, 0)
    return b"vidsDIB " + bytes(12) + rate + length + struct.pack("<I4H", 0, 0, 0, WIDTH, HEIGHT)


def _bitmap_header() -> bytes:
    planes, bits = 1, 24
    return struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, planes, bits, 0, PICTURE, 0, 0, 0, 0)


def _index(frames: int) -> bytes:
    """Where each frame lies: what makes the film seekable."""
    key_frame = 0x10
    places = [4 + frame * (8 + PICTURE) for frame in range(frames)]
    rows = [struct.pack("<4s3I", b"00db", key_frame, place, PICTURE) for place in places]
    return _chunk(b"idx1", b"".join(rows))


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + _uint(len(data)) + data + bytes(len(data) % 2)


def _uint(number: int) -> bytes:
    return struct.pack("<I", number)
