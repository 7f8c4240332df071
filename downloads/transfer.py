"""One URL into one verified file. Knows no queue and no database.

The rules of resuming are chapter 4 of the specification's providers. One call of `fetch` is one attempt: it begins anew
by itself where a file has changed, but waiting and trying again is its caller's business.
"""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic

from downloads.part_file import DIGESTS, MIB, Checkpoint, Journal, Part, join, undisturbed
from downloads.throttle import Throttle
from downloads.validators import HEAD, Changed, first, following, foreign, resumable, validator
from downloads.wire import Body, Limits, Segment, take_over
from providers.network import Network
from store.errors import ProviderError
from store.models import Receipt, Source

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
    fetched: int = 0
    connections: int = 1


async def fetch(
    web: Network,
    source: Source,
    part: Path,
    *,
    base: str,
    resume: Checkpoint | None,
    save: Callable[[Checkpoint], Awaitable[None]],
    progress: Progress,
    throttle: Throttle,
    spare: Callable[[], int] = lambda: 0,
    reserve: Callable[[int], Awaitable[None]] | None = None,
    limits: Limits = Limits(),
) -> Receipt:
    """Make `part` the file at `source.url`, complete, verified and durable.

    `save` is awaited with every new checkpoint, after its bytes are durable. `reserve` is awaited with the number of
    bytes still to come (64 MiB while the length is unknown) before the first one and each 64 MiB; it refuses by raising.
    `spare` answers how many further connections this host would bear now.

    Raises ProviderError (the source; `final` and `retry_after` say what to do), DownloadError (something else lies at
    `part`), OSError (our disk; what was fetched is kept), CancelledError (what was fetched is kept).
    """
    async with Part(part) as file:
        journal = Journal(file, source.url, save)
        return await _Transfer(
            web, source, base, journal, progress, throttle, spare, reserve, limits
        ).run(resume)


