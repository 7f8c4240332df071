"""The series of a source that can list all of them: read now and then, searched in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from store.models import Hit
from store.names import database_ids, spelling

FRESH_SECONDS = 30.0  # for which the list of series is taken from memory


class Series(NamedTuple):
    """`key` is the source's own, `ids` are as those of Hit."""

    key: str
    title: str
    ids: Mapping[str, str]
    folded_title: str  # as spelling.fold writes it


def series(key: str, title: str, ids: Mapping[str, str]) -> Series:
    return Series(key, title, ids, spelling.fold(title))


class Catalogue:
    """`read` asks the source for all its series, `site` makes the address that is shown of one."""

    def __init__(self, read: Callable[[], Awaitable[Iterable[Series]]], site: Callable[[str], str]):
        self._read = read
        self._site = site
        self._series: dict[str, Series] = {}  # by key
        self._read_at = -FRESH_SECONDS
        self._reading = asyncio.Lock()

    async def all(self) -> dict[str, Series]:
        """The series by key, at most FRESH_SECONDS old."""
        async with self._reading:
            if time.monotonic() - self._read_at > FRESH_SECONDS:
                found = await self._read()
                self._series = {each.key: each for each in found}
                self._read_at = time.monotonic()
            return self._series

    async def search(self, query: str, limit: int) -> list[Hit]:
        """As Provider.search; an id in the query, as in [tvdbid-12], is a match too."""
        wanted_ids = database_ids.parse(query).items()
        wanted = spelling.fold(database_ids.PATTERN.sub("", query))
        by_title = bool(wanted or not wanted_ids)

        def matches(each: Series) -> bool:
            has_id = bool(wanted_ids & each.ids.items())
            return has_id or (by_title and wanted in each.folded_title)

        found = [each for each in (await self.all()).values() if matches(each)]
        found.sort(key=lambda each: (each.folded_title != wanted, each.key.casefold()))
        return [Hit(each.key, each.title, self._site(each.key), each.ids) for each in found[:limit]]
