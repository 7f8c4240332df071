"""The kind of file system on which a folder lies, as the kernel tells it."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"),
    *("fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.smbnetfs", "fuse.davfs", "davfs"),
}
MEMORY = {"tmpfs", "ramfs"}
LAYERS = {"overlay", "aufs"}
_OCTAL = re.compile(r"\\([0-7]{3})")  # a blank in a path is \040


def kind_of(folder: Path) -> str:
    """The kind, as `ext4`; empty where it cannot be told."""
    try:
        real = str(folder.resolve())
        lines = MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except (OSError, RuntimeError):
        return ""
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = _OCTAL.sub(lambda code: chr(int(code[1], 8)), before.split()[4])
        is_above = real == point or real.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= len(best):  # a later mount hides an earlier one
            best, kind = point, after.split()[0]
    return kind
