"""The chapter Anime: the series, their episodes, and those of the sources."""

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Literal

from aiohttp import web

from downloads import lookup
from handlers import library_changes
from handlers.endpoint import Done
from handlers.ids import AnimeId
from handlers.keys import ALIKE_HITS, DB, ENGINE, FOLLOWING, HEADERS, PROVIDERS, RENAMING, RESCAN
from handlers.paging import Page, Paged, paged, window
from store import calendars, known_episodes, links, series
from store import choices as choice_store
from store import episodes as episode_store
from store.choices import Choice
from store.episodes import AnimeDetails, Found
from store.errors import NotFound
from store.files import Numbering
from store.known_episodes import Episode, EpisodeState
from store.links import Linked, OwnersWord
from store.models import Renamed
from store.names import codes
from store.names.codes import Number
from store.schema import Rule, record
from store.series import Anime, SortBy


@record
class AnimeQuery(Paged):
    sort_by: SortBy = "name"
    sort_order: Literal["asc", "desc"] = "asc"
    show: Literal["missing", "all"] | None = None
    follow: Literal["off", "new", "all", "on"] | None = None


FolderName = Annotated[str, Rule(least=1, most=300)]


@record
class OwnSource:
    """A source's series, by the `key` of a search result that has that source alone, or of
    `possible_sources`. `numbering` tells how its list counts beside the series: `absolute` through
    all seasons, `joined` within seasons that the series counts as one, `season` as the series does;
    `auto` lets the server find out."""

    source: AnimeId
    numbering: Literal["auto", "absolute", "joined", "season"] = "auto"


@record
class Link:
    """Who a series is, and how the numbers in its files' names count.

    `source` is the `key` of a search result: the series is that one, and takes its title and its
    numbers from there; other sources that have it stay. `sources` are all the sources that have it,
    the leading one first; those left out are other series. `numbering` is `absolute` where the
    numbers count through all seasons, `season` where they count within one, and `auto` where each
    name tells. `offset` is added to each number first: with 12 a second cour's 01 is 13. `folders`
    are the top folders of the library that are this series; those left out become series of their
    own. `titles` are further titles that its files may bear. `accept_list` asks the sources again
    and takes their lists as they are, also where that takes episodes away. A field that is left out
    changes nothing.
    """

    source: AnimeId | None = None
    sources: Annotated[list[OwnSource], Rule(least=1, most=50)] | None = None
    numbering: Numbering | None = None
    offset: Annotated[int, Rule(least=-100_000, most=100_000)] | None = None
    folders: Annotated[list[FolderName], Rule(least=1, most=1000)] | None = None
    titles: Annotated[list[FolderName], Rule(most=100)] | None = None
    accept_list: bool = False


@record
class Rename:
    """Unless `dry_run` is false, nothing is done: the answer is the plan.

    `undo` takes the last renaming back.
    """

    dry_run: bool = True
    undo: bool = False


@record
class EpisodesQuery(Paged):
    state: EpisodeState | None = None


@record
class ParseQuery:
    name: Annotated[str, Rule(least=1, most=4096, example="Show/Season 2/[Group] Show - 05.mkv")]


@record
class Parsed:
    """The reading of one path by itself; its neighbours and the series' list may say more.

    `score` is 100 for a clear code; below 85 the other readings, `also`, are tried too.
    """

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
    """`unread_folders` could not be read, or their disks are away: what was known of them stays.

    `unavailable` are the sources that failed: what is known of some of their series is old.
    `changed_lists` are the series whose sources take episodes away, which is not believed yet.
    """

    success: Literal[True] = field(default=True, kw_only=True)
    message: str = field(default="Rescan started", kw_only=True)
    new_series: int
    new_episodes: int
    unread_folders: list[str]
    unavailable: list[str]
    changed_lists: list[str]


@record
class SearchQuery:
    q: Annotated[str, Rule(least=1, most=200)]
    limit: Annotated[int, Rule(least=1, most=100)] = 20


@record
class SearchHit:
    """The server takes this series in every other call by `key`; `sources` have it."""

    key: str
    name: str
    site: str
    sources: list[str]


@record
class SearchResult:
    """`unavailable` are the sources that failed: what they have is not among the hits."""

    success: Literal[True] = field(default=True, kw_only=True)
    data: list[SearchHit]
    unavailable: list[str]


async def list_missing(request: web.Request, query: AnimeQuery) -> list[Anime] | Page[Anime]:
    """List the series with missing episodes.

    A bare list of the first 20 by name; with `page` or `per_page` the pagination envelope.
    `show=all` lists every series. `follow` lists those that are followed so, also without missing
    episodes unless `show=missing` asks for these; `on` are `new` and `all` together.
    """
    modes: tuple[str, ...] = (query.follow,) if query.follow else ()
    if query.follow == "on":
        modes = ("new", "all")
    limit, offset = window(query)
    found, total = await request.app[DB].run(
        series.page,
        sort_by=query.sort_by,
        descending=query.sort_order == "desc",
        everything=(query.show or ("all" if modes else "missing")) == "all",
        modes=modes,
        limit=limit,
        offset=offset,
    )
    if query.page is None and query.per_page is None:
        request[HEADERS]["X-Total-Count"] = str(total)
        return found
    return paged(request, found, total, query)


