"""What a Jellyfin or an Emby says of its series and episodes. Pure; docs/formats.md has the keys.

Any key may be absent, null or of another type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from providers import catalogue
from providers.json_answers import Fields, objects, text, whole
from store.models import Episode
from store.names import database_ids, extensions, spelling
from store.names.codes import EpisodeKey, Number

MAX_TEXT = 5_000  # characters of a description
MAX_HELD = 50  # episodes in one file
# What Jellyfin calls containers and subtitles, where no path tells the extension.
CONTAINERS = {"matroska": "mkv", "mpegts": "ts", "mpeg": "mpg", "quicktime": "mov"}
CODECS = {"subrip": "srt", "srt": "srt", "ass": "ass", "ssa": "ssa", "webvtt": "vtt", "vtt": "vtt"}


class Held(NamedTuple):
    """The file of an item: its name, its extension, and its size in bytes where that is told.

    `subtitles` maps what follows the video's stem to the path below the item's own.
    """

    name: str
    extension: str
    size: int | None
    subtitles: Mapping[str, str]


def read_series(items: Iterable[Fields]) -> list[catalogue.Series]:
    """The series among `items`; the title bears the year, as the folder of a library does."""
    found = []
    for item in items:
        key, name = text(item, "Id"), text(item, "Name")
        if not key or not name or text(item, "Type") not in ("Series", ""):
            continue
        year = whole(item, "ProductionYear")
        if year and 1900 <= year <= 2100 and spelling.year(name) is None:
            name = f"{name} ({year})"
        ids = item.get("ProviderIds")
        known_ids = database_ids.choose(ids) if isinstance(ids, dict) else {}
        found.append(catalogue.series(key, name, known_ids, text(item, "Overview")[:MAX_TEXT]))
    return found


def read_episodes(items: Iterable[Fields], *, has_files: bool) -> list[Episode]:
    """The episodes among `items`, each number once; an item with a file goes before one without.

    `has_files`: files may be fetched from there. Takes part of a second for thousands of items
    without numbers, so it belongs on a thread.
    """
    episodes: dict[EpisodeKey, Episode] = {}
    wanted = [item for item in items if text(item, "Type") in ("Episode", "") and text(item, "Id")]
    for item, keys in zip(wanted, _numbers(wanted)):
        held = find_file(item)
        is_available = has_files and held is not None
        for season, number in keys:
            episode = Episode(
                season,
                number,
                title=text(item, "Name"),
                ref=text(item, "Id"),
                size=held.size if held else None,
                aired=_date(text(item, "PremiereDate")),
                available=is_available,
            )
            known = episodes.get((season, number))
            if known is None or (is_available and not known.available):
                episodes[season, number] = episode
    return list(episodes.values())


def _numbers(items: list[Fields]) -> list[list[tuple[int, Number]]]:
    """The (season, number) of each item; where an item lacks its number, its file's name tells."""
    unnumbered = [item for item in items if whole(item, "IndexNumber") is None]
    by_name: Mapping[int, list[tuple[int, Number]]] = {}
    if unnumbered:
        from providers.library_tree import episodes_in  # late: few libraries need it

        paths = ["/".join(_parts(_path(item))[-3:]) for item in unnumbered]
        by_name = {id(item): keys for item, keys in zip(unnumbered, episodes_in(paths))}
    return [by_name.get(id(item)) or _held_numbers(item) for item in items]


def _held_numbers(item: Fields) -> list[tuple[int, Number]]:
    first, last = whole(item, "IndexNumber"), whole(item, "IndexNumberEnd")
    if first is None:
        return []
    season = whole(item, "ParentIndexNumber")
    is_double = last is not None and first < last < first + MAX_HELD
    end = last if is_double and last is not None else first
    return [(1 if season is None else season, number) for number in range(first, end + 1)]


def find_file(item: Fields) -> Held | None:
    """The file of an item; None where there is none, or none that could be fetched as a video."""
    if text(item, "LocationType") in ("Virtual", "Offline", "Remote"):
        return None
    if item.get("CanDownload") is False or item.get("IsFolder") is True:
        return None
    if text(item, "VideoType") in ("Dvd", "BluRay", "Iso"):
        return None
    media = _media(item)
    if text(media, "Protocol") not in ("File", "") or media.get("IsRemote") is True:
        return None
    extension = _extension(item)
    if extension not in extensions.MEDIA:
        return None
    name = (_parts(_path(item)) or [f"video{extension}"])[-1]
    return Held(name, extension, whole(media, "Size") or None, _subtitles(item, name))


def _media(item: Fields) -> Fields:
    """Of an item's versions its own, or the first."""
    versions = objects(item, "MediaSources")
    own = [version for version in versions if text(version, "Id") == text(item, "Id")]
    return (own or versions or [{}])[0]


def _path(item: Fields) -> str:
    return text(_media(item), "Path") or text(item, "Path")


def _parts(path: str) -> list[str]:
    """The names in a path of any system."""
    return [part for part in re.split(r"[/\\]", path) if part]


def _extension(item: Fields) -> str:
    """As the path says it, else as one of the containers does; with its dot."""
    by_path = extensions.of(_path(item))
    if by_path in extensions.MEDIA:
        return by_path
    containers = text(_media(item), "Container") or text(item, "Container")
    named = [name.strip().casefold() for name in containers.split(",")]
    if "mp4" in named:
        return ".mp4"  # "mov,mp4,m4a,3gp,3g2,mj2"
    known = [f".{CONTAINERS.get(name, name)}" for name in named]
    return next((each for each in known if each in extensions.MEDIA), "")


def _subtitles(item: Fields, video: str) -> dict[str, str]:
    """The subtitles that lie beside the video. Those in it come with it."""
    media = _media(item)
    found: dict[str, str] = {}
    for stream in objects(media, "MediaStreams"):
        index = whole(stream, "Index")
        if text(stream, "Type") != "Subtitle" or stream.get("IsExternal") is not True:
            continue
        form = CODECS.get(text(stream, "Codec").casefold())
        if form is None or index is None:
            continue
        name = (_parts(text(stream, "Path")) or [""])[-1]
        beside = extensions.sidecars(video, [name], extensions.SUBTITLES)
        language = re.sub(r"[^a-z-]", "", text(stream, "Language").casefold())[:10]
        forced = ".forced" if stream.get("IsForced") is True else ""
        plain = f"{'.' if language else ''}{language}{forced}.{form}"
        version = text(media, "Id") or text(item, "Id")
        suffix = next((end for end in beside if end.casefold().endswith(form)), plain)
        found.setdefault(suffix, f"{version}/Subtitles/{index}/Stream.{form}")
    return found


def _date(moment: str) -> str | None:
    """The day of an ISO time; None where it is none. Servers write seven digits of a second."""
    try:
        return date.fromisoformat(moment[:10]).isoformat()
    except ValueError:
        return None
