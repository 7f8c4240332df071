"""The rescan: what lies in the library against what the sources have. One at a time."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from downloads.events import Event, RescanCompleted, RescanFailed, RescanProgress
from providers import Providers
from store import library, library_scan, series
from store.settings import Config
from store.db import Database
from store.errors import Failure
from store.models import Listing
from store.names import database_ids, spelling
from store.names.identity import Identity, best, identity

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 4  # listings asked for at once
UNREAD = 100  # folders that are named
CHUNK = 500  # files whose names are read in one go


class Stranger(NamedTuple):
    """A folder that no source is known for: what to search for, and what must be the same."""

    path: str
    names: list[str]
    identity: Identity


class Placed(NamedTuple):
    """A folder, the id of the series it is as far as known, and what a provider says of it where one was asked."""

    folder: library_scan.Folder
    id: str | None
    provider: str = ""
    listing: Listing | None = None


class Rescan:
    """`await rescan()`: a second caller gets the first one's result; a caller that goes away cancels nothing."""

    def __init__(
        self,
        db: Database,
        providers: Providers,
        config: Callable[[], Config],
        publish: Callable[[Event], None],
        *,
        watch: Callable[[asyncio.Task[RescanCompleted]], None] = lambda task: None,
    ):
        self._db = db
        self._providers = providers
        self._config = config
        self._publish = publish
        self._watch = watch  # is told of each task that is started
        self._task: asyncio.Task[RescanCompleted] | None = None
        self._stop = threading.Event()

    async def __call__(self, full: bool = False) -> RescanCompleted:
        """`full` reads folders again that look unchanged. Raises ConfigurationError when the library cannot be read or is offline; nothing is changed then."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(full), name="rescan")
            self._watch(self._task)
        return await asyncio.shield(self._task)

    async def close(self) -> None:
        self._stop.set()  # the thread that walks cannot be cancelled, and the process would wait for it
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, full: bool) -> RescanCompleted:
        try:
            completed = await self._compare(full)
        except Exception as error:
            message = "The rescan failed; the log tells why"
            self._publish(RescanFailed(str(error) if isinstance(error, Failure) else message))
            raise
        self._publish(completed)
        return completed

    async def _compare(self, full: bool) -> RescanCompleted:
        root = self._config().library
        self._publish(RescanProgress("library", 0, None))
        before, disks = await self._db.run(_seen)
        folders = await asyncio.to_thread(
            library_scan.scan, root, {} if full else before, disks, self._stop.is_set
        )
        known = await self._db.run(series.some_paths)
        await asyncio.to_thread(library.check, root, known)
        if known or any(
            folder.media for folder in folders
        ):  # an empty folder may be a mount point: its marker would lie later
            await asyncio.to_thread(library.write_marker, root)
        placed = await self._place(folders)
        new_series, new_episodes = await self._settle(placed)
        await self._refresh()
        unread = [path for folder in folders for path in folder.unread]
        return RescanCompleted(new_series, new_episodes, unread[:UNREAD])

    async def _place(self, folders: Sequence[library_scan.Folder]) -> list[Placed]:
        """Who each folder is. What only the library knew so far is looked up again: a source may have it by now."""
        known = await self._db.run(_by_folder)
        folders = [folder for folder in folders if folder.media is not None or folder.path in known]
        slots = asyncio.Semaphore(SIDE_BY_SIDE)
        asked = list(self._providers)  # without a source there is nobody to ask
        new = [
            folder
            for folder in folders
            if known.get(folder.path, (None, "local"))[1] == "local"
            and (asked or folder.path not in known)
        ]
        strangers = await asyncio.to_thread(_strangers, self._config().library, new)
        known |= await self._db.run(
            _by_identity, [one for one in strangers if one.path not in known]
        )
        who = {one.path: one for one in strangers}
        places = [Placed(folder, *known.get(folder.path, (None, "local"))) for folder in folders]

        async def look_up(place: Placed) -> Placed:
            async with slots:
                return Placed(place.folder, place.id, *await self._ask(who[place.folder.path]))

        placed = [place for place in places if not asked or place.provider != "local"]
        searches = [look_up(place) for place in places if asked and place.provider == "local"]
        for done, coming in enumerate(asyncio.as_completed(searches), 1):
            placed.append(await coming)
            self._publish(RescanProgress("sources", done, len(searches)))
        return sorted(placed, key=lambda place: place.folder.path)

    async def _ask(self, who: Stranger) -> tuple[str, Listing | None]:
        """The first provider that has this very series. A dead one does not fail the rescan."""
        for provider in self._providers:
            try:
                hits = {
                    hit.key: hit
                    for name in who.names
                    for hit in await provider.search(name, 10, lasting=False)
                }
                if key := best(
                    who.identity,
                    [(identity(hit.name, ids=hit.ids), key) for key, hit in hits.items()],
                ):
                    return provider.name, await provider.listing(key)
            except Failure as failure:
                log.warning("%s: %s", provider.name, failure)
        return "local", None

    async def _settle(self, placed: Sequence[Placed]) -> tuple[int, int]:
        """Record the scan, a few folders at a time, so that callers need not wait for all. Returns (new series, new episodes)."""
        before, there, new_episodes, rest = await self._db.run(_listed), set(), 0, list(placed)
        while rest:
            some, size = [], 0
            while rest and size < CHUNK:
                some.append(rest.pop())
                size += len(some[-1].folder.media or ())
            ids, new = await self._db.note(settle, some)
            there |= ids
            new_episodes += new
            self._publish(RescanProgress("names", len(placed) - len(rest), len(placed)))
        await self._db.run(_leave, there)
        return len(await self._db.run(_listed) - before), new_episodes

    async def _refresh(self) -> None:
        """Ask again what the sources have of every series that is followed."""
        followed = await self._db.run(_followed)
        names = {provider.name for provider in self._providers}
        for done, row in enumerate(followed, 1):
            if row["provider"] in names:
                try:
                    listing = await self._providers.get(row["provider"]).listing(row["key"])
                    await self._db.run(series.store_listing, row["provider"], listing)
                except Failure as failure:
                    log.warning("%s: %s", row["id"], failure)
            self._publish(RescanProgress("episodes", done, len(followed)))


def _followed(conn: sqlite3.Connection) -> list[sqlite3.Row]:
    return conn.execute(
        "select id, provider, key from series where listed and provider <> 'local' order by id"
    ).fetchall()


def _by_folder(conn: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """folder, as on disk -> (id, provider) of its series."""
    return {
        folder: (one, provider)
        for folder, one, provider in conn.execute(
            "select folder, id, provider from series where folder is not null"
        )
    }


def _by_identity(conn: sqlite3.Connection, new: Sequence[Stranger]) -> dict[str, tuple[str, str]]:
    """As `_by_folder`, of new folders that are a followed series which has none yet: each must be the other's best."""
    rows = conn.execute(
        "select id, provider, title, ids from series where folder is null and listed"
    ).fetchall()
    free = [
        (identity(f"{row['title']} {row['ids']}"), (row["id"], row["provider"])) for row in rows
    ]
    folders = [(one.identity, one) for one in new]
    pairs = [(best(who, folders), one) for who, one in free]
    return {
        folder.path: one for folder, one in pairs if folder and best(folder.identity, free) == one
    }


