"""The queue by series and as a whole, beside the reference: many items at once."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from aiohttp import web

from downloads.events import QueueOrder
from handlers import ids
from handlers.hub import HUB
from handlers.ids import AnimeId, ItemId
from handlers.keys import DB, ENGINE
from store import queue_groups, queue_order
from store.models import Priority
from store.queue_groups import QueueGroup
from store.queue_order import Everything
from store.schema import Rule, record

SERIES_AT_ONCE = 20  # in one transaction, so that others need not wait for all


@record
class Chosen:
    """The items with these ids, and all items of `series` that wait or are downloading."""

    items: Annotated[list[ItemId], Rule(most=10_000)] = field(default_factory=list)
    series: Annotated[list[AnimeId], Rule(most=10_000)] = field(default_factory=list)


@record
class Arranged(Chosen):
    """`place` puts them at the begin or the end of the queue, `before` right before an item."""

    priority: Priority | None = None
    place: Literal["first", "last"] | None = None
    before: ItemId | None = None


@record
class Count:
    """How many items were changed."""

    count: int


@record
class QueuedAll:
    """`items` are the ids of the new items."""

    items: list[str]


async def groups(request: web.Request) -> list[QueueGroup]:
    """List the series that are in the queue, and how many items of each status they have."""
    return await request.app[DB].run(queue_groups.all_groups)


async def remove(request: web.Request, body: Chosen) -> Count:
    """Remove many items at once. Finished files stay."""
    return Count(await request.app[ENGINE].drop(await _find(request, body)))


async def arrange(request: web.Request, body: Arranged) -> Count:
    """Give many items another priority, or another place in the queue.

    Items that are moved take the priority of what stands there, and keep their order.
    """
    found = await _find(request, body)
    if body.priority:
        await request.app[DB].run(queue_order.prioritise, found, body.priority)
    where = ids.number(body.before) if body.before else body.place
    if where is not None:
        await request.app[DB].run(queue_order.move, found, where)
    request.app[HUB].publish(QueueOrder([f"queue_{number}" for number in found]))
    request.app[ENGINE].wake()
    return Count(len(found))


async def missing(request: web.Request) -> Everything:
    """Tell how many episodes are missing in all series together, and how large they are."""
    return await request.app[DB].run(queue_order.everything)


async def add_missing(request: web.Request) -> QueuedAll:
    """Queue the missing episodes of all series."""
    new = []
    lacking = await request.app[DB].run(queue_order.lacking)
    for start in range(0, len(lacking), SERIES_AT_ONCE):
        some = lacking[start : start + SERIES_AT_ONCE]
        added = await request.app[DB].run(queue_order.add_missing, some)
        if added.items:
            await request.app[ENGINE].announce(added.items)
        new += [item.name for item in added.items]
    return QueuedAll(new)


async def _find(request: web.Request, chosen: Chosen) -> list[int]:
    numbers = [ids.number(item) for item in chosen.items]
    return await request.app[DB].run(queue_order.find, numbers, list(chosen.series))
