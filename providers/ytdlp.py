"""The videos that yt-dlp finds at addresses of hosts that the owner names.

Each address is a series.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from providers import catalogue, ytdlp_info
from providers.lately import Lately
from providers.listed_source import ListedSource
from providers.memory import Memory
from providers.network import Network
from providers.ytdlp_calls import Calls
from store.errors import NotFound, ProviderError
from store.models import Episode, Listing, Source
from store.preference import NO_WISH, chosen
from store.remembered import Remembered
from store.sources import YtdlpProvider, address_of

NOWHERE = "http://nowhere.invalid/"  # of settings without an address, which a file may hold
FRESH_SECONDS = 3_600.0  # for which the series are taken from memory


def open_source(settings: YtdlpProvider, network: Network, memory: Memory) -> Ytdlp:
    return Ytdlp(settings, network, memory)


class Ytdlp(ListedSource):
    """See the Provider protocol. A series' key is its address, an episode's ref the address of its
    page and its id there."""

    fresh_seconds = FRESH_SECONDS

    def __init__(self, settings: YtdlpProvider, network: Network, memory: Memory):
        # With the source's name: another one of the same host may be led elsewhere.
        super().__init__(f"{address_of(settings) or NOWHERE}#{settings.name}", network)
        self._settings = settings
        self._memory = memory
        self._counting = asyncio.Lock()
        self._hosts = frozenset(settings.hosts)
        network.named[self.base] = self._hosts
        self._calls = Calls(network, self.base)
        self._pages = Lately(self._extract)

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol."""
        series = await self._find_series(key)
        info = await self._pages.get(key)
        episodes = await self._read_episodes(info, key)
        return Listing(key, series.title, site=key, episodes=tuple(episodes))

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol: the addresses of files are asked for anew."""
        await self._find_series(key)
        found = await self._find_video(episode.ref)
        if found is None:
            again = await self._late.find(key, episode)
            found = await self._find_video(again.ref)
        if found is None:
            raise NotFound("The source has no such video")
        files = ytdlp_info.find_files(found, self._hosts)
        if not files:
            raise ProviderError(
                "The source has this video as a stream or at another host alone, which is not"
                " fetched",
                final=True,
            )
        variants = tuple([file.variant for file in files])
        wish = episode.wish or NO_WISH
        _, choice = chosen(replace(episode, variants=variants), wish)
        file = next(file for file in files if file.variant == choice.variant)
        return Source(
            file.url,
            file.extension,
            size=choice.variant.size,
            headers={"Referer": file.referer} if file.referer else {},
            is_private=True,
        )

    async def look(self) -> None:
        """See the Provider protocol."""
        await self._network.read(self.base, base=self.base, method="HEAD", passing=(403, 404, 405))

    async def close(self) -> None:
        self._calls.close()

    def _site(self, key: str) -> str:
        return key

    async def _read_series(self) -> Iterable[catalogue.Series]:
        """Read all addresses. An address that fails is left out, unless all of them fail."""
        series, failures = [], []
        for url in self._settings.urls:
            try:
                info = await self._pages.get(url)
            except ProviderError as failure:
                failures.append(failure)
            else:
                title = ytdlp_info.title_of(info) or urlsplit(url).path
                series.append(catalogue.series(url, title, {}))
        if failures and not series:
            raise failures[0]
        return series

    async def _read_episodes(self, info: dict[str, Any], key: str) -> list[Episode]:
        """The episodes of a series; numbers that were counted are kept for each video."""
        async with self._counting:
            kept = await self._memory.find(key)
            counted = _counted(kept.content if kept else "")
            before = dict(counted)
            episodes = await asyncio.to_thread(ytdlp_info.read_episodes, info, key, counted)
            if counted != before:
                await self._memory.keep(Remembered(key, "", "", json.dumps(counted)))
        return episodes

    async def _find_video(self, ref: str) -> dict[str, Any] | None:
        page = ref.partition(" ")[0]
        if ytdlp_info.split(page).hostname not in self._hosts:
            return None
        try:
            info = await self._pages.get(page)
        except ProviderError as failure:
            if failure.details.get("status") in (404, 410):
                return None
            raise
        shows_another = page in self._settings.urls
        return ytdlp_info.find(info, ref, shows_another=shows_another)

    async def _extract(self, url: str) -> dict[str, Any]:
        return await self._calls.extract(url)


def _counted(content: str) -> dict[str, int]:
    """The numbers that were kept; none where the table is damaged."""
    try:
        kept = json.loads(content or "{}")
    except ValueError:
        return {}
    if not isinstance(kept, dict) or not all(isinstance(each, int) for each in kept.values()):
        return {}
    return kept
