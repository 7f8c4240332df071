"""One URL into one verified file. Knows no queue and no database.

docs/formats.md holds the rules of resuming. One call of `fetch` is one attempt: it begins anew by
itself where a file has changed, and rests for seconds where the source did not bear its
connections, but all other waiting and trying again is its caller's business."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from downloads.filler import Filler
from downloads.part_file import MIB, OVERLAP_BYTES, Checkpoint, Journal, Part, Segment, Span
from downloads.progress import Progress
from downloads.proof import Proof
from downloads.receiver import NORMAL_LIMITS, Limits, Receiver
from downloads.requests import Requests
from downloads.scheduler import Segments, Workers
from downloads.throttle import Throttle
from downloads.validators import (
    Changed,
    check_full,
    check_partial,
    resumable,
    type_of,
    validator,
)
from providers.answer import Answer
from providers.network import Network
from store.errors import ProviderError
from store.models import Receipt, Source
from store.threads import undisturbed

FEW_BYTES = 4 * MIB  # left that are worth no more connections
FAST_BYTES_PER_SECOND = 24 * MIB  # for which one connection is enough
# Until a source that was asked for too many connections is asked again, with one of them.
CALM_SECONDS = (1, 2, 4)
MAX_CALM_SECONDS = 10  # that are waited for here if the source says so
MAX_RESTARTS = 4  # of a file whose download breaks off each time
# Of what a try has brought, that the next one compares: what moves on each time must get on.
OVERLAP_SHARE = 8
UNNAMED_OVERLAP_BYTES = 16 * 1024  # the least where nothing else shows that the file is the same


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
        self.source = source
        self.requests = Requests(web, source, base)
        self.journal = journal
        self.file = journal.file
        self.progress = progress
        self.throttle = throttle
        self.spare = spare
        self.limits = limits
        self.segments = Segments(self.file)
        self.has_restarted = False
        self.is_crowded = False  # a connection failed beside another
        self.done_before = 0  # bytes that this try began with
        self.proof = Proof(self.file, source)
        self.filler = Filler(
            journal,
            self.segments,
            self.proof,
            self.requests,
            progress=progress,
            throttle=throttle,
            reserve=reserve,
            limits=limits,
        )
        self._forget()

    def _forget(self) -> None:
        """Nothing is known of the file: it is fetched from its start."""
        # Spans of earlier runs: each is compared with the server where we go on behind it.
        self.earlier_spans: tuple[Span, ...] = ()
        self.filler.forget()
        self.proof.forget()

    async def run(self, resume: Checkpoint | None) -> Receipt:
        try:
            await self._begin(resume)
            await self._finish()
        except ProviderError as failure:
            raise await self._kept(self._counted(failure)) from None
        except BaseException as failure:
            raise await self._kept(failure) from None
        return Receipt(
            bytes=self.journal.done,
            resumed=self.journal.point.resumed,
            validator=self.proof.validator,
            proof=self.proof.strongest(),
            seconds=self.journal.seconds,
        )

    def _fit_overlap(self) -> None:
        """Let the next try compare less where this one brought little."""
        if self.progress.fetched:
            point = self.journal.point
            gained = self.journal.done - self.done_before
            share = (gained if gained > 0 else point.overlap) // OVERLAP_SHARE
            least = UNNAMED_OVERLAP_BYTES if validator(point)[0] == "length" else 1
            point.overlap = max(least, min(share, OVERLAP_BYTES))

    def _counted(self, failure: ProviderError) -> ProviderError:
        """Count a file that has begun anew and failed again: this must not go on for ever."""
        self._fit_overlap()
        if failure.final or not self.has_restarted or not self.progress.fetched:
            return failure
        point = self.journal.point
        point.restarts += 1
        if point.restarts < MAX_RESTARTS:
            return failure
        point.restarts = 0  # for whoever tries it again by hand
        return ProviderError("The source cannot go on where it broke off", final=True)

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
            self.done_before = self.journal.done
            return
        if resume:
            self.journal.point.spans = resume.spans
            self.journal.point.restarts = resume.restarts
            self.has_restarted = bool(resume.spans)
        await self._restart()

    async def _is_usable(self, resume: Checkpoint) -> bool:
        if resume.url != self.source.url or not resume.spans or not resumable(resume):
            return False
        return await self.file.size() >= resume.spans[-1][1]

    async def _restart(self) -> None:
        self._forget()
        await self.journal.restart()
        self.progress.done, self.progress.total = 0, None
        self.done_before = 0

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
                self.has_restarted = True
                await self._restart()
                restarts[reason] += 1
                if restarts[reason] == change.tries:
                    self.has_restarted = False  # that is not why it failed
                    raise change.failure from None

    # --- connections ------------------------------------------------------------------------------

    async def _fetch_missing(self) -> None:
        """Fetch all that is missing. A stretch that one connection leaves undone is taken over by
        another, so this fails only when all have failed. A failure of several is no verdict on the
        file: perhaps there were too many, or the source has not seen yet that they are closed."""
        workers = Workers(self._work, self.progress)
        failure = await workers.run(self._extra_connections)
        if not workers.were_several:
            self._raise_if_missing(failure)
            return
        for seconds in CALM_SECONDS:
            wait = max(seconds, (failure and failure.retry_after) or 0)
            if not failure or not self._next_segment() or wait > MAX_CALM_SECONDS:
                break
            await asyncio.sleep(wait)
            failure = await Workers(self._work, self.progress).run(lambda _: 0)
        if failure:
            failure.final = False
        self._raise_if_missing(failure)

    def _raise_if_missing(self, failure: ProviderError | None) -> None:
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
                    if len(self.segments) > 1:
                        self.is_crowded = True
                        self.progress.were_refused |= self.segments.is_untouched(segment)
                    self.segments.give_back(segment)
                    return failure
            if self.is_crowded:
                await asyncio.sleep(CALM_SECONDS[0])  # the source may still count this connection
        return None

    def _next_segment(self) -> Segment | None:
        total = self.journal.point.total
        complete = bool(self.earlier_spans) and self.journal.done == total
        if complete and total is not None and not self.proof.validator:
            return Segment(total, total)  # only its end is compared with the server's
        return self.segments.next(total)

    async def _fetch_segment(self, segment: Segment) -> None:
        """Fetch one stretch over one connection."""
        overlap = min(self._earlier_bytes_before(segment), self.journal.point.overlap)
        start = segment.at - overlap
        end = None if segment.end == self.journal.point.total else segment.end
        async with self.requests.get(
            self.journal.point,
            start if segment.at else None,
            end,
            alone=len(self.segments) == 1,
        ) as answer:
            receiver = Receiver(answer, self.file.threads, self.limits)
            try:
                if segment.at and answer.status != 200:
                    self._continue_file(answer, segment, start, resumed=overlap > 0)
                else:
                    await self._start_file(answer, segment, receiver)
                    overlap = 0
                await self.filler.reserve()
                await self.filler.compare(segment, receiver, overlap)
                await self.filler.fill(segment, receiver)
            finally:
                receiver.close()

    def _earlier_bytes_before(self, segment: Segment) -> int:
        return next((end - start for start, end in self.earlier_spans if end == segment.at), 0)

    def _continue_file(
        self, answer: Answer, segment: Segment, start: int, *, resumed: bool
    ) -> None:
        """Take a partial answer that goes on at `start`. Raises Changed if it does not."""
        point = self.journal.point
        conditional = self.requests.if_range
        point.total, end = check_partial(answer, point, start, conditional=conditional)
        segment.limit = end
        segment.end = end if segment.end is None else min(segment.end, end)
        if resumed and not self.proof.validator:
            point.resumed += 1
        self.proof.validator = validator(point)[0]
        self.progress.total = point.total

    async def _start_file(self, answer: Answer, segment: Segment, receiver: Receiver) -> None:
        """Take an answer that brings the file from its start, though perhaps a part was asked
        for."""
        if len(self.segments) > 1:
            raise ProviderError("The source gives one connection only")
        point = check_full(answer, self.source.url, self.limits.cap)
        self.proof.check_length(point.total)
        head = bytearray()
        if segment.at:
            head = await self.filler.read_head(receiver, type_of(answer))
            self.has_restarted = True
            self.spare = lambda: 0  # it gave the whole in place of a stretch
            await self._restart()
            self.segments.move_to_start(segment)
        self.proof.kind = type_of(answer)
        point.restarts = self.journal.point.restarts
        self.journal.point = point
        self.progress.total = segment.end = segment.limit = point.total
        if head:
            await self.filler.begin(segment, head)
