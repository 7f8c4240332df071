"""The checksums of what is shared, computed gently in the background.

One file at a time is read, in short turns with rests between them, while nothing is downloaded. The
disk is asked with the priority of an idle program. The CPU is not: a thread of low priority that
holds Python's lock would let everybody wait who has work to do.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from store import checksums, shared_files, sharing
from store.checksums import Stamp
from store.db import Database
from store.settings import Config
from store.threads import Threads

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
TURN_SECONDS = 0.5  # of reading
RESTS = 2.0  # times as long as the turn before it
BUSY_SECONDS = 5.0  # between two looks whether the downloads have come to their end
YOUNG_SECONDS = 60.0  # since a file was changed, in which it may still be written
AGAIN_SECONDS = 300.0  # until the next try, where the database could not be used

# The number of the system call by the machine; none for a 32-bit program on a 64-bit one.
IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "armv7l": 314, "i686": 289}
ARE_32_BIT = ("armv7l", "i686")
IDLE_CLASS = 3 << 13


class Checksums:
    """Computes the checksums of all shared files that have none as they are now.

    `wakeup` is set where the settings or the library may have changed. `rests` are as RESTS.
    """

    def __init__(
        self,
        db: Database,
        config: Callable[[], Config],
        wakeup: asyncio.Event,
        *,
        rests: float = RESTS,
    ):
        self._db = db
        self._config = config
        self._wakeup = wakeup
        self._rests = rests

    async def run(self) -> None:
        """Work until cancelled; asleep while there is nothing to compute."""
        self._threads = Threads(1, "checksums")
        try:
            await self._threads.run(_be_idle)
            while True:
                self._wakeup.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(await self._look()):
                        await self._wakeup.wait()
        finally:
            self._threads.close()

    async def _look(self) -> float | None:
        """Compute the checksums that are due.

        Returns the seconds to the next look, None for never.
        """
        if self._config().share.series == "none":
            return None
        try:
            await self._wait_for_downloads()
            config = self._config()
            is_young = await self._look_through(config)
        except sqlite3.Error as error:
            log.error("checksums cannot be stored: %s", error)
            return AGAIN_SECONDS
        return YOUNG_SECONDS if is_young else None

    async def _look_through(self, config: Config) -> bool:
        """Compute the checksums of all shared files. Returns whether some files are too young."""
        is_young = False
        for series_id in await self._db.run(sharing.series_ids, config.share):
            await self._db.note(checksums.drop_gone, series_id)
            known = await self._db.run(checksums.of_series, series_id)
            began = time.monotonic()
            stale, young = await self._threads.run(_compare, config.library, known)
            is_young = is_young or young
            await self._rest_since(began)
            for path in stale:
                if not self._is_in_force(config):
                    return False  # the next look is due
                await self._sum_up(config, series_id, path)
        return is_young

    async def _sum_up(self, config: Config, series_id: str, path: str) -> None:
        """Compute the checksum of one file; a file that changes meanwhile gets none."""
        try:
            reading = await self._threads.run(Reading, config.library, path)
        except OSError:  # it is gone
            return
        try:
            while not reading.is_done:
                await self._wait_for_downloads()
                if not self._is_in_force(config):
                    return
                began = time.monotonic()
                await self._threads.run(reading.go_on, stop=reading.stop)
                await self._rest_since(began)
        except OSError as error:
            log.warning("%s cannot be read: %s", path, error)
            return
        finally:
            await self._threads.run(reading.close)
        if reading.sha256:
            await self._db.note(checksums.keep, series_id, path, reading.stamp, reading.sha256)

    def _is_in_force(self, config: Config) -> bool:
        """Whether the owner still shares the same, out of the same library."""
        now = self._config()
        return (now.share, now.library) == (config.share, config.library)

    async def _rest_since(self, began: float) -> None:
        await asyncio.sleep(self._rests * (time.monotonic() - began))

    async def _wait_for_downloads(self) -> None:
        while await self._db.run(checksums.is_downloading):  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(BUSY_SECONDS)


class Reading:
    """A file whose checksum is being computed. Blocks. Raises OSError.

    `sha256` is empty until the end of the file, and for a file that has changed meanwhile.
    """

    def __init__(self, root: Path, path: str):
        self._file = shared_files.open_inside(root, path)
        self.stamp = Stamp.of(os.fstat(self._file))
        self.sha256 = ""
        self.is_done = False
        self._hash = hashlib.sha256()
        self._buffer = memoryview(bytearray(CHUNK_BYTES))
        self._position = 0
        self._is_stopped = False

    def go_on(self) -> None:
        """Read for a turn, or to the end."""
        end = time.monotonic() + TURN_SECONDS
        while time.monotonic() < end and not self._is_stopped:
            count = os.preadv(self._file, [self._buffer], self._position)
            if not count:
                self._finish()
                return
            self._hash.update(self._buffer[:count])
            _forget(self._file, self._position, count)
            self._position += count

    def stop(self) -> None:
        """Let a turn that is under way end soon."""
        self._is_stopped = True

    def close(self) -> None:
        os.close(self._file)

    def _finish(self) -> None:
        self.is_done = True
        if Stamp.of(os.fstat(self._file)) == self.stamp and self._position == self.stamp.size:
            self.sha256 = self._hash.hexdigest()


def _compare(root: Path, known: Mapping[str, Stamp | None]) -> tuple[list[str], bool]:
    """The paths whose checksums are not those of the files as they are now, and whether there are
    others that have changed a moment ago."""
    found = shared_files.look(root, known)
    stale = {path: each.stamp for path, each in found.items() if known[path] != each.stamp}
    young = _young(stale)
    return [path for path in stale if path not in young], bool(young)


def _young(stamps: Mapping[str, Stamp]) -> set[str]:
    now = time.time()
    return {path for path, stamp in stamps.items() if abs(now - stamp.mtime / 1e9) < YOUNG_SECONDS}


def _forget(file: int, position: int, count: int) -> None:
    """Drop the file from the system's cache, which has to keep the files that others use."""
    with suppress(OSError, AttributeError):
        os.posix_fadvise(file, position, count, os.POSIX_FADV_DONTNEED)


def _be_idle() -> None:
    """Let the disk serve everybody else before this thread, where the system can do that."""
    machine = platform.machine()
    number = IOPRIO_SET.get(machine)
    if number is None or (sys.maxsize < 2**32) != (machine in ARE_32_BIT):
        return
    import ctypes  # late: of use to those alone who share

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).syscall(number, 1, 0, IDLE_CLASS)
