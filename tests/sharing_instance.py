"""An instance that shares a small library, for tests of sharing and of sources of that kind.

async with sharing(tmp_path) as server: ...      in this process: `server.key` is its share key
with process(tmp_path) as shared: ...            in a process of its own, with `base` and `key`
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.app import Client, Process, Server, running, until
from tests.upstream import settle

SHOW = "local_show-a-2010"
CONTENTS = {
    (season, number): b"\x1aE\xdf\xa3 not really: %d %d" % (season, number)
    for season, number in [(0, 1), (1, 1), (1, 2), (2, 1)]
}
POSTER = b"\xff\xd8\xff\xe0 not really a picture"
DOUBLE = b"\x1aE\xdf\xa3 two in one"
KNOWN = CONTENTS | {(2, 2): DOUBLE, (2, 3): DOUBLE}


def furnish(library: Path) -> None:
    """Show A with subtitles and two episodes in one file, Über Ich, and a film that is none."""
    show = library / "Show A (2010) [tvdbid-12]"
    files = {f"S{season:02}E{number:02}": body for (season, number), body in CONTENTS.items()}
    for code, body in (files | {"S02E02-E03": DOUBLE}).items():
        folder = show / f"Season {code[1:3]}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"Show A - {code}.mkv").write_bytes(body)
    (show / "Season 01" / "Show A - S01E01.de.forced.srt").write_bytes(b"1\n")
    (show / "poster.jpg").write_bytes(POSTER)
    (show / "Season 01" / "notes.txt").write_bytes(b"not a video")
    other = library / "Über & #1 Ich?"
    other.mkdir()
    (other / "S01E01 German 1080p.mkv").write_bytes(b"\x1aE\xdf\xa3 of another one")
    settle(library)


async def set_up(server: Client, library: Path, series: Any = "all") -> str:
    """Log in, scan, share; returns a key of scope `share`, once all checksums are known."""
    furnish(library)
    await server.login()
    assert (await server.post("/api/v1/anime/rescan"))[0] == 200
    assert (await server.put("/api/config", json={"share": {"series": series}}))[0] == 200
    key = await make_key(server, "share")
    await until(lambda: has_checksums(server))
    return key


async def make_key(server: Client, scope: str) -> str:
    status, made, _ = await server.post("/api/auth/keys", json={"name": scope, "scope": scope})
    assert status == 201
    return made["data"]["key"]


async def shared_files(server: Client, series_id: str = SHOW) -> list[dict]:
    status, answer, _ = await server.get(f"/api/share/series/{series_id}")
    assert status == 200, answer
    return answer["data"]["files"]


async def has_checksums(server: Client) -> bool:
    files = await shared_files(server)
    return all(file["sha256"] for file in files)


@asynccontextmanager
async def sharing(tmp_path: Path, series: Any = "all", **config: Any) -> AsyncIterator[Server]:
    async with running(tmp_path, **config) as server:
        server.key = await set_up(server, server.library, series)
        yield server


@contextmanager
def process(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """Blocks until it is set up: for a fixture that many tests share."""
    server: list[Process] = []

    async def start() -> tuple[str, ...]:
        made = Process(tmp_path)
        server.append(made)
        async with made.opened_client():
            await made.start()
            key = await set_up(made, made.library)
            return key, await make_key(made, "read"), str(made.token)

    try:
        key, read_key, token = asyncio.run(start())
        made = server[0]
        yield SimpleNamespace(
            base=f"{made.base}/",
            key=key,
            read_key=read_key,
            token=token,
            library=made.library,
            state=made.state,
        )
    finally:
        for each in server:
            each.kill9()
