"""Another instance of this program, or the catalogue that one has written for a web server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from providers import aniworld_listing, aniworld_refusals, catalogue
from providers.aniworld_listing import Entry, File, SeriesDocument
from providers.bodies import Document
from providers.body_version import Version
from providers.json_answers import Fields
from providers.lately import Lately
from providers.listed_source import JSON, ListedSource, read_object
from providers.memory import Memory
from providers.network import Network
from store.errors import NotFound, ProviderError
from store.models import Episode, Listing, Picture, Source
from store.remembered import Remembered
from store.sources import AniworldProvider

MAX_PAGES = 100
MAX_CHARACTERS = 4_000_000  # of all series together
LIST = "api/share/series"  # below the address of an instance
CATALOGUE = "catalogue.json"  # below that of a catalogue
# People copy the address of what they look at: the page lies above these.
TAIL = re.compile(r"/(?:api(?:/(?:docs|redoc|openapi\.json|share(?:/series)?)?)?|index\.html)?/?$")
MAX_PARENTS = 4  # above the address, in which an instance is looked for


class Page(NamedTuple):
    """A page of the list; `following` is the address of the next one, empty for none."""

    address: str
    version: Version
    entries: list[Entry]
    following: str


def open_source(settings: AniworldProvider, network: Network, memory: Memory) -> Aniworld:
    return Aniworld(settings, network, memory)


class Aniworld(ListedSource):
    """See the Provider protocol.

    The key of a series is its id at the other instance. The ref of an episode is the address of its
    file, as the document of the series writes it.
    """

    max_bytes = 1_500_000

    def __init__(self, settings: AniworldProvider, network: Network, memory: Memory):
        path = urlsplit(settings.url).path
        is_catalogue = path.endswith(".json") and not path.endswith("/openapi.json")
        base = urljoin(settings.url, ".") if is_catalogue else TAIL.sub("", settings.url) + "/"
        super().__init__(base, network)
        self._memory = memory
        self._key = settings.key
        # Where the list may be; the one where it was found is the first.
        self._lists = [settings.url] if is_catalogue else [base + LIST, base + CATALOGUE]
        self._version = Version()
        self._listed: list[catalogue.Series] | None = None  # in that version
        self._listed_at = ""  # which of `_lists` that was
        self._addresses: dict[str, str] = {}  # of the documents of the series, by key
        self._documents = Lately(self._read_document)

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol."""
        series = await self._find_series(key)
        document = await self._read_document(key)
        episodes = await asyncio.to_thread(aniworld_listing.read_episodes, document.files)
        self._documents.refresh(key, document)
        return Listing(
            key,
            series.title,
            description=document.description,
            episodes=tuple(episodes),
            ids=series.ids,
            year=document.year,
            poster=document.poster,
        )

    async def source(self, key: str, episode: Episode) -> Source:
        """See the Provider protocol: the file that the document of the series has now."""
        await self._find_series(key)
        address, file = await self._find_file(key, episode)
        if file is None:
            found = await self._late.find(key, episode)
            address, file = await self._find_file(key, found)
        if file is None:
            raise NotFound("The source has no such file")
        url = urljoin(address, file.url)
        beside = {end: urljoin(address, each) for end, each in file.subtitles.items()}
        return Source(
            url,
            file.extension,
            size=file.size,
            headers=self._headers(url),
            checksums=file.checksums,
            modified=file.modified,
            # They are asked for with the headers of the file.
            beside={end: each for end, each in beside.items() if _is_near(each, url)},
        )

    async def picture(self, key: str, ref: str) -> Picture:
        """See the Provider protocol; `ref` is its address there, and when it was changed."""
        await self._find_series(key)
        address = self._addresses.get(key)
        if address is None:
            raise NotFound("The source has no such series")
        url = urljoin(address, aniworld_listing.poster_address(ref))
        return Picture(url, self._headers(url))

    async def look(self) -> None:
        """See the Provider protocol: the server does not send a list that has not changed."""
        await self._find_list()

    # -- the list of series ------------------------------------------------------------------------

    async def _read_series(self) -> Iterable[catalogue.Series]:
        """Read the list page by page; one request where the first page has not changed."""
        if self._listed is None:
            await self._recall()
        found = await self._find_list()
        if found is not None:
            entries = await self._read_pages(found)
            self._take(entries, await asyncio.to_thread(_series, entries), found.version)
            await self._keep(entries)
        return self._listed or []

    def _take(
        self, entries: Sequence[Entry], listed: list[catalogue.Series], version: Version
    ) -> None:
        """Take over a list and its version together.

        A version without its list would never be asked for again.
        """
        self._addresses = {entry.key: entry.url for entry in entries}
        self._listed = listed
        self._listed_at = self._lists[0]
        self._version = version

    async def _find_list(self) -> Page | None:
        """The first page of the list; None where the list has not changed. Raises ProviderError.

        The address of the settings may be that of an instance or that of a catalogue.
        """
        first_failure: ProviderError | None = None
        for address in list(self._lists):
            try:
                found = await self._read_first_page(address)
            except ProviderError as failure:
                first_failure = first_failure or failure
                if failure.cause not in ("missing", "refusal", "no listing"):
                    break  # else it may be elsewhere: some servers refuse what they do not have
            else:
                self._lists.remove(address)
                self._lists.insert(0, address)
                return found
        assert first_failure
        raise await self._explain(first_failure)

    async def _read_first_page(self, address: str) -> Page | None:
        is_known = self._listed is not None and address == self._listed_at
        return await self._read_page(address, self._version if is_known else Version())

    async def _read_page(self, address: str, version: Version) -> Page | None:
        conditions = version.conditions()
        return await self._network.parse(
            _parse_page,
            address,
            base=self.base,
            headers={**JSON, **self._headers(address), **conditions},
            # Unasked, a 304 tells of nothing that is known here.
            passing=(304,) if conditions else (),
            limit=self.max_bytes,
        )

    async def _read_pages(self, page: Page) -> list[Entry]:
        """The series on all pages. Pages that lead back to one another end where they meet."""
        seen = {page.address}
        entries: dict[str, Entry] = {}
        characters = 0
        while True:
            entries |= {entry.key: entry for entry in page.entries if entry.key not in entries}
            characters += sum(entry.characters for entry in page.entries)
            if len(entries) > aniworld_listing.MAX_SERIES or characters > MAX_CHARACTERS:
                entries.clear()  # the failure would keep them
                raise aniworld_listing.too_many()
            address = page.following
            if not address or address in seen or len(seen) >= MAX_PAGES:
                return list(entries.values())
            seen.add(address)
            following = await self._read_page(address, Version())
            assert following  # nothing was known of it
            page = following

    # -- one series --------------------------------------------------------------------------------

    async def _read_document(self, key: str) -> SeriesDocument:
        """A series with its files. Raises NotFound, and ProviderError."""
        address = self._addresses.get(key)
        if address is None:
            raise NotFound("The source has no such series")
        try:
            return await self._network.parse(
                _parse_series,
                address,
                base=self.base,
                headers={**JSON, **self._headers(address)},
                limit=self.max_bytes,
            )
        except ProviderError as failure:
            status = failure.details.get("status")
            if status in (404, 410):
                raise NotFound("The source has no such series") from failure
            if status in (401, 403):
                raise await self._explain(failure) from failure
            raise

    async def _find_file(self, key: str, episode: Episode) -> tuple[str, File | None]:
        """The present address of the document, and the file in it.

        The file is None if the document lacks it, or if it holds another episode by now.
        """
        document = await self._documents.get(key)
        wanted = episode.season, episode.number, episode.ref
        found = [file for file in document.files if (file.season, file.number, file.url) == wanted]
        return document.address, next(iter(found), None)

    def _headers(self, address: str) -> dict[str, str]:
        """The headers of a request; the key goes to the instance alone, whatever it names."""
        is_own = self._key and _is_near(address, self.base)
        return {"Authorization": f"Bearer {self._key.reveal()}"} if is_own else {}

    # -- over a restart ----------------------------------------------------------------------------

    async def _recall(self) -> None:
        """Take up the list of an earlier run; a list that cannot be read is asked for anew."""
        kept = await self._memory.find(self.base)
        if kept is None:
            return
        try:
            address, entries = await asyncio.to_thread(_recalled, kept.content)
            self._lists.remove(address)
        except (ValueError, TypeError):  # what another version has kept
            return
        self._lists.insert(0, address)
        listed = await asyncio.to_thread(_series, entries)
        self._take(entries, listed, Version(kept.etag, kept.modified))

    async def _keep(self, entries: Sequence[Entry]) -> None:
        content = await asyncio.to_thread(json.dumps, [self._listed_at, entries])
        await self._memory.keep(Remembered(self.base, *self._version, content))

    # -- what is wrong -----------------------------------------------------------------------------

    async def _explain(self, failure: ProviderError) -> ProviderError:
        """The failure, in words that name its usual cause."""
        status = failure.details.get("status")
        is_explained = failure.final and failure.cause == "no listing"  # of a newer version
        is_elsewhere = failure.cause == "no listing" or status == 404
        if "leads_to" in failure.details or is_explained:
            return failure
        if not is_elsewhere and status not in (401, 403):
            return failure
        refusal = await self._read_refusal()
        if refusal is not None and not is_elsewhere:
            return aniworld_refusals.explain(failure, refusal, has_key=bool(self._key))
        for parent in self._parents():
            if await self._is_instance(parent):
                message = "The Aniworld there has another address"
                return aniworld_refusals.told(failure, message, f"Put {parent} into the settings")
        if refusal is not None:
            message = "The Aniworld there is older and cannot share"
            return aniworld_refusals.told(failure, message, "Let its owner update it")
        nobody = aniworld_listing.no_instance()
        message = str(failure) if status in (401, 403) else str(nobody)
        return aniworld_refusals.told(failure, message, nobody.details["fix"])

    async def _read_refusal(self) -> Fields | None:
        """The instance's reason to refuse the list; None where it does not refuse it."""
        address = self._lists[0]
        return await self._ask(address, self._headers(address), (401, 403, 404))

    async def _is_instance(self, address: str) -> bool:
        return await self._ask(address + LIST, {}, (401, 403)) is not None

    async def _ask(
        self, address: str, headers: dict[str, str], passing: tuple[int, ...]
    ) -> Fields | None:
        """The refusal of an instance, which has the five keys of each error of its API."""
        try:
            answer = await self._network.parse(
                read_object, address, base=self.base, headers={**JSON, **headers}, passing=passing
            )
        except ProviderError:
            return None
        return answer if aniworld_refusals.is_one(answer) else None

    def _parents(self) -> Iterator[str]:
        """The addresses above the one in the settings, the nearest first."""
        address = self.base
        for _ in range(MAX_PARENTS):
            above = urljoin(address, "..")
            if above == address:
                return
            yield above
            address = above


def _parse_page(document: Document) -> Page | None:
    if document.status == 304:
        return None
    version = Version.of(document.headers)
    page = read_object(document)
    aniworld_listing.check_form(page)
    address = document.url
    entries = aniworld_listing.read_entries(page, address)
    return Page(address, version, entries, aniworld_listing.read_next(page, address))


def _parse_series(document: Document) -> SeriesDocument:
    return aniworld_listing.read_series(read_object(document), document.url)


def _recalled(content: str) -> tuple[str, list[Entry]]:
    address, rows = json.loads(content)
    return address, [
        Entry(key, title, tuple(titles), ids, url) for key, title, titles, ids, url in rows
    ]


def _series(entries: Iterable[Entry]) -> list[catalogue.Series]:
    return [
        catalogue.series(entry.key, entry.title, entry.ids, aliases=entry.titles)
        for entry in entries
    ]


def _is_near(address: str, other: str) -> bool:
    """Whether both addresses are of the same server, so that a key may go along."""
    one, another = urlsplit(address), urlsplit(other)
    return (one.scheme, one.netloc.lower()) == (another.scheme, another.netloc.lower())
