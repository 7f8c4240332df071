"""The sources that the owner configured, and the calls that go to all of them."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from functools import partial
from importlib import import_module
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from providers import trial, trust
from providers.checked import CheckedProvider
from providers.memory import Memory
from providers.network import Network
from providers.provider import Provider
from providers.trial import Outcome
from store import last_answers, remembered
from store.clock import now
from store.db import Database
from store.errors import ConfigurationError, Failure, NotFound, ProviderError
from store.models import Episode, Hit, Listing
from store.sources import SourceSettings, address_of

if TYPE_CHECKING:
    from providers.body_version import Version
    from providers.pictures import Fetched

log = logging.getLogger(__name__)

SHORT_SECONDS = 3.0  # for a search of a source that rests, or has failed lately
KEEP_SECONDS = 6 * 3600.0  # between two good answers of a source whose times are written down


class Found(NamedTuple):
    """The hits of a search with their providers' names, the best of each provider first, and the
    names of those that failed."""

    hits: list[tuple[str, Hit]]
    unavailable: list[str]


class Providers:
    """The configured providers by name.

    `answered` may be set later: it is told the name of a source after each good search or listing.
    So may `resting`, which names the sources that rest.
    """

    def __init__(self, network: Network, db: Database):
        self.answered: Callable[[str], Awaitable[None]] | None = None
        self.resting: Callable[[], Collection[str]] = tuple
        self.away: set[str] = set()  # the sources that have not answered for more than a day
        self._network = network
        self._db = db
        self._trying = asyncio.Lock()  # a hostile listing takes memory: one at a time
        self._settings: dict[str, SourceSettings] = {}
        self._kept_at: dict[str, float] = {}  # when the time of an answer was written down last
        self._providers: dict[str, CheckedProvider] = {}

    def prepare(self, sources: Sequence[SourceSettings]) -> None:
        """Import what these sources need, before anybody is served. Blocks.

        On a thread, where `configure` does so later, the same takes two MiB more.
        """
        for module in _not_imported(sources):
            import_module(module)

    async def configure(self, sources: Sequence[SourceSettings]) -> None:
        """Make these the providers, in this order, but for those that are switched off.

        A provider whose settings stay the same stays itself; one that is replaced is closed.
        """
        for module in _not_imported(sources):
            await asyncio.to_thread(import_module, module)  # up to 80 ms of work
        before, settings_before = self._providers, self._settings
        wanted = {settings.name: settings for settings in sources}
        kept = {name for name in before if wanted.get(name) == self._settings[name]}
        opened = {
            name: self._open(settings)
            for name, settings in wanted.items()
            if settings.enabled and name not in kept
        }
        known = before | opened
        self._providers = {
            name: known[name] for name, settings in wanted.items() if settings.enabled
        }
        self._settings = wanted
        self._network.trust.files = _authorities(sources)
        for name, provider in before.items():
            if name not in kept:
                if self._kept_at.pop(name, None):
                    await self._keep_answer(provider, address_of(settings_before[name]))
                await provider.close()
        if sources:
            await self._db.note(remembered.drop_others, set(wanted))
        for name, provider in opened.items():
            address = address_of(wanted[name])
            provider.last_success = await self._db.run(last_answers.find, name, address)

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

    def settings(self) -> list[SourceSettings]:
        """The settings of all sources, also of those that are switched off."""
        return list(self._settings.values())

    def switched_off(self) -> set[str]:
        """The names of the sources that are asked for nothing."""
        return self._settings.keys() - self._providers.keys()

    async def test(self, settings: SourceSettings) -> Outcome:
        """Try a source that need not be configured; nothing of it is stored."""
        if lack := settings.lack():
            return Outcome(False, lack.issue, fix=lack.fix)
        try:
            async with asyncio.timeout(trial.TRIAL_SECONDS):
                await self._trying.acquire()
        except TimeoutError:
            return trial.BUSY
        try:
            async with Network(self._network.own_port) as network:
                network.trust.files = _authorities([settings])
                provider = _provider(settings, network, Memory(settings.name))
                checked = CheckedProvider(settings.name, provider, self._db)
                return await trial.run(checked, settings.when_empty)
        except Failure as failure:  # such as a package that is not installed
            return trial.failed(failure)
        finally:
            self._trying.release()

    def __iter__(self) -> Iterator[CheckedProvider]:
        """The providers that have files, as they are now; the calendars stand apart."""
        with_files = [
            provider
            for name, provider in self._providers.items()
            if not self._settings[name].is_calendar
        ]
        return iter(with_files)  # other settings may come while somebody asks one after the other

    def most_connections(self, name: str) -> int:
        """How many connections at a time the source of this name bears."""
        return self._settings[name].most_connections if name in self._settings else 1

    def calendars(self) -> list[CheckedProvider]:
        """The providers that only say which episodes exist."""
        return [
            provider
            for name, provider in self._providers.items()
            if self._settings[name].is_calendar
        ]

    async def search(self, query: str, limit: int) -> Found:
        """The hits of all providers, asked side by side, `limit` series each at most.

        A provider that fails is named. Raises ProviderError when all of them fail, and
        ConfigurationError when there is none.
        """
        providers = list(self)
        if not providers and any(not each.is_calendar for each in self._settings.values()):
            raise ConfigurationError(
                "Every source is switched off", fix="Set enabled of one to true in the settings"
            )
        if not providers:
            raise ConfigurationError(
                "No source is configured", fix="Add one to providers in the configuration"
            )
        resting = self.resting()
        answers = await asyncio.gather(
            *(_search(each, query, limit, each.name in resting) for each in providers)
        )
        failures = [answer for answer in answers if isinstance(answer, Failure)]
        if len(failures) == len(providers):
            first = failures[0]
            raise first if isinstance(first, ProviderError) else ProviderError(str(first))
        found = [[] if isinstance(answer, Failure) else answer for answer in answers]
        # The best of each source first: none of them keeps the others out.
        ranked = [
            (rank, place, hit) for place, hits in enumerate(found) for rank, hit in enumerate(hits)
        ]
        ranked.sort(key=itemgetter(0, 1))
        hits = [(providers[place].name, hit) for _, place, hit in ranked]
        pairs = zip(providers, answers)
        unavailable = [each.name for each, answer in pairs if isinstance(answer, Failure)]
        return Found(hits, unavailable)

    async def common_beginning(
        self, one: tuple[str, str, Episode], other: tuple[str, str, Episode]
    ) -> bytes:
        """How a file begins that two sources, (name, key of the series, episode) each, both seem to
        have; nothing where their files differ. Raises Failure where one of them cannot be asked, or
        does not answer."""
        from providers import same_file  # late: few ask

        places = [
            same_file.Place(self.get(name), key, episode) for name, key, episode in (one, other)
        ]
        return await same_file.beginning(self._network, *places)

    async def listing(self, series_id: str) -> tuple[str, Listing]:
        """(provider name, listing) of a series, asked for now. Raises NotFound."""
        name, _, key = series_id.partition("_")
        if name not in self._providers:
            is_off = name in self._settings
            why = "The source of this anime is switched off" if is_off else "Anime not found"
            raise NotFound(why, anime_id=series_id)
        return name, await self._providers[name].listing(key)

    def address(self, name: str) -> str:
        """The address of a source as the settings have it, also of one that is switched off; empty
        where there is none."""
        return address_of(self._settings[name]) if name in self._settings else ""

    async def fetch_picture(self, name: str, key: str, ref: str, known: Version) -> Fetched:
        """The picture of a series, unless it is still the `known` one; `ref` is the listing's
        handle on it. Raises NotFound, ProviderError and ConfigurationError."""
        from providers import pictures  # late: not every source has some

        provider = self.get(name)
        picture = await provider.picture(key, ref)
        return await pictures.fetch(self._network, provider.base, picture, known)

    async def close(self) -> None:
        await self.configure(())

    def _open(self, settings: SourceSettings) -> CheckedProvider:
        provider = _provider(settings, self._network, Memory(settings.name, self._db))
        return CheckedProvider(
            settings.name, provider, self._db, partial(self._note_answer, settings.name)
        )

    async def _note_answer(self, name: str, asked_at: float, lists: bool) -> None:
        """Write down now and then when a source gave a good answer.

        An answer from the source's memory does not count: it tells nothing of how the source is
        now.
        """
        provider = self._providers.get(name)
        if provider is None or self._network.heard_at(provider.base) < asked_at:
            return
        provider.last_success = now()
        provider.last_failure = None
        is_due = time.monotonic() - self._kept_at.get(name, -KEEP_SECONDS) >= KEEP_SECONDS
        if is_due:
            self._kept_at[name] = time.monotonic()
            await self._keep_answer(provider, address_of(self._settings[name]))
        if lists and self.answered:
            await self.answered(name)

    async def _keep_answer(self, provider: CheckedProvider, address: str) -> None:
        if provider.last_success is None:
            return
        try:
            await self._db.jot(last_answers.keep, provider.name, address, provider.last_success)
        except sqlite3.Error as error:  # the answer itself is no worse
            log.warning("%s: its last answer cannot be written down: %s", provider.name, error)


def _authorities(sources: Sequence[SourceSettings]) -> dict[str, str]:
    """The sources' certificate authorities, in the form of Trust.files."""
    return {trust.origin(address_of(each)): each.ca_file for each in sources if each.ca_file}


def _not_imported(sources: Sequence[SourceSettings]) -> list[str]:
    """The modules for the kinds of these sources that are not imported yet."""
    modules = {f"providers.{settings.type}" for settings in sources if settings.enabled}
    return sorted(modules - sys.modules.keys())


def _provider(settings: SourceSettings, network: Network, memory: Memory) -> Provider:
    """Import the file of the source's kind, here, because few servers have one of each kind."""
    kind = import_module(f"providers.{settings.type}")
    provider: Provider = kind.open_source(settings, network, memory)
    return provider


async def _search(
    provider: CheckedProvider, query: str, limit: int, is_resting: bool
) -> list[Hit] | Failure:
    """The provider's hits, or its failure.

    A provider that has just failed gets less time than others.
    """
    try:
        async with asyncio.timeout(SHORT_SECONDS if is_resting or provider.failed_lately else None):
            return await provider.search(query, limit)
    except TimeoutError:
        return ProviderError("The source does not answer", cause="silent")
    except Failure as failure:
        log.warning("%s: %s", provider.name, failure)
        return failure
