"""The power fails while downloads come and messages go out: nothing is lost, nothing in two."""

import asyncio
import random
import sys
from collections import defaultdict

import pytest

from tests.app import ROOT, Process, until
from tests.receiver import Receiver
from tests.shows import Shows, completed, home, queue, statuses

pytestmark = pytest.mark.slow
EPISODES, KILLS = 12, 6
# The server, but messages go out at once.
HASTY = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from downloads import telling
telling.GATHER_SECONDS = telling.SPACE_SECONDS = telling.FIRST_PAUSE_SECONDS = 0.05
telling.LONGEST_PAUSE_SECONDS = 0.1
import aniworld
sys.exit(aniworld.main(sys.argv[2:]))
"""


@pytest.fixture
def hasty(tmp_path, monkeypatch):
    program, script = tmp_path / "hasty.py", tmp_path / "python"
    program.write_text(HASTY)
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {program} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


@pytest.mark.parametrize("seed", [1, 2])
async def test_each_event_is_in_one_message(tmp_path, hasty, seed):
    chance = random.Random(seed)
    codes = [f"S01E{number:02}" for number in range(1, EPISODES + 1)]
    async with Receiver() as up, Shows([400_000] * EPISODES) as source:
        source.rate = 1_000_000
        up.answers["/hook"] = [chance.choice((200, 200, 503)) for _ in range(200)] + [200]
        up.answers["/Library/Media/Updated"] = [204]
        up.answers["/Library/VirtualFolders"] = [b"[]"]
        settings = {
            "providers": home(source.base),
            "notify": [{"type": "webhook", "url": f"{up.base}/hook"}],
            "media_servers": [{"type": "jellyfin", "url": up.base, "key": "k"}],
        }
        async with Process(tmp_path, **settings) as server:
            await server.login()
            await queue(server, "S01")
            await server.post("/api/queue/start")
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0.02, 0.7))
                server.kill9()
                await server.start()
            source.rushed = True
            await completed(server, *codes)
            accepted: dict[int, set[str]] = defaultdict(set)

            def told() -> set[str]:
                for each in up.at("/hook"):
                    content = each.json
                    assert content["event"] == "completed", content
                    accepted[content["id"]] |= {item["episode"] for item in content["items"]}
                return set().union(*accepted.values())

            await until(lambda: told() == set(codes))
            assert sum(map(len, accepted.values())) == EPISODES, "one is in two messages"
            assert set((await statuses(server)).values()) == {"completed"}
            assert up.at("/Library/Media/Updated")
