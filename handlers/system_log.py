"""The log of the last hours, for the owner alone: it names callers and files."""

import re
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

from aiohttp import web

from handlers.keys import CONFIG, LOG
from store import entries, secret_address
from store.schema import record
from store.secret import MASK

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
SHORTEST_SECRET = 4  # characters; a shorter one would be found in every word
SIGNS = "[/?&=]"  # between the parts of an address


@record
class LogQuery:
    """`level` is the least that is listed."""

    level: Level = "debug"


@record
class LogLine:
    """`source` is the part of the program that says it."""

    time: str
    level: Level
    source: str
    message: str


async def show(request: web.Request, query: LogQuery) -> list[LogLine]:
    """The newest lines of the log, as far as `log_level` lets them be said: the newest first.

    They are kept in memory for a day: 200 warnings and errors, and 300 others.
    """
    wanted = LEVELS[LEVELS.index(query.level) :]
    secrets = _secrets(request)
    return [
        LogLine(_time(line.at), level, line.name, _without(line.message, secrets))
        for line in request.app[LOG].newest()
        for level in wanted
        if level == line.level
    ]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _secrets(request: web.Request) -> list[str]:
    """What must stand in no answer, whoever may have logged it; the longest first."""
    config = request.app[CONFIG].current
    found = {
        form
        for entry in entries.all_of(config)
        for secret in entries.secrets_of(entry).values()
        for form in _forms(secret.reveal())
    }
    return sorted((text for text in found if len(text) >= SHORTEST_SECRET), key=len, reverse=True)


def _forms(text: str) -> set[str]:
    """A secret as it may stand in a line: as it is, in an address, and the parts of one."""
    parts: set[str] = set()
    if "://" in text:
        parts = set(re.split(SIGNS, text)) - set(re.split(SIGNS, secret_address.masked(text)))
    return {form for each in (text, *parts) for form in (each, quote(each, safe=""), quote(each))}


def _without(message: str, secrets: list[str]) -> str:
    for text in secrets:
        message = message.replace(text, MASK)
    return message
