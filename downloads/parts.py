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
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic

from downloads.wire import Lane, Wire, put
from store.errors import DownloadError

Span = tuple[int, int]  # first byte, byte after the last
MIB = 1 << 20
FIRST, STEP, OFTEN = MIB, 8 * MIB, 5.0  # bytes until a sync is due, seconds until it is
DIGESTS = ("sha256", "sha1", "md5", "crc32")  # strongest first
TAKEN = "The unfinished file's place is taken by something else"


@dataclass
class Checkpoint:
    """What is needed to go on later; `spans` are durable, in order and apart."""

    url: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None
    spans: tuple[Span, ...] = ()

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
            good = all(type(n) is int for n in edges + total) and all(isinstance(t, str) for t in texts)
            good = good and sorted({-1, *edges}) == [-1, *edges] and sorted(edges[-1:] + total) == edges[-1:] + total
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


def length(spans: tuple[Span, ...]) -> int:
    return sum(end - start for start, end in spans)


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
    """One part file, written on threads of its own, which also close it: a write that outlives its caller must never
    hit a descriptor that was given to somebody else. DownloadError if the path is not a plain file of one name (somebody
    planted a link); OSError is what the disk says."""

    def __init__(self, path: Path):
        self._path = path
        self._fd = -1
        self._threads = ThreadPoolExecutor(20, "part")  # started as needed: one a connection, one for syncing
        self._jobs: set[Future] = set()
        self._leaving = False
        self._spans: tuple[Span, ...] = ()
        self._hauled: dict[Lane, int] = {}  # at this moment -> where each began
        self.broken = False  # a sync failed: the kernel forgets what it lost, so no later sync is to be believed

    @property
    def spans(self) -> tuple[Span, ...]:
        """What is written, durable or not. May be asked on any thread."""
        spans = self._spans
        for lane, start in tuple(self._hauled.items()):
            spans = join(spans, start, lane.at)
        return spans

    @spans.setter
    def spans(self, spans: tuple[Span, ...]) -> None:
        self._spans = spans

    async def __aenter__(self) -> Part:
        try:
            await self.run(self._open)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        self._leaving = True
        closing = asyncio.wrap_future(self._threads.submit(self._close, set(self._jobs)))
        self._threads.shutdown(wait=False)
        await asyncio.shield(closing)

    async def write(self, data: bytes, position: int) -> None:
        await self.run(put, self._fd, data, position)
        self._spans = join(self._spans, position, position + len(data))

    async def haul(self, wire: Wire, lane: Lane, most: int, go_on: Callable[[], bool]) -> None:
        """Let a wire write what arrives, for a moment. When cancelled, what did arrive counts."""
        start = self._hauled[lane] = lane.at
        try:
            await self.pull(wire, wire.haul, self._fd, lane, most, go_on)
        finally:
            del self._hauled[lane]
            self._spans = join(self._spans, start, lane.at)

    async def pull(self, wire: Wire, work: Callable, *args):
        """Run something of a wire; when cancelled, the wire is idle again."""
        job = self._start(work, *args)
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            wire.stop()
            await undisturbed(asyncio.wrap_future(job))
            raise

    async def read(self, size: int, position: int) -> bytes:
        return await self.run(lambda: os.pread(self._fd, size, position))

    async def sync(self) -> tuple[Span, ...]:
        """The spans that are durable after it."""
        spans = self.spans
        await self.run(self._sync)
        return spans

    async def cut(self, size: int) -> None:
        await self.run(lambda: os.ftruncate(self._fd, size))

    async def size(self) -> int:
        return (await self.run(lambda: os.fstat(self._fd))).st_size

    async def digest(self, names: set[str]) -> dict[str, str]:
        """The digests of the whole file, as lower-case hex."""
        return await self.run(self._digest, names)

    async def run(self, work, *args):
        return await asyncio.wrap_future(self._start(work, *args))

    def _start(self, work, *args) -> Future:
        job = self._threads.submit(work, *args)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return job

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._fd = os.open(self._path, flags, 0o666)
        except OSError as refused:
            if refused.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
                raise DownloadError(TAKEN) from refused
            raise
        about = os.fstat(self._fd)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise DownloadError(TAKEN)

    def _close(self, jobs: set[Future]) -> None:
        wait(jobs)
        if self._fd >= 0:
            os.close(self._fd)

    def _sync(self) -> None:
        try:
            os.fdatasync(self._fd)
        except OSError:
            self.broken = True
            raise

    def _digest(self, names: set[str]) -> dict[str, str]:
        running = [hashlib.new(name, usedforsecurity=False) for name in names - {"crc32"}]
        crc, position, buffer = 0, 0, memoryview(bytearray(MIB))
        while (count := os.preadv(self._fd, [buffer], position)) and not self._leaving:
            for one in running:
                one.update(buffer[:count])
            if "crc32" in names:
                crc = zlib.crc32(buffer[:count], crc)
            position += count
        return {one.name: one.hexdigest() for one in running} | {"crc32": f"{crc:08x}"}


class Ledger:
    """A part file with its map, `point`: the bytes are durable before the map says that they are there."""

    def __init__(self, file: Part, url: str, save: Callable[[Checkpoint], Awaitable[None]]):
        self.file, self._save = file, save
        self.point = Checkpoint(url)
        self._loop = asyncio.get_running_loop()
        self._saving: asyncio.Task | None = None
        self._synced, self._synced_at = 0, monotonic()  # bytes in the newest map; when it was begun

    @property
    def done(self) -> int:
        return length(self.file.spans)

    def resume(self, point: Checkpoint) -> None:
        self.point, self.file.spans = replace(point), point.spans
        self._synced = self.done

    async def restart(self) -> None:
        """Empty the file. The map goes first: no crash may leave spans that are not what they say."""
        await self._saved()
        told, self.point, self.file.spans = self.point, Checkpoint(self.point.url), ()
        self._synced = 0
        if told.spans:
            await self._save(replace(self.point))
        await self.file.cut(0)

    def go_on(self) -> bool:
        """To be asked on the writing thread: begins a sync when one is due. False: wait for it in `advance`, so that
        little is fetched twice after a crash."""
        waiting = self.done - self._synced
        if waiting >= (STEP if self.point.spans else FIRST) and (not self._saving or self._saving.done()):
            self._loop.call_soon_threadsafe(self._begin)
        return waiting < 2 * STEP

    async def advance(self) -> None:
        """To be awaited now and then: waits for the disk when too little is durable, and fails when that failed."""
        if (saving := self._saving) and (saving.done() or not self.go_on()):
            await asyncio.shield(saving)
        self._begin()

    def _begin(self) -> None:
        waiting, idle = self.done - self._synced, not self._saving or self._saving.done()
        late = monotonic() - self._synced_at >= OFTEN or not self.point.spans and waiting >= FIRST
        if idle and waiting and (waiting >= STEP or late):
            self._synced, self._synced_at = self.done, monotonic()
            self._saving = asyncio.create_task(self._keep(), name="checkpoint")

    async def settle(self) -> None:
        """Make everything that is written durable, and say so."""
        await self._saved()
        if self.file.spans != self.point.spans and not self.file.broken:
            await self._keep()

    async def _saved(self) -> None:
        saving, self._saving = self._saving, None
        if saving:
            await saving

    async def _keep(self) -> None:
        if self.file.broken:
            raise OSError(errno.EIO, "An earlier sync failed")
        self.point.spans = await self.file.sync()
        await self._save(replace(self.point))
