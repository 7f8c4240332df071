"""Trials of the targets that are told of events."""

from dataclasses import field
from typing import Literal

from aiohttp import web

from handlers.keys import CONFIG, NETWORK
from store.schema import record
from store.targets import MediaServer, Notify


@record
class Tested:
    """`ok` tells whether it works; `message` gives the result, and `fix` the cure."""

    success: Literal[True] = field(default=True, kw_only=True)
    ok: bool
    message: str
    fix: str


async def try_out(request: web.Request, body: Notify) -> Tested:
    """Send a test message to an entry of `notify` without storing it, which takes up to 15 seconds.

    A mask stands for the token that is stored for this address.
    """
    return await _test(request, request.app[CONFIG].unmasked(body))


async def try_media_server(request: web.Request, body: MediaServer) -> Tested:
    """Ask an entry of `media_servers` whether it knows the library; nothing is stored.

    A mask stands for the key that is stored for this address.
    """
    return await _test(request, request.app[CONFIG].unmasked(body))


async def _test(request: web.Request, target: Notify | MediaServer) -> Tested:
    from downloads import delivery  # late: few servers tell anybody

    library = request.app[CONFIG].current.anime_directory
    outcome = await delivery.test(target, request.app[NETWORK].own_port, library)
    return Tested(ok=outcome.ok, message=outcome.message, fix=outcome.fix)
