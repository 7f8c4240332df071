"""The messages of the socket, as schemas for the OpenAPI document."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Literal

from handlers.queue import QueueItem, QueueStatus


@dataclass(frozen=True)
class Started:
    queue_item_id: str
    episode: str
    anime_title: str
    anime_id: str


@dataclass(frozen=True)
class Progress:
    """`total_bytes`, `progress_percent` and `eta_seconds` are null while the length is unknown."""

    queue_item_id: str
    episode: str
    progress_percent: int | None
    downloaded_bytes: int
    total_bytes: int | None
    speed_mbps: float
    eta_seconds: int | None


@dataclass(frozen=True)
class Completed:
    queue_item_id: str
    episode: str
    anime_id: str
    total_time_seconds: int
    file_path: str
    total_bytes: int
    missing_episodes: int


@dataclass(frozen=True)
class Snapshot:
    """The first message: the queue as it is, its first 200 items."""

    status: QueueStatus
    items: list[QueueItem]


@dataclass(frozen=True)
class Items:
    """These items are new or have changed."""

    items: list[QueueItem]


@dataclass(frozen=True)
class Removed:
    items: list[str]


@dataclass(frozen=True)
class State:
    state: Literal["running", "paused", "stopped"]
    reason: str


@dataclass(frozen=True)
class RescanProgress:
    step: Literal["library", "sources", "episodes"]
    done: int
    total: int | None


@dataclass(frozen=True)
class RescanCompleted:
    new_series: int
    new_episodes: int


@dataclass(frozen=True)
class RescanFailed:
    message: str


DATA = {
    "snapshot": Snapshot,
    "download_started": Started,
    "download_progress": Progress,
    "download_completed": Completed,
    "download_error": QueueItem,
    "queue_items": Items,
    "queue_removed": Removed,
    "queue_state": State,
    "rescan_progress": RescanProgress,
    "rescan_completed": RescanCompleted,
    "rescan_failed": RescanFailed,
}


def _whole(kind: str, data: type) -> type:
    name = "".join(word.capitalize() for word in kind.split("_")) + "Message"
    parts = [("type", Literal[kind]), ("timestamp", str), ("seq", int), ("data", data)]
    return make_dataclass(name, parts, frozen=True, namespace={"__module__": __name__})


# Each message by its `type`. `seq` rises with every one but progress, which repeats the last.
MESSAGES = {kind: _whole(kind, data) for kind, data in DATA.items()}
