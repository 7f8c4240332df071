"""The state of the machine in full: the findings of the command `doctor`."""

import platform
import time
from typing import Literal

from aiohttp import web

from handlers import peer
from handlers.authenticator import AUTHENTICATOR
from handlers.keys import CHECKUP, CONFIG, STARTED
from store import VERSION
from store.findings import Finding, State, worst
from store.schema import record


@record
class System:
    """`state` is the worst of the checks' states. The `fix` of a check says what to do."""

    state: State
    version: str
    python: str
    machine: str
    uptime_seconds: int
    checks: list[Finding]


async def show(request: web.Request) -> System:
    """Try folders, state, clock, descriptors and sources, and look how this call came here.

    Takes as long as the slowest source. Callers within a minute get the same answer, but for
    `proxy`. Nothing is left behind in the folders.
    """
    findings = [*await request.app[CHECKUP](), *_look_at_proxy(request)]
    return System(
        state=worst(findings),
        version=VERSION,
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
        uptime_seconds=int(time.monotonic() - request.app[STARTED]),
        checks=findings,
    )


def _look_at_proxy(request: web.Request) -> list[Finding]:
    """Look how the call came here, and which headers its proxy does not send."""
    proxies = request.app[CONFIG].current.trusted_proxies
    nearest = str(peer.parse_address(request.remote or "") or request.remote)
    is_trusted = peer.is_trusted(nearest, proxies)
    if not is_trusted and peer.is_forwarded(request):
        message = f"A proxy at {nearest} passes calls on and is not trusted: all have its address"
        return [_finding("warning", message, f'Set trusted_proxies to ["{nearest}"]')]
    if not is_trusted:
        return [_finding("ok", f"This call came from {nearest} without a proxy")]
    findings = []
    if "X-Forwarded-For" not in request.headers:
        message = f"The proxy at {nearest} does not say who calls (X-Forwarded-For)"
        findings.append(_finding("warning", message, _FIX))
    if "X-Forwarded-Proto" not in request.headers:
        message = f"The proxy at {nearest} does not say how it was called (X-Forwarded-Proto)"
        findings.append(_finding("warning", message, _FIX))
    origin = request.headers.get("Origin")
    if origin and origin != request.app[AUTHENTICATOR].own_origin(request):
        message = (
            f"The browser is at {origin}, and the proxy sends another Host or X-Forwarded-Proto"
        )
        findings.append(_finding("warning", message, _FIX))
    if findings:
        return findings
    caller = peer.address(request, proxies)
    return [_finding("ok", f"This call came from {caller} by the proxy at {nearest}")]


_FIX = "Let the proxy send Host, X-Forwarded-For and X-Forwarded-Proto, as in deploy/nginx.conf"


def _finding(state: Literal["ok", "warning"], message: str, fix: str = "") -> Finding:
    return Finding("proxy", state, message, fix)
