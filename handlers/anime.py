"""The chapter Anime: what is there, what is missing, and what the sources have."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from aiohttp import web

from handlers.endpoint import Done
from handlers.ids import AnimeId
from handlers.keys import DB, ENGINE, HEADERS, PROVIDERS, RENAMING, RESCAN
from handlers.paging import Page, Paged, paged, window
from store import series
from store.errors import NotFound
from store.models import Listing, Renamed
from store.names import codes
from store.schema import Rule, record

State = Literal[
    "present",
    "missing",
    "upcoming",
    "special",
    "pending",
    "downloading",
    "failed",
    "ambiguous",
    "extra",
]


@record
class AnimeQuery(Paged):
    sort_by: Literal["name", "updated_at"] = "name"
    sort_order: Literal["asc", "desc"] = "asc"
    show: Literal["missing", "all"] = "missing"


@record
class Anime:
    id: str
    title: str
    missing_episodes: int
    total_episodes: int
    downloaded_episodes: int
    updated_at: str


@record
class Episode:
    """One episode, or with an empty code a file that is none. `why` tells how the name of the file at `path` was read; an
    ambiguous file stands at each episode that it may be, and is counted at none."""

    code: str
    title: str
    state: State
    aired: str | None
    path: str | None
    why: str
    queue_item_id: str | None


@record
class AnimeDetails:
    """`source`, `numbering` and `offset` are as Link has them; a series that is not followed has no source here."""

    id: str
    title: str
    episodes: list[str]
    description: str
    total_episodes: int
    downloaded_episodes: int
    missing_episodes: int
    site: str
    episode_list: list[Episode]
    source: str | None
    numbering: Literal["auto", "absolute", "season"]
    offset: int


@record
class Link:
    """What is left out stays. `source` is the `key` of a search result. `numbering` says what the numbers in the files'
    names do: `absolute`, they count through all seasons; `season`, within their season; `auto`, each name tells. `offset`
    is added to each of them first: with 12 a second cour's 01 is 13."""

    source: AnimeId | None = None
    numbering: Literal["auto", "absolute", "season"] | None = None
    offset: Annotated[int, Rule(least=-100_000, most=100_000)] | None = None


@record
class Linked:
    id: str
    source: str
    numbering: Literal["auto", "absolute", "season"]
    offset: int
    missing_episodes: int
    ambiguous_files: int


@record
class Rename:
    """Unless `dry_run` is false, the answer is what would be done. `undo` takes the last renaming back."""

    dry_run: bool = True
    undo: bool = False


@record
class EpisodesQuery(Paged):
    state: State | None = None


@record
class ParseQuery:
    name: Annotated[str, Rule(least=1, most=4096, example="Show/Season 2/[Group] Show - 05.mkv")]


@record
class Parsed:
    """What one path says by itself; its neighbours and the series' list may say more. `score` is 100 for a clear code;
    below 85 the other readings, `also`, are asked for too."""

    title: str | None
    year: int | None
    season: int | None
    episodes: list[float]
    absolute: list[float]
    kind: Literal["episode", "special", "extra", "movie"]
    group: str | None
    version: int | None
    crc: str | None
    language: str | None
    score: int
    also: list[str]
    why: list[str]


@record
class RescanQuery:
    full: bool = False


@record
class Rescanned:
    """Of `unread_folders`, which could not be read or whose disk is away, what was known stays."""

    success: Literal[True] = field(default=True, kw_only=True)
    message: str = field(default="Rescan started", kw_only=True)
    new_series: int
    new_episodes: int
    unread_folders: list[str]


@record
class SearchQuery:
    q: Annotated[str, Rule(least=1, most=200)]
    limit: Annotated[int, Rule(least=1, most=100)] = 20


@record
class SearchHit:
    """`key` is the id under which every other call takes this series."""

    key: str
    name: str
    site: str


async def list_missing(request: web.Request, query: AnimeQuery) -> list[Anime] | Page[Anime]:
    """List the series with missing episodes.

    A bare list of the first 20 by name; with `page` or `per_page` the pagination envelope. `show=all` lists every series.
    """
    limit, offset = window(query)
    rows, total = await request.app[DB].run(
        series.page,
        sort_by=query.sort_by,
        descending=query.sort_order == "desc",
        everything=query.show == "all",
        limit=limit,
        offset=offset,
    )
    found = [
        Anime(
            row["id"],
            row["title"],
            row["missing"],
            row["total"],
            row["downloaded"],
            row["updated_at"],
        )
        for row in rows
    ]
    if query.page is None and query.per_page is None:
        request[HEADERS]["X-Total-Count"] = str(total)
        return found
    return paged(request, found, total, query)


async def details(request: web.Request, anime_id: AnimeId) -> AnimeDetails:
    """All that is known of one series; one that is not followed yet is asked for at its source."""
    try:
        row, rows = await request.app[DB].run(_with_episodes, anime_id)
    except NotFound:
        _, listing = await request.app[PROVIDERS].listing(anime_id)
        return _from_listing(anime_id, listing)
    return AnimeDetails(
        row["id"],
        row["title"],
        [codes.phrase(e["season"], e["number"]) for e in rows],
        row["description"],
        row["total"],
        row["downloaded"],
        row["missing"],
        row["site"],
        list(map(_episode, rows)),
        f"{row['provider']}_{row['key']}",
        row["numbering"] or "auto",
        row["number_offset"],
    )


