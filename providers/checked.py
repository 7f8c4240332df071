"""The check between every provider and the program: public keys, plain failures, valid answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from providers.provider import Provider
from store import keys
from store.clock import now, seconds_since
from store.db import Database
from store.errors import ConfigurationError, Failure, NotFound, ProviderError
from store.models import Episode, Hit, Listing, Picture, Source
from store.names import extensions, plain_text
from store.preference import NO_WISH, chosen, rank

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
LATELY_SECONDS = 60.0
SEARCH_SECONDS, LISTING_SECONDS = 120.0, 900.0  # for all requests together
PICTURE_SECONDS = 20.0  # to find out where one is: the pictures of other sources wait for it
MAX_SERIES = 10_000  # of one source, asked for at once
FOUND_HITS = 10  # of one query, among which a series is looked for
MAX_VARIANTS = 30  # files of one episode
MAX_KEY = 1_000  # characters of a source's own key
MAX_REF = 4_000  # characters of its handle on a picture
# The code of an episode, such as S01E02, has up to four digits and up to five.
MAX_SEASON = 9_999
MAX_NUMBER = 99_999
YEARS = range(1800, 2200)
MAX_SIZE = 2**53 - 1  # bytes: the largest whole number that every JSON reader keeps exact
SUBTITLES = tuple(extensions.SUBTITLES)

T = TypeVar("T")


class CheckedProvider:
    """A provider as the rest of the program uses it; `name` is the source's in the configuration.

    Keys are public ones, `[a-z0-9-]+`, here; `<name>_<key>` is the id of a series. Every method
    raises ProviderError when the source fails, whatever its provider raised, and ConfigurationError
    when the provider says that the owner has to change something.
    """

    def __init__(
        self,
        name: str,
        provider: Provider,
        db: Database,
        answered: Callable[[float, bool], Awaitable[None]] | None = None,
    ):
        self.name = name
        self._provider = provider
        self._db = db
        # Is awaited after each good answer: the monotonic time of the question, and whether it was
        # a search or a listing.
        self._answered = answered
        self.last_success: str | None = None  # when it last gave a good answer
        # (why, when) its last search failed, or nobody was there; None after a good answer.
        self.last_failure: tuple[str, str] | None = None
        # The keys that are known so far, in both directions: a key once given never changes.
        self._public: dict[str, str] = {}
        self._native: dict[str, str] = {}

    @property
    def base(self) -> str:
        """The owner's own address, by which the network judges the addresses of a source."""
        return self._provider.base

    def public_key(self, native: str) -> str | None:
        """The public key of the series with this native key; None where it has none yet."""
        return self._public.get(native)

    @property
    def failed_lately(self) -> bool:
        """Whether the last search of this source has failed a moment ago."""
        if self.last_failure is None:
            return False
        return abs(seconds_since(self.last_failure[1])) < LATELY_SECONDS

    async def titles(self) -> list[str]:
        """The titles of all series that the source can list; nothing is stored."""
        return [hit.name for hit in await self._answer(self._search("", MAX_SERIES))]

    async def search(self, query: str, limit: int) -> list[Hit]:
        """The series whose title matches, best first; for an empty query all that it can list.

        Keys that are new are on disk before anybody sees them.
        """
        hits = await self._note(self._search(query, limit), is_whole=True)
        new = [hit.key for hit in hits if hit.key not in self._public]
        if new:
            self._remember(await self._db.run(keys.public_keys, self.name, new))
        return [replace(hit, key=self._public[hit.key]) for hit in hits]

    async def find(
        self, queries: Iterable[str], choose: Callable[[Sequence[Hit]], str | None]
    ) -> Listing | None:
        """The listing of the series that `choose` picks, by its native key, among the hits of the
        queries. Only the picked series gets a public key, and with it those that would get the same
        one, so that their order does not matter. The keys are on disk with the next commit."""
        hits: dict[str, Hit] = {}
        for query in queries:
            for hit in await self._note(self._search(query, FOUND_HITS), is_whole=True):
                hits.setdefault(hit.key, hit)
        native = choose(list(hits.values()))
        if native is None:
            return None
        if native not in self._public:
            new = [key for key in hits if key not in self._public]
            alike = keys.alike(new, native)
            self._remember(await self._db.note(keys.public_keys, self.name, alike))
        return await self.listing(self._public[native])

    async def listing(self, key: str) -> Listing:
        """All that the source has of one series, episodes in order. Raises NotFound."""
        native = await self._native_key(key)
        try:
            listing = await self._note(self._listing(native), is_whole=False)
        except NotFound:
            raise self._not_found(key) from None
        return replace(listing, key=key)

    async def source(self, key: str, episode: Episode) -> Source:
        """Where the bytes of `episode` are right now. Raises NotFound for an unknown key."""
        native = await self._native_key(key)
        try:
            source = await self._answer(self._provider.source(native, episode))
        except NotFound:
            raise ProviderError("The source no longer has this episode", final=True) from None
        if source.extension not in extensions.MEDIA:
            raise ProviderError(
                f"The source offers a file that is no video ({source.extension[:20]})", final=True
            )
        size = source.size if _is_size(source.size) else None
        return replace(source, size=size, beside=_subtitles_only(source))

    async def picture(self, key: str, ref: str) -> Picture:
        """Where the picture of a series is right now. Raises NotFound for an unknown key."""
        native = await self._db.run(keys.native_key, self.name, key)
        if native is None:
            raise self._not_found(key)
        return await self._answer(self._picture(native, ref))

    async def look(self) -> None:
        """Ask the source itself whether it works, for LOOK_SECONDS at most."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._answer(self._provider.look())
        except TimeoutError:
            raise ProviderError("The source does not answer", cause="silent") from None

    async def close(self) -> None:
        with contextlib.suppress(Failure):  # _answer has logged it; nobody waits for a better end
            await self._answer(self._provider.close())

    async def _search(self, query: str, limit: int) -> list[Hit]:
        """The provider's hits, each key once; those that cannot be stored are left out."""
        hits: dict[str, Hit] = {}
        async with _within(SEARCH_SECONDS):
            found = await self._provider.search(query, limit)
        for hit in found:
            texts = (hit.key, hit.name, hit.site, *hit.ids.values())
            if 0 < len(hit.key) <= MAX_KEY and _is_text(*texts):
                hits.setdefault(hit.key, hit)
        return list(hits.values())[:limit]

    async def _listing(self, native: str) -> Listing:
        """The provider's listing, each episode once; impossible episodes are left out."""
        async with _within(LISTING_SECONDS):
            listing = await self._provider.listing(native)
        if not _is_text(listing.title, listing.description, listing.site, *listing.ids.values()):
            raise ProviderError("The source's title of this series is no text")
        episodes: dict[tuple[int, float], Episode] = {}
        for episode in listing.episodes:
            if _is_possible(episode):
                episodes.setdefault((episode.season, episode.number), _with_few_variants(episode))
        in_order = tuple(episodes[number] for number in sorted(episodes))
        is_picture = _is_text(listing.poster) and len(listing.poster) <= MAX_REF
        return replace(
            listing,
            episodes=in_order,
            description=plain_text.shorten(listing.description),
            year=listing.year if listing.year in YEARS else None,
            poster=listing.poster if is_picture else "",
        )

    async def _picture(self, native: str, ref: str) -> Picture:
        async with _within(PICTURE_SECONDS):
            return await self._provider.picture(native, ref)

    async def _answer(self, call: Awaitable[T], *, lists: bool = False) -> T:
        """Await a provider's answer; turn what it raises into one of three kinds of Failure."""
        asked_at = time.monotonic()
        try:
            answer = await call
        except (ProviderError, NotFound, ConfigurationError):
            raise
        except Failure as failure:  # such as Invalid, when a schema did not fit its answer
            log.warning("%s: %s %s", self.name, failure, failure.details)
            message = "The source's answer does not have the expected form"
            raise ProviderError(message, cause="no listing") from failure
        except Exception as error:
            log.exception("%s: unexpected", self.name)
            message = "The source failed for a reason that only the log tells"
            raise ProviderError(message, cause="no listing") from error
        if self._answered:
            await self._answered(asked_at, lists)
        return answer

    async def _note(self, call: Awaitable[T], *, is_whole: bool) -> T:
        """Await an answer as `_answer` does, and note it: a search asks the whole source, and so
        does the list of a series."""
        try:
            return await self._answer(call, lists=True)
        except ProviderError as failure:
            if is_whole or failure.down:
                self.last_failure = str(failure), now()
            raise

    async def _native_key(self, key: str) -> str:
        """The source's own key for a public one. Raises NotFound.

        A key that was never shown is looked for among all that the source can list. None of the
        others is given a key: a source may list others each time.
        """
        if key not in self._native:
            native = await self._db.run(keys.native_key, self.name, key)
            if native is not None:
                self._remember({native: key})
            else:
                hits = await self._answer(self._search("", MAX_SERIES))
                names = [hit.key for hit in hits]
                rivals = await asyncio.to_thread(keys.rivals, names, key)
                self._remember(await self._db.run(keys.public_keys, self.name, rivals))
        if key not in self._native:
            raise self._not_found(key)
        return self._native[key]

    def _remember(self, public: dict[str, str]) -> None:
        """Keep a mapping of the source's own keys to public ones."""
        self._public |= public
        self._native |= {key: native for native, key in public.items()}

    def _not_found(self, key: str) -> NotFound:
        return NotFound("Anime not found", anime_id=f"{self.name}_{key}")


