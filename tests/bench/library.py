"""The scan of a library of 100,000 files, against `find -type f` on the same tree; and lists of 2,000 series.

The tree lies in memory where there is room, so that no disk is measured. The files are empty; only their names are read.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from store.names import folder_parser
from tests.app import Process
from tests.bench.transfer import place

NAMES = (
    "Show {0:04}/Season 01/Show {0:04} - S01E{1:02}.mkv",
    "Show {0:04}/[Group] Show {0:04} - {1:02} [1080p][1A2B3C4D].mkv",
)


def _timed(work) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


async def _run(series: int, each: int, rounds: int) -> None:
    async with place(512) as folder, _server(folder) as server:
        paths = [
            NAMES[one % 2].format(one, number)
            for one in range(series)
            for number in range(1, each + 1)
        ]
        for path in paths:
            file = server.library / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        subprocess.run(
            ["find", server.library, "-exec", "touch", "-d", "yesterday", "{}", "+"], check=True
        )
        find = median(
            _timed(
                lambda: subprocess.run(
                    ["find", server.library, "-type", "f"], stdout=subprocess.DEVNULL, check=True
                )
            )
            for _ in range(rounds)
        )
        read = (
            median(
                _timed(
                    lambda: [
                        folder_parser.parse_folder(paths[n : n + each])
                        for n in range(0, 20 * each, each)
                    ]
                )
                for _ in range(rounds)
            )
            / 20
            / each
        )
        await server.login()
        waits: list[float] = []

        async def ask() -> None:
            while True:
                began = time.monotonic()
                await server.get("/api/queue/status")
                waits.append(time.monotonic() - began)
                await asyncio.sleep(0.01)

        async def rescan() -> float:
            began = time.monotonic()
            assert (await server.post("/api/v1/anime/rescan"))[0] == 200
            return time.monotonic() - began

        asking = asyncio.create_task(ask())
        first = await rescan()
        asking.cancel()
        again = median([await rescan() for _ in range(rounds)])
        lists = []
        for query in ("page=1", "page=100", "page=1&sort_by=updated_at&sort_order=desc"):
            for _ in range(rounds):
                began = time.monotonic()
                await server.get(f"/api/v1/anime?show=all&per_page=20&{query}")
                lists.append(time.monotonic() - began)
    count = len(paths)
    limit = 6 * find + count * 15e-6
    print(
        f"find -type f of {count:,} files: {find:.2f} s; a name read in its folder: {read * 1e6:.0f} us"
    )
    print(
        f"first scan {first:.2f} s, {(first - count * read) / find:.1f} x find beside the names   target: {limit:.2f} s, 6 x find and 15 us a name"
    )
    print(f"           a call meanwhile: at most {max(waits) * 1e3:.0f} ms   target <= 200")
    print(f"rescan, nothing changed: {again:.2f} s, {again / find:.2f} x find   target <= 0.5")
    print(
        f"a page of {series:,} series: median {median(lists) * 1e3:.1f} ms, at most {max(lists) * 1e3:.1f} ms   target <= 20"
    )


def _server(folder: Path) -> Process:
    (folder / "ours").mkdir()
    return Process(folder / "ours")


def main(arguments: Sequence[str] | None = ()) -> None:
    parser = argparse.ArgumentParser(prog="library", description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--each", type=int, default=50, help="files of a series")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    asyncio.run(_run(options.series, options.each, options.rounds))


if __name__ == "__main__":
    main(None)
