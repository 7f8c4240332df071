"""The way of an answer's body into the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from providers.answer import Answer
from store.errors import ProviderError
from store.threads import Threads

MAX_BUFFER_BYTES = 5 << 19
# For which a thread works by itself before it reports: little at first, so that a file that is no
# video is known soon, then twice as much each time.
FIRST_TURN_SECONDS = 1 / 32
MAX_TURN_SECONDS = 0.25
BRIEF_TURN_SECONDS = 1 / 32  # the same for bytes on which other connections wait
WAKE_BYTES = 1 << 20  # that a thread which works that long waits for at a time


@dataclass(frozen=True)
class Limits:
    """The least that a source must give: `slow` bytes per second over `window` seconds, and a byte
    in `silence` seconds. A file of more than `cap` bytes is not believed."""

    slow: int = 1024
    window: float = 30
    silence: float = 30
    cap: int = 1 << 37


NORMAL_LIMITS = Limits()


class Receiver:
    """Moves the body of one answer, on `threads`, into a sink."""

    def __init__(self, answer: Answer, threads: Threads, limits: Limits):
        self._answer = answer
        self._threads = threads
        self._limits = limits
        self._buffer = memoryview(bytearray(min(answer.connection.bulk_bytes, MAX_BUFFER_BYTES)))
        self._turn_seconds = FIRST_TURN_SECONDS
        # Only time in which this connection was read from counts.
        self._quiet_seconds = 0.0
        self._window_seconds = 0.0
        self._window_bytes = 0

    @property
    def ended(self) -> bool:
        """Whether the body has come to a clean end."""
        return self._answer.ended

    @property
    def is_open_ended(self) -> bool:
        """Whether only the end of the connection ends the body: it may as well be a cut."""
        return self._answer.is_open_ended

    async def receive(
        self, sink: Callable[[memoryview], object], most: int, *, is_brief: bool = False
    ) -> None:
        """Give `sink`, on a thread, up to `most` bytes, perhaps none for now. When cancelled,
        `sink` gets no more after this has returned. Raises ProviderError when the source is silent,
        too slow, or breaks off, and what `sink` raises. `is_brief` says that somebody waits for
        the bytes or watches whether they come."""
        if is_brief:
            self._turn_seconds = min(self._turn_seconds, BRIEF_TURN_SECONDS)
        began = monotonic()
        count = await self._threads.run(
            self._receive, sink, most, stop=self._answer.connection.stop
        )
        self._judge_pace(count, monotonic() - began)

    def close(self) -> None:
        """Give the buffer's memory back, whoever still refers to this."""
        self._buffer = memoryview(b"")

    def _receive(self, sink: Callable[[memoryview], object], most: int) -> int:
        received, until = 0, monotonic() + self._turn_seconds
        least = WAKE_BYTES if self._turn_seconds == MAX_TURN_SECONDS else 1
        self._turn_seconds = min(2 * self._turn_seconds, MAX_TURN_SECONDS)
        while received < most and not self._answer.ended and (left := until - monotonic()) > 0:
            try:
                count = self._answer.read_into(self._buffer[: most - received], left, least)
            except ProviderError:
                if not received:
                    raise
                break  # it comes again, when what came before it is accounted for
            sink(self._buffer[:count])
            received += count
        return received

    def _judge_pace(self, count: int, seconds: float) -> None:
        limits = self._limits
        self._quiet_seconds = 0.0 if count else self._quiet_seconds + seconds
        self._window_seconds += seconds
        self._window_bytes += count
        if self._quiet_seconds >= limits.silence:
            raise ProviderError(
                f"The source was silent for {limits.silence:g} seconds", cause="silent"
            )
        if self._window_seconds >= limits.window:
            if self._window_bytes < limits.slow * self._window_seconds:
                raise ProviderError("The source is too slow", cause="silent")
            self._window_seconds, self._window_bytes = 0.0, 0
