"""A folder for trials that is gone afterwards, also when this process is killed in the middle."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = ".aniworld-doctor-"  # scanners of libraries skip dot folders
ABANDONED_SECONDS = 600  # after which a folder of a machine that lost its power is swept

# A process of its own waits until nobody holds the other end of its stdin, and removes the folder.
CLEANER = """
import shutil, sys
sys.stdin.buffer.read()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


@contextlib.contextmanager
def trial_folder(folder: Path) -> Iterator[Path]:
    """A new, empty folder in `folder`. Raises OSError where none can be made."""
    _sweep(folder)
    trial = folder / f"{PREFIX}{secrets.token_hex(6)}"
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", CLEANER, trial],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):
        trial.mkdir(mode=0o700)
        try:
            yield trial
        finally:
            shutil.rmtree(trial, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove the trial folders of earlier runs that nobody could remove."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(PREFIX) or not entry.is_dir(follow_symlinks=False):
                continue
            if time.time() - entry.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(entry.path, ignore_errors=True)
