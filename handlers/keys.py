"""Typed keys of the application and of a request, for classes of the floors below.

A class of handlers/ has its key beside it: AUTHENTICATOR in authenticator.py, HUB in hub.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from downloads.engine import Engine
from downloads.rescan import Rescan
from providers import Providers
from providers.network import Network
from store.config import Configuration
from store.db import Database

if TYPE_CHECKING:
    from downloads.renaming import Renaming  # imported when it is first needed: see RENAMING

DB = web.AppKey("db", Database)
CONFIG = web.AppKey("config", Configuration)
PROVIDERS = web.AppKey("providers", Providers)
NETWORK = web.AppKey("network", Network)
ENGINE = web.AppKey("engine", Engine)
RESCAN = web.AppKey("rescan", Rescan)
# Makes the Renaming at the first call: few servers ever rename, and each would start later.
RENAMING: web.AppKey[Callable[[], Renaming]] = web.AppKey("renaming")
STARTED = web.AppKey("started", float)  # time.monotonic()
# Names of background tasks that a bug has ended: handlers/lifetime.py.
CRASHED: web.AppKey[set[str]] = web.AppKey("crashed")

# Headers that the answer will carry, whoever makes it: X-Request-ID from the start.
HEADERS: web.RequestKey[dict[str, str]] = web.RequestKey("headers")
