"""What holds in every test, and what several files of tests are set up with."""

import functools
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path

import pytest

from downloads.engine import Engine
from handlers import hub, live
from store import db, schema
from store.errors import Invalid
from tests.app import ROOT
from tests.requirements import lack

WORKERS = 4  # for two cores: some of them always wait

# Each process of the tests, and each server that they start, would compile all it imports again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let some processes share the quick suite: half of its time is waiting.

    A run of some files, of the slow suites, or one with a debugger stays in one process, and so
    does each run without pytest-xdist. `-n 0` asks for one process.
    """
    option = config.option
    is_shared = hasattr(config, "workerinput") or getattr(option, "numprocesses", 0) is not None
    is_quick = option.markexpr == "not slow" and _is_whole(config)
    if is_quick and not (is_shared or option.usepdb or option.collectonly):
        option.numprocesses = WORKERS
        option.dist = "worksteal"  # neighbours stay together: they share fixtures and imports


def _is_whole(config: pytest.Config) -> bool:
    """Whether no file was named."""
    return all(Path(arg).is_dir() for arg in config.args)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Each process first imports files that no other one begins with.

    pytest compiles them anew in a fresh clone, and whoever comes later finds them compiled.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker and _is_whole(session.config):
        number = int(worker["workerid"].removeprefix("gw"))
        names = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
        for name in names[number :: worker["workercount"]]:
            with suppress(Exception, pytest.skip.Exception):  # the collection will tell
                import_module(f"tests.{name}")


real_migrate = db._migrate


@functools.cache
def blank_database() -> bytes:
    """A new database as all the migrations leave it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        real_migrate(made)
        return made.serialize()


def migrate(connection: sqlite3.Connection, wanted: int = 0) -> None:
    """Copy a new database, where one is wanted, instead of running all the migrations each time.

    Half of an application's start in a test would go there. Servers of their own, and databases of
    any older version, take the real way.
    """
    is_new = connection.execute("pragma schema_version").fetchone()[0] == 0
    if wanted or not is_new or db.MIGRATIONS != ROOT / "store/migrations":
        real_migrate(connection, wanted)
        return
    with closing(sqlite3.connect(":memory:")) as made:
        made.deserialize(blank_database())
        made.backup(connection)


db._migrate = migrate


@pytest.fixture(autouse=True)
def messages_are_as_declared(monkeypatch):
    """Each message that is made, or would be if somebody listened, fits its dataclass."""
    misfits: list[tuple] = []
    make, publish = hub.message, hub.Hub.publish

    def message(event, seq):
        text = make(event, seq)
        try:
            schema.read(event.message_type(), json.loads(text))
        except Invalid as error:
            misfits.append((text[:200], error.details))
        return text

    def publish_checked(self, event):
        message(event, self.seq)
        publish(self, event)

    monkeypatch.setattr(hub, "message", message)
    monkeypatch.setattr(live, "message", message)
    monkeypatch.setattr(hub.Hub, "publish", publish_checked)
    yield
    assert misfits == []


# Starts the server with a short wait between two looks at a full or missing disk.
IMPATIENT = f"""
import ctypes, sys
sys.path.insert(0, {str(ROOT)!r})
ctypes.CDLL(None).prctl(0x59616D61, -1)  # any of our processes may trace this one, where Yama asks
from downloads import engine
assert engine.LOOK_AGAIN_SECONDS > 1
engine.LOOK_AGAIN_SECONDS = 0.2
import aniworld
sys.exit(aniworld.main(sys.argv[2:]))
"""


@pytest.fixture
def impatient(tmp_path, monkeypatch) -> Callable[..., None]:
    """Servers look again soon. `impatient(*command)` starts them by a command, as `nsenter ...`."""
    program = tmp_path / "impatient.py"
    script = tmp_path / "python"
    python = sys.executable
    program.write_text(IMPATIENT)

    def start_by(*command: str) -> None:
        script.write_text(f'#!/bin/sh\nexec {" ".join(command)} {python} {program} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    start_by()
    return start_by


@pytest.fixture
def short_pauses(monkeypatch) -> None:
    """A source of a server in this process rests a hundredth of its time."""
    monkeypatch.setitem(Engine.__init__.__kwdefaults__, "pause", 0.02)


@pytest.fixture
def elsewhere(tmp_path):
    """A folder on another file system than the tests' own."""
    for base in ("/dev/shm", f"/run/user/{os.getuid()}"):
        if os.access(base, os.W_OK) and os.stat(base).st_dev != tmp_path.stat().st_dev:
            with tempfile.TemporaryDirectory(dir=base, prefix="aniworld-") as folder:
                yield Path(folder)
            return
    lack("there is no second file system that can be written without being root")
