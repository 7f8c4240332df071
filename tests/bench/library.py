"""The scan of a library of 100,000 files, against `find -type f` on it; lists of 2,000 series.

The tree lies in memory where there is room, so that no disk is measured. Each file is one hole of a
megabyte, because a folder with an empty file is read again; only the names are read.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from store.names import folder_parser
from tests.app import Process
from tests.bench.transfer import place

NAMES = (
    "Show {0:04}/Season 01/Show {0:04} - S01E{1:02}.mkv",
    "Show {0:04}/[Group] Show {0:04} - {1:02} [1080p][1A2B3C4D].mkv",
    "Show {0:04}/Season 01/Show {0:04} - S01E{1:02} - {2} {3}.mkv",
)
WORDS = ("Anfang", "Nacht", "Fremde", "Heimkehr", "Regen", "Wiedersehen", "Strasse")
FOLDERS_READ = 20  # whose names alone are timed
PAGES = ("page=1", "page=100", "page=1&sort_by=updated_at&sort_order=desc")


def seconds_of(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def make_tree(library: Path, series: int, each: int) -> list[str]:
    """Files in folders that have not changed since yesterday; their paths in the library."""
    paths = [
        NAMES[show % len(NAMES)].format(
            show, number, WORDS[number % len(WORDS)], WORDS[show * number % len(WORDS)]
        )
        for show in range(series)
        for number in range(1, each + 1)
    ]
    for path in paths:
        file = library / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "wb") as hole:
            hole.truncate(1 << 20)
    age = ["find", library, "-exec", "touch", "-d", "yesterday", "{}", "+"]
    subprocess.run(age, check=True)
    return paths


def seconds_of_find(library: Path) -> float:
    command = ["find", library, "-type", "f"]
    return seconds_of(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))


def seconds_of_names(paths: list[str], each: int) -> float:
    """To read one name among those of its folder."""
    folders = [paths[first : first + each] for first in range(0, FOLDERS_READ * each, each)]

    def read() -> None:
        for folder in folders:
            folder_parser.parse_folder(folder)

    return seconds_of(read) / (FOLDERS_READ * each)


async def seconds_of_call(server: Process, method: str, path: str) -> float:
    began = time.monotonic()
    status, answer, _ = await server.request(method, path)
    assert status == 200, answer
    return time.monotonic() - began


async def seconds_of_calls(server: Process, path: str, waits: list[float]) -> None:
    """Ask again and again; `waits` gets how long each answer took."""
    while True:
        waits.append(await seconds_of_call(server, "GET", path))
        await asyncio.sleep(0.01)


async def measure(series: int, each: int, rounds: int) -> None:
    async with place(512) as folder:
        (folder / "ours").mkdir()
        async with Process(folder / "ours") as server:
            paths = make_tree(server.library, series, each)
            find = median(seconds_of_find(server.library) for _ in range(rounds))
            name = median(seconds_of_names(paths, each) for _ in range(rounds))
            await server.login()
            waits: list[float] = []
            asking = asyncio.create_task(seconds_of_calls(server, "/api/queue/status", waits))
            rescan = ("POST", "/api/v1/anime/rescan")
            first = await seconds_of_call(server, *rescan)
            asking.cancel()
            again = median([await seconds_of_call(server, *rescan) for _ in range(rounds)])
            lists = [
                await seconds_of_call(server, "GET", f"/api/v1/anime?show=all&per_page=20&{page}")
                for page in PAGES
                for _ in range(rounds)
            ]
    count = len(paths)
    limit = 6 * find + count * 15e-6
    scan = (first - count * name) / find
    print(
        f"find -type f of {count:,} files: {find:.2f} s; a name in its folder: {name * 1e6:.0f} us"
    )
    print(
        f"first scan {first:.2f} s, {scan:.1f} x find beside the names   "
        f"target: {limit:.2f} s, 6 x find and 15 us a name"
    )
    print(f"           a call meanwhile: at most {max(waits) * 1e3:.0f} ms   target <= 200")
    print(f"rescan, nothing changed: {again:.2f} s, {again / find:.2f} x find   target <= 0.5")
    print(
        f"a page of {series:,} series: median {median(lists) * 1e3:.1f} ms, "
        f"at most {max(lists) * 1e3:.1f} ms   target <= 20"
    )


def main(arguments: Sequence[str] | None = ()) -> None:
    parser = argparse.ArgumentParser(prog="library", description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--each", type=int, default=50, help="files of a series")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    asyncio.run(measure(options.series, options.each, options.rounds))


if __name__ == "__main__":
    main(None)
