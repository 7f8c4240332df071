"""An unfinished file: what is written where, and what of it is durable."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import stat
import zlib
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from store.errors import DownloadError

Span = tuple[int, int]  # first byte, byte after the last
MIB = 1 << 20
DIGESTS = ("sha256", "sha1", "md5", "crc32")  # strongest first


@dataclass
class Checkpoint:
    """What is needed to go on later; `spans` are durable. `etag` and `modified` are only kept if fit for If-Range."""

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
            spans = tuple((start, end) for start, end in values.pop("spans"))
            point = cls(**values, spans=spans)
            numbers = [n for span in spans for n in span]
            good = (
                all(type(n) is int for n in numbers)
                and all(a < b for a, b in zip(numbers, numbers[1:]))
                and (not numbers or numbers[0] >= 0)
                and isinstance(point.url, str)
                and all(v is None or isinstance(v, str) for v in (point.etag, point.modified))
                and (point.total is None or type(point.total) is int and point.total >= (numbers or [0])[-1])
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


def length(spans: tuple[Span, ...]) -> int:
    return sum(end - start for start, end in spans)


class Part:
    """One part file, written at any position on threads of its own, which also close it: a write that outlives its
    caller must never hit a descriptor that was given to somebody else. DownloadError if the path is not a plain file of
    one name (somebody planted a link); OSError for what the disk says."""

    def __init__(self, path: Path):
        self._path = path
        self._fd = -1
        self._threads = ThreadPoolExecutor(2, "part")  # two: writing goes on during a sync
        self._jobs: set[Future] = set()
        self._leaving = False
        self.spans: tuple[Span, ...] = ()  # written, durable or not
        self.broken = False  # a sync failed: the kernel forgets what it lost, so no later sync is to be believed

    async def __aenter__(self) -> Part:
        try:
            await self._do(self._open)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        self._leaving = True
        closing = asyncio.wrap_future(self._threads.submit(self._close, set(self._jobs)))
        self._threads.shutdown(wait=False)
        await asyncio.shield(closing)

    async def write(self, data: bytes | memoryview, position: int) -> None:
        await self._do(self._write, data, position)
        self.spans = join(self.spans, position, position + len(data))

    async def read(self, size: int, position: int) -> bytes:
        return await self._do(lambda: os.pread(self._fd, size, position))

    async def sync(self) -> tuple[Span, ...]:
        """The spans that are durable after it."""
        spans = self.spans
        await self._do(self._sync)
        return spans

    async def cut(self, size: int) -> None:
        await self._do(lambda: os.ftruncate(self._fd, size))

    async def size(self) -> int:
        return (await self._do(lambda: os.fstat(self._fd))).st_size

    async def digest(self, names: set[str]) -> dict[str, str]:
        """The digests of the whole file, as lower-case hex."""
        return await self._do(self._digest, names)

    async def _do(self, work, *args):
        job = self._threads.submit(work, *args)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return await asyncio.wrap_future(job)

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._fd = os.open(self._path, flags, 0o666)
        except OSError as refused:
            if refused.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
                raise DownloadError("The unfinished file's place is taken by something else") from refused
            raise
        about = os.fstat(self._fd)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
            raise DownloadError("The unfinished file's place is taken by something else")

    def _close(self, jobs: set[Future]) -> None:
        wait(jobs)
        if self._fd >= 0:
            os.close(self._fd)

    def _write(self, data, position: int) -> None:
        while len(data):
            done = os.pwrite(self._fd, data, position)
            data, position = data[done:], position + done

    def _sync(self) -> None:
        if self.broken:
            raise OSError(errno.EIO, "An earlier sync failed")
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
        found = {one.name: one.hexdigest() for one in running}
        return found | ({"crc32": f"{crc:08x}"} if "crc32" in names else {})
