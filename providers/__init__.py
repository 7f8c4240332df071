"""Where episodes come from: the Provider protocol, and the set of those that the owner configured."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from providers.network import Network
from store.sources import DemoProvider, DirectoryProvider
from store.db import Database
from store.errors import ConfigurationError, Failure, NotFound, ProviderError
from store.models import Episode, Hit, Listing, Source

log = logging.getLogger(__name__)


class Provider(Protocol):
    """One source of episodes. Everything raises ProviderError when the other side fails, NotFound for what it has not."""

    name: str
    base: str  # the owner's own address: what a remote answer may lead to is judged by it

    async def search(self, query: str, limit: int) -> list[Hit]:
        """Series whose title matches, best first."""

    async def listing(self, key: str) -> Listing:
        """All there is of one series."""

    async def source(self, key: str, episode: Episode) -> Source:
        """Where the bytes of `episode` are right now."""

    async def close(self) -> None: ...


class Providers:
    """The configured providers by name."""

    def __init__(self, web: Network, db: Database):
        self._web = web
        self._db = db
        self._settings: dict[str, DirectoryProvider | DemoProvider] = {}
        self._providers: dict[str, Provider] = {}

    async def configure(self, settings: Sequence[DirectoryProvider | DemoProvider]) -> None:
        """Make these the providers; one whose settings stay the same stays itself."""
        wanted = {s.name: s for s in settings}
        gone = [
            self._providers.pop(name) for name, s in self._settings.items() if wanted.get(name) != s
        ]
        for name, setting in wanted.items():
            if name not in self._providers:
                self._providers[name] = self._open(setting)
        self._settings = wanted
        for provider in gone:
            await provider.close()

    def get(self, name: str) -> Provider:
        """Raises ConfigurationError for a provider that is (no longer) configured."""
        try:
            return self._providers[name]
        except KeyError:
            raise ConfigurationError(
                f"No source named '{name}' is configured",
                fix="Add it to providers in the configuration",
            ) from None

    def __iter__(self):
        return iter(self._providers.values())

    async def search(self, query: str, limit: int) -> list[tuple[str, Hit]]:
        """(provider name, hit) from all providers side by side; one that fails is left out, unless all do."""
        if not self._providers:
            raise ConfigurationError(
                "No source is configured", fix="Add one to providers in the configuration"
            )
        providers = list(self)
        answers = await asyncio.gather(
            *(p.search(query, limit) for p in providers), return_exceptions=True
        )
        hits, failed = [], []
        for provider, answer in zip(providers, answers):
            if isinstance(answer, Failure):
                log.warning("%s: %s", provider.name, answer)
                failed.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                hits += [(provider.name, hit) for hit in answer]
        if len(failed) == len(providers):
            raise (
                failed[0] if isinstance(failed[0], ProviderError) else ProviderError(str(failed[0]))
            )
        return hits[:limit]

    async def listing(self, series: str) -> tuple[str, Listing]:
        """(provider name, listing) of the series with this id, asked for now. Raises NotFound when nobody has it."""
        name, _, key = series.partition("_")
        if name not in self._providers:
            raise NotFound("Anime not found", anime_id=series)
        return name, await self._providers[name].listing(key)

    async def close(self) -> None:
        await self.configure(())

    def _open(self, setting: DirectoryProvider | DemoProvider) -> Provider:
        if isinstance(setting, DirectoryProvider):
            from providers.directory import Directory

            return Directory(setting, self._web, self._db)
        from providers.demo import Demo

        return Demo(setting.name)
