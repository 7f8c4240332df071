"""The workflow of the README, the reference's, pasted into a shell against `--demo`."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import fields
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

import aniworld
from store.settings import Config
from tests.app import PATIENCE_SECONDS, ROOT, free_port, running, spawn, until
from tests.browser import Chromium
from tests.requirements import need

README = (ROOT / "README.md").read_text()
PARTS = {"curl": "curl", "jq": "jq", "wscat": "node-ws and node-https-proxy-agent"}


def workflow(port: int) -> list[str]:
    """The commands of each step, with a port that is free in place of the printed one."""
    block = re.search(r"```sh\n(# 1\. Setup.*?)```", README, re.S)[1]
    steps = re.split(r"^# \d\. .*\n", block, flags=re.M)[1:]
    return [step.replace("localhost:8000", f"localhost:{port}") for step in steps]


async def answers(steps: list[str]) -> list:
    """What each step prints, as JSON; None where it prints nothing."""
    script = "".join(f"{step}\necho; echo '--'\n" for step in steps)
    shell = await asyncio.create_subprocess_exec("bash", "-c", script, stdout=PIPE, stderr=DEVNULL)
    output, _ = await shell.communicate()
    texts = output.decode().split("--\n")[: len(steps)]
    return [json.loads(text) if text.strip() else None for text in texts]


async def messages_of(command: str) -> AsyncIterator[dict]:
    """Each message that wscat prints, as long as they are asked for."""
    wscat = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        f"exec {command}",
        stdin=PIPE,  # wscat ends with its input
        stdout=PIPE,
        stderr=DEVNULL,
        env={**os.environ, "NODE_PATH": "/usr/share/nodejs"},  # where Debian puts its modules
        limit=1 << 20,
    )
    try:
        while line := await wscat.stdout.readline():
            text = line.decode()
            yield json.loads(text[text.index("{") :])
    finally:
        wscat.kill()
        await wscat.wait()


async def until_completed(command: str, item: str) -> list[dict]:
    """The messages up to the one that tells that the item is completed."""
    heard = []
    async with aclosing(messages_of(command)) as messages, asyncio.timeout(PATIENCE_SECONDS):
        async for message in messages:
            heard.append(message)
            if message["type"] == "download_completed" and message["data"]["queue_item_id"] == item:
                return heard
    raise AssertionError(f"wscat ended after {heard}")


# The reference's lines for a browser, which keep the first message for us.
BROWSER = """
const ws = new WebSocket("ws://{host}/ws/downloads");
ws.onmessage = (event) => {{
const message = JSON.parse(event.data);
console.log(message);
window.heard = message.type;
}};
"""


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
async def test_a21_the_printed_lines_on_both_families(tmp_path, host):
    """wscat and a browser's script, over IPv4 and IPv6: the snapshot comes, without a token."""
    need("wscat", PARTS["wscat"])
    async with (
        running(tmp_path, hosts=aniworld.ALL_ADDRESSES) as server,
        Chromium(hosts=("localhost",)) as browser,
    ):
        place = f"{host}:{server.port}"
        async with aclosing(messages_of(f"wscat -c ws://{place}/ws/downloads")) as messages:
            assert (await anext(messages))["type"] == "snapshot"
        page = await browser.open(f"http://{place}/")
        await page.evaluate(BROWSER.format(host=place))
        assert await page.wait_for("window.heard") == "snapshot"


@pytest.mark.slow
async def test_the_workflow_runs_as_printed(tmp_path):
    for command, package in PARTS.items():
        need(command, package)
    port = free_port()
    steps = workflow(port)
    assert len(steps) == 7 and steps[6].startswith("wscat -c ws://")
    log = tmp_path / "log"
    server = spawn(tmp_path / "state", "--demo", "--port", str(port), log=log)

    def is_scanned() -> bool:
        assert server.poll() is None, log.read_text()
        return "scanned" in log.read_text()

    try:
        await until(is_scanned)
        setup, _, listed, added, status, started = await answers(steps[:6])
        assert setup == {"status": "ok"}
        assert [(row["id"], row["title"], row["missing_episodes"]) for row in listed] == [
            ("aniworld_123", "Attack on Titan", 5),
            ("aniworld_456", "Demon Slayer", 2),
        ]
        assert added["success"] is True and added["data"]["status"] == "pending"
        assert status["data"]["total_items"] == status["data"]["pending"] == 1
        assert started == {"success": True, "message": "Queue processing started"}
        messages = await until_completed(steps[6], added["data"]["queue_item_id"])
        assert messages[0]["type"] == "snapshot"
        progress = [each["data"] for each in messages if each["type"] == "download_progress"]
        assert progress and all(0 <= data["progress_percent"] <= 100 for data in progress)
        completed = messages[-1]["data"]
        file = Path(completed["file_path"])
        assert file.name == "Attack on Titan - S01E01.avi" and file.read_bytes()[:4] == b"RIFF"
        assert file.stat().st_size == completed["total_bytes"]
    finally:
        server.terminate()
        assert server.wait(PATIENCE_SECONDS) == 0


def test_the_settings_table_is_complete():
    table = (ROOT / "docs/settings.md").read_text()
    for field in fields(Config):
        row = re.search(rf"^\| `{field.name}` \| (.*?) \|", table, re.M)
        assert row, f"the table in docs/settings.md lacks {field.name}"
        if isinstance(field.default, (int, str)):
            assert str(field.default).lower() in row[1].lower().replace("`", ""), field.name


def test_only_the_promised_words():
    """The commands are those that the README prints and CI runs."""
    ci = (ROOT / ".ci" / "run").read_text()
    setup = "python3 -m venv .venv && .venv/bin/pip install -e"
    assert f"{setup} . && .venv/bin/python aniworld.py --demo\n" in README
    command = f"{setup} '.[test]' && .venv/bin/python -m pytest"
    assert f"{command}\n" in README and command in ci
