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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from store.errors import DownloadError

if TYPE_CHECKING:
    from downloads.wire import Segment

Span = tuple[int, int]  # first byte, byte after the last
MIB = 1 << 20
FIRST, STEP, OFTEN = (
    MIB,
    6 * MIB,
    5.0,
)  # bytes until a sync is due (two of them and what is in flight are under 16 MiB), seconds
DIGESTS = ("sha256", "sha1", "md5", "crc32")  # strongest first
TAKEN = "The unfinished file's place is taken by something else"


@dataclass
class Checkpoint:
    """What is needed to go on later; `spans` are durable, in order and apart. `resumed` and `seconds` are for the history."""

    url: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None
    spans: tuple[Span, ...] = ()
    resumed: int = 0
    seconds: float = 0.0

    def dumps(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def loads(cls, text: str | None) -> Checkpoint | None:
        """None for anything that `dumps` would not have written: then the download starts anew."""
        try:
            values = json.loads(text or "")
            point = cls(**values | {"spans": tuple((start, end) for start, end in values["spans"])})
            edges = [edge for span in point.spans for edge in span]
            total = [] if point.total is None else [point.total]
            texts = (point.url, point.etag or "", point.modified or "")
            good = all(type(n) is int for n in [*edges, *total, point.resumed]) and all(
                isinstance(t, str) for t in texts
            )
            good = good and type(point.seconds) is float and point.resumed >= 0 <= point.seconds
            good = (
                good
                and sorted({-1, *edges}) == [-1, *edges]
                and sorted(edges[-1:] + total) == edges[-1:] + total
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return point if good else None


def join(spans: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    """`spans` with one more; what touches becomes one."""
    apart = []
    for a, b in spans:
        if b < start or a > end:
            apart.append((a, b))
        else:
            start, end = min(a, start), max(b, end)
    return tuple(sorted([*apart, (start, end)])) if end > start else spans


async def undisturbed(task: asyncio.Future) -> bool:
    """Wait for the end of `task`, whoever wants us to stop meanwhile; whether somebody did."""
    asked = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            asked = True
    return asked


class Part:
    """One part file, written on threads of its own. DownloadError if the path is not a plain file of one name (somebody
    planted a link); OSError is what the disk says. `spans`: what is written, durable or not."""

    def __init__(self, path: Path):
        self._path = path
        self.fd = -1
        self.spans: tuple[Span, ...] = ()
        self._threads = ThreadPoolExecutor(
            20, "part"
        )  # started as needed: one a connection, one for syncing

    async def __aenter__(self) -> Part:
        try:
            await self.run(self._open)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        try:
            await self.run(lambda: self.fd < 0 or os.close(self.fd))
        finally:
            self._threads.shutdown(wait=False)

    async def run(self, work: Callable, *args, stop: Callable[[], object] = bool):
        """Do something on a thread. When cancelled, it is told to `stop`, and has ended: a write that outlives its caller
        must never hit a descriptor that was given to somebody else."""
        job = asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            stop()
            await undisturbed(job)
            job.exception()  # looked at: whoever cancels does not ask for it
            raise

    def put(self, segment: Segment, data: bytes | memoryview) -> None:
        """Write all of `data` where `segment` is; to be run on a thread."""
        while data:
            count = os.pwrite(self.fd, data, segment.at)
            segment.at += count
            data = data[count:]

    async def read(self, size: int, position: int) -> bytes:
        return await self.run(os.pread, self.fd, size, position)

    async def cut(self, size: int) -> None:
        await self.run(os.ftruncate, self.fd, size)

    async def size(self) -> int:
        return (await self.run(os.fstat, self.fd)).st_size

    async def digest(self, names: set[str]) -> dict[str, str]:
        """The digests of the whole file, as lower-case hex."""
        running = [hashlib.new(name, usedforsecurity=False) for name in names - {"crc32"}]
        crc, position, buffer = 0, 0, memoryview(bytearray(MIB))

        def some() -> int:
            nonlocal crc
            count = os.preadv(self.fd, [buffer], position)
            for one in running:
                one.update(buffer[:count])
            crc = zlib.crc32(buffer[:count], crc) if "crc32" in names else 0
            return count

        while count := await self.run(some):
            position += count
        return {one.name: one.hexdigest() for one in running} | {"crc32": f"{crc:08x}"}

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


class Journal:
    """A part file with its map, `point`: the bytes are durable before the map says that they are there."""

    def __init__(self, file: Part, url: str, save: Callable[[Checkpoint], Awaitable[None]]):
        self.file, self._save = file, save
        self.point = Checkpoint(url)
        self._saving: asyncio.Task | None = (
            None  # the newest; it waits for the one before, and fails when that failed
        )
        self._asked, self._asked_at = 0, monotonic()  # bytes in the newest map; when it was begun
        self._began = monotonic()  # earlier where an earlier run has taken its time

    @property
    def done(self) -> int:
        return sum(end - start for start, end in self.file.spans)

    @property
    def seconds(self) -> float:
        """What this file has taken, earlier runs too."""
        return monotonic() - self._began

    @property
    def room(self) -> int:
        """Bytes, at least one, that may be written before `advance`: little is to be fetched twice after a crash."""
        return (STEP if self.point.spans else FIRST) - (self.done - self._asked)

    def resume(self, point: Checkpoint) -> None:
        self.point, self.file.spans = replace(point), point.spans
        self._asked = self.done
        self._began -= point.seconds

    async def restart(self) -> None:
        """Empty the file. The map goes first: no crash may leave spans that are not what they say."""
        self.file.spans = ()
        await self.settle()
        self.point, self._asked = Checkpoint(self.point.url), 0
        await self.file.cut(0)

    async def advance(self) -> None:
        """Begins to make the bytes durable when that is due; then waits for the disk when what it was asked for before
        is not yet, and fails when that failed."""
        saving = self._saving
        late = (not saving or saving.done()) and monotonic() - self._asked_at >= OFTEN
        if self.room <= 0 or (late and self.done > self._asked):
            self._begin()
            if saving:
                await asyncio.shield(saving)

    async def settle(self) -> None:
        """Make everything that is written durable, and say so."""
        self._begin()
        await asyncio.shield(self._saving)

    def _begin(self) -> None:
        self._asked, self._asked_at = self.done, monotonic()
        self._saving = asyncio.create_task(self._keep(self._saving), name="checkpoint")

    async def _keep(self, before: asyncio.Task | None) -> None:
        if before:
            await (
                before
            )  # the kernel forgets what a failed sync lost, so no later one is to be believed
        if (spans := self.file.spans) != self.point.spans:
            await self.file.run(os.fdatasync, self.file.fd)
            self.point.spans, self.point.seconds = spans, self.seconds
            await self._save(replace(self.point))
