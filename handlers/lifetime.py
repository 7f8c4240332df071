"""The application's lifetime: its parts are opened, run and closed with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR
from handlers.hub import HUB
from handlers.keys import CONFIG, CRASHED, DB, ENGINE, NETWORK, PROVIDERS, RENAMING, RESCAN
from handlers.logins import LOGINS
from store import api_keys, renames, tokens
from store.errors import Failure

log = logging.getLogger(__name__)

KEY_USES_SECONDS = 3600  # between two notes of when keys were used last


async def run(app: web.Application) -> AsyncIterator[None]:
    """Open the database and the network and work the queue, until the application ends."""
    await app[DB].open()
    authenticator = app[AUTHENTICATOR]
    _end_tokens_without_deny_list(app)
    authenticator.revoked |= await app[DB].run(tokens.revoked)
    authenticator.keys = {key.digest: key for key in await app[DB].run(api_keys.all_keys)}
    await app[LOGINS].load()
    await app[NETWORK].start()
    await apply_settings(app)
    renaming = asyncio.create_task(finish_renamings(app), name="renaming")
    watch(app, renaming)
    engine = asyncio.create_task(app[ENGINE].run(), name="engine")
    watch(app, engine)
    key_uses = asyncio.create_task(_keep_key_uses(app), name="key uses")
    watch(app, key_uses)
    yield
    for task in (engine, renaming, key_uses):
        task.cancel()
    await asyncio.gather(engine, renaming, key_uses, return_exceptions=True)
    await app[RESCAN].close()
    await app[PROVIDERS].close()
    await app[NETWORK].close()
    await app[DB].close()


def _end_tokens_without_deny_list(app: web.Application) -> None:
    """End all tokens where nobody knows any more which of them were logged out."""
    db, authenticator = app[DB], app[AUTHENTICATOR]
    is_lost = db.is_new or (db.salvage is not None and not db.salvage.has_deny_list)
    if is_lost and authenticator.is_set_up:
        authenticator.end_all_tokens()


async def _keep_key_uses(app: web.Application) -> None:
    """Note when keys were used last, once an hour and at the end: not at each call."""
    used = app[AUTHENTICATOR].used_keys
    noted: dict[int, str] = {}
    try:
        while True:
            await asyncio.sleep(KEY_USES_SECONDS)
            noted = await _note_key_uses(app, used, noted)
    finally:
        await _note_key_uses(app, used, noted)


async def _note_key_uses(
    app: web.Application, used: dict[int, str], noted: dict[int, str]
) -> dict[int, str]:
    """Note the uses that are not noted yet; returns what is noted now."""
    news = {key_id: at for key_id, at in used.items() if noted.get(key_id) != at}
    for key_id, at in news.items():
        await app[DB].note(api_keys.set_last_used, key_id, at)
    return noted | news


async def close_sockets(app: web.Application) -> None:
    """Let the sockets end; aiohttp would wait for them."""
    app[HUB].close()


async def finish_renamings(app: web.Application) -> None:
    """Finish what a crash cut short. Every server asks; few have such a renaming."""
    if await app[DB].run(renames.unfinished):
        await app[RENAMING].finish()


async def apply_settings(app: web.Application) -> None:
    """Put changed settings in force."""
    settings = app[CONFIG].current
    logging.getLogger().setLevel(settings.log_level.upper())
    await app[PROVIDERS].configure(settings.providers)
    await app[ENGINE].settings_changed()


def watch(app: web.Application, task: asyncio.Task[Any]) -> None:
    """Log a bug that ends `task`, and let /health tell of it until a task of that name ends well.

    A Failure is no bug: its message says what is wrong outside the program.
    """
    name = task.get_name()

    def record(ended: asyncio.Task[Any]) -> None:
        if ended.cancelled():
            return
        error = ended.exception()
        if error is None:
            app[CRASHED].discard(name)
        elif not isinstance(error, Failure):
            log.error("%s ended by a bug", name, exc_info=error)
            app[CRASHED].add(name)

    task.add_done_callback(record)
