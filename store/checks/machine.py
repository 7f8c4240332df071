"""The clock and the descriptors."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import datetime
from pathlib import Path

from store.findings import Finding

FIRST_RELEASE = 1_795_478_400  # 24 November 2026: no clock that is right says less
DAY_SECONDS = 86_400
FEW_DESCRIPTORS = 512
WATCHED = ("config.json", "secrets.json", "aniworld.db", "aniworld.db-wal")


def look_at_clock(state: Path) -> list[Finding]:
    """Look whether the clock can be right: no file of ours is of the future."""
    at = time.time()
    local = datetime.fromtimestamp(at).astimezone()
    shown = f"{local:%Y-%m-%d %H:%M} ({local.tzname()})"
    fix = "Let the system set its clock by a time server (NTP); a Raspberry Pi has none of its own"
    if at < FIRST_RELEASE:
        return [Finding("clock", "problem", f"The clock says {shown}, which is over", fix)]
    times = []
    for name in WATCHED:
        with contextlib.suppress(OSError):
            times.append((state / name).stat().st_mtime)
    if times and max(times) > at + DAY_SECONDS:
        message = f"The clock says {shown}, and files of the state were written later than that"
        return [Finding("clock", "warning", message, fix)]
    return [Finding("clock", "ok", f"The clock says {shown}")]


def look_at_descriptors(process: int | None = None) -> list[Finding]:
    """Look how many files this process, or another one of this user, may open at a time."""
    try:
        folder = Path("/proc") / (str(process) if process else "self")
        line = next(
            line
            for line in (folder / "limits").read_text().splitlines()
            if line.startswith("Max open files")
        )
        soft, hard = line.split()[3:5]
        used = len(os.listdir(folder / "fd"))
    except (OSError, StopIteration, ValueError):
        return []  # not Linux, or another user's
    if soft != "unlimited" and int(soft) < FEW_DESCRIPTORS:
        fix = "Raise it: LimitNOFILE=1024 in the unit, or ulimit -n 1024 before the start"
        if hard == "unlimited" or int(hard) >= FEW_DESCRIPTORS:
            fix = ""  # the server raises its own limit at its start
        message = f"The limit of open files is {soft}, {used} are open"
        return [Finding("descriptors", "warning" if fix else "note", message, fix)]
    return [Finding("descriptors", "ok", f"{used} files are open of {soft} that may be")]