async def episodes(request: web.Request, anime_id: AnimeId, query: EpisodesQuery) -> Page[Episode]:
    """Each episode of a series with its state, its file, and why that file is it; then the files that are no episode."""
    _, rows = await request.app[DB].run(_with_episodes, anime_id, extras=True)
    if query.state:
        rows = [row for row in rows if _state(row) == query.state]
    limit, offset = window(query)
    shown = list(map(_episode, rows[offset : offset + limit]))
    return paged(request, shown, len(rows), query)


async def link(request: web.Request, anime_id: AnimeId, body: Link) -> Linked:
    """Link a series to a source's by hand, and say how its files are numbered. Its id stays; no file is touched."""
    db = request.app[DB]
    if body.source:
        provider, listing = await request.app[PROVIDERS].listing(
            await db.run(series.source_id, body.source)
        )
        await db.run(_link, anime_id, provider, listing)
    row = await db.run(series.number, anime_id, body.numbering, body.offset)
    rows = await db.run(series.episodes, row["id"], True)
    unsure = {e["unsure"] for e in rows if e["unsure"]}
    source = f"{row['provider']}_{row['key']}"
    return Linked(
        row["id"],
        source,
        row["numbering"] or "auto",
        row["number_offset"],
        row["missing"],
        len(unsure),
    )


async def rename(request: web.Request, anime_id: AnimeId, body: Rename | None = None) -> Renamed:
    """Give the files of a series the names that new ones get, with the subtitles and pictures beside them.

    Files that are ambiguous or no episode stay, and nothing is ever put over another file.
    """
    body = body or Rename()
    return await request.app[RENAMING]()(anime_id, undo=body.undo, dry_run=body.dry_run)


async def parse(request: web.Request, query: ParseQuery) -> Parsed:
    """What a file's name says, and why."""
    from store.names import parser  # late: few ask

    name = parser.parse(query.name)
    also = [
        ", ".join(
            [
                f"{'' if season is None else f'season {season} '}episode {codes.digits(n)}"
                for n in numbers
            ]
        )
        for season, numbers in name.also
    ]
    return Parsed(
        name.title,
        name.year,
        name.season,
        list(map(float, name.episodes)),
        list(map(float, name.absolute)),
        name.kind,
        name.group,
        name.version,
        name.crc,
        name.language,
        name.score,
        also,
        list(name.why),
    )


async def forget(request: web.Request, anime_id: AnimeId) -> Done:
    """Forget a series and its queue items. No file is touched; a rescan finds its folder again."""
    await request.app[ENGINE].drop_series(anime_id, series.forget)
    return Done("Anime forgotten")


async def rescan(request: web.Request, query: RescanQuery) -> Rescanned:
    """Compare the library with the sources and answer what was new.

    Only series with a folder that has changed are read again; `full=true` reads all. One runs at a time; a second caller
    gets the same result. Its progress goes over the socket.
    """
    found = await request.app[RESCAN](query.full)
    return Rescanned(found.new_series, found.new_episodes, found.unread_folders)


async def search(request: web.Request, query: SearchQuery) -> list[SearchHit]:
    """Search the sources for series."""
    hits = await request.app[PROVIDERS].search(query.q, query.limit)
    ids = await request.app[DB].run(
        series.shown_ids, [f"{provider}_{hit.key}" for provider, hit in hits]
    )
    return [SearchHit(key, hit.name, hit.site) for key, (_, hit) in zip(ids, hits)]


def _link(conn, anime_id: str, provider: str, listing: Listing) -> None:
    series.link(conn, series.get(conn, anime_id)["id"], provider, listing.key)
    series.store_listing(conn, provider, listing)


def _with_episodes(conn, anime_id: str, extras: bool = False):
    row = series.get(conn, anime_id)
    return row, series.episodes(conn, row["id"], extras)


def _from_listing(anime_id: str, listing: Listing) -> AnimeDetails:
    episodes = sorted(listing.episodes, key=lambda e: (e.season == 0, e.season, e.number))
    absent = {"path": None, "unsure": None, "status": None, "why": "", "item": None}
    shown = [_episode(vars(e) | absent) for e in episodes]
    counted = sum(e.state == "missing" for e in shown)
    phrases = [codes.phrase(e.season, e.number) for e in episodes]
    return AnimeDetails(
        anime_id,
        listing.title,
        phrases,
        listing.description,
        counted,
        0,
        counted,
        listing.site,
        shown,
        None,
        "auto",
        0,
    )


def _episode(row) -> Episode:
    code = "" if row["season"] < 0 else codes.code(row["season"], row["number"])
    item = f"queue_{row['item']}" if row["item"] else None
    return Episode(
        code,
        row["title"],
        _state(row),
        row["aired"],
        row["path"] or row["unsure"],
        row["why"],
        item,
    )


def _state(episode) -> str:
    if episode["path"]:
        return "extra" if episode["season"] < 0 else "present"
    if episode["status"] in ("pending", "downloading", "failed"):
        return episode["status"]
    if episode["unsure"]:
        return "ambiguous"
    if episode["season"] == 0:
        return "special"
    return "upcoming" if (episode["aired"] or "") > series.now()[:10] else "missing"
