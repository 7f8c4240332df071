"""A library with its database and no server: what tests of renamings share.

`python -m tests.house STATE LIBRARY ANIME_ID CALL [N]` renames ("do", "undo") in a process of its
own, and kills it with SIGKILL before its Nth change of the library. Without N it prints how many
changes there were.
"""

import asyncio
import hashlib
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

from downloads.renaming import Renaming
from store import episodes, files, folders, known_episodes, library_scan, placing, series
from store.db import Database
from store.folders import Placed
from store.models import Episode, Listing
from store.settings import Config

CHANGES = {"os.link", "os.symlink", "os.remove", "os.rename", "os.mkdir", "os.rmdir"}


class House:
    """`library` is the folder; series are those of its top folders, `local_<slug>`."""

    def __init__(self, db: Database, library: Path):
        self.db = db
        self.library = library
        self.rename = Renaming(db, lambda: Config(anime_directory=str(library)))

    async def scan(self) -> None:
        """A full rescan, without sources."""
        found = library_scan.scan(self.library, full=True)
        owners = await self.db.run(series.by_folder)
        placed = [
            Placed(folder, owners[folder.path].series_id if folder.path in owners else None)
            for folder in found
        ]
        await self.db.run(folders.record_scan, placed)

    async def present(self, series_id: str = "local_nacht") -> dict[str, str]:
        """code -> path of what surely lies there."""
        known = await self.db.run(known_episodes.of_series, series_id)
        return {episode.code: episode.path for episode in known if episode.path}

    async def list_episodes(self, count: int, seasons: int = 1) -> None:
        """Let a source list so many episodes of Nacht, in each season."""
        numbers = [(s, n) for s in range(1, seasons + 1) for n in range(1, count + 1)]
        listed = tuple(Episode(season, number) for season, number in numbers)
        await self.db.run(series.link, "local_nacht", "home", "nacht")
        await self.db.run(
            episodes.store_listing, "home", Listing("nacht", "Nacht", episodes=listed)
        )

    async def shift(self, offset: int) -> None:
        await self.db.run(files.set_numbering, "local_nacht", None, offset)

    async def fetched_as(self, path: str, season: int, number: int) -> None:
        """Let the history say that this video was fetched as another episode than its name says."""
        await self.db.run(
            lambda conn: conn.execute(
                """insert into history (item, series, title, season, number, provider, path,
                    receipt, finished_at)
                values (1, 'local_nacht', '', ?, ?, 'home', ?, '{}', '')""",
                (season, number, path),
            )
        )
        await self.db.run(files.judge_again, "local_nacht")


@asynccontextmanager
async def house(state: Path, library: Path):
    state.mkdir(exist_ok=True)
    library.mkdir(exist_ok=True)
    db = Database(state / "aniworld.db")
    await db.open()
    try:
        yield House(db, library)
    finally:
        await db.close()


def write(library: Path, *paths: str) -> None:
    """Files of the household's own; "a -> b" is a symbolic link, "a/" a folder with a file."""
    for path in paths:
        name, arrow, text = path.partition(" -> ")
        file = library / (name + "0.jpg" if name.endswith("/") else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        if arrow:
            file.symlink_to(text)
        else:
            file.write_bytes(path.encode())


def tree(root: Path) -> dict[str, str]:
    """Every path below `root` with the hash of its content, the text of a link, or "folder"."""
    found = {}
    for path in sorted(root.rglob("*")):
        if placing.INCOMING not in path.parts:
            found[str(path.relative_to(root))] = _content(path)
    return found


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"


async def main(state: str, library: str, anime_id: str, call: str, last: str = "0") -> None:
    changes = 0

    def count(event: str, arguments: tuple) -> None:
        nonlocal changes
        if event in CHANGES and str(arguments[0]).startswith(library):
            changes += 1
            if changes == int(last):
                os.kill(os.getpid(), signal.SIGKILL)

    async with house(Path(state), Path(library)) as home:
        sys.addaudithook(count)
        await home.rename(anime_id, undo=call == "undo", dry_run=False)
    print(changes)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
