"""The totals of everything, for dashboards and for Prometheus."""

from collections import Counter
from typing import Any

from aiohttp import web

from handlers.keys import CONFIG, ENGINE, PROVIDERS
from handlers.totals import TOTALS
from store.models import State
from store.schema import record

METRICS: dict[str, dict[str, Any]] = {"text/plain": {"type": "string"}}


@record
class Summary:
    """Of all series that are listed.

    `missing` episodes were aired and are not here; of these, `available` ones can be fetched.
    `upcoming` ones air within seven days. `following` counts the series that are followed. The
    items of the queue are `pending`, `downloading`, `completed` and `failed`. `disk_free_bytes` is
    the room of the fuller one of the two directories, null where that cannot be told. `state` and
    `reason` are those of the queue. `next_title`, `next_episode` and `next_aired` are the series,
    the episode and the day of what airs next, null where nobody knows of any.
    """

    missing: int
    available: int
    upcoming: int
    series: int
    following: int
    pending: int
    downloading: int
    completed: int
    failed: int
    speed_mbps: float
    disk_free_bytes: int | None
    state: State
    reason: str
    next_title: str | None
    next_episode: str | None
    next_aired: str | None
    sources_ok: int
    sources_resting: int


async def show(request: web.Request) -> Summary:
    """The totals of everything, in one flat object for the tiles of dashboards.

    A key of scope `read` is enough.
    """
    app = request.app
    config = app[CONFIG].current
    totals = await app[TOTALS].totals()
    queue = await app[ENGINE].status()
    folders = {"library": config.library, "downloads": config.downloads}
    free = [*(await app[TOTALS].free_bytes(folders)).values()]
    known_free = [count for count in free if count is not None]
    rests = app[ENGINE].rests
    sources = Counter(rests.state(each.name) for each in app[PROVIDERS].settings())
    return Summary(
        missing=totals.missing,
        available=totals.available,
        upcoming=totals.upcoming,
        series=totals.series,
        following=totals.following,
        pending=queue.pending,
        downloading=queue.downloading,
        completed=queue.completed,
        failed=queue.failed,
        speed_mbps=queue.download_speed_mbps,
        disk_free_bytes=min(known_free) if len(known_free) == len(free) else None,
        state=queue.state,
        reason=queue.reason,
        next_title=totals.next_title,
        next_episode=totals.next_episode,
        next_aired=totals.next_aired,
        sources_ok=sources["ok"],
        sources_resting=sources["resting"],
    )


async def metrics(request: web.Request) -> web.Response:
    """The metrics for Prometheus, in its text format 0.0.4.

    A key of scope `read` is enough.
    """
    from handlers import metrics_text  # late: few are asked, and its types cost the start

    text = await metrics_text.write(request.app)
    headers = {"Content-Type": metrics_text.CONTENT_TYPE, "Cache-Control": "no-store"}
    return web.Response(body=text.encode(errors="replace"), headers=headers)
