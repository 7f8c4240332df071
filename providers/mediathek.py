"""The answers of MediathekViewWeb to a query: videos of the public broadcasters. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from providers import json_answers
from providers.feed_items import (
    MAX_TEXT,
    FeedItem,
    FeedPage,
    NoFeed,
    address,
    choose_file,
    extension_of,
    subtitle_end,
)
from providers.json_answers import Fields, objects, text, whole

PAGE = 500  # results in an answer
MAX_PAGES = 6
# Three files of one video; nobody tells their sizes in points.
HEIGHTS = {"url_video_hd": 1080, "url_video": 720, "url_video_low": 360}


def question(query: str, offset: int) -> bytes:
    """The body of a request for videos whose topic or title fits."""
    fields = [{"fields": ["topic", "title"], "query": query}]
    order = {"sortBy": "timestamp", "sortOrder": "desc", "offset": offset, "size": PAGE}
    return json.dumps({"queries": fields, **order}, ensure_ascii=False).encode()


def parse(body: bytes, url: str) -> tuple[FeedPage, int]:
    """An answer's videos, and how many results there are in all. Raises NoFeed."""
    answer = json_answers.parse(body)
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("results"), list):
        raise NoFeed
    about = result.get("queryInfo")
    total = whole(about, "totalResults") if isinstance(about, dict) else None
    found = objects(result, "results")
    items = [item for row in found if (item := _item(row, url))]
    return FeedPage("", "", 0, items, ""), total or len(found)


def _item(row: Fields, base: str) -> FeedItem | None:
    files = []
    for name, height in HEIGHTS.items():
        found = address(base, text(row, name)) if text(row, name) else ""
        extension = extension_of(found, "") if found else ""
        if extension:
            files.append(FeedItem(guid="", title="", url=found, extension=extension, height=height))
    file = choose_file(files)
    if file is None:
        return None
    file.guid = (text(row, "id") or file.url)[:MAX_TEXT]
    file.title = text(row, "title")[:MAX_TEXT]
    file.topic = text(row, "topic")[:MAX_TEXT]
    # All other channels are those of German-speaking countries.
    file.language = "fr" if text(row, "channel").upper().endswith(".FR") else "de"
    file.aired = _day(whole(row, "timestamp"))
    subtitles = address(base, text(row, "url_subtitle")) if text(row, "url_subtitle") else ""
    end = subtitle_end(subtitles, "", "de") if subtitles else ""
    file.subtitles = {end: subtitles} if end else {}
    return file


def _day(seconds: int | None) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
