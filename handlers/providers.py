"""The sources, beside the reference: their states, a trial of one, and an end to a rest."""

from dataclasses import field
from typing import Literal

from aiohttp import web

from handlers.keys import CONFIG, DB, ENGINE, PROVIDERS
from store import series
from store.errors import NotFound
from store.schema import record
from store.sources import SourceName, SourceSettings, address_of


@record
class Source:
    """A source that failed as a whole rests: nobody asks it by himself before `until`.

    `since`, `until` and `reason` are those of its rest. A source is `off` where the settings say
    so. It is `unknown` as long as it has never answered at its address, and when its last search
    failed and no download has asked it since; `since` and `reason` tell of that. `last_success` is
    the time of its last good answer. `series` counts those that are known from there. `url` is told
    without a query, which may hold a token.
    """

    name: str
    type: str
    url: str
    state: Literal["ok", "resting", "off", "unknown"]
    reason: str
    since: str | None
    until: str | None
    last_success: str | None
    series: int


@record
class Tried:
    """`ok` tells whether the source works; `message` says what is there, or what is wrong. `series`
    counts the series in its list, `examples` are a few of the titles, and `fix` is the cure."""

    success: Literal[True] = field(default=True, kw_only=True)
    ok: bool
    message: str
    series: int
    examples: list[str]
    fix: str


async def list_all(request: web.Request) -> list[Source]:
    """List the sources, and say which of them rest, since when and why."""
    counts = await request.app[DB].run(series.count_by_provider)
    return [
        _describe(request, settings, counts.get(settings.name, 0))
        for settings in request.app[PROVIDERS].settings()
    ]


async def try_out(request: web.Request, body: SourceSettings) -> Tried:
    """Try an entry of `providers` without storing it, which takes up to 15 seconds.

    A mask stands for the secret that is stored for the source of that name and server.
    """
    settings = request.app[CONFIG].unmasked(body)
    outcome = await request.app[PROVIDERS].test(settings)
    return Tried(
        ok=outcome.ok,
        message=outcome.message,
        series=outcome.series,
        examples=list(outcome.examples),
        fix=outcome.fix,
    )


async def retry(request: web.Request, name: SourceName) -> Source:
    """End the rest of a source and ask it now, which takes up to 10 seconds.

    It rests anew where it still fails.
    """
    providers = request.app[PROVIDERS]
    found = [settings for settings in providers.settings() if settings.name == name]
    if not found:
        raise NotFound("Source not found", name=name)
    if providers.find(name):
        await request.app[ENGINE].retry_source(name)
    counts = await request.app[DB].run(series.count_by_provider)
    return _describe(request, found[0], counts.get(name, 0))


def _describe(request: web.Request, settings: SourceSettings, count: int) -> Source:
    rest = request.app[ENGINE].rests.describe(settings.name)
    provider = request.app[PROVIDERS].find(settings.name)
    state = request.app[ENGINE].rests.state(settings.name)
    reason, since = rest.reason, rest.since
    if provider and provider.last_failure and state == "unknown":
        reason, since = provider.last_failure
    return Source(
        name=settings.name,
        type=settings.type,
        url=address_of(settings).partition("?")[0],
        state=state,
        reason=reason,
        since=since,
        until=rest.until,
        last_success=provider.last_success if provider else None,
        series=count,
    )
