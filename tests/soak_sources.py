"""Sources of every kind whose files change and which fail in every way, by a seed."""

from __future__ import annotations

import asyncio
import functools
import html
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import quote, unquote

from tests.shows import video
from tests.upstream import Knobs, Request, Upstream

content = functools.lru_cache(60)(video.__wrapped__)


@dataclass
class Film:
    """A file of a source. Its `versions` are the (seed, size) that it had so far, newest last."""

    title: str
    code: str
    path: str
    versions: list[tuple[int, int]]
    sent: int = 0  # bytes of this path in all
    answers: list[tuple] = field(default_factory=list)  # (status, Range, bytes sent, fault)

    @property
    def body(self) -> bytes:
        return content(*self.versions[-1])

    @property
    def size(self) -> int:
        return self.versions[-1][1]

    @property
    def etag(self) -> str:
        return '"{}-{}"'.format(*self.versions[-1])

    @property
    def modified(self) -> str:
        return f"Mon, 05 Oct 2020 10:{len(self.versions) % 60:02}:00 GMT"


class Fault(NamedTuple):
    """`knobs`, or a function of (chance, body's length) that makes them, for requests of the kind
    `where`: "all", "files" or "listings". `is_files_own`: items may fail while it lasts."""

    knobs: dict | Callable[[random.Random, int], dict]
    where: str = "all"
    is_files_own: bool = False


def page(text: str) -> dict:
    body = f"<!DOCTYPE html><html><body>{text}</body></html>".encode() * 20
    return {"kind": "text/html", "body": body, "etag": None, "modified": None, "ranges": False}


LOGIN = page("<form action=/login/><input type=password></form>")
HOSTILE = {
    "tags": b"<a " * 1_300_000,
    "links": b"".join(b'<a href="%d.mkv">x</a>' % n for n in range(150_000)),
    "rows": b"[" + b",".join(b'{"name":"%d","type":"file"}' % n for n in range(100_000)) + b"]",
    "blanks": json.dumps([{"name": f"a{' ' * 60_000}b", "type": "directory"}]).encode(),
    "brackets": b"[" * 3_000_000,
    "attributes": b"<a" + b" a" * 1_900_000,
    "comment": b"<!--" * 900_000,
}

FAULTS: dict[str, Fault] = {
    "500": Fault({"status": 500}),
    "502": Fault({"status": 502}),
    "503": Fault({"status": 503, "headers": {"Retry-After": "1"}}),
    "429": Fault({"status": 429, "headers": {"Retry-After": "0"}}),
    "401": Fault({"status": 401}),
    "403": Fault({"status": 403}),
    "404": Fault({"status": 404}),
    "404 of files": Fault({"status": 404}, "files", True),
    "500 of files": Fault({"status": 500}, "files", True),
    "502 of listings": Fault({"status": 502}, "listings"),
    "empty reply": Fault({"raw": b""}),
    "no HTTP": Fault({"raw": b"SSH-2.0-OpenSSH_9.2\r\n\r\n"}),
    "cut": Fault(lambda chance, size: {"drop_after": chance.randint(0, size)}),
    "cut files": Fault(lambda chance, size: {"drop_after": chance.randint(0, size)}, "files"),
    "cut each 40 KB": Fault({"drop_after": 40_000}, "files"),
    "reset": Fault(lambda chance, size: {"drop_after": chance.randint(0, size), "reset": True}),
    "silent": Fault({"silent": True}),
    "silent later": Fault(lambda chance, size: {"silent_after": chance.randint(0, size)}),
    "a byte at a time": Fault({"drip": 0.1}, "files"),
    "slow": Fault({"rate": 150_000}),
    "late": Fault({"delay": 0.4}),
    "too long": Fault(lambda chance, size: {"length": size + 1000}, "files", True),
    "too short": Fault(lambda chance, size: {"length": max(1, size - 1000)}, "files", True),
    "open end, cut": Fault(
        lambda chance, size: {"length": "", "drop_after": chance.randint(0, size)}, "files", True
    ),
    "chunks, cut": Fault({"chunked": True, "clean": False}, "files", True),
    "another place": Fault({"ranged": {"shift": 100}}, "files"),
    "nonsense place": Fault({"ranged": {"content_range": "bytes 0-9/10"}}, "files"),
    "several parts": Fault({"ranged": {"multipart": True}}, "files"),
    "no ranges": Fault({"ranges": False}, "files"),
    "ranges refused": Fault({"ranged": {"status": 500}}, "files"),
    "If-Range ignored": Fault({"conditional": {"ranges": False}}, "files"),
    "416": Fault({"ranged": {"status": 416}}, "files"),
    "another ETag": Fault(
        lambda chance, size: {"etag": f'"{chance.random()}"', "modified": None}, "files", True
    ),
    "packed": Fault({"headers": {"Content-Encoding": "gzip"}}, "files", True),
    "login": Fault(LOGIN),
    "login in place of files": Fault(LOGIN, "files", True),
    "redirect to login": Fault({"location": "/login/", "status": 302}),
    "empty list": Fault({"entries": 0.0}, "listings", True),
    "half a list": Fault({"entries": 0.5}, "listings", True),
    "one connection": Fault({"bears": 1, "crowded": {"status": 403}}, "files"),
    "one connection, 404": Fault({"bears": 1, "crowded": {"status": 404}}, "files"),
    "one connection, page": Fault({"bears": 1, "crowded": LOGIN}, "files"),
    "refused": Fault({}),
    **{
        f"hostile: {name}": Fault(
            {"body": body, "kind": "application/json" if body[:1] == b"[" else "text/html"},
            "listings",
            True,
        )
        for name, body in HOSTILE.items()
    },
}