async def details(request: web.Request, anime_id: AnimeId) -> AnimeDetails:
    """The details of one series.

    One that is not followed yet is asked for at the sources.
    """
    try:
        return await request.app[DB].run(episode_store.details, anime_id)
    except NotFound:
        app = request.app
        found = await lookup.ask(app[DB], app[PROVIDERS], anime_id, app[ENGINE].rests.resting())
        return await request.app[DB].run(episode_store.details_of_found, found)


async def episodes(request: web.Request, anime_id: AnimeId, query: EpisodesQuery) -> Page[Episode]:
    """Each episode of a series with its state, its file, and why that file is it.

    The files that are no episode come last.
    """
    known = await request.app[DB].run(known_episodes.of_series, anime_id, with_extras=True)
    if query.state:
        known = [episode for episode in known if episode.state == query.state]
    limit, offset = window(query)
    shown = [episode.shown() for episode in known[offset : offset + limit]]
    return paged(request, shown, len(known), query)


async def link(request: web.Request, anime_id: AnimeId, body: Link) -> Linked:
    """Link a series to a source's by hand, and say what its folders are and how files are named.

    Its id stays, and goes on to name the source's series where that has folders already: the two
    become one. No file is touched.
    """
    app = request.app
    wanted = [each.source for each in body.sources or ()]
    ids = list(dict.fromkeys([body.source, *wanted] if body.source else wanted))
    found = [await app[PROVIDERS].listing(source_id) for source_id in ids]
    own_ids = await app[DB].run(series.source_ids, anime_id)
    accepted: list[Found] = []
    if body.accept_list:
        resting = app[ENGINE].rests.resting()
        accepted = await lookup.listings(app[PROVIDERS], own_ids, resting)
        await app[DB].run(calendars.accept, anime_id)
    elif body.source and body.sources is None:
        # The numbers of all lists follow from those of the leading one.
        leading = found[0][0]
        others = [each for each in own_ids if each.partition("_")[0] != leading]
        found += await lookup.answered(app[PROVIDERS], others)
    word = OwnersWord(
        body.numbering,
        body.offset,
        body.folders,
        body.titles,
        sources=None if body.sources is None else {e.source: e.numbering for e in body.sources},
    )
    linked = await app[DB].run(links.link, anime_id, found, word, accepted)
    app[FOLLOWING].changed()
    if ids or body.folders is not None:
        library_changes.tell_all(app)  # others may be part of it now, or stand alone
    else:
        await library_changes.tell(app, anime_id)
    return linked


async def choices(request: web.Request, anime_id: AnimeId) -> list[Choice]:
    """The ways in which the ambiguous files of a series may be read, with their results.

    Nothing is changed. The owner's choice is kept by `link`, with its `numbering` or `titles`.
    """
    return await request.app[DB].run(choice_store.of_series, anime_id)


async def rename(request: web.Request, anime_id: AnimeId, body: Rename | None = None) -> Renamed:
    """Give the files of a series the names that new ones get.

    The subtitles and pictures beside them go along. Files that are ambiguous or no episode stay,
    and nothing is ever put over another file.
    """
    body = body or Rename()
    renamed = await request.app[RENAMING](anime_id, undo=body.undo, dry_run=body.dry_run)
    if not body.dry_run:
        await library_changes.tell(request.app, anime_id)
    return renamed


async def parse(request: web.Request, query: ParseQuery) -> Parsed:
    """Tell the reading of a file's name, with the reasons."""
    from store.names import parser  # late: few ask

    name = parser.parse(query.name)
    return Parsed(
        title=name.title,
        year=name.year,
        season=name.season,
        episodes=[float(number) for number in name.episodes],
        absolute=[float(number) for number in name.absolute],
        kind=name.kind,
        group=name.group,
        version=name.version,
        crc=name.crc,
        language=name.language,
        score=name.score,
        also=[_reading(season, numbers) for season, numbers in name.also],
        why=list(name.why),
    )


async def forget(request: web.Request, anime_id: AnimeId) -> Done:
    """Forget a series and its queue items. No file is touched; a rescan finds its folder again."""
    app = request.app
    own_id = await app[DB].run(series.own_id, anime_id)
    await app[ENGINE].drop_series(anime_id)
    app[FOLLOWING].changed()
    library_changes.tell_id(app, own_id)
    return Done("Anime forgotten")


async def rescan(request: web.Request, query: RescanQuery) -> Rescanned:
    """Compare the library with the sources and answer what was new.

    Only series with a folder that has changed are read again; `full=true` reads all. One runs at a
    time; a second caller gets the same result. Its progress goes over the socket.
    """
    completed = await request.app[RESCAN](query.full)
    return Rescanned(
        completed.new_series,
        completed.new_episodes,
        completed.unread_folders,
        completed.unavailable,
        completed.changed_lists,
    )


async def search(request: web.Request, query: SearchQuery) -> SearchResult:
    """Search all sources, side by side. Hits that surely are one series are one hit."""
    app = request.app
    found = await app[PROVIDERS].search(query.q, query.limit)
    joined = await app[ALIKE_HITS].join(found.hits)
    hits = [
        SearchHit(each.id, each.hit.name, each.hit.site, each.sources)
        for each in joined[: query.limit]
    ]
    return SearchResult(hits, found.unavailable)


def _reading(season: int | None, numbers: Sequence[Number]) -> str:
    """Another reading of a name, in words: `season 1 episode 01`."""
    of_season = "" if season is None else f"season {season} "
    return ", ".join(f"{of_season}episode {codes.digits(number)}" for number in numbers)