def _strangers(root: Path, folders: Sequence[library_scan.Folder]) -> list[Stranger]:
    """Who these folders are by their names and NFO files."""
    from store import nfo  # late: a server that scans nothing never needs it

    found = []
    for folder in folders:
        told = nfo.read(root / folder.path)
        ids = database_ids.parse(folder.path) | dict(told.ids)
        names = dict.fromkeys(
            [folder.title, *told.names, *filter(None, [database_ids.bracketed(ids)])]
        )
        found.append(
            Stranger(
                folder.path,
                list(names),
                identity(
                    folder.title,
                    *told.names,
                    year=spelling.year(folder.title) or told.year,
                    ids=ids,
                ),
            )
        )
    return found


def _seen(conn: sqlite3.Connection) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """What the last scan saw of folders that are a series': top folder -> folder -> mtime, and the same for their disks."""
    found: dict[str, dict[str, int]] = {}
    disks: dict[str, dict[str, int]] = {}
    for path, top, mtime, disk in conn.execute(
        "select path, top, mtime, disk from folders where top in (select folder from series)"
    ):
        found.setdefault(top, {})[path] = mtime
        if disk is not None:
            disks.setdefault(top, {})[path] = disk
    return found, disks


def settle(conn: sqlite3.Connection, placed: Sequence[Placed]) -> tuple[set[str], int]:
    """Record some folders. Returns the ids of their series and how many episodes are new there."""
    settled = [_settle(conn, place) for place in placed]
    return {one for one, _ in settled}, sum(new for _, new in settled)


def _settle(conn: sqlite3.Connection, place: Placed) -> tuple[str, int]:
    folder, known, provider, listing = place
    if folder.media is None and known and listing is None:
        return known, 0
    kept = _kept(conn, known, folder)
    one = _who(conn, folder, known, provider, listing) or series.add_local(
        conn, folder.path, folder.title
    )
    new = series.settle(conn, one, folder.path, [*(folder.media or ()), *kept])
    conn.execute("delete from folders where top = ?", (folder.path,))
    rows = [
        (path, folder.path, mtime, folder.disks.get(path)) for path, mtime in folder.seen.items()
    ]
    conn.executemany("insert into folders (path, top, mtime, disk) values (?, ?, ?, ?)", rows)
    return one, new


def _leave(conn: sqlite3.Connection, there: set[str]) -> None:
    """The folders of all other series are gone."""
    for row in conn.execute("select id, folder from series where folder is not null").fetchall():
        if row["id"] not in there:
            _empty(conn, row["id"])
            conn.execute("delete from folders where top = ?", (row["folder"],))


def _who(
    conn: sqlite3.Connection,
    folder: library_scan.Folder,
    known: str | None,
    provider: str,
    listing: Listing | None,
) -> str | None:
    """The id of the series in `folder`, the provider's listing stored; None when it is a new one of the library's own."""
    if listing is None:
        return known
    owner = series.find(conn, f"{provider}_{listing.key}")
    if owner and owner["folder"] not in (None, folder.path):
        return known  # a second folder of that title stays a series of its own
    if owner is None and known:
        series.link(conn, known, provider, listing.key)
    elif owner and known and owner["id"] != known:
        _empty(conn, known)
    return series.store_listing(conn, provider, listing)


def _empty(conn: sqlite3.Connection, one: str) -> None:
    """The folder of this series is gone. One that only the library knew is no longer shown."""
    series.settle(conn, one, None, [])
    conn.execute("update series set listed = 0 where id = ? and provider = 'local'", (one,))


def _listed(conn: sqlite3.Connection) -> set[str]:
    return {row["id"] for row in conn.execute("select id from series where listed")}


def _kept(
    conn: sqlite3.Connection, known: str | None, folder: library_scan.Folder
) -> list[tuple[str, int]]:
    """What was known of what has not changed, or could not be read this time."""
    same = tuple(f"{path}/" for path in ([folder.path] if folder.media is None else folder.unread))
    rows = (
        conn.execute("select distinct path, size from files where series = ?", (known,)).fetchall()
        if same
        else []
    )
    return [tuple(row) for row in rows if f"{row['path']}/".startswith(same)]
