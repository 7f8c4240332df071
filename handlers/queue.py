"""The chapter Download Queue."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Literal

from aiohttp import web

from downloads import lookup
from downloads.events import QueueItem
from handlers import ids
from handlers.endpoint import Done
from handlers.ids import AnimeId, ItemId
from handlers.keys import DB, ENGINE, PROVIDERS
from handlers.paging import Page, Paged, paged, window
from store import history, queue, queue_pages, selection
from store.errors import NotFound
from store.history_search import HistoryState, Search
from store.models import Priority, Status
from store.queue import QueueStatus
from store.schema import Rule, record
from store.sources import SourceName

Episodes = Annotated[
    list[
        Annotated[
            str,
            Rule(
                pattern=selection.PATTERN,
                issue="must be an episode (S01E05), a range (S01E01-E12), a season (S01)"
                " or missing",
                example="S01E01",
            ),
        ]
    ],
    Rule(least=1, most=500),
]


@record
class QueueAdd:
    """`replace` fetches episodes anew that are in the library: the old files go into the trash.

    They are fetched from the `source` of that name alone. Without one, from the first of the
    sources, in the order of the settings, that has the episode and works, and from the next one
    where that fails.
    """

    anime_id: AnimeId
    episodes: Episodes
    priority: Priority = "normal"
    replace: bool = False
    source: SourceName | None = None


@record
class Queued:
    """`queue_item_id` is the first of `items`.

    `skipped` are the episodes that are queued or in the library already.
    """

    queue_item_id: str
    anime_id: str
    status: Status
    items: list[str]
    skipped: list[str]


@record
class Retried:
    """How many items are tried again."""

    count: int


@record
class QueueQuery(Paged):
    status: Status | None = None
    anime_id: AnimeId | None = None


HISTORY_ROWS = 500  # of a table that are read at a time
Moment = Annotated[
    str,
    Rule(
        pattern=r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?",
        issue="must be a day (2025-10-22) or a moment in UTC (2025-10-22T12:34:56Z)",
        example="2025-10-22",
    ),
]


@record
class HistoryQuery(Paged):
    """`q` is a part of a title, `source` a source's name; `since` and `until` are inclusive."""

    anime_id: AnimeId | None = None
    q: Annotated[str, Rule(least=1, most=200)] | None = None
    source: Annotated[str, Rule(least=1, most=40)] | None = None
    state: HistoryState = "completed"
    since: Moment | None = None
    until: Moment | None = None
    format: Literal["json", "csv"] | None = None


@record
class FinishedQuery:
    status: Literal["completed", "failed"]


@record
class Pause:
    """Whether to pause; if it is left out, the call toggles."""

    paused: bool | None = None


@record
class Prioritise:
    priority: Priority


async def status(request: web.Request) -> QueueStatus:
    """How many items there are, how fast they come, and whether the queue runs."""
    return await request.app[ENGINE].status()


async def items(request: web.Request, query: QueueQuery) -> Page[QueueItem]:
    """The queue's items: those being worked on, then in the order of work, then the finished."""
    found, total = await request.app[DB].run(
        queue_pages.page, query.status, *window(query), query.anime_id
    )
    shown = [request.app[ENGINE].describe(item) for item in found]
    return paged(request, shown, total, query)


async def finished(
    request: web.Request, query: HistoryQuery
) -> Page[history.Fetched] | web.StreamResponse:
    """The files that were fetched, the newest first, and what was proven of each.

    `proof` is the strongest proof of the bytes: a checksum's name, `length`, or `clean end` where
    the source told no length but an end. `unproven` says that it told neither, also when it was
    asked: the file may be cut. `validator` is what held a resumed file together: `etag`, `date` or
    `length`. Rows outlive their items. `state=failed` lists the items that were given up.
    `format=csv`, or `Accept: text/csv`, answers all rows of the search as one table.
    """
    from handlers import csv_answers  # late: few ask for a table

    search = Search(
        state=query.state,
        anime_id=query.anime_id,
        title=query.q,
        source=query.source,
        since=query.since,
        until=query.until,
    )
    if csv_answers.is_wanted(request, query.format):
        columns = tuple(history.Fetched.__dataclass_fields__)
        return await csv_answers.send(request, "history", columns, _history_rows(request, search))
    found, total = await request.app[DB].run(history.page, search, *window(query))
    return paged(request, found, total, query)


