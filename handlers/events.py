"""The socket's messages for scripts, by calls that wait."""

import math
import time
from typing import Annotated, Any

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR, CLAIMS
from handlers.hub import HUB
from handlers.responses import json_text
from store.schema import Rule, record

MAX_WAIT_SECONDS = 60
# After the first message that ends a wait, so that a busy queue costs one call a second at most.
GATHER_SECONDS = 1.0

SENDS: dict[str, dict[str, Any]] = {
    "application/json": {
        "type": "object",
        "properties": {
            "success": {"type": "boolean", "enum": [True]},
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/SocketMessage"}},
            "seq": {"type": "integer"},
            "gap": {"type": "boolean"},
        },
        "required": ["success", "data", "seq", "gap"],
        "additionalProperties": False,
    }
}


@record
class EventsQuery:
    """`after` is the `seq` of the last answer; without it only messages from now on count. 0 stands
    for the start of the server. `wait` is in seconds."""

    after: Annotated[int, Rule(least=0, most=2**53 - 1)] | None = None
    wait: Annotated[float, Rule(least=0, most=MAX_WAIT_SECONDS)] = 0.0


async def listen(request: web.Request, query: EventsQuery) -> web.Response:
    """The messages of the socket with a number above `after`, without progress.

    If there is none yet, the call waits for it up to `wait` seconds, and then for one second more.
    `seq` is the number for the next call. `gap` tells that messages in between are lost: the newest
    1,000 are kept, and none over a restart. Then read the queue anew, and go on with `seq`.
    """
    hub = request.app[HUB]
    after = hub.seq if query.after is None else query.after
    messages, gap = hub.since(after)
    if query.wait and not messages and not gap:
        await _wait(request, query.wait)
        messages, gap = hub.since(after)
    head = b'{"success": true, "data": ['
    tail = b'], "seq": %d, "gap": %s}\n' % (hub.seq, b"true" if gap else b"false")
    return json_text(head + b", ".join(messages) + tail)


async def _wait(request: web.Request, seconds: float) -> None:
    """Wait for a message, and for those right behind it.

    Raises Unauthorized when the token or the key ends meanwhile, and TooMany.
    """
    hub, claims = request.app[HUB], request[CLAIMS]
    seq = hub.seq
    seconds_of_token = claims.exp - time.time() if claims else math.inf
    until = time.monotonic() + min(seconds, seconds_of_token)

    def is_gone() -> bool:
        return request.transport is None or request.transport.is_closing()

    with hub.waiting(claims, is_gone) as call:
        await call.wait(lambda: hub.seq > seq, until - time.monotonic())
        if hub.seq > seq:
            await call.wait(lambda: False, min(GATHER_SECONDS, until - time.monotonic()))
    if call.over == "token" or (claims and claims.exp <= time.time()):
        request.app[AUTHENTICATOR].require(None)
