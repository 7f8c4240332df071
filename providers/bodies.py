"""Small bodies, which lie in memory until they are parsed: a few large ones at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from traceback import clear_frames
from typing import TypeVar

from providers.answer import Answer
from providers.http_head import Headers, is_packed
from store import heap
from store.errors import ProviderError
from store.threads import Threads

T = TypeVar("T")

LARGE_BYTES = 128 * 1024  # a shorter body waits for nobody
MAX_LARGE = 2  # of all sources together


@dataclass
class Document:
    """A body with what is told of it; `url` is the address that it came from in the end."""

    body: bytes
    status: int
    headers: Headers
    url: str

    def take_body(self) -> bytes:
        """Take the body out: nothing here keeps its memory any longer."""
        body, self.body = self.body, b""
        return body


class Bodies:
    """Bounds the memory of all bodies together, however many sources send long ones."""

    def __init__(self) -> None:
        self._large = asyncio.Semaphore(MAX_LARGE)
        self._parsing = asyncio.Lock()  # one at a time: it takes more memory than the body

    @asynccontextmanager
    async def read(
        self, answer: Answer, limit: int, threads: Threads, time: asyncio.Timeout
    ) -> AsyncIterator[Document]:
        """The body of `answer`, of `limit` bytes at most. A large one keeps others from being read
        until the context ends. Waiting for others is not counted in `time`. Raises
        ProviderError."""
        if is_packed(answer.headers):
            raise ProviderError(
                "The source sent packed data although plain data was asked for",
                final=True,
                cause="refusal",
            )
        async with AsyncExitStack() as stack:
            body = BytesIO()
            stop = answer.connection.stop
            await threads.run(answer.read_to, body, LARGE_BYTES, limit, stop=stop)
            if not answer.ended:
                await stack.enter_async_context(self._large_one(time, threads))
                await threads.run(answer.read_to, body, limit + 1, limit, stop=stop)
            document = Document(body.getvalue(), answer.status, answer.headers, answer.url)
            body.close()
            yield document

    async def parse(self, parse: Callable[[Document], T], document: Document) -> T:
        """Run `parse` on a document, on a thread.

        A failure keeps nothing of the document alive, for as long as somebody keeps the failure.
        """
        async with self._parsing:
            return await asyncio.to_thread(_parse, parse, document)

    @asynccontextmanager
    async def _large_one(self, time: asyncio.Timeout, threads: Threads) -> AsyncIterator[None]:
        began, due = asyncio.get_running_loop().time(), time.when()
        _reschedule(time, None)
        async with self._large:
            await threads.run(heap.give_back)  # memory that the previous document has left
            waited = asyncio.get_running_loop().time() - began
            _reschedule(time, None if due is None else due + waited)
            yield


def _parse(parse: Callable[[Document], T], document: Document) -> T:
    is_large = len(document.body) > LARGE_BYTES
    try:
        return parse(document)
    except Exception as failure:
        _forget_locals(failure)
        raise
    finally:
        document.take_body()
        if is_large:
            heap.give_back()  # before the next one, which may be in memory already, is parsed


def _reschedule(time: asyncio.Timeout, due: float | None) -> None:
    """Move the end of a deadline that has not passed just now."""
    if not time.expired():
        time.reschedule(due)


def _forget_locals(failure: BaseException | None) -> None:
    """Clear the locals of all functions that a failure has come through, and of its causes."""
    while failure:
        clear_frames(failure.__traceback__)
        failure = failure.__context__
