"""The Internet Archive: a collection of it, or the items that a query finds there.

Each item is a series.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, urlencode

from providers import archive_items, catalogue, json_answers
from providers.archive_items import File
from providers.json_answers import Fields
from providers.lately import Lately
from providers.listed_source import ListedSource
from providers.memory import Memory
from providers.network import Network
from store.clock import now, seconds_since
from store.errors import NotFound
from store.models import Episode, Listing, Picture, Source
from store.names import extensions
from store.remembered import Remembered
from store.sources import ArchiveProvider

PAGE, MAX_PAGES = 500, 20  # items in an answer; the Archive itself ends at 10,000
FRESH_SECONDS = 3_600.0  # for which the list of items is taken from memory
FIELDS = ("identifier", "title", "year", "date")


def open_source(settings: ArchiveProvider, network: Network, memory: Memory) -> Archive:
    return Archive(settings, network, memory)


class Archive(ListedSource):
    """See the Provider protocol. A series' key is the identifier of an item, an episode's ref the
    name of its file there."""

    fresh_seconds = FRESH_SECONDS

    def __init__(self, settings: ArchiveProvider, network: Network, memory: Memory):
        super().__init__(settings.url.removesuffix("/") + "/", network)
        self._memory = memory
        self._question = question(settings)
        self._items = Lately(self._read_item)

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol."""
        series = await self._find_series(key)
        item = await self._read_item(key)
        files = await asyncio.to_thread(archive_items.find_files, item)
        episodes = await asyncio.to_thread(
            archive_items.read_episodes, series.title, files, archive_items.language(item)
        )
        return Listing(
            key,
            series.title,
            description=await asyncio.to_thread(archive_items.describe, item),
            site=self._site(key),
            episodes=tuple(episodes),
            year=archive_items.year_of(item),
            poster=archive_items.poster_of(item),
        )

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol. The address is that of the Archive, never that of the machine
        to which it redirects: the next try may be redirected to another one."""
        file = await self._find(key, episode.ref)
        if file is None:
            found = await self._late.find(key, episode)
            file = await self._find(key, found.ref)
        if file is None:
            raise NotFound("The source has no such file")
        return Source(
            self._address(key, file.name),
            extensions.of(file.name),
            size=file.size,
            checksums=file.checksums,
            beside={end: self._address(key, name) for end, name in file.subtitles.items()},
        )

    async def picture(self, key: str, ref: str) -> Picture:
        """See the Provider protocol: the Archive makes one of each item."""
        return Picture(f"{self.base}services/img/{quote(key, safe='')}")

    async def look(self) -> None:
        """See the Provider protocol."""
        await self._read_page(1, rows=1)

    def _site(self, key: str) -> str:
        return f"{self.base}details/{quote(key, safe='')}"

    def _address(self, key: str, name: str) -> str:
        return f"{self.base}download/{quote(key, safe='')}/{quote(name)}"

    async def _find(self, key: str, name: str) -> File | None:
        item = await self._items.get(key)
        files = await asyncio.to_thread(archive_items.find_files, item)
        return archive_items.find(files, name)

    async def _read_series(self) -> Iterable[catalogue.Series]:
        """All items. Those of an earlier run do, if they are not old: a restart asks nobody
        anew."""
        kept = await self._memory.find(self._address_of_list)
        if kept and 0 <= seconds_since(kept.modified) < FRESH_SECONDS:
            return await asyncio.to_thread(_recalled, kept.content)
        series: list[catalogue.Series] = []
        for number in range(1, MAX_PAGES + 1):
            page = await self._read_page(number, rows=PAGE)
            series += page.series
            if not page.rows or number * PAGE >= page.total:
                break
        content = json.dumps([[each.key, each.title] for each in series])
        await self._memory.keep(Remembered(self._address_of_list, "", now(), content))
        return series

    @property
    def _address_of_list(self) -> str:
        return f"{self.base} {self._question}"

    async def _read_page(self, number: int, *, rows: int) -> Page:
        query = [("q", self._question), *[("fl[]", name) for name in FIELDS]]
        query += [("sort[]", "identifier asc"), ("rows", str(rows)), ("page", str(number))]
        url = f"{self.base}advancedsearch.php?{urlencode(query)}&output=json"
        return await self._read_object(url, _page)

    async def _read_item(self, key: str) -> Fields:
        """An item with its files. Raises NotFound, also for one that was withdrawn."""
        return await self._read_object(f"{self.base}metadata/{quote(key, safe='')}", _item)


class Page(NamedTuple):
    """One page of the items that a search finds, and their number on all pages."""

    series: list[catalogue.Series]
    rows: int
    total: int


def _page(answer: Fields) -> Page:
    response = answer.get("response")
    if not isinstance(response, dict) or not isinstance(response.get("docs"), list):
        raise json_answers.not_expected()
    docs = json_answers.objects(response, "docs")
    total = json_answers.whole(response, "numFound") or 0
    return Page(archive_items.read_series(docs), len(docs), total)


def _item(answer: Fields) -> Fields:
    if not isinstance(answer.get("files"), list) or answer.get("is_dark") is True:
        raise NotFound("The source has no such item")
    return answer


def _recalled(content: str) -> list[catalogue.Series]:
    return [catalogue.series(key, title, {}) for key, title in json.loads(content)]


def question(settings: ArchiveProvider) -> str:
    """The query for the Archive: videos alone, of a collection or by a query of the owner."""
    parts = ["mediatype:movies"]
    if settings.collection:
        parts.append(f"collection:{settings.collection}")
    if settings.query:
        parts.append(f"({settings.query})")
    return " AND ".join(parts)
