"""A feed of videos: a podcast, a channel of a PeerTube, a search of MediathekViewWeb.

A video that the feed has dropped stays in the memory of the source, because it does not cease to
exist when a newer one comes.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from providers import catalogue, feed_episodes, feed_numbers, feed_xml, mediathek
from providers.bodies import Document
from providers.body_version import Version
from providers.feed_items import MAX_ITEMS, FeedFile, FeedItem, FeedPage, NoFeed
from providers.listed_source import ListedSource
from providers.memory import Memory
from providers.network import Network
from store import schema
from store.errors import ConfigurationError, Failure, NotFound, ProviderError
from store.models import Episode, Listing, Picture, Source
from store.names import codes
from store.preference import NO_WISH, chosen
from store.remembered import Remembered
from store.sources import FeedProvider

FRESH_SECONDS = 30.0  # for which a feed is taken from memory, if it asks for no more
MAX_FRESH_SECONDS = 3_600.0
ONLY = "feed"  # the key of a feed's only series
ACCEPT = {"Accept": "application/rss+xml, application/atom+xml, application/xml, text/xml;q=0.9"}
REF_DIGITS = 16
AS_TEXT = {"Content-Type": "text/plain"}


def open_source(settings: FeedProvider, network: Network, memory: Memory) -> Feed:
    return Feed(settings, network, memory)


class Feed(ListedSource):
    """See the Provider protocol. A series' key is its topic, an episode's ref the id of its item in
    the feed."""

    def __init__(self, settings: FeedProvider, network: Network, memory: Memory):
        super().__init__(settings.url, network)
        self._settings = settings
        self._memory = memory
        # One address may be asked for many things.
        self._address = f"{settings.url} {settings.query}" if settings.is_query else settings.url
        self._page: FeedPage | None = None
        self._version = Version()
        self._read_at = -MAX_FRESH_SECONDS
        self._reading = asyncio.Lock()

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol. Of several videos with one number the best one counts."""
        series = await self._find_series(key)
        page = await self._read()
        episodes = await asyncio.to_thread(feed_episodes.read, self._items(page, key))
        return Listing(
            key, series.title, series.description, episodes=episodes, poster=series.poster
        )

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol. The address is the one in the feed now: some are signed."""
        page = await self._read()
        items = self._items(page, key)
        found = feed_episodes.find(items, episode.ref)
        if found is None:
            found = _find_same(items, episode)
        if found is None or found[0].is_gone:
            raise NotFound("The source has no such episode")
        item, file = found
        if not item.is_current:
            await self._check_still_there(page, item, file.url)
        return Source(file.url, file.extension, beside=item.subtitles, is_private=True)

    async def picture(self, key: str, ref: str) -> Picture:
        """See the Provider protocol. The address is the one in the feed now: some are signed."""
        page = await self._read()
        if not page.picture or _ref(page.picture) != ref:
            raise NotFound("The source has no picture of this series")
        return Picture(page.picture)

    async def look(self) -> None:
        """See the Provider protocol: a feed that has not changed is not sent."""
        await self._read(at_once=True)

    async def _read_series(self) -> Iterable[catalogue.Series]:
        return await asyncio.to_thread(self._series, await self._read())

    def _series(self, page: FeedPage) -> list[catalogue.Series]:
        """The series of the feed. Takes a second for thousands of topics: belongs on a thread."""
        topics = {item.topic for item in page.items}
        if self._has_topics(page):
            return [
                catalogue.series(topic or ONLY, topic or self._title(page), {}) for topic in topics
            ]
        poster = _ref(page.picture) if page.picture else ""
        return [catalogue.series(ONLY, self._title(page), {}, page.description, poster=poster)]

    def _has_topics(self, page: FeedPage) -> bool:
        """Whether the items belong to series of their own."""
        return any(item.topic for item in page.items)

    def _title(self, page: FeedPage) -> str:
        return self._settings.title or page.title or self._settings.query or self._settings.name

    def _items(self, page: FeedPage, key: str) -> list[FeedItem]:
        if not self._has_topics(page):
            return page.items if key == ONLY else []
        return [item for item in page.items if (item.topic or ONLY) == key]

    async def _check_still_there(self, page: FeedPage, item: FeedItem, url: str) -> None:
        """Raise NotFound if a video that the feed has dropped is gone from its address, too."""
        try:
            async with self._network.get(url, base=self.base, method="HEAD"):
                return
        except ProviderError as error:
            if error.details.get("status") not in (404, 410):
                return  # the download itself will tell
        item.is_gone = True
        await self._keep(page)
        raise NotFound("The source has no file of this episode any more")

    # -- reading and remembering -------------------------------------------------------------------

    async def _read(self, *, at_once: bool = False) -> FeedPage:
        """All items that the feed has now or had before. Raises ProviderError."""
        async with self._reading:
            if self._page is None:
                await self._recall()
            page = self._page
            if page is None or at_once or time.monotonic() - self._read_at > _fresh_seconds(page):
                found = await self._fetch(page)
                if found is not None:
                    # Both: a version without its page would never be asked for again.
                    self._page, self._version = found
                    page = found[0]
                    await self._keep(page)
                self._page = page = page or FeedPage("", "", 0, [], "")
                self._read_at = time.monotonic()
            return page

    def _whole_address(self) -> str:
        """The address with its secrets.

        Raises ConfigurationError where the secrets are gone, as after a restored backup.
        """
        address = self._settings.whole_address
        if address is None:
            raise ConfigurationError(
                "The secret part of the feed's address is not known",
                fix="Type the whole address again in the settings",
            )
        return address

    async def _fetch(self, before: FeedPage | None) -> tuple[FeedPage, Version] | None:
        """All items of the feed, and its version; None where nothing has changed."""

        def parse(document: Document) -> tuple[FeedPage, Version] | None:
            if document.status == 304:
                return None
            page = feed_xml.parse(document.take_body(), document.url)
            return self._merged(before, page), Version.of(document.headers)

        try:
            if self._settings.is_query:
                page = await self._fetch_query()
                return await asyncio.to_thread(self._merged, before, page), Version()
            conditions = self._version.conditions()
            return await self._network.parse(
                parse,
                self._whole_address(),
                base=self.base,
                headers={**ACCEPT, **conditions},
                # Unasked, a 304 tells of nothing that is known here.
                passing=(304,) if conditions else (),
            )
        except NoFeed:
            raise ProviderError(
                "The source answered no feed",
                cause="no listing",
                fix="Check that the address is the feed's own, which is XML, not that of a page",
            ) from None
        except ProviderError as error:
            if error.cause != "login":
                raise
            raise ProviderError(
                "The source answered 401 (it asks for a login, and feeds have none here)",
                final=True,
                cause="login",
                status=401,
                fix="Take the address that its page gives to subscribers, with a token in it",
            ) from error

    async def _fetch_query(self) -> FeedPage:
        items: list[FeedItem] = []
        for number in range(mediathek.MAX_PAGES):
            question = mediathek.question(self._settings.query, number * mediathek.PAGE)
            page, total = await self._network.parse(
                lambda document: mediathek.parse(document.take_body(), document.url),
                self._whole_address(),
                base=self.base,
                method="POST",
                headers=AS_TEXT,
                data=question,
            )
            items += page.items
            if not page.items or (number + 1) * mediathek.PAGE >= total:
                break
        return FeedPage("", "", 0, items, "")

    def _merged(self, before: FeedPage | None, found: FeedPage) -> FeedPage:
        known = before.items if before else []
        if self._settings.title:  # one series, whatever its items say
            for item in (*known, *found.items):
                item.code = "" if item.topic else item.code
                item.topic = ""
        items = merge(known, found.items)
        page = replace(found, items=items)
        feed_numbers.give(items, self._title(page))
        return page

    async def _recall(self) -> None:
        """Take up the items of an earlier run; items that cannot be read are asked for anew."""
        kept = await self._memory.find(self._address)
        if kept is None:
            return
        try:
            text = kept.content.encode()
            self._page = await asyncio.to_thread(lambda: schema.read(FeedPage, schema.loads(text)))
        except (Failure, ValueError):
            return
        if self._page.picture is not None:  # else all of it is to be read again
            self._version = Version(kept.etag, kept.modified)

    async def _keep(self, page: FeedPage) -> None:
        content = await asyncio.to_thread(schema.dump, page)
        await self._memory.keep(Remembered(self._address, *self._version, content))


def merge(before: Sequence[FeedItem], found: Sequence[FeedItem]) -> list[FeedItem]:
    """The items that a feed has now, and behind them those that it had, MAX_ITEMS at most.

    A number stays with its item as long as the feed calls the item the same.
    """
    known = {item.guid: item for item in before}
    current: dict[str, FeedItem] = {}
    for item in found:
        if item.guid in current:  # some feeds give one id to all of their items
            item.guid = item.url
        old = known.get(item.guid)
        if old and _name(old) == _name(item):
            item.code, item.is_counted = old.code, old.is_counted
        current.setdefault(item.guid, item)
    dropped = [item for guid, item in known.items() if guid not in current]
    for item in dropped:
        item.is_current = False
    dropped.sort(key=lambda item: item.aired or "", reverse=True)
    return [*current.values(), *dropped][:MAX_ITEMS]


def _name(item: FeedItem) -> tuple[object, ...]:
    return item.title, item.season, item.number, item.topic


def _find_same(items: Sequence[FeedItem], wanted: Episode) -> tuple[FeedItem, FeedFile] | None:
    """The video that is this episode by now, and its file by the same wish."""
    same = feed_episodes.by_code(items).get(codes.code(wanted.season, wanted.number))
    if not same:
        return None
    episode = feed_episodes.episode(wanted.season, wanted.number, same)
    return feed_episodes.find(same, chosen(episode, wanted.wish or NO_WISH)[0].ref)


def _ref(picture: str) -> str:
    """The handle on a picture: its address without the part that signs it."""
    return hashlib.sha256(picture.partition("?")[0].encode()).hexdigest()[:REF_DIGITS]


def _fresh_seconds(page: FeedPage) -> float:
    return min(MAX_FRESH_SECONDS, max(FRESH_SECONDS, page.minutes * 60.0))
