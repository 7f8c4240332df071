"""Tells how far the transfers have come, as often as that may be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from downloads.events import DownloadProgress, Event
from downloads.slots import Slots

IDLE_TICKS = 5  # without transfers it looks for some to report of that much less often


async def report(slots: Slots, publish: Callable[[Event], None]) -> None:
    """Until cancelled."""
    tick = DownloadProgress.every_seconds
    while True:
        await asyncio.sleep(tick if slots.jobs() else IDLE_TICKS * tick)
        for job in slots.jobs():
            if job.progress.fetched:
                publish(DownloadProgress.of(job.item, job.transferred()))
