"""A bounded dictionary: beyond its size, the key that was set longest ago goes."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """The values of the `most` keys that were set last."""

    def __init__(self, most: int):
        self._most = most
        self._values: dict[str, T] = {}  # the one that was set longest ago comes first

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str, default: T) -> T:
        return self._values.get(key, default)

    def set(self, key: str, value: T) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        while len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def forget(self, key: str) -> None:
        self._values.pop(key, None)
