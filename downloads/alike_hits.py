"""The hits of a search that bear one title: their lists are asked whether they are two series."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from downloads import lookup
from downloads.lookup import Match
from providers import Providers
from store import joint_hits
from store.db import Database
from store.episodes import Found
from store.errors import Failure
from store.joint_hits import JointHit, Pair
from store.models import Hit

log = logging.getLogger(__name__)

PAIRS = 3  # of two sources that one search asks about: the best hits
SECONDS = 3.0  # for which it waits
REMEMBERED = 1000  # pairs of which the answer is kept in memory


class _Search(NamedTuple):
    until: float  # by the monotonic clock
    lists: dict[str, Found]  # by the id at the source


class AlikeHits:
    """`await AlikeHits(db, providers).join(found)`; what was told once is not asked again."""

    def __init__(self, db: Database, providers: Providers):
        self._db = db
        self._providers = providers
        self._told: dict[Pair, bool] = {}

    async def join(self, found: Sequence[tuple[str, Hit]]) -> list[JointHit]:
        """The hits of all sources, (source, hit) each; what is one series is one hit.

        While two of them stand apart nobody knows to which one a third source's hit belongs, so
        those that are one are joined before the next ones are asked about.
        """
        search = _Search(time.monotonic() + SECONDS, {})
        same: set[Pair] = set()
        while True:
            joined = await self._db.run(joint_hits.join, found, same)
            more = await self._same(joined.alike, search) - same
            if not more:
                return joined.hits
            same |= more

    async def _same(self, pairs: Iterable[Pair], search: _Search) -> set[Pair]:
        """Those of the pairs, ids of hits at two sources, that are one series as far as is known:
        a source that does not answer in time contradicts nobody."""
        wanted = list(pairs)
        unknown = [pair for pair in wanted if pair not in self._told][:PAIRS]
        await asyncio.gather(*(self._ask(pair, search) for pair in unknown))
        return {pair for pair in wanted if self._told.get(pair, True)}

    async def _ask(self, pair: Pair, search: _Search) -> None:
        try:
            async with asyncio.timeout(search.until - time.monotonic()):
                lists = [self._list(series_id, search) for series_id in pair]
                one, other = await asyncio.gather(*lists)
                match = Match(other[1], "alike")
                told = await lookup.is_same(self._providers, [one], other[0], match)
        except (Failure, TimeoutError) as failure:
            log.info("%s and %s: %s", *pair, failure or "they did not answer in time")
            return
        if told is not None:
            while len(self._told) >= REMEMBERED:
                del self._told[next(iter(self._told))]
            self._told[pair] = told

    async def _list(self, series_id: str, search: _Search) -> Found:
        """The list of a series, asked for once in a search."""
        if series_id not in search.lists:
            search.lists[series_id] = await self._providers.listing(series_id)
        return search.lists[series_id]
