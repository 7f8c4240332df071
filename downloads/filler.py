"""The way of an answer's body into the file, through all that counts its bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from downloads.part_file import MIB, OVERLAP_BYTES, Journal, Segment, join
from downloads.progress import Progress
from downloads.proof import OTHER_LENGTH, SHORT, Proof
from downloads.receiver import Limits, Receiver
from downloads.requests import Requests
from downloads.scheduler import Segments
from downloads.throttle import Throttle
from downloads.validators import SNIFF_BYTES, Changed, check_partial, sniff
from store.errors import ProviderError

MIN_STEP_BYTES = 64 * 1024
# In which a stretch is received beside others: when half of it is taken over, no more than this
# half is on its way.
PARTS_OF_SHARED_STRETCH = 8
RESERVE_BYTES = 64 * MIB  # asked for at a time while the length is unknown


class Filler:
    """Fills segments of one file. The arguments are those of `fetch`, and what a transfer makes of
    them."""

    def __init__(
        self,
        journal: Journal,
        segments: Segments,
        proof: Proof,
        requests: Requests,
        *,
        progress: Progress,
        throttle: Throttle,
        reserve: Callable[[int], Awaitable[None]] | None,
        limits: Limits,
    ):
        self._journal = journal
        self._file = journal.file
        self._segments = segments
        self._proof = proof
        self._requests = requests
        self._progress = progress
        self._throttle = throttle
        self._ask_for_room = reserve
        self._limits = limits
        self._reserved_bytes = 0

    def forget(self) -> None:
        """Forget the bytes so far: the file is fetched from its start."""
        self._reserved_bytes = 0

    async def read_head(self, receiver: Receiver, kind: str) -> bytearray:
        """The first bytes of an answer that would begin the file anew. Raises ProviderError where
        they are no video's: then what we have is worth more."""
        head = bytearray()
        while len(head) < SNIFF_BYTES and not receiver.ended:
            await receiver.receive(head.extend, SNIFF_BYTES - len(head))
        if what := sniff(bytes(head), kind):
            message = f"The source sent {what} in place of a video"
            raise ProviderError(message, cause="no video")
        return head

    async def check_length(self, length: int | None, receiver: Receiver, kind: str) -> None:
        """Raises ProviderError where an answer's length is not the listed length.

        The length may be that of a page in place of the file: the first bytes tell.
        """
        if not self._proof.is_length_right(length):
            await self.read_head(receiver, kind)
            raise ProviderError(OTHER_LENGTH)

    async def begin(self, segment: Segment, head: bytearray) -> None:
        """Write `head`, the first bytes of the file."""
        await self._file.threads.run(self._file.put, segment, memoryview(head))
        self._file.spans = join(self._file.spans, 0, segment.at)
        await self._account(segment.at)

    async def compare(self, segment: Segment, receiver: Receiver, overlap: int) -> None:
        """Read `overlap` bytes, which must be those before the segment. Raises Changed."""
        theirs = bytearray()
        try:
            while len(theirs) < overlap and not receiver.ended:
                await receiver.receive(theirs.extend, overlap - len(theirs))
        finally:
            self._progress.fetched += len(theirs)
        if len(theirs) < overlap:
            raise ProviderError(SHORT)
        if overlap and theirs != await self._file.read(overlap, segment.at - overlap):
            raise Changed

    async def compare_start(self) -> None:
        """Compare the file's first bytes with what the source has there. Raises Changed."""
        point = self._journal.point
        size = min(self._journal.done, OVERLAP_BYTES)
        async with self._requests.get(point, 0, size, alone=True) as answer:
            check_partial(answer, point, 0, conditional=self._requests.if_range)
            receiver = Receiver(answer, self._file.threads, self._limits)
            try:
                await self.compare(Segment(size, size), receiver, size)
            finally:
                receiver.close()

    async def fill(self, segment: Segment, receiver: Receiver) -> None:
        """Write the body at the segment's place, until the body or the segment ends."""
        while (segment.end is None or segment.at < segment.end) and not receiver.ended:
            start, step = segment.at, self._step(segment)
            self._journal.lent_bytes += step
            try:
                put = partial(self._file.put, segment)
                is_brief = self._segments.are_near_end(segment)
                await receiver.receive(put, step, is_brief=is_brief)
            except ProviderError:
                # Only the sign of the end is absent: a chunked body without its last chunk.
                if segment.end is None and await self._proof.is_whole(segment.at):
                    break
                raise
            finally:
                self._journal.lent_bytes -= step
                self._file.spans = join(self._file.spans, start, segment.at)
            await self._account(segment.at - start)
        if segment.end is None:
            await self._take_as_total(segment, receiver)
        elif segment.at < segment.end:
            raise ProviderError(SHORT)

    def _step(self, segment: Segment) -> int:
        """How many bytes the segment may get now, before the disk, the throttle or the cap is asked
        again."""
        left = (self._limits.cap + 1 if segment.end is None else segment.end) - segment.at
        share = self._journal.share(len(self._segments))
        if len(self._segments) > 1:  # another one may take over half of what is left
            share = min(share, left // PARTS_OF_SHARED_STRETCH)
        return self._throttle.step(min(left, max(MIN_STEP_BYTES, share)))

    async def _account(self, count: int) -> None:
        """Count the bytes that have come, and do everything that follows from the count."""
        self._progress.fetched += count
        self._progress.done = done = self._journal.done
        if done > self._limits.cap:
            raise ProviderError("The file is larger than any that is believed", final=True)
        await self._proof.sniff(self._journal.point.total)
        await self._journal.advance()
        if done >= self._reserved_bytes:
            await self.reserve()
        await self._throttle.take(count)

    async def reserve(self) -> None:
        total, done = self._journal.point.total, self._journal.done
        self._reserved_bytes = done + RESERVE_BYTES
        if self._ask_for_room:
            await self._ask_for_room(RESERVE_BYTES if total is None else total - done)

    async def _take_as_total(self, segment: Segment, receiver: Receiver) -> None:
        """A body of unknown length has come to an end, which may be that of its connection."""
        found, told = segment.at, self._proof.size
        if not found:
            final = not receiver.is_open_ended
            raise ProviderError("The source sent an empty file", final=final, cause="no video")
        if receiver.is_open_ended:
            told = told or await self._requests.length(found)
            self._proof.end = "unproven" if told is None else "length"
            if told is not None and found < told:
                self._journal.point.total = self._progress.total = segment.end = told
                raise ProviderError(SHORT)
        else:
            self._proof.end = "clean end" if told is None else "length"
        if not self._proof.is_length_right(found):
            raise ProviderError(OTHER_LENGTH)
        if told not in (None, found):
            raise Changed
        self._journal.point.total = self._progress.total = found
