"""Shows at a source, in the queue and in the library: what tests of downloads and rescans share."""

import functools
import json
import os
import random
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

from handlers.keys import ENGINE
from store.models import Item
from store.names import codes as episode_codes
from tests.app import Client, Server, until
from tests.upstream import Knobs, Request, Upstream

SHOW = "home_show"  # the id of the series Show of the source that home() sets
SIZE = 6_000_000


@functools.lru_cache(8)
def video(seed: int, size: int = SIZE) -> bytes:
    """What begins like a Matroska file; the same bytes for the same seed."""
    return b"\x1aE\xdf\xa3" + random.Random(seed).randbytes(size - 4)


def home(url: str, kind: str = "directory") -> list[dict]:
    """The setting `providers`: one folder of a server, called home."""
    return [{"type": kind, "name": "home", "url": url}]


class Shows(Upstream):
    """Season 1 of Show with its listings, as nginx gives them; it denies the codes in `gone`."""

    def __init__(self, sizes, seed: int = 0):
        super().__init__()
        self.videos = {
            f"S01E{number:02}": video(seed * 100 + number, size)
            for number, size in enumerate(sizes, 1)
        }
        self.gone: set[str] = set()
        self.kills: list[int] = []  # how many requests there were at each kill of the server

    def _answer(self, knobs: SimpleNamespace, request: Request) -> tuple[bytes, bytes]:
        code = self.code(request)
        if code is None:
            listing = json.dumps(self._listing(unquote(request.path))).encode()
            plain = Knobs(body=listing, kind="application/json", etag=None, modified=None)
            vars(knobs).update(vars(plain))
        else:
            knobs.body = self.videos[code]
            if code in self.gone:
                knobs.status = 404
        return super()._answer(knobs, request)

    def _listing(self, folder: str) -> list[dict]:
        if folder != "/Show/":
            return [{"name": "Show", "type": "directory"}]
        return [
            {"name": f"Show - {code}.mkv", "type": "file", "size": len(body)}
            for code, body in self.videos.items()
        ]

    def code(self, request: Request) -> str | None:
        """The episode that was asked for; None for a listing."""
        path = unquote(request.path)
        return None if path.endswith("/") else path.removesuffix(".mkv")[-6:]

    def fetched(self, code: str, first: int = 0, last: int | None = None) -> list[tuple[int, int]]:
        """(first byte, byte after the last one sent) of each request for an episode."""
        stretches = []
        for request in self.requests[first:last]:
            if self.code(request) == code and request.status in (200, 206):
                start = 0
                if request.status == 206:
                    start = int(request.headers["Range"].removeprefix("bytes=").partition("-")[0])
                stretches.append((start, start + request.sent))
        return stretches

    def sent(self, code: str) -> int:
        """How many bytes of an episode were sent in all."""
        return sum(end - start for start, end in self.fetched(code))

    def lives(self, code: str) -> list[list[tuple[int, int]]]:
        """As fetched(), for each life of the server by itself."""
        borders = [0, *self.kills, len(self.requests)]
        return [self.fetched(code, *life) for life in pairwise(borders)]


def library_is_right(server, up: Shows) -> set[str]:
    """INV-1: every file with a name in the library is the source's, whole. Their codes."""
    paths = [  # a folder may go while it is read, as the one that asks how the disk is
        Path(folder, name)
        for folder, _, names in os.walk(server.library)
        for name in names
        if not name.startswith(".")
    ]
    files = [path for path in paths if path.is_file() and ".aniworld-incoming" not in path.parts]
    by_code = {path.stem[-6:]: path for path in files}
    assert len(by_code) == len(files), f"doubled: {files}"
    for code, path in by_code.items():
        assert path == server.library / "Show" / "Season 01" / f"Show - {code}.mkv"
        assert path.read_bytes() == up.videos[code], f"{path} is not the source's"
    return set(by_code)


def database_is_right(server) -> None:
    """INV-6, of a server that does not run."""
    with closing(sqlite3.connect(server.state / "aniworld.db")) as conn:
        assert conn.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert conn.execute("pragma foreign_key_check").fetchall() == []


async def queue(server: Client, *episodes: str, **more) -> dict:
    """Add episodes of Show to the queue, as codes or words of POST /api/queue/add."""
    body = {"anime_id": SHOW, "episodes": list(episodes), **more}
    status, answer, _ = await server.post("/api/queue/add", json=body)
    assert status == 201, answer
    return answer["data"]


async def statuses(server: Client) -> dict[str, str]:
    """code -> status of each item in the queue."""
    _, page, _ = await server.get("/api/queue?per_page=100")
    return {item["episode"]: item["status"] for item in page["data"]}


def code_of(item: Item) -> str:
    return episode_codes.code(item.season, item.number)


async def completed(server: Client, *codes: str) -> None:
    """Wait until these episodes are; none may fail on the way.

    Of a server in this process also what comes after an episode is there, as its subtitles.
    """

    async def are_completed() -> bool:
        now = await statuses(server)
        assert "failed" not in now.values(), (await server.get("/api/queue"))[1]
        return all(now.get(wanted) == "completed" for wanted in codes)

    await until(are_completed)
    if isinstance(server, Server):
        jobs = server.app[ENGINE]._slots.jobs
        await until(lambda: not any(code_of(job.item) in codes for job in jobs()))


async def episodes(server: Client, series_id: str) -> dict[str, dict]:
    """code -> entry of a series' episodes; of a file that is none, its path -> entry."""
    path = f"/api/v1/anime/{series_id}/episodes?per_page=100"
    status, page, headers = await server.get(path)
    assert status == 200 and int(headers["X-Total-Count"]) == len(page["data"])
    return {entry["code"] or entry["path"]: entry for entry in page["data"]}


def add(server, path: str) -> Path:
    """A file of the household's own in the library."""
    file = server.library / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(path.encode())
    return file
