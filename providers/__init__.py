"""The sources that the owner configured, and the calls that go to all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import NamedTuple

from providers.checked import CheckedProvider
from providers.network import Network
from store.db import Database
from store.errors import ConfigurationError, Failure, NotFound, ProviderError
from store.models import Hit, Listing
from store.sources import SourceSettings

log = logging.getLogger(__name__)


class Found(NamedTuple):
    """The hits of a search with their providers' names, and the names of those that failed."""

    hits: list[tuple[str, Hit]]
    unavailable: list[str]


class Providers:
    """The configured providers by name."""

    def __init__(self, network: Network, db: Database):
        self._network = network
        self._db = db
        self._settings: dict[str, SourceSettings] = {}
        self._providers: dict[str, CheckedProvider] = {}

    async def configure(self, sources: Sequence[SourceSettings]) -> None:
        """Make these the providers, in this order.

        A provider whose settings stay the same stays itself; one that is replaced is closed.
        """
        before = self._providers
        wanted = {settings.name: settings for settings in sources}
        kept = {name for name in before if wanted.get(name) == self._settings[name]}
        self._providers = {
            name: before[name] if name in kept else self._open(settings)
            for name, settings in wanted.items()
        }
        self._settings = wanted
        for name, provider in before.items():
            if name not in kept:
                await provider.close()

    def get(self, name: str) -> CheckedProvider:
        """Raises ConfigurationError for a source that is not, or no longer, configured."""
        try:
            return self._providers[name]
        except KeyError:
            raise ConfigurationError(
                f"No source named '{name}' is configured",
                fix="Add it to providers in the configuration",
            ) from None

    def find(self, name: str) -> CheckedProvider | None:
        """The provider of this name, where there is one."""
        return self._providers.get(name)

    def type_of(self, name: str) -> str:
        """The type of the source of this name, as the configuration has it."""
        return self._settings[name].type

    def __iter__(self) -> Iterator[CheckedProvider]:
        return iter(self._providers.values())

    async def search(self, query: str, limit: int) -> Found:
        """What all providers find, side by side.

        A provider that fails is named. Raises ProviderError when all of them fail, and
        ConfigurationError when there is none.
        """
        providers = list(self)
        if not providers:
            raise ConfigurationError(
                "No source is configured", fix="Add one to providers in the configuration"
            )
        answers = await asyncio.gather(*(_search(each, query, limit) for each in providers))
        failures = [answer for answer in answers if isinstance(answer, Failure)]
        if len(failures) == len(providers):
            first = failures[0]
            raise first if isinstance(first, ProviderError) else ProviderError(str(first))
        hits = [
            (provider.name, hit)
            for provider, answer in zip(providers, answers)
            if not isinstance(answer, Failure)
            for hit in answer
        ]
        pairs = zip(providers, answers)
        unavailable = [each.name for each, answer in pairs if isinstance(answer, Failure)]
        return Found(hits[:limit], unavailable)

    async def listing(self, series_id: str) -> tuple[str, Listing]:
        """(provider name, listing) of a series, asked for now. Raises NotFound."""
        name, _, key = series_id.partition("_")
        if name not in self._providers:
            raise NotFound("Anime not found", anime_id=series_id)
        return name, await self._providers[name].listing(key)

    async def close(self) -> None:
        await self.configure(())

    def _open(self, settings: SourceSettings) -> CheckedProvider:
        """Import the file of the source's kind, here, because few servers have one of each kind."""
        kind = import_module(f"providers.{settings.type}")
        return CheckedProvider(settings.name, kind.open_source(settings, self._network), self._db)


async def _search(provider: CheckedProvider, query: str, limit: int) -> list[Hit] | Failure:
    """The provider's hits, or what was wrong with it."""
    try:
        return await provider.search(query, limit)
    except Failure as failure:
        log.warning("%s: %s", provider.name, failure)
        return failure
