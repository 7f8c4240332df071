"""Whose fault a failure is: the file's, the item's, the source's, the disk's or ours.

docs/sources.md shows this table; a test compares the two.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Literal, NamedTuple

from downloads import disk
from store.errors import Cause

# "source or file": a look at the source itself tells, and so do two items that fail in a row.
Whose = Literal["source", "source or file", "file", "item", "disk", "directory", "server"]
DiskCause = Literal["disk full", "path", "root"]
OwnCause = Literal["unsettled", "taken", "database", "bug"]

RESTS = "the source rests, its items wait and lose no try"
COUNTS = "a try of the item"
FAILS = "the item fails"


class Consequence(NamedTuple):
    """Whose fault a failure is, and what follows for the source and for the file."""

    whose: Whose
    then: str


CONSEQUENCES: dict[Cause | DiskCause | OwnCause, Consequence] = {
    "refused": Consequence("source", RESTS),
    "unreachable": Consequence("source", RESTS),
    "name unknown": Consequence("source", RESTS),
    "no listing": Consequence("source or file", COUNTS),
    "certificate": Consequence("source or file", COUNTS),
    "TLS": Consequence("source or file", COUNTS),
    "login": Consequence("source or file", COUNTS),
    "server error": Consequence("source or file", COUNTS),
    "busy": Consequence("source or file", COUNTS),
    "broken off": Consequence("source or file", COUNTS),
    "silent": Consequence("source or file", COUNTS),
    "missing": Consequence("source or file", COUNTS),
    "refusal": Consequence("source or file", COUNTS),
    "no video": Consequence("source or file", COUNTS),
    "file": Consequence("file", f"{COUNTS}, or {FAILS}"),
    "unsettled": Consequence("file", "the item waits and loses no try"),
    "disk full": Consequence("disk", "the item waits for room, what fits goes on"),
    "path": Consequence("item", f"{COUNTS}, then {FAILS} and names the path"),
    "taken": Consequence("item", f"{FAILS}, nothing is touched"),
    "root": Consequence("directory", "the queue waits and names the directory"),
    "database": Consequence("server", "the queue waits"),
    "bug": Consequence("server", f"{FAILS}, the log tells why"),
}

FULL = (errno.ENOSPC, errno.EDQUOT)
# Errors that another try seldom mends: who may write where, and what a file system can hold.
LASTING = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EFBIG,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.EINVAL,
    errno.EILSEQ,
}


def of_disk(error: OSError, roots: tuple[Path, ...]) -> DiskCause:
    """Judge an error of a path.

    Where one of `roots` itself cannot be used, the error is not the item's. Blocks: it does in each
    root what may have failed.
    """
    if error.errno in FULL:
        return "disk full"
    if error.errno == errno.ENOENT and error.filename in map(str, roots):
        return "root"  # it is not mounted, and its mount point is not to be written
    return "root" if any(disk.trouble(root) for root in roots) else "path"
