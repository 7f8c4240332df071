"""The chapter Anime: what is there, what is missing, and what the sources have."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from aiohttp import web

from handlers.endpoint import Done, record
from handlers.keys import DB, ENGINE, HEADERS, PROVIDERS, RESCAN
from handlers.paging import Page, PageNumber, PerPage, paged, window
from store import series, titles
from store.errors import NotFound
from store.fields import Rule
from store.models import Listing

AnimeId = Annotated[
    str, Rule(most=300, pattern=r"[a-z0-9-]+_[a-z0-9-]+", issue="Invalid anime ID format", example="aniworld_123")
]


@record
class AnimeQuery:
    page: PageNumber | None = None
    per_page: PerPage | None = None
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
class EpisodeShown:
    """One episode: `path` is its file, relative to the library."""

    code: str
    title: str
    state: Literal["present", "missing", "upcoming", "special", "pending", "downloading", "failed"]
    path: str | None


@record
class AnimeDetails:
    id: str
    title: str
    episodes: list[str]
    description: str
    total_episodes: int
    downloaded_episodes: int
    missing_episodes: int
    site: str
    episode_list: list[EpisodeShown]


@record
class Rescanned:
    success: Literal[True] = field(default=True, kw_only=True)
    message: str = field(default="Rescan started", kw_only=True)
    new_series: int
    new_episodes: int


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
    limit, offset = window(query.page, query.per_page)
    rows, total = await request.app[DB].run(
        series.page, sort_by=query.sort_by, descending=query.sort_order == "desc", everything=query.show == "all", limit=limit, offset=offset
    )
    found = [Anime(row["id"], row["title"], row["missing"], row["total"], row["downloaded"], row["updated_at"]) for row in rows]
    if query.page is None and query.per_page is None:
        request[HEADERS]["X-Total-Count"] = str(total)
        return found
    return paged(request, found, total, query.page, query.per_page)


async def details(request: web.Request, anime_id: AnimeId) -> AnimeDetails:
    """All that is known of one series; one that is not followed yet is asked for at its source."""
    try:
        row, rows = await request.app[DB].run(_with_episodes, anime_id)
    except NotFound:
        _, listing = await request.app[PROVIDERS].listing(anime_id)
        return _from_listing(anime_id, listing)
    return AnimeDetails(
        row["id"], row["title"], [titles.phrase(e["season"], e["number"]) for e in rows], row["description"],
        row["total"], row["downloaded"], row["missing"], row["site"],
        [EpisodeShown(titles.code(e["season"], e["number"]), e["title"], _state(e), e["path"]) for e in rows],
    )  # fmt: skip


async def forget(request: web.Request, anime_id: AnimeId) -> Done:
    """Forget a series and its queue items. No file is touched; a rescan finds its folder again."""
    await request.app[ENGINE].drop_series(anime_id, series.forget)
    return Done("Anime forgotten")


async def rescan(request: web.Request) -> Rescanned:
    """Compare the library with the sources and answer what was new.

    One runs at a time; a second caller gets the same result. Its progress goes over the socket.
    """
    found = await request.app[RESCAN]()
    return Rescanned(found.new_series, found.new_episodes)


async def search(request: web.Request, query: SearchQuery) -> list[SearchHit]:
    """Search the sources for series."""
    hits = await request.app[PROVIDERS].search(query.q, query.limit)
    ids = await request.app[DB].run(series.shown_ids, [f"{provider}_{hit.key}" for provider, hit in hits])
    return [SearchHit(key, hit.name, hit.site) for key, (_, hit) in zip(ids, hits)]


def _with_episodes(conn, anime_id: str):
    row = series.get(conn, anime_id)
    return row, series.episodes(conn, row["id"])


def _from_listing(anime_id: str, listing: Listing) -> AnimeDetails:
    episodes = sorted(listing.episodes, key=lambda e: (e.season == 0, e.season, e.number))
    shown = [EpisodeShown(titles.code(e.season, e.number), e.title, _state({"season": e.season, "aired": e.aired, "path": None, "status": None}), None) for e in episodes]
    counted = sum(e.state == "missing" for e in shown)
    phrases = [titles.phrase(e.season, e.number) for e in episodes]
    return AnimeDetails(anime_id, listing.title, phrases, listing.description, counted, 0, counted, listing.site, shown)


def _state(episode) -> str:
    if episode["path"]:
        return "present"
    if episode["status"] in ("pending", "downloading", "failed"):
        return episode["status"]
    if episode["season"] == 0:
        return "special"
    return "upcoming" if (episode["aired"] or "") > series.now()[:10] else "missing"
