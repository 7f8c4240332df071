"""The part of a rescan that asks the sources again which episodes a series has there."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from downloads import lookup
from downloads.source_calls import SourceCalls
from providers import Providers
from providers.checked import CheckedProvider
from store import episodes, known_lists, offers
from store.db import Database
from store.models import Listing
from store.names import database_ids, same_series
from store.offers import Offer
from store.series import Series


class SourceLooks:
    """`just_listed` are (source, key) of what was listed a moment ago."""

    def __init__(
        self,
        db: Database,
        providers: Providers,
        calls: SourceCalls,
        just_listed: Collection[tuple[str, str]],
    ):
        self._db = db
        self._all = providers
        self._providers = {provider.name: provider for provider in providers}
        self._calls = calls
        self._just_listed = just_listed

    async def look(self, anime: Series) -> None:
        """Ask each source once for a series.

        First come the sources that have the series, the leading one in front, then the others,
        which may have it by now.
        """
        every = await self._db.run(offers.of_series, anime.id)
        linked = [each for each in every if each.standing == "linked"]
        for offer in linked:
            if offer.provider == anime.provider:
                await self._refresh(offer)
        await asyncio.gather(
            self.seek(anime, self._providers),
            *(self._refresh(each) for each in linked if each.provider != anime.provider),
        )

    async def seek(self, anime: Series, names: Iterable[str]) -> bool:
        """Ask the sources that do not have a series whether they have it by now.

        Returns whether one of them surely has it. A source that is gone meanwhile is left out.
        """
        every = await self._db.run(offers.of_series, anime.id)
        linked = {each.provider for each in every if each.standing == "linked"}
        there = [name for name in names if name in self._providers]
        asked = [self._providers[name] for name in there if name not in linked]
        if not asked:
            return False
        titles = [source.title for source in (await self._db.run(offers.told, anime.id))[0]]
        return any(
            await asyncio.gather(
                *(self._seek(provider, anime, titles, every) for provider in asked)
            )
        )

    async def _refresh(self, offer: Offer) -> None:
        provider = self._providers.get(offer.provider)
        if provider is None or offer[:2] in self._just_listed:
            return

        async def refresh() -> None:
            listing = await provider.listing(offer.key)
            await self._db.run(episodes.refresh_listing, offer.provider, listing)

        await self._calls.ask(offer.provider, refresh)

    async def _seek(
        self, provider: CheckedProvider, anime: Series, titles: list[str], every: list[Offer]
    ) -> bool:
        if provider.name in self._calls.unavailable:
            return False  # a search asks the whole source, which has failed already
        ids = database_ids.parse(anime.ids)
        wanted = same_series.of_source(anime.title, ids, *titles)
        known = {offer.key for offer in every if offer.provider == provider.name}

        async def find() -> tuple[Listing, bool | None] | None:
            match = await lookup.find(provider, wanted, anime.title, ids, known)
            if match is None:
                return None
            lists = await self._db.run(known_lists.of_series, anime.id)
            is_same = await lookup.is_same(self._all, lists, provider.name, match)
            return match.listing, is_same

        found = await self._calls.ask(provider.name, find)
        if found is None or found[1] is None:
            return False
        listing, is_same = found
        if is_same:
            return await self._db.run(episodes.join_listing, anime.id, provider.name, listing)
        await self._db.run(offers.ask, anime.id, provider.name, listing.key, listing.title)
        return False
