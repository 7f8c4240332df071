"""What the kinds share that can list all their series: they search in memory, and answer JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from providers import catalogue, json_answers
from providers.bodies import Document
from providers.catalogue import Catalogue
from providers.json_answers import Fields
from providers.late_listing import LateListing
from providers.network import Network
from store.errors import NotFound
from store.models import Hit, Listing, Picture

T = TypeVar("T")

JSON = {"Accept": "application/json"}


class ListedSource:
    """See the Provider protocol. A kind says how all series are read, and what each one holds."""

    fresh_seconds: float | None = None  # for which the series are taken from memory
    max_bytes = 4_000_000  # of one answer

    def __init__(self, base: str, network: Network):
        self.base = base
        self._network = network
        self._catalogue = Catalogue(self._read_series, self._site, self.fresh_seconds)
        self._late = LateListing(self.listing)

    async def search(self, query: str, limit: int) -> list[Hit]:
        """See the Provider protocol; an id in the query, as in [tvdbid-12], is a match too."""
        return await self._catalogue.search(query, limit)

    async def listing(self, key: str) -> Listing:
        """See the Provider protocol."""
        raise NotImplementedError

    async def picture(self, key: str, ref: str) -> Picture:
        """See the Provider protocol; a kind that lists no pictures has none."""
        raise NotFound("The source has no picture of this series")

    async def close(self) -> None:
        """Nothing of its own is open."""

    async def _read_series(self) -> Iterable[catalogue.Series]:
        """All series of the source; the very same list again where nothing has changed."""
        raise NotImplementedError

    def _site(self, key: str) -> str:
        """The address that is shown of a series; empty where there is none."""
        return ""

    async def _find_series(self, key: str) -> catalogue.Series:
        """Raises NotFound, and ProviderError."""
        series = (await self._catalogue.all()).get(key)
        if series is None:
            raise NotFound("The source has no such series")
        return series

    async def _read_object(
        self, url: str, take: Callable[[Fields], T], headers: Mapping[str, str] = {}
    ) -> T:
        """What `take`, on a thread, makes of the JSON object at an address. An object takes several
        times the memory of its document, so `take` keeps of it what is needed and no more. Raises
        ProviderError, and what `take` raises."""
        return await self._network.parse(
            lambda document: take(read_object(document)),
            url,
            base=self.base,
            headers={**JSON, **headers},
            limit=self.max_bytes,
        )


def read_object(document: Document) -> Fields:
    """Belongs on a thread. Raises ProviderError for what is no JSON object."""
    answer = json_answers.parse(document.take_body())
    if not isinstance(answer, dict):
        raise json_answers.not_expected()
    return answer
