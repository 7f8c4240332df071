"""Trials of a folder with real calls: write, sync, link, rename, and names of every kind."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import shutil
import sqlite3
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from store import atomic
from store.checks import mounts
from store.checks.trial_folder import trial_folder
from store.findings import Finding

TRIAL_BYTES = 1 << 20
SLOW_SECONDS = 3.0  # for a mebibyte and its sync
SKEW_SECONDS = 60.0
RESERVE_BYTES = 1 << 30
LONGEST_BYTES = 255
SHORTER_BYTES = (200, 143, 100)
ODD_NAMES = (
    "Größe 大きい 🎬",
    "日本語のタイトル 第01話",
    "it's [1080p] {tvdb-1} & 100 %",
    "a\u0301",
)

Step = Callable[[Path], Iterator[tuple[str, str]]]


def look_into(area: str, folder: Path) -> list[Finding]:
    """Try a folder of media. Raises nothing: a failure is a finding."""
    try:
        with trial_folder(folder) as trial:
            findings = _tried(area, trial, (_write, _link, _replace, _notice, _case, _names, _own))
    except OSError as error:
        return [_cannot(area, folder, error)]
    findings += _room(area, folder)
    if (kind := mounts.kind_of(folder)) in mounts.NETWORK:
        findings.append(Finding(area, "note", f"{folder} lies on a network share ({kind})"))
    if all(finding.state == "note" for finding in findings):
        message = f"{folder} can be written, synced, and renamed in"
        findings.insert(0, Finding(area, "ok", message))
    return findings


def look_at_both(library: Path, downloads: Path) -> list[Finding]:
    """Whether a finished download can be renamed into the library."""
    area = "download_directory"
    try:
        with trial_folder(downloads) as before, trial_folder(library) as after:
            (before / "file").touch()
            try:
                os.rename(before / "file", after / "file")
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            else:
                return [Finding(area, "ok", "A finished file gets into the library by a renaming")]
    except OSError:
        return []  # told of each folder
    if library.stat().st_dev == downloads.stat().st_dev:
        message = "The two directories lie on one disk that is mounted twice: each file is copied"
        fix = "Mount one folder above both, as /data with /data/anime and /data/downloads"
        return [Finding(area, "warning", message, fix)]
    return [
        Finding(area, "note", "The two directories lie on two disks: a finished file is copied")
    ]


def look_at_state(state: Path) -> list[Finding]:
    """Try the directory of the state, with a database of its own."""
    area = "state"
    try:
        with trial_folder(state) as trial:
            findings = _tried(area, trial, (_write, _replace, _database))
    except OSError as error:
        return [_cannot(area, state, error)]
    findings += [*_room(area, state), *_kind(area, state), *_secrecy(area, state)]
    if not findings:
        findings.append(Finding(area, "ok", f"{state} can be written and locked"))
    return findings


# -- inside: each step yields (what is noticed, what to do) ---------------------------------------


def _tried(area: str, trial: Path, steps: tuple[Step, ...]) -> list[Finding]:
    """The findings of the steps: a warning where there is something to do, else a note."""
    findings = []
    for step in steps:
        try:
            for message, fix in step(trial):
                findings.append(Finding(area, "warning" if fix else "note", message, fix))
        except OSError as error:
            findings.append(_cannot(area, trial.parent, error))
            break  # what follows builds on it
    return findings


def _write(trial: Path) -> Iterator[tuple[str, str]]:
    content = os.urandom(TRIAL_BYTES)
    began = time.monotonic()
    with open(trial / "written", "xb") as new:
        new.write(content)
        new.flush()
        atomic.sync_file(new.fileno())
    atomic.sync_folder(trial)
    seconds = time.monotonic() - began
    if (trial / "written").read_bytes() != content:
        raise OSError(errno.EIO, "what was written is not what is read")
    if seconds > SLOW_SECONDS:
        yield f"Writing 1 MiB and its sync took {seconds:.0f} seconds", ""
    skew = (trial / "written").stat().st_mtime - time.time()
    if abs(skew) > SKEW_SECONDS:
        message = f"The clock of this disk's server is {abs(skew):.0f} seconds away from ours"
        yield message, "Set the clock of both machines by a time server (NTP)"


def _link(trial: Path) -> Iterator[tuple[str, str]]:
    try:
        os.link(trial / "written", trial / "linked")
    except OSError:
        yield "The disk has no hard links; a file gets its name by a check and a renaming", ""


def _replace(trial: Path) -> Iterator[tuple[str, str]]:
    (trial / "first").write_bytes(b"1")
    (trial / "second").write_bytes(b"2")
    os.replace(trial / "second", trial / "first")
    if (trial / "first").read_bytes() != b"2":
        raise OSError(errno.EIO, "a renaming over a file has not replaced the file")
    yield from ()


def _notice(trial: Path) -> Iterator[tuple[str, str]]:
    """Whether a folder tells by its time that something was added to it."""
    folder = trial / "folder"
    folder.mkdir()
    with contextlib.suppress(OSError):
        os.utime(folder, (1e9, 1e9))
        if folder.stat().st_mtime == 1e9:
            (folder / "new").touch()
            if folder.stat().st_mtime == 1e9:
                message = "The disk does not tell that a folder has changed: a rescan misses files"
                yield message, "Mount the disks themselves, or another way, for the library"


def _case(trial: Path) -> Iterator[tuple[str, str]]:
    (trial / "Case").touch()
    if (trial / "cASE").exists():
        yield "The disk takes names that differ in case alone for the same", ""


def _names(trial: Path) -> Iterator[tuple[str, str]]:
    for name in ODD_NAMES:
        folder = trial / f"name {len(name)}"
        folder.mkdir(exist_ok=True)
        try:
            (folder / name).touch()
            (kept,) = os.listdir(folder)
        except (OSError, UnicodeError):
            kept = ""
        if unicodedata.normalize("NFC", kept) != unicodedata.normalize("NFC", name):
            message = f"The disk does not keep names such as {name!r}"
            yield message, "Mount it with UTF-8 names (iocharset=utf8, or utf8=1)"
            break
    for length in (LONGEST_BYTES, *SHORTER_BYTES):
        try:
            (trial / ("n" * length)).touch()
            (trial / ("語" * (length // 3))).touch()
        except OSError:
            continue
        if length < LONGEST_BYTES:
            message = f"Names longer than {length} bytes are refused by the disk"
            yield message, "Choose a disk without an encrypting layer, or shorter naming templates"
        return
    yield "Even short names are refused by the disk", "Choose another disk"


def _own(trial: Path) -> Iterator[tuple[str, str]]:
    made = trial / "mode"
    descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    os.close(descriptor)
    found = made.stat()
    if found.st_uid != os.geteuid():
        yield f"New files belong to user {found.st_uid}, as the disk wants it, not to ours", ""
    if not found.st_mode & 0o044:
        message = f"No other user can read new files (mode {stat.S_IMODE(found.st_mode):o})"
        yield message, "Start the server with a umask of 002 or 022, so that a media server can"


def _database(trial: Path) -> Iterator[tuple[str, str]]:
    """A database in WAL mode needs locks and shared memory, which network shares lack."""
    try:
        with closing(sqlite3.connect(trial / "database", timeout=5)) as connection:
            connection.execute("pragma synchronous = full")
            mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
            connection.execute("create table tried (number)")
            connection.execute("insert into tried values (1)")
            connection.commit()
    except sqlite3.Error as error:
        raise OSError(errno.EIO, f"a database cannot be used ({error})") from None
    if mode != "wal":
        yield "The disk cannot share memory between programs", "Choose a local disk"


# -- inside: what is asked of the folder itself ----------------------------------------------------


def _cannot(area: str, folder: Path, error: OSError) -> Finding:
    """The finding for a folder that cannot be used: why, and the cure."""
    message = f"{folder} cannot be used: {error.strerror or error}"
    if error.errno in (errno.EACCES, errno.EPERM):
        own = f"user {os.geteuid()} ({_name_of(os.geteuid())})"
        with contextlib.suppress(OSError):
            there = folder.stat()
            message = (
                f"{folder} cannot be written by {own}: it belongs to {there.st_uid}"
                f" ({_name_of(there.st_uid)}), group {there.st_gid}, mode"
                f" {stat.S_IMODE(there.st_mode):o}"
            )
        fix = f"Type: sudo chown {os.geteuid()} '{folder}', or give its group the right to write"
    elif error.errno == errno.EROFS:
        fix = "Mount it to be written; under systemd name it in ReadWritePaths"
    elif error.errno in (errno.ENOENT, errno.ENOTDIR):
        fix = "Make the folder, or mount the disk on which it lies"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        fix = "Make room on that disk"
    else:
        fix = "Look at the disk: the system's log (dmesg) may tell more"
    return Finding(area, "problem", message, fix)


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return "no name"


def _room(area: str, folder: Path) -> list[Finding]:
    try:
        disk = shutil.disk_usage(folder)
        entries = os.statvfs(folder)
    except OSError:
        return []
    least = min(RESERVE_BYTES, disk.total // 10) if area != "state" else 10 << 20
    if disk.free < least:
        message = f"{folder} has {disk.free / 1e9:.2f} GB left: nothing more is downloaded"
        return [Finding(area, "problem", message, "Make room on that disk")]
    if entries.f_files and entries.f_favail < 100:
        message = f"{folder} can take only {entries.f_favail} more files (inodes)"
        return [Finding(area, "problem", message, "Delete small files on that disk")]
    return []


def _kind(area: str, state: Path) -> list[Finding]:
    """Look whether the state lies on a kind of file system that cannot hold it."""
    kind = mounts.kind_of(state)
    if kind in mounts.NETWORK:
        message = f"The state lies on a network share ({kind}), where a database is not safe"
        return [Finding(area, "warning", message, "Choose a local disk with --data-dir")]
    if kind in mounts.MEMORY:
        message = f"The state lies in memory ({kind}) and is gone with the next start"
        return [Finding(area, "warning", message, "Choose a disk with --data-dir")]
    if kind in mounts.LAYERS:
        message = f"The state lies in the container itself ({kind}) and is gone with it"
        return [Finding(area, "warning", message, f"Mount a volume at {state}")]
    return []


def _secrecy(area: str, state: Path) -> list[Finding]:
    """Look who owns the files of the state, and who may read them."""
    findings = []
    own = os.geteuid()
    for name in ("secrets.json", "config.json", "aniworld.db"):
        try:
            found = (state / name).stat()
        except OSError:
            continue
        if found.st_uid != own:
            message = f"{name} belongs to user {found.st_uid}; this check runs as user {own}"
            fix = "Run server and checks as the same user, or give the files to the server's user"
            findings.append(Finding(area, "warning", message, fix))
        if name == "secrets.json" and stat.S_IMODE(found.st_mode) & 0o077:
            message = f"{name} can be read by other users of this machine"
            findings.append(Finding(area, "warning", message, f"Type: chmod 600 '{state / name}'"))
    return findings
