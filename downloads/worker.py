"""The work on one item until it is completed, failed or pending again."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable

from downloads import events
from downloads.backoff import Backoff
from downloads.crowds import Crowds
from downloads.disks import Disks
from downloads.events import Event, QueueItem
from downloads.job import Job, unbroken
from downloads.judgement import CONSEQUENCES, COUNTS, LASTING
from downloads.rests import Rests
from store import item_sources, queue, rests
from store.db import Database
from store.errors import Failure, ProviderError, Unsettled
from store.models import Item

log = logging.getLogger(__name__)

TRIES = 5
LASTING_TRIES = 3  # where another try seldom helps


class Worker:
    """`wait_for` lets the whole queue wait, with a reason. `is_beside` says whether another job
    gets bytes from the source of this one."""

    def __init__(
        self,
        db: Database,
        publish: Callable[[Event], None],
        wait_for: Callable[[str], None],
        *,
        backoff: Backoff,
        rests: Rests,
        disks: Disks,
        crowds: Crowds,
        is_beside: Callable[[Job], Awaitable[bool]],
    ):
        self._db = db
        self._publish = publish
        self._wait_for = wait_for
        self._backoff = backoff
        self._rests = rests
        self._disks = disks
        self._crowds = crowds
        self._is_beside = is_beside

    async def work(self, job: Job) -> None:
        """Work on the item; each way out is stored and told."""
        try:
            await self._try(job)
        finally:
            if job.durable:
                self._crowds.ended(
                    job.item.provider,
                    job.item.id,
                    were_refused=job.progress.were_refused,
                    were_several=job.progress.were_several,
                )

    async def _try(self, job: Job) -> None:
        item = job.item
        try:
            completed = await job.run(lambda: self._publish(events.DownloadStarted.of(item)))
            self._publish(completed)
            if job.progress.fetched:
                await self._rests.answered(item.provider)
        except asyncio.CancelledError:
            await self._release(item, "")
        except ProviderError as failure:
            await self._judge_source(job, failure)
        except Unsettled as wait:
            self._backoff.delay((item.id, item.provider), 0, wait.seconds)
            await self._release(item, str(wait), durable=job.durable)
        except Failure as failure:
            await self._fail(item, failure.code, str(failure))
        except OSError as error:
            log.warning("%s: %s", item.name, error)
            await self._judge_path(job, error)
        except sqlite3.Error as error:
            # The item is claimed anew when the database can be written again.
            log.error("%s: the database failed: %s", item.name, error)
            self._wait_for("The database cannot be written")
        except Exception:
            log.exception("%s: unexpected", item.name)
            message = "The download failed for a reason that only the log tells"
            await self._fail(item, "DOWNLOAD_ERROR", message)

    async def _judge_source(self, job: Job, failure: ProviderError) -> None:
        """Let the source rest if it has failed as a whole; else the item tries again, or fails."""
        item = job.item
        try:
            if await self._is_crowded_out(job, failure):
                seconds = failure.retry_after or 0.0
                self._backoff.delay((item.id, item.provider), 1, seconds)
                await self._release(item, f"{failure}, beside another download from there")
                return
            verdict = await self._rests.judge(item, failure)
            at_least = failure.retry_after or 0.0
            if verdict.why or at_least:
                why = verdict.why or str(failure)
                at_least = await self._rests.rest(item.provider, why, at_least)
        except asyncio.CancelledError:
            await self._release(item, "")
            return
        if verdict.costs_try:
            await self._lose_try(job, failure, at_least)
        else:
            # Behind the others of its source, so that each time another one finds out.
            self._backoff.delay((item.id, item.provider), 1, at_least)
            await self._release(item, f"{rests.RESTS}: {verdict.why}", durable=job.durable)

    async def _is_crowded_out(self, job: Job, failure: ProviderError) -> bool:
        """Whether the item failed beside another download, before its first byte.

        Perhaps the source bears one connection only.
        """
        may_be_source = CONSEQUENCES[failure.cause].whose == "source or file"
        why = str(failure)
        if job.durable or not may_be_source or not self._crowds.may_excuse(job.item.id, why):
            return False
        is_beside = await self._is_beside(job)
        self._crowds.failed(job.item.provider, job.item.id, why, is_beside=is_beside)
        return is_beside

    async def _lose_try(self, job: Job, failure: ProviderError, at_least: float) -> None:
        attempts = self._attempts(job)
        is_final = failure.final and CONSEQUENCES[failure.cause].then != COUNTS
        is_spent = is_final or attempts >= TRIES
        item = job.item
        losing = self._db.note(
            item_sources.lose_try, item.id, attempts, str(failure), is_spent=is_spent
        )
        has_others = await unbroken(losing)
        if is_spent and not has_others:
            await self._fail(item, failure.code, await self._explain(item, failure))
            return
        self._backoff.delay((item.id, item.provider), attempts, at_least)
        reason = f"{failure} (try {attempts} of {TRIES})"
        if has_others:
            reason = f"{item.provider}: {reason}; another source has it, too"
        await self._release(item, reason, attempts, job.durable)

    async def _explain(self, item: Item, failure: ProviderError) -> str:
        """Why an item fails, at each of its sources where it has several."""
        failures = await self._db.run(item_sources.failures, item.id)
        if len(failures) < 2:
            return str(failure)
        return "; ".join(f"{source}: {message}" for source, message in failures)

    async def _judge_path(self, job: Job, error: OSError) -> None:
        """Set an item aside whose own path cannot be used; or wait for room, or for a directory."""
        item = job.item
        try:
            reason = await self._disks.judge(error, job)
        except asyncio.CancelledError:
            await self._release(item, "")
            return
        if reason is not None:
            self._wait_for(reason)
            await self._release(item, reason or "The disk is full", durable=job.durable)
            return
        attempts = self._attempts(job)
        tries = LASTING_TRIES if error.errno in LASTING else TRIES
        message = self._disks.explain(error, job)
        if attempts >= tries:
            await self._fail(item, "DOWNLOAD_ERROR", message)
        else:
            self._backoff.delay(item.id, attempts)
            reason = f"{message} (try {attempts} of {tries})"
            await self._release(item, reason, attempts, job.durable)

    def _attempts(self, job: Job) -> int:
        """How many tries were lost in a row.

        A try that left more durable bytes than any before starts the count anew, unless it has
        dropped the bytes of another source for that.
        """
        is_first = job.durable > job.item.durable and not job.has_begun_anew
        return 1 if is_first else job.item.attempts + 1

    async def _release(
        self, item: Item, reason: str, attempts: int | None = None, durable: int = 0
    ) -> None:
        releasing = self._db.note(queue.release, item.id, reason, attempts, durable)
        released = await unbroken(releasing)
        if released:
            self._publish(events.QueueItems([QueueItem.of(released)]))

    async def _fail(self, item: Item, code: str, message: str) -> None:
        failed = await unbroken(self._db.run(queue.fail, item.id, code, message))
        self._publish(events.DownloadError.of(failed))
