"""The sources, beside the reference: how each one is, and asking one again at once."""

from typing import Literal

from aiohttp import web

from handlers.keys import DB, ENGINE, PROVIDERS
from providers.checked import CheckedProvider
from store import series
from store.errors import NotFound
from store.schema import record
from store.sources import SourceName


@record
class Source:
    """A source that failed as a whole rests: nobody asks it before `until`.

    `since`, `until` and `why` are those of its rest. `last_good_answer` is a time, null where there
    was none since the server's start. `series` counts those that are known from there.
    """

    name: str
    type: str
    address: str
    state: Literal["ok", "resting"]
    since: str | None
    until: str | None
    why: str
    last_good_answer: str | None
    series: int


async def list_all(request: web.Request) -> list[Source]:
    """List the sources, and say which of them rest, since when and why."""
    counts = await request.app[DB].run(series.count_by_provider)
    return [
        _describe(request, provider, counts.get(provider.name, 0))
        for provider in request.app[PROVIDERS]
    ]


async def retry(request: web.Request, name: SourceName) -> Source:
    """End the rest of a source and ask it now, which takes up to 10 seconds.

    It rests anew where it still fails.
    """
    provider = request.app[PROVIDERS].find(name)
    if provider is None:
        raise NotFound("Source not found", name=name)
    await request.app[ENGINE].retry_source(name)
    counts = await request.app[DB].run(series.count_by_provider)
    return _describe(request, provider, counts.get(name, 0))


def _describe(request: web.Request, provider: CheckedProvider, count: int) -> Source:
    rest = request.app[ENGINE].rests.describe(provider.name)
    return Source(
        name=provider.name,
        type=request.app[PROVIDERS].type_of(provider.name),
        address=provider.base,
        state=rest.state,
        since=rest.since,
        until=rest.until,
        why=rest.why,
        last_good_answer=provider.answered_at,
        series=count,
    )
