"""Fetches a picture that a source offers, judged by its bytes, within a bounded size and time."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from providers.bodies import Document
from providers.body_version import Version
from providers.network import Network
from store import picture_sizes, pictures
from store.errors import ProviderError
from store.models import Picture

SECONDS = 20.0  # for all of it
ACCEPT = {"Accept": "image/webp, image/jpeg, image/png"}


class Fetched(NamedTuple):
    """The bytes of a picture; None if the known version is still the newest."""

    content: bytes | None
    version: Version


async def fetch(network: Network, base: str, picture: Picture, known: Version) -> Fetched:
    """Fetch a picture, unless the `known` version is still the newest. Raises ProviderError."""
    conditions = known.conditions()
    try:
        async with asyncio.timeout(SECONDS):
            return await network.parse(
                _read,
                picture.url,
                base=base,
                headers={**ACCEPT, **conditions, **picture.headers},
                # Unasked, a 304 tells of nothing that is known here.
                passing=(304,) if conditions else (),
                limit=pictures.MAX_FETCHED_BYTES,
                is_picture=True,
            )
    except TimeoutError:
        message = f"The source did not send its picture within {SECONDS:g} seconds"
        raise ProviderError(message, cause="silent") from None


def _read(document: Document) -> Fetched:
    version = Version.of(document.headers)
    if document.status == 304:
        return Fetched(None, version)
    content = document.take_body()
    if pictures.type_of(content) is None:
        raise ProviderError("The source sent no picture", final=True)
    if not picture_sizes.is_bearable(content):
        raise ProviderError("The source's picture is too large to be drawn", final=True)
    return Fetched(content, version)
