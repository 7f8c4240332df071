"""An unfinished file and its map: what is written where, and what of it is durable."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import stat
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from store import atomic
from store.errors import DownloadError
from store.threads import Threads, undisturbed

Span = tuple[int, int]  # first byte, byte after the last
MIB = 1 << 20
OVERLAP_BYTES = 64 * 1024  # which a resumed download compares with what the server has, at most
# Bytes until they are made durable. Two steps and what is in flight stay under 16 MiB, which is all
# that may be fetched again after a crash. Each step costs two syncs and three changes of thread.
FIRST_STEP_BYTES = MIB
STEP_BYTES = 6 * MIB
STEP_SECONDS = 5.0  # the same for a slow line
MAX_THREADS = 20  # one for each connection, one for syncing
DIGESTS = ("sha256", "sha1", "md5", "crc32")  # strongest first
TAKEN = "The unfinished file's place is taken by something else"


@dataclass
class Checkpoint:
    """All that is needed to go on later. `spans` are durable, in order and apart; `resumed` (how
    often) and `seconds` (of all runs) are for the history. `restarts` tells how often the file has
    begun anew and was broken off again, `barren` how many tries in a row to go on brought no byte,
    `overlap` how many bytes are compared before we go on. `checksums` are those that its source
    tells of the whole, `source` is its name."""

    url: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None
    spans: tuple[Span, ...] = ()
    resumed: int = 0
    seconds: float = 0.0
    restarts: int = 0
    barren: int = 0
    overlap: int = OVERLAP_BYTES
    checksums: dict[str, str] = field(default_factory=dict)
    source: str = ""

    @property
    def counts(self) -> tuple[int, int, int]:
        """The numbers that are saved although no byte has come."""
        return self.restarts, self.barren, self.overlap

    def of_version(self, other: Checkpoint) -> Checkpoint:
        """This checkpoint for the same bytes of the version that `other` is of."""
        return replace(self, etag=other.etag, modified=other.modified, total=other.total)

    def dumps(self) -> str:
        return json.dumps(vars(self), separators=(",", ":"))

    @classmethod
    def loads(cls, text: str | None) -> Checkpoint | None:
        """None for anything that `dumps` would not have written: then the download starts anew."""
        try:
            values = json.loads(text or "")
            spans = tuple((start, end) for start, end in values["spans"])
            point = cls(**values | {"spans": spans})
            return point if point._is_sound() else None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def _is_sound(self) -> bool:
        """Whether the values, which come from a file, are such as a download leaves behind."""
        edges = [edge for span in self.spans for edge in span]
        last = edges[-1] if edges else 0
        return (
            isinstance(self.url, str)
            and isinstance(self.etag, str | None)
            and isinstance(self.modified, str | None)
            and all(_is_count(edge) for edge in edges)
            and edges == sorted(set(edges))  # each span has bytes, and the next one begins later
            and (self.total is None or (_is_count(self.total) and self.total >= last))
            and _is_count(self.resumed)
            and _is_count(self.restarts)
            and _is_count(self.barren)
            and _is_count(self.overlap)
            and 0 < self.overlap <= OVERLAP_BYTES
            and type(self.seconds) is float
            and self.seconds >= 0
            and isinstance(self.source, str)
            and type(self.checksums) is dict
            and all(type(each) is str for pair in self.checksums.items() for each in pair)
        )


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0  # not isinstance: True is an int, too


@dataclass(eq=False)
class Segment:
    """A stretch of the file on its way over one connection. `at` is the next byte to be written;
    `end`, the byte after the last, may be lowered meanwhile, and is None while the file's length is
    unknown. `limit` is the end of what its answer brings."""

    at: int
    end: int | None
    limit: int | None = None


def join(spans: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    """`spans` and the bytes from `start` to `end`; spans that touch become one."""
    if end <= start:
        return spans
    apart = []
    for span in spans:
        if span[1] < start or span[0] > end:
            apart.append(span)
        else:
            start, end = min(span[0], start), max(span[1], end)
    return tuple(sorted([*apart, (start, end)]))


class Part:
    """One part file, written on threads of its own. Raises DownloadError if the path is not a plain
    file with one name (somebody planted a link), OSError for what the disk says. `spans` is what is
    written, durable or not."""

    def __init__(self, path: Path):
        self._path = path
        self.fd = -1
        self.spans: tuple[Span, ...] = ()
        self.threads = Threads(MAX_THREADS, "part")

    async def __aenter__(self) -> Part:
        try:
            await self.threads.run(self._open)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        closing = asyncio.ensure_future(self.threads.run(self._close))
        cancelled = await undisturbed(closing)
        self.threads.close()
        closing.result()
        if cancelled:
            raise asyncio.CancelledError

    def put(self, segment: Segment, data: memoryview) -> None:
        """Write all of `data` where `segment` is, and move it on. Blocks: belongs on a thread."""
        while data:
            count = os.pwrite(self.fd, data, segment.at)
            segment.at += count
            data = data[count:]

    async def read(self, size: int, position: int) -> bytes:
        return await self.threads.run(os.pread, self.fd, size, position)

    async def cut(self, size: int) -> None:
        await self.threads.run(os.ftruncate, self.fd, size)

    async def sync(self) -> None:
        await self.threads.run(atomic.sync_file, self.fd)

    async def size(self) -> int:
        return (await self.threads.run(os.fstat, self.fd)).st_size

    async def digest(self, names: set[str]) -> dict[str, str]:
        """The digests of the whole file as lower-case hex; `names` are some of DIGESTS."""
        hashes = [hashlib.new(name, usedforsecurity=False) for name in names - {"crc32"}]
        buffer = memoryview(bytearray(MIB))
        crc = position = 0

        def take_some() -> int:
            nonlocal crc
            count = os.preadv(self.fd, [buffer], position)
            for running in hashes:
                running.update(buffer[:count])
            crc = zlib.crc32(buffer[:count], crc) if "crc32" in names else 0
            return count

        while count := await self.threads.run(take_some):
            position += count
        return {done.name: done.hexdigest() for done in hashes} | {"crc32": f"{crc:08x}"}

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self.fd = os.open(self._path, flags, 0o666)
        except OSError as refused:
            if refused.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
                raise DownloadError(TAKEN) from refused
            raise
        about = os.fstat(self.fd)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise DownloadError(TAKEN)

    def _close(self) -> None:
        """On the executor that writes: a cancelled write must never hit a descriptor that was given
        to somebody else."""
        if self.fd >= 0:
            os.close(self.fd)


class Journal:
    """A part file with its map, `point`: bytes are durable before the map says that they are
    there."""

    def __init__(self, file: Part, url: str, save: Callable[[Checkpoint], Awaitable[None]]):
        self.file = file
        self.point = Checkpoint(url)
        self._save = save
        # The newest saving. Each waits for the one before it, and fails when that one failed.
        self._saving: asyncio.Task[None] | None = None
        self._saving_bytes = 0  # of the file in the newest map
        self._saving_since = monotonic()
        self._saved_counts = self.point.counts
        self._began = monotonic()  # earlier where an earlier run has taken its time
        self.lent_bytes = 0  # which the connections may write just now

    @property
    def done(self) -> int:
        """Bytes that are written."""
        return sum(end - start for start, end in self.file.spans)

    @property
    def seconds(self) -> float:
        """The time that this file has taken, earlier runs too."""
        return monotonic() - self._began

    @property
    def room(self) -> int:
        """Bytes that nobody was lent yet and that may be written before `advance`: few are to be
        fetched again after a crash."""
        return self._step_bytes - (self.done - self._saving_bytes) - self.lent_bytes

    def share(self, count: int) -> int:
        """What one of `count` connections may write now. Each one of several gets half of its part
        of a step: the fastest is not to wait for the others before the step is full."""
        return self.room if count == 1 else min(self.room, self._step_bytes // (2 * count))

    @property
    def _step_bytes(self) -> int:
        return STEP_BYTES if self.point.spans else FIRST_STEP_BYTES

    def resume(self, point: Checkpoint) -> None:
        """Go on where an earlier run has ended."""
        self.point = replace(point)
        self.file.spans = point.spans
        self._saving_bytes = self.done
        self._saved_counts = point.counts
        self._began -= point.seconds

    async def restart(self) -> None:
        """Empty the file. The map goes first: a crash must not leave a map of bytes that
        changed."""
        self.file.spans = ()
        await self.flush()
        self.point = Checkpoint(self.point.url, restarts=self.point.restarts)
        self._saving_bytes = 0
        await self.file.cut(0)

    async def advance(self) -> None:
        """Start to make the bytes durable where that is due. Waits for the disk when an earlier
        start has not come to its end, and raises the failure of that one."""
        if self._is_due():
            if self._saving:
                await asyncio.shield(self._saving)
            if self._is_due():  # else another connection was woken first
                self._start_saving()

    def _is_due(self) -> bool:
        fresh = self.done - self._saving_bytes
        if self.room <= 0 and 2 * fresh >= self._step_bytes:
            return True
        is_idle = self._saving is None or self._saving.done()
        return is_idle and fresh > 0 and monotonic() - self._saving_since >= STEP_SECONDS

    async def flush(self) -> None:
        """Make all that is written durable, and save the map of it."""
        await asyncio.shield(self._start_saving())

    def _start_saving(self) -> asyncio.Task[None]:
        self._saving_bytes = self.done
        self._saving_since = monotonic()
        self._saving = asyncio.create_task(self._save_after(self._saving), name="checkpoint")
        return self._saving

    async def _save_after(self, earlier: asyncio.Task[None] | None) -> None:
        if earlier:
            # Its failure is ours: the kernel forgets what a failed sync has lost, so a later sync
            # that succeeds proves nothing.
            await earlier
        spans = self.file.spans
        counts = self.point.counts
        if spans != self.point.spans or counts != self._saved_counts:
            await self.file.sync()
            self.point.spans = spans
            self._saved_counts = counts
            self.point.seconds = self.seconds
            await self._save(replace(self.point))
