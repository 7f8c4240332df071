"""What the sources have of one series: asked for now, all of them side by side."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from providers import Providers
from providers.checked import CheckedProvider
from store import series
from store.db import Database
from store.episodes import Found
from store.errors import Failure
from store.models import Hit, Listing
from store.names import same_series
from store.names.identity import Identity

log = logging.getLogger(__name__)

FIND_SECONDS = 10.0  # for which a caller waits for a source that may have the series, too


class Match(NamedTuple):
    """What a source has of a series: surely this one, or perhaps."""

    listing: Listing
    is_sure: bool


async def ask(
    db: Database, providers: Providers, anime_id: str, resting: Collection[str]
) -> list[Found]:
    """What the sources say of a series now, the one that is named or preferred first.

    For a series that is not followed the others are searched, too, but for those that rest. Raises
    Failure where none of its own answers.
    """
    ids = await db.run(series.source_ids, anime_id)
    found = await listings(providers, ids, resting)
    if await db.run(series.find, anime_id):
        return found
    name, listing = found[0]
    others = [each for each in providers if each.name != name and each.name not in resting]
    matches = await asyncio.gather(*(_find_in_time(each, listing) for each in others))
    found += [
        (each.name, match.listing)
        for each, match in zip(others, matches)
        if match and match.is_sure
    ]
    return found


async def listings(
    providers: Providers, ids: Sequence[str], resting: Collection[str]
) -> list[Found]:
    """What the sources say of one series, which they have under these ids.

    Those that rest are left out where others have it. Raises Failure where none answers.
    """
    awake = [each for each in ids if each.partition("_")[0] not in resting]
    answers = await _ask_all(providers, awake or ids)
    found = [answer for answer in answers if not isinstance(answer, Failure)]
    if not found:
        raise next(answer for answer in answers if isinstance(answer, Failure))
    return found


async def answered(providers: Providers, ids: Sequence[str]) -> list[Found]:
    """As `listings`, of those that answer, if any."""
    answers = await _ask_all(providers, ids)
    return [answer for answer in answers if not isinstance(answer, Failure)]


async def _ask_all(providers: Providers, ids: Sequence[str]) -> list[Found | Failure]:
    async def ask_one(source_id: str) -> Found | Failure:
        try:
            return await providers.listing(source_id)
        except Failure as failure:
            return failure

    return await asyncio.gather(*map(ask_one, ids))


async def find(
    provider: CheckedProvider,
    wanted: Identity,
    title: str,
    ids: Mapping[str, str],
    known: Collection[str] = (),
) -> Match | None:
    """Look for a series at a source. What it has under one of the `known` keys is passed over,
    unless it surely is the series."""
    is_sure = False

    def choose(hits: Sequence[Hit]) -> str | None:
        nonlocal is_sure
        others = [(same_series.of_source(hit.name, hit.ids), hit.key) for hit in hits]
        match = same_series.find(wanted, others)
        if match is None or (provider.public_key(match[0]) in known and not match[1]):
            return None
        key, is_sure = match
        return key

    listing = await provider.find(same_series.queries(title, ids), choose)
    return Match(listing, is_sure) if listing else None


async def _find_in_time(provider: CheckedProvider, listing: Listing) -> Match | None:
    """A source that fails, or is slow, costs the caller nothing but the time."""
    wanted = same_series.of_source(listing.title, listing.ids)
    try:
        async with asyncio.timeout(FIND_SECONDS):
            return await find(provider, wanted, listing.title, listing.ids)
    except (Failure, TimeoutError) as failure:
        log.warning("%s: %s", provider.name, failure or "it did not answer in time")
        return None
