"""Thousands of calls that schemathesis makes up from the document, with a token and without. I1.

It gets an environment of its own, as no program needs it: .ci/run installs it into .ci/parts.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from handlers import errors
from handlers.connections import Connections
from handlers.routes import API
from store.sources import DirectoryProvider
from tests.app import running
from tests.servers import find
from tests.shows import Shows

SIZE = 100_000  # bytes of an episode
CALLS = 60  # of each operation
SEED = 7
# Not called: what ends the token, and what dials any address that is made up.
LEFT_OUT = (
    "/api/auth/logout",
    "/api/providers/test",
    "/api/notify/test",
    "/api/media_servers/test",
)
# Not content_type_conformance: the parser's own 400, as for an address over 8 KiB, is plain text
# (docs/decisions.md, 7).
CHECKS = (
    "status_code_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)


@pytest.mark.slow
@pytest.mark.parametrize("caller", ["owner", "stranger"])
async def test_i1_made_up_calls_break_nothing(tmp_path, monkeypatch, caller):
    """No bug, no database that fails, and each answer as the document says."""
    command = find("schemathesis", "schemathesis of PyPI")
    broken: list[tuple[str, str, str]] = []
    calls: Counter[str] = Counter()
    refuse, begin = errors.refusal, Connections.begin

    def count(self, request):
        calls[request.method] += 1
        begin(self, request)

    def refusal(request, code, message, **options):
        if code in ("INTERNAL_SERVER_ERROR", "DATABASE_ERROR"):
            broken.append((request.method, request.path_qs[:300], message))
        return refuse(request, code, message, **options)

    monkeypatch.setattr(errors, "refusal", refusal)
    monkeypatch.setattr(Connections, "begin", count)
    async with Shows([SIZE] * 3) as shows:
        source = DirectoryProvider("directory", "home", shows.base)
        fixed = {"rate_limit_per_minute": 0, "providers": [source]}
        forced = {name: (value, "the test") for name, value in fixed.items()}
        async with running(tmp_path, forced=forced) as server:
            await server.login()
            if caller == "stranger":
                await server.post("/api/auth/logout")
            process = await asyncio.create_subprocess_exec(
                *(command, "run", f"{server.base}/api/openapi.json"),
                *("--phases", "examples,fuzzing", "--checks", ",".join(CHECKS)),
                *("--max-examples", str(CALLS), "--seed", str(SEED), "--continue-on-failure"),
                *("--request-timeout", "60", "--no-color", "--warnings", "off"),
                *("--header", f"Authorization: Bearer {server.token}"),
                *(word for path in LEFT_OUT for word in ("--exclude-path", path)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=tmp_path,
            )
            output, _ = await process.communicate()
    text = output.decode()
    assert not broken, broken[:5]
    assert process.returncode == 0, text[-6000:]
    print(f"{calls.total()} calls of {len(API)} routes")
    assert calls.total() > 20 * len(API), calls
