"""The messages of the socket, one dataclass each.

All other code follows from these classes: sending, coalescing and the OpenAPI document know no
message by name. A new message is a class here and a `publish` where it happens.
"""

from dataclasses import make_dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from downloads.transferred import Transferred
from store.models import Item, Priority, State, Status
from store.queue import QueueStatus
from store.queue_groups import QueueGroup
from store.schema import record

MOST_SERIES = 100  # that one message names


class Event:
    """Something that happened: the `data` of one message. Its class says how it is sent.

    `type` names the message. `replaces` names a field: of the messages with the same value in it
    only the newest counts, so a slow reader gets that one alone, and the message repeats the last
    `seq`. Every message without `replaces` arrives, and raises `seq` by one. A message that comes
    within `every_seconds` of one like it is not sent at all; those that come within
    `gather_seconds` go out together at their end, as `joined` makes them one.
    """

    type: ClassVar[str]
    replaces: ClassVar[str | None] = None
    every_seconds: ClassVar[float] = 0.0
    gather_seconds: ClassVar[float] = 0.0
    _message_type: ClassVar[Any]

    @property
    def key(self) -> tuple[str, object]:
        """A key that is equal for two messages of which only the newer counts."""
        return self.type, getattr(self, self.replaces) if self.replaces else None

    def joined(self, later: Any) -> Any:
        """This event and a later one of its type as one."""
        return later

    @classmethod
    def message_type(cls) -> Any:
        """The dataclass of the whole message: `DownloadProgressMessage`, whose `data` is the event.

        Made when it is first asked for, because eleven of them would make the start slower.
        """
        if "_message_type" not in vars(cls):
            parts = {"type": Literal[cls.type], "timestamp": str, "seq": int, "data": cls}
            name = f"{cls.__name__}Message"
            cls._message_type = make_dataclass(name, parts.items(), eq=False, repr=False)
        return cls._message_type


@record
class QueueItem:
    """`source` is where it comes from, or came last; null as long as it has not begun. With
    `replace` it is fetched anew, and the file in the library goes into the trash then."""

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
    place: int | None
    total_bytes: int | None
    source: str | None
    replace: bool
    progress_percent: int | None = None
    downloaded_bytes: int | None = None
    speed_mbps: float | None = None
    eta_seconds: int | None = None

    @classmethod
    def of(cls, item: Item, transferred: Transferred | None = None) -> Self:
        """Show `item`, and how far its transfer has come where it has one."""
        shown = cls(
            queue_item_id=item.name,
            episode=item.code,
            anime_title=item.title,
            anime_id=item.series_id,
            status=item.status,
            priority=item.priority,
            reason=item.reason,
            attempts=item.attempts,
            error_code=item.error_code,
            error_message=item.error_message,
            created_at=item.created_at,
            started_at=item.started_at,
            finished_at=item.finished_at,
            place=item.place,
            total_bytes=item.total or (item.episode.size if item.episode else None),
            source=item.source,
            replace=item.replaces,
        )
        if transferred:
            shown.total_bytes = transferred.total_bytes
            shown.progress_percent = transferred.progress_percent
            shown.downloaded_bytes = transferred.downloaded_bytes
            shown.speed_mbps = round(transferred.speed_mbps, 2)
            shown.eta_seconds = transferred.eta_seconds
        return shown


@record
class SourceState(Event):
    """A source rests, or works again.

    `since` and `until` (the next try) are times; `reason` tells what failed.
    """

    type = "source_state"

    name: str
    state: Literal["ok", "resting"]
    since: str | None
    until: str | None
    reason: str


@record
class Snapshot(Event):
    """The first message of each socket: all that those before it told.

    `items` are at most 300, some of each status, so that a long queue hides no failure; `groups`
    count all of them by series. `sources` are those that rest. `pictures` is the seal in the
    addresses of posters: `/posters/<pictures>/<anime_id>`.
    """

    type = "snapshot"

    status: QueueStatus
    items: list[QueueItem]
    groups: list[QueueGroup]
    pictures: str
    sources: list[SourceState]


@record
class DownloadStarted(Event):
    """The source was found, and its bytes are coming."""

    type = "download_started"

    queue_item_id: str
    episode: str
    anime_title: str
    anime_id: str

    @classmethod
    def of(cls, item: Item) -> Self:
        return cls(
            queue_item_id=item.name,
            episode=item.code,
            anime_title=item.title,
            anime_id=item.series_id,
        )