@dataclass
class _Transfer:
    web: Network
    source: Source
    base: str
    journal: Journal
    progress: Progress
    throttle: Throttle
    spare: Callable[[], int]
    reserve: Callable[[int], Awaitable[None]] | None
    limits: Limits
    trusted: tuple = ()  # spans of earlier runs: each is compared with the server where we go on behind it
    reserved: int = 0
    lent: int = 0  # bytes that the connections may write just now
    sniffed: bool = False
    measured: bool = True  # the length was promised, not only found
    validator: str | None = None
    segments: dict[Segment, int] = field(default_factory=dict)  # in work -> where each began

    async def run(self, resume: Checkpoint | None) -> Receipt:
        self.file = self.journal.file
        self.checks = {
            name: digest.lower()
            for name, digest in self.source.checksums.items()
            if name in DIGESTS
        }
        try:
            await self._begin(resume)
            await self._finish()
        except BaseException as failure:
            cause: BaseException = failure
            settling = asyncio.ensure_future(self.journal.settle())
            if await undisturbed(settling):  # not to be hurried: the file is about to be closed
                cause = asyncio.CancelledError()
            disk = settling.exception()
            raise disk if disk and isinstance(cause, ProviderError) else cause from None
        proof = min(
            self.checks, key=DIGESTS.index, default="length" if self.measured else "clean end"
        )
        return Receipt(
            self.journal.done,
            self.journal.point.resumed,
            self.validator,
            proof,
            self.journal.seconds,
        )

    async def _begin(self, resume: Checkpoint | None) -> None:
        if resume and resume.url == self.source.url and resume.spans and resumable(resume):
            if await self.file.size() >= resume.spans[-1][1]:
                self.journal.resume(resume)
                self.trusted = resume.spans
                self.progress.done, self.progress.total = self.journal.done, resume.total
                return
        self.journal.point.spans = resume.spans if resume else ()
        await self._restart()

    async def _restart(self) -> None:
        self.trusted, self.validator, self.sniffed, self.measured, self.reserved = (
            (),
            None,
            False,
            True,
            0,
        )
        await self.journal.restart()
        self.progress.done, self.progress.total = 0, None

    async def _finish(self) -> None:
        """All bytes, of one version of the file, and the right ones."""
        restarts: Counter[str] = Counter()
        while True:
            try:
                await self._work()
                await self.journal.settle()
                return await self._verify()
            except Changed as why:
                self.spare = lambda: 0
                await self._restart()
                restarts[str(why)] += 1
                if restarts[str(why)] == why.tries:
                    raise why.failure from None

    # --- connections ------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        """One connection; more when that one is slow and the host may be given them. What one of them leaves undone
        another takes over, so this fails only when all have failed."""
        began = looked = monotonic()
        fetched = self.progress.fetched
        crew, failure, grown = [asyncio.create_task(self._worker())], None, False
        try:
            while busy := [one for one in crew if not one.done()]:
                self.progress.connections = len(busy)
                look = None if grown else max(0.05, (monotonic() - began) / 3)
                ended, _ = await asyncio.wait(busy, timeout=look, return_when=FIRST_COMPLETED)
                for one in ended:
                    failure, grown = one.result() or failure, True
                rate = (self.progress.fetched - fetched) / (
                    monotonic() - looked
                )  # since the last look: a line may begin with a gush
                fetched, looked = self.progress.fetched, monotonic()
                if not grown and self._slow(rate):
                    more = [asyncio.create_task(self._worker()) for _ in range(self.spare())]
                    crew, grown = crew + more, bool(more)
            if failure and self._claim():
                raise failure
        finally:
            for one in crew:
                one.cancel()
            await undisturbed(asyncio.gather(*crew, return_exceptions=True))

    def _slow(self, rate: float) -> bool:
        """Whether more connections may help, at this many bytes per second."""
        total, weak = self.journal.point.total, validator(self.journal.point)[0] == "length"
        if (
            total is None
            or weak
            or rate > SLOW
            or (self.throttle.mbps and rate > self.throttle.rate / 2)
        ):
            return False
        return total - self.journal.done > max(FEW, rate)

    async def _worker(self) -> ProviderError | None:
        """Fetch until nobody is needed any more; the source's failure, if it was that."""
        while segment := self._claim():
            self.segments[segment] = segment.at
            try:
                await self._run(segment)
            except ProviderError as failure:
                return failure
            finally:
                del self.segments[segment]

    def _claim(self) -> Segment | None:
        """The next stretch that nobody is at, or half of somebody's."""
        total, spans = self.journal.point.total, self.file.spans
        if self.trusted and self.journal.done == total and not self.validator:
            return Segment(
                total, total
            )  # complete already: only its end is compared with the server's
        for segment, start in self.segments.items():
            spans = join(spans, start, segment.end or 0)
        start = spans[0][1] if spans and spans[0][0] == 0 else 0
        end = next((a for a, _ in spans if a > start), total)
        if end is None or start < end:
            return Segment(start, end)
        widest = max(self.segments, key=lambda segment: segment.end - segment.at, default=None)
        if widest is None or widest.end - widest.at < SPLIT:
            return None
        half = Segment((widest.at + widest.end) // 2, widest.end)
        widest.end = half.at
        return half

    async def _run(self, segment: Segment) -> None:
        """Fetch one stretch over one connection."""
        point = self.journal.point
        before = next((b - a for a, b in self.trusted if b == segment.at), 0)
        ask = segment.at - min(before, OVERLAP)
        headers = dict(self.source.headers)
        if segment.at:
            headers["Range"] = f"bytes={ask}-" + (
                "" if segment.end in (None, point.total) else str(segment.end - 1)
            )
            if held := validator(point)[1]:
                headers["If-Range"] = held
        async with self.web.get(
            self.source.url, base=self.base, headers=headers, passing=(416,)
        ) as answer:
            body = Body(self.file, answer.content, *await take_over(answer), self.limits)
            try:
                if not await self._fits(answer, segment, ask, bool(before)):
                    ask = segment.at = self.segments[segment] = 0
                await self._reserve()
                await self._fill(segment, body, segment.at - ask)
            finally:
                body.close()

    async def _fits(self, answer, segment: Segment, ask: int, resumed: bool) -> bool:
        """Whether this answer goes on where we are; if not, the file begins anew with it."""
        point, goes_on = self.journal.point, segment.at and answer.status != 200
        if goes_on:
            point.total, end = following(answer, point, ask)
            segment.end = min(segment.end or end, end)
            point.resumed += resumed and not self.validator
            self.validator = validator(point)[0]
        else:
            if segment.at and len(self.segments) > 1:
                same = answer.headers.get("ETag") == point.etag
                raise ProviderError("The source gives one connection only") if same else Changed
            if segment.at:
                await self._restart()
            self.journal.point = point = first(answer, self.source.url, self.limits.cap)
            self._expected(point.total)
            segment.end = point.total
        self.progress.total = point.total
        return goes_on

    # --- bytes ------------------------------------------------------------------------------------------------------

    async def _fill(self, segment: Segment, body: Body, overlap: int) -> None:
        """Compare `overlap` bytes with those before the segment, write the others."""
        theirs = bytearray()
        while len(theirs) < overlap and not body.ended:
            await body.move(theirs.extend, overlap - len(theirs))
        if len(theirs) < overlap:
            raise ProviderError(SHORT)
        if overlap and theirs != await self.file.read(overlap, segment.at - overlap):
            raise Changed
        self.progress.fetched += overlap
        while (segment.end is None or segment.at < segment.end) and not body.ended:
            start, end = segment.at, self.limits.cap + 1 if segment.end is None else segment.end
            step = self.throttle.step(
                min(
                    end - start, max(OVERLAP, (self.journal.room - self.lent) // len(self.segments))
                )
            )
            self.lent += step
            try:
                await body.move(partial(self.file.put, segment), step)
            finally:
                self.lent -= step
                self.file.spans = join(self.file.spans, start, segment.at)
            await self._account(segment.at - start)
        if segment.end is None:
            self._ended(segment.at)
        elif segment.at < segment.end:
            raise ProviderError(SHORT)

    async def _account(self, count: int) -> None:
        """What follows from `count` more bytes in the file."""
        self.progress.fetched += count
        self.progress.done = done = self.journal.done
        if done > self.limits.cap:
            raise ProviderError("The file is larger than any that is believed", final=True)
        await self.journal.advance()
        await self._sniff()
        if done >= self.reserved:
            await self._reserve()
        await self.throttle.take(count)

    def _ended(self, total: int) -> None:
        """A body of unknown length came to a clean end."""
        if not total:
            raise ProviderError("The source sent an empty file", final=True)
        self._expected(total)
        self.journal.point.total = self.progress.total = total
        self.measured = self.source.size is not None

    def _expected(self, total: int | None) -> None:
        if None not in (total, self.source.size) and total != self.source.size:
            raise ProviderError(
                "The source sends another length than it lists; a rescan asks it again"
            )

    async def _reserve(self) -> None:
        total, done = self.journal.point.total, self.journal.done
        self.reserved = done + RESERVE
        if self.reserve:
            await self.reserve(RESERVE if total is None else total - done)

    # --- whether they are right -------------------------------------------------------------------------------------

    async def _sniff(self) -> None:
        """Once the beginning is there: Changed if that is no video's."""
        start, end = self.file.spans[0] if self.file.spans else (0, 0)
        if not self.sniffed and start == 0 and (end >= HEAD or end == self.journal.point.total):
            self.sniffed = True
            if what := foreign(await self.file.read(HEAD, 0)):
                raise Changed(f"The source sent {what} in place of a video", tries=1, final=True)

    async def _verify(self) -> None:
        """Changed if the whole is not what was promised."""
        total = self.journal.point.total
        if self.file.spans != ((0, total),):
            raise ProviderError(SHORT)
        await self._sniff()
        if await self.file.size() > total:
            await self.file.cut(total)
        found = await self.file.digest(set(self.checks)) if self.checks else {}
        for name, wanted in self.checks.items():
            if found[name] != wanted:
                raise Changed(f"The file's {name} checksum is wrong, twice", tries=2, final=True)
