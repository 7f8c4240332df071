"""Answers that were read seconds ago, for calls in a row that ask for the same."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

LATELY_SECONDS = 5.0  # for which a value will do
KEPT_VALUES = 8

T = TypeVar("T")


class Lately(Generic[T]):
    """`read` reads the value of a key; the last few values are kept."""

    def __init__(self, read: Callable[[str], Awaitable[T]]):
        self._read = read
        self._values: OrderedDict[str, tuple[T, float]] = OrderedDict()  # and when they were read
        self._reading = asyncio.Lock()

    async def get(self, key: str, will_do: Callable[[T], bool] = lambda value: True) -> T:
        """The value of `key`, LATELY_SECONDS old at most, unless that one won't do."""
        async with self._reading:
            if key in self._values:
                value, read_at = self._values[key]
                if time.monotonic() - read_at <= LATELY_SECONDS and will_do(value):
                    return value
            value = await self._read(key)
            self._values[key] = value, time.monotonic()
            self._values.move_to_end(key)
            if len(self._values) > KEPT_VALUES:
                self._values.popitem(last=False)
            return value

    def refresh(self, key: str, value: T) -> None:
        """The key was read by somebody else: an older value must not outlive that."""
        if key in self._values:
            self._values[key] = value, time.monotonic()
