"""The messages of the socket, as schemas for the OpenAPI document."""

from __future__ import annotations

from dataclasses import make_dataclass
from typing import Literal

from downloads.events import QueueItem, QueueStatus
from store.queue import State

ITEM = {"queue_item_id": str, "episode": str}

DATA = {  # type -> what its `data` holds; what is null is not known
    "snapshot": {"status": QueueStatus, "items": list[QueueItem]},
    "download_started": ITEM | {"anime_title": str, "anime_id": str},
    "download_progress": ITEM  # null while it is unknown
    | {"progress_percent": int | None, "downloaded_bytes": int, "total_bytes": int | None}
    | {"speed_mbps": float, "eta_seconds": int | None},
    "download_completed": ITEM
    | {
        "anime_id": str,
        "total_time_seconds": int,
        "file_path": str,
        "total_bytes": int,
        "missing_episodes": int,
    },
    "download_error": QueueItem,
    "queue_items": {"items": list[QueueItem]},
    "queue_removed": {"items": list[str]},
    "queue_state": {"state": State, "reason": str},
    "rescan_progress": {
        "step": Literal["library", "sources", "names", "episodes"],
        "done": int,
        "total": int | None,
    },
    "rescan_completed": {"new_series": int, "new_episodes": int, "unread_folders": list[str]},
    "rescan_failed": {"message": str},
}


def _whole(kind: str, data: dict | type) -> type:
    """The message as it is sent."""
    name = kind.title().replace("_", "")  # DownloadStarted
    data = make_dataclass(name, data.items()) if isinstance(data, dict) else data
    parts = {"type": Literal[kind], "timestamp": str, "seq": int, "data": data}
    return make_dataclass(f"{name}Message", parts.items())


MESSAGES = {kind: _whole(kind, data) for kind, data in DATA.items()}
