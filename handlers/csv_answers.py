"""A list as a table for spreadsheets (RFC 4180): sent row by row, so that it takes no memory."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from handlers.responses import sign

log = logging.getLogger(__name__)

BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for the code page of its country
SEND_SECONDS = 30.0  # that a reader may take for some rows
# A cell that begins so is a formula to a spreadsheet, also behind blanks and in wide letters.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')


def is_wanted(request: web.Request, given: str | None) -> bool:
    """Whether the caller asks for a table: by `?format=csv`, else by an Accept for it alone."""
    if given:
        return given == "csv"
    accept = request.headers.get("Accept", "")
    accepted = [part.partition(";")[0].strip() for part in accept.lower().split(",")]
    return "text/csv" in accepted and "application/json" not in accepted


async def send(
    request: web.Request,
    name: str,
    columns: Sequence[str],
    chunks: AsyncIterator[list[Sequence[object]]],
) -> web.StreamResponse:
    """Answer with a table of this name, some rows at a time. If it cannot be sent whole, the
    connection is broken off: nobody takes a part for the whole."""
    answer = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8; header=present",
            "Content-Disposition": f'attachment; filename="{name}.csv"',
            "Cache-Control": "no-store",
        }
    )
    sign(request, answer)
    await answer.prepare(request)
    if request.method == "HEAD":
        return answer
    try:
        await _write(answer, BYTE_ORDER_MARK + line(columns))
        async for rows in chunks:
            await _write(answer, "".join(map(line, rows)))
        await answer.write_eof()
    except Exception as error:
        if request.transport:
            request.transport.abort()
        if not isinstance(error, ConnectionError):
            log.error("%s.csv was not sent whole", name, exc_info=error)
    return answer


def line(cells: Sequence[object]) -> str:
    """One row, with its end."""
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, str) and _FORMULA.match(text):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


async def _write(answer: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await answer.write(text.encode(errors="replace"))
