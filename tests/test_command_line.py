"""Where the state is kept, and what the command does without --data-dir."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store import environment
from tests.app import PATIENCE_SECONDS, ROOT, free_port

pytestmark = pytest.mark.slow

HOME = "/home/nobody"
STATE_DIRECTORIES = [  # (--data-dir, variables, the directory)
    (None, {}, f"{HOME}/.local/share/aniworld"),
    (None, {"XDG_DATA_HOME": "/data"}, "/data/aniworld"),
    (None, {"XDG_DATA_HOME": "relative"}, f"{HOME}/.local/share/aniworld"),
    (None, {"XDG_DATA_HOME": ""}, f"{HOME}/.local/share/aniworld"),
    (None, {"STATE_DIRECTORY": "/var/lib/aniworld"}, "/var/lib/aniworld"),
    (None, {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a"),
    (None, {"STATE_DIRECTORY": "/var/lib/a", "XDG_DATA_HOME": "/data"}, "/var/lib/a"),
    ("~/state", {"STATE_DIRECTORY": "/var/lib/a"}, f"{HOME}/state"),
    ("/state", {"XDG_DATA_HOME": "/data"}, "/state"),
]


@pytest.mark.parametrize("chosen, variables, expected", STATE_DIRECTORIES)
def test_where_the_state_directory_is(monkeypatch, chosen, variables, expected):
    for name in ("STATE_DIRECTORY", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (variables | {"HOME": HOME}).items():
        monkeypatch.setenv(name, value)
    assert environment.state_directory(chosen and Path(chosen)) == Path(expected)


def command(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.Popen:
    """`python aniworld.py`, with a home and a folder for temporary files below `tmp_path`."""
    for folder in ("home", "tmp"):
        (tmp_path / folder).mkdir(exist_ok=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANIWORLD_", "XDG_", "STATE_DIR"))
    }
    return subprocess.Popen(
        [sys.executable, str(ROOT / "aniworld.py"), *arguments],
        env=inherited
        | {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
        | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("variable", ["HOME", "XDG_DATA_HOME", "STATE_DIRECTORY"])
def test_check_without_a_data_directory(tmp_path, variable):
    variables = {} if variable == "HOME" else {variable: str(tmp_path / "given")}
    process = command(tmp_path, "--check", **variables)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, output) == (0, "The configuration is fine\n")
    state = {
        "HOME": tmp_path / "home/.local/share/aniworld",
        "XDG_DATA_HOME": tmp_path / "given/aniworld",
        "STATE_DIRECTORY": tmp_path / "given",
    }[variable]
    assert state.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "home/aniworld/anime").is_dir(), "the default library is made"


def test_check_of_the_demo_leaves_nothing(tmp_path):
    process = command(tmp_path, "--demo", "--check")
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, output) == (0, "The configuration is fine\n")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []


async def test_the_demo_lives_in_a_temporary_directory(tmp_path):
    process = command(tmp_path, "--demo", "--port", str(free_port()))
    try:
        lines = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not lines or "is scanned" not in lines[-1]:
                lines.append(await asyncio.to_thread(process.stdout.readline))
                assert lines[-1], lines
        (state,) = re.findall(r"Its state is in (\S+)", "".join(lines))
        assert Path(state).is_relative_to(tmp_path / "tmp")
        assert (Path(state) / "aniworld.db").is_file()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []
