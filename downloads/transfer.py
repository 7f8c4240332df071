"""One URL into one verified file. Knows no queue and no database.

The rules of resuming are chapter 4 of the specification's providers. One call of `fetch` is one attempt: it begins anew
by itself where a file has changed, but waiting and trying again is its caller's business.
"""

from __future__ import annotations

import asyncio
import re
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp

from downloads.parts import DIGESTS, MIB, Checkpoint, Part, join, length
from downloads.wire import SIZE, Lane, Limits, pieces
from providers.web import Web
from store.errors import ProviderError
from store.models import Source

__all__ = ["Checkpoint", "Limits", "Progress", "Receipt", "Throttle", "fetch"]

FIRST, STEP, AHEAD, OFTEN = MIB, 8 * MIB, 3 * MIB, 5.0  # bytes until a sync, bytes written during one, seconds
OVERLAP = 64 * 1024  # bytes that a resumed download compares with what the server has
RESERVE = 64 * MIB
SPLIT = 2 * MIB  # a lane with less left than this is not shared
SLOW = 24 * MIB  # bytes per second and connection above which a line is not worth more connections
HEAD = 512


@dataclass
class Progress:
    """Read by whoever shows it. `done` and `total` in bytes (None: unknown), `fetched` bytes over the wire in this run."""

    done: int = 0
    total: int | None = None
    resumed: int = 0
    fetched: int = 0


@dataclass(frozen=True)
class Receipt:
    """`validator` is what held resumed or parallel pieces together: "etag", "date", "length", or None for one piece.
    `proof` is the strongest thing shown about the bytes."""

    bytes: int
    resumed: int
    validator: str | None
    proof: str
    seconds: float


class Throttle:
    """One rate for everything that shares it: `mbps` in megabits (10^6) per second, 0 for none; may change at any time."""

    def __init__(self, mbps: float = 0):
        self.mbps = mbps
        self._debt = 0.0  # bytes taken but not yet paid for by time
        self._paid = 0.0

    @property
    def rate(self) -> float:
        """Bytes per second; 0 is no limit."""
        return self.mbps * 125_000

    def step(self) -> int:
        """How much to read at a time, so that the rate holds within a fraction of a second too."""
        return max(16_384, int(self.rate / 8)) if self.mbps else SIZE

    async def take(self, count: int) -> None:
        if not self.mbps:
            self._debt = 0.0
            return
        now = asyncio.get_running_loop().time
        self._pay(now())
        self._debt += count
        while self._debt > 0 and self.mbps:
            await asyncio.sleep(min(self._debt / self.rate, 0.25))  # in slices: the rate may change meanwhile
            self._pay(now())

    def _pay(self, now: float) -> None:
        # A little credit stays, or every sleep that ends late would be lost for good.
        self._debt = max(self._debt - (now - self._paid) * self.rate, -self.rate * 0.1 if self._paid else 0.0)
        self._paid = now


async def fetch(
    web: Web,
    source: Source,
    part: Path,
    *,
    base: str,
    resume: Checkpoint | None,
    save: Callable[[Checkpoint], Awaitable[None]],
    progress: Progress,
    throttle: Throttle,
    crc: str | None = None,
    connections: int = 1,
    reserve: Callable[[int], Awaitable[None]] | None = None,
    limits: Limits = Limits(),
) -> Receipt:
    """Make `part` the file at `source.url`, complete, verified and durable.

    `save` is awaited with every new checkpoint, after its bytes are durable. `reserve` is awaited with the number of
    bytes still to come (64 MiB while the length is unknown) before the first one and each 64 MiB; it refuses by raising.
    `crc`: a CRC32 that the file's name carries. `connections`: the most to this host.

    Raises ProviderError (the source; `final` and `retry_after` say what to do), DownloadError (something else lies at
    `part`), OSError (our disk; what was fetched is kept), CancelledError (what was fetched is kept).
    """
    async with Part(part) as file:
        return await _Transfer(
            web, source, file, base, save, progress, throttle, crc, connections, reserve, limits
        ).run(resume)  # fmt: skip


class _Changed(Exception):
    """What the server has now cannot be joined to what we have: from 0 again."""


class _Foreign(Exception):
    """The bytes are no video; the argument says what they are."""


