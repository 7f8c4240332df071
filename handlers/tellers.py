"""The tasks that tell targets of events; they run while the settings name any target."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aiohttp import web

from handlers.hub import HUB
from handlers.keys import CONFIG, DB, ENGINE, NETWORK
from store import outbox
from store.targets import events_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from downloads.telling import Telling
    from store.settings import Config


class Tellers:
    """`telling` is None until somebody is to be told: few servers have any."""

    def __init__(self) -> None:
        self.telling: Telling | None = None
        self._lock = asyncio.Lock()  # one change of the settings at a time

    async def configure(
        self, app: web.Application, watch: Callable[[asyncio.Task[Any]], None]
    ) -> None:
        """Tell the targets in the settings. `watch` hears of each task that is started."""
        async with self._lock:
            settings = app[CONFIG].current
            wanted = events_of(settings.notify, settings.media_servers)
            await app[DB].run(outbox.set_targets, wanted)
            if wanted and self.telling is None:
                await asyncio.to_thread(import_module, "downloads.telling")
                self.telling = _new_telling(app, watch)
            if self.telling:
                await self.telling.configure(settings, app[NETWORK].own_port)

    async def close(self) -> None:
        if self.telling:
            await self.telling.close()


TELLERS = web.AppKey("tellers", Tellers)


def _new_telling(app: web.Application, watch: Callable[[asyncio.Task[Any]], None]) -> Telling:
    from downloads.conditions import Conditions
    from downloads.disks import FULL
    from downloads.telling import Telling

    def settings() -> Config:
        return app[CONFIG].current

    conditions = Conditions(app[DB], settings, lambda: app[ENGINE].reason == FULL)
    telling = Telling(app[DB], settings, conditions, watch)
    app[HUB].heard = telling.heard
    return telling
