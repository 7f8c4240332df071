"""One URL into one verified file. Knows no queue and no database.

docs/formats.md holds the rules of resuming. One call of `fetch` is one attempt: it begins anew by
itself where a file has changed, but waiting and trying again is its caller's business."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from downloads.part_file import MIB, Checkpoint, Journal, Part, Segment, Span, join
from downloads.progress import Progress
from downloads.proof import SHORT, Proof
from downloads.receiver import NORMAL_LIMITS, Limits, Receiver
from downloads.scheduler import Segments, Workers
from downloads.throttle import Throttle
from downloads.validators import Changed, check_full, check_partial, resumable, validator
from providers.answer import Answer
from providers.network import Network
from store.errors import ProviderError
from store.models import Receipt, Source
from store.threads import undisturbed

OVERLAP_BYTES = 64 * 1024  # which a resumed download compares with what the server has
RESERVE_BYTES = 64 * MIB  # asked for at a time while the length is unknown
FEW_BYTES = 4 * MIB  # left that are worth no more connections
FAST_BYTES_PER_SECOND = 24 * MIB  # for which one connection is enough


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
    limits: Limits = NORMAL_LIMITS,
) -> Receipt:
    """Make `part` the file at `source.url`, complete, verified and durable.

    `save` is awaited with every new checkpoint, after its bytes are durable. `reserve` is awaited
    with the number of bytes still to come (64 MiB while the length is unknown) before the first one
    and each 64 MiB; it refuses by raising. `spare` answers how many further connections this host
    would bear now.

    Raises ProviderError (the source; `final` and `retry_after` say what to do), DownloadError
    (something else lies at `part`), OSError (our disk; what was fetched is kept), CancelledError
    (what was fetched is kept)."""
    async with Part(part) as file:
        transfer = _Transfer(
            web,
            source,
            base,
            journal=Journal(file, source.url, save),
            progress=progress,
            throttle=throttle,
            spare=spare,
            reserve=reserve,
            limits=limits,
        )
        return await transfer.run(resume)


class _Transfer:
    def __init__(
        self,
        web: Network,
        source: Source,
        base: str,
        *,
        journal: Journal,
        progress: Progress,
        throttle: Throttle,
        spare: Callable[[], int],
        reserve: Callable[[int], Awaitable[None]] | None,
        limits: Limits,
    ):
        self.web = web
        self.source = source
        self.base = base
        self.journal = journal
        self.file = journal.file
        self.progress = progress
        self.throttle = throttle
        self.spare = spare
        self.reserve = reserve
        self.limits = limits
        self.segments = Segments(self.file)
        self.lent_bytes = 0  # which the connections may write just now
        self.proof = Proof(self.file, source)
        self._forget()

    def _forget(self) -> None:
        """Nothing is known of the file: it is fetched from its start."""
        # Spans of earlier runs: each is compared with the server where we go on behind it.
        self.earlier_spans: tuple[Span, ...] = ()
        self.reserved_bytes = 0
        self.proof.forget()

    async def run(self, resume: Checkpoint | None) -> Receipt:
        try:
            await self._begin(resume)
            await self._finish()
        except BaseException as failure:
            raise await self._kept(failure) from None
        return Receipt(
            bytes=self.journal.done,
            resumed=self.journal.point.resumed,
            validator=self.proof.validator,
            proof=self.proof.strongest(),
            seconds=self.journal.seconds,
        )

    async def _kept(self, failure: BaseException) -> BaseException:
        """Make durable what was fetched; returns what is to be raised. This is not to be hurried by
        a cancellation, for the file is about to be closed."""
        flushing = asyncio.ensure_future(self.journal.flush())
        cancelled = await undisturbed(flushing)
        disk_failure = flushing.exception()
        if cancelled:
            return asyncio.CancelledError()
        if disk_failure and isinstance(failure, ProviderError):
            return disk_failure
        return failure

    async def _begin(self, resume: Checkpoint | None) -> None:
        if resume and await self._is_usable(resume):
            self.journal.resume(resume)
            self.earlier_spans = resume.spans
            self.progress.done, self.progress.total = self.journal.done, resume.total
        else:
            self.journal.point.spans = resume.spans if resume else ()
            await self._restart()

    async def _is_usable(self, resume: Checkpoint) -> bool:
        if resume.url != self.source.url or not resume.spans or not resumable(resume):
            return False
        return await self.file.size() >= resume.spans[-1][1]

    async def _restart(self) -> None:
        self._forget()
        await self.journal.restart()
        self.progress.done, self.progress.total = 0, None

    async def _finish(self) -> None:
        """Fetch all bytes, of one version of the file, and the right ones."""
        restarts: Counter[str] = Counter()
        while True:
            try:
                await self._fetch_missing()
                await self.journal.flush()
                return await self.proof.verify(self.journal.point.total)
            except Changed as change:
                reason = str(change)
                self.spare = lambda: 0
                await self._restart()
                restarts[reason] += 1
                if restarts[reason] == change.tries:
                    raise change.failure from None

    # --- connections ------------------------------------------------------------------------------

    async def _fetch_missing(self) -> None:
        """Fetch all that is missing. A stretch that one connection leaves undone is taken over by
        another, so this fails only when all have failed."""
        failure = await Workers(self._work, self.progress).run(self._extra_connections)
        if failure and self._next_segment():
            raise failure

    def _extra_connections(self, speed: float) -> int:
        """How many more connections are worth having, at this many bytes per second."""
        total = self.journal.point.total
        if total is None or validator(self.journal.point)[0] == "length":
            return 0
        throttled = bool(self.throttle.mbps) and speed > self.throttle.rate / 2
        if throttled or speed > FAST_BYTES_PER_SECOND:
            return 0
        return self.spare() if total - self.journal.done > max(FEW_BYTES, speed) else 0

    async def _work(self) -> ProviderError | None:
        """Fetch one segment after the other until none is left; returns the source's failure."""
        while segment := self._next_segment():
            with self.segments.claimed(segment):
                try:
                    await self._fetch_segment(segment)
                except ProviderError as failure:
                    return failure
        return None

    def _next_segment(self) -> Segment | None:
        total = self.journal.point.total
        complete = bool(self.earlier_spans) and self.journal.done == total
        if complete and total is not None and not self.proof.validator:
            return Segment(total, total)  # only its end is compared with the server's
        return self.segments.next(total)

    async def _fetch_segment(self, segment: Segment) -> None:
        """Fetch one stretch over one connection."""
        overlap = min(self._earlier_bytes_before(segment), OVERLAP_BYTES)
        start = segment.at - overlap
        headers = self._headers(segment, start)
        async with self.web.get(
            self.source.url, base=self.base, headers=headers, passing=(416,)
        ) as answer:
            receiver = Receiver(answer, self.file.threads, self.limits)
            try:
                if segment.at and answer.status != 200:
                    self._continue_file(answer, segment, start, resumed=overlap > 0)
                else:
                    await self._start_file(answer, segment)
                    overlap = 0
                await self._reserve()
                await self._compare(segment, receiver, overlap)
                await self._fill(segment, receiver)
            finally:
                receiver.close()

    def _earlier_bytes_before(self, segment: Segment) -> int:
        return next((end - start for start, end in self.earlier_spans if end == segment.at), 0)

    def _headers(self, segment: Segment, start: int) -> dict[str, str]:
        headers = dict(self.source.headers)
        if segment.at:
            point = self.journal.point
            last = "" if segment.end in (None, point.total) else segment.end - 1
            headers["Range"] = f"bytes={start}-{last}"
            if_range = validator(point)[1]
            if if_range:
                headers["If-Range"] = if_range
        return headers

    def _continue_file(
        self, answer: Answer, segment: Segment, start: int, *, resumed: bool
    ) -> None:
        """Take a partial answer that goes on at `start`. Raises Changed if it does not."""
        point = self.journal.point
        point.total, end = check_partial(answer, point, start)
        segment.end = end if segment.end is None else min(segment.end, end)
        if resumed and not self.proof.validator:
            point.resumed += 1
        self.proof.validator = validator(point)[0]
        self.progress.total = point.total

    async def _start_file(self, answer: Answer, segment: Segment) -> None:
        """Take an answer that brings the file from its start, though perhaps a part was asked
        for."""
        if segment.at:
            if len(self.segments) > 1:
                if answer.headers.get("ETag") == self.journal.point.etag:
                    raise ProviderError("The source gives one connection only")
                raise Changed
            await self._restart()
            self.segments.move_to_start(segment)
        point = check_full(answer, self.source.url, self.limits.cap)
        self.proof.check_length(point.total)
        self.journal.point = point
        self.progress.total = segment.end = point.total

    # --- bytes ------------------------------------------------------------------------------------

    async def _compare(self, segment: Segment, receiver: Receiver, overlap: int) -> None:
        """Read `overlap` bytes, which must be those before the segment. Raises Changed."""
        theirs = bytearray()
        while len(theirs) < overlap and not receiver.ended:
            await receiver.receive(theirs.extend, overlap - len(theirs))
        if len(theirs) < overlap:
            raise ProviderError(SHORT)
        if overlap and theirs != await self.file.read(overlap, segment.at - overlap):
            raise Changed
        self.progress.fetched += overlap

    async def _fill(self, segment: Segment, receiver: Receiver) -> None:
        """Write the body where the segment is, until the one or the other ends."""
        while (segment.end is None or segment.at < segment.end) and not receiver.ended:
            start, step = segment.at, self._step(segment)
            self.lent_bytes += step
            try:
                await receiver.receive(partial(self.file.put, segment), step)
            finally:
                self.lent_bytes -= step
                self.file.spans = join(self.file.spans, start, segment.at)
            await self._account(segment.at - start)
        if segment.end is None:
            self._take_as_total(segment.at)
        elif segment.at < segment.end:
            raise ProviderError(SHORT)

    def _step(self, segment: Segment) -> int:
        """How many bytes the segment may get now, before the disk, the throttle or the cap is asked
        again."""
        end = self.limits.cap + 1 if segment.end is None else segment.end
        share = (self.journal.room - self.lent_bytes) // len(self.segments)
        return self.throttle.step(min(end - segment.at, max(OVERLAP_BYTES, share)))

    async def _account(self, count: int) -> None:
        """Do all that follows from `count` more bytes in the file."""
        self.progress.fetched += count
        self.progress.done = done = self.journal.done
        if done > self.limits.cap:
            raise ProviderError("The file is larger than any that is believed", final=True)
        await self.journal.advance()
        await self.proof.sniff(self.journal.point.total)
        if done >= self.reserved_bytes:
            await self._reserve()
        await self.throttle.take(count)

    async def _reserve(self) -> None:
        total, done = self.journal.point.total, self.journal.done
        self.reserved_bytes = done + RESERVE_BYTES
        if self.reserve:
            await self.reserve(RESERVE_BYTES if total is None else total - done)

    def _take_as_total(self, total: int) -> None:
        """A body of unknown length has come to a clean end."""
        if not total:
            raise ProviderError("The source sent an empty file", final=True)
        self.proof.check_length(total)
        self.proof.is_measured = self.source.size is not None
        self.journal.point.total = self.progress.total = total