@record
class DownloadProgress(Event):
    """How far a transfer has come; null while it is unknown."""

    type = "download_progress"
    replaces = "queue_item_id"
    every_seconds = 0.5

    queue_item_id: str
    episode: str
    progress_percent: int | None
    downloaded_bytes: int
    total_bytes: int | None
    speed_mbps: float
    eta_seconds: int | None

    @classmethod
    def of(cls, item: Item, transferred: Transferred) -> Self:
        return cls(
            queue_item_id=item.name,
            episode=item.code,
            progress_percent=transferred.progress_percent,
            downloaded_bytes=transferred.downloaded_bytes,
            total_bytes=transferred.total_bytes,
            speed_mbps=round(transferred.speed_mbps, 2),
            eta_seconds=transferred.eta_seconds,
        )


@record
class DownloadCompleted(Event):
    """The file has its name in the library. `reason` says where its end is not proven."""

    type = "download_completed"

    queue_item_id: str
    episode: str
    anime_id: str
    total_time_seconds: int
    file_path: str
    total_bytes: int
    missing_episodes: int
    reason: str

    @classmethod
    def of(
        cls, item: Item, size: int, path: Path, *, seconds: float, missing: int, reason: str
    ) -> Self:
        """Tell that `item` became the file at `path`; its series misses `missing` episodes."""
        return cls(
            queue_item_id=item.name,
            episode=item.code,
            anime_id=item.series_id,
            total_time_seconds=round(seconds),
            file_path=str(path),
            total_bytes=size,
            missing_episodes=missing,
            reason=reason,
        )


@record
class DownloadError(QueueItem, Event):
    """The item has failed, until somebody retries it."""

    type = "download_error"


@record
class QueueItems(Event):
    """Items that are new or have changed."""

    type = "queue_items"

    items: list[QueueItem]


@record
class QueueRemoved(Event):
    """The ids of items that are gone."""

    type = "queue_removed"

    items: list[str]


@record
class QueueOrder(Event):
    """The owner has put items into another order: their places and groups are to be asked anew."""

    type = "queue_order"

    items: list[str]


@record
class QueueState(Event):
    """The queue's state as it was asked for; `reason` says why a running queue waits by itself."""

    type = "queue_state"

    state: State
    reason: str


@record
class EpisodesFound(Event):
    """A look at a followed series has found episodes, and they are in the queue now."""

    type = "episodes_found"

    anime_id: str
    anime_title: str
    episodes: list[str]


@record
class LibraryChanged(Event):
    """The owner, or a look at a source, has changed these series, or taken them away.

    Null stands for any of them: the library is to be asked for anew.
    """

    type = "library_changed"
    gather_seconds = 1.0

    series: list[str] | None

    def joined(self, later: Self) -> Self:
        """Both lists of series; null if so many have changed that all are better asked for anew."""
        if self.series is None or later.series is None:
            return type(self)(None)
        ids = list(dict.fromkeys([*self.series, *later.series]))
        return type(self)(ids if len(ids) <= MOST_SERIES else None)


@record
class RescanProgress(Event):
    """A rescan passes hundreds of folders at a time."""

    type = "rescan_progress"
    every_seconds = 0.5

    step: Literal["library", "sources", "names", "episodes"]
    done: int
    total: int | None


@record
class RescanCompleted(Event):
    """The result of a rescan.

    `unread_folders` could not be read, or their disks are away: what was known of them stays. Of
    those seen for the first time nothing is known, and their episodes count as missing.
    `unavailable` are the sources that failed: what is known of some of their series is old.
    `changed_lists` are the series whose sources take episodes away, which is not believed yet.
    """

    type = "rescan_completed"

    new_series: int
    new_episodes: int
    unread_folders: list[str]
    unavailable: list[str]
    changed_lists: list[str]


@record
class RescanFailed(Event):
    type = "rescan_failed"

    message: str


def message_types() -> dict[str, type[Any]]:
    """All messages that the socket may send: type -> dataclass."""
    return {event_type.type: event_type.message_type() for event_type in Event.__subclasses__()}
