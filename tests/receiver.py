"""A server that takes messages, and answers as it is told.

async with Receiver() as up:
    up.answers = {"/hook": [503, 204]}     # for the first request there, and for all further ones
    up.received[0].path, .headers, .json
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import CIMultiDictProxy


@dataclass
class Received:
    method: str
    path: str  # with its query
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """`answers`: path -> statuses or answers; 200 for other paths."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: dict[str, list[int | web.Response | bytes]] = {}
        self.is_silent = False

    async def __aenter__(self) -> Receiver:
        self._runner = web.ServerRunner(web.Server(self._take), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.base = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def at(self, path: str) -> list[Received]:
        """The requests for this path."""
        return [each for each in self.received if each.path.partition("?")[0] == path]

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        self.received.append(Received(request.method, request.path_qs, request.headers, body))
        if self.is_silent:
            await asyncio.sleep(60)
        answers = self.answers.get(request.path, [200])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, bytes):
            kind = "text/xml" if answer.startswith(b"<") else "application/json"
            return web.Response(body=answer, content_type=kind)
        return answer if isinstance(answer, web.Response) else web.Response(status=answer)
