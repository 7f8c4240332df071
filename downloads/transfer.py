"""One URL into one verified file. Knows no queue and no database.

docs/formats.md holds the rules of resuming. One call of `fetch` is one attempt: it begins anew by
itself where a file has changed, and rests for seconds where the source did not bear its
connections, but all other waiting and trying again is its caller's business."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from downloads.attempt import Attempt
from downloads.filler import Filler
from downloads.last_look import LastLook
from downloads.part_file import MIB, Checkpoint, Journal, Part, Segment, Span
from downloads.progress import Gauge, Progress
from downloads.proof import Proof
from downloads.receiver import NORMAL_LIMITS, Limits, Receiver
from downloads.requests import Requests
from downloads.scheduler import Segments, Workers
from downloads.throttle import Throttle
from downloads.validators import (
    Changed,
    Grown,
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
    must_settle: bool = True,
) -> Receipt:
    """Make `part` the file at `source.url`, complete, verified and durable.

    `save` is awaited with every new checkpoint, after its bytes are durable. `reserve` is awaited
    with the number of bytes still to come (64 MiB while the length is unknown) before the first one
    and each 64 MiB; it refuses by raising. `spare` answers how many further connections this host
    would bear now. `must_settle` says that a file which may still be being written is refused.

    Raises ProviderError (the source; `final` and `retry_after` say what to do), DownloadError
    (something else lies at `part`); and Unsettled (see above), OSError (our disk) and
    CancelledError, all of which keep what was fetched."""
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
            must_settle=must_settle,
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
        must_settle: bool,
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
        self.attempt = Attempt(journal, progress)
        self.gauge = Gauge()
        self.is_crowded = False  # a connection failed beside another
        self.proof = Proof(self.file, source)
        self.last_look = LastLook(self.requests, is_needed=must_settle)
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
        """Forget all that is known of the file: it is fetched from its start."""
        # Spans of earlier runs: each is compared with the server where we go on behind it.
        self.earlier_spans: tuple[Span, ...] = ()
        self.filler.forget()
        self.proof.forget()

    async def run(self, resume: Checkpoint | None) -> Receipt:
        try:
            await self._begin(resume)
            await self._finish()
        except ProviderError as failure:
            raise await self._kept(self.attempt.count(failure)) from None
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
        """Make the fetched bytes durable; returns the failure that is to be raised. A cancellation
        must not hurry this, for the file is about to be closed."""
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
            self.attempt.done_before = self.journal.done
            return
        if resume:
            self.journal.point.spans = resume.spans
            self.journal.point.restarts = resume.restarts
            self.attempt.has_restarted = bool(resume.spans)
        await self._restart()

    async def _is_usable(self, resume: Checkpoint) -> bool:
        if resume.url != self.source.url or not resume.spans or not resumable(resume):
            return False
        return await self.file.size() >= resume.spans[-1][1]

    async def _restart(self) -> None:
        self._forget()
        await self.journal.restart()
        self.progress.done, self.progress.total = 0, None
        self.attempt.done_before = 0

    async def _finish(self) -> None:
        """Fetch all bytes, and prove that they are the right ones, of one version of the file."""
        restarts: Counter[str] = Counter()
        grown: Checkpoint | None = None
        while True:
            try:
                if grown:
                    await self._go_on(grown)
                await self._fetch_missing()
                await self.journal.flush()
                await self.last_look.look(self.journal.point, self.journal.done)
                return await self.proof.verify(self.journal.point.total)
            except Grown as growth:
                grown = growth.point
            except Changed as change:
                grown, reason = None, str(change)
                self.spare = lambda: 0
                self.attempt.has_restarted = True
                await self._restart()
                restarts[reason] += 1
                if restarts[reason] == change.tries:
                    self.attempt.has_restarted = False  # that is not why it failed
                    raise change.failure from None

    async def _fetch_missing(self) -> None:
        """Fetch all that is missing. A stretch that one connection leaves undone is taken over by
        another, so this fails only when all connections have failed. That proves nothing about the
        file: perhaps there were too many, or the source does not see yet that they are closed."""
        self.gauge = Gauge()
        workers = Workers(self._work, self.progress, self._is_complete)
        failure = await workers.run(self._extra_connections, self.gauge)
        if not workers.were_several:
            self._raise_if_missing(failure)
            return
        for seconds in CALM_SECONDS:
            wait = max(seconds, (failure and failure.retry_after) or 0)
            if not failure or not self._next_segment() or wait > MAX_CALM_SECONDS:
                break
            await asyncio.sleep(wait)
            workers = Workers(self._work, self.progress, self._is_complete)
            failure = await workers.run()
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
        while segment := self._next_segment() or await self._stalled_segment():
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

    async def _stalled_segment(self) -> Segment | None:
        return None if self.is_crowded else await self.segments.stalled()

    def _next_segment(self) -> Segment | None:
        total = self.journal.point.total
        is_unproven = bool(self.earlier_spans) and not self.proof.validator
        if total is not None and is_unproven and self._is_complete():
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
            self.last_look.hear(answer, is_complete=self._is_complete())
            receiver = Receiver(answer, self.file.threads, self.limits)
            try:
                if segment.at and answer.status != 200:
                    self._continue_file(answer, segment, start, resumed=overlap > 0)
                else:
                    await self._start_file(answer, segment, receiver)
                    overlap = 0
                self.gauge.begin(lambda: answer.received)
                answer.is_length_sure = self.proof.size == self.journal.point.total
                await self.filler.reserve()
                await self.filler.compare(segment, receiver, overlap)
                await self.filler.fill(segment, receiver)
            finally:
                receiver.close()

    def _is_complete(self) -> bool:
        return self.journal.done == self.journal.point.total

    async def _go_on(self, point: Checkpoint) -> None:
        """Fetch the rest of `point`, a file that was here whole and has grown. Raises Changed if it
        does not begin as the file that is here, whose end is compared with the answer."""
        if not resumable(point):
            raise Changed
        self.journal.point = self.journal.point.of_version(point)
        self.progress.total = point.total
        await self.filler.compare_start()

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
        await self.filler.check_length(point.total, receiver, type_of(answer))
        if segment.at and self._is_complete() and (point.total or 0) > segment.at:
            raise Grown(point)
        head = bytearray()
        if segment.at:
            head = await self.filler.read_head(receiver, type_of(answer))
            self.attempt.has_restarted = True
            self.spare = lambda: 0  # it gave the whole in place of a stretch
            await self._restart()
            self.segments.move_to_start(segment)
        self.proof.kind = type_of(answer)
        point.restarts = self.journal.point.restarts
        self.journal.point = point
        self.progress.total = segment.end = segment.limit = point.total
        if head:
            await self.filler.begin(segment, head)
