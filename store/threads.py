"""Blocking work on threads, for callers that live on the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """Up to `most` threads, each started when it is first needed."""

    def __init__(self, most: int, name: str):
        self._executor = ThreadPoolExecutor(most, name)

    async def run(
        self, work: Callable[..., T], *args: Any, stop: Callable[[], object] | None = None
    ) -> T:
        """Return what `work(*args)` returns. A cancelled caller calls `stop`, which should make
        `work` return soon, and is cancelled only after `work` has ended, or will never begin:
        nothing that `work` uses (a descriptor, a socket) can then be closed, and its number given
        away, under its hands."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[T] = loop.create_future()

        def on_thread() -> None:
            # asyncio.wrap_future would tell the same at twice the price.
            try:
                result = work(*args)
            except BaseException as failure:
                loop.call_soon_threadsafe(_fail, ended, failure)
            else:
                loop.call_soon_threadsafe(_succeed, ended, result)

        job = self._executor.submit(on_thread)
        try:
            return await ended
        except asyncio.CancelledError:
            if stop:
                stop()
            if not job.cancel():  # else it had not begun, and never will
                await undisturbed(asyncio.wrap_future(job))
            raise

    def close(self) -> None:
        """Take no more work. Returns at once; threads end with the work that they have."""
        self._executor.shutdown(wait=False)


def _succeed(ended: asyncio.Future[T], result: T) -> None:
    if not ended.done():  # else its caller was cancelled
        ended.set_result(result)


def _fail(ended: asyncio.Future[T], failure: BaseException) -> None:
    if not ended.done():
        ended.set_exception(failure)


async def undisturbed(task: asyncio.Future[Any]) -> bool:
    """Wait until `task` has ended, however often the caller is cancelled meanwhile. Returns whether
    the caller was cancelled."""
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    return cancelled


async def abandonable(work: Callable[..., T], *args: Any) -> T:
    """Return what `work(*args)` returns. Neither a cancelled caller nor the end of the process
    waits for `work`: for calls that nothing can stop, such as the look-up of a name."""
    result: Future[T] = Future()
    result.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result.set_result(work(*args))
        except BaseException as failure:
            result.set_exception(failure)

    threading.Thread(target=run, name="abandonable", daemon=True).start()
    return await asyncio.wrap_future(result)
