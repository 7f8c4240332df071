"""The README's workflow, the reference's with a silent curl, pasted into a shell against `--demo`."""

import asyncio
import json
import os
import re
import time
from pathlib import Path

import pytest

from tests.app import PATIENCE, spawn
from tests.requirements import need
from tests.upstream import free_port

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def workflow() -> list[str]:
    block = re.search(r"```sh\n(# 1\. Setup.*?)```", README, re.S)[1]
    return re.split(r"^# \d\. .*\n", block, flags=re.M)[1:]


async def shell(script: str, **how) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "bash", "-c", script, stdout=-1, stderr=asyncio.subprocess.DEVNULL, **how
    )


@pytest.mark.slow
async def test_the_workflow_runs_as_printed(tmp_path):
    for command, package in (
        ("curl", "curl"),
        ("jq", "jq"),
        ("wscat", "node-ws and node-https-proxy-agent"),
    ):
        need(command, package)
    port = free_port()  # 8000 may be taken on this machine: the port is the one thing that differs
    steps = [step.replace("localhost:8000", f"localhost:{port}") for step in workflow()]
    assert len(steps) == 7 and steps[6].startswith("wscat -c ws://")
    log = tmp_path / "log"
    server = spawn(tmp_path / "state", "--demo", "--port", str(port), log=log)
    try:
        async with asyncio.timeout(PATIENCE):
            while "scanned" not in log.read_text():
                assert server.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        script = "".join(f"{step}\necho; echo '--'\n" for step in steps[:6])
        said = (await (await shell(script)).communicate())[0].decode().split("--\n")
        setup, _, listed, added, status, started = (
            json.loads(text) if text.strip() else None for text in said[:6]
        )
        assert setup == {"status": "ok"}
        assert [(row["id"], row["title"], row["missing_episodes"]) for row in listed] == [
            ("aniworld_123", "Attack on Titan", 5),
            ("aniworld_456", "Demon Slayer", 2),
        ]
        assert added["success"] is True and added["data"]["status"] == "pending"
        assert status["data"]["total_items"] == status["data"]["pending"] == 1
        assert started == {"success": True, "message": "Queue processing started"}
        messages = await listen(steps[6], added["data"]["queue_item_id"])
        assert messages[0]["type"] == "snapshot"
        assert [
            m["data"]["progress_percent"] for m in messages if m["type"] == "download_progress"
        ], "progress is seen"
        file = Path(messages[-1]["data"]["file_path"])
        assert file.name == "Attack on Titan - S01E01.avi" and file.read_bytes()[:4] == b"RIFF"
        assert file.stat().st_size == messages[-1]["data"]["total_bytes"]
    finally:
        server.terminate()
        assert server.wait(PATIENCE) == 0


async def listen(command: str, item: str) -> list[dict]:
    """What wscat prints until `item` is completed; an episode of the demo is done in under 20 seconds."""
    # Debian's modules lie where only Debian's node looks by itself; wscat ends with its input, so that stays open.
    wscat = await shell(
        f"exec {command}",
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, "NODE_PATH": "/usr/share/nodejs"},
        limit=1 << 20,
    )
    messages, began = [], time.monotonic()
    try:
        async with asyncio.timeout(20):
            while line := await wscat.stdout.readline():
                text = line.decode()
                messages.append(json.loads(text[text.index("{") :]))
                if (
                    messages[-1]["type"] == "download_completed"
                    and messages[-1]["data"]["queue_item_id"] == item
                ):
                    return messages
    finally:
        wscat.kill()
        await wscat.wait()
    raise AssertionError(f"wscat ended after {time.monotonic() - began:.0f} s with {messages}")


def test_the_settings_table_is_complete():
    from dataclasses import fields

    from store.settings import Config

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
