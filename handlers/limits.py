"""The token bucket that guards the API, and the growing wait after wrong passwords."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS
from handlers.keys import CONFIG, HEADERS
from store.errors import TooMany

KEYS = 10_000  # at most that many callers are told apart; the oldest fall out
UNLIMITED = ("/api/docs", "/api/redoc")  # the docs and their files
FREE = 5  # wrong passwords without a wait
LONGEST = 900  # seconds


class TokenBucket:
    """`limit` tokens a minute for each key: as many at once, then one at a time as they come back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._buckets: dict[
            str, tuple[float, float]
        ] = {}  # key -> (tokens, when); insertion order is age

    def take(self, key: str, limit: int) -> tuple[int, float]:
        """(tokens left, seconds to wait): one token is taken if there is one, else the wait is above 0."""
        now = self._clock()
        tokens, then = self._buckets.pop(key, (limit, now))
        tokens = min(limit, tokens + (now - then) * limit / 60)
        wait = 0.0 if tokens >= 1 else (1 - tokens) * 60 / limit
        if not wait:
            tokens -= 1
        self._buckets[key] = tokens, now
        while len(self._buckets) > KEYS:
            del self._buckets[next(iter(self._buckets))]
        return int(tokens), wait


BUCKET = web.AppKey("bucket", TokenBucket)


def token_bucket(request: web.Request) -> None:
    """Find out who calls, and take a token for each call below /api: by its bearer token if that is good, else by address
    (decisions.md 17). Raises TooMany."""
    app = request.app
    request[CLAIMS] = claims = app[AUTHENTICATOR].bearer(request)
    limit = app[CONFIG].current.rate_limit_per_minute
    if not limit or not request.path.startswith("/api/") or request.path.startswith(UNLIMITED):
        return
    key = claims.jti if claims else app[AUTHENTICATOR].caller(request)
    left, wait = app[BUCKET].take(key, limit)
    request[HEADERS]["X-RateLimit-Remaining"] = str(left)
    if wait:
        raise TooMany("Rate limit exceeded", retry_after=math.ceil(wait))


class LoginDelay:
    """Wrong passwords by key: FREE without a wait, then 1, 2, 4 … seconds up to LONGEST, forgotten after LONGEST."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        # bcrypts at a time: a login costs a small machine a second of a core. The local owner never queues behind others.
        self.turn = {"local owner": asyncio.Semaphore(1), "others": asyncio.Semaphore(2)}
        self._wrong: dict[str, tuple[int, float]] = {}  # key -> (how many, when the next may come)

    def wait(self, key: str) -> float:
        """Seconds until `key` may try again; 0: now."""
        count, due = self._wrong.get(key, (0, 0.0))
        if count and self._clock() > due + LONGEST:
            del self._wrong[key]
            return 0.0
        return max(0.0, due - self._clock())

    def wrong(self, key: str) -> None:
        count = self._wrong.pop(key, (0, 0.0))[0] + 1
        pause = 0 if count < FREE else min(2 ** min(count - FREE, 20), LONGEST)
        self._wrong[key] = count, self._clock() + pause
        while len(self._wrong) > KEYS:
            del self._wrong[next(iter(self._wrong))]

    def right(self, key: str) -> None:
        self._wrong.pop(key, None)


LOGINS = web.AppKey("logins", LoginDelay)
