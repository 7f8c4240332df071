"""Whether a server runs on a state, and which process it is, without touching its lock."""

from __future__ import annotations

import os
from pathlib import Path

LOCKS = Path("/proc/locks")


def process_of(state: Path) -> int | None:
    """The process that holds the lock of the state; None where nobody does, as far as is known."""
    lock = state / "lock"
    try:
        inode = lock.stat().st_ino
        lines = LOCKS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()
        # 1: FLOCK ADVISORY WRITE 1234 fe:01:5678 0 EOF
        if len(words) > 5 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            process = int(words[4])
            if process > 0 and _may_hold(process, lock, words[5]):
                return process
    return None


def variables_of(process: int) -> dict[str, str]:
    """The variables ANIWORLD_* that the server was started with; none where they are hidden."""
    try:
        pairs = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:  # another user's
        return {}
    texts = [os.fsdecode(pair) for pair in pairs if pair.startswith(b"ANIWORLD_")]
    return dict(text.split("=", 1) for text in texts if "=" in text)


def umask_of(process: int | None) -> int:
    """The umask of the server; our own where it is not known."""
    own = os.umask(0)
    os.umask(own)
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines() if process else []
    except OSError:
        return own
    return next((int(line.split()[1], 8) for line in lines if line.startswith("Umask:")), own)


def _may_hold(process: int, lock: Path, place: str) -> bool:
    """Whether the lock is on this very file: some file systems tell another device number."""
    found = lock.stat()
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}"
    if place.rpartition(":")[0] == device:
        return True
    try:
        descriptors = list(Path(f"/proc/{process}/fd").iterdir())
    except OSError:  # another user's
        return False
    for descriptor in descriptors:
        try:
            if descriptor.samefile(lock):
                return True
        except OSError:
            continue
    return False
