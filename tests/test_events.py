"""How messages of the socket are sent: what classes say of themselves, and what the hub does."""

import json
import re

import pytest

from downloads.events import DownloadProgress, Event, QueueState, RescanProgress
from handlers import hub
from tests.rows import each_row

EVENTS = Event.__subclasses__()


class Clock:
    """Stands for the module `time` in the hub."""

    def __init__(self):
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(hub, "time", clock)
    return clock


def progress(item: str, done: int) -> DownloadProgress:
    return DownloadProgress(
        queue_item_id=item,
        episode="S01E01",
        progress_percent=None,
        downloaded_bytes=done,
        total_bytes=None,
        speed_mbps=0.0,
        eta_seconds=None,
    )


async def taken(inbox: hub.Inbox) -> list[dict]:
    """All messages that wait."""
    found = []
    while inbox._messages or inbox._newest:
        found.append(json.loads(await inbox.take()))
    return found


@each_row("event", EVENTS, ids=lambda event: event.__name__)
def test_a_class_is_called_as_its_type(event):
    """DownloadProgress is download_progress; and what a message replaces is a field of it."""
    assert re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower() == event.type
    assert event.replaces is None or event.replaces in event.__dataclass_fields__
    assert event.message_type().__name__ == f"{event.__name__}Message"


async def test_only_messages_that_replace_nothing_raise_seq(clock):
    """So whoever listens notices a loss by the numbers alone, without knowing a message by name."""
    everyone = hub.Hub()
    inbox = everyone.join(None)
    for event in (QueueState("running", ""), progress("queue_1", 1), QueueState("paused", "")):
        everyone.publish(event)
    seen = [(message["type"], message["seq"]) for message in await taken(inbox)]
    assert seen == [("queue_state", 1), ("queue_state", 2)], "old progress is dropped"
    everyone.publish(progress("queue_2", 1))
    assert [message["seq"] for message in await taken(inbox)] == [2]


async def test_the_newest_of_each_item_is_kept_for_a_slow_reader(clock):
    everyone = hub.Hub()
    inbox = everyone.join(None)
    for done in range(5):
        for item in ("queue_1", "queue_2"):
            everyone.publish(progress(item, done))
        clock.at += DownloadProgress.every_seconds
    waiting = [message["data"] for message in await taken(inbox)]
    assert [(data["queue_item_id"], data["downloaded_bytes"]) for data in waiting] == [
        ("queue_1", 4),
        ("queue_2", 4),
    ]


async def test_no_message_is_sent_more_often_than_it_may_be(clock):
    everyone = hub.Hub()
    inbox = everyone.join(None)
    for done in range(100):
        everyone.publish(RescanProgress("names", done, 100))
        clock.at += RescanProgress.every_seconds / 8  # exact in binary
    sent = [message["data"]["done"] for message in await taken(inbox)]
    assert sent == list(range(0, 100, 8))
    assert everyone.seq == len(sent), "a message that is not sent leaves no gap"
    everyone.publish(progress("queue_1", 1))
    everyone.publish(progress("queue_2", 1))
    assert len(await taken(inbox)) == 2, "each item has its own time"


async def test_the_hub_forgets_what_is_over(clock):
    """However many items come and go."""
    everyone = hub.Hub()
    for number in range(1000):
        everyone.publish(progress(f"queue_{number}", 1))
        clock.at += 1
    assert len(everyone._not_before) == 1
