"""The sources that have not answered for more than a day: what only they have cannot be fetched."""

from __future__ import annotations

from providers import Providers
from store import clock, source_order
from store.db import Database

LONG_SECONDS = 24 * 3600.0  # for which a source may be away before its episodes count as nobody's


class Absences:
    """Notes in the database which sources are away, and which are back."""

    def __init__(self, db: Database, providers: Providers):
        self._db = db
        self._providers = providers

    async def failed(self, source: str, since: str | None) -> None:
        """Note that the source has failed; it gave its last good answer at `since` (UTC)."""
        is_long = since is None or clock.seconds_since(since) > LONG_SECONDS
        if is_long and source not in self._providers.away:
            self._providers.away.add(source)
            await self._note(source, True)

    async def answered(self, source: str) -> None:
        if source in self._providers.away:
            self._providers.away.discard(source)
            await self._note(source, False)

    async def _note(self, source: str, is_away: bool) -> None:
        if await self._db.note(source_order.set_away, source, is_away):
            while await self._db.note(source_order.count_some):
                pass
