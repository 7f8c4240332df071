"""The calendar: the episodes of the household's series, by the days on which they air."""

import asyncio
from datetime import date, timedelta
from typing import Annotated

from aiohttp import web

from handlers import responses
from handlers.keys import DB
from store import agenda, clock
from store.agenda import Airing
from store.db import Database
from store.errors import Invalid
from store.schema import Rule, record

MOST_DAYS = 400
SERIES_A_TIME = 50  # in one transaction
DAYS_AHEAD = 28  # where the caller names no end
# Of the calendar that programs subscribe to.
SHOWN_DAYS_BEFORE, SHOWN_DAYS_AHEAD = 30, 366
SENDS = {"text/calendar": {"type": "string"}}

Day = Annotated[
    str,
    Rule(
        pattern=r"\d{4}-\d{2}-\d{2}", issue="must be a day, as in 2026-01-15", example="2026-01-15"
    ),
]


@record
class CalendarQuery:
    """From today, for four weeks, unless the days are named; both of them count."""

    from_: Day | None = None
    to: Day | None = None


async def airings(request: web.Request, query: CalendarQuery) -> list[Airing]:
    """List the episodes that air on these days, without those that are ignored.

    The days are those that the sources and the calendars of the owner tell, in UTC.
    """
    first = _day(query.from_ or clock.today(), "from")
    try:
        last = _day(query.to, "to") if query.to else first + timedelta(DAYS_AHEAD)
    except OverflowError:
        last = date.max
    if not 0 <= (last - first).days <= MOST_DAYS:
        raise Invalid("to", f"must lie 0 to {MOST_DAYS} days behind from")
    return await _between(request.app[DB], first, last)


async def subscription(request: web.Request) -> web.Response:
    """The calendar in the form that calendar programs subscribe to: a month back, a year ahead.

    These programs send no headers, so this one address takes a key in its query: one of scope
    `read`, best made for nothing else.
    """
    from store import ical  # late: few subscribe

    today = date.fromisoformat(clock.today())
    first, last = today - timedelta(SHOWN_DAYS_BEFORE), today + timedelta(SHOWN_DAYS_AHEAD)
    found = await _between(request.app[DB], first, last)
    text = await asyncio.to_thread(ical.write, found)  # a second for a thousand series
    return responses.file(request, text, "text/calendar", cache_control="private, no-cache")


async def _between(db: Database, first: date, last: date) -> list[Airing]:
    """The episodes of these days, in order; some series at a time, so that others need not wait."""
    days = first.isoformat(), last.isoformat()
    ids = await db.run(agenda.series_between, *days)
    found: list[Airing] = []
    for start in range(0, len(ids), SERIES_A_TIME):
        found += await db.run(agenda.between, ids[start : start + SERIES_A_TIME], *days)
    return agenda.in_order(found)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(field, "is no day that there is") from None
