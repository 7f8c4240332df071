"""One URL into one verified file. Knows no queue and no database.

The rules of resuming are chapter 4 of the specification's providers. One call of `fetch` is one attempt: it begins anew
by itself where a file has changed, but waiting and trying again is its caller's business.
"""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from downloads.evidence import HEAD, Changed, first, following, foreign, resumable, validator
from downloads.parts import DIGESTS, MIB, Checkpoint, Ledger, Part, join, undisturbed
from downloads.throttle import Throttle
from downloads.wire import Body, Lane, Limits, Pace, take_over
from providers.web import Web
from store.errors import ProviderError
from store.models import Source

__all__ = ["Checkpoint", "Limits", "Progress", "Receipt", "Throttle", "fetch"]

OVERLAP = 64 * 1024  # bytes that a resumed download compares with what the server has
RESERVE = 64 * MIB
FEW, SPLIT = 4 * MIB, MIB // 2  # bytes left that are worth no more connections, and no splitting
SLOW = 24 * MIB  # bytes per second above which a connection is fast enough alone
SHORT = "The source sent less than it promised"


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
    `proof` is the strongest thing shown about the bytes: a checksum's name, "length" or "clean end"."""

    bytes: int
    resumed: int
    validator: str | None
    proof: str
    seconds: float


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
    checks = [(name, digest.lower()) for name, digest in source.checksums.items() if name in DIGESTS]
    checks += [("crc32", crc.lower())] if crc else []
    async with Part(part) as file:
        transfer = _Transfer(web, source, base, Ledger(file, source.url, save))
        transfer.progress, transfer.throttle, transfer.limits = progress, throttle, limits
        transfer.connections, transfer.reserve = connections, reserve
        return await transfer.run(resume, checks)


class _Foreign(Exception):
    """The bytes are no video; the argument says what they are."""


