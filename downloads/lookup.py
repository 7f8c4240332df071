"""Asks the sources for one series, all of them side by side."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from providers import Providers
from providers.checked import CheckedProvider
from store import facts, series
from store.db import Database
from store.episodes import Found
from store.errors import Failure, ProviderError
from store.models import Episode, Hit, Listing
from store.names import same_lists, same_series
from store.names.codes import EpisodeKey
from store.names.identity import Identity
from store.names.same_series import Likeness

log = logging.getLogger(__name__)

FIND_SECONDS = 10.0  # for which a caller waits for a source that may have the series, too


class Match(NamedTuple):
    """A source's list of a series, and how sure it is that it is this series."""

    listing: Listing
    likeness: Likeness


async def ask(
    db: Database, providers: Providers, anime_id: str, resting: Collection[str]
) -> list[Found]:
    """The lists of a series now; the list of the named or preferred source comes first.

    For a series that is not followed the other sources are searched as well, but for those that
    rest. Raises Failure where no source of the series answers.
    """
    ids = await db.run(series.source_ids, anime_id)
    found = await listings(providers, ids, resting)
    if await db.run(series.find, anime_id):
        return found
    name = found[0][0]
    others = [each for each in providers if each.name != name and each.name not in resting]
    matches = await asyncio.gather(*(_find_in_time(providers, each, found) for each in others))
    found += [(each.name, match) for each, match in zip(others, matches) if match]
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
    """The lists of the sources that answer, if any; all else is as for `listings`."""
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
    """Look for a series at a source.

    A series under one of the `known` keys is passed over, unless it surely is the one.
    """
    likeness: Likeness = "perhaps"

    def choose(hits: Sequence[Hit]) -> str | None:
        nonlocal likeness
        others = [(same_series.of_source(hit.name, hit.ids), hit.key) for hit in hits]
        match = same_series.find(wanted, others)
        if match is None or (provider.public_key(match[0]) in known and match[1] != "sure"):
            return None
        key, likeness = match
        return key

    listing = await provider.find(same_series.queries(title, ids), choose)
    return Match(listing, likeness) if listing else None


async def is_same(
    providers: Providers, known: Sequence[Found], source: str, match: Match
) -> bool | None:
    """Whether what a source has is the series that others list so: no list contradicts, or both
    have the same file. None where a source does not answer that now."""
    if match.likeness != "alike":
        return match.likeness == "sure"
    listed = facts.of(match.listing.episodes)
    lists = [(name, its, facts.of(its.episodes)) for name, its in known if name != source]
    if not any(same_lists.contradict(told, listed) for _, _, told in lists):
        return True
    for name, its, told in lists:
        if providers.find(name) is None:  # it may have got another name
            if _holds_all_of(match.listing, its):
                return True
            continue
        number = same_lists.find_comparable(told, listed)
        one, other = _numbered(its, number), _numbered(match.listing, number)
        try:
            if one and other and await _have_same_video(providers, (name, *one), (source, *other)):
                return True
        except Failure as failure:
            log.warning("%s or %s: %s: %s", source, name, its.title, failure)
            if not (isinstance(failure, ProviderError) and failure.final):
                return None
    return False


async def _have_same_video(
    providers: Providers, one: tuple[str, str, Episode], other: tuple[str, str, Episode]
) -> bool:
    """Whether two sources surely have the same file, and not one page in place of two files."""
    from downloads.validators import SNIFF_BYTES, sniff  # late: few ask

    begun = await providers.common_beginning(one, other)
    return bool(begun) and sniff(begun[:SNIFF_BYTES]) is None


def _holds_all_of(listing: Listing, its: Listing) -> bool:
    """Whether a list has each file of another one, at the same place."""
    theirs = {(each.season, each.number, each.ref, each.size) for each in listing.episodes}
    files = [(e.season, e.number, e.ref, e.size) for e in its.episodes if e.ref]
    return bool(files) and theirs.issuperset(files)


def _numbered(listing: Listing, number: EpisodeKey | None) -> tuple[str, Episode] | None:
    """(key of the series, episode) of a list's episode."""
    for episode in listing.episodes:
        if (episode.season, episode.number) == number:
            return listing.key, episode
    return None


async def _find_in_time(
    providers: Providers, provider: CheckedProvider, found: Sequence[Found]
) -> Listing | None:
    """The series at a source, if it surely is the same.

    A source that fails or is slow costs the caller only the time.
    """
    _, listing = found[0]
    wanted = same_series.of_source(listing.title, listing.ids)
    try:
        async with asyncio.timeout(FIND_SECONDS):
            match = await find(provider, wanted, listing.title, listing.ids)
            if match and await is_same(providers, found, provider.name, match):
                return match.listing
    except (Failure, TimeoutError) as failure:
        log.warning("%s: %s", provider.name, failure or "it did not answer in time")
    return None
