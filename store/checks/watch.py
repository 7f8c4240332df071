"""What a running server reads and writes, counted while nobody uses it.

Four witnesses, of which each sees what others miss: inotify tells of every file that any program
opens, reads or writes in the folders; /proc/PID/io tells how many bytes the server made a disk read
and write; /proc/diskstats tells the work of the disks for all programs; and /proc/PID/task tells
how often the server woke up.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

# Of linux/inotify.h.
ACCESS = 0x1
MODIFY = 0x2
ATTRIB = 0x4
OPEN = 0x20
MOVED_FROM = 0x40
MOVED_TO = 0x80
CREATE = 0x100
DELETE = 0x200
OVERFLOW = 0x4000
NONBLOCK, CLOEXEC = 0o4000, 0o2000000
CHANGES = MODIFY | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE
USES = ACCESS | OPEN | CHANGES
NAMES = {
    OPEN: "opened",
    ACCESS: "read",
    MODIFY: "written",
    ATTRIB: "given other rights or times",
    MOVED_FROM: "moved away",
    MOVED_TO: "moved here",
    CREATE: "made",
    DELETE: "deleted",
}
MAX_WATCHES = 50_000  # folders of a library; each takes memory of the kernel
_EVENT = struct.Struct("iIII")


class Counts(NamedTuple):
    """The counts of a process and a disk so far; None where a count cannot be told."""

    read_bytes: int | None
    written_bytes: int | None
    wakes: int | None
    disks: dict[str, tuple[int, int]]  # name -> (reads, writes)


class FolderWatch:
    """Counts what happens in folders, by inotify. Raises OSError where the kernel has none."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(NONBLOCK | CLOEXEC)
        if self._descriptor < 0:
            raise _error()
        self._areas: dict[int, str] = {}
        self._folders: dict[int, str] = {}
        self.counts: dict[str, Counter[str]] = {}
        self.examples: dict[str, list[str]] = {}
        self.overflowed = False  # more happened than the kernel kept for us
        self.unwatched = 0  # folders that the kernel or MAX_WATCHES leaves out

    def add(self, area: str, folder: Path, mask: int) -> int:
        """Watch a folder and all below it; returns how many folders these are."""
        self.counts[area] = Counter()
        self.examples[area] = []
        folders = [str(folder), *_below(folder)]  # listed before anything is counted
        watched = 0
        for path in folders:
            number = -1
            if len(self._areas) < MAX_WATCHES:
                number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), mask)
            if number < 0:
                self.unwatched += 1
                continue
            self._areas[number] = area
            self._folders[number] = path
            watched += 1
        return watched

    def collect(self, seconds: float) -> None:
        """Count what happens within so many seconds."""
        readable, _, _ = select.select([self._descriptor], [], [], seconds)
        if not readable:
            return
        content = os.read(self._descriptor, 1 << 16)
        at = 0
        while at < len(content):
            number, mask, _, length = _EVENT.unpack_from(content, at)
            name = content[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
            at += _EVENT.size + length
            self._count(number, mask, os.fsdecode(name))

    def forget(self) -> None:
        """Begin the counts anew."""
        with contextlib.suppress(BlockingIOError):
            while True:
                os.read(self._descriptor, 1 << 16)
        for area in self.counts:
            self.counts[area].clear()
            self.examples[area].clear()

    def close(self) -> None:
        os.close(self._descriptor)

    def _count(self, number: int, mask: int, name: str) -> None:
        area = self._areas.get(number)
        self.overflowed = self.overflowed or bool(mask & OVERFLOW)
        if area is None:
            return
        for bit, word in NAMES.items():
            if mask & bit:
                self.counts[area][word] += 1
                example = f"{word}: {os.path.join(self._folders[number], name)}"
                if example not in self.examples[area] and len(self.examples[area]) < 5:
                    self.examples[area].append(example)


def count(process: int, folders: list[Path]) -> Counts:
    """The work of the process and of the disks of the folders until now."""
    read_bytes = written_bytes = None
    with contextlib.suppress(OSError):
        pairs = dict(
            line.split(": ") for line in Path(f"/proc/{process}/io").read_text().splitlines()
        )
        read_bytes = int(pairs["read_bytes"])
        written_bytes = int(pairs["write_bytes"]) - int(pairs["cancelled_write_bytes"])
    return Counts(read_bytes, written_bytes, _wakes(process), _disks(folders))


def run(
    process: int, folders: dict[str, tuple[Path, int]], seconds: float, say: Callable[[str], None]
) -> None:
    """Watch for so long, or until Ctrl-C, and say what was counted.

    `folders` are area -> (folder, what to count there).
    """
    watch = FolderWatch()
    try:
        for area, (folder, mask) in folders.items():
            watched = watch.add(area, folder, mask) if folder.is_dir() else 0
            say(f"{area}: {watched} folders of {folder} are watched")
            if not folder.is_dir():
                say(f"{folder} does not exist, or its disk is away")
        if watch.unwatched:
            say(
                f"{watch.unwatched} folders are not watched: raise fs.inotify.max_user_watches"
                " to see all"
            )
        paths = [folder for folder, _ in folders.values()]
        before, began = count(process, paths), time.monotonic()
        watch.forget()
        say(f"Counting for {seconds:.0f} seconds; Ctrl-C ends it before. Leave the page closed.")
        with contextlib.suppress(KeyboardInterrupt):
            while (left := began + seconds - time.monotonic()) > 0:
                watch.collect(min(left, 60.0))
                os.stat(f"/proc/{process}")
        after, passed = count(process, paths), time.monotonic() - began
    except FileNotFoundError:
        say("The server has ended meanwhile")
        return
    finally:
        watch.close()
    for line in _told(watch, before, after, passed):
        say(line)


def _told(watch: FolderWatch, before: Counts, after: Counts, passed: float) -> Iterator[str]:
    yield f"In {passed:.0f} seconds:"
    if watch.overflowed:
        yield "  more happened in the folders than could be counted"
    for area, counts in watch.counts.items():
        events = ", ".join(f"{number} {word}" for word, number in counts.items()) or "nothing"
        yield f"  {area}: {events} (inotify; any program)"
        yield from (f"    {example}" for example in watch.examples[area])
    for name, then, now in (
        ("read from disks", before.read_bytes, after.read_bytes),
        ("written to disks", before.written_bytes, after.written_bytes),
    ):
        if then is None or now is None:
            yield f"  {name}: not known; run this as the server's user"
        else:
            yield f"  {name} by the server: {now - then} bytes (/proc/PID/io)"
    if before.wakes is not None and after.wakes is not None:
        rate = (after.wakes - before.wakes) / max(passed, 1e-9)
        yield f"  wake-ups of the server: {rate:.2f} a second (/proc/PID/task)"
    for name, (reads, writes) in after.disks.items():
        reads_before, writes_before = before.disks.get(name, (reads, writes))
        yield (
            f"  disk {name}: {reads - reads_before} reads, {writes - writes_before} writes"
            " (/proc/diskstats; any program)"
        )


def _below(folder: Path) -> Iterator[str]:
    for path, names, _ in os.walk(folder):
        yield from (os.path.join(path, name) for name in names)


def _wakes(process: int) -> int | None:
    """How many times a thread of the process was given the CPU after it had waited."""
    total = 0
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            for line in (thread / "status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
    except OSError:
        return None
    return total


def _disks(folders: list[Path]) -> dict[str, tuple[int, int]]:
    """The disks of the folders by name. Those that the kernel does not list are left out."""
    wanted = set()
    for folder in folders:
        with contextlib.suppress(OSError):
            device = folder.stat().st_dev
            wanted.add((os.major(device), os.minor(device)))
    found = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/diskstats").read_text().splitlines():
            words = line.split()
            if (int(words[0]), int(words[1])) in wanted:
                found[words[2]] = int(words[3]), int(words[7])
    return found


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
