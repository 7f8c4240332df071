"""The token bucket that guards the API."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS
from handlers.keys import CONFIG, HEADERS
from store.errors import TooMany
from store.newest import Newest

MAX_CALLERS = 10_000  # that a limit tells apart; beyond that it forgets the oldest
# For another instance, which asks for each series in a rescan, and several times for each file.
SHARE_FACTOR = 50
UNLIMITED_PATHS = ("/api/docs", "/api/redoc")  # with the files of their pages


class TokenBucket:
    """`limit` tokens a minute for each key: as many at once, then one at a time as they refill."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._buckets: Newest[tuple[float, float]] = Newest(MAX_CALLERS)  # (tokens, when that was)

    def take(self, key: str, limit: int) -> tuple[int, float]:
        """Take one token, if there is one: (tokens left, seconds to wait, 0 when one was taken)."""
        now = self._clock()
        tokens, then = self._buckets.get(key, (limit, now))
        tokens = min(limit, tokens + (now - then) * limit / 60)
        wait_seconds = 0.0
        if tokens >= 1:
            tokens -= 1
        else:
            wait_seconds = (1 - tokens) * 60 / limit
        self._buckets.set(key, (tokens, now))
        return int(tokens), wait_seconds


BUCKET = web.AppKey("bucket", TokenBucket)


class Limiter:
    """The limit of `app`. A look into an application costs a call, so it is done once."""

    def __init__(self, app: web.Application):
        self._authenticator = app[AUTHENTICATOR]
        self._config = app[CONFIG]
        self._bucket = app[BUCKET]

    def take_token(self, request: web.Request) -> None:
        """Find out who calls, and take a token for a call below /api (docs/decisions.md, 17). Each
        good bearer token has a bucket, and so has each address that calls without one. A key of
        scope `share` has a larger bucket. Raises TooMany."""
        claims = self._authenticator.bearer_claims(request)
        request[CLAIMS] = claims
        limit = self._config.current.rate_limit_per_minute
        if not limit:
            return
        path = request.path
        if not path.startswith("/api/") or path.startswith(UNLIMITED_PATHS):
            return
        if claims and claims.access == "share":
            limit *= SHARE_FACTOR
        key = claims.jti if claims else self._authenticator.caller(request)
        left, wait_seconds = self._bucket.take(key, limit)
        request[HEADERS]["X-RateLimit-Remaining"] = str(left)
        if wait_seconds:
            raise TooMany("Rate limit exceeded", retry_after=math.ceil(wait_seconds))
