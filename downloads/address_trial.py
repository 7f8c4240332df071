"""The server's page, tried at the address that a browser uses: through a proxy, below a prefix."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urljoin

import aiohttp

from store.findings import Finding

AREA = "address"
TRIAL_SECONDS = 60.0
LINK = re.compile(r'<script type="module" src="([^"]+)"')
EXAMPLES = "Compare the proxy's settings with deploy/nginx.conf or deploy/Caddyfile"


async def run(address: str, token: str | None) -> list[Finding]:
    """Make the calls of a browser: health, page, a file of the page, a call, the socket.

    Without a token, as before the setup, the call and the socket are left out.
    """
    base = address if address.endswith("/") else f"{address}/"
    timeout = aiohttp.ClientTimeout(total=TRIAL_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as client:
            if wrong := await _look_at_page(client, base):
                return [wrong]
            if token is None:
                return [Finding(AREA, "note", f"{base} shows the page; no password is set yet")]
            return await _look_at_calls(client, base, token)
    except aiohttp.ClientConnectorCertificateError as error:
        return [_problem(f"{base} has no valid certificate: {error.certificate_error}")]
    except (aiohttp.ClientError, ValueError, TimeoutError) as error:
        fix = "Start the proxy, or correct the address"
        return [_problem(f"{base} does not answer: {error or 'in time'}", fix)]


async def _look_at_page(client: aiohttp.ClientSession, base: str) -> Finding | None:
    """The faults of /health, the page and its script."""
    async with client.get(urljoin(base, "health")) as answer:
        if answer.status != 200 or answer.content_type != "application/json":
            return _problem(f"{answer.url} answers {answer.status} in place of the server's health")
        if answer.history:
            return _problem(f"{base} leads on to {answer.url}", "Use the address that it leads to")
    async with client.get(base) as answer:
        text = await answer.text() if answer.status == 200 else ""
    script = LINK.search(text)
    if script is None:
        return _problem(f"{base} does not show the page, though /health below it answers")
    async with client.get(urljoin(base, script[1])) as answer:
        if answer.status != 200:
            return _problem(f"{answer.url} answers {answer.status} in place of the page's script")
    return None


async def _look_at_calls(client: aiohttp.ClientSession, base: str, token: str) -> list[Finding]:
    """Make a call with a token, look at the headers that came, and open the socket."""
    bearer = {"Authorization": f"Bearer {token}"}
    async with client.get(urljoin(base, "api/auth/status"), headers=bearer) as answer:
        if answer.status != 200:
            message = f"A call with a good token is answered {answer.status} at {base}"
            return [_problem(message, "Let the proxy send Authorization on; is it this server?")]
    findings = []
    try:
        async with asyncio.timeout(15):
            protocols = ("aniworld.v1", f"bearer.{token}")
            async with client.ws_connect(urljoin(base, "ws/downloads"), protocols=protocols) as ws:
                await ws.receive_json()
        findings.append(Finding(AREA, "ok", f"{base} shows the page and live updates"))
    except (aiohttp.ClientError, ValueError, TypeError, TimeoutError):
        message = f"{base} shows the page, but no live updates come through"
        findings.append(_problem(message, f"Let the proxy send Upgrade on. {EXAMPLES}"))
    async with client.get(urljoin(base, "api/system"), headers=bearer) as answer:
        content = await answer.json() if answer.status == 200 else {"data": {"checks": []}}
    for check in content["data"]["checks"]:
        if check["area"] == "proxy":
            findings.append(Finding(**check))
    return findings


def _problem(message: str, fix: str = EXAMPLES) -> Finding:
    return Finding(AREA, "problem", message, fix)
