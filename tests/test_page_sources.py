"""Each kind of source in the settings: added, tried, saved and found again, without its secrets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from store.secret import MASK, Secret
from store.sources import AniworldProvider, AnyKind, SourceSettings
from tests import (
    test_aniworld,
    test_archive,
    test_directory,
    test_feed,
    test_jellyfin,
    test_webdav,
    test_ytdlp,
)
from tests.app import Process
from tests.browser import Chromium
from tests.contract import ProviderContract
from tests.requirements import lack
from tests.sharing_instance import sharing
from tests.test_page import choose, count, go, log_in, open_in, shown, text
from tests.test_page_settings import DIALOG, faults, field, press_in, write

pytestmark = pytest.mark.slow
# As each is served for its own contract.
KINDS: dict[str, type[ProviderContract]] = {
    "directory": test_directory.TestNginxJson,
    "webdav": test_webdav.TestRclone,
    "jellyfin": test_jellyfin.TestJellyfin,
    "aniworld": test_aniworld.TestAniworld,
    "feed": test_feed.TestPodcast,
    "archive": test_archive.TestArchive,
    "ytdlp": test_ytdlp.TestYtdlp,
}
PASSWORD = "pass-of-the-source"
LIST = "[data-list=providers]"
# What has no field of its own, or is no matter of the kind.
NO_FIELDS = {"type", "name", "address", *(each.name for each in dataclasses.fields(AnyKind))}


def texts(settings: SourceSettings) -> dict[str, str]:
    """The settings as they are typed into the fields."""
    typed = {}
    for name, value in vars(settings).items():
        if name in NO_FIELDS or name == "use":
            continue
        if isinstance(value, Secret):
            typed[name] = value.reveal() or PASSWORD
        else:
            typed[name] = "\n".join(value) if isinstance(value, list) else str(value)
    return typed


@asynccontextmanager
async def served(kind: str, folder: Path) -> AsyncIterator[SourceSettings]:
    """A source of this kind that works, and its settings."""
    if kind == "aniworld":
        async with sharing(folder) as instance:
            yield AniworldProvider(kind, "friend", f"{instance.base}/", Secret(instance.key))
        return
    async with KINDS[kind]().serve(folder) as settings:
        yield settings


def test_no_kind_is_left_out():
    """But for that of the demo, which nobody sets up."""
    kinds = {get_args(get_type_hints(kind)["type"])[0] for kind in get_args(SourceSettings)}
    assert kinds == KINDS.keys() | {"demo"}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_source_of_each_kind(tmp_path, kind):
    if kind == "ytdlp" and not find_spec("yt_dlp"):
        lack("yt-dlp is not installed; the extra ytdlp has it")
    (tmp_path / "served").mkdir()
    (tmp_path / "own").mkdir()
    async with (
        served(kind, tmp_path / "served") as settings,
        Process(tmp_path / "own") as server,
        Chromium() as browser,
    ):
        await server.login()
        page = await open_in(browser, server.base + "/settings/sources")
        await log_in(page)
        await press_in(page, "Add a source")
        await page.wait_for(shown(DIALOG))
        await page.evaluate(choose(field("type", DIALOG), kind))
        typed = texts(settings)
        for name, value in typed.items():
            await write(page, field(name, DIALOG), value)
        await press_in(page, "Test", DIALOG)
        await page.wait_for(count(f"{DIALOG} .outcome"))
        assert await page.evaluate(count(f"{DIALOG} .outcome[data-state=ok]")), await page.evaluate(
            text(f"{DIALOG} .outcome")
        )
        await press_in(page, "Save", DIALOG)
        await page.wait_for(f"{count(f'{LIST} li')} == 1 && !{count(DIALOG)}")

        await page.go(server.base + "/settings/sources")
        await page.wait_for(f"{count(f'{LIST} li')} == 1")
        await page.click(f"{LIST} [data-action=edit0]")
        await page.wait_for(shown(DIALOG))
        for name in typed:
            value = await page.evaluate(f"document.querySelector({field(name, DIALOG)!r}).value")
            is_secret = isinstance(getattr(settings, name), Secret)
            assert value == (MASK if is_secret else typed[name]), name
        # A mask that is sent back stands for what it hides.
        await press_in(page, "Test", DIALOG)
        await page.wait_for(count(f"{DIALOG} .outcome[data-state=ok]"))
        _, config, _ = await server.get("/api/config")
        secrets = [typed[name] for name in typed if isinstance(getattr(settings, name), Secret)]
        assert not [text for text in secrets if text in json.dumps(config)]
        assert [source["type"] for source in config["data"]["providers"]] == [kind]
        await go(page, "settings/server")
        assert faults(page) == page.warnings == []