@dataclass
class Episode:
    """A time in which a fault held."""

    fault: str
    began: float
    ended: float | None = None


class Source(Upstream):
    """`style` is that of its listings: "json", "html" or "webdav"; with `plain` it knows neither
    ranges nor validators."""

    def __init__(self, name: str, style: str, chance: random.Random, plain: bool = False, **more):
        super().__init__(**more)
        self.name = name
        self.style = style
        self.chance = chance
        self.is_plain = plain
        self.films: dict[str, Film] = {}  # by path
        self.past: list[Episode] = []  # its faults, the newest last
        self.rate = 8_000_000
        self.share = 0.0  # of the requests that get a fault, each time another one
        self.odd: Counter[str] = Counter()  # these faults
        self._in_files = 0  # requests for files that are being answered

    def settings(self, more: dict) -> dict:
        kind = "webdav" if self.style == "webdav" else "directory"
        return {"type": kind, "name": self.name, "url": self.base} | more

    # -- its files ---------------------------------------------------------------------------------

    def add(self, title: str, number: int) -> Film:
        code = f"S{1 + number // 90:02}E{1 + number % 90:02}"
        size = self.chance.choice((1_000, 40_000, 150_000, 400_000, 900_000, 2_000_000, 6_000_000))
        version = self.chance.getrandbits(40), size + self.chance.randint(0, 999)
        film = Film(title, code, f"{title}/Season {code[1:3]}/{title} - {code}.mkv", [version])
        self.films[film.path] = film
        return film

    def change(self, film: Film) -> None:
        """It has other bytes now, and perhaps another length."""
        size = film.size + self.chance.choice((0, 0, 5_000))
        film.versions.append((self.chance.getrandbits(40), size))

    def rename(self, film: Film) -> None:
        del self.films[film.path]
        more = self.chance.choice(("720p", "1080p", "WEB", "v2"))
        film.path = f"{film.title}/{film.title} - {film.code} {more}.mkv"
        self.films[film.path] = film

    # -- its faults --------------------------------------------------------------------------------

    @property
    def fault(self) -> str:
        return self.past[-1].fault if self.past and self.past[-1].ended is None else ""

    async def fail(self, fault: str) -> None:
        await self.be_well()
        self.past.append(Episode(fault, time.monotonic()))
        if fault == "refused":
            self._server.close()
            for task in self._tasks:
                task.cancel()

    async def be_well(self) -> None:
        if not self.fault:
            return
        was_refused = self.fault == "refused"
        self.past[-1].ended = time.monotonic()
        if was_refused:
            await self.listen()

    async def listen(self) -> None:
        """On the port that it had before."""
        for _ in range(100):
            with suppress(OSError):
                self._server = await asyncio.start_server(
                    self._serve, self._host, self.port, ssl=self._tls, limit=1 << 20
                )
                return
            await asyncio.sleep(0.05)
        raise RuntimeError("its port is taken")

    def was_files_own(self, since: float) -> bool:
        """Whether a fault for which items may fail has held since then."""
        return any(
            FAULTS[episode.fault].is_files_own and (episode.ended or since) >= since
            for episode in self.past
        )

    # -- its answers -------------------------------------------------------------------------------

    async def _answer_by(self, knobs: SimpleNamespace, request: Request, reader, writer) -> bool:
        path = unquote(request.path).lstrip("/")
        film = self.films.get(path)
        knobs.entries = 1.0
        if film:
            knobs.body = film.body
            knobs.etag, knobs.modified = film.etag, film.modified
            if self.is_plain:
                vars(knobs).update({"ranges": False, "etag": None, "modified": None})
        name = self._next_fault(bool(film))
        fault = FAULTS.get(name)
        if fault and fault.where in ("all", "files" if film else "listings"):
            size = film.size if film else 300
            made = fault.knobs(self.chance, size) if callable(fault.knobs) else fault.knobs
            vars(knobs).update(made)
            vars(knobs).update(knobs.ranged if "Range" in request.headers else {})
            vars(knobs).update(knobs.conditional if "If-Range" in request.headers else {})
        if not film:
            self._list(knobs, path)
            return await super()._answer_by(knobs, request, reader, writer)
        if knobs.bears is not None and self._in_files >= knobs.bears:
            vars(knobs).update(knobs.crowded)
        self._in_files += 1
        try:
            return await super()._answer_by(knobs, request, reader, writer)
        finally:
            self._in_files -= 1
            if request.status in (200, 206):
                film.sent += request.sent
                asked = request.headers.get("Range")
                film.answers.append((request.status, asked, request.sent, name))

    def _next_fault(self, is_file: bool) -> str:
        if self.chance.random() >= self.share:
            return self.fault
        kinds = [
            name
            for name, fault in FAULTS.items()
            if fault.where in ("all", "files" if is_file else "listings") and name != "refused"
        ]
        name = self.chance.choice(sorted(kinds))
        self.odd[name] += 1
        return name

    def _list(self, knobs: SimpleNamespace, folder: str) -> None:
        """Let `knobs` answer with the folder's listing, unless a fault gives another body."""
        if knobs.body or knobs.status or knobs.raw is not None:
            return
        rows: dict[str, Film | None] = {}
        for path, film in self.films.items():
            if path.startswith(folder):
                name, slash, _ = path.removeprefix(folder).partition("/")
                rows[name] = None if slash else film
        if folder and not rows:
            knobs.status = 404
            return
        names = sorted(rows)[: int(len(rows) * knobs.entries)] if knobs.entries < 1 else list(rows)
        rows = {name: rows[name] for name in names}
        kind, body = getattr(self, f"_{self.style}")(folder, rows)
        plain = vars(Knobs(kind=kind, body=body, etag=None, modified=None))
        kept = {"drop_after", "reset", "silent", "silent_after", "delay", "rate", "raw", "length"}
        vars(knobs).update({name: plain[name] for name in plain.keys() - kept})
        if self.style == "webdav":
            knobs.status = 207

    def _json(self, folder: str, rows: dict[str, Film | None]) -> tuple[str, bytes]:
        listed = [
            {"name": name, "type": "file", "size": film.size}
            if film
            else {"name": name, "type": "directory"}
            for name, film in rows.items()
        ]
        return "application/json", json.dumps(listed).encode()

    def _html(self, folder: str, rows: dict[str, Film | None]) -> tuple[str, bytes]:
        links = "".join(
            f'<a href="{quote(name)}{"" if film else "/"}">{html.escape(name)}</a>\n'
            for name, film in rows.items()
        )
        return "text/html", f"<title>Index of /{folder}</title><a href=../>../</a>{links}".encode()

    def _webdav(self, folder: str, rows: dict[str, Film | None]) -> tuple[str, bytes]:
        def response(path: str, film: Film | None) -> str:
            kind = "" if film else "<D:collection/>"
            size = f"<D:getcontentlength>{film.size}</D:getcontentlength>" if film else ""
            return (
                f"<D:response><D:href>/{quote(path)}</D:href><D:propstat><D:prop>"
                f"<D:resourcetype>{kind}</D:resourcetype>{size}</D:prop>"
                "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            )

        parts = [response(folder, None)]
        parts += [
            response(f"{folder}{name}" + ("" if film else "/"), film) for name, film in rows.items()
        ]
        xml = f'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">{"".join(parts)}</D:multistatus>'
        return "application/xml", xml.encode()
