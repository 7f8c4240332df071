"""The series of a source that can list all of them: read now and then, searched in memory."""

from __future__ import annotations

import asyncio
import heapq
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from store.models import Hit
from store.names import database_ids, spelling
from store.names.identity import identify

MAX_TITLE = 1_000  # characters
FEW = 50  # series that are put into order at once, without a thread
# Of thousands that are found, so many of the shortest titles are asked for their spellings: a
# longer one holds more than the words of batch, season, quality and year beside the query.
LIKELY = 100
FRESH_SECONDS = 30.0  # for which the list of series is taken from memory


@dataclass
class Series:
    """`key` is the source's own, `ids` are as those of Hit; `aliases` are further titles. `year`
    and `poster` are as those of Listing."""

    key: str
    title: str
    ids: Mapping[str, str]
    folded_title: str  # as spelling.fold writes it
    description: str
    aliases: tuple[str, ...]
    year: int | None = None
    poster: str = ""

    @cached_property
    def spellings(self) -> frozenset[str]:
        """The title as spelling.fold writes it, with and without the words of batch, season,
        quality and year. That takes a fifth of a millisecond, so only titles that are found are
        read."""
        titles = self.title, *self.aliases
        return frozenset().union(*[identify(title).names[0].keys for title in titles])


def series(
    key: str,
    title: str,
    ids: Mapping[str, str],
    description: str = "",
    aliases: tuple[str, ...] = (),
    year: int | None = None,
    poster: str = "",
) -> Series:
    title = title[:MAX_TITLE]
    return Series(key, title, ids, spelling.fold(title), description, aliases, year, poster)


class Catalogue:
    """`read` asks the source for all its series, `site` makes the address that is shown of one. A
    source that answers the very same list again has not changed.

    The series are taken from memory for `fresh_seconds`, which are FRESH_SECONDS by default.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[Iterable[Series]]],
        site: Callable[[str], str],
        fresh_seconds: float | None = None,
    ):
        self._read = read
        self._site = site
        self._found: Iterable[Series] = ()  # as it was read
        self._series: dict[str, Series] = {}  # by key
        self._titles = _Titles(())
        self._fresh_seconds = fresh_seconds
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def all(self) -> dict[str, Series]:
        """The series by key."""
        async with self._reading:
            fresh = FRESH_SECONDS if self._fresh_seconds is None else self._fresh_seconds
            if self._read_at is None or time.monotonic() - self._read_at > fresh:
                found = await self._read()
                if found is not self._found:
                    await self._keep(found)
                self._read_at = time.monotonic()
            return self._series

    async def _keep(self, found: Iterable[Series]) -> None:
        """Keep the spellings of series that are known already."""
        before = self._series
        known = [old if (old := before.get(each.key)) == each else each for each in found]
        series = {each.key: each for each in known}
        self._titles = await asyncio.to_thread(_index, list(series.values()))
        self._series = series
        self._found = found

    async def search(self, query: str, limit: int) -> list[Hit]:
        """Search as Provider.search does; an id in the query, as in [tvdbid-12], is a match too."""
        wanted_ids = database_ids.parse(query).items()
        wanted = spelling.fold(database_ids.PATTERN.sub("", query))
        await self.all()
        found = self._titles.with_ids(wanted_ids)
        if wanted or not wanted_ids:
            found |= self._titles.containing(wanted)

        def rank(each: Series) -> tuple[bool, bool, str]:
            is_another = bool(wanted) and not (each.key in likely and wanted in each.spellings)
            return each.folded_title != wanted, is_another, each.key.casefold()

        def choose() -> list[Series]:
            return heapq.nsmallest(limit, found.values(), key=rank)

        likely = {each.key for each in heapq.nsmallest(LIKELY, found.values(), key=_length)}

        best = choose() if len(found) <= FEW or not wanted else await asyncio.to_thread(choose)
        return [Hit(each.key, each.title, self._site(each.key), each.ids) for each in best]


def _index(every: Sequence[Series]) -> _Titles:
    """Index the titles. Belongs on a thread: the first name that is read takes a tenth of a
    second."""
    if every:
        _ = every[0].spellings
    return _Titles(every)


def _length(each: Series) -> int:
    return len(each.folded_title)


class _Titles:
    """An index of all titles: a large library asks for thousands of folders in a row."""

    def __init__(self, every: Iterable[Series]):
        self._every: list[Series] = []  # for each line of the text
        lines: list[str] = []
        for each in every:
            lines += [each.folded_title, *map(spelling.fold, each.aliases)]
            self._every += [each] * (1 + len(each.aliases))
        self._text = "\n".join(lines)
        lengths = [len(line) + 1 for line in lines]
        self._ends = list(accumulate(lengths))  # in the text, the line's end included
        self._by_id: dict[tuple[str, str], list[Series]] = {}
        for each in self._every:
            for pair in each.ids.items():
                self._by_id.setdefault(pair, []).append(each)

    def with_ids(self, ids: Iterable[tuple[str, str]]) -> dict[str, Series]:
        return {each.key: each for pair in ids for each in self._by_id.get(pair, ())}

    def containing(self, folded: str) -> dict[str, Series]:
        """The series whose titles contain this text, by one search through all titles at once."""
        found = {}
        position = self._text.find(folded) if self._every else -1
        while position >= 0:
            place = bisect_right(self._ends, position)
            if place == len(self._every):
                break
            found[self._every[place].key] = self._every[place]
            position = self._text.find(folded, self._ends[place])
        return found
