"""Route -> aiohttp handler: token, path, query, body, call, answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Awaitable, Callable


@dataclass(frozen=True)
class Route:
    """One line of the API. Locked unless `open`; `wrap` puts the answer under `{"success": true, "data": ...}`."""

    method: str
    path: str
    call: Callable[..., Awaitable[object]]
    status: int = 200
    wrap: bool = False
    open: bool = False
    alias: str | None = None  # a second path that answers the same
