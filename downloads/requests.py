"""The requests to a source for a file: from some byte on, or for its length alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from downloads.part_file import Checkpoint
from downloads.validators import Changed, check_partial, is_same_whole, validator
from providers.answer import Answer
from providers.http_head import is_packed
from providers.network import Network
from store.errors import Cause, ProviderError
from store.models import Source

# Which say nothing about ranges: a login, a thing that is gone, or a source that is busy.
TELLING_STATUSES = {401, 408, 410, 425, 429}
BUSY_STATUSES = {408, 425, 429, 502, 503, 504}
# Nobody is there, or nobody lets us in: whatever is asked for.
AWAY: set[Cause] = {"refused", "unreachable", "name unknown", "login", "certificate", "TLS"}
# In a row that brought no byte, after which a range alone may be what the source cannot give.
BARREN_TRIES = 2
_TOTAL = re.compile(
    r"(?:bytes)?[ =:]*(?:\*|\d{1,18} *- *\d{1,18}) */ *(\d{1,18})", re.IGNORECASE | re.ASCII
)


class Told(NamedTuple):
    """The facts that a source tells of a file without sending it."""

    length: int | None
    etag: str | None
    modified: str | None


class Requests:
    """Asks in the way that the source understands. `if_range` says whether it understands
    If-Range, as far as that is known."""

    def __init__(self, web: Network, source: Source, base: str):
        self._web = web
        self._source = source
        self._base = base
        self.if_range = True

    @asynccontextmanager
    async def get(
        self, point: Checkpoint, start: int | None, end: int | None, *, alone: bool
    ) -> AsyncIterator[Answer]:
        """The answer that brings `point` from `start` to `end` (None: to the file's end), or the
        whole file, which is asked for where `start` is None.

        `alone` says that nobody else fetches this file: then a source that refuses ranges, or that
        has failed several times in a row when it was asked for one, is asked for the whole. An
        answer that would throw away the bytes so far may be an accident: the range is asked for
        once more. Raises ProviderError."""
        async with AsyncExitStack() as stack:
            headers = self._headers(point, start, end)
            may_be_accident = start is not None
            while True:
                try:
                    answer = await stack.enter_async_context(self._ask("GET", headers))
                except ProviderError as refusal:
                    is_barren = point.barren >= BARREN_TRIES and refusal.cause not in AWAY
                    simpler = self._simpler(headers, refusal, alone=alone, is_barren=is_barren)
                    if simpler is None:
                        raise
                    headers = simpler
                    continue
                if not self._is_odd(answer, point, start):
                    break
                if may_be_accident:
                    may_be_accident = False
                    if "If-Range" in headers and is_same_whole(answer, point):
                        self.if_range = False  # it has what we asked for, and does not see that
                    headers = self._headers(point, start, end)
                elif alone and "Range" in headers and _is_of_ranges_alone(answer, point):
                    headers = dict(self._source.headers)  # what it says then is true
                else:
                    break
                await stack.aclose()
            yield answer

    def _is_odd(self, answer: Answer, point: Checkpoint, start: int | None) -> bool:
        """Whether an answer does not go on, although its source is not known to be unable to."""
        is_unable = answer.headers.get("Accept-Ranges", "").lower() == "none"
        if start is not None and is_packed(answer.headers):
            return True
        if start is None or is_unable or point.restarts:
            return False
        if answer.status == 200:
            return is_same_whole(answer, point) or bool(answer.headers.get("ETag"))
        try:
            check_partial(answer, point, start, conditional=self.if_range)
        except Changed:
            told = _told_length(answer)
            return told is None or told == point.total  # else it is another file, surely
        return False

    async def length(self, found: int) -> int | None:
        """The file's length as its source tells it, None where it tells none. `found` bytes have
        come. Raises ProviderError where nobody is there to tell it.

        A server may tell less by HEAD than has come: a range shows whether that is true.
        """
        try:
            told = await self._ask_for_end(found)
            if told.length is not None and told.length < found:
                by_range = await self.ask_again(found, by_range=True)
                return told.length if by_range is None else by_range.length or told.length
        except ProviderError as refusal:
            if refusal.details.get("status") in {None, *BUSY_STATUSES}:
                raise
            return None
        return told.length

    async def ask_again(self, found: int, *, by_range: bool = False) -> Told | None:
        """What the source tells of the file now; None where it refuses. `found` bytes have come.
        `by_range` asks in the way in which they came, for the last one. Raises ProviderError where
        nobody is there to tell it."""
        try:
            return await (self._ask_for_last_byte if by_range else self._ask_for_end)(found)
        except ProviderError as refusal:
            if refusal.details.get("status") is None:
                raise
            return None

    async def _ask_for_end(self, found: int) -> Told:
        try:
            async with self._ask("HEAD", dict(self._source.headers)) as answer:
                told = _told(answer)
            if told.length is not None:
                return told
        except ProviderError:
            pass  # many know no HEAD
        return await self._ask_for_last_byte(found)

    async def _ask_for_last_byte(self, found: int) -> Told:
        headers = {**self._source.headers, "Range": f"bytes={found - 1}-"}
        async with self._ask("GET", headers) as answer:
            return _told(answer)

    def _ask(self, method: str, headers: dict[str, str]) -> AbstractAsyncContextManager[Answer]:
        return self._web.get(
            self._source.url, base=self._base, headers=headers, method=method, passing=(416,)
        )

    def _headers(self, point: Checkpoint, start: int | None, end: int | None) -> dict[str, str]:
        headers = dict(self._source.headers)
        if start is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
            if_range = validator(point)[1]
            if if_range and self.if_range:
                headers["If-Range"] = if_range
        return headers

    def _simpler(
        self, headers: dict[str, str], refusal: ProviderError, *, alone: bool, is_barren: bool
    ) -> dict[str, str] | None:
        """The headers of the next request when `headers` were refused; None ends the asking.
        `is_barren`: no request for a range has brought a byte for some time."""
        status = refusal.details.get("status")
        if status == 412 and "If-Range" in headers:
            self.if_range = False
            return {name: value for name, value in headers.items() if name != "If-Range"}
        is_of_ranges = status is not None and (300 <= status < 500 or status in (500, 501))
        may_help = is_barren or (is_of_ranges and status not in TELLING_STATUSES)
        return dict(self._source.headers) if alone and "Range" in headers and may_help else None


def _is_of_ranges_alone(answer: Answer, point: Checkpoint) -> bool:
    """Whether the source may answer better where no range is asked for.

    The answer is packed, or tells another length of the same version of the file.
    """
    if is_packed(answer.headers):
        return True
    is_other_length = None not in (answer.length, point.total) and answer.length != point.total
    return is_other_length and is_same_whole(answer, point)


def _told(answer: Answer) -> Told:
    headers = answer.headers
    return Told(_told_length(answer), headers.get("ETag"), headers.get("Last-Modified"))


def _told_length(answer: Answer) -> int | None:
    if answer.status in (206, 416):
        match = _TOTAL.fullmatch(answer.headers.get("Content-Range", ""))
        return int(match[1]) if match else None
    length = answer.headers.get("Content-Length", "")
    is_plain = answer.status == 200 and "Transfer-Encoding" not in answer.headers
    return int(length) or None if is_plain and length.isdecimal() else None
