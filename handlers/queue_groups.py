"""The queue by series, beside the reference."""

from __future__ import annotations

from aiohttp import web

from handlers.keys import DB
from store import queue_groups
from store.queue_groups import QueueGroup


async def groups(request: web.Request) -> list[QueueGroup]:
    """List the series that are in the queue, and how many items of each status they have."""
    return await request.app[DB].run(queue_groups.all_groups)