class _Transfer:
    def __init__(self, web, source, file, base, save, progress, throttle, crc, connections, reserve, limits):
        self.web, self.source, self.file, self.base = web, source, file, base
        self.save, self.progress, self.throttle, self.limits = save, progress, throttle, limits
        self.connections, self.reserve = connections, reserve
        self.checks = [(n, d.lower()) for n, d in source.checksums.items() if n in DIGESTS]
        self.checks += [("crc32", crc.lower())] if crc else []
        self.now = asyncio.get_running_loop().time
        self.point = Checkpoint(source.url)
        self.trusted: tuple = ()  # spans of earlier runs: each is compared with the server where we go on behind it
        self.lanes: list[Lane] = []
        self.saving: asyncio.Task | None = None
        self.synced, self.synced_at = 0, self.now()  # what the newest checkpoint holds, in bytes; when it was made
        self.reserved = 0
        self.sniffed = self.measured = False
        self.validator: str | None = None

    async def run(self, resume: Checkpoint | None) -> Receipt:
        began = self.now()
        try:
            await self._begin(resume)
            for again in (True, False):
                await self._gather()
                await self._settle()
                if not (wrong := await self._wrong()):
                    break
                await self._restart()
                if not again:
                    raise ProviderError(f"The file's {wrong} checksum is wrong, twice", final=True)
        except BaseException as failure:
            settling = asyncio.ensure_future(self._settle())
            while not settling.done():  # not to be hurried by a second cancellation: the file is about to be closed
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({settling})
                    break
                failure = asyncio.CancelledError()
            disk = settling.exception()
            raise disk if disk and isinstance(failure, ProviderError) else failure
        proof = min((n for n, _ in self.checks), key=DIGESTS.index, default="length" if self.measured else "clean end")
        return Receipt(length(self.file.spans), self.progress.resumed, self.validator, proof, self.now() - began)

    # --- what we have -----------------------------------------------------------------------------------------------

    async def _begin(self, resume: Checkpoint | None) -> None:
        size = await self.file.size()
        if (
            resume and resume.spans and resume.url == self.source.url and size >= resume.spans[-1][1]
            and not (_validator(resume)[0] == "length" and resume.etag)  # what it had to be known by was weak
        ):  # fmt: skip
            self.point = replace(resume)
            self.file.spans = self.trusted = resume.spans
            self.synced = self.progress.done = length(resume.spans)
            self.progress.total = resume.total
        else:
            await self._restart(told=bool(resume and resume.spans))

    async def _restart(self, told: bool = True) -> None:
        """Empty the file. The map goes before the bytes: no crash may leave spans that are not what they say."""
        await self._saved()
        self.point, self.trusted, self.file.spans = Checkpoint(self.source.url), (), ()
        self.synced = self.reserved = self.progress.done = 0
        self.progress.total, self.validator, self.sniffed, self.measured = None, None, False, False
        if told:
            await self.save(replace(self.point))
        await self.file.cut(0)

    async def _settle(self) -> None:
        """Make everything that is written durable, then say so."""
        await self._saved()
        if self.file.spans != self.point.spans and not self.file.broken:
            await self._keep()

    async def _saved(self) -> None:
        saving, self.saving = self.saving, None
        if saving:
            await saving

    async def _keep(self) -> None:
        self.synced, self.synced_at = length(self.file.spans), self.now()
        self.point.spans = await self.file.sync()
        await self.save(replace(self.point))

    async def _wrote(self, data, position: int) -> None:
        await self.file.write(data, position)
        done = length(self.file.spans)
        self.progress.done, waiting = done, done - self.synced
        if self.saving and self.saving.done():
            await self._saved()
        if not self.saving:
            due = FIRST if not self.point.spans else STEP
            if waiting >= due or waiting and self.now() - self.synced_at >= OFTEN:
                self.saving = asyncio.create_task(self._keep(), name="checkpoint")
        elif waiting >= AHEAD:  # writing goes on during a sync, but not so far that a crash costs much
            await asyncio.shield(self.saving)

    # --- what the server has ----------------------------------------------------------------------------------------

    async def _gather(self) -> None:
        """All bytes, in one piece of one version of the file."""
        for _ in range(3):
            try:
                await self._work()
                return None if self.sniffed else await self._sniff()
            except _Changed:
                self.connections = 1
                await self._restart()
            except _Foreign as what:
                await self._restart()
                raise ProviderError(f"The source sent {what} in place of a video", final=True) from None
        raise ProviderError("The file changes while it is fetched")

    async def _work(self) -> None:
        """One connection; more when that one is slow, and if the line was given them. What one of them leaves undone
        another takes over, so it fails only when all have failed."""
        if self.connections < 2:
            return await self._worker()
        crew, grown, failure = {asyncio.create_task(self._worker())}, False, None
        mark = self.now(), self.progress.fetched
        try:
            while crew:
                done, crew = await asyncio.wait(crew, timeout=None if grown else 0.3, return_when=FIRST_COMPLETED)
                for error in [one.exception() for one in done]:
                    failure, grown = error or failure, True
                    if error and not isinstance(error, ProviderError):
                        raise error
                mark, (since, fetched) = (self.now(), self.progress.fetched), mark
                if not grown and self._slow((mark[1] - fetched) / (mark[0] - since)):
                    grown = True
                    crew |= {asyncio.create_task(self._worker()) for _ in range(self.connections - 1)}
            if failure and self._claim():
                raise failure
        finally:
            for one in crew:
                one.cancel()
            await asyncio.gather(*crew, return_exceptions=True)

    def _slow(self, rate: float) -> bool:
        """Whether more connections may help, at this many bytes per second."""
        if self.point.total is None or _validator(self.point)[0] == "length" or rate > SLOW:
            return False
        left = self.point.total - self.progress.done
        return left > max(2 * SPLIT, rate) and not (self.throttle.mbps and rate > self.throttle.rate / 2)

    async def _worker(self) -> None:
        while lane := self._claim():
            self.lanes.append(lane)
            try:
                await self._run(lane)
            finally:
                self.lanes.remove(lane)

    def _claim(self) -> Lane | None:
        """The next stretch that nobody is at."""
        total, spans = self.point.total, self.file.spans
        if self.trusted and length(spans) == total and not self.validator:
            return Lane(total, total)  # complete already: compare its end with the server's
        for lane in self.lanes:
            spans = join(spans, lane.start, lane.end or 0)
        start = spans[0][1] if spans and spans[0][0] == 0 else 0
        after = [a for a, _ in spans if a > start]
        end = after[0] if after else total
        if end is None or start < end:
            return Lane(start, end)
        widest = max(self.lanes, key=lambda lane: lane.end - lane.at, default=None)
        if widest is None or widest.end - widest.at < SPLIT:
            return None
        half = Lane((widest.at + widest.end) // 2, widest.end)
        widest.end = half.start
        return half

    async def _run(self, lane: Lane) -> None:
        """Fetch one stretch over one connection."""
        before = next((b - a for a, b in self.trusted if b == lane.start), 0)
        ask = lane.start - min(before, OVERLAP)
        headers = dict(self.source.headers)
        ranged = lane.start > 0
        if ranged:
            headers["Range"] = f"bytes={ask}-" + (str(lane.end - 1) if lane.end not in (None, self.point.total) else "")
            if validator := _validator(self.point)[1]:
                headers["If-Range"] = validator
        async with self.web.get(self.source.url, base=self.base, headers=headers, passing=(416,)) as answer:
            if ranged and answer.status == 200 and len(self.lanes) == 1:
                await self._restart()
                ranged, ask, lane.start = False, 0, 0
            if ranged:
                self._joins(answer, ask, lane)
                if before and not self.validator:
                    self.progress.resumed += 1
                self.validator = _validator(self.point)[0]
            else:
                self._fresh(answer)
                lane.end = self.point.total
            self.progress.total, self.measured = self.point.total, self.point.total is not None
            await self._body(answer, lane, ask)

    async def _body(self, answer, lane: Lane, ask: int) -> None:
        start, lane.at, position = lane.start, ask, ask
        await self._reserve()
        async with aclosing(pieces(answer, lane, self.throttle.step, self.limits)) as body:
            async for piece in body:
                self.progress.fetched += len(piece)
                await self._piece(piece, position, start)
                position += len(piece)
                await self.throttle.take(len(piece))
        if lane.end is None:
            self._ended(position)

    async def _piece(self, piece: bytes | memoryview, position: int, start: int) -> None:
        """Compare what lies before `start`, write the rest."""
        if position < start:
            known = piece[: start - position]
            if await self.file.read(len(known), position) != known:
                raise _Changed
            piece, position = piece[len(known) :], position + len(known)
            if not len(piece):
                return
        if position + len(piece) > self.limits.cap:
            raise ProviderError("The file is larger than any that is believed", final=True)
        await self._wrote(piece, position)
        if not self.sniffed and self.file.spans[0][0] == 0 and self.file.spans[0][1] >= HEAD:
            await self._sniff()
        if self.progress.done >= self.reserved:
            await self._reserve()

    def _ended(self, total: int) -> None:
        """A body of unknown length came to a clean end."""
        size = self.source.size
        if not total:
            raise ProviderError("The source sent an empty file", final=True)
        if size is not None and size != total:
            raise ProviderError("The source sent another length than it listed")
        self.point.total = self.progress.total = total
        self.measured = size is not None

    async def _reserve(self) -> None:
        self.reserved = self.progress.done + RESERVE
        if self.reserve:
            await self.reserve(RESERVE if self.point.total is None else self.point.total - self.progress.done)

    def _fresh(self, answer: aiohttp.ClientResponse) -> None:
        """The first look at a file: is it one, and how will it be known again?"""
        _media(answer)
        if answer.status != 200:
            raise ProviderError("The source's answer does not fit what was asked")
        total = answer.content_length if "Transfer-Encoding" not in answer.headers else None
        if total == 0:
            raise ProviderError("The source sent an empty file", final=True)
        if total and total > self.limits.cap:
            raise ProviderError("The file is larger than any that is believed", final=True)
        etag, date = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        if date and not _old(answer):
            date, etag = None, etag or 'W/""'  # as good as a weak one: there was something, but it proves nothing
        self.point = Checkpoint(self.source.url, etag, date, total)

    def _joins(self, answer: aiohttp.ClientResponse, ask: int, lane: Lane) -> None:
        """Whether the bytes of a partial answer continue ours; _Changed if not.

        416 is never "complete": the last bytes are always asked for again, so a server that has the file can answer.
        """
        if answer.status == 200 and answer.headers.get("ETag") == self.point.etag:
            raise ProviderError("The source sends whole files only")  # to an additional connection
        if answer.status != 206:
            raise _Changed
        _media(answer)
        match = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", answer.headers.get("Content-Range", ""))
        if not match:
            raise _Changed
        first, last, total = map(int, match.groups())
        etag, date = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        if (
            first != ask
            or not first <= last < total
            or total != (total if self.point.total is None else self.point.total)
            or answer.content_length not in (None, last + 1 - first)
            or etag and self.point.etag and etag != self.point.etag
            or date and self.point.modified and date != self.point.modified
            or total < lane.start
        ):
            raise _Changed
        self.point.total = total
        lane.end = min(lane.end or total, last + 1)

    # --- whether it is right ----------------------------------------------------------------------------------------

    async def _sniff(self) -> None:
        self.sniffed = True
        if what := _foreign(await self.file.read(HEAD, 0)):
            raise _Foreign(what)

    async def _wrong(self) -> str | None:
        """The name of a checksum that does not fit."""
        total = self.point.total
        if self.file.spans != ((0, total),):
            raise ProviderError("The source sent less than it promised")
        if await self.file.size() > total:
            await self.file.cut(total)
        found = await self.file.digest({name for name, _ in self.checks}) if self.checks else {}
        return next((name for name, wanted in self.checks if found[name] != wanted), None)


def _validator(point: Checkpoint) -> tuple[str, str | None]:
    """How a file is known again, and what If-Range says: a weak ETag may not be in it (RFC 9110, 13.1.5)."""
    if point.etag and re.fullmatch(r'"[\x21\x23-\x7e]*"', point.etag):
        return "etag", point.etag
    return ("date", point.modified) if point.modified else ("length", None)


def _old(answer) -> bool:
    """Whether Last-Modified is clearly older than the answer: a younger file may change again within that second."""
    try:
        sent, modified = (parsedate_to_datetime(answer.headers[name]) for name in ("Date", "Last-Modified"))
        return (sent - modified).total_seconds() >= 60
    except (KeyError, ValueError, TypeError):
        return False


def _media(answer) -> None:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProviderError("The source sent the video packed", final=True)
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # text/plain is what nginx calls everything that it has no type for: there the bytes decide.
    if kind.startswith("text/") and kind != "text/plain" or kind in ("application/json", "application/xhtml+xml"):
        raise ProviderError("The source sent text in place of a video", final=True)


def _foreign(head: bytes) -> str | None:
    """What the first bytes of a file are, if that is clearly no video."""
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"PK\x03\x04")):
        return "a program"
    if bare.startswith((b"<", b"{", b"[Desktop Entry]", b"%PDF-")):
        return "a document"
    printable = not re.search(rb"[^\t\n\r\x20-\x7e\x80-\xff]", head)
    if printable and re.search(rb"\s", head):
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as cut:
            return "text" if cut.start > len(head) - 4 and cut.end == len(head) else None
        return "text"
    return None
