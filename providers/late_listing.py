"""Where an episode is now that is no longer where it was listed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from store.errors import NotFound
from store.models import Episode, Listing
from store.preference import NO_WISH, chosen

LISTED_SECONDS = 10.0  # for which a series that was listed for one of its episodes will do


class LateListing:
    """`read` lists a series, by its key; the last one is kept, as many episodes move at a time."""

    def __init__(self, read: Callable[[str], Awaitable[Listing]]):
        self._read = read
        self._listed = Listing("", ""), -LISTED_SECONDS  # and when
        self._reading = asyncio.Lock()

    async def find(self, key: str, episode: Episode) -> Episode:
        """The episode of this number, as it is listed now. Raises NotFound, and ProviderError."""
        asked_at = time.monotonic()
        async with self._reading:
            listing, listed_at = self._listed
            is_recent = listing.key == key and time.monotonic() - listed_at <= LISTED_SECONDS
            found = _find(listing, episode) if is_recent else None
            if found is None and not (is_recent and listed_at >= asked_at):
                listed_at = time.monotonic()
                listing = await self._read(key)
                self._listed = listing, listed_at
                found = _find(listing, episode)
        if found is None:
            raise NotFound("The source has no such episode")
        return found


def _find(listing: Listing, wanted: Episode) -> Episode | None:
    """The episode of the same number in a listing, with the file that the same wish makes of it."""
    for episode in listing.episodes:
        if (episode.season, episode.number) == (wanted.season, wanted.number):
            return chosen(episode, wanted.wish or NO_WISH)[0]
    return None
