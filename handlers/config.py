"""The chapter Configuration: the settings and their backups."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from aiohttp import web

from handlers import library_changes, trace
from handlers.authenticator import CLAIMS
from handlers.endpoint import Done
from handlers.keys import CONFIG, DB
from handlers.lifetime import apply_settings
from store import files, library, library_mounts
from store.backups import Backup, BackupMade
from store.errors import Conflict
from store.problems import Problem
from store.schema import Rule, Update, record
from store.settings import Config

BackupName = Annotated[str, Rule(least=1, most=100, example="backup_2025-10-22_12-30-45")]


@dataclass(frozen=True)
class ConfigShown(Config):
    """The settings in force.

    `forced` names those that a variable or an option sets, and which one.
    """

    forced: dict[str, str] | None = None


@record
class Validated:
    success: Literal[True] = field(default=True, kw_only=True)
    valid: bool
    message: str
    problems: list[Problem]


async def show(request: web.Request) -> ConfigShown:
    """The settings in force; secrets are masked.

    A key of scope `read` does not see the paths of addresses in `notify`: who knows that of a
    webhook may call it.
    """
    return _shown(request)


async def update(request: web.Request, body: Update[Config]) -> ConfigShown:
    """Change the settings that are named, the old file backed up first.

    A mask sent back keeps the secret. Setting `anime_directory`, also to what it is, accepts a
    library that was emptied.
    """
    config = await asyncio.to_thread(request.app[CONFIG].update, body.changes)
    if "anime_directory" in body.changes:
        await request.app[DB].run(library_mounts.forget)
        known_files = await request.app[DB].run(files.some_paths)
        if known_files:
            await asyncio.to_thread(library.write_marker, config.library)
    await apply_settings(request.app)
    if "providers" in body.changes:
        library_changes.tell_all(request.app)
    trace.record(request, f"change of {', '.join(sorted(body.changes))}")
    return _shown(request)


async def validate(request: web.Request, body: Update[Config]) -> Validated:
    """Check settings without applying them: what would not work, and how to mend it."""
    configuration = request.app[CONFIG]
    try:
        proposed = configuration.proposed(body.changes)
    except Conflict as error:
        fix = f"Change or remove {error.details['variable']}"
        problems = [Problem(error.details["field"], str(error), fix)]
    else:
        problems = await asyncio.to_thread(configuration.problems, proposed, body.changes)
    message = problems[0].issue if problems else "Configuration is valid"
    return Validated(not problems, message, problems)


async def backups(request: web.Request) -> list[Backup]:
    """All backups, newest first."""
    return await asyncio.to_thread(request.app[CONFIG].backups.newest_first)


async def back_up(request: web.Request) -> BackupMade:
    """Keep a copy of the configuration that is never pruned."""
    return await asyncio.to_thread(request.app[CONFIG].back_up)


async def look_into(request: web.Request, backup_name: BackupName) -> Config:
    """Show the settings that a backup would put in force; secrets are masked."""
    return _for_caller(request, await asyncio.to_thread(request.app[CONFIG].look_into, backup_name))


async def restore(request: web.Request, backup_name: BackupName) -> Done:
    """Put a backup in force, the present configuration backed up first."""
    await asyncio.to_thread(request.app[CONFIG].restore, backup_name)
    await apply_settings(request.app)
    library_changes.tell_all(request.app)
    trace.record(request, f"restoring of {backup_name}")
    return Done("Configuration restored successfully")


async def delete_backup(request: web.Request, backup_name: BackupName) -> Done:
    """Delete one backup."""
    await asyncio.to_thread(request.app[CONFIG].backups.delete, backup_name)
    return Done("Backup deleted successfully")


def _shown(request: web.Request) -> ConfigShown:
    configuration = request.app[CONFIG]
    shown = _for_caller(request, configuration.current)
    return ConfigShown(**vars(shown), forced=configuration.forced)


def _for_caller(request: web.Request, config: Config) -> Config:
    claims = request[CLAIMS]
    if claims is None or claims.access != "read":
        return config
    return replace(config, notify=[entry.without_path() for entry in config.notify])
