"""The hits of a search that bear one title: their lists are asked whether they are two series."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from downloads import lookup
from downloads.lookup import Match
from providers import Providers
from store.errors import Failure
from store.joint_hits import Pair

log = logging.getLogger(__name__)

PAIRS = 3  # that one search asks about: the best hits
SECONDS = 3.0  # for which it waits
REMEMBERED = 1000  # pairs of which the answer is kept in memory


class AlikeHits:
    """`await AlikeHits(providers).same(pairs)`; what was told once is not asked again."""

    def __init__(self, providers: Providers):
        self._providers = providers
        self._told: dict[Pair, bool] = {}

    async def same(self, pairs: Iterable[Pair]) -> set[Pair]:
        """Those of the pairs, ids of hits at two sources, that are one series as far as is known:
        a source that does not answer in time contradicts nobody."""
        wanted = list(pairs)
        unknown = [pair for pair in wanted if pair not in self._told][:PAIRS]
        await asyncio.gather(*(self._ask(pair) for pair in unknown))
        return {pair for pair in wanted if self._told.get(pair, True)}

    async def _ask(self, pair: Pair) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                one, other = await asyncio.gather(*map(self._providers.listing, pair))
                match = Match(other[1], "alike")
                told = await lookup.is_same(self._providers, [one], other[0], match)
        except (Failure, TimeoutError) as failure:
            log.info("%s and %s: %s", *pair, failure or "they did not answer in time")
            return
        if told is not None:
            while len(self._told) >= REMEMBERED:
                del self._told[next(iter(self._told))]
            self._told[pair] = told
