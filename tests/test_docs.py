"""The two documentation pages, in a real browser that reaches nothing but us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

import pytest
from aiohttp import web

from handlers import docs, openapi
from handlers.endpoint import Route
from handlers.fields import Rule
from tests.browser import Chromium

LOGO = "https://cdn.redoc.ly/"


@dataclass(frozen=True)
class Add:
    """What to fetch."""

    anime_id: Annotated[str, Rule(pattern="[a-z0-9-]+_[a-z0-9-]+", example="aniworld_123")]
    note: str | None = None


async def add(request: web.Request, body: Add) -> Add:
    """Add episodes of one anime to the download queue."""


async def show(request: web.Request, anime_id: str) -> list[Add]:
    """Show one."""


async def mark(request: web.Request, handler):
    """The version mark of a viewer, so that a second call of the same page is told apart."""


TOYS = (
    Route("POST", "/api/queue/add", add, status=201, wrap=True),
    Route("GET", "/api/v1/anime/{anime_id}", show, open=True),
)


@pytest.fixture
async def client(aiohttp_client):
    app = web.Application()
    app[openapi.DOCUMENT] = openapi.lazily(TOYS)
    app.add_routes(docs.routes())
    return await aiohttp_client(app)


async def open_page(browser, client, path):
    return await browser.open(str(client.make_url(path)))


async def test_swagger(client, tmp_path):
    async with Chromium() as browser:
        page = await open_page(browser, client, "/api/docs")
        await page.wait_for("document.querySelectorAll('.opblock').length == 2")
        await page.click(".opblock-post .opblock-summary-control")
        await page.wait_for("document.querySelector('.opblock-body .highlight-code')")
        await page.screenshot("/tmp/swagger.png")
        print(page.requests, page.console, page.blocked, page.bytes)

        page = await open_page(browser, client, "/api/redoc")
        await page.wait_for("document.querySelector('h1')")
        await page.wait_for("document.querySelectorAll('[id^=\"tag/\"] h2, [id^=\"operation/\"], [id*=\"/operation/\"]').length > 1")
        await page.screenshot("/tmp/redoc.png")
        print(page.requests, page.console, page.blocked, page.bytes)
        print(await page.evaluate("[...document.querySelectorAll('[id]')].map(e=>e.id)"))
