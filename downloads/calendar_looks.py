"""The part of a rescan that asks the owner's calendars which episodes exist."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from downloads.source_calls import SourceCalls
from providers import Providers
from providers.checked import CheckedProvider
from store import calendars, series
from store.db import Database
from store.models import Hit
from store.names import database_ids
from store.names.identity import find_same, identify
from store.series import Series


async def look(db: Database, providers: Providers, calls: SourceCalls) -> None:
    """Ask each calendar for each series of the household.

    A calendar that fails, is switched off, or does not know a series, takes away nothing that was
    known.
    """
    asked = providers.calendars()
    configured = {each.name for each in providers.settings() if each.is_calendar}
    await db.run(calendars.drop_others, configured)
    known = await db.run(series.listed) if asked else []
    await asyncio.gather(
        *(_ask(db, calendar, anime, calls) for calendar in asked for anime in known)
    )


async def look_at(db: Database, providers: Providers, series_id: str) -> None:
    """Ask each calendar for one series."""
    anime = await db.run(series.find, series_id)
    if anime is not None:
        calls = SourceCalls()
        for calendar in providers.calendars():
            await _ask(db, calendar, anime, calls)


async def _ask(db: Database, calendar: CheckedProvider, anime: Series, calls: SourceCalls) -> None:
    # A folder tells its own season, not the series'.
    wanted = identify(f"{anime.title} {anime.ids}")._replace(seasons=None)
    title = database_ids.PATTERN.sub("", anime.title)
    queries = [anime.ids, title] if anime.ids else [title]

    def choose(hits: Sequence[Hit]) -> str | None:
        return find_same(wanted, [(identify(hit.name, ids=hit.ids), hit.key) for hit in hits])

    listing = await calls.ask(calendar.name, partial(calendar.find, queries, choose))
    if listing is not None:
        await db.note(calendars.keep, anime.id, calendar.name, listing)
