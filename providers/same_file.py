"""Whether two sources have the same file: two files of one length that begin alike."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

from providers.checked import CheckedProvider
from providers.network import Network
from store.models import Episode

SAMPLE_BYTES = 65_536  # the beginning of a video holds an id of this very file
BEGINNING = re.compile(r"bytes 0-[0-9]{1,18}/([0-9]{1,18})")


class Place(NamedTuple):
    """An episode as a source lists it."""

    provider: CheckedProvider
    key: str
    episode: Episode


async def beginning(network: Network, one: Place, other: Place) -> bytes:
    """How both files begin; nothing where they are not as long or begin otherwise. Raises Failure
    where a source does not answer."""
    first, second = await asyncio.gather(_begin(network, one), _begin(network, other))
    return first[1] if first and first == second else b""


async def _begin(network: Network, place: Place) -> tuple[int, bytes] | None:
    """The length of a file, and its first bytes; None where the source tells no length."""
    source = await place.provider.source(place.key, place.episode)
    headers = dict(source.headers) | {"Range": f"bytes=0-{SAMPLE_BYTES - 1}"}
    body, status, answered = await network.begin(
        source.url, SAMPLE_BYTES, base=place.provider.base, headers=headers
    )
    told = answered.get("Content-Length", "") if status == 200 else ""
    if match := BEGINNING.fullmatch(answered.get("Content-Range", "")):
        told = match[1]
    return (int(told), body) if told.isdecimal() and body else None
