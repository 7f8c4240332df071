"""A request to a source, and the login that goes along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Required, TypedDict

from yarl import URL

from providers import digest


class Asking(TypedDict, total=False):
    """How an address is asked. `base` is the owner's address of the source: private addresses are
    allowed on its host alone. `headers` other than the harmless ones stay with the origin of the
    address. Statuses other than 2xx and those in `passing` are raised."""

    base: Required[str]
    headers: Mapping[str, str]
    method: str
    data: bytes
    passing: tuple[int, ...]


class Request(NamedTuple):
    """A request; `base` is the owner's address of the source that it is for."""

    url: URL
    base: str
    method: str
    headers: dict[str, str]
    data: bytes


def has_login(request: Request) -> bool:
    """Whether a Basic login goes along."""
    return request.headers.get("Authorization", "").startswith(digest.BASIC)


def logged_in(request: Request, challenge: digest.Challenge | None) -> Request:
    """The request with an answer to the challenge in place of a Basic login."""
    if challenge is None or not has_login(request):
        return request
    login = challenge.answer(
        request.headers["Authorization"], request.method, request.url.raw_path_qs
    )
    return request._replace(headers=request.headers | {"Authorization": login})
