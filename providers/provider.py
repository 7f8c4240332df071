"""The protocol of a source: the methods that each file providers/<type>.py has to offer."""

from __future__ import annotations

from typing import Protocol

from store.models import Episode, Hit, Listing, Picture, Source


class Provider(Protocol):
    """One source of episodes, made by the `open_source(settings, network, memory)` of its
    file.

    Keys are the source's own names for its series: a folder's name, a GUID, any text. Callers see
    public keys instead and need not trust an answer, because CheckedProvider stands between. Each
    method raises ProviderError when the other side fails, and NotFound for a key or an episode that
    the source does not have.
    """

    base: str  # the owner's own address: the network judges the addresses in remote answers by it

    async def search(self, query: str, limit: int) -> list[Hit]:
        """The series whose title matches, best first.

        An empty query matches every series, as far as the source can list them.
        """

    async def listing(self, key: str) -> Listing:
        """All that the source has of one series; the listing has the key that was asked for."""

    async def source(self, key: str, episode: Episode) -> Source:
        """Where the bytes of `episode` are right now; the episode is whole, as it was listed."""

    async def picture(self, key: str, ref: str) -> Picture:
        """Where the picture of a series is right now; `ref` is the listing's handle on it."""

    async def look(self) -> None:
        """Ask the source itself a cheap question, about no series and no file. Raises ProviderError
        when the source fails as a whole."""

    async def close(self) -> None: ...
