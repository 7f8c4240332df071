"""Whether the server is well. Needs no token, so it tells no paths and no names (decisions.md 30)."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Literal

from aiohttp import web

from handlers.keys import CONFIG, CRASHED, DB, ENGINE, STARTED
from store import VERSION
from store.schema import record


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


async def check(request: web.Request) -> Health:
    """Tell that the application is running."""
    return Health("degraded" if request.app[CRASHED] else "healthy", VERSION)


async def check_in_detail(request: web.Request) -> HealthInDetail:
    """Tell how the database, the directories and the services are."""
    app = request.app
    database = await _database(app)
    filesystem = await asyncio.to_thread(_filesystem, app[CONFIG].current)
    downloads = (
        "failed" if "engine" in app[CRASHED] else "waiting" if app[ENGINE].reason else "ready"
    )
    well = (
        database.status == "connected"
        and filesystem.status == "accessible"
        and downloads == "ready"
        and not app[CRASHED]
    )
    return HealthInDetail(
        "healthy" if well else "degraded",
        VERSION,
        int(time.monotonic() - app[STARTED]),
        database,
        filesystem,
        Services("failed" if "rescan" in app[CRASHED] else "ready", downloads),
    )


async def _database(app: web.Application) -> DatabaseHealth:
    began = time.perf_counter()
    try:
        await app[DB].run(lambda conn: conn.execute("select 1").fetchone())
        status = "connected"
    except sqlite3.Error:
        status = "failed"
    return DatabaseHealth(status, round((time.perf_counter() - began) * 1000, 2))


def _filesystem(config) -> FilesystemHealth:
    folders = [Path(config.anime_directory), Path(config.download_directory)]
    try:
        free = min(shutil.disk_usage(folder).free for folder in folders)
    except OSError:
        return FilesystemHealth("inaccessible", 0)
    # By the permission bits alone: a call that anybody may make should not write.
    well = all(os.access(folder, os.W_OK | os.X_OK) for folder in folders)
    return FilesystemHealth("accessible" if well else "inaccessible", round(free / 1e9, 1))
