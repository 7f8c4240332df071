"""What holds in every test."""

import json

import pytest

from handlers import hub, live
from store import schema
from store.errors import Invalid


@pytest.fixture(autouse=True)
def messages_are_as_declared(monkeypatch):
    """Each message that is made, or would be if somebody listened, fits its dataclass."""
    misfits: list[tuple] = []
    make, publish = hub.message, hub.Hub.publish

    def message(event, seq):
        text = make(event, seq)
        try:
            schema.read(event.message_type(), json.loads(text))
        except Invalid as error:
            misfits.append((text[:200], error.details))
        return text

    def publish_checked(self, event):
        message(event, self.seq)
        publish(self, event)

    monkeypatch.setattr(hub, "message", message)
    monkeypatch.setattr(live, "message", message)
    monkeypatch.setattr(hub.Hub, "publish", publish_checked)
    yield
    assert misfits == []
