"""Large answers are packed for whoever unpacks them, and only where that gives nothing away."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from contextlib import closing

import aiohttp

from handlers.routes import API
from handlers.signature import signature
from store import episodes
from store.models import Episode, Listing
from tests.app import running
from tests.shows import home


def add_series(server, count: int) -> None:
    with closing(sqlite3.connect(server.state / "aniworld.db")) as conn:
        conn.row_factory = sqlite3.Row
        with conn:
            for number in range(count):
                first = (Episode(1, 1, size=10**8),)
                listing = Listing(f"s{number}", f"Series {number:04}", episodes=first)
                series_id = episodes.store_listing(conn, "home", listing)
                conn.execute("update series set listed = 1 where id = ?", (series_id,))


async def ask(server, path: str, encodings: str):
    headers = {"Authorization": f"Bearer {server.token}", "Accept-Encoding": encodings}
    async with (
        aiohttp.ClientSession(auto_decompress=False) as client,
        client.get(server.base + path, headers=headers) as answer,
    ):
        assert answer.status == 200
        return answer.headers.get("Content-Encoding"), await answer.read()


async def test_a_large_library(tmp_path):
    """It is packed to a part of its size, the same inside; a small answer and others are not."""
    async with running(tmp_path, providers=home("http://127.0.0.1:9/")) as server:
        await server.login()
        assert (await ask(server, "/api/library", "gzip"))[0] is None
        await asyncio.to_thread(add_series, server, 150)
        encoding, plain = await ask(server, "/api/library", "identity")
        assert encoding is None
        encoding, packed = await ask(server, "/api/library", "gzip, deflate, br")
        assert encoding in ("gzip", "deflate")
        assert len(packed) < len(plain) / 5
        encoding, packed = await ask(server, "/api/library", "gzip")
        assert encoding == "gzip"
        assert gzip.decompress(packed) == plain
        assert len(json.loads(plain)["data"]) == 150
        assert (await ask(server, "/api/v1/anime/home_s1", "gzip"))[0] is None
        chosen = ",".join(f"home_s{number}" for number in range(150))
        encoding, some = await ask(server, f"/api/library?series={chosen}", "gzip")
        assert encoding is None and some == plain


def test_nothing_that_the_caller_chose_is_packed():
    """No body, and with a query nothing is packed: what comes back packed is the library's own."""
    for route in API:
        if route.packs:
            taken = signature(route.call, route.path)
            assert (route.method, taken.body) == ("GET", None), route.path
