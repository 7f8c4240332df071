"""The token bucket that guards the API, and the growing delay after wrong passwords."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS
from handlers.keys import CONFIG, HEADERS
from store.errors import TooMany

MAX_CALLERS = 10_000  # that a limit tells apart; beyond that it forgets the oldest
UNLIMITED_PATHS = ("/api/docs", "/api/redoc")  # with the files of their pages
FREE_FAILURES = 5  # wrong passwords without a delay
MAX_DELAY_SECONDS = 900


class TokenBucket:
    """`limit` tokens a minute for each key: as many at once, then one at a time as they refill."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        # key -> (tokens, when that was); in the order of the last call, the oldest first
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, limit: int) -> tuple[int, float]:
        """Take one token, if there is one: (tokens left, seconds to wait, 0 when one was taken)."""
        now = self._clock()
        tokens, then = self._buckets.pop(key, (limit, now))
        tokens = min(limit, tokens + (now - then) * limit / 60)
        wait_seconds = 0.0
        if tokens >= 1:
            tokens -= 1
        else:
            wait_seconds = (1 - tokens) * 60 / limit
        self._buckets[key] = tokens, now
        while len(self._buckets) > MAX_CALLERS:
            del self._buckets[next(iter(self._buckets))]
        return int(tokens), wait_seconds


BUCKET = web.AppKey("bucket", TokenBucket)


def take_token(request: web.Request) -> None:
    """Find out who calls, and take a token for a call below /api (docs/decisions.md, 17).

    Each good bearer token has a bucket, and so has each address that calls without one. Raises
    TooMany.
    """
    app = request.app
    claims = app[AUTHENTICATOR].bearer_claims(request)
    request[CLAIMS] = claims
    limit = app[CONFIG].current.rate_limit_per_minute
    path = request.path
    if not limit or not path.startswith("/api/") or path.startswith(UNLIMITED_PATHS):
        return
    key = claims.jti if claims else app[AUTHENTICATOR].caller(request)
    left, wait_seconds = app[BUCKET].take(key, limit)
    request[HEADERS]["X-RateLimit-Remaining"] = str(left)
    if wait_seconds:
        raise TooMany("Rate limit exceeded", retry_after=math.ceil(wait_seconds))


class LoginDelay:
    """Counts wrong passwords by key. After the free ones a caller waits 1, 2, 4 ... seconds.

    A delay grows up to MAX_DELAY_SECONDS, and the count is forgotten as long after it has ended.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        # How many bcrypts may run at once: each costs a small machine a second of a core. The local
        # owner never queues behind others.
        self.slots = {"local owner": asyncio.Semaphore(1), "others": asyncio.Semaphore(2)}
        self._failures: dict[str, tuple[int, float]] = {}  # key -> (count, when the next may come)

    def wait_seconds(self, key: str) -> float:
        """Seconds until `key` may try again; 0: now."""
        count, due = self._failures.get(key, (0, 0.0))
        if count and self._clock() > due + MAX_DELAY_SECONDS:
            del self._failures[key]
            return 0.0
        return max(0.0, due - self._clock())

    def record_failure(self, key: str) -> None:
        count = self._failures.pop(key, (0, 0.0))[0] + 1
        delay = 0
        if count >= FREE_FAILURES:
            delay = min(2 ** min(count - FREE_FAILURES, 20), MAX_DELAY_SECONDS)
        self._failures[key] = count, self._clock() + delay
        while len(self._failures) > MAX_CALLERS:
            del self._failures[next(iter(self._failures))]

    def record_success(self, key: str) -> None:
        self._failures.pop(key, None)


LOGINS = web.AppKey("logins", LoginDelay)
