"""The application's lifetime: its parts are opened, run and closed with it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from importlib import import_module
from typing import Any

from aiohttp import web

from downloads.events import DownloadCompleted, Event, RescanCompleted
from handlers.authenticator import AUTHENTICATOR
from handlers.hub import HUB
from handlers.keys import (
    CONFIG,
    CRASHED,
    DB,
    ENGINE,
    FOLLOWING,
    LOG,
    NETWORK,
    PROVIDERS,
    RENAMING,
    RESCAN,
    SHARED,
)
from handlers.logins import LOGINS
from handlers.poster_fetches import POSTER_FETCHES
from handlers.tellers import TELLERS
from store import api_keys, choosing, renames, source_order, tokens
from store.errors import Failure

log = logging.getLogger(__name__)

NOTES_SECONDS = 3600
HOUSE_SECONDS = 1200.0  # after the start


async def run(app: web.Application) -> AsyncIterator[None]:
    """Open the database and the network and work the queue, until the application ends."""
    logging.getLogger().addHandler(app[LOG])
    await app[DB].open()
    authenticator = app[AUTHENTICATOR]
    _end_tokens_without_deny_list(app)
    authenticator.revoked |= await app[DB].run(tokens.revoked)
    authenticator.keys = {key.digest: key for key in await app[DB].run(api_keys.all_keys)}
    await app[LOGINS].load()
    await app[NETWORK].start()
    await apply_settings(app)
    works = {
        "renaming": finish_renamings(app),
        "engine": app[ENGINE].run(),
        "notes": _keep_notes(app),
        "following": app[FOLLOWING].run(),
        "checksums": _keep_checksums(app),
        "housekeeping": _keep_house(app),
    }
    tasks = [asyncio.create_task(work, name=name) for name, work in works.items()]
    for task in tasks:
        watch(app, task)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await app[RESCAN].close()
    await app[TELLERS].close()
    await app[POSTER_FETCHES].close()
    await app[PROVIDERS].close()
    await app[NETWORK].close()
    await app[DB].close()
    logging.getLogger().removeHandler(app[LOG])


def _end_tokens_without_deny_list(app: web.Application) -> None:
    """End all tokens if it is unknown which of them were logged out."""
    db, authenticator = app[DB], app[AUTHENTICATOR]
    is_lost = db.is_new or (db.salvage is not None and not db.salvage.has_deny_list)
    if is_lost and authenticator.is_set_up:
        authenticator.end_all_tokens()


async def _keep_notes(app: web.Application) -> None:
    """Put notes of calls on disk once an hour, and at the end."""
    try:
        while True:
            await asyncio.sleep(NOTES_SECONDS)
            await _write_notes(app)
    finally:
        await _write_notes(app)


async def _write_notes(app: web.Application) -> None:
    """Note when keys were used last, and the ended tokens that found the disk full."""
    authenticator, db = app[AUTHENTICATOR], app[DB]
    try:
        for key_id, at in list(authenticator.used_keys.items()):
            await db.note(api_keys.set_last_used, key_id, at)
        for jti in list(authenticator.unsaved):
            await db.run(tokens.revoke, jti)
            authenticator.unsaved.discard(jti)
    except sqlite3.Error as error:
        log.error("the uses of keys and the ended tokens cannot be stored: %s", error)


async def _keep_house(app: web.Application) -> None:
    """Keep the database in order, beginning when the server has run for a while."""
    await asyncio.sleep(HOUSE_SECONDS)
    from downloads.housekeeping import Housekeeping  # late: it is not needed before

    await Housekeeping(app[DB], app[HUB].publish).run()


async def _keep_checksums(app: web.Application) -> None:
    """Compute the checksums of shared files, once something is shared."""
    while app[CONFIG].current.share.series == "none":
        await app[SHARED].wait()
        app[SHARED].clear()
    # Late: few share anything.
    module = await asyncio.to_thread(import_module, "downloads.checksums")
    await module.Checksums(app[DB], lambda: app[CONFIG].current, app[SHARED]).run()


def publish(app: web.Application, event: Event) -> None:
    """Tell the sockets, and the tasks that look after the files of the library."""
    app[HUB].publish(event)
    if isinstance(event, DownloadCompleted | RescanCompleted):
        app[SHARED].set()


async def close_sockets(app: web.Application) -> None:
    """Let the sockets end; aiohttp would wait for them."""
    app[HUB].close()


async def finish_renamings(app: web.Application) -> None:
    """Finish renamings that a crash cut short. Every server asks; few have one."""
    if await app[DB].run(renames.unfinished):
        await app[RENAMING].finish()


async def apply_settings(app: web.Application) -> None:
    """Put changed settings in force."""
    settings = app[CONFIG].current
    logging.getLogger().setLevel(settings.log_level.upper())
    await app[DB].run(choosing.set_general, settings.prefer)
    await app[PROVIDERS].configure(settings.providers)
    await _keep_order_of_sources(app)
    await app[ENGINE].settings_changed()
    app[FOLLOWING].changed()
    app[SHARED].set()
    await app[TELLERS].configure(app, partial(watch, app))


async def _keep_order_of_sources(app: web.Application) -> None:
    """Keep the order of the sources, on which depends what can be fetched."""
    settings = app[PROVIDERS].settings()
    without_files = {source.name for source in settings if source.is_calendar}
    off = app[PROVIDERS].switched_off() | without_files
    await app[DB].run(source_order.keep, [source.name for source in settings], off)
    app[PROVIDERS].away.clear()
    app[PROVIDERS].away.update(await app[DB].run(source_order.away))
    while await app[DB].note(source_order.count_some):
        pass


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
