"""The memory of a source, which outlives a restart."""

from __future__ import annotations

from store import remembered
from store.db import Database
from store.remembered import Remembered


class Memory:
    """The memory of one source; without a database it keeps nothing."""

    def __init__(self, source: str, db: Database | None = None):
        self._source = source
        self._db = db

    async def find(self, address: str) -> Remembered | None:
        """The document that was kept of an address."""
        if self._db is None:
            return None
        return await self._db.run(remembered.find, self._source, address)

    async def keep(self, content: Remembered) -> None:
        """Keep it in place of what was kept of its address; a power cut may undo that."""
        if self._db is not None:
            await self._db.note(remembered.keep, self._source, content)
