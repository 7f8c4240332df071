"""The command `catalogue` writes the shared series as files for any web server.

The server may run meanwhile: its database is only read. Of the folder only those files are touched
that an earlier run has written there.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from store import atomic, config, db, files, library, schema, shared_files, sharing
from store.errors import ConfigurationError, Failure
from store.settings import Config
from store.sharing import Addresses

LIST = "catalogue.json"
FOLDER = "catalogue"  # of the further pages and of the series
WRITTEN = ".aniworld-catalogue"  # names all that was written
NEW = ".aniworld-catalogue.new"  # a file that has not got its name yet
# What our documents begin with: a file without it is not ours, whatever it is called.
BEGINNING = b'{"success": true, "aniworld": '
READABLE = 0o666  # but for the umask: a web server has to read it


class Written(NamedTuple):
    """How many series and files are in a catalogue, and how many of the files lack a checksum."""

    series: int
    files: int
    unsummed: int


def run(
    state: Path,
    config_file: Path | None,
    forced: Mapping[str, tuple[object, str]],
    target: Path,
    base_url: str,
) -> None:
    """Write the catalogue and say so. Raises Failure and OSError."""
    settings = _settings(config_file or state / "config.json", forced)
    if settings.share.series == "none":
        raise ConfigurationError("Nothing is shared", fix="Set share in the settings first")
    with closing(db.read_only(state / "aniworld.db")) as conn:
        written = write(conn, settings, target, base_url)
    print(f"{target / LIST} lists {written.series} series with {written.files} files")
    if written.unsummed:
        print(f"{written.unsummed} of them have no checksum yet: the running server computes them")


def _settings(path: Path, forced: Mapping[str, tuple[object, str]]) -> Config:
    try:
        return config.look(path, {}, forced)
    except Failure as error:
        raise ConfigurationError(
            f"{path} cannot be understood", fix="See what is wrong with it by --check"
        ) from error


def write(conn: sqlite3.Connection, settings: Config, target: Path, base_url: str) -> Written:
    """Bring the catalogue in `target` up to date: the list comes last, and what it no longer names
    goes behind it.

    `base_url` is the address of the library on its web server. Raises Forbidden where nothing is
    shared, and ConfigurationError where files of others are in the way.
    """
    sharing.require_sharing(settings.share)
    library.check(settings.library, files.some_paths(conn))
    conn.execute("begin")  # all that is read is of one moment
    series_ids = sharing.series_ids(conn, settings.share)
    pages = max(1, -(-len(series_ids) // sharing.PER_PAGE))
    names = [LIST, *map(_page_name, range(2, pages + 1)), *map(_series_name, series_ids)]
    with _locked(target):
        before = _written_before(target)
        _check_free(target, names, before)
        (target / FOLDER).mkdir(exist_ok=True)
        _note(target, sorted({*before, *names}))
        counts = [
            _write_series(conn, settings, target, series_id, base_url) for series_id in series_ids
        ]
        for page in range(pages, 0, -1):
            addresses = _addresses(page, base_url)
            document = sharing.list_page(conn, settings.share, addresses, "", page)
            if page == 1:
                os.sync()  # the files are on disk before anything names them
            _put(target, _page_name(page), schema.dump(document))
        for name in sorted(before - {*names}):
            if _is_ours(target / name):
                (target / name).unlink()
        _note(target, sorted(names))
    total, unsummed = (sum(each) for each in zip(*counts)) if counts else (0, 0)
    return Written(len(series_ids), total, unsummed)


def _write_series(
    conn: sqlite3.Connection, settings: Config, target: Path, series_id: str, base_url: str
) -> tuple[int, int]:
    """Returns how many files the series has, and how many of them lack a checksum."""
    shared = sharing.find(conn, settings.share, series_id)
    found = shared_files.look(settings.library, {each.path for each in shared.held})
    poster = shared_files.find_poster(settings.library, shared.folders)
    document = sharing.document(shared, found, _addresses(2, base_url), poster)
    _put(target, _series_name(series_id), schema.dump(document))
    by_url = {each.url: each.sha256 for each in document.data.files}
    return len(by_url), sum(sha256 is None for sha256 in by_url.values())


def _addresses(page: int, base_url: str) -> Addresses:
    """The addresses relative to a page.

    The first page lies beside the folder that holds all other files.
    """
    folder = f"{FOLDER}/" if page == 1 else ""
    return Addresses(
        series=lambda series_id: f"{folder}{series_id}.json",
        page=lambda number: f"{folder}{number}.json",
        file=lambda series_id, path: f"{base_url.removesuffix('/')}/{quote(path)}",
    )


def _page_name(number: int) -> str:
    return LIST if number == 1 else f"{FOLDER}/{number}.json"


def _series_name(series_id: str) -> str:
    return f"{FOLDER}/{series_id}.json"


# -- the folder ------------------------------------------------------------------------------------


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Let one run at a time write there. Raises ConfigurationError."""
    target.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # of a file system that knows no locks
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"Another run writes to {target}"
                raise ConfigurationError(message, fix="Wait for it") from None
        yield
    finally:
        os.close(descriptor)


def _written_before(target: Path) -> set[str]:
    """The names of the files that an earlier run has written. Raises ConfigurationError."""
    try:
        names = json.loads((target / WRITTEN).read_text("utf-8"))
    except FileNotFoundError:
        return set()
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(map(_is_name, names)):
        raise ConfigurationError(
            f"{target / WRITTEN} cannot be read", fix="Remove it, and the catalogue beside it"
        )
    return set(names)


def _is_name(name: object) -> bool:
    """Whether a run may have written a file of this name."""
    if not isinstance(name, str):
        return False
    folder, _, base = name.rpartition("/")
    is_plain = base.endswith(".json") and not base.startswith(".") and base.isprintable()
    return name == LIST or (folder == FOLDER and is_plain)


def _check_free(target: Path, names: list[str], before: set[str]) -> None:
    """Raises ConfigurationError where a file is in the way that no run has written."""
    folder = target / FOLDER
    in_the_way = (
        [folder] if folder.is_symlink() or (folder.exists() and not folder.is_dir()) else []
    )
    for name in names:
        path = target / name
        if os.path.lexists(path) and not (name in before and _is_ours(path)):
            in_the_way.append(path)
    if in_the_way:
        raise ConfigurationError(
            f"{in_the_way[0]} is there, and no catalogue of ours",
            fix="Move it away, or choose another folder",
        )


def _is_ours(path: Path) -> bool:
    """Whether a file begins as those that we write."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with open(path, "rb") as file:
            return file.read(len(BEGINNING)) == BEGINNING
    except OSError:
        return False


def _put(target: Path, name: str, text: str) -> None:
    """Give a file this content in one step, unless it has it."""
    content = f"{text}\n".encode()
    with suppress(OSError):
        if (target / name).read_bytes() == content:
            return
    new = target / NEW
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READABLE)
    with open(descriptor, "wb") as file:
        file.write(content)
    os.replace(new, target / name)


def _note(target: Path, names: list[str]) -> None:
    content = json.dumps(names, indent=0).encode() + b"\n"
    with suppress(OSError):
        if (target / WRITTEN).read_bytes() == content:
            return
    atomic.replace(target / WRITTEN, content, 0o644)
