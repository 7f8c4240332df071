"""A calendar as a text that calendar programs subscribe to (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from store import VERSION
from store.agenda import Airing

FOLD_OCTETS = 75
# Control characters are no text there; of line ends one becomes a mark.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_SPECIAL = re.compile(r"[\\;,]")

BEGIN = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    f"PRODID:-//Aniworld//Aniworld {VERSION}//EN",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    "X-WR-CALNAME:Aniworld",
    "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    "X-PUBLISHED-TTL:PT6H",
)


def write(airings: Iterable[Airing]) -> bytes:
    """The calendar of these episodes. The same episodes give the same bytes at any time."""
    lines = [*BEGIN, *(line for airing in airings for line in _event(airing)), "END:VCALENDAR"]
    return b"".join(fold(line) for line in lines)


def _event(airing: Airing) -> Iterator[str]:
    start, stamp = _moment(airing.aired)
    name = f"{airing.title} {airing.code}"
    yield "BEGIN:VEVENT"
    yield f"UID:{airing.anime_id}-{airing.code.lower()}@aniworld"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART{start}"
    yield f"SUMMARY:{escape(f'{name}: {airing.episode_title}' if airing.episode_title else name)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _moment(aired: str) -> tuple[str, str]:
    """When an episode airs, as DTSTART has it, and as a moment in UTC; a day lasts all day."""
    if len(aired) > len("2026-01-15"):
        try:
            moment = datetime.fromisoformat(aired)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            text = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        except (ValueError, OverflowError):
            pass
        else:
            return f":{text}", text
    day = aired[:10].replace("-", "")
    return f";VALUE=DATE:{day}", f"{day}T000000Z"


def escape(text: str) -> str:
    """A text as a value of the calendar."""
    escaped = _SPECIAL.sub(r"\\\g<0>", _LINE_END.sub("\n", _CONTROLS.sub("", text)))
    return escaped.replace("\n", "\\n")


def fold(line: str) -> bytes:
    """A line with its end, in pieces of at most 75 octets, none of which cuts a character."""
    pieces: list[bytes] = []
    piece, room = b"", FOLD_OCTETS
    for character in line:
        octets = character.encode(errors="replace")
        if len(piece) + len(octets) > room:
            pieces.append(piece)
            piece, room = b"", FOLD_OCTETS - 1  # the blank that begins it counts
        piece += octets
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
