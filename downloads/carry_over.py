"""Going on at another source with the bytes that came from one: only where it has the same file.

Validators mean nothing at another host. A strong checksum that both tell proves that the files are
the same, and so do equal lengths together with equal bytes at several places (docs/decisions.md,
49). Everything else is another file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from downloads.part_file import OVERLAP_BYTES, Checkpoint, Part, Span
from downloads.receiver import NORMAL_LIMITS, Receiver
from downloads.requests import Requests
from downloads.validators import Changed, check_partial, resumable, version_of
from providers.network import Network
from store.errors import ProviderError
from store.item_sources import STRONG
from store.models import Source

log = logging.getLogger(__name__)

PLACES = 8  # at which the bytes are compared where nothing but the length tells


async def carry_over(
    web: Network, source: Source, part: Path, point: Checkpoint, *, base: str
) -> Checkpoint | None:
    """The map of `part` for the file at `source`; None where that may be another file.

    Raises ProviderError where the source does not answer, and OSError. In both cases nothing is
    changed.
    """
    if not point.spans or point.total is None or source.size not in (None, point.total):
        return None
    shared = point.checksums.keys() & source.checksums.keys()
    if any(point.checksums[name] != source.checksums[name].lower() for name in shared):
        return None
    is_proven = not shared.isdisjoint(STRONG)
    async with Part(part) as file:
        if await file.size() < point.spans[-1][1]:
            return None
        places = list(_places(point.spans, 1 if is_proven else PLACES))
        try:
            version = await _compare(web, source, file, point, places, base=base)
        except Changed:
            return None
    if not resumable(version):
        if not is_proven:
            return None
        version.etag = None  # it proves nothing, and the checksum proves all in the end
    return replace(point.of_version(version), url=source.url, restarts=0, barren=0)


def _places(spans: tuple[Span, ...], count: int) -> Iterator[Span]:
    """Stretches of the bytes that are here: the first, the last and others in between."""
    done = sum(end - start for start, end in spans)
    seen = set()
    for number in range(count):
        position = max(0, done - OVERLAP_BYTES) * number // max(1, count - 1)
        for start, end in spans:
            if position < end - start:
                first = start + position
                place = first, min(first + OVERLAP_BYTES, end)
                if place not in seen:
                    seen.add(place)
                    yield place
                break
            position -= end - start


async def _compare(
    web: Network,
    source: Source,
    file: Part,
    point: Checkpoint,
    places: list[Span],
    *,
    base: str,
) -> Checkpoint:
    """The version of the file at the source, if it has the same bytes. Raises Changed."""
    requests = Requests(web, source, base)
    version = Checkpoint(source.url, total=point.total)
    for start, end in places:
        async with requests.get(version, start, end, alone=True) as answer:
            check_partial(answer, version, start, conditional=requests.if_range)
            version.etag, version.modified = version_of(answer)
            receiver = Receiver(answer, file.threads, NORMAL_LIMITS)
            theirs = bytearray()
            try:
                while len(theirs) < end - start and not receiver.ended:
                    await receiver.receive(theirs.extend, end - start - len(theirs))
            finally:
                receiver.close()
        if len(theirs) < end - start:
            raise ProviderError("The source sent less than it promised", cause="broken off")
        if theirs != await file.read(end - start, start):
            raise Changed
    return version
