"""The ids of a series and of a queue item, as calls take them."""

from typing import Annotated

from store.schema import Rule
from store.settings import SeriesId

AnimeId = SeriesId

ItemId = Annotated[
    str,
    Rule(
        pattern=r"queue_[0-9]{1,15}",
        issue="Invalid queue item ID format",
        example="queue_456",
    ),
]

EpisodeCode = Annotated[
    str,
    Rule(
        pattern=r"[Ss]\d{1,4}[Ee]\d{1,5}|[Ss]0{1,4}[Ee]\d{1,5}\.\d{1,2}",
        issue="must be an episode: S01E05",
        example="S01E05",
    ),
]


def number(queue_item_id: str) -> int:
    """The item's number in the database."""
    return int(queue_item_id.removeprefix("queue_"))
