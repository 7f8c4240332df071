"""Which folders may hold the library, and which may hold the downloads."""

from __future__ import annotations

import os
from pathlib import Path

from store import atomic

SYSTEM_FOLDERS = tuple(
    map(Path, ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"))
)
PROGRAM = Path(__file__).resolve().parent.parent


def unfit(folder: Path, state: Path) -> tuple[str, str] | None:
    """(why we can't write to `folder`, how to mend that); None when we can.

    `state` is the state directory, which stays apart.
    """
    if not folder.is_absolute():
        return "is not an absolute path", "Write it from the root, as in /srv/anime"
    try:
        real = folder.resolve()
        if real == Path("/") or any(real == top or top in real.parents for top in SYSTEM_FOLDERS):
            return "belongs to the system", "Choose a folder of your own"
        if nested(real, state.resolve()) or any(nested(real, package) for package in _packages()):
            return (
                "holds the program or its state, or lies in it",
                "Choose a folder apart from them",
            )
        if not folder.exists():
            fix = f"Create it, or mount the disk it lies on: {_command('install -d -o', folder)}"
            return "does not exist", fix
        if not folder.is_dir():
            return "is not a directory", "Choose a directory"
    except (OSError, ValueError, RuntimeError):
        return (
            "cannot be looked at",
            "Check its name and the rights of the user that runs the server",
        )
    if not atomic.writable(folder):
        fix = f"Give the server's user the right to write there: {_command('chown', folder)}"
        return "cannot be written", fix
    return None


def _command(verb: str, folder: Path) -> str:
    """The command that gives the folder to the user that runs the server."""
    from shlex import quote  # late: few have such a folder

    return f"sudo {verb} {os.geteuid()} {quote(str(folder))}"


def nested(one: Path, other: Path) -> bool:
    """Whether the folders are the same or one lies in the other."""
    return one == other or one in other.parents or other in one.parents


def _packages() -> list[Path]:
    """The program's own folders. A library beside them, in the same clone, does no harm."""
    return [
        folder
        for folder in PROGRAM.iterdir()
        if (folder / "__init__.py").exists() or folder.name in ("static", ".git", ".venv")
    ]