@contextlib.asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    """Raise ProviderError after so many seconds."""
    try:
        async with asyncio.timeout(seconds) as deadline:
            yield
    except TimeoutError:
        if not deadline.expired():
            raise  # a bug of the provider's
        message = f"The source did not finish its answer within {seconds:g} seconds"
        raise ProviderError(message, cause="silent") from None


def _is_text(*texts: str) -> bool:
    """Whether these texts can be stored and sent: half a character (a lone surrogate) cannot."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_size(size: int | None) -> bool:
    """Whether a size can be stored; None is one that nobody tells."""
    return size is None or 0 <= size <= MAX_SIZE


def _is_possible(episode: Episode) -> bool:
    """Whether an episode can be stored and asked for by its code."""
    return (
        0 <= episode.season <= MAX_SEASON
        and 0 <= episode.number <= MAX_NUMBER
        and _is_size(episode.size)
        and _is_text(episode.title, episode.ref, episode.aired or "")
    )


def _with_few_variants(episode: Episode) -> Episode:
    """The episode with those of its files that can be stored, MAX_VARIANTS at most."""
    variants = sorted(episode.variants, key=rank) if len(episode.variants) > 1 else episode.variants
    fit = [
        variant
        for variant in variants
        if _is_text(variant.ref, variant.name) and _is_size(variant.size)
    ][:MAX_VARIANTS]
    if len(fit) == len(episode.variants):
        return episode
    return chosen(replace(episode, variants=tuple(fit)), NO_WISH)[0]


def _subtitles_only(source: Source) -> dict[str, str]:
    """The files beside an episode that are subtitles, and whose endings may end a file's name."""
    return {
        end: url
        for end, url in source.beside.items()
        if "/" not in end and end.isprintable() and end.casefold().endswith(SUBTITLES)
    }