async def _history_rows(
    request: web.Request, search: Search
) -> AsyncIterator[list[Sequence[object]]]:
    """All rows of a search, some at a time; the database is free in between."""
    last = None
    while found := await request.app[DB].run(history.before, search, last, HISTORY_ROWS):
        yield [tuple(vars(row).values()) for row in found]
        last = found[-1].history_id


async def add(request: web.Request, body: QueueAdd) -> Queued:
    """Add episodes of one series to the queue.

    Episodes are `S01E05`, `Season 1 Episode 5`, a range `S01E01-E12`, a season `S01`, or `missing`.
    A failed item is retried under its id. Nothing is queued when one of them does not exist. With
    `replace` those in the library are fetched anew, and the old files are kept in the trash.
    """
    app = request.app
    wanted = (body.anime_id, body.episodes, body.priority)
    add = partial(queue.add, replace=body.replace, source=body.source)
    try:
        added = await app[DB].run(add, *wanted)
    except NotFound:  # a series that is not followed yet, or an episode that is new at its source
        resting = app[ENGINE].rests.resting()
        found = await lookup.ask(app[DB], app[PROVIDERS], body.anime_id, resting)
        added = await app[DB].run(add, *wanted, found=found)
    await app[ENGINE].announce(added.items)
    first = added.items[0]
    return Queued(
        queue_item_id=first.name,
        anime_id=first.series_id,
        status=first.status,
        items=[item.name for item in added.items],
        skipped=added.skipped,
    )


async def remove(request: web.Request, queue_item_id: ItemId) -> Done:
    """Remove one item. A finished file stays."""
    if not await request.app[ENGINE].drop([ids.number(queue_item_id)]):
        raise NotFound("Queue item not found", queue_item_id=queue_item_id)
    return Done("Item removed from queue")


async def clear(request: web.Request, query: FinishedQuery) -> Done:
    """Remove all items that are completed, or all that have failed. Finished files stay."""
    count = await request.app[ENGINE].drop_all(query.status)
    return Done(f"{count} items removed from queue")


async def retry(request: web.Request, queue_item_id: ItemId) -> QueueItem:
    """Try a failed item again."""
    item = await request.app[DB].run(queue.retry, ids.number(queue_item_id))
    await request.app[ENGINE].announce([item])
    return request.app[ENGINE].describe(item)


async def retry_all(request: web.Request) -> Retried:
    """Try all failed items again."""
    items = await request.app[DB].run(queue.retry_all)
    if items:
        await request.app[ENGINE].announce(items)
    return Retried(len(items))


async def prioritise(request: web.Request, queue_item_id: ItemId, body: Prioritise) -> QueueItem:
    """Change an item's priority."""
    item = await request.app[DB].run(queue.set_priority, ids.number(queue_item_id), body.priority)
    await request.app[ENGINE].announce([item])
    return request.app[ENGINE].describe(item)


async def start(request: web.Request) -> Done:
    """Start working the queue; a paused one goes on."""
    await request.app[ENGINE].set_state("running")
    return Done("Queue processing started")


async def stop(request: web.Request) -> Done:
    """Stop working the queue; unfinished items keep their bytes and are pending again."""
    await request.app[ENGINE].set_state("stopped")
    return Done("Queue processing stopped")


async def pause(request: web.Request, body: Pause | None = None) -> Done:
    """Pause the queue, or resume a paused one; `{"paused": true}` says which."""
    paused = await request.app[ENGINE].pause(body.paused if body else None)
    return Done("Queue paused" if paused else "Queue resumed")
