"""The answers of yt-dlp about addresses: playlists, videos, and the files of each. Pure.

Any key may be absent, null or of another type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from providers.json_answers import Fields, objects, text, whole
from providers.library_tree import episodes_in
from store.models import Episode, Variant
from store.names import extensions, versions
from store.names.codes import EpisodeKey
from store.names.codes_of_languages import code_of
from store.names.languages import read

MAX_TEXT = 500
MAX_SEASON, MAX_NUMBER = 9_999, 99_999
OF_ANY_PAGE = ("generic", "html5mediaembed")  # extractors whose ids are the page's address
MAX_COUNTED = 5_000  # videos of one address whose numbers are kept


class File(NamedTuple):
    """A file of a video that can be fetched as it is."""

    url: str
    extension: str
    referer: str
    variant: Variant


def split(url: str) -> SplitResult:
    """The parts of an address; of one that is none, all parts are empty."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def title_of(info: Fields) -> str:
    """The title of the series at an address."""
    found = text(info, "series") or text(info, "title") or text(info, "webpage_url_basename")
    return found[:MAX_TEXT]


def entries_of(info: Fields) -> list[Fields]:
    """The videos of a playlist and of playlists in it; or the video itself."""
    if text(info, "_type") not in ("playlist", "multi_video"):
        return [info]
    found: list[Fields] = []
    for entry in objects(info, "entries"):
        is_list = text(entry, "_type") in ("playlist", "multi_video")
        found += objects(entry, "entries") if is_list else [entry]
    return found


def ref_of(entry: Fields, page: str) -> str:
    """The handle by which a video is found again: its page's address, and its id there."""
    is_link = text(entry, "_type") in ("url", "url_transparent")
    address = text(entry, "url") if is_link else text(entry, "webpage_url") or page
    return f"{address} {_id(entry)}".strip()


def find(info: Fields, ref: str, *, shows_another: bool = False) -> Fields | None:
    """The video of this ref in what was said of its page; the only one, whatever it is called.

    `shows_another` says of a page that it may show another video one day, as one for the latest
    video does: there the id tells whether it still is that one.
    """
    entries = entries_of(info)
    video_id = ref.partition(" ")[2]
    if len(entries) == 1 and not (shows_another and video_id):
        return entries[0]
    return next((each for each in entries if video_id in (_id(each), text(each, "id"))), None)


def _id(entry: Fields) -> str:
    """The id of a video. Where yt-dlp has made it of the page's address, which stays the same for
    another video, the name of the file goes along."""
    video_id, name = text(entry, "id"), ""
    if text(entry, "extractor_key").casefold() in OF_ANY_PAGE:
        files = objects(entry, "formats") or [entry]
        name = split(text(files[0], "url")).path.rpartition("/")[2]
    return f"{video_id}/{name}" if name and name != video_id else video_id


def read_episodes(info: Fields, page: str, counted: dict[str, int] | None = None) -> list[Episode]:
    """The episodes at an address. Reads names, so it belongs on a thread.

    `counted` holds the number of each video, by its id, that was counted because nobody tells its
    number. New ones are added: a video keeps its number, wherever in the list it comes to stand.
    """
    entries = [entry for entry in entries_of(info) if ref_of(entry, page)]
    numbers = _numbers(title_of(info), entries)
    if not numbers:
        # Without an id the place has to do.
        ids = [_id(entry) or f"{page} {place}" for place, entry in enumerate(entries, 1)]
        numbers = _count(ids, {} if counted is None else counted)
    episodes: dict[EpisodeKey, Episode] = {}
    for entry, key in zip(entries, numbers):
        if key:
            episode = Episode(
                *key,
                title=text(entry, "title")[:MAX_TEXT],
                ref=ref_of(entry, page),
                aired=_day(entry),
            )
            episodes.setdefault(key, episode)
    return list(episodes.values())


def find_files(entry: Fields, hosts: Iterable[str]) -> list[File]:
    """The files of a video that are at these hosts, with picture and sound, and no streams."""
    rows = [row for row in objects(entry, "formats") or [entry] if _is_file(row)]
    named = set(hosts)
    found = []
    for row in rows:
        url = text(row, "url")
        address = split(url)
        extension = "." + re.sub(r"[^a-z0-9]", "", text(row, "ext").casefold())
        if extension not in extensions.MEDIA:
            extension = extensions.of(address.path)
        if address.hostname in named and extension in extensions.MEDIA:
            headers = row.get("http_headers")
            referer = text(headers, "Referer") if isinstance(headers, dict) else ""
            found.append(File(url, extension, referer, _variant(row, entry, url)))
    return found


def _is_file(row: Fields) -> bool:
    protocol = text(row, "protocol") or split(text(row, "url")).scheme
    has_both = text(row, "vcodec") != "none" and text(row, "acodec") != "none"
    return protocol in ("http", "https") and has_both and row.get("has_drm") in (None, False)


def _variant(row: Fields, entry: Fields, url: str) -> Variant:
    title = text(entry, "title")
    told = read(f"S01E01 {title}".replace("/", " "))
    language = code_of(text(row, "language"))
    if language and not told.sound:
        told = told._replace(sound=frozenset([language]))
    return Variant(
        url,
        size=whole(row, "filesize") or None,
        lines=whole(row, "height") or 0,
        languages=told,
        version=versions.find(title),
    )


def _numbers(title: str, entries: Sequence[Fields]) -> list[EpisodeKey | None]:
    """The season and the number of each video: as it is told, else by its title, else by the name
    of its file; nothing where nobody tells any."""
    titles = [text(entry, "title")[:MAX_TEXT] or "video" for entry in entries]
    names = [_file_name(entry) or "video" for entry in entries]
    told = [_told(entry) for entry in entries]
    for found in (told, _read(title, titles), _read(title, names)):
        if any(found):
            return [each or other for each, other in zip(told, found)]
    return []


def _count(ids: Sequence[str], counted: dict[str, int]) -> list[EpisodeKey | None]:
    """The numbers of videos that are counted; the oldest that are gone are forgotten in the end."""
    last = max(counted.values(), default=0)
    for number, new in enumerate([each for each in dict.fromkeys(ids) if each not in counted], 1):
        counted[new] = last + number
    gone = sorted(counted.keys() - set(ids), key=lambda each: counted[each])
    for each in gone[: max(0, len(counted) - MAX_COUNTED)]:
        del counted[each]
    return [(1, counted[each]) for each in ids]


def _told(entry: Fields) -> EpisodeKey | None:
    number, season = whole(entry, "episode_number"), whole(entry, "season_number")
    if number is None or number > MAX_NUMBER or (season or 0) > MAX_SEASON:
        return None
    return (1 if season is None else season), number


def _read(title: str, names: Sequence[str]) -> list[EpisodeKey | None]:
    folder = title.replace("/", " ")
    contents = episodes_in([f"{folder}/{name.replace('/', ' ')}.mp4" for name in names])
    return [keys[0] if keys else None for keys in contents]


def _file_name(entry: Fields) -> str:
    """The name of a file without its extension."""
    return unquote(text(entry, "url")).rpartition("/")[2].rpartition(".")[0][:MAX_TEXT]


def _day(entry: Fields) -> str | None:
    day = text(entry, "upload_date") or text(entry, "release_date")
    try:
        return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        return None
