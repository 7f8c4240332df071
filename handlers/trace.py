"""The log's lines about logins and other access, one for each, with the caller's address.

docs/installation.md has a filter for fail2ban that reads the line of a wrong password.
"""

from __future__ import annotations

import logging

from aiohttp import web

from handlers.authenticator import AUTHENTICATOR

log = logging.getLogger("aniworld.access")


def record(request: web.Request, what: str) -> None:
    """Log that this caller has done `what`, as in `login from 192.168.1.20`."""
    log.info("%s from %s", what, request.app[AUTHENTICATOR].address(request))


def warn(request: web.Request, what: str) -> None:
    """Log as `record` does, but as a warning: for actions that a stranger may have tried."""
    log.warning("%s from %s", what, request.app[AUTHENTICATOR].address(request))
