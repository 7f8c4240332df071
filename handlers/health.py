"""Whether the server is well.

These calls need no token, so they tell no paths and no names (docs/decisions.md, 30).
"""

import asyncio
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Literal

from aiohttp import web

from handlers.keys import CHECKUP, CONFIG, CRASHED, DB, ENGINE, STARTED
from store import VERSION
from store.schema import record
from store.settings import Config


@record
class Health:
    status: Literal["healthy", "degraded"]
    version: str


@record
class DatabaseHealth:
    status: Literal["connected", "failed"]
    response_time_ms: float


@record
class FilesystemHealth:
    status: Literal["accessible", "inaccessible"]
    disk_free_gb: float


@record
class Services:
    anime_service: Literal["ready", "failed"]
    download_service: Literal["ready", "waiting", "failed"]


@record
class HealthInDetail(Health):
    uptime_seconds: int
    database: DatabaseHealth
    filesystem: FilesystemHealth
    services: Services
    # The worst finding of the last GET /api/system; `unknown` before the first one.
    checks: Literal["unknown", "ok", "note", "warning", "problem"]


async def check(request: web.Request) -> Health:
    """Tell that the application is running."""
    return Health(status="degraded" if request.app[CRASHED] else "healthy", version=VERSION)


async def check_in_detail(request: web.Request) -> HealthInDetail:
    """Tell how the database, the directories and the services are."""
    app = request.app
    database = await _database(app)
    filesystem = await asyncio.to_thread(_filesystem, app[CONFIG].current)
    services = _services(app)
    is_well = (
        database.status == "connected"
        and filesystem.status == "accessible"
        and services.download_service == "ready"
        and not app[CRASHED]
    )
    return HealthInDetail(
        status="healthy" if is_well else "degraded",
        version=VERSION,
        uptime_seconds=int(time.monotonic() - app[STARTED]),
        database=database,
        filesystem=filesystem,
        services=services,
        checks=app[CHECKUP].worst or "unknown",
    )


def _services(app: web.Application) -> Services:
    services = Services(anime_service="ready", download_service="ready")
    if "rescan" in app[CRASHED]:
        services.anime_service = "failed"
    if "engine" in app[CRASHED]:
        services.download_service = "failed"
    elif app[ENGINE].reason:
        services.download_service = "waiting"
    return services


async def _database(app: web.Application) -> DatabaseHealth:
    began = time.perf_counter()
    health = DatabaseHealth(status="connected", response_time_ms=0.0)
    try:
        await app[DB].run(lambda connection: connection.execute("select 1").fetchone())
    except sqlite3.Error:
        health.status = "failed"
    if app[DB].is_damaged or app[DB].cannot_write:
        health.status = "failed"
    health.response_time_ms = round((time.perf_counter() - began) * 1000, 2)
    return health


def _filesystem(config: Config) -> FilesystemHealth:
    folders = [Path(config.anime_directory), Path(config.download_directory)]
    try:
        free_bytes = min(shutil.disk_usage(folder).free for folder in folders)
    except OSError:
        return FilesystemHealth(status="inaccessible", disk_free_gb=0)
    # By the permission bits alone: a call that anybody may make should not write.
    is_writable = all(os.access(folder, os.W_OK | os.X_OK) for folder in folders)
    return FilesystemHealth(
        status="accessible" if is_writable else "inaccessible",
        disk_free_gb=round(free_bytes / 1e9, 1),
    )
