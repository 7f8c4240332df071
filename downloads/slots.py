"""The jobs that run now, each in a task of its own."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import NamedTuple

from downloads import crowds
from downloads.job import Job
from downloads.transferred import Transferred

SHOW_SECONDS = 2.0  # for which a job waits for the first bytes of those beside it


class Slot(NamedTuple):
    job: Job
    task: asyncio.Task[None]


class Slots:
    """Jobs by their items' ids. A job frees its slot itself, when its task ends."""

    def __init__(self) -> None:
        self._slots: dict[int, Slot] = {}
        self._fetched = 0  # bytes of the jobs that have ended
        # provider -> monotonic time at which the last job with bytes from there has ended
        self._ended_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def item_ids(self) -> set[int]:
        return set(self._slots)

    def item_ids_of(self, providers: set[str]) -> set[int]:
        """The ids of the running items that come from these providers."""
        return {job.item.id for job in self.jobs() if job.item.provider in providers}

    def providers(self) -> set[str]:
        return {job.item.provider for job in self.jobs()}

    def jobs(self) -> list[Job]:
        return [slot.job for slot in self._slots.values()]

    def start(self, job: Job, work: Callable[[Job], Coroutine[None, None, None]]) -> None:
        """Run `work(job)` in a task."""
        task = asyncio.create_task(work(job), name=job.item.name)
        self._slots[job.item.id] = Slot(job, task)

    def free(self, item_id: int) -> None:
        slot = self._slots.pop(item_id, None)
        if slot and slot.job.progress.fetched:
            self._fetched += slot.job.progress.fetched
            self._ended_at[slot.job.item.provider] = time.monotonic()

    async def cancel(self, item_ids: Iterable[int]) -> None:
        """End the tasks of these items, and wait until they have ended."""
        # One that was made just now begins first: a task that is cancelled before it has begun runs
        # no line of its job, so the job would keep its slot for ever.
        await asyncio.sleep(0)
        tasks = [self._slots[item_id].task for item_id in item_ids if item_id in self._slots]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- all transfers together ------------------------------------------------------------------

    def transferred(self, item_id: int) -> Transferred | None:
        """How far an item's transfer has come; None while none runs."""
        slot = self._slots.get(item_id)
        return slot.job.transferred() if slot else None

    def speed(self) -> float:
        """Megabits a second."""
        return sum(job.speed() for job in self.jobs())

    def fetched(self) -> int:
        """Bytes that came over the wire, of all jobs so far."""
        return self._fetched + sum(job.progress.fetched for job in self.jobs())

    def remaining(self) -> int:
        """Bytes still to come, as far as known."""
        return sum(job.remaining() for job in self.jobs())

    async def is_beside(self, job: Job) -> bool:
        """Whether another job gets bytes from the source of `job`, which has failed.

        A job that got bytes while `job` ran counts too, as a source may see late that a connection
        has ended. A job that has just begun is given a moment to get its first bytes.
        """
        job.has_failed = True
        provider = job.item.provider
        until = time.monotonic() + SHOW_SECONDS
        while True:
            if self._ended_at.get(provider, -math.inf) > job.began - crowds.CALM_SECONDS:
                return True
            others = [
                other
                for other in self.jobs()
                if other.item.provider == provider and not other.has_failed
            ]
            if any(other.progress.fetched for other in others):
                return True
            if not others or time.monotonic() >= until:
                return False
            await asyncio.sleep(SHOW_SECONDS / 40)

    def spare_connections(self, provider: str, most: int) -> int:
        """How many further connections each job of a provider may have, of `most` together."""
        used = [job.progress.connections for job in self.jobs() if job.item.provider == provider]
        return -(-max(0, most - sum(used)) // len(used))  # rounded up
