"""What the application and a request carry, by typed keys. Nothing else lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from downloads.engine import Engine
    from downloads.renaming import Renaming
    from downloads.rescan import Rescan
    from handlers.authenticator import Authenticator, Claims
    from handlers.limits import LoginDelay, TokenBucket
    from handlers.live import Hub
    from providers import Providers
    from providers.network import Network
    from store.config import Configuration
    from store.db import Database

DB: web.AppKey[Database] = web.AppKey("db")
CONFIG: web.AppKey[Configuration] = web.AppKey("config")
PROVIDERS: web.AppKey[Providers] = web.AppKey("providers")
NETWORK: web.AppKey[Network] = web.AppKey("network")
ENGINE: web.AppKey[Engine] = web.AppKey("engine")
RESCAN: web.AppKey[Rescan] = web.AppKey("rescan")
RENAMING: web.AppKey[Callable[[], Renaming]] = web.AppKey(
    "renaming"
)  # made when it is first needed
HUB: web.AppKey[Hub] = web.AppKey("hub")
AUTHENTICATOR: web.AppKey[Authenticator] = web.AppKey("authenticator")
BUCKET: web.AppKey[TokenBucket] = web.AppKey("bucket")
LOGINS: web.AppKey[LoginDelay] = web.AppKey("logins")
STARTED: web.AppKey[float] = web.AppKey("started")  # time.monotonic()
APPLY: web.AppKey[Callable] = web.AppKey("apply")  # puts changed settings in force
CRASHED: web.AppKey[set[str]] = web.AppKey("crashed")  # background tasks that ended by a bug

CLAIMS: web.RequestKey[Claims | None] = web.RequestKey(
    "claims"
)  # of the bearer token, if it is good
HEADERS: web.RequestKey[dict[str, str]] = web.RequestKey(
    "headers"
)  # that the answer will carry, whoever makes it: X-Request-ID from the start
