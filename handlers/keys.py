"""Typed keys of the application and of a request, for classes of the floors below.

A class of handlers/ has its key beside it: AUTHENTICATOR in authenticator.py, HUB in hub.py.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from downloads.alike_hits import AlikeHits
from downloads.checkup import Checkup
from downloads.engine import Engine
from downloads.following import Following
from downloads.renaming import Renaming
from downloads.rescan import Rescan
from providers import Providers
from providers.network import Network
from store.config import Configuration
from store.db import Database
from store.log_lines import RecentLines

DB = web.AppKey("db", Database)
CONFIG = web.AppKey("config", Configuration)
PROVIDERS = web.AppKey("providers", Providers)
NETWORK = web.AppKey("network", Network)
ALIKE_HITS = web.AppKey("alike_hits", AlikeHits)
ENGINE = web.AppKey("engine", Engine)
RESCAN = web.AppKey("rescan", Rescan)
FOLLOWING = web.AppKey("following", Following)
RENAMING = web.AppKey("renaming", Renaming)
CHECKUP = web.AppKey("checkup", Checkup)
# Set where what is shared may have changed: the settings, the files of the library.
SHARED = web.AppKey("shared", asyncio.Event)
LOG = web.AppKey("log", RecentLines)
STARTED = web.AppKey("started", float)  # time.monotonic()
# Names of background tasks that a bug has ended: handlers/lifetime.py.
CRASHED: web.AppKey[set[str]] = web.AppKey("crashed")

# Headers that the answer will carry, whoever makes it: X-Request-ID from the start.
HEADERS: web.RequestKey[dict[str, str]] = web.RequestKey("headers")
