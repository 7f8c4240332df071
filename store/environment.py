"""Choices of the environment at the start: the variables ANIWORLD_*, the state directory."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from store.errors import ConfigurationError

MAX_PASSWORD_FILE_BYTES = 8192  # more than the longest password takes
# Settings that a variable of the same name forces.
FORCIBLE_PATHS = ("anime_directory", "download_directory")


def variable(name: str, variables: Mapping[str, str] = os.environ) -> str | None:
    """The variable ANIWORLD_`name`; an empty one counts as not set."""
    return variables.get(f"ANIWORLD_{name}") or None


def forced_settings(
    log_level: str | None, variables: Mapping[str, str] = os.environ
) -> dict[str, tuple[object, str]]:
    """The settings that the environment forces: name -> (value, the variable that forces it).

    `log_level` is the one that an option or a variable has chosen.
    """
    forced: dict[str, tuple[object, str]] = {}
    for name in FORCIBLE_PATHS:
        if path := variable(name.upper(), variables):
            forced[name] = path, f"ANIWORLD_{name.upper()}"
    if proxies := variable("TRUSTED_PROXIES", variables):
        entries = [entry.strip() for entry in proxies.split(",") if entry.strip()]
        forced["trusted_proxies"] = entries, "ANIWORLD_TRUSTED_PROXIES"
    if log_level:
        forced["log_level"] = log_level, "--log-level or ANIWORLD_LOG_LEVEL"
    return forced


def state_directory(chosen: Path | None) -> Path:
    """The `chosen` directory, else systemd's, else XDG's.

    A relative XDG path is ignored, as its specification says.
    """
    if chosen:
        return chosen.expanduser().absolute()
    if systemd := os.environ.get("STATE_DIRECTORY"):
        return Path(systemd.partition(":")[0])
    xdg = os.environ.get("XDG_DATA_HOME", "")
    data_home = Path(xdg) if xdg.startswith("/") else Path.home() / ".local" / "share"
    return data_home / "aniworld"


def explain(error: OSError, port: int) -> str:
    """Why the start failed, with the cure where one is known."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken. Stop what listens there, or choose another with --port"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC) and error.filename:
        where = Path(os.fsdecode(error.filename)).parent
        return (
            f"{where} cannot be written: {error.strerror}. "
            "Mend that, or choose another place for the state with --data-dir"
        )
    return str(error)


def master_password() -> str | None:
    """The line in the file ANIWORLD_MASTER_PASSWORD_FILE, else ANIWORLD_MASTER_PASSWORD.

    Raises ConfigurationError for a file that cannot be read or holds anything but one line, and for
    a password that is not UTF-8.
    """
    if path := variable("MASTER_PASSWORD_FILE"):
        return _line_of(path)
    password = variable("MASTER_PASSWORD")
    try:
        (password or "").encode()  # a variable may hold any bytes
    except UnicodeError:
        raise ConfigurationError("ANIWORLD_MASTER_PASSWORD is not UTF-8") from None
    return password


def password_variable() -> str:
    """The variable that `master_password` follows."""
    is_file = variable("MASTER_PASSWORD_FILE") is not None
    return "ANIWORLD_MASTER_PASSWORD_FILE" if is_file else "ANIWORLD_MASTER_PASSWORD"


def _line_of(path: str) -> str:
    """The one line of a file with the password."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_PASSWORD_FILE_BYTES + 1)
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeError:
        lack = "is not UTF-8"
    except OSError as error:
        raise ConfigurationError(
            f"ANIWORLD_MASTER_PASSWORD_FILE: {path} cannot be read: {error.strerror}",
            fix="Let the user that runs the server read it",
        ) from None
    else:
        while lines and not lines[-1].strip():
            del lines[-1]
        if len(content) > MAX_PASSWORD_FILE_BYTES:
            lack = f"holds more than {MAX_PASSWORD_FILE_BYTES:,} bytes"
        elif not lines:
            lack = "is empty"
        elif len(lines) > 1:
            lack = f"holds {len(lines)} lines, of which nobody knows which is the password"
        else:
            return lines[0]
    raise ConfigurationError(
        f"ANIWORLD_MASTER_PASSWORD_FILE: {path} {lack}",
        fix="Write the password alone into it, in one line",
    )