class _Transfer:
    progress: Progress
    throttle: Throttle
    limits: Limits
    connections: int
    reserve: Callable[[int], Awaitable[None]] | None

    def __init__(self, web: Web, source: Source, base: str, ledger: Ledger):
        self.web, self.source, self.base = web, source, base
        self.ledger, self.file = ledger, ledger.file
        self.trusted: tuple = ()  # spans of earlier runs: each is compared with the server where we go on behind it
        self.lanes: list[tuple[int, Lane]] = []  # in work: where each began, and itself
        self.reserved = 0
        self.sniffed = False
        self.measured = True  # the length was promised, not only found
        self.validator: str | None = None

    async def run(self, resume: Checkpoint | None, checks: list[tuple[str, str]]) -> Receipt:
        began = monotonic()
        try:
            await self._begin(resume)
            for again in (True, False):
                await self._gather()
                await self.ledger.settle()
                if not (wrong := await self._wrong(checks)):
                    break
                await self._restart()
                if not again:
                    raise ProviderError(f"The file's {wrong} checksum is wrong, twice", final=True)
        except BaseException as failure:
            settling = asyncio.ensure_future(self.ledger.settle())
            if await undisturbed(settling):  # not to be hurried: the file is about to be closed
                failure = asyncio.CancelledError()
            disk = settling.exception()
            raise disk if disk and isinstance(failure, ProviderError) else failure
        proof = min((n for n, _ in checks), key=DIGESTS.index, default="length" if self.measured else "clean end")
        return Receipt(self.ledger.done, self.progress.resumed, self.validator, proof, monotonic() - began)

    async def _begin(self, resume: Checkpoint | None) -> None:
        if resume and resume.url == self.source.url and resume.spans and resumable(resume):
            if await self.file.size() >= resume.spans[-1][1]:
                self.ledger.resume(resume)
                self.trusted = resume.spans
                self.progress.done, self.progress.total = self.ledger.done, resume.total
                return
        self.ledger.point.spans = resume.spans if resume else ()
        await self._restart()

    async def _restart(self) -> None:
        self.trusted, self.validator, self.sniffed, self.reserved = (), None, False, 0
        await self.ledger.restart()
        self.progress.done, self.progress.total = 0, None

    async def _gather(self) -> None:
        """All bytes, of one version of the file."""
        for _ in range(3):
            try:
                await self._work()
                return await self._sniff()
            except Changed:
                self.connections = 1
                await self._restart()
            except _Foreign as what:
                await self._restart()
                raise ProviderError(f"The source sent {what} in place of a video", final=True) from None
        raise ProviderError("The file changes while it is fetched")

    # --- connections ------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        """One connection; more when that one is slow and the host may be given them. What one of them leaves undone
        another takes over, so this fails only when all have failed."""
        began, fetched = monotonic(), self.progress.fetched
        crew, grown, failure = {asyncio.create_task(self._worker())}, self.connections < 2, None
        try:
            while crew:
                look = None if grown else max(0.05, (monotonic() - began) / 3)
                ended, crew = await asyncio.wait(crew, timeout=look, return_when=FIRST_COMPLETED)
                for error in [one.exception() for one in ended]:
                    failure, grown = error or failure, True
                    if error and not isinstance(error, ProviderError):
                        raise error
                if ended and self.file.spans == ((0, self.ledger.point.total),):
                    return
                if not grown and self._slow((self.progress.fetched - fetched) / (monotonic() - began)):
                    grown = True
                    crew |= {asyncio.create_task(self._worker()) for _ in range(self.connections - 1)}
            if failure and self._claim():
                raise failure
        finally:
            for one in crew:
                one.cancel()
            await undisturbed(asyncio.gather(*crew, return_exceptions=True))

    def _slow(self, rate: float) -> bool:
        """Whether more connections may help, at this many bytes per second."""
        total, weak = self.ledger.point.total, validator(self.ledger.point)[0] == "length"
        if total is None or weak or rate > SLOW or self.throttle.mbps and rate > self.throttle.rate / 2:
            return False
        return total - self.ledger.done > max(FEW, rate)

    async def _worker(self) -> None:
        while lane := self._claim():
            self.lanes.append((lane.at, lane))
            try:
                await self._run(lane)
            finally:
                self.lanes = [(start, other) for start, other in self.lanes if other is not lane]

    def _claim(self) -> Lane | None:
        """The next stretch that nobody is at, or half of somebody's."""
        total, spans = self.ledger.point.total, self.file.spans
        if self.trusted and self.ledger.done == total and not self.validator:
            return Lane(total, total)  # complete already: only its end is compared with the server's
        for start, lane in self.lanes:
            spans = join(spans, start, lane.end or 0)
        start = spans[0][1] if spans and spans[0][0] == 0 else 0
        end = next((a for a, _ in spans if a > start), total)
        if end is None or start < end:
            return Lane(start, end)
        widest = max((lane for _, lane in self.lanes), key=lambda lane: lane.end - lane.at, default=None)
        if widest is None or widest.shared and widest.end - widest.at < SPLIT:
            return None
        if widest.end - widest.at < SPLIT:  # the last bit is tried twice: one of the two will be quick
            widest.shared = True
            return Lane(widest.at, widest.end, True)
        half = Lane((widest.at + widest.end) // 2, widest.end)
        widest.end = half.at
        return half

    async def _run(self, lane: Lane) -> None:
        """Fetch one stretch over one connection."""
        point, ranged = self.ledger.point, lane.at > 0
        before = next((b - a for a, b in self.trusted if b == lane.at), 0)
        ask = lane.at - min(before, OVERLAP)
        headers = dict(self.source.headers)
        if ranged:
            headers["Range"] = f"bytes={ask}-" + ("" if lane.end in (None, point.total) else str(lane.end - 1))
            if held := validator(point)[1]:
                headers["If-Range"] = held
        async with self.web.get(self.source.url, base=self.base, headers=headers, passing=(416,)) as answer:
            body = Body(self.file, answer.content, *await take_over(answer), Pace(self.limits))
            try:
                if not await self._fits(answer, lane, ask, ranged, bool(before)):
                    ask = lane.at = 0
                await self._reserve()
                await self._fill(lane, body, lane.at - ask)
            finally:
                if body.wire:
                    body.wire.close()

    async def _fits(self, answer, lane: Lane, ask: int, ranged: bool, resumed: bool) -> bool:
        """Whether this answer goes on where we are; if not, the file begins anew with it."""
        point = self.ledger.point
        if ranged and answer.status == 200:
            if len(self.lanes) > 1 and answer.headers.get("ETag") == point.etag:
                raise ProviderError("The source gives one connection only")
            if len(self.lanes) > 1:
                raise Changed
            await self._restart()
            ranged = False
        if ranged:
            point.total, end = following(answer, point, ask)
            lane.end = min(lane.end or end, end)
            self.progress.resumed += resumed and not self.validator
            self.validator = validator(point)[0]
        else:
            self.ledger.point = point = first(answer, self.source.url, self.limits.cap)
            lane.end, self.measured = point.total, point.total is not None
        self.progress.total = point.total
        return ranged

    # --- bytes ------------------------------------------------------------------------------------------------------

    async def _fill(self, lane: Lane, body: Body, overlap: int) -> None:
        """Compare `overlap` bytes with those before the lane, write the others."""
        theirs = b""
        while len(theirs) < overlap:
            if (some := await body.some(overlap - len(theirs))) is None:
                raise ProviderError(SHORT)
            theirs += some
        if overlap and theirs != await self.file.read(overlap, lane.at - overlap):
            raise Changed
        self.progress.fetched += overlap
        while lane.end is None or lane.at < lane.end:
            start = lane.at
            if body.wire and not body.arrived:
                await body.haul(lane, self.throttle.step(RESERVE), self.ledger.go_on)
            elif (some := await body.some(MIB if lane.end is None else lane.end - lane.at)) is None:
                break
            else:
                await self.file.write(some, lane.at)
                lane.at += len(some)
            await self._account(lane.at - start)
        if lane.end is None:
            self._ended(lane.at)
        elif lane.at < lane.end:
            raise ProviderError(SHORT)

    async def _account(self, count: int) -> None:
        """What follows from `count` more bytes in the file."""
        self.progress.fetched += count
        self.progress.done = done = self.ledger.done
        if done > self.limits.cap:
            raise ProviderError("The file is larger than any that is believed", final=True)
        await self.ledger.advance()
        if not self.sniffed and done and self.file.spans[0][0] == 0 and self.file.spans[0][1] >= HEAD:
            await self._sniff()
        if done >= self.reserved:
            await self._reserve()
        await self.throttle.take(count)

    def _ended(self, total: int) -> None:
        """A body of unknown length came to a clean end."""
        size = self.source.size
        if not total:
            raise ProviderError("The source sent an empty file", final=True)
        if size not in (None, total):
            raise ProviderError("The source sent another length than it listed")
        self.ledger.point.total = self.progress.total = total
        self.measured = size is not None

    async def _reserve(self) -> None:
        total, done = self.ledger.point.total, self.ledger.done
        self.reserved = done + RESERVE
        if self.reserve:
            await self.reserve(RESERVE if total is None else total - done)

    # --- whether they are right -------------------------------------------------------------------------------------

    async def _sniff(self) -> None:
        if not self.sniffed:
            self.sniffed = True
            if what := foreign(await self.file.read(HEAD, 0)):
                raise _Foreign(what)

    async def _wrong(self, checks: list[tuple[str, str]]) -> str | None:
        """The name of a checksum that does not fit."""
        total = self.ledger.point.total
        if self.file.spans != ((0, total),):
            raise ProviderError(SHORT)
        if await self.file.size() > total:
            await self.file.cut(total)
        found = await self.file.digest({name for name, _ in checks}) if checks else {}
        return next((name for name, wanted in checks if found[name] != wanted), None)
