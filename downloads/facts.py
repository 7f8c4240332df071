"""What the API and the socket tell of a queue item and its transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import titles
from store.models import Item

if TYPE_CHECKING:
    from downloads.job import Job, Outcome


def facts(item: Item) -> dict:
    """A queue item as the API and the socket show it."""
    return {
        **names(item),
        "anime_id": item.series,
        "anime_title": item.title,
        "status": item.status,
        "priority": item.priority,
        "reason": item.reason,
        "attempts": item.attempts,
        "error_code": item.error_code,
        "error_message": item.error_message,
        "total_bytes": item.total,
        "created_at": item.created_at,
        "started_at": item.started_at,
        "finished_at": item.finished_at,
    }


def names(item: Item) -> dict:
    return {"queue_item_id": item.name, "episode": titles.code(item.season, item.number)}


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
