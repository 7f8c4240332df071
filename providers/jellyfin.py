"""A Jellyfin, or an Emby, of the household or of a friend who has given a key."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar
from urllib.parse import quote, urlencode

from providers import catalogue, jellyfin_items, json_answers
from providers.jellyfin_items import Held
from providers.json_answers import Fields
from providers.lately import Lately
from providers.listed_source import ListedSource
from providers.memory import Memory
from providers.network import Network
from store import VERSION
from store.errors import NotFound, ProviderError
from store.models import Episode, Listing, Picture, Source
from store.sources import JellyfinProvider

T = TypeVar("T")

SERIES_PAGE, EPISODES_PAGE = 500, 100
MAX_SERIES, MAX_EPISODES = 10_000, 10_000
# The page's own address is what people copy: the server lies one step above.
PAGE = re.compile(r"/web(/index\.html)?/?$")
PLAIN = {"enableImages": "false", "enableUserData": "false"}
WITH_POSTERS = {"enableImages": "true", "imageTypeLimit": "1", "enableImageTypes": "Primary"}
POSTER_WIDTH = "400"  # as wide as the page shows one, on a screen with two points for each
OWN_ITEM = re.compile(r"[0-9a-fA-F]{32}")
ABOUT_FILES = "MediaSources,Path,CanDownload"


def open_source(settings: JellyfinProvider, network: Network, memory: Memory) -> Jellyfin:
    return Jellyfin(settings, network)


class Jellyfin(ListedSource):
    """See the Provider protocol. A series' key is an id of the server, and so is an episode's ref;
    that of a further version is `item/version`."""

    max_bytes = 3_000_000

    def __init__(self, settings: JellyfinProvider, network: Network):
        super().__init__(PAGE.sub("", settings.url).removesuffix("/") + "/", network)
        self._has_files = settings.use == "files"
        self._key = settings.key
        client = f'Client="Aniworld", Device="aniworld-server", Version="{VERSION}"'
        token = quote(settings.key.reveal(), safe="")
        device = f'DeviceId="aniworld-{settings.name}"'
        self._headers = {"Authorization": f'MediaBrowser Token="{token}", {client}, {device}'}
        self._items = Lately(self._read_item)

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol. Episodes that the server itself lacks are not available."""
        series = await self._find_series(key)
        items: list[Fields] = []
        path = f"Shows/{quote(key, safe='')}/Episodes"
        try:
            async for page in self._pages(path, EPISODES_PAGE, list, fields=ABOUT_FILES):
                items += page
                if len(items) > MAX_EPISODES:
                    raise ProviderError(f"The source lists more than {MAX_EPISODES} episodes")
        except ProviderError as error:
            if error.details.get("status") in (400, 404):
                raise NotFound("The source has no such series") from error
            raise
        episodes = await asyncio.to_thread(
            jellyfin_items.read_episodes, items, has_files=self._has_files
        )
        return Listing(
            key,
            series.title,
            description=series.description,
            site=self._site(key),
            episodes=tuple(episodes),
            ids=series.ids,
            year=series.year,
            poster=series.poster,
        )

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol; the file is what the server has under the item's id now.

        The server makes its ids of paths: an item that is gone is looked for in the whole series.
        """
        ref = episode.ref
        held = await self._items.get(ref) if self._has_files else None
        is_another = held and held.numbers and (episode.season, episode.number) not in held.numbers
        if held is None or is_another:
            found = await self._late.find(key, episode)
            if not found.available:
                raise NotFound("The source has no file of this episode")
            ref = found.ref
            held = await self._items.get(ref)
        if held is None:
            raise NotFound("The source has no file of this episode")
        item = quote(ref.partition("/")[0], safe="")
        return Source(
            f"{self.base}Items/{_download(ref)}",
            held.extension,
            headers=self._headers,
            size=held.size,
            beside={
                end: f"{self.base}Videos/{item}/{quote(path)}"
                for end, path in held.subtitles.items()
            },
        )

    async def picture(self, key: str, ref: str) -> Picture:
        """See the Provider protocol; the server makes it smaller."""
        query = urlencode({"maxWidth": POSTER_WIDTH, "quality": "90", "tag": ref})
        url = f"{self.base}Items/{quote(key, safe='')}/Images/{jellyfin_items.POSTER}?{query}"
        return Picture(url, self._headers)

    async def look(self) -> None:
        """See the Provider protocol: a wrong key is a failure, too."""
        one = {"limit": "1", "includeItemTypes": "Series", "recursive": "true"}
        await self._ask("Items", _items, **one, **PLAIN)

    def _site(self, key: str) -> str:
        return f"{self.base}web/#/details?id={quote(key, safe='')}"

    async def _read_series(self) -> Iterable[catalogue.Series]:
        series: list[catalogue.Series] = []
        fields = "ProviderIds,Overview"
        what = {"includeItemTypes": "Series", "recursive": "true", "sortBy": "SortName"}
        what |= WITH_POSTERS
        read = jellyfin_items.read_series
        async for page in self._pages("Items", SERIES_PAGE, read, fields=fields, **what):
            series += page
            if len(series) > MAX_SERIES:
                raise ProviderError(f"The source lists more than {MAX_SERIES} series")
        return series

    async def _read_item(self, ref: str) -> Held | None:
        """What the server has now under the id of an item, or `item/version`."""
        item_id, _, version_id = ref.partition("/")

        def find(answer: Fields) -> Held | None:
            items = _items(answer)
            return jellyfin_items.find_file(items[0], version_id) if items else None

        return await self._ask("Items", find, ids=item_id, fields=ABOUT_FILES, limit="1", **PLAIN)

    async def _pages(
        self, path: str, size: int, read: Callable[[list[Fields]], list[T]], **query: str
    ) -> AsyncIterator[list[T]]:
        """What `read` makes of the items at `path`, `size` at a time. A server may give fewer, or
        all again."""
        seen: set[str] = set()

        def take(answer: Fields) -> tuple[set[str], int, int, list[T]]:
            items = _items(answer)
            new = [item for item in items if json_answers.text(item, "Id") not in seen]
            total = json_answers.whole(answer, "TotalRecordCount") or 0
            ids = {json_answers.text(item, "Id") for item in new}
            return ids, len(items), total, read(new)

        while True:
            span = {"startIndex": str(len(seen)), "limit": str(size)}
            ids, count, total, page = await self._ask(path, take, **PLAIN | span | query)
            seen |= ids
            yield page
            is_last = len(seen) >= total if total else count < size
            if not ids or is_last:
                return

    async def _ask(self, path: str, take: Callable[[Fields], T], **query: str) -> T:
        """What `take`, on a thread, makes of an answer. Raises ProviderError."""
        url = f"{self.base}{path}?{urlencode(query)}"
        try:
            return await self._read_object(url, take, self._headers)
        except ProviderError as error:
            if error.cause != "login" or "leads_to" in error.details:
                raise
            return await self._read_as_emby(url, take)

    async def _read_as_emby(self, url: str, take: Callable[[Fields], T]) -> T:
        """Some versions of Emby take the key from a header of its own alone."""
        own = {"X-Emby-Token": self._key.reveal()}
        if self._headers.keys() & own.keys():
            raise wrong_key()
        self._headers |= own
        try:
            return await self._read_object(url, take, self._headers)
        except ProviderError as error:
            self._headers = {
                name: value for name, value in self._headers.items() if name not in own
            }
            if error.cause == "login":
                raise wrong_key() from error
            raise


def _items(answer: Fields) -> list[Fields]:
    """Raises ProviderError."""
    if not isinstance(answer.get("Items"), list):
        raise json_answers.not_expected()
    return json_answers.objects(answer, "Items")


def _download(ref: str) -> str:
    """Below Items/, the address of a file. A version of Jellyfin's is an item of its own, though
    one that no list shows; Emby takes it as a parameter."""
    item_id, _, version_id = ref.partition("/")
    if not version_id or OWN_ITEM.fullmatch(version_id):
        return f"{quote(version_id or item_id, safe='')}/Download"
    return f"{quote(item_id, safe='')}/Download?{urlencode({'mediaSourceId': version_id})}"


def wrong_key() -> ProviderError:
    return ProviderError(
        "The source answered 401 (the API key is wrong)",
        final=True,
        cause="login",
        status=401,
        fix="Make a key in the dashboard of Jellyfin, under API keys, and put it into the settings",
    )
