"""The posters that are fetched from sources: the code for it is loaded when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from aiohttp import web

from handlers.keys import CONFIG, ENGINE, PROVIDERS

if TYPE_CHECKING:
    from downloads.posters import Found, Posters
    from store.abouts import Poster


class PosterFetches:
    """`await fetches.find(app, offered, seconds)` is that of downloads.posters.Posters."""

    def __init__(self) -> None:
        self._posters: Posters | None = None

    async def find(self, app: web.Application, offered: Sequence[Poster], seconds: float) -> Found:
        if self._posters is None:
            module = await asyncio.to_thread(import_module, "downloads.posters")
            self._posters = self._posters or module.Posters(
                app[CONFIG].state, app[PROVIDERS], app[ENGINE].rests.resting
            )
        return await self._posters.find(offered, seconds)

    async def close(self) -> None:
        if self._posters:
            await self._posters.close()


POSTER_FETCHES = web.AppKey("poster_fetches", PosterFetches)
