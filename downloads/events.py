"""What the API and the socket tell of a queue item and its transfer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.models import Item
from store.names import codes
from store.queue import Priority, State, Status

if TYPE_CHECKING:
    from downloads.job import Job, Outcome


@dataclass(eq=False, repr=False)
class QueueItem:
    queue_item_id: str
    episode: str
    anime_title: str
    anime_id: str
    status: Status
    priority: Priority
    reason: str
    attempts: int
    error_code: str | None
    error_message: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    total_bytes: int | None
    progress_percent: int | None = None
    downloaded_bytes: int | None = None
    speed_mbps: float | None = None
    eta_seconds: int | None = None


@dataclass(eq=False, repr=False)
class QueueStatus:
    """`state` is what was asked for; `reason` says why a running queue waits by itself."""

    total_items: int
    pending: int
    downloading: int
    completed: int
    failed: int
    total_size_bytes: int
    download_speed_mbps: float
    state: State
    reason: str


def facts(item: Item, job: Job | None) -> QueueItem:
    """A queue item as the API and the socket show it, with what is known of its transfer."""
    return QueueItem(
        item.name,
        codes.code(item.season, item.number),
        item.title,
        item.series,
        item.status,
        item.priority,
        item.reason,
        item.attempts,
        item.error_code,
        item.error_message,
        item.created_at,
        item.started_at,
        item.finished_at,
        **progress(job) if job else {"total_bytes": item.total},
    )


def names(item: Item) -> dict:
    return {"queue_item_id": item.name, "episode": codes.code(item.season, item.number)}


def started(item: Item) -> dict:
    return {**names(item), "anime_title": item.title, "anime_id": item.series}


def progress(job: Job) -> dict:
    done, total, speed = job.progress.done, job.progress.total, job.speed()
    return {
        "progress_percent": min(100, done * 100 // total) if total else None,
        "downloaded_bytes": done,
        "total_bytes": total,
        "speed_mbps": round(speed, 2),
        "eta_seconds": round((total - done) * 8 / 1e6 / speed) if total and speed else None,
    }


def completed(outcome: Outcome) -> dict:
    item = outcome.item
    return {
        **names(item),
        "anime_id": item.series,
        "total_time_seconds": round(outcome.seconds),
        "file_path": str(outcome.path),
        "total_bytes": item.total,
        "missing_episodes": outcome.missing,
    }
